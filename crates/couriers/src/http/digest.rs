//! Digest access authentication (RFC 7616), with `qop=auth` or, for old servers, without any.

use std::fmt::Write as _;

use md5::Md5;
use sha2::{Digest as _, Sha256};

use super::challenge::Challenge;
use crate::endpoint::Credentials;

/// The number of this request with its nonce. Each attempt is given a nonce of its own.
const NONCE_COUNT: &str = "00000001";

/// Hash functions. The greater is the better.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
enum Algorithm {
    Md5,
    Sha256,
}

/// A challenge that can be answered.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct DigestChallenge {
    algorithm: Algorithm,
    /// Whether the algorithm was named. What was not named is not repeated.
    named: bool,
    realm: String,
    nonce: String,
    opaque: Option<String>,
    /// Whether it is `auth`, not the way of RFC 2069.
    qop: bool,
    /// The credentials were right, the nonce was too old.
    pub(super) stale: bool,
}

impl DigestChallenge {
    /// Reads a challenge. None if it asks for something that we do not know: another hash, session
    /// keys, or a digest of the body.
    pub(super) fn read(challenge: &Challenge) -> Option<DigestChallenge> {
        let named = challenge.get("algorithm");
        let algorithm = match named.map(str::to_ascii_uppercase).as_deref() {
            None | Some("MD5") => Algorithm::Md5,
            Some("SHA-256") => Algorithm::Sha256,
            _ => return None,
        };
        let qop = match challenge.get("qop") {
            None => false,
            Some(list) if list.split(',').any(|it| it.trim().eq_ignore_ascii_case("auth")) => true,
            Some(_) => return None,
        };
        Some(DigestChallenge {
            algorithm,
            named: named.is_some(),
            realm: challenge.get("realm")?.to_owned(),
            nonce: challenge.get("nonce")?.to_owned(),
            opaque: challenge.get("opaque").map(str::to_owned),
            qop,
            stale: challenge.get("stale").is_some_and(|stale| stale.eq_ignore_ascii_case("true")),
        })
    }

    /// How good it is, to choose the best.
    pub(super) fn strength(&self) -> impl Ord + use<> {
        (self.algorithm, self.qop)
    }

    /// The value of `Authorization`. `cnonce` is a text of chance that nobody foresees.
    pub(super) fn answer(
        &self,
        credentials: &Credentials,
        method: &str,
        path: &str,
        cnonce: &str,
    ) -> String {
        let response = self.response(credentials, method, path, cnonce);
        let mut value = String::from("Digest ");
        push(&mut value, "username", &credentials.user);
        push(&mut value, "realm", &self.realm);
        push(&mut value, "nonce", &self.nonce);
        push(&mut value, "uri", path);
        push(&mut value, "response", &response);
        if let Some(opaque) = &self.opaque {
            push(&mut value, "opaque", opaque);
        }
        if self.qop {
            push(&mut value, "cnonce", cnonce);
            value.push_str("qop=auth, nc=");
            value.push_str(NONCE_COUNT);
            value.push_str(", ");
        }
        if self.named {
            value.push_str("algorithm=");
            value.push_str(self.algorithm.name());
            value.push_str(", ");
        }
        value.truncate(value.len() - 2);
        value
    }

    /// RFC 7616, section 3.4.1.
    fn response(&self, who: &Credentials, method: &str, path: &str, cnonce: &str) -> String {
        let hash = |text: String| self.algorithm.hash(&text);
        let secret = hash(format!("{}:{}:{}", who.user, self.realm, who.password));
        let request = hash(format!("{method}:{path}"));
        match self.qop {
            true => hash(format!("{secret}:{}:{NONCE_COUNT}:{cnonce}:auth:{request}", self.nonce)),
            false => hash(format!("{secret}:{}:{request}", self.nonce)),
        }
    }
}

impl Algorithm {
    fn name(self) -> &'static str {
        match self {
            Algorithm::Md5 => "MD5",
            Algorithm::Sha256 => "SHA-256",
        }
    }

    /// The hash in hexadecimal digits.
    fn hash(self, text: &str) -> String {
        match self {
            Algorithm::Md5 => hex(&Md5::digest(text)),
            Algorithm::Sha256 => hex(&Sha256::digest(text)),
        }
    }
}

/// Bytes as hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a string does not fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn push(value: &mut String, name: &str, text: &str) {
    value.push_str(name);
    value.push_str("=\"");
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            value.push('\\');
        }
        value.push(character);
    }
    value.push_str("\", ");
}

#[cfg(test)]
#[path = "digest_tests.rs"]
mod tests;
