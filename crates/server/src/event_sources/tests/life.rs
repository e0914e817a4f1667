//! Mappings that come, change and go; queues and functions that are not there; stops and restarts.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::Value;
use tidings_core::command::{Command, Reply};
use tidings_lambda::event_sources::{Mapping, MappingSettings};

use super::world::{World, body, queue};
use crate::event_sources::NotDone;

fn enabled(is_enabled: bool) -> MappingSettings {
    MappingSettings { is_enabled: Some(is_enabled), ..MappingSettings::default() }
}

fn one_by_one() -> MappingSettings {
    MappingSettings { batch_size: Some(1), ..MappingSettings::default() }
}

#[tokio::test(start_paused = true)]
async fn a_disabled_mapping_leaves_messages_alone() {
    let world = World::with_queue("q").await;
    let mapping = world.map("q", enabled(false)).await;
    world.send("q", &["1"]).await;
    world.settle().await;
    assert_eq!((world.state(&mapping), world.counts("q").await), ("Disabled", (1, 0)));
    world.update(&mapping, enabled(true)).await;
    world.until_counts("q", (0, 0)).await;
    world.until("Enabled", |it| it.state(&mapping) == "Enabled").await;
}

/// Lets time pass until the mapping's problem is this one.
async fn until_problem(world: &World, mapping: &Mapping, problem: Option<&str>) {
    for _ in 0..1000 {
        world.settle().await;
        if world.sources.problem(mapping.uuid).as_deref() == problem {
            return;
        }
        tokio::time::advance(Duration::from_secs(1)).await;
    }
    panic!("{:?} instead of {problem:?}", world.sources.problem(mapping.uuid));
}

const NOT_PERMITTED: &str = "PROBLEM: The provided execution role does not have permissions to call \
                             ReceiveMessage on SQS";

#[tokio::test(start_paused = true)]
async fn a_queue_of_another_account_is_received_from_as_long_as_its_policy_says() {
    let world = World::with_queue("theirs").await;
    world.send("theirs", &["1"]).await;
    let mapping = world.map("theirs", MappingSettings::default()).await;
    until_problem(&world, &mapping, Some(NOT_PERMITTED)).await;
    assert_eq!(world.counts("theirs").await, (1, 0), "nothing is received");

    world.set_policy("theirs", "Allow", "arn:aws:iam::000000000000:role/path/work").await;
    until_problem(&world, &mapping, None).await;
    world.until_counts("theirs", (0, 0)).await;
    // It waits for messages now. Those that come after the owner's change are not for it.
    world.set_policy("theirs", "", "").await;
    world.send("theirs", &["2"]).await;
    until_problem(&world, &mapping, Some(NOT_PERMITTED)).await;
    assert_eq!(world.counts("theirs").await, (1, 0), "it went back");
    world.set_policy("theirs", "Allow", "000000000000").await;
    until_problem(&world, &mapping, None).await;
    world.until_counts("theirs", (0, 0)).await;
    assert_eq!(world.function.bodies(), [["1"], ["2"]]);
    // The problem ends with its reason, whether or not there are messages.
    world.set_policy("theirs", "", "").await;
    world.send("theirs", &["3"]).await;
    until_problem(&world, &mapping, Some(NOT_PERMITTED)).await;
    world.purge("theirs").await;
    world.set_policy("theirs", "Allow", "000000000000").await;
    for _ in 0..1000 {
        if world.sources.problem(mapping.uuid).is_none() {
            return;
        }
        world.settle().await;
        tokio::time::advance(Duration::from_secs(1)).await;
        world.clock.advance(20_000);
    }
    panic!("it may receive, and says that it may not");
}

#[tokio::test(start_paused = true)]
async fn a_role_of_another_account_gets_nothing_by_its_name() {
    const WORKER: &str = "arn:aws:iam::999988887777:role/worker";
    let world = World::with_queue("theirs").await;
    world.function.has_role(WORKER);
    world.set_policy("theirs", "Allow", WORKER).await;
    world.send("theirs", &["1"]).await;
    let mapping = world.map("theirs", MappingSettings::default()).await;
    until_problem(&world, &mapping, Some(NOT_PERMITTED)).await;
    assert_eq!(world.counts("theirs").await, (1, 0), "nothing is received");
    world.set_policy("theirs", "Allow", "arn:aws:iam::000000000000:role/worker").await;
    until_problem(&world, &mapping, None).await;
    world.until_counts("theirs", (0, 0)).await;
}

#[tokio::test(start_paused = true)]
async fn the_accounts_own_queue_needs_no_policy_and_may_deny() {
    let world = World::with_queue("q").await;
    let mapping = world.map("q", MappingSettings::default()).await;
    world.send("q", &["1"]).await;
    world.until_counts("q", (0, 0)).await;
    world.set_policy("q", "Deny", "arn:aws:iam::000000000000:role/path/work").await;
    world.send("q", &["2"]).await;
    until_problem(&world, &mapping, Some(NOT_PERMITTED)).await;
    world.set_policy("q", "Deny", "arn:aws:iam::000000000000:role/other").await;
    until_problem(&world, &mapping, None).await;
    world.until_counts("q", (0, 0)).await;
}

#[tokio::test(start_paused = true)]
async fn it_is_disabled_when_what_runs_has_ended() {
    let world = World::with_queue("q").await;
    world.function.open(false);
    let mapping = world.map("q", MappingSettings::default()).await;
    world.send("q", &["1"]).await;
    world.until("it runs", |it| it.function.running().0 == 1).await;
    world.update(&mapping, enabled(false)).await;
    world.send("q", &["2"]).await;
    world.settle().await;
    assert_eq!((world.state(&mapping), world.counts("q").await), ("Disabling", (1, 1)));
    world.function.open(true);
    world.until("Disabled", |it| it.state(&mapping) == "Disabled").await;
    assert_eq!(world.counts("q").await, (1, 0));
    assert_eq!(world.function.bodies(), [["1"]]);
}

#[tokio::test(start_paused = true)]
async fn what_waits_for_a_window_goes_back_when_the_mapping_goes() {
    let world = World::with_queue("q").await;
    let settings = MappingSettings {
        batch_size: Some(100),
        window_seconds: Some(300),
        ..MappingSettings::default()
    };
    let mapping = world.map("q", settings).await;
    world.send("q", &["1", "2"]).await;
    world.until_counts("q", (0, 2)).await;
    world.delete(&mapping).await;
    world.until("gone", |it| it.state(&mapping).is_empty()).await;
    world.until_counts("q", (2, 0)).await;
    assert_eq!(world.function.bodies().len(), 0);
}

#[tokio::test(start_paused = true)]
async fn a_function_that_is_not_there_costs_no_message_a_receive() {
    let world = World::with_queue("q").await;
    world.function.is_there(false);
    world.send("q", &["1"]).await;
    let mapping = world.map("q", MappingSettings::default()).await;
    world.until("a problem", |it| it.sources.problem(mapping.uuid).is_some()).await;
    let problem = world.sources.problem(mapping.uuid);
    assert_eq!(problem.as_deref(), Some("PROBLEM: Function not found"));
    assert_eq!(world.counts("q").await, (1, 0));
    world.function.is_there(true);
    tokio::time::advance(Duration::from_secs(1)).await;
    world.until_counts("q", (0, 0)).await;
    let invocations = world.function.invocations();
    assert_eq!(invocations[0][0]["attributes"]["ApproximateReceiveCount"], "1");
    assert_eq!(world.sources.problem(mapping.uuid), None);
}

#[tokio::test(start_paused = true)]
async fn a_queue_that_is_deleted_is_told_of_and_may_come_back() {
    let world = World::with_queue("q").await;
    let mapping = world.map("q", MappingSettings::default()).await;
    world.until("Enabled", |it| it.state(&mapping) == "Enabled").await;
    let delete = Command::DeleteQueue { arn: queue("q") };
    assert_eq!(world.broker.call(delete).await, Ok(Reply::Done));
    world.until("a problem", |it| it.sources.problem(mapping.uuid).is_some()).await;
    assert_eq!(world.state(&mapping), "Enabled");
    world.clock.advance(61_000);
    world.create_queue("q").await;
    world.send("q", &["1"]).await;
    tokio::time::advance(Duration::from_secs(1)).await;
    world.invoked(1).await;
    world.until_counts("q", (0, 0)).await;
}

#[tokio::test(start_paused = true)]
async fn two_queues_do_not_wait_for_each_other() {
    let world = World::with_queue("slow").await;
    world.create_queue("quick").await;
    world.function.does(|records| {
        let is_slow = records[0]["eventSourceARN"].as_str().unwrap().ends_with("slow");
        if is_slow { Err(NotDone::Busy("Rate Exceeded.".to_owned())) } else { Ok(Value::Null) }
    });
    world.map("slow", one_by_one()).await;
    world.map("quick", one_by_one()).await;
    world.send("slow", &["1", "2", "3", "4", "5", "6", "7"]).await;
    world.invoked(1).await;
    world.send("quick", &["1", "2", "3"]).await;
    world.until_counts("quick", (0, 0)).await;
}

#[tokio::test(start_paused = true)]
async fn who_takes_all_the_room_leaves_one_batch_to_the_others() {
    let world = World::with_room(4).await;
    world.create_queue("slow").await;
    world.create_queue("quick").await;
    world.function.open(false);
    world.map("slow", one_by_one()).await;
    world.send("slow", &["1", "2", "3", "4", "5"]).await;
    world.until_counts("slow", (1, 4)).await;
    world.settle().await;
    assert_eq!(world.function.running(), (3, 3), "one by itself, two in the room, and one waits");
    world.map("quick", one_by_one()).await;
    world.send("quick", &["6"]).await;
    world.until("quick", |it| it.function.running().0 == 4).await;
    world.function.open(true);
    world.until_counts("slow", (0, 0)).await;
    world.until_counts("quick", (0, 0)).await;
    assert_eq!(world.function.invocations().len(), 6);
}

#[tokio::test(start_paused = true)]
async fn batches_under_way_get_their_time_when_the_server_stops() {
    let world = World::with_queue("q").await;
    world.function.open(false);
    let mapping = world.map("q", one_by_one()).await;
    world.send("q", &["1"]).await;
    world.until("it runs", |it| it.function.running().0 == 1).await;
    world.begin_to_stop();
    world.send("q", &["2"]).await;
    world.settle().await;
    assert_eq!(world.counts("q").await, (1, 1), "nothing is received any more");
    world.function.open(true);
    world.until_counts("q", (1, 0)).await;
    let world = world.start_again().await;
    world.until_counts("q", (0, 0)).await;
    assert_eq!(world.function.bodies(), [["1"], ["2"]]);
    assert_eq!(world.state(&mapping), "Enabled");
}

#[tokio::test(start_paused = true)]
async fn a_function_that_hangs_does_not_hold_up_a_stop() {
    let world = World::with_queue("q").await;
    world.function.open(false);
    world.map("q", one_by_one()).await;
    world.send("q", &["1"]).await;
    world.until("it runs", |it| it.function.running().0 == 1).await;
    let world = world.start_again().await;
    world.function.open(true);
    world.settle().await;
    assert_eq!(world.counts("q").await, (0, 1), "the function may have done it");
    world.clock.advance(30_000);
    world.until_counts("q", (0, 0)).await;
    assert_eq!(world.function.bodies(), [["1"]]);
}

#[tokio::test(start_paused = true)]
async fn a_change_that_was_under_way_is_finished_after_a_start() {
    let world = World::with_queue("q").await;
    world.function.open(false);
    let mapping = world.map("q", one_by_one()).await;
    world.send("q", &["1"]).await;
    world.until("it runs", |it| it.function.running().0 == 1).await;
    world.delete(&mapping).await;
    assert_eq!(world.state(&mapping), "Deleting");
    let world = world.crash().await;
    world.until("gone", |it| it.state(&mapping).is_empty()).await;
}

/// A hundred messages, a function that fails now and then, and crashes while it runs. Each message is
/// done, and came once more for each time that the function failed on it.
#[tokio::test(start_paused = true)]
async fn through_crashes_nothing_is_lost_and_every_repeat_has_its_reason() {
    let mut world = World::with_queue("q").await;
    let (turn, failed) = (AtomicUsize::new(0), Arc::new(Mutex::new(Vec::new())));
    world.function.does({
        let failed = Arc::clone(&failed);
        move |records| match turn.fetch_add(1, Ordering::Relaxed) % 4 {
            3 => {
                failed.lock().unwrap().extend(records.iter().map(body));
                Err(NotDone::Failed("Unhandled".to_owned()))
            }
            _ => Ok(Value::Null),
        }
    });
    world.map("q", MappingSettings { batch_size: Some(3), ..MappingSettings::default() }).await;
    for round in 0..4 {
        let bodies: Vec<String> = (0..25).map(|n| format!("{round}-{n}")).collect();
        world.function.open(false);
        world.send("q", &bodies.iter().map(String::as_str).collect::<Vec<_>>()).await;
        world.until("it runs", |it| it.function.running().0 > 0).await;
        world.settle().await;
        world = world.crash().await;
        world.function.open(true);
        world.invoked(3 * (round + 1)).await;
    }
    while world.counts("q").await != (0, 0) {
        world.until_still("q").await;
        world.clock.advance(30_000);
    }
    let count = |bodies: &[String]| {
        let mut counts: BTreeMap<String, u32> = BTreeMap::new();
        bodies.iter().for_each(|body| *counts.entry(body.clone()).or_default() += 1);
        counts
    };
    let came = count(&world.function.bodies().concat());
    let failed = count(&failed.lock().unwrap());
    assert_eq!(came.len(), 100, "nothing is lost");
    for (body, times) in came {
        assert_eq!(times, 1 + failed.get(&body).unwrap_or(&0), "{body}");
    }
}
