//! SQS over HTTP, in both protocols, SNS and KMS, against a server in this process whose clock the tests
//! move.
//!
//! What is expected here was written from the documentation of the service, not from the code.
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(unreachable_pub, reason = "nothing is outside of a program")]

mod auth;
mod change_message_visibility;
mod create_queue;
mod dead_letters;
mod deduplication;
mod delete_message;
mod delete_queue;
mod encryption;
mod endpoints;
mod fair_queues;
mod fifo;
mod functions;
mod get_queue_url;
mod harness;
mod in_flight_limit;
mod keys_elsewhere;
mod kms;
mod list_dead_letter_source_queues;
mod list_queues;
mod long_poll;
mod message_attributes;
mod move_tasks;
mod permissions;
mod protocol;
mod purge_queue;
mod queue_attributes;
mod queue_urls;
mod receive_message;
mod recorded;
mod redrive_policy;
mod restarts;
mod send_message;
mod send_message_batch;
mod sns;
mod suffered_elsewhere;
#[path = "../support/mod.rs"]
mod support;
mod tags;
