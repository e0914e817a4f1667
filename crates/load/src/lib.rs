//! Load on servers that speak the Amazon SNS and SQS protocols, ours and others', and an account of
//! what came of every message.
//!
//! ```text
//!  Workload ──► makes queues and topics ──► Stage ──► Report: figures, counts, conditions
//!                                             │
//!            threads, each with a runtime of  │  senders and receivers, a connection each
//!            its own and some connections     ▼
//!                    Schedule ──► Template ──► Request ──► Connection ──► Ledger, Tally
//!                    when it is   stamps       signed      HTTP/1.1       what came, how
//!                    due          filled in    in place                   long it took
//! ```
//!
//! [`run`] is a whole load, as `tidings bench` has it. [`Point`] puts load on a queue or a topic that
//! is there already, for programs that measure something of their own around it.
//!
//! # What it costs itself
//!
//! A request is built once; after that stamps, date and signature are written over the old ones. Each
//! thread has its own connections and counts, and of an answer only what is needed is read.
//!
//! # The account
//!
//! Each message begins with a stamp: run, lane, number, time. A lane belongs to one connection, or is
//! a FIFO group, so the order of its messages is known. Two bits for each message tell what was
//! acknowledged and what has come, for as long as not all before it have. A send without an answer
//! that came to be understood may have happened: such a message may come, and is not missed.
#![cfg_attr(test, allow(clippy::unwrap_used))]

mod answers;
mod client;
mod connection;
mod cpu;
mod credentials;
mod endpoint;
mod error;
mod fault;
mod histogram;
mod ledger;
pub mod limits;
mod pace;
mod point;
mod protocol;
mod report;
mod request;
mod stage;
mod stamp;
mod tally;
mod template;
mod timer;
mod workloads;

pub use client::Client;
pub use connection::Connection;
pub use credentials::Credentials;
pub use endpoint::{Endpoint, EndpointError};
pub use error::LoadError;
pub use fault::Fault;
pub use histogram::Histogram;
pub use ledger::{Counts, Ledger};
pub use point::{Point, Until};
pub use protocol::Protocol;
pub use report::{Conditions, Latency, Report, Row};
pub use request::{IAM, Request, SNS, SQS, Service, form, json};
pub use stage::{Figure, PartyProgress, Progress, Stop};
pub use stamp::STAMP_BYTES;
pub use workloads::{Settings, Workload, run};
