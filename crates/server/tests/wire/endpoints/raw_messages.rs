//! Raw message delivery: the message alone.

use serde_json::json;

use super::hook::Hook;
use super::support::{Hub, dead_letter_queue, entries, subscribe, take, with_hub};

const RAW: (&str, &str) = ("RawMessageDelivery", "true");

/// A message with all that it may have.
const MESSAGE: [(&str, &str); 8] = [
    ("Message", "<stock>\r\n  ünïcode \u{1f600}\r\n</stock>"),
    ("Subject", "Stock"),
    ("MessageAttributes.entry.1.Name", "store"),
    ("MessageAttributes.entry.1.Value.DataType", "String.Array"),
    ("MessageAttributes.entry.1.Value.StringValue", "[\"Berlin\"]"),
    ("MessageAttributes.entry.2.Name", "image"),
    ("MessageAttributes.entry.2.Value.DataType", "Binary"),
    ("MessageAttributes.entry.2.Value.BinaryValue", "AAEC"),
];

#[tokio::test]
async fn a_raw_message_is_its_text_and_nothing_else() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let arn = sns.confirmed(&topic, &mut hook, &[RAW]).await;
        let message_id = sns.publish_with(&topic, &MESSAGE).await;
        let post = hook.notification().await;
        assert_eq!(post.body, MESSAGE[0].1);
        let length = post.body.len().to_string();
        for (name, value) in [
            ("x-amz-sns-rawdelivery", "true"),
            ("x-amz-sns-message-type", "Notification"),
            ("x-amz-sns-message-id", message_id.as_str()),
            ("x-amz-sns-topic-arn", topic.as_str()),
            ("x-amz-sns-subscription-arn", arn.as_str()),
            ("content-type", "text/plain; charset=UTF-8"),
            ("content-length", length.as_str()),
        ] {
            assert_eq!(post.header(name), value, "{name}");
        }
        let of_attributes = ["Stock", "Berlin", "AAEC"];
        let in_headers = |what: &&str| post.headers.iter().any(|(_, value)| value.contains(*what));
        assert!(!of_attributes.iter().any(in_headers), "{:?}", post.headers);
    })
    .await;
}

#[tokio::test]
async fn a_raw_message_is_the_text_of_its_protocol() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        sns.confirmed(&topic, &mut hook, &[RAW]).await;
        let texts = json!({ "default": "d", "http": "{\"left\":3}" }).to_string();
        sns.publish_with(&topic, &[("Message", &texts), ("MessageStructure", "json")]).await;
        assert_eq!(hook.notification().await.body, "{\"left\":3}");
    })
    .await;
}

#[tokio::test]
async fn what_asks_to_confirm_is_never_raw() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        sns.subscribe(&topic, &hook.url("/"), &[RAW]).await;
        let post = hook.next().await;
        assert_eq!(post.header("x-amz-sns-rawdelivery"), "-");
        assert_eq!(post.text("Type"), "SubscriptionConfirmation");
        assert_eq!(post.members()[..3], ["Type", "MessageId", "Token"]);
    })
    .await;
}

#[tokio::test]
async fn whether_messages_are_raw_can_be_changed() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let arn = sns.confirmed(&topic, &mut hook, &[]).await;
        for (raw, header) in [("true", "true"), ("false", "-"), ("true", "true")] {
            sns.set_attribute(&arn, "RawMessageDelivery", raw).await;
            assert_eq!(sns.attributes(&arn).await["RawMessageDelivery"], raw);
            sns.publish(&topic, "hello").await;
            let post = hook.notification().await;
            assert_eq!(post.header("x-amz-sns-rawdelivery"), header);
            assert_eq!(post.body == "hello", raw == "true");
        }
        let setting = |value| super::support::setting("SubscriptionArn", &arn, RAW.0, value);
        for value in ["", "True", "yes", "1"] {
            let text = format!(
                "Invalid parameter: RawMessageDelivery: Invalid value [{value}]. Must be true or \
                 false."
            );
            let case = (&setting(value)[..], "InvalidParameter", &*text);
            sns.refuses("SetSubscriptionAttributes", &[case]).await;
        }
        let (url, wrong) = (hook.url("/other"), entries(&[(RAW.0, "yes")]));
        let text = "Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value \
                    [yes]. Must be true or false.";
        let case = subscribe(&topic, &url, &wrong);
        sns.refuses("Subscribe", &[(&case, "InvalidParameter", text)]).await;
        assert_eq!(sns.subscriptions(&topic).await, [arn]);
    })
    .await;
}

#[tokio::test]
async fn raw_messages_can_be_sent_as_more_types_of_content() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let arn = sns.confirmed(&topic, &mut hook, &[RAW]).await;
        for content_type in [
            "text/plain",
            "text/css",
            "text/csv",
            "text/html",
            "text/xml",
            "application/json",
            "application/atom+xml",
            "application/octet-stream",
            "application/soap+xml",
            "application/x-www-form-urlencoded",
            "application/xhtml+xml",
            "application/xml",
            "application/xml; charset=UTF-8",
        ] {
            let policy = json!({ "requestPolicy": { "headerContentType": content_type } });
            sns.set_attribute(&arn, "DeliveryPolicy", &policy.to_string()).await;
            sns.publish(&topic, "hello").await;
            let post = hook.notification().await;
            assert_eq!((post.header("content-type"), &*post.body), (content_type, "hello"));
        }
        // In an envelope it would not be what it says.
        sns.set_attribute(&arn, "RawMessageDelivery", "false").await;
        sns.publish(&topic, "hello").await;
        let post = hook.notification().await;
        assert_eq!(post.header("content-type"), "text/plain; charset=UTF-8");
    })
    .await;
}

#[tokio::test]
async fn a_raw_message_goes_raw_to_the_dead_letter_queue_with_its_attributes() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut sqs) = (hub.sns().await, hub.sqs().await);
        let mut hook = Hook::answering(404).await;
        let topic = sns.topic("stock", &[]).await;
        let (url, redrive) = dead_letter_queue(&mut sqs, "dead").await;
        let attributes = [RAW, ("RedrivePolicy", redrive.as_str())];
        sns.confirmed(&topic, &mut hook, &attributes).await;
        sns.publish_with(&topic, &MESSAGE).await;
        let message = take(&mut sqs, &url).await;
        assert_eq!(message["Body"], MESSAGE[0].1);
        let attributes = json!({
            "store": { "DataType": "String.Array", "StringValue": "[\"Berlin\"]" },
            "image": { "DataType": "Binary", "BinaryValue": "AAEC" },
        });
        assert_eq!(message["MessageAttributes"], attributes);
        assert_eq!(hook.notification().await.body, MESSAGE[0].1);
        hook.has_no_more(hub).await;
    })
    .await;
}
