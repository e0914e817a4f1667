//! One measured stretch of load: connections that send or receive, all at once.

mod asker;
mod course;
mod figure;
mod party;
mod receiver;
mod sender;
#[expect(clippy::module_inception, reason = "the noun is in the file of its own name")]
mod stage;

pub use course::Stop;
pub use figure::{Figure, PartyProgress, Progress};
pub(crate) use party::{Ends, Party, Role};
pub(crate) use stage::{Limits, Stage};
