//! A driver for the AWS SDK for Rust: one JSON request a line in, one JSON answer a line out. The
//! contract is in conformance/README.md.

mod actions;
mod answer;
mod client;
mod input;
mod output;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use answer::Stop;
use client::Clients;
use input::Input;

#[tokio::main]
async fn main() {
    let (answers, mut written) = mpsc::unbounded_channel::<Value>();
    let writer = tokio::spawn(async move {
        let mut out = tokio::io::stdout();
        while let Some(answer) = written.recv().await {
            let line = format!("{answer}\n");
            out.write_all(line.as_bytes()).await.expect("the runner reads until we end");
            out.flush().await.expect("the runner reads until we end");
        }
    });
    let known = client::Known::default();
    let mut running = JoinSet::new();
    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    while let Some(line) = lines.next_line().await.expect("the runner writes whole lines") {
        let request: Value = serde_json::from_str(&line).expect("the runner writes JSON");
        let clients = known.get(&request);
        let answers = answers.clone();
        // A long poll must not hold up the send that wakes it: every request is a task.
        running.spawn(async move {
            let mut answer = perform(&clients, &request).await;
            answer["id"] = request["id"].clone();
            let _ = answers.send(answer);
        });
    }
    while running.join_next().await.is_some() {}
    drop(answers);
    writer.await.expect("the writer ends when the last answer is out");
}

async fn perform(clients: &Clients, request: &Value) -> Value {
    for member in ["presigned", "signing_name"] {
        if !request[member].is_null() {
            return json!({ "unsendable": format!("the SDK has no way to say {member}") });
        }
    }
    let [service, action] =
        ["service", "action"].map(|key| request[key].as_str().unwrap_or_default());
    match actions::call(clients, service, action, Input(&request["input"])).await {
        Ok(output) => json!({ "output": output }),
        Err(Stop::Refused(error)) => json!({ "error": error }),
        Err(Stop::Unsendable(reason)) => json!({ "unsendable": reason }),
        Err(Stop::Failed(reason)) => json!({ "failure": reason }),
    }
}
