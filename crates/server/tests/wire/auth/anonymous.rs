//! Without a signature: only what a policy gives to everyone, and links in messages.

use serde_json::{Value, json};

use crate::harness::{ACCOUNT, Protocol, Refusal, Service};

fn for_everyone(service: &str, action: &str, arn: &str) -> String {
    json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow",
            "Principal": "*",
            "Action": format!("{service}:{action}"),
            "Resource": arn,
        }],
    })
    .to_string()
}

#[tokio::test]
async fn a_queue_is_open_to_strangers_as_far_as_its_policy_says() {
    for protocol in Protocol::BOTH {
        let service = Service::authenticating(&[]).await;
        let mut root = service.speak_as_root(protocol).await;
        let url = root.queue("orders", json!({})).await;
        let mut stranger = service.speak(protocol).await;
        let input = json!({ "QueueUrl": url, "MessageBody": "hello" });
        let denied = |refusal: Refusal, at: &str| {
            let text = format!("Access to the resource http://{at} is denied.");
            refusal.assert_is("AccessDenied", &text, "a stranger's request");
        };
        let at = format!("sqs.test:4566/{ACCOUNT}/orders");
        denied(stranger.refused("SendMessage", input.clone()).await, &at);
        let arn = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:orders");
        let policy = for_everyone("sqs", "SendMessage", &arn);
        let set = json!({ "QueueUrl": url, "Attributes": { "Policy": policy } });
        root.ok("SetQueueAttributes", set).await;
        stranger.ok("SendMessage", input.clone()).await;
        let batch = json!({ "QueueUrl": url, "Entries": [{ "Id": "a", "MessageBody": "b" }] });
        stranger.ok("SendMessageBatch", batch).await;
        denied(stranger.refused("ReceiveMessage", json!({ "QueueUrl": url })).await, &at);
        denied(stranger.refused("ListQueues", json!({})).await, "sqs.test:4566/");
        let close = json!({ "QueueUrl": url, "Attributes": { "Policy": "" } });
        root.ok("SetQueueAttributes", close).await;
        denied(stranger.refused("SendMessage", input).await, &at);
        let sender = json!({ "QueueUrl": url, "MessageSystemAttributeNames": ["SenderId"] });
        let received = root.receive_with(sender).await;
        assert_eq!(received[0]["Attributes"]["SenderId"], "anonymous");
        drop((root, stranger));
        service.stop().await;
    }
}

#[tokio::test]
async fn a_topic_is_open_to_strangers_as_far_as_its_policy_says() {
    let service = Service::authenticating(&[]).await;
    let mut root = service.sns_as_root().await;
    let topic = root.topic("stock").await;
    let mut stranger = root.unsigned().await;
    let publish = json!({ "TopicArn": topic, "Message": "hello" });
    let missing = "Request is missing Authentication Token";
    let refusal = stranger.refused("Publish", publish.clone()).await;
    refusal.assert_is("MissingAuthenticationToken", missing, "Publish");
    let set = |policy: &str| -> Value {
        json!({ "TopicArn": topic, "AttributeName": "Policy", "AttributeValue": policy })
    };
    root.ok("SetTopicAttributes", set(&for_everyone("sns", "Publish", &topic))).await;
    stranger.ok("Publish", publish).await;
    let refusal = stranger.refused("GetTopicAttributes", json!({ "TopicArn": topic })).await;
    refusal.assert_is("MissingAuthenticationToken", missing, "GetTopicAttributes");
    drop((root, stranger));
    service.stop().await;
}

/// A subscription has an owner, and nobody in particular can be one.
#[tokio::test]
async fn strangers_have_no_subscriptions_whatever_a_policy_says() {
    let service = Service::authenticating(&[]).await;
    let mut root = service.sns_as_root().await;
    let topic = root.topic("stock").await;
    let policy = for_everyone("sns", "Subscribe", &topic);
    let set = json!({ "TopicArn": topic, "AttributeName": "Policy", "AttributeValue": policy });
    root.ok("SetTopicAttributes", set).await;
    let mut stranger = root.unsigned().await;
    let queue = format!("arn:aws:sqs:us-east-1:{ACCOUNT}:orders");
    let input = json!({ "TopicArn": topic, "Protocol": "sqs", "Endpoint": queue });
    let missing = "Request is missing Authentication Token";
    let refusal = stranger.refused("Subscribe", input.clone()).await;
    refusal.assert_is("MissingAuthenticationToken", missing, "Subscribe");
    let listed = root.ok("ListSubscriptionsByTopic", json!({ "TopicArn": topic })).await;
    assert_eq!(listed["Subscriptions"], json!([]));
    let subscription = root.ok("Subscribe", input).await["SubscriptionArn"].clone();
    let input = json!({ "SubscriptionArn": subscription });
    let refusal = stranger.refused("GetSubscriptionAttributes", input).await;
    refusal.assert_is("MissingAuthenticationToken", missing, "GetSubscriptionAttributes");
    drop((root, stranger));
    service.stop().await;
}

/// Confirmation links carry a token and no signature.
#[tokio::test]
async fn links_in_messages_need_no_signature() {
    let service = Service::authenticating(&[]).await;
    let mut root = service.sns_as_root().await;
    let topic = root.topic("stock").await;
    let mut stranger = root.unsigned().await;
    let input = json!({ "TopicArn": topic, "Token": "0" });
    let refusal = stranger.refused("ConfirmSubscription", input).await;
    refusal.assert_is("InvalidParameter", "Invalid parameter: Token", "a wrong token");
    drop((root, stranger));
    service.stop().await;
}
