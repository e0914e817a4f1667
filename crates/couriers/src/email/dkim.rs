//! DKIM: the domain's signature under a message (RFC 6376, and RFC 8463 for Ed25519).
//!
//! Relaxed in headers and body: servers on the way may fold headers and trim blanks.

use std::path::Path;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{Ed25519KeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::{self, PemObject};
use thiserror::Error;

use super::config::{DkimConfig, EmailSetupError};
use crate::secret_file::{SecretFileError, read_secret_file};

/// More than any key has.
const KEY_BYTES_MAX: u64 = 64 << 10;

/// The headers that are signed, if the message has them: all that says who writes what to whom, and
/// what RFC 8058 demands. `from` twice, so that nobody adds a second one.
const SIGNED: [&str; 12] = [
    "from",
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "auto-submitted",
    "list-unsubscribe",
    "list-unsubscribe-post",
];

/// What is wrong with a key for DKIM.
#[derive(Debug, Error)]
pub enum DkimKeyError {
    /// The file cannot be read, or others can read it.
    #[error(transparent)]
    File(#[from] SecretFileError),
    /// It has no private key.
    #[error("there is no private key in PEM: {0}")]
    NoKey(#[from] pem::Error),
    /// It is a key for something else.
    #[error("it is neither an RSA key nor an Ed25519 key")]
    OtherKind,
    /// RFC 8301: signers should have 2048 bits, and receivers need not take less than 1024.
    #[error("it is an RSA key of less than 2048 bits")]
    TooSmall,
}

/// Signs for one domain with one key.
pub(super) struct DkimSigner {
    domain: String,
    selector: String,
    key: Key,
}

enum Key {
    Rsa(RsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

/// The library refused to sign: out of memory.
#[derive(Debug)]
pub(super) struct NotSigned;

impl DkimSigner {
    pub(super) fn open(config: &DkimConfig) -> Result<Self, EmailSetupError> {
        let DkimConfig { domain, selector, key_file } = config;
        for (what, value) in [("domain", domain), ("selector", selector)] {
            if !is_name(value) {
                return Err(EmailSetupError::BadDkimName { what, value: value.clone() });
            }
        }
        let key = read_key(key_file)
            .map_err(|source| EmailSetupError::BadDkimKey { file: key_file.clone(), source })?;
        Ok(Self { domain: domain.clone(), selector: selector.clone(), key })
    }

    /// The header to put before the message, its line break included.
    pub(super) fn header(&self, message: &[u8], unix_seconds: u64) -> Result<String, NotSigned> {
        let (head, body) = split(message);
        let (names, mut signed) = signed_headers(head);
        let body_hash = STANDARD.encode(digest(&SHA256, &relaxed_body(body)));
        let (algorithm, domain, selector) = (self.key.algorithm(), &self.domain, &self.selector);
        let mut header = format!(
            "DKIM-Signature: v=1; a={algorithm}; c=relaxed/relaxed; d={domain};\r\n \
             s={selector}; t={unix_seconds};\r\n h={names};\r\n bh={body_hash};\r\n b="
        );
        // The header itself is the last of the signed ones, without its value for `b`, and without
        // a line break.
        signed.extend_from_slice(&relaxed_header(header.as_bytes()));
        let signature = STANDARD.encode(self.key.sign(&signed)?);
        for (number, part) in signature.as_bytes().chunks(72).enumerate() {
            header.push_str(if number == 0 { "" } else { "\r\n " });
            header.extend(part.iter().map(|&byte| char::from(byte)));
        }
        header.push_str("\r\n");
        Ok(header)
    }
}

impl Key {
    fn algorithm(&self) -> &'static str {
        match self {
            Key::Rsa(_) => "rsa-sha256",
            Key::Ed25519(_) => "ed25519-sha256",
        }
    }

    fn sign(&self, signed: &[u8]) -> Result<Vec<u8>, NotSigned> {
        match self {
            Key::Rsa(key) => {
                let mut signature = vec![0; key.public_modulus_len()];
                key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), signed, &mut signature)
                    .map_err(|_| NotSigned)?;
                Ok(signature)
            }
            // RFC 8463, section 3: what is signed is the hash.
            Key::Ed25519(key) => Ok(key.sign(digest(&SHA256, signed).as_ref()).as_ref().to_vec()),
        }
    }
}

fn is_name(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty() && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
    };
    text.len() <= 253 && text.split('.').all(is_label)
}

fn read_key(file: &Path) -> Result<Key, DkimKeyError> {
    let text = read_secret_file(file, KEY_BYTES_MAX)?;
    let der = PrivateKeyDer::from_pem_slice(&text)?;
    let rsa = match &der {
        PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
        PrivateKeyDer::Pkcs8(der) => {
            let der = der.secret_pkcs8_der();
            // OpenSSL writes Ed25519 keys without their public half.
            if let Ok(key) = Ed25519KeyPair::from_pkcs8_maybe_unchecked(der) {
                return Ok(Key::Ed25519(key));
            }
            RsaKeyPair::from_pkcs8(der)
        }
        _ => return Err(DkimKeyError::OtherKind),
    };
    rsa.map(Key::Rsa).map_err(|rejected| match rejected.description_() {
        "TooSmall" => DkimKeyError::TooSmall,
        _ => DkimKeyError::OtherKind,
    })
}

/// Headers and body.
fn split(message: &[u8]) -> (&[u8], &[u8]) {
    match message.windows(4).position(|window| window == b"\r\n\r\n") {
        Some(end) => (&message[..end + 2], &message[end + 4..]),
        None => (message, b""),
    }
}

/// The names of the headers that are signed, and their relaxed forms.
fn signed_headers(head: &[u8]) -> (String, Vec<u8>) {
    let mut left: Vec<&[u8]> = headers(head);
    let (mut names, mut signed) = (Vec::new(), Vec::new());
    for name in SIGNED {
        let found = left.iter().rposition(|header| is_named(header, name));
        if found.is_none() && !names.contains(&name) {
            continue;
        }
        names.push(name);
        if let Some(found) = found {
            signed.extend_from_slice(&relaxed_header(left.remove(found)));
            signed.extend_from_slice(b"\r\n");
        }
    }
    (names.join(":\r\n  "), signed)
}

/// Every header with the lines that go on with it, without the last line break.
fn headers(head: &[u8]) -> Vec<&[u8]> {
    let (mut headers, mut begin) = (Vec::new(), 0);
    let mut at = 0;
    while let Some(end) = find_crlf(&head[at..]).map(|length| at + length) {
        at = end + 2;
        let goes_on = head.get(at).is_some_and(|&byte| byte == b' ' || byte == b'\t');
        if !goes_on {
            headers.push(&head[begin..end]);
            begin = at;
        }
    }
    headers
}

fn find_crlf(bytes: &[u8]) -> Option<usize> {
    bytes.windows(2).position(|window| window == b"\r\n")
}

fn is_named(header: &[u8], name: &str) -> bool {
    header
        .split(|&b| b == b':')
        .next()
        .is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
}

/// Section 3.4.2: the name in lower case, unfolded, blanks as one space and none at either end.
fn relaxed_header(header: &[u8]) -> Vec<u8> {
    let colon = header.iter().position(|&byte| byte == b':').unwrap_or(header.len());
    let (name, value) = header.split_at(colon);
    let mut relaxed = name.trim_ascii().to_ascii_lowercase();
    relaxed.push(b':');
    let words = value.get(1..).unwrap_or_default();
    let words = words.split(|&byte| b" \t\r\n".contains(&byte)).filter(|word| !word.is_empty());
    for (number, word) in words.enumerate() {
        if number > 0 {
            relaxed.push(b' ');
        }
        relaxed.extend_from_slice(word);
    }
    relaxed
}

/// Section 3.4.4: blanks in a line as one space, none at its end, and no empty lines at the end.
fn relaxed_body(body: &[u8]) -> Vec<u8> {
    let mut relaxed = Vec::with_capacity(body.len() + 2);
    // Up to where there is more than empty lines.
    let mut end = 0;
    let mut rest = body;
    while !rest.is_empty() {
        let length = find_crlf(rest).unwrap_or(rest.len());
        let begin = relaxed.len();
        let mut blank = false;
        for &byte in &rest[..length] {
            match byte {
                b' ' | b'\t' => blank = true,
                byte => {
                    if std::mem::take(&mut blank) {
                        relaxed.push(b' ');
                    }
                    relaxed.push(byte);
                }
            }
        }
        let is_empty = relaxed.len() == begin;
        relaxed.extend_from_slice(b"\r\n");
        end = if is_empty { end } else { relaxed.len() };
        rest = rest.get(length + 2..).unwrap_or_default();
    }
    relaxed.truncate(end);
    relaxed
}

#[cfg(test)]
#[path = "dkim_tests.rs"]
mod tests;
