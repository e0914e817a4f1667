//! Message attributes: which there can be, and how queues see them.

use serde_json::{Value, json};

use crate::harness::{Sns, Sqs, with_topics_and_queues};

/// A topic with a queue that gets messages as they are, and one that gets them in an envelope.
async fn topic_and_queues(sns: &mut Sns, sqs: &mut Sqs) -> (String, [String; 2]) {
    let urls = [sqs.queue("raw", json!({})).await, sqs.queue("enveloped", json!({})).await];
    let topic = sns.topic("orders").await;
    sns.subscribe_raw(&topic, "raw", json!({})).await;
    sns.subscribe(&topic, "enveloped", json!({})).await;
    (topic, urls)
}

/// Takes one message with all its attributes.
async fn take(sqs: &mut Sqs, url: &str) -> Value {
    let input = json!({ "QueueUrl": url, "MessageAttributeNames": ["All"] });
    let mut received = sqs.receive_with(input).await;
    assert_eq!(received.len(), 1);
    sqs.delete(url, received[0]["ReceiptHandle"].clone()).await;
    received.remove(0)
}

fn message(topic: &str, attributes: &Value) -> Value {
    json!({ "TopicArn": topic, "Message": "m", "MessageAttributes": attributes })
}

#[tokio::test]
async fn attributes_become_those_of_a_raw_message() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, [raw, enveloped]) = topic_and_queues(sns, sqs).await;
        let attributes = json!({
            "text": { "DataType": "String", "StringValue": "é <&> \"" },
            "list": { "DataType": "String.Array", "StringValue": "[\"a\",1,true,null]" },
            "number": { "DataType": "Number", "StringValue": "-1.50" },
            "bits": { "DataType": "Binary", "BinaryValue": "AP8=" },
            "own.kind-of_9": { "DataType": "String.own", "StringValue": "x" },
            "money": { "DataType": "Number.money", "StringValue": "7" },
            "picture": { "DataType": "Binary.gif", "BinaryValue": "R0lG" },
        });
        sns.ok("Publish", message(&topic, &attributes)).await;
        let received = take(sqs, &raw).await;
        assert_eq!(received["Body"], "m");
        assert_eq!(received["MessageAttributes"], attributes);
        // In an envelope they are part of the body instead.
        let received = take(sqs, &enveloped).await;
        assert_eq!(received.get("MessageAttributes"), None);
        assert_eq!(received.get("MD5OfMessageAttributes"), None);
        let envelope: Value = serde_json::from_str(received["Body"].as_str().unwrap()).unwrap();
        let mut expected = json!({});
        for (name, attribute) in attributes.as_object().unwrap() {
            let value = attribute.get("StringValue").unwrap_or(&attribute["BinaryValue"]);
            expected[name] = json!({ "Type": attribute["DataType"], "Value": value });
        }
        assert_eq!(envelope["MessageAttributes"], expected);
    })
    .await;
}

#[tokio::test]
async fn the_digest_of_raw_attributes_is_that_of_sqs() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, [raw, _]) = topic_and_queues(sns, sqs).await;
        let attributes = json!({
            "b": { "DataType": "Number", "StringValue": "7" },
            "a": { "DataType": "String", "StringValue": "x" },
            "c": { "DataType": "Binary", "BinaryValue": "AP8=" },
        });
        sns.ok("Publish", message(&topic, &attributes)).await;
        let published = take(sqs, &raw).await;
        let sent = json!({ "QueueUrl": raw, "MessageBody": "m", "MessageAttributes": attributes });
        let sent = sqs.ok("SendMessage", sent).await;
        assert_eq!(published["MD5OfBody"], sent["MD5OfMessageBody"]);
        assert_eq!(published["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"]);
    })
    .await;
}

#[tokio::test]
async fn attributes_that_cannot_be_are_refused() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, urls) = topic_and_queues(sns, sqs).await;
        let string = |value: &str| json!({ "DataType": "String", "StringValue": value });
        let kind = |data_type: &str| json!({ "DataType": data_type, "StringValue": "x" });
        let empty = |data_type: &str| {
            format!(
                "The message attribute 'a' must contain non-empty message attribute value for \
                 message attribute type '{data_type}'."
            )
        };
        let no_kind = "The message attribute 'a' has an invalid message attribute type, the set of \
                       supported type prefixes is Binary, Number, and String.";
        let field = |data_type: &str, field: &str| {
            format!("The message attribute 'a' with type '{data_type}' must use field '{field}'.")
        };
        let character = |code: &str| {
            format!(
                "Invalid non-alphanumeric character '#x{code}' was found in the message attribute \
                 name. Can only include alphanumeric characters, hyphens, underscores, or dots."
            )
        };
        let at = |end: &str| {
            format!("Invalid message attribute name {end} with character '.' was found.")
        };
        let length = "Length of message attribute name must be less than 256 bytes.";
        let binary = json!({ "DataType": "Binary", "StringValue": "x" });
        let cases = [
            ("a", string(""), empty("String")),
            ("a", json!({ "DataType": "String" }), empty("String")),
            ("a", json!({ "DataType": "Number", "StringValue": "" }), empty("Number")),
            ("a", json!({ "DataType": "Binary", "BinaryValue": "" }), empty("Binary")),
            ("a", kind("Text"), no_kind.into()),
            ("a", kind("string"), no_kind.into()),
            ("a", kind("Stringy"), no_kind.into()),
            ("a", kind(""), no_kind.into()),
            ("a", binary, field("Binary", "Binary")),
            (
                "a",
                json!({ "DataType": "String", "BinaryValue": "AP8=" }),
                field("String", "String"),
            ),
            (
                "a",
                json!({ "DataType": "Number", "BinaryValue": "AP8=" }),
                field("Number", "String"),
            ),
            ("a^b", string("x"), character("5E")),
            ("a b", string("x"), character("20")),
            (".a", string("x"), at("starting")),
            ("a.", string("x"), at("ending")),
            (
                "a..b",
                string("x"),
                "Message attribute name can not have successive '.' character.".into(),
            ),
            (&"n".repeat(257), string("x"), length.into()),
        ];
        for (name, attribute, text) in &cases {
            let input = message(&topic, &json!({ *name: attribute }));
            let refusal = sns.refused("Publish", input).await;
            refusal.assert_is("ParameterValueInvalid", text, &format!("{name} {attribute}"));
        }
        let input = message(&topic, &json!({ "a": { "StringValue": "x" } }));
        assert_eq!(sns.refused("Publish", input).await.code, "ValidationError");
        for url in &urls {
            assert_eq!(sqs.counts(url).await, [0, 0, 0]);
        }
    })
    .await;
}

#[tokio::test]
async fn one_bad_attribute_among_good_ones_refuses_the_message() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, urls) = topic_and_queues(sns, sqs).await;
        let attributes = json!({
            "good": { "DataType": "String", "StringValue": "x" },
            "bad": { "DataType": "Number", "StringValue": "seven" },
        });
        let refusal = sns.refused("Publish", message(&topic, &attributes)).await;
        assert_eq!(refusal.code, "ParameterValueInvalid");
        for url in &urls {
            assert_eq!(sqs.counts(url).await, [0, 0, 0]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_raw_message_has_up_to_10_attributes() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, [raw, enveloped]) = topic_and_queues(sns, sqs).await;
        let attributes = |count: usize| -> Value {
            let names = (0..count).map(|i| format!("a{i}"));
            names.map(|name| (name, json!({ "DataType": "String", "StringValue": "x" }))).collect()
        };
        sns.ok("Publish", message(&topic, &attributes(10))).await;
        assert_eq!(take(sqs, &raw).await["MessageAttributes"], attributes(10));
        take(sqs, &enveloped).await;
        // One more is too many for the queue that gets it raw, not for an envelope.
        sns.ok("Publish", message(&topic, &attributes(11))).await;
        assert_eq!(sqs.counts(&raw).await, [0, 0, 0]);
        let body = take(sqs, &enveloped).await["Body"].take();
        let envelope: Value = serde_json::from_str(body.as_str().unwrap()).unwrap();
        assert_eq!(envelope["MessageAttributes"].as_object().unwrap().len(), 11);
    })
    .await;
}

#[tokio::test]
async fn names_that_mean_something_to_other_protocols_are_allowed() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, [_, enveloped]) = topic_and_queues(sns, sqs).await;
        let name = "AWS.SNS.SMS.SMSType";
        let attributes = json!({ name: { "DataType": "String", "StringValue": "Transactional" } });
        sns.ok("Publish", message(&topic, &attributes)).await;
        let body = take(sqs, &enveloped).await["Body"].take();
        let envelope: Value = serde_json::from_str(body.as_str().unwrap()).unwrap();
        assert_eq!(envelope["MessageAttributes"][name]["Value"], "Transactional");
    })
    .await;
}

#[tokio::test]
async fn a_name_has_up_to_256_characters() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, [raw, _]) = topic_and_queues(sns, sqs).await;
        let longest = "n".repeat(256);
        let attributes = json!({ longest.as_str(): { "DataType": "String", "StringValue": "x" } });
        sns.ok("Publish", message(&topic, &attributes)).await;
        assert_eq!(take(sqs, &raw).await["MessageAttributes"], attributes);
    })
    .await;
}
