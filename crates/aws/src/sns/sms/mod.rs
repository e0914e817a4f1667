//! Actions about text messages, by what they are about. None of them is about a topic: what is asked
//! is decided by whoever keeps that, not by the core.

pub mod attributes;
mod language;
mod message_attributes;
mod numbers;
pub mod opt_outs;
pub mod origination_numbers;
pub mod sandbox;

pub use language::Language;
pub(crate) use message_attributes::check as check_message_attributes;
