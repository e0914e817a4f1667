//! What was acknowledged is there after a restart, with the time that it had left.

use serde_json::{Value, json};

use crate::dead_letters::{arn, peek, source};
use crate::harness::{Protocol, Service, Sqs};

/// Runs the second half of a test in a server that was started anew.
async fn across_a_restart<T>(
    before: impl AsyncFn(&mut Sqs) -> T,
    after: impl AsyncFn(&mut Sqs, T),
) {
    for protocol in Protocol::BOTH {
        let service = Service::start().await;
        let mut sqs = service.speak(protocol).await;
        let known = before(&mut sqs).await;
        drop(sqs);
        // Twice: the second start finds what the first one left.
        let service = service.restart().await.restart().await;
        let mut sqs = service.speak(protocol).await;
        after(&mut sqs, known).await;
        drop(sqs);
        service.stop().await;
    }
}

fn fifo_message(url: &str, body: &str) -> Value {
    json!({
        "QueueUrl": url,
        "MessageBody": body,
        "MessageGroupId": "g",
        "MessageDeduplicationId": body,
    })
}

#[tokio::test]
async fn queues_are_as_they_were() {
    across_a_restart(
        async |sqs| {
            sqs.queue("dead", json!({})).await;
            let orders = source(sqs, "orders", "dead", 3, json!({ "DelaySeconds": "7" })).await;
            let attributes = json!({
                "FifoQueue": "true",
                "DeduplicationScope": "messageGroup",
                "FifoThroughputLimit": "perMessageGroupId",
                "KmsMasterKeyId": "alias/aws/sqs",
            });
            let fifo = sqs.queue("orders.fifo", attributes).await;
            sqs.pass_seconds(100);
            let set = json!({ "QueueUrl": orders, "Attributes": { "DelaySeconds": "8" } });
            sqs.ok("SetQueueAttributes", set).await;
            let grant = json!({
                "QueueUrl": orders,
                "Label": "l",
                "AWSAccountIds": ["111122223333"],
                "Actions": ["*"],
            });
            sqs.ok("AddPermission", grant).await;
            [sqs.attributes(&orders).await, sqs.attributes(&fifo).await]
        },
        async |sqs, attributes| {
            assert_eq!(sqs.attributes(&sqs.url("orders")).await, attributes[0]);
            assert_eq!(sqs.attributes(&sqs.url("orders.fifo")).await, attributes[1]);
            let listed =
                sqs.ok("ListDeadLetterSourceQueues", json!({ "QueueUrl": sqs.url("dead") })).await;
            assert_eq!(listed, json!({ "queueUrls": [sqs.url("orders")] }));
        },
    )
    .await;
}

#[tokio::test]
async fn messages_are_as_they_were() {
    across_a_restart(
        async |sqs| {
            let url = sqs.queue("orders", json!({})).await;
            let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1";
            let message = json!({
                "QueueUrl": url,
                "MessageBody": "ünïcode <&>\r\n\u{1f600}",
                "MessageGroupId": "g",
                "MessageAttributes": {
                    "text": { "DataType": "String.x", "StringValue": "é" },
                    "bits": { "DataType": "Binary", "BinaryValue": "AP8=" },
                },
                "MessageSystemAttributes": {
                    "AWSTraceHeader": { "DataType": "String", "StringValue": trace },
                },
            });
            sqs.ok("SendMessage", message).await;
            sqs.pass_seconds(1);
            peek(sqs, &url).await.unwrap()
        },
        async |sqs, mut known| {
            sqs.pass_seconds(1);
            let mut found = peek(sqs, &sqs.url("orders")).await.unwrap();
            assert_eq!(found["Attributes"]["ApproximateReceiveCount"], "2");
            for message in [&mut known, &mut found] {
                message["ReceiptHandle"] = Value::Null;
                message["Attributes"]["ApproximateReceiveCount"] = Value::Null;
            }
            assert_eq!(found, known);
        },
    )
    .await;
}

#[tokio::test]
async fn delays_and_timeouts_go_on() {
    across_a_restart(
        async |sqs| {
            let url = sqs.queue("orders", json!({})).await;
            sqs.send(&url, "in flight").await;
            let received = sqs.receive(&url).await;
            let delayed = json!({ "QueueUrl": url, "MessageBody": "delayed", "DelaySeconds": 60 });
            sqs.ok("SendMessage", delayed).await;
            sqs.pass_seconds(20);
            received[0]["ReceiptHandle"].clone()
        },
        async |sqs, handle| {
            let url = sqs.url("orders");
            assert_eq!(sqs.counts(&url).await, [0, 1, 1]);
            sqs.pass_ms(9_999);
            assert_eq!(sqs.counts(&url).await, [0, 1, 1]);
            sqs.pass_ms(1);
            assert_eq!(sqs.counts(&url).await, [1, 0, 1]);
            sqs.pass_ms(29_999);
            assert_eq!(sqs.counts(&url).await, [1, 0, 1]);
            sqs.pass_ms(1);
            assert_eq!(sqs.counts(&url).await, [2, 0, 0]);
            sqs.delete(&url, handle).await;
            assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
            assert_eq!(sqs.receive(&url).await[0]["Body"], "delayed");
        },
    )
    .await;
}

#[tokio::test]
async fn retention_goes_on() {
    across_a_restart(
        async |sqs| {
            let url = sqs.queue("orders", json!({ "MessageRetentionPeriod": "60" })).await;
            sqs.send(&url, "hello").await;
            sqs.pass_seconds(59);
        },
        async |sqs, ()| {
            let url = sqs.url("orders");
            assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
            sqs.pass_ms(999);
            assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
            sqs.pass_ms(1);
            assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
        },
    )
    .await;
}

#[tokio::test]
async fn groups_stay_locked_and_in_order() {
    across_a_restart(
        async |sqs| {
            let url = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
            for body in ["1", "2", "3"] {
                sqs.ok("SendMessage", fifo_message(&url, body)).await;
            }
            let input = json!({ "QueueUrl": url, "ReceiveRequestAttemptId": "attempt" });
            sqs.receive_with(input).await
        },
        async |sqs, first| {
            let url = sqs.url("orders.fifo");
            assert!(sqs.receive(&url).await.is_empty());
            // The receive can be tried again …
            let input = json!({ "QueueUrl": url, "ReceiveRequestAttemptId": "attempt" });
            assert_eq!(sqs.receive_with(input).await, first);
            // … and its handle is good.
            let handle = &first[0]["ReceiptHandle"];
            sqs.ok("SendMessage", fifo_message(&url, "4")).await;
            sqs.delete(&url, handle.clone()).await;
            let received = sqs.receive(&url).await;
            let bodies: Vec<_> = received.iter().map(|m| m["Body"].as_str().unwrap()).collect();
            assert_eq!(bodies, ["2", "3", "4"]);
        },
    )
    .await;
}

#[tokio::test]
async fn dead_letters_know_where_they_came_from() {
    across_a_restart(
        async |sqs| {
            sqs.queue("dead", json!({})).await;
            let url = source(sqs, "orders", "dead", 1, json!({})).await;
            sqs.send(&url, "poison").await;
            peek(sqs, &url).await.unwrap();
            assert_eq!(peek(sqs, &url).await, None);
        },
        async |sqs, ()| {
            let found = peek(sqs, &sqs.url("dead")).await.unwrap();
            assert_eq!(found["Body"], "poison");
            assert_eq!(found["Attributes"]["DeadLetterQueueSourceArn"], arn("orders"));
            assert_eq!(found["Attributes"]["ApproximateReceiveCount"], "2");
        },
    )
    .await;
}

#[tokio::test]
async fn a_move_task_goes_on() {
    across_a_restart(
        async |sqs| {
            let dead = sqs.queue("dead", json!({})).await;
            source(sqs, "orders", "dead", 1, json!({})).await;
            for body in ["1", "2", "3", "4"] {
                sqs.send(&dead, body).await;
            }
            let start = json!({
                "SourceArn": arn("dead"),
                "DestinationArn": arn("orders"),
                "MaxNumberOfMessagesPerSecond": 1,
            });
            sqs.ok("StartMessageMoveTask", start).await["TaskHandle"].take()
        },
        async |sqs, handle| {
            let list = json!({ "SourceArn": arn("dead") });
            let tasks = sqs.ok("ListMessageMoveTasks", list.clone()).await;
            assert_eq!(tasks["Results"][0]["TaskHandle"], handle);
            crate::support::within(async {
                loop {
                    sqs.pass_seconds(1);
                    let tasks = sqs.ok("ListMessageMoveTasks", list.clone()).await;
                    if tasks["Results"][0]["Status"] == "COMPLETED" {
                        break;
                    }
                    tokio::task::yield_now().await;
                }
            })
            .await;
            assert_eq!(sqs.counts(&sqs.url("dead")).await, [0, 0, 0]);
            assert_eq!(sqs.counts(&sqs.url("orders")).await, [4, 0, 0]);
        },
    )
    .await;
}
