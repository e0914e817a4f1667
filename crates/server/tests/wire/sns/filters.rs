//! Filter policies: which messages reach a queue, and how a policy comes and goes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Sns, Sqs, with_topics_and_queues};

/// A message, and whether it reaches a queue.
pub type Judged = (Value, bool);

/// Message attributes in short: texts are strings, numbers are numbers, arrays are `String.Array`,
/// and `{"Binary": "AP8="}` is what it says.
pub fn attributes(short: &Value) -> Value {
    let mut attributes = json!({});
    for (name, value) in short.as_object().unwrap() {
        attributes[name] = match value {
            Value::String(text) => json!({ "DataType": "String", "StringValue": text }),
            Value::Number(number) => {
                json!({ "DataType": "Number", "StringValue": number.to_string() })
            }
            Value::Array(_) => {
                json!({ "DataType": "String.Array", "StringValue": value.to_string() })
            }
            Value::Object(fields) if fields.contains_key("Binary") => {
                json!({ "DataType": "Binary", "BinaryValue": fields["Binary"] })
            }
            other => other.clone(),
        };
    }
    attributes
}

/// Receives and deletes all that is in a queue; the bodies, sorted.
pub async fn drain(sqs: &mut Sqs, url: &str) -> Vec<String> {
    let mut bodies = Vec::new();
    loop {
        let received = sqs.receive(url).await;
        if received.is_empty() {
            bodies.sort_unstable();
            return bodies;
        }
        for message in received {
            sqs.delete(url, message["ReceiptHandle"].clone()).await;
            bodies.push(message["Body"].as_str().unwrap().to_owned());
        }
    }
}

/// Asserts of each policy which messages it lets through. `input` makes a message from what stands
/// in the table, and from a number that tells it from the others.
pub async fn assert_filters(
    scope: &str,
    table: &[(&str, &[Judged])],
    input: impl Fn(&Value, usize) -> Value,
) {
    with_topics_and_queues(async |sns, sqs| {
        for (i, (policy, messages)) in table.iter().enumerate() {
            let (topic, queue) = (sns.topic(&format!("t{i}")).await, format!("q{i}"));
            let url = sqs.queue(&queue, json!({})).await;
            let filter = json!({ "FilterPolicy": policy, "FilterPolicyScope": scope });
            sns.subscribe(&topic, &queue, filter).await;
            let mut expected = BTreeMap::new();
            for (number, (message, matches)) in messages.iter().enumerate() {
                let mut input = input(message, number);
                input["TopicArn"] = json!(topic);
                let id = sns.ok("Publish", input).await["MessageId"].take();
                expected.insert(id.as_str().unwrap().to_owned(), (message, *matches));
            }
            for envelope in drain(sqs, &url).await {
                let envelope: Value = serde_json::from_str(&envelope).unwrap();
                let id = envelope["MessageId"].as_str().unwrap();
                let (message, matches) = expected.remove(id).unwrap();
                assert!(matches, "{policy} lets {message} through");
            }
            let missed = expected.values().find(|(_, matches)| *matches);
            assert_eq!(missed, None, "{policy} does not let it through");
        }
    })
    .await;
}

/// A topic with one queue that gets what a policy lets through.
async fn filtered(sns: &mut Sns, sqs: &mut Sqs, policy: &str) -> [String; 3] {
    let url = sqs.queue("queue", json!({})).await;
    let topic = sns.topic("orders").await;
    let filter = json!({ "FilterPolicy": policy });
    let subscription = sns.subscribe_raw(&topic, "queue", filter).await;
    [topic, url, subscription]
}

async fn publish(sns: &mut Sns, topic: &str, message: &str, short: Value) {
    let attributes = attributes(&short);
    let input = json!({ "TopicArn": topic, "Message": message, "MessageAttributes": attributes });
    sns.ok("Publish", input).await;
}

#[tokio::test]
async fn a_policy_that_is_set_later_is_for_what_is_published_then() {
    with_topics_and_queues(async |sns, sqs| {
        let [topic, url, subscription] = filtered(sns, sqs, r#"{"sea":["north"]}"#).await;
        publish(sns, &topic, "1", json!({ "sea": "south" })).await;
        sns.set_subscription(&subscription, "FilterPolicy", r#"{"sea":["south"]}"#).await;
        publish(sns, &topic, "2", json!({ "sea": "south" })).await;
        publish(sns, &topic, "3", json!({ "sea": "north" })).await;
        for nothing in ["{}", ""] {
            sns.set_subscription(&subscription, "FilterPolicy", r#"{"sea":["east"]}"#).await;
            publish(sns, &topic, "4", json!({ "sea": "south" })).await;
            sns.set_subscription(&subscription, "FilterPolicy", nothing).await;
            publish(sns, &topic, "5", json!({})).await;
        }
        assert_eq!(drain(sqs, &url).await, ["2", "5", "5"]);
    })
    .await;
}

#[tokio::test]
async fn each_subscription_has_its_own_policy() {
    with_topics_and_queues(async |sns, sqs| {
        let topic = sns.topic("orders").await;
        let mut urls = Vec::new();
        for (name, policy) in [
            ("north", r#"{"sea":["north"]}"#),
            ("south", r#"{"sea":["south"]}"#),
            ("both", r#"{"sea":["north","south"]}"#),
            ("all", "{}"),
        ] {
            urls.push(sqs.queue(name, json!({})).await);
            sns.subscribe_raw(&topic, name, json!({ "FilterPolicy": policy })).await;
        }
        for sea in ["north", "south", "east"] {
            publish(sns, &topic, sea, json!({ "sea": sea })).await;
        }
        publish(sns, &topic, "none", json!({})).await;
        for (url, expected) in urls.iter().zip([
            &["north"][..],
            &["south"],
            &["north", "south"],
            &["east", "none", "north", "south"],
        ]) {
            assert_eq!(drain(sqs, url).await, expected);
        }
    })
    .await;
}

#[tokio::test]
async fn messages_of_a_batch_are_filtered_one_by_one() {
    with_topics_and_queues(async |sns, sqs| {
        let [topic, url, _] = filtered(sns, sqs, r#"{"sea":["north"]}"#).await;
        let entries: Vec<_> = ["north", "south", "north"]
            .iter()
            .enumerate()
            .map(|(i, sea)| {
                json!({
                    "Id": i.to_string(),
                    "Message": i.to_string(),
                    "MessageAttributes": attributes(&json!({ "sea": sea })),
                })
            })
            .collect();
        let input = json!({ "TopicArn": topic, "PublishBatchRequestEntries": entries });
        let output = sns.ok("PublishBatch", input).await;
        assert_eq!(output["Successful"].as_array().unwrap().len(), 3);
        assert_eq!(drain(sqs, &url).await, ["0", "2"]);
    })
    .await;
}

#[tokio::test]
async fn the_scope_can_be_changed() {
    with_topics_and_queues(async |sns, sqs| {
        let [topic, url, subscription] = filtered(sns, sqs, r#"{"sea":["north"]}"#).await;
        let body = r#"{"sea":"north"}"#;
        publish(sns, &topic, "1", json!({ "sea": "north" })).await;
        publish(sns, &topic, body, json!({ "sea": "south" })).await;
        assert_eq!(drain(sqs, &url).await, ["1"]);
        sns.set_subscription(&subscription, "FilterPolicyScope", "MessageBody").await;
        publish(sns, &topic, "1", json!({ "sea": "north" })).await;
        publish(sns, &topic, body, json!({ "sea": "south" })).await;
        assert_eq!(drain(sqs, &url).await, [body]);
    })
    .await;
}

#[tokio::test]
async fn a_filter_looks_at_the_text_of_its_protocol() {
    with_topics_and_queues(async |sns, sqs| {
        let url = sqs.queue("queue", json!({})).await;
        let topic = sns.topic("orders").await;
        let filter =
            json!({ "FilterPolicy": r#"{"sea":["north"]}"#, "FilterPolicyScope": "MessageBody" });
        sns.subscribe_raw(&topic, "queue", filter).await;
        let (north, south) = (r#"{"sea":"north"}"#, r#"{"sea":"south"}"#);
        for message in [
            json!({ "default": north }),
            json!({ "default": south }),
            json!({ "default": south, "sqs": north }),
            json!({ "default": north, "sqs": south }),
        ] {
            let message = message.to_string();
            let input =
                json!({ "TopicArn": topic, "Message": message, "MessageStructure": "json" });
            sns.ok("Publish", input).await;
        }
        assert_eq!(drain(sqs, &url).await, [north, north]);
    })
    .await;
}

#[tokio::test]
async fn what_a_filter_keeps_out_is_no_dead_letter() {
    with_topics_and_queues(async |sns, sqs| {
        let [topic, url, subscription] = filtered(sns, sqs, r#"{"sea":["north"]}"#).await;
        let dead = sqs.queue("dead", json!({})).await;
        let redrive = json!({ "deadLetterTargetArn": crate::harness::queue_arn("dead") });
        sns.set_subscription(&subscription, "RedrivePolicy", &redrive.to_string()).await;
        publish(sns, &topic, "1", json!({ "sea": "south" })).await;
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
        assert_eq!(sqs.counts(&dead).await, [0, 0, 0]);
    })
    .await;
}
