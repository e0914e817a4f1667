//! A shard's state, to bytes and back, so that a restart replays the end of the log only.
//!
//! ```text
//!   snapshot := version: u32, secret: 16 bytes, next queue number: u32
//!               names given up: list of ARN and instant
//!               queues: list
//! ```

use super::shard::{Settings, Shard};
use crate::codec::{Damaged, Reader, Writer};
use crate::queue::Queue;
use crate::record::{read_arn, write_arn};
use crate::time::Timestamp;

const VERSION: u32 = 1;

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
        w.list(self.queues.values(), |w, queue| queue.encode(w));
        bytes
    }

    /// Builds a shard from a snapshot. What the log holds behind it is then to be replayed.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes are not a snapshot that this release knows.
    pub fn restore(
        settings: Settings,
        segment_bytes: u64,
        snapshot: &[u8],
    ) -> Result<Self, Damaged> {
        let mut shard = Self::new(settings, segment_bytes);
        let mut r = Reader::new(snapshot);
        if r.u32()? != VERSION {
            return Err(Damaged);
        }
        shard.secret = Some(r.array()?);
        shard.next_queue = r.u32()?;
        let deleted = r.list(24, |r| Ok((read_arn(r)?, Timestamp::from_ms(r.u64()?))))?;
        shard.deleted = deleted.into_iter().collect();
        for _ in 0..r.count(1)? {
            let (queue, move_tasks) = Queue::decode(&mut r, &mut shard.upkeep)?;
            let number = queue.number;
            let is_new = number < shard.next_queue
                && !shard.queues.contains_key(&number)
                && !shard.by_arn.contains_key(&queue.arn);
            if !is_new {
                return Err(Damaged);
            }
            shard.add_queue(queue);
            for task in move_tasks {
                shard.add_move_task(number, task);
            }
        }
        r.end()?;
        Ok(shard)
    }
}
