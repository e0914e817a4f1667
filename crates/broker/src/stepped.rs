//! The broker on one thread, for simulators: whoever drives it says when its owner, its writer and its
//! keeper do the next thing they would do, and sees what the owner decides.
//!
//! The owner, the writer and the keeper are those of the broker itself; only their threads are left
//! out, and the data folder's lock and keys. So is waiting: the driver calls [`Stepped::step`] whenever
//! it has handed something in, when [`Stepped::next_due`] comes, and after [`Stepped::write`] and
//! [`Stepped::keep`].

use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::mpsc::Receiver;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::time::Duration;

use tidings_core::command::{Command, Effect, Reply, Token};
use tidings_core::delivery::Attempt;
use tidings_core::message::Location;
use tidings_core::receipt::ReceiptKey;
use tidings_core::rejection::Rejection;
use tidings_core::shard::{Settings, Shard};
use tidings_core::time::Timestamp;
use tidings_log::disk::Disk;
use tidings_log::segment::{SegmentLog, SegmentOptions};
use tidings_log::snapshot::{FolderSnapshots, SnapshotOptions, Snapshots};
use tidings_log::{Log, Position, ReadError, Space};
use tidings_seal::RootKey;
use tokio::sync::mpsc::{self, UnboundedReceiver};
use tokio::sync::oneshot;

use crate::broker::Call;
use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::failure::{Failure, OpenError, Unavailable};
use crate::inbox::{Answer, Inbox, Input};
use crate::keeper::{Errand, Keeper};
use crate::running::{Hands, Next, Setting, Tenure};
use crate::sealing::Sealing;
use crate::store::{OpenReport, Opened, Storage, build};
use crate::upkeep::Pace;
use crate::view::View;
use crate::writer::{Job, Writer};

/// What a [`Stepped`] broker lives on.
#[derive(Clone, Debug)]
pub struct SteppedOptions {
    /// Holds the log and its snapshots.
    pub disk: Arc<dyn Disk>,
    /// Of the log, should it be new. The next segment is made inline.
    pub segments: SegmentOptions,
    /// How snapshots are kept.
    pub snapshots: SnapshotOptions,
    /// How often there is upkeep.
    pub pace: Pace,
    /// What an operator may choose.
    pub shard: Settings,
    /// What seals what is written, from the log's first byte on.
    pub key: Option<[u8; 32]>,
    /// A manual clock.
    pub clock: Clock,
    /// Where ids and secrets come from.
    pub entropy: Entropy,
}

/// What a driver sees, in the order in which it happens.
#[derive(Clone, Debug)]
pub enum Seen {
    /// A command was decided so. Its answer waits until that is durable.
    Decided(Token, Result<Reply, Rejection>),
    /// An attempt to deliver was begun. It is made when that is durable.
    Begun(Attempt),
    /// A command was carried out that has no answer.
    Told(Command),
    /// All that was decided so far is with the writer now.
    HandedOver,
    /// All that was decided so far wrote nothing, and rests on nothing that is not durable.
    Settled,
    /// The log failed: whether the batch that was with the writer has happened, this says. What
    /// gathered behind it has not.
    Failed(Unavailable),
}

/// What the writer did.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Written {
    /// It appended a batch, and it is durable.
    Batch,
    /// It failed to append a batch.
    Failed,
    /// It gave up some of the log's front, or looked for room.
    Other,
}

/// A call whose answer is still out. Dropping it is going away.
pub struct Waiting(Call);

impl Waiting {
    /// The answer, if it has come.
    pub fn answer(&mut self) -> Option<Answer> {
        let answer = match self.0.receiver.try_recv() {
            Err(oneshot::error::TryRecvError::Empty) => return None,
            Err(oneshot::error::TryRecvError::Closed) => {
                Err(Failure::Unavailable(Unavailable::Unknown))
            }
            Ok(answer) => answer,
        };
        self.0.inbox = None;
        Some(answer)
    }

    /// Forgets the call without going away: the process that it was made to is no more.
    pub fn forget(mut self) {
        self.0.inbox = None;
    }
}

/// A broker that somebody else's thread moves on.
pub struct Stepped {
    setting: Rc<Setting>,
    inputs: Receiver<Input>,
    attempts: UnboundedReceiver<Attempt>,
    live: Option<Live>,
    seen: Vec<Seen>,
}

/// One tenure of the owner, and its hands.
struct Live {
    tenure: Tenure,
    writer: Writer,
    keeper: Keeper,
    job_list: Receiver<Job>,
    errand_list: Receiver<Errand>,
    jobs: VecDeque<Job>,
    errands: VecDeque<Errand>,
    /// How much of what gathers has been seen.
    replies_seen: usize,
    effects_seen: usize,
}

impl Stepped {
    /// Opens what the disk holds, as the start of a process does.
    ///
    /// # Errors
    /// If what it holds cannot be trusted, or the disk fails.
    pub fn open(options: SteppedOptions) -> Result<(Self, OpenReport), OpenError> {
        let SteppedOptions { pace, clock, entropy, .. } = options.clone();
        let secret = entropy.bits().to_le_bytes();
        let storage = OnDisk(options);
        let mut opened = storage.open(secret)?;
        // As at the start of a broker.
        opened.shard.retry_interrupted();
        let report = opened.report.clone();
        let (inbox, inputs) = Inbox::new();
        let (deliveries, attempts) = mpsc::unbounded_channel();
        let setting = Rc::new(Setting {
            pace,
            storage: Box::new(storage),
            secret,
            clock,
            entropy,
            inbox,
            deliveries,
            reader: Arc::new(RwLock::new(opened.log.reader())),
            view: Arc::new(View::default()),
            opener: Arc::new(OnceLock::new()),
        });
        let live = Some(Live::begin(&setting, opened));
        Ok((Self { setting, inputs, attempts, live, seen: Vec::new() }, report))
    }

    /// Opens the log again after it failed. Meanwhile nothing is taken.
    ///
    /// # Errors
    /// As for [`Stepped::open`]: to be tried again a little later.
    pub fn reopen(&mut self) -> Result<OpenReport, OpenError> {
        assert!(self.live.is_none(), "the log has not failed");
        self.refuse_inputs();
        let opened = self.setting.storage.open(self.setting.secret)?;
        let report = opened.report.clone();
        self.live = Some(Live::begin(&self.setting, opened));
        Ok(report)
    }

    /// Whether the log is open.
    pub fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// Hands a command in. `None` if there is no place for it now.
    pub fn call(&mut self, token: Token, command: Command) -> Option<Waiting> {
        let is_receive = matches!(command, Command::Receive { .. });
        let (sender, receiver) = oneshot::channel();
        let inbox = &self.setting.inbox;
        inbox.call_now(token, command, sender)?;
        if self.live.is_none() {
            self.refuse_inputs();
        }
        let inbox = is_receive.then(|| self.setting.inbox.clone());
        Some(Waiting(Call { receiver, token, inbox }))
    }

    /// The owner does what is due, takes what was handed in, and hands over what gathered. False if
    /// its log has failed: it is to be opened again.
    pub fn step(&mut self) -> bool {
        let Some(live) = &mut self.live else { return false };
        let now = self.setting.clock.now();
        let seen = &mut self.seen;
        live.advance(now, seen);
        live.hand_over(seen);
        let mut failed = None;
        while live.tenure.take_from_backlog() {
            live.look(seen);
        }
        while let Ok(input) = self.inputs.try_recv() {
            live.advance(now, seen);
            let from = seen.len();
            let own = match &input {
                Input::Call { token, .. } => Some(*token),
                _ => None,
            };
            if let Next::Failed(why) = live.tenure.take(input) {
                failed = Some(why);
                break;
            }
            live.look(seen);
            // Those who waited are served before the command that served them has its answer.
            let is_own = |seen: &Seen| matches!(seen, Seen::Decided(t, _) if Some(*t) == own);
            if let Some(at) = seen[from..].iter().position(is_own) {
                seen[from..=from + at].rotate_right(1);
            }
        }
        if let Some(why) = failed {
            self.fail(why);
            return false;
        }
        live.advance(now, seen);
        live.hand_over(seen);
        true
    }

    /// The log is no good any more: the hands finish what they were given, and the owner ends.
    fn fail(&mut self, why: Unavailable) {
        let Some(mut live) = self.live.take() else { return };
        self.seen.push(Seen::Failed(why));
        live.collect();
        live.jobs.drain(..).for_each(|job| live.writer.work(job));
        live.errands.drain(..).for_each(|errand| live.keeper.work(errand));
        live.tenure.end(Some(why));
    }

    /// What was seen since the last time.
    pub fn take_seen(&mut self) -> Vec<Seen> {
        std::mem::take(&mut self.seen)
    }

    /// Whether the writer has something to do.
    pub fn has_job(&self) -> bool {
        self.live.as_ref().is_some_and(|live| !live.jobs.is_empty())
    }

    /// The writer does one thing.
    pub fn write(&mut self) -> Option<Written> {
        let live = self.live.as_mut()?;
        let job = live.jobs.pop_front()?;
        let Job::Append { start, records, changes, replies, effects } = job else {
            live.writer.work(job);
            return Some(Written::Other);
        };
        let before = live.writer.log.next_position();
        live.writer.work(Job::Append { start, records, changes, replies, effects });
        let is_appended = live.writer.log.next_position() > before;
        Some(if is_appended { Written::Batch } else { Written::Failed })
    }

    /// Whether the keeper has something to do.
    pub fn has_errand(&self) -> bool {
        self.live.as_ref().is_some_and(|live| !live.errands.is_empty())
    }

    /// The keeper does one thing.
    pub fn keep(&mut self) {
        let live = self.live.as_mut();
        if let Some((live, errand)) = live.and_then(|l| l.errands.pop_front().map(|e| (l, e))) {
            live.keeper.work(errand);
        }
    }

    /// While [`Stepped::space`] is short, about once a second: looks for more room.
    pub fn look_for_room(&mut self) {
        if let Some(live) = &mut self.live {
            live.tenure.look_for_room();
            live.look(&mut self.seen);
            live.hand_over(&mut self.seen);
        }
    }

    /// How much room the log has, as far as the owner knows.
    pub fn space(&self) -> Option<Space> {
        self.live.as_ref().map(|live| live.tenure.owner.space())
    }

    /// When something becomes due.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.live.as_ref()?.tenure.owner.next_due()
    }

    /// An attempt that is to be made now.
    pub fn attempt(&mut self) -> Option<Attempt> {
        self.attempts.try_recv().ok()
    }

    /// The shard, to look at.
    pub fn shard(&self) -> Option<&Shard> {
        self.live.as_ref().map(|live| live.tenure.owner.shard())
    }

    /// What receipt handles are made with.
    pub fn receipt_key(&self) -> Option<ReceiptKey> {
        self.shard()?.receipt_key()
    }

    /// A message's record, durable: as [`Broker::read`](crate::Broker::read) has it.
    ///
    /// # Errors
    /// If the log no longer has it or cannot read it.
    pub fn read(&self, location: Location) -> Result<Vec<u8>, ReadError> {
        let reader = self.setting.reader.read().unwrap_or_else(PoisonError::into_inner);
        let (position, length) = (Position(location.position), location.length as usize);
        reader.read_cached(position, length).unwrap_or_else(|| reader.read(position, length))
    }

    /// The same of a record that need not be durable yet, for the driver's own eyes.
    pub fn peek(&self, location: Location) -> Option<Vec<u8>> {
        let live = self.live.as_ref()?;
        let within = |start: u64, records: &[u8]| {
            let from = usize::try_from(location.position.checked_sub(start)?).ok()?;
            records.get(from..from + location.length as usize).map(<[u8]>::to_vec)
        };
        let gathered = live.tenure.owner.gathered();
        let in_job = || {
            live.jobs.iter().find_map(|job| match job {
                Job::Append { start, records, .. } => within(start.0, records),
                _ => None,
            })
        };
        within(gathered.start, &gathered.records)
            .or_else(in_job)
            .or_else(|| self.read(location).ok())
    }

    fn refuse_inputs(&self) {
        while let Ok(input) = self.inputs.try_recv() {
            if let Input::Call { reply, .. } = input {
                // Whoever called may have gone.
                let _ = reply.send(Err(Failure::Unavailable(Unavailable::Recovering)));
            }
        }
    }
}

impl Live {
    fn begin(setting: &Rc<Setting>, opened: Opened) -> Self {
        setting.show(&opened);
        let (tenure, hands) = Tenure::new(setting, opened);
        let Hands { writer, jobs, keeper, errands } = hands;
        Self {
            tenure,
            writer,
            keeper,
            job_list: jobs,
            errand_list: errands,
            jobs: VecDeque::new(),
            errands: VecDeque::new(),
            replies_seen: 0,
            effects_seen: 0,
        }
    }

    fn advance(&mut self, now: Timestamp, seen: &mut Vec<Seen>) {
        self.tenure.owner.advance(now);
        self.look(seen);
    }

    /// Looks what has gathered.
    fn look(&mut self, seen: &mut Vec<Seen>) {
        seen.extend(self.tenure.told.drain(..).map(Seen::Told));
        let gathered = self.tenure.owner.gathered();
        for (token, reply) in gathered.replies.iter().skip(self.replies_seen) {
            seen.push(Seen::Decided(*token, reply.clone()));
        }
        for effect in gathered.effects.iter().skip(self.effects_seen) {
            if let Effect::Deliver(attempt) = effect {
                seen.push(Seen::Begun(attempt.clone()));
            }
        }
        (self.replies_seen, self.effects_seen) = (gathered.replies.len(), gathered.effects.len());
    }

    fn hand_over(&mut self, seen: &mut Vec<Seen>) {
        let was_appending = self.tenure.owner.is_appending();
        let start = self.tenure.owner.gathered().start;
        self.tenure.hand_over();
        self.collect();
        if self.tenure.owner.is_appending() && !was_appending {
            seen.push(Seen::HandedOver);
        } else if !was_appending && start == self.tenure.owner.gathered().start {
            seen.push(Seen::Settled);
        }
        let gathered = self.tenure.owner.gathered();
        (self.replies_seen, self.effects_seen) = (gathered.replies.len(), gathered.effects.len());
    }

    fn collect(&mut self) {
        self.jobs.extend(self.job_list.try_iter());
        self.errands.extend(self.errand_list.try_iter());
    }
}

/// A log and its snapshots on a disk, as a data folder has them.
struct OnDisk(SteppedOptions);

impl Storage for OnDisk {
    fn open(&self, secret: [u8; 16]) -> Result<Opened, OpenError> {
        let SteppedOptions { disk, segments, snapshots, shard, key, entropy, .. } = &self.0;
        let first = segments.layout.first();
        let sealing = key.map(|key| Sealing::new(RootKey::new(key), first, entropy.clone()));
        let kept = FolderSnapshots::open_on(Arc::clone(disk), *snapshots)?;
        let mut snapshots: Box<dyn Snapshots> = Box::new(kept);
        if let Some(sealing) = &sealing {
            snapshots = sealing.snapshots(snapshots);
        }
        let latest = snapshots.latest()?;
        let replay_from = latest.snapshot.as_ref().map(|snapshot| snapshot.covers);
        let options = SegmentOptions { replay_from, ..*segments };
        let (log, recovered) = SegmentLog::open_on(Arc::clone(disk), options)?;
        if latest.snapshot.is_none() && recovered.oldest > first {
            return Err(OpenError::NoSnapshot { oldest: recovered.oldest });
        }
        let mut log: Box<dyn Log> = Box::new(log);
        if let Some(sealing) = &sealing {
            log = sealing.log(log);
        }
        let shard = build(*shard, &*log, latest.snapshot, secret)?;
        let report = OpenReport {
            oldest: recovered.oldest,
            log: Some(recovered),
            snapshot: replay_from,
            damaged_snapshots: latest.damaged,
            took: Duration::ZERO,
        };
        Ok(Opened { shard, log, snapshots, report })
    }
}
