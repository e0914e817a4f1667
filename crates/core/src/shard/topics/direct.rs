//! Direct outboxes: messages to one endpoint, which no topic has been made for.
//!
//! One is a topic that no caller can name, with one subscriber and its outbox. So a message to a phone
//! number waits, is retried and ends by the same rules, and in the same records, as one that a topic
//! has for it.

use std::collections::BTreeSet;

use super::super::shard::Shard;
use super::publish::Step;
use crate::command::{Publication, Reply};
use crate::limits;
use crate::names::{SubscriptionProtocol, TopicArn, Uuid};
use crate::record::{Record, TopicRecord};
use crate::rejection::{Rejection, TopicRejection};
use crate::subscription_attributes::SubscriptionAttributes;
use crate::tags::Tags;
use crate::time::Timestamp;
use crate::topic_attributes::TopicAttributes;

/// Outboxes of an account for text messages: in each region one for what is published, and one for
/// codes. Those for other protocols belong to something that is bounded itself.
const TEXT_OUTBOXES_MAX: usize = 2 * limits::SMS_REGIONS_MAX;

impl Shard {
    /// Takes a message for one endpoint. The outbox is made for the first one.
    pub(super) fn publish_direct(
        &mut self,
        outbox: &TopicArn,
        protocol: SubscriptionProtocol,
        message: &Publication,
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        let topic = match self.topics_by_arn.get(outbox) {
            Some(topic) => *topic,
            None => self.create_direct(outbox, protocol, now)?,
        };
        let max = *limits::MAXIMUM_MESSAGE_SIZE.end() as usize;
        let published = match self.publish_one(topic, message, max, now)? {
            Step::Done(published) => published,
            Step::ToAsk(_) => unreachable!("an outbox has no key"),
        };
        let (published, to_ask) = (vec![Ok(published)], BTreeSet::new());
        Ok(Reply::Published { published, left: Vec::new(), to_ask })
    }

    fn create_direct(
        &mut self,
        outbox: &TopicArn,
        protocol: SubscriptionProtocol,
        now: Timestamp,
    ) -> Result<u32, Rejection> {
        assert!(outbox.name.is_direct() && protocol.has_outbox(), "not an outbox: {outbox}");
        let of_account = self.text_outboxes.get(&outbox.account).copied().unwrap_or_default();
        if protocol == SubscriptionProtocol::Sms && of_account >= TEXT_OUTBOXES_MAX {
            return Err(TopicRejection::parameter(format_args!(
                "PhoneNumber Reason: an account can send text messages in {} regions",
                limits::SMS_REGIONS_MAX
            ))
            .into());
        }
        let (topic, subscription, queue) =
            (self.next_topic, self.next_subscription, self.next_queue);
        if [topic, subscription, queue].contains(&u32::MAX) {
            return Err(TopicRejection::TopicLimitExceeded("Topic limit exceeded".into()).into());
        }
        self.commit(&Record::Topic(TopicRecord::TopicCreated {
            at: now,
            topic,
            arn: outbox.clone(),
            attributes: TopicAttributes::create(outbox, &[])?,
            tags: Tags::default(),
            data_protection_policy: None,
        }));
        self.commit(&Record::Topic(TopicRecord::SubscriptionCreated {
            at: now,
            subscription,
            topic,
            // The same for as long as there is one, and nobody else's.
            id: Uuid::from_random(self.digest(&format!("{outbox} {topic}"))),
            protocol,
            endpoint: "",
            owner: outbox.account,
            principal: "",
            attributes: SubscriptionAttributes::default(),
            is_confirmed: true,
            outbox: Some(queue),
        }));
        Ok(topic)
    }
}
