//! The account of every message: what was acknowledged, and what came of it.

mod lane;
mod ledger;

pub(crate) use ledger::addressee;
pub use ledger::{Counts, Ledger};
