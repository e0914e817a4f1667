//! The bookkeeping of an outbox: which of its messages a courier has now.

use std::collections::BTreeSet;

use crate::limits;
use crate::time::Timestamp;

/// An outbox beside its queue. Nothing of it is saved: an attempt that was under way when the
/// server stopped is made again when its time is over.
#[derive(Clone)]
pub(crate) struct Outbox {
    /// Whether its messages are for many endpoints behind one gateway, and not for one.
    is_direct: bool,
    /// Messages that a courier has, by their keys in the queue.
    running: BTreeSet<u64>,
    /// Attempts that failed since the last that did not. An endpoint that fails is tried by one
    /// attempt at a time, and one that keeps failing with pauses, so that many dead ones do not take
    /// what the others need.
    failures: u32,
    /// Until when there is such a pause.
    paused_until: Timestamp,
    /// When the next attempt may begin as maxReceivesPerSecond has it, in microseconds, so that any
    /// number a second is kept to.
    next_at_us: u64,
    /// The deadline that stands for it.
    pub(crate) serve_due: Option<Timestamp>,
}

impl Outbox {
    pub(crate) fn new(is_direct: bool) -> Self {
        Self {
            is_direct,
            running: BTreeSet::new(),
            failures: 0,
            paused_until: Timestamp::default(),
            next_at_us: 0,
            serve_due: None,
        }
    }

    /// Whether another attempt may be under way now.
    pub(crate) fn has_room(&self) -> bool {
        let max = match (self.is_direct, self.failures) {
            (false, 0) => limits::ATTEMPTS_PER_ENDPOINT_MAX,
            // One endpoint that fails says nothing of the others; so many in a row do.
            (true, 0..=limits::QUICK_FAILURES_MAX) => limits::ATTEMPTS_PER_OUTBOX_MAX,
            _ => 1,
        };
        self.running.len() < max
    }

    /// When the next attempt may begin, if not now.
    pub(crate) fn pause_until(&self, now: Timestamp) -> Option<Timestamp> {
        let next_at = Timestamp::from_ms(self.next_at_us / 1000).max(self.paused_until);
        Some(next_at).filter(|at| *at > now)
    }

    /// An attempt begins.
    pub(crate) fn begin(&mut self, key: u64, now: Timestamp, max_per_second: Option<u32>) {
        self.running.insert(key);
        if let Some(max) = max_per_second {
            let pause_us = 1_000_000_u64.div_ceil(u64::from(max.max(1)));
            let now_us = now.as_ms().saturating_mul(1000);
            self.next_at_us = self.next_at_us.max(now_us).saturating_add(pause_us);
        }
    }

    /// An attempt has ended.
    pub(crate) fn end(&mut self, key: u64) {
        self.running.remove(&key);
    }

    /// All that was in the outbox is gone: what comes of attempts under way counts no longer.
    pub(crate) fn clear(&mut self) {
        self.running.clear();
    }

    /// Nothing is to be begun for a while.
    pub(crate) fn pause(&mut self, until: Timestamp) {
        self.paused_until = self.paused_until.max(until);
    }

    /// The endpoint has answered as it should, or not.
    pub(crate) fn judge(&mut self, is_failing: bool, now: Timestamp) {
        self.failures = if is_failing { self.failures.saturating_add(1) } else { 0 };
        if self.failures > limits::QUICK_FAILURES_MAX {
            self.pause(now + limits::FAILING_ENDPOINT_PAUSE_MS);
        }
    }
}
