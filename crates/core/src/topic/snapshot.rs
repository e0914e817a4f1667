//! Topics and subscriptions, to bytes and back.

use super::archive::Archive;
use super::subscription::{Replay, Status, Subscription, Target};
use super::topic::{SEQUENCE_NUMBERS_END, Topic};
use crate::codec::{Damaged, Reader, Writer};
use crate::names::{AccountId, QueueArn, SubscriptionArn, Uuid};
use crate::queue::Deduplication;
use crate::record::{read_protocol, read_topic_arn, write_protocol, write_topic_arn};
use crate::subscription_attributes::SubscriptionAttributes;
use crate::tags::Tags;
use crate::time::Timestamp;
use crate::topic_attributes::TopicAttributes;

impl Topic {
    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        w.u32(self.number);
        write_topic_arn(w, &self.arn);
        self.attributes.encode(w);
        self.tags.encode(w);
        w.text(self.data_protection_policy.as_deref().unwrap_or(""));
        w.u64(self.next_sequence_number);
        self.deduplication.encode(w);
        w.option(self.archive.as_ref(), |w, archive| archive.encode(w));
        w.u64(self.deleted);
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        let number = r.u32()?;
        let arn = read_topic_arn(r)?;
        let attributes = TopicAttributes::decode(r)?;
        if arn.name.is_fifo() != attributes.is_fifo() {
            return Err(Damaged);
        }
        let mut topic = Self::new(number, arn, attributes, Tags::decode(r)?);
        let policy = r.text()?;
        topic.data_protection_policy = Some(policy).filter(|text| !text.is_empty()).map(Into::into);
        topic.next_sequence_number = r.u64()?;
        if topic.next_sequence_number > SEQUENCE_NUMBERS_END {
            return Err(Damaged);
        }
        topic.deduplication = Deduplication::decode(r)?;
        topic.archive = r.option(Archive::decode)?;
        topic.deleted = r.u64()?;
        Ok(topic)
    }
}

impl Subscription {
    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        w.u32(self.number);
        w.u32(self.topic);
        w.raw(&self.arn.id.to_bytes());
        write_protocol(w, self.protocol);
        w.text(&self.endpoint);
        w.u64(self.owner.to_u64());
        w.text(&self.principal);
        self.attributes.encode(w);
        w.u64(self.created_at.as_ms());
        match self.status {
            Status::Pending => w.u8(1),
            Status::Confirmed { is_authenticated: false } => w.u8(2),
            Status::Confirmed { is_authenticated: true } => w.u8(3),
            Status::Ended { at } => {
                w.u8(4);
                w.u64(at.as_ms());
            }
        }
        let outbox = match &self.target {
            Target::Queue(_) => None,
            Target::Outbox(queue) => Some(*queue),
        };
        w.option(outbox.as_ref(), |w, queue| w.u32(*queue));
        w.option(self.replay.as_ref(), |w, replay| {
            w.u64(replay.last);
            w.u64(replay.until);
            w.option(replay.end.as_ref(), |w, is_complete| w.u8(u8::from(*is_complete)));
        });
    }

    /// Reads a subscription back; `topic_of` finds the topic with a number.
    pub(crate) fn decode<'t>(
        r: &mut Reader<'_>,
        topic_of: impl FnOnce(u32) -> Option<&'t Topic>,
    ) -> Result<Self, Damaged> {
        let (number, topic) = (r.u32()?, r.u32()?);
        let id = Uuid::from_bytes(r.array()?);
        let topic_arn = topic_of(topic).ok_or(Damaged)?.arn.clone();
        let protocol = read_protocol(r)?;
        let endpoint = r.text()?;
        let owner = AccountId::from_u64(r.u64()?).ok_or(Damaged)?;
        let principal = r.text()?;
        let attributes = SubscriptionAttributes::decode(r)?;
        let created_at = Timestamp::from_ms(r.u64()?);
        let status = match r.u8()? {
            1 => Status::Pending,
            2 => Status::Confirmed { is_authenticated: false },
            3 => Status::Confirmed { is_authenticated: true },
            4 => Status::Ended { at: Timestamp::from_ms(r.u64()?) },
            _ => return Err(Damaged),
        };
        let target = match r.option(Reader::u32)? {
            Some(queue) => Target::Outbox(queue),
            None => Target::Queue(QueueArn::parse(endpoint).ok_or(Damaged)?),
        };
        let mut subscription = Self::new(
            number,
            topic,
            SubscriptionArn { topic: topic_arn, id },
            protocol,
            endpoint,
            owner,
            principal,
            attributes,
            created_at,
            status,
            target,
        );
        subscription.replay = r.option(|r| {
            let (last, until) = (r.u64()?, r.u64()?);
            Ok(Replay { last, until, end: r.option(Reader::flag)?, is_reading: false })
        })?;
        Ok(subscription)
    }
}
