//! Text messages: what accounts set for them, who wants none, and what they cost.
//!
//! ```text
//!   actions of SNS ──► decisions on the store ──► register       attributes, opt_outs, sandbox
//!   an attempt ──► may this number get it? is there money left? ──► courier         sending
//!   gateway ── receipts, words that opt out ──► log, store                          notices
//! ```
//!
//! What is decided is decided by pure functions of [`SmsStore`] and [`Ledger`]; `docs/sms.md` says what
//! operators have to know.

mod attributes;
mod codes;
mod ledger;
mod notices;
mod opt_outs;
mod sandbox;
mod sending;
mod sent;
mod service;
mod store;
mod terms;
#[cfg(test)]
mod tests;

pub(crate) use codes::{CODES, new_code};
pub(crate) use notices::hear;
pub(crate) use sending::{Sending, text_message};
pub(crate) use sent::Ending;
pub(crate) use service::Sms;
pub(crate) use store::{Scope, SmsStore};
pub use terms::{OriginationNumber, SmsTerms};
