//! Replay: what the log holds is applied again, unless it contradicts what came before it.

use super::shard::Shard;
use crate::codec::Damaged;
use crate::queue::KEYS_MAX;
use crate::record::{self, Record};

impl Shard {
    /// Applies a batch of the log: `payload` as it was appended at position `start`.
    ///
    /// # Errors
    /// [`Damaged`] if it does not consist of whole, undamaged records that this release knows, each
    /// of which a shard in this state can have written.
    pub fn replay(&mut self, start: u64, payload: &[u8]) -> Result<(), Damaged> {
        for item in record::records(start, payload) {
            let (location, record) = item?;
            if !self.may_follow(&record) {
                return Err(Damaged);
            }
            self.apply(&record, location);
        }
        Ok(())
    }

    /// Whether the record keeps to what memory relies on. A checksum says that the bytes are those
    /// that were written; this says that they were written here, behind what was applied so far.
    fn may_follow(&self, record: &Record<'_>) -> bool {
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
                queue.is_none_or(|queue| queue.is_fifo() == attributes.fifo.is_some())
            }
            Record::MessageSent { queue, key, message, .. } => {
                let is_fifo = self.queues.get(queue).is_some_and(|queue| queue.is_fifo());
                self.is_new_key(*queue, *key) && (message.group.is_some() || !is_fifo)
            }
            Record::MessageDeadLettered { queue, target, target_key, .. } => {
                let is_fifo = |number| self.queues.get(number).map(|queue| queue.is_fifo());
                let kinds = is_fifo(queue).zip(is_fifo(target));
                self.is_new_key(*target, *target_key)
                    && queue != target
                    && kinds.is_none_or(|(source, target)| source == target)
            }
            _ => true,
        }
    }

    fn is_new_key(&self, queue: u32, key: u64) -> bool {
        let queue = self.queues.get(&queue);
        queue.is_none_or(|queue| (queue.next_key..KEYS_MAX).contains(&key))
    }
}
