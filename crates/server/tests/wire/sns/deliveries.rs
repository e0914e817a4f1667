//! What a queue gets: the message alone, or an envelope around it.

use serde_json::{Value, json};

use crate::harness::{START_MS, Sqs, with_topics_and_queues};

/// Takes one message with all that can be known of it.
async fn take(sqs: &mut Sqs, url: &str) -> Value {
    let input =
        json!({ "QueueUrl": url, "AttributeNames": ["All"], "MessageAttributeNames": ["All"] });
    let mut received = sqs.receive_with(input).await;
    assert_eq!(received.len(), 1);
    sqs.delete(url, received[0]["ReceiptHandle"].clone()).await;
    received.remove(0)
}

/// Takes the body of one message.
async fn take_body(sqs: &mut Sqs, url: &str) -> String {
    take(sqs, url).await["Body"].as_str().unwrap().to_owned()
}

/// An envelope without what differs from run to run: the signature, and where links lead.
fn masked(envelope: &str) -> String {
    let mut masked = String::new();
    for line in envelope.split_inclusive('\n') {
        let Some((before, value)) = line.split_once("\" : \"") else {
            masked += line;
            continue;
        };
        let (value, after) = value.rsplit_once('"').unwrap();
        let value = match before {
            "  \"Signature" => {
                let is_base64 = |b: u8| b.is_ascii_alphanumeric() || b"+/=".contains(&b);
                assert!(value.len() > 300 && value.bytes().all(is_base64), "{value}");
                "SIGNATURE"
            }
            "  \"SigningCertURL" => {
                let (_, name) = value.rsplit_once("/SimpleNotificationService-").unwrap();
                let id = name.strip_suffix(".pem").unwrap();
                assert!(id.len() == 32 && id.bytes().all(|b| b.is_ascii_hexdigit()), "{value}");
                assert!(value.starts_with("http"), "{value}");
                "CERTIFICATE"
            }
            "  \"UnsubscribeURL" => {
                let (base, query) = value.split_once("/?").unwrap();
                assert!(base.starts_with("http"), "{value}");
                query
            }
            _ => value,
        };
        masked += &format!("{before}\" : \"{value}\"{after}");
    }
    masked
}

/// The moment when every test begins, as an envelope has it.
const START: &str = "2027-01-15T08:00:00.000Z";

#[tokio::test]
async fn an_envelope_is_to_the_byte_what_the_service_writes() {
    with_topics_and_queues(async |sns, sqs| {
        let url = sqs.queue("queue", json!({})).await;
        let topic = sns.topic("orders").await;
        let subscription = sns.subscribe(&topic, "queue", json!({})).await;
        let id = sns.publish(&topic, "hello").await;
        let expected = format!(
            "{{\n  \
             \"Type\" : \"Notification\",\n  \
             \"MessageId\" : \"{id}\",\n  \
             \"TopicArn\" : \"{topic}\",\n  \
             \"Message\" : \"hello\",\n  \
             \"Timestamp\" : \"{START}\",\n  \
             \"SignatureVersion\" : \"1\",\n  \
             \"Signature\" : \"SIGNATURE\",\n  \
             \"SigningCertURL\" : \"CERTIFICATE\",\n  \
             \"UnsubscribeURL\" : \"Action=Unsubscribe&SubscriptionArn={subscription}\"\n\
             }}"
        );
        assert_eq!(masked(&take_body(sqs, &url).await), expected);
    })
    .await;
}

#[tokio::test]
async fn an_envelope_has_the_subject_and_the_attributes_too() {
    with_topics_and_queues(async |sns, sqs| {
        let url = sqs.queue("queue", json!({})).await;
        let topic = sns.topic_with("orders", json!({ "SignatureVersion": "2" })).await;
        let subscription = sns.subscribe(&topic, "queue", json!({})).await;
        sns.pass_ms(61_001);
        let input = json!({
            "TopicArn": topic,
            "Subject": "High \"tide\"",
            "Message": "a \"b\" \\ c/d\te\nf\r\n<é> \u{1f600}",
            "MessageAttributes": {
                "text": { "DataType": "String", "StringValue": "é \"7\"" },
                "bits": { "DataType": "Binary", "BinaryValue": "AP8=" },
            },
        });
        let id = sns.ok("Publish", input).await["MessageId"].take();
        let id = id.as_str().unwrap();
        let envelope = masked(&take_body(sqs, &url).await);
        let expected = format!(
            "{{\n  \
             \"Type\" : \"Notification\",\n  \
             \"MessageId\" : \"{id}\",\n  \
             \"TopicArn\" : \"{topic}\",\n  \
             \"Subject\" : \"High \\\"tide\\\"\",\n  \
             \"Message\" : \"a \\\"b\\\" \\\\ c/d\\te\\nf\\r\\n<é> \u{1f600}\",\n  \
             \"Timestamp\" : \"2027-01-15T08:01:01.001Z\",\n  \
             \"SignatureVersion\" : \"2\",\n  \
             \"Signature\" : \"SIGNATURE\",\n  \
             \"SigningCertURL\" : \"CERTIFICATE\",\n  \
             \"UnsubscribeURL\" : \"Action=Unsubscribe&SubscriptionArn={subscription}\",\n  \
             \"MessageAttributes\" : {{\n    \
             \"text\" : {{\"Type\":\"String\",\"Value\":\"é \\\"7\\\"\"}},\n    \
             \"bits\" : {{\"Type\":\"Binary\",\"Value\":\"AP8=\"}}\n  \
             }}\n\
             }}"
        );
        let other_order = {
            let text = "    \"text\" : {\"Type\":\"String\",\"Value\":\"é \\\"7\\\"\"}";
            let bits = "    \"bits\" : {\"Type\":\"Binary\",\"Value\":\"AP8=\"}";
            expected.replace(&format!("{text},\n{bits}"), &format!("{bits},\n{text}"))
        };
        // Of attributes the order is not documented.
        assert!(envelope == expected || envelope == other_order, "{envelope}\n{expected}");
    })
    .await;
}

#[tokio::test]
async fn a_fifo_topic_numbers_its_envelopes_and_does_not_sign_them() {
    with_topics_and_queues(async |sns, sqs| {
        let url = sqs.queue("queue.fifo", json!({ "FifoQueue": "true" })).await;
        let topic = sns.fifo_topic("orders.fifo", json!({})).await;
        let subscription = sns.subscribe(&topic, "queue.fifo", json!({})).await;
        let (id, number) = sns.publish_fifo(&topic, "g", "d", "hello").await;
        let expected = format!(
            "{{\n  \
             \"Type\" : \"Notification\",\n  \
             \"MessageId\" : \"{id}\",\n  \
             \"SequenceNumber\" : \"{number}\",\n  \
             \"TopicArn\" : \"{topic}\",\n  \
             \"Message\" : \"hello\",\n  \
             \"Timestamp\" : \"{START}\",\n  \
             \"UnsubscribeURL\" : \"Action=Unsubscribe&SubscriptionArn={subscription}\"\n\
             }}"
        );
        assert_eq!(masked(&take_body(sqs, &url).await), expected);
    })
    .await;
}

#[tokio::test]
async fn a_delivered_message_is_like_one_that_was_sent() {
    with_topics_and_queues(async |sns, sqs| {
        let topic = sns.topic("orders").await;
        for (name, raw) in [("raw", "true"), ("enveloped", "false")] {
            let url = sqs.queue(name, json!({})).await;
            sns.subscribe(&topic, name, json!({ "RawMessageDelivery": raw })).await;
            let published = sns.publish(&topic, "hellö").await;
            let received = take(sqs, &url).await;
            assert_ne!(received["MessageId"], published, "the queue gives ids of its own");
            let attributes = &received["Attributes"];
            assert_eq!(attributes["ApproximateReceiveCount"], "1");
            assert_eq!(attributes["SentTimestamp"], START_MS.to_string());
            assert_eq!(attributes["ApproximateFirstReceiveTimestamp"], START_MS.to_string());
            assert_eq!(attributes.get("MessageGroupId"), None);
            assert_eq!(attributes.get("AWSTraceHeader"), None);
            assert_eq!(received.get("MessageAttributes"), None);
            let body = json!({ "QueueUrl": url, "MessageBody": received["Body"] });
            let sent = sqs.ok("SendMessage", body).await;
            assert_eq!(received["MD5OfBody"], sent["MD5OfMessageBody"], "{name}");
            assert_eq!(received.get("MD5OfMessageAttributes"), None);
        }
    })
    .await;
}

#[tokio::test]
async fn queues_treat_what_is_delivered_as_they_treat_all() {
    with_topics_and_queues(async |sns, sqs| {
        let attributes = json!({ "DelaySeconds": "10", "MessageRetentionPeriod": "60" });
        let url = sqs.queue("queue", attributes).await;
        let topic = sns.topic("orders").await;
        sns.subscribe_raw(&topic, "queue", json!({})).await;
        sns.publish(&topic, "hello").await;
        assert_eq!(sqs.counts(&url).await, [0, 0, 1]);
        sqs.pass_seconds(10);
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
        sqs.pass_seconds(50);
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn whoever_waits_at_a_queue_gets_what_is_published() {
    with_topics_and_queues(async |sns, sqs| {
        let url = sqs.queue("queue", json!({})).await;
        let topic = sns.topic("orders").await;
        sns.subscribe_raw(&topic, "queue", json!({})).await;
        sqs.begin("ReceiveMessage", &json!({ "QueueUrl": url, "WaitTimeSeconds": 20 })).await;
        sqs.still_waits().await;
        sns.publish(&topic, "hello").await;
        let received = crate::harness::messages(&sqs.finish("ReceiveMessage").await.unwrap());
        assert_eq!(received[0]["Body"], "hello");
    })
    .await;
}

#[tokio::test]
async fn raw_delivery_is_switched_on_and_off() {
    with_topics_and_queues(async |sns, sqs| {
        let url = sqs.queue("queue", json!({})).await;
        let topic = sns.topic("orders").await;
        let subscription = sns.subscribe(&topic, "queue", json!({})).await;
        for raw in ["true", "false", "true"] {
            sns.set_subscription(&subscription, "RawMessageDelivery", raw).await;
            sns.publish(&topic, "hello").await;
            assert_eq!(take_body(sqs, &url).await == "hello", raw == "true");
        }
    })
    .await;
}

#[tokio::test]
async fn envelopes_of_several_queues_differ_in_their_links_only() {
    with_topics_and_queues(async |sns, sqs| {
        let topic = sns.topic("orders").await;
        let mut found = Vec::new();
        for name in ["a", "b"] {
            let url = sqs.queue(name, json!({})).await;
            found.push((url, sns.subscribe(&topic, name, json!({})).await));
        }
        sns.publish(&topic, "hello").await;
        let mut bodies = Vec::new();
        for (url, subscription) in &found {
            let body = take_body(sqs, url).await;
            assert_eq!(body.matches(subscription.as_str()).count(), 1, "{body}");
            bodies.push(body.replace(subscription, "SUBSCRIPTION"));
        }
        assert_eq!(bodies[0], bodies[1]);
    })
    .await;
}

#[tokio::test]
async fn an_envelope_around_the_largest_message_fits_its_queue() {
    with_topics_and_queues(async |sns, sqs| {
        let url = sqs.queue("queue", json!({})).await;
        let topic = sns.topic("orders").await;
        sns.subscribe(&topic, "queue", json!({})).await;
        let message = "\"".repeat(262_144);
        sns.publish(&topic, &message).await;
        let envelope: Value = serde_json::from_str(&take_body(sqs, &url).await).unwrap();
        assert_eq!(envelope["Message"], message);
    })
    .await;
}
