//! `maxReceivesPerSecond`: how many messages a second an endpoint is sent at most.

use std::collections::BTreeSet;

use serde_json::json;

use super::hook::{Answer, Hook};
use super::support::{Hub, with_hub};

const HALF_SECONDS: usize = 20;

/// How many posts have come in all, after each half second.
async fn counted(hub: &Hub, hook: &mut Hook, ids: &mut BTreeSet<String>) -> Vec<usize> {
    let mut counts = Vec::new();
    let mut count = 0;
    for _ in 0..HALF_SECONDS {
        let posts = hook.come(hub).await;
        count += posts.len();
        ids.extend(posts.iter().map(|post| post.message_id().to_owned()));
        counts.push(count);
        hub.pass_ms(500).await;
    }
    counts
}

#[tokio::test]
async fn an_endpoint_gets_no_more_a_second_than_its_policy_says() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let policy = json!({ "throttlePolicy": { "maxReceivesPerSecond": 2 } }).to_string();
        sns.confirmed(&topic, &mut hook, &[("DeliveryPolicy", &policy)]).await;
        hub.pass_seconds(10).await;
        let mut published = BTreeSet::new();
        for number in 0..8 {
            published.insert(sns.publish(&topic, &number.to_string()).await);
        }
        let mut ids = BTreeSet::new();
        let counts = counted(hub, &mut hook, &mut ids).await;
        // Some may be seen late, none early.
        for (half_seconds, count) in counts.iter().enumerate() {
            let seconds_begun = half_seconds / 2 + 1;
            assert!(*count <= 2 * seconds_begun, "more than two a second: {counts:?}");
        }
        while ids.len() < published.len() {
            ids.insert(hook.notification().await.message_id().to_owned());
        }
        assert_eq!(ids, published);
        hook.has_no_more(hub).await;
    })
    .await;
}

#[tokio::test]
async fn the_topic_says_it_for_subscriptions_that_do_not() {
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let (mut slow, mut fast) = (Hook::willing().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let policy = json!({ "http": { "defaultThrottlePolicy": { "maxReceivesPerSecond": 1 } } });
        sns.set_topic_attribute(&topic, "DeliveryPolicy", &policy.to_string()).await;
        let own = json!({ "throttlePolicy": { "maxReceivesPerSecond": 1000 } }).to_string();
        sns.confirmed(&topic, &mut slow, &[]).await;
        sns.confirmed(&topic, &mut fast, &[("DeliveryPolicy", &own)]).await;
        hub.pass_seconds(10).await;
        for number in 0..5 {
            sns.publish(&topic, &number.to_string()).await;
        }
        for _ in 0..5 {
            hub.pass_ms(1).await;
            fast.notification().await;
        }
        slow.notification().await;
        slow.has_no_more(hub).await;
        for _ in 0..4 {
            hub.pass_ms(994).await;
            slow.has_no_more(hub).await;
            hub.pass_ms(6).await;
            slow.notification().await;
        }
    })
    .await;
}

#[tokio::test]
async fn retries_count_like_any_message() {
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let mut hook = Hook::to_notifications(|_| Answer::Status(500)).await;
        let topic = sns.topic("stock", &[]).await;
        let policy = json!({
            "healthyRetryPolicy": {
                "minDelayTarget": 1,
                "maxDelayTarget": 1,
                "numRetries": 10,
                "numNoDelayRetries": 10,
            },
            "throttlePolicy": { "maxReceivesPerSecond": 1 },
        });
        sns.confirmed(&topic, &mut hook, &[("DeliveryPolicy", &policy.to_string())]).await;
        hub.pass_seconds(10).await;
        sns.publish(&topic, "hello").await;
        hook.notification().await;
        for _ in 0..10 {
            hub.pass_ms(999).await;
            hook.has_no_more(hub).await;
            hub.pass_ms(1).await;
            hook.notification().await;
        }
        hub.pass_seconds(60).await;
        hook.has_no_more(hub).await;
    })
    .await;
}
