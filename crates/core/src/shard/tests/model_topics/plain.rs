//! Topics, subscriptions and queues as lists that are searched from end to end. Of the core only
//! names and filter policies are used here.
//!
//! A hidden copy is one whose `visible_at` has not come; it is in flight if it was ever received,
//! and delayed if not. An outbox is a queue of which attempts are the receives.

use std::collections::BTreeMap;

use super::commands::{
    DEAD, DEAD_FIFO, DIRECT_ENDPOINT, ENDPOINTS, Outcome, QUEUES, SLOW, SMALL, THEIRS, is_fifo,
};
use crate::attributes::{AttributeValue, MessageAttribute};
use crate::filter_policy::{FilterPolicy, FilterPolicyScope};

const FIVE_MINUTES: u64 = 300_000;
const ATTEMPT: u64 = 60_000;
const DAY: u64 = 86_400_000;
const HOUR: u64 = 3_600_000;
/// Receives after which a message is dead.
const RECEIVES_MAX: u32 = 2;
/// Attempts that may run at one endpoint.
pub(super) const RUNNING_MAX: usize = 16;
/// Attempts that may run out of a direct outbox, until too many have failed in a row.
const RUNNING_DIRECT_MAX: usize = 128;
const QUICK_FAILURES: u32 = 16;
const PAUSE: u64 = 10;

/// What can be published: the default, what there is for protocols, and the attribute `store`.
#[derive(Debug)]
pub(super) struct Text {
    pub(super) message: &'static str,
    pub(super) by_protocol: &'static [(&'static str, &'static str)],
    pub(super) store: Option<&'static str>,
    pub(super) attributes: usize,
    pub(super) raw_size: usize,
}

const fn text(message: &'static str, store: Option<&'static str>) -> Text {
    Text { message, by_protocol: &[], store, attributes: 1, raw_size: 100 }
}

const LOW: &str = r#"{"left":3}"#;
const HIGH: &str = r#"{"left":9}"#;

pub(super) const TEXTS: [Text; 6] = [
    text("plain", None),
    text(LOW, Some("x")),
    text(HIGH, Some("y")),
    Text { by_protocol: &[("sqs", LOW), ("https", HIGH)], ..text("for the others", Some("x")) },
    Text { attributes: 11, ..text(LOW, Some("y")) },
    Text { raw_size: 900, ..text(LOW, Some("x")) },
];

/// Bytes that an envelope adds.
pub(super) const ENVELOPE: usize = 700;

/// Filter policies and their scopes.
pub(super) const FILTERS: [(&str, &str); 2] = [
    (r#"{"store":["x"]}"#, "MessageAttributes"),
    (r#"{"left":[{"numeric":["<",5]}]}"#, "MessageBody"),
];

impl Text {
    pub(super) fn of_protocol(&self, protocol: &str) -> &'static str {
        let own = self.by_protocol.iter().find(|(key, _)| *key == protocol);
        own.map_or(self.message, |(_, text)| text)
    }

    pub(super) fn attributes(&self) -> Vec<MessageAttribute<'static>> {
        let attribute = |value| MessageAttribute {
            name: "store",
            data_type: "String",
            value: AttributeValue::Text(value),
        };
        let store = self.store.map(attribute);
        store.into_iter().flat_map(|store| vec![store; self.attributes]).collect()
    }
}

/// In which form a message goes out.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Form {
    /// The subscription's id.
    pub(super) subscription: u128,
    pub(super) is_raw: bool,
    pub(super) is_replayed: bool,
    pub(super) is_signed_anew: bool,
    pub(super) endpoint: usize,
}

/// What a message says.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Says {
    /// One of the texts, published with this sequence number.
    Text(usize, Option<u64>),
    /// One of the texts, sent to a queue.
    Sent,
    /// That the subscription with this id wants to be confirmed, or has ended.
    Confirm(u128),
    Ended(u128),
}

/// A message in one queue or outbox.
#[derive(Clone, Debug)]
pub(super) struct Copy {
    pub(super) place: u64,
    /// The shard's key of it; known once its record has been seen.
    pub(super) key: Option<u64>,
    pub(super) message: u128,
    pub(super) form: Option<Form>,
    group: Option<u8>,
    pub(super) enqueued_at: u64,
    pub(super) visible_at: u64,
    pub(super) first_received_at: u64,
    received_at: u64,
    pub(super) count: u32,
    pub(super) source: Option<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct Queue {
    pub(super) life: u64,
    pub(super) is_fifo: bool,
    delay: u64,
    size_max: usize,
    redrive: Option<usize>,
    is_per_group: bool,
    pub(super) copies: Vec<Copy>,
    /// Deduplication id, group, when, and the first message.
    sends: Vec<(String, Option<u8>, u64, u128)>,
}

#[derive(Clone, Debug)]
pub(super) struct Topic {
    pub(super) is_fifo: bool,
    pub(super) is_per_group: bool,
    pub(super) is_by_content: bool,
    /// Deduplication id, group, when, the first message and its sequence number.
    pub(super) sends: Vec<(String, u8, u64, u128, u64)>,
    pub(super) last_sequence: u64,
    pub(super) archive: Option<Archive>,
    pub(super) policy: u8,
    pub(super) is_signed_anew: bool,
    pub(super) deleted: u64,
}

#[derive(Clone, Debug)]
pub(super) struct Archive {
    pub(super) begins_at: u64,
    /// When published, and the message.
    pub(super) messages: Vec<(u64, u128)>,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Status {
    Pending,
    Confirmed { is_authenticated: bool },
    Ended { at: u64 },
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Replay {
    pub(super) from: u64,
    pub(super) to: u64,
    /// The archive's newest message when it was asked for.
    pub(super) until: Option<u128>,
    pub(super) last: Option<u128>,
    pub(super) end: Option<bool>,
    pub(super) is_reading: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Subscription {
    pub(super) id: u128,
    pub(super) topic: usize,
    pub(super) endpoint: usize,
    pub(super) is_raw: bool,
    pub(super) filter: Option<usize>,
    pub(super) has_dead_letters: bool,
    pub(super) is_short: bool,
    pub(super) status: Status,
    pub(super) created_at: u64,
    pub(super) replay: Option<Replay>,
    pub(super) outbox: Vec<Copy>,
    /// Places of the outbox that a courier has, until when.
    pub(super) running: Vec<(u64, u64)>,
    /// Attempts that failed since the last that did not, and until when there is a pause for that.
    pub(super) failures: u32,
    pub(super) paused_until: u64,
}

impl Subscription {
    pub(super) fn is_confirmed(&self) -> bool {
        matches!(self.status, Status::Confirmed { .. })
    }

    pub(super) fn is_ended(&self) -> bool {
        matches!(self.status, Status::Ended { .. })
    }

    /// Whether it is the one of a direct outbox.
    pub(super) fn is_direct(&self) -> bool {
        self.endpoint >= DIRECT_ENDPOINT
    }

    pub(super) fn is_web(&self) -> bool {
        self.endpoint >= QUEUES
    }

    /// Whether another attempt may begin.
    pub(super) fn has_room(&self, now: u64) -> bool {
        let max = match self.is_direct() {
            true if self.failures <= QUICK_FAILURES => RUNNING_DIRECT_MAX,
            false if self.failures == 0 => RUNNING_MAX,
            _ => 1,
        };
        self.running.len() < max && self.paused_until <= now
    }

    fn ends_at(&self) -> Option<u64> {
        match self.status {
            Status::Pending => Some(self.created_at + 2 * DAY),
            Status::Confirmed { .. } => None,
            Status::Ended { at } => Some(at + 2 * DAY),
        }
    }
}

/// Where copies are.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Where {
    Queue(usize),
    /// Of the subscription with this number.
    Outbox(u32),
}

/// What a queue asks of a message.
pub(super) struct Freight {
    pub(super) message: u128,
    pub(super) raw_size: usize,
    pub(super) enveloped_size: usize,
    pub(super) attributes: usize,
    pub(super) group: Option<u8>,
    pub(super) deduplication: Option<String>,
    pub(super) is_replayed: bool,
}

/// What becomes of an attempt.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Fate {
    Stale,
    Delivered,
    /// After so many milliseconds, or up to a tenth more.
    Retried(u64),
    DeadLettered,
    Dropped,
}

/// A copy that has come somewhere.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Arrival {
    pub(super) at: Where,
    pub(super) place: u64,
    /// The number of the subscription by which it was published.
    pub(super) subscription: Option<u32>,
}

#[derive(Default)]
pub(super) struct Plain {
    pub(super) now: u64,
    pub(super) queues: BTreeMap<usize, Queue>,
    pub(super) topics: BTreeMap<usize, Topic>,
    /// By the shard's numbers, so in the order in which they were made.
    pub(super) subscriptions: BTreeMap<u32, Subscription>,
    pub(super) says: BTreeMap<u128, Says>,
    groups: BTreeMap<u128, Option<u8>>,
    filters: Vec<FilterPolicy>,
    last: u64,
}

impl Plain {
    pub(super) fn new(now: u64) -> Self {
        let parse = |(text, scope): (&str, &str)| {
            FilterPolicy::parse(text, FilterPolicyScope::parse(scope).unwrap()).unwrap()
        };
        Self { now, filters: FILTERS.map(parse).into(), ..Self::default() }
    }

    /// Time goes on: what is too old goes.
    pub(super) fn at(&mut self, now: u64) {
        self.now = now;
        for queue in self.queues.values_mut() {
            queue.copies.retain(|copy| copy.enqueued_at + 4 * DAY > now);
            queue.sends.retain(|(_, _, at, _)| at + FIVE_MINUTES > now);
        }
        for topic in self.topics.values_mut() {
            topic.sends.retain(|(_, _, at, ..)| at + FIVE_MINUTES > now);
            let Some(archive) = &mut topic.archive else { continue };
            while let Some((at, _)) = archive.messages.first().filter(|(at, _)| at + DAY <= now) {
                archive.begins_at = archive.begins_at.max(*at);
                archive.messages.remove(0);
            }
        }
        let over = |s: &Subscription| s.ends_at().is_some_and(|at| at <= now);
        let numbers: Vec<u32> =
            self.subscriptions.iter().filter(|(_, s)| over(s)).map(|(n, _)| *n).collect();
        numbers.into_iter().for_each(|number| self.remove_subscription(number));
        for subscription in self.subscriptions.values_mut() {
            subscription.outbox.retain(|copy| copy.enqueued_at + 30 * DAY > now);
            let outbox = &subscription.outbox;
            let is_there = |place: u64| outbox.iter().any(|copy| copy.place == place);
            subscription.running.retain(|(place, until)| *until > now && is_there(*place));
        }
    }

    pub(super) fn create_topic(&mut self, topic: usize, is_fifo: bool, is_by_content: bool) {
        self.topics.entry(topic).or_insert(Topic {
            is_fifo,
            is_per_group: is_by_content,
            is_by_content,
            sends: Vec::new(),
            last_sequence: 0,
            archive: None,
            policy: 0,
            is_signed_anew: false,
            deleted: 0,
        });
    }

    pub(super) fn delete_topic(&mut self, topic: usize) {
        self.subscriptions.retain(|_, subscription| subscription.topic != topic);
        self.topics.remove(&topic);
    }

    /// Whether the queue is made with a redrive policy: not if there is nothing to point to.
    pub(super) fn create_queue(&mut self, queue: usize) {
        if self.queues.contains_key(&queue) {
            return;
        }
        self.last += 1;
        let new = Queue {
            life: self.last,
            is_fifo: is_fifo(ENDPOINTS[queue]),
            delay: if queue == SLOW { 2000 } else { 0 },
            size_max: if queue == SMALL { 1024 } else { usize::MAX },
            redrive: self.redrive_of_new(queue),
            is_per_group: queue == SLOW,
            copies: Vec::new(),
            sends: Vec::new(),
        };
        self.queues.insert(queue, new);
    }

    /// The dead-letter queue that a queue is created with.
    pub(super) fn redrive_of_new(&self, queue: usize) -> Option<usize> {
        let target = [Some(DEAD), None, None, Some(DEAD_FIFO)].get(queue).copied().flatten();
        target.filter(|target| self.queues.contains_key(target))
    }

    pub(super) fn purge(&mut self, queue: usize) {
        if let Some(queue) = self.queues.get_mut(&queue) {
            (queue.copies, queue.sends) = Default::default();
        }
    }

    /// The shard makes the ids of direct outboxes, when the first message is on its way already.
    pub(super) fn learn_id(&mut self, number: u32, id: u128) {
        let subscription = self.subscriptions.get_mut(&number).unwrap();
        if !subscription.is_direct() {
            return assert_eq!(subscription.id, id);
        }
        subscription.id = id;
        for form in subscription.outbox.iter_mut().filter_map(|copy| copy.form.as_mut()) {
            form.subscription = id;
        }
    }

    pub(super) fn remove_subscription(&mut self, number: u32) {
        let Some(subscription) = self.subscriptions.remove(&number) else { return };
        self.topics.get_mut(&subscription.topic).unwrap().deleted += 1;
    }

    /// A place for a copy that comes now.
    fn fresh(&mut self, message: u128, form: Option<Form>, group: Option<u8>) -> Copy {
        self.last += 1;
        Copy {
            place: self.last,
            key: None,
            message,
            form,
            group,
            enqueued_at: self.now,
            visible_at: self.now,
            first_received_at: 0,
            received_at: 0,
            count: 0,
            source: None,
        }
    }

    fn arrive(&mut self, at: Where, copy: Copy) -> u64 {
        let place = copy.place;
        self.copies_mut(at).expect("somewhere that is there").push(copy);
        place
    }

    pub(super) fn copies(&self, at: Where) -> Option<&Vec<Copy>> {
        match at {
            Where::Queue(queue) => self.queues.get(&queue).map(|queue| &queue.copies),
            Where::Outbox(number) => self.subscriptions.get(&number).map(|s| &s.outbox),
        }
    }

    pub(super) fn copies_mut(&mut self, at: Where) -> Option<&mut Vec<Copy>> {
        match at {
            Where::Queue(queue) => self.queues.get_mut(&queue).map(|queue| &mut queue.copies),
            Where::Outbox(number) => self.subscriptions.get_mut(&number).map(|s| &mut s.outbox),
        }
    }

    pub(super) fn find(&self, at: Where, is: impl Fn(&Copy) -> bool) -> Option<&Copy> {
        self.copies(at)?.iter().find(|copy| is(copy))
    }

    pub(super) fn change(&mut self, at: Where, place: u64, change: impl FnOnce(&mut Copy)) {
        let copies = self.copies_mut(at).expect("somewhere that is there");
        change(copies.iter_mut().find(|copy| copy.place == place).expect("a copy that is there"));
    }

    fn remove(&mut self, at: Where, place: u64) -> Copy {
        let copies = self.copies_mut(at).expect("somewhere that is there");
        copies.remove(copies.iter().position(|copy| copy.place == place).unwrap())
    }

    /// What the queue remembers of an id, in which group it was used.
    fn is_known(queue: &Queue, id: &str, group: Option<u8>) -> Option<u128> {
        let is_same = |(known, of, ..): &&(String, Option<u8>, u64, u128)| {
            known == id && (*of == group || !queue.is_per_group)
        };
        queue.sends.iter().find(is_same).map(|(.., first)| *first)
    }

    /// A message is sent to a queue, without a topic: where it comes, or the first with its id.
    pub(super) fn send(
        &mut self,
        queue: usize,
        message: u128,
        group: Option<u8>,
        deduplication: Option<String>,
    ) -> Result<Arrival, u128> {
        let now = self.now;
        let q = self.queues.get_mut(&queue).unwrap();
        if let (Some(id), true) = (deduplication, q.is_fifo) {
            if let Some(first) = Self::is_known(q, &id, group) {
                return Err(first);
            }
            q.sends.push((id, group, now, message));
        }
        let visible_at = now + q.delay;
        self.says.insert(message, Says::Sent);
        let copy = Copy { visible_at, ..self.fresh(message, None, group) };
        let place = self.arrive(Where::Queue(queue), copy);
        Ok(Arrival { at: Where::Queue(queue), place, subscription: None })
    }

    /// A message is published that is no duplicate: every copy of it, in the order of the
    /// subscriptions.
    pub(super) fn publish(
        &mut self,
        topic: usize,
        text: usize,
        sequence: Option<u64>,
        freight: &Freight,
    ) -> Vec<Arrival> {
        let wants =
            |s: &Subscription| s.topic == topic && s.is_confirmed() && self.accepts(s, text);
        let wanting: Vec<u32> =
            self.subscriptions.iter().filter(|(_, s)| wants(s)).map(|(n, _)| *n).collect();
        self.says.insert(freight.message, Says::Text(text, sequence));
        self.groups.insert(freight.message, freight.group);
        let of_topic = self.topics.get_mut(&topic).unwrap();
        if let Some(archive) = &mut of_topic.archive {
            archive.messages.push((self.now, freight.message));
        }
        if let (Some(id), Some(group), Some(sequence)) =
            (&freight.deduplication, freight.group, sequence)
        {
            of_topic.sends.push((id.clone(), group, self.now, freight.message, sequence));
        }
        wanting.into_iter().filter_map(|number| self.deliver(number, freight)).collect()
    }

    fn accepts(&self, subscription: &Subscription, text: usize) -> bool {
        let text = &TEXTS[text];
        let body = text.of_protocol(protocol(subscription.endpoint));
        let policy = subscription.filter.map(|filter| &self.filters[filter]);
        policy.is_none_or(|policy| policy.accepts(&text.attributes(), body))
    }

    /// Whether a queue takes a message.
    fn takes(queue: &Queue, is_raw: bool, freight: &Freight) -> bool {
        let size = if is_raw { freight.raw_size } else { freight.enveloped_size };
        size <= queue.size_max && (freight.attributes <= 10 || !is_raw)
    }

    /// A copy goes to a subscription: to its queue, or if that does not take it, to where its dead
    /// letters go.
    fn deliver(&mut self, number: u32, freight: &Freight) -> Option<Arrival> {
        let subscription = &self.subscriptions[&number];
        let topic = &self.topics[&subscription.topic];
        let form = self.form(number, freight.is_replayed);
        let own = self.queues.get(&subscription.endpoint);
        let at = if subscription.is_web() {
            Where::Outbox(number)
        } else if own.is_some_and(|own| Self::takes(own, subscription.is_raw, freight)) {
            Where::Queue(subscription.endpoint)
        } else {
            Where::Queue(self.dead_letters_of(number)?)
        };
        let (now, of_fifo) = (self.now, topic.is_fifo);
        let mut delay = 0;
        let mut group = None;
        if let Where::Queue(queue) = at {
            let queue = self.queues.get_mut(&queue).unwrap();
            if let (Some(id), true, false) =
                (&freight.deduplication, queue.is_fifo, freight.is_replayed)
            {
                if Self::is_known(queue, id, freight.group).is_some() {
                    return None;
                }
                queue.sends.push((id.clone(), freight.group, now, freight.message));
            }
            delay = queue.delay;
            group = freight.group.filter(|_| queue.is_fifo || !of_fifo);
        }
        let visible_at = now + delay;
        let copy = Copy { visible_at, ..self.fresh(freight.message, Some(form), group) };
        let place = self.arrive(at, copy);
        Some(Arrival { at, place, subscription: Some(number) })
    }

    pub(super) fn form(&self, number: u32, is_replayed: bool) -> Form {
        let subscription = &self.subscriptions[&number];
        Form {
            subscription: subscription.id,
            is_raw: subscription.is_raw,
            is_replayed,
            is_signed_anew: self.topics[&subscription.topic].is_signed_anew,
            endpoint: subscription.endpoint,
        }
    }

    /// Where a subscription's dead letters go, if that is there.
    fn dead_letters_of(&self, number: u32) -> Option<usize> {
        let subscription = &self.subscriptions[&number];
        let target = if is_fifo(ENDPOINTS[subscription.endpoint]) { DEAD_FIFO } else { DEAD };
        let is_set = subscription.has_dead_letters;
        (is_set && self.queues.contains_key(&target)).then_some(target)
    }

    /// A message of the service's own to a subscription's endpoint, if that is there.
    pub(super) fn notify(&mut self, number: u32, message: u128, says: Says) -> Option<Arrival> {
        let subscription = &self.subscriptions[&number];
        let at = if subscription.is_web() {
            Where::Outbox(number)
        } else {
            Where::Queue(Some(THEIRS).filter(|queue| self.queues.contains_key(queue))?)
        };
        self.says.insert(message, says);
        let copy = self.fresh(message, Some(self.form(number, false)), None);
        let place = self.arrive(at, copy);
        Some(Arrival { at, place, subscription: Some(number) })
    }

    /// Copies that may be handed out now: of a FIFO queue in exactly this order.
    pub(super) fn next(&self, queue: usize) -> Vec<u64> {
        let queue = &self.queues[&queue];
        let mut next = Vec::new();
        for copy in &queue.copies {
            let is_new = !next.contains(&copy.place);
            if !queue.is_fifo && copy.visible_at <= self.now {
                next.push(copy.place);
            } else if queue.is_fifo && is_new && self.is_head(queue, copy) {
                let group = queue.copies.iter().filter(|other| other.group == copy.group);
                let visible = group.take_while(|other| other.visible_at <= self.now);
                next.extend(visible.map(|other| other.place));
            }
        }
        next
    }

    /// Whether a copy is the first of its group, and nothing of the group is in flight.
    fn is_head(&self, queue: &Queue, copy: &Copy) -> bool {
        let mut group = queue.copies.iter().filter(|other| other.group == copy.group);
        group.clone().next().is_some_and(|first| first.place == copy.place)
            && group.all(|other| other.count == 0 || other.visible_at <= self.now)
    }

    /// The queue to which a copy goes instead of being handed out.
    pub(super) fn dead_letter_queue(&self, queue: usize, place: u64) -> Option<usize> {
        let target = self.queues[&queue].redrive?;
        let copy = self.find(Where::Queue(queue), |copy| copy.place == place)?;
        (copy.count >= RECEIVES_MAX && self.queues.contains_key(&target)).then_some(target)
    }

    /// A queue's dead letter goes to another queue.
    pub(super) fn move_dead_letter(&mut self, queue: usize, place: u64, target: usize) -> Arrival {
        let copy = self.remove(Where::Queue(queue), place);
        let is_fifo = self.queues[&target].is_fifo;
        let enqueued_at = if is_fifo { self.now } else { copy.enqueued_at };
        self.last += 1;
        let (place, visible_at, source) = (self.last, self.now, Some(queue));
        let moved = Copy { place, key: None, visible_at, source, enqueued_at, ..copy };
        let at = Where::Queue(target);
        self.arrive(at, moved);
        Arrival { at, place, subscription: None }
    }

    /// A copy is handed out, to a receiver or to a courier.
    pub(super) fn hand_out(&mut self, at: Where, place: u64, timeout: u64) {
        let now = self.now;
        self.change(at, place, |copy| {
            if copy.count == 0 {
                copy.first_received_at = now;
            }
            copy.count += 1;
            copy.received_at = now;
            copy.visible_at = now + timeout;
        });
    }

    /// A courier begins an attempt.
    pub(super) fn begin_attempt(&mut self, number: u32, place: u64) {
        self.hand_out(Where::Outbox(number), place, ATTEMPT);
        let until = self.now + ATTEMPT;
        self.subscriptions.get_mut(&number).unwrap().running.push((place, until));
    }

    /// A receipt is used to delete. False if that is refused.
    pub(super) fn delete(&mut self, queue: usize, place: u64, count: u32) -> bool {
        let at = Where::Queue(queue);
        let Some(copy) = self.find(at, |copy| copy.place == place) else { return true };
        let is_latest = copy.count == count;
        if self.queues[&queue].is_fifo && !(is_latest && copy.visible_at > self.now) {
            return false;
        }
        if is_latest {
            self.remove(at, place);
        }
        true
    }

    /// A receipt is used to hide a copy anew. False if that is refused.
    pub(super) fn hide(&mut self, queue: usize, place: u64, count: u32, seconds: u64) -> bool {
        let (now, at) = (self.now, Where::Queue(queue));
        let is_fifo = self.queues[&queue].is_fifo;
        let latest = self.find(at, |copy| copy.place == place && copy.count == count);
        let Some(copy) = latest else { return false };
        let is_visible = copy.visible_at <= now;
        if is_visible && (is_fifo || seconds == 0) {
            return !is_fifo;
        }
        if (now - copy.received_at) / 1000 + seconds > 12 * 3600 {
            return false;
        }
        self.change(at, place, |copy| copy.visible_at = now + seconds * 1000);
        true
    }

    /// A courier tells how an attempt went. Also what came where because of it. When a retry is due
    /// is told by the shard.
    pub(super) fn settle(
        &mut self,
        number: u32,
        place: u64,
        count: u32,
        outcome: Outcome,
    ) -> (Fate, Option<Arrival>) {
        let (now, at) = (self.now, Where::Outbox(number));
        let Some(copy) = self.find(at, |copy| copy.place == place).cloned() else {
            return (Fate::Stale, None);
        };
        if copy.count != count || copy.visible_at <= now {
            return (Fate::Stale, None);
        }
        let delay = self.delays(number).get(count as usize - 1).copied();
        let subscription = self.subscriptions.get_mut(&number).unwrap();
        subscription.running.retain(|(running, _)| *running != place);
        if let Outcome::NotBegun(pause) = outcome {
            subscription.paused_until = subscription.paused_until.max(now + u64::from(pause));
            self.change(at, place, |copy| {
                copy.count -= 1;
                if copy.count == 0 {
                    copy.first_received_at = 0;
                }
            });
            return (Fate::Retried(0), None);
        }
        if let Outcome::TryAfter(delay) = outcome {
            return (Fate::Retried(delay.into()), None);
        }
        let is_bounded = !subscription.is_direct();
        let is_failing = outcome == Outcome::TryLater;
        subscription.failures = if is_failing { subscription.failures + 1 } else { 0 };
        if subscription.failures > QUICK_FAILURES {
            subscription.paused_until = subscription.paused_until.max(now + PAUSE);
        }
        let in_time = |delay: &u64| !is_bounded || now - copy.first_received_at + delay <= HOUR;
        match (outcome, delay.filter(in_time)) {
            (Outcome::Delivered, _) => {
                self.remove(at, place);
                (Fate::Delivered, None)
            }
            (Outcome::TryLater, Some(delay)) => (Fate::Retried(delay), None),
            _ => self.give_up(number, place),
        }
    }

    fn give_up(&mut self, number: u32, place: u64) -> (Fate, Option<Arrival>) {
        let target = self.dead_letters_of(number);
        let copy = self.remove(Where::Outbox(number), place);
        let Some(target) = target else { return (Fate::Dropped, None) };
        let fresh = self.fresh(copy.message, copy.form, None);
        let at = Where::Queue(target);
        let place = self.arrive(at, fresh);
        (Fate::DeadLettered, Some(Arrival { at, place, subscription: None }))
    }

    /// The delays between attempts.
    fn delays(&self, number: u32) -> Vec<u64> {
        let subscription = &self.subscriptions[&number];
        if subscription.is_direct() {
            return messengers();
        }
        match (self.topics[&subscription.topic].policy, subscription.is_short) {
            (0 | 1, true) => vec![0, 1000, 5000],
            (0, false) => vec![20_000; 3],
            _ => Vec::new(),
        }
    }

    /// What a replay looks at next.
    pub(super) fn next_of_replay(&self, number: u32) -> Option<u128> {
        let subscription = self.subscriptions.get(&number)?;
        let replay = subscription.replay.filter(|replay| replay.end.is_none())?;
        let archive = self.topics[&subscription.topic].archive.as_ref()?;
        // Ids grow as messages are published.
        let is_wanted = |(at, id): &&(u64, u128)| {
            (replay.from..=replay.to).contains(at)
                && Some(*id) <= replay.until
                && Some(*id) > replay.last
        };
        archive.messages.iter().find(is_wanted).map(|(_, id)| *id)
    }

    /// A replay looks at an archived message.
    pub(super) fn replay(&mut self, number: u32, message: u128) -> Option<Arrival> {
        let Says::Text(text, _) = self.says[&message] else { panic!("an archived message") };
        let deduplication = None;
        let freight = Freight {
            message,
            raw_size: 0,
            enveloped_size: 0,
            attributes: TEXTS[text].attributes().len(),
            group: self.groups[&message],
            deduplication,
            is_replayed: true,
        };
        if let Some(replay) = &mut self.subscriptions.get_mut(&number).unwrap().replay {
            replay.last = Some(message);
        }
        let is_accepted = self.accepts(&self.subscriptions[&number], text);
        is_accepted.then(|| self.deliver(number, &freight)).flatten()
    }

    /// Messages that somebody needs.
    pub(super) fn needed(&self) -> std::collections::BTreeSet<u128> {
        let of_queues = self.queues.values().flat_map(|queue| &queue.copies);
        let of_outboxes = self.subscriptions.values().flat_map(|s| &s.outbox);
        let archives = self.topics.values().filter_map(|topic| topic.archive.as_ref());
        let archived = archives.flat_map(|archive| archive.messages.iter().map(|(_, id)| *id));
        of_queues.chain(of_outboxes).map(|copy| copy.message).chain(archived).collect()
    }

    /// Visible, in flight, delayed.
    pub(super) fn counts(&self, at: Where) -> [u64; 3] {
        let copies = self.copies(at).expect("somewhere that is there");
        let count =
            |is: &dyn Fn(&Copy) -> bool| copies.iter().filter(|copy| is(copy)).count() as u64;
        let is_hidden = |copy: &Copy| copy.visible_at > self.now;
        [
            count(&|copy| !is_hidden(copy)),
            count(&|copy| is_hidden(copy) && copy.count > 0),
            count(&|copy| is_hidden(copy) && copy.count == 0),
        ]
    }
}

/// Fifty retries over six hours: two after ten seconds, ten that grow to ten minutes, and 38 after as
/// long.
fn messengers() -> Vec<u64> {
    let growing = (0..10).map(|step| 10_000 + 590_000 * ((1 << step) - 1) / ((1 << 9) - 1));
    [10_000; 2].into_iter().chain(growing).chain([600_000; 38]).collect()
}

pub(super) fn protocol(endpoint: usize) -> &'static str {
    match ENDPOINTS[endpoint].split_once(':') {
        Some((scheme, _)) => scheme,
        None => "sqs",
    }
}
