//! Replay: what the log holds is applied again, unless it contradicts what came before it.

use std::collections::BTreeMap;

use tidings_mutants::mutant;

use super::shard::Shard;
use crate::codec::Damaged;
use crate::queue::KEYS_MAX;
use crate::record::{self, Record, TopicRecord};
use crate::topic::SEQUENCE_NUMBERS_END;

impl Shard {
    /// Applies a batch of the log: `payload` as it was appended at position `start`.
    ///
    /// # Errors
    /// [`Damaged`] if it does not consist of whole, undamaged records that this release knows, each
    /// of which a shard in this state can have written.
    pub fn replay(&mut self, start: u64, payload: &[u8]) -> Result<(), Damaged> {
        for item in record::records(start, payload) {
            let (location, mut record) = item?;
            if mutant!(ForgetVisibility)
                && let Record::MessagesReceived { at, visible_at, .. } = &mut record
            {
                *visible_at = *at;
            }
            if !self.may_follow(&record, location.position) {
                return Err(Damaged);
            }
            self.apply(&record, location);
        }
        Ok(())
    }

    /// Whether the record keeps to what memory relies on. A checksum says that the bytes are those
    /// that were written; this says that they were written here, at this position, behind what was
    /// applied so far.
    fn may_follow(&self, record: &Record<'_>, position: u64) -> bool {
        let is_first = matches!(record, Record::ShardCreated { .. });
        if is_first == self.secret.is_some() {
            return false;
        }
        match record {
            Record::QueueCreated { queue, arn, attributes, .. } => {
                (self.next_queue..u32::MAX).contains(queue)
                    && !self.by_arn.contains_key(arn)
                    && arn.name.is_fifo() == attributes.fifo.is_some()
            }
            Record::AttributesSet { queue, attributes, .. } => {
                let queue = self.queues.get(queue);
                queue.is_none_or(|queue| {
                    queue.is_fifo() == attributes.fifo.is_some() && queue.outbox_of.is_none()
                })
            }
            // Nobody can name an outbox.
            Record::QueueDeleted { queue, .. }
            | Record::QueuePurged { queue, .. }
            | Record::MoveTaskStarted { queue, .. } => !self.outboxes.contains_key(queue),
            Record::MessageSent { queue, key, message, .. } => {
                let is_fifo = self.queues.get(queue).is_some_and(|queue| queue.is_fifo());
                self.is_new_key(*queue, *key)
                    && (message.group.is_some() || !is_fifo)
                    && !self.outboxes.contains_key(queue)
            }
            // A published message is not written again for one of those that have it.
            Record::MessageRelocated { queue, key, .. } => {
                let queue = self.queues.get(queue);
                let entry = queue.and_then(|queue| Some((queue, queue.entry(*key)?)));
                entry.is_none_or(|(queue, entry)| queue.delivery(&entry).is_none())
            }
            Record::MessageDeadLettered { queue, target, target_key, .. }
            | Record::PublicationMoved { queue, target, target_key, .. } => {
                let is_fifo = |number| self.queues.get(number).map(|queue| queue.is_fifo());
                let kinds = is_fifo(queue).zip(is_fifo(target));
                self.is_new_key(*target, *target_key)
                    && queue != target
                    && kinds.is_none_or(|(source, target)| source == target)
            }
            Record::Topic(record) => self.topic_record_may_follow(record, position),
            _ => true,
        }
    }

    fn topic_record_may_follow(&self, record: &TopicRecord<'_>, position: u64) -> bool {
        match record {
            TopicRecord::TopicCreated { topic, arn, attributes, .. } => {
                (self.next_topic..u32::MAX).contains(topic)
                    && !self.topics_by_arn.contains_key(arn)
                    && arn.name.is_fifo() == attributes.is_fifo()
            }
            TopicRecord::TopicAttributesSet { topic, attributes, .. } => {
                let topic = self.topics.get(topic);
                topic.is_none_or(|topic| topic.is_fifo() == attributes.is_fifo())
            }
            TopicRecord::SubscriptionCreated { subscription, topic, id, outbox, .. } => {
                (self.next_subscription..u32::MAX).contains(subscription)
                    && self.topics.contains_key(topic)
                    && !self.subscriptions_by_id.contains_key(id)
                    && outbox.is_none_or(|queue| (self.next_queue..u32::MAX).contains(&queue))
            }
            TopicRecord::MessagePublished { published, .. } => {
                published.sequence_number.is_none_or(|number| number < SEQUENCE_NUMBERS_END)
            }
            TopicRecord::MessageFannedOut { location, group, deliveries, .. } => {
                let held = self.upkeep.publications.get(location.position);
                let mut last_keys = BTreeMap::new();
                location.length > 0
                    && location.position < position
                    && held.is_none_or(|held| {
                        held.position != location.position || held.length == location.length
                    })
                    && deliveries.iter().all(|copy| {
                        let queue = self.queues.get(&copy.queue);
                        let is_fifo = queue.is_some_and(|queue| queue.is_fifo());
                        self.is_new_key(copy.queue, copy.key)
                            && last_keys.insert(copy.queue, copy.key).is_none_or(|k| k < copy.key)
                            && (group.is_some() || !is_fifo)
                    })
            }
            _ => true,
        }
    }

    fn is_new_key(&self, queue: u32, key: u64) -> bool {
        let queue = self.queues.get(&queue);
        queue.is_none_or(|queue| (queue.next_key..KEYS_MAX).contains(&key))
    }
}
