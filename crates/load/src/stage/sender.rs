//! Sends or publishes, one request after the other.

use std::sync::Arc;

use tokio::time::Instant;

use super::asker::Asker;
use crate::answers::fields;
use crate::ledger::{Ledger, addressee};
use crate::protocol::Protocol;
use crate::stamp::Stamp;
use crate::template::{Shape, Target, Template};

pub(super) struct Sender {
    asker: Asker,
    template: Template,
    protocol: Protocol,
    addressees: Option<u64>,
    ledger: Arc<Ledger>,
    /// Those that nobody else sends to, so that their order is known.
    lanes: Vec<usize>,
    turn: usize,
    /// Of the messages in the request.
    stamps: Vec<Stamp>,
    batch: usize,
}

impl Sender {
    /// There is a lane at least.
    pub(super) fn new(asker: Asker, shape: &Shape, ledger: Arc<Ledger>, lanes: Vec<usize>) -> Self {
        let protocol = match shape.target {
            Target::Queue(protocol, _) => protocol,
            Target::Topic(_) => Protocol::Query,
        };
        Self {
            asker,
            template: Template::new(shape),
            protocol,
            addressees: shape.addressees,
            ledger,
            lanes,
            turn: 0,
            stamps: Vec::with_capacity(shape.batch),
            batch: shape.batch,
        }
    }

    pub(super) async fn run(mut self) {
        while let Some(due_at) = self.due().await {
            if !self.asker.course().take(self.batch as u64) {
                break;
            }
            self.fill(due_at);
            match self.asker.ask(&mut self.template.request).await {
                Ok(()) => self.settle(due_at),
                Err(_) => self.asker.tally().given_up += self.batch as u64,
            }
        }
    }

    /// Waits until the next request is due. `None` when there is none any more.
    async fn due(&mut self) -> Option<Instant> {
        let now = Instant::now();
        if self.asker.course().is_over(now) || self.asker.course().is_used_up() {
            return None;
        }
        let Some(schedule) = &self.asker.course().schedule else { return Some(now) };
        let due_at = schedule.take();
        if self.asker.course().until.is_some_and(|until| due_at >= until) {
            return None;
        }
        while !self.asker.timer.wait(due_at).await {
            if self.asker.course().is_stopped() {
                return None;
            }
        }
        Some(due_at)
    }

    fn fill(&mut self, due_at: Instant) {
        self.stamps.clear();
        for message in 0..self.batch {
            let stamp = self.ledger.issue(self.lanes[self.turn], due_at);
            self.turn = (self.turn + 1) % self.lanes.len();
            let of = self.addressees.unwrap_or(1);
            let addressee = addressee(stamp.lane.into(), stamp.sequence, of);
            self.template.fill(message, &stamp, addressee);
            self.stamps.push(stamp);
        }
    }

    /// Takes account of an answer.
    fn settle(&mut self, due_at: Instant) {
        let now = Instant::now();
        let failed = self.failed();
        for (message, stamp) in self.stamps.iter().enumerate() {
            if !failed.contains(&message) {
                self.ledger.acknowledge(stamp);
            }
        }
        let course = self.asker.course();
        // On a schedule it counts when it was due; else what is under way at the end would not count.
        let counts = course.records(if course.schedule.is_some() { due_at } else { now });
        let since = course.since(now);
        let mut tally = self.asker.tally();
        tally.given_up += failed.len() as u64;
        if counts {
            tally.latency.record(now.saturating_duration_since(due_at));
            tally.messages += (self.batch - failed.len()) as u64;
            tally.last = tally.last.max(since);
        }
    }

    /// The messages of a batch that were not taken, each counted.
    fn failed(&self) -> Vec<usize> {
        let mut failed = Vec::new();
        if self.batch > 1 {
            fields::failures(self.protocol, self.asker.answer(), |id, code| {
                let id = std::str::from_utf8(id).ok().and_then(|id| id.parse().ok());
                failed.extend(id.filter(|number: &usize| *number < self.batch));
                self.asker.tally().count(code, 1);
            });
        }
        failed
    }
}

/// However it ends, receivers do not wait for it.
impl Drop for Sender {
    fn drop(&mut self) {
        self.ledger.touch();
        self.asker.course().sender_is_done();
    }
}
