//! All lanes of one queue.

use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering::Relaxed};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::Serialize;
use tokio::time::Instant;

use super::lane::{Lane, Receipt};
use crate::stamp::Stamp;

/// What was sent to a queue, or to a topic, and what came out. Shared by all connections.
#[derive(Debug)]
pub struct Ledger {
    run: u32,
    /// What stamps count from.
    begun_at: Instant,
    lanes: Vec<Mutex<Lane>>,
    share: Option<Share>,
    /// Acknowledged and not received. An answer may come after the message.
    outstanding: AtomicI64,
    acknowledged: AtomicU64,
    received: AtomicU64,
    duplicated: AtomicU64,
    out_of_order: AtomicU64,
    stray: AtomicU64,
    /// When something came last, in microseconds.
    last_us: AtomicU64,
    /// A receive failed, so messages may be in flight that nobody has.
    has_gap: AtomicBool,
}

/// Of a topic's messages, those that one of several queues is to get.
#[derive(Copy, Clone, Debug)]
struct Share {
    queue: u64,
    of: u64,
}

impl Share {
    fn has(self, lane: u64, sequence: u64) -> bool {
        addressee(lane, sequence, self.of) == self.queue
    }
}

/// Which of so many queues a message is for, where each is for one.
pub(crate) fn addressee(lane: u64, sequence: u64, of: u64) -> u64 {
    (lane + sequence) % of.max(1)
}

/// What an account comes to.
#[derive(Copy, Clone, PartialEq, Eq, Default, Debug, Serialize)]
pub struct Counts {
    /// Messages whose send was answered with success, for each queue that is to get them.
    pub acknowledged: u64,
    /// Messages that were received, each once.
    pub received: u64,
    /// Acknowledged and never received.
    pub lost: u64,
    /// Received more than once: every time after the first.
    pub duplicated: u64,
    /// Received after one that was sent later in the same lane.
    pub out_of_order: u64,
    /// Received, but not of this run, or not for this queue.
    pub stray: u64,
}

impl std::ops::AddAssign for Counts {
    fn add_assign(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.received += other.received;
        self.lost += other.lost;
        self.duplicated += other.duplicated;
        self.out_of_order += other.out_of_order;
        self.stray += other.stray;
    }
}

impl Ledger {
    /// Of a run with so many lanes that begins now. Runs are told apart by their numbers.
    pub fn new(run: u32, lanes: usize) -> Self {
        Self::of(run, Instant::now(), (0..lanes).map(|_| Lane::default()))
    }

    fn of(run: u32, begun_at: Instant, lanes: impl Iterator<Item = Lane>) -> Self {
        Self {
            run,
            begun_at,
            lanes: lanes.map(Mutex::new).collect(),
            share: None,
            outstanding: AtomicI64::new(0),
            acknowledged: AtomicU64::new(0),
            received: AtomicU64::new(0),
            duplicated: AtomicU64::new(0),
            out_of_order: AtomicU64::new(0),
            stray: AtomicU64::new(0),
            last_us: AtomicU64::new(0),
            has_gap: AtomicBool::new(false),
        }
    }

    /// The account of one queue of a topic. What was sent to the topic is expected of it: all, or
    /// with `of` queues those that are for the one with this number.
    pub(crate) fn of_queue(&self, queue: u64, of: Option<u64>) -> Self {
        let share = of.map(|of| Share { queue, of });
        let lanes = (0..self.lanes.len()).map(|index| {
            let is_wanted = |number| share.is_none_or(|share| share.has(index as u64, number));
            self.lane(index).map(|lane| lane.expecting(is_wanted)).unwrap_or_default()
        });
        let ledger = Self { share, ..Self::of(self.run, self.begun_at, lanes) };
        let missing = ledger.missing();
        ledger.acknowledged.store(missing, Relaxed);
        ledger.outstanding.store(missing.try_into().unwrap_or(i64::MAX), Relaxed);
        ledger.touch();
        ledger
    }

    /// How many lanes there are.
    pub(crate) fn lanes(&self) -> usize {
        self.lanes.len()
    }

    /// The stamp of the next message of a lane, which is due at this time.
    pub(crate) fn issue(&self, lane: usize, due_at: Instant) -> Stamp {
        let sequence = self.lane(lane).map_or(0, |mut lane| lane.issue());
        let lane = u32::try_from(lane).unwrap_or(u32::MAX);
        Stamp { run: self.run, lane, sequence, due_us: self.us(due_at) }
    }

    /// A send was answered with success.
    pub(crate) fn acknowledge(&self, stamp: &Stamp) {
        self.acknowledged.fetch_add(1, Relaxed);
        // The lane is held meanwhile, so that its message cannot come in between.
        if let Some(mut lane) = self.lane(stamp.lane as usize)
            && lane.acknowledge(stamp.sequence)
        {
            self.outstanding.fetch_add(1, Relaxed);
        }
    }

    /// A message was received: how long it took since it was due, if it is one of ours.
    pub(crate) fn receive(&self, body: &[u8], now: Instant) -> Option<Transit> {
        self.last_us.fetch_max(self.us(now), Relaxed);
        let stamp = Stamp::find(body).filter(|stamp| stamp.run == self.run && self.is_for(stamp));
        let Some((stamp, mut lane)) = stamp.and_then(|s| Some((s, self.lane(s.lane as usize)?)))
        else {
            self.stray.fetch_add(1, Relaxed);
            return None;
        };
        match lane.receive(stamp.sequence) {
            Receipt::First { was_acknowledged, is_in_order } => {
                self.received.fetch_add(1, Relaxed);
                self.outstanding.fetch_sub(was_acknowledged.into(), Relaxed);
                self.out_of_order.fetch_add((!is_in_order).into(), Relaxed);
            }
            Receipt::Again => {
                self.duplicated.fetch_add(1, Relaxed);
            }
            Receipt::Unknown => {
                self.stray.fetch_add(1, Relaxed);
                return None;
            }
        }
        let due_at = self.begun_at + Duration::from_micros(stamp.due_us);
        Some(Transit { due_at, took: now.saturating_duration_since(due_at) })
    }

    fn is_for(&self, stamp: &Stamp) -> bool {
        self.share.is_none_or(|share| share.has(stamp.lane.into(), stamp.sequence))
    }

    /// A receive failed, and nobody knows whether it took messages out.
    pub(crate) fn note_gap(&self) {
        self.has_gap.store(true, Relaxed);
    }

    pub(crate) fn has_gap(&self) -> bool {
        self.has_gap.load(Relaxed)
    }

    /// From now on is the time that nothing comes in.
    pub(crate) fn touch(&self) {
        self.last_us.fetch_max(self.us(Instant::now()), Relaxed);
    }

    /// How long nothing has come.
    pub(crate) fn idle(&self, now: Instant) -> Duration {
        Duration::from_micros(self.us(now).saturating_sub(self.last_us.load(Relaxed)))
    }

    /// Whether all that was acknowledged has come.
    pub(crate) fn is_complete(&self) -> bool {
        self.outstanding.load(Relaxed) <= 0
    }

    /// Numbers given so far, answered or not.
    pub fn issued(&self) -> u64 {
        (0..self.lanes.len()).filter_map(|lane| self.lane(lane)).map(|lane| lane.issued()).sum()
    }

    /// What it comes to by now.
    pub fn counts(&self) -> Counts {
        Counts {
            acknowledged: self.acknowledged.load(Relaxed),
            received: self.received.load(Relaxed),
            lost: self.missing(),
            duplicated: self.duplicated.load(Relaxed),
            out_of_order: self.out_of_order.load(Relaxed),
            stray: self.stray.load(Relaxed),
        }
    }

    fn missing(&self) -> u64 {
        (0..self.lanes.len()).filter_map(|lane| self.lane(lane)).map(|lane| lane.missing()).sum()
    }

    fn us(&self, at: Instant) -> u64 {
        let since = at.saturating_duration_since(self.begun_at);
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }

    fn lane(&self, index: usize) -> Option<MutexGuard<'_, Lane>> {
        Some(self.lanes.get(index)?.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// How long a message was under way.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Transit {
    pub(crate) due_at: Instant,
    pub(crate) took: Duration,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(ledger: &Ledger, lane: usize) -> Stamp {
        let stamp = ledger.issue(lane, Instant::now());
        ledger.acknowledge(&stamp);
        stamp
    }

    fn receive(ledger: &Ledger, stamp: &Stamp) -> bool {
        ledger.receive(&stamp.written(), Instant::now()).is_some()
    }

    #[test]
    fn what_is_lost_doubled_or_late_is_told() {
        let ledger = Ledger::new(1, 2);
        let stamps: Vec<Stamp> = (0..4).map(|number| sent(&ledger, number % 2)).collect();
        assert!(receive(&ledger, &stamps[2]));
        assert!(receive(&ledger, &stamps[0]));
        assert!(receive(&ledger, &stamps[1]));
        assert!(receive(&ledger, &stamps[1]));
        assert!(!ledger.is_complete());
        let counts = ledger.counts();
        let expected = Counts {
            acknowledged: 4,
            received: 3,
            lost: 1,
            duplicated: 1,
            out_of_order: 1,
            stray: 0,
        };
        assert_eq!(counts, expected);
        assert!(receive(&ledger, &stamps[3]));
        assert!(ledger.is_complete());
        assert_eq!(ledger.counts().lost, 0);
    }

    #[test]
    fn a_message_may_overtake_its_answer() {
        let ledger = Ledger::new(1, 1);
        let stamp = ledger.issue(0, Instant::now());
        assert!(receive(&ledger, &stamp));
        ledger.acknowledge(&stamp);
        assert!(ledger.is_complete());
        assert_eq!(ledger.counts().lost, 0);
    }

    #[test]
    fn a_send_without_an_answer_is_not_missed() {
        let ledger = Ledger::new(1, 1);
        ledger.issue(0, Instant::now());
        assert!(ledger.is_complete());
        assert_eq!((ledger.counts().lost, ledger.issued()), (0, 1));
    }

    #[test]
    fn what_was_not_sent_here_is_stray() {
        let (ledger, other) = (Ledger::new(1, 1), Ledger::new(2, 1));
        let stamp = sent(&ledger, 0);
        assert!(!receive(&ledger, &sent(&other, 0)));
        assert!(!receive(&ledger, &Stamp { sequence: 9, ..stamp }));
        assert!(!receive(&ledger, &Stamp { lane: 9, ..stamp }));
        assert!(ledger.receive(b"hello", Instant::now()).is_none());
        assert_eq!(ledger.counts().stray, 4);
    }

    #[test]
    fn a_queue_of_a_topic_misses_its_own_messages_only() {
        let topic = Ledger::new(1, 2);
        let stamps: Vec<Stamp> = (0..200).map(|number| sent(&topic, number % 2)).collect();
        let everything = topic.of_queue(3, None);
        assert_eq!(everything.counts().lost, 200);
        let queue = topic.of_queue(3, Some(10));
        assert_eq!(queue.counts().lost, 20);
        for stamp in &stamps {
            let is_its_own = addressee(stamp.lane.into(), stamp.sequence, 10) == 3;
            assert_eq!(receive(&queue, stamp), is_its_own);
        }
        let counts = queue.counts();
        assert_eq!((counts.received, counts.lost, counts.stray), (20, 0, 180));
        assert!(queue.is_complete());
    }
}
