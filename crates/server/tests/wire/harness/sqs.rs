//! The client: one call, in the protocol it speaks.

use std::net::SocketAddr;

use serde_json::{Value, json};
use tidings_broker::Clock;

use super::errors::Refusal;
use super::service::Service;
use super::signing::Credentials;
use super::xml::Element;
use super::{form, is_uuid};
use crate::support::Client;
pub use crate::support::Response as Http;

/// The account of callers who do not say another.
pub const ACCOUNT: &str = "000000000000";

/// What a client speaks.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Protocol {
    Json,
    Query,
}

impl Protocol {
    pub const BOTH: [Self; 2] = [Self::Json, Self::Query];
}

/// Runs a test twice: against a server of its own in each protocol.
pub async fn in_both_protocols(test: impl AsyncFn(&mut Sqs)) {
    for protocol in Protocol::BOTH {
        let service = Service::start().await;
        let mut sqs = service.speak(protocol).await;
        test(&mut sqs).await;
        drop(sqs);
        service.stop().await;
    }
}

/// A client of one protocol, with a connection of its own.
pub struct Sqs {
    pub protocol: Protocol,
    pub clock: Clock,
    /// What the client calls the server, and finds again in queue URLs.
    pub host: String,
    /// Headers to send beside those of the protocol.
    pub headers: Vec<(String, String)>,
    /// What the client signs with, if it does.
    pub credentials: Option<Credentials>,
    addr: SocketAddr,
    client: Client,
}

impl Sqs {
    pub fn new(protocol: Protocol, addr: SocketAddr, clock: Clock, client: Client) -> Self {
        let host = "sqs.test:4566".into();
        Self { protocol, clock, host, headers: Vec::new(), credentials: None, addr, client }
    }

    /// One more client like this one.
    pub async fn another(&self) -> Self {
        let client = Client::connect(self.addr).await;
        let mut another = Self::new(self.protocol, self.addr, self.clock.clone(), client);
        another.host.clone_from(&self.host);
        another.headers.clone_from(&self.headers);
        another.credentials.clone_from(&self.credentials);
        another
    }

    /// One more client, in the account and region that its credential names.
    pub async fn caller(&self, access_key_id: &str, region: &str) -> Self {
        let mut another = self.another().await;
        another.headers.push((
            "Authorization".into(),
            format!(
                "AWS4-HMAC-SHA256 Credential={access_key_id}/20270115/{region}/sqs/aws4_request, \
                 SignedHeaders=host;x-amz-date, Signature=00"
            ),
        ));
        another
    }

    /// Moves the server's clock.
    pub fn pass_ms(&self, ms: u64) {
        self.clock.advance(ms);
    }

    /// Moves the server's clock.
    pub fn pass_seconds(&self, seconds: u64) {
        self.clock.advance(seconds * 1000);
    }

    /// The URL under which this client knows a queue of the default account.
    pub fn url(&self, name: &str) -> String {
        format!("http://{}/{ACCOUNT}/{name}", self.host)
    }

    /// Carries an action out that must succeed. No output is `null`.
    pub async fn ok(&mut self, action: &str, input: Value) -> Value {
        match self.call(action, &input).await {
            Ok(output) => output,
            Err(refusal) => {
                panic!("{:?} {action} {}: {refusal:?}", self.protocol, shortened(&input))
            }
        }
    }

    /// Carries an action out that must be refused.
    pub async fn refused(&mut self, action: &str, input: Value) -> Refusal {
        match self.call(action, &input).await {
            Ok(output) => {
                panic!("{:?} {action} {}: {output}", self.protocol, shortened(&input))
            }
            Err(refusal) => refusal,
        }
    }

    /// Carries an action out.
    pub async fn call(&mut self, action: &str, input: &Value) -> Result<Value, Refusal> {
        self.begin(action, input).await;
        self.finish(action).await
    }

    /// Sends a request. Its answer is read by [`Sqs::finish`].
    pub async fn begin(&mut self, action: &str, input: &Value) {
        let request = self.request(action, input);
        self.client.send(request).await;
    }

    /// Reads the answer to the request before.
    pub async fn finish(&mut self, action: &str) -> Result<Value, Refusal> {
        let http = self.client.response().await;
        check_headers(&http);
        match (self.protocol, http.status) {
            (Protocol::Json, 200) => Ok(json_output(action, &http)),
            (Protocol::Query, 200) => Ok(query_output(action, &http)),
            (Protocol::Json, _) => Err(Refusal::from_json(&http)),
            (Protocol::Query, _) => Err(Refusal::from_xml(&http)),
        }
    }

    /// Returns when what was sent to the server before, by whichever client, has reached the
    /// broker, and what the broker has answered since has reached its client.
    ///
    /// Loopback delivers at once and a test runs on one thread: each round trip looks at every
    /// socket, and the last one passes the broker after what the first one woke.
    pub async fn settle(&self) {
        let mut other = self.another().await;
        for _ in 0..4 {
            other.ok("ListQueues", json!({})).await;
        }
    }

    /// Asserts that the answer to the request before is still out when all else is done.
    pub async fn still_waits(&mut self) {
        self.settle().await;
        tokio::select! {
            biased;
            answer = self.client.response() => panic!("answered too early: {answer:?}"),
            () = tokio::task::yield_now() => {}
        }
    }

    /// Sends bytes as they are and reads an answer as it is.
    pub async fn raw(&mut self, request: &str) -> Http {
        self.raw_bytes(request.as_bytes()).await
    }

    /// Sends bytes that need not be text.
    pub async fn raw_bytes(&mut self, request: &[u8]) -> Http {
        self.client.send(request).await;
        let http = self.client.response().await;
        check_headers(&http);
        http
    }

    /// The bytes of a request.
    pub fn request(&self, action: &str, input: &Value) -> String {
        match self.protocol {
            Protocol::Json => self.json(action, &input.to_string()),
            Protocol::Query => self.post("/", &form::encoded(&form::pairs(action, input))),
        }
    }

    /// The bytes of a request in JSON.
    pub fn json(&self, action: &str, body: &str) -> String {
        let target = format!("AmazonSQS.{action}");
        let headers =
            [("Content-Type", "application/x-amz-json-1.0"), ("X-Amz-Target", target.as_str())];
        self.message("POST", "/", &headers, body)
    }

    /// The bytes of a form sent to a path.
    pub fn post(&self, path: &str, form: &str) -> String {
        let content_type = "application/x-www-form-urlencoded; charset=utf-8";
        self.message("POST", path, &[("Content-Type", content_type)], form)
    }

    /// The bytes of a request without a body.
    pub fn get(&self, path_and_query: &str) -> String {
        self.message("GET", path_and_query, &[], "")
    }

    /// The bytes of any request.
    pub fn message(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> String {
        let mut message = format!("{method} {path} HTTP/1.1\r\nHost: {}\r\n", self.host);
        let own = self.headers.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let mut signed = vec![("Host", self.host.as_str())];
        signed.extend(headers.iter().copied().chain(own));
        for (name, value) in &signed[1..] {
            message += &format!("{name}: {value}\r\n");
        }
        if let Some(credentials) = &self.credentials {
            let now_ms = self.clock.now().as_ms();
            for (name, value) in credentials.headers("sqs", method, path, &signed, body, now_ms) {
                message += &format!("{name}: {value}\r\n");
            }
        }
        if method != "GET" {
            message += &format!("Content-Length: {}\r\n", body.len());
        }
        message + "\r\n" + body
    }

    /// Creates a queue and returns its URL.
    pub async fn queue(&mut self, name: &str, attributes: Value) -> String {
        let output =
            self.ok("CreateQueue", json!({ "QueueName": name, "Attributes": attributes })).await;
        let url = output["QueueUrl"].as_str().unwrap().to_owned();
        assert_eq!(url, self.url(name));
        url
    }

    /// Sends a body and returns the message's id.
    pub async fn send(&mut self, url: &str, body: &str) -> String {
        let input = json!({ "QueueUrl": url, "MessageBody": body });
        text(&self.ok("SendMessage", input).await["MessageId"])
    }

    /// Sends to the group `g` of a FIFO queue, with the body as the deduplication id.
    pub async fn send_fifo(&mut self, url: &str, body: &str) {
        let input = json!({
            "QueueUrl": url,
            "MessageBody": body,
            "MessageGroupId": "g",
            "MessageDeduplicationId": body,
        });
        self.ok("SendMessage", input).await;
    }

    /// Receives one message and returns its handle.
    pub async fn receive_handle(&mut self, url: &str, visibility_timeout: Option<u32>) -> String {
        let input = json!({ "QueueUrl": url, "VisibilityTimeout": visibility_timeout });
        let received = self.receive_with(input).await;
        assert_eq!(received.len(), 1);
        text(&received[0]["ReceiptHandle"])
    }

    /// Deletes a message.
    pub async fn delete(&mut self, url: &str, handle: impl Into<Value>) {
        let input = json!({ "QueueUrl": url, "ReceiptHandle": handle.into() });
        self.ok("DeleteMessage", input).await;
    }

    /// Receives as many messages as one call gives.
    pub async fn receive(&mut self, url: &str) -> Vec<Value> {
        self.receive_with(json!({ "QueueUrl": url, "MaxNumberOfMessages": 10 })).await
    }

    /// Receives with more to say.
    pub async fn receive_with(&mut self, input: Value) -> Vec<Value> {
        messages(&self.ok("ReceiveMessage", input).await)
    }

    /// All that GetQueueAttributes tells of a queue.
    pub async fn attributes(&mut self, url: &str) -> Value {
        let input = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
        self.ok("GetQueueAttributes", input).await["Attributes"].take()
    }

    /// Numbers of messages: visible, in flight, delayed.
    pub async fn counts(&mut self, url: &str) -> [u64; 3] {
        let attributes = self.attributes(url).await;
        ["", "NotVisible", "Delayed"].map(|suffix| {
            let name = format!("ApproximateNumberOfMessages{suffix}");
            attributes[&name].as_str().unwrap().parse().unwrap()
        })
    }

    /// Asserts that each input is refused with a code and a text, and that the queue `url` stays
    /// as it was all the while. A text that ends in `*` is documented up to there only.
    pub async fn refuses(&mut self, action: &str, url: &str, cases: &[(Value, &str, &str)]) {
        let before = self.attributes(url).await;
        for (input, code, message) in cases {
            let refusal = self.refused(action, input.clone()).await;
            let asked = format!("{:?} {action} {}", self.protocol, shortened(input));
            refusal.assert_is(code, message, &asked);
        }
        assert_eq!(self.attributes(url).await, before, "a refused request has changed something");
    }
}

/// The messages in the output of ReceiveMessage.
pub fn messages(output: &Value) -> Vec<Value> {
    output.get("Messages").map_or_else(Vec::new, |list| list.as_array().unwrap().clone())
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

pub fn shortened(value: &Value) -> String {
    value.to_string().chars().take(300).collect()
}

/// What every answer has.
pub fn check_headers(http: &Http) {
    assert_eq!(http.header("content-length"), http.body.len().to_string());
    assert!(is_uuid(http.header("x-amzn-requestid").as_bytes()), "{http:?}");
    assert!(http.header("date").ends_with(" GMT"), "{http:?}");
}

/// Actions without an output shape: their JSON answers have no bytes.
const SILENT: [&str; 9] = [
    "AddPermission",
    "ChangeMessageVisibility",
    "DeleteMessage",
    "DeleteQueue",
    "PurgeQueue",
    "RemovePermission",
    "SetQueueAttributes",
    "TagQueue",
    "UntagQueue",
];

fn json_output(action: &str, http: &Http) -> Value {
    assert_eq!(http.header("content-type"), "application/x-amz-json-1.0");
    assert_eq!(http.header("x-amzn-query-error"), "-");
    if SILENT.contains(&action) {
        assert_eq!(http.body, "", "{action} has no output");
        return Value::Null;
    }
    let output: Value = serde_json::from_str(&http.body).unwrap();
    assert!(output.is_object(), "{http:?}");
    output
}

fn query_output(action: &str, http: &Http) -> Value {
    assert_eq!(http.header("content-type"), "text/xml");
    let root = Element::parse(&http.body);
    assert_eq!(root.name, format!("{action}Response"));
    assert_eq!(root.namespace, "http://queue.amazonaws.com/doc/2012-11-05/");
    let (metadata, results) = root.children.split_last().unwrap();
    assert_eq!((metadata.name.as_str(), metadata.names()), ("ResponseMetadata", vec!["RequestId"]));
    assert_eq!(metadata.text_of("RequestId"), http.header("x-amzn-requestid"));
    match results {
        [] if SILENT.contains(&action) => Value::Null,
        [result] => {
            assert!(!SILENT.contains(&action), "{action} has no output");
            assert_eq!(result.name, format!("{action}Result"));
            form::output(action, result)
        }
        _ => panic!("{http:?}"),
    }
}
