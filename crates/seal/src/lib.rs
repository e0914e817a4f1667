//! Sealing: bytes that only the holder of a master key can read, and that nobody can change unseen.
//!
//! A [`MasterKey`] seals nothing itself. For each purpose (access keys, sessions, keys) it gives a
//! [`Sealer`] with a key of its own, so that what was sealed for one is no use to another:
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

mod master_key;
mod sealer;

pub use master_key::{KEY_BYTES, MasterKey};
pub use sealer::{NONCE_BYTES, OVERHEAD_BYTES, Sealer};
