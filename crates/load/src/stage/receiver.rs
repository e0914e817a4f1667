//! Receives and deletes, and enters what comes into the account.

use std::sync::Arc;
use std::time::Duration;

use tidings_sigv4::percent_encoded;
use tokio::time::Instant;

use super::asker::Asker;
use super::party::Ends;
use crate::answers::fields;
use crate::ledger::Ledger;
use crate::limits::VISIBILITY_TIMEOUT;
use crate::protocol::Protocol;
use crate::request::{Request, SQS, json};
use crate::template::path_of;

/// How long a receive waits for messages, in seconds: the least that is a long poll.
const WAIT_SECONDS: u32 = 1;

pub(super) struct Receiver {
    asker: Asker,
    protocol: Protocol,
    /// Messages in one receive.
    batch: usize,
    ends: Ends,
    /// Those of the messages at hand, as they go into the request that deletes them.
    handles: Vec<String>,
}

impl Receiver {
    pub(super) fn new(asker: Asker, protocol: Protocol, batch: usize, ends: Ends) -> Self {
        Self { asker, protocol, batch, ends, handles: Vec::new() }
    }

    /// One queue after the other.
    pub(super) async fn run(mut self, queues: Vec<(String, Arc<Ledger>)>) {
        for (url, ledger) in queues {
            self.empty(&url, &ledger).await;
        }
    }

    async fn empty(&mut self, url: &str, ledger: &Ledger) {
        let mut receive = self.receive_request(url);
        let mut delete = self.empty_request("DeleteMessageBatch", url);
        ledger.touch();
        loop {
            let begun = Instant::now();
            let is_limit = match self.ends {
                Ends::Limit => {
                    self.asker.course().is_over(begun) || self.asker.course().is_used_up()
                }
                Ends::Drained { .. } => self.asker.course().is_stopped(),
            };
            if is_limit {
                return;
            }
            let outcome = self.asker.ask(&mut receive).await;
            if self.asker.is_in_doubt() {
                ledger.note_gap();
            }
            match outcome {
                Ok(()) => self.take(ledger),
                Err(_) => self.handles.clear(),
            }
            if self.handles.is_empty() {
                if self.is_done(ledger) {
                    return;
                }
                continue;
            }
            self.write_delete(&mut delete, url);
            if self.asker.ask(&mut delete).await.is_ok() {
                self.deleted(begun);
            }
        }
    }

    /// Whether a queue that has nothing has given everything.
    fn is_done(&self, ledger: &Ledger) -> bool {
        match self.ends {
            Ends::Limit => true,
            Ends::Drained { patience } => {
                // What a receive took that failed comes again.
                let more = if ledger.has_gap() { VISIBILITY_TIMEOUT } else { Duration::ZERO };
                let is_quiet = || ledger.idle(Instant::now()) > patience + more;
                self.asker.course().sending_is_over() && (ledger.is_complete() || is_quiet())
            }
        }
    }

    fn take(&mut self, ledger: &Ledger) {
        let now = Instant::now();
        let Self { asker, handles, protocol, .. } = self;
        handles.clear();
        let mut transits: [Option<Duration>; 10] = [None; 10];
        let mut number = 0;
        let course = asker.course();
        fields::messages(*protocol, asker.answer(), |message| {
            handles.push(String::from_utf8_lossy(&message.handle).into_owned());
            let transit = ledger.receive(message.body, now);
            let transit = transit.filter(|transit| course.records(transit.due_at));
            if let Some(room) = transits.get_mut(number) {
                *room = transit.map(|transit| transit.took);
            }
            number += 1;
        });
        if transits.iter().any(Option::is_some) {
            let mut tally = asker.tally();
            for took in transits.into_iter().flatten() {
                tally.transit.record(took);
            }
        }
    }

    fn deleted(&mut self, begun: Instant) {
        let now = Instant::now();
        let course = self.asker.course();
        let mut failed = 0;
        fields::failures(self.protocol, self.asker.answer(), |_, code| {
            failed += 1;
            self.asker.tally().count(code, 1);
        });
        let count = self.handles.len() as u64;
        // What is left is for those that send, if there are any.
        if self.ends == Ends::Limit {
            course.take(count);
        }
        let mut tally = self.asker.tally();
        tally.given_up += failed;
        if course.records(now) {
            tally.latency.record(now.saturating_duration_since(begun));
            tally.messages += count.saturating_sub(failed);
            tally.last = tally.last.max(course.since(now));
        }
    }

    fn receive_request(&self, url: &str) -> Request {
        let batch = self.batch;
        match self.protocol {
            Protocol::Json => {
                let body = serde_json::json!({
                    "QueueUrl": url, "MaxNumberOfMessages": batch, "WaitTimeSeconds": WAIT_SECONDS,
                });
                json("ReceiveMessage", body.to_string())
            }
            Protocol::Query => {
                let body = form_start("ReceiveMessage", url);
                let body =
                    format!("{body}&MaxNumberOfMessages={batch}&WaitTimeSeconds={WAIT_SECONDS}");
                Request::form(SQS, path_of(url), body.into_bytes())
            }
        }
    }

    /// A request whose body is still to be written.
    fn empty_request(&self, action: &str, url: &str) -> Request {
        match self.protocol {
            Protocol::Json => json(action, ""),
            Protocol::Query => Request::form(SQS, path_of(url), Vec::new()),
        }
    }

    fn write_delete(&self, request: &mut Request, url: &str) {
        let handles = self.handles.iter().enumerate();
        request.rewrite(|body| match self.protocol {
            Protocol::Json => {
                put(body, &["{\"QueueUrl\":", &serde_json::Value::from(url).to_string()]);
                put(body, &[",\"Entries\":["]);
                for (number, handle) in handles {
                    let comma = if number == 0 { "" } else { "," };
                    put(body, &[comma, "{\"Id\":\"", &number.to_string()]);
                    put(body, &["\",\"ReceiptHandle\":\"", handle, "\"}"]);
                }
                put(body, &["]}"]);
            }
            Protocol::Query => {
                put(body, &[&form_start("DeleteMessageBatch", url)]);
                for (number, handle) in handles {
                    let entry = format!("&DeleteMessageBatchRequestEntry.{}", number + 1);
                    put(body, &[&entry, ".Id=", &number.to_string()]);
                    put(body, &[&entry, ".ReceiptHandle=", &percent_encoded(handle, "")]);
                }
            }
        });
    }
}

fn form_start(action: &str, url: &str) -> String {
    format!("Action={action}&Version={}&QueueUrl={}", SQS.1, percent_encoded(url, ""))
}

fn put(body: &mut Vec<u8>, texts: &[&str]) {
    for text in texts {
        body.extend_from_slice(text.as_bytes());
    }
}
