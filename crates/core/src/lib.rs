//! The rules of Tidings.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod attributes;
mod codec;
pub mod command;
mod deadlines;
pub mod filter_policy;
pub mod limits;
mod live_bytes;
pub mod message;
pub mod names;
pub mod policy_document;
mod queue;
pub mod queue_attributes;
pub mod receipt;
pub mod record;
pub mod redrive_policy;
pub mod rejection;
pub mod shard;
pub mod tags;
pub mod time;

pub use codec::Damaged;
