//! A shard and the model, side by side.

use std::collections::{BTreeMap, VecDeque};

use super::super::super::{Settings, Shard};
use super::super::picture;
use super::super::scene::{SEGMENT_BYTES, START};
use super::commands::{DIRECT_TOPIC, ENDPOINTS, QUEUES, THEIRS, TOPICS};
use super::plain::{Arrival, Plain, Where};
use crate::command::{Command, Effect, Reply, Token};
use crate::delivery::Fate;
use crate::message::Location;
use crate::names::{AccountId, QueueArn, QueueName, Region, TopicArn, TopicName, Uuid};
use crate::receipt::Receipt;
use crate::record;
use crate::rejection::Rejection;
use crate::time::Timestamp;

const SETTINGS: Settings = Settings {
    enforces_policies: false,
    delete_cool_down_ms: 0,
    purge_cool_down_ms: 0,
    filter_policies_per_topic: 200,
    filter_policies_per_account: 10_000,
};

/// A receipt of a queue, as the model and the shard know it.
#[derive(Copy, Clone, Debug)]
pub(super) struct Handed {
    pub(super) queue: usize,
    pub(super) life: u64,
    pub(super) place: u64,
    pub(super) count: u32,
    pub(super) receipt: Receipt,
}

/// An attempt that nobody has settled.
#[derive(Copy, Clone, Debug)]
pub(super) struct Begun {
    pub(super) subscription: u32,
    pub(super) place: u64,
    pub(super) receipt: Receipt,
}

/// The shard, the model, and what is between them.
pub(super) struct Run {
    pub(super) shard: Shard,
    pub(super) plain: Plain,
    /// Whether time passes in one go, whatever has become due in between.
    is_late: bool,
    log: BTreeMap<u64, Vec<u8>>,
    /// The snapshot that stands for what was trimmed, and one that a restart may begin with.
    trimmed: Option<(u64, Vec<u8>)>,
    snapshot: Option<(u64, Vec<u8>)>,
    /// Every byte that was ever appended.
    pub(super) written: Vec<u8>,
    /// The model's queues and outboxes by the shard's numbers, and the other way round.
    pub(super) wheres: BTreeMap<u32, Where>,
    pub(super) numbers: BTreeMap<Where, u32>,
    /// Of each message: how long its record is now, and its number if it was published.
    pub(super) lengths: BTreeMap<u128, u64>,
    pub(super) published: BTreeMap<u64, u128>,
    /// What the model expects to be written, in order: messages published, and copies.
    pub(super) messages: VecDeque<u128>,
    pub(super) arrivals: VecDeque<Arrival>,
    /// The copy that is to be tried again, and after how many milliseconds.
    pub(super) retried: Option<(u32, u64, u64)>,
    /// The subscription that is being made.
    pub(super) subscribing: Option<u32>,
    /// Dead letters of the command being decided: from a hundred on a receive may end early.
    pub(super) dead_letters: usize,
    pub(super) effects: Vec<Effect>,
    /// The latest last.
    pub(super) receipts: Vec<Handed>,
    pub(super) attempts: Vec<Begun>,
    /// Tokens with the subscription and when they were made.
    pub(super) tokens: Vec<(String, u128, u64)>,
    /// When a message of the service's own was written.
    pub(super) notices: BTreeMap<u128, u64>,
    answers: BTreeMap<Token, Result<Reply, Rejection>>,
    /// What has happened, and how often.
    pub(super) seen: BTreeMap<&'static str, u64>,
    pub(super) last: u64,
}

impl Run {
    pub(super) fn new(is_late: bool) -> Self {
        let mut run = Self {
            shard: Shard::new(SETTINGS, SEGMENT_BYTES),
            plain: Plain::new(START.as_ms()),
            is_late,
            log: BTreeMap::new(),
            trimmed: None,
            snapshot: None,
            written: Vec::new(),
            wheres: BTreeMap::new(),
            numbers: BTreeMap::new(),
            lengths: BTreeMap::new(),
            published: BTreeMap::new(),
            messages: VecDeque::new(),
            arrivals: VecDeque::new(),
            retried: None,
            subscribing: None,
            dead_letters: 0,
            effects: Vec::new(),
            receipts: Vec::new(),
            attempts: Vec::new(),
            tokens: Vec::new(),
            notices: BTreeMap::new(),
            answers: BTreeMap::new(),
            seen: BTreeMap::new(),
            last: 0,
        };
        run.shard.resume(0, [3; 16]);
        run.take();
        // Dead-letter queues first: those that point to them come later.
        for queue in (0..QUEUES).rev() {
            run.create_queue(queue);
        }
        for topic in 0..DIRECT_TOPIC {
            run.create_topic(topic);
        }
        run
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.plain.now)
    }

    /// A number that was not used before; ids made of them grow.
    pub(super) fn fresh(&mut self) -> u128 {
        self.last += 1;
        u128::from(self.last)
    }

    pub(super) fn saw(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    /// Decides a command. The model has been told before.
    pub(super) fn decide(&mut self, command: Command) -> Option<Result<Reply, Rejection>> {
        self.last += 1;
        let token = Token(self.last);
        self.dead_letters = 0;
        self.shard.decide(token, command, self.now());
        self.take();
        assert_eq!(self.messages, [0; 0], "what was published is written");
        assert_eq!(self.arrivals, [], "everyone gets what the model has for them");
        let answer = self.answers.remove(&token);
        self.come_to_rest();
        answer
    }

    /// Decides a command that is answered at once.
    pub(super) fn ask(&mut self, command: Command) -> Result<Reply, Rejection> {
        self.decide(command).expect("an answer at once")
    }

    /// Lets so much time pass, stopping wherever something is due.
    pub(super) fn pass(&mut self, ms: u64, settles: bool) {
        let target = self.plain.now + ms;
        let is_due = |due: &Timestamp| due.as_ms() <= target;
        while let Some(due) = self.shard.next_due().filter(is_due) {
            let late = self.is_late && !settles;
            let at = if late { target } else { due.as_ms().max(self.plain.now) };
            self.plain.at(at);
            self.shard.advance(self.now());
            self.take();
            if settles {
                self.settle_all();
            }
        }
        self.plain.at(target);
        self.shard.advance(self.now());
        self.take();
    }

    fn come_to_rest(&mut self) {
        while self.shard.next_due().is_some_and(|due| due <= self.now()) {
            self.shard.advance(self.now());
            self.take();
        }
    }

    /// Takes what was decided, and has all of it looked at.
    fn take(&mut self) {
        let batch =
            self.shard.take_batch(|start, length| (start + length).next_multiple_of(8) + 48);
        if !batch.records.is_empty() {
            self.written.extend_from_slice(&batch.records);
            self.log.insert(batch.start, batch.records.clone());
        }
        for item in record::records(batch.start, &batch.records) {
            let (location, record) = item.unwrap();
            self.observe(&record, location);
        }
        for (token, reply) in batch.replies {
            if let Ok(Reply::Settled(Fate::Retried { at })) = reply {
                self.observe_retry(at.as_ms());
            }
            assert!(self.answers.insert(token, reply).is_none(), "one answer only");
        }
        for effect in batch.effects {
            self.observe_effect(effect);
        }
    }

    /// The bytes at a location, if they have not been given up.
    pub(super) fn read(&self, location: Location) -> Option<Vec<u8>> {
        let (start, payload) = self.log.range(..=location.position).next_back()?;
        let from = usize::try_from(location.position - start).unwrap();
        payload.get(from..from + location.length as usize).map(<[u8]>::to_vec)
    }

    pub(super) fn take_snapshot(&mut self) {
        self.snapshot = Some((self.shard.next_position(), self.shard.snapshot()));
    }

    /// Gives up what nobody points at any more.
    pub(super) fn trim(&mut self) {
        let end = self.shard.next_position();
        self.trimmed = Some((end, self.shard.snapshot()));
        self.snapshot = None;
        let first = self.shard.first_live().unwrap_or(end);
        self.log.retain(|start, payload| start + payload.len() as u64 > first);
    }

    fn rebuilt(&self, from_snapshot: bool) -> Shard {
        let snapshot = self.snapshot.as_ref().filter(|_| from_snapshot).or(self.trimmed.as_ref());
        let (from, mut shard) = match snapshot {
            None => (0, Shard::new(SETTINGS, SEGMENT_BYTES)),
            Some((at, bytes)) => {
                (*at, Shard::restore(SETTINGS, SEGMENT_BYTES, *at, bytes).unwrap())
            }
        };
        for (start, payload) in self.log.range(from..) {
            shard.replay(*start, payload).unwrap();
        }
        shard.resume(self.shard.next_position(), [0; 16]);
        shard
    }

    /// Builds the shard again from what was written, and compares the two.
    pub(super) fn restart(&mut self, from_snapshot: bool) {
        let mut shard = self.rebuilt(from_snapshot);
        // A replay goes on at once after a restart, and may be at its end.
        let replays = self.plain.subscriptions.values().filter_map(|s| s.replay);
        if replays.clone().all(|replay| !replay.is_reading) {
            // Which attempts are under way is not saved.
            shard.outboxes.clone_from(&self.shard.outboxes);
            shard.advance(self.now());
            assert_eq!(picture::picture(&mut shard), picture::picture(&mut self.shard));
            shard = self.rebuilt(from_snapshot);
        } else {
            self.saw("restart while a replay reads");
        }
        self.saw("restart");
        self.shard = shard;
        self.effects.clear();
        for subscription in self.plain.subscriptions.values_mut() {
            subscription.running.clear();
            subscription.failures = 0;
            subscription.paused_until = 0;
            if let Some(replay) = &mut subscription.replay {
                replay.is_reading = false;
            }
        }
        self.shard.advance(self.now());
        self.take();
        self.come_to_rest();
    }

    /// What must hold after every step.
    pub(super) fn check(&mut self) {
        self.end_replays();
        assert_eq!(self.shard.queues.len(), self.numbers.len(), "queues and outboxes");
        for (at, number) in &self.numbers {
            let queue = &self.shard.queues[number];
            let counts = [queue.visible(), queue.in_flight(), queue.delayed()];
            assert_eq!(counts, self.plain.counts(*at), "{at:?} at {}", self.plain.now);
        }
        let needed = self.plain.needed();
        let live: u64 = needed.iter().map(|message| self.lengths[message]).sum();
        assert_eq!(self.shard.live_bytes(), live, "bytes of records that are needed");
        for (number, subscription) in &self.plain.subscriptions {
            let next = self.plain.counts(Where::Outbox(*number))[0];
            assert!(
                next == 0 || !subscription.has_room(self.plain.now),
                "an attempt is due: {subscription:?}"
            );
        }
        self.check_topics();
    }

    fn check_topics(&self) {
        let shown: Vec<u32> = self.shard.subscriptions.keys().copied().collect();
        let expected: Vec<u32> = self.plain.subscriptions.keys().copied().collect();
        assert_eq!(shown, expected, "subscriptions");
        assert_eq!(self.shard.topics.len(), self.plain.topics.len());
        for topic in self.shard.topics.values() {
            let index = TOPICS.iter().position(|name| *name == topic.arn.name.as_str()).unwrap();
            let own = self.plain.subscriptions.values().filter(|s| s.topic == index);
            let listed = own.clone().filter(|s| !s.is_ended()).count();
            let pending = own.filter(|s| !s.is_ended() && !s.is_confirmed()).count();
            assert_eq!((topic.subscriptions.len(), topic.pending), (listed, pending as u64));
            assert_eq!(topic.deleted, self.plain.topics[&index].deleted);
        }
        for (number, subscription) in &self.plain.subscriptions {
            let seen = self.shard.subscriptions[number].replay.map(|replay| replay.end);
            assert_eq!(seen, subscription.replay.map(|replay| replay.end), "{subscription:?}");
        }
    }

    /// Replays of which nothing is left are over once the shard is at rest.
    fn end_replays(&mut self) {
        let numbers: Vec<u32> = self.plain.subscriptions.keys().copied().collect();
        for number in numbers {
            let is_over = self.plain.next_of_replay(number).is_none();
            let subscription = self.plain.subscriptions.get_mut(&number).unwrap();
            let is_confirmed = subscription.is_confirmed();
            let Some(replay) = &mut subscription.replay else { continue };
            if replay.end.is_none() && !replay.is_reading && is_over && is_confirmed {
                replay.end = Some(true);
                self.saw("replay completed");
            }
        }
    }
}

pub(super) fn account(endpoint: usize) -> AccountId {
    let text = if endpoint == THEIRS { "222222222222" } else { "000000000000" };
    AccountId::parse(text).unwrap()
}

pub(super) fn queue_arn(queue: usize) -> QueueArn {
    let (region, name) = (Region::parse("us-east-1"), QueueName::parse(ENDPOINTS[queue]));
    QueueArn { account: account(queue), region: region.unwrap(), name: name.unwrap() }
}

pub(super) fn topic_arn(topic: usize) -> TopicArn {
    let (region, name) = (Region::parse("us-east-1"), TopicName::of_record(TOPICS[topic]));
    TopicArn { account: account(0), region: region.unwrap(), name: name.unwrap() }
}

pub(super) fn uuid(number: u128) -> Uuid {
    Uuid::from_bytes(number.to_be_bytes())
}

pub(super) fn number_of(uuid: Uuid) -> u128 {
    u128::from_be_bytes(uuid.to_bytes())
}
