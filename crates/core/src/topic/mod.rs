//! Topics and subscriptions: what is saved of each, and the bookkeeping beside it.

mod archive;
mod outbox;
mod snapshot;
mod subscription;
mod token;
#[expect(clippy::module_inception, reason = "the thing itself lives in a file of its own name")]
mod topic;

pub(crate) use archive::{Archive, Archived};
pub(crate) use outbox::Outbox;
pub(crate) use subscription::{Replay, Status, Subscription, Target};
pub(crate) use token::Tokens;
pub(crate) use topic::{SEQUENCE_NUMBERS_END, Topic};
