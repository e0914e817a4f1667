//! Receives that wait: what ends the wait, and when.

use serde_json::{Value, json};

use crate::harness::{ACCOUNT, Protocol, Service, Sqs, in_both_protocols, messages};

fn waiting(url: &str, seconds: impl Into<Value>) -> Value {
    json!({ "QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": seconds.into() })
}

/// A client whose receive is waiting.
async fn waiter(sqs: &Sqs, input: &Value) -> Sqs {
    let mut waiter = sqs.another().await;
    waiter.begin("ReceiveMessage", input).await;
    waiter.still_waits().await;
    waiter
}

/// The bodies that a waiting receive is answered with.
async fn bodies(waiter: &mut Sqs) -> Vec<String> {
    let output = waiter.finish("ReceiveMessage").await.unwrap();
    messages(&output).iter().map(|m| m["Body"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn an_empty_wait_ends_when_its_time_is_over() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let fifo = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        for url in [&url, &fifo] {
            for seconds in [1, 20] {
                let mut waiter = waiter(sqs, &waiting(url, seconds)).await;
                sqs.pass_ms(seconds * 1000 - 1);
                waiter.still_waits().await;
                sqs.pass_ms(1);
                assert_eq!(waiter.finish("ReceiveMessage").await.unwrap(), json!({}));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_queue_has_a_wait_of_its_own() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({ "ReceiveMessageWaitTimeSeconds": "7" })).await;
        // Said to be none: that holds.
        assert_eq!(sqs.ok("ReceiveMessage", waiting(&url, 0)).await, json!({}));
        let mut own = waiter(sqs, &waiting(&url, Value::Null)).await;
        let mut shorter = waiter(sqs, &waiting(&url, 3)).await;
        sqs.pass_ms(2_999);
        shorter.still_waits().await;
        sqs.pass_ms(1);
        assert!(bodies(&mut shorter).await.is_empty());
        sqs.pass_ms(3_999);
        own.still_waits().await;
        sqs.pass_ms(1);
        assert!(bodies(&mut own).await.is_empty());
        let set =
            json!({ "QueueUrl": url, "Attributes": { "ReceiveMessageWaitTimeSeconds": "0" } });
        sqs.ok("SetQueueAttributes", set).await;
        assert_eq!(sqs.ok("ReceiveMessage", waiting(&url, Value::Null)).await, json!({}));
    })
    .await;
}

#[tokio::test]
async fn what_is_there_is_given_at_once() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        sqs.send(&url, "hello").await;
        // One of the ten asked for is enough.
        let received = sqs.receive_with(waiting(&url, 20)).await;
        assert_eq!(received.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_wait_ends_when_a_message_is_sent() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let fifo = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        let mut standard = waiter(sqs, &waiting(&url, 20)).await;
        let mut ordered = waiter(sqs, &waiting(&fifo, 20)).await;
        sqs.pass_ms(19_999);
        sqs.send(&url, "hello").await;
        assert_eq!(bodies(&mut standard).await, ["hello"]);
        ordered.still_waits().await;
        sqs.send_fifo(&fifo, "hello").await;
        assert_eq!(bodies(&mut ordered).await, ["hello"]);
        // The visibility timeout begins with the end of the wait.
        sqs.pass_ms(29_999);
        assert_eq!(sqs.counts(&url).await, [0, 1, 0]);
        assert_eq!(sqs.counts(&fifo).await, [0, 1, 0]);
        sqs.pass_ms(1);
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_wait_ends_when_a_message_becomes_visible() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let fifo = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        // After a delay.
        let delayed = json!({ "QueueUrl": url, "MessageBody": "hello", "DelaySeconds": 5 });
        sqs.ok("SendMessage", delayed).await;
        let mut delayed = waiter(sqs, &waiting(&url, 20)).await;
        sqs.pass_ms(4_999);
        delayed.still_waits().await;
        sqs.pass_ms(1);
        assert_eq!(bodies(&mut delayed).await, ["hello"]);
        sqs.pass_seconds(30);
        sqs.send_fifo(&fifo, "hello").await;
        for url in [&url, &fifo] {
            // After its timeout.
            sqs.receive_handle(url, Some(15)).await;
            let mut hidden = waiter(sqs, &waiting(url, 20)).await;
            sqs.pass_ms(14_999);
            hidden.still_waits().await;
            sqs.pass_ms(1);
            assert_eq!(bodies(&mut hidden).await, ["hello"]);
            // When its receiver gives it back.
            sqs.pass_seconds(30);
            let handle = sqs.receive_handle(url, None).await;
            let mut held = waiter(sqs, &waiting(url, 20)).await;
            let change =
                json!({ "QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": 0 });
            sqs.ok("ChangeMessageVisibility", change).await;
            assert_eq!(bodies(&mut held).await, ["hello"]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_wait_ends_when_its_group_is_free() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        sqs.send_fifo(&url, "a").await;
        sqs.send_fifo(&url, "b").await;
        let handle = sqs.receive_handle(&url, None).await;
        let mut waiter = waiter(sqs, &waiting(&url, 20)).await;
        sqs.delete(&url, handle).await;
        assert_eq!(bodies(&mut waiter).await, ["b"]);
    })
    .await;
}

#[tokio::test]
async fn one_message_ends_one_wait() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let mut waiters = Vec::new();
        for _ in 0..3 {
            waiters.push(waiter(sqs, &waiting(&url, 20)).await);
        }
        // First come, first served.
        for body in ["a", "b"] {
            sqs.send(&url, body).await;
            let mut served = waiters.remove(0);
            assert_eq!(bodies(&mut served).await, [body]);
            for waiter in &mut waiters {
                waiter.still_waits().await;
            }
        }
        sqs.pass_seconds(20);
        assert!(bodies(&mut waiters[0]).await.is_empty());
        assert_eq!(sqs.counts(&url).await, [0, 2, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_message_goes_to_one_who_is_still_there() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let gone = waiter(sqs, &waiting(&url, 20)).await;
        let mut there = waiter(sqs, &waiting(&url, 20)).await;
        drop(gone);
        sqs.settle().await;
        sqs.send(&url, "hello").await;
        assert_eq!(bodies(&mut there).await, ["hello"]);
    })
    .await;
}

#[tokio::test]
async fn a_wait_ends_when_its_queue_is_deleted() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let mut waiter = waiter(sqs, &waiting(&url, 20)).await;
        sqs.ok("DeleteQueue", json!({ "QueueUrl": url })).await;
        // How is not documented.
        match waiter.finish("ReceiveMessage").await {
            Ok(output) => assert_eq!(output, json!({})),
            Err(refusal) => {
                assert_eq!(refusal.code, "AWS.SimpleQueueService.NonExistentQueue");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_purge_ends_no_wait() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let mut waiter = waiter(sqs, &waiting(&url, 20)).await;
        sqs.ok("PurgeQueue", json!({ "QueueUrl": url })).await;
        waiter.still_waits().await;
        sqs.send(&url, "hello").await;
        assert_eq!(bodies(&mut waiter).await, ["hello"]);
    })
    .await;
}

#[tokio::test]
async fn a_waiting_receive_is_given_all_it_asked_for() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let input = json!({
            "QueueUrl": url,
            "WaitTimeSeconds": 20,
            "VisibilityTimeout": 3,
            "AttributeNames": ["ApproximateReceiveCount"],
            "MessageAttributeNames": ["Hello"],
        });
        let mut waiter = waiter(sqs, &input).await;
        let attributes = json!({ "Hello": { "DataType": "String", "StringValue": "There" } });
        let message =
            json!({ "QueueUrl": url, "MessageBody": "hello", "MessageAttributes": attributes });
        sqs.ok("SendMessage", message).await;
        let received = messages(&waiter.finish("ReceiveMessage").await.unwrap());
        assert_eq!(received[0]["Attributes"], json!({ "ApproximateReceiveCount": "1" }));
        assert_eq!(received[0]["MessageAttributes"], attributes);
        sqs.pass_seconds(3);
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
    })
    .await;
}

/// Whoever loses its rights while it waits gets nothing, and nothing is lost.
#[tokio::test]
async fn a_wait_outlives_no_right_to_receive() {
    for protocol in Protocol::BOTH {
        for is_signed in [false, true] {
            let service = Service::authenticating(&[]).await;
            let mut root = service.speak_as_root(protocol).await;
            let url = root.queue("orders", json!({})).await;
            let statement = |effect: &str| {
                json!({
                    "Effect": effect, "Principal": "*", "Action": "sqs:ReceiveMessage",
                    "Resource": format!("arn:aws:sqs:us-east-1:{ACCOUNT}:orders"),
                })
            };
            let set =
                |policy: String| json!({ "QueueUrl": url, "Attributes": { "Policy": policy } });
            let policy = |statement: Value| {
                set(json!({ "Version": "2012-10-17", "Statement": [statement] }).to_string())
            };
            root.ok("SetQueueAttributes", policy(statement("Allow"))).await;
            let mut waiter = match is_signed {
                true => service.speak_as_root(protocol).await,
                false => service.speak(protocol).await,
            };
            waiter.begin("ReceiveMessage", &waiting(&url, 20)).await;
            root.settle().await;
            root.pass_ms(1000);
            root.ok("SetQueueAttributes", policy(statement("Deny"))).await;
            root.send(&url, "not for everybody").await;
            let refusal = waiter.finish("ReceiveMessage").await.unwrap_err();
            assert_eq!(refusal.code, "AccessDenied", "{is_signed}");
            root.ok("SetQueueAttributes", set(String::new())).await;
            assert_eq!(root.receive(&url).await.len(), 1, "it is back");
            drop((root, waiter));
            service.stop().await;
        }
    }
}
