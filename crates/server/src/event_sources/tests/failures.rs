//! What happens when functions fail, have too much to do, or answer in part.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use tidings_lambda::event_sources::MappingSettings;

use super::world::{World, body, failed_on};
use crate::event_sources::NotDone;

fn reporting() -> MappingSettings {
    let response_types = Some(vec!["ReportBatchItemFailures".to_owned()]);
    MappingSettings { response_types, ..MappingSettings::default() }
}

fn failed() -> NotDone {
    NotDone::Failed("Unhandled".to_owned())
}

/// Fails the first so many times.
fn failing(times: usize, fault: NotDone) -> impl Fn(&[Value]) -> Result<Value, NotDone> {
    let left = AtomicUsize::new(times);
    move |_| {
        let has =
            left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if has.is_ok() { Err(fault.clone()) } else { Ok(Value::Null) }
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_function_failed_on_comes_again_after_its_timeout() {
    let world = World::with_queue("q").await;
    world.function.does(failing(1, failed()));
    world.send("q", &["1", "2"]).await;
    let mapping = world.map("q", MappingSettings::default()).await;
    world.invoked(1).await;
    world.settle().await;
    assert_eq!(world.counts("q").await, (0, 2), "both wait for their timeout");
    let problem = world.sources.problem(mapping.uuid);
    assert_eq!(problem.as_deref(), Some("PROBLEM: Function call failed: Unhandled"));
    world.clock.advance(30_000);
    world.until_counts("q", (0, 0)).await;
    let invocations = world.function.invocations();
    assert_eq!(invocations.len(), 2);
    let again = &invocations[1];
    assert!(again.iter().all(|it| it["attributes"]["ApproximateReceiveCount"] == "2"));
    assert_eq!(world.sources.problem(mapping.uuid), None);
}

#[tokio::test(start_paused = true)]
async fn only_what_is_reported_as_failed_comes_again() {
    let world = World::with_queue("q").await;
    let is_first = Mutex::new(true);
    world.function.does(move |records| {
        let is_first = std::mem::take(&mut *is_first.lock().unwrap());
        Ok(failed_on(records, |body| is_first && body == "2"))
    });
    world.send("q", &["1", "2", "3"]).await;
    world.map("q", reporting()).await;
    world.until_counts("q", (0, 1)).await;
    world.clock.advance(30_000);
    world.until_counts("q", (0, 0)).await;
    assert_eq!(world.function.bodies(), [vec!["1", "2", "3"], vec!["2"]]);
}

#[tokio::test(start_paused = true)]
async fn a_report_that_makes_no_sense_is_a_failure_and_none_is_asked_for_unless_it_is() {
    let nonsense = |_: &[Value]| Ok(json!({ "batchItemFailures": [{ "itemIdentifier": "x" }] }));
    let world = World::with_queue("q").await;
    world.function.does(nonsense);
    world.send("q", &["1", "2"]).await;
    let mapping = world.map("q", reporting()).await;
    world.invoked(1).await;
    world.settle().await;
    assert_eq!(world.counts("q").await, (0, 2));
    world
        .update(
            &mapping,
            MappingSettings { response_types: Some(Vec::new()), ..MappingSettings::default() },
        )
        .await;
    world.until("Enabled", |it| it.state(&mapping) == "Enabled").await;
    world.clock.advance(30_000);
    world.until_counts("q", (0, 0)).await;
}

#[tokio::test(start_paused = true)]
async fn a_function_that_is_busy_is_asked_again_and_that_counts_as_no_receive() {
    let world = World::with_queue("q").await;
    world.function.does(failing(3, NotDone::Busy("Rate Exceeded.".to_owned())));
    world.send("q", &["1"]).await;
    let mapping = world.map("q", MappingSettings::default()).await;
    for (count, seconds) in [(1, 1), (2, 2), (3, 4)] {
        world.invoked(count).await;
        world.settle().await;
        assert_eq!(world.function.invocations().len(), count, "not before it is time");
        let problem = world.sources.problem(mapping.uuid);
        assert_eq!(problem.as_deref(), Some("PROBLEM: Rate Exceeded."));
        tokio::time::advance(Duration::from_secs(seconds)).await;
    }
    world.until_counts("q", (0, 0)).await;
    let invocations = world.function.invocations();
    assert_eq!(invocations.len(), 4);
    assert_eq!(invocations[3][0]["attributes"]["ApproximateReceiveCount"], "1");
    assert_eq!(world.sources.problem(mapping.uuid), None);
}

#[tokio::test(start_paused = true)]
async fn who_is_busy_for_too_long_gets_the_messages_again() {
    let world = World::with_queue("q").await;
    world.function.does(failing(2, NotDone::Busy("Rate Exceeded.".to_owned())));
    world.send("q", &["1"]).await;
    world.map("q", MappingSettings::default()).await;
    world.invoked(1).await;
    world.settle().await;
    world.clock.advance(26_000);
    tokio::time::advance(Duration::from_secs(1)).await;
    world.invoked(2).await;
    world.settle().await;
    assert_eq!(world.counts("q").await, (0, 1), "it is left to its timeout");
    world.clock.advance(4000);
    world.until_counts("q", (0, 0)).await;
    let last = world.function.invocations().pop().unwrap();
    assert_eq!(last[0]["attributes"]["ApproximateReceiveCount"], "2");
}

#[tokio::test(start_paused = true)]
async fn a_batch_is_given_only_if_its_messages_stay_invisible_for_as_long_as_the_function_may_take()
{
    let world = World::with_queue("q").await;
    world.function.does(failing(1, NotDone::Busy("Rate Exceeded.".to_owned())));
    world.send("q", &["1"]).await;
    world.map("q", MappingSettings::default()).await;
    world.invoked(1).await;
    world.settle().await;
    world.clock.advance(28_000);
    tokio::time::advance(Duration::from_secs(1)).await;
    world.settle().await;
    assert_eq!(world.function.invocations().len(), 1, "two seconds are not enough for it");
    assert_eq!(world.counts("q").await, (0, 1), "it is left to its timeout");
    world.clock.advance(2000);
    world.until_counts("q", (0, 0)).await;
    assert_eq!(world.function.invocations().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn messages_that_would_become_visible_too_early_stay_invisible_for_longer() {
    let world = World::with_queue("q").await;
    world.set_visibility("q", 2).await;
    world.function.open(false);
    world.send("q", &["1"]).await;
    world.map("q", MappingSettings::default()).await;
    world.until("it runs", |it| it.function.running().0 == 1).await;
    world.clock.advance(2900);
    world.settle().await;
    assert_eq!(world.counts("q").await, (0, 1), "it may take three seconds");
    world.function.open(true);
    world.until_counts("q", (0, 0)).await;
    assert_eq!(world.function.invocations().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_waits_goes_back_when_its_mapping_is_disabled() {
    let world = World::with_queue("q").await;
    world.function.does(failing(1000, NotDone::Busy("Rate Exceeded.".to_owned())));
    world.send("q", &["1"]).await;
    let mapping = world.map("q", MappingSettings::default()).await;
    world.invoked(1).await;
    let off = MappingSettings { is_enabled: Some(false), ..MappingSettings::default() };
    world.update(&mapping, off).await;
    world.until("Disabled", |it| it.state(&mapping) == "Disabled").await;
    world.until_counts("q", (1, 0)).await;
}

#[tokio::test(start_paused = true)]
async fn the_order_of_a_group_holds_whatever_the_function_says() {
    let world = World::with_queue("q.fifo").await;
    let is_first = Mutex::new(true);
    world.function.does(move |records| {
        let is_first = std::mem::take(&mut *is_first.lock().unwrap());
        Ok(failed_on(records, |body| is_first && body == "a2"))
    });
    world.send("q.fifo", &["a1", "b1", "a2", "b2", "a3"]).await;
    world.map("q.fifo", reporting()).await;
    world.until_counts("q.fifo", (0, 2)).await;
    world.clock.advance(30_000);
    world.until_counts("q.fifo", (0, 0)).await;
    let bodies = world.function.bodies();
    assert_eq!(bodies[0].len(), 5);
    assert_eq!(bodies[1..], [["a2", "a3"]]);
}

/// Many messages in some groups, and a function that fails in every way it can. In the end each
/// message was done; within a group in the order in which they were sent; and one that came again had
/// not been done before.
#[tokio::test(start_paused = true)]
async fn nothing_is_lost_and_no_group_gets_out_of_order() {
    let world = World::with_queue("q.fifo").await;
    let sent: Vec<String> = (0..60).map(|n| format!("{}{n:03}", ["a", "b", "c"][n % 3])).collect();
    world.send("q.fifo", &sent.iter().map(String::as_str).collect::<Vec<_>>()).await;
    let done: std::sync::Arc<Mutex<Vec<String>>> = std::sync::Arc::default();
    world.function.does({
        let (turn, done) = (AtomicUsize::new(0), std::sync::Arc::clone(&done));
        move |records| {
            let turn = turn.fetch_add(1, Ordering::Relaxed);
            let mut done = done.lock().unwrap();
            let bodies = records.iter().map(body);
            match turn % 5 {
                0 => Err(failed()),
                1 => Ok(json!("done, I think")),
                2 => {
                    // It fails on one, and does others of its group all the same.
                    let at = turn % records.len();
                    let group = body(&records[at])[..1].to_owned();
                    let before = bodies.enumerate();
                    let ok = before.filter(|(n, it)| !it.starts_with(&group) || *n < at);
                    done.extend(ok.map(|(_, body)| body));
                    Ok(failed_on(records, |it| it == body(&records[at])))
                }
                _ => {
                    done.extend(bodies);
                    Ok(Value::Null)
                }
            }
        }
    });
    world.map("q.fifo", reporting()).await;
    for _ in 0..1000 {
        if world.counts("q.fifo").await == (0, 0) {
            break;
        }
        world.until_still("q.fifo").await;
        world.clock.advance(30_000);
    }
    assert_eq!(world.counts("q.fifo").await, (0, 0));
    let done = done.lock().unwrap();
    let mut groups: BTreeMap<&str, Vec<&String>> = BTreeMap::new();
    done.iter().for_each(|body| groups.entry(&body[..1]).or_default().push(body));
    for (group, bodies) in groups {
        assert!(bodies.is_sorted(), "{group}: {bodies:?}");
    }
    let distinct: BTreeSet<_> = done.iter().collect();
    assert_eq!((done.len(), distinct.len()), (sent.len(), sent.len()), "each was done once");
}
