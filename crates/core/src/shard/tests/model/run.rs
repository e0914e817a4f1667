//! A shard and the model, side by side.

use std::collections::{BTreeMap, VecDeque};

use super::super::super::{Settings, Shard};
use super::super::picture;
use super::super::scene::{SEGMENT_BYTES, START, arn, pairs};
use super::commands::QUEUES;
use super::plain::{COOL_DOWN, Plain, Receipt};
use crate::command::{Command, Effect, Received, Reply, Token};
use crate::message::Location;
use crate::names::Uuid;
use crate::receipt;
use crate::record::{self, MessageRecord};
use crate::rejection::Rejection;
use crate::time::Timestamp;

const SETTINGS: Settings = Settings {
    enforces_policies: false,
    delete_cool_down_ms: COOL_DOWN,
    purge_cool_down_ms: COOL_DOWN,
    filter_policies_per_topic: 200,
    filter_policies_per_account: 10_000,
};

/// A receive: one that is being decided, or one that waits.
#[derive(Copy, Clone, Debug)]
pub(super) struct Ask {
    pub(super) token: Token,
    pub(super) queue: usize,
    pub(super) max: usize,
    pub(super) timeout_ms: u64,
    pub(super) attempt: Option<u8>,
    pub(super) until: u64,
}

/// What the receiver of a message is told: the queue's number and the message's key, its id, ...
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Told {
    pub(super) key: (u32, u64),
    pub(super) id: u128,
    pub(super) count: u32,
    pub(super) first_received_at: u64,
    pub(super) source: Option<usize>,
}

/// The shard, the model, and what is between them.
pub(super) struct Run {
    pub(super) shard: Shard,
    pub(super) plain: Plain,
    log: BTreeMap<u64, Vec<u8>>,
    /// The snapshot that stands for what was trimmed, and one that a restart may begin with.
    trimmed: Option<(u64, Vec<u8>)>,
    snapshot: Option<(u64, Vec<u8>)>,
    /// Every byte that was ever appended.
    pub(super) written: Vec<u8>,
    /// The model's queues by the shard's numbers, and its places by the shard's keys.
    pub(super) numbers: BTreeMap<u32, usize>,
    pub(super) places: BTreeMap<(u32, u64), u64>,
    /// The latest last.
    pub(super) receipts: Vec<(Receipt, receipt::Receipt)>,
    pub(super) waits: Vec<Ask>,
    /// Waits that ended in vain in the batch that is being looked at.
    pub(super) ended: Vec<Token>,
    pub(super) effects: Vec<Effect>,
    /// Where the messages of the task that is being carried out go to, if it says so.
    pub(super) destinations: BTreeMap<Uuid, Option<usize>>,
    pub(super) current_task: Option<Uuid>,
    /// The receive that is being decided.
    pub(super) direct: Option<Ask>,
    /// Dead letters of the command being decided: from a hundred on a receive may end early.
    pub(super) dead_letters: usize,
    /// Messages that the command being decided sends: queue, id, place.
    pub(super) arrivals: VecDeque<(usize, Uuid, u64)>,
    /// A message that a move task has brought: queue's number, key, id.
    pub(super) brought: Option<(u32, u64, Uuid)>,
    /// The messages of the receive that is being decided, if it repeats another.
    pub(super) repeated: Option<Vec<u64>>,
    /// What was handed out, by who asked.
    pub(super) handed: BTreeMap<Token, Vec<(Receipt, Told)>>,
    answers: BTreeMap<Token, Result<Reply, Rejection>>,
    /// What has happened, and how often.
    pub(super) seen: BTreeMap<&'static str, u64>,
    pub(super) last: u64,
}

impl Run {
    /// All queues, with short periods, and dead-letter queues for the first of each kind.
    pub(super) fn new() -> Self {
        let mut run = Self {
            shard: Shard::new(SETTINGS, SEGMENT_BYTES),
            plain: Plain::default(),
            log: BTreeMap::new(),
            trimmed: None,
            snapshot: None,
            written: Vec::new(),
            numbers: BTreeMap::new(),
            places: BTreeMap::new(),
            receipts: Vec::new(),
            waits: Vec::new(),
            ended: Vec::new(),
            effects: Vec::new(),
            destinations: BTreeMap::new(),
            current_task: None,
            direct: None,
            dead_letters: 0,
            arrivals: VecDeque::new(),
            brought: None,
            repeated: None,
            handed: BTreeMap::new(),
            answers: BTreeMap::new(),
            seen: BTreeMap::new(),
            last: 0,
        };
        run.plain.at(START.as_ms());
        run.shard.resume(0, [3; 16]);
        run.take();
        for queue in 0..QUEUES.len() {
            run.create(queue);
            run.set(queue, super::commands::Change::Visibility(5));
        }
        run.set(0, super::commands::Change::Redrive(Some((2, 3))));
        run.set(3, super::commands::Change::Redrive(Some((5, 3))));
        run
    }

    pub(super) fn now(&self) -> Timestamp {
        Timestamp::from_ms(self.plain.now)
    }

    /// Decides a command and returns its answer, if it is there at once.
    pub(super) fn decide(&mut self, command: Command) -> Option<Result<Reply, Rejection>> {
        self.last += 1;
        self.decide_as(Token(self.last), command)
    }

    pub(super) fn decide_as(
        &mut self,
        token: Token,
        command: Command,
    ) -> Option<Result<Reply, Rejection>> {
        self.dead_letters = 0;
        self.shard.decide(token, command, self.now());
        self.take();
        self.direct = None;
        assert!(self.arrivals.is_empty(), "what the model took, the shard took");
        let answer = self.answers.remove(&token);
        self.come_to_rest();
        answer
    }

    pub(super) fn saw(&mut self, what: &'static str) {
        *self.seen.entry(what).or_default() += 1;
    }

    /// Lets so much time pass, stopping wherever something is due.
    pub(super) fn pass(&mut self, ms: u64) {
        let target = self.plain.now + ms;
        let is_due = |due: &Timestamp| due.as_ms() <= target;
        while let Some(due) = self.shard.next_due().filter(is_due) {
            self.plain.at(due.as_ms().max(self.plain.now));
            self.shard.advance(self.now());
            self.take();
        }
        self.plain.at(target);
        self.shard.advance(self.now());
        self.take();
    }

    pub(super) fn come_to_rest(&mut self) {
        while self.shard.next_due().is_some_and(|due| due <= self.now()) {
            self.shard.advance(self.now());
            self.take();
        }
    }

    /// Takes what was decided, and has every record and reply looked at.
    fn take(&mut self) {
        let batch =
            self.shard.take_batch(|start, length| (start + length).next_multiple_of(8) + 48);
        // Records and replies come in order, but apart: whose wait is over must be known first.
        let is_empty = |reply: &Result<Reply, Rejection>| *reply == Ok(Reply::Received(Vec::new()));
        let ended = batch.replies.iter().filter(|(_, reply)| is_empty(reply));
        self.ended = ended.map(|(token, _)| *token).collect();
        for item in record::records(batch.start, &batch.records) {
            let (_, record) = item.unwrap();
            self.observe(&record);
        }
        if !batch.records.is_empty() {
            self.written.extend_from_slice(&batch.records);
            self.log.insert(batch.start, batch.records);
        }
        self.effects.extend(batch.effects);
        for (token, reply) in batch.replies {
            match self.waits.iter().position(|wait| wait.token == token) {
                Some(at) => self.end_wait(at, reply),
                None => assert!(self.answers.insert(token, reply).is_none(), "one answer only"),
            }
        }
    }

    fn end_wait(&mut self, at: usize, reply: Result<Reply, Rejection>) {
        let wait = self.waits.remove(at);
        match reply {
            Err(Rejection::QueueDoesNotExist) => {
                assert!(!self.plain.queues.contains_key(&wait.queue));
            }
            Ok(Reply::Received(messages)) => {
                let expected = self.handed.remove(&wait.token).unwrap_or_default();
                self.saw(if expected.is_empty() { "wait in vain" } else { "wait" });
                assert!(!expected.is_empty() || wait.until <= self.plain.now, "ended too early");
                self.check_received(&expected, &messages);
            }
            other => panic!("no answer to a wait: {other:?}"),
        }
    }

    /// Compares what a receiver is told with what the model has, and keeps the receipts.
    pub(super) fn check_received(&mut self, expected: &[(Receipt, Told)], messages: &[Received]) {
        assert_eq!(messages.len(), expected.len());
        for (message, (receipt, expected)) in messages.iter().zip(expected) {
            assert_eq!(self.told(message), *expected);
            let is_fifo = QUEUES[receipt.queue].ends_with(".fifo");
            assert_eq!(message.sequence_number.is_some(), is_fifo);
            self.receipts.push((*receipt, message.receipt));
        }
    }

    fn told(&self, message: &Received) -> Told {
        let bytes = self.read(message.location).expect("a message in the log");
        let id = MessageRecord::decode(&bytes).unwrap().message_id;
        let index = |name: &str| QUEUES.iter().position(|queue| *queue == name).unwrap();
        Told {
            key: (message.receipt.queue, message.receipt.key),
            id: u128::from_be_bytes(id.to_bytes()),
            count: message.receive_count,
            first_received_at: message.first_received_at.as_ms(),
            source: message.dead_letter_source.as_ref().map(|arn| index(arn.name.as_str())),
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

    /// Gives up what no queue points at any more.
    pub(super) fn trim(&mut self) {
        let end = self.shard.next_position();
        self.trimmed = Some((end, self.shard.snapshot()));
        self.snapshot = None;
        let first = self.shard.first_live().unwrap_or(end);
        self.log.retain(|start, payload| start + payload.len() as u64 > first);
    }

    /// Builds the shard again from what was written, and compares the two.
    pub(super) fn restart(&mut self, from_snapshot: bool) {
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
        assert_eq!(picture::tasks(&shard), picture::tasks(&self.shard));
        shard.advance(self.now());
        assert_eq!(picture::picture(&mut shard), picture::picture(&mut self.shard));
        self.saw("restart");
        self.shard = shard;
        self.waits.clear();
        self.effects.clear();
        self.take();
        self.come_to_rest();
    }

    /// What must hold after every step.
    pub(super) fn check(&mut self) {
        let shown: Vec<&str> = self.shard.by_arn.keys().map(|arn| arn.name.as_str()).collect();
        let mut expected: Vec<&str> =
            self.plain.queues.keys().map(|queue| QUEUES[*queue]).collect();
        expected.sort_unstable();
        assert_eq!(shown, expected);
        for (number, queue) in &self.shard.queues {
            let name = self.numbers[number];
            let counts = [queue.visible(), queue.in_flight(), queue.delayed()];
            assert_eq!(counts, self.plain.counts(name), "{} at {}", QUEUES[name], self.plain.now);
        }
        // Somebody who waits must not wait for a message that is there. A dead letter may take a
        // millisecond to be noticed.
        let soon = self.now() + 1;
        if self.shard.next_due().is_none_or(|due| due > soon) {
            for wait in &self.waits {
                assert_eq!(self.plain.next(wait.queue, 1), [0; 0], "{wait:?}");
            }
        }
    }

    pub(super) fn create(&mut self, queue: usize) {
        let is_fifo = QUEUES[queue].ends_with(".fifo");
        let expected = self.plain.create(queue, is_fifo);
        let attributes = if is_fifo { pairs(&[("FifoQueue", "true")]) } else { Vec::new() };
        let command = Command::CreateQueue { arn: arn(QUEUES[queue]), attributes, tags: vec![] };
        let answer = self.decide(command).unwrap();
        assert_eq!(
            answer,
            if expected { Ok(Reply::Done) } else { Err(Rejection::QueueDeletedRecently) }
        );
    }
}
