//! ChangeMessageVisibility and ChangeMessageVisibilityBatch.

use serde_json::{Value, json};

use crate::delete_message::{invalid_handle, refuses_bad_batches};
use crate::harness::{Sqs, in_both_protocols};

fn change(url: &str, handle: &str, seconds: impl Into<Value>) -> Value {
    json!({ "QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": seconds.into() })
}

async fn changes(sqs: &mut Sqs, url: &str, handle: &str, seconds: u32) {
    let output = sqs.ok("ChangeMessageVisibility", change(url, handle, seconds)).await;
    assert_eq!(output, Value::Null);
}

fn unavailable(handle: &str) -> String {
    format!(
        "Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist or \
         is not available for visibility timeout change."
    )
}

#[tokio::test]
async fn a_new_timeout_counts_from_the_call() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let fifo = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        sqs.send(&url, "hello").await;
        sqs.send_fifo(&fifo, "hello").await;
        for url in [&url, &fifo] {
            for (waited, seconds) in [(29, 1), (29, 100), (0, 1), (10, 43_190), (0, 43_200)] {
                let handle = sqs.receive_handle(url, None).await;
                sqs.pass_seconds(waited);
                changes(sqs, url, &handle, seconds).await;
                sqs.pass_ms(u64::from(seconds) * 1000 - 1);
                assert_eq!(sqs.counts(url).await, [0, 1, 0], "{waited} {seconds}");
                sqs.pass_ms(1);
                assert_eq!(sqs.counts(url).await, [1, 0, 0], "{waited} {seconds}");
            }
            let handle = sqs.receive_handle(url, None).await;
            changes(sqs, url, &handle, 0).await;
            assert_eq!(sqs.counts(url).await, [1, 0, 0]);
            // For that receive only: the next one has the queue's timeout again.
            sqs.receive_handle(url, None).await;
            sqs.pass_ms(29_999);
            assert_eq!(sqs.counts(url).await, [0, 1, 0]);
            sqs.pass_ms(1);
        }
    })
    .await;
}

#[tokio::test]
async fn a_message_stays_in_flight_for_at_most_12_hours_in_all() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let fifo = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        sqs.send(&url, "hello").await;
        sqs.send_fifo(&fifo, "hello").await;
        for url in [&url, &fifo] {
            let handle = sqs.receive_handle(url, None).await;
            sqs.pass_seconds(10);
            let text = |n: u32| {
                format!(
                    "Value {n} for parameter VisibilityTimeout is invalid. Reason: Total \
                     VisibilityTimeout for the message is beyond the limit [43200 seconds]"
                )
            };
            let cases = [
                (change(url, &handle, 43_200), "InvalidParameterValue", &*text(43_200)),
                (change(url, &handle, 43_191), "InvalidParameterValue", &*text(43_191)),
            ];
            sqs.refuses("ChangeMessageVisibility", url, &cases).await;
            changes(sqs, url, &handle, 43_190).await;
            sqs.pass_seconds(43_180);
            changes(sqs, url, &handle, 10).await;
            let cases = [(change(url, &handle, 11), "InvalidParameterValue", &*text(11))];
            sqs.refuses("ChangeMessageVisibility", url, &cases).await;
            sqs.pass_ms(9_999);
            assert_eq!(sqs.counts(url).await, [0, 1, 0]);
            sqs.pass_ms(1);
            assert_eq!(sqs.counts(url).await, [1, 0, 0]);
            // Another receive, another 12 hours.
            let handle = sqs.receive_handle(url, None).await;
            changes(sqs, url, &handle, 43_200).await;
            changes(sqs, url, &handle, 0).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_standard_message_that_is_visible_again_is_hidden_again() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        sqs.send(&url, "hello").await;
        let handle = sqs.receive_handle(&url, None).await;
        sqs.pass_seconds(31);
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
        changes(sqs, &url, &handle, 60).await;
        assert_eq!(sqs.counts(&url).await, [0, 1, 0]);
        sqs.pass_ms(59_999);
        assert!(sqs.receive(&url).await.is_empty());
        sqs.pass_ms(1);
        assert_eq!(sqs.receive(&url).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_fifo_message_that_is_visible_again_is_not() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        sqs.send_fifo(&url, "hello").await;
        let handle = sqs.receive_handle(&url, None).await;
        sqs.pass_seconds(30);
        let refusal = sqs.refused("ChangeMessageVisibility", change(&url, &handle, 5)).await;
        // Which of the two is not documented.
        assert!(
            ["AWS.SimpleQueueService.MessageNotInflight", "InvalidParameterValue"]
                .contains(&&*refusal.code),
            "{refusal:?}"
        );
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_message_that_is_gone_or_has_another_handle_is_not_available() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let fifo = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        sqs.send(&url, "hello").await;
        sqs.send_fifo(&fifo, "hello").await;
        for url in [&url, &fifo] {
            let stale = sqs.receive_handle(url, Some(0)).await;
            let handle = sqs.receive_handle(url, None).await;
            let text = unavailable(&stale);
            let cases = [
                (change(url, &stale, 5), "InvalidParameterValue", &*text),
                (change(url, &stale, 0), "InvalidParameterValue", &*text),
            ];
            sqs.refuses("ChangeMessageVisibility", url, &cases).await;
            sqs.delete(url, handle.as_str()).await;
            let text = unavailable(&handle);
            let cases = [(change(url, &handle, 5), "InvalidParameterValue", &*text)];
            sqs.refuses("ChangeMessageVisibility", url, &cases).await;
        }
    })
    .await;
}

#[tokio::test]
async fn timeouts_and_handles_that_cannot_be_are_refused() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let other = sqs.queue("other", json!({})).await;
        sqs.send(&url, "hello").await;
        sqs.send(&other, "hello").await;
        let handle = sqs.receive_handle(&url, None).await;
        let there = sqs.receive_handle(&other, None).await;
        let ranges: Vec<_> = [-1, 43_201, i64::from(i32::MAX)]
            .into_iter()
            .map(|n| {
                (n, format!("Value {n} for parameter VisibilityTimeout is invalid. Reason: *"))
            })
            .collect();
        let mut cases: Vec<_> = ranges
            .iter()
            .map(|(n, text)| (change(&url, &handle, *n), "InvalidParameterValue", text.as_str()))
            .collect();
        let (bad, of_other) = (invalid_handle("bad"), invalid_handle(&there));
        cases.extend([
            (change(&url, "bad", 5), "ReceiptHandleIsInvalid", &*bad),
            (change(&url, &there, 5), "ReceiptHandleIsInvalid", &*of_other),
            (
                json!({ "QueueUrl": url, "VisibilityTimeout": 5 }),
                "MissingParameter",
                "The request must contain the parameter ReceiptHandle.",
            ),
            (
                json!({ "QueueUrl": url, "ReceiptHandle": handle }),
                "MissingParameter",
                "The request must contain the parameter VisibilityTimeout.",
            ),
        ]);
        sqs.refuses("ChangeMessageVisibility", &url, &cases).await;
    })
    .await;
}

#[tokio::test]
async fn a_batch_changes_what_it_can() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        for body in ["a", "b", "c", "d", "e"] {
            sqs.send(&url, body).await;
        }
        let handles: Vec<_> = sqs
            .receive(&url)
            .await
            .iter()
            .map(|m| m["ReceiptHandle"].as_str().unwrap().to_owned())
            .collect();
        sqs.ok("DeleteMessage", json!({ "QueueUrl": url, "ReceiptHandle": handles[4] })).await;
        sqs.pass_seconds(10);
        let entry = |id: &str, handle: &str, seconds: u32| {
            json!({ "Id": id, "ReceiptHandle": handle, "VisibilityTimeout": seconds })
        };
        let entries = json!([
            entry("zero", &handles[0], 0),
            entry("bad", "bad", 5),
            entry("long", &handles[1], 43_201),
            entry("longer", &handles[2], 43_200),
            entry("sixty", &handles[3], 60),
            entry("gone", &handles[4], 5),
        ]);
        let input = json!({ "QueueUrl": url, "Entries": entries });
        let changed = sqs.ok("ChangeMessageVisibilityBatch", input).await;
        assert_eq!(changed["Successful"], json!([{ "Id": "zero" }, { "Id": "sixty" }]));
        let failed = changed["Failed"].as_array().unwrap();
        assert_eq!(failed.len(), 4);
        for (failure, (id, code, text)) in failed.iter().zip([
            ("bad", "ReceiptHandleIsInvalid", invalid_handle("bad")),
            (
                "long",
                "InvalidParameterValue",
                "Value 43201 for parameter VisibilityTimeout is invalid. Reason: ".into(),
            ),
            (
                "longer",
                "InvalidParameterValue",
                "Value 43200 for parameter VisibilityTimeout is invalid. Reason: Total \
                 VisibilityTimeout for the message is beyond the limit [43200 seconds]"
                    .into(),
            ),
            ("gone", "InvalidParameterValue", unavailable(&handles[4])),
        ]) {
            assert_eq!(failure["Id"], id);
            assert_eq!(failure["Code"], code);
            assert_eq!(failure["SenderFault"], true);
            assert!(failure["Message"].as_str().unwrap().starts_with(&text), "{failure}");
        }
        assert_eq!(sqs.counts(&url).await, [1, 3, 0]);
        sqs.pass_seconds(20);
        assert_eq!(sqs.counts(&url).await, [3, 1, 0]);
        sqs.pass_seconds(40);
        assert_eq!(sqs.counts(&url).await, [4, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_a_batch_fails_it_whole() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        sqs.send(&url, "hello").await;
        let handle = sqs.receive_handle(&url, None).await;
        refuses_bad_batches(sqs, "ChangeMessageVisibilityBatch", &url, &handle).await;
        // What was refused did not hide it for five seconds.
        sqs.pass_ms(29_999);
        assert_eq!(sqs.counts(&url).await, [0, 1, 0]);
    })
    .await;
}
