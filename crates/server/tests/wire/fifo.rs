//! FIFO queues: order within a group, groups that lock one another out, delays, and receives that
//! are tried again.

use serde_json::{Value, json};

use crate::harness::{START_MS, Sqs, in_both_protocols};

fn message(url: &str, group: &str, body: &str) -> Value {
    json!({
        "QueueUrl": url,
        "MessageBody": body,
        "MessageGroupId": group,
        "MessageDeduplicationId": body,
    })
}

/// Sends `a1 b1 …` into groups `a`, `b`, ….
async fn send(sqs: &mut Sqs, url: &str, bodies: &[&str]) {
    for body in bodies {
        sqs.ok("SendMessage", message(url, &body[..1], body)).await;
    }
}

async fn fifo(sqs: &mut Sqs, name: &str) -> String {
    sqs.queue(name, json!({ "FifoQueue": "true" })).await
}

/// Receives and returns bodies and handles.
async fn receive(sqs: &mut Sqs, url: &str, max: usize) -> (Vec<String>, Vec<String>) {
    let input = json!({ "QueueUrl": url, "MaxNumberOfMessages": max });
    let received = sqs.receive_with(input).await;
    let member = |name: &str| -> Vec<String> {
        received.iter().map(|m| m[name].as_str().unwrap().to_owned()).collect()
    };
    (member("Body"), member("ReceiptHandle"))
}

async fn change(sqs: &mut Sqs, url: &str, handle: &str, seconds: u32) {
    let input = json!({ "QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": seconds });
    sqs.ok("ChangeMessageVisibility", input).await;
}

#[tokio::test]
async fn a_fifo_message_tells_all_about_itself() {
    in_both_protocols(async |sqs| {
        let url = fifo(sqs, "orders.fifo").await;
        let mut last = String::new();
        for i in 0..20 {
            let group = ["g", "h"][i % 2];
            let sent = sqs.ok("SendMessage", message(&url, group, &i.to_string())).await;
            let number = sent["SequenceNumber"].as_str().unwrap();
            assert!(number.len() == 20 && number.bytes().all(|b| b.is_ascii_digit()), "{number}");
            assert!(number > last.as_str());
            last = number.to_owned();
            let input = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
            let received = sqs.receive_with(input).await;
            assert_eq!(received[0]["MessageId"], sent["MessageId"]);
            let mut attributes = received[0]["Attributes"].clone();
            attributes.as_object_mut().unwrap().remove("SenderId").unwrap();
            let now = START_MS.to_string();
            let expected = json!({
                "ApproximateFirstReceiveTimestamp": now,
                "ApproximateReceiveCount": "1",
                "MessageDeduplicationId": i.to_string(),
                "MessageGroupId": group,
                "SentTimestamp": now,
                "SequenceNumber": number,
            });
            assert_eq!(attributes, expected);
            sqs.delete(&url, received[0]["ReceiptHandle"].as_str().unwrap()).await;
        }
    })
    .await;
}

#[tokio::test]
async fn messages_of_a_group_come_in_the_order_sent() {
    in_both_protocols(async |sqs| {
        let url = fifo(sqs, "orders.fifo").await;
        send(sqs, &url, &["a1", "a2", "a3", "a4", "a5"]).await;
        let mut bodies = Vec::new();
        for max in [1, 2, 1, 10] {
            let (received, handles) = receive(sqs, &url, max).await;
            bodies.extend(received);
            for handle in handles {
                sqs.delete(&url, handle).await;
            }
        }
        assert_eq!(bodies, ["a1", "a2", "a3", "a4", "a5"]);
    })
    .await;
}

#[tokio::test]
async fn a_receive_takes_the_oldest_group_first_and_fills_up_from_the_next() {
    in_both_protocols(async |sqs| {
        let url = fifo(sqs, "orders.fifo").await;
        send(sqs, &url, &["a1", "b1", "c1", "a2", "b2", "a3"]).await;
        assert_eq!(receive(sqs, &url, 4).await.0, ["a1", "a2", "a3", "b1"]);
        // What is left of b is locked.
        assert_eq!(receive(sqs, &url, 10).await.0, ["c1"]);
        assert!(receive(sqs, &url, 10).await.0.is_empty());
        sqs.pass_seconds(30);
        assert_eq!(receive(sqs, &url, 10).await.0, ["a1", "a2", "a3", "b1", "b2", "c1"]);
    })
    .await;
}

#[tokio::test]
async fn a_group_with_a_message_in_flight_gives_nothing() {
    in_both_protocols(async |sqs| {
        let url = fifo(sqs, "orders.fifo").await;
        send(sqs, &url, &["a1", "a2", "a3", "b1"]).await;
        let (_, handles) = receive(sqs, &url, 2).await;
        assert_eq!(receive(sqs, &url, 10).await.0, ["b1"]);
        // Deleting some of them keeps the group locked until the rest are deleted…
        sqs.delete(&url, &*handles[0]).await;
        assert!(receive(sqs, &url, 10).await.0.is_empty());
        // … and what is sent meanwhile waits too.
        send(sqs, &url, &["a4"]).await;
        assert!(receive(sqs, &url, 10).await.0.is_empty());
        sqs.delete(&url, &*handles[1]).await;
        assert_eq!(receive(sqs, &url, 10).await.0, ["a3", "a4"]);
        // … or visible.
        sqs.pass_ms(29_999);
        assert!(receive(sqs, &url, 1).await.0.is_empty());
        sqs.pass_ms(1);
        let (bodies, handles) = receive(sqs, &url, 1).await;
        assert_eq!(bodies, ["a3"]);
        assert_eq!(receive(sqs, &url, 10).await.0, ["b1"]);
        change(sqs, &url, &handles[0], 0).await;
        assert_eq!(receive(sqs, &url, 10).await.0, ["a3", "a4"]);
    })
    .await;
}

#[tokio::test]
async fn a_longer_timeout_of_one_message_holds_up_those_behind_it() {
    in_both_protocols(async |sqs| {
        let url = fifo(sqs, "orders.fifo").await;
        send(sqs, &url, &["a1", "a2", "a3"]).await;
        let (_, handles) = receive(sqs, &url, 3).await;
        change(sqs, &url, &handles[1], 100).await;
        sqs.pass_ms(99_999);
        assert!(receive(sqs, &url, 10).await.0.is_empty());
        sqs.pass_ms(1);
        assert_eq!(receive(sqs, &url, 10).await.0, ["a1", "a2", "a3"]);
    })
    .await;
}

#[tokio::test]
async fn a_hidden_head_holds_up_its_group() {
    in_both_protocols(async |sqs| {
        let url = fifo(sqs, "orders.fifo").await;
        send(sqs, &url, &["a1", "a2", "b1"]).await;
        let (_, handles) = receive(sqs, &url, 3).await;
        change(sqs, &url, &handles[0], 100).await;
        change(sqs, &url, &handles[1], 0).await;
        assert_eq!(sqs.counts(&url).await, [1, 2, 0]);
        assert!(receive(sqs, &url, 10).await.0.is_empty());
        change(sqs, &url, &handles[2], 0).await;
        assert_eq!(receive(sqs, &url, 10).await.0, ["b1"]);
        sqs.pass_ms(99_999);
        assert_eq!(receive(sqs, &url, 10).await.0, ["b1"]);
        sqs.pass_ms(1);
        assert_eq!(receive(sqs, &url, 10).await.0, ["a1", "a2"]);
    })
    .await;
}

#[tokio::test]
async fn a_receive_without_timeout_leaves_the_group_unlocked() {
    in_both_protocols(async |sqs| {
        let url = fifo(sqs, "orders.fifo").await;
        send(sqs, &url, &["a1", "a2"]).await;
        for _ in 0..2 {
            let input = json!({ "QueueUrl": url, "VisibilityTimeout": 0 });
            let received = sqs.receive_with(input).await;
            assert_eq!(received[0]["Body"], "a1");
        }
        assert_eq!(sqs.counts(&url).await, [2, 0, 0]);
        assert_eq!(receive(sqs, &url, 10).await.0, ["a1", "a2"]);
    })
    .await;
}

#[tokio::test]
async fn a_queue_s_delay_holds_for_what_is_in_a_fifo_queue_already() {
    in_both_protocols(async |sqs| {
        let attributes = json!({ "FifoQueue": "true", "DelaySeconds": "60" });
        let url = sqs.queue("orders.fifo", attributes).await;
        // Its own delay of 0 is taken and changes nothing.
        let mut input = message(&url, "a", "a1");
        input["DelaySeconds"] = json!(0);
        sqs.ok("SendMessage", input).await;
        assert_eq!(sqs.counts(&url).await, [0, 0, 1]);
        sqs.pass_ms(59_999);
        assert!(receive(sqs, &url, 10).await.0.is_empty());
        let set =
            |seconds: &str| json!({ "QueueUrl": url, "Attributes": { "DelaySeconds": seconds } });
        sqs.ok("SetQueueAttributes", set("100")).await;
        sqs.pass_ms(1);
        assert!(receive(sqs, &url, 10).await.0.is_empty());
        sqs.ok("SetQueueAttributes", set("60")).await;
        assert_eq!(receive(sqs, &url, 10).await.0, ["a1"]);
    })
    .await;
}

#[tokio::test]
async fn a_message_of_a_fifo_queue_has_no_delay_of_its_own() {
    in_both_protocols(async |sqs| {
        let url = fifo(sqs, "orders.fifo").await;
        for n in [1, 5, 900] {
            let mut input = message(&url, "a", "a1");
            input["DelaySeconds"] = json!(n);
            let text = format!(
                "Value {n} for parameter DelaySeconds is invalid. Reason: The request include \
                 parameter that is not valid for this queue type."
            );
            sqs.refuses("SendMessage", &url, &[(input, "InvalidParameterValue", &text)]).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_fifo_message_needs_a_group_and_a_deduplication_id() {
    in_both_protocols(async |sqs| {
        let url = fifo(sqs, "orders.fifo").await;
        let without = |member: &str| {
            let mut input = message(&url, "a", "a1");
            input.as_object_mut().unwrap().remove(member);
            input
        };
        sqs.refuses(
            "SendMessage",
            &url,
            &[
                (
                    without("MessageGroupId"),
                    "MissingParameter",
                    "The request must contain the parameter MessageGroupId.",
                ),
                (
                    without("MessageDeduplicationId"),
                    "InvalidParameterValue",
                    "The queue should either have ContentBasedDeduplication enabled or \
                     MessageDeduplicationId provided explicitly",
                ),
            ],
        )
        .await;
    })
    .await;
}

fn attempt(url: &str, id: &str) -> Value {
    json!({ "QueueUrl": url, "MaxNumberOfMessages": 2, "ReceiveRequestAttemptId": id })
}

#[tokio::test]
async fn a_receive_that_is_tried_again_gives_the_same_messages() {
    in_both_protocols(async |sqs| {
        let url = fifo(sqs, "orders.fifo").await;
        send(sqs, &url, &["a1", "a2", "a3"]).await;
        let first = sqs.receive_with(attempt(&url, "try")).await;
        assert_eq!(first.len(), 2);
        for pass in [0, 10, 29] {
            sqs.pass_seconds(pass);
            let again = sqs.receive_with(attempt(&url, "try")).await;
            assert_eq!(again, first);
            // The other attempt finds the group locked.
            assert!(sqs.receive_with(attempt(&url, "other")).await.is_empty());
        }
        // Its visibility begins anew each time.
        sqs.pass_ms(29_999);
        assert_eq!(sqs.counts(&url).await, [1, 2, 0]);
        sqs.pass_ms(1);
        assert_eq!(sqs.counts(&url).await, [3, 0, 0]);
        // Timed out: a receive like any other.
        let later = sqs.receive_with(attempt(&url, "try")).await;
        assert_eq!(later.len(), 2);
        assert_ne!(later[0]["ReceiptHandle"], first[0]["ReceiptHandle"]);
    })
    .await;
}

#[tokio::test]
async fn a_receive_is_not_repeated_once_something_was_done_with_it() {
    in_both_protocols(async |sqs| {
        for act in ["DeleteMessage", "ChangeMessageVisibility"] {
            let url = fifo(sqs, &format!("{act}.fifo")).await;
            send(sqs, &url, &["a1", "a2", "b1"]).await;
            let first = sqs.receive_with(attempt(&url, "try")).await;
            assert_eq!(first.len(), 2);
            let mut input = json!({ "QueueUrl": url, "ReceiptHandle": first[0]["ReceiptHandle"] });
            if act == "ChangeMessageVisibility" {
                input["VisibilityTimeout"] = json!(100);
            }
            sqs.ok(act, input).await;
            let again = sqs.receive_with(attempt(&url, "try")).await;
            assert_eq!(again.len(), 1, "{act}");
            assert_eq!(again[0]["Body"], "b1", "{act}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_attempt_is_remembered_for_five_minutes() {
    in_both_protocols(async |sqs| {
        let url = fifo(sqs, "orders.fifo").await;
        send(sqs, &url, &["a1"]).await;
        let mut input = attempt(&url, "try");
        input["VisibilityTimeout"] = json!(43_200);
        let first = sqs.receive_with(input.clone()).await;
        sqs.pass_ms(299_999);
        assert_eq!(sqs.receive_with(input.clone()).await, first);
        sqs.pass_ms(300_000);
        assert!(sqs.receive_with(input).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_attempt_s_id_has_1_to_128_characters() {
    in_both_protocols(async |sqs| {
        let url = fifo(sqs, "orders.fifo").await;
        for id in ["i", &"i".repeat(128), "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"] {
            assert!(sqs.receive_with(attempt(&url, id)).await.is_empty());
        }
        let cases: Vec<_> = [&"i".repeat(129), "a b", "ä"]
            .iter()
            .map(|id| (attempt(&url, id), "InvalidParameterValue", "*"))
            .collect();
        sqs.refuses("ReceiveMessage", &url, &cases).await;
    })
    .await;
}
