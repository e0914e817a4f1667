//! Space comes back from the front: messages whose records lie there are written again at the end.
//!
//! The search for them goes through the index a few pages at a time, so that it never holds up
//! requests, however many messages there are.

use super::shard::Shard;
use crate::command::{Effect, Residence};
use crate::deadlines::Due;
use crate::record::{MessageRecord, Record};
use crate::time::Timestamp;

/// Pages of the index that one step looks at.
const STEP_PAGES: usize = 16;
/// Bytes of records that one step asks for, if it asks for more than one message.
const STEP_BYTES_MAX: u64 = 1 << 20;
/// How long to wait between two steps.
const PAUSE_MS: u64 = 1;

/// How far the search has come.
pub(super) struct Search {
    /// Records before this position are to be written again.
    before: u64,
    queue: u32,
    key: u64,
}

impl Shard {
    /// Begins the search, unless one is under way.
    pub(super) fn reclaim(&mut self, before: u64, now: Timestamp) {
        if self.search.is_none() {
            self.search = Some(Search { before, queue: 0, key: 0 });
            self.upkeep.deadlines.insert(now, Due::Reclaim);
        }
    }

    /// Whether a search is under way.
    pub fn is_reclaiming(&self) -> bool {
        self.search.is_some()
    }

    pub(super) fn continue_reclaim(&mut self, now: Timestamp) {
        let Some(mut search) = self.search.take() else { return };
        let mut messages = Vec::new();
        let mut bytes = 0;
        for _ in 0..STEP_PAGES {
            if bytes >= STEP_BYTES_MAX {
                break;
            }
            let Some((number, queue)) = self.queues.range(search.queue..).next() else {
                self.ask_for(messages);
                return;
            };
            if *number != search.queue {
                (search.queue, search.key) = (*number, 0);
            }
            let Some((found, next_key)) = queue.records_before(search.before, search.key) else {
                (search.queue, search.key) = (search.queue + 1, 0);
                continue;
            };
            for (key, location) in found {
                bytes += u64::from(location.length);
                messages.push(Residence { queue: *number, key, location });
            }
            search.key = next_key;
        }
        self.ask_for(messages);
        self.search = Some(search);
        self.upkeep.deadlines.insert(now + PAUSE_MS, Due::Reclaim);
    }

    /// Writes messages again that have not moved since they were asked for. One that could not be
    /// read stays: giving up its record is not ours to decide.
    pub(super) fn relocate(&mut self, messages: &[(Residence, Option<Vec<u8>>)]) {
        for (residence, bytes) in messages {
            let Residence { queue, key, location } = *residence;
            let entry = self.queues.get(&queue).and_then(|queue| queue.entry(key));
            let is_there = entry.is_some_and(|entry| entry.location() == location);
            let message = bytes.as_deref().map(MessageRecord::decode);
            if let (true, Some(Ok(message))) = (is_there, message) {
                self.commit(&Record::MessageRelocated { queue, key, message });
            }
        }
    }

    fn ask_for(&mut self, messages: Vec<Residence>) {
        let mut chunk = Vec::new();
        let mut bytes = 0;
        for message in messages {
            let length = u64::from(message.location.length);
            if bytes + length > STEP_BYTES_MAX && !chunk.is_empty() {
                self.effect(Effect::Relocate { messages: std::mem::take(&mut chunk) });
                bytes = 0;
            }
            bytes += length;
            chunk.push(message);
        }
        if !chunk.is_empty() {
            self.effect(Effect::Relocate { messages: chunk });
        }
    }
}
