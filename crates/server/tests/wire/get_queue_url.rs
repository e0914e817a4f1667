//! GetQueueUrl.

use serde_json::json;

use crate::harness::{Refusal, in_both_protocols};

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
        assert_eq!(refusal, Refusal::no_queue());
        let refusal =
            sqs.caller("111122223333", "eu-west-1").await.refused("GetQueueUrl", ours).await;
        assert_eq!(refusal, Refusal::no_queue());
    })
    .await;
}

#[tokio::test]
async fn what_is_no_queue_is_not_found() {
    in_both_protocols(async |sqs| {
        sqs.queue("orders", json!({})).await;
        for input in [
            json!({ "QueueName": "Orders" }),
            json!({ "QueueName": "order" }),
            json!({ "QueueName": "orders.fifo" }),
            json!({ "QueueName": "orders", "QueueOwnerAWSAccountId": "999999999999" }),
        ] {
            assert_eq!(sqs.refused("GetQueueUrl", input).await, Refusal::no_queue());
        }
        for input in [json!({ "QueueName": "" }), json!({})] {
            let refusal = sqs.refused("GetQueueUrl", input).await;
            assert_eq!(refusal.code, "InvalidParameterValue");
        }
    })
    .await;
}
