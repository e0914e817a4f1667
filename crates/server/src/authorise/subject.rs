//! What a command is about, as policies see it.

use std::sync::Arc;

use tidings_access::PolicyDocument;
use tidings_aws::Service;
use tidings_broker::Broker;
use tidings_core::command::{Command, TopicCommand};
use tidings_core::names::{AccountId, QueueArn, TopicArn};
use tidings_core::terms::{Resource, Terms};

/// A queue, a topic, or all that an account has of a service.
pub(super) struct Subject {
    /// Its ARN.
    pub(super) arn: String,
    /// Whose it is.
    pub(super) owner: AccountId,
    /// The path of its URL, without the slash in front.
    pub(super) path: String,
    pub(super) terms: Option<Arc<Terms>>,
}

impl Subject {
    /// What a command names. `None` for those that are about nothing in particular, or are none of a
    /// client's.
    pub(super) fn of(command: &Command, broker: &Broker) -> Option<Self> {
        match command {
            Command::CreateQueue { arn, .. }
            | Command::DeleteQueue { arn }
            | Command::FindQueue { arn }
            | Command::ListDeadLetterSourceQueues { arn, .. }
            | Command::QueueAttributes { arn, .. }
            | Command::SetQueueAttributes { arn, .. }
            | Command::TagQueue { arn, .. }
            | Command::UntagQueue { arn, .. }
            | Command::QueueTags { arn }
            | Command::AddPermission { arn, .. }
            | Command::RemovePermission { arn, .. }
            | Command::PurgeQueue { arn }
            | Command::Send { arn, .. }
            | Command::Receive { arn, .. }
            | Command::Delete { arn, .. }
            | Command::ChangeVisibility { arn, .. }
            | Command::StartMoveTask { source: arn, .. }
            | Command::CancelMoveTask { source: arn, .. }
            | Command::ListMoveTasks { source: arn, .. } => Some(Self::queue(arn, broker)),
            Command::Topic(command) => topic_of(command).map(|arn| Self::topic(arn, broker)),
            Command::ListQueues { .. }
            | Command::WriteRegister { .. }
            | Command::ReadRegister { .. }
            | Command::AbandonReceive { .. }
            | Command::ReturnMessages { .. }
            | Command::MoveMessages { .. }
            | Command::SettleDelivery { .. }
            | Command::ReplayMessages { .. }
            | Command::Reclaim { .. }
            | Command::Relocate { .. }
            | Command::RelocatePublications { .. } => None,
        }
    }

    pub(super) fn queue(arn: &QueueArn, broker: &Broker) -> Self {
        Self {
            arn: arn.to_string(),
            owner: arn.account,
            path: format!("{}/{}", arn.account, arn.name.as_str()),
            terms: broker.terms(&Resource::Queue(arn.clone())),
        }
    }

    fn topic(arn: &TopicArn, broker: &Broker) -> Self {
        Self {
            arn: arn.to_string(),
            owner: arn.account,
            path: String::new(),
            terms: broker.terms(&Resource::Topic(arn.clone())),
        }
    }

    /// All that an account has of a service in a region.
    pub(super) fn service(service: Service, region: &str, owner: AccountId) -> Self {
        let arn = format!("arn:aws:{}:{region}:{owner}:*", service.signing_name());
        Self { arn, owner, path: String::new(), terms: None }
    }

    /// A phone, which is nobody's: the caller's own rights count.
    pub(super) fn phone(number: String, caller: AccountId) -> Self {
        Self { arn: number, owner: caller, path: String::new(), terms: None }
    }

    pub(super) fn policy(&self) -> Option<&PolicyDocument> {
        self.terms.as_ref()?.policy.as_ref()
    }

    pub(super) fn tags(&self) -> Vec<(&str, &str)> {
        self.terms.as_ref().map(|terms| terms.tags.as_pairs()).unwrap_or_default()
    }
}

fn topic_of(command: &TopicCommand) -> Option<&TopicArn> {
    match command {
        TopicCommand::CreateTopic { arn, .. }
        | TopicCommand::DeleteTopic { arn }
        | TopicCommand::TopicAttributes { arn }
        | TopicCommand::SetTopicAttribute { arn, .. }
        | TopicCommand::AddPermission { arn, .. }
        | TopicCommand::RemovePermission { arn, .. }
        | TopicCommand::TagTopic { arn, .. }
        | TopicCommand::UntagTopic { arn, .. }
        | TopicCommand::TopicTags { arn }
        | TopicCommand::DataProtectionPolicy { arn }
        | TopicCommand::SetDataProtectionPolicy { arn, .. }
        | TopicCommand::ListSubscriptionsByTopic { arn, .. }
        | TopicCommand::Publish { arn, .. } => Some(arn),
        TopicCommand::Subscribe(subscribe) => Some(&subscribe.topic),
        TopicCommand::ConfirmSubscription { topic, .. } => Some(topic),
        TopicCommand::Unsubscribe { arn, .. }
        | TopicCommand::SubscriptionAttributes { arn, .. }
        | TopicCommand::SetSubscriptionAttribute { arn, .. } => Some(&arn.topic),
        // Nobody may do anything with an outbox: what its messages are for is asked of others.
        TopicCommand::PublishDirect { .. }
        | TopicCommand::ListTopics { .. }
        | TopicCommand::ListSubscriptions { .. } => None,
    }
}
