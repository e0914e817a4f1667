//! Creating, listing, changing and deleting topics.

use std::ops::Bound;

use super::super::shard::Shard;
use crate::command::{Pairs, Reply};
use crate::data_protection_policy;
use crate::limits;
use crate::names::{AccountId, Region, TopicArn, TopicName};
use crate::record::{Record, TopicRecord};
use crate::rejection::{Rejection, TopicRejection};
use crate::tags::Tags;
use crate::time::Timestamp;
use crate::topic_attributes::{Facts, TopicAttributes};

impl Shard {
    /// A topic that is there already is as good as a new one, unless an attribute or a tag that was
    /// given differs. API reference of SNS, CreateTopic.
    pub(super) fn create_topic(
        &mut self,
        arn: &TopicArn,
        given: &Pairs,
        tags: &Pairs,
        data_protection_policy: Option<&str>,
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        if let Some(number) = self.topics_by_arn.get(arn) {
            let topic = self.topic(*number);
            if topic.attributes.conflicts(arn, given)? {
                return Err(TopicRejection::parameter(
                    "Attributes Reason: Topic already exists with different attributes",
                )
                .into());
            }
            if !topic.tags.include(tags) {
                return Err(TopicRejection::parameter(
                    "Tags Reason: Topic already exists with different tags",
                )
                .into());
            }
            return Ok(Reply::Done);
        }
        let attributes = TopicAttributes::create(arn, given)?;
        let tags = Tags::create_for_topic(tags)?;
        if let Some(policy) = data_protection_policy {
            data_protection_policy::check(policy)?;
        }
        self.check_topic_count(arn)?;
        self.commit(&Record::Topic(TopicRecord::TopicCreated {
            at: now,
            topic: self.next_topic,
            arn: arn.clone(),
            attributes,
            tags,
            data_protection_policy,
        }));
        Ok(Reply::Done)
    }

    fn check_topic_count(&self, arn: &TopicArn) -> Result<(), TopicRejection> {
        let max = if arn.name.is_fifo() { limits::FIFO_TOPICS_MAX } else { limits::TOPICS_MAX };
        let own = self.topics_of(arn.account, &arn.region, None);
        let alike = own.filter(|other| other.name.is_fifo() == arn.name.is_fifo()).count();
        if alike >= max || self.next_topic == u32::MAX {
            return Err(TopicRejection::TopicLimitExceeded(format!(
                "Topic limit exceeded: an account may have {max} topics of this kind."
            )));
        }
        Ok(())
    }

    /// A FIFO topic keeps what it has archived: it cannot go before its archive policy does.
    pub(super) fn delete_topic(&mut self, arn: &TopicArn) -> Result<Reply, Rejection> {
        let Ok(number) = self.find_topic(arn) else { return Ok(Reply::Done) };
        if self.topic(number).attributes.archive_days().is_some() {
            return Err(TopicRejection::InvalidState(
                "Invalid state: Cannot delete a topic with an ArchivePolicy".into(),
            )
            .into());
        }
        self.commit(&Record::Topic(TopicRecord::TopicDeleted { topic: number }));
        Ok(Reply::Done)
    }

    pub(super) fn list_topics(
        &self,
        account: AccountId,
        region: &Region,
        after: Option<&TopicName>,
        max: usize,
    ) -> Reply {
        let mut later = self.topics_of(account, region, after);
        let topics = later.by_ref().take(max).cloned().collect();
        Reply::Topics { topics, more: later.next().is_some() }
    }

    /// Topics behind a name, in order.
    fn topics_of<'s>(
        &'s self,
        account: AccountId,
        region: &'s Region,
        after: Option<&TopicName>,
    ) -> impl Iterator<Item = &'s TopicArn> {
        let arn = |name| TopicArn { account, region: region.clone(), name };
        let from =
            match after {
                Some(after) => Bound::Excluded(arn(after.clone())),
                None => Bound::Included(arn(TopicName::parse("-")
                    .expect("a hyphen is a name, and no character sorts lower"))),
            };
        let later = self.topics_by_arn.range((from, Bound::Unbounded));
        later
            .map(|(arn, _)| arn)
            .take_while(move |arn| arn.account == account && arn.region == *region)
    }

    pub(super) fn topic_attributes(&self, arn: &TopicArn) -> Result<Reply, Rejection> {
        let topic = self.topic(self.find_topic(arn)?);
        let facts = Facts {
            arn,
            confirmed: topic.subscriptions.len() as u64 - topic.pending,
            pending: topic.pending,
            deleted: topic.deleted,
            archive_begins_at: topic.archive.as_ref().map(|archive| archive.begins_at),
        };
        Ok(Reply::Attributes(topic.attributes.to_pairs(&facts)))
    }

    pub(super) fn set_topic_attribute(
        &mut self,
        arn: &TopicArn,
        name: &str,
        value: &str,
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        let number = self.find_topic(arn)?;
        let attributes = self.topic(number).attributes.set(name, value)?;
        self.check_large_messages(number, &attributes)?;
        self.set_topic_attributes(number, attributes, now)
    }

    fn set_topic_attributes(
        &mut self,
        topic: u32,
        attributes: TopicAttributes,
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        let record = TopicRecord::TopicAttributesSet { at: now, topic, attributes };
        self.commit(&Record::Topic(record));
        Ok(Reply::Done)
    }

    /// Messages of more than 256 KiB go to a hundred subscriptions at most, and only to those that
    /// can take them.
    fn check_large_messages(
        &self,
        number: u32,
        attributes: &TopicAttributes,
    ) -> Result<(), TopicRejection> {
        let topic = self.topic(number);
        if attributes.maximum_message_size() <= limits::TOPIC_MESSAGE_SIZE_DEFAULT {
            return Ok(());
        }
        let subscriptions = topic.subscriptions.iter().map(|number| self.subscription(*number));
        let fits = topic.subscriptions.len() <= limits::LARGE_MESSAGE_SUBSCRIPTIONS_MAX
            && subscriptions
                .into_iter()
                .all(|subscription| subscription.protocol.takes_large_messages());
        if fits { Ok(()) } else { Err(too_large_for_subscriptions("MaximumMessageSize")) }
    }

    pub(super) fn add_topic_permission(
        &mut self,
        arn: &TopicArn,
        label: &str,
        accounts: &[String],
        actions: &[String],
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        let number = self.find_topic(arn)?;
        let attributes =
            self.topic(number).attributes.with_permission(arn, label, accounts, actions)?;
        self.set_topic_attributes(number, attributes, now)
    }

    pub(super) fn remove_topic_permission(
        &mut self,
        arn: &TopicArn,
        label: &str,
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        let number = self.find_topic(arn)?;
        let attributes = self.topic(number).attributes.without_permission(arn, label)?;
        self.set_topic_attributes(number, attributes, now)
    }

    pub(super) fn tag_topic(&mut self, arn: &TopicArn, tags: &Pairs) -> Result<Reply, Rejection> {
        let topic = self.find_tagged(arn)?;
        let tags = self.topic(topic).tags.with_for_topic(tags)?;
        self.commit(&Record::Topic(TopicRecord::TopicTagsSet { topic, tags }));
        Ok(Reply::Done)
    }

    pub(super) fn untag_topic(
        &mut self,
        arn: &TopicArn,
        keys: &[String],
    ) -> Result<Reply, Rejection> {
        let topic = self.find_tagged(arn)?;
        let tags = self.topic(topic).tags.without_for_topic(keys)?;
        self.commit(&Record::Topic(TopicRecord::TopicTagsSet { topic, tags }));
        Ok(Reply::Done)
    }

    pub(super) fn topic_tags(&self, arn: &TopicArn) -> Result<Reply, Rejection> {
        let topic = self.find_tagged(arn)?;
        Ok(Reply::Tags(self.topic(topic).tags.to_pairs()))
    }

    /// Actions about tags have a word of their own for a topic that is not there.
    fn find_tagged(&self, arn: &TopicArn) -> Result<u32, TopicRejection> {
        self.find_topic(arn).map_err(|_| TopicRejection::ResourceNotFound)
    }

    pub(super) fn data_protection_policy(&self, arn: &TopicArn) -> Result<Reply, Rejection> {
        let topic = self.topic(self.find_topic(arn)?);
        Ok(Reply::Text(topic.data_protection_policy.as_deref().map(str::to_owned)))
    }

    pub(super) fn set_data_protection_policy(
        &mut self,
        arn: &TopicArn,
        policy: &str,
    ) -> Result<Reply, Rejection> {
        let topic = self.find_topic(arn)?;
        let policy = Some(policy).filter(|policy| !policy.is_empty());
        if let Some(policy) = policy {
            data_protection_policy::check(policy)?;
        }
        self.commit(&Record::Topic(TopicRecord::DataProtectionPolicySet { topic, policy }));
        Ok(Reply::Done)
    }
}

/// What is too much for a topic whose messages may be large.
pub(super) fn too_large_for_subscriptions(parameter: &str) -> TopicRejection {
    TopicRejection::parameter(format_args!(
        "{parameter} Reason: a topic whose MaximumMessageSize is above {} may have at most {} \
         subscriptions, all of them with the protocol sqs, lambda or firehose",
        limits::TOPIC_MESSAGE_SIZE_DEFAULT,
        limits::LARGE_MESSAGE_SUBSCRIPTIONS_MAX
    ))
}
