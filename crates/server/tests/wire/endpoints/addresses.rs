//! Which endpoints can be subscribed at all.

use serde_json::json;
use tidings_couriers::CourierConfig;

use super::hook::Hook;
use super::support::{Hub, subscribe, with_hub};

#[tokio::test]
async fn private_addresses_are_refused_unless_they_are_allowed() {
    let hub = Hub::delivering_by(CourierConfig::default()).await;
    let mut sns = hub.sns().await;
    let mut hook = Hook::willing().await;
    let topic = sns.topic("stock", &[]).await;
    for url in [
        &*hook.url("/"),
        "http://127.0.0.1/",
        "https://127.1.2.3:8443/",
        "http://user:secret@127.0.0.1/",
        "http://localhost:8080/",
        "http://10.1.2.3/",
        "http://172.16.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://0.0.0.0/",
        "http://[::1]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[fd00::1]/",
        "http://[fe80::1]/",
    ] {
        let refusal = sns.refused("Subscribe", &subscribe(&topic, url, &[])).await;
        assert_eq!(refusal.code, "AuthorizationError", "{url}");
        assert!(!refusal.message.contains("secret"), "{refusal:?}");
    }
    assert!(sns.subscriptions(&topic).await.is_empty());
    hook.has_no_more(&hub).await;
    drop(sns);
    hub.stop().await;
}

#[tokio::test]
async fn an_address_that_is_no_longer_allowed_is_not_delivered_to() {
    let denied = CourierConfig { deny: "127.0.0.1".parse().unwrap(), ..super::support::local() };
    let hub = Hub::delivering_by(denied).await;
    let (mut sns, hook) = (hub.sns().await, Hook::willing().await);
    let topic = sns.topic("stock", &[]).await;
    let url = hook.url("/");
    let refusal = sns.refused("Subscribe", &subscribe(&topic, &url, &[])).await;
    assert_eq!(refusal.code, "AuthorizationError");
    let other = "http://127.0.0.2:9/";
    assert_eq!(sns.subscribe(&topic, other, &[]).await, "pending confirmation");
    assert_eq!(sns.subscriptions(&topic).await, ["PendingConfirmation"]);
    drop(sns);
    hub.stop().await;
}

#[tokio::test]
async fn what_is_no_url_of_the_protocol_is_refused() {
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let topic = sns.topic("stock", &[]).await;
        let scheme = "Invalid parameter: Endpoint must match the specified protocol";
        for (protocol, endpoint, text) in [
            ("http", "https://example.com/", scheme),
            ("https", "http://example.com/", scheme),
            ("http", "example.com", scheme),
            ("http", "ftp://example.com/", scheme),
            ("http", "arn:aws:sqs:us-east-1:000000000000:orders", scheme),
            ("http", "", "Invalid parameter: *"),
            ("http", "http://", "Invalid parameter: *"),
            ("http", "http:///path", "Invalid parameter: *"),
            ("http", "http://exam ple.com/", "Invalid parameter: *"),
            ("http", "http://example.com:0/", "Invalid parameter: *"),
            ("http", "http://example.com:65536/", "Invalid parameter: *"),
            (
                "gopher",
                "gopher://example.com/",
                "Invalid parameter: Amazon SNS does not support this protocol string: gopher",
            ),
        ] {
            let parameters =
                [("TopicArn", topic.as_str()), ("Protocol", protocol), ("Endpoint", endpoint)];
            sns.refuses("Subscribe", &[(&parameters, "InvalidParameter", text)]).await;
        }
        let no_endpoint = [("TopicArn", topic.as_str()), ("Protocol", "http")];
        let case = (&no_endpoint[..], "InvalidParameter", "Invalid parameter: *");
        sns.refuses("Subscribe", &[case]).await;
        assert!(sns.subscriptions(&topic).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_topic_that_is_fifo_has_no_endpoints() {
    with_hub(async |hub: &Hub| {
        let (mut sns, hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock.fifo", &[("FifoTopic", "true")]).await;
        let url = hook.url("/");
        let case = subscribe(&topic, &url, &[]);
        sns.refuses("Subscribe", &[(&case, "InvalidParameter", "Invalid parameter: *")]).await;
        assert!(sns.subscriptions(&topic).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_topic_of_large_messages_has_no_endpoints() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let large = [("MaximumMessageSize", "262145")];
        let topic = sns.topic("large", &large).await;
        let url = hook.url("/");
        let case = subscribe(&topic, &url, &[]);
        sns.refuses("Subscribe", &[(&case, "InvalidParameter", "Invalid parameter: *")]).await;
        assert!(sns.subscriptions(&topic).await.is_empty());

        let other = sns.topic("other", &[]).await;
        sns.confirmed(&other, &mut hook, &[]).await;
        let set = super::support::setting("TopicArn", &other, large[0].0, large[0].1);
        let case = (&set[..], "InvalidParameter", "Invalid parameter: *");
        sns.refuses("SetTopicAttributes", &[case]).await;
        assert!(!sns.topic_attributes(&other).await.contains_key("MaximumMessageSize"));
        let message = json!("x".repeat(262_000)).to_string();
        sns.publish(&other, &message).await;
        assert_eq!(hook.notification().await.text("Message"), message);
    })
    .await;
}
