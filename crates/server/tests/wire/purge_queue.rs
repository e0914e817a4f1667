//! PurgeQueue.

use serde_json::{Value, json};

use crate::harness::{Protocol, Service, in_both_protocols};

#[tokio::test]
async fn a_purged_queue_is_empty() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let other = sqs.queue("other", json!({})).await;
        for url in [&url, &other] {
            sqs.send(url, "in flight").await;
            sqs.receive(url).await;
            sqs.send(url, "visible").await;
            let delayed = json!({ "QueueUrl": url, "MessageBody": "delayed", "DelaySeconds": 5 });
            sqs.ok("SendMessage", delayed).await;
            assert_eq!(sqs.counts(url).await, [1, 1, 1]);
        }
        assert_eq!(sqs.ok("PurgeQueue", json!({ "QueueUrl": url })).await, Value::Null);
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
        assert_eq!(sqs.counts(&other).await, [1, 1, 1]);
        sqs.pass_seconds(60);
        assert!(sqs.receive(&url).await.is_empty());
        // And goes on as before.
        let id = sqs.send(&url, "after").await;
        assert_eq!(sqs.receive(&url).await[0]["MessageId"], id);
    })
    .await;
}

#[tokio::test]
async fn a_queue_is_purged_once_in_60_seconds() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let other = sqs.queue("other", json!({})).await;
        let purge = json!({ "QueueUrl": url });
        sqs.ok("PurgeQueue", purge.clone()).await;
        sqs.send(&url, "kept").await;
        let cases = [(
            purge.clone(),
            "AWS.SimpleQueueService.PurgeQueueInProgress",
            "Only one PurgeQueue operation on orders is allowed every 60 seconds.",
        )];
        sqs.refuses("PurgeQueue", &url, &cases).await;
        sqs.pass_ms(59_999);
        sqs.refuses("PurgeQueue", &url, &cases).await;
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
        sqs.ok("PurgeQueue", json!({ "QueueUrl": other })).await;
        // Refusals do not begin another minute.
        sqs.pass_ms(1);
        sqs.ok("PurgeQueue", purge).await;
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_purged_handle_deletes_nothing_and_hides_nothing() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        sqs.send(&url, "before").await;
        let handle = sqs.receive(&url).await[0]["ReceiptHandle"].as_str().unwrap().to_owned();
        sqs.ok("PurgeQueue", json!({ "QueueUrl": url })).await;
        sqs.send(&url, "after").await;
        sqs.delete(&url, handle.as_str()).await;
        let text = format!(
            "Value {handle} for parameter ReceiptHandle is invalid. Reason: Message does not exist \
             or is not available for visibility timeout change."
        );
        let change = json!({ "QueueUrl": url, "ReceiptHandle": handle, "VisibilityTimeout": 5 });
        let cases = [(change, "InvalidParameterValue", &*text)];
        sqs.refuses("ChangeMessageVisibility", &url, &cases).await;
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_purge_unlocks_the_groups() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        sqs.send_fifo(&url, "a").await;
        assert_eq!(sqs.receive(&url).await.len(), 1);
        sqs.ok("PurgeQueue", json!({ "QueueUrl": url })).await;
        sqs.send_fifo(&url, "b").await;
        assert_eq!(sqs.receive(&url).await[0]["Body"], "b");
    })
    .await;
}

#[tokio::test]
async fn a_purge_outlives_a_restart() {
    for protocol in Protocol::BOTH {
        let service = Service::start().await;
        let mut sqs = service.speak(protocol).await;
        let url = sqs.queue("orders", json!({})).await;
        sqs.send(&url, "before").await;
        sqs.ok("PurgeQueue", json!({ "QueueUrl": url })).await;
        sqs.send(&url, "after").await;
        drop(sqs);
        let service = service.restart().await;
        let mut sqs = service.speak(protocol).await;
        let refusal = sqs.refused("PurgeQueue", json!({ "QueueUrl": url })).await;
        assert_eq!(refusal.code, "AWS.SimpleQueueService.PurgeQueueInProgress");
        let received = sqs.receive(&url).await;
        assert_eq!(received.len(), 1);
        assert_eq!(received[0]["Body"], "after");
        drop(sqs);
        service.stop().await;
    }
}
