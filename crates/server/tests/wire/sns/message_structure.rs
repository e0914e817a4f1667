//! MessageStructure: another text for each protocol.

use serde_json::{Value, json};

use crate::harness::{Sns, Sqs, with_topics_and_queues};

fn structured(topic: &str, message: &str) -> Value {
    json!({ "TopicArn": topic, "Message": message, "MessageStructure": "json" })
}

/// A topic with a queue that gets messages as they are, and one that gets them in an envelope.
async fn topic_and_queues(sns: &mut Sns, sqs: &mut Sqs) -> (String, [String; 2]) {
    let urls = [sqs.queue("raw", json!({})).await, sqs.queue("enveloped", json!({})).await];
    let topic = sns.topic("orders").await;
    sns.subscribe_raw(&topic, "raw", json!({})).await;
    sns.subscribe(&topic, "enveloped", json!({})).await;
    (topic, urls)
}

/// Takes one message's text out of each queue.
async fn texts(sqs: &mut Sqs, [raw, enveloped]: &[String; 2]) -> [String; 2] {
    let mut bodies = Vec::new();
    for url in [raw, enveloped] {
        let received = sqs.receive(url).await;
        assert_eq!(received.len(), 1);
        sqs.delete(url, received[0]["ReceiptHandle"].clone()).await;
        bodies.push(received[0]["Body"].as_str().unwrap().to_owned());
    }
    let envelope: Value = serde_json::from_str(&bodies[1]).unwrap();
    [bodies.swap_remove(0), envelope["Message"].as_str().unwrap().to_owned()]
}

#[tokio::test]
async fn a_queue_gets_its_own_text_or_else_the_default() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, urls) = topic_and_queues(sns, sqs).await;
        for (message, text) in [
            (r#"{"default":"all"}"#, "all"),
            (r#"{"default":"all","sqs":"queues"}"#, "queues"),
            (r#"{"sqs":"queues","default":"all"}"#, "queues"),
            (r#"{"default":"all","http":"web","email":"mail"}"#, "all"),
            (r#"{"default":"all","SQS":"other case"}"#, "all"),
            // Keys that mean nothing, and values that are no text, are ignored.
            (r#"{"default":"all","pigeon":"x","sqs":7}"#, "all"),
            (r#"{"default":"all","sqs":{"a":1}}"#, "all"),
            (r#"{"default":"all","sqs":null}"#, "all"),
            (r#"{"default":"{\"a\":\"é\"}"}"#, r#"{"a":"é"}"#),
            // The last of several counts.
            (r#"{"default":"first","default":"last"}"#, "last"),
            ("  {\"default\" : \"all\"}\n", "all"),
        ] {
            sns.ok("Publish", structured(&topic, message)).await;
            assert_eq!(texts(sqs, &urls).await, [text, text], "{message}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_structure_has_a_default() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, urls) = topic_and_queues(sns, sqs).await;
        let no_default =
            "Invalid parameter: Message Structure - No default entry in JSON message body";
        let no_json = "Invalid parameter: Message Structure - JSON message body failed to parse";
        for (message, text) in [
            ("{}", no_default),
            (r#"{"sqs":"queues"}"#, no_default),
            (r#"{"Default":"all"}"#, no_default),
            (r#"{"default":7}"#, no_default),
            (r#"{"default":{"a":1}}"#, no_default),
            (r#"{"default":null}"#, no_default),
            ("hello", no_json),
            (r#"{"default":"all""#, no_json),
            (r#"{'default':'all'}"#, no_json),
        ] {
            let refusal = sns.refused("Publish", structured(&topic, message)).await;
            refusal.assert_is("InvalidParameter", text, message);
        }
        for url in &urls {
            assert_eq!(sqs.counts(url).await, [0, 0, 0]);
        }
    })
    .await;
}

#[tokio::test]
async fn json_is_the_only_structure() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, urls) = topic_and_queues(sns, sqs).await;
        for structure in ["xml", "JSON", ""] {
            let mut input = structured(&topic, r#"{"default":"all"}"#);
            input["MessageStructure"] = json!(structure);
            let refusal = sns.refused("Publish", input).await;
            refusal.assert_is("InvalidParameter", "Invalid parameter: *", structure);
        }
        for url in &urls {
            assert_eq!(sqs.counts(url).await, [0, 0, 0]);
        }
    })
    .await;
}

#[tokio::test]
async fn without_the_word_a_message_is_a_text_whatever_it_looks_like() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, urls) = topic_and_queues(sns, sqs).await;
        let message = r#"{"default":"all","sqs":"queues"}"#;
        sns.publish(&topic, message).await;
        assert_eq!(texts(sqs, &urls).await, [message, message]);
    })
    .await;
}
