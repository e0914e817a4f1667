//! One shard: its disk, its process while there is one, and its auditor.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tidings_broker::stepped::{Seen, Stepped, SteppedOptions, Waiting, Written};
use tidings_broker::{Clock, Entropy, Failure, OpenError, Pace, Unavailable};
use tidings_core::command::{Command, Reply, Token};
use tidings_core::delivery::Attempt;
use tidings_core::receipt::ReceiptKey;
use tidings_core::rejection::Rejection;
use tidings_core::shard::Settings;
use tidings_core::time::Timestamp;
use tidings_log::disk::sim::{SimDisk, Unsynced};
use tidings_log::segment::{self, Provision, SegmentOptions};
use tidings_log::snapshot::SnapshotOptions;
use tidings_log::{Layout, LogFault, ReadError, ReplayError, Space};

use crate::auditor::{Answer, Ask, Auditor, Begun, Fact, Finding, Ms};
use crate::random::Random;
use crate::scenery::COOL_DOWN_MS;
use crate::speech::{self, Context};
use crate::trace::Trace;

/// How a shard is set up.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Setup {
    /// Of which shard.
    pub(crate) index: usize,
    /// Whether what it writes is sealed.
    pub(crate) is_sealed: bool,
    /// Of a segment.
    pub(crate) segment_bytes: u64,
    /// Bytes appended between two snapshots.
    pub(crate) snapshot_every_bytes: u64,
}

/// Why a call came back without an answer, for its caller.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Loss {
    /// It has not happened.
    NotTaken,
    /// It may have happened.
    Unknown,
}

/// What comes out of a shard.
pub(crate) struct Emitted {
    /// Answers to calls.
    pub(crate) answers: Vec<(u64, Ask, Result<Answer, Loss>)>,
    /// Attempts to be made, each with the token in it, if it is a notice.
    pub(crate) attempts: Vec<(Begun, Option<String>)>,
}

struct Call {
    waiting: Waiting,
    ask: Ask,
}

/// What became of an attempt to open the log.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Opened {
    /// It is open.
    Yes,
    /// The disk failed: another time.
    NotYet,
    /// What is there cannot be trusted, and is refused.
    Refused,
}

/// One shard.
pub(crate) struct Node {
    setup: Setup,
    disk: SimDisk,
    clock: Clock,
    entropy: Entropy,
    fresh: Random,
    process: Option<Stepped>,
    auditor: Auditor,
    key: ReceiptKey,
    /// Calls that somebody waits for.
    calls: BTreeMap<u64, Call>,
    /// What was asked and is not decided, whoever waits.
    asked: BTreeMap<u64, Ask>,
    /// What was decided, until it is answered.
    decided: BTreeMap<u64, Answer>,
    /// What was decided and is not durable: first what is with the writer, then the rest.
    handed_over: BTreeSet<u64>,
    gathered: BTreeSet<u64>,
    attempts_handed_over: BTreeSet<(u32, u64, u32)>,
    attempts_gathered: BTreeSet<(u32, u64, u32)>,
    /// Messages that were handed out to callers who had gone: they are to be given back.
    owed: BTreeSet<(u32, u64, u32)>,
    last_token: u64,
    /// The disk operation during which the power is cut.
    cut_at: Option<u64>,
    /// Whether bits of the disk were flipped: then it may refuse, and nothing else.
    pub(crate) has_rotten: bool,
    out: Emitted,
}

impl Node {
    /// A shard on an empty disk, not opened.
    pub(crate) fn new(setup: Setup, random: &mut Random, start: Ms) -> Self {
        Self {
            setup,
            disk: SimDisk::new(),
            clock: Clock::manual(Timestamp::from_ms(start)),
            entropy: Entropy::seeded(random.bits()),
            fresh: random.fork(),
            process: None,
            auditor: Auditor::new(),
            key: ReceiptKey::new([0; 16]),
            calls: BTreeMap::new(),
            asked: BTreeMap::new(),
            decided: BTreeMap::new(),
            handed_over: BTreeSet::new(),
            gathered: BTreeSet::new(),
            attempts_handed_over: BTreeSet::new(),
            attempts_gathered: BTreeSet::new(),
            owed: BTreeSet::new(),
            last_token: 0,
            cut_at: None,
            has_rotten: false,
            out: Emitted { answers: Vec::new(), attempts: Vec::new() },
        }
    }

    /// The disk, to be made to fail.
    pub(crate) fn disk(&self) -> &SimDisk {
        &self.disk
    }

    /// What the shard's clock shows.
    pub(crate) fn now(&self) -> Ms {
        self.clock.now().as_ms()
    }

    /// Sets the shard's clock.
    pub(crate) fn set_clock(&self, now: Ms) {
        self.clock.set(Timestamp::from_ms(now));
    }

    /// Whether there is a process.
    pub(crate) fn is_up(&self) -> bool {
        self.process.is_some()
    }

    /// Whether the process has its log open.
    pub(crate) fn is_live(&self) -> bool {
        self.process.as_ref().is_some_and(Stepped::is_live)
    }

    /// Whether the writer has something to do.
    pub(crate) fn has_job(&self) -> bool {
        self.process.as_ref().is_some_and(Stepped::has_job)
    }

    /// Whether the keeper has something to do.
    pub(crate) fn has_errand(&self) -> bool {
        self.process.as_ref().is_some_and(Stepped::has_errand)
    }

    /// When something becomes due, by the shard's clock.
    pub(crate) fn next_due(&self) -> Option<Ms> {
        self.process.as_ref()?.next_due().map(Timestamp::as_ms)
    }

    /// Whether room is short.
    pub(crate) fn is_short_of_room(&self) -> bool {
        self.process.as_ref().and_then(Stepped::space).is_some_and(|space| space != Space::Ample)
    }

    /// What has come out since the last time.
    pub(crate) fn take_emitted(&mut self) -> Emitted {
        std::mem::replace(&mut self.out, Emitted { answers: Vec::new(), attempts: Vec::new() })
    }

    /// Cuts the power during the disk operation that comes after so many others.
    pub(crate) fn cut_power_after(&mut self, operations: u64) {
        let at = self.disk.operations() + operations;
        self.disk.cut_power_at(at);
        self.cut_at = Some(at);
    }

    /// The power stays, if it is still there.
    pub(crate) fn keep_power(&mut self) {
        if !self.has_lost_power() {
            self.disk.restore_power();
            self.cut_at = None;
        }
    }

    /// Whether the power was cut.
    pub(crate) fn has_lost_power(&self) -> bool {
        self.cut_at.is_some_and(|cut| self.disk.operations() > cut)
    }

    /// Starts a process, or opens the log of the one that is there again.
    pub(crate) fn open(&mut self, trace: &mut Trace) -> Result<Opened, Finding> {
        let opened = match &mut self.process {
            Some(process) => process.reopen().map(|_| false),
            None => {
                let options = self.options();
                Stepped::open(options).map(|(process, _)| {
                    self.process = Some(process);
                    true
                })
            }
        };
        let now = self.now();
        match opened {
            Ok(is_new_process) => {
                trace.line(now, format_args!("n{} opened", self.setup.index));
                if let Some(key) = self.process.as_ref().and_then(Stepped::receipt_key) {
                    self.key = key;
                }
                self.auditor.saw(Fact::Restarted(is_new_process), now)?;
                self.step(trace)?;
                Ok(Opened::Yes)
            }
            Err(error) if is_failure_of_disk(&error) => {
                trace.line(now, format_args!("n{} cannot open: {error}", self.setup.index));
                Ok(Opened::NotYet)
            }
            Err(error) if self.has_rotten => {
                trace.line(now, format_args!("n{} refuses: {error}", self.setup.index));
                Ok(Opened::Refused)
            }
            Err(error) => Err(Finding(format!("the shard does not open any more: {error}"))),
        }
    }

    fn options(&self) -> SteppedOptions {
        let layout = Layout {
            segment_bytes: self.setup.segment_bytes,
            batch_bytes_max: self.setup.segment_bytes * 2 / 3 - 8192,
            trailer_bytes: 0,
        };
        let segments = SegmentOptions {
            layout,
            replay_from: None,
            provision: Provision::Inline,
            marker: Some(0x5eed),
        };
        let shard = Settings {
            delete_cool_down_ms: COOL_DOWN_MS,
            purge_cool_down_ms: COOL_DOWN_MS,
            ..Settings::default()
        };
        SteppedOptions {
            disk: Arc::new(self.disk.clone()),
            segments,
            snapshots: SnapshotOptions { ballast_bytes_min: 4096 },
            pace: Pace { snapshot_every_bytes: self.setup.snapshot_every_bytes, slack_segments: 1 },
            shard,
            key: self.setup.is_sealed.then_some([7; 32]),
            clock: self.clock.clone(),
            entropy: self.entropy.clone(),
        }
    }

    /// A request comes in. The token names it from then on.
    pub(crate) fn arrive(
        &mut self,
        ask: &Ask,
        token_in_notice: Option<&str>,
        trace: &mut Trace,
    ) -> Result<u64, Finding> {
        self.last_token += 1;
        let token = self.last_token;
        let fresh = u128::from(self.fresh.bits()) << 64 | u128::from(self.fresh.bits());
        let context = Context { key: &self.key, fresh, token: token_in_notice };
        let command = speech::command(ask, &context);
        trace.line(self.now(), format_args!("n{} #{token} {ask:?}", self.setup.index));
        let called = self.process.as_mut().and_then(|process| process.call(Token(token), command));
        let Some(waiting) = called else {
            self.out.answers.push((token, ask.clone(), Err(Loss::NotTaken)));
            return Ok(token);
        };
        self.asked.insert(token, ask.clone());
        self.calls.insert(token, Call { waiting, ask: ask.clone() });
        self.step(trace)?;
        if let Some(ask) = self.asked.remove(&token) {
            let is_taken = self.is_live() && self.calls.contains_key(&token);
            if is_taken {
                self.auditor.saw(Fact::Waits(token, ask.clone()), self.now())?;
                self.asked.insert(token, ask);
            }
        }
        Ok(token)
    }

    /// Whoever called goes away.
    pub(crate) fn leave(&mut self, token: u64, trace: &mut Trace) -> Result<(), Finding> {
        if self.calls.remove(&token).is_some() {
            if let Some(Answer::Received(got)) = self.decided.get(&token) {
                self.owed.extend(got.iter().map(|one| one.receipt.parts()));
            }
            trace.line(self.now(), format_args!("n{} #{token} is left", self.setup.index));
            return self.step(trace);
        }
        Ok(())
    }

    /// The owner does all there is to do.
    pub(crate) fn step(&mut self, trace: &mut Trace) -> Result<(), Finding> {
        let Some(process) = &mut self.process else { return Ok(()) };
        process.step();
        self.look(trace)
    }

    /// The writer does one thing, and the owner what follows from it.
    pub(crate) fn write(&mut self, trace: &mut Trace) -> Result<(), Finding> {
        let Some(process) = &mut self.process else { return Ok(()) };
        let written = process.write();
        trace.line(self.now(), format_args!("n{} wrote: {written:?}", self.setup.index));
        if written == Some(Written::Batch) {
            self.auditor.durable()?;
            self.handed_over.clear();
            self.attempts_handed_over.clear();
        }
        if self.has_lost_power() {
            return Ok(());
        }
        self.step(trace)
    }

    /// The keeper does one thing, and the owner what follows from it.
    pub(crate) fn keep(&mut self, trace: &mut Trace) -> Result<(), Finding> {
        let Some(process) = &mut self.process else { return Ok(()) };
        process.keep();
        trace.line(self.now(), format_args!("n{} kept", self.setup.index));
        if self.has_lost_power() {
            return Ok(());
        }
        self.step(trace)
    }

    /// The owner looks for more room.
    pub(crate) fn look_for_room(&mut self, trace: &mut Trace) -> Result<(), Finding> {
        if let Some(process) = &mut self.process {
            process.look_for_room();
        }
        self.look(trace)?;
        self.step(trace)
    }

    /// Tells the auditor what was seen, and gives out what is answered.
    fn look(&mut self, trace: &mut Trace) -> Result<(), Finding> {
        let Some(process) = &mut self.process else { return Ok(()) };
        let seen = process.take_seen();
        let failed = seen.iter().find_map(|seen| match seen {
            Seen::Failed(why) => Some(*why),
            _ => None,
        });
        if let Some(why) = failed {
            trace.line(self.now(), format_args!("n{} failed: {why}", self.setup.index));
            self.forget_memory(why == Unavailable::Unknown)?;
        } else {
            for seen in seen {
                self.tell(seen, trace)?;
            }
            self.auditor.rests(self.now())?;
        }
        self.collect(trace)
    }

    fn tell(&mut self, seen: Seen, trace: &mut Trace) -> Result<(), Finding> {
        match seen {
            Seen::Decided(Token(token), reply) => self.was_decided(token, &reply, trace),
            Seen::Begun(attempt) => {
                let (begun, _) = self.begun(&attempt, true)?;
                self.attempts_gathered.insert(begun.receipt.parts());
                self.saw(Fact::Begun(begun), trace)
            }
            Seen::Told(command) => match told(&command) {
                Some(fact) => self.saw(fact, trace),
                None => Ok(()),
            },
            Seen::HandedOver => {
                self.auditor.handed_over();
                self.handed_over = std::mem::take(&mut self.gathered);
                self.attempts_handed_over = std::mem::take(&mut self.attempts_gathered);
                Ok(())
            }
            Seen::Settled => {
                self.gathered.clear();
                self.attempts_gathered.clear();
                self.auditor.settled()
            }
            Seen::Failed(_) => Ok(()),
        }
    }

    fn saw(&mut self, fact: Fact, trace: &mut Trace) -> Result<(), Finding> {
        trace.line(self.now(), format_args!("n{} {fact:?}", self.setup.index));
        if let Fact::Returned(receipts) = &fact {
            receipts.iter().for_each(|receipt| {
                self.owed.remove(&receipt.parts());
            });
        }
        self.auditor.saw(fact, self.now())
    }

    fn was_decided(
        &mut self,
        token: u64,
        reply: &Result<Reply, Rejection>,
        trace: &mut Trace,
    ) -> Result<(), Finding> {
        let Some(process) = &self.process else { return Ok(()) };
        let answer = speech::answer(reply, |received| process.peek(received.location));
        let Some(ask) = self.asked.remove(&token) else {
            return Err(Finding(format!("#{token} was answered twice: {answer:?}")));
        };
        self.gathered.insert(token);
        if let (Answer::Received(got), false) = (&answer, self.calls.contains_key(&token)) {
            self.owed.extend(got.iter().map(|one| one.receipt.parts()));
        }
        self.decided.insert(token, answer.clone());
        self.saw(Fact::Decided(token, ask, answer), trace)
    }

    fn begun(&self, attempt: &Attempt, is_peek: bool) -> Result<(Begun, Option<String>), Finding> {
        let process = self.process.as_ref();
        let record = process.and_then(|process| {
            if is_peek {
                process.peek(attempt.location)
            } else {
                process.read(attempt.location).ok()
            }
        });
        let read = record.as_ref().and_then(|record| {
            speech::read_body(record, true).map(|body| (body, speech::token_in(record)))
        });
        let Some((body, token)) = read else {
            return Err(Finding(format!("what is for {} cannot be read", attempt.endpoint)));
        };
        let begun = Begun {
            receipt: speech::receipt_of(attempt.receipt),
            subscription: speech::subscription_of(&attempt.delivery),
            body,
            endpoint: attempt.endpoint.to_string(),
            until: attempt.until.as_ms(),
        };
        Ok((begun, token))
    }

    /// Takes the answers and the attempts that have been given out.
    fn collect(&mut self, trace: &mut Trace) -> Result<(), Finding> {
        let answered: Vec<(u64, _)> = self
            .calls
            .iter_mut()
            .filter_map(|(token, call)| Some((*token, call.waiting.answer()?)))
            .collect();
        for (token, answer) in answered {
            let Some(call) = self.calls.remove(&token) else { continue };
            let answer = self.check_answer(token, answer)?;
            trace.line(
                self.now(),
                format_args!("n{} #{token} is told {}", self.setup.index, answer.is_ok()),
            );
            self.out.answers.push((token, call.ask, answer));
        }
        while let Some(attempt) = self.process.as_mut().and_then(Stepped::attempt) {
            let (begun, token) = self.begun(&attempt, false)?;
            let key = begun.receipt.parts();
            if self.attempts_handed_over.contains(&key) || self.attempts_gathered.contains(&key) {
                let to = &begun.endpoint;
                return Err(Finding(format!("an attempt at {to} is made before it is durable")));
            }
            self.out.attempts.push((begun, token));
        }
        Ok(())
    }

    /// An answer must rest on what is durable, and say what was decided.
    fn check_answer(
        &mut self,
        token: u64,
        answer: Result<Reply, Failure>,
    ) -> Result<Result<Answer, Loss>, Finding> {
        let decided = self.decided.remove(&token);
        let reply = match answer {
            Ok(reply) => Ok(reply),
            Err(Failure::Rejected(rejection)) => Err(rejection),
            Err(Failure::Unavailable(why)) => {
                self.asked.remove(&token);
                let unknown = why == Unavailable::Unknown;
                return Ok(Err(if unknown { Loss::Unknown } else { Loss::NotTaken }));
            }
        };
        if self.handed_over.contains(&token) || self.gathered.contains(&token) {
            return Err(Finding(format!("#{token} was answered before that was durable")));
        }
        let process = self.process.as_ref();
        let answer = speech::answer(&reply, |received| process?.read(received.location).ok());
        match decided {
            Some(decided) if decided == answer => Ok(Ok(answer)),
            decided => Err(Finding(format!(
                "#{token} was answered {answer:?}, which is not what was decided: {decided:?}"
            ))),
        }
    }

    /// What memory knew is gone.
    fn forget_memory(&mut self, may_have_landed: bool) -> Result<(), Finding> {
        self.asked.clear();
        self.owed.clear();
        self.decided.clear();
        self.handed_over.clear();
        self.gathered.clear();
        self.attempts_handed_over.clear();
        self.attempts_gathered.clear();
        self.auditor.lost_memory(may_have_landed)
    }

    /// The process ends; with the power, if `survives` says what of the disk's changes gets through.
    pub(crate) fn crash(
        &mut self,
        survives: Option<&mut dyn FnMut(Unsynced) -> bool>,
        trace: &mut Trace,
    ) -> Result<(), Finding> {
        let how = if survives.is_some() { "loses power" } else { "is killed" };
        trace.line(self.now(), format_args!("n{} {how}", self.setup.index));
        // Answers that had been given were given.
        let mut was_told = false;
        for call in self.calls.values_mut() {
            was_told |= matches!(call.waiting.answer(), Some(Ok(_) | Err(Failure::Rejected(_))));
        }
        if was_told {
            self.auditor.durable()?;
        }
        self.forget_memory(true)?;
        for (token, call) in std::mem::take(&mut self.calls) {
            self.out.answers.push((token, call.ask, Err(Loss::Unknown)));
            call.waiting.forget();
        }
        self.process = None;
        self.cut_at = None;
        match survives {
            Some(survives) => self.disk = self.disk.crash(survives),
            None => self.disk.restore_power(),
        }
        Ok(())
    }

    /// What was for callers who have gone was given back.
    ///
    /// # Errors
    /// If some of it was not.
    pub(crate) fn check_given_back(&self) -> Result<(), Finding> {
        if let Some((queue, key, _)) = self.owed.first() {
            return Err(Finding(format!(
                "message {key} of queue {queue} was for a caller who had gone, and not given back"
            )));
        }
        Ok(())
    }

    /// The end: nothing is left.
    ///
    /// # Errors
    /// If there is.
    pub(crate) fn check_end(&mut self) -> Result<(), Finding> {
        self.auditor.check_end()
    }
}

/// What the auditor is told of a command without an answer.
fn told(command: &Command) -> Option<Fact> {
    match command {
        Command::AbandonReceive { receive } => Some(Fact::Abandoned(receive.0)),
        Command::ReturnMessages { receipts } => {
            Some(Fact::Returned(receipts.iter().map(|one| speech::receipt_of(*one)).collect()))
        }
        Command::MoveMessages { source, task, messages } => {
            let read = |bytes: &Option<Vec<u8>>| speech::read_any_body(bytes.as_deref()?);
            let messages = messages.iter().map(|(key, _, bytes)| (*key, read(bytes))).collect();
            Some(Fact::Moved(speech::source_of(source)?, speech::task_of(*task), messages))
        }
        Command::ReplayMessages { messages, .. } => {
            let read = |bytes: &Option<Vec<u8>>| speech::read_any_body(bytes.as_deref()?);
            Some(Fact::Replayed(messages.iter().map(|(_, bytes)| read(bytes)).collect()))
        }
        _ => None,
    }
}

/// Whether a log was not opened since the disk failed, which says nothing of what is on it.
fn is_failure_of_disk(error: &OpenError) -> bool {
    let is_io = |fault: &LogFault| matches!(fault, LogFault::Io { .. });
    match error {
        OpenError::Fault(fault) => is_io(fault),
        OpenError::Log(segment::OpenError::Fault(fault)) => is_io(fault),
        OpenError::Replay(ReplayError::Read(ReadError::Fault(fault))) => is_io(fault),
        _ => false,
    }
}
