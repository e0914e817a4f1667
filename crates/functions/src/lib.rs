//! Functions hosted as local processes, which speak the Lambda Runtime API: handlers written with
//! AWS's runtimes run as they are.
//!
//! A [`Host`] is given what to run (a [`FunctionSpec`]) and an event (an [`Invocation`]), and answers
//! what came of it ([`Invoked`]). It keeps processes for the next invocation, and keeps no other
//! state: functions, versions, permissions and what waits to be invoked are its caller's.
//!
//! ```text
//!   host.rs      who may have a process: pool.rs        run.rs   one invocation, from place to outcome
//!                                                       prepared.rs, journal.rs
//!   process.rs   a process from start to end             guard.rs, process_limits.rs, environment.rs, log.rs, log_files.rs
//!   endpoint.rs  a port for each process, peer.rs        runtime_api.rs   what it asks there
//!   desk.rs      where host and runtime meet             failure.rs       what is said for a function
//! ```
//!
//! What this isolates, and what not, is in SECURITY.md.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod complaints;
mod config;
mod descriptors;
mod desk;
mod endpoint;
mod environment;
mod failure;
mod guard;
mod host;
mod invocation;
mod journal;
pub mod limits;
mod log;
mod log_files;
mod peer;
mod pool;
mod prepared;
mod process;
mod process_limits;
mod run;
mod runtime_api;
mod runtimes;
mod spec;
#[cfg(test)]
mod test_spec;

pub use config::HostConfig;
pub use host::Host;
pub use invocation::{FunctionError, Invocation, InvokeFault, Invoked, Throttle};
pub use runtimes::Runtimes;
pub use spec::FunctionSpec;
