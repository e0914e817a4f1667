//! A server that delivers to endpoints on loopback, and a client that speaks SNS.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use tidings_couriers::CourierConfig;
use tidings_server::SmsTerms;

use super::hook::Hook;
use crate::harness::{
    self, ACCOUNT, Element, Http, KmsClient, Protocol, REGION, Refusal, Service, Setting, Sqs,
    encoded,
};
use crate::support::Client;

/// A running server.
pub struct Hub(Service);

/// Couriers that may go to this machine. Their patience is longer than any test should take.
pub fn local() -> CourierConfig {
    CourierConfig {
        allow: "127.0.0.0/8".parse().unwrap(),
        attempt_timeout: Duration::from_secs(60),
        ..CourierConfig::default()
    }
}

impl Hub {
    pub async fn start() -> Self {
        Self::delivering_by(local()).await
    }

    pub async fn delivering_by(couriers: CourierConfig) -> Self {
        Self(Service::delivering_by(couriers).await)
    }

    /// A server that sends text messages on these terms.
    pub async fn sending_texts(couriers: CourierConfig, sms: SmsTerms) -> Self {
        Self(Service::delivering(couriers, Setting { sms, ..Setting::default() }).await)
    }

    /// What the links in messages begin with.
    pub fn url(&self) -> String {
        format!("http://{}", self.0.addr)
    }

    /// A client whose requests are signed, in the default account.
    pub async fn sns(&self) -> Sns {
        Sns(self.0.sns().await)
    }

    /// A client of another account, or one that does not sign.
    pub async fn sns_of(&self, account: Option<&str>) -> Sns {
        let signed = self.0.sns().await;
        Sns(match account {
            Some(account) => signed.caller(account, REGION).await,
            None => signed.unsigned().await,
        })
    }

    pub async fn sqs(&self) -> Sqs {
        self.0.speak(Protocol::Json).await
    }

    /// A client of KMS.
    pub async fn kms(&self) -> KmsClient {
        self.0.kms().await
    }

    /// Follows a link to this server as people do: without a signature.
    pub async fn follow(&self, link: &str) -> Http {
        let path = link.strip_prefix(&self.url()).unwrap_or_else(|| panic!("elsewhere: {link}"));
        let mut client = Client::connect(self.0.addr).await;
        client.send(format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", self.0.addr)).await;
        client.response().await
    }

    /// Asks for a page as a browser does, with more headers.
    pub async fn browse(&self, method: &str, path: &str, headers: &str) -> Http {
        let host = self.0.addr;
        let mut client = Client::connect(host).await;
        let length = "content-length: 0\r\n";
        let request = format!("{method} {path} HTTP/1.1\r\nHost: {host}\r\n{length}{headers}\r\n");
        client.send(request).await;
        match method {
            "HEAD" => client.response_without_body().await,
            _ => client.response().await,
        }
    }

    /// Moves the server's clock, once what came of the attempts before is known to it.
    pub async fn pass_ms(&self, ms: u64) {
        self.settle().await;
        self.0.clock.advance(ms);
    }

    /// The same, in seconds.
    pub async fn pass_seconds(&self, seconds: u64) {
        self.pass_ms(seconds * 1000).await;
    }

    /// Returns when the broker has heard of all that was answered before, be it by clients or by
    /// endpoints.
    ///
    /// Loopback delivers at once and a test runs on one thread: each round trip looks at every
    /// socket, and the last one passes the broker after what the first ones woke.
    pub async fn settle(&self) {
        let mut client = Client::connect(self.0.addr).await;
        for _ in 0..12 {
            client.send("GET /health HTTP/1.1\r\nHost: t\r\n\r\n").await;
            assert_eq!(client.response().await.status, 200);
        }
    }

    pub async fn stop(self) {
        self.0.stop().await;
    }

    /// Stops the server and starts another over what it left, at another port.
    pub async fn restart(self) -> Self {
        self.settle().await;
        Self(self.0.restart().await)
    }

    /// The same, with other couriers.
    pub async fn restart_delivering_by(self, couriers: CourierConfig) -> Self {
        self.settle().await;
        Self(self.0.restart_delivering_by(couriers).await)
    }
}

/// Runs a test with a server of its own.
pub async fn with_hub(test: impl AsyncFnOnce(&Hub)) {
    let hub = Hub::start().await;
    test(&hub).await;
    hub.stop().await;
}

/// A client with a connection of its own.
pub struct Sns(harness::Sns);

/// Names and values, as they are sent.
pub type Parameters<'a> = &'a [(&'a str, &'a str)];

const VERSION: &str = "2010-03-31";
const NAMESPACE: &str = "http://sns.amazonaws.com/doc/2010-03-31/";

/// Actions without an output shape.
const SILENT: [&str; 8] = [
    "DeleteEndpoint",
    "DeletePlatformApplication",
    "DeleteTopic",
    "SetEndpointAttributes",
    "SetPlatformApplicationAttributes",
    "SetSubscriptionAttributes",
    "SetTopicAttributes",
    "Unsubscribe",
];

impl Sns {
    /// Carries an action out that must succeed; its result, if it has one.
    pub async fn ok(&mut self, action: &str, parameters: Parameters<'_>) -> Element {
        let http = self.call(action, parameters).await;
        assert_eq!(http.status, 200, "{action} {parameters:?}: {http:?}");
        result(action, &http)
    }

    /// Carries an action out that must be refused.
    pub async fn refused(&mut self, action: &str, parameters: Parameters<'_>) -> Refusal {
        let http = self.call(action, parameters).await;
        assert_ne!(http.status, 200, "{action} {parameters:?}: {http:?}");
        Refusal::from_sns(&http)
    }

    /// Asserts that requests are refused, each with a code and a text; of a text that ends in `*`
    /// only the beginning is documented.
    pub async fn refuses(&mut self, action: &str, cases: &[(Parameters<'_>, &str, &str)]) {
        for (parameters, code, text) in cases {
            let refusal = self.refused(action, parameters).await;
            refusal.assert_is(code, text, &format!("{action} {parameters:?}"));
        }
    }

    async fn call(&mut self, action: &str, parameters: Parameters<'_>) -> Http {
        let mut pairs = vec![("Action".into(), action.into()), ("Version".into(), VERSION.into())];
        let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        pairs.extend(parameters.iter().map(owned));
        let request = self.0.post(&encoded(&pairs));
        self.0.raw(&request).await
    }

    /// Creates a topic and returns its ARN.
    pub async fn topic(&mut self, name: &str, attributes: Parameters<'_>) -> String {
        let arn = self.create_topic(name, attributes).await;
        assert_eq!(arn, format!("arn:aws:sns:{REGION}:{ACCOUNT}:{name}"));
        arn
    }

    async fn create_topic(&mut self, name: &str, attributes: Parameters<'_>) -> String {
        let entries = entries(attributes);
        let mut parameters = vec![("Name", name)];
        parameters.extend(entries.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        self.ok("CreateTopic", &parameters).await.text_of("TopicArn").to_owned()
    }

    /// Subscribes a URL and returns what is answered: an ARN, or that it has to be confirmed.
    pub async fn subscribe(
        &mut self,
        topic: &str,
        url: &str,
        attributes: Parameters<'_>,
    ) -> String {
        let result = self.ok("Subscribe", &subscribe(topic, url, &entries(attributes))).await;
        assert_eq!(result.names(), ["SubscriptionArn"]);
        result.text_of("SubscriptionArn").to_owned()
    }

    /// Subscribes an endpoint, lets it confirm, and returns the subscription's ARN.
    pub async fn confirmed(
        &mut self,
        topic: &str,
        hook: &mut Hook,
        attributes: Parameters<'_>,
    ) -> String {
        let url = hook.url("/messages");
        assert_eq!(self.subscribe(topic, &url, attributes).await, "pending confirmation");
        let post = hook.next().await;
        assert_eq!(post.message_type(), "SubscriptionConfirmation");
        self.confirm(topic, &post.text("Token")).await
    }

    /// Confirms a subscription and returns its ARN.
    pub async fn confirm(&mut self, topic: &str, token: &str) -> String {
        let parameters = [("TopicArn", topic), ("Token", token)];
        let result = self.ok("ConfirmSubscription", &parameters).await;
        assert_eq!(result.names(), ["SubscriptionArn"]);
        result.text_of("SubscriptionArn").to_owned()
    }

    /// Publishes a message and returns its id.
    pub async fn publish(&mut self, topic: &str, message: &str) -> String {
        self.publish_with(topic, &[("Message", message)]).await
    }

    pub async fn publish_with(&mut self, topic: &str, more: Parameters<'_>) -> String {
        let mut parameters = vec![("TopicArn", topic)];
        parameters.extend(more);
        self.ok("Publish", &parameters).await.text_of("MessageId").to_owned()
    }

    /// All that GetSubscriptionAttributes tells.
    pub async fn attributes(&mut self, subscription: &str) -> BTreeMap<String, String> {
        let parameters = [("SubscriptionArn", subscription)];
        pairs(&self.ok("GetSubscriptionAttributes", &parameters).await)
    }

    pub async fn topic_attributes(&mut self, topic: &str) -> BTreeMap<String, String> {
        pairs(&self.ok("GetTopicAttributes", &[("TopicArn", topic)]).await)
    }

    pub async fn set_attribute(&mut self, subscription: &str, name: &str, value: &str) {
        self.ok(
            "SetSubscriptionAttributes",
            &setting("SubscriptionArn", subscription, name, value),
        )
        .await;
    }

    pub async fn set_topic_attribute(&mut self, topic: &str, name: &str, value: &str) {
        self.ok("SetTopicAttributes", &setting("TopicArn", topic, name, value)).await;
    }

    /// The ARNs in the list of a topic's subscriptions.
    pub async fn subscriptions(&mut self, topic: &str) -> Vec<String> {
        let result = self.ok("ListSubscriptionsByTopic", &[("TopicArn", topic)]).await;
        let [list] = &result.children[..] else { panic!("{result:?}") };
        assert_eq!(list.name, "Subscriptions");
        list.children.iter().map(|it| it.text_of("SubscriptionArn").to_owned()).collect()
    }
}

/// The parameters that subscribe a URL.
pub fn subscribe<'a>(
    topic: &'a str,
    url: &'a str,
    entries: &'a [(String, String)],
) -> Vec<(&'a str, &'a str)> {
    let protocol = url.split(':').next().unwrap();
    let mut parameters = vec![("TopicArn", topic), ("Protocol", protocol), ("Endpoint", url)];
    parameters.extend(entries.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    parameters
}

/// A map of attributes, as it is sent.
pub fn entries(attributes: Parameters<'_>) -> Vec<(String, String)> {
    let mut entries = Vec::new();
    for (i, (name, value)) in attributes.iter().enumerate() {
        entries.push((format!("Attributes.entry.{}.key", i + 1), (*name).to_owned()));
        entries.push((format!("Attributes.entry.{}.value", i + 1), (*value).to_owned()));
    }
    entries
}

/// The parameters that set an attribute.
pub fn setting<'a>(
    of: &'a str,
    arn: &'a str,
    name: &'a str,
    value: &'a str,
) -> [(&'a str, &'a str); 3] {
    [(of, arn), ("AttributeName", name), ("AttributeValue", value)]
}

/// Reads an answer; everything about it must be as documented.
pub fn result(action: &str, http: &Http) -> Element {
    assert_eq!((http.status, http.header("content-type")), (200, "text/xml"), "{http:?}");
    let mut root = Element::parse(&http.body);
    assert_eq!((root.name, root.namespace.as_str()), (format!("{action}Response"), NAMESPACE));
    let metadata = root.children.pop().unwrap();
    assert_eq!((metadata.name.as_str(), metadata.names()), ("ResponseMetadata", vec!["RequestId"]));
    assert_eq!(metadata.text_of("RequestId"), http.header("x-amzn-requestid"));
    let result = root.children.pop();
    assert!(root.children.is_empty(), "{http:?}");
    assert_eq!(result.is_none(), SILENT.contains(&action), "{http:?}");
    let result = result.unwrap_or_default();
    assert!(result.name.is_empty() || result.name == format!("{action}Result"));
    result
}

fn pairs(result: &Element) -> BTreeMap<String, String> {
    let [attributes] = &result.children[..] else { panic!("{result:?}") };
    assert_eq!(attributes.name, "Attributes");
    let pair = |entry: &Element| {
        assert_eq!((entry.name.as_str(), entry.names()), ("entry", vec!["key", "value"]));
        (entry.text_of("key").to_owned(), entry.text_of("value").to_owned())
    };
    attributes.children.iter().map(pair).collect()
}

/// A queue for what cannot be delivered: its URL, and the RedrivePolicy that names it.
pub async fn dead_letter_queue(sqs: &mut Sqs, name: &str) -> (String, String) {
    let url = sqs.queue(name, json!({})).await;
    let arn = format!("arn:aws:sqs:{REGION}:{ACCOUNT}:{name}");
    (url, json!({ "deadLetterTargetArn": arn }).to_string())
}

/// The next message of a queue, as soon as it is there, with all that there is to tell of it.
pub async fn take(sqs: &mut Sqs, url: &str) -> Value {
    let received = sqs
        .receive_with(json!({
            "QueueUrl": url,
            "WaitTimeSeconds": 20,
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        }))
        .await;
    let [message] = &received[..] else { panic!("{received:?}") };
    message.clone()
}
