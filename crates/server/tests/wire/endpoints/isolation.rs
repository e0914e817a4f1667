//! One endpoint's trouble is nobody else's, and a restart loses nothing.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use serde_json::json;
use tokio::sync::Notify;

use super::hook::{Answer, Hook};
use super::support::{Hub, dead_letter_queue, take, with_hub};

/// Attempts that may be under way at one endpoint.
const UNDER_WAY_MAX: usize = 16;

#[tokio::test]
async fn an_endpoint_that_hangs_and_one_that_fails_hold_up_nobody() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut sqs) = (hub.sns().await, hub.sqs().await);
        let topic = sns.topic("stock", &[]).await;
        let mut hanging = Hook::to_notifications(|_| Answer::Hang).await;
        let mut failing = Hook::answering(500).await;
        let mut working = Hook::willing().await;
        sns.confirmed(&topic, &mut hanging, &[]).await;
        sns.confirmed(&topic, &mut failing, &[]).await;
        sns.confirmed(&topic, &mut working, &[]).await;
        let url = sqs.queue("orders", json!({})).await;
        let queue = "arn:aws:sqs:us-east-1:000000000000:orders";
        let subscribe = [("TopicArn", topic.as_str()), ("Protocol", "sqs"), ("Endpoint", queue)];
        sns.ok("Subscribe", &subscribe).await;

        let mut published = BTreeSet::new();
        for number in 0..100 {
            published.insert(sns.publish(&topic, &number.to_string()).await);
        }
        assert_eq!(sqs.counts(&url).await, [100, 0, 0]);
        let mut delivered = BTreeSet::new();
        for _ in 0..100 {
            delivered.insert(working.notification().await.message_id().to_owned());
        }
        assert_eq!(delivered, published);
        working.has_no_more(hub).await;

        let hung = hanging.come(hub).await;
        assert!((1..=UNDER_WAY_MAX).contains(&hung.len()), "{}", hung.len());
        failing.notification().await;
        // The next message finds the same.
        let last = sns.publish(&topic, "last").await;
        assert_eq!(working.notification().await.message_id(), last);
        assert_eq!(sqs.counts(&url).await, [101, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_that_fails_gets_every_message_when_it_is_well_again() {
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let topic = sns.topic("stock", &[]).await;
        let (is_well, look) = tokio::sync::watch::channel(false);
        let delivered = Arc::new(Mutex::new(Vec::new()));
        let book = Arc::clone(&delivered);
        let mut hook = Hook::to_notifications(move |post| {
            if !*look.borrow() {
                return Answer::Status(503);
            }
            book.lock().unwrap().push(post.message_id().to_owned());
            Answer::Status(200)
        })
        .await;
        let policy = json!({ "healthyRetryPolicy": {
            "minDelayTarget": 20,
            "maxDelayTarget": 20,
            "numRetries": 100,
        }});
        sns.confirmed(&topic, &mut hook, &[("DeliveryPolicy", &policy.to_string())]).await;
        let mut published = BTreeSet::new();
        for number in 0..30 {
            published.insert(sns.publish(&topic, &number.to_string()).await);
        }
        hook.notification().await;
        hub.pass_seconds(22).await;
        hook.notification().await;
        is_well.send(true).unwrap();
        hub.pass_seconds(22).await;
        while delivered.lock().unwrap().len() < published.len() {
            hook.notification().await;
        }
        hub.settle().await;
        let mut delivered = delivered.lock().unwrap().clone();
        delivered.sort_unstable();
        assert_eq!(delivered, published.into_iter().collect::<Vec<_>>(), "each once");
    })
    .await;
}

#[tokio::test]
async fn retries_go_on_after_a_restart_where_they_were() {
    let mut hub = Hub::start().await;
    let (mut sns, mut sqs) = (hub.sns().await, hub.sqs().await);
    let mut hook = Hook::answering(500).await;
    let topic = sns.topic("stock", &[]).await;
    let (_, redrive) = dead_letter_queue(&mut sqs, "dead").await;
    let policy = json!({ "healthyRetryPolicy": {
        "minDelayTarget": 20,
        "maxDelayTarget": 20,
        "numRetries": 2,
    }});
    let policy = policy.to_string();
    let attributes = [("DeliveryPolicy", &*policy), ("RedrivePolicy", &redrive)];
    let arn = sns.confirmed(&topic, &mut hook, &attributes).await;
    sns.publish(&topic, "hello").await;
    drop((sns, sqs));
    let first = hook.notification().await;
    for _ in 0..2 {
        hub = hub.restart().await;
        hub.pass_ms(19_999).await;
        hook.has_no_more(&hub).await;
        hub.pass_ms(2001).await;
        let retry = hook.notification().await;
        for member in ["MessageId", "Timestamp", "Message", "Signature"] {
            assert_eq!(retry.text(member), first.text(member));
        }
        assert_eq!(retry.header("x-amz-sns-subscription-arn"), arn);
    }
    let mut sqs = hub.sqs().await;
    let url = sqs.url("dead");
    let dead = take(&mut sqs, &url).await;
    assert!(dead["Body"].as_str().unwrap().contains(first.message_id()));
    drop(sqs);
    hub.stop().await;
}

#[tokio::test]
async fn what_waits_is_delivered_after_a_restart() {
    let hub = Hub::start().await;
    let mut sns = hub.sns().await;
    let topic = sns.topic("stock", &[]).await;
    let is_well = Arc::new(AtomicBool::new(false));
    let health = Arc::clone(&is_well);
    let mut hook = Hook::to_notifications(move |_| match health.load(Ordering::Relaxed) {
        true => Answer::Status(200),
        false => Answer::Hang,
    })
    .await;
    sns.confirmed(&topic, &mut hook, &[]).await;
    let mut published = BTreeSet::new();
    for number in 0..UNDER_WAY_MAX + 4 {
        published.insert(sns.publish(&topic, &number.to_string()).await);
    }
    for _ in 0..UNDER_WAY_MAX {
        hook.notification().await;
    }
    drop(sns);
    is_well.store(true, Ordering::Relaxed);
    let hub = hub.restart().await;
    // Those that had their turn have it again, and the others have it now.
    let mut seen = BTreeSet::new();
    while seen.len() < published.len() {
        seen.insert(hook.notification().await.message_id().to_owned());
    }
    assert_eq!(seen, published);
    hub.stop().await;
}

#[tokio::test]
async fn an_attempt_that_was_cut_off_by_a_restart_is_made_again() {
    let hub = Hub::start().await;
    let mut sns = hub.sns().await;
    let topic = sns.topic("stock", &[]).await;
    let mut hook = Hook::to_notifications(|_| Answer::Hang).await;
    sns.confirmed(&topic, &mut hook, &[]).await;
    let message_id = sns.publish(&topic, "hello").await;
    hook.notification().await;
    drop(sns);
    let hub = hub.restart().await;
    // At once: the clock stands still.
    assert_eq!(hook.notification().await.message_id(), message_id);
    hub.stop().await;
}

#[tokio::test]
async fn an_orderly_stop_lets_an_attempt_end() {
    let hub = Hub::start().await;
    let mut sns = hub.sns().await;
    let topic = sns.topic("stock", &[]).await;
    let word = Arc::new(Notify::new());
    let told = Arc::clone(&word);
    let mut hook = Hook::to_notifications(move |_| Answer::WhenTold(Arc::clone(&told))).await;
    sns.confirmed(&topic, &mut hook, &[]).await;
    sns.publish(&topic, "hello").await;
    hook.notification().await;
    drop(sns);
    // The endpoint answers while the server stops.
    let (hub, ()) = tokio::join!(hub.restart(), async { word.notify_one() });
    hub.pass_seconds(60).await;
    hook.has_no_more(&hub).await;
    hub.stop().await;
}
