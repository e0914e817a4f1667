//! Functions as AWS Lambda keeps them: `$LATEST`, published versions, aliases, policies, reserved
//! concurrency, and what becomes of asynchronous invocations.
//!
//! [`Functions`] is all there is, in memory. It follows from entries of a register
//! ([`Functions::load`]); every change is decided by a method that says what to write, and made by
//! [`Functions::apply`] once that is durable. What runs functions, where their code lies and how
//! requests are written is the business of others.
//!
//! [`EventSources`](event_sources::EventSources) is the same for event source mappings.
//!
//! Everything is a pure function of its arguments: no clock, no entropy, no files. Nothing panics,
//! whatever comes from a client or a disk; environment variables do not print.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod configuration;
mod decide;
pub mod event_sources;
mod fault;
mod function;
mod functions;
mod ledger;
pub mod limits;
mod names;
mod saved;
#[cfg(test)]
mod testing;

pub use configuration::{Code, Configuration, Environment, Logging, Settings};
pub use decide::{
    AliasChange, CodeUpdate, InvokeChange, NewFunction, NewPermission, check_destination,
};
pub use fault::{LambdaCode, LambdaFault};
pub use function::{Alias, AliasTarget, Function, InvokeConfig, Policy};
pub use functions::{Decided, Fresh, Functions, Invocable, LoadFault, Page, Shown};
pub use names::{FunctionId, FunctionName, Qualifier, Reference, Scope};
pub use saved::{PREFIX, Write};
