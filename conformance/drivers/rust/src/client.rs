//! One client of each service per endpoint, region and identity, as a program would keep.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::{Duration, SystemTime};

use aws_sdk_sqs::config::retry::RetryConfig;
use aws_sdk_sqs::config::{BehaviorVersion, Credentials, Region, SharedCredentialsProvider};
use aws_smithy_async::time::TimeSource;
use aws_types::SdkConfig;
use serde_json::Value;

#[derive(Clone)]
pub struct Clients {
    pub lambda: aws_sdk_lambda::Client,
    pub sns: aws_sdk_sns::Client,
    pub sqs: aws_sdk_sqs::Client,
}

#[derive(Default)]
pub struct Known(Mutex<HashMap<String, Clients>>);

impl Known {
    pub fn get(&self, request: &Value) -> Clients {
        let identity = [
            "endpoint",
            "region",
            "access_key",
            "secret_key",
            "session_token",
            "clock_offset",
            "unsigned",
        ];
        let identity = identity.map(|key| request[key].to_string()).join(" ");
        let mut known = self.0.lock().expect("nothing panics while it holds the lock");
        known.entry(identity).or_insert_with(|| build(request)).clone()
    }
}

fn build(request: &Value) -> Clients {
    let text = |key: &str| request[key].as_str().map(str::to_owned);
    let given = |key: &str| text(key).unwrap_or_default();
    let config = SdkConfig::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url(given("endpoint"))
        .region(Region::new(given("region")))
        .retry_config(RetryConfig::disabled())
        .time_source(Clock { offset_s: request["clock_offset"].as_i64().unwrap_or_default() })
        .http_client(aws_smithy_http_client::Builder::new().build_http());
    if request["unsigned"].as_bool().unwrap_or_default() {
        let config = config.build();
        let lambda = aws_sdk_lambda::config::Builder::from(&config).allow_no_auth().build();
        let sns = aws_sdk_sns::config::Builder::from(&config).allow_no_auth().build();
        let sqs = aws_sdk_sqs::config::Builder::from(&config).allow_no_auth().build();
        return Clients {
            lambda: aws_sdk_lambda::Client::from_conf(lambda),
            sns: aws_sdk_sns::Client::from_conf(sns),
            sqs: aws_sdk_sqs::Client::from_conf(sqs),
        };
    }
    let (access_key, secret_key) = (given("access_key"), given("secret_key"));
    let token = text("session_token");
    let credentials = Credentials::new(access_key, secret_key, token, None, "conformance");
    let config = config.credentials_provider(SharedCredentialsProvider::new(credentials)).build();
    Clients {
        lambda: aws_sdk_lambda::Client::new(&config),
        sns: aws_sdk_sns::Client::new(&config),
        sqs: aws_sdk_sqs::Client::new(&config),
    }
}

/// A clock that may be wrong.
#[derive(Debug)]
struct Clock {
    offset_s: i64,
}

impl TimeSource for Clock {
    fn now(&self) -> SystemTime {
        let offset = Duration::from_secs(self.offset_s.unsigned_abs());
        match self.offset_s < 0 {
            true => SystemTime::now() - offset,
            false => SystemTime::now() + offset,
        }
    }
}
