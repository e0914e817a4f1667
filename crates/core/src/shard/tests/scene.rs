//! A shard with a log and a clock that is moved by hand.

use std::collections::BTreeMap;

use super::super::{Settings, Shard};
use super::picture;
use crate::codec::Damaged;
use crate::command::{Command, Effect, Reply, Token};
use crate::message::Location;
use crate::rejection::Rejection;
use crate::time::Timestamp;

pub(super) use super::calls::*;

/// Second 0 of every scene.
pub(super) const START: Timestamp = Timestamp::from_ms(1_700_000_000_000);
/// Small, so that a scene's records lie in many.
pub(super) const SEGMENT_BYTES: u64 = 1024;
const SECRET: [u8; 16] = [7; 16];

/// How a scenario is played.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Way {
    /// One shard from beginning to end, advanced whenever something is due.
    Straight,
    /// As straight, but advanced only when time has passed as far as the scenario wants.
    Late,
    /// A restart from the log after every command that leaves nobody waiting.
    Replayed,
    /// Likewise, from an earlier snapshot and the log behind it.
    Restored,
}

/// A position behind all that the tests write.
pub(super) const COVERED: u64 = 1 << 30;

/// A shard from a snapshot, taken anywhere.
pub(super) fn restore(snapshot: &[u8]) -> Result<Shard, Damaged> {
    Shard::restore(Settings::default(), SEGMENT_BYTES, COVERED, snapshot)
}

/// Plays a scenario in every way, each twice: the same commands give the same bytes.
pub(super) fn in_every_way(scenario: impl Fn(&mut Scene)) {
    for way in [Way::Straight, Way::Late, Way::Replayed, Way::Restored] {
        play(way, Settings::default(), &scenario);
    }
}

/// Plays a scenario in which the order of a standard queue matters, which restarts do not keep.
pub(super) fn without_restarts(scenario: impl Fn(&mut Scene)) {
    play(Way::Straight, Settings::default(), &scenario);
}

/// Plays a scenario in one way, twice.
pub(super) fn play(way: Way, settings: Settings, scenario: &impl Fn(&mut Scene)) {
    let logs = [0, 1].map(|_| {
        let mut scene = Scene::new(way, settings);
        scenario(&mut scene);
        scene.log
    });
    assert_eq!(logs[0], logs[1], "the same commands must give the same bytes");
}

/// A shard, and everything around it.
pub(super) struct Scene {
    way: Way,
    settings: Settings,
    pub(super) shard: Shard,
    pub(super) now: Timestamp,
    /// Payloads of the log by position.
    log: BTreeMap<u64, Vec<u8>>,
    /// Snapshots by the position that they cover the log up to.
    snapshots: Vec<(u64, Vec<u8>)>,
    /// The snapshot that stands for what was trimmed.
    trimmed: Option<(u64, Vec<u8>)>,
    answers: BTreeMap<Token, Result<Reply, Rejection>>,
    pub(super) effects: Vec<Effect>,
    /// Whether the shard is compared with others after every command.
    is_checked: bool,
    last: u64,
}

impl Scene {
    pub(super) fn new(way: Way, settings: Settings) -> Self {
        let mut scene = Self {
            way,
            settings,
            shard: Shard::new(settings, SEGMENT_BYTES),
            now: START,
            log: BTreeMap::new(),
            snapshots: Vec::new(),
            trimmed: None,
            answers: BTreeMap::new(),
            effects: Vec::new(),
            is_checked: true,
            last: 0,
        };
        scene.shard.resume(0, SECRET);
        scene.settle();
        scene
    }

    /// A scene for many messages or for clocks that jump: the shard is not compared with others
    /// after every command.
    pub(super) fn unchecked() -> Self {
        let mut scene = Self::new(Way::Straight, Settings::default());
        scene.is_checked = false;
        scene
    }

    /// Moves the clock to so many seconds after the scene's start.
    pub(super) fn at(&mut self, seconds: u64) {
        self.at_ms(seconds * 1000);
    }

    /// Moves the clock to so many milliseconds after the scene's start.
    pub(super) fn at_ms(&mut self, ms: u64) {
        let target = START + ms;
        assert!(target >= self.now, "scenes do not go back in time");
        while let Some(due) = self.shard.next_due().filter(|due| *due <= target) {
            self.now = if self.way == Way::Late { target } else { due.max(self.now) };
            self.shard.advance(self.now);
            self.settle();
        }
        self.now = target;
        self.settle();
    }

    /// Sets the clock to any time, and does nothing else. Of an unchecked scene only: time that
    /// goes by twice is remembered by those shards only that lived through it.
    pub(super) fn set_clock(&mut self, now: Timestamp) {
        assert!(!self.is_checked);
        self.now = now;
    }

    /// A number that was not used before.
    pub(super) fn next_number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// Hands a command in and takes what comes out.
    pub(super) fn hand_in(&mut self, command: Command) -> Token {
        let token = Token(self.next_number());
        self.shard.decide(token, command, self.now);
        self.settle();
        while self.shard.next_due().is_some_and(|due| due <= self.now) {
            self.shard.advance(self.now);
            self.settle();
        }
        token
    }

    /// Hands a command in that is answered at once.
    pub(super) fn run(&mut self, command: Command) -> Result<Reply, Rejection> {
        let token = self.hand_in(command);
        self.answer(token).expect("a command that is answered at once")
    }

    /// Takes the answer to an earlier command, if it has come.
    pub(super) fn answer(&mut self, token: Token) -> Option<Result<Reply, Rejection>> {
        self.answers.remove(&token)
    }

    fn settle(&mut self) {
        let batch = self.shard.take_batch(next_start);
        if !batch.records.is_empty() {
            self.log.insert(batch.start, batch.records);
        }
        self.answers.extend(batch.replies);
        self.effects.extend(batch.effects);
        if !self.is_checked || self.shard.next_due().is_some_and(|due| due <= self.now) {
            return;
        }
        self.check();
        let is_quiet = self.shard.waiting.is_empty()
            && !self.shard.is_reclaiming()
            && picture::tasks(&self.shard)
                .iter()
                .all(|(_, tasks)| tasks.iter().all(|task| !task.is_running()))
            && self.shard.subscriptions.values().all(|s| s.replay.is_none_or(|r| r.end.is_some()));
        if !is_quiet {
            return;
        }
        match self.way {
            Way::Straight | Way::Late => {}
            Way::Replayed => self.shard = self.replayed(),
            Way::Restored => self.shard = self.restored(),
        }
        self.shard.advance(self.now);
    }

    /// A replay of everything, and one from a snapshot, must see what the shard sees.
    fn check(&mut self) {
        let expected = (picture::tasks(&self.shard), picture::picture(&mut self.shard));
        for (how, mut other) in [("replayed", self.replayed()), ("restored", self.restored())] {
            let tasks = picture::tasks(&other);
            // Which attempts are under way is not saved.
            other.outboxes.clone_from(&self.shard.outboxes);
            other.advance(self.now);
            let seen = (tasks, picture::picture(&mut other));
            assert_eq!(seen, expected, "{how}");
            picture::check_reach(other);
        }
        self.keep_snapshot();
    }

    /// Takes a snapshot now and then, and keeps three.
    fn keep_snapshot(&mut self) {
        let end = self.shard.next_position();
        if self.snapshots.last().is_none_or(|(at, _)| *at < end) {
            if self.snapshots.len() == 3 {
                self.snapshots.remove(usize::from(end % 5 < 2));
            }
            self.snapshots.push((end, self.shard.snapshot()));
        }
    }

    /// A shard built from all of the log.
    fn replayed(&self) -> Shard {
        match &self.trimmed {
            None => self.rebuilt(Shard::new(self.settings, SEGMENT_BYTES), 0),
            Some(snapshot) => self.built_on(snapshot),
        }
    }

    /// A shard built from the oldest snapshot kept and the log behind it.
    fn restored(&self) -> Shard {
        match self.snapshots.first() {
            None => self.replayed(),
            Some(snapshot) => self.built_on(snapshot),
        }
    }

    fn built_on(&self, (from, snapshot): &(u64, Vec<u8>)) -> Shard {
        let shard = Shard::restore(self.settings, SEGMENT_BYTES, *from, snapshot).unwrap();
        self.rebuilt(shard, *from)
    }

    fn rebuilt(&self, mut shard: Shard, from: u64) -> Shard {
        for (start, payload) in self.log.range(from..) {
            shard.replay(*start, payload).unwrap();
        }
        shard.resume(self.shard.next_position(), [0; 16]);
        shard
    }

    /// Builds the shard again as after a crash, whoever waits.
    pub(super) fn restart(&mut self) {
        self.shard = self.restored();
        self.shard.advance(self.now);
        self.settle();
    }

    /// The bytes of a message's record.
    pub(super) fn read(&self, location: Location) -> Vec<u8> {
        let (start, payload) = self.log.range(..=location.position).next_back().unwrap();
        let from = usize::try_from(location.position - start).unwrap();
        payload[from..from + location.length as usize].to_vec()
    }

    /// Bytes of the log.
    pub(super) fn log_bytes(&self) -> usize {
        self.log.values().map(Vec::len).sum()
    }

    /// Gives up the front of the log, as far as nothing points there any more.
    pub(super) fn trim(&mut self) {
        let end = self.shard.next_position();
        self.snapshots.clear();
        self.trimmed = Some((end, self.shard.snapshot()));
        let first = self.shard.first_live().unwrap_or(end);
        self.log.retain(|start, payload| start + payload.len() as u64 > first);
    }
}

/// Where the next batch starts: behind a header, at a multiple of 8, perhaps in the next segment.
fn next_start(start: u64, length: u64) -> u64 {
    let behind = (start + length).next_multiple_of(8) + 48;
    if behind % SEGMENT_BYTES > SEGMENT_BYTES / 2 {
        behind.next_multiple_of(SEGMENT_BYTES)
    } else {
        behind
    }
}
