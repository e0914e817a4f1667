//! One client per endpoint, region and identity, as a program would keep.

use std::collections::HashMap;
use std::sync::Mutex;

use aws_sdk_sqs::Client;
use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{Builder, Credentials, Region};
use serde_json::Value;

#[derive(Default)]
pub struct Clients(Mutex<HashMap<[String; 4], Client>>);

impl Clients {
    pub fn get(&self, request: &Value) -> Client {
        let identity = ["endpoint", "region", "access_key", "secret_key"]
            .map(|key| request[key].as_str().unwrap_or_default().to_string());
        let mut known = self
            .0
            .lock()
            .expect("nothing panics while it holds the lock");
        known
            .entry(identity.clone())
            .or_insert_with(|| build(identity))
            .clone()
    }
}

fn build([endpoint, region, access_key, secret_key]: [String; 4]) -> Client {
    let config = Builder::new()
        .behavior_version_latest()
        .endpoint_url(endpoint)
        .region(Region::new(region))
        .credentials_provider(Credentials::new(
            access_key,
            secret_key,
            None,
            None,
            "conformance",
        ))
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Client::from_conf(config)
}
