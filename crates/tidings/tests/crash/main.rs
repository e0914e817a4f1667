//! Crashes of the real server, seen from outside.
//!
//! The binary is started, used by many clients at once over HTTP, killed at a random moment, started
//! again on the same data folder, and so on. The clients write down what they asked and what they
//! were answered; a judge reads these books and knows nothing of the server. What it holds the
//! server to:
//!
//! - an acknowledged send is received until it is deleted, with the id that the sender was told;
//! - what was deleted or purged does not come back; nothing turns up that was not sent;
//! - a send without an answer happened or did not; sent again to a FIFO queue, it happened once;
//! - FIFO groups keep their order, and while a message is in flight its group is nobody else's;
//! - receive counts grow, dead letters stay where they are, attributes and tags are as they were
//!   set, and the counts of messages agree with the books.
//!
//! What it holds topics to is said in `topics`.
//!
//! Queues are on a data folder as it is by itself; topics and full disks on one that is sealed.
//!
//! `TIDINGS_CRASH_SEED` repeats the choices of a run, though not its timing; `TIDINGS_CRASH_ROUNDS`
//! makes it longer.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod clerk;
mod client;
mod drain;
mod full_disk;
mod history;
mod judge;
mod kills;
mod name;
mod queues;
mod random;
mod rounds;
mod run;
mod server;
mod small_disk;
mod topics;
mod workers;
mod xml;
