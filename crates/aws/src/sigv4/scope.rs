//! The credential scope: who signed, and for which day, region and service.

use std::borrow::Cow;

use crate::query;

/// What a request's credential says: `ACCESS_KEY_ID/DATE/REGION/SERVICE/aws4_request`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Scope<'a> {
    credential: Cow<'a, str>,
    /// Where each part but the first begins.
    starts: [usize; 4],
}

impl<'a> Scope<'a> {
    /// Finds the credential in the header `Authorization` or, for a presigned request, in the URL
    /// query's `X-Amz-Credential`. `None` if the request is not signed, or not in this form.
    pub fn find(authorization: Option<&'a str>, query: &'a str) -> Option<Self> {
        let credential = match authorization {
            Some(header) => Cow::Borrowed(credential_of(header)?),
            None => query::find(query.as_bytes(), "X-Amz-Credential")?,
        };
        Self::of(credential)
    }

    /// The access key id may itself hold slashes, so the parts are counted from the end.
    fn of(credential: Cow<'a, str>) -> Option<Self> {
        let rest = credential.strip_suffix("/aws4_request")?;
        let service = rest.rfind('/')?;
        let region = rest[..service].rfind('/')?;
        let date = rest[..region].rfind('/')?;
        let starts = [date + 1, region + 1, service + 1, rest.len() + 1];
        (date > 0).then_some(Self { credential, starts })
    }

    /// The access key id.
    pub fn access_key_id(&self) -> &str {
        &self.credential[..self.starts[0] - 1]
    }

    /// The day of signing, `YYYYMMDD`.
    pub fn date(&self) -> &str {
        self.part(0)
    }

    /// The region that the request is meant for.
    pub fn region(&self) -> &str {
        self.part(1)
    }

    /// The service that the request is meant for, such as `sqs`.
    pub fn service(&self) -> &str {
        self.part(2)
    }

    fn part(&self, at: usize) -> &str {
        &self.credential[self.starts[at]..self.starts[at + 1] - 1]
    }
}

/// The value of `Credential=` in an `Authorization` header.
fn credential_of(header: &str) -> Option<&str> {
    let parameters = header.strip_prefix("AWS4-HMAC-SHA256")?;
    parameters.split([',', ' ']).find_map(|part| part.strip_prefix("Credential="))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(scope: &Scope<'_>) -> [String; 4] {
        [scope.access_key_id(), scope.date(), scope.region(), scope.service()].map(str::to_owned)
    }

    #[test]
    fn a_header_or_a_presigned_url_names_the_scope() {
        let header = "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20260102/eu-west-1/sqs/aws4_request, \
                      SignedHeaders=host;x-amz-date, Signature=abc";
        let tight = "AWS4-HMAC-SHA256 SignedHeaders=host,\
                     Credential=AKIDEXAMPLE/20260102/eu-west-1/sqs/aws4_request,Signature=abc";
        let url = "Action=ListQueues&X-Amz-Credential=\
                   AKIDEXAMPLE%2F20260102%2Feu-west-1%2Fsqs%2Faws4_request";
        for scope in
            [Scope::find(Some(header), ""), Scope::find(Some(tight), ""), Scope::find(None, url)]
        {
            assert_eq!(parts(&scope.unwrap()), ["AKIDEXAMPLE", "20260102", "eu-west-1", "sqs"]);
        }
    }

    #[test]
    fn an_access_key_id_may_hold_slashes() {
        let header = "AWS4-HMAC-SHA256 Credential=a/b/20260102/eu-west-1/sqs/aws4_request";
        let scope = Scope::find(Some(header), "").unwrap();
        assert_eq!(parts(&scope), ["a/b", "20260102", "eu-west-1", "sqs"]);
    }

    #[test]
    fn what_is_no_credential_is_none() {
        for header in [
            "",
            "Basic abc",
            "AWS4-HMAC-SHA256",
            "AWS4-HMAC-SHA256 Credential=",
            "AWS4-HMAC-SHA256 Credential=A/20260102/eu-west-1/sqs",
            "AWS4-HMAC-SHA256 Credential=20260102/eu-west-1/sqs/aws4_request",
            "AWS4-HMAC-SHA256 Credential=/20260102/eu-west-1/sqs/aws4_request",
            "AWS4-HMAC-SHA256 Credential=/aws4_request",
        ] {
            assert_eq!(Scope::find(Some(header), ""), None, "{header}");
        }
        assert_eq!(Scope::find(None, "Action=ListQueues"), None);
        assert_eq!(Scope::find(None, "X-Amz-Credential=%zz"), None);
    }
}
