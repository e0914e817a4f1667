//! What waits for an endpoint whose subscription, topic or dead-letter queue is gone.

use serde_json::json;

use super::hook::{Answer, Hook};
use super::support::{Hub, dead_letter_queue, take, with_hub};

#[tokio::test]
async fn nothing_is_tried_again_once_the_subscription_is_ended() {
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let mut hook = Hook::answering(500).await;
        let topic = sns.topic("stock", &[]).await;
        let arn = sns.confirmed(&topic, &mut hook, &[]).await;
        sns.publish(&topic, "hello").await;
        hook.notification().await;
        hub.settle().await;
        sns.ok("Unsubscribe", &[("SubscriptionArn", &arn)]).await;
        for _ in 0..4 {
            hub.pass_seconds(1000).await;
            hook.has_no_more(hub).await;
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_but_the_last_message_comes_once_the_link_was_followed() {
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let mut hook = Hook::answering(500).await;
        let topic = sns.topic("stock", &[]).await;
        sns.confirmed(&topic, &mut hook, &[]).await;
        sns.publish(&topic, "hello").await;
        let link = hook.notification().await.text("UnsubscribeURL");
        hub.settle().await;
        assert_eq!(hub.follow(&link).await.status, 200);
        // The endpoint has failed just now, and is told all the same.
        assert_eq!(hook.next().await.message_type(), "UnsubscribeConfirmation");
        for _ in 0..4 {
            hub.pass_seconds(1000).await;
            hook.has_no_more(hub).await;
        }
    })
    .await;
}

#[tokio::test]
async fn nothing_is_tried_again_once_the_topic_is_gone() {
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let mut hook = Hook::answering(500).await;
        let mut pending = Hook::start(|_| Answer::Status(500)).await;
        let topic = sns.topic("stock", &[]).await;
        sns.confirmed(&topic, &mut hook, &[]).await;
        sns.subscribe(&topic, &pending.url("/"), &[]).await;
        let link = pending.next().await.text("SubscribeURL");
        sns.publish(&topic, "hello").await;
        hook.notification().await;
        hub.settle().await;
        sns.ok("DeleteTopic", &[("TopicArn", &topic)]).await;
        for _ in 0..4 {
            hub.pass_seconds(1000).await;
            hook.has_no_more(hub).await;
            pending.has_no_more(hub).await;
        }
        assert_eq!(hub.follow(&link).await.status, 404);
        // A topic of the same name is another one.
        sns.topic("stock", &[]).await;
        assert!(sns.subscriptions(&topic).await.is_empty());
        assert_eq!(hub.follow(&link).await.status, 400);
        sns.publish(&topic, "hello").await;
        hook.has_no_more(hub).await;
    })
    .await;
}

#[tokio::test]
async fn a_dead_letter_queue_need_not_be_there_before_it_is_needed() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut sqs) = (hub.sns().await, hub.sqs().await);
        let mut hook = Hook::answering(404).await;
        let topic = sns.topic("stock", &[]).await;
        let redrive = json!({ "deadLetterTargetArn": "arn:aws:sqs:us-east-1:000000000000:dead" });
        let attributes = [("RedrivePolicy", &*redrive.to_string())];
        let arn = sns.confirmed(&topic, &mut hook, &attributes).await;
        sns.publish(&topic, "lost").await;
        hook.notification().await;
        hub.settle().await;
        let (url, again) = dead_letter_queue(&mut sqs, "dead").await;
        sns.publish(&topic, "kept").await;
        let dead = take(&mut sqs, &url).await;
        assert!(dead["Body"].as_str().unwrap().contains("\"Message\" : \"kept\""), "{dead}");
        assert_eq!(sns.attributes(&arn).await["RedrivePolicy"], again);

        sns.set_attribute(&arn, "RedrivePolicy", "").await;
        assert!(!sns.attributes(&arn).await.contains_key("RedrivePolicy"));
        hook.notification().await;
        sns.publish(&topic, "lost").await;
        hook.notification().await;
        hub.settle().await;
        assert_eq!(sqs.counts(&url).await, [0, 1, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_dead_letter_queue_may_be_named_after_the_message_was_published() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut sqs) = (hub.sns().await, hub.sqs().await);
        let mut hook = Hook::answering(500).await;
        let topic = sns.topic("stock", &[]).await;
        let arn = sns.confirmed(&topic, &mut hook, &[]).await;
        let message_id = sns.publish(&topic, "hello").await;
        hook.notification().await;
        let (url, redrive) = dead_letter_queue(&mut sqs, "dead").await;
        sns.set_attribute(&arn, "RedrivePolicy", &redrive).await;
        for _ in 0..3 {
            hub.pass_seconds(22).await;
            hook.notification().await;
        }
        let dead = take(&mut sqs, &url).await;
        assert!(dead["Body"].as_str().unwrap().contains(&message_id), "{dead}");
    })
    .await;
}
