//! Sends that are recognised as repeats of earlier ones.

use serde_json::{Value, json};

use crate::harness::{Protocol, Service, Sqs, in_both_protocols};

fn message(url: &str, group: &str, body: &str, id: impl Into<Value>) -> Value {
    json!({
        "QueueUrl": url,
        "MessageBody": body,
        "MessageGroupId": group,
        "MessageDeduplicationId": id.into(),
    })
}

async fn send(sqs: &mut Sqs, url: &str, group: &str, body: &str, id: impl Into<Value>) -> Value {
    sqs.ok("SendMessage", message(url, group, body, id)).await
}

async fn fifo(sqs: &mut Sqs, name: &str, mut attributes: Value) -> String {
    attributes["FifoQueue"] = json!("true");
    sqs.queue(name, attributes).await
}

/// How many messages a queue holds.
async fn held(sqs: &mut Sqs, url: &str) -> u64 {
    sqs.counts(url).await.iter().sum()
}

#[tokio::test]
async fn a_repeat_within_five_minutes_of_the_first_send_is_acknowledged_and_dropped() {
    in_both_protocols(async |sqs| {
        let url = fifo(sqs, "orders.fifo", json!({})).await;
        let first = send(sqs, &url, "g", "hello", "d").await;
        for pass_ms in [0, 150_000, 149_999] {
            sqs.pass_ms(pass_ms);
            // As the first one was, in every respect; another body or group makes no difference.
            assert_eq!(send(sqs, &url, "g", "hello", "d").await, first);
            assert_eq!(send(sqs, &url, "h", "other", "d").await, first);
            assert_eq!(held(sqs, &url).await, 1);
        }
        // The repeats have not made it longer.
        sqs.pass_ms(1);
        let second = send(sqs, &url, "g", "hello", "d").await;
        assert_ne!(second["MessageId"], first["MessageId"]);
        assert_eq!(held(sqs, &url).await, 2);
        // Another id is another message.
        send(sqs, &url, "g", "hello", "D").await;
        assert_eq!(held(sqs, &url).await, 3);
    })
    .await;
}

#[tokio::test]
async fn a_repeat_is_recognised_when_the_first_is_received_and_deleted() {
    in_both_protocols(async |sqs| {
        let url = fifo(sqs, "orders.fifo", json!({})).await;
        let first = send(sqs, &url, "g", "hello", "d").await;
        let handle = sqs.receive(&url).await[0]["ReceiptHandle"].clone();
        assert_eq!(send(sqs, &url, "g", "hello", "d").await, first);
        sqs.delete(&url, handle).await;
        assert_eq!(send(sqs, &url, "g", "hello", "d").await, first);
        assert_eq!(held(sqs, &url).await, 0);
    })
    .await;
}

#[tokio::test]
async fn the_body_may_be_the_id() {
    in_both_protocols(async |sqs| {
        let attributes = json!({ "ContentBasedDeduplication": "true" });
        let url = fifo(sqs, "orders.fifo", attributes).await;
        let first = send(sqs, &url, "g", "Test", Value::Null).await;
        // Attributes do not count.
        let mut input = message(&url, "g", "Test", Value::Null);
        input["MessageAttributes"] = json!({ "a": { "DataType": "String", "StringValue": "x" } });
        let again = sqs.ok("SendMessage", input).await;
        assert_eq!(again["MessageId"], first["MessageId"]);
        assert_eq!(again["SequenceNumber"], first["SequenceNumber"]);
        let digest = "532eaabd9574880dbf76b9b8cc00832c20a6ec113d682299550d7a6e0f345e25";
        let input = json!({ "QueueUrl": url, "AttributeNames": ["MessageDeduplicationId"] });
        let received = sqs.receive_with(input).await;
        assert_eq!(received[0]["Attributes"], json!({ "MessageDeduplicationId": digest }));
        // Said outright, the same id is the same message.
        assert_eq!(send(sqs, &url, "g", "other", digest).await["MessageId"], first["MessageId"]);
        // An id that is given wins over the body.
        let other = send(sqs, &url, "g", "Test", "given").await;
        assert_ne!(other["MessageId"], first["MessageId"]);
        assert_eq!(held(sqs, &url).await, 2);
    })
    .await;
}

#[tokio::test]
async fn ids_belong_to_a_queue_or_to_a_group() {
    in_both_protocols(async |sqs| {
        let whole = fifo(sqs, "whole.fifo", json!({})).await;
        let groups =
            fifo(sqs, "groups.fifo", json!({ "DeduplicationScope": "messageGroup" })).await;
        for (url, expected) in [(&whole, 1), (&groups, 2)] {
            for group in ["g", "h", "g", "h"] {
                send(sqs, url, group, "hello", "d").await;
            }
            assert_eq!(held(sqs, url).await, expected);
        }
        // Queues know nothing of one another.
        let other = fifo(sqs, "other.fifo", json!({})).await;
        send(sqs, &other, "g", "hello", "d").await;
        assert_eq!(held(sqs, &other).await, 1);
    })
    .await;
}

#[tokio::test]
async fn a_new_scope_keeps_the_ids_that_are_known() {
    in_both_protocols(async |sqs| {
        let url = fifo(sqs, "orders.fifo", json!({})).await;
        send(sqs, &url, "g", "hello", "d").await;
        let set =
            json!({ "QueueUrl": url, "Attributes": { "DeduplicationScope": "messageGroup" } });
        sqs.ok("SetQueueAttributes", set).await;
        send(sqs, &url, "g", "hello", "d").await;
        assert_eq!(held(sqs, &url).await, 1);
    })
    .await;
}

#[tokio::test]
async fn entries_of_one_batch_are_compared_too() {
    in_both_protocols(async |sqs| {
        let url = fifo(sqs, "orders.fifo", json!({})).await;
        let entry = |id: &str, body: &str, deduplication: &str| {
            json!({
                "Id": id,
                "MessageBody": body,
                "MessageGroupId": "g",
                "MessageDeduplicationId": deduplication,
            })
        };
        let entries = json!([entry("1", "x", "a"), entry("2", "y", "b"), entry("3", "z", "a")]);
        let sent = sqs.ok("SendMessageBatch", json!({ "QueueUrl": url, "Entries": entries })).await;
        let results = sent["Successful"].as_array().unwrap();
        assert_eq!(results.len(), 3);
        assert_eq!(results[2]["MessageId"], results[0]["MessageId"]);
        assert_eq!(results[2]["SequenceNumber"], results[0]["SequenceNumber"]);
        assert_eq!(results[2]["MD5OfMessageBody"], results[0]["MD5OfMessageBody"]);
        let received = sqs.receive(&url).await;
        let bodies: Vec<_> = received.iter().map(|m| m["Body"].as_str().unwrap()).collect();
        assert_eq!(bodies, ["x", "y"]);
    })
    .await;
}

#[tokio::test]
async fn a_refused_send_is_not_remembered() {
    in_both_protocols(async |sqs| {
        let url = fifo(sqs, "orders.fifo", json!({ "MaximumMessageSize": "1024" })).await;
        let long = message(&url, "g", &"x".repeat(1025), "d");
        let text =
            "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.";
        sqs.refuses("SendMessage", &url, &[(long, "InvalidParameterValue", text)]).await;
        send(sqs, &url, "g", "short", "d").await;
        assert_eq!(held(sqs, &url).await, 1);
    })
    .await;
}

#[tokio::test]
async fn repeats_are_recognised_after_a_restart() {
    for protocol in Protocol::BOTH {
        let service = Service::start().await;
        let mut sqs = service.speak(protocol).await;
        let url = fifo(&mut sqs, "orders.fifo", json!({})).await;
        let first = send(&mut sqs, &url, "g", "hello", "d").await;
        drop(sqs);
        let service = service.restart().await;
        let mut sqs = service.speak(protocol).await;
        sqs.pass_ms(299_999);
        assert_eq!(send(&mut sqs, &url, "g", "hello", "d").await, first);
        assert_eq!(held(&mut sqs, &url).await, 1);
        sqs.pass_ms(1);
        let second = send(&mut sqs, &url, "g", "hello", "d").await;
        assert!(second["SequenceNumber"].as_str() > first["SequenceNumber"].as_str());
        assert_eq!(held(&mut sqs, &url).await, 2);
        drop(sqs);
        service.stop().await;
    }
}
