//! Attempts at an endpoint that fails: when, how often, and what becomes of the message.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tidings_couriers::CourierConfig;
use tokio::net::TcpListener;

use super::hook::{Answer, Hook, Post};
use super::support::{Hub, dead_letter_queue, local, take, with_hub};

/// One retry, at once.
const AT_ONCE: &str = r#"{"healthyRetryPolicy":{"numRetries":1,"numNoDelayRetries":1,
    "minDelayTarget":20,"maxDelayTarget":20}}"#;

/// Moves the clock to when a delay of these milliseconds, or up to a tenth more, is over. Nothing
/// may come before it.
async fn after_delay(hub: &Hub, hook: &mut Hook, ms: u64) -> Post {
    hub.pass_ms(ms - 1).await;
    hook.has_no_more(hub).await;
    hub.pass_ms(1 + ms / 10).await;
    hook.notification().await
}

/// Answers notifications whose message is a status with that status the first time, and with 200
/// the next time.
fn as_told() -> impl Fn(&Post) -> Answer + Clone + Send + 'static {
    let seen = Arc::new(Mutex::new(BTreeSet::new()));
    move |post| match seen.lock().unwrap().insert(post.message_id().to_owned()) {
        true => Answer::Status(post.text("Message").parse().unwrap()),
        false => Answer::Status(200),
    }
}

#[tokio::test]
async fn by_default_there_are_three_retries_twenty_seconds_apart() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut sqs) = (hub.sns().await, hub.sqs().await);
        let mut hook = Hook::answering(500).await;
        let topic = sns.topic("stock", &[]).await;
        let (url, redrive) = dead_letter_queue(&mut sqs, "dead").await;
        sns.confirmed(&topic, &mut hook, &[("RedrivePolicy", &redrive)]).await;
        sns.publish(&topic, "hello").await;
        let first = hook.notification().await;
        for _ in 0..3 {
            assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
            let retry = after_delay(hub, &mut hook, 20_000).await;
            assert_eq!(retry, first, "the same message, id and timestamp included");
        }
        let dead = take(&mut sqs, &url).await;
        // The links lead to where its reader found the queue.
        assert_eq!(dead["Body"], first.body.replace(&hub.url(), "http://sqs.test:4566"));
        assert_eq!(dead.get("MessageAttributes"), None);
        assert_eq!(dead["Attributes"]["ApproximateReceiveCount"], "1");
        assert_eq!(dead["Attributes"].get("DeadLetterQueueSourceArn"), None);
        hub.pass_seconds(3600).await;
        hook.has_no_more(hub).await;
        assert_eq!(sqs.counts(&url).await, [1, 0, 0], "once");
    })
    .await;
}

#[tokio::test]
async fn retries_come_in_the_phases_of_the_policy() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut sqs) = (hub.sns().await, hub.sqs().await);
        let mut hook = Hook::answering(503).await;
        let topic = sns.topic("stock", &[]).await;
        let (url, redrive) = dead_letter_queue(&mut sqs, "dead").await;
        let policy = json!({ "healthyRetryPolicy": {
            "minDelayTarget": 5,
            "maxDelayTarget": 300,
            "numRetries": 6,
            "numNoDelayRetries": 2,
            "numMinDelayRetries": 2,
            "numMaxDelayRetries": 2,
            "backoffFunction": "exponential",
        }});
        let policy = policy.to_string();
        let attributes = [("DeliveryPolicy", &*policy), ("RedrivePolicy", &redrive)];
        sns.confirmed(&topic, &mut hook, &attributes).await;
        let message_id = sns.publish(&topic, "hello").await;
        // The first attempt, and the retries without a delay.
        for _ in 0..3 {
            assert_eq!(hook.notification().await.message_id(), message_id);
        }
        for seconds in [5, 5, 300, 300] {
            assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
            let retry = after_delay(hub, &mut hook, seconds * 1000).await;
            assert_eq!(retry.message_id(), message_id);
        }
        take(&mut sqs, &url).await;
        hook.has_no_more(hub).await;
    })
    .await;
}

#[tokio::test]
async fn delays_of_the_backoff_phase_grow_from_the_least_to_the_greatest() {
    for function in ["linear", "arithmetic", "geometric", "exponential"] {
        with_hub(async |hub: &Hub| {
            let mut sns = hub.sns().await;
            let mut hook = Hook::answering(500).await;
            let topic = sns.topic("stock", &[]).await;
            let policy = json!({ "http": { "defaultHealthyRetryPolicy": {
                "minDelayTarget": 10,
                "maxDelayTarget": 40,
                "numRetries": 4,
                "backoffFunction": function,
            }}});
            let policy = policy.to_string();
            sns.set_topic_attribute(&topic, "DeliveryPolicy", &policy).await;
            sns.confirmed(&topic, &mut hook, &[]).await;
            sns.publish(&topic, "hello").await;
            hook.notification().await;
            after_delay(hub, &mut hook, 10_000).await;
            for _ in 0..2 {
                hub.pass_ms(9_999).await;
                hook.has_no_more(hub).await;
                hub.pass_ms(34_001).await;
                hook.notification().await;
            }
            after_delay(hub, &mut hook, 40_000).await;
            hub.pass_seconds(3600).await;
            hook.has_no_more(hub).await;
        })
        .await;
    }
}

#[tokio::test]
async fn what_is_taken_at_last_is_not_sent_again() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut sqs) = (hub.sns().await, hub.sqs().await);
        let mut hook = Hook::to_notifications(as_told()).await;
        let topic = sns.topic("stock", &[]).await;
        let (url, redrive) = dead_letter_queue(&mut sqs, "dead").await;
        sns.confirmed(&topic, &mut hook, &[("RedrivePolicy", &redrive)]).await;
        sns.publish(&topic, "500").await;
        let first = hook.notification().await;
        assert_eq!(after_delay(hub, &mut hook, 20_000).await, first);
        for _ in 0..4 {
            hub.pass_seconds(1000).await;
            hook.has_no_more(hub).await;
        }
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_status_says_whether_there_is_another_attempt() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut sqs) = (hub.sns().await, hub.sqs().await);
        let mut hook = Hook::to_notifications(as_told()).await;
        let topic = sns.topic("stock", &[]).await;
        let (url, redrive) = dead_letter_queue(&mut sqs, "dead").await;
        let attributes = [("RedrivePolicy", redrive.as_str()), ("DeliveryPolicy", AT_ONCE)];
        sns.confirmed(&topic, &mut hook, &attributes).await;
        for status in [429, 500, 502, 503, 504, 599] {
            let message_id = sns.publish(&topic, &status.to_string()).await;
            for _ in 0..2 {
                assert_eq!(hook.notification().await.message_id(), message_id, "{status}");
            }
        }
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
        for status in [400, 401, 403, 404, 405, 410, 413, 499] {
            sns.publish(&topic, &status.to_string()).await;
            let dead = take(&mut sqs, &url).await;
            let post = hook.notification().await;
            assert_eq!(dead["Body"], post.body.replace(&hub.url(), "http://sqs.test:4566"));
        }
        for status in [200, 201, 202, 204, 299, 301, 304, 399] {
            let message_id = sns.publish(&topic, &status.to_string()).await;
            assert_eq!(hook.notification().await.message_id(), message_id, "{status}");
        }
        hub.pass_seconds(3600).await;
        hook.has_no_more(hub).await;
        assert_eq!(sqs.counts(&url).await, [8, 0, 0], "those that were refused for good");
    })
    .await;
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let mut other = Hook::willing().await;
        let header = format!("Location: {}", other.url("/"));
        let mut hook = Hook::start(move |_| Answer::WithHeader(307, header.clone())).await;
        let topic = sns.topic("stock", &[]).await;
        sns.confirmed(&topic, &mut hook, &[]).await;
        sns.publish(&topic, "hello").await;
        hook.notification().await;
        hub.pass_seconds(3600).await;
        hook.has_no_more(hub).await;
        other.has_no_more(hub).await;
    })
    .await;
}

#[tokio::test]
async fn without_a_dead_letter_queue_the_message_is_dropped() {
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let mut hook = Hook::to_notifications(as_told()).await;
        let topic = sns.topic("stock", &[]).await;
        sns.confirmed(&topic, &mut hook, &[]).await;
        sns.publish(&topic, "404").await;
        hook.notification().await;
        hub.pass_seconds(3600).await;
        hook.has_no_more(hub).await;
        sns.publish(&topic, "200").await;
        assert_eq!(hook.notification().await.text("Message"), "200", "the next one is sent");
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_tried_again() {
    let couriers = CourierConfig { attempt_timeout: Duration::from_millis(300), ..local() };
    let hub = Hub::delivering_by(couriers).await;
    let (mut sns, mut sqs) = (hub.sns().await, hub.sqs().await);
    let mut hook = Hook::to_notifications(|_| Answer::Hang).await;
    let topic = sns.topic("stock", &[]).await;
    let (url, redrive) = dead_letter_queue(&mut sqs, "dead").await;
    let attributes = [("RedrivePolicy", redrive.as_str()), ("DeliveryPolicy", AT_ONCE)];
    sns.confirmed(&topic, &mut hook, &attributes).await;
    sns.publish(&topic, "hello").await;
    let first = hook.notification().await;
    assert_eq!(hook.notification().await, first);
    take(&mut sqs, &url).await;
    hook.has_no_more(&hub).await;
    drop((sns, sqs));
    hub.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_is_down_gets_its_message_when_it_is_back() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        sns.confirmed(&topic, &mut hook, &[]).await;
        let addr = hook.addr;
        drop(hook);
        let message_id = sns.publish(&topic, "hello").await;
        hub.settle().await;
        let mut hook = Hook::over(TcpListener::bind(addr).await.unwrap(), |_| Answer::Status(200));
        // It may be that the clock moves before the first attempt has failed.
        let mut posts = Vec::new();
        for _ in 0..2 {
            if posts.is_empty() {
                hub.pass_seconds(22).await;
                posts = hook.come(hub).await;
            }
        }
        if posts.is_empty() {
            posts.push(hook.next().await);
        }
        let ids: Vec<_> = posts.iter().map(Post::message_id).collect();
        assert_eq!(ids, [message_id]);
    })
    .await;
}

#[tokio::test]
async fn nothing_is_tried_for_more_than_an_hour() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut sqs) = (hub.sns().await, hub.sqs().await);
        let mut hook = Hook::answering(500).await;
        let topic = sns.topic("stock", &[]).await;
        let (url, redrive) = dead_letter_queue(&mut sqs, "dead").await;
        let policy = json!({ "healthyRetryPolicy": {
            "minDelayTarget": 2000,
            "maxDelayTarget": 2000,
            "numRetries": 100,
        }});
        let policy = policy.to_string();
        let attributes = [("DeliveryPolicy", &*policy), ("RedrivePolicy", &redrive)];
        sns.confirmed(&topic, &mut hook, &attributes).await;
        sns.publish(&topic, "hello").await;
        hook.notification().await;
        after_delay(hub, &mut hook, 2_000_000).await;
        take(&mut sqs, &url).await;
        hub.pass_seconds(7200).await;
        hook.has_no_more(hub).await;
    })
    .await;
}
