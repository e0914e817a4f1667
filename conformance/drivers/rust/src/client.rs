//! One client of each service per endpoint, region and identity, as a program would keep.

use std::collections::HashMap;
use std::sync::Mutex;

use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_types::SdkConfig;
use serde_json::Value;

#[derive(Clone)]
pub struct Clients {
    pub sns: aws_sdk_sns::Client,
    pub sqs: aws_sdk_sqs::Client,
}

#[derive(Default)]
pub struct Known(Mutex<HashMap<[String; 4], Clients>>);

impl Known {
    pub fn get(&self, request: &Value) -> Clients {
        let identity = ["endpoint", "region", "access_key", "secret_key"]
            .map(|key| request[key].as_str().unwrap_or_default().to_string());
        let mut known = self.0.lock().expect("nothing panics while it holds the lock");
        known.entry(identity.clone()).or_insert_with(|| build(identity)).clone()
    }
}

fn build([endpoint, region, access_key, secret_key]: [String; 4]) -> Clients {
    let credentials = Credentials::new(access_key, secret_key, None, None, "conformance");
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(endpoint)
        .region(Region::new(region))
        .credentials_provider(SharedCredentialsProvider::new(credentials))
        .retry_config(RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Clients { sns: aws_sdk_sns::Client::new(&config), sqs: aws_sdk_sqs::Client::new(&config) }
}
