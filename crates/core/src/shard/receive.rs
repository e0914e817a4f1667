//! ReceiveMessage: at once, or later for those who wait.

use tidings_mutants::mutant;

use super::shard::Shard;
use crate::command::{ReceiveRequest, Received, Reply, Token};
use crate::deadlines::Due;
use crate::names::QueueArn;
use crate::publications::Publications;
use crate::queue::{Queue, Waiter};
use crate::receipt::Receipt;
use crate::record::{Keys, Record};
use crate::rejection::Rejection;
use crate::time::Timestamp;

/// Messages that one receive may drop or move to the dead-letter queue before it hands out what it
/// has. What is left is looked at again in the next step, so that no single one takes long.
const SETTLED_MAX: usize = 100;

/// Messages that one step may drop because their retention period has passed.
const EXPIRED_MAX: usize = 1000;

impl Shard {
    /// Hands out messages. `None` in place of a reply means that the caller waits for them.
    pub(super) fn receive(
        &mut self,
        token: Token,
        arn: &QueueArn,
        request: &ReceiveRequest,
        now: Timestamp,
    ) -> Result<Option<Reply>, Rejection> {
        let number = self.find(arn)?;
        let queue = self.queue(number);
        let wait_seconds =
            request.wait_seconds.unwrap_or(queue.attributes.receive_message_wait_time_seconds);
        let attempt = request.attempt.as_ref().filter(|_| queue.is_fifo());
        let waiter = Waiter {
            token,
            max_messages: request.max_messages,
            visibility_timeout: request
                .visibility_timeout
                .unwrap_or(queue.attributes.visibility_timeout),
            attempt: attempt.map(|id| self.digest(id.as_str())),
            until: if mutant!(ShortWait) {
                Timestamp::from_ms(now.plus_seconds(wait_seconds.into()).as_ms() - 1)
            } else {
                now.plus_seconds(wait_seconds.into())
            },
        };
        if let Some(repeated) = self.repeat(number, &waiter, now) {
            // With a timeout of 0 the messages are there for others now.
            self.serve(number, now);
            return Ok(Some(Reply::Received(repeated)));
        }
        let received = self.hand_out(number, &waiter, now);
        if !received.is_empty() {
            return Ok(Some(Reply::Received(received)));
        }
        if wait_seconds > 0 {
            self.wait(number, waiter);
            return Ok(None);
        }
        let queue = self.queue(number);
        if !queue.is_fifo() && queue.is_at_limit() {
            return Err(Rejection::OverLimit(
                "The maximum number of in flight messages is reached.".into(),
            ));
        }
        Ok(Some(Reply::Received(received)))
    }

    /// Gives those who wait what there is; of an outbox, couriers.
    pub(super) fn serve(&mut self, number: u32, now: Timestamp) {
        loop {
            let Some(queue) = self.queues.get(&number) else { return };
            if queue.outbox_of.is_some() {
                return self.dispatch(number, now);
            }
            let Some((ticket, waiter)) = queue.waiters.first() else { return };
            let received = self.hand_out(number, &waiter, now);
            if received.is_empty() {
                return;
            }
            self.stop_waiting(number, ticket);
            self.output.replies.push((waiter.token, Ok(Reply::Received(received))));
        }
    }

    /// A wait is over without a message.
    pub(super) fn end_wait(&mut self, number: u32, ticket: u64) {
        if let Some(waiter) = self.stop_waiting(number, ticket) {
            self.output.replies.push((waiter.token, Ok(Reply::Received(Vec::new()))));
        }
    }

    /// Every wait for the queue's messages is over, with this answer.
    pub(super) fn end_waits(&mut self, number: u32, answer: impl Fn() -> Result<Reply, Rejection>) {
        let waiters: Vec<(u64, Waiter)> = self.queue_mut(number).waiters.drain().collect();
        for (ticket, waiter) in waiters {
            self.upkeep.deadlines.remove(waiter.until, Due::Wait { queue: number, ticket });
            self.waiting.remove(&waiter.token);
            self.output.replies.push((waiter.token, answer()));
        }
    }

    /// Whoever waited has gone.
    pub(super) fn abandon_receive(&mut self, token: Token) {
        if let Some((number, ticket)) = self.waiting.get(&token).copied() {
            self.stop_waiting(number, ticket);
        }
    }

    /// Drops messages whose retention period has passed. Those in flight among them may have held
    /// up others.
    pub(super) fn expire(&mut self, number: u32, now: Timestamp) {
        let Some(queue) = self.queues.get_mut(&number) else { return };
        let keys = queue.expired(now, EXPIRED_MAX);
        if !keys.is_empty() {
            self.commit(&Record::MessagesDeleted { queue: number, keys: Keys::Listed(&keys) });
            keys.iter().for_each(|key| self.end_overdue_attempt(number, *key));
        }
        if let Some(queue) = self.queues.get_mut(&number) {
            queue.schedule_expiry(now + 1, &mut self.upkeep);
        }
        if !keys.is_empty() {
            self.serve(number, now);
        }
    }

    fn wait(&mut self, number: u32, waiter: Waiter) {
        let ticket = self.queue_mut(number).waiters.join(waiter);
        self.upkeep.deadlines.insert(waiter.until, Due::Wait { queue: number, ticket });
        self.waiting.insert(waiter.token, (number, ticket));
    }

    fn stop_waiting(&mut self, number: u32, ticket: u64) -> Option<Waiter> {
        let waiter = self.queues.get_mut(&number)?.waiters.leave(ticket)?;
        self.upkeep.deadlines.remove(waiter.until, Due::Wait { queue: number, ticket });
        self.waiting.remove(&waiter.token);
        Some(waiter)
    }

    /// Hands out what may be handed out now, and settles what may not: messages past their
    /// retention period are dropped, those received too often go to the dead-letter queue.
    fn hand_out(&mut self, number: u32, waiter: &Waiter, now: Timestamp) -> Vec<Received> {
        let mut settled = 0;
        let keys = loop {
            let mut keys = self.queue_mut(number).pick(waiter.max_messages);
            let before = keys.len();
            keys.retain(|key| !self.settle(number, *key, now));
            settled += before - keys.len();
            if before == keys.len() {
                break keys;
            }
            if settled >= SETTLED_MAX {
                self.upkeep.deadlines.insert(now + 1, Due::Serve { queue: number });
                break keys;
            }
        };
        if keys.is_empty() {
            return Vec::new();
        }
        let visible_at = now.plus_seconds(waiter.visibility_timeout.into());
        let visible_at = match visible_at.as_ms() {
            ms if mutant!(EarlyVisibility) => Timestamp::from_ms(ms - 1),
            ms if mutant!(LateVisibility) => Timestamp::from_ms(ms + 10),
            _ => visible_at,
        };
        self.commit(&Record::MessagesReceived {
            at: now,
            queue: number,
            visible_at,
            attempt: waiter.attempt,
            keys: Keys::Listed(&keys),
        });
        let queue = self.queue(number);
        let publications = &self.upkeep.publications;
        keys.iter().filter_map(|key| received(queue, publications, *key)).collect()
    }

    /// Drops or moves a message that must not be handed out. False if it may be.
    fn settle(&mut self, number: u32, key: u64, now: Timestamp) -> bool {
        let queue = self.queue(number);
        let Some(entry) = queue.entry(key) else { return true };
        if queue.is_expired(&entry, now) {
            self.commit(&Record::MessagesDeleted { queue: number, keys: Keys::Listed(&[key]) });
            return true;
        }
        let Some(policy) = &queue.attributes.redrive_policy else { return false };
        if entry.receive_count < policy.max_receive_count + u32::from(mutant!(LateDeadLetter)) {
            return false;
        }
        // Without a dead-letter queue to go to, a message stays where it is and is handed out.
        let Some(target) = self.by_arn.get(&policy.dead_letter_target).copied() else {
            return false;
        };
        if target == number {
            return false;
        }
        let target_key = self.queue(target).next_key;
        self.commit(&Record::MessageDeadLettered {
            at: now,
            queue: number,
            key,
            target,
            target_key,
        });
        if self.queue(target).waiters.first().is_some() {
            self.upkeep.deadlines.insert(now + 1, Due::Serve { queue: target });
        }
        true
    }

    /// The answer to a receive that was made before with the same attempt id: the same messages
    /// with the same handles, hidden anew. `None` if there was none in the last five minutes, or if
    /// any of its messages has since been deleted, changed or made visible.
    fn repeat(&mut self, number: u32, waiter: &Waiter, now: Timestamp) -> Option<Vec<Received>> {
        use crate::queue::State;
        let id = waiter.attempt?;
        let queue = self.queue(number);
        let attempt = queue.attempts.get(id)?;
        let unchanged = attempt.messages.iter().all(|(key, receive_count)| {
            queue.entry(*key).is_some_and(|entry| {
                entry.state == State::InFlight
                    && entry.receive_count == *receive_count
                    && entry.visible_at == attempt.visible_at
            })
        });
        if !unchanged {
            return None;
        }
        let keys: Vec<u64> = attempt.messages.iter().map(|(key, _)| *key).collect();
        self.commit(&Record::ReceiveRepeated {
            at: now,
            queue: number,
            visible_at: now.plus_seconds(waiter.visibility_timeout.into()),
            attempt: id,
        });
        let queue = self.queue(number);
        let publications = &self.upkeep.publications;
        Some(keys.iter().filter_map(|key| received(queue, publications, *key)).collect())
    }
}

fn received(queue: &Queue, publications: &Publications, key: u64) -> Option<Received> {
    let entry = queue.entry(key)?;
    let delivery = queue.delivery(&entry).cloned();
    let location = match &delivery {
        Some(_) => publications.locate(entry.location()),
        None => entry.location(),
    };
    Some(Received {
        location,
        receipt: Receipt { queue: queue.number, key, receive_count: entry.receive_count },
        first_received_at: entry.first_received_at,
        receive_count: entry.receive_count,
        sequence_number: queue.sequence_number(key),
        dead_letter_source: queue.dead_letter_source(&entry).cloned(),
        delivery,
    })
}
