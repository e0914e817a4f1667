//! FIFO topics: order, groups and sequence numbers.

use serde_json::{Value, json};

use crate::harness::{Sns, Sqs, with, with_topics_and_queues};

/// A topic with one FIFO queue that gets messages as they are.
async fn topic_and_queue(sns: &mut Sns, sqs: &mut Sqs, topic: Value) -> (String, String) {
    let url = sqs.queue("queue.fifo", json!({ "FifoQueue": "true" })).await;
    let topic = sns.fifo_topic("orders.fifo", topic).await;
    sns.subscribe_raw(&topic, "queue.fifo", json!({})).await;
    (topic, url)
}

fn message(topic: &str, group: &str, id: &str) -> Value {
    json!({
        "TopicArn": topic,
        "Message": id,
        "MessageGroupId": group,
        "MessageDeduplicationId": id,
    })
}

/// Receives and deletes until there is no more; body, group and deduplication id of each.
async fn take_all(sqs: &mut Sqs, url: &str) -> Vec<[String; 3]> {
    let input = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10, "AttributeNames": ["All"] });
    let mut taken = Vec::new();
    loop {
        let received = sqs.receive_with(input.clone()).await;
        if received.is_empty() {
            return taken;
        }
        for message in received {
            let attributes = &message["Attributes"];
            let of = |value: &Value| value.as_str().unwrap().to_owned();
            taken.push([
                of(&message["Body"]),
                of(&attributes["MessageGroupId"]),
                of(&attributes["MessageDeduplicationId"]),
            ]);
            sqs.delete(url, message["ReceiptHandle"].clone()).await;
        }
    }
}

/// The bodies alone.
async fn bodies(sqs: &mut Sqs, url: &str) -> Vec<String> {
    take_all(sqs, url).await.into_iter().map(|[body, ..]| body).collect()
}

#[tokio::test]
async fn messages_of_a_group_arrive_in_the_order_they_were_published() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs, json!({})).await;
        for i in 0..30 {
            sns.ok("Publish", message(&topic, ["a", "b"][i % 2], &i.to_string())).await;
        }
        let taken = take_all(sqs, &url).await;
        assert_eq!(taken.len(), 30);
        for group in ["a", "b"] {
            let of_group: Vec<usize> = taken
                .iter()
                .filter(|[_, its, _]| its == group)
                .map(|[body, ..]| body.parse().unwrap())
                .collect();
            assert_eq!(of_group.len(), 15);
            assert!(of_group.is_sorted(), "{of_group:?}");
        }
        assert!(taken.iter().all(|[body, _, id]| body == id), "ids are passed on");
    })
    .await;
}

#[tokio::test]
async fn messages_of_a_batch_are_in_order_too() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs, json!({})).await;
        let mut numbers = Vec::new();
        for batch in 0..3 {
            let entries: Vec<_> = (0..10)
                .map(|i| {
                    let mut entry = message(&topic, "g", &(batch * 10 + i).to_string());
                    entry.as_object_mut().unwrap().remove("TopicArn");
                    with(entry, json!({ "Id": i.to_string() }))
                })
                .collect();
            let input = json!({ "TopicArn": topic, "PublishBatchRequestEntries": entries });
            let output = sns.ok("PublishBatch", input).await;
            let successful = output["Successful"].as_array().unwrap().iter();
            numbers
                .extend(successful.map(|one| one["SequenceNumber"].as_str().unwrap().to_owned()));
        }
        assert_eq!(numbers.len(), 30);
        assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
        let expected: Vec<_> = (0..30).map(|i| i.to_string()).collect();
        assert_eq!(bodies(sqs, &url).await, expected);
    })
    .await;
}

#[tokio::test]
async fn sequence_numbers_have_20_digits_and_rise() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs, json!({})).await;
        let mut last = String::new();
        for i in 0..20 {
            let (_, number) = sns.publish_fifo(&topic, "g", &i.to_string(), "m").await;
            assert!(number.len() == 20 && number.bytes().all(|b| b.is_ascii_digit()), "{number}");
            assert!(number > last, "{number} after {last}");
            last = number;
        }
        // The queue numbers on its own.
        let input = json!({ "QueueUrl": url, "AttributeNames": ["SequenceNumber"] });
        let received = sqs.receive_with(input).await;
        let number = received[0]["Attributes"]["SequenceNumber"].as_str().unwrap();
        assert_eq!(number.len(), 20);
    })
    .await;
}

#[tokio::test]
async fn a_standard_queue_gets_no_group_and_no_deduplication_id() {
    with_topics_and_queues(async |sns, sqs| {
        let topic = sns.fifo_topic("orders.fifo", json!({})).await;
        for (name, raw) in [("raw", "true"), ("enveloped", "false")] {
            let url = sqs.queue(name, json!({})).await;
            sns.subscribe(&topic, name, json!({ "RawMessageDelivery": raw })).await;
            sns.ok("Publish", message(&topic, "g", name)).await;
            let input = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
            let received = sqs.receive_with(input).await;
            assert_eq!(received.len(), 1, "{name}");
            for attribute in ["MessageGroupId", "MessageDeduplicationId", "SequenceNumber"] {
                assert_eq!(received[0]["Attributes"].get(attribute), None, "{name}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_message_needs_a_group() {
    with_topics_and_queues(async |sns, sqs| {
        let content = json!({ "ContentBasedDeduplication": "true" });
        let (topic, url) = topic_and_queue(sns, sqs, content).await;
        let text = "Invalid parameter: The MessageGroupId parameter is required for FIFO topics";
        for input in [
            json!({ "TopicArn": topic, "Message": "m" }),
            json!({ "TopicArn": topic, "Message": "m", "MessageDeduplicationId": "d" }),
        ] {
            sns.refused("Publish", input).await.assert_is("InvalidParameter", text, "no group");
        }
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn groups_and_ids_have_1_to_128_characters_that_sqs_allows() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs, json!({})).await;
        let longest = "x".repeat(128);
        let signs = "aZ09!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";
        for text in [longest.as_str(), signs] {
            let input = with(message(&topic, text, text), json!({ "Message": "m" }));
            sns.ok("Publish", input).await;
        }
        let taken = take_all(sqs, &url).await;
        assert!(taken.iter().any(|[_, group, id]| group == signs && id == signs), "{taken:?}");
        let too_long = "x".repeat(129);
        for bad in ["", "a b", "ä", "\n", &too_long] {
            for name in ["MessageGroupId", "MessageDeduplicationId"] {
                let mut input = message(&topic, "g", "d");
                input[name] = json!(bad);
                let refusal = sns.refused("Publish", input).await;
                refusal.assert_is("InvalidParameter", "Invalid parameter: *", bad);
            }
        }
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn several_fifo_queues_get_the_same_order() {
    with_topics_and_queues(async |sns, sqs| {
        let topic = sns.fifo_topic("orders.fifo", json!({})).await;
        let mut urls = Vec::new();
        for name in ["a.fifo", "b.fifo", "c.fifo"] {
            urls.push(sqs.queue(name, json!({ "FifoQueue": "true" })).await);
            sns.subscribe_raw(&topic, name, json!({})).await;
        }
        let expected: Vec<_> = (0..12).map(|i| i.to_string()).collect();
        for id in &expected {
            sns.ok("Publish", message(&topic, "g", id)).await;
        }
        for url in &urls {
            assert_eq!(bodies(sqs, url).await, expected);
        }
    })
    .await;
}

#[tokio::test]
async fn a_filter_keeps_the_order_of_what_it_lets_through() {
    with_topics_and_queues(async |sns, sqs| {
        let url = sqs.queue("queue.fifo", json!({ "FifoQueue": "true" })).await;
        let topic = sns.fifo_topic("orders.fifo", json!({})).await;
        let filter = json!({ "FilterPolicy": r#"{"sea":["north"]}"# });
        sns.subscribe_raw(&topic, "queue.fifo", filter).await;
        for i in 0..9 {
            let sea = ["north", "south", "north"][i % 3];
            let attributes = json!({ "sea": { "DataType": "String", "StringValue": sea } });
            let more = json!({ "MessageAttributes": attributes });
            sns.ok("Publish", with(message(&topic, "g", &i.to_string()), more)).await;
        }
        assert_eq!(bodies(sqs, &url).await, ["0", "2", "3", "5", "6", "8"]);
    })
    .await;
}
