//! An embedded key store that answers as AWS KMS does, and envelopes for message bodies.
//!
//! [`KeyStore`] holds the keys, aliases and grants of every account and region. It is driven like
//! this:
//!
//! ```text
//!   entries ──► KeyStore::load
//!   a change ──► decide ──► writes ──► made durable by the driver ──► apply
//!   time     ──► advance ──┘               (next_due says when)
//!   encrypt, decrypt, list, describe: look, and change nothing
//! ```
//!
//! ```
//! use tidings_core::names::{AccountId, Region};
//! use tidings_keys::{Blob, Change, EncryptionContext, KeyStore, Output, Random, Scope};
//! use tidings_seal::MasterKey;
//!
//! let sealer = MasterKey::new([7; 32]).sealer("keys");
//! let mut store = KeyStore::load([], sealer)?;
//! let caller = Scope {
//!     account: AccountId::parse("111122223333").expect("it is one"),
//!     region: Region::parse("us-east-1").expect("it is one"),
//! };
//! let change =
//!     Change::CreateKey { policy: None, description: String::new(), tags: Vec::new() };
//! let random = Random::new([1; Random::BYTES]);
//! let (writes, output) = store.decide(change, &caller, 1_795_442_400_000, random)?;
//! store.apply(&writes)?;
//! let Output::Key(metadata) = output else { panic!("not a key") };
//!
//! let key = store.find(&metadata.arn, &caller)?;
//! let context = EncryptionContext::one("purpose", "example");
//! let encrypted = key.encrypt(b"a secret", &context, [2; 32])?;
//! let decrypted = key.decrypt(&Blob::parse(&encrypted.blob)?, &context)?;
//! assert_eq!(decrypted.plaintext[..], b"a secret"[..]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`authorise`] decides who may, by key policies, identity policies and grants. [`Envelopes`] seals
//! message bodies under data keys; [`DataKeys`] remembers those that a service elsewhere made.
//!
//! Keys are symmetric, for encryption, of one region, and of material made here; that is what queues
//! and topics can use. Everything is a pure function of its arguments: no clock, no entropy, no
//! files. Nothing panics, whatever comes from a client or a disk; secrets do not print, and are
//! wiped when dropped.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod access;
mod blob;
mod change;
mod context;
mod decide;
mod due;
mod envelope;
mod fault;
mod grant;
mod hex;
mod key;
pub mod limits;
mod list;
mod manager;
mod material;
mod metadata;
mod policy;
mod random;
mod saved;
mod scope;
mod store;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use access::{KeyAllowance, KeyRequest, authorise, keeps_author};
pub use blob::{Blob, SALT_BYTES};
pub use change::{Change, NewGrant, Output, Retired};
pub use context::EncryptionContext;
pub use envelope::{
    DataKey, DataKeys, EnvelopeRandom, Envelopes, OpeningName, Resource, SealRequest, Sealed,
    SealingName, Under,
};
pub use fault::{KeyCode, KeyFault, MessageFault};
pub use grant::{Constraints, GRANT_OPERATIONS, Grant, GrantId};
pub use key::{Decrypted, Encrypted, Key, KeyState, MaterialInfo, Rotation};
pub use list::{AliasInfo, Page};
pub use manager::ManagedBy;
pub use material::MaterialId;
pub use metadata::KeyMetadata;
pub use policy::KeyPolicy;
pub use random::Random;
pub use saved::{MadeBy, PREFIX, Write};
pub use scope::{KeyId, KeyName, Scope, check_alias};
pub use store::{KeyStore, LoadFault};
