//! What clients of one shard ask for next.

use std::collections::BTreeMap;

use crate::auditor::{Answer, Ask, Body, Entry, QueueIndex, Receipt, Setting, SlotIndex};
use crate::profile::Profile;
use crate::random::Random;
use crate::scenery::{ARCHIVED, KINDS, QUEUES, REPLAYED, SLOTS, TOPICS, is_fifo};
use crate::speech::id_of;

/// Deduplication ids that may be used again.
const REPEATABLE_MAX: usize = 8;
/// Between two replays: so long that the first is over.
const REPLAY_EVERY_MS: u64 = 60_000;

/// What clients of a shard know together.
pub(crate) struct Plan {
    random: Random,
    bodies: Body,
    deduplications: u32,
    /// Messages with a deduplication id, by where they went: to be sent again.
    repeatable: Vec<(bool, usize, Entry)>,
    /// Messages in hand.
    in_hand: Vec<(QueueIndex, Receipt)>,
    /// Receipts of messages that have been deleted or changed: stale ones among them.
    old: Vec<(QueueIndex, Receipt)>,
    subscriptions: BTreeMap<SlotIndex, u128>,
    tasks: Vec<(QueueIndex, u128)>,
    attempts: Vec<(QueueIndex, u32)>,
    replayed_at: u64,
}

impl Plan {
    /// Of a shard that nobody has used.
    pub(crate) fn new(random: Random) -> Self {
        Self {
            random,
            bodies: 0,
            deduplications: 0,
            repeatable: Vec::new(),
            in_hand: Vec::new(),
            old: Vec::new(),
            subscriptions: BTreeMap::new(),
            tasks: Vec::new(),
            attempts: Vec::new(),
            replayed_at: 0,
        }
    }

    /// A fresh id.
    pub(crate) fn id(&mut self) -> u128 {
        id_of(u128::from(self.random.bits()) << 64 | u128::from(self.random.bits()))
    }

    /// The request that a client makes next, with the shard's clock at `now`.
    pub(crate) fn next(&mut self, profile: &Profile, now: u64) -> Ask {
        if profile.has_topics && self.random.permille(280) {
            return self.about_topics(profile, now);
        }
        if self.random.permille(25) {
            return self.about_register();
        }
        let queue = *self.random.pick(&profile.queues);
        match self.random.below(100) {
            0..19 => self.send(queue),
            19..53 => self.receive(queue),
            53..82 => self.delete(queue),
            82..88 => self.hide(queue),
            88..91 => Ask::Look(queue),
            91..93 => self.set(queue),
            93..95 => self.label_or_tag(queue),
            95..97 => self.move_task(),
            _ => self.rare(queue, profile),
        }
    }

    fn entry(&mut self, has_group: bool, is_fifo: bool) -> Entry {
        self.bodies += 1;
        let deduplication = is_fifo.then(|| {
            self.deduplications += 1;
            self.deduplications
        });
        Entry {
            id: self.id(),
            body: self.bodies,
            delay: self.random.permille(150).then(|| self.random.below(20)),
            group: has_group.then(|| self.random.below(4) as u8),
            deduplication,
            kind: self.random.below(u64::from(KINDS)) as u8,
        }
    }

    /// Some messages, perhaps one again that was sent before.
    fn entries(
        &mut self,
        is_topic: bool,
        place: usize,
        has_group: bool,
        is_fifo: bool,
    ) -> Vec<Entry> {
        let count = *self.random.pick(&[1, 1, 1, 1, 1, 2, 3, 6]);
        let mut entries: Vec<Entry> = (0..count).map(|_| self.entry(has_group, is_fifo)).collect();
        if !is_fifo {
            return entries;
        }
        let same = |known: &&(bool, usize, Entry)| (known.0, known.1) == (is_topic, place);
        let known: Vec<Entry> =
            self.repeatable.iter().filter(same).map(|(.., entry)| entry.clone()).collect();
        if !known.is_empty() && self.random.permille(300) {
            let first = self.random.pick(&known).clone();
            let at = self.random.index(entries.len());
            let (deduplication, group) = (first.deduplication, first.group);
            entries[at] = Entry { deduplication, group, ..entries[at].clone() };
        }
        if self.repeatable.len() >= REPEATABLE_MAX {
            let at = self.random.index(self.repeatable.len());
            self.repeatable.swap_remove(at);
        }
        self.repeatable.push((is_topic, place, entries[0].clone()));
        entries
    }

    fn send(&mut self, queue: QueueIndex) -> Ask {
        let is_fifo = is_fifo(queue);
        let has_group = is_fifo || (QUEUES[queue].has_groups && self.random.permille(700));
        let entries = self.entries(false, queue, has_group, is_fifo);
        Ask::Send(queue, entries)
    }

    /// A receive; it may repeat one that was made before.
    fn receive(&mut self, queue: QueueIndex) -> Ask {
        let wait = if self.random.permille(350) { self.random.between(1, 20) } else { 0 };
        let timeout = match self.random.below(10) {
            0 => Some(0),
            1 => Some(1),
            2 => Some(self.random.between(2, 60)),
            _ => None,
        };
        let max = *self.random.pick(&[1, 3, 10, 10]);
        let mut attempt = None;
        if is_fifo(queue) && self.random.permille(300) {
            self.deduplications += 1;
            attempt = Some(self.deduplications);
            let known = self.attempts.iter().rev().take(3).find(|(of, _)| *of == queue);
            if let Some((_, known)) = known.filter(|_| self.random.permille(500)) {
                attempt = Some(*known);
            } else {
                self.attempts.push((queue, self.deduplications));
            }
        }
        Ask::Receive { queue, max, timeout, wait, attempt }
    }

    /// Receipts in hand of one queue, at most ten; now and then a stale one.
    fn receipts(&mut self, queue: QueueIndex) -> Vec<Receipt> {
        let wanted = *self.random.pick(&[3, 10, 10]);
        let mut receipts = Vec::new();
        let is_kept = self.random.permille(100);
        self.in_hand.retain(|(of, receipt)| {
            let is_taken = *of == queue && receipts.len() < wanted;
            if is_taken {
                receipts.push(*receipt);
            }
            !is_taken || is_kept
        });
        self.old.extend(receipts.iter().map(|receipt| (queue, *receipt)));
        if self.random.permille(120) && !self.old.is_empty() {
            let (_, stale) = *self.random.pick(&self.old);
            if receipts.len() < 10 && !receipts.contains(&stale) {
                receipts.push(stale);
            }
        }
        if self.old.len() > 50 {
            self.old.drain(..25);
        }
        receipts
    }

    fn delete(&mut self, queue: QueueIndex) -> Ask {
        let queue = self.in_hand.first().map_or(queue, |(of, _)| *of);
        let receipts = self.receipts(queue);
        if receipts.is_empty() { self.receive(queue) } else { Ask::Delete(queue, receipts) }
    }

    fn hide(&mut self, queue: QueueIndex) -> Ask {
        let queue = self.in_hand.last().map_or(queue, |(of, _)| *of);
        let receipts = self.receipts(queue);
        if receipts.is_empty() {
            return self.receive(queue);
        }
        // They are still in hand.
        self.in_hand.extend(receipts.iter().map(|receipt| (queue, *receipt)));
        let seconds = |random: &mut Random| match random.below(4) {
            0 | 1 => 0,
            2 => 1,
            _ => random.between(2, 90),
        };
        let changes =
            receipts.into_iter().map(|receipt| (receipt, seconds(&mut self.random))).collect();
        Ask::Hide(queue, changes)
    }

    fn set(&mut self, queue: QueueIndex) -> Ask {
        let setting = match self.random.below(4) {
            0 => Setting::Visibility(self.random.between(0, 40)),
            // What a FIFO queue's new delay does to what waits is for tests of the core.
            1 if !is_fifo(queue) => Setting::Delay(self.random.below(6)),
            2 if queue == 4 || queue == 5 => Setting::Retention(self.random.between(60, 400)),
            _ => match QUEUES[queue].settings.iter().find_map(|setting| match setting {
                Setting::Redrive(target, _) => Some(*target),
                _ => None,
            }) {
                Some(target) => Setting::Redrive(target, self.random.between(1, 4) as u32),
                None => Setting::Visibility(self.random.between(1, 40)),
            },
        };
        Ask::Set(queue, setting)
    }

    fn label_or_tag(&mut self, queue: QueueIndex) -> Ask {
        let key = self.random.below(4) as u8;
        match self.random.below(5) {
            0 => Ask::Permit(queue, key),
            1 => Ask::Forbid(queue, key),
            2 => Ask::Tag(queue, key, self.random.below(1000) as u32),
            3 => Ask::Untag(queue, key),
            _ => Ask::Tags(queue),
        }
    }

    fn move_task(&mut self) -> Ask {
        let source = *self.random.pick(&[1, 3]);
        match self.random.below(5) {
            0 if !self.tasks.is_empty() => {
                let (queue, task) = *self.random.pick(&self.tasks);
                Ask::CancelMove(queue, task)
            }
            1 => Ask::Moves(source),
            _ => {
                let task = self.id();
                self.tasks.push((source, task));
                let to = if source == 1 { 0 } else { 2 };
                Ask::StartMove(source, self.random.permille(700).then_some(to), task)
            }
        }
    }

    fn rare(&mut self, queue: QueueIndex, profile: &Profile) -> Ask {
        match self.random.below(10) {
            0 => Ask::Purge(queue),
            1 if profile.has_deletions => Ask::DeleteQueue(queue),
            2 if profile.has_topics && profile.has_deletions => {
                Ask::DeleteTopic(self.random.index(TOPICS.len()))
            }
            3 => Ask::Look(queue),
            _ => self.create(queue),
        }
    }

    /// A queue is created as it was made, whatever it is now.
    pub(crate) fn create(&self, queue: QueueIndex) -> Ask {
        Ask::CreateQueue(queue, QUEUES[queue].settings.to_vec())
    }

    fn about_register(&mut self) -> Ask {
        if self.random.permille(400) {
            return Ask::Read;
        }
        let count = self.random.between(1, 3);
        let write = |random: &mut Random| {
            let value = random.permille(750).then(|| random.below(100_000) as u32);
            (random.below(6) as u8, value)
        };
        Ask::Write((0..count).map(|_| write(&mut self.random)).collect())
    }

    fn about_topics(&mut self, profile: &Profile, now: u64) -> Ask {
        let slot = self.random.index(SLOTS.len());
        let topic = self.random.index(TOPICS.len());
        let known = self.subscriptions.get(&slot).copied();
        let filter = self.random.permille(400).then(|| self.random.below(u64::from(KINDS)) as u8);
        match (self.random.below(100), known) {
            (0..12, _) => {
                let id = self.id();
                Ask::Subscribe(slot, filter, id)
            }
            (12..15, Some(id)) if profile.has_deletions => Ask::Unsubscribe(slot, id),
            (15..20, Some(id)) => Ask::Filter(slot, id, filter),
            (20..24, _) => {
                let is_on = self.random.permille(800);
                Ask::Archive(ARCHIVED, is_on)
            }
            (24..28, _) => match self.subscriptions.get(&REPLAYED) {
                Some(id) if now >= self.replayed_at + REPLAY_EVERY_MS => {
                    self.replayed_at = now;
                    let back = self.random.below(120) * 1000;
                    Ask::Replay(REPLAYED, *id, (now.saturating_sub(back)).next_multiple_of(1000))
                }
                _ => Ask::CreateTopic(topic),
            },
            (28..40, _) => {
                let entry = Entry { group: None, ..self.entry(false, false) };
                Ask::PublishDirect(entry)
            }
            (40..44, _) => Ask::CreateTopic(topic),
            _ => {
                let is_fifo = TOPICS[topic].ends_with(".fifo");
                let entries = self.entries(true, topic, is_fifo, is_fifo);
                Ask::Publish(topic, entries)
            }
        }
    }

    /// The same request once more, as a client makes it that was not answered, or as a network brings
    /// it twice: messages without a deduplication id are others then, whatever they say.
    pub(crate) fn again(&mut self, ask: &Ask) -> Ask {
        let mut again = ask.clone();
        match &mut again {
            Ask::Send(_, entries) | Ask::Publish(_, entries) => {
                for entry in entries {
                    self.renew(entry);
                }
            }
            Ask::PublishDirect(entry) => self.renew(entry),
            Ask::Subscribe(.., id) => *id = self.id(),
            Ask::StartMove(.., id) => *id = self.id(),
            _ => {}
        }
        again
    }

    fn renew(&mut self, entry: &mut Entry) {
        self.bodies += 1;
        entry.body = self.bodies;
        entry.id = self.id();
    }

    /// A client is told.
    pub(crate) fn told(&mut self, ask: &Ask, answer: &Answer) {
        match (ask, answer) {
            (Ask::Receive { queue, .. }, Answer::Received(got)) => {
                self.in_hand.extend(got.iter().map(|one| (*queue, one.receipt)));
            }
            (Ask::Subscribe(slot, ..), Answer::Subscribed(id, _)) => {
                self.subscriptions.insert(*slot, *id);
            }
            (Ask::DeleteTopic(topic), Answer::Done) => {
                self.subscriptions.retain(|slot, _| SLOTS[*slot].topic != *topic);
            }
            _ => {}
        }
    }
}
