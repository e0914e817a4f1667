//! Records and effects as they are written: each must be what the model has decided, or something
//! that it leaves open.

use super::commands::{ENDPOINTS, QUEUES};
use super::plain::{Arrival, Form, Says, TEXTS, Where, protocol};
use super::run::{Begun, Run, number_of, queue_arn};
use crate::command::{Effect, Received};
use crate::delivery::{Attempt, Delivery, SignatureVersion};
use crate::message::Location;
use crate::publication::{MessageType, PublishedContent};
use crate::record::{MessageRecord, PublishedRecord, Record, TopicRecord};

impl Run {
    pub(super) fn observe(&mut self, record: &Record<'_>, location: Location) {
        match record {
            Record::QueueCreated { queue, arn, .. } => {
                let at = (0..QUEUES).find(|name| queue_arn(*name) == *arn).unwrap();
                self.open(*queue, Where::Queue(at));
            }
            Record::QueueDeleted { queue, .. } => self.close(*queue),
            Record::MessageSent { queue, key, message, .. } => {
                self.lengths.insert(number_of(message.message_id), location.length.into());
                self.observe_arrival(*queue, *key, None);
            }
            Record::MessageDeadLettered { queue, key, target, target_key, .. } => {
                match self.wheres[queue] {
                    Where::Outbox(_) => self.observe_arrival(*target, *target_key, None),
                    Where::Queue(name) => {
                        self.observe_dead_letter(name, *key, *target, *target_key);
                    }
                }
            }
            Record::MessageRelocated { message, .. } => {
                self.saw("relocated");
                self.relocate(number_of(message.message_id), location);
            }
            Record::Topic(record) => self.observe_topic(record, location),
            _ => {}
        }
    }

    fn observe_topic(&mut self, record: &TopicRecord<'_>, location: Location) {
        match record {
            TopicRecord::SubscriptionCreated { subscription, id, outbox, .. } => {
                assert_eq!(self.subscribing.take(), Some(*subscription));
                self.plain.learn_id(*subscription, number_of(*id));
                if let Some(queue) = outbox {
                    self.open(*queue, Where::Outbox(*subscription));
                }
            }
            TopicRecord::SubscriptionDeleted { subscription } => {
                assert!(!self.plain.subscriptions.contains_key(subscription), "deleted too early");
                let at = Where::Outbox(*subscription);
                if let Some(number) = self.numbers.get(&at).copied() {
                    self.close(number);
                }
            }
            TopicRecord::TopicDeleted { .. } => {
                let plain = &self.plain;
                let is_gone = |at: &&Where| match at {
                    Where::Outbox(number) => !plain.subscriptions.contains_key(number),
                    Where::Queue(_) => false,
                };
                let gone = self.numbers.keys().filter(is_gone).map(|at| self.numbers[at]);
                gone.collect::<Vec<u32>>().into_iter().for_each(|number| self.close(number));
            }
            TopicRecord::MessagePublished { published, .. } => {
                let message = number_of(published.message.message_id);
                assert_eq!(self.messages.pop_front(), Some(message));
                self.lengths.insert(message, location.length.into());
                self.published.insert(location.position, message);
            }
            TopicRecord::MessageFannedOut { location, message_id, deliveries, .. } => {
                assert_eq!(self.published[&location.position], number_of(*message_id));
                for copy in deliveries.iter() {
                    self.saw("copy");
                    self.observe_arrival(copy.queue, copy.key, Some(copy.subscription));
                }
            }
            TopicRecord::PublicationRelocated { number, .. } => {
                self.saw("publication relocated");
                self.relocate(self.published[number], location);
            }
            _ => {}
        }
    }

    fn open(&mut self, number: u32, at: Where) {
        self.wheres.insert(number, at);
        self.numbers.insert(at, number);
    }

    fn close(&mut self, number: u32) {
        // A receipt or an attempt may still name it.
        let at = self.wheres[&number];
        self.numbers.remove(&at);
    }

    fn relocate(&mut self, message: u128, location: Location) {
        assert!(self.plain.needed().contains(&message), "nobody needs it");
        self.lengths.insert(message, location.length.into());
    }

    /// A copy has come: the one that the model expects next, to whom and by whom.
    fn observe_arrival(&mut self, queue: u32, key: u64, subscription: Option<u32>) {
        let arrival = self.arrivals.pop_front().expect("the model has nothing for anybody");
        assert_eq!((self.wheres[&queue], subscription), (arrival.at, arrival.subscription));
        let copies = self.plain.copies(arrival.at).unwrap();
        assert!(copies.iter().all(|copy| copy.key != Some(key)), "a key is used once");
        self.plain.change(arrival.at, arrival.place, |copy| copy.key = Some(key));
    }

    /// A queue's message has been received too often: which ones are looked at is left open.
    fn observe_dead_letter(&mut self, queue: usize, key: u64, target: u32, target_key: u64) {
        self.saw("dead letter of a queue");
        self.dead_letters += 1;
        let copy = self.plain.find(Where::Queue(queue), |copy| copy.key == Some(key));
        let place = copy.expect("a message that is there").place;
        assert!(self.plain.next(queue).contains(&place), "it was not its turn");
        let to = self.plain.dead_letter_queue(queue, place).expect("received often enough");
        assert_eq!(self.wheres[&target], Where::Queue(to));
        let Arrival { at, place, .. } = self.plain.move_dead_letter(queue, place, to);
        self.plain.change(at, place, |copy| copy.key = Some(target_key));
    }

    /// When the attempt that was settled is made again.
    pub(super) fn observe_retry(&mut self, at: u64) {
        let (number, place, delay) = self.retried.take().expect("the model tries again, too");
        let (earliest, latest) = (self.plain.now + delay, self.plain.now + delay + delay / 10);
        assert!((earliest..=latest).contains(&at), "{at} is not in {earliest}..={latest}");
        self.plain.change(Where::Outbox(number), place, |copy| copy.visible_at = at);
    }

    pub(super) fn observe_effect(&mut self, effect: Effect) {
        match &effect {
            Effect::Deliver(attempt) => self.observe_attempt(attempt),
            Effect::CopyForReplay { subscription, .. } => {
                let of = self.plain.subscriptions.get_mut(subscription);
                let replay = of.and_then(|of| of.replay.as_mut()).expect("a replay");
                assert_eq!(replay.end, None);
                replay.is_reading = true;
                self.effects.push(effect);
            }
            _ => self.effects.push(effect),
        }
    }

    /// A courier is asked to deliver something: which of what is due is left open.
    fn observe_attempt(&mut self, attempt: &Attempt) {
        let Where::Outbox(number) = self.wheres[&attempt.receipt.queue] else {
            panic!("only outboxes are emptied by couriers");
        };
        // Its time, too, may have come while the shard was late.
        self.saw("attempt");
        let Some(subscription) = self.plain.subscriptions.get(&number) else { return };
        assert!(subscription.has_room(self.plain.now), "too many attempts: {subscription:?}");
        // Out of a direct outbox, the message says it.
        let endpoint = Some(ENDPOINTS[subscription.endpoint]).filter(|_| !subscription.is_direct());
        assert_eq!(*attempt.endpoint, *endpoint.unwrap_or_default());
        let at = Where::Outbox(number);
        let key = Some(attempt.receipt.key);
        let copy = self.plain.find(at, |copy| copy.key == key).expect("what is there").clone();
        assert!(copy.visible_at <= self.plain.now, "too early");
        assert_eq!(attempt.receipt.receive_count, copy.count + 1);
        assert_eq!(attempt.enqueued_at.as_ms(), copy.enqueued_at);
        self.check_content(attempt.location, copy.message, copy.form, Some(&attempt.delivery));
        self.plain.begin_attempt(number, copy.place);
        let (place, receipt) = (copy.place, attempt.receipt);
        self.attempts.push(Begun { subscription: number, place, receipt });
    }

    /// What a receiver is told of a copy.
    pub(super) fn check_received(&mut self, queue: usize, place: u64, received: &Received) {
        let copy = self.plain.find(Where::Queue(queue), |copy| copy.place == place);
        let copy = copy.expect("what was handed out").clone();
        assert_eq!(Some(received.receipt.key), copy.key);
        assert_eq!(received.receive_count, copy.count);
        assert_eq!(received.first_received_at.as_ms(), copy.first_received_at);
        assert_eq!(received.sequence_number.is_some(), self.plain.queues[&queue].is_fifo);
        assert_eq!(received.dead_letter_source, copy.source.map(queue_arn));
        let delivery = received.delivery.as_deref();
        self.check_content(received.location, copy.message, copy.form, delivery);
    }

    /// The record of a message, and in which form it goes out.
    fn check_content(
        &mut self,
        location: Location,
        message: u128,
        form: Option<Form>,
        delivery: Option<&Delivery>,
    ) {
        let bytes = self.read(location).expect("a message in the log");
        let Some(form) = form else {
            assert_eq!(delivery, None);
            let record = MessageRecord::decode(&bytes).unwrap();
            assert_eq!(number_of(record.message_id), message);
            return;
        };
        let delivery = delivery.expect("a delivery");
        let seen = Form {
            subscription: number_of(delivery.subscription.id),
            is_raw: delivery.is_raw,
            is_replayed: delivery.is_replayed,
            is_signed_anew: delivery.signature_version == SignatureVersion::V2,
            endpoint: form.endpoint,
        };
        assert_eq!((seen, delivery.protocol.as_str()), (form, protocol(form.endpoint)));
        let record = PublishedRecord::decode(&bytes).unwrap();
        assert_eq!(number_of(record.message.message_id), message);
        let content = PublishedContent::decode(record.message.content).unwrap();
        match self.plain.says[&message] {
            Says::Text(text, sequence) => {
                assert_eq!(content.message_type, MessageType::Notification);
                assert_eq!(content.attributes, TEXTS[text].attributes());
                let own = TEXTS[text].of_protocol(protocol(form.endpoint));
                assert_eq!(content.text_for(delivery.protocol), own);
                assert_eq!(record.sequence_number, sequence);
            }
            Says::Confirm(id) => {
                assert_eq!(content.message_type, MessageType::SubscriptionConfirmation);
                self.keep_token(content.token, id, message);
            }
            Says::Ended(id) => {
                assert_eq!(content.message_type, MessageType::UnsubscribeConfirmation);
                self.keep_token(content.token, id, message);
            }
            Says::Sent => panic!("sent to a queue, and comes from a topic"),
        }
    }

    fn keep_token(&mut self, token: Option<&str>, subscription: u128, message: u128) {
        let made_at = self.notices[&message];
        self.tokens.push((token.expect("a token").to_owned(), subscription, made_at));
    }
}
