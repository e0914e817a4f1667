//! The rules of Tidings.

pub mod attributes;
mod codec;
pub mod command;
pub mod limits;
pub mod message;
pub mod names;
pub mod receipt;
pub mod rejection;
pub mod time;

pub use codec::Damaged;
