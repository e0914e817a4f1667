//! Message bodies, sealed under data keys, which are sealed under keys. SQS developer guide, "Key
//! management".

mod cache;
mod data_key;
mod envelopes;
mod resource;
mod sealed;
#[cfg(test)]
mod tests;

pub use envelopes::{EnvelopeRandom, Envelopes, SealRequest};
pub use resource::Resource;
pub use sealed::Sealed;
