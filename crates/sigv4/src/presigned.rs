//! The query form: a URL that carries its own signature.

use std::borrow::Cow;

use crate::ALGORITHM;
use crate::EXPIRES_SECONDS_MAX;
use crate::authorization::session_token;
use crate::claim::{Claim, Form};
use crate::credential::Credential;
use crate::encoding::{decode, trim, visible};
use crate::fault::{AuthFault, ExpiresFault};
use crate::hex;
use crate::request::Request;
use crate::time::{Seconds, parse_basic};

/// The one parameter that is not part of what is signed.
pub(crate) const SIGNATURE: &str = "X-Amz-Signature";

/// The parameters of a presigned URL, decoded.
#[derive(Default)]
pub(crate) struct Parameters<'a> {
    algorithm: Option<Cow<'a, str>>,
    credential: Option<Cow<'a, str>>,
    date: Option<Cow<'a, str>>,
    expires: Option<Cow<'a, str>>,
    signed_headers: Option<Cow<'a, str>>,
    signature: Option<Cow<'a, str>>,
    session_token: Option<Cow<'a, str>>,
    content_sha256: Option<Cow<'a, str>>,
}

impl<'a> Parameters<'a> {
    /// The parameters, if the query has any of those that make it a presigned one.
    pub(crate) fn find(query: &'a str) -> Result<Option<Self>, AuthFault> {
        let mut parameters = Self::default();
        for pair in query.split('&') {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = decode(name).ok_or(AuthFault::MalformedQueryString)?;
            let Some((name, place)) = parameters.place(&name) else { continue };
            if place.is_some() {
                return Err(AuthFault::Repeated { name });
            }
            *place = Some(text(value)?);
        }
        let Self { algorithm, credential, signature, .. } = &parameters;
        let is_presigned = algorithm.is_some() || credential.is_some() || signature.is_some();
        Ok(is_presigned.then_some(parameters))
    }

    /// Where the parameter of a name goes. Names are case-sensitive, but for the one that SDKs
    /// spell in two ways.
    fn place(&mut self, name: &[u8]) -> Option<(&'static str, &mut Option<Cow<'a, str>>)> {
        match name {
            b"X-Amz-Algorithm" => Some(("X-Amz-Algorithm", &mut self.algorithm)),
            b"X-Amz-Credential" => Some(("X-Amz-Credential", &mut self.credential)),
            b"X-Amz-Date" => Some(("X-Amz-Date", &mut self.date)),
            b"X-Amz-Expires" => Some(("X-Amz-Expires", &mut self.expires)),
            b"X-Amz-SignedHeaders" => Some(("X-Amz-SignedHeaders", &mut self.signed_headers)),
            b"X-Amz-Signature" => Some((SIGNATURE, &mut self.signature)),
            b"X-Amz-Security-Token" => Some(("X-Amz-Security-Token", &mut self.session_token)),
            name if name.eq_ignore_ascii_case(b"X-Amz-Content-Sha256") => {
                Some(("X-Amz-Content-Sha256", &mut self.content_sha256))
            }
            _ => None,
        }
    }

    /// Makes a claim of them.
    pub(crate) fn read(self, request: &Request<'a>) -> Result<Claim<'a>, AuthFault> {
        self.check_complete()?;
        if self.algorithm.as_deref() != Some(ALGORITHM) {
            let algorithm = self.algorithm.unwrap_or_default().into_owned();
            return Err(AuthFault::UnsupportedAlgorithm { algorithm });
        }
        let content_sha256 = match self.content_sha256 {
            Some(hash) => Some(Cow::Owned(hash.into_owned().into_bytes())),
            None => request.value("x-amz-content-sha256")?.map(|hash| Cow::Borrowed(trim(hash))),
        };
        let session_token = match self.session_token {
            Some(token) if !token.is_empty() => Some(token),
            _ => session_token(request)?,
        };
        Ok(Claim {
            request: *request,
            form: Form::Presigned,
            signed_at: signing_time(&self.date.unwrap_or_default())?,
            credential: Credential::parse(self.credential.unwrap_or_default())?,
            signed_headers: self.signed_headers.unwrap_or_default(),
            signature: hex::decode(self.signature.unwrap_or_default().as_bytes()),
            session_token,
            expires_seconds: self.expires.as_deref().map(expires_seconds).transpose()?,
            content_sha256,
        })
    }

    /// `X-Amz-Expires` is not among what AWS asks for, and some SDKs leave it out for services
    /// other than S3.
    fn check_complete(&self) -> Result<(), AuthFault> {
        let missing: Vec<&'static str> = [
            ("X-Amz-Algorithm", &self.algorithm),
            ("X-Amz-Credential", &self.credential),
            (SIGNATURE, &self.signature),
            ("X-Amz-SignedHeaders", &self.signed_headers),
            ("X-Amz-Date", &self.date),
        ]
        .into_iter()
        .filter(|(_, value)| value.as_deref().unwrap_or_default().is_empty())
        .map(|(name, _)| name)
        .collect();
        if missing.is_empty() { Ok(()) } else { Err(AuthFault::IncompleteQuery { missing }) }
    }
}

/// A value that has to be text to mean anything.
fn text(value: &str) -> Result<Cow<'_, str>, AuthFault> {
    let text = match decode(value) {
        Some(Cow::Borrowed(bytes)) => visible(bytes).map(Cow::Borrowed),
        Some(Cow::Owned(bytes)) => visible(&bytes).map(|text| Cow::Owned(text.to_owned())),
        None => None,
    };
    text.ok_or(AuthFault::MalformedQueryString)
}

fn signing_time(date: &str) -> Result<Seconds, AuthFault> {
    parse_basic(date.as_bytes()).ok_or_else(|| AuthFault::MalformedDate { date: date.to_owned() })
}

fn expires_seconds(text: &str) -> Result<u32, ExpiresFault> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(ExpiresFault::NotANumber);
    }
    if digits.len() < text.len() || digits.bytes().all(|byte| byte == b'0') {
        return Err(ExpiresFault::NotPositive);
    }
    match digits.parse() {
        Ok(seconds) if seconds <= EXPIRES_SECONDS_MAX => Ok(seconds),
        _ => Err(ExpiresFault::TooLong),
    }
}
