//! What becomes due, and when.

use std::collections::BTreeSet;

use crate::time::Timestamp;

/// Something that passing time brings about. Of what is due at the same time the first here comes
/// first: those who wait get what has become visible before their wait ends.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Due {
    /// A message becomes visible.
    Message { queue: u32, key: u64 },
    /// A queue may have messages for those who wait, but the last look ended early.
    Serve { queue: u32 },
    /// A waiting receive ends.
    Wait { queue: u32, ticket: u64 },
    /// A queue's oldest message has passed its retention period.
    Expiry { queue: u32 },
    /// A queue's oldest deduplication id or receive attempt may be forgotten.
    Forget { queue: u32 },
    /// A move task may go on.
    MoveTask { queue: u32 },
    /// A topic's oldest deduplication id may be forgotten.
    ForgetPublished { topic: u32 },
    /// A topic's oldest archived message may go.
    Archive { topic: u32 },
    /// A subscription that nobody confirmed, or whose end nobody undid, goes.
    Subscription { subscription: u32 },
    /// A replay may go on.
    Replay { subscription: u32 },
    /// The search for messages to write again may go on.
    Reclaim,
}

/// Deadlines in order. Each is removed when it is no longer wanted, so that their number follows
/// what is in flight, delayed and waiting, and not the rate of requests.
#[derive(Default)]
pub(crate) struct Deadlines(BTreeSet<(Timestamp, Due)>);

impl Deadlines {
    pub(crate) fn insert(&mut self, at: Timestamp, due: Due) {
        self.0.insert((at, due));
    }

    pub(crate) fn remove(&mut self, at: Timestamp, due: Due) {
        self.0.remove(&(at, due));
    }

    /// The first deadline.
    pub(crate) fn next(&self) -> Option<Timestamp> {
        self.0.first().map(|(at, _)| *at)
    }

    /// Takes the first deadline out, if `now` has reached it.
    pub(crate) fn pop(&mut self, now: Timestamp) -> Option<Due> {
        if self.next()? > now {
            return None;
        }
        self.0.pop_first().map(|(_, due)| due)
    }
}
