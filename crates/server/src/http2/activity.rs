//! Whether anything goes on on a connection.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// A connection's requests: from their headers to the last piece of their answers.
pub(super) struct Activity {
    under_way: watch::Sender<usize>,
    /// By number: when the client last took a piece of an answer that is being sent.
    sending: Mutex<Sending>,
}

#[derive(Default)]
struct Sending {
    next: u64,
    moved_at: HashMap<u64, Instant>,
}

/// A request under way, until it is dropped.
pub(super) struct UnderWay {
    activity: Arc<Activity>,
    /// The answer's number, once it is being sent.
    answer: Option<u64>,
}

impl Activity {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { under_way: watch::Sender::new(0), sending: Mutex::default() })
    }

    pub(super) fn begin(self: &Arc<Self>) -> UnderWay {
        self.under_way.send_modify(|count| *count += 1);
        UnderWay { activity: Arc::clone(self), answer: None }
    }

    /// Ready when nothing has been under way for that long.
    pub(super) async fn idle_for(&self, timeout: Duration) {
        let mut under_way = self.under_way.subscribe();
        loop {
            // Neither is an error while we hold the sender.
            let _ = under_way.wait_for(|count| *count == 0).await;
            tokio::select! {
                () = sleep(timeout) => return,
                _ = under_way.changed() => {}
            }
        }
    }

    /// Ready when the client has taken nothing of one of its answers for that long.
    pub(super) async fn stuck_for(&self, timeout: Duration) {
        loop {
            let oldest = self.sending().moved_at.values().min().copied();
            let now = Instant::now();
            // An answer that begins meanwhile has its time from then on.
            let stuck_at = oldest.unwrap_or(now) + timeout;
            if stuck_at <= now {
                return;
            }
            sleep_until(stuck_at).await;
        }
    }

    fn sending(&self) -> MutexGuard<'_, Sending> {
        self.sending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl UnderWay {
    /// The client has taken a piece of the answer, or the answer begins.
    pub(super) fn moved(&mut self) {
        let mut sending = self.activity.sending();
        let answer = *self.answer.get_or_insert_with(|| {
            sending.next += 1;
            sending.next
        });
        sending.moved_at.insert(answer, Instant::now());
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        if let Some(answer) = self.answer {
            self.activity.sending().moved_at.remove(&answer);
        }
        self.activity.under_way.send_modify(|count| *count = count.saturating_sub(1));
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    const SHORT: Duration = Duration::from_secs(1);
    const LONG: Duration = Duration::from_secs(60);

    async fn is_ready(future: impl Future<Output = ()>) -> bool {
        timeout(LONG, future).await.is_ok()
    }

    #[tokio::test(start_paused = true)]
    async fn a_connection_is_idle_while_nothing_is_under_way() {
        let activity = Activity::new();
        assert!(is_ready(activity.idle_for(SHORT)).await);
        let (one, two) = (activity.begin(), activity.begin());
        assert!(!is_ready(activity.idle_for(SHORT)).await);
        drop(one);
        assert!(!is_ready(activity.idle_for(SHORT)).await);
        drop(two);
        assert!(is_ready(activity.idle_for(SHORT)).await);
    }

    #[tokio::test(start_paused = true)]
    async fn requests_in_between_put_it_off() {
        let activity = Activity::new();
        let busy = async {
            for _ in 0..600 {
                sleep(SHORT / 2).await;
                drop(activity.begin());
            }
        };
        tokio::select! {
            () = activity.idle_for(SHORT) => panic!("it was never idle for that long"),
            () = busy => {}
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_does_not_move_is_stuck_and_one_that_moves_is_not() {
        let activity = Activity::new();
        let waiting = activity.begin();
        assert!(!is_ready(activity.stuck_for(SHORT)).await, "there is no answer yet");
        let mut moving = activity.begin();
        let moves = async {
            for _ in 0..100 {
                moving.moved();
                sleep(SHORT / 2).await;
            }
        };
        tokio::select! {
            () = activity.stuck_for(SHORT) => panic!("it moves"),
            () = moves => {}
        }
        let mut stuck = activity.begin();
        stuck.moved();
        drop(moving);
        assert!(is_ready(activity.stuck_for(SHORT)).await);
        drop((stuck, waiting));
        assert!(!is_ready(activity.stuck_for(SHORT)).await);
    }
}
