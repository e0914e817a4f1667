//! The client of SNS, which speaks AWS Query only.
//!
//! Inputs and outputs are the members that the service's model names, as JSON.

use std::net::SocketAddr;

use serde_json::{Map, Value, json};
use tidings_broker::Clock;

use super::errors::Refusal;
use super::form;
use super::service::Service;
use super::signing::Credentials;
use super::sqs::{ACCOUNT, Http, Protocol, Sqs, check_headers, shortened, text};
use super::xml::Element;
use crate::harness::REGION;
use crate::support::Client;

/// Runs a test against a server of its own.
pub async fn with_topics(test: impl AsyncFn(&mut Sns)) {
    let service = Service::start().await;
    let mut sns = service.sns().await;
    test(&mut sns).await;
    drop(sns);
    service.stop().await;
}

/// Runs a test twice, against a server of its own: messages are received in each protocol of SQS.
pub async fn with_topics_and_queues(test: impl AsyncFn(&mut Sns, &mut Sqs)) {
    for protocol in Protocol::BOTH {
        let service = Service::start().await;
        let (mut sns, mut sqs) = (service.sns().await, service.speak(protocol).await);
        test(&mut sns, &mut sqs).await;
        drop((sns, sqs));
        service.stop().await;
    }
}

/// A client with a connection of its own.
pub struct Sns {
    pub clock: Clock,
    /// What the client calls the server, and finds again in links.
    pub host: String,
    /// Headers to send beside those of the protocol: at first those of a signature.
    pub headers: Vec<(String, String)>,
    /// What the client really signs with, if it does.
    pub credentials: Option<Credentials>,
    addr: SocketAddr,
    client: Client,
}

impl Sns {
    pub fn new(addr: SocketAddr, clock: Clock, client: Client) -> Self {
        let headers = vec![authorization("AKIDEXAMPLE", REGION)];
        let (host, credentials) = ("sns.test:4566".into(), None);
        Self { clock, host, headers, credentials, addr, client }
    }

    /// One more client, in the account and region that its credential names.
    pub async fn caller(&self, access_key_id: &str, region: &str) -> Self {
        let mut another =
            Self::new(self.addr, self.clock.clone(), Client::connect(self.addr).await);
        another.headers = vec![authorization(access_key_id, region)];
        another
    }

    /// One more client, without a signature.
    pub async fn unsigned(&self) -> Self {
        let mut another = self.caller("AKIDEXAMPLE", REGION).await;
        another.headers.clear();
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

    /// Carries an action out that must succeed. No output is `null`.
    pub async fn ok(&mut self, action: &str, input: Value) -> Value {
        match self.call(action, &input).await {
            Ok(output) => output,
            Err(refusal) => panic!("{action} {}: {refusal:?}", shortened(&input)),
        }
    }

    /// Carries an action out that must be refused.
    pub async fn refused(&mut self, action: &str, input: Value) -> Refusal {
        match self.call(action, &input).await {
            Ok(output) => panic!("{action} {}: {output}", shortened(&input)),
            Err(refusal) => refusal,
        }
    }

    /// Carries an action out.
    pub async fn call(&mut self, action: &str, input: &Value) -> Result<Value, Refusal> {
        let form = form::encoded(&pairs(action, input));
        let http = self.raw(&self.post(&form)).await;
        match http.status {
            200 => Ok(output(action, &http)),
            _ => Err(Refusal::from_sns(&http)),
        }
    }

    /// Sends bytes as they are and reads an answer as it is.
    pub async fn raw(&mut self, request: &str) -> Http {
        self.client.send(request).await;
        let http = self.client.response().await;
        check_headers(&http);
        http
    }

    /// The bytes of a form.
    pub fn post(&self, form: &str) -> String {
        let content_type = "Content-Type: application/x-www-form-urlencoded; charset=utf-8";
        let (length, head) = (form.len(), self.head("POST", "/", form));
        format!("POST / {head}{content_type}\r\nContent-Length: {length}\r\n\r\n{form}")
    }

    /// The bytes of a request without a body.
    pub fn get(&self, query: &str) -> String {
        format!("GET /?{query} {}\r\n", self.head("GET", &format!("/?{query}"), ""))
    }

    fn head(&self, method: &str, path: &str, body: &str) -> String {
        let mut head = format!("HTTP/1.1\r\nHost: {}\r\n", self.host);
        if let Some(credentials) = &self.credentials {
            let (host, now_ms) = ([("Host", self.host.as_str())], self.clock.now().as_ms());
            for (name, value) in credentials.headers("sns", method, path, &host, body, now_ms) {
                head += &format!("{name}: {value}\r\n");
            }
            return head;
        }
        for (name, value) in &self.headers {
            head += &format!("{name}: {value}\r\n");
        }
        head
    }

    /// Creates a standard topic without attributes and returns its ARN.
    pub async fn topic(&mut self, name: &str) -> String {
        self.topic_with(name, json!({})).await
    }

    /// Creates a topic and returns its ARN.
    pub async fn topic_with(&mut self, name: &str, attributes: Value) -> String {
        let input = json!({ "Name": name, "Attributes": attributes });
        let arn = text(&self.ok("CreateTopic", input).await["TopicArn"]);
        assert_eq!(arn, topic_arn(name));
        arn
    }

    /// Creates a FIFO topic with more attributes and returns its ARN.
    pub async fn fifo_topic(&mut self, name: &str, more: Value) -> String {
        self.topic_with(name, super::with(json!({ "FifoTopic": "true" }), more)).await
    }

    /// Subscribes a queue, which need not be there, and returns the subscription's ARN.
    pub async fn subscribe(&mut self, topic: &str, queue: &str, attributes: Value) -> String {
        let output = self.ok("Subscribe", subscription(topic, queue, attributes)).await;
        let arn = text(&output["SubscriptionArn"]);
        let id = arn.strip_prefix(topic).and_then(|rest| rest.strip_prefix(':')).unwrap();
        assert!(super::is_uuid(id.as_bytes()), "{arn}");
        arn
    }

    /// Subscribes a queue that gets messages as they were published.
    pub async fn subscribe_raw(&mut self, topic: &str, queue: &str, more: Value) -> String {
        let attributes = super::with(json!({ "RawMessageDelivery": "true" }), more);
        self.subscribe(topic, queue, attributes).await
    }

    /// Publishes a text and returns the message's id.
    pub async fn publish(&mut self, topic: &str, message: &str) -> String {
        let input = json!({ "TopicArn": topic, "Message": message });
        text(&self.ok("Publish", input).await["MessageId"])
    }

    /// Publishes to a group of a FIFO topic and returns the message's id and sequence number.
    pub async fn publish_fifo(
        &mut self,
        topic: &str,
        group: &str,
        deduplication_id: &str,
        message: &str,
    ) -> (String, String) {
        let input = json!({
            "TopicArn": topic,
            "Message": message,
            "MessageGroupId": group,
            "MessageDeduplicationId": deduplication_id,
        });
        let output = self.ok("Publish", input).await;
        (text(&output["MessageId"]), text(&output["SequenceNumber"]))
    }

    /// All that GetTopicAttributes tells.
    pub async fn topic_attributes(&mut self, topic: &str) -> Value {
        let input = json!({ "TopicArn": topic });
        self.ok("GetTopicAttributes", input).await["Attributes"].take()
    }

    /// Sets one attribute of a topic.
    pub async fn set_topic(&mut self, topic: &str, name: &str, value: &str) {
        let input = json!({ "TopicArn": topic, "AttributeName": name, "AttributeValue": value });
        assert_eq!(self.ok("SetTopicAttributes", input).await, Value::Null);
    }

    /// All that GetSubscriptionAttributes tells.
    pub async fn subscription_attributes(&mut self, subscription: &str) -> Value {
        let input = json!({ "SubscriptionArn": subscription });
        self.ok("GetSubscriptionAttributes", input).await["Attributes"].take()
    }

    /// Sets one attribute of a subscription.
    pub async fn set_subscription(&mut self, subscription: &str, name: &str, value: &str) {
        let input = json!({
            "SubscriptionArn": subscription,
            "AttributeName": name,
            "AttributeValue": value,
        });
        assert_eq!(self.ok("SetSubscriptionAttributes", input).await, Value::Null);
    }

    /// The members of a list, from all its pages.
    pub async fn all(&mut self, action: &str, list: &str, input: Value) -> Vec<Value> {
        let (mut found, mut input) = (Vec::new(), input);
        loop {
            let mut page = self.ok(action, input.clone()).await;
            found.extend(page[list].as_array().unwrap().clone());
            match page["NextToken"].take() {
                Value::Null => return found,
                token => input["NextToken"] = token,
            }
        }
    }

    /// All that can be asked about topics and subscriptions.
    async fn everything(&mut self) -> Value {
        let topics = self.all("ListTopics", "Topics", json!({})).await;
        let subscriptions = self.all("ListSubscriptions", "Subscriptions", json!({})).await;
        let mut told = Vec::new();
        for topic in &topics {
            let arn = topic["TopicArn"].as_str().unwrap();
            told.push(self.topic_attributes(arn).await);
            for action in ["ListTagsForResource", "GetDataProtectionPolicy"] {
                told.push(self.ok(action, json!({ "ResourceArn": arn })).await);
            }
        }
        for subscription in &subscriptions {
            let arn = subscription["SubscriptionArn"].as_str().unwrap();
            if arn == "PendingConfirmation" {
                continue;
            }
            told.push(self.subscription_attributes(arn).await);
        }
        json!([topics, subscriptions, told])
    }

    /// Asserts that each input is refused with a code and a text, and that all topics and
    /// subscriptions stay as they were. A text that ends in `*` is documented up to there only.
    pub async fn refuses(&mut self, action: &str, cases: &[(Value, &str, &str)]) {
        let before = self.everything().await;
        for (input, code, message) in cases {
            let refusal = self.refused(action, input.clone()).await;
            refusal.assert_is(code, message, &format!("{action} {}", shortened(input)));
        }
        assert_eq!(self.everything().await, before, "a refused request has changed something");
    }
}

/// The ARN of a topic of the default account and region.
pub fn topic_arn(name: &str) -> String {
    format!("arn:aws:sns:{REGION}:{ACCOUNT}:{name}")
}

/// The ARN of a queue of the default account and region.
pub fn queue_arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}")
}

/// The input that subscribes a queue.
pub fn subscription(topic: &str, queue: &str, attributes: Value) -> Value {
    json!({
        "TopicArn": topic,
        "Protocol": "sqs",
        "Endpoint": queue_arn(queue),
        "Attributes": attributes,
    })
}

fn authorization(access_key_id: &str, region: &str) -> (String, String) {
    let value = format!(
        "AWS4-HMAC-SHA256 Credential={access_key_id}/20270115/{region}/sns/aws4_request, \
         SignedHeaders=host;x-amz-date, Signature=00"
    );
    ("Authorization".into(), value)
}

/// The form that says what an input says: lists and maps are not flattened.
fn pairs(action: &str, input: &Value) -> Vec<(String, String)> {
    let mut pairs = vec![
        ("Action".to_owned(), action.to_owned()),
        ("Version".to_owned(), "2010-03-31".to_owned()),
    ];
    structure_pairs("", input, &mut pairs);
    pairs
}

/// The members of a structure; `path` is its own, with its dot.
fn structure_pairs(path: &str, structure: &Value, pairs: &mut Vec<(String, String)>) {
    for (name, value) in structure.as_object().unwrap() {
        match value {
            Value::Null => {}
            Value::Array(items) => {
                for (i, item) in items.iter().enumerate() {
                    let path = format!("{path}{name}.member.{}", i + 1);
                    match item {
                        Value::Object(_) => structure_pairs(&format!("{path}."), item, pairs),
                        _ => pairs.push((path, text(item))),
                    }
                }
            }
            Value::Object(map) => {
                for (i, (key, value)) in map.iter().enumerate() {
                    let path = format!("{path}{name}.entry.{}.", i + 1);
                    if let Value::Object(_) = value {
                        pairs.push((format!("{path}Name"), key.clone()));
                        structure_pairs(&format!("{path}Value."), value, pairs);
                    } else {
                        pairs.push((format!("{path}key"), key.clone()));
                        pairs.push((format!("{path}value"), text(value)));
                    }
                }
            }
            _ => pairs.push((format!("{path}{name}"), scalar(value))),
        }
    }
}

fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// Actions without an output shape: their answers have no result.
const SILENT: [&str; 11] = [
    "AddPermission",
    "DeleteEndpoint",
    "DeletePlatformApplication",
    "DeleteTopic",
    "PutDataProtectionPolicy",
    "RemovePermission",
    "SetEndpointAttributes",
    "SetPlatformApplicationAttributes",
    "SetSubscriptionAttributes",
    "SetTopicAttributes",
    "Unsubscribe",
];

fn output(action: &str, http: &Http) -> Value {
    assert_eq!(http.header("content-type"), "text/xml");
    let root = Element::parse(&http.body);
    assert_eq!(root.name, format!("{action}Response"));
    assert_eq!(root.namespace, "http://sns.amazonaws.com/doc/2010-03-31/");
    let (metadata, results) = root.children.split_last().unwrap();
    assert_eq!((metadata.name.as_str(), metadata.names()), ("ResponseMetadata", vec!["RequestId"]));
    assert_eq!(metadata.text_of("RequestId"), http.header("x-amzn-requestid"));
    match results {
        [] if SILENT.contains(&action) => Value::Null,
        [result] => {
            assert!(!SILENT.contains(&action), "{action} has no output");
            assert_eq!(result.name, format!("{action}Result"));
            structure(result)
        }
        _ => panic!("{http:?}"),
    }
}

fn structure(element: &Element) -> Value {
    let mut members = Map::new();
    for child in &element.children {
        let value = match child.name.as_str() {
            "Endpoints"
            | "Failed"
            | "PlatformApplications"
            | "Subscriptions"
            | "Successful"
            | "Tags"
            | "Topics" => list(child),
            "Attributes" | "attributes" => map(child),
            _ => {
                assert!(child.children.is_empty(), "{child:?}");
                json!(child.text)
            }
        };
        assert!(members.insert(child.name.clone(), value).is_none(), "{element:?}");
    }
    Value::Object(members)
}

fn list(element: &Element) -> Value {
    let members = element.children.iter().map(|child| {
        assert_eq!(child.name, "member");
        structure(child)
    });
    Value::Array(members.collect())
}

fn map(element: &Element) -> Value {
    let mut entries = Map::new();
    for child in &element.children {
        assert_eq!((child.name.as_str(), child.names()), ("entry", vec!["key", "value"]));
        let known = entries.insert(child.text_of("key").into(), child.text_of("value").into());
        assert_eq!(known, None, "twice in a map");
    }
    Value::Object(entries)
}
