//! Space comes back from the front: messages whose records lie there are written again at the end.
//!
//! The search for them goes through the index a few pages at a time, so that it never holds up
//! requests, however many messages there are.

use super::shard::Shard;
use crate::command::{Effect, Residence};
use crate::deadlines::Due;
use crate::message::Location;
use crate::record::{MessageRecord, PublishedRecord, Record, TopicRecord};
use crate::time::Timestamp;

/// Pages of the index that one step looks at.
const STEP_PAGES: usize = 32;
/// Published messages that one step looks at.
const STEP_PUBLICATIONS: usize = 2048;
/// Bytes of records that one step asks for, if it asks for more than one message.
const STEP_BYTES_MAX: u64 = 1 << 20;
/// How long to wait between two steps.
const PAUSE_MS: u64 = 1;

/// How far the search has come.
pub(super) struct Search {
    /// Records before this position are to be written again.
    before: u64,
    queue: u32,
    page: u64,
    /// Once all queues have been looked through: the next publication.
    publication: Option<u64>,
}

impl Shard {
    /// Begins the search, unless one is under way.
    pub(super) fn reclaim(&mut self, before: u64, now: Timestamp) {
        if self.search.is_none() {
            self.search = Some(Search { before, queue: 0, page: 0, publication: None });
            self.upkeep.deadlines.insert(now, Due::Reclaim);
        }
    }

    /// Whether a search is under way.
    pub fn is_reclaiming(&self) -> bool {
        self.search.is_some()
    }

    pub(super) fn continue_reclaim(&mut self, now: Timestamp) {
        let Some(mut search) = self.search.take() else { return };
        if let Some(number) = search.publication {
            search.publication = self.ask_for_publications(search.before, number);
            if search.publication.is_some() {
                self.search = Some(search);
                self.upkeep.deadlines.insert(now + PAUSE_MS, Due::Reclaim);
            }
            return;
        }
        let mut messages = Vec::new();
        let mut bytes = 0;
        for _ in 0..STEP_PAGES {
            if bytes >= STEP_BYTES_MAX {
                break;
            }
            let Some((number, queue)) = self.queues.range(search.queue..).next() else {
                search.publication = Some(0);
                break;
            };
            if *number != search.queue {
                (search.queue, search.page) = (*number, 0);
            }
            let Some((found, next_page)) = queue.records_before(search.before, search.page) else {
                (search.queue, search.page) = (search.queue + 1, 0);
                continue;
            };
            for (key, location) in found {
                bytes += u64::from(location.length);
                messages.push(Residence { queue: *number, key, location });
            }
            search.page = next_page;
        }
        self.ask_for(messages);
        // The last step through the queues was a short one.
        let pause_ms = if search.publication.is_some() { 0 } else { PAUSE_MS };
        self.search = Some(search);
        self.upkeep.deadlines.insert(now + pause_ms, Due::Reclaim);
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

    /// Asks for published messages among the next ones, and says where to go on.
    fn ask_for_publications(&mut self, before: u64, number: u64) -> Option<u64> {
        let (found, mut next) = self.upkeep.publications.before(before, number, STEP_PUBLICATIONS);
        let mut bytes = 0;
        let fits = |(_, location): &&(u64, Location)| {
            bytes += u64::from(location.length);
            bytes <= STEP_BYTES_MAX
        };
        let count = found.iter().take_while(fits).count().max(1).min(found.len());
        if let Some((later, _)) = found.get(count) {
            next = Some(*later);
        }
        let publications = found[..count].to_vec();
        if !publications.is_empty() {
            self.effect(Effect::RelocatePublications { publications });
        }
        next
    }

    /// Writes published messages again that have not moved since they were asked for.
    pub(super) fn relocate_publications(
        &mut self,
        publications: &[(u64, Location, Option<Vec<u8>>)],
    ) {
        for (number, location, bytes) in publications {
            let is_there = self.upkeep.publications.get(*number) == Some(*location);
            let published = bytes.as_deref().map(PublishedRecord::decode);
            if let (true, Some(Ok(published))) = (is_there, published) {
                let number = *number;
                let record = TopicRecord::PublicationRelocated { number, published };
                self.commit(&Record::Topic(record));
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
