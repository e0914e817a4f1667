//! DeleteQueue, and how long its name is gone.

use serde_json::{Value, json};

use crate::harness::{Protocol, Refusal, Service, in_both_protocols};

/// Every action that is about one queue, with an input that lacks only the QueueUrl.
pub fn queue_actions(handle: &str) -> Vec<(&'static str, Value)> {
    let message = json!([{ "Id": "a", "MessageBody": "x" }]);
    let receipt = json!([{ "Id": "a", "ReceiptHandle": handle }]);
    let change = json!([{ "Id": "a", "ReceiptHandle": handle, "VisibilityTimeout": 1 }]);
    vec![
        (
            "AddPermission",
            json!({ "Label": "l", "AWSAccountIds": ["111122223333"], "Actions": ["*"] }),
        ),
        ("ChangeMessageVisibility", json!({ "ReceiptHandle": handle, "VisibilityTimeout": 1 })),
        ("ChangeMessageVisibilityBatch", json!({ "Entries": change })),
        ("DeleteMessage", json!({ "ReceiptHandle": handle })),
        ("DeleteMessageBatch", json!({ "Entries": receipt })),
        ("DeleteQueue", json!({})),
        ("GetQueueAttributes", json!({ "AttributeNames": ["All"] })),
        ("ListDeadLetterSourceQueues", json!({})),
        ("ListQueueTags", json!({})),
        ("PurgeQueue", json!({})),
        ("ReceiveMessage", json!({})),
        ("ReceiveMessage", json!({ "WaitTimeSeconds": 20 })),
        ("RemovePermission", json!({ "Label": "l" })),
        ("SendMessage", json!({ "MessageBody": "x" })),
        ("SendMessageBatch", json!({ "Entries": message })),
        ("SetQueueAttributes", json!({ "Attributes": { "DelaySeconds": "1" } })),
        ("TagQueue", json!({ "Tags": { "a": "b" } })),
        ("UntagQueue", json!({ "TagKeys": ["a"] })),
    ]
}

#[tokio::test]
async fn a_deleted_queue_is_gone_with_its_messages() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        sqs.send(&url, "hello").await;
        let handle = sqs.receive(&url).await[0]["ReceiptHandle"].clone();
        sqs.send(&url, "there").await;
        sqs.ok("DeleteQueue", json!({ "QueueUrl": url })).await;

        let gone = Refusal::no_queue();
        for (action, mut input) in queue_actions(handle.as_str().unwrap()) {
            input["QueueUrl"] = json!(url);
            assert_eq!(sqs.refused(action, input).await, gone, "{action}");
        }
        assert_eq!(sqs.refused("GetQueueUrl", json!({ "QueueName": "orders" })).await, gone);
        assert_eq!(sqs.ok("ListQueues", json!({})).await, json!({}));
    })
    .await;
}

#[tokio::test]
async fn a_name_is_free_60_seconds_after_its_queue_was_deleted() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({ "DelaySeconds": "1" })).await;
        sqs.send(&url, "hello").await;
        sqs.ok("DeleteQueue", json!({ "QueueUrl": url })).await;
        let create = json!({ "QueueName": "orders" });
        for pass_ms in [0, 59_999] {
            sqs.pass_ms(pass_ms);
            sqs.refused("CreateQueue", create.clone()).await.assert_is(
                "AWS.SimpleQueueService.QueueDeletedRecently",
                "You must wait 60 seconds after deleting a queue before you can create another \
                 with the same name.",
                "",
            );
        }
        // Another name, another account, another region: not held up.
        sqs.queue("orders2", json!({})).await;
        sqs.caller("111122223333", "us-east-1").await.ok("CreateQueue", create.clone()).await;
        sqs.caller("000000000000", "eu-west-1").await.ok("CreateQueue", create).await;
        sqs.pass_ms(1);
        sqs.queue("orders", json!({})).await;
        // And nothing of the old one is left.
        assert_eq!(sqs.attributes(&url).await["DelaySeconds"], "0");
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_handle_of_the_queue_before_is_of_no_use_in_the_new_one() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        sqs.send(&url, "hello").await;
        let handle = sqs.receive(&url).await[0]["ReceiptHandle"].as_str().unwrap().to_owned();
        sqs.ok("DeleteQueue", json!({ "QueueUrl": url })).await;
        sqs.pass_seconds(60);
        sqs.queue("orders", json!({})).await;
        let text = format!("The input receipt handle \"{handle}\" is not a valid receipt handle.");
        let delete = json!({ "QueueUrl": url, "ReceiptHandle": handle });
        sqs.refuses("DeleteMessage", &url, &[(delete, "ReceiptHandleIsInvalid", &text)]).await;
    })
    .await;
}

#[tokio::test]
async fn a_deleted_queue_stays_deleted_after_a_restart() {
    for protocol in Protocol::BOTH {
        let service = Service::start().await;
        let mut sqs = service.speak(protocol).await;
        let url = sqs.queue("orders", json!({})).await;
        sqs.queue("kept", json!({})).await;
        sqs.ok("DeleteQueue", json!({ "QueueUrl": url })).await;
        drop(sqs);
        let service = service.restart().await;
        let mut sqs = service.speak(protocol).await;
        let listed = sqs.ok("ListQueues", json!({})).await;
        assert_eq!(listed, json!({ "QueueUrls": [sqs.url("kept")] }));
        let refusal = sqs.refused("CreateQueue", json!({ "QueueName": "orders" })).await;
        assert_eq!(refusal.code, "AWS.SimpleQueueService.QueueDeletedRecently");
        drop(sqs);
        service.stop().await;
    }
}
