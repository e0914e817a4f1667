//! A credential: who signed, and what for.

use std::borrow::Cow;

use crate::fault::AuthFault;

/// What a signing key is good for: one service in one region on one day.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Scope<'a> {
    /// The day in UTC, `YYYYMMDD`.
    pub date: &'a str,
    /// The region.
    pub region: &'a str,
    /// The service's signing name, such as `sqs`.
    pub service: &'a str,
}

/// `ID/DATE/REGION/SERVICE/TERMINATOR`, with nothing known of the parts but where they begin.
#[derive(Clone, Debug)]
pub(crate) struct Credential<'a> {
    text: Cow<'a, str>,
    slashes: [usize; 4],
}

impl<'a> Credential<'a> {
    /// Finds the parts.
    pub(crate) fn parse(text: Cow<'a, str>) -> Result<Self, AuthFault> {
        let mut found = text.match_indices('/').map(|(at, _)| at);
        let slashes: [Option<usize>; 4] = std::array::from_fn(|_| found.next());
        match (slashes, found.next()) {
            ([Some(a), Some(b), Some(c), Some(d)], None) => {
                Ok(Self { text, slashes: [a, b, c, d] })
            }
            _ => Err(AuthFault::MalformedCredential { credential: text.into_owned() }),
        }
    }

    pub(crate) fn access_key_id(&self) -> &str {
        &self.text[..self.slashes[0]]
    }

    /// The scope as it is written, with its terminator.
    pub(crate) fn scope_text(&self) -> &str {
        &self.text[self.slashes[0] + 1..]
    }

    pub(crate) fn scope(&self) -> Scope<'_> {
        Scope { date: self.part(0), region: self.part(1), service: self.part(2) }
    }

    pub(crate) fn terminator(&self) -> &str {
        &self.text[self.slashes[3] + 1..]
    }

    /// What lies between a slash and the next one.
    fn part(&self, index: usize) -> &str {
        &self.text[self.slashes[index] + 1..self.slashes[index + 1]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_parts_and_no_other_number() {
        let text = "AKID/20150830/us-east-1/sqs/aws4_request";
        let credential = Credential::parse(text.into()).unwrap();
        assert_eq!(credential.access_key_id(), "AKID");
        assert_eq!(credential.scope_text(), "20150830/us-east-1/sqs/aws4_request");
        let scope = Scope { date: "20150830", region: "us-east-1", service: "sqs" };
        assert_eq!(credential.scope(), scope);
        assert_eq!(credential.terminator(), "aws4_request");
        for text in ["", "a", "a/b/c/d", "a/b/c/d/e/f", "a/b/c/d/e/"] {
            let fault = Credential::parse(text.into()).unwrap_err();
            assert_eq!(fault, AuthFault::MalformedCredential { credential: text.into() });
        }
        assert!(Credential::parse("////".into()).is_ok(), "empty parts are for others to judge");
    }
}
