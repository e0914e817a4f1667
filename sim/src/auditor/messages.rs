//! What happens to messages: sends, repetitions, dead letters, and what may be received.

use super::facts::{Answer, Ask, Body, Entry, Ms, QueueIndex};
use super::model::{FIVE_MINUTES, Finding, Message, Model, Passed, Remembered, expect, ordered};
use crate::scenery::QUEUES;

/// A message to come.
pub(super) struct Arrival {
    pub(super) body: Option<Body>,
    pub(super) group: Option<u8>,
    pub(super) delay: Ms,
    pub(super) sequence: Option<u64>,
}

impl Model {
    /// A message comes into a queue that is there.
    pub(super) fn arrive(&mut self, index: QueueIndex, arrival: &Arrival) {
        self.places += 1;
        let message = Message {
            body: arrival.body,
            place: self.places,
            group: arrival.group,
            enqueued_at: self.now,
            visible_at: self.now + arrival.delay,
            count: 0,
            first_at: 0,
            received_at: 0,
            key: None,
            source: None,
            sequence: arrival.sequence,
            is_sure: true,
            perhaps_in: None,
            is_perhaps_moved: false,
            is_placed: true,
        };
        let now = self.now;
        let queue = self.queue(index);
        queue.touched_at = now;
        queue.messages.push(message);
    }

    /// The send that a FIFO queue remembers of an id, and whether it surely still does.
    pub(super) fn remembered(
        &self,
        sends: &[Remembered],
        deduplication: u32,
    ) -> Option<(Remembered, bool)> {
        let found = sends.iter().find(|send| {
            send.deduplication == deduplication
                && self.passed(send.at + FIVE_MINUTES) != Passed::Yes
        })?;
        let is_sure = self.passed(found.at + FIVE_MINUTES) == Passed::No;
        Some((found.clone(), is_sure))
    }

    /// Whether a message repeats another, by what its sender was told. `Ok(false)` if it is new.
    pub(super) fn is_repeat(
        &self,
        sends: &[Remembered],
        entry: &Entry,
        (id, sequence): (u128, Option<u64>),
    ) -> Result<bool, Finding> {
        let known = entry.deduplication.and_then(|id| self.remembered(sends, id));
        let Entry { body, .. } = entry;
        match known {
            Some((first, _)) if first.id == id && id != entry.id => {
                if first.sequence.is_some() && first.sequence != sequence {
                    return Err(format!("the repeated message {body} got another sequence number"));
                }
                Ok(true)
            }
            Some((first, true)) => Err(format!(
                "message {body} was not recognised as a repetition {} ms after the first",
                self.now.saturating_sub(first.at)
            )),
            _ if id == entry.id => Ok(false),
            _ => Err(format!("message {body} was taken for a repetition, which it is not")),
        }
    }

    pub(super) fn sent(
        &mut self,
        index: QueueIndex,
        entries: &[Entry],
        answer: &Answer,
    ) -> Result<(), Finding> {
        let Answer::Sent(sent) = answer else {
            return Err(format!("a send to {} was answered {answer:?}", QUEUES[index].name));
        };
        for (entry, sent) in entries.iter().zip(sent) {
            let Ok(told) = sent else {
                return Err(format!("message {} was refused: {sent:?}", entry.body));
            };
            let is_fifo = ordered(index);
            if is_fifo && self.is_repeat(&self.queues[&index].sends, entry, *told)? {
                continue;
            }
            let now = self.now;
            if let (true, Some(deduplication)) = (is_fifo, entry.deduplication) {
                let (id, sequence) = *told;
                let sends = &mut self.queue(index).sends;
                sends.retain(|send| send.deduplication != deduplication);
                sends.push(Remembered { deduplication, at: now, id, sequence });
            }
            let delay = entry.delay.filter(|_| !is_fifo).unwrap_or(self.queue(index).delay);
            let sequence = told.1;
            let (body, group) = (Some(entry.body), entry.group);
            self.arrive(index, &Arrival { body, group, delay: delay * 1000, sequence });
        }
        Ok(())
    }

    /// Whether a message may have gone to a dead-letter queue: it is visible, and was received as
    /// often as it may be.
    pub(super) fn may_be_dead(&self, index: QueueIndex, message: &Message) -> bool {
        message.perhaps_in.is_some() || self.is_over_received(index, message).is_some()
    }

    pub(super) fn is_over_received(
        &self,
        index: QueueIndex,
        message: &Message,
    ) -> Option<QueueIndex> {
        let (target, max) = self.queues[&index].redrive?;
        let is_over = message.count >= max
            && self.passed(message.visible_at) != Passed::No
            && self.queues.contains_key(&target);
        is_over.then_some(target)
    }

    /// Messages of other queues that may be here: where, and at which place.
    pub(super) fn perhaps_in(
        &self,
        index: QueueIndex,
    ) -> impl Iterator<Item = (QueueIndex, usize)> + '_ {
        self.queues.iter().flat_map(move |(source, queue)| {
            let may = move |message: &Message| {
                let to = message.perhaps_in.or_else(|| self.is_over_received(*source, message));
                to == Some(index)
            };
            let found = queue.messages.iter().enumerate().filter(move |(_, m)| may(m));
            found.map(move |(at, _)| (*source, at))
        })
    }

    /// Notes which messages may have gone to the dead-letter queue by now, before the policy or a
    /// queue changes.
    pub(super) fn fix_dead_letters(&mut self, index: QueueIndex) {
        let targets: Vec<Option<QueueIndex>> = self.queues[&index]
            .messages
            .iter()
            .map(|m| m.perhaps_in.or_else(|| self.is_over_received(index, m)))
            .collect();
        for (message, target) in self.queue(index).messages.iter_mut().zip(targets) {
            message.perhaps_in = target;
        }
    }

    /// A message that is known to have left its queue comes to the dead-letter queue.
    pub(super) fn arrive_as_dead_letter(&mut self, source: QueueIndex, message: Message) {
        let Some(target) = message
            .perhaps_in
            .or_else(|| self.queues.get(&source).and_then(|queue| queue.redrive).map(|r| r.0))
        else {
            return;
        };
        if !self.queues.contains_key(&target) {
            return;
        }
        self.places += 1;
        let now = self.now;
        let is_new = message.is_perhaps_moved;
        let enqueued_at = if ordered(target) || is_new { now } else { message.enqueued_at };
        let (place, perhaps_in) = (self.places, None);
        let message = match is_new {
            true => Message { count: 0, first_at: 0, ..message },
            false => message,
        };
        let arrived = Message {
            place,
            enqueued_at,
            visible_at: now,
            key: None,
            sequence: None,
            source: (!is_new).then_some(source),
            perhaps_in,
            is_perhaps_moved: false,
            is_placed: false,
            ..message
        };
        let queue = self.queue(target);
        queue.touched_at = now;
        queue.messages.push(arrived);
    }

    /// How many messages a receive must at least be able to get.
    pub(super) fn available(&self, index: QueueIndex) -> usize {
        let Some(queue) = self.queues.get(&index) else { return 0 };
        let is_ready = |m: &Message| {
            m.is_sure && self.passed(m.visible_at) == Passed::Yes && !self.may_be_dead(index, m)
        };
        if !ordered(index) {
            return queue.messages.iter().filter(|m| is_ready(m)).count();
        }
        let mut available = 0;
        let groups: std::collections::BTreeSet<_> =
            queue.messages.iter().map(|m| m.group).collect();
        for group in groups {
            let of_group = || queue.messages.iter().filter(move |m| m.group == group);
            if of_group().any(|m| self.may_be_in_flight(m)) {
                continue;
            }
            // Where among the others a dead letter came in, nobody knows.
            if of_group().any(|m| !m.is_placed && !of_group().all(is_ready)) {
                continue;
            }
            available += of_group().take_while(|m| is_ready(m)).count();
        }
        available
    }

    pub(super) fn may_be_in_flight(&self, message: &Message) -> bool {
        message.count > 0 && self.passed(message.visible_at) != Passed::Yes
    }

    /// That nothing is left that must be there: the end of a run, when all was received and deleted.
    pub(super) fn check_empty(&self) -> Result<(), Finding> {
        for (index, queue) in &self.queues {
            if let Some(left) = queue.messages.iter().find(|m| m.is_sure) {
                return Err(format!(
                    "{} is in {} and was never handed out again",
                    left.name(),
                    QUEUES[*index].name
                ));
            }
        }
        self.check_outboxes_empty()
    }
}

/// An answer that is not looked into.
pub(super) fn any(ask: &Ask, answer: &Answer) -> Result<(), Finding> {
    if matches!(answer, Answer::No(_)) {
        return expect(ask, answer, &Answer::Done);
    }
    Ok(())
}
