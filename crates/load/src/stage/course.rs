//! What all connections of a stage share: its times, what is left to be done, and whether it is over.

use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::fault::Fault;
use crate::pace::Schedule;

/// Tells a load to stop early. Clones are the same.
#[derive(Clone, Default, Debug)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// From now on nothing more is sent.
    pub fn set(&self) {
        self.0.store(true, Relaxed);
    }

    /// Whether somebody said so.
    pub fn is_set(&self) -> bool {
        self.0.load(Relaxed)
    }
}

pub(super) struct Course {
    /// What is before this is warm-up.
    pub(super) record_from: Instant,
    /// When nothing more is sent; receivers may have to go on.
    pub(super) until: Option<Instant>,
    pub(super) schedule: Option<Schedule>,
    /// Messages that may still be sent, or received.
    left: Option<AtomicU64>,
    /// Senders that are at work.
    senders: AtomicUsize,
    stop: Stop,
    /// What ends all connections.
    is_failed: AtomicBool,
    fault: Mutex<Option<Fault>>,
}

impl Course {
    pub(super) fn new(start: Instant, limits: &super::Limits, senders: usize, stop: &Stop) -> Self {
        let record_from = start + limits.warm_up;
        Self {
            record_from,
            until: limits.duration.map(|duration| record_from + duration),
            schedule: limits.rate.map(|rate| Schedule::new(start, rate)),
            left: limits.messages.map(AtomicU64::new),
            senders: AtomicUsize::new(senders),
            stop: stop.clone(),
            is_failed: AtomicBool::new(false),
            fault: Mutex::new(None),
        }
    }

    /// Nobody is to ask anything more.
    pub(super) fn is_stopped(&self) -> bool {
        self.stop.is_set() || self.is_failed.load(Relaxed)
    }

    /// The time is up.
    pub(super) fn is_over(&self, now: Instant) -> bool {
        self.is_stopped() || self.until.is_some_and(|until| now >= until)
    }

    /// Whether something of this time counts.
    pub(super) fn records(&self, at: Instant) -> bool {
        at >= self.record_from && self.until.is_none_or(|until| at <= until)
    }

    /// How long after the beginning of the measured time.
    pub(super) fn since(&self, at: Instant) -> Duration {
        at.saturating_duration_since(self.record_from)
    }

    /// Takes so many of the messages that are left, or the last ones; `false` if there are none.
    pub(super) fn take(&self, count: u64) -> bool {
        let Some(left) = &self.left else { return true };
        let taken = left
            .fetch_update(Relaxed, Relaxed, |left| (left > 0).then(|| left.saturating_sub(count)));
        taken.is_ok()
    }

    pub(super) fn is_used_up(&self) -> bool {
        self.left.as_ref().is_some_and(|left| left.load(Relaxed) == 0)
    }

    pub(super) fn sender_is_done(&self) {
        self.senders.fetch_sub(1, Relaxed);
    }

    pub(super) fn sending_is_over(&self) -> bool {
        self.senders.load(Relaxed) == 0
    }

    /// Ends everything, with the first reason that is given.
    pub(super) fn fail(&self, fault: Fault) {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
        self.is_failed.store(true, Relaxed);
    }

    pub(super) fn take_fault(&self) -> Option<Fault> {
        self.fault.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stage::Limits;

    #[test]
    fn messages_are_used_up_in_whole_requests() {
        let limits = Limits { messages: Some(25), ..Limits::default() };
        let course = Course::new(Instant::now(), &limits, 1, &Stop::default());
        assert!((0..3).all(|_| course.take(10)));
        assert!(course.is_used_up());
        assert!(!course.take(10));
    }

    #[test]
    fn warm_up_and_what_comes_too_late_do_not_count() {
        let second = Duration::from_secs(1);
        let limits = Limits { warm_up: second, duration: Some(second), ..Limits::default() };
        let start = Instant::now();
        let course = Course::new(start, &limits, 1, &Stop::default());
        let counts = [0, 1, 2, 3].map(|seconds| course.records(start + second * seconds));
        assert_eq!(counts, [false, true, true, false]);
        assert!(!course.is_over(start + second) && course.is_over(start + second * 2));
    }

    #[test]
    fn the_first_reason_stays() {
        let stop = Stop::default();
        let course = Course::new(Instant::now(), &Limits::default(), 0, &stop);
        assert!(!course.is_stopped());
        course.fail(Fault::Strange("first"));
        course.fail(Fault::Strange("second"));
        assert!(course.is_stopped() && !stop.is_set());
        assert!(matches!(course.take_fault(), Some(Fault::Strange("first"))));
    }
}
