//! When processes go: unused, outdated, stopped, or with the server.

#![allow(clippy::unwrap_used)]

mod support;

use std::fs;
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use support::{Stage, ask, number_in, payload, runs, until};
use tidings_functions::InvokeFault;

/// Not a test: what the host starts as a function's runtime.
#[test]
fn plays_a_runtime() {
    support::fake_runtime::play_if_asked();
}

async fn pid(stage: &Stage) -> u64 {
    let pid = payload(&stage.invoke(ask("who")).await.unwrap())["pid"].as_u64().unwrap();
    stage.processes(1, 1).await;
    pid
}

#[tokio::test]
async fn a_process_that_nobody_needs_goes() {
    let stage = Stage::with(|config| config.idle_expiry = Duration::from_millis(200));
    let pid = pid(&stage).await;
    stage.processes(0, 0).await;
    until("it is gone", || !runs(pid)).await;
}

#[tokio::test]
async fn a_process_that_is_killed_while_it_idles_is_replaced() {
    let stage = Stage::new();
    let first = pid(&stage).await;
    Command::new("kill").args(["-KILL", &first.to_string()]).status().unwrap();
    stage.processes(0, 0).await;
    assert_ne!(pid(&stage).await, first);
}

#[tokio::test]
async fn what_is_retired_goes_when_it_is_done() {
    let stage = Stage::new();
    let idle = pid(&stage).await;
    stage.host.retire(|spec| spec.revision == "another").await;
    assert_eq!(pid(&stage).await, idle);
    stage.host.retire(|spec| spec.name == "rooms" && spec.revision != "2").await;
    assert_eq!(stage.host.processes(), (0, 0));
    assert!(!runs(idle));

    let event = json!({ "do": "wait-for", "begun": stage.path("a"), "file": stage.path("end") });
    let running = stage.begin(event);
    let busy = number_in(&stage.path("a")).await;
    stage.host.retire(|_| true).await;
    assert!(runs(busy));
    fs::write(stage.path("end"), "").unwrap();
    assert_eq!(running.await.unwrap().unwrap().function_error, None);
    stage.processes(0, 0).await;
    until("it is gone", || !runs(busy)).await;
}

#[tokio::test]
async fn stopping_waits_for_those_that_run() {
    let stage = Stage::with(|config| config.stop_timeout = support::PATIENCE);
    let event = json!({ "do": "wait-for", "begun": stage.path("a"), "file": stage.path("end") });
    let running = stage.begin(event);
    let busy = number_in(&stage.path("a")).await;
    let stopping = {
        let host = stage.host.clone();
        tokio::spawn(async move { host.stop().await })
    };
    until("it stops", || !stopping.is_finished()).await;
    fs::write(stage.path("end"), "").unwrap();
    assert_eq!(running.await.unwrap().unwrap().function_error, None);
    stopping.await.unwrap();
    assert!(!runs(busy));
    assert_eq!(fs::read_dir(stage.path("scratch")).unwrap().count(), 0);
}

#[tokio::test]
async fn stopping_does_not_wait_for_ever() {
    let stage = Stage::with(|config| config.stop_timeout = Duration::from_millis(50));
    let idle = pid(&stage).await;
    let event = json!({ "do": "child-and-hang", "child": stage.path("child") });
    let running = stage.begin(event);
    let child = number_in(&stage.path("child")).await;
    stage.host.stop().await;
    assert_eq!(running.await.unwrap().unwrap_err(), InvokeFault::Interrupted);
    assert_eq!(stage.host.processes(), (0, 0));
    assert!(!runs(idle));
    until("the child is gone", || !runs(child)).await;
    assert_eq!(stage.invoke(ask("who")).await.unwrap_err(), InvokeFault::Stopping);
}

/// As if this were the first process of a container: whatever has lost its parent becomes its child.
#[tokio::test]
#[cfg(target_os = "linux")]
async fn no_zombies_stay() {
    rustix::process::set_child_subreaper(Some(rustix::process::getpid())).unwrap();
    let stage = Stage::new();
    let event = json!({ "do": "child-and-crash", "child": stage.path("child") });
    assert!(stage.invoke(event).await.unwrap().function_error.is_some());
    let child = number_in(&stage.path("child")).await;
    let there = || fs::metadata(format!("/proc/{child}")).is_ok();
    until("the child is gone for good", || !there()).await;
}

#[tokio::test]
async fn a_host_that_is_dropped_leaves_nothing() {
    let stage = Stage::new();
    let pid = pid(&stage).await;
    let Stage { host, folder, .. } = stage;
    drop(host);
    until("it is gone", || !runs(pid)).await;
    drop(folder);
}

/// Not a test: a server, which is killed in the midst of an invocation.
#[tokio::test]
async fn plays_a_server() {
    let Some(child) = std::env::var_os("FAKE_SERVER") else { return };
    let stage = Stage::new();
    let child = child.to_str().unwrap().to_owned();
    let _ = stage.invoke(json!({ "do": "child-and-hang", "child": child })).await;
}

#[tokio::test]
async fn a_server_that_is_killed_leaves_nothing() {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("child");
    let mut server = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "plays_a_server", "-q"])
        .env("FAKE_SERVER", &path)
        .env("TMPDIR", folder.path())
        .spawn()
        .unwrap();
    let child = number_in(path.to_str().unwrap()).await;
    assert!(runs(child));
    server.kill().unwrap();
    server.wait().unwrap();
    until("the child of the function is gone", || !runs(child)).await;
}
