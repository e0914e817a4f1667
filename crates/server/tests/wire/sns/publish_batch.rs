//! PublishBatch: what fails alone, and what fails the call.

use serde_json::{Value, json};

use crate::harness::{Sns, Sqs, is_uuid, with_topics_and_queues};

fn batch(topic: &str, entries: &[Value]) -> Value {
    json!({ "TopicArn": topic, "PublishBatchRequestEntries": entries })
}

fn entry(id: &str, message: &str) -> Value {
    json!({ "Id": id, "Message": message })
}

/// A topic with one queue that gets messages as they are.
async fn topic_and_queue(sns: &mut Sns, sqs: &mut Sqs) -> (String, String) {
    let url = sqs.queue("queue", json!({})).await;
    let topic = sns.topic("orders").await;
    sns.subscribe_raw(&topic, "queue", json!({})).await;
    (topic, url)
}

/// Asserts that a batch is refused as a whole: nothing of it arrives.
async fn fails(sns: &mut Sns, sqs: &mut Sqs, url: &str, input: Value, code: &str, text: &str) {
    let asked: String = input.to_string().chars().take(300).collect();
    sns.refused("PublishBatch", input).await.assert_is(code, text, &asked);
    assert_eq!(sqs.counts(url).await, [0, 0, 0], "{asked}");
}

#[tokio::test]
async fn a_batch_tells_of_each_message() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs).await;
        let longest = "i".repeat(80);
        let entries = [entry("a", "one"), entry("A-z_0", "two"), entry(&longest, "three")];
        let output = sns.ok("PublishBatch", batch(&topic, &entries)).await;
        assert_eq!(output["Failed"], json!([]));
        let successful = output["Successful"].as_array().unwrap();
        let ids: Vec<_> = successful.iter().map(|one| one["Id"].as_str().unwrap()).collect();
        assert_eq!(ids, ["a", "A-z_0", &longest]);
        for one in successful {
            assert!(is_uuid(one["MessageId"].as_str().unwrap().as_bytes()));
            assert_eq!(one.get("SequenceNumber"), None);
        }
        let mut bodies: Vec<_> =
            sqs.receive(&url).await.iter().map(|message| message["Body"].clone()).collect();
        bodies.sort_by_key(|body| body.as_str().unwrap().to_owned());
        assert_eq!(bodies, ["one", "three", "two"]);
    })
    .await;
}

#[tokio::test]
async fn each_message_of_a_batch_has_all_that_one_alone_can_have() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs).await;
        let attributes = json!({
            "text": { "DataType": "String", "StringValue": "é" },
            "bits": { "DataType": "Binary", "BinaryValue": "AP8=" },
        });
        let mut first = entry("1", "one");
        first["MessageAttributes"] = attributes.clone();
        first["MessageGroupId"] = json!("tenant");
        let mut second = entry("2", r#"{"default":"two","sqs":"for queues"}"#);
        second["MessageStructure"] = json!("json");
        second["Subject"] = json!("Tide");
        sns.ok("PublishBatch", batch(&topic, &[first, second])).await;
        let input = json!({
            "QueueUrl": url,
            "MaxNumberOfMessages": 10,
            "AttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        });
        let mut received = sqs.receive_with(input).await;
        received.sort_by_key(|message| message["Body"].as_str().unwrap().to_owned());
        assert_eq!(received[0]["Body"], "for queues");
        assert_eq!(received[0].get("MessageAttributes"), None);
        assert_eq!(received[1]["Body"], "one");
        assert_eq!(received[1]["MessageAttributes"], attributes);
        assert_eq!(received[1]["Attributes"]["MessageGroupId"], "tenant");
    })
    .await;
}

#[tokio::test]
async fn a_bad_message_fails_alone() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs).await;
        let mut subject = entry("subject", "m");
        subject["Subject"] = json!("two\nlines");
        let mut structure = entry("structure", "{}");
        structure["MessageStructure"] = json!("json");
        let entries = [entry("good", "m"), entry("empty", ""), subject, structure];
        let output = sns.ok("PublishBatch", batch(&topic, &entries)).await;
        assert_eq!(output["Successful"].as_array().unwrap().len(), 1);
        assert_eq!(output["Successful"][0]["Id"], "good");
        let failed = output["Failed"].as_array().unwrap();
        assert_eq!(failed.len(), 3);
        for (one, (id, text)) in failed.iter().zip([
            ("empty", "Invalid parameter: Empty message"),
            ("subject", "Invalid parameter: Subject"),
            (
                "structure",
                "Invalid parameter: Message Structure - No default entry in JSON message body",
            ),
        ]) {
            let expected = json!({
                "Id": id,
                "Code": "InvalidParameter",
                "Message": text,
                "SenderFault": "true",
            });
            assert_eq!(one, &expected);
        }
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_batch_of_bad_messages_succeeds_all_the_same() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs).await;
        let output = sns.ok("PublishBatch", batch(&topic, &[entry("1", "")])).await;
        assert_eq!(output["Successful"], json!([]));
        assert_eq!(output["Failed"].as_array().unwrap().len(), 1);
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn bad_attributes_fail_the_call() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs).await;
        let mut bad = entry("bad", "m");
        bad["MessageAttributes"] = json!({ "a": { "DataType": "String", "StringValue": "" } });
        let input = batch(&topic, &[entry("good", "m"), bad]);
        let text = "The message attribute 'a' must contain non-empty message attribute value for \
                    message attribute type 'String'.";
        fails(sns, sqs, &url, input, "ParameterValueInvalid", text).await;
    })
    .await;
}

#[tokio::test]
async fn missing_fifo_fields_fail_the_call() {
    with_topics_and_queues(async |sns, sqs| {
        let url = sqs.queue("queue.fifo", json!({ "FifoQueue": "true" })).await;
        let topic = sns.fifo_topic("orders.fifo", json!({})).await;
        sns.subscribe_raw(&topic, "queue.fifo", json!({})).await;
        let good = json!({
            "Id": "good",
            "Message": "m",
            "MessageGroupId": "g",
            "MessageDeduplicationId": "d",
        });
        for (missing, text) in [
            (
                "MessageGroupId",
                "Invalid parameter: The MessageGroupId parameter is required for FIFO topics",
            ),
            (
                "MessageDeduplicationId",
                "Invalid parameter: The topic should either have ContentBasedDeduplication \
                 enabled or MessageDeduplicationId provided explicitly",
            ),
        ] {
            let mut bad = good.clone();
            bad["Id"] = json!("bad");
            bad.as_object_mut().unwrap().remove(missing);
            let input = batch(&topic, &[good.clone(), bad]);
            fails(sns, sqs, &url, input, "InvalidParameter", text).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_deduplication_id_for_a_standard_topic_fails_the_call() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs).await;
        let mut bad = entry("bad", "m");
        bad["MessageDeduplicationId"] = json!("d");
        let input = batch(&topic, &[entry("good", "m"), bad]);
        fails(sns, sqs, &url, input, "InvalidParameter", "Invalid parameter: *").await;
    })
    .await;
}

#[tokio::test]
async fn a_batch_has_1_to_10_messages() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs).await;
        let entries: Vec<_> = (0..11).map(|i| entry(&i.to_string(), "m")).collect();
        let text = "The batch request contains more entries than permissible.";
        let input = batch(&topic, &entries);
        fails(sns, sqs, &url, input, "TooManyEntriesInBatchRequest", text).await;
        fails(sns, sqs, &url, batch(&topic, &[]), "ValidationError", "*").await;
        let output = sns.ok("PublishBatch", batch(&topic, &entries[..10])).await;
        assert_eq!(output["Successful"].as_array().unwrap().len(), 10);
    })
    .await;
}

#[tokio::test]
async fn ids_are_distinct_and_well_formed() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs).await;
        let twice = batch(&topic, &[entry("a", "1"), entry("b", "2"), entry("a", "3")]);
        let text = "Two or more batch entries in the request have the same Id.";
        fails(sns, sqs, &url, twice, "BatchEntryIdsNotDistinct", text).await;
        let of = "The Id of a batch entry in the batch request";
        for id in ["a b", "a.b", "ä", "a/b"] {
            let text = format!("{of} contains an impermissible character: {id}");
            let input = batch(&topic, &[entry("good", "1"), entry(id, "2")]);
            fails(sns, sqs, &url, input, "InvalidBatchEntryId", &text).await;
        }
        let long = "i".repeat(81);
        let text = format!("{of} is too long: {long}");
        let input = batch(&topic, &[entry("good", "1"), entry(&long, "2")]);
        fails(sns, sqs, &url, input, "InvalidBatchEntryId", &text).await;
    })
    .await;
}

#[tokio::test]
async fn a_batch_has_up_to_256_kibibytes_in_all() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs).await;
        let half = "m".repeat(131_072);
        let more = format!("{half}m");
        let text = "The length of all the messages put together is more than the limit.";
        let input = batch(&topic, &[entry("1", &half), entry("2", &more)]);
        fails(sns, sqs, &url, input, "BatchRequestTooLong", text).await;
        let output =
            sns.ok("PublishBatch", batch(&topic, &[entry("1", &half), entry("2", &half)])).await;
        assert_eq!(output["Successful"].as_array().unwrap().len(), 2);
        assert_eq!(sqs.counts(&url).await, [2, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_batch_says_what_it_misses() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs).await;
        let null = |path: &str| {
            format!(
                "1 validation error detected: Value null at '{path}' failed to satisfy \
                 constraint: Member must not be null"
            )
        };
        for (input, path) in [
            (batch(&topic, &[json!({ "Id": "1" })]), "publishBatchRequestEntries.1.member.message"),
            (
                batch(&topic, &[entry("1", "m"), json!({ "Message": "m" })]),
                "publishBatchRequestEntries.2.member.id",
            ),
            (json!({ "PublishBatchRequestEntries": [entry("1", "m")] }), "topicArn"),
        ] {
            fails(sns, sqs, &url, input, "ValidationError", &null(path)).await;
        }
    })
    .await;
}
