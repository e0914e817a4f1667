//! A deep queue: what a waiting message costs, whether depth slows anything, how long a restart
//! takes.

use std::time::{Duration, Instant};

use tidings_load::{Until, json};

use crate::Outcome;
use crate::load::{self, Kind};
use crate::server::Server;
use crate::throughput::{create, print};

const EACH: Duration = Duration::from_secs(5);
/// Messages received and deleted to measure the rate.
const RECEIVED: u64 = 100_000;

pub(crate) async fn run(messages: u64) -> Outcome<()> {
    let folder = tempfile::tempdir_in(".")?;
    let (server, ready) = Server::tidings(folder.path()).await?;
    println!("empty node: ready after {ready:?}, {} MiB", server.memory()? >> 20);
    for queue in ["empty", "deep"] {
        create(&server.client, queue).await?;
    }
    // First of all, so that the memory it takes is not memory that something else gave back.
    let before = server.memory()?;
    let filled = load::run(&server.client, Kind::SendBatch, "deep", Until::Counted(messages))?;
    let per_message = (server.memory()?.saturating_sub(before)) as f64 / filled.messages as f64;
    println!("{} messages wait: {per_message:.0} bytes of memory each", filled.messages);

    println!("{:38} {:>12} {:>10} {:>10} {:>8}", "", "per second", "p50 ms", "p99 ms", "ratio");
    let empty = load::run(&server.client, Kind::Send, "empty", Until::Elapsed(EACH))?;
    print("SendMessage, empty queue", &empty, None);
    let sent = load::run(&server.client, Kind::Send, "deep", Until::Elapsed(EACH))?;
    print("SendMessage, deep queue", &sent, Some(&empty));
    let counted = Until::Counted(RECEIVED);
    let shallow = load::run(&server.client, Kind::ReceiveAndDelete, "empty", counted)?;
    print("receive + delete, shallow queue", &shallow, None);
    let received = load::run(&server.client, Kind::ReceiveAndDelete, "deep", counted)?;
    print("receive + delete, deep queue", &received, Some(&shallow));

    server.stop()?;
    restart(folder.path(), "after SIGTERM").await?.stop()?;
    // The server that is dropped is killed.
    drop(restart(folder.path(), "after SIGTERM again").await?);
    restart(folder.path(), "after SIGKILL").await?.stop()
}

/// Starts the server and takes a message, timing both.
async fn restart(folder: &std::path::Path, what: &str) -> Outcome<Server> {
    let started = Instant::now();
    let (server, ready) = Server::tidings(folder).await?;
    let mut connection = server.client.connect().await?;
    let body = format!(r#"{{"QueueUrl":"{}","MaxNumberOfMessages":10}}"#, load::queue_url("deep"));
    let mut request = json("ReceiveMessage", body);
    if !connection.exchange(&mut request).await?.contains("ReceiptHandle") {
        return Err("no message after the restart".into());
    }
    let first = started.elapsed();
    println!("restart {what}: ready after {ready:.3?}, first message after {first:.3?}");
    Ok(server)
}
