//! Topics: what is decided about them, their subscriptions and their messages.

mod admission;
mod apply;
mod archive;
mod direct;
mod manage;
mod outbox;
mod publish;
mod subscribe;

use super::shard::Shard;
use crate::command::{Reply, TopicCommand};
use crate::names::{AccountId, SubscriptionArn, TopicArn};
use crate::rejection::{Rejection, TopicRejection};
use crate::time::Timestamp;
use crate::topic::{Subscription, Topic};

impl Shard {
    pub(super) fn answer_about_topics(
        &mut self,
        command: TopicCommand,
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        match command {
            TopicCommand::CreateTopic { arn, attributes, tags, data_protection_policy } => {
                self.create_topic(&arn, &attributes, &tags, data_protection_policy.as_deref(), now)
            }
            TopicCommand::DeleteTopic { arn } => self.delete_topic(&arn),
            TopicCommand::ListTopics { account, region, after, max } => {
                Ok(self.list_topics(account, &region, after.as_ref(), max))
            }
            TopicCommand::TopicAttributes { arn } => self.topic_attributes(&arn),
            TopicCommand::SetTopicAttribute { arn, name, value } => {
                self.set_topic_attribute(&arn, &name, &value, now)
            }
            TopicCommand::AddPermission { arn, label, accounts, actions } => {
                self.add_topic_permission(&arn, &label, &accounts, &actions, now)
            }
            TopicCommand::RemovePermission { arn, label } => {
                self.remove_topic_permission(&arn, &label, now)
            }
            TopicCommand::TagTopic { arn, tags } => self.tag_topic(&arn, &tags),
            TopicCommand::UntagTopic { arn, keys } => self.untag_topic(&arn, &keys),
            TopicCommand::TopicTags { arn } => self.topic_tags(&arn),
            TopicCommand::DataProtectionPolicy { arn } => self.data_protection_policy(&arn),
            TopicCommand::SetDataProtectionPolicy { arn, policy } => {
                self.set_data_protection_policy(&arn, &policy)
            }
            TopicCommand::Subscribe(subscribe) => self.subscribe(&subscribe, now),
            TopicCommand::ConfirmSubscription { topic, token, authenticate_on_unsubscribe } => {
                self.confirm_subscription(&topic, &token, authenticate_on_unsubscribe, now)
            }
            TopicCommand::Unsubscribe { arn, caller, message_id } => {
                self.unsubscribe(&arn, caller, message_id, now)
            }
            TopicCommand::ListSubscriptions { account, region, after, max } => {
                Ok(self.list_subscriptions(account, &region, after, max))
            }
            TopicCommand::ListSubscriptionsByTopic { arn, after, max } => {
                self.list_subscriptions_by_topic(&arn, after, max)
            }
            TopicCommand::SubscriptionAttributes { arn, caller } => {
                self.subscription_attributes(self.find_own_subscription(&arn, caller)?)
            }
            TopicCommand::SetSubscriptionAttribute { arn, caller, name, value } => {
                let number = self.find_own_subscription(&arn, caller)?;
                self.set_subscription_attribute(number, &name, &value, now)
            }
            TopicCommand::Publish { arn, messages } => self.publish(&arn, messages, now),
            TopicCommand::PublishDirect { outbox, protocol, message } => {
                self.publish_direct(&outbox, protocol, &message, now)
            }
        }
    }

    /// The topic's number.
    fn find_topic(&self, arn: &TopicArn) -> Result<u32, TopicRejection> {
        self.topics_by_arn.get(arn).copied().ok_or_else(TopicRejection::no_topic)
    }

    /// The number of a subscription that has not ended.
    fn find_subscription(&self, arn: &SubscriptionArn) -> Result<u32, TopicRejection> {
        let number = self.subscriptions_by_id.get(&arn.id).copied();
        let subscription = number.and_then(|number| self.subscriptions.get(&number));
        let found = subscription
            .filter(|subscription| subscription.arn == *arn && !subscription.is_ended());
        found.map(|subscription| subscription.number).ok_or_else(TopicRejection::no_subscription)
    }

    /// The same, of one that is the caller's: because it subscribed, or because it owns the topic. For
    /// anybody else there is none.
    fn find_own_subscription(
        &self,
        arn: &SubscriptionArn,
        caller: AccountId,
    ) -> Result<u32, TopicRejection> {
        let number = self.find_subscription(arn)?;
        let is_own = [self.subscription(number).owner, arn.topic.account].contains(&caller);
        is_own.then_some(number).ok_or_else(TopicRejection::no_subscription)
    }

    /// The topic, which is there as long as its number is known.
    fn topic(&self, number: u32) -> &Topic {
        self.topics.get(&number).expect("a number that was looked up in this step")
    }

    /// The subscription, which is there as long as its number is known.
    fn subscription(&self, number: u32) -> &Subscription {
        self.subscriptions.get(&number).expect("a number that was looked up in this step")
    }
}
