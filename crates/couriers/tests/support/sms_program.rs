//! A gateway that is a program of its own: conformance/sms/gateway.js, on node-smpp.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};
use tokio::time::timeout;

/// How long a test waits for what must come. Only a failing test gets there.
const PATIENCE: Duration = Duration::from_secs(60);

/// The program, if there is one. One that is named has to be there.
pub fn program() -> Option<PathBuf> {
    if let Some(named) = std::env::var_os("SMPP_GATEWAY") {
        let named = PathBuf::from(named);
        assert!(named.is_file(), "SMPP_GATEWAY names no file: {}", named.display());
        return Some(named);
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../conformance/sms");
    let found = folder.join("node_modules/smpp").is_dir().then(|| folder.join("gateway.js"));
    if found.is_none() {
        eprintln!("skipped: there is no SMPP gateway here, see CONTRIBUTING.md");
    }
    found
}

/// It runs until this is dropped.
pub struct Program {
    child: Child,
    orders: ChildStdin,
    events: Lines<BufReader<ChildStdout>>,
    pub port: u16,
    /// All that it has told of messages so far.
    pub submitted: Vec<Value>,
}

impl Program {
    pub async fn start(program: &Path, options: Value) -> Program {
        let mut child = Command::new("node")
            .arg(program)
            .arg(options.to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let orders = child.stdin.take().unwrap();
        let events = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut program = Program { child, orders, events, port: 0, submitted: Vec::new() };
        let listening = program.until("listening").await;
        program.port = listening["listening"].as_u64().unwrap().try_into().unwrap();
        program
    }

    /// Waits for an event that has this field, past others.
    pub async fn until(&mut self, field: &str) -> Value {
        loop {
            let line = timeout(PATIENCE, self.events.next_line()).await;
            let line = line.unwrap_or_else(|_| panic!("waited in vain for {field}"));
            let event: Value = serde_json::from_str(&line.unwrap().expect(field)).unwrap();
            if event.get("submitted").is_some() {
                self.submitted.push(event.clone());
            }
            if event.get(field).is_some() {
                return event;
            }
        }
    }

    /// Gives an order, and waits until it is carried out.
    pub async fn order(&mut self, order: Value) {
        self.orders.write_all(format!("{order}\n").as_bytes()).await.unwrap();
        self.until("done").await;
    }

    /// What the next messages get.
    pub async fn script(&mut self, script: Value) {
        self.order(json!({ "script": script })).await;
    }

    /// Ends as if the machine had lost power.
    pub async fn kill(&mut self) {
        self.child.kill().await.unwrap();
    }
}
