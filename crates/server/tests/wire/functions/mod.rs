//! Lambda: functions that the server runs.

mod events;
mod invoking;
mod managing;
mod permissions;
mod subscriptions;

use crate::harness::{Service, Setting};

/// A server that runs functions and authenticates nobody.
async fn hosting() -> Service {
    Service::set(Setting { functions: true, ..Setting::default() }).await
}
