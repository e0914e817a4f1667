//! Who gets a process, and who does not.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use support::{Stage, ask, invocation, number_in, payload};
use tidings_functions::{InvokeFault, Throttle};

/// Not a test: what the host starts as a function's runtime.
#[test]
fn plays_a_runtime() {
    support::fake_runtime::play_if_asked();
}

const RESERVED: InvokeFault =
    InvokeFault::TooManyRequests { reason: Throttle::ReservedConcurrency };
const PROCESSES: InvokeFault = InvokeFault::TooManyRequests { reason: Throttle::Processes };

/// An event that keeps the function at work until [`finish`].
fn long(stage: &Stage, name: &str) -> Value {
    json!({ "do": "wait-for", "begun": stage.path(name), "file": stage.path("finish") })
}

fn finish(stage: &Stage) {
    fs::write(stage.path("finish"), "").unwrap();
}

#[tokio::test]
async fn each_invocation_that_runs_has_a_process() {
    let stage = Stage::new();
    let running: Vec<_> =
        ["a", "b", "c"].iter().map(|name| stage.begin(long(&stage, name))).collect();
    let mut pids = Vec::new();
    for name in ["a", "b", "c"] {
        pids.push(number_in(&stage.path(name)).await);
    }
    pids.sort_unstable();
    pids.dedup();
    assert_eq!(pids.len(), 3);
    assert_eq!(stage.host.processes(), (3, 0));
    finish(&stage);
    for invocation in running {
        assert_eq!(invocation.await.unwrap().unwrap().function_error, None);
    }
    stage.processes(3, 3).await;
}

#[tokio::test]
async fn reserved_concurrency_refuses_at_once() {
    let stage = Stage::new();
    let running = stage.begin(long(&stage, "a"));
    number_in(&stage.path("a")).await;
    assert_eq!(stage.invoke_reserved(ask("who"), Some(1)).await.unwrap_err(), RESERVED);
    // It is the function's, whatever version is invoked.
    let mut version = stage.spec.clone();
    version.arn = version.arn.replace("$LATEST", "3");
    let refused = stage.host.invoke(&version.into(), Some(1), invocation(&ask("who"))).await;
    assert_eq!(refused.unwrap_err(), RESERVED);
    assert_eq!(stage.invoke_reserved(ask("who"), Some(2)).await.unwrap().function_error, None);
    finish(&stage);
    running.await.unwrap().unwrap();
    assert_eq!(stage.invoke_reserved(ask("who"), Some(0)).await.unwrap_err(), RESERVED);
}

#[tokio::test]
async fn a_function_that_has_answered_does_not_count() {
    let stage = Stage::with(|config| config.wait_timeout = support::PATIENCE);
    for served in 1..=200 {
        let invoked = stage.invoke_reserved(ask("who"), Some(1)).await.unwrap();
        assert_eq!(payload(&invoked)["served"], served);
    }
}

#[tokio::test]
async fn another_revision_has_its_own_process_within_the_reserved_ones() {
    let mut stage = Stage::new();
    let first = stage.invoke_reserved(ask("who"), Some(1)).await.unwrap();
    stage.processes(1, 1).await;
    stage.spec.revision = "2".to_owned();
    let second = stage.invoke_reserved(ask("who"), Some(1)).await.unwrap();
    assert_ne!(payload(&first)["pid"], payload(&second)["pid"]);
    stage.processes(1, 1).await;
}

#[tokio::test]
async fn who_finds_all_at_work_waits() {
    let stage = Stage::with(|config| {
        config.processes_max = 1;
        config.wait_timeout = support::PATIENCE;
    });
    let running = stage.begin(long(&stage, "a"));
    let pid = number_in(&stage.path("a")).await;
    let mut waiting = stage.begin(ask("who"));
    assert!(tokio::time::timeout(Duration::from_millis(50), &mut waiting).await.is_err());
    finish(&stage);
    running.await.unwrap().unwrap();
    assert_eq!(payload(&waiting.await.unwrap().unwrap())["pid"], pid);
}

#[tokio::test]
async fn waiting_has_bounds() {
    let stage = Stage::with(|config| {
        config.processes_max = 1;
        config.wait_timeout = Duration::from_millis(50);
        config.waiting_max = 1;
    });
    let running = stage.begin(long(&stage, "a"));
    number_in(&stage.path("a")).await;
    assert_eq!(stage.invoke(ask("who")).await.unwrap_err(), PROCESSES);
    let (first, second) = tokio::join!(stage.invoke(ask("who")), stage.invoke(ask("who")));
    assert_eq!((first.unwrap_err(), second.unwrap_err()), (PROCESSES, PROCESSES));
    finish(&stage);
    running.await.unwrap().unwrap();
    // Nobody who was refused is left in the way.
    assert_eq!(stage.invoke(ask("who")).await.unwrap().function_error, None);
}

#[tokio::test]
async fn an_idle_process_makes_place_for_another_function() {
    let stage = Stage::with(|config| config.processes_max = 2);
    let mut pids = Vec::new();
    for name in ["a", "b", "c"] {
        let mut spec = stage.spec.clone();
        spec.arn = format!("arn:aws:lambda:eu-west-1:123456789012:function:{name}");
        let spec = Arc::new(spec);
        let invoked = stage.host.invoke(&spec, None, invocation(&ask("who"))).await.unwrap();
        pids.push(payload(&invoked)["pid"].as_u64().unwrap());
        stage.processes(pids.len().min(2), pids.len().min(2)).await;
    }
    support::until("the one that idled longest is gone", || !support::runs(pids[0])).await;
    assert!(support::runs(pids[1]) && support::runs(pids[2]));
}

#[tokio::test]
async fn who_stops_waiting_does_not_stop_the_function() {
    let stage = Stage::new();
    let running = stage.begin(long(&stage, "a"));
    let pid = number_in(&stage.path("a")).await;
    running.abort();
    finish(&stage);
    stage.processes(1, 1).await;
    assert_eq!(payload(&stage.invoke(ask("who")).await.unwrap())["pid"], pid);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_at_once_share_few_processes() {
    let stage = Stage::with(|config| {
        config.processes_max = 4;
        config.wait_timeout = support::PATIENCE * 4;
    });
    let all: Vec<_> =
        (0..200).map(|number| stage.begin(json!({ "do": "echo", "n": number }))).collect();
    for (number, invocation) in all.into_iter().enumerate() {
        assert_eq!(payload(&invocation.await.unwrap().unwrap())["n"], number);
    }
    let (all, _) = stage.host.processes();
    assert!((1..=4).contains(&all), "{all}");
    stage.host.stop().await;
}
