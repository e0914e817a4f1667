//! Which functions run where, and who invokes them.

use std::path::PathBuf;
use std::time::Duration;

use tidings_core::names::Region;

use crate::{ServiceCredentials, ServiceEndpoint};

/// Functions elsewhere.
#[derive(Clone, Debug)]
pub struct LambdaConfig {
    /// Where they are; the first one whose pattern fits is asked.
    pub places: Vec<RemoteFunctions>,
    /// PEM file with authorities that endpoints may have certificates of, beside the public ones.
    pub extra_roots: Option<PathBuf>,
    /// How long one attempt may take in all.
    pub attempt_timeout: Duration,
}

/// Functions in one place.
#[derive(Clone, Debug)]
pub struct RemoteFunctions {
    /// Their ARNs; `*` stands for any characters.
    pub pattern: String,
    /// Where they are invoked.
    pub endpoint: ServiceEndpoint,
    /// The region that requests are signed for; that of the function's ARN if there is none.
    pub region: Option<Region>,
    /// Who invokes them.
    pub credentials: ServiceCredentials,
}

impl RemoteFunctions {
    /// Whether the function of this ARN is there.
    pub(super) fn has(&self, arn: &str) -> bool {
        matches(&self.pattern, arn)
    }
}

/// Whether a text is what a pattern says; `*` stands for any characters, or none.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((beginning, rest)) = pattern.split_once('*') else { return pattern == text };
    let Some(mut left) = text.strip_prefix(beginning) else { return false };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*').filter(|part| !part.is_empty()) {
        match left.find(part) {
            Some(at) => left = &left[at + part.len()..],
            None => return false,
        }
    }
    left.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_from_one_end_to_the_other() {
        let arn = "arn:aws:lambda:us-east-1:111122223333:function:resize:live";
        for pattern in [
            "*",
            "**",
            arn,
            "arn:aws:lambda:*",
            "arn:aws:lambda:*:111122223333:function:*",
            "*:live",
            "*resize*",
            "arn:*:function:resize:live*",
        ] {
            assert!(matches(pattern, arn), "{pattern}");
        }
        for pattern in
            ["", "arn", "*:resize", "arn:aws:lambda:*:999988887777:*", "*live*live*", "b*"]
        {
            assert!(!matches(pattern, arn), "{pattern}");
        }
        assert!(!matches("a*a", "a"), "no character is two");
    }
}
