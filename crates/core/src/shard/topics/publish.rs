//! Publish and PublishBatch: who gets a message, and where it goes.

use std::collections::{BTreeMap, BTreeSet};

use tidings_mutants::mutant;

use super::super::shard::Shard;
use crate::command::{Publication, Published, Reply};
use crate::deadlines::Due;
use crate::hex;
use crate::message::{Location, Sealing};
use crate::names::{QueueArn, TopicArn, Uuid};
use crate::publication::PublishedContent;
use crate::queue::Queue;
use crate::record::{
    Deliveries, FannedOutCopy, MessageRecord, PublishedRecord, Record, TopicRecord,
};
use crate::rejection::{Rejection, TopicRejection};
use crate::time::Timestamp;
use crate::topic::{Subscription, Target, Topic};
use crate::topic_attributes::ThroughputScope;

/// A message as fan-out sees it.
pub(super) struct FanOut<'a> {
    /// Where its record was first written.
    pub(super) location: Location,
    pub(super) message_id: Uuid,
    pub(super) group: Option<&'a str>,
    pub(super) deduplication: Option<&'a str>,
    pub(super) is_replayed: bool,
}

/// Where the copies of a message go.
#[derive(Default)]
pub(super) struct Copies {
    list: Vec<FannedOutCopy>,
    /// How many each queue gets, from the first that goes to a dead-letter queue on. Without those no
    /// queue gets more than one.
    counts: Option<BTreeMap<u32, u64>>,
    /// Encrypted queues among them whose keys have not been asked yet.
    to_ask: BTreeSet<QueueArn>,
}

impl Copies {
    fn push(&mut self, subscription: u32, queue: &Queue, is_redirected: bool) {
        if is_redirected && self.counts.is_none() {
            self.counts = Some(self.list.iter().map(|copy| (copy.queue, 1)).collect());
        }
        let mut key = queue.next_key;
        if let Some(counts) = &mut self.counts {
            let earlier = counts.entry(queue.number).or_default();
            // A FIFO queue knows the id of the copy that it has been given already.
            if *earlier > 0 && queue.is_fifo() {
                return;
            }
            key += *earlier;
            *earlier += 1;
        }
        self.list.push(FannedOutCopy { subscription, queue: queue.number, key });
    }
}

/// What a queue asks of a message before it takes it.
pub(super) struct Freight<'a> {
    /// In bytes, without an envelope and with it.
    pub(super) raw_size: usize,
    pub(super) enveloped_size: usize,
    pub(super) attributes: usize,
    pub(super) group: Option<&'a str>,
    pub(super) deduplication: Option<&'a str>,
    pub(super) is_replayed: bool,
    /// What the keys of encrypted queues said; `None` where they are not asked.
    pub(super) keys: Option<&'a BTreeMap<QueueArn, bool>>,
}

/// What an encrypted queue's key says to a message of a topic.
#[derive(PartialEq, Eq)]
enum KeyAnswer {
    Unasked,
    LetsIn,
    KeepsOut,
}

impl Freight<'_> {
    fn key_of(&self, queue: &Queue) -> KeyAnswer {
        let Some(keys) = self.keys.filter(|_| queue.attributes.kms_master_key_id.is_some()) else {
            return KeyAnswer::LetsIn;
        };
        match keys.get(&queue.arn) {
            None => KeyAnswer::Unasked,
            Some(true) => KeyAnswer::LetsIn,
            Some(false) => KeyAnswer::KeepsOut,
        }
    }

    fn may_enter(&self, queue: &Queue) -> bool {
        self.key_of(queue) != KeyAnswer::KeepsOut
    }
}

/// What became of one message of a publish.
pub(super) enum Step {
    Done(Published),
    /// Nothing yet: these queues' keys are to be asked first.
    ToAsk(BTreeSet<QueueArn>),
}

impl Shard {
    /// Takes each message or refuses it by itself. What a FIFO topic needs and a message lacks is
    /// refused for the whole call, as AWS does.
    ///
    /// Messages and their copies lie in one batch of the log, which has room for one message to as
    /// many subscriptions as a topic may have. Those for which it has none are given back; so is one
    /// that goes to an encrypted queue whose key has not been asked.
    pub(super) fn publish(
        &mut self,
        arn: &TopicArn,
        mut messages: Vec<Publication>,
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        let number = self.find_topic(arn)?;
        let topic = self.topic(number);
        messages.iter().try_for_each(|message| check_fifo_parameters(topic, message))?;
        let max = topic.attributes.maximum_message_size() as usize;
        if messages.len() > 1 && messages.iter().map(|message| message.size).sum::<usize>() > max {
            return Err(TopicRejection::BatchRequestTooLong.into());
        }
        let mut published = Vec::with_capacity(messages.len());
        let mut to_ask = BTreeSet::new();
        for message in &messages {
            if self.is_batch_full() && !published.is_empty() {
                break;
            }
            match self.publish_one(number, message, max, now) {
                Ok(Step::Done(one)) => published.push(Ok(one)),
                Ok(Step::ToAsk(queues)) => {
                    to_ask = queues;
                    break;
                }
                Err(rejection) => published.push(Err(rejection)),
            }
        }
        let left = messages.split_off(published.len());
        // What the others need is asked with it: one round is enough for a batch.
        if !to_ask.is_empty() {
            to_ask.extend(left.iter().skip(1).flat_map(|one| self.keys_to_ask(number, one, now)));
        }
        Ok(Reply::Published { published, left, to_ask })
    }

    pub(super) fn publish_one(
        &mut self,
        number: u32,
        message: &Publication,
        max: usize,
        now: Timestamp,
    ) -> Result<Step, Rejection> {
        if message.size > max {
            return Err(TopicRejection::parameter("Message too long").into());
        }
        let topic = self.topic(number);
        let deduplication = deduplication_id(topic, message);
        let group = message.group.as_ref().map(|group| group.as_str());
        if let (Some(id), Some(group)) = (&deduplication, group)
            && let Some(first) = self.first_published(topic, id, group, now)
        {
            return Ok(Step::Done(first));
        }
        let sequence_number = topic.is_fifo().then_some(topic.next_sequence_number);
        let published = Published { message_id: message.message_id, sequence_number };
        let mut copies = self.copies(number, message, deduplication.as_deref(), now)?;
        if mutant!(DropOutboxEntry) && copies.list.len() > 1 {
            copies.list.pop();
        }
        if !copies.to_ask.is_empty() {
            return Ok(Step::ToAsk(copies.to_ask));
        }
        // Nobody gets it, nobody will ask for it again, and nothing has to be remembered.
        if copies.list.is_empty() && sequence_number.is_none() {
            return Ok(Step::Done(published));
        }
        let record = PublishedRecord {
            sequence_number,
            message: MessageRecord {
                message_id: message.message_id,
                sent_at: now,
                body_md5: message.body_md5,
                group,
                deduplication: deduplication.as_deref(),
                sealing: message.sealing,
                content: &message.content,
            },
        };
        let location = self.commit(&Record::Topic(TopicRecord::MessagePublished {
            topic: number,
            published: record,
        }));
        let fan_out = FanOut {
            location,
            message_id: message.message_id,
            group,
            deduplication: deduplication.as_deref(),
            is_replayed: false,
        };
        self.fan_out(&fan_out, &copies, now);
        Ok(Step::Done(published))
    }

    /// What a message would need, that is not published yet.
    fn keys_to_ask(
        &self,
        number: u32,
        message: &Publication,
        now: Timestamp,
    ) -> BTreeSet<QueueArn> {
        let id = deduplication_id(self.topic(number), message);
        let copies = self.copies(number, message, id.as_deref(), now);
        copies.map(|copies| copies.to_ask).unwrap_or_default()
    }

    /// What the first message with this id was answered, if the topic remembers one.
    fn first_published(
        &self,
        topic: &Topic,
        id: &str,
        group: &str,
        now: Timestamp,
    ) -> Option<Published> {
        let group = match topic.attributes.throughput_scope() {
            ThroughputScope::Topic => None,
            ThroughputScope::MessageGroup => Some(self.digest(group)),
        };
        let first = topic.deduplication.find(self.digest(id), group, now)?;
        Some(Published { message_id: first.message_id, sequence_number: Some(first.key) })
    }

    /// Where the copies of a message go: one for each subscription that wants it, unless neither its
    /// queue nor its dead-letter queue takes it.
    fn copies(
        &self,
        number: u32,
        message: &Publication,
        deduplication: Option<&str>,
        now: Timestamp,
    ) -> Result<Copies, Rejection> {
        let topic = self.topic(number);
        let bytes = message.unsealed.as_deref().unwrap_or(&message.content);
        let content =
            PublishedContent::decode(bytes).map_err(|_| TopicRejection::parameter("Message"))?;
        let protocol_of = |number| self.subscriptions.get(&number).map(|s| s.protocol);
        let freight = Freight {
            raw_size: message.raw_size,
            enveloped_size: message.enveloped_size,
            attributes: content.attributes.len(),
            group: message.group.as_ref().map(|group| group.as_str()),
            deduplication,
            is_replayed: false,
            keys: Some(&message.keys),
        };
        let wanted = topic.wanted_by(&content, protocol_of);
        let list = Vec::with_capacity(wanted.len());
        let mut copies = Copies { list, ..Copies::default() };
        for number in wanted {
            self.add_copy(number, &freight, &mut copies, now);
        }
        Ok(copies)
    }

    /// Adds the copy for a subscription.
    pub(super) fn add_copy(
        &self,
        number: u32,
        freight: &Freight<'_>,
        copies: &mut Copies,
        now: Timestamp,
    ) {
        let Some(subscription) = self.subscriptions.get(&number) else { return };
        let Some(topic) = self.topics.get(&subscription.topic) else { return };
        let (queue, is_redirected) = match self.target_of(subscription, topic, freight, now) {
            Some(queue) => (queue, false),
            None => match self.dead_letter_queue_of(subscription, now) {
                Some(queue) if freight.may_enter(self.queue(queue)) => (queue, true),
                _ => return,
            },
        };
        let queue = self.queue(queue);
        if freight.key_of(queue) == KeyAnswer::Unasked {
            copies.to_ask.insert(queue.arn.clone());
        } else if !self.is_known_to(queue, freight, now) {
            copies.push(number, queue, is_redirected);
        }
    }

    /// The queue or outbox that a copy goes to, unless it is not there, does not take it, or does not
    /// let the topic in.
    fn target_of(
        &self,
        subscription: &Subscription,
        topic: &Topic,
        freight: &Freight<'_>,
        now: Timestamp,
    ) -> Option<u32> {
        let arn = match &subscription.target {
            Target::Outbox(queue) => return Some(*queue),
            Target::Queue(arn) => arn,
        };
        let number = *self.by_arn.get(arn)?;
        let is_raw = subscription.attributes.raw_message_delivery();
        let queue = self.queue(number);
        let is_welcome = takes(queue, is_raw, freight)
            && self.admits(queue, topic, now)
            && freight.may_enter(queue);
        is_welcome.then_some(number)
    }

    /// The queue that a subscription's dead letters go to, if there is one that takes them and lets the
    /// topic in. Messages of a FIFO topic have what a FIFO queue needs, wherever they were to go.
    pub(super) fn dead_letter_queue_of(
        &self,
        subscription: &Subscription,
        now: Timestamp,
    ) -> Option<u32> {
        let policy = subscription.attributes.redrive_policy()?;
        let number = *self.by_arn.get(policy.dead_letter_target())?;
        let (queue, topic) = (self.queue(number), self.topics.get(&subscription.topic)?);
        let takes =
            if queue.is_fifo() { topic.is_fifo() } else { !subscription.is_of_fifo_queue() };
        (takes && self.admits(queue, topic, now)).then_some(number)
    }

    /// Whether a FIFO queue was given the message's id lately: it takes the message and drops it.
    fn is_known_to(&self, queue: &Queue, freight: &Freight<'_>, now: Timestamp) -> bool {
        let ids = freight.deduplication.zip(freight.group);
        let known = ids.and_then(|(id, group)| self.first_in_queue(queue, id, group, now));
        known.is_some() && !freight.is_replayed
    }

    /// Puts the copies where they go. Those who wait for them get them before the batch is appended,
    /// or the one behind it: this step is long enough.
    pub(super) fn fan_out(&mut self, fan_out: &FanOut<'_>, copies: &Copies, now: Timestamp) {
        if copies.list.is_empty() {
            return;
        }
        self.commit(&Record::Topic(TopicRecord::MessageFannedOut {
            at: now,
            location: fan_out.location,
            message_id: fan_out.message_id,
            group: fan_out.group,
            deduplication: fan_out.deduplication,
            is_replayed: fan_out.is_replayed,
            deliveries: Deliveries::Listed(&copies.list),
        }));
        for copy in &copies.list {
            let queue = self.queue(copy.queue);
            if queue.outbox_of.is_some() || !queue.waiters.is_empty() {
                self.upkeep.deadlines.insert(now, Due::Serve { queue: copy.queue });
            }
        }
    }

    /// A message of ours to the endpoint of a subscription.
    pub(super) fn send_notice(
        &mut self,
        number: u32,
        content: &[u8],
        message_id: Uuid,
        now: Timestamp,
    ) {
        let subscription = self.subscription(number);
        let queue = match &subscription.target {
            Target::Outbox(queue) => Some(*queue),
            // A queue need not take anything from a topic that it does not let in: this neither.
            Target::Queue(arn) => self.by_arn.get(arn).copied().filter(|queue| {
                let topic = self.topics.get(&subscription.topic);
                topic.is_some_and(|topic| self.admits(self.queue(*queue), topic, now))
            }),
        };
        let Some(queue) = queue else { return };
        let topic = subscription.topic;
        let id = message_id.to_string();
        // FIFO queues need both.
        let (group, deduplication) = (Some("confirmation"), Some(id.as_str()));
        let location = self.commit(&Record::Topic(TopicRecord::MessagePublished {
            topic,
            published: PublishedRecord {
                sequence_number: None,
                message: MessageRecord {
                    message_id,
                    sent_at: now,
                    body_md5: [0; 16],
                    group,
                    deduplication,
                    sealing: Sealing::Plain,
                    content,
                },
            },
        }));
        let mut copies = Copies::default();
        copies.push(number, self.queue(queue), false);
        let fan_out = FanOut { location, message_id, group, deduplication, is_replayed: false };
        self.fan_out(&fan_out, &copies, now);
    }
}

/// Whether a queue takes a message. One with more than ten attributes cannot be delivered raw.
fn takes(queue: &Queue, is_raw: bool, freight: &Freight<'_>) -> bool {
    let size = if is_raw { freight.raw_size } else { freight.enveloped_size };
    let fits = size <= queue.attributes.maximum_message_size as usize;
    let is_deliverable = !is_raw || freight.attributes <= crate::limits::MESSAGE_ATTRIBUTES_MAX;
    fits && is_deliverable && (freight.group.is_some() || !queue.is_fifo())
}

/// The id that a FIFO topic knows the message by: the one given, or the message's SHA-256.
fn deduplication_id(topic: &Topic, message: &Publication) -> Option<String> {
    if !topic.is_fifo() {
        return None;
    }
    let given = message.deduplication.as_ref().map(|id| id.as_str().to_owned());
    given.or_else(|| message.body_sha256.map(|digest| hex::lower(&digest)))
}

/// What a FIFO topic cannot do without, and what a standard one does not take.
fn check_fifo_parameters(topic: &Topic, message: &Publication) -> Result<(), TopicRejection> {
    if !topic.is_fifo() {
        return if message.deduplication.is_some() {
            Err(TopicRejection::parameter(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId \
                 parameter that is not valid for this topic type",
            ))
        } else {
            Ok(())
        };
    }
    if message.group.is_none() {
        return Err(TopicRejection::parameter(
            "The MessageGroupId parameter is required for FIFO topics",
        ));
    }
    let by_content =
        topic.attributes.content_based_deduplication() && message.body_sha256.is_some();
    if message.deduplication.is_none() && !by_content {
        return Err(TopicRejection::parameter(
            "The topic should either have ContentBasedDeduplication enabled or \
             MessageDeduplicationId provided explicitly",
        ));
    }
    Ok(())
}
