//! Runs shards over logs.
//!
//! ```text
//!   any task                owner's thread                    keeper's thread
//!   --------                --------------                    ---------------
//!   Broker::call ── inbox ─► Shard::decide, until the inbox
//!     (k+1 gathers there)    is empty: batch k
//!                            append, sync
//!       ◄─── replies of k ───┘
//!                            effects of k ───────────────────► reads records,
//!                       ◄───────────────────────── commands ──┘ saves snapshots
//!   Broker::read ── the log's reader
//! ```
//!
//! - The owner is the only one that touches the shard's memory.
//! - While one batch is being synced, the next one gathers in the inbox: one sync covers whatever
//!   came meanwhile.
//! - Every reply, refusals and empty receives too, waits for all that was decided before it.
//! - If an append fails or is in doubt, what memory says is no longer what the disk says. The owner
//!   drops its shard, opens the log again and builds the shard from it. Callers that waited learn
//!   that their request may have happened.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod broker;
mod clock;
mod entropy;
mod failure;
mod files;
mod inbox;
mod keeper;
mod owner;
mod running;
mod sealing;
#[cfg(feature = "testing")]
pub mod stepped;
mod store;
#[cfg(test)]
mod tests;
mod upkeep;
mod view;
mod writer;

pub use broker::{Broker, Options};
pub use clock::Clock;
pub use entropy::Entropy;
pub use failure::{Failure, OpenError, ReadFailure, Unavailable};
pub use keeper::{Opener, Unopened};
pub use owner::{Append, Owner};
pub use sealing::{Keys, SealError, change_master_key};
pub use store::OpenReport;
pub use upkeep::Pace;
