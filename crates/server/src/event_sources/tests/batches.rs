//! What is in a batch, and when the function gets it.

use serde_json::{Value, json};
use tidings_lambda::event_sources::MappingSettings;
use tidings_lambda::limits::EVENT_SOURCE_BATCH_BYTES_MAX;

use super::world::{World, body};

fn batches(size: i64, window: i64) -> MappingSettings {
    let (batch_size, window_seconds) = (Some(size), Some(window));
    MappingSettings { batch_size, window_seconds, ..MappingSettings::default() }
}

fn receive_count(record: &Value) -> &str {
    record["attributes"]["ApproximateReceiveCount"].as_str().unwrap()
}

#[tokio::test(start_paused = true)]
async fn a_function_gets_records_and_what_it_has_done_is_deleted() {
    let world = World::with_queue("q").await;
    let mapping = world.map("q", MappingSettings::default()).await;
    world.until("Enabled", |it| it.state(&mapping) == "Enabled").await;
    world.send("q", &["hello"]).await;
    world.invoked(1).await;
    world.until_counts("q", (0, 0)).await;
    let invocations = world.function.invocations();
    let record = &invocations[0][0];
    assert_eq!(record["body"], "hello");
    assert_eq!(record["eventSource"], "aws:sqs");
    assert_eq!(record["eventSourceARN"], "arn:aws:sqs:us-east-1:000000000000:q");
    assert_eq!(record["awsRegion"], "us-east-1");
    assert_eq!(record["messageAttributes"], json!({}));
    assert_eq!(record["attributes"]["SenderId"], "AIDA");
    assert_eq!(record["attributes"]["SentTimestamp"], "1800000000000");
    assert_eq!(receive_count(record), "1");
    assert!(!record["receiptHandle"].as_str().unwrap().is_empty());
    assert_eq!(world.sources.problem(mapping.uuid), None);
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_as_large_as_is_wanted() {
    let world = World::with_queue("q").await;
    let bodies: Vec<String> = (0..25).map(|n| n.to_string()).collect();
    world.send("q", &bodies.iter().map(String::as_str).collect::<Vec<_>>()).await;
    world.map("q", batches(4, 0)).await;
    world.until_counts("q", (0, 0)).await;
    let sizes: Vec<usize> = world.function.bodies().iter().map(Vec::len).collect();
    assert_eq!(sizes.iter().sum::<usize>(), 25);
    assert!(sizes.iter().all(|size| *size <= 4), "{sizes:?}");
}

#[tokio::test(start_paused = true)]
async fn a_batch_waits_for_its_window() {
    let world = World::with_queue("q").await;
    world.map("q", batches(100, 5)).await;
    world.send("q", &["1", "2", "3"]).await;
    world.until_counts("q", (0, 3)).await;
    world.settle().await;
    world.clock.advance(3000);
    world.send("q", &["4"]).await;
    world.until_counts("q", (0, 4)).await;
    world.settle().await;
    assert_eq!(world.function.bodies().len(), 0);
    world.clock.advance(2000);
    world.invoked(1).await;
    assert_eq!(world.function.bodies(), [["1", "2", "3", "4"]]);
    world.until_counts("q", (0, 0)).await;
}

#[tokio::test(start_paused = true)]
async fn a_full_batch_waits_for_nothing() {
    let world = World::with_queue("q").await;
    let bodies: Vec<String> = (0..25).map(|n| n.to_string()).collect();
    world.send("q", &bodies.iter().map(String::as_str).collect::<Vec<_>>()).await;
    world.map("q", batches(25, 300)).await;
    world.invoked(1).await;
    assert_eq!(world.function.bodies()[0].len(), 25);
    world.until_counts("q", (0, 0)).await;
}

#[tokio::test(start_paused = true)]
async fn while_a_batch_waits_its_messages_stay_invisible() {
    let world = World::with_queue("q").await;
    world.map("q", batches(100, 60)).await;
    world.send("q", &["1"]).await;
    world.until_counts("q", (0, 1)).await;
    world.settle().await;
    for _ in 0..6 {
        world.clock.advance(10_000);
        world.settle().await;
    }
    world.invoked(1).await;
    world.until_counts("q", (0, 0)).await;
    let invocations = world.function.invocations();
    assert_eq!((invocations.len(), receive_count(&invocations[0][0])), (1, "1"));
}

#[tokio::test(start_paused = true)]
async fn no_batch_has_more_bytes_than_the_service_sends() {
    let world = World::with_queue("q").await;
    let large: Vec<String> = (0..9).map(|n| n.to_string().repeat(1 << 20)).collect();
    for body in &large {
        world.send("q", &[body]).await;
    }
    world.map("q", batches(100, 1)).await;
    while world.counts("q").await != (0, 0) {
        world.until_still("q").await;
        world.clock.advance(1000);
    }
    let mut bodies = Vec::new();
    for records in world.function.invocations() {
        let event = json!({ "Records": records }).to_string();
        assert!(event.len() <= EVENT_SOURCE_BATCH_BYTES_MAX, "{}", event.len());
        assert!(records.iter().all(|record| receive_count(record) == "1"), "none came twice");
        bodies.extend(records.iter().map(body));
    }
    bodies.sort();
    assert_eq!(bodies, large);
    assert!(world.function.bodies().iter().any(|batch| batch.len() > 1));
}

#[tokio::test(start_paused = true)]
async fn what_no_filter_wants_is_deleted() {
    let world = World::with_queue("q").await;
    let filters = vec![r#"{"body":{"kind":["good"]}}"#.to_owned()];
    world.map("q", MappingSettings { filters: Some(filters), ..MappingSettings::default() }).await;
    let good = r#"{"kind":"good"}"#;
    world.send("q", &[r#"{"kind":"bad"}"#, "text", "[", good, "{}"]).await;
    world.until_counts("q", (0, 0)).await;
    assert_eq!(world.function.bodies(), [[good]]);
    let large = |kind: &str| format!(r#"{{"kind":"{kind}","more":"{}"}}"#, "x".repeat(100_000));
    world.send("q", &["text", &large("bad")]).await;
    world.until_counts("q", (0, 0)).await;
    assert_eq!(world.function.bodies().len(), 1, "for nothing, nobody is invoked");
    world.send("q", &[&large("good")]).await;
    world.until_counts("q", (0, 0)).await;
    assert_eq!(world.function.bodies().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_function_has_few_batches_at_once_and_more_when_that_goes_on() {
    let world = World::with_queue("q").await;
    world.function.open(false);
    let settings = MappingSettings { concurrency_max: Some(Some(8)), ..batches(1, 0) };
    let bodies: Vec<String> = (0..20).map(|n| n.to_string()).collect();
    world.send("q", &bodies.iter().map(String::as_str).collect::<Vec<_>>()).await;
    world.map("q", settings).await;
    world.until_counts("q", (15, 5)).await;
    world.until("five", |it| it.function.running().0 == 5).await;
    tokio::time::advance(std::time::Duration::from_millis(1001)).await;
    world.until("eight", |it| it.function.running().0 == 8).await;
    tokio::time::advance(std::time::Duration::from_millis(1001)).await;
    world.until_counts("q", (12, 8)).await;
    world.function.open(true);
    world.until_counts("q", (0, 0)).await;
    assert_eq!(world.function.running(), (0, 8));
    assert_eq!(world.function.invocations().len(), 20);
}

#[tokio::test(start_paused = true)]
async fn groups_are_worked_on_side_by_side_and_none_twice() {
    let world = World::with_queue("q.fifo").await;
    world.function.open(false);
    world.send("q.fifo", &["a1", "a2", "a3"]).await;
    world.map("q.fifo", batches(2, 0)).await;
    world.until("one", |it| it.function.running().0 == 1).await;
    world.send("q.fifo", &["b1"]).await;
    world.until("two", |it| it.function.running().0 == 2).await;
    world.settle().await;
    assert_eq!(world.function.running().0, 2, "the rest of the group waits for its beginning");
    world.function.open(true);
    world.until_counts("q.fifo", (0, 0)).await;
    let mut bodies = world.function.bodies();
    bodies.sort();
    assert_eq!(bodies, [vec!["a1", "a2"], vec!["a3"], vec!["b1"]]);
}
