//! What records about topics change.

use std::sync::Arc;

use super::super::shard::Shard;
use crate::deadlines::Due;
use crate::delivery::QueueKey;
use crate::limits;
use crate::message::Location;
use crate::names::{QueueArn, QueueName, SubscriptionArn, SubscriptionProtocol};
use crate::queue::{Arrival, FirstSend, Origin, Queue};
use crate::queue_attributes::QueueAttributes;
use crate::record::{FannedOutCopy, PublishedRecord, TopicRecord};
use crate::tags::Tags;
use crate::time::Timestamp;
use crate::topic::{Archive, Archived, Outbox, Replay, Status, Subscription, Target, Topic};
use crate::topic_attributes::TopicAttributes;

impl Shard {
    pub(in super::super) fn apply_to_topics(
        &mut self,
        record: &TopicRecord<'_>,
        location: Location,
    ) {
        match record {
            TopicRecord::TopicCreated {
                at,
                topic,
                arn,
                attributes,
                tags,
                data_protection_policy,
            } => {
                let mut created = Topic::new(*topic, arn.clone(), attributes.clone(), tags.clone());
                created.data_protection_policy = data_protection_policy.map(Arc::from);
                created.archive = attributes.archive_days().map(|_| Archive::new(*at));
                self.add_topic(created);
            }
            TopicRecord::TopicDeleted { topic } => self.apply_topic_deleted(*topic),
            TopicRecord::TopicAttributesSet { at, topic, attributes } => {
                self.apply_topic_attributes_set(*topic, attributes, *at);
            }
            TopicRecord::TopicTagsSet { topic, tags } => {
                if let Some(topic) = self.topics.get_mut(topic) {
                    topic.tags = tags.clone();
                    topic.renew_terms();
                }
            }
            TopicRecord::DataProtectionPolicySet { topic, policy } => {
                if let Some(topic) = self.topics.get_mut(topic) {
                    topic.data_protection_policy = policy.map(Arc::from);
                }
            }
            TopicRecord::MessagePublished { topic, published } => {
                self.apply_message_published(*topic, published, location);
            }
            TopicRecord::MessageFannedOut { deliveries, .. } => {
                for copy in deliveries.iter() {
                    self.apply_copy(record, copy);
                }
            }
            TopicRecord::PublicationRelocated { number, .. } => {
                let upkeep = &mut self.upkeep;
                upkeep.publications.relocate(*number, location, &mut upkeep.live);
            }
            TopicRecord::ArchiveExpired { topic, last } => {
                self.apply_archive_expired(*topic, *last);
            }
            _ => self.apply_to_subscription(record),
        }
    }

    fn apply_to_subscription(&mut self, record: &TopicRecord<'_>) {
        match record {
            TopicRecord::SubscriptionCreated { .. } => self.apply_subscription_created(record),
            TopicRecord::SubscriptionConfirmed { subscription, is_authenticated } => {
                let is_authenticated = *is_authenticated;
                self.change_subscription(*subscription, |subscription, topic| {
                    // What was published since it was made has not come to it.
                    if subscription.status == Status::Pending {
                        subscription.replay = replay(subscription, topic);
                    }
                    subscription.status = Status::Confirmed { is_authenticated };
                });
            }
            TopicRecord::SubscriptionAttributesSet {
                subscription,
                attributes,
                restarts_replay,
            } => {
                self.change_subscription(*subscription, |subscription, topic| {
                    subscription.attributes = attributes.clone();
                    if *restarts_replay {
                        subscription.replay = replay(subscription, topic);
                    }
                });
            }
            TopicRecord::SubscriptionEnded { at, subscription } => {
                self.change_subscription(*subscription, |subscription, _| {
                    subscription.status = Status::Ended { at: *at };
                });
                let target = self.subscriptions.get(subscription).map(|s| s.target.clone());
                if let Some(Target::Outbox(number)) = target
                    && let Some(queue) = self.queues.get_mut(&number)
                {
                    queue.clear(&mut self.upkeep);
                    if let Some(outbox) = self.outboxes.get_mut(&number) {
                        outbox.clear();
                    }
                }
            }
            TopicRecord::SubscriptionDeleted { subscription } => {
                self.remove_subscription(*subscription);
            }
            TopicRecord::ReplayAdvanced { subscription, last } => {
                let subscription = self.subscriptions.get_mut(subscription);
                if let Some(replay) = subscription.and_then(|s| s.replay.as_mut()) {
                    replay.last = *last;
                }
            }
            TopicRecord::ReplayEnded { subscription, is_complete } => {
                let subscription = self.subscriptions.get_mut(subscription);
                if let Some(replay) = subscription.and_then(|s| s.replay.as_mut()) {
                    replay.end = Some(*is_complete);
                }
            }
            _ => unreachable!("applied by the caller"),
        }
    }

    pub(in super::super) fn add_topic(&mut self, topic: Topic) {
        let number = topic.number;
        self.next_topic = self.next_topic.max(number + 1);
        if topic.arn.name.is_direct_of(SubscriptionProtocol::Sms) {
            *self.text_outboxes.entry(topic.arn.account).or_default() += 1;
        }
        self.topics_by_arn.insert(topic.arn.clone(), number);
        self.topics.insert(number, topic);
    }

    fn apply_topic_deleted(&mut self, number: u32) {
        // Those that have ended among them.
        let all = self.subscriptions_by_endpoint.range((number, 0)..=(number, u128::MAX));
        let subscriptions: Vec<u32> = all.map(|(_, subscription)| *subscription).collect();
        for subscription in subscriptions {
            self.remove_subscription(subscription);
        }
        self.drop_archive(number);
        let Some(topic) = self.topics.remove(&number) else { return };
        self.topics_by_arn.remove(&topic.arn);
        if topic.arn.name.is_direct_of(SubscriptionProtocol::Sms)
            && let Some(count) = self.text_outboxes.get_mut(&topic.arn.account)
        {
            *count -= 1;
        }
        if let Some(at) = topic.forget_due {
            self.upkeep.deadlines.remove(at, Due::ForgetPublished { topic: number });
        }
    }

    fn apply_topic_attributes_set(
        &mut self,
        number: u32,
        attributes: &TopicAttributes,
        at: Timestamp,
    ) {
        let Some(topic) = self.topics.get_mut(&number) else { return };
        topic.attributes = attributes.clone();
        topic.renew_terms();
        match (attributes.archive_days().is_some(), topic.archive.is_some()) {
            (true, false) => topic.archive = Some(Archive::new(at)),
            (false, true) => self.drop_archive(number),
            _ => {}
        }
        self.schedule_archive_expiry(number, Timestamp::default());
    }

    fn drop_archive(&mut self, number: u32) {
        let Some(topic) = self.topics.get_mut(&number) else { return };
        let Some(archive) = topic.archive.take() else { return };
        for archived in archive.iter() {
            let upkeep = &mut self.upkeep;
            upkeep.publications.release(archived.location.position, &mut upkeep.live);
        }
        if let Some(at) = archive.expiry_due {
            self.upkeep.deadlines.remove(at, Due::Archive { topic: number });
        }
    }

    fn apply_archive_expired(&mut self, number: u32, last: u64) {
        let Some(archive) = self.topics.get_mut(&number).and_then(|t| t.archive.as_mut()) else {
            return;
        };
        while let Some(archived) = archive.pop_through(last) {
            archive.begins_at = archive.begins_at.max(archived.published_at);
            let upkeep = &mut self.upkeep;
            upkeep.publications.release(archived.location.position, &mut upkeep.live);
        }
    }

    fn apply_message_published(
        &mut self,
        number: u32,
        published: &PublishedRecord<'_>,
        location: Location,
    ) {
        // A notice of ours is not part of what is published.
        let Some(sequence_number) = published.sequence_number else { return };
        let message = &published.message;
        let ids = message.deduplication.zip(message.group);
        let ids = ids.map(|(id, group)| (self.digest(id), self.digest(group)));
        let Some(topic) = self.topics.get_mut(&number) else { return };
        topic.next_sequence_number = topic.next_sequence_number.max(sequence_number + 1);
        if let Some((id, group)) = ids {
            let first = FirstSend {
                at: message.sent_at,
                key: sequence_number,
                message_id: message.message_id,
                body_md5: None,
            };
            topic.deduplication.remember(id, group, first);
            let until = message.sent_at.plus_seconds(limits::DEDUPLICATION_SECONDS);
            if topic.forget_due.is_none_or(|due| until < due) {
                self.set_forget_due(number, Some(until));
            }
        }
        let Some(topic) = self.topics.get_mut(&number) else { return };
        if let Some(archive) = &mut topic.archive {
            archive.push(Archived { published_at: message.sent_at, location });
            let upkeep = &mut self.upkeep;
            upkeep.publications.hold(location, &mut upkeep.live);
            self.schedule_archive_expiry(number, Timestamp::default());
        }
    }

    /// Drops what a topic has remembered for long enough.
    pub(in super::super) fn forget_published(&mut self, number: u32, now: Timestamp) {
        let Some(topic) = self.topics.get_mut(&number) else { return };
        let next = topic.deduplication.forget(now);
        self.set_forget_due(number, next);
    }

    fn set_forget_due(&mut self, number: u32, due: Option<Timestamp>) {
        let Some(topic) = self.topics.get_mut(&number) else { return };
        let kind = Due::ForgetPublished { topic: number };
        if let Some(at) = std::mem::replace(&mut topic.forget_due, due) {
            self.upkeep.deadlines.remove(at, kind);
        }
        if let Some(at) = due {
            self.upkeep.deadlines.insert(at, kind);
        }
    }

    /// One copy of a message comes into its queue.
    fn apply_copy(&mut self, record: &TopicRecord<'_>, copy: FannedOutCopy) {
        let TopicRecord::MessageFannedOut {
            at,
            location,
            message_id,
            group,
            deduplication,
            is_replayed,
            ..
        } = record
        else {
            return;
        };
        let Some(subscription) = self.subscriptions.get_mut(&copy.subscription) else { return };
        let Some(topic) = self.topics.get(&subscription.topic) else { return };
        let version = topic.attributes.signature_version();
        let ids = deduplication.zip(*group).filter(|_| !is_replayed);
        let Some(queue) = self.queues.get_mut(&copy.queue) else { return };
        let key_id = queue.attributes.kms_master_key_id.clone();
        let key = key_id.map(|key_id| QueueKey { queue: queue.arn.clone(), key_id });
        let delivery = subscription.delivery(version, *is_replayed, key);
        // A standard topic's groups are for fair queues; a FIFO topic's mean nothing to a standard
        // queue.
        let has_group = queue.is_fifo() || !(topic.is_fifo() || queue.outbox_of.is_some());
        let arrival = Arrival {
            location: *location,
            enqueued_at: *at,
            visible_at: at.plus_seconds(queue.attributes.delay_seconds.into()),
            group: group.filter(|_| has_group),
            receive_count: 0,
            first_received_at: Timestamp::default(),
            origin: &Origin { dead_letter_source: None, delivery: Some(delivery) },
        };
        queue.insert(copy.key, &arrival, *at, &mut self.upkeep);
        if !queue.is_fifo() {
            return;
        }
        let Some((id, group)) = ids else { return };
        let first = FirstSend { at: *at, key: copy.key, message_id: *message_id, body_md5: None };
        let (id, group) = (self.digest(id), self.digest(group));
        if let Some(queue) = self.queues.get_mut(&copy.queue) {
            queue.deduplication.remember(id, group, first);
            let until = at.plus_seconds(limits::DEDUPLICATION_SECONDS);
            queue.forget_by(until, &mut self.upkeep);
        }
    }

    fn apply_subscription_created(&mut self, record: &TopicRecord<'_>) {
        let TopicRecord::SubscriptionCreated {
            at,
            subscription,
            topic,
            id,
            protocol,
            endpoint,
            owner,
            principal,
            attributes,
            is_confirmed,
            outbox,
        } = record
        else {
            return;
        };
        let Some(of) = self.topics.get(topic) else { return };
        let arn = SubscriptionArn { topic: of.arn.clone(), id: *id };
        let queue = QueueArn::parse(endpoint);
        let target = match (outbox, queue) {
            (Some(queue), _) => {
                self.add_outbox(*queue, *subscription, &arn, *at);
                Target::Outbox(*queue)
            }
            (None, Some(queue)) => Target::Queue(queue),
            (None, None) => return,
        };
        let status = if *is_confirmed {
            Status::Confirmed { is_authenticated: true }
        } else {
            Status::Pending
        };
        let mut created = Subscription::new(
            *subscription,
            *topic,
            arn,
            *protocol,
            endpoint,
            *owner,
            principal,
            attributes.clone(),
            *at,
            status,
            target,
        );
        if let Some(topic) = self.topics.get(topic) {
            created.replay = replay(&created, topic);
        }
        self.add_subscription(created);
    }

    /// The outbox's queue goes by the subscription's id, and by no name that callers can find.
    fn add_outbox(&mut self, number: u32, subscription: u32, arn: &SubscriptionArn, at: Timestamp) {
        let name = QueueName::parse(&arn.id.to_string()).expect("hexadecimal digits and hyphens");
        let (account, region) = (arn.topic.account, arn.topic.region.clone());
        let arn = QueueArn { account, region, name };
        let mut attributes = QueueAttributes::create(&arn.name, &[]).expect("the defaults");
        // Retry schedules end, none of them after more than 23 days.
        attributes.message_retention_period = limits::OUTBOX_RETENTION_SECONDS;
        let mut queue = Queue::new(number, arn, attributes, Tags::default(), at);
        queue.outbox_of = Some(subscription);
        self.next_queue = self.next_queue.max(number + 1);
        self.queues.insert(number, queue);
    }

    /// Takes up a subscription, new or out of a snapshot. Its topic and its outbox are there.
    pub(in super::super) fn add_subscription(&mut self, subscription: Subscription) {
        let number = subscription.number;
        let arn = &subscription.arn;
        let key =
            self.endpoint_key(subscription.topic, subscription.protocol, &subscription.endpoint);
        self.next_subscription = self.next_subscription.max(number + 1);
        self.subscriptions_by_id.insert(arn.id, number);
        self.subscriptions_by_endpoint.insert(key, number);
        if let Target::Outbox(queue) = subscription.target {
            self.outboxes.insert(queue, Outbox::new(subscription.is_direct()));
        }
        self.subscriptions.insert(number, subscription);
        self.enlist(number);
    }

    /// Brings what is known of a subscription elsewhere up to date.
    fn enlist(&mut self, number: u32) {
        let Some(subscription) = self.subscriptions.get(&number) else { return };
        if let Some(topic) = self.topics.get_mut(&subscription.topic) {
            topic.enlist(subscription);
            topic.filter_policies += usize::from(subscription.has_counted_filter_policy());
        }
        let owner = subscription.owner;
        if !subscription.is_ended() && !subscription.is_direct() {
            let region = subscription.arn.topic.region.clone();
            self.subscriptions_by_owner.insert((owner, region, number));
        }
        let counts = self.subscription_counts.entry(owner).or_default();
        counts.pending += usize::from(subscription.status == Status::Pending);
        counts.filter_policies += usize::from(subscription.has_counted_filter_policy());
        if let Some(at) = subscription.ends_at() {
            self.upkeep.deadlines.insert(at, Due::Subscription { subscription: number });
        }
    }

    /// Undoes [`Self::enlist`], before the subscription changes.
    fn strike(&mut self, number: u32) {
        let Some(subscription) = self.subscriptions.get(&number) else { return };
        if let Some(topic) = self.topics.get_mut(&subscription.topic) {
            topic.strike(number);
            topic.filter_policies -= usize::from(subscription.has_counted_filter_policy());
        }
        let owner = subscription.owner;
        let region = subscription.arn.topic.region.clone();
        self.subscriptions_by_owner.remove(&(owner, region, number));
        if let Some(counts) = self.subscription_counts.get_mut(&owner) {
            counts.pending -= usize::from(subscription.status == Status::Pending);
            counts.filter_policies -= usize::from(subscription.has_counted_filter_policy());
        }
        if let Some(at) = subscription.ends_at() {
            self.upkeep.deadlines.remove(at, Due::Subscription { subscription: number });
        }
    }

    fn change_subscription(&mut self, number: u32, change: impl FnOnce(&mut Subscription, &Topic)) {
        self.strike(number);
        if let Some(subscription) = self.subscriptions.get_mut(&number)
            && let Some(topic) = self.topics.get(&subscription.topic)
        {
            change(subscription, topic);
        }
        self.enlist(number);
    }

    fn remove_subscription(&mut self, number: u32) {
        self.strike(number);
        let Some(subscription) = self.subscriptions.remove(&number) else { return };
        if let Some(topic) = self.topics.get_mut(&subscription.topic) {
            topic.deleted = topic.deleted.saturating_add(1);
        }
        let key =
            self.endpoint_key(subscription.topic, subscription.protocol, &subscription.endpoint);
        self.subscriptions_by_endpoint.remove(&key);
        self.subscriptions_by_id.remove(&subscription.arn.id);
        if let Target::Outbox(number) = subscription.target {
            self.outboxes.remove(&number);
            if let Some(mut queue) = self.queues.remove(&number) {
                queue.clear(&mut self.upkeep);
            }
        }
    }

    /// What a topic knows an endpoint by.
    pub(super) fn endpoint_key(
        &self,
        topic: u32,
        protocol: SubscriptionProtocol,
        endpoint: &str,
    ) -> (u32, u128) {
        (topic, self.digest(&format!("{} {endpoint}", protocol.as_str())))
    }
}

/// The replay that a subscription's policy asks for: of what is in the archive now.
fn replay(subscription: &Subscription, topic: &Topic) -> Option<Replay> {
    subscription.attributes.replay_policy()?;
    let until = topic.archive.as_ref().and_then(|archive| archive.newest());
    let until = until.map_or(0, |archived| archived.location.position);
    Some(Replay { last: 0, until, end: None, is_reading: false })
}
