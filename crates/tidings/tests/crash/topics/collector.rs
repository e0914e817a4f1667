//! Those who empty the inboxes, one for each.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use super::subscriber::Subscriber;
use super::topic::Topic;
use crate::clerk::{Clerk, Cut};
use crate::random::Random;
use crate::workers::Worker;
use crate::workers::backlog::Backlog;

/// One message in so many is left alone, so that old messages keep the log's front alive.
const STRAGGLER_EVERY: u32 = 97;

/// How far publishers are ahead of those who collect everything.
pub(crate) struct Gauges(BTreeMap<Subscriber, Backlog>);

impl Default for Gauges {
    fn default() -> Self {
        let gauges = Subscriber::ALL.into_iter().filter(|subscriber| subscriber.is_gauge());
        let max = |subscriber: Subscriber| match subscriber.topic() {
            Topic::Bulk => 60,
            _ => 400,
        };
        Self(gauges.map(|subscriber| (subscriber, Backlog::new(max(subscriber)))).collect())
    }
}

impl Gauges {
    fn of(&self, topic: Topic) -> impl Iterator<Item = &Backlog> {
        let of_topic = self.0.iter().filter(move |(subscriber, _)| subscriber.topic() == topic);
        of_topic.map(|(_, backlog)| backlog)
    }

    /// Lets collectors catch up if they are far behind. True if a publisher may go on.
    pub(crate) fn have_room(&self, topic: Topic) -> bool {
        self.of(topic).all(Backlog::has_room)
    }

    pub(crate) fn published(&self, topic: Topic, done: &[bool]) {
        self.of(topic).for_each(|backlog| backlog.sent(done));
    }

    fn cleared(&self, subscriber: Subscriber, done: &[bool]) {
        if let Some(backlog) = self.0.get(&subscriber) {
            backlog.deleted(done);
        }
    }
}

/// Nobody else receives from the inbox: so what it deletes is deleted by the latest handle.
pub(crate) struct Collector {
    subscriber: Subscriber,
    gauges: Arc<Gauges>,
}

impl Collector {
    pub(crate) fn new(subscriber: Subscriber, gauges: &Arc<Gauges>) -> Self {
        Self { subscriber, gauges: Arc::clone(gauges) }
    }

    /// Stragglers stay in one queue that is raw and one that is not.
    fn leaves(&self, number: u32) -> bool {
        let is_left = matches!(self.subscriber, Subscriber::NewsRaw | Subscriber::NewsEnveloped);
        is_left && number % STRAGGLER_EVERY == 3
    }
}

impl Worker for Collector {
    fn step(&mut self, clerk: &mut Clerk, random: &mut Random) -> Result<(), Cut> {
        let wait = Duration::from_secs(random.between(0, 2) as u64);
        let mut messages = clerk.collect(self.subscriber, random.between(1, 10), wait)?;
        if messages.is_empty() && wait.is_zero() {
            std::thread::sleep(Duration::from_millis(5));
        }
        if random.percent(2) {
            // They come back when their time is over.
            return Ok(());
        }
        messages.retain(|message| !self.leaves(message.name.number));
        if !messages.is_empty() {
            let done = clerk.clear(self.subscriber, &messages)?;
            self.gauges.cleared(self.subscriber, &done);
        }
        Ok(())
    }
}
