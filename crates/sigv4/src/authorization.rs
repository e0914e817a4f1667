//! The header form: `Authorization: AWS4-HMAC-SHA256 Credential=…, SignedHeaders=…, Signature=…`.

use std::borrow::Cow;

use crate::ALGORITHM;
use crate::claim::{Claim, Form};
use crate::credential::Credential;
use crate::encoding::{trim, visible};
use crate::fault::{AuthFault, HeaderPart};
use crate::hex;
use crate::request::{BodyHash, Request};
use crate::time::{Seconds, parse_signing_time};

/// The value of the header, if it is for us. Other schemes, and older versions of this one, are
/// not: to AWS such a request has no token.
pub(crate) fn find<'a>(request: &Request<'a>) -> Result<Option<&'a [u8]>, AuthFault> {
    let value = request.value("authorization")?.map(trim);
    Ok(value.filter(|value| value.starts_with(b"AWS4-")))
}

/// Takes the header apart.
pub(crate) fn read<'a>(request: &Request<'a>, value: &'a [u8]) -> Result<Claim<'a>, AuthFault> {
    let date = match request.value("x-amz-date")? {
        Some(date) => Some(date),
        None => request.value("date")?,
    };
    let parameters = Parameters::read(value)?;
    let [credential, signed_headers, signature] = parameters.complete(date.is_some(), value)?;
    if parameters.algorithm != ALGORITHM {
        let algorithm = parameters.algorithm.to_owned();
        return Err(AuthFault::UnsupportedAlgorithm { algorithm });
    }
    Ok(Claim {
        request: *request,
        form: Form::Header,
        signed_at: signing_time(date.unwrap_or_default())?,
        credential: Credential::parse(Cow::Borrowed(credential))?,
        signed_headers: Cow::Borrowed(signed_headers),
        signature: hex::decode(signature.as_bytes()),
        session_token: session_token(request)?,
        expires_seconds: None,
        content_sha256: request
            .value("x-amz-content-sha256")?
            .map(|hash| Cow::Borrowed(trim(hash))),
    })
}

/// The header `X-Amz-Security-Token`. An empty one is none.
pub(crate) fn session_token<'a>(request: &Request<'a>) -> Result<Option<Cow<'a, str>>, AuthFault> {
    let Some(token) = request.value("x-amz-security-token")?.map(trim) else { return Ok(None) };
    let token = visible(token).ok_or(AuthFault::InvalidClientToken)?;
    Ok((!token.is_empty()).then_some(Cow::Borrowed(token)))
}

fn signing_time(date: &[u8]) -> Result<Seconds, AuthFault> {
    let date = visible(trim(date)).unwrap_or_default();
    parse_signing_time(date).ok_or_else(|| AuthFault::MalformedDate { date: date.to_owned() })
}

/// What the header says.
#[derive(Default)]
struct Parameters<'a> {
    algorithm: &'a str,
    credential: &'a str,
    signed_headers: &'a str,
    signature: &'a str,
}

impl<'a> Parameters<'a> {
    /// Parameters are separated by commas, with or without blanks; those unknown are ignored.
    fn read(value: &'a [u8]) -> Result<Self, AuthFault> {
        let malformed = || AuthFault::MalformedAuthorization { authorization: hash(value) };
        let text = visible(value).ok_or_else(malformed)?;
        let (algorithm, rest) = text.split_once(' ').unwrap_or((text, ""));
        let mut parameters = Self { algorithm, ..Self::default() };
        for parameter in rest.split(',').map(str::trim).filter(|parameter| !parameter.is_empty()) {
            let (key, value) = parameter.split_once('=').ok_or_else(malformed)?;
            let (name, place) = match key {
                "Credential" => ("Credential", &mut parameters.credential),
                "SignedHeaders" => ("SignedHeaders", &mut parameters.signed_headers),
                "Signature" => ("Signature", &mut parameters.signature),
                _ => continue,
            };
            if !place.is_empty() {
                return Err(AuthFault::Repeated { name });
            }
            *place = value;
        }
        Ok(parameters)
    }

    /// The parameters, if none of them is missing, and the date is not either.
    fn complete(&self, has_date: bool, value: &[u8]) -> Result<[&'a str; 3], AuthFault> {
        let missing: Vec<HeaderPart> = [
            (HeaderPart::Credential, !self.credential.is_empty()),
            (HeaderPart::Signature, !self.signature.is_empty()),
            (HeaderPart::SignedHeaders, !self.signed_headers.is_empty()),
            (HeaderPart::Date, has_date),
        ]
        .into_iter()
        .filter_map(|(part, is_there)| (!is_there).then_some(part))
        .collect();
        if missing.is_empty() {
            Ok([self.credential, self.signed_headers, self.signature])
        } else {
            Err(AuthFault::IncompleteHeader { missing, authorization: hash(value) })
        }
    }
}

fn hash(value: &[u8]) -> [u8; 32] {
    BodyHash::of(value).0
}
