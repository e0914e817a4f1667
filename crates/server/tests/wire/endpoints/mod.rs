//! Topics that deliver to HTTP endpoints: servers in this process, on loopback. An attempt runs in
//! real time; when the next one comes, the clock says that the tests move.

mod addresses;
mod apps;
mod confirming;
mod delivery_policies;
mod delivery_status;
pub mod gateway;
mod gone;
mod hook;
mod https;
mod isolation;
mod mailboxes;
mod notifications;
mod pace;
mod pages;
mod phones;
mod queues_of_others;
mod raw_messages;
mod retries;
mod sealed;
mod signatures;
mod subscribing;
mod support;
mod unsubscribing;
