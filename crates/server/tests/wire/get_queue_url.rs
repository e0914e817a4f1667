//! GetQueueUrl.

use serde_json::json;

use crate::delete_queue::NO_QUEUE;
use crate::harness::in_both_protocols;

#[tokio::test]
async fn a_queue_is_found_by_its_name() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let fifo = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        for (name, url) in [("orders", &url), ("orders.fifo", &fifo)] {
            let found = sqs.ok("GetQueueUrl", json!({ "QueueName": name })).await;
            assert_eq!(found, json!({ "QueueUrl": url }));
        }
    })
    .await;
}

#[tokio::test]
async fn a_queue_of_another_account_is_found_by_its_owner() {
    in_both_protocols(async |sqs| {
        let mut owner = sqs.caller("111122223333", "us-east-1").await;
        owner.ok("CreateQueue", json!({ "QueueName": "orders" })).await;
        let theirs = json!({ "QueueName": "orders", "QueueOwnerAWSAccountId": "111122223333" });
        let found = sqs.ok("GetQueueUrl", theirs).await;
        assert_eq!(found, json!({ "QueueUrl": "http://sqs.test:4566/111122223333/orders" }));
        // Not without its owner's number, and not in another region.
        let ours = json!({ "QueueName": "orders" });
        let refusal = sqs.refused("GetQueueUrl", ours.clone()).await;
        refusal.assert_is(NO_QUEUE.0, NO_QUEUE.1, "another account");
        let refusal =
            sqs.caller("111122223333", "eu-west-1").await.refused("GetQueueUrl", ours).await;
        refusal.assert_is(NO_QUEUE.0, NO_QUEUE.1, "another region");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_queue_is_not_found() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        sqs.refuses(
            "GetQueueUrl",
            &url,
            &[
                (json!({ "QueueName": "Orders" }), NO_QUEUE.0, NO_QUEUE.1),
                (json!({ "QueueName": "order" }), NO_QUEUE.0, NO_QUEUE.1),
                (json!({ "QueueName": "orders.fifo" }), NO_QUEUE.0, NO_QUEUE.1),
                (
                    json!({ "QueueName": "orders", "QueueOwnerAWSAccountId": "999999999999" }),
                    NO_QUEUE.0,
                    NO_QUEUE.1,
                ),
                (json!({ "QueueName": "" }), "InvalidParameterValue", "*"),
                (json!({}), "InvalidParameterValue", "*"),
            ],
        )
        .await;
    })
    .await;
}
