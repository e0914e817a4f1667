//! Archives of FIFO topics, and their replay.
//!
//! An archive points at the records of its messages, and so keeps them. A replay goes through it a
//! few messages at a time: it asks for their records, lets the subscription's filter policy look at
//! them, and puts those that fit into its queue again.

use tidings_mutants::mutant;

use super::super::shard::Shard;
use super::publish::{Copies, FanOut, Freight};
use crate::codec::Damaged;
use crate::command::Effect;
use crate::deadlines::Due;
use crate::message::{Location, Sealing};
use crate::publication::PublishedContent;
use crate::record::{PublishedRecord, Record, TopicRecord};
use crate::rejection::TopicRejection;
use crate::subscription_attributes::SubscriptionAttributes;
use crate::time::Timestamp;
use crate::topic::{Archived, Subscription};

/// Messages that one step of a replay looks at.
const STEP_MESSAGES: usize = 50;
/// Bytes of records that one step reads, if it reads more than one message.
const STEP_BYTES_MAX: u64 = 1 << 20;
/// Messages that one step drops from an archive.
const EXPIRED_MAX: usize = 1000;
const DAY_SECONDS: u64 = 86_400;
/// After so long a replay looks again at a message that could not be opened: its key may be usable
/// by then.
const SEALED_RETRY_SECONDS: u64 = 10;

/// How one message of a replay went.
enum Replayed {
    Done,
    /// It is sealed still.
    Sealed,
}

impl Shard {
    /// A replay needs an archive that goes back to where it is to start.
    pub(super) fn check_replay(
        &self,
        topic: u32,
        attributes: &SubscriptionAttributes,
    ) -> Result<(), TopicRejection> {
        let Some(policy) = attributes.replay_policy() else { return Ok(()) };
        let refuse =
            |reason: &str| Err(TopicRejection::parameter(format_args!("ReplayPolicy: {reason}")));
        let Some(archive) = &self.topic(topic).archive else {
            return refuse("the topic has no ArchivePolicy");
        };
        if policy.starting_point() < archive.begins_at {
            return refuse("StartingPoint is before the topic's BeginningArchiveTime");
        }
        Ok(())
    }

    /// Starts the replay that the subscription's policy asks for, or goes on with it.
    pub(super) fn begin_replay(&mut self, number: u32, now: Timestamp) {
        let subscription = self.subscription(number);
        let is_running = subscription.replay.is_some_and(|replay| replay.end.is_none());
        if is_running && subscription.is_confirmed() {
            self.upkeep.deadlines.insert(now, Due::Replay { subscription: number });
        }
    }

    /// What GetSubscriptionAttributes tells of a replay.
    pub(super) fn replay_status(&self, subscription: &Subscription) -> Option<String> {
        let status = match subscription.replay?.end {
            None if !subscription.is_confirmed() => "Pending",
            None => "In progress",
            Some(true) => "Completed",
            Some(false) => "Failed",
        };
        Some(status.to_owned())
    }

    /// The next step of a replay: asks for messages, or ends it.
    pub(in super::super) fn continue_replay(&mut self, number: u32) {
        let Some(subscription) = self.subscriptions.get(&number) else { return };
        let Some(replay) = subscription.replay else { return };
        if replay.end.is_some() || replay.is_reading || !subscription.is_confirmed() {
            return;
        }
        let messages = self.next_of_replay(subscription);
        if messages.is_empty() {
            return self.end_replay(number, true);
        }
        if let Some(subscription) = self.subscriptions.get_mut(&number) {
            subscription.replay = Some(crate::topic::Replay { is_reading: true, ..replay });
        }
        self.effect(Effect::CopyForReplay { subscription: number, messages });
    }

    /// Archived messages that a replay has not looked at yet, in order.
    fn left_of_replay<'s>(
        &'s self,
        subscription: &'s Subscription,
    ) -> impl Iterator<Item = Archived> {
        let archive = self.topics.get(&subscription.topic).and_then(|t| t.archive.as_ref());
        let policy = subscription.attributes.replay_policy();
        let parts = archive.zip(policy).zip(subscription.replay);
        parts.into_iter().flat_map(|((archive, policy), replay)| {
            archive.after(replay.last).filter(move |archived| {
                archived.published_at >= policy.starting_point()
                    && policy.ending_point().is_none_or(|end| archived.published_at <= end)
                    && archived.location.position <= replay.until
            })
        })
    }

    fn next_of_replay(&self, subscription: &Subscription) -> Vec<(u64, Location)> {
        let mut bytes = 0;
        let mut messages = Vec::new();
        for archived in self.left_of_replay(subscription).take(STEP_MESSAGES) {
            bytes += u64::from(archived.location.length);
            if bytes > STEP_BYTES_MAX && !messages.is_empty() {
                break;
            }
            let location = self.upkeep.publications.locate(archived.location);
            messages.push((archived.location.position, location));
        }
        messages
    }

    /// The messages that a step asked for.
    pub(in super::super) fn replay_messages(
        &mut self,
        number: u32,
        messages: &[(u64, Option<Vec<u8>>)],
        now: Timestamp,
    ) {
        let Some(subscription) = self.subscriptions.get_mut(&number) else { return };
        let Some(replay) = &mut subscription.replay else { return };
        if !std::mem::take(&mut replay.is_reading) || replay.end.is_some() {
            return;
        }
        if !subscription.is_confirmed() {
            return;
        }
        for (position, bytes) in messages {
            // Perhaps an earlier replay asked for it, or the archive has lost what was asked for:
            // the next step asks anew.
            let mut left = self.left_of_replay(self.subscription(number));
            if left.next().is_none_or(|archived| archived.location.position != *position) {
                break;
            }
            drop(left);
            match self.replay_one(number, *position, bytes.as_deref(), now) {
                Ok(Replayed::Done) => {}
                Ok(Replayed::Sealed) => {
                    let again = now.plus_seconds(SEALED_RETRY_SECONDS);
                    let due = Due::Replay { subscription: number };
                    return self.upkeep.deadlines.insert(again, due);
                }
                Err(Damaged) => return self.end_replay(number, false),
            }
        }
        self.upkeep.deadlines.insert(now, Due::Replay { subscription: number });
    }

    fn replay_one(
        &mut self,
        number: u32,
        position: u64,
        bytes: Option<&[u8]>,
        now: Timestamp,
    ) -> Result<Replayed, Damaged> {
        let Some(bytes) = bytes else { return Err(Damaged) };
        let published = PublishedRecord::decode(bytes)?;
        let message = published.message;
        if message.sealing != Sealing::Plain {
            return Ok(Replayed::Sealed);
        }
        let content = PublishedContent::decode(message.content)?;
        let subscription = self.subscription(number);
        let body = content.text_for(subscription.protocol);
        let policy = subscription.attributes.filter_policy();
        let archive = self.topics.get(&subscription.topic).and_then(|t| t.archive.as_ref());
        let archived = archive.and_then(|archive| archive.get(position));
        if let Some(archived) = archived
            && policy.is_none_or(|policy| policy.accepts(&content.attributes, body))
        {
            let freight = Freight {
                raw_size: 0,
                enveloped_size: 0,
                attributes: content.attributes.len(),
                group: message.group,
                deduplication: message.deduplication,
                is_replayed: true,
                // Whoever started the replay is not here to be told of them.
                keys: None,
            };
            let mut copies = Copies::default();
            self.add_copy(number, &freight, &mut copies, now);
            let fan_out = FanOut {
                location: archived.location,
                message_id: message.message_id,
                group: message.group,
                deduplication: message.deduplication,
                is_replayed: true,
            };
            if !mutant!(ReplaySkips) {
                self.fan_out(&fan_out, &copies, now);
            }
        }
        let record = TopicRecord::ReplayAdvanced { subscription: number, last: position };
        self.commit(&Record::Topic(record));
        Ok(Replayed::Done)
    }

    fn end_replay(&mut self, subscription: u32, is_complete: bool) {
        self.commit(&Record::Topic(TopicRecord::ReplayEnded { subscription, is_complete }));
    }

    /// Drops messages that were archived for long enough.
    pub(in super::super) fn expire_archive(&mut self, number: u32, now: Timestamp) {
        let Some(topic) = self.topics.get_mut(&number) else { return };
        let days = topic.attributes.archive_days();
        let (Some(archive), Some(days)) = (&mut topic.archive, days) else { return };
        archive.expiry_due = None;
        let kept_ms = u64::from(days) * DAY_SECONDS * 1000;
        let expired = archive.iter().take_while(|archived| now - archived.published_at >= kept_ms);
        let last = expired.take(EXPIRED_MAX).last().map(|archived| archived.location.position);
        if let Some(last) = last {
            self.commit(&Record::Topic(TopicRecord::ArchiveExpired { topic: number, last }));
        }
        self.schedule_archive_expiry(number, now + 1);
    }

    /// Sets the deadline for the oldest message of an archive, not before `earliest`.
    pub(in super::super) fn schedule_archive_expiry(&mut self, number: u32, earliest: Timestamp) {
        let Some(topic) = self.topics.get_mut(&number) else { return };
        let days = topic.attributes.archive_days();
        let (Some(archive), Some(days)) = (&mut topic.archive, days) else { return };
        let oldest = archive.oldest().map(|archived| archived.published_at);
        let due = oldest.map(|at| at.plus_seconds(u64::from(days) * DAY_SECONDS).max(earliest));
        if archive.expiry_due == due {
            return;
        }
        let kind = Due::Archive { topic: number };
        if let Some(before) = archive.expiry_due.take() {
            self.upkeep.deadlines.remove(before, kind);
        }
        if let Some(at) = due {
            self.upkeep.deadlines.insert(at, kind);
        }
        archive.expiry_due = due;
    }
}
