//! The client of Lambda, and a function that does what its events say.

use std::io::{Cursor, Write};
use std::net::SocketAddr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use tidings_broker::Clock;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::signing::Credentials;
use super::sqs::Http;
use crate::support::Client;

pub const FUNCTIONS: &str = "/2015-03-31/functions";

/// A client, with a connection of its own.
pub struct LambdaClient {
    pub clock: Clock,
    /// What the client signs with, if it does.
    pub credentials: Option<Credentials>,
    client: Client,
}

/// Serves the Runtime API with what every machine has. An event with `"fail"` in it gets an error; one
/// that begins with `{"wait":"FILE"` waits until there is such a file, once it made FILE.begun.
const BOOTSTRAP: &str = r#"#!/bin/bash
export LC_ALL=C
host=${AWS_LAMBDA_RUNTIME_API%:*} port=${AWS_LAMBDA_RUNTIME_API#*:}
ask() {
  exec 3<>"/dev/tcp/$host/$port"
  printf '%s /2018-06-01/runtime/%s HTTP/1.1\r\nHost: l\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s' \
    "$1" "$2" "${#3}" "$3" >&3
  answer=$(cat <&3)
  exec 3<&-
}
while true; do
  ask GET invocation/next ''
  id=$(printf '%s' "$answer" | tr -d '\r' | sed -n 's/^lambda-runtime-aws-request-id: //Ip')
  event=${answer#*$'\r\n\r\n'}
  echo "seen $id"
  case "$event" in
    '{"wait":"'*) file=${event#*:\"}; file=${file%%\"*}; : >"$file.begun"; while [ ! -e "$file" ]; do sleep 0.02; done ;;
  esac
  case "$event" in
    *'"fail"'*) ask POST "invocation/$id/error" '{"errorMessage":"as told","errorType":"Told"}' ;;
    *) ask POST "invocation/$id/response" "{\"event\":$event,\"greeting\":\"$GREETING\"}" ;;
  esac
done
"#;

/// An archive with that function; `comment` makes it another one.
pub fn zip(comment: &str) -> String {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().unix_permissions(0o755);
    writer.start_file("bootstrap", options).unwrap();
    writer.write_all(BOOTSTRAP.as_bytes()).unwrap();
    writer.start_file("comment", SimpleFileOptions::default()).unwrap();
    writer.write_all(comment.as_bytes()).unwrap();
    STANDARD.encode(writer.finish().unwrap().into_inner())
}

impl LambdaClient {
    pub async fn new(addr: SocketAddr, clock: Clock, credentials: Option<Credentials>) -> Self {
        Self { clock, credentials, client: Client::connect(addr).await }
    }

    /// Carries a request out that must succeed with this status. No body is `null`.
    pub async fn ok(&mut self, status: u16, method: &str, path: &str, input: Value) -> Value {
        let http = self.http(method, path, &[], &text_of(&input)).await;
        assert_eq!(http.status, status, "{method} {path}: {http:?}");
        if http.body.is_empty() { Value::Null } else { http.json() }
    }

    /// Carries a request out that must be refused: its status and its error's name and text.
    pub async fn refused(
        &mut self,
        method: &str,
        path: &str,
        input: Value,
    ) -> (u16, String, String) {
        let http = self.http(method, path, &[], &text_of(&input)).await;
        assert!(http.status >= 400, "{method} {path}: {http:?}");
        let body = http.json();
        let text = body["Message"].as_str().or(body["message"].as_str()).unwrap().to_owned();
        (http.status, http.header("x-amzn-errortype").to_owned(), text)
    }

    /// Carries a request out.
    pub async fn http(
        &mut self,
        method: &str,
        path: &str,
        more: &[(&str, &str)],
        body: &str,
    ) -> Http {
        let mut headers = vec![("Host".to_owned(), "lambda.test:4566".to_owned())];
        headers.extend(more.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        if let Some(credentials) = &self.credentials {
            let signed: Vec<_> = headers.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
            let now_ms = self.clock.now().as_ms();
            headers.extend(credentials.headers("lambda", method, path, &signed, body, now_ms));
        }
        let mut message = format!("{method} {path} HTTP/1.1\r\n");
        for (name, value) in headers {
            message += &format!("{name}: {value}\r\n");
        }
        message += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
        self.client.send(message).await;
        let http = self.client.response().await;
        assert_eq!(http.header("content-type"), "application/json", "{http:?}");
        assert!(super::is_uuid(http.header("x-amzn-requestid").as_bytes()));
        http
    }

    /// Creates a function that answers its events.
    pub async fn function(&mut self, name: &str) -> Value {
        self.ok(201, "POST", FUNCTIONS, new_function(name)).await
    }

    /// Invokes a function, and waits for its answer.
    pub async fn invoke(&mut self, name: &str, event: &str) -> Http {
        self.http("POST", &format!("{FUNCTIONS}/{name}/invocations"), &[], event).await
    }

    /// Invokes a function, and does not wait; the request's id.
    pub async fn send_event(&mut self, name: &str, event: &str) -> String {
        let path = format!("{FUNCTIONS}/{name}/invocations");
        let http = self.http("POST", &path, &[("X-Amz-Invocation-Type", "Event")], event).await;
        assert_eq!((http.status, http.body.as_str()), (202, ""), "{http:?}");
        http.header("x-amzn-requestid").to_owned()
    }
}

fn text_of(input: &Value) -> String {
    if input.is_null() { String::new() } else { input.to_string() }
}

/// What creates that function.
pub fn new_function(name: &str) -> Value {
    json!({
        "FunctionName": name,
        "Runtime": "provided.al2023",
        "Role": "arn:aws:iam::000000000000:role/runs",
        "Handler": "bootstrap",
        "Timeout": 20,
        "Environment": { "Variables": { "GREETING": "hello" } },
        "Code": { "ZipFile": zip("") },
    })
}
