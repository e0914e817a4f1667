//! A queue: its messages, where each stands, and who is next.

mod deduplication;
mod entries;
mod entry;
mod fifo;
mod groups;
mod key_list;
mod move_task;
mod origins;
#[expect(clippy::module_inception, reason = "the thing itself lives in a file of its own name")]
mod queue;
mod snapshot;
mod standard;
mod terms;
mod waiters;

pub(crate) use deduplication::{Attempt, Deduplication, FirstSend, IdDigest};
pub(crate) use entry::{Entry, State};
pub(crate) use move_task::MoveTask;
pub(crate) use origins::Origin;
pub(crate) use queue::{Arrival, KEYS_MAX, Queue, Upkeep};
pub(crate) use snapshot::EntryFormat;
pub(crate) use waiters::Waiter;
