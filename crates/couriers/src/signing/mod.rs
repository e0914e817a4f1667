//! Signatures of SNS messages: who signs, and the certificate to check it with. What is signed is
//! rendered elsewhere.
//!
//! ```text
//!   data folder/signing/   ──► Signer::key ──► SigningKey::sign(version, string to sign)
//!     made on first use                        SigningKey::certificate_pem, served for SigningCertURL
//! ```
//!
//! `docs/decisions/0006-signatures.md` says why two libraries sign.

mod authority;
mod folder;
mod pem;
mod rsa_sha1;
mod signature_cache;
mod signer;
mod signing_key;

#[cfg(test)]
pub(crate) use pem::encode as pem_block;

pub use folder::{FolderError, seal_keys_in};
pub use signer::Signer;
pub use signing_key::{KeyError, SigningKey};
