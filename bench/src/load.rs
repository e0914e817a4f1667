//! Load from many connections at once, each waiting for its answers.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use crate::Outcome;
use crate::client::{Client, Connection};
use crate::request::{Request, json};

pub(crate) const CONNECTIONS: usize = 64;
pub(crate) const BODY_BYTES: usize = 1024;

/// What one kind of load came to.
pub(crate) struct Figure {
    /// Requests or messages, whatever is counted.
    pub(crate) count: u64,
    pub(crate) took: Duration,
    /// Of every exchange, sorted.
    latencies: Vec<Duration>,
}

impl Figure {
    pub(crate) fn rate(&self) -> f64 {
        self.count as f64 / self.took.as_secs_f64()
    }

    pub(crate) fn latency(&self, percentile: f64) -> Duration {
        let last = self.latencies.len().saturating_sub(1);
        let index = (last as f64 * percentile / 100.0).round() as usize;
        self.latencies.get(index).copied().unwrap_or_default()
    }
}

/// When a connection stops.
#[derive(Copy, Clone)]
pub(crate) enum Until {
    Elapsed(Duration),
    /// All connections together have counted so much, or nothing more is received.
    Counted(u64),
    /// Nothing more is received.
    Empty,
}

/// What a connection does again and again.
#[derive(Copy, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    Send,
    SendBatch,
    ReceiveAndDelete,
}

pub(crate) fn queue_url(name: &str) -> String {
    format!("http://127.0.0.1/000000000000/{name}")
}

/// The request of a kind, where it is always the same.
pub(crate) fn fixed_request(kind: Kind, queue: &str) -> Request {
    let url = queue_url(queue);
    let body = "b".repeat(BODY_BYTES);
    match kind {
        Kind::Send => {
            let body = format!(r#"{{"QueueUrl":"{url}","MessageBody":"{body}"}}"#);
            json("SendMessage", body)
        }
        Kind::SendBatch => {
            let entry = |n| format!(r#"{{"Id":"{n}","MessageBody":"{body}"}}"#);
            let entries: Vec<String> = (0..10).map(entry).collect();
            let entries = entries.join(",");
            json("SendMessageBatch", format!(r#"{{"QueueUrl":"{url}","Entries":[{entries}]}}"#))
        }
        Kind::ReceiveAndDelete => {
            let body = format!(r#"{{"QueueUrl":"{url}","MaxNumberOfMessages":10}}"#);
            json("ReceiveMessage", body)
        }
    }
}

/// Runs a kind of load on all connections.
pub(crate) async fn run(client: &Client, kind: Kind, queue: &str, until: Until) -> Outcome<Figure> {
    let is_over = Arc::new(AtomicBool::new(false));
    let counted = Arc::new(std::sync::atomic::AtomicU64::new(0));
    let started = Instant::now();
    let mut tasks = Vec::new();
    for _ in 0..CONNECTIONS {
        let (is_over, counted) = (Arc::clone(&is_over), Arc::clone(&counted));
        let (client, queue) = (client.clone(), queue.to_owned());
        tasks.push(tokio::spawn(async move {
            let mut connection = client.connect().await?;
            let mut request = fixed_request(kind, &queue);
            let mut latencies = Vec::new();
            while !is_over.load(Ordering::Relaxed) {
                let begun = Instant::now();
                let done = exchange(&mut connection, kind, &queue, &mut request).await?;
                latencies.push(begun.elapsed());
                let total = counted.fetch_add(done, Ordering::Relaxed) + done;
                let is_done = match until {
                    Until::Elapsed(length) => started.elapsed() >= length,
                    Until::Counted(count) => total >= count || done == 0,
                    Until::Empty => done == 0,
                };
                if is_done {
                    is_over.store(true, Ordering::Relaxed);
                }
            }
            Outcome::Ok(latencies)
        }));
    }
    let mut latencies = Vec::new();
    for task in tasks {
        latencies.extend(task.await??);
    }
    latencies.sort_unstable();
    let took = started.elapsed();
    Ok(Figure { count: counted.load(Ordering::Relaxed), took, latencies })
}

/// One exchange, or two for a receive; returns how many messages it was about.
async fn exchange(
    connection: &mut Connection,
    kind: Kind,
    queue: &str,
    fixed: &mut Request,
) -> Outcome<u64> {
    let answer = connection.exchange(fixed).await?;
    match kind {
        Kind::Send => Ok(1),
        Kind::SendBatch => Ok(10),
        Kind::ReceiveAndDelete => {
            let handles = handles(answer);
            if handles.is_empty() {
                return Ok(0);
            }
            let count = handles.len() as u64;
            let entry = |(n, handle)| format!(r#"{{"Id":"{n}","ReceiptHandle":"{handle}"}}"#);
            let entries: Vec<String> = handles.iter().enumerate().map(entry).collect();
            let (url, entries) = (queue_url(queue), entries.join(","));
            let body = format!(r#"{{"QueueUrl":"{url}","Entries":[{entries}]}}"#);
            let mut delete = json("DeleteMessageBatch", body);
            let deleted = connection.exchange(&mut delete).await?;
            if deleted.contains("Failed") { Err(deleted.into()) } else { Ok(count) }
        }
    }
}

fn handles(answer: &str) -> Vec<&str> {
    let parts = answer.split(r#""ReceiptHandle":""#).skip(1);
    parts.filter_map(|part| part.split('"').next()).collect()
}
