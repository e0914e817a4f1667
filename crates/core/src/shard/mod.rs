//! A shard: queues and topics that share one log and one owner.

mod apply;
mod attributes;
mod delete;
mod move_tasks;
mod output;
mod queues;
mod receive;
mod reclaim;
mod replay;
mod send;
#[expect(clippy::module_inception, reason = "the thing itself lives in a file of its own name")]
mod shard;
mod snapshot;
mod terms;
#[cfg(test)]
mod tests;
mod topics;

pub use output::Batch;
pub use shard::{BATCH_FULL_BYTES, Settings, Shard};
