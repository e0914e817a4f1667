//! Certificates from an authority that gives them to who answers for a name (ACME, RFC 8555).
//!
//! ```text
//!   keep.rs        is it time?
//!   order.rs       account, order, challenges (order.rs asks, challenges.rs answers: RFC 8737)
//!   files.rs       certificate and key into the data folder, whence tls/ reads them
//! ```

mod challenges;
mod client;
mod config;
mod files;
mod keep;
mod order;

use crate::tls::KeptKeys;

pub(crate) use challenges::Challenges;
pub(crate) use files::{keys_in, make_placeholder};
pub(crate) use keep::keep;

pub use config::{AcmeConfig, LETS_ENCRYPT};

/// An authority that is asked for certificates.
#[derive(Copy, Clone)]
pub(crate) struct Acme<'a> {
    pub(crate) config: &'a AcmeConfig,
    /// Where it looks.
    pub(crate) challenges: &'a Challenges,
    /// How its certificates' keys are kept, and those of accounts.
    pub(crate) kept: &'a KeptKeys,
}
