//! DeleteMessage and DeleteMessageBatch.

use serde_json::{Value, json};

use crate::harness::{Protocol, Service, Sqs, in_both_protocols};

fn delete(url: &str, handle: &str) -> Value {
    json!({ "QueueUrl": url, "ReceiptHandle": handle })
}

pub fn invalid_handle(handle: &str) -> String {
    format!("The input receipt handle \"{handle}\" is not a valid receipt handle.")
}

#[tokio::test]
async fn a_deleted_message_does_not_come_back() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let fifo = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        sqs.send(&url, "hello").await;
        sqs.send_fifo(&fifo, "hello").await;
        for url in [&url, &fifo] {
            let handle = sqs.receive_handle(url, None).await;
            assert_eq!(sqs.counts(url).await, [0, 1, 0]);
            // Twice with the same handle is no error.
            for _ in 0..2 {
                assert_eq!(sqs.ok("DeleteMessage", delete(url, &handle)).await, Value::Null);
                assert_eq!(sqs.counts(url).await, [0, 0, 0]);
            }
            sqs.pass_seconds(30);
            assert!(sqs.receive(url).await.is_empty());
        }
    })
    .await;
}

#[tokio::test]
async fn a_standard_message_is_deleted_after_its_timeout_too() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        sqs.send(&url, "hello").await;
        let handle = sqs.receive_handle(&url, None).await;
        sqs.pass_seconds(31);
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
        sqs.ok("DeleteMessage", delete(&url, &handle)).await;
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_standard_message_takes_an_older_handle_without_complaint() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        sqs.send(&url, "hello").await;
        let old = sqs.receive_handle(&url, Some(0)).await;
        let new = sqs.receive_handle(&url, None).await;
        // The message may stay or go.
        sqs.ok("DeleteMessage", delete(&url, &old)).await;
        sqs.ok("DeleteMessage", delete(&url, &new)).await;
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_fifo_message_is_deleted_in_time_or_not_at_all() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        sqs.send_fifo(&url, "hello").await;
        let handle = sqs.receive_handle(&url, None).await;
        sqs.pass_ms(30_000);
        let text = format!(
            "Value {handle} for parameter ReceiptHandle is invalid. Reason: The receipt handle has \
             expired."
        );
        let cases = [(delete(&url, &handle), "InvalidParameterValue", &*text)];
        sqs.refuses("DeleteMessage", &url, &cases).await;
        // Nor once it has been handed out again.
        let newer = sqs.receive_handle(&url, None).await;
        sqs.refuses("DeleteMessage", &url, &cases).await;
        assert_eq!(sqs.counts(&url).await, [0, 1, 0]);
        sqs.pass_ms(29_999);
        sqs.ok("DeleteMessage", delete(&url, &newer)).await;
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_fifo_handle_lives_as_long_as_its_timeout_is_extended() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        sqs.send_fifo(&url, "hello").await;
        let handle = sqs.receive_handle(&url, None).await;
        sqs.pass_seconds(29);
        let mut change = delete(&url, &handle);
        change["VisibilityTimeout"] = json!(100);
        sqs.ok("ChangeMessageVisibility", change).await;
        sqs.pass_ms(99_999);
        sqs.ok("DeleteMessage", delete(&url, &handle)).await;
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_handle_that_this_queue_did_not_give_is_refused() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let other = sqs.queue("other", json!({})).await;
        let fifo = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        for url in [&url, &other] {
            sqs.send(url, "hello").await;
        }
        sqs.send_fifo(&fifo, "hello").await;
        let here = sqs.receive_handle(&url, None).await;
        let there = sqs.receive_handle(&other, None).await;
        let mut forged = here.clone().into_bytes();
        forged[5] ^= 1;
        let forged = String::from_utf8(forged).unwrap();
        let cut = &here[..here.len() - 4];
        for url in [&url, &fifo] {
            for handle in [
                "x",
                "AAAA",
                "not base64!",
                "ünïcode <&>",
                &*there,
                &forged,
                cut,
                &"A".repeat(1025),
            ] {
                let text = invalid_handle(handle);
                let cases = [(delete(url, handle), "ReceiptHandleIsInvalid", &*text)];
                sqs.refuses("DeleteMessage", url, &cases).await;
            }
            let missing = json!({ "QueueUrl": url });
            let text = "The request must contain the parameter ReceiptHandle.";
            sqs.refuses("DeleteMessage", url, &[(missing, "MissingParameter", text)]).await;
        }
        sqs.refuses(
            "DeleteMessage",
            &fifo,
            &[(delete(&fifo, &here), "ReceiptHandleIsInvalid", &invalid_handle(&here))],
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn a_batch_deletes_what_it_can() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        for i in 0..10 {
            sqs.send(&url, &i.to_string()).await;
        }
        let mut entries: Vec<_> = sqs
            .receive(&url)
            .await
            .iter()
            .enumerate()
            .map(|(i, m)| json!({ "Id": format!("e{i}"), "ReceiptHandle": m["ReceiptHandle"] }))
            .collect();
        entries[3]["ReceiptHandle"] = json!("bad");
        entries[9]["ReceiptHandle"] = json!("worse");
        let input = json!({ "QueueUrl": url, "Entries": entries });
        for _ in 0..2 {
            let deleted = sqs.ok("DeleteMessageBatch", input.clone()).await;
            let successful: Vec<_> =
                [0, 1, 2, 4, 5, 6, 7, 8].map(|i| json!({ "Id": format!("e{i}") })).into();
            let failure = |id: &str, handle: &str| {
                json!({
                    "Id": id,
                    "SenderFault": true,
                    "Code": "ReceiptHandleIsInvalid",
                    "Message": invalid_handle(handle),
                })
            };
            let failed = [failure("e3", "bad"), failure("e9", "worse")];
            assert_eq!(deleted, json!({ "Successful": successful, "Failed": failed }));
            assert_eq!(sqs.counts(&url).await, [0, 2, 0]);
        }
        let bad = json!({ "QueueUrl": url, "Entries": [{ "Id": "a", "ReceiptHandle": "bad" }] });
        assert_eq!(sqs.ok("DeleteMessageBatch", bad).await.get("Successful"), None);
    })
    .await;
}

#[tokio::test]
async fn an_expired_handle_fails_its_entry_alone() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        sqs.send_fifo(&url, "a").await;
        sqs.send_fifo(&url, "b").await;
        let received = sqs.receive(&url).await;
        assert_eq!(received.len(), 2);
        let [a, b] = [0, 1].map(|i| received[i]["ReceiptHandle"].as_str().unwrap());
        let mut change = delete(&url, a);
        change["VisibilityTimeout"] = json!(60);
        sqs.ok("ChangeMessageVisibility", change).await;
        sqs.pass_seconds(30);
        let entries = json!([{ "Id": "a", "ReceiptHandle": a }, { "Id": "b", "ReceiptHandle": b }]);
        let deleted =
            sqs.ok("DeleteMessageBatch", json!({ "QueueUrl": url, "Entries": entries })).await;
        let text = format!(
            "Value {b} for parameter ReceiptHandle is invalid. Reason: The receipt handle has \
             expired."
        );
        let failed = json!([{
            "Id": "b", "SenderFault": true, "Code": "InvalidParameterValue", "Message": text,
        }]);
        assert_eq!(deleted, json!({ "Successful": [{ "Id": "a" }], "Failed": failed }));
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
    })
    .await;
}

/// What is wrong with a batch of receipts, whichever action it is for.
pub async fn refuses_bad_batches(sqs: &mut Sqs, action: &str, url: &str, handle: &str) {
    let entry = |id: &str| json!({ "Id": id, "ReceiptHandle": handle, "VisibilityTimeout": 5 });
    let numbered = |count: usize| -> Value { (0..count).map(|i| entry(&i.to_string())).collect() };
    let bad_id = "AWS.SimpleQueueService.InvalidBatchEntryId";
    let bad_id_text = "A batch entry id can only contain alphanumeric characters, hyphens and \
                       underscores. It can be at most 80 letters long.";
    let cases: Vec<_> = [
        (json!([]), "AWS.SimpleQueueService.EmptyBatchRequest", "*"),
        (
            numbered(11),
            "AWS.SimpleQueueService.TooManyEntriesInBatchRequest",
            "Maximum number of entries per request are 10. You have sent 11.",
        ),
        (
            json!([entry("a"), entry("b"), entry("b")]),
            "AWS.SimpleQueueService.BatchEntryIdsNotDistinct",
            "Id b repeated.",
        ),
        (json!([entry("good"), entry("")]), bad_id, bad_id_text),
        (json!([entry("good"), entry("a b")]), bad_id, bad_id_text),
        (json!([entry("good"), entry(&"i".repeat(81))]), bad_id, bad_id_text),
    ]
    .into_iter()
    .map(|(mut entries, code, text)| {
        if action == "DeleteMessageBatch" {
            for entry in entries.as_array_mut().unwrap() {
                entry.as_object_mut().unwrap().remove("VisibilityTimeout");
            }
        }
        (json!({ "QueueUrl": url, "Entries": entries }), code, text)
    })
    .collect();
    sqs.refuses(action, url, &cases).await;
}

#[tokio::test]
async fn what_is_wrong_with_a_batch_fails_it_whole() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        sqs.send(&url, "hello").await;
        let handle = sqs.receive_handle(&url, None).await;
        refuses_bad_batches(sqs, "DeleteMessageBatch", &url, &handle).await;
        assert_eq!(sqs.counts(&url).await, [0, 1, 0]);
        // An entry without a handle is either a bad call or a bad entry.
        let input = json!({ "QueueUrl": url, "Entries": [{ "Id": "a" }] });
        match sqs.call("DeleteMessageBatch", &input).await {
            Err(refusal) => assert_eq!(refusal.code, "MissingParameter"),
            Ok(output) => assert_eq!(output["Failed"][0]["Code"], "MissingParameter"),
        }
        let entry = json!([{ "Id": "i".repeat(80), "ReceiptHandle": handle }]);
        let input = json!({ "QueueUrl": url, "Entries": entry });
        let deleted = sqs.ok("DeleteMessageBatch", input).await;
        assert_eq!(deleted, json!({ "Successful": [{ "Id": "i".repeat(80) }] }));
    })
    .await;
}

#[tokio::test]
async fn a_handle_outlives_a_restart() {
    for protocol in Protocol::BOTH {
        let service = Service::start().await;
        let mut sqs = service.speak(protocol).await;
        let url = sqs.queue("orders", json!({})).await;
        sqs.send(&url, "a").await;
        sqs.send(&url, "b").await;
        let handle = sqs.receive_handle(&url, None).await;
        drop(sqs);
        let service = service.restart().await;
        let mut sqs = service.speak(protocol).await;
        assert_eq!(sqs.counts(&url).await, [1, 1, 0]);
        sqs.ok("DeleteMessage", delete(&url, &handle)).await;
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
        drop(sqs);
        service.stop().await;
    }
}
