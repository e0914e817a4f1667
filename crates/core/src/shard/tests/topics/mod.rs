//! Topics: what is published reaches those who subscribed, in whatever state they are.
//!
//! The facts are those of the SNS API reference and developer guide.

mod admission;
mod archive;
pub(super) mod calls;
mod confirmation;
mod direct;
mod encrypted_queues;
mod endpoints;
mod fan_out;
mod fifo;
mod manage;
mod subscriptions;
