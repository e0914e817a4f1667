//! The bookkeeping of an outbox: which of its messages a courier has now.

use std::collections::BTreeSet;

use crate::limits;
use crate::time::Timestamp;

/// An outbox beside its queue. Nothing of it is saved: an attempt that was under way when the
/// server stopped is made again when its time is over.
#[derive(Clone, Default)]
pub(crate) struct Outbox {
    /// Messages that a courier has, by their keys in the queue.
    running: BTreeSet<u64>,
    /// Attempts that failed since the last that did not. An endpoint that fails is tried by one
    /// attempt at a time, and one that keeps failing with pauses, so that many dead ones do not take
    /// what the others need.
    failures: u32,
    /// When the next attempt may begin: after such a pause, or as maxReceivesPerSecond has it.
    next_at: Timestamp,
    /// The deadline that stands for it.
    pub(crate) serve_due: Option<Timestamp>,
}

impl Outbox {
    /// Whether another attempt may be under way now.
    pub(crate) fn has_room(&self) -> bool {
        let max = if self.failures > 0 { 1 } else { limits::ATTEMPTS_PER_ENDPOINT_MAX };
        self.running.len() < max
    }

    /// When the next attempt may begin, if not now.
    pub(crate) fn pause_until(&self, now: Timestamp) -> Option<Timestamp> {
        Some(self.next_at).filter(|at| *at > now)
    }

    /// An attempt begins.
    pub(crate) fn begin(&mut self, key: u64, now: Timestamp, max_per_second: Option<u32>) {
        self.running.insert(key);
        if let Some(max) = max_per_second {
            let pause_ms = 1000_u64.div_ceil(u64::from(max.max(1)));
            self.next_at = now.max(self.next_at) + pause_ms;
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

    /// The endpoint has answered as it should, or not.
    pub(crate) fn judge(&mut self, is_failing: bool, now: Timestamp) {
        self.failures = if is_failing { self.failures.saturating_add(1) } else { 0 };
        if self.failures > limits::QUICK_FAILURES_MAX {
            self.next_at = self.next_at.max(now + limits::FAILING_ENDPOINT_PAUSE_MS);
        }
    }
}
