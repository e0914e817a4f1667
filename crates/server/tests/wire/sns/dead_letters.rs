//! Dead-letter queues of subscriptions: what cannot be delivered goes there as it would have been.

use serde_json::{Value, json};

use crate::harness::{Sns, Sqs, queue_arn, with, with_topics_and_queues};

fn redrive(queue: &str) -> Value {
    json!({ "RedrivePolicy": json!({ "deadLetterTargetArn": queue_arn(queue) }).to_string() })
}

/// Takes one message with all that can be known of it.
async fn take(sqs: &mut Sqs, url: &str) -> Value {
    let input =
        json!({ "QueueUrl": url, "AttributeNames": ["All"], "MessageAttributeNames": ["All"] });
    let mut received = sqs.receive_with(input).await;
    assert_eq!(received.len(), 1);
    sqs.delete(url, received[0]["ReceiptHandle"].clone()).await;
    received.remove(0)
}

const ATTRIBUTES: &str = r#"{
    "text": { "DataType": "String", "StringValue": "é" },
    "bits": { "DataType": "Binary", "BinaryValue": "AP8=" }
}"#;

async fn publish(sns: &mut Sns, topic: &str) -> String {
    let attributes: Value = serde_json::from_str(ATTRIBUTES).unwrap();
    let input = json!({ "TopicArn": topic, "Message": "hello", "MessageAttributes": attributes });
    sns.ok("Publish", input).await["MessageId"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_raw_message_for_a_queue_that_is_gone_is_a_dead_letter() {
    with_topics_and_queues(async |sns, sqs| {
        let (gone, dead) = (sqs.queue("gone", json!({})).await, sqs.queue("dead", json!({})).await);
        let topic = sns.topic("orders").await;
        sns.subscribe_raw(&topic, "gone", redrive("dead")).await;
        publish(sns, &topic).await;
        assert_eq!(sqs.counts(&gone).await, [1, 0, 0]);
        assert_eq!(sqs.counts(&dead).await, [0, 0, 0]);
        sqs.ok("DeleteQueue", json!({ "QueueUrl": gone })).await;
        publish(sns, &topic).await;
        let letter = take(sqs, &dead).await;
        assert_eq!(letter["Body"], "hello");
        let attributes: Value = serde_json::from_str(ATTRIBUTES).unwrap();
        assert_eq!(letter["MessageAttributes"], attributes);
        assert_eq!(letter["Attributes"]["ApproximateReceiveCount"], "1");
    })
    .await;
}

#[tokio::test]
async fn an_enveloped_message_stays_in_its_envelope() {
    with_topics_and_queues(async |sns, sqs| {
        let dead = sqs.queue("dead", json!({})).await;
        let topic = sns.topic("orders").await;
        let subscription = sns.subscribe(&topic, "never", redrive("dead")).await;
        let id = publish(sns, &topic).await;
        let letter = take(sqs, &dead).await;
        assert_eq!(letter.get("MessageAttributes"), None);
        let envelope: Value = serde_json::from_str(letter["Body"].as_str().unwrap()).unwrap();
        assert_eq!(envelope["Type"], "Notification");
        assert_eq!(envelope["MessageId"], id);
        assert_eq!(envelope["Message"], "hello");
        assert_eq!(envelope["MessageAttributes"]["text"]["Value"], "é");
        let link = envelope["UnsubscribeURL"].as_str().unwrap();
        assert!(link.ends_with(&subscription), "{link}");
    })
    .await;
}

#[tokio::test]
async fn without_a_dead_letter_queue_the_message_is_lost_to_that_queue_alone() {
    with_topics_and_queues(async |sns, sqs| {
        let there = sqs.queue("there", json!({})).await;
        let topic = sns.topic("orders").await;
        sns.subscribe_raw(&topic, "never", json!({})).await;
        sns.subscribe_raw(&topic, "there", json!({})).await;
        // One whose dead-letter queue is not there either.
        sns.subscribe_raw(&topic, "nowhere", redrive("no-dead")).await;
        publish(sns, &topic).await;
        assert_eq!(sqs.counts(&there).await, [1, 0, 0]);
        // What is created later does not get it.
        let never = sqs.queue("never", json!({})).await;
        assert_eq!(sqs.counts(&never).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_is_back_gets_messages_again() {
    with_topics_and_queues(async |sns, sqs| {
        let (url, dead) = (sqs.queue("queue", json!({})).await, sqs.queue("dead", json!({})).await);
        let topic = sns.topic("orders").await;
        sns.subscribe_raw(&topic, "queue", redrive("dead")).await;
        sqs.ok("DeleteQueue", json!({ "QueueUrl": url })).await;
        sns.publish(&topic, "1").await;
        sqs.pass_seconds(60);
        sqs.queue("queue", json!({})).await;
        sns.publish(&topic, "2").await;
        assert_eq!(take(sqs, &url).await["Body"], "2");
        assert_eq!(take(sqs, &dead).await["Body"], "1");
    })
    .await;
}

#[tokio::test]
async fn a_fifo_dead_letter_keeps_its_group_its_id_and_its_order() {
    with_topics_and_queues(async |sns, sqs| {
        let dead = sqs.queue("dead.fifo", json!({ "FifoQueue": "true" })).await;
        let topic = sns.fifo_topic("orders.fifo", json!({})).await;
        sns.subscribe_raw(&topic, "never.fifo", redrive("dead.fifo")).await;
        for id in ["1", "2", "3"] {
            sns.publish_fifo(&topic, "g", id, id).await;
        }
        for id in ["1", "2", "3"] {
            let letter = take(sqs, &dead).await;
            assert_eq!(letter["Body"], id);
            assert_eq!(letter["Attributes"]["MessageGroupId"], "g");
            assert_eq!(letter["Attributes"]["MessageDeduplicationId"], id);
        }
    })
    .await;
}

#[tokio::test]
async fn a_raw_message_with_too_many_attributes_is_a_dead_letter() {
    with_topics_and_queues(async |sns, sqs| {
        let (url, dead) = (sqs.queue("queue", json!({})).await, sqs.queue("dead", json!({})).await);
        let topic = sns.topic("orders").await;
        sns.subscribe_raw(&topic, "queue", redrive("dead")).await;
        let names = (0..11).map(|i| format!("a{i:02}"));
        let attributes: Value =
            names.map(|name| (name, json!({ "DataType": "Number", "StringValue": "7" }))).collect();
        let input =
            json!({ "TopicArn": topic, "Message": "many", "MessageAttributes": attributes });
        sns.ok("Publish", input).await;
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
        assert_eq!(take(sqs, &dead).await["Body"], "many");
    })
    .await;
}

#[tokio::test]
async fn a_message_too_large_for_its_queue_is_a_dead_letter() {
    with_topics_and_queues(async |sns, sqs| {
        let small = sqs.queue("small", json!({ "MaximumMessageSize": "1024" })).await;
        let dead = sqs.queue("dead", json!({})).await;
        let topic = sns.topic("orders").await;
        sns.subscribe_raw(&topic, "small", redrive("dead")).await;
        sns.publish(&topic, &"m".repeat(1025)).await;
        assert_eq!(sqs.counts(&small).await, [0, 0, 0]);
        assert_eq!(sqs.counts(&dead).await, [1, 0, 0]);
        sns.publish(&topic, &"m".repeat(1024)).await;
        assert_eq!(sqs.counts(&small).await, [1, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_filter_comes_before_the_dead_letter_queue() {
    with_topics_and_queues(async |sns, sqs| {
        let dead = sqs.queue("dead", json!({})).await;
        let topic = sns.topic("orders").await;
        let filter = json!({ "FilterPolicy": r#"{"sea":["north"]}"# });
        sns.subscribe_raw(&topic, "never", with(redrive("dead"), filter)).await;
        for sea in ["north", "south"] {
            let attributes = json!({ "sea": { "DataType": "String", "StringValue": sea } });
            let input =
                json!({ "TopicArn": topic, "Message": sea, "MessageAttributes": attributes });
            sns.ok("Publish", input).await;
        }
        assert_eq!(sqs.counts(&dead).await, [1, 0, 0]);
        assert_eq!(take(sqs, &dead).await["Body"], "north");
    })
    .await;
}
