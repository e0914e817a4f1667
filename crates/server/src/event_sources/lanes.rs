//! How many batches a function has at once.
//!
//! It begins with a few, gets more the longer all of them are at work, and fewer when it fails or is
//! refused. Developer guide, "Scaling behavior for Amazon SQS event source mappings" and "Backoff
//! strategy for failed invocations".

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tidings_lambda::limits::EVENT_SOURCE_CONCURRENCY_PER_SECOND;
use tokio::sync::Notify;
use tokio::time::timeout;

/// How long all lanes are taken before there are more.
const GROW_AFTER: Duration = Duration::from_secs(1);

/// Room for the batches of one mapping. Only one may wait for a lane at a time.
#[derive(Default)]
pub(super) struct Lanes {
    state: Mutex<State>,
    freed: Notify,
}

#[derive(Default)]
struct State {
    /// Batches under way.
    running: u32,
    /// How many there may be now: from 1 to `max`.
    allowed: u32,
    /// How many there may be when nothing is known.
    start: u32,
    max: u32,
    /// Whether the last batch failed or was refused.
    is_backing_off: bool,
}

/// Room for one batch, until it is dropped.
pub(super) struct Lane(Arc<Lanes>);

impl Lanes {
    /// Says how many there may be: at first, and at most. What runs already is not interrupted.
    pub(super) fn bound(&self, (start, max): (u32, u32)) {
        let mut state = self.lock();
        (state.start, state.max) = (start, max);
        state.allowed = if state.allowed == 0 { start } else { state.allowed.min(max) };
    }

    /// Waits for a lane.
    pub(super) async fn take(self: &Arc<Self>) -> Lane {
        loop {
            if let Some(lane) = self.try_take() {
                return lane;
            }
            if timeout(GROW_AFTER, self.freed.notified()).await.is_err() {
                self.grow();
            }
        }
    }

    fn try_take(self: &Arc<Self>) -> Option<Lane> {
        let mut state = self.lock();
        if state.running >= state.allowed {
            return None;
        }
        state.running += 1;
        Some(Lane(Arc::clone(self)))
    }

    /// All have been taken for a while.
    fn grow(&self) {
        let mut state = self.lock();
        if !state.is_backing_off {
            let more = state.allowed.saturating_add(EVENT_SOURCE_CONCURRENCY_PER_SECOND);
            state.allowed = more.min(state.max);
        }
    }

    /// There is nothing to do: it begins with a few again.
    pub(super) fn rest(&self) {
        let mut state = self.lock();
        if state.running == 0 {
            state.allowed = state.allowed.min(state.start);
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Lane {
    /// Whether no other is taken.
    pub(super) fn is_only(&self) -> bool {
        self.0.lock().running == 1
    }

    /// The function has done the batch.
    pub(super) fn succeeded(&self) {
        let mut state = self.0.lock();
        state.is_backing_off = false;
        if state.allowed < state.start {
            state.allowed += 1;
            self.0.freed.notify_one();
        }
    }

    /// The function has failed, or has too much to do: one less.
    pub(super) fn back_off(&self) {
        let mut state = self.0.lock();
        state.is_backing_off = true;
        state.allowed = state.allowed.min(state.running.max(1)).saturating_sub(1).max(1);
    }
}

impl Drop for Lane {
    fn drop(&mut self) {
        self.0.lock().running -= 1;
        self.0.freed.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes(start: u32, max: u32) -> Arc<Lanes> {
        let lanes = Arc::new(Lanes::default());
        lanes.bound((start, max));
        lanes
    }

    fn take_all(lanes: &Arc<Lanes>) -> Vec<Lane> {
        std::iter::from_fn(|| lanes.try_take()).collect()
    }

    #[tokio::test(start_paused = true)]
    async fn there_are_more_the_longer_all_are_taken() {
        let lanes = lanes(5, 12);
        let mut taken = take_all(&lanes);
        assert_eq!(taken.len(), 5);
        taken.push(lanes.take().await);
        taken.extend(take_all(&lanes));
        assert_eq!(taken.len(), 10);
        taken.push(lanes.take().await);
        taken.extend(take_all(&lanes));
        assert_eq!(taken.len(), 12, "no more than there may be");
        taken.clear();
        lanes.rest();
        assert_eq!(take_all(&lanes).len(), 5);
    }

    #[test]
    fn failures_take_lanes_away_and_successes_give_them_back() {
        let lanes = lanes(5, 1000);
        for expected in [4, 3, 2, 1, 1] {
            let taken = take_all(&lanes);
            taken[0].back_off();
            drop(taken);
            assert_eq!(lanes.lock().allowed, expected);
        }
        lanes.grow();
        assert_eq!(lanes.lock().allowed, 1, "it fails");
        for expected in [2, 3, 4, 5, 5] {
            lanes.try_take().unwrap().succeeded();
            assert_eq!(lanes.lock().allowed, expected);
        }
        lanes.grow();
        assert_eq!(lanes.lock().allowed, 10);
    }

    #[tokio::test]
    async fn who_waits_gets_the_lane_that_is_freed() {
        let lanes = lanes(2, 2);
        let mut taken = take_all(&lanes);
        let waiting = tokio::spawn({
            let lanes = Arc::clone(&lanes);
            async move { drop(lanes.take().await) }
        });
        tokio::task::yield_now().await;
        assert!(!waiting.is_finished());
        taken.pop();
        waiting.await.unwrap();
    }

    #[test]
    fn other_bounds_hold_at_once() {
        let lanes = lanes(5, 1000);
        let taken = take_all(&lanes);
        lanes.bound((2, 2));
        drop(taken);
        assert_eq!(take_all(&lanes).len(), 2);
    }
}
