//! FIFO topics: what counts as the same message, and for how long.

use serde_json::{Value, json};

use crate::harness::{Sns, Sqs, with_topics_and_queues};

/// A topic with one FIFO queue, which gets messages as they are and tells no duplicates by itself.
async fn topic_and_queue(sns: &mut Sns, sqs: &mut Sqs, topic: Value) -> (String, String) {
    let attributes = json!({
        "FifoQueue": "true",
        "DeduplicationScope": "messageGroup",
        "FifoThroughputLimit": "perMessageGroupId",
    });
    let url = sqs.queue("queue.fifo", attributes).await;
    let topic = sns.fifo_topic("orders.fifo", topic).await;
    sns.subscribe_raw(&topic, "queue.fifo", json!({})).await;
    (topic, url)
}

/// How many messages wait in a queue.
async fn waiting(sqs: &mut Sqs, url: &str) -> u64 {
    sqs.counts(url).await[0]
}

#[tokio::test]
async fn a_duplicate_is_accepted_and_not_delivered() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs, json!({})).await;
        sns.publish_fifo(&topic, "g", "d", "first").await;
        // Whatever its text, and its group: the topic is one scope.
        sns.publish_fifo(&topic, "g", "d", "first").await;
        sns.publish_fifo(&topic, "g", "d", "second").await;
        sns.publish_fifo(&topic, "other", "d", "third").await;
        assert_eq!(waiting(sqs, &url).await, 1);
        sns.publish_fifo(&topic, "g", "D", "fourth").await;
        assert_eq!(waiting(sqs, &url).await, 2);
        assert_eq!(sqs.receive(&url).await[0]["Body"], "first");
    })
    .await;
}

#[tokio::test]
async fn an_id_is_remembered_for_five_minutes_from_the_first_message() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs, json!({})).await;
        sns.publish_fifo(&topic, "g", "d", "m").await;
        sns.pass_ms(299_999);
        sns.publish_fifo(&topic, "g", "d", "m").await;
        assert_eq!(waiting(sqs, &url).await, 1);
        sns.pass_ms(1);
        sns.publish_fifo(&topic, "g", "d", "m").await;
        assert_eq!(waiting(sqs, &url).await, 2);
    })
    .await;
}

#[tokio::test]
async fn each_group_may_have_ids_of_its_own() {
    with_topics_and_queues(async |sns, sqs| {
        let scope = json!({ "FifoThroughputScope": "MessageGroup" });
        let (topic, url) = topic_and_queue(sns, sqs, scope).await;
        sns.publish_fifo(&topic, "a", "d", "m").await;
        sns.publish_fifo(&topic, "b", "d", "m").await;
        sns.publish_fifo(&topic, "a", "d", "m").await;
        assert_eq!(waiting(sqs, &url).await, 2);
    })
    .await;
}

#[tokio::test]
async fn messages_of_the_same_text_are_the_same_where_content_decides() {
    with_topics_and_queues(async |sns, sqs| {
        let content = json!({ "ContentBasedDeduplication": "true" });
        let (topic, url) = topic_and_queue(sns, sqs, content).await;
        let publish = |message: &str, value: &str| {
            json!({
                "TopicArn": topic,
                "Message": message,
                "MessageGroupId": "g",
                "MessageAttributes": { "a": { "DataType": "String", "StringValue": value } },
            })
        };
        // Attributes are no part of the content.
        for (message, value) in [("hello", "1"), ("hello", "2"), ("Hello", "1")] {
            sns.ok("Publish", publish(message, value)).await;
        }
        let input =
            json!({ "QueueUrl": url, "MaxNumberOfMessages": 10, "AttributeNames": ["All"] });
        let received = sqs.receive_with(input).await;
        let ids: Vec<_> = received
            .iter()
            .map(|message| message["Attributes"]["MessageDeduplicationId"].as_str().unwrap())
            .collect();
        // SHA-256 of the texts.
        let hello = "2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824";
        let capital = "185f8db32271fe25f561a6fc938b2e264306ec304eda518007d1764826381969";
        assert_eq!(ids, [hello, capital]);
    })
    .await;
}

#[tokio::test]
async fn an_id_that_is_told_counts_more_than_the_content() {
    with_topics_and_queues(async |sns, sqs| {
        let content = json!({ "ContentBasedDeduplication": "true" });
        let (topic, url) = topic_and_queue(sns, sqs, content).await;
        sns.publish_fifo(&topic, "g", "1", "m").await;
        sns.publish_fifo(&topic, "g", "2", "m").await;
        assert_eq!(waiting(sqs, &url).await, 2);
        let by_content = json!({ "TopicArn": topic, "Message": "m", "MessageGroupId": "g" });
        sns.ok("Publish", by_content).await;
        assert_eq!(waiting(sqs, &url).await, 3);
    })
    .await;
}

#[tokio::test]
async fn without_content_or_id_a_message_is_refused() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs, json!({})).await;
        let input = json!({ "TopicArn": topic, "Message": "m", "MessageGroupId": "g" });
        let text = "Invalid parameter: The topic should either have ContentBasedDeduplication \
                    enabled or MessageDeduplicationId provided explicitly";
        let refusal = sns.refused("Publish", input.clone()).await;
        refusal.assert_is("InvalidParameter", text, "no id");
        assert_eq!(waiting(sqs, &url).await, 0);
        sns.set_topic(&topic, "ContentBasedDeduplication", "true").await;
        sns.ok("Publish", input).await;
        assert_eq!(waiting(sqs, &url).await, 1);
    })
    .await;
}

#[tokio::test]
async fn the_queue_need_not_know_of_content() {
    with_topics_and_queues(async |sns, sqs| {
        let url = sqs.queue("queue.fifo", json!({ "FifoQueue": "true" })).await;
        let content = json!({ "ContentBasedDeduplication": "true" });
        let topic = sns.fifo_topic("orders.fifo", content).await;
        // Envelopes of the same text differ, and are the same message all the same.
        sns.subscribe(&topic, "queue.fifo", json!({})).await;
        let input = json!({ "TopicArn": topic, "Message": "m", "MessageGroupId": "g" });
        sns.ok("Publish", input.clone()).await;
        sns.pass_seconds(1);
        sns.ok("Publish", input).await;
        assert_eq!(waiting(sqs, &url).await, 1);
    })
    .await;
}

#[tokio::test]
async fn duplicates_within_a_batch_are_delivered_once() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs, json!({})).await;
        let entry = |id: &str, deduplication: &str| {
            json!({
                "Id": id,
                "Message": id,
                "MessageGroupId": "g",
                "MessageDeduplicationId": deduplication,
            })
        };
        let entries = [entry("a", "1"), entry("b", "1"), entry("c", "2")];
        let input = json!({ "TopicArn": topic, "PublishBatchRequestEntries": entries });
        let output = sns.ok("PublishBatch", input).await;
        assert_eq!(output["Successful"].as_array().unwrap().len(), 3);
        let received = sqs.receive(&url).await;
        let bodies: Vec<_> = received.iter().map(|message| &message["Body"]).collect();
        assert_eq!(bodies, ["a", "c"]);
    })
    .await;
}

#[tokio::test]
async fn a_refused_message_does_not_use_up_its_id() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs, json!({})).await;
        let bad = json!({
            "TopicArn": topic,
            "Message": "",
            "MessageGroupId": "g",
            "MessageDeduplicationId": "d",
        });
        sns.refused("Publish", bad).await;
        sns.publish_fifo(&topic, "g", "d", "m").await;
        assert_eq!(waiting(sqs, &url).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_subscribes_later_gets_no_duplicate_either() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, _) = topic_and_queue(sns, sqs, json!({})).await;
        sns.publish_fifo(&topic, "g", "d", "m").await;
        let late = sqs.queue("late.fifo", json!({ "FifoQueue": "true" })).await;
        sns.subscribe_raw(&topic, "late.fifo", json!({})).await;
        sns.publish_fifo(&topic, "g", "d", "m").await;
        assert_eq!(waiting(sqs, &late).await, 0);
    })
    .await;
}
