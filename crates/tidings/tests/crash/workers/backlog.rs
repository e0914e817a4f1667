//! How far producers are ahead, so that consumers can empty the queues in the end.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::queues::Queue;

/// How many messages wait in a queue, roughly: what happened into a crash is not counted.
#[derive(Clone, Debug)]
pub(crate) struct Backlog {
    messages: Arc<AtomicI64>,
    max: i64,
}

impl Backlog {
    /// Lets so many messages wait.
    pub(crate) fn new(max: i64) -> Self {
        Self { messages: Arc::default(), max }
    }

    fn of(queue: Queue) -> Self {
        Self::new(if queue == Queue::Bulk { 60 } else { 600 })
    }

    /// Lets consumers catch up if they are far behind. True if the producer may go on.
    pub(crate) fn has_room(&self) -> bool {
        let has_room = self.messages.load(Ordering::Relaxed) < self.max;
        if !has_room {
            std::thread::sleep(Duration::from_millis(1));
        }
        has_room
    }

    pub(crate) fn sent(&self, done: &[bool]) {
        self.messages.fetch_add(count(done), Ordering::Relaxed);
    }

    pub(crate) fn deleted(&self, done: &[bool]) {
        self.messages.fetch_sub(count(done), Ordering::Relaxed);
    }

    pub(crate) fn purged(&self) {
        self.messages.store(0, Ordering::Relaxed);
    }
}

fn count(done: &[bool]) -> i64 {
    done.iter().filter(|done| **done).map(|_| 1).sum()
}

/// One for each queue that messages are sent to.
pub(crate) struct Backlogs(BTreeMap<Queue, Backlog>);

impl Default for Backlogs {
    fn default() -> Self {
        Self(Queue::ALL.into_iter().map(|queue| (queue, Backlog::of(queue))).collect())
    }
}

impl Backlogs {
    pub(crate) fn of(&self, queue: Queue) -> Backlog {
        self.0[&queue].clone()
    }
}
