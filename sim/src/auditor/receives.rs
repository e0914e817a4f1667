//! Receives: what they are given, in which order, and that it is enough.

use super::facts::{Answer, Ask, Got, Ms, QueueIndex};
use super::model::{Attempt, FIVE_MINUTES, Finding, Message, Model, Passed, ordered};
use crate::scenery::QUEUES;

impl Model {
    pub(super) fn received(
        &mut self,
        token: u64,
        ask: &Ask,
        answer: &Answer,
    ) -> Result<(), Finding> {
        let Ask::Receive { queue: index, max, timeout, wait, attempt } = ask else {
            unreachable!("a receive")
        };
        let waited = self.waits.remove(&token);
        let (index, name) = (*index, QUEUES[*index].name);
        let Answer::Received(got) = answer else {
            return Err(format!("a receive from {name} was answered {answer:?}"));
        };
        let own = self.queues[&index].visibility;
        let timeout = waited.as_ref().map_or(timeout.unwrap_or(own), |wait| wait.timeout) * 1000;
        let attempt = attempt.filter(|_| ordered(index));
        if let (None, Some(id)) = (&waited, attempt)
            && self.is_repetition(index, id, got, timeout)?
        {
            return Ok(());
        }
        let available = self.available(index);
        if got.len() > *max {
            return Err(format!("a receive of {max} from {name} got {}", got.len()));
        }
        // Whoever waits is given what comes first, though more may come in the same instant.
        let is_over = waited.as_ref().is_some_and(|w| self.passed(w.until) != Passed::No);
        let wanted = match waited {
            Some(_) if is_over => 0,
            Some(_) => 1,
            None => *max,
        };
        if got.len() < available.min(wanted) {
            return Err(format!(
                "a receive of {max} from {name} got {} though {available} messages wait there, \
                 among them {}",
                got.len(),
                self.first_waiting(index)
            ));
        }
        if got.is_empty() {
            let until = waited.as_ref().map_or(self.now + wait * 1000, |wait| wait.until);
            if self.passed(until) == Passed::No {
                return Err(format!(
                    "a wait for {name} ended {} ms before its time",
                    until - self.now
                ));
            }
        }
        if got.len() < *max && waited.is_none() && !ordered(index) {
            self.bury(index, got);
        }
        for (at, one) in got.iter().enumerate() {
            self.take_out(index, one, timeout, &got[..at])?;
        }
        if let (Some(id), false) = (attempt, got.is_empty()) {
            let (at, visible_at) = (self.now, self.now + timeout);
            let messages = got.iter().map(|one| (one.receipt.key, one.count)).collect();
            let attempts = &mut self.queue(index).attempts;
            attempts.retain(|known| known.id != id);
            attempts.push(Attempt { id, at, visible_at, messages });
        }
        Ok(())
    }

    pub(super) fn first_waiting(&self, index: QueueIndex) -> String {
        let waiting = self.queues[&index].messages.iter().find(|m| {
            m.is_sure && self.passed(m.visible_at) == Passed::Yes && !self.may_be_dead(index, m)
        });
        waiting.map(Message::name).unwrap_or_default()
    }

    /// A receive has looked at all there is: what was received too often has gone.
    pub(super) fn bury(&mut self, index: QueueIndex, got: &[Got]) {
        self.fix_dead_letters(index);
        let now = self.now;
        let is_got = |m: &Message| got.iter().any(|got| m.key == Some(got.receipt.key));
        let (gone, left) =
            std::mem::take(&mut self.queue(index).messages).into_iter().partition::<Vec<_>, _>(
                |m| m.perhaps_in.is_some() && m.visible_at <= now && !is_got(m),
            );
        self.queue(index).messages = left;
        gone.into_iter().for_each(|message| self.arrive_as_dead_letter(index, message));
    }

    /// The receive with the same attempt id gives the same messages, if nothing has become of them.
    pub(super) fn is_repetition(
        &mut self,
        index: QueueIndex,
        id: u32,
        got: &[Got],
        timeout: Ms,
    ) -> Result<bool, Finding> {
        let queue = &self.queues[&index];
        let is_this = |known: &&Attempt| {
            known.id == id && self.passed(known.at + FIVE_MINUTES) != Passed::Yes
        };
        let Some(known) = queue.attempts.iter().find(is_this).cloned() else {
            return Ok(false);
        };
        let hidden = |key: u64, count: u32| {
            let mut found = queue.messages.iter().filter(|m| m.key == Some(key));
            found
                .find(|m| m.count == count && m.visible_at == known.visible_at)
                .map(|m| (self.passed(m.visible_at), m.is_sure))
        };
        let states: Vec<_> = known.messages.iter().map(|(k, c)| hidden(*k, *c)).collect();
        let may = states.iter().all(|state| state.is_some_and(|(p, _)| p != Passed::Yes));
        let must = may
            && states.iter().all(|state| *state == Some((Passed::No, true)))
            && self.passed(known.at + FIVE_MINUTES) == Passed::No;
        let keys: Vec<(u64, u32)> = got.iter().map(|one| (one.receipt.key, one.count)).collect();
        let is_same = keys == known.messages;
        if must && !is_same {
            return Err(format!(
                "a repeated receive from {} got {keys:?} and not {:?}",
                QUEUES[index].name, known.messages
            ));
        }
        if !(may && is_same) {
            return Ok(false);
        }
        let visible_at = self.now + timeout;
        let queue = self.queue(index);
        for message in &mut queue.messages {
            if keys.iter().any(|(key, _)| message.key == Some(*key)) {
                message.visible_at = visible_at;
            }
        }
        let attempt = queue.attempts.iter_mut().find(|known| known.id == id);
        attempt.expect("found above").visible_at = visible_at;
        Ok(true)
    }

    /// A message is handed out.
    pub(super) fn take_out(
        &mut self,
        index: QueueIndex,
        got: &Got,
        timeout: Ms,
        before: &[Got],
    ) -> Result<(), Finding> {
        let at = self.find_handed_out(index, got)?;
        let number = self.queue(index).number.get_or_insert(got.receipt.number);
        if *number != got.receipt.number {
            return Err(format!("{} goes by another number than before", QUEUES[index].name));
        }
        if ordered(index) {
            self.check_order(index, at, before)?;
        }
        let now = self.now;
        // Those of its group before it, that only may have been there, were not.
        let message = self.queue(index).messages[at].clone();
        if ordered(index) {
            self.clear_doubts_before(index, &message, before);
        }
        let queue = self.queue(index);
        let found = queue.messages.iter_mut().find(|m| m.place == message.place);
        let message = found.expect("it was found above");
        message.key = Some(got.receipt.key);
        message.sequence = got.sequence;
        message.count = got.count;
        message.first_at = got.first_at;
        message.received_at = now;
        message.visible_at = now + timeout;
        message.is_sure = true;
        message.perhaps_in = None;
        message.is_perhaps_moved = false;
        Ok(())
    }

    /// The message that a receive was given: it must be there, visible, and say of itself what is so.
    pub(super) fn find_handed_out(
        &mut self,
        index: QueueIndex,
        got: &Got,
    ) -> Result<usize, Finding> {
        let name = QUEUES[index].name;
        let Some(body) = got.body else {
            return Err(format!("a message of {name} cannot be read"));
        };
        let now = self.now;
        let fault = |m: &Message| {
            let first_at = if m.count == 0 && m.first_at == 0 { now } else { m.first_at };
            if m.key.is_some_and(|key| key != got.receipt.key) {
                Some("goes by another key".to_owned())
            } else if got.count != m.count + 1 || got.receipt.count != got.count {
                Some(format!("counts {} receives where there were {}", got.count, m.count + 1))
            } else if self.passed(m.visible_at) == Passed::No {
                Some(format!("was handed out {} ms before it is visible", m.visible_at - now))
            } else if m.source != got.source {
                Some(format!("says that it comes from {:?}, not {:?}", got.source, m.source))
            } else if got.first_at != first_at {
                Some(format!("says that it was first received at {}", got.first_at))
            } else if m.sequence.is_some() && m.sequence != got.sequence {
                Some("has another sequence number".to_owned())
            } else if self.has_expired(index, m) {
                Some("was handed out though its retention period is over".to_owned())
            } else {
                self.is_over_received(index, m).map(|target| {
                    let (count, name) = (got.count, QUEUES[target].name);
                    format!("was handed out for the {count}. time, and should be in {name}")
                })
            }
        };
        let messages = &self.queues[&index].messages;
        let own = || messages.iter().enumerate().filter(|(_, m)| m.body == Some(body));
        if let Some((at, _)) = own().find(|(_, m)| fault(m).is_none()) {
            return Ok(at);
        }
        let wrong = own().find_map(|(_, m)| fault(m));
        let from_elsewhere = self.perhaps_in(index).find(|(source, at)| {
            let m = &self.queues[source].messages[*at];
            let (count, from) = match m.is_perhaps_moved {
                true => (1, None),
                false => (m.count + 1, Some(*source)),
            };
            m.body == Some(body) && got.count == count && got.source == from
        });
        if let Some((source, at)) = from_elsewhere {
            let mut message = self.queue(source).messages.remove(at);
            message.perhaps_in = Some(index);
            self.arrive_as_dead_letter(source, message);
            return Ok(self.queue(index).messages.len() - 1);
        }
        Err(match wrong {
            Some(fault) => format!("message {body} of {name} {fault}"),
            None => format!("message {body} came from {name}, where it is not any more"),
        })
    }

    /// A FIFO queue hands out the first of a group, and nothing while one of it is in flight.
    pub(super) fn check_order(
        &self,
        index: QueueIndex,
        at: usize,
        before: &[Got],
    ) -> Result<(), Finding> {
        let (name, queue) = (QUEUES[index].name, &self.queues[&index]);
        let message = &queue.messages[at];
        let is_of_this = |m: &Message| before.iter().any(|got| m.key == Some(got.receipt.key));
        for other in queue.messages.iter().filter(|m| m.group == message.group) {
            if other.place == message.place || !other.is_sure || is_of_this(other) {
                continue;
            }
            let is_in_flight = other.count > 0 && self.passed(other.visible_at) == Passed::No;
            if is_in_flight {
                return Err(format!(
                    "{} of {name} was handed out while {} of its group is in flight",
                    message.name(),
                    other.name()
                ));
            }
            // Where among the others a dead letter came in, nobody knows.
            let has_place = other.is_placed && message.is_placed;
            if other.place < message.place && has_place && !self.may_be_dead(index, other) {
                return Err(format!(
                    "{} of {name} was handed out before {} of its group",
                    message.name(),
                    other.name()
                ));
            }
        }
        Ok(())
    }

    pub(super) fn clear_doubts_before(
        &mut self,
        index: QueueIndex,
        message: &Message,
        before: &[Got],
    ) {
        self.fix_dead_letters(index);
        let is_of_this = |m: &Message| before.iter().any(|got| m.key == Some(got.receipt.key));
        let (gone, left) = std::mem::take(&mut self.queue(index).messages)
            .into_iter()
            .partition::<Vec<_>, _>(|m| {
                m.group == message.group
                    && m.place < message.place
                    && !is_of_this(m)
                    && (!m.is_sure || m.perhaps_in.is_some())
            });
        self.queue(index).messages = left;
        for message in gone.into_iter().filter(|m| m.perhaps_in.is_some()) {
            self.arrive_as_dead_letter(index, message);
        }
    }
}
