//! Requests that can be changed, and a server that knows one access key.

// Each test program uses its own part of this.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

use serde::Deserialize;
use tidings_sigv4::{
    AuthFault, BodyHash, Claim, Regions, Request, Rules, Seconds, SecretKey, SigningKeys,
};

pub const SERVICES: &[&str] = &["sqs", "sns", "sts", "kms", "iam", "service", "lambda"];

/// A request that owns its parts.
#[derive(Clone, Debug, Deserialize)]
pub struct OwnedRequest {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: Vec<(String, Text)>,
    #[serde(default)]
    pub body: String,
}

/// A header's value.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(from = "String")]
pub struct Text(pub Vec<u8>);

impl From<String> for Text {
    fn from(text: String) -> Self {
        Self(text.into_bytes())
    }
}

impl OwnedRequest {
    /// Lends the request to a function.
    pub fn with<T>(&self, use_it: impl FnOnce(&Request<'_>) -> T) -> T {
        let headers: Vec<(&str, &[u8])> =
            self.headers.iter().map(|(name, value)| (name.as_str(), &*value.0)).collect();
        let (method, path, query) = (&*self.method, &*self.path, &*self.query);
        use_it(&Request { method, path, query, headers: &headers })
    }

    pub fn body_hash(&self) -> BodyHash {
        BodyHash::of(self.body.as_bytes())
    }

    pub fn header_mut(&mut self, name: &str) -> &mut Vec<u8> {
        let header = self.headers.iter_mut().find(|(other, _)| other.eq_ignore_ascii_case(name));
        &mut header.unwrap().1.0
    }
}

/// What a server says to a request, if the one access key it knows is this.
pub fn serve(
    request: &OwnedRequest,
    (access_key_id, secret): (&str, &SecretKey),
    keys: &SigningKeys,
    now: Seconds,
) -> Result<(), AuthFault> {
    let rules = Rules { regions: Regions::Any, services: SERVICES };
    request.with(|parts| {
        let claim = Claim::find(parts)?.ok_or(AuthFault::MissingToken)?;
        let checked = claim.check(&rules, now)?;
        if checked.claim().access_key_id() != access_key_id {
            return Err(AuthFault::InvalidClientToken);
        }
        checked.verify(&request.body_hash(), secret, keys)
    })
}

/// The places whose lowest bit may be changed without the change being one of spelling only:
/// letters and digits.
pub fn letters(text: &[u8]) -> impl Iterator<Item = usize> {
    (0..text.len()).filter(|at| text[*at].is_ascii_alphanumeric())
}

/// Text with one bit changed.
pub fn flipped(text: &str, at: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] ^= 1;
    String::from_utf8(bytes).unwrap()
}

/// Every request that differs from this one in one bit of a letter or digit that is signed.
pub fn neighbours(
    request: &OwnedRequest,
    signed_headers: &[String],
) -> Vec<(String, OwnedRequest)> {
    let mut changed = Vec::new();
    let mut keep = |what: &str, change: &dyn Fn(&mut OwnedRequest)| {
        let mut other = request.clone();
        change(&mut other);
        changed.push((what.to_owned(), other));
    };
    for at in letters(request.method.as_bytes()) {
        keep("method", &|other| other.method = flipped(&request.method, at));
    }
    for at in letters(request.path.as_bytes()) {
        keep("path", &|other| other.path = flipped(&request.path, at));
    }
    for at in letters(request.query.as_bytes()) {
        keep("query", &|other| other.query = flipped(&request.query, at));
    }
    for at in letters(request.body.as_bytes()) {
        keep("body", &|other| other.body = flipped(&request.body, at));
    }
    for (index, (name, value)) in request.headers.iter().enumerate() {
        let lower = name.to_ascii_lowercase();
        if lower != "authorization" && !signed_headers.contains(&lower) {
            continue;
        }
        for at in letters(&value.0) {
            keep(name, &|other| other.headers[index].1.0[at] ^= 1);
        }
    }
    changed
}
