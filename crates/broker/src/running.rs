//! The owner's thread: takes from the inbox, lets the owner decide, has the writer append.

use std::collections::{HashMap, VecDeque};
use std::panic::{self, AssertUnwindSafe};
use std::rc::Rc;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use tidings_core::command::{Command, Effect, Reply, Token};
use tidings_core::delivery::Attempt;
use tidings_core::message::Location;
use tidings_core::rejection::Rejection;
use tidings_log::{Position, Reader, Space};
use tidings_mutants::mutant;
use tokio::sync::mpsc::UnboundedSender;
use tokio::sync::oneshot;
use tracing::{error, info, warn};

use crate::clock::Clock;
use crate::entropy::Entropy;
use crate::failure::{Failure, Unavailable};
use crate::inbox::{Answer, Inbox, Input};
use crate::keeper::{Errand, Keeper, Opener};
use crate::owner::Owner;
use crate::store::{Opened, Storage};
use crate::upkeep::{Pace, Upkeep};
use crate::view::View;
use crate::writer::{self, Held, Job, Writer};

/// How long to wait before the log is opened again after it failed.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// How often to look for room while there is little.
const LOOK_FOR_ROOM_EVERY: Duration = Duration::from_secs(1);
/// Inputs taken in one go before a batch is handed over.
const INPUTS_AT_ONCE: usize = 1024;
/// The token of commands whose reply nobody waits for.
const NOBODY: Token = Token(0);

/// What outlives a failure of the log.
pub(crate) struct Setting {
    pub(crate) pace: Pace,
    pub(crate) storage: Box<dyn Storage>,
    /// What a shard that is new makes its receipt handles with.
    pub(crate) secret: [u8; 16],
    pub(crate) clock: Clock,
    pub(crate) entropy: Entropy,
    pub(crate) inbox: Inbox,
    /// Where attempts to deliver go.
    pub(crate) deliveries: UnboundedSender<Attempt>,
    /// The reader of the log that is open, for everyone.
    pub(crate) reader: Arc<RwLock<Arc<dyn Reader>>>,
    /// What holds, for everyone.
    pub(crate) view: Arc<View>,
    /// Who opens sealed contents, once somebody does.
    pub(crate) opener: Arc<OnceLock<Opener>>,
}

impl Setting {
    /// Lets everyone see the log and the shard that are to be lived on from now on.
    pub(crate) fn show(&self, opened: &Opened) {
        let reader = opened.log.reader();
        *self.reader.write().unwrap_or_else(PoisonError::into_inner) = reader;
        self.view.reset(opened.shard.terms());
    }
}

/// Owns the shard until the broker is closed; through failures of the log too. Returns whom to tell
/// that it is done.
pub(crate) fn run(
    setting: &Rc<Setting>,
    opened: Opened,
    inputs: &Receiver<Input>,
) -> oneshot::Sender<()> {
    let (mut opened, mut asked) = (opened, VecDeque::new());
    loop {
        setting.show(&opened);
        // A fault of ours in deciding ends a tenure like a failure of the log: memory is dropped, and
        // the log says what happened.
        let tenure = AssertUnwindSafe(|| Tenure::live(setting, opened, asked, inputs));
        match panic::catch_unwind(tenure) {
            Ok(Some(closed)) => return closed,
            Ok(None) => {}
            Err(_) => error!("the owner of the shard failed; its state is built anew from the log"),
        }
        match recover(setting, inputs) {
            Ok(again) => (opened, asked) = again,
            Err(closed) => return closed,
        }
    }
}

/// Opens the log again, as often as it takes. Meanwhile nothing is taken.
fn recover(
    setting: &Setting,
    inputs: &Receiver<Input>,
) -> Result<(Opened, VecDeque<Input>), oneshot::Sender<()>> {
    loop {
        match setting.storage.open(setting.secret) {
            Ok(opened) => {
                info!(took_ms = opened.report.took.as_millis(), "the log is open again");
                return Ok((opened, asked(inputs)?));
            }
            Err(failed) => error!("cannot open the log again yet: {failed}"),
        }
        let until = Instant::now() + RETRY_AFTER;
        while let Some(left) = until.checked_duration_since(Instant::now()) {
            match inputs.recv_timeout(left) {
                Ok(Input::Call { reply, .. }) => refuse(reply, Unavailable::Recovering),
                Ok(Input::Close(closed)) => return Err(closed),
                Ok(_) | Err(_) => {}
            }
        }
    }
}

/// What callers asked in the meantime. What writer and keeper said was to the owner that they had.
fn asked(inputs: &Receiver<Input>) -> Result<VecDeque<Input>, oneshot::Sender<()>> {
    let mut asked = VecDeque::new();
    for input in inputs.try_iter() {
        match input {
            Input::Call { .. } | Input::Tell(_) => asked.push_back(input),
            Input::Close(closed) => return Err(closed),
            _ => {}
        }
    }
    Ok(asked)
}

/// One tenure of the owner: from a log that was opened to its failure, or to the end.
pub(crate) struct Tenure {
    setting: Rc<Setting>,
    pub(crate) owner: Owner,
    upkeep: Upkeep,
    callers: HashMap<Token, oneshot::Sender<Answer>>,
    /// Commands that wait for room in the batch. Their callers' places bound them.
    backlog: VecDeque<Input>,
    /// The ways to writer and keeper. They are hung up before the keeper's thread is waited for.
    jobs: Sender<Job>,
    errands: Sender<Errand>,
    keeper: Thread,
    /// Steps of move tasks and replays that wait for room on the disk.
    put_off: Vec<Command>,
    /// Where that begins which the keeper has still to read, errand by errand.
    reading: VecDeque<u64>,
    /// What is to be done once the batch that is being appended is durable.
    then: Then,
    looked_for_room_at: Instant,
    closing: Option<oneshot::Sender<()>>,
    /// Commands without an answer that were decided, for whoever watches.
    #[cfg(feature = "testing")]
    pub(crate) told: Vec<Command>,
}

/// A thread that stops when it is hung up on. It is waited for: nobody may open the folder again
/// while a snapshot is still written.
#[derive(Default)]
struct Thread(Option<JoinHandle<()>>);

/// Those who work for the owner, and what they are given to do.
pub(crate) struct Hands {
    pub(crate) writer: Writer,
    pub(crate) jobs: Receiver<Job>,
    pub(crate) keeper: Keeper,
    pub(crate) errands: Receiver<Errand>,
}

impl Drop for Thread {
    fn drop(&mut self) {
        if self.0.take().is_some_and(|thread| thread.join().is_err()) {
            error!("a thread of the broker failed");
        }
    }
}

/// What rests on the batch that is being appended, beside its replies and effects.
#[derive(Default)]
struct Then {
    /// A snapshot of the state with the batch in it, and what it covers.
    save: Option<(Position, Vec<u8>)>,
    /// What may be given up when the batch is durable: not before, for it may hold the records that
    /// make it so.
    trim: Option<Position>,
}

/// Whether to go on.
pub(crate) enum Next {
    Go,
    Failed(Unavailable),
}

impl Tenure {
    /// Works on this thread, with another one for the keeper, until the end, which somebody waits
    /// for, or until the log fails.
    fn live(
        setting: &Rc<Setting>,
        opened: Opened,
        asked: VecDeque<Input>,
        inputs: &Receiver<Input>,
    ) -> Option<oneshot::Sender<()>> {
        let (mut tenure, hands) = Self::new(setting, opened);
        tenure.backlog = asked;
        let Hands { writer, jobs, keeper, errands } = hands;
        tenure.keeper = Thread(Some(spawn("tidings-keeper", move || keeper.run(&errands))));
        tenure.run(inputs, writer, &jobs)
    }

    pub(crate) fn new(setting: &Rc<Setting>, opened: Opened) -> (Self, Hands) {
        let Opened { shard, mut log, snapshots, report } = opened;
        let layout = log.layout();
        let owner = Owner::new(shard, layout, log.space());
        let floor = snapshots.replay_floor();
        let upkeep = Upkeep::new(layout, setting.pace, report.oldest, floor);
        let (jobs, job_list) = mpsc::channel();
        let (errands, errand_list) = mpsc::channel();
        let keeper = Keeper {
            snapshots,
            reader: log.reader(),
            entropy: setting.entropy.clone(),
            opener: Arc::clone(&setting.opener),
            inbox: setting.inbox.clone(),
        };
        let (view, inbox) = (Arc::clone(&setting.view), setting.inbox.clone());
        let writer = Writer { log, view, inbox };
        let hands = Hands { writer, jobs: job_list, keeper, errands: errand_list };
        let tenure = Self {
            setting: Rc::clone(setting),
            owner,
            upkeep,
            callers: HashMap::new(),
            backlog: VecDeque::new(),
            jobs,
            errands,
            keeper: Thread::default(),
            put_off: Vec::new(),
            reading: VecDeque::new(),
            then: Then::default(),
            looked_for_room_at: Instant::now(),
            closing: None,
            #[cfg(feature = "testing")]
            told: Vec::new(),
        };
        (tenure, hands)
    }

    fn run(
        mut self,
        inputs: &Receiver<Input>,
        mut writer: Writer,
        jobs: &Receiver<Job>,
    ) -> Option<oneshot::Sender<()>> {
        let failed = loop {
            self.owner.advance(self.setting.clock.now());
            self.look_for_room_in_time();
            self.hand_over();
            // What comes in while this waits for the disk makes the next batch.
            jobs.try_iter().for_each(|job| writer.work(job));
            if self.closing.is_some() && self.is_finished() {
                break None;
            }
            if let Next::Failed(why) = self.take_inputs(inputs) {
                break Some(why);
            }
        };
        let closing = self.closing.take();
        self.end(failed);
        closing
    }

    /// Takes what had to wait and what is there; waits for an input or for what is due if there is
    /// nothing.
    fn take_inputs(&mut self, inputs: &Receiver<Input>) -> Next {
        let mut taken = 0;
        while taken < INPUTS_AT_ONCE && self.take_from_backlog() {
            taken += 1;
        }
        if taken == 0 {
            match self.wait(inputs) {
                Some(input) => {
                    if let Next::Failed(why) = self.take(input) {
                        return Next::Failed(why);
                    }
                }
                None => return Next::Go,
            }
        }
        for _ in taken..INPUTS_AT_ONCE {
            let Ok(input) = inputs.try_recv() else { break };
            if let Next::Failed(why) = self.take(input) {
                return Next::Failed(why);
            }
        }
        Next::Go
    }

    /// Decides the first of those that had to wait for room in the batch, if there is one and room.
    pub(crate) fn take_from_backlog(&mut self) -> bool {
        let input = if self.owner.has_room() { self.backlog.pop_front() } else { None };
        input.map(|input| self.decide_input(input)).is_some()
    }

    fn wait(&mut self, inputs: &Receiver<Input>) -> Option<Input> {
        let due = self.owner.next_due().filter(|_| !self.setting.clock.is_manual());
        let mut left = due.map(|at| Duration::from_millis(at - self.setting.clock.now()));
        if self.owner.space() != Space::Ample {
            left = Some(left.map_or(LOOK_FOR_ROOM_EVERY, |left| left.min(LOOK_FOR_ROOM_EVERY)));
        }
        match left {
            Some(left) => inputs.recv_timeout(left).ok(),
            None => inputs.recv().ok(),
        }
    }

    pub(crate) fn take(&mut self, input: Input) -> Next {
        match input {
            Input::Call { .. } | Input::Tell(_) => {
                if self.owner.has_room() && self.backlog.is_empty() {
                    self.decide_input(input);
                } else {
                    self.backlog.push_back(input);
                }
            }
            Input::Read(command) => {
                self.reading.pop_front();
                return self.take(Input::Tell(command));
            }
            Input::Appended { effects, outcome } => match outcome {
                Ok(space) => self.appended(effects, space),
                Err(_) if mutant!(KeepMemoryAfterFailure) => self.owner.appended(),
                Err(why) => return Next::Failed(why),
            },
            Input::Space(space) => self.set_space(space),
            Input::SnapshotSaved { floor, is_saved } => self.snapshot_saved(floor, is_saved),
            Input::Tick => {}
            Input::Close(closed) => self.close(closed),
        }
        Next::Go
    }

    fn decide_input(&mut self, input: Input) {
        match input {
            Input::Call { token, command, reply, place } => {
                self.decide(token, command, Some(reply));
                drop(place);
            }
            Input::Tell(command) => self.decide(NOBODY, command, None),
            _ => unreachable!("only commands are decided"),
        }
    }

    fn decide(&mut self, token: Token, command: Command, reply: Option<oneshot::Sender<Answer>>) {
        if self.closing.is_some()
            && let Some(reply) = reply
        {
            return refuse(reply, Unavailable::Closing);
        }
        let gone = match &command {
            Command::AbandonReceive { receive } => Some(*receive),
            _ => None,
        };
        #[cfg(feature = "testing")]
        let told = reply.is_none().then(|| command.clone());
        let now = self.setting.clock.now();
        let refused = self.owner.take(token, command, now);
        #[cfg(feature = "testing")]
        self.told.extend(told.filter(|_| refused.is_none()));
        if let Some(gone) = gone {
            self.callers.remove(&gone);
        }
        match (refused, reply) {
            (None, Some(reply)) => {
                self.callers.insert(token, reply);
            }
            (Some(_), Some(reply)) => refuse(reply, Unavailable::Full),
            (Some(command), None) => self.put_off(command),
            (None, None) => {}
        }
    }

    /// A step of a move task or of a replay that finds no room on the disk comes again when there is
    /// some. What else nobody waits for can be left out.
    fn put_off(&mut self, command: Command) {
        if matches!(command, Command::MoveMessages { .. } | Command::ReplayMessages { .. }) {
            self.put_off.push(command);
        }
    }

    fn set_space(&mut self, space: Space) {
        let before = self.owner.space();
        self.owner.set_space(space);
        match (before == Space::Ample, space == Space::Ample) {
            (true, false) => warn!("the disk is full: sends are refused until there is room"),
            (false, true) => info!("there is room on the disk again"),
            _ => {}
        }
        if space == Space::Ample {
            self.backlog.extend(self.put_off.drain(..).map(Input::Tell));
        }
    }

    fn appended(&mut self, effects: Vec<Effect>, space: Space) {
        self.owner.appended();
        self.set_space(space);
        self.carry_out(effects);
        let then = std::mem::take(&mut self.then);
        self.follow_up(then);
        if self.upkeep.is_snapshot_due(self.owner.bytes_since_snapshot()) {
            self.owner.want_snapshot();
        }
    }

    /// Gives the next batch to the writer, or what waits for no batch to those who wait.
    pub(crate) fn hand_over(&mut self) {
        while let Some(append) = self.owner.next_append() {
            let replies = self.with_callers(append.replies);
            let to_read = append.effects.iter().filter_map(first_position);
            let first_read = to_read.chain(self.reading.iter().copied()).min();
            let then = Then {
                save: append.snapshot.map(|snapshot| (append.next, snapshot)),
                trim: self.upkeep.trim(self.owner.shard().first_live(), first_read),
            };
            let Some(records) = append.records else {
                writer::give(replies, None, &self.setting.inbox);
                self.carry_out(append.effects);
                self.follow_up(then);
                continue;
            };
            self.then = then;
            if mutant!(SnapshotAhead)
                && let Some((covers, snapshot)) = self.then.save.take()
            {
                self.save(covers, snapshot);
            }
            let (start, changes, mut effects) = (append.start, append.changes, append.effects);
            if mutant!(EffectsBeforeSync) {
                self.carry_out(std::mem::take(&mut effects));
            }
            self.send_job(Job::Append { start, records, changes, replies, effects });
        }
    }

    /// Has effects done, which takes the keeper's time, but for deliveries: those do not wait for it.
    fn carry_out(&mut self, effects: Vec<Effect>) {
        for effect in effects {
            match effect {
                // Without couriers, an attempt is made again and again until there are some.
                Effect::Deliver(attempt) => drop(self.setting.deliveries.send(attempt)),
                effect => {
                    self.reading.push_back(first_position(&effect).unwrap_or(u64::MAX));
                    self.send_errand(Errand::Do(effect));
                }
            }
        }
    }

    /// The replies beside those who wait for them. What was handed out to a caller who has gone goes
    /// back to its queue.
    fn with_callers(&mut self, replies: Vec<(Token, Result<Reply, Rejection>)>) -> Vec<Held> {
        let mut held = Vec::with_capacity(replies.len());
        for (token, reply) in replies {
            match self.callers.remove(&token) {
                Some(caller) => held.push((caller, reply)),
                None => {
                    if let Ok(untaken) = reply
                        && !mutant!(KeepForTheGone)
                    {
                        writer::give_back(&untaken, &self.setting.inbox);
                    }
                }
            }
        }
        held
    }

    /// Does what waited for a batch that is durable now.
    fn follow_up(&mut self, then: Then) {
        if let Some((covers, snapshot)) = then.save {
            self.save(covers, snapshot);
        }
        if let Some(before) = then.trim {
            self.send_job(Job::Trim { before });
        }
    }

    fn save(&mut self, covers: Position, snapshot: Vec<u8>) {
        self.upkeep.snapshot_bytes = snapshot.len() as u64;
        self.upkeep.is_saving = true;
        self.send_errand(Errand::Save { covers, snapshot });
    }

    fn snapshot_saved(&mut self, floor: Option<Position>, is_saved: bool) {
        self.upkeep.is_saving = false;
        self.upkeep.floor = floor;
        if !is_saved {
            return;
        }
        let next = self.owner.log_end();
        let live_bytes = self.owner.shard().live_bytes();
        if let Some(before) = self.upkeep.reclaim(next, live_bytes)
            && self.owner.space() == Space::Ample
        {
            self.decide(NOBODY, Command::Reclaim { before }, None);
        }
    }

    /// While there is little room, now and then: looks for more.
    fn look_for_room_in_time(&mut self) {
        let now = Instant::now();
        if self.owner.space() != Space::Ample
            && now - self.looked_for_room_at >= LOOK_FOR_ROOM_EVERY
        {
            self.looked_for_room_at = now;
            self.look_for_room();
        }
    }

    /// Looks whether there is more room, and does what may free some. A snapshot does if nothing is
    /// needed of the log's front; otherwise the little that is needed there is written again.
    pub(crate) fn look_for_room(&mut self) {
        self.send_job(Job::Space);
        if self.upkeep.is_saving {
            return;
        }
        let (next, shard) = (self.owner.log_end(), self.owner.shard());
        if self.upkeep.may_free(next, shard.first_live()) {
            self.owner.want_snapshot();
            self.hand_over();
        } else if let Some(before) =
            self.upkeep.reclaim_little(next, |before| shard.live_bytes_before(before))
        {
            self.decide(NOBODY, Command::Reclaim { before }, None);
        }
    }

    fn close(&mut self, closed: oneshot::Sender<()>) {
        self.closing = Some(closed);
        self.owner.end_all_waits();
        self.owner.want_snapshot();
    }

    fn is_finished(&self) -> bool {
        self.owner.is_idle() && self.backlog.is_empty() && !self.upkeep.is_saving
    }

    /// Stops the keeper, after what it was asked to do, and tells those who still wait.
    pub(crate) fn end(self, failed: Option<Unavailable>) {
        drop((self.jobs, self.errands));
        drop(self.keeper);
        // What has not been handed to the writer has not happened.
        let why = if failed.is_some() { Unavailable::Recovering } else { Unavailable::Closing };
        self.callers.into_values().for_each(|caller| refuse(caller, why));
        for input in self.backlog {
            if let Input::Call { reply, .. } = input {
                refuse(reply, why);
            }
        }
    }

    // The writer works on this thread and the keeper stops only when it is hung up on, so that there is
    // always someone to take these.
    fn send_job(&self, job: Job) {
        let _ = self.jobs.send(job);
    }

    fn send_errand(&self, errand: Errand) {
        let _ = self.errands.send(errand);
    }
}

/// Where that begins which the keeper is to read for an effect.
fn first_position(effect: &Effect) -> Option<u64> {
    let first = |positions: &mut dyn Iterator<Item = Location>| positions.map(|l| l.position).min();
    match effect {
        Effect::CopyForMoveTask { messages, .. } | Effect::CopyForReplay { messages, .. } => {
            first(&mut messages.iter().map(|(_, location)| *location))
        }
        Effect::Relocate { messages } => first(&mut messages.iter().map(|one| one.location)),
        Effect::RelocatePublications { publications } => {
            first(&mut publications.iter().map(|(_, location)| *location))
        }
        Effect::Deliver(_) => None,
    }
}

fn refuse(caller: oneshot::Sender<Answer>, why: Unavailable) {
    // Whoever called may have gone.
    let _ = caller.send(Err(Failure::Unavailable(why)));
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    let spawned = thread::Builder::new().name(name.into()).spawn(work);
    spawned.expect("a process that cannot start two threads cannot serve")
}
