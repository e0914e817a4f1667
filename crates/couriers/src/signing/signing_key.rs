//! The key that signs messages, and its certificate.

use std::fmt;
use std::fmt::Write as _;
use std::sync::Arc;

use aws_lc_rs::digest::{Digest, SHA256};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use thiserror::Error;
use tidings_core::delivery::SignatureVersion;
use webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA256;

use super::rsa_sha1::{RsaSha1Key, Sha1Digest};
use super::signature_cache::SignatureCache;
use super::{authority, pem};

/// Bytes in the modulus of the smallest key: 2048 bits. Validators refuse less.
const MODULUS_BYTES_MIN: usize = 256;
/// Bytes of the certificate's digest in its name. AWS's name has 32 hexadecimal digits.
const NAME_BYTES: usize = 16;

/// What is wrong with a key or its certificate.
#[derive(Debug, Error)]
pub enum KeyError {
    /// The text has no private key in PEM.
    #[error("there is no private key in PEM: {0}")]
    NoKey(rustls::pki_types::pem::Error),
    /// The text has no certificate in PEM.
    #[error("there is no certificate in PEM: {0}")]
    NoCertificate(rustls::pki_types::pem::Error),
    /// The key is not one for RSA, or damaged.
    #[error("the private key is not an RSA key in PKCS#8 or PKCS#1: {0}")]
    NotRsa(String),
    /// The key is too small to be trusted.
    #[error("the private key has {0} bits; 2048 are the least")]
    TooSmall(usize),
    /// The certificate cannot be read.
    #[error("the certificate cannot be read: {0}")]
    BadCertificate(webpki::Error),
    /// The certificate belongs to another key.
    #[error("the certificate does not belong to the private key")]
    OtherCertificate,
    /// No key could be made.
    #[error("no key could be made: {0}")]
    NotGenerated(rcgen::Error),
    /// The library refused to sign.
    #[error("the message could not be signed")]
    NotSigned,
}

/// An RSA key that signs messages, with the certificate that lets others check them.
///
/// Signing takes a quarter of a millisecond, unless the same message was signed lately.
pub struct SigningKey {
    sha256: RsaKeyPair,
    sha1: RsaSha1Key,
    #[cfg(test)]
    key_pem: String,
    certificate_pem: String,
    certificate_name: String,
    made: SignatureCache,
}

impl SigningKey {
    /// Makes a key of 2048 bits and a certificate for it, from an authority that is forgotten.
    ///
    /// # Errors
    ///
    /// [`KeyError::NotGenerated`].
    pub fn generate() -> Result<SigningKey, KeyError> {
        let issued = authority::issue().map_err(KeyError::NotGenerated)?;
        SigningKey::from_pem(&issued.key, &issued.certificate)
    }

    /// Takes a key (PKCS#8 or PKCS#1, at least 2048 bits) and its certificate, both in PEM. Others
    /// that the certificate rests on may follow it.
    ///
    /// # Errors
    ///
    /// Any [`KeyError`] but [`KeyError::NotGenerated`].
    pub fn from_pem(key: &str, certificate: &str) -> Result<SigningKey, KeyError> {
        let sha256 = read(&pem::private_key(key).map_err(KeyError::NoKey)?)?;
        if sha256.public_modulus_len() < MODULUS_BYTES_MIN {
            return Err(KeyError::TooSmall(sha256.public_modulus_len() * 8));
        }
        let sha1 = RsaSha1Key::new(&sha256).map_err(|_| KeyError::NotSigned)?;
        let der = pem::first_certificate(certificate).map_err(KeyError::NoCertificate)?;
        let key = SigningKey {
            sha256,
            sha1,
            #[cfg(test)]
            key_pem: key.to_owned(),
            certificate_pem: certificate.to_owned(),
            certificate_name: name_of(&der),
            made: SignatureCache::default(),
        };
        key.check_certificate(&der)?;
        Ok(key)
    }

    /// The key and the certificate, in PEM. Only tests keep the first one: it is a secret.
    #[cfg(test)]
    pub(super) fn to_pem(&self) -> (&str, &str) {
        (&self.key_pem, &self.certificate_pem)
    }

    /// The certificate in PEM, and those it rests on if they were given: what `SigningCertURL`
    /// serves.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// The last part of `SigningCertURL`: `SimpleNotificationService-<32 hexadecimal digits>.pem`.
    /// It follows from the certificate, so another certificate has another URL.
    #[must_use]
    pub fn certificate_name(&self) -> &str {
        &self.certificate_name
    }

    /// Signs a message's string to sign: RSA, PKCS#1 v1.5, in base64.
    ///
    /// # Errors
    ///
    /// [`KeyError::NotSigned`], which nothing in the message can bring about.
    pub fn sign(
        &self,
        version: SignatureVersion,
        string_to_sign: &[u8],
    ) -> Result<Arc<str>, KeyError> {
        match version {
            SignatureVersion::V1 => {
                let digest = Sha1Digest::of(string_to_sign);
                self.remembered(version, digest.bytes(), || {
                    self.sha1.sign(&digest).map_err(|_| KeyError::NotSigned)
                })
            }
            SignatureVersion::V2 => {
                let digest = aws_lc_rs::digest::digest(&SHA256, string_to_sign);
                self.remembered(version, digest.as_ref(), || self.sign_sha256(&digest))
            }
        }
    }

    fn remembered(
        &self,
        version: SignatureVersion,
        digest: &[u8],
        sign: impl FnOnce() -> Result<Vec<u8>, KeyError>,
    ) -> Result<Arc<str>, KeyError> {
        if let Some(signature) = self.made.get(version, digest) {
            return Ok(signature);
        }
        let signature: Arc<str> = STANDARD.encode(sign()?).into();
        self.made.put(version, digest, Arc::clone(&signature));
        Ok(signature)
    }

    fn sign_sha256(&self, digest: &Digest) -> Result<Vec<u8>, KeyError> {
        let mut signature = vec![0; self.sha256.public_modulus_len()];
        self.sha256
            .sign_digest(&RSA_PKCS1_SHA256, digest, &mut signature)
            .map_err(|_| KeyError::NotSigned)?;
        Ok(signature)
    }

    /// Signs something, and checks it with the certificate.
    fn check_certificate(&self, der: &CertificateDer<'_>) -> Result<(), KeyError> {
        let certificate = webpki::EndEntityCert::try_from(der).map_err(KeyError::BadCertificate)?;
        let message = b"does this certificate belong to this key?";
        let mut signature = vec![0; self.sha256.public_modulus_len()];
        self.sha256
            .sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
            .map_err(|_| KeyError::NotSigned)?;
        certificate
            .verify_signature(RSA_PKCS1_2048_8192_SHA256, message, &signature)
            .map_err(|_| KeyError::OtherCertificate)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SigningKey").field("certificate", &self.certificate_name).finish()
    }
}

fn read(der: &PrivateKeyDer<'_>) -> Result<RsaKeyPair, KeyError> {
    let key = match der {
        PrivateKeyDer::Pkcs8(der) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()),
        PrivateKeyDer::Pkcs1(der) => RsaKeyPair::from_der(der.secret_pkcs1_der()),
        _ => return Err(KeyError::NotRsa("it is for elliptic curves".to_owned())),
    };
    key.map_err(|rejected| KeyError::NotRsa(rejected.to_string()))
}

fn name_of(certificate: &CertificateDer<'_>) -> String {
    let digest = aws_lc_rs::digest::digest(&SHA256, certificate);
    let mut name = String::from("SimpleNotificationService-");
    for byte in digest.as_ref().iter().take(NAME_BYTES) {
        // Writing to a string does not fail.
        let _ = write!(name, "{byte:02x}");
    }
    name.push_str(".pem");
    name
}

#[cfg(test)]
#[path = "signing_key_tests.rs"]
mod tests;
