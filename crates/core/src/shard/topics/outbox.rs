//! Outboxes: messages go out to couriers, and what came of it comes back.

use std::sync::Arc;

use tidings_mutants::mutant;

use super::super::shard::Shard;
use crate::command::{Effect, Reply};
use crate::deadlines::Due;
use crate::delivery::{Attempt, AttemptOutcome, DeliveryLogging, Fate, attempt_seconds};
use crate::delivery_policy::{EffectiveDeliveryPolicy, RetrySchedule};
use crate::limits;
use crate::queue::{Entry, State};
use crate::receipt::Receipt;
use crate::record::{Keys, Record};
use crate::time::Timestamp;
use crate::topic::{Status, Subscription};

impl Shard {
    /// Takes up what was under way when the shard was last live: deliveries and replays.
    pub(in super::super) fn resume_deliveries(&mut self) {
        let at = Timestamp::default();
        for queue in self.outboxes.keys() {
            self.upkeep.deadlines.insert(at, Due::Serve { queue: *queue });
        }
        for subscription in self.subscriptions.values() {
            if subscription.replay.is_some_and(|replay| replay.end.is_none()) {
                let subscription = subscription.number;
                self.upkeep.deadlines.insert(at, Due::Replay { subscription });
            }
        }
    }

    /// Attempts that were under way when a process ended, whose outcome nobody will tell, are made
    /// again at once. Without this they are when their time is over.
    pub fn retry_interrupted(&mut self) {
        for number in self.outboxes.keys() {
            let Some(queue) = self.queues.get_mut(number) else { continue };
            let subscription = queue.outbox_of.and_then(|of| self.subscriptions.get(&of));
            let Some(subscription) = subscription else { continue };
            for key in queue.received_for(attempt_seconds(subscription.protocol)) {
                queue.become_visible(key, &mut self.upkeep);
            }
        }
        self.resume_deliveries();
    }

    /// Begins no attempts any more, or begins them again: each takes some of the log's room.
    pub fn hold_deliveries(&mut self, is_held: bool) {
        if std::mem::replace(&mut self.holds_deliveries, is_held) && !is_held {
            self.resume_deliveries();
        }
    }

    /// Gives couriers what an outbox has for them: no more at a time than its endpoint may be
    /// given, and no faster than it wants to be given it.
    pub(in super::super) fn dispatch(&mut self, number: u32, now: Timestamp) {
        while !self.holds_deliveries {
            let Some(outbox) = self.outboxes.get_mut(&number) else { return };
            if !outbox.has_room() {
                return;
            }
            if let Some(at) = outbox.pause_until(now) {
                if outbox.serve_due.is_none_or(|due| due <= now) {
                    outbox.serve_due = Some(at);
                    self.upkeep.deadlines.insert(at, Due::Serve { queue: number });
                }
                return;
            }
            let Some(queue) = self.queues.get_mut(&number) else { return };
            let Some(key) = queue.pick(1).first().copied() else { return };
            self.begin_attempt(number, key, now);
        }
    }

    fn begin_attempt(&mut self, number: u32, key: u64, now: Timestamp) {
        let of = self.queue(number).outbox_of;
        let Some(subscription) = of.and_then(|of| self.subscriptions.get(&of)) else { return };
        let until = now.plus_seconds(attempt_seconds(subscription.protocol));
        self.commit(&Record::MessagesReceived {
            at: now,
            queue: number,
            visible_at: until,
            attempt: None,
            keys: Keys::Listed(&[key]),
        });
        let queue = self.queue(number);
        let (Some(entry), Some(of)) = (queue.entry(key), queue.outbox_of) else { return };
        let (Some(subscription), Some(delivery)) =
            (self.subscriptions.get(&of), queue.delivery(&entry))
        else {
            return;
        };
        let policy = self.policy_of(subscription);
        let attempt = Attempt {
            receipt: Receipt { queue: number, key, receive_count: entry.receive_count },
            location: self.upkeep.publications.locate(entry.location()),
            delivery: delivery.clone(),
            endpoint: subscription.endpoint.clone(),
            content_type: policy.content_type(delivery.is_raw).into(),
            sender_name: self.display_name_of(subscription),
            only_owner_ends: subscription.status == Status::Confirmed { is_authenticated: true },
            enqueued_at: entry.enqueued_at,
            until,
            logging: self.logging_of(subscription),
        };
        // A delivery policy says nothing of mailboxes and phones.
        let max_per_second = match subscription.protocol {
            protocol if protocol.is_web() => policy.max_receives_per_second(),
            protocol if protocol.is_email() => Some(limits::EMAILS_PER_SECOND_MAX),
            _ => None,
        };
        if let Some(outbox) = self.outboxes.get_mut(&number) {
            outbox.begin(key, now, max_per_second);
        }
        self.effect(Effect::Deliver(attempt));
    }

    /// A courier says how an attempt went.
    pub(in super::super) fn settle_delivery(
        &mut self,
        attempt: Receipt,
        outcome: AttemptOutcome,
        now: Timestamp,
    ) -> Reply {
        let Receipt { queue: number, key, receive_count } = attempt;
        let entry = self.queues.get(&number).and_then(|queue| queue.entry(key));
        let is_current = entry.is_some_and(|entry| {
            entry.receive_count == receive_count && entry.state == State::InFlight
        });
        let Some(outbox) = self.outboxes.get_mut(&number).filter(|_| is_current) else {
            return Reply::Settled(Fate::Stale);
        };
        outbox.end(key);
        match outcome {
            AttemptOutcome::Delivered | AttemptOutcome::Never => outbox.judge(false, now),
            AttemptOutcome::TryLater => outbox.judge(true, now),
            AttemptOutcome::TryAfter { .. } => {}
            AttemptOutcome::NotBegun { pause_ms } => outbox.pause(now + pause_ms),
        }
        let fate = match outcome {
            AttemptOutcome::Delivered if mutant!(DeliverAgain) => {
                self.retry(number, key, now, now);
                Fate::Delivered
            }
            AttemptOutcome::Delivered => {
                self.remove_from_outbox(number, key);
                Fate::Delivered
            }
            AttemptOutcome::TryLater => match self.next_attempt_at(number, key, now) {
                Some(at) => self.retry(number, key, at, now),
                None => self.give_up(number, key, now),
            },
            AttemptOutcome::TryAfter { delay_ms } => {
                let delay_ms = delay_ms.min(limits::TRY_AFTER_SECONDS_MAX * 1000);
                self.retry(number, key, now + delay_ms, now)
            }
            AttemptOutcome::NotBegun { .. } => {
                let (queue, visible_at) = (number, now);
                self.commit(&Record::ReceiveUndone { at: now, queue, key, visible_at });
                Fate::Retried { at: now }
            }
            AttemptOutcome::Never => self.give_up(number, key, now),
        };
        self.dispatch(number, now);
        Reply::Settled(fate)
    }

    fn retry(&mut self, queue: u32, key: u64, at: Timestamp, now: Timestamp) -> Fate {
        self.commit(&Record::VisibilityChanged { at: now, queue, key, visible_at: at });
        Fate::Retried { at }
    }

    /// An attempt whose time is over counts no longer; its message is visible again.
    pub(in super::super) fn end_overdue_attempt(&mut self, number: u32, key: u64) {
        if let Some(outbox) = self.outboxes.get_mut(&number) {
            outbox.end(key);
        }
    }

    /// When a message that was not delivered is tried again; `None` if it has been for the last
    /// time.
    fn next_attempt_at(&self, number: u32, key: u64, now: Timestamp) -> Option<Timestamp> {
        let queue = self.queue(number);
        let entry = queue.entry(key)?;
        let subscription = self.subscriptions.get(&queue.outbox_of?)?;
        let schedule = RetrySchedule::of_protocol(subscription.protocol)
            .unwrap_or_else(|| self.policy_of(subscription).schedule());
        let elapsed_ms = now - entry.first_received_at;
        let forgotten = u32::from(mutant!(ForgetAttempt));
        let delay_ms = schedule.delay_after(entry.receive_count + forgotten, elapsed_ms)?;
        let left_ms = schedule.left_after(elapsed_ms.saturating_add(delay_ms));
        Some(now + delay_ms + self.jitter(&entry, key, delay_ms).min(left_ms))
    }

    /// Up to a tenth more, so that endpoints that fail together are not tried together. Of the
    /// message and the attempt, so that it needs no entropy.
    fn jitter(&self, entry: &Entry, key: u64, delay_ms: u64) -> u64 {
        let name = format!("{} {key} {}", entry.position, entry.receive_count);
        let range = u128::from(delay_ms / 10) + 1;
        u64::try_from(self.digest(&name) % range).expect("less than a range of 64 bits")
    }

    /// A message that will not be delivered goes to the dead-letter queue, or is gone.
    fn give_up(&mut self, number: u32, key: u64, now: Timestamp) -> Fate {
        let of = self.queue(number).outbox_of;
        let subscription = of.and_then(|of| self.subscriptions.get(&of));
        let target =
            subscription.and_then(|subscription| self.dead_letter_queue_of(subscription, now));
        let Some(target) = target.filter(|_| !mutant!(DropGivenUp)) else {
            self.remove_from_outbox(number, key);
            return Fate::Dropped;
        };
        let target_key = self.queue(target).next_key;
        self.commit(&Record::MessageDeadLettered {
            at: now,
            queue: number,
            key,
            target,
            target_key,
        });
        self.serve(target, now);
        Fate::DeadLettered
    }

    fn remove_from_outbox(&mut self, number: u32, key: u64) {
        self.commit(&Record::MessagesDeleted { queue: number, keys: Keys::Listed(&[key]) });
    }

    fn display_name_of(&self, subscription: &Subscription) -> Arc<str> {
        let topic = self.topics.get(&subscription.topic);
        topic.map(|topic| topic.attributes.display_name().into()).unwrap_or_default()
    }

    fn logging_of(&self, subscription: &Subscription) -> DeliveryLogging {
        let topic = self.topics.get(&subscription.topic);
        let logging = topic.map(|t| t.attributes.delivery_logging(subscription.protocol));
        logging.unwrap_or_default()
    }

    fn policy_of(&self, subscription: &Subscription) -> EffectiveDeliveryPolicy {
        let topic = self.topics.get(&subscription.topic);
        let of_topic = topic.and_then(|topic| topic.attributes.delivery_policy());
        EffectiveDeliveryPolicy::new(of_topic, subscription.attributes.delivery_policy())
    }
}
