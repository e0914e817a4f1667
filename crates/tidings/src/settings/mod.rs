//! What can be configured, and where each value comes from.

mod environment;
mod layers;
mod listeners;
mod resolve;
mod values;

pub(crate) use environment::unknown_variables;
pub(crate) use layers::Arguments;
pub(crate) use resolve::Resolved;
