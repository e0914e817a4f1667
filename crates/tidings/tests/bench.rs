//! `tidings bench` against the server: every workload, small.
#![cfg(unix)]
#![allow(clippy::unwrap_used, reason = "a test may panic")]
#![allow(unreachable_pub, reason = "what tests share is theirs")]

#[allow(dead_code, reason = "not every test needs all of it")]
mod support;

use std::fs;
use std::process::Stdio;

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use support::{Key, Server, text, tidings};
use tempfile::TempDir;

/// A server, and its root user at the command line.
struct World {
    folder: TempDir,
    server: Server,
    root: Key,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let server = Server::start(folder.path(), &[]);
        let root = Key::of(&server.greeting).unwrap();
        Self { folder, server, root }
    }

    fn command(&self, words: &str) -> std::process::Command {
        let words: Vec<&str> = words.split(' ').collect();
        let mut command = tidings(self.folder.path(), &words);
        command.env("HOME", self.folder.path());
        command.env("AWS_ENDPOINT_URL", format!("http://{}", self.server.address));
        command.env("AWS_ACCESS_KEY_ID", &self.root.id);
        command.env("AWS_SECRET_ACCESS_KEY", &self.root.secret);
        command
    }

    /// What a load says that is sound.
    fn bench(&self, words: &str) -> Value {
        let output =
            self.command(&format!("bench {words} --connections 4 --json -")).output().unwrap();
        assert!(output.status.success(), "{words}: {}", text(&output.stderr));
        assert_eq!(text(&output.stderr), "", "{words}: it is not a terminal");
        let report: Value = serde_json::from_slice(&output.stdout).unwrap();
        for row in report["rows"].as_array().unwrap() {
            assert_eq!(row["errors"], Value::Object(Default::default()), "{words}: {row}");
            assert_eq!(row["given_up"], 0, "{words}: {row}");
        }
        assert_eq!(report["notes"], Value::Array(Vec::new()), "{words}");
        report
    }
}

fn counts(report: &Value) -> [u64; 5] {
    ["received", "lost", "duplicated", "out_of_order", "stray"]
        .map(|name| report["counts"][name].as_u64().unwrap())
}

#[test]
fn every_workload_keeps_its_account() {
    let world = World::new();
    for protocol in ["json", "query"] {
        for (words, received, rows) in [
            ("send --messages 50 --verify", 50, 1),
            ("send-batch --messages 50 --verify", 50, 1),
            ("receive --messages 55", 60, 1),
            ("end-to-end --messages 50 --size 100", 50, 2),
            ("end-to-end --messages 50 --batch 5", 50, 2),
            ("publish --messages 20 --queues 3 --verify", 60, 2),
            ("publish-filtered --messages 40 --queues 7 --batch 10 --verify", 40, 1),
        ] {
            let report = world.bench(&format!("{words} --protocol {protocol}"));
            let [came, lost, duplicated, _, stray] = counts(&report);
            assert_eq!([came, lost, duplicated, stray], [received, 0, 0, 0], "{words} {protocol}");
            assert_eq!(report["rows"].as_array().unwrap().len(), rows, "{report}");
            assert_eq!(report["conditions"]["protocol"], protocol);
        }
        let report = world.bench(&format!("fifo --messages 60 --groups 5 --protocol {protocol}"));
        assert_eq!(counts(&report), [60, 0, 0, 0, 0]);
        let batches = format!("fifo --messages 60 --groups 5 --batch 10 --protocol {protocol}");
        assert_eq!(counts(&world.bench(&batches)), [60, 0, 0, 0, 0]);
    }
    let unchecked = world.bench("send --messages 10");
    assert_eq!(unchecked["counts"], Value::Null);
    world.server.stop();
}

#[test]
fn a_backlog_is_measured_beside_none() {
    let world = World::new();
    let report = world.bench("backlog --messages 200 --duration 0.3 --warm-up 0 --verify");
    let names: Vec<&str> = report["rows"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| row["name"].as_str().unwrap())
        .collect();
    let expected = [
        "SendMessageBatch, filling",
        "SendMessage, empty queue",
        "SendMessage, deep queue",
        "receive + delete, shallow queue",
        "receive + delete, deep queue",
    ];
    assert_eq!(names, expected);
    let [_, lost, duplicated, _, stray] = counts(&report);
    assert_eq!([lost, duplicated, stray], [0; 3], "{report}");
    assert!(report["rows"][2]["ratio"].is_number(), "{report}");
}

#[test]
fn a_schedule_is_kept() {
    let world = World::new();
    // One request in twenty milliseconds: forty are due in the time, and none is left out.
    let report = world.bench("end-to-end --rate 50 --duration 0.8 --warm-up 0.2");
    // On a machine that stands still, the last ones are not sent in time, and are counted all the same.
    let row = &report["rows"][0];
    let number = |value: &Value| value.as_u64().unwrap();
    let due = number(&row["messages"]) + number(&row["unsent"]);
    assert!((39..=41).contains(&due), "{report}");
    assert_eq!(number(&row["latency"]["count"]), due, "{report}");
    assert_eq!(report["conditions"]["rate"], 50.0);
}

#[test]
fn it_says_what_it_saw_and_what_is_wrong() {
    let world = World::new();
    let file = world.folder.path().join("figures.json");
    let words =
        format!("bench send --messages 20 --connections 2 --verify --json {}", file.display());
    let output = world.command(&words).output().unwrap();
    let table = text(&output.stdout);
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(table.contains("SendMessage ") && table.contains("p99.9 ms"), "{table}");
    assert!(table.contains("20 received: 0 lost, 0 duplicated"), "{table}");
    let report: Value = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
    assert_eq!(report["rows"][0]["messages"], 20);

    let output = world.command("bench send --size 3").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(
        text(&output.stderr).contains("the size of a message is 3"),
        "{}",
        text(&output.stderr)
    );
    let mut command = world.command("bench send --messages 1");
    let output = command.env("AWS_SECRET_ACCESS_KEY", "wrong").output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("InvalidSignatureException"), "{}", text(&output.stderr));
}

#[test]
fn a_signal_ends_it_in_good_order() {
    let world = World::new();
    let mut command = world.command("bench end-to-end --duration 600 --connections 2 --warm-up 0");
    let process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It has begun when its queue is there.
    while !queues(&world).contains("tidings-bench-") {}
    kill_process(Pid::from_child(&process), Signal::INT).unwrap();
    let output = process.wait_with_output().unwrap();
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stdout).contains("stopped early"), "{}", text(&output.stdout));
    assert!(!queues(&world).contains("tidings-bench-"), "its queues are deleted");
}

/// The answer to ListQueues.
fn queues(world: &World) -> String {
    use tidings_load::{Client, Credentials, SQS, form};
    let secret = tidings_sigv4::SecretKey::new(world.root.secret.clone());
    let who = Credentials::new(world.root.id.clone(), secret, "us-east-1".to_owned());
    let client = Client::plain(world.server.address.parse().unwrap(), who);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let mut connection = client.connect().await.unwrap();
        let answer = connection.exchange(&mut form(SQS, &[("Action", "ListQueues")])).await;
        answer.unwrap().to_owned()
    })
}
