//! A shard's state, to bytes and back, so that a restart replays the end of the log only.
//!
//! ```text
//!   snapshot := version: u32, secret: 16 bytes, next queue number: u32
//!               names given up: list of ARN and instant
//!               next topic number: u32, next subscription number: u32
//!               published messages written again: list of number and where
//!               queues, topics, subscriptions: list each
//!               register: list of name (text) and value (bytes); since version 3
//! ```
//! Since version 4 the entries of a queue are packed as they are in memory:
//! ```text
//!   entries  := number of pages: u64, then for each its number (u64), how many entries, their bytes
//! ```

use super::shard::{Settings, Shard};
use crate::codec::{Damaged, Reader, Writer};
use crate::publications::Publications;
use crate::queue::{EntryFormat, Queue};
use crate::record::{read_arn, write_arn};
use crate::register::Register;
use crate::time::Timestamp;
use crate::topic::{Subscription, Target, Topic};

const VERSION: u32 = 4;
/// From this version on, entries lie in packed pages.
const VERSION_WITH_PAGES: u32 = 4;
/// From this version on there is a register.
const VERSION_WITH_REGISTER: u32 = 3;
const OLDEST_VERSION: u32 = 2;

impl Shard {
    /// The state that all decisions so far have led to, those of the next batch included: it may be
    /// kept only once they are durable. It covers the log up to where the next batch will start.
    pub fn snapshot(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut w = Writer::new(&mut bytes);
        w.u32(VERSION);
        w.raw(&self.secret.expect("a shard that is live has its secret"));
        w.u32(self.next_queue);
        w.list(self.deleted.iter(), |w, (arn, at)| {
            write_arn(w, arn);
            w.u64(at.as_ms());
        });
        w.u32(self.next_topic);
        w.u32(self.next_subscription);
        self.upkeep.publications.encode(&mut w);
        w.list(self.queues.values(), |w, queue| queue.encode(w));
        w.list(self.topics.values(), |w, topic| topic.encode(w));
        w.list(self.subscriptions.values(), |w, subscription| subscription.encode(w));
        self.register.encode(&mut w);
        bytes
    }

    /// Builds a shard from a snapshot. What the log holds from position `covers` on is then to be
    /// replayed.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes are not a snapshot that this release knows, of a log up to `covers`.
    pub fn restore(
        settings: Settings,
        segment_bytes: u64,
        covers: u64,
        snapshot: &[u8],
    ) -> Result<Self, Damaged> {
        let mut shard = Self::new(settings, segment_bytes);
        let mut r = Reader::new(snapshot);
        let version = r.u32()?;
        if !(OLDEST_VERSION..=VERSION).contains(&version) {
            return Err(Damaged);
        }
        shard.secret = Some(r.array()?);
        shard.next_queue = r.u32()?;
        let deleted = r.list(24, |r| Ok((read_arn(r)?, Timestamp::from_ms(r.u64()?))))?;
        shard.deleted = deleted.into_iter().collect();
        shard.next_topic = r.u32()?;
        shard.next_subscription = r.u32()?;
        shard.upkeep.publications = Publications::decode(&mut r)?;
        let format = match version {
            VERSION_WITH_PAGES.. => EntryFormat::Packed,
            _ => EntryFormat::Listed,
        };
        for _ in 0..r.count(1)? {
            let (queue, move_tasks) = Queue::decode(&mut r, format, &mut shard.upkeep)?;
            let number = queue.number;
            let is_new = number < shard.next_queue
                && !shard.queues.contains_key(&number)
                && !shard.by_arn.contains_key(&queue.arn);
            if !is_new {
                return Err(Damaged);
            }
            if queue.outbox_of.is_some() {
                shard.queues.insert(number, queue);
                continue;
            }
            shard.add_queue(queue);
            for task in move_tasks {
                shard.add_move_task(number, task);
            }
        }
        shard.restore_topics(&mut r)?;
        if version >= VERSION_WITH_REGISTER {
            shard.register = Register::decode(&mut r)?;
        }
        r.end()?;
        let publications = &shard.upkeep.publications;
        // Numbers go on from there: those to come are greater than those that are in use.
        let are_before = publications.last().is_none_or(|number| number < covers);
        if are_before && publications.is_whole() { Ok(shard) } else { Err(Damaged) }
    }

    fn restore_topics(&mut self, r: &mut Reader<'_>) -> Result<(), Damaged> {
        for _ in 0..r.count(1)? {
            let topic = Topic::decode(r)?;
            let is_new = topic.number < self.next_topic
                && !self.topics.contains_key(&topic.number)
                && !self.topics_by_arn.contains_key(&topic.arn);
            if !is_new {
                return Err(Damaged);
            }
            let number = topic.number;
            for archived in topic.archive.iter().flat_map(|archive| archive.iter()) {
                let upkeep = &mut self.upkeep;
                upkeep.publications.hold(archived.location, &mut upkeep.live);
            }
            self.add_topic(topic);
            self.forget_published(number, Timestamp::default());
            self.schedule_archive_expiry(number, Timestamp::default());
        }
        for _ in 0..r.count(1)? {
            let subscription = Subscription::decode(r, |number| self.topics.get(&number))?;
            let number = subscription.number;
            let outbox_fits = match &subscription.target {
                Target::Outbox(queue) => {
                    let queue = self.queues.get(queue);
                    queue.is_some_and(|q| q.outbox_of == Some(number) && !q.is_fifo())
                }
                Target::Queue(_) => true,
            };
            let is_new = number < self.next_subscription
                && !self.subscriptions.contains_key(&number)
                && !self.subscriptions_by_id.contains_key(&subscription.arn.id);
            if !(is_new && outbox_fits) {
                return Err(Damaged);
            }
            self.add_subscription(subscription);
        }
        let outboxes = self.queues.values().filter(|queue| queue.outbox_of.is_some()).count();
        if outboxes == self.outboxes.len() { Ok(()) } else { Err(Damaged) }
    }
}
