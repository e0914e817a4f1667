//! Sends to a standard queue.

use super::Worker;
use super::backlog::Backlog;
use crate::clerk::{Clerk, Cut};
use crate::name::{Name, Stream};
use crate::queues::Queue;
use crate::random::Random;

/// Sends each message once: one whose send has an unknown outcome may turn up or not.
pub(crate) struct Producer {
    stream: Stream,
    next: u32,
    backlog: Backlog,
}

impl Producer {
    pub(crate) fn new(queue: Queue, index: u8, backlog: Backlog) -> Self {
        Self { stream: Stream { queue, index }, next: 0, backlog }
    }

    fn next_names(&mut self, count: usize) -> Vec<Name> {
        let from = self.next;
        self.next += u32::try_from(count).unwrap();
        (from..self.next).map(|number| self.stream.message(number)).collect()
    }
}

impl Worker for Producer {
    fn step(&mut self, clerk: &mut Clerk, random: &mut Random) -> Result<(), Cut> {
        let queue = self.stream.queue;
        if queue == Queue::Purged && random.percent(2) {
            clerk.purge(queue)?;
            self.backlog.purged();
        }
        if !self.backlog.has_room() {
            return Ok(());
        }
        let delay_seconds = random.percent(15).then(|| random.between(0, 2) as u32);
        // Four of the largest fit into a batch.
        let batch_max = if queue == Queue::Bulk { 4 } else { 10 };
        let sent = if random.percent(50) {
            let name = self.next_names(1)[0];
            vec![clerk.send(name, delay_seconds)?]
        } else {
            let names = self.next_names(random.between(1, batch_max));
            clerk.send_batch(&names, delay_seconds)?
        };
        self.backlog.sent(&sent);
        Ok(())
    }
}
