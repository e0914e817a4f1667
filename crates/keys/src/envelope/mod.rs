//! Message bodies, sealed under data keys, which are sealed under keys: those of the key store
//! ([`Envelopes`]), or those of a service elsewhere ([`DataKeys`]). SQS developer guide, "Key
//! management".

mod cache;
mod data_key;
mod data_keys;
mod envelopes;
mod resource;
mod sealed;
#[cfg(test)]
mod tests;

pub use data_key::DataKey;
pub use data_keys::{DataKeys, OpeningName, SealingName};
pub use envelopes::{EnvelopeRandom, Envelopes, SealRequest};
pub use resource::Resource;
pub use sealed::{Sealed, Under};
