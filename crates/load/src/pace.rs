//! When requests are due: at once, or on a schedule that does not wait for answers.
//!
//! A client that sends when it has its answer (a closed loop) sends less while the server is slow, and
//! what it would have sent meanwhile is never measured. On a schedule (an open loop) each request is
//! due at its time, and its latency counts from there, however late it could be sent.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

/// Arrivals at a steady rate, each taken by whoever is free.
#[derive(Debug)]
pub(crate) struct Schedule {
    start: Instant,
    per_second: f64,
    taken: AtomicU64,
}

/// Arrivals that nobody could take.
#[derive(Copy, Clone, PartialEq, Debug)]
pub(crate) struct Untaken {
    pub(crate) count: u64,
    /// How late the first of them is.
    pub(crate) late_by: Duration,
}

impl Schedule {
    /// The rate is positive.
    pub(crate) fn new(start: Instant, per_second: f64) -> Self {
        Self { start, per_second, taken: AtomicU64::new(0) }
    }

    /// When the next arrival is due that nobody has taken.
    pub(crate) fn take(&self) -> Instant {
        self.due_at(self.taken.fetch_add(1, Relaxed))
    }

    fn due_at(&self, arrival: u64) -> Instant {
        // An hour of a million a second is far from the 53 bits of a number.
        let after = Duration::try_from_secs_f64(arrival as f64 / self.per_second);
        let after = after.unwrap_or(Duration::MAX);
        self.start.checked_add(after).unwrap_or_else(|| self.start + FAR)
    }

    /// What was due by a time, and has been taken by nobody.
    pub(crate) fn untaken(&self, by: Instant) -> Option<Untaken> {
        let taken = self.taken.load(Relaxed);
        let first = self.due_at(taken);
        let late_by = by.checked_duration_since(first)?;
        let count = (late_by.as_secs_f64() * self.per_second) as u64 + 1;
        Some(Untaken { count, late_by })
    }
}

/// Later than any run.
const FAR: Duration = Duration::from_secs(1 << 30);

#[cfg(test)]
mod tests {
    use tokio::time::{advance, sleep_until};

    use super::*;
    use crate::histogram::Histogram;

    const MS: Duration = Duration::from_millis(1);

    #[tokio::test(start_paused = true)]
    async fn arrivals_are_evenly_spread() {
        let start = Instant::now();
        let schedule = Schedule::new(start, 1000.0);
        for arrival in 0..5 {
            assert_eq!(schedule.take(), start + MS * arrival);
        }
        assert_eq!(schedule.untaken(start + MS * 4), None);
        let untaken = schedule.untaken(start + MS * 9).unwrap();
        assert_eq!((untaken.count, untaken.late_by), (5, MS * 4));
        assert!(Schedule::new(start, 1e-300).due_at(1) > start + MS);
    }

    /// A server that answers in a millisecond, but stands still for a second in the middle.
    async fn answer(begun: Instant) {
        let at = begun.elapsed();
        let stalls = Duration::from_secs(1)..Duration::from_secs(2);
        let until = if stalls.contains(&at) { stalls.end } else { at };
        sleep_until(begun + until + MS).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_schedule_sees_what_a_closed_loop_leaves_out() {
        let begun = Instant::now();
        let mut closed = Histogram::default();
        while begun.elapsed() < Duration::from_secs(3) {
            let due = Instant::now();
            answer(begun).await;
            closed.record(due.elapsed());
        }
        // One request of two thousand met the second that was lost.
        assert!(closed.quantile(0.99) < MS * 2, "{:?}", closed.quantile(0.99));
        assert!(closed.max() >= Duration::from_secs(1));

        let begun = Instant::now();
        let (schedule, mut open) = (Schedule::new(begun, 500.0), Histogram::default());
        loop {
            let due = schedule.take();
            if due >= begun + Duration::from_secs(3) {
                break;
            }
            sleep_until(due).await;
            answer(begun).await;
            open.record(due.elapsed());
        }
        assert_eq!(open.count(), 1500);
        // Half of what was due in that second waited for longer than half of it.
        assert!(open.quantile(0.8) > Duration::from_millis(300), "{:?}", open.quantile(0.8));
        assert!(open.quantile(0.99) > Duration::from_millis(800), "{:?}", open.quantile(0.99));
        advance(MS).await;
    }
}
