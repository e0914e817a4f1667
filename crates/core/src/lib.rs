//! The rules of Tidings, without I/O.
//!
//! A [`Shard`](shard::Shard) is a set of queues that share one log. It is told commands and the time,
//! and gives out records for the log, replies that wait for them, and effects to be carried out. It
//! knows no clock, no entropy, no file, no socket and no thread; `clippy.toml` sees to that. Its
//! documentation says how to drive it.
//!
//! ```text
//!            command, now                      records ──► the log
//!   driver ───────────────► Shard::decide ───► replies ──► callers, once the records are durable
//!            passing time   Shard::advance     effects ──► the driver, likewise
//!          ◄─ next due ────
//!
//!   the log ── records ───► Shard::replay      the same state again
//! ```
//!
//! - What can be asked and answered: [`command`], [`rejection`], [`limits`], [`names`].
//! - What is written: [`record`], [`message`], [`attributes`]. `docs/log-format.md` has the bytes.
//! - What a queue is set to: [`queue_attributes`], [`redrive_policy`], [`policy_document`], [`tags`].
//! - What topics need: [`filter_policy`]. Text messages: [`phone_number`], [`price`]. What others keep here: [`register`].

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod attribute_fault;
pub mod attributes;
mod codec;
pub mod command;
pub mod data_protection_policy;
mod deadlines;
pub mod delivery;
pub mod delivery_policy;
pub mod filter_policy;
pub mod hex;
pub mod limits;
mod live_bytes;
pub mod message;
pub mod names;
mod pages;
pub mod phone_number;
pub mod policy_document;
pub mod price;
pub mod publication;
mod publications;
pub mod push_platform;
mod queue;
pub mod queue_attributes;
pub mod receipt;
pub mod record;
pub mod redrive_policy;
pub mod register;
pub mod rejection;
pub mod sender_id;
pub mod shard;
pub mod subscription_attributes;
pub mod tags;
pub mod terms;
pub mod time;
mod topic;
pub mod topic_attributes;
mod topic_policy;

pub use codec::Damaged;
