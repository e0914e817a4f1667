//! Messages received too often, and where they go.

use serde_json::{Value, json};

use crate::harness::{REGION, START_MS, Sqs, in_both_protocols, messages};

pub fn arn(name: &str) -> String {
    format!("arn:aws:sqs:{REGION}:000000000000:{name}")
}

/// Creates a queue whose messages go to another after so many receives.
pub async fn source(sqs: &mut Sqs, name: &str, dead: &str, max: u32, more: Value) -> String {
    let policy = json!({ "deadLetterTargetArn": arn(dead), "maxReceiveCount": max }).to_string();
    let mut attributes = more;
    attributes["RedrivePolicy"] = json!(policy);
    sqs.queue(name, attributes).await
}

/// Receives one message with all that can be known of it, and leaves it visible.
pub async fn peek(sqs: &mut Sqs, url: &str) -> Option<Value> {
    let input = json!({
        "QueueUrl": url,
        "AttributeNames": ["All"],
        "MessageAttributeNames": ["All"],
        "VisibilityTimeout": 0,
    });
    sqs.receive_with(input).await.pop()
}

#[tokio::test]
async fn a_message_moves_when_it_was_received_too_often() {
    in_both_protocols(async |sqs| {
        let dead = sqs.queue("dead", json!({})).await;
        let url = source(sqs, "orders", "dead", 3, json!({})).await;
        let attributes = json!({ "Hello": { "DataType": "String", "StringValue": "There" } });
        let message =
            json!({ "QueueUrl": url, "MessageBody": "poison", "MessageAttributes": attributes });
        let id = sqs.ok("SendMessage", message).await["MessageId"].take();
        for count in 1..=3 {
            sqs.pass_ms(500);
            let received = peek(sqs, &url).await.unwrap();
            let attributes = &received["Attributes"];
            assert_eq!(attributes["ApproximateReceiveCount"], count.to_string());
            assert_eq!(attributes.get("DeadLetterQueueSourceArn"), None);
            assert_eq!(sqs.counts(&dead).await, [0, 0, 0]);
        }
        // The next receive does not give it; it is in the other queue, visible at once.
        assert_eq!(peek(sqs, &url).await, None);
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
        assert_eq!(sqs.counts(&dead).await, [1, 0, 0]);
        let received = peek(sqs, &dead).await.unwrap();
        assert_eq!(received["MessageId"], id);
        assert_eq!(received["Body"], "poison");
        assert_eq!(received["MessageAttributes"], attributes);
        let attributes = &received["Attributes"];
        assert_eq!(attributes["SentTimestamp"], START_MS.to_string());
        assert_eq!(attributes["ApproximateReceiveCount"], "4");
        assert_eq!(attributes["DeadLetterQueueSourceArn"], arn("orders"));
    })
    .await;
}

#[tokio::test]
async fn a_message_that_timed_out_moves_when_it_would_be_received() {
    in_both_protocols(async |sqs| {
        let dead = sqs.queue("dead", json!({})).await;
        let url = source(sqs, "orders", "dead", 1, json!({})).await;
        sqs.send(&url, "poison").await;
        sqs.pass_seconds(1);
        sqs.send(&url, "good").await;
        sqs.receive_handle(&url, None).await;
        sqs.pass_seconds(30);
        // It does not move by itself; and the receive that moves it goes on with what is left.
        assert_eq!(sqs.counts(&dead).await, [0, 0, 0]);
        let received = sqs.receive(&url).await;
        assert_eq!(received.len(), 1);
        assert_eq!(received[0]["Body"], "good");
        assert_eq!(peek(sqs, &dead).await.unwrap()["Attributes"]["ApproximateReceiveCount"], "2");
    })
    .await;
}

#[tokio::test]
async fn whoever_waits_at_the_dead_letter_queue_gets_what_moves() {
    in_both_protocols(async |sqs| {
        let dead = sqs.queue("dead", json!({})).await;
        let url = source(sqs, "orders", "dead", 1, json!({})).await;
        sqs.send(&url, "poison").await;
        let mut waiter = sqs.another().await;
        waiter.begin("ReceiveMessage", &json!({ "QueueUrl": dead, "WaitTimeSeconds": 20 })).await;
        waiter.still_waits().await;
        peek(sqs, &url).await.unwrap();
        assert_eq!(peek(sqs, &url).await, None);
        // Not in the same instant, but next.
        sqs.pass_ms(1);
        let received = messages(&waiter.finish("ReceiveMessage").await.unwrap());
        assert_eq!(received[0]["Body"], "poison");
    })
    .await;
}

#[tokio::test]
async fn a_new_policy_is_for_messages_that_are_there() {
    in_both_protocols(async |sqs| {
        let dead = sqs.queue("dead", json!({})).await;
        let url = sqs.queue("orders", json!({})).await;
        sqs.send(&url, "poison").await;
        for _ in 0..5 {
            peek(sqs, &url).await.unwrap();
        }
        source(sqs, "other", "dead", 1, json!({})).await;
        let policy = sqs.attributes(&sqs.url("other")).await["RedrivePolicy"].take();
        let set =
            |policy: Value| json!({ "QueueUrl": url, "Attributes": { "RedrivePolicy": policy } });
        sqs.ok("SetQueueAttributes", set(policy)).await;
        assert_eq!(peek(sqs, &url).await, None);
        assert_eq!(sqs.counts(&dead).await, [1, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_standard_message_ages_from_its_first_send() {
    in_both_protocols(async |sqs| {
        let dead = sqs.queue("dead", json!({ "MessageRetentionPeriod": "100" })).await;
        let url = source(sqs, "orders", "dead", 1, json!({})).await;
        sqs.send(&url, "poison").await;
        sqs.pass_seconds(40);
        peek(sqs, &url).await.unwrap();
        assert_eq!(peek(sqs, &url).await, None);
        sqs.pass_ms(59_999);
        assert_eq!(sqs.counts(&dead).await, [1, 0, 0]);
        sqs.pass_ms(1);
        assert_eq!(sqs.counts(&dead).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_fifo_message_keeps_its_group_and_ages_from_the_move() {
    in_both_protocols(async |sqs| {
        let attributes = json!({ "FifoQueue": "true", "MessageRetentionPeriod": "100" });
        let dead = sqs.queue("dead.fifo", attributes).await;
        let url = source(sqs, "orders.fifo", "dead.fifo", 1, json!({ "FifoQueue": "true" })).await;
        let mut ids = Vec::new();
        for (url, body) in [(&url, "a"), (&url, "b"), (&dead, "before")] {
            let input = json!({
                "QueueUrl": url,
                "MessageBody": body,
                "MessageGroupId": "g",
                "MessageDeduplicationId": body,
            });
            let sent = sqs.ok("SendMessage", input).await;
            ids.push(sent["MessageId"].clone());
        }
        sqs.pass_seconds(90);
        let before = sqs.receive(&dead).await;
        let last = peek(sqs, &url).await.unwrap()["Attributes"]["SequenceNumber"].take();
        // The next receive moves the first message and gives the one behind it.
        let second = peek(sqs, &url).await.unwrap();
        assert_eq!(second["Body"], "b");
        let delete = json!({ "QueueUrl": dead, "ReceiptHandle": before[0]["ReceiptHandle"] });
        sqs.ok("DeleteMessage", delete).await;
        let moved = peek(sqs, &dead).await.unwrap();
        assert_eq!(moved["Body"], "a");
        assert_eq!(moved["MessageId"], ids[0]);
        let attributes = &moved["Attributes"];
        assert_eq!(attributes["MessageGroupId"], "g");
        assert_eq!(attributes["MessageDeduplicationId"], ids[0]);
        assert_eq!(attributes["ApproximateReceiveCount"], "2");
        assert_eq!(attributes["DeadLetterQueueSourceArn"], arn("orders.fifo"));
        // Numbered anew, after what is in the queue.
        assert!(attributes["SequenceNumber"].as_str() > last.as_str());
        sqs.pass_ms(99_999);
        assert_eq!(sqs.counts(&dead).await, [1, 0, 0]);
        sqs.pass_ms(1);
        assert_eq!(sqs.counts(&dead).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_message_that_has_nowhere_to_go_is_not_lost() {
    in_both_protocols(async |sqs| {
        let dead = sqs.queue("dead", json!({})).await;
        let url = source(sqs, "orders", "dead", 1, json!({})).await;
        sqs.send(&url, "poison").await;
        sqs.ok("DeleteQueue", json!({ "QueueUrl": dead })).await;
        for count in 1..=3 {
            let received = peek(sqs, &url).await.unwrap();
            assert_eq!(received["Attributes"]["ApproximateReceiveCount"], count.to_string());
        }
        // Once the queue is back, it moves.
        sqs.pass_seconds(60);
        sqs.queue("dead", json!({})).await;
        assert_eq!(peek(sqs, &url).await, None);
        assert_eq!(peek(sqs, &dead).await.unwrap()["Body"], "poison");
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_is_its_own_dead_letter_queue_loses_nothing() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let policy = json!({ "deadLetterTargetArn": arn("orders"), "maxReceiveCount": 1 });
        let set = json!({ "QueueUrl": url, "Attributes": { "RedrivePolicy": policy.to_string() } });
        sqs.ok("SetQueueAttributes", set).await;
        sqs.send(&url, "poison").await;
        for _ in 0..4 {
            // Whether a receive that moves it gives it is not documented.
            peek(sqs, &url).await;
            assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
        }
    })
    .await;
}
