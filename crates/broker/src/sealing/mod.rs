//! All that the broker writes, sealed: the log batch by batch, snapshots as a whole, and the file
//! that holds the keys. `docs/decisions/0008-sealing.md` says why it is done so.
//!
//! ```text
//!   owner ── records ──► SealedLog ── ciphertext, salt, tag ──► the log below
//!   keeper ── state ──► SealedSnapshots ── state and tenures, sealed ──► the snapshots below
//!   SealedLog, SealedSnapshots ──► Tenures: which key is for which position
//!   Vault: the file SEAL, opened by the master key
//! ```

#[cfg(test)]
mod folder_tests;
mod keys;
#[cfg(test)]
mod log_tests;
mod sealed_log;
mod sealed_pair;
mod sealed_snapshots;
mod tenures;
mod vault;

pub use keys::Keys;
#[cfg(any(test, feature = "testing"))]
pub(crate) use sealed_pair::Sealing;
pub(crate) use vault::{SHARD, Vault};
pub use vault::{SealError, change_master_key};
