//! Sealing: bytes that only the holder of a master key can read, and that nobody can change unseen.
//!
//! ```text
//!   MasterKey          kept by an operator
//!      │ opens
//!   Envelope           a small file, so that the master key can be changed
//!      │ holds
//!   RootKeys           random, one pair for each data folder
//!      │ derive, for a purpose
//!   Sealer             small secrets, snapshots: AES-256-GCM
//!   Stream             the log, of which any piece can be read again: AES-256-CTR and GMAC
//! ```
//!
//! A key seals nothing itself. For each purpose (access keys, sessions, keys) it gives a [`Sealer`]
//! with a key of its own, so that what was sealed for one is no use to another:
//!
//! ```
//! use tidings_seal::MasterKey;
//!
//! let master = MasterKey::new([7; 32]);
//! let sealer = master.sealer("access keys");
//! let sealed = sealer.seal(b"AKIDEXAMPLE", b"a secret", [1; 12]);
//! assert_eq!(sealer.open(b"AKIDEXAMPLE", &sealed).expect("it is")[..], b"a secret"[..]);
//! assert_eq!(sealer.open(b"AKIDOTHER", &sealed), None);
//! assert_eq!(master.sealer("sessions").open(b"AKIDEXAMPLE", &sealed), None);
//! ```
//!
//! Pure functions of their arguments: random bytes come in. Nothing panics, whatever the bytes.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod envelope;
mod master_key;
mod root_key;
mod sealer;
mod stream;

pub use envelope::{ENVELOPE_BYTES, Envelope, EnvelopeError, MasterKeyPlace};
pub use master_key::{Fingerprint, KEY_BYTES, MasterKey};
pub use root_key::{RootKey, RootKeys};
pub use sealer::{NONCE_BYTES, OVERHEAD_BYTES, Sealer};
pub use stream::{STREAM_TAG_BYTES, Stream};
