//! Those who publish.

use std::ops::Range;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::collector::Gauges;
use super::name::{Name, Stream};
use super::topic::Topic;
use crate::clerk::{Clerk, Cut};
use crate::random::Random;
use crate::workers::Worker;

/// How old a publish may be that is repeated on purpose. A server recognises it for five minutes;
/// this is less, for a repeat must arrive within them.
const REPEATED_WITHIN: Duration = Duration::from_secs(200);
/// Acknowledged publishes that are remembered to be repeated.
const REMEMBERED_MAX: usize = 200;

/// Publishes to a standard topic, each message once: one whose publish has an unknown outcome may
/// turn up or not.
pub(crate) struct Publisher {
    stream: Stream,
    next: u32,
    gauges: Arc<Gauges>,
}

impl Publisher {
    pub(crate) fn new(topic: Topic, index: u8, gauges: &Arc<Gauges>) -> Self {
        Self { stream: Stream { topic, index }, next: 0, gauges: Arc::clone(gauges) }
    }
}

impl Worker for Publisher {
    fn step(&mut self, clerk: &mut Clerk, random: &mut Random) -> Result<(), Cut> {
        let topic = self.stream.topic;
        if !self.gauges.have_room(topic) {
            return Ok(());
        }
        if topic == Topic::Alerts {
            // As fast as endpoints that fail most of the time can be given them.
            std::thread::sleep(Duration::from_millis(20));
        }
        let max = if topic == Topic::Bulk { 1 } else { 10 };
        let count = if random.percent(50) { 1 } else { random.between(1, max) };
        let from = self.next;
        self.next += u32::try_from(count).unwrap();
        let names = (from..self.next).map(|number| self.stream.message(number));
        let done = publish(&names.collect::<Vec<_>>(), clerk)?;
        self.gauges.published(topic, &done);
        Ok(())
    }
}

/// Publishes to a FIFO topic, each message until it is acknowledged.
pub(crate) struct FifoPublisher {
    topic: Topic,
    /// Nobody else publishes to these groups, so there is no doubt about their order.
    groups: Vec<(Stream, u32)>,
    /// Published, or about to be, and not acknowledged yet. Nothing else is published before it is.
    pending: Vec<Name>,
    acknowledged: Vec<(Instant, Vec<Name>)>,
    gauges: Arc<Gauges>,
}

impl FifoPublisher {
    pub(crate) fn new(topic: Topic, groups: Range<u8>, gauges: &Arc<Gauges>) -> Self {
        let groups = groups.map(|index| (Stream { topic, index }, 0)).collect();
        let gauges = Arc::clone(gauges);
        Self { topic, groups, pending: Vec::new(), acknowledged: Vec::new(), gauges }
    }

    fn next_name(&mut self, random: &mut Random) -> Name {
        let group = random.below(self.groups.len());
        let (stream, next) = &mut self.groups[group];
        *next += 1;
        stream.message(*next - 1)
    }

    /// Publishes again what was acknowledged before: nothing must come of it.
    fn repeat(&mut self, clerk: &mut Clerk, random: &mut Random) -> Result<(), Cut> {
        self.acknowledged.retain(|(at, _)| at.elapsed() < REPEATED_WITHIN);
        if !self.acknowledged.is_empty() {
            let (_, names) = random.pick(&self.acknowledged);
            publish(names, clerk)?;
        }
        Ok(())
    }
}

impl Worker for FifoPublisher {
    fn step(&mut self, clerk: &mut Clerk, random: &mut Random) -> Result<(), Cut> {
        if random.percent(10) {
            return self.repeat(clerk, random);
        }
        if self.pending.is_empty() {
            if !self.gauges.have_room(self.topic) {
                return Ok(());
            }
            let count = if random.percent(50) { 1 } else { random.between(2, 10) };
            self.pending = (0..count).map(|_| self.next_name(random)).collect();
        }
        let began = Instant::now();
        let done = publish(&self.pending, clerk)?;
        self.gauges.published(self.topic, &done);
        if done.iter().all(|done| *done) {
            if self.acknowledged.len() == REMEMBERED_MAX {
                self.acknowledged.remove(0);
            }
            self.acknowledged.push((began, std::mem::take(&mut self.pending)));
        }
        Ok(())
    }
}

fn publish(names: &[Name], clerk: &mut Clerk) -> Result<Vec<bool>, Cut> {
    match names {
        [name] => Ok(vec![clerk.publish(*name)?]),
        names => clerk.publish_batch(names),
    }
}
