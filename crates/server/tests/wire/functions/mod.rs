//! Lambda: functions that the server runs.

mod event_sources;
mod events;
mod invoking;
mod managing;
mod permissions;
mod subscriptions;

use crate::auth::identities::Admin;
use crate::harness::{LambdaClient, Service, Setting};

/// A server that runs functions and authenticates nobody.
async fn hosting() -> Service {
    Service::set(Setting { functions: true, ..Setting::default() }).await
}

/// One that authenticates.
async fn authenticating() -> Service {
    Service::authenticating_with(Setting { functions: true, ..Setting::default() }).await
}

/// A client of a user that may do this.
async fn user(service: &Service, name: &str, actions: &str) -> LambdaClient {
    let mut client = service.lambda().await;
    let mut root = Admin::of(service, service.root.clone()).await;
    client.credentials = Some(root.user(name, actions).await);
    client
}
