//! Sends to a FIFO queue, each message until it is acknowledged.

use std::ops::Range;
use std::time::{Duration, Instant};

use super::Worker;
use super::backlog::Backlog;
use crate::clerk::{Clerk, Cut};
use crate::name::{Name, Stream};
use crate::queues::Queue;
use crate::random::Random;

/// How old a send may be that is repeated on purpose. A server recognises it for five minutes; this
/// is less, for a repeat must arrive within them.
const REPEATED_WITHIN: Duration = Duration::from_secs(200);

/// Acknowledged sends that are remembered to be repeated.
const REMEMBERED_MAX: usize = 200;

pub(crate) struct FifoProducer {
    /// Nobody else sends to these groups, so there is no doubt about their order.
    groups: Vec<(Stream, u32)>,
    /// Sent, or about to be, and not acknowledged yet. Nothing else is sent before it is.
    pending: Vec<Name>,
    acknowledged: Vec<(Instant, Vec<Name>)>,
    backlog: Backlog,
}

impl FifoProducer {
    pub(crate) fn new(queue: Queue, groups: Range<u8>, backlog: Backlog) -> Self {
        let groups = groups.map(|index| (Stream { queue, index }, 0)).collect();
        Self { groups, pending: Vec::new(), acknowledged: Vec::new(), backlog }
    }

    fn next_name(&mut self, random: &mut Random) -> Name {
        let group = random.below(self.groups.len());
        let (stream, next) = &mut self.groups[group];
        *next += 1;
        stream.message(*next - 1)
    }

    /// Sends again what was acknowledged before: nothing must come of it.
    fn repeat(&mut self, clerk: &mut Clerk, random: &mut Random) -> Result<(), Cut> {
        self.acknowledged.retain(|(at, _)| at.elapsed() < REPEATED_WITHIN);
        if !self.acknowledged.is_empty() {
            let (_, names) = random.pick(&self.acknowledged);
            send(names, clerk)?;
        }
        Ok(())
    }
}

fn send(names: &[Name], clerk: &mut Clerk) -> Result<Vec<bool>, Cut> {
    match names {
        [name] => Ok(vec![clerk.send(*name, None)?]),
        names => clerk.send_batch(names, None),
    }
}

impl Worker for FifoProducer {
    fn step(&mut self, clerk: &mut Clerk, random: &mut Random) -> Result<(), Cut> {
        if random.percent(10) {
            return self.repeat(clerk, random);
        }
        if self.pending.is_empty() {
            if !self.backlog.has_room() {
                return Ok(());
            }
            let count = if random.percent(50) { 1 } else { random.between(2, 10) };
            self.pending = (0..count).map(|_| self.next_name(random)).collect();
        }
        let began = Instant::now();
        let sent = send(&self.pending, clerk)?;
        self.backlog.sent(&sent);
        if sent.iter().all(|sent| *sent) {
            if self.acknowledged.len() == REMEMBERED_MAX {
                self.acknowledged.remove(0);
            }
            self.acknowledged.push((began, std::mem::take(&mut self.pending)));
        }
        Ok(())
    }
}
