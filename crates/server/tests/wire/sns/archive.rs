//! Archives of FIFO topics, and their replay.

use serde_json::{Value, json};

use crate::harness::{START_MS, Sns, Sqs, with_topics_and_queues};
use crate::support::within;

const DAYS: &str = r#"{"MessageRetentionPeriod":"30"}"#;

/// A FIFO topic with an archive and one queue that gets envelopes; topic, URL, subscription.
async fn archived(sns: &mut Sns, sqs: &mut Sqs) -> [String; 3] {
    let url = sqs.queue("queue.fifo", json!({ "FifoQueue": "true" })).await;
    let topic = sns.fifo_topic("orders.fifo", json!({ "ArchivePolicy": DAYS })).await;
    let subscription = sns.subscribe(&topic, "queue.fifo", json!({})).await;
    [topic, url, subscription]
}

/// Receives and deletes until there is no more; the envelopes.
async fn envelopes(sqs: &mut Sqs, url: &str) -> Vec<Value> {
    let mut envelopes = Vec::new();
    sqs.settle().await;
    loop {
        let received = sqs.receive(url).await;
        if received.is_empty() {
            return envelopes;
        }
        for message in received {
            sqs.delete(url, message["ReceiptHandle"].clone()).await;
            envelopes.push(serde_json::from_str(message["Body"].as_str().unwrap()).unwrap());
        }
    }
}

fn messages(envelopes: &[Value]) -> Vec<&str> {
    envelopes.iter().map(|envelope| envelope["Message"].as_str().unwrap()).collect()
}

/// A moment so many seconds after the start of every test, within the same hour.
fn at(seconds: u64) -> String {
    format!("2027-01-15T08:{:02}:{:02}.000Z", seconds / 60, seconds % 60)
}

fn replay_from(start: &str) -> String {
    json!({ "PointType": "Timestamp", "StartingPoint": start }).to_string()
}

/// Moves time on until the replay is complete.
async fn replay_ends(sns: &mut Sns, subscription: &str) {
    within(async {
        loop {
            let attributes = sns.subscription_attributes(subscription).await;
            let status = attributes["ReplayStatus"].as_str().unwrap();
            assert!(!status.contains("Failed"), "{status}");
            if status.contains("Completed") {
                break;
            }
            sns.pass_ms(1);
            tokio::task::yield_now().await;
        }
    })
    .await;
}

#[tokio::test]
async fn an_archive_begins_when_it_is_asked_for() {
    with_topics_and_queues(async |sns, _| {
        let topic = sns.fifo_topic("orders.fifo", json!({})).await;
        assert_eq!(sns.topic_attributes(&topic).await.get("BeginningArchiveTime"), None);
        sns.pass_seconds(60);
        sns.set_topic(&topic, "ArchivePolicy", DAYS).await;
        let attributes = sns.topic_attributes(&topic).await;
        assert_eq!(attributes["ArchivePolicy"], DAYS);
        let beginning = attributes["BeginningArchiveTime"].as_str().unwrap();
        assert!(beginning.starts_with("2027-01-15T08:01:00"), "{beginning}");
        sns.set_topic(&topic, "ArchivePolicy", "{}").await;
        let attributes = sns.topic_attributes(&topic).await;
        assert_eq!(attributes.get("ArchivePolicy"), None);
        assert_eq!(attributes.get("BeginningArchiveTime"), None);
    })
    .await;
}

#[tokio::test]
async fn a_replay_delivers_again_what_was_archived() {
    with_topics_and_queues(async |sns, sqs| {
        let [topic, url, subscription] = archived(sns, sqs).await;
        for i in 0..5 {
            sns.pass_seconds(60);
            sns.publish_fifo(&topic, "g", &i.to_string(), &i.to_string()).await;
        }
        let first = envelopes(sqs, &url).await;
        assert_eq!(messages(&first), ["0", "1", "2", "3", "4"]);
        assert!(first.iter().all(|envelope| envelope.get("Replayed").is_none()));
        sns.pass_seconds(600);
        sns.set_subscription(&subscription, "ReplayPolicy", &replay_from(&at(180))).await;
        replay_ends(sns, &subscription).await;
        let again = envelopes(sqs, &url).await;
        assert_eq!(messages(&again), ["2", "3", "4"]);
        for (again, first) in again.iter().zip(&first[2..]) {
            for name in ["MessageId", "Timestamp", "Message", "SequenceNumber", "TopicArn"] {
                assert_eq!(again[name], first[name], "{name}");
            }
            assert_ne!(again.get("Replayed"), None, "{again}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_replay_ends_where_it_is_told_to() {
    with_topics_and_queues(async |sns, sqs| {
        let [topic, url, subscription] = archived(sns, sqs).await;
        for i in 0..5 {
            sns.pass_seconds(60);
            sns.publish_fifo(&topic, "g", &i.to_string(), &i.to_string()).await;
        }
        assert_eq!(envelopes(sqs, &url).await.len(), 5);
        let policy = json!({
            "PointType": "Timestamp",
            "StartingPoint": at(90),
            "EndingPoint": at(210),
        });
        sns.set_subscription(&subscription, "ReplayPolicy", &policy.to_string()).await;
        replay_ends(sns, &subscription).await;
        assert_eq!(messages(&envelopes(sqs, &url).await), ["1", "2"]);
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_subscribes_late_replays_what_it_missed() {
    with_topics_and_queues(async |sns, sqs| {
        let [topic, ..] = archived(sns, sqs).await;
        for i in 0..25 {
            sns.publish_fifo(&topic, "g", &i.to_string(), &i.to_string()).await;
        }
        let late = sqs.queue("late.fifo", json!({ "FifoQueue": "true" })).await;
        let policy = json!({ "ReplayPolicy": replay_from(&at(0)) });
        let subscription = sns.subscribe(&topic, "late.fifo", policy).await;
        replay_ends(sns, &subscription).await;
        let expected: Vec<_> = (0..25).map(|i| i.to_string()).collect();
        assert_eq!(messages(&envelopes(sqs, &late).await), expected);
    })
    .await;
}

#[tokio::test]
async fn a_replay_is_filtered_as_the_subscription_says() {
    with_topics_and_queues(async |sns, sqs| {
        let [topic, ..] = archived(sns, sqs).await;
        for (i, sea) in ["north", "south", "north"].iter().enumerate() {
            let input = json!({
                "TopicArn": topic,
                "Message": i.to_string(),
                "MessageGroupId": "g",
                "MessageDeduplicationId": i.to_string(),
                "MessageAttributes": { "sea": { "DataType": "String", "StringValue": sea } },
            });
            sns.ok("Publish", input).await;
        }
        let late = sqs.queue("late.fifo", json!({ "FifoQueue": "true" })).await;
        let attributes = json!({
            "FilterPolicy": r#"{"sea":["north"]}"#,
            "ReplayPolicy": replay_from(&at(0)),
        });
        let subscription = sns.subscribe(&topic, "late.fifo", attributes).await;
        replay_ends(sns, &subscription).await;
        assert_eq!(messages(&envelopes(sqs, &late).await), ["0", "2"]);
    })
    .await;
}

#[tokio::test]
async fn what_comes_during_a_replay_is_delivered_as_well() {
    with_topics_and_queues(async |sns, sqs| {
        let [topic, url, subscription] = archived(sns, sqs).await;
        sns.publish_fifo(&topic, "g", "old", "old").await;
        assert_eq!(envelopes(sqs, &url).await.len(), 1);
        sns.pass_seconds(60);
        sns.set_subscription(&subscription, "ReplayPolicy", &replay_from(&at(0))).await;
        sns.publish_fifo(&topic, "g", "new", "new").await;
        replay_ends(sns, &subscription).await;
        let found = envelopes(sqs, &url).await;
        let mut found = messages(&found);
        found.sort_unstable();
        assert_eq!(found, ["new", "old"]);
    })
    .await;
}

#[tokio::test]
async fn replay_policies_that_cannot_be_are_refused() {
    with_topics_and_queues(async |sns, sqs| {
        sns.pass_seconds(60);
        let [topic, _, subscription] = archived(sns, sqs).await;
        sns.pass_seconds(60);
        let standard = sns.topic("standard").await;
        let of_standard = sns.subscribe(&standard, "queue", json!({})).await;
        let unarchived = sns.fifo_topic("bare.fifo", json!({})).await;
        let of_unarchived = sns.subscribe(&unarchived, "queue.fifo", json!({})).await;
        assert!(sns.topic_attributes(&topic).await["BeginningArchiveTime"].is_string());
        let good = replay_from(&at(60));
        let set = |subscription: &str, policy: &str| {
            json!({
                "SubscriptionArn": subscription,
                "AttributeName": "ReplayPolicy",
                "AttributeValue": policy,
            })
        };
        let typed = good.replace("Timestamp", "Position");
        let backwards = json!({
            "PointType": "Timestamp",
            "StartingPoint": at(90),
            "EndingPoint": at(70),
        })
        .to_string();
        let cases: Vec<_> = [
            set(&subscription, "x"),
            set(&subscription, "[]"),
            set(&subscription, r#"{"PointType":"Timestamp"}"#),
            set(&subscription, &replay_from("yesterday")),
            set(&subscription, &typed),
            set(&subscription, &backwards),
            // Before the archive begins.
            set(&subscription, &replay_from(&at(59))),
            set(&of_standard, &good),
            set(&of_unarchived, &good),
        ]
        .into_iter()
        .map(|input| (input, "InvalidParameter", "Invalid parameter: *"))
        .collect();
        sns.refuses("SetSubscriptionAttributes", &cases).await;
        assert_eq!(sns.clock.now().as_ms(), START_MS + 120_000);
    })
    .await;
}

#[tokio::test]
async fn an_archive_forgets_what_is_older_than_its_days() {
    with_topics_and_queues(async |sns, sqs| {
        let [topic, url, subscription] = archived(sns, sqs).await;
        sns.set_topic(&topic, "ArchivePolicy", r#"{"MessageRetentionPeriod":"1"}"#).await;
        sns.publish_fifo(&topic, "g", "old", "old").await;
        sns.pass_seconds(43_200);
        sns.publish_fifo(&topic, "g", "new", "new").await;
        assert_eq!(envelopes(sqs, &url).await.len(), 2);
        sns.pass_seconds(43_201);
        let start = sns.topic_attributes(&topic).await["BeginningArchiveTime"].take();
        let policy = replay_from(start.as_str().unwrap());
        sns.set_subscription(&subscription, "ReplayPolicy", &policy).await;
        replay_ends(sns, &subscription).await;
        assert_eq!(messages(&envelopes(sqs, &url).await), ["new"]);
    })
    .await;
}
