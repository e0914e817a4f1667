//! The account of every message: what was acknowledged, and what came of it.

mod lane;
#[expect(clippy::module_inception, reason = "the noun is in the file of its own name")]
mod ledger;

pub(crate) use ledger::addressee;
pub use ledger::{Counts, Ledger};
