//! What happens to topics, subscriptions and outboxes.

use std::collections::VecDeque;

use super::facts::{
    Answer, Ask, Begun, Body, Entry, Fate, Ms, Outcome, Receipt, SlotIndex, TopicIndex,
};
use super::messages::{Arrival, any};
use super::model::{FIVE_MINUTES, Finding, Model, Passed, Remembered, accept, expect, ordered};
use crate::scenery::{ARCHIVED, Goal, QUEUES, REPLAYED, SLOTS, TOPICS};

/// Retries of what goes to phones, which have a schedule of their own.
const PHONE_RETRIES: u32 = 50;
/// From so long after the first attempt on, a delivery policy may give up.
const RETRY_MS: Ms = 3_590_000;

/// A message that was published to a topic with an archive.
#[derive(Clone, PartialEq, Debug)]
struct Archived {
    body: Body,
    kind: u8,
    group: Option<u8>,
    at: Ms,
}

#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Topic {
    sends: Vec<Remembered>,
    /// When it began, and what is in it.
    archive: Option<(Ms, Vec<Archived>)>,
}

/// A message on its way to an endpoint.
#[derive(Clone, PartialEq, Debug)]
struct Item {
    /// `None`: a notice of the service's own.
    body: Option<Body>,
    /// Attempts begun.
    count: u32,
    key: Option<u64>,
    /// When it may be tried again.
    visible_at: Ms,
    is_in_flight: bool,
    /// A process ended while it was: only a shard that is built again from its log takes it to be still.
    was_interrupted: bool,
    first_at: Ms,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Subscription {
    id: u128,
    is_pending: bool,
    filter: Option<u8>,
    number: Option<u32>,
    items: Vec<Item>,
    /// What a replay has still to look at.
    replay: VecDeque<Archived>,
}

impl Subscription {
    fn new(id: u128, is_pending: bool, filter: Option<u8>) -> Self {
        Self { id, is_pending, filter, number: None, items: Vec::new(), replay: VecDeque::new() }
    }

    fn push(&mut self, body: Option<Body>, now: Ms) {
        let (visible_at, first_at) = (now, 0);
        let (count, key, is_in_flight, was_interrupted) = (0, None, false, false);
        self.items.push(Item {
            body,
            count,
            key,
            visible_at,
            is_in_flight,
            was_interrupted,
            first_at,
        });
    }

    fn wants(&self, kind: u8) -> bool {
        !self.is_pending && self.filter.is_none_or(|wanted| wanted == kind)
    }
}

/// Which outbox.
#[derive(Copy, Clone, PartialEq, Eq)]
enum Outbox {
    Of(SlotIndex),
    Direct,
}

impl Model {
    pub(super) fn decided_about_topics(
        &mut self,
        ask: &Ask,
        answer: &Answer,
    ) -> Result<(), Finding> {
        match ask {
            Ask::CreateTopic(topic) => {
                self.topics.entry(*topic).or_default();
                expect(ask, answer, &Answer::Done)
            }
            Ask::DeleteTopic(topic) => {
                if self.topics.get(topic).is_some_and(|topic| topic.archive.is_some()) {
                    return accept(false, ask, answer);
                }
                self.topics.remove(topic);
                self.subscriptions.retain(|slot, _| SLOTS[*slot].topic != *topic);
                expect(ask, answer, &Answer::Done)
            }
            Ask::Archive(topic, is_on) => self.set_archive(*topic, *is_on, ask, answer),
            Ask::Subscribe(slot, filter, id) => self.subscribe(*slot, *filter, *id, answer),
            Ask::Confirm(slot, id) => {
                let found = self.subscriptions.get_mut(slot).filter(|s| s.id == *id);
                let is_there = found.map(|subscription| subscription.is_pending = false).is_some();
                accept(is_there, ask, answer)
            }
            Ask::Unsubscribe(slot, id) => {
                let found = self.subscriptions.get(slot).filter(|s| s.id == *id);
                let is_pending = found.is_some_and(|subscription| subscription.is_pending);
                if found.is_some() && !is_pending {
                    self.subscriptions.remove(slot);
                }
                accept(!is_pending, ask, answer)
            }
            Ask::Filter(slot, id, filter) => {
                let found = self.subscriptions.get_mut(slot).filter(|s| s.id == *id);
                let is_there = found.map(|subscription| subscription.filter = *filter).is_some();
                accept(is_there, ask, answer)
            }
            Ask::Replay(slot, id, from) => self.replay(*slot, *id, *from, ask, answer),
            Ask::Publish(topic, entries) => self.published(*topic, entries, ask, answer),
            Ask::PublishDirect(entry) => {
                let now = self.now;
                let new = || Subscription::new(0, false, None);
                self.direct.get_or_insert_with(new).push(Some(entry.body), now);
                let Answer::Sent(sent) = answer else { return expect(ask, answer, &Answer::Done) };
                match &sent[..] {
                    [Ok((id, None))] if *id == entry.id => Ok(()),
                    _ => expect(ask, answer, &Answer::Done),
                }
            }
            Ask::Settle(receipt, outcome) => self.settle(*receipt, *outcome, answer),
            _ => any(ask, answer),
        }
    }

    fn set_archive(
        &mut self,
        topic: TopicIndex,
        is_on: bool,
        ask: &Ask,
        answer: &Answer,
    ) -> Result<(), Finding> {
        let now = self.now;
        let found = self.topics.get_mut(&topic);
        // A topic whose archive is being replayed may keep it.
        if matches!(answer, Answer::No(_)) && found.is_some() && !is_on {
            return Ok(());
        }
        accept(found.is_some(), ask, answer)?;
        if let Some(topic) = found {
            if !is_on {
                topic.archive = None;
                self.subscriptions.values_mut().for_each(|s| s.replay.clear());
            } else if topic.archive.is_none() {
                topic.archive = Some((now, Vec::new()));
            }
        }
        Ok(())
    }

    fn subscribe(
        &mut self,
        slot: SlotIndex,
        filter: Option<u8>,
        id: u128,
        answer: &Answer,
    ) -> Result<(), Finding> {
        let is_web = matches!(SLOTS[slot].goal, Goal::Web { .. });
        let there = self.subscriptions.get(&slot).map(|s| (s.id, s.is_pending));
        let has_topic = self.topics.contains_key(&SLOTS[slot].topic);
        let now = self.now;
        match (answer, there) {
            // With other attributes than before, or to what is not there.
            (Answer::No(_), _) if there.is_some() || !has_topic => Ok(()),
            (Answer::Subscribed(told, pending), Some((own, is_pending)))
                if *told == own && *pending == is_pending =>
            {
                if let Some(subscription) =
                    self.subscriptions.get_mut(&slot).filter(|s| s.is_pending)
                {
                    subscription.push(None, now);
                }
                Ok(())
            }
            (Answer::Subscribed(told, pending), None)
                if has_topic && *told == id && *pending == is_web =>
            {
                let mut new = Subscription::new(id, is_web, filter);
                if is_web {
                    new.push(None, now);
                }
                self.subscriptions.insert(slot, new);
                Ok(())
            }
            _ => Err(format!("Subscribe({slot}) was answered {answer:?}, with {there:?} there")),
        }
    }

    fn published(
        &mut self,
        index: TopicIndex,
        entries: &[Entry],
        ask: &Ask,
        answer: &Answer,
    ) -> Result<(), Finding> {
        if !self.topics.contains_key(&index) {
            return accept(false, ask, answer);
        }
        let Answer::Sent(sent) = answer else {
            return Err(format!("a publish to {} was answered {answer:?}", TOPICS[index]));
        };
        for (entry, sent) in entries.iter().zip(sent) {
            let Ok(told) = sent else {
                return Err(format!("message {} was refused: {sent:?}", entry.body));
            };
            self.publish_one(index, entry, *told)?;
        }
        Ok(())
    }

    fn publish_one(
        &mut self,
        index: TopicIndex,
        entry: &Entry,
        told: (u128, Option<u64>),
    ) -> Result<(), Finding> {
        let now = self.now;
        if let Some(deduplication) = entry.deduplication {
            if self.is_repeat(&self.topics[&index].sends, entry, told)? {
                return Ok(());
            }
            let (id, sequence) = told;
            let topic = self.topics.get_mut(&index).expect("looked up before");
            topic.sends.retain(|send| send.deduplication != deduplication);
            topic.sends.push(Remembered { deduplication, at: now, id, sequence });
            if let Some((_, archive)) = &mut topic.archive {
                let Entry { body, kind, group, .. } = *entry;
                archive.push(Archived { body, kind, group, at: now });
            }
        }
        let wanting: Vec<SlotIndex> = self
            .subscriptions
            .iter()
            .filter(|(slot, s)| SLOTS[**slot].topic == index && s.wants(entry.kind))
            .map(|(slot, _)| *slot)
            .collect();
        for slot in wanting {
            match SLOTS[slot].goal {
                Goal::Queue(queue) => self.copy(queue, entry, told.0),
                Goal::Web { .. } => {
                    let subscription = self.subscriptions.get_mut(&slot);
                    subscription.expect("it is among them").push(Some(entry.body), now);
                }
            }
        }
        Ok(())
    }

    /// A copy comes into a queue, unless that has gone, or knows the message.
    fn copy(&mut self, index: usize, entry: &Entry, id: u128) {
        let now = self.now;
        let Some(queue) = self.queues.get(&index) else { return };
        let is_fifo = ordered(index);
        let known = entry.deduplication.filter(|_| is_fifo).and_then(|deduplication| {
            let mut known = queue.sends.iter().filter(|s| s.deduplication == deduplication);
            known.next_back().map(|send| self.passed(send.at + FIVE_MINUTES))
        });
        if known == Some(Passed::No) {
            return;
        }
        let delay = queue.delay * 1000;
        if let (true, Some(deduplication)) = (is_fifo, entry.deduplication) {
            let send = Remembered { deduplication, at: now, id, sequence: None };
            let sends = &mut self.queue(index).sends;
            // Of two that may count, both do.
            sends.retain(|s| s.deduplication != deduplication || known == Some(Passed::Perhaps));
            sends.push(send);
        }
        let (body, group) = (Some(entry.body), entry.group.filter(|_| is_fifo));
        self.arrive(index, &Arrival { body, group, delay, sequence: None });
        if let (Some(Passed::Perhaps), Some(last)) = (known, self.queue(index).messages.last_mut())
        {
            last.is_sure = false;
        }
    }

    fn replay(
        &mut self,
        slot: SlotIndex,
        id: u128,
        from: Ms,
        ask: &Ask,
        answer: &Answer,
    ) -> Result<(), Finding> {
        let archive = self.topics.get(&ARCHIVED).and_then(|topic| topic.archive.as_ref());
        let reaches = archive.filter(|(begins_at, _)| from >= *begins_at);
        let left = reaches.map(|(_, all)| all.iter().filter(|a| a.at >= from).cloned().collect());
        let found = self.subscriptions.get_mut(&slot).filter(|s| s.id == id);
        let may = found.as_ref().is_some() && left.is_some();
        accept(may, ask, answer)?;
        if let (Some(subscription), Some(left)) = (found, left) {
            subscription.replay = left;
        }
        Ok(())
    }

    /// Messages of a replay were read: those that the filter lets through come into the queue.
    pub(super) fn replayed(&mut self, bodies: &[Option<Body>]) -> Result<(), Finding> {
        let Goal::Queue(queue) = SLOTS[REPLAYED].goal else { unreachable!("it is a queue's") };
        for body in bodies {
            let Some(body) = body else {
                return Err("an archived message cannot be read".to_owned());
            };
            let Some(subscription) = self.subscriptions.get_mut(&REPLAYED) else { return Ok(()) };
            let next = subscription.replay.front().filter(|next| next.body == *body).cloned();
            let Some(next) = next else { return Ok(()) };
            subscription.replay.pop_front();
            if subscription.wants(next.kind) && self.queues.contains_key(&queue) {
                let delay = self.queue(queue).delay * 1000;
                let (body, group) = (Some(next.body), next.group);
                self.arrive(queue, &Arrival { body, group, delay, sequence: None });
            }
        }
        Ok(())
    }

    fn outbox(&mut self, outbox: Outbox) -> Option<&mut Subscription> {
        match outbox {
            Outbox::Of(slot) => self.subscriptions.get_mut(&slot),
            Outbox::Direct => self.direct.as_mut(),
        }
    }

    fn outbox_where(&self, is: impl Fn(&Subscription) -> bool) -> Option<Outbox> {
        let found = self.subscriptions.iter().find(|(_, s)| is(s)).map(|(slot, _)| *slot);
        let direct = || self.direct.as_ref().filter(|s| is(s)).map(|_| Outbox::Direct);
        found.map(Outbox::Of).or_else(direct)
    }

    pub(super) fn begun(&mut self, begun: &Begun) -> Result<(), Finding> {
        let Begun { receipt, body, endpoint, .. } = begun;
        let outbox = match begun.subscription {
            Some(id) => self.outbox_where(|subscription| subscription.id == id),
            None => self.direct.as_ref().map(|_| Outbox::Direct),
        };
        let Some(outbox) = outbox else {
            return Err(format!("{endpoint} is told, though its subscription has ended"));
        };
        let (now, high) = (self.now, self.high);
        let what = body.map_or("a notice".to_owned(), |body| format!("message {body}"));
        let subscription = self.outbox(outbox).expect("it was found");
        if *subscription.number.get_or_insert(receipt.number) != receipt.number {
            return Err(format!("the outbox of {endpoint} goes by another number than before"));
        }
        let own =
            |item: &&mut Item| item.body == *body && item.key.is_none_or(|key| key == receipt.key);
        let Some(item) = subscription.items.iter_mut().find(own) else {
            return Err(format!("{what} is tried at {endpoint}, and is not for it any more"));
        };
        if item.visible_at > now.max(high) {
            return Err(format!(
                "{what} is tried at {endpoint} {} ms before it is time",
                item.visible_at - now
            ));
        }
        if receipt.count != item.count + 1 {
            return Err(format!(
                "{what} is tried at {endpoint} as attempt {} and not {}",
                receipt.count,
                item.count + 1
            ));
        }
        item.key = Some(receipt.key);
        item.count += 1;
        item.visible_at = begun.until;
        (item.is_in_flight, item.was_interrupted) = (true, false);
        if item.count == 1 {
            item.first_at = now;
        }
        Ok(())
    }

    /// A process has ended, and with it all attempts: they may be made again at once.
    pub(super) fn attempts_ended(&mut self) {
        let all = self.subscriptions.values_mut().chain(&mut self.direct);
        for item in all.flat_map(|subscription| &mut subscription.items) {
            if std::mem::take(&mut item.is_in_flight) {
                item.visible_at = 0;
                item.was_interrupted = true;
            }
        }
    }

    fn settle(
        &mut self,
        receipt: Receipt,
        outcome: Outcome,
        answer: &Answer,
    ) -> Result<(), Finding> {
        let Answer::Settled(fate) = answer else {
            return Err(format!("an outcome was answered {answer:?}"));
        };
        let now = self.now;
        let outbox = self.outbox_where(|s| s.number == Some(receipt.number));
        let found = outbox.and_then(|outbox| {
            let items = &self.outbox(outbox)?.items;
            let at = items.iter().position(|item| item.key == Some(receipt.key))?;
            Some((outbox, at, items[at].clone()))
        });
        let current = found.filter(|(_, _, item)| {
            item.count == receipt.count && (item.is_in_flight || item.was_interrupted)
        });
        let Some((outbox, at, item)) = current else {
            return if *fate == Fate::Stale {
                Ok(())
            } else {
                Err(format!("the outcome of an attempt that is over was taken: {fate:?}"))
            };
        };
        let passed = self.passed(item.visible_at);
        if *fate == Fate::Stale && passed != Passed::No {
            return Ok(());
        }
        let (retries, dead) = match outbox {
            Outbox::Direct => (PHONE_RETRIES, None),
            Outbox::Of(slot) => match SLOTS[slot].goal {
                Goal::Web { retries, dead, .. } => (retries, dead),
                Goal::Queue(_) => (0, None),
            },
        };
        let may_be_late = now.saturating_sub(item.first_at) > RETRY_MS || self.high > now;
        let given_up = match dead.filter(|dead| self.queues.contains_key(dead)) {
            Some(_) => Fate::DeadLettered,
            None => Fate::Dropped,
        };
        let fits = match (outcome, fate) {
            (Outcome::Delivered, fate) => *fate == Fate::Delivered,
            (Outcome::Later, Fate::Retried(at)) => item.count <= retries && *at >= now,
            (Outcome::Later, fate) => (item.count > retries || may_be_late) && *fate == given_up,
            (Outcome::After(ms), fate) => *fate == Fate::Retried(now + ms),
            (Outcome::NotBegun(_), fate) => *fate == Fate::Retried(now),
            (Outcome::Never, fate) => *fate == given_up,
        };
        if !fits {
            let what = item.body.map_or("a notice".to_owned(), |body| format!("message {body}"));
            return Err(format!(
                "after attempt {} of {what}, {outcome:?} made it {fate:?}",
                item.count
            ));
        }
        let subscription = self.outbox(outbox).expect("it was found");
        match fate {
            Fate::Retried(next) => {
                let item = &mut subscription.items[at];
                item.visible_at = *next;
                (item.is_in_flight, item.was_interrupted) = (false, false);
                if matches!(outcome, Outcome::NotBegun(_)) {
                    item.count -= 1;
                }
            }
            _ => {
                subscription.items.remove(at);
            }
        }
        if let (Fate::DeadLettered, Some(dead)) = (fate, dead) {
            let (body, group, delay) = (item.body, None, 0);
            self.arrive(dead, &Arrival { body, group, delay, sequence: None });
        }
        Ok(())
    }

    /// That nothing is left to be delivered or replayed.
    pub(super) fn check_outboxes_empty(&self) -> Result<(), Finding> {
        for (slot, subscription) in &self.subscriptions {
            if let Goal::Web { address, .. } = SLOTS[*slot].goal
                && let Some(item) = subscription.items.first()
            {
                let what = item.body.map_or("a notice".into(), |body| format!("message {body}"));
                return Err(format!("{what} never came to {address}"));
            }
            let left = subscription.replay.front().filter(|_| !subscription.is_pending);
            if let Some(left) = left {
                let Goal::Queue(queue) = SLOTS[*slot].goal else { continue };
                return Err(format!(
                    "message {} was never replayed to {}",
                    left.body, QUEUES[queue].name
                ));
            }
        }
        let direct = self.direct.iter().flat_map(|direct| &direct.items).next();
        direct
            .map_or(Ok(()), |item| Err(format!("message {:?} never came to its phone", item.body)))
    }
}
