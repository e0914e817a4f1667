//! Every way in which a signature is refused.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use thiserror::Error;

use crate::time::Seconds;

/// Why a request is not taken for its signer's. It prints as AWS's text.
///
/// Texts repeat parts of the request, at most as long as those came, in printable ASCII; never the
/// signature and never a session token. The header `Authorization` is only shown as its digest, as
/// AWS does it.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum AuthFault {
    /// The request has no signature. Never found here: whether that is a fault is up to the caller,
    /// and SQS answers `AccessDenied` instead.
    #[error("Request is missing Authentication Token")]
    MissingToken,
    /// The request has a header and a presigned URL: two claims.
    #[error(
        "Found both 'X-Amz-Algorithm' as a query-string param and 'Authorization' as HTTP header."
    )]
    BothForms,
    /// A parameter of the header `Authorization` has no equals sign, or the header is no text.
    #[error(
        "Invalid key=value pair (missing equal-sign) in Authorization header (hashed with SHA-256 \
         and encoded with Base64): '{}'.", STANDARD.encode(.authorization)
    )]
    MalformedAuthorization {
        /// SHA-256 of the header's value.
        authorization: [u8; 32],
    },
    /// Something that the header form needs is not there.
    #[error(
        "{}(Hashed with SHA-256 and encoded with Base64) Authorization={}",
        sentences(.missing.iter().map(|part| part.sentence())), STANDARD.encode(.authorization)
    )]
    IncompleteHeader {
        /// What, in the order in which AWS names it.
        missing: Vec<HeaderPart>,
        /// SHA-256 of the header's value.
        authorization: [u8; 32],
    },
    /// Something that a presigned URL needs is not there.
    #[error("{}Re-examine the query-string parameters.", missing_parameters(.missing))]
    IncompleteQuery {
        /// The names of the parameters, in the order in which AWS names them.
        missing: Vec<&'static str>,
    },
    /// What may be said once is said twice, so that it is not clear what is meant.
    #[error("'{name}' must be given only once.")]
    Repeated {
        /// The name of the header or parameter.
        name: &'static str,
    },
    /// The algorithm is another one, such as that of version 4a.
    #[error("Unsupported AWS 'algorithm': '{algorithm}' (only AWS4-HMAC-SHA256 for now).")]
    UnsupportedAlgorithm {
        /// Its name.
        algorithm: String,
    },
    /// The date is none, or in another format.
    #[error(
        "Date must be in ISO-8601 'basic format'. Got '{date}'. See \
         http://en.wikipedia.org/wiki/ISO_8601"
    )]
    MalformedDate {
        /// What was given; empty if it cannot be shown.
        date: String,
    },
    /// The credential is not the access key id and the four parts of a scope.
    #[error(
        "Credential must have exactly 5 slash-delimited elements, e.g. \
         keyid/date/region/service/term, got '{credential}'"
    )]
    MalformedCredential {
        /// What was given.
        credential: String,
    },
    /// The life of a presigned URL is no number from 1 to [`EXPIRES_SECONDS_MAX`].
    ///
    /// [`EXPIRES_SECONDS_MAX`]: crate::EXPIRES_SECONDS_MAX
    #[error("{0}")]
    MalformedExpires(#[from] ExpiresFault),
    /// The query is not percent-encoded, or what should be text in it is not.
    #[error("The query string is malformed.")]
    MalformedQueryString,
    /// The scope is of another day than the signature.
    #[error(
        "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: \
         '{scope}' != '{}', from '{signed_at}'.", day(*.signed_at)
    )]
    ScopeDate {
        /// The scope's date as given.
        scope: String,
        /// When the request was signed.
        signed_at: Seconds,
    },
    /// The scope's region is not one of those that are allowed.
    #[error("Credential should be scoped to a valid region.")]
    ScopeRegion,
    /// The scope's service is not one of those that are allowed.
    #[error("Credential should be scoped to correct service: '{expected}'.")]
    ScopeService {
        /// The services that are, joined by `', '`.
        expected: String,
    },
    /// The scope does not end as all do.
    #[error("Credential should be scoped with a valid terminator: 'aws4_request', not '{got}'.")]
    ScopeTerminator {
        /// What it ends with.
        got: String,
    },
    /// It was signed too long ago.
    #[error("Signature expired: {signed_at} is now earlier than {} ({now} - {}.)",
        .now.plus(-.lifetime_seconds), span(*.lifetime_seconds))]
    Expired {
        /// When it was signed.
        signed_at: Seconds,
        /// The server's time.
        now: Seconds,
        /// How long it was good for.
        lifetime_seconds: i64,
    },
    /// It was signed in the future.
    #[error("Signature not yet current: {signed_at} is still later than {} ({now} + {}.)",
        .now.plus(*.skew_seconds), span(*.skew_seconds))]
    NotYetCurrent {
        /// When it was signed.
        signed_at: Seconds,
        /// The server's time.
        now: Seconds,
        /// How far into the future it might be.
        skew_seconds: i64,
    },
    /// `host`, or a header that begins with `x-amz-`, is not signed.
    #[error("{} must be a 'SignedHeader' in the AWS Authorization.", quoted(.name))]
    HeaderNotSigned {
        /// The header's name, in lower case.
        name: String,
    },
    /// A header is signed that the request does not have: something on the way took it away.
    #[error("{MISMATCH}")]
    SignedHeaderMissing {
        /// The header's name.
        name: String,
    },
    /// The list of signed headers is not sorted, or names one twice.
    #[error("{MISMATCH}")]
    SignedHeadersUnsorted,
    /// The header `x-amz-content-sha256` is not the hash of this body.
    #[error("The provided 'x-amz-content-sha256' header does not match what was computed.")]
    ContentMismatch,
    /// The header `x-amz-content-sha256` says that the body is not signed, or in pieces. Only S3
    /// has that.
    #[error("The provided 'x-amz-content-sha256' header does not match what was computed.")]
    UnsignedContent,
    /// The signature is not that of this request by this key.
    #[error("{MISMATCH}")]
    Mismatch,
    /// The access key id or the session token is unknown, disabled or does not belong to the other.
    #[error("The security token included in the request is invalid.")]
    InvalidClientToken,
    /// The session token is of a session that is over. Never found here.
    #[error("The security token included in the request is expired")]
    ExpiredToken,
}

const MISMATCH: &str = "The request signature we calculated does not match the signature you \
    provided. Check your AWS Secret Access Key and signing method. Consult the service \
    documentation for details.";

/// The code that answers a fault, by the name that it has in the Query protocol, and for SQS in the
/// first half of the header `x-amzn-query-error`. JSON's `__type` differs.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub enum AuthCode {
    /// Status 403.
    MissingAuthenticationToken,
    /// Status 400; `IncompleteSignatureException` in JSON.
    IncompleteSignature,
    /// Status 404.
    MalformedQueryString,
    /// Status 403; `InvalidSignatureException` in JSON.
    SignatureDoesNotMatch,
    /// Status 403; `UnrecognizedClientException` in JSON.
    InvalidClientTokenId,
    /// Status 403; `ExpiredTokenException` in JSON.
    ExpiredToken,
}

impl AuthCode {
    /// Its name in the Query protocol.
    pub fn name(self) -> &'static str {
        match self {
            Self::MissingAuthenticationToken => "MissingAuthenticationToken",
            Self::IncompleteSignature => "IncompleteSignature",
            Self::MalformedQueryString => "MalformedQueryString",
            Self::SignatureDoesNotMatch => "SignatureDoesNotMatch",
            Self::InvalidClientTokenId => "InvalidClientTokenId",
            Self::ExpiredToken => "ExpiredToken",
        }
    }
}

impl AuthFault {
    /// The code that answers it.
    pub fn code(&self) -> AuthCode {
        match self {
            Self::MissingToken => AuthCode::MissingAuthenticationToken,
            Self::MalformedAuthorization { .. }
            | Self::IncompleteHeader { .. }
            | Self::IncompleteQuery { .. }
            | Self::Repeated { .. }
            | Self::UnsupportedAlgorithm { .. }
            | Self::MalformedDate { .. }
            | Self::MalformedCredential { .. }
            | Self::MalformedExpires(_) => AuthCode::IncompleteSignature,
            Self::MalformedQueryString => AuthCode::MalformedQueryString,
            Self::BothForms
            | Self::ScopeDate { .. }
            | Self::ScopeRegion
            | Self::ScopeService { .. }
            | Self::ScopeTerminator { .. }
            | Self::Expired { .. }
            | Self::NotYetCurrent { .. }
            | Self::HeaderNotSigned { .. }
            | Self::SignedHeaderMissing { .. }
            | Self::SignedHeadersUnsorted
            | Self::ContentMismatch
            | Self::UnsignedContent
            | Self::Mismatch => AuthCode::SignatureDoesNotMatch,
            Self::InvalidClientToken => AuthCode::InvalidClientTokenId,
            Self::ExpiredToken => AuthCode::ExpiredToken,
        }
    }
}

/// What the header form consists of.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum HeaderPart {
    /// `Credential=` in the header `Authorization`.
    Credential,
    /// `Signature=` there.
    Signature,
    /// `SignedHeaders=` there.
    SignedHeaders,
    /// The header `X-Amz-Date`, or else `Date`.
    Date,
}

impl HeaderPart {
    fn sentence(self) -> &'static str {
        match self {
            Self::Credential => "Authorization header requires 'Credential' parameter.",
            Self::Signature => "Authorization header requires 'Signature' parameter.",
            Self::SignedHeaders => "Authorization header requires 'SignedHeaders' parameter.",
            Self::Date => {
                "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' \
                 header."
            }
        }
    }
}

/// What is wrong with `X-Amz-Expires`.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Error)]
pub enum ExpiresFault {
    /// It is not made of digits.
    #[error("X-Amz-Expires should be a number")]
    NotANumber,
    /// It is zero or less.
    #[error("X-Amz-Expires must be non-negative")]
    NotPositive,
    /// It is more than 7 days.
    #[error(
        "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires \
         must be less than 604800 seconds"
    )]
    TooLong,
}

/// `Host` goes by two names, since HTTP/2 has another.
fn quoted(name: &str) -> String {
    if name == "host" { "'Host' or ':authority'".to_owned() } else { format!("'{name}'") }
}

fn sentences<'a>(sentences: impl Iterator<Item = &'a str>) -> String {
    sentences.flat_map(|sentence| [sentence, " "]).collect()
}

fn missing_parameters(names: &[&str]) -> String {
    let sentence = |name| format!("AWS query-string parameters must include '{name}'. ");
    names.iter().map(sentence).collect()
}

fn day(instant: Seconds) -> String {
    instant.to_string().chars().take(8).collect()
}

/// AWS counts in minutes; seconds are for presigned URLs that live for no whole number of them.
fn span(seconds: i64) -> String {
    if seconds % 60 == 0 { format!("{} min", seconds / 60) } else { format!("{seconds} sec") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> Seconds {
        crate::parse_signing_time(text).unwrap()
    }

    #[test]
    fn texts_are_those_of_aws() {
        let authorization = crate::BodyHash::of(b"AWS4-HMAC-SHA256 ").0;
        let all = vec![
            HeaderPart::Credential,
            HeaderPart::Signature,
            HeaderPart::SignedHeaders,
            HeaderPart::Date,
        ];
        let (signed_at, now) = (at("20130301T000000Z"), at("20130609T100015Z"));
        for (fault, text) in [
            (
                AuthFault::IncompleteHeader { missing: all, authorization },
                "Authorization header requires 'Credential' parameter. Authorization header \
                 requires 'Signature' parameter. Authorization header requires 'SignedHeaders' \
                 parameter. Authorization header requires existence of either a 'X-Amz-Date' or a \
                 'Date' header. (Hashed with SHA-256 and encoded with Base64) Authorization=",
            ),
            (
                AuthFault::IncompleteQuery { missing: vec!["X-Amz-Credential", "X-Amz-Date"] },
                "AWS query-string parameters must include 'X-Amz-Credential'. AWS query-string \
                 parameters must include 'X-Amz-Date'. Re-examine the query-string parameters.",
            ),
            (
                AuthFault::Expired { signed_at, now, lifetime_seconds: 900 },
                "Signature expired: 20130301T000000Z is now earlier than 20130609T094515Z \
                 (20130609T100015Z - 15 min.)",
            ),
            (
                AuthFault::NotYetCurrent { signed_at: now, now: signed_at, skew_seconds: 900 },
                "Signature not yet current: 20130609T100015Z is still later than 20130301T001500Z \
                 (20130301T000000Z + 15 min.)",
            ),
            (
                AuthFault::ScopeDate { scope: "b".into(), signed_at: at("20130609T095204Z") },
                "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date \
                 from HTTP: 'b' != '20130609', from '20130609T095204Z'.",
            ),
            (
                AuthFault::HeaderNotSigned { name: "host".into() },
                "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.",
            ),
            (
                AuthFault::HeaderNotSigned { name: "x-amz-date".into() },
                "'x-amz-date' must be a 'SignedHeader' in the AWS Authorization.",
            ),
            (
                AuthFault::ScopeService { expected: "sqs".into() },
                "Credential should be scoped to correct service: 'sqs'.",
            ),
        ] {
            assert!(fault.to_string().starts_with(text), "{fault}\n{text}");
        }
    }
}
