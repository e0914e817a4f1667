//! SQS over HTTP, in both protocols, against a server in this process whose clock the tests move.
//!
//! What is expected here was written from the documentation of the service, not from the code.
#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod create_queue;
mod delete_queue;
mod get_queue_url;
mod harness;
mod list_queues;
#[path = "../support/mod.rs"]
mod support;
