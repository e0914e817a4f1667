//! Which functions run where, and who invokes them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use hyper::Uri;
use hyper::header::HeaderValue;
use tidings_core::names::Region;
use tidings_sigv4::SecretKey;
use zeroize::Zeroizing;

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
    pub endpoint: FunctionEndpoint,
    /// The region that requests are signed for; that of the function's ARN if there is none.
    pub region: Option<Region>,
    /// Who invokes them.
    pub credentials: FunctionCredentials,
}

/// A service's URL: `https://` or `http://` and a host.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FunctionEndpoint {
    pub(super) base: String,
    /// The header `Host`.
    pub(super) host: HeaderValue,
}

/// An access key that the service knows. Only its id prints.
#[derive(Clone)]
pub struct FunctionCredentials {
    /// The public part.
    pub access_key_id: String,
    /// The secret.
    pub secret: SecretKey,
    /// The session token, of temporary credentials.
    pub session_token: Option<Zeroizing<String>>,
}

impl FromStr for FunctionEndpoint {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        const FORM: &str = "an endpoint is https:// or http:// and a host, without a path, such as \
                            https://lambda.eu-west-1.amazonaws.com";
        let uri: Uri = text.parse().map_err(|_| FORM)?;
        let authority = uri.authority().ok_or(FORM)?;
        let host = HeaderValue::from_str(authority.as_str()).map_err(|_| FORM)?;
        let is_root = uri.path() == "/" && uri.query().is_none();
        let has_host = !authority.host().is_empty() && !authority.as_str().contains('@');
        match uri.scheme_str() {
            Some(scheme @ ("http" | "https")) if is_root && has_host => {
                Ok(Self { base: format!("{scheme}://{authority}"), host })
            }
            _ => Err(FORM),
        }
    }
}

impl fmt::Display for FunctionEndpoint {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.base)
    }
}

impl fmt::Debug for FunctionCredentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "FunctionCredentials({}, ..)", self.access_key_id)
    }
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
    fn an_endpoint_is_a_host() {
        for text in ["https://lambda.eu-west-1.amazonaws.com", "http://127.0.0.1:9000/"] {
            let endpoint: FunctionEndpoint = text.parse().unwrap();
            assert_eq!(endpoint.to_string(), text.trim_end_matches('/'));
        }
        for text in
            ["", "lambda", "ftp://lambda", "http://", "http://a/b", "http://a/?b", "http://u@a"]
        {
            assert!(text.parse::<FunctionEndpoint>().is_err(), "{text}");
        }
    }

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
