//! Functions hosted as local processes, which speak the Lambda Runtime API: handlers written with
//! AWS's runtimes run as they are.
//!
//! A [`Host`] is given what to run (a [`FunctionSpec`]) and an event (an [`Invocation`]), and answers
//! what came of it ([`Invoked`]). It keeps processes for the next invocation, and keeps no other
//! state: functions, versions, permissions and what waits to be invoked are its caller's.
//!
//! What this isolates, and what not, is in SECURITY.md.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod config;
mod host;
mod invocation;
pub mod limits;
mod runtimes;
mod spec;
#[cfg(test)]
mod test_spec;

pub use config::HostConfig;
pub use host::Host;
pub use invocation::{FunctionError, Invocation, InvokeFault, Invoked, Throttle};
pub use runtimes::Runtimes;
pub use spec::FunctionSpec;
