//! AWS KMS: from a request's body to what is asked of the key store, and back.
//!
//! The actions come in one protocol only. A [`KmsRequest`] is what any of them asks; lengths, ranges
//! and enumerations have been checked then, with the texts of the framework that AWS services share.

mod aliases;
mod checks;
mod create_key;
mod cryptography;
mod encoding;
mod grants;
mod keys;
mod lists;
pub mod output;
mod policies;
mod request;
mod rotation;
mod tags;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod written;

pub use cryptography::{Decrypt, Encrypt, GenerateDataKey, ReEncrypt};
pub use lists::PageWanted;
pub use request::KmsRequest;
