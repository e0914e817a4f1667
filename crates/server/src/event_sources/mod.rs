//! Event source mappings: messages of queues, given to functions in batches.
//!
//! ```text
//!   engine.rs      one poller for each mapping, as long as it is there
//!   poller.rs      as the mapping is now: receive, or wait until it is to
//!   gather.rs      lane ─► receive ─► read, open, filter ─► a batch (batch.rs)
//!   process.rs     invoke ─► delete what is done, leave the rest to its visibility timeout
//! ```
//!
//! No step forgets a message: what is received and not given to the function goes back to its queue;
//! what the function has had is deleted when it says that it is done, and else comes again when its
//! visibility timeout is over. So after a stop, a crash or a lost answer, messages may come twice.
//!
//! Messages are received with the function's role, as far as the queue's policy goes, which is asked each
//! time (permission.rs). Who makes a mapping must be permitted to receive from the queue and to delete
//! there.

mod batch;
mod engine;
mod gather;
mod invoke;
mod lanes;
mod messages;
mod permission;
mod poller;
mod process;
mod service;
#[cfg(test)]
mod tests;

pub(crate) use engine::{Feed, run};
pub(crate) use invoke::{Invoke, NotDone};
pub(crate) use service::EventSourceService;
