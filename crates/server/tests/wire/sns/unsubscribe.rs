//! Unsubscribe.

use serde_json::{Value, json};

use crate::harness::{topic_arn, with_topics, with_topics_and_queues};

#[tokio::test]
async fn an_ended_subscription_is_gone_and_gets_nothing() {
    with_topics_and_queues(async |sns, sqs| {
        let (kept, ended) =
            (sqs.queue("kept", json!({})).await, sqs.queue("ended", json!({})).await);
        let topic = sns.topic("orders").await;
        sns.subscribe(&topic, "kept", json!({})).await;
        let arn = sns.subscribe(&topic, "ended", json!({})).await;
        sns.publish(&topic, "before").await;
        assert_eq!(sns.ok("Unsubscribe", json!({ "SubscriptionArn": arn })).await, Value::Null);
        sns.publish(&topic, "after").await;
        assert_eq!(sqs.counts(&kept).await, [2, 0, 0]);
        assert_eq!(sqs.counts(&ended).await, [1, 0, 0]);
        let cases =
            [(json!({ "SubscriptionArn": arn }), "NotFound", "Subscription does not exist")];
        sns.refuses("GetSubscriptionAttributes", &cases).await;
        let set = json!({
            "SubscriptionArn": arn,
            "AttributeName": "RawMessageDelivery",
            "AttributeValue": "true",
        });
        let cases = [(set, "NotFound", "Subscription does not exist")];
        sns.refuses("SetSubscriptionAttributes", &cases).await;
        let left = sns.all("ListSubscriptions", "Subscriptions", json!({})).await;
        assert_eq!(left.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn ending_a_subscription_again_succeeds() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let arn = sns.subscribe(&topic, "queue", json!({})).await;
        let never = format!("{topic}:6b0e71bd-7e97-4d97-80ce-4a0994e55286");
        let no_topic = format!("{}:6b0e71bd-7e97-4d97-80ce-4a0994e55286", topic_arn("never"));
        for arn in [arn.clone(), arn, never, no_topic] {
            assert_eq!(sns.ok("Unsubscribe", json!({ "SubscriptionArn": arn })).await, Value::Null);
        }
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_subscribes_again_is_a_new_subscription() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let old = sns.subscribe(&topic, "queue", json!({ "RawMessageDelivery": "true" })).await;
        sns.ok("Unsubscribe", json!({ "SubscriptionArn": old })).await;
        let new = sns.subscribe(&topic, "queue", json!({})).await;
        assert_ne!(new, old);
        assert_eq!(sns.subscription_attributes(&new).await["RawMessageDelivery"], "false");
    })
    .await;
}

#[tokio::test]
async fn what_is_no_subscription_is_refused() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        sns.subscribe(&topic, "queue", json!({})).await;
        let of = |arn: &str| json!({ "SubscriptionArn": arn });
        let elements = |count: usize| {
            format!(
                "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 elements, \
                 not {count}"
            )
        };
        let cases = [
            (of("x"), elements(1)),
            (of("arn:aws:sns"), elements(3)),
            (of(&format!("{topic}:x")), "Invalid parameter: SubscriptionId".to_owned()),
            (
                of(""),
                "Invalid parameter: SubscriptionArn Reason: no value for required parameter"
                    .to_owned(),
            ),
        ];
        let cases: Vec<_> = cases
            .iter()
            .map(|(input, text)| (input.clone(), "InvalidParameter", text.as_str()))
            .collect();
        sns.refuses("Unsubscribe", &cases).await;
        let text = "1 validation error detected: Value null at 'subscriptionArn' failed to satisfy \
                    constraint: Member must not be null";
        sns.refuses("Unsubscribe", &[(json!({}), "ValidationError", text)]).await;
    })
    .await;
}

#[tokio::test]
async fn a_queue_is_not_unsubscribed_without_a_signature() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let arn = sns.subscribe(&topic, "queue", json!({})).await;
        let mut stranger = sns.unsigned().await;
        let refusal =
            stranger.refused("Unsubscribe", json!({ "SubscriptionArn": arn.clone() })).await;
        assert_eq!(refusal.code, "AuthorizationError");
        assert_eq!(sns.subscription_attributes(&arn).await["SubscriptionArn"], arn);
    })
    .await;
}
