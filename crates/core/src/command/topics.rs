//! What a shard can be asked about topics and subscriptions, and what it answers.

use std::collections::BTreeMap;

use super::Pairs;
use crate::message::Sealing;
use crate::names::{
    AccountId, FifoId, QueueArn, Region, SubscriptionArn, SubscriptionProtocol, TopicArn,
    TopicName, Uuid,
};

/// A request about topics. Names have been read already; what depends on a topic, a subscription or
/// their present state is checked by the shard.
#[derive(Clone, Debug)]
pub enum TopicCommand {
    /// CreateTopic. Answered by [`Reply::Done`](super::Reply::Done): a topic that is there with the
    /// same attributes and tags is as good as a new one.
    CreateTopic {
        /// The topic's name in full.
        arn: TopicArn,
        /// Attributes as given.
        attributes: Pairs,
        /// Tags as given.
        tags: Pairs,
        /// DataProtectionPolicy as given.
        data_protection_policy: Option<String>,
    },
    /// DeleteTopic, with its subscriptions. No error if it is not there.
    DeleteTopic {
        /// Which topic.
        arn: TopicArn,
    },
    /// ListTopics: [`Reply::Topics`](super::Reply::Topics), by name.
    ListTopics {
        /// Whose topics.
        account: AccountId,
        /// In which region.
        region: Region,
        /// Only names after this one: where the last page ended.
        after: Option<TopicName>,
        /// The page's size.
        max: usize,
    },
    /// GetTopicAttributes: [`Reply::Attributes`](super::Reply::Attributes).
    TopicAttributes {
        /// Which topic.
        arn: TopicArn,
    },
    /// SetTopicAttributes: one attribute, in spite of the name.
    SetTopicAttribute {
        /// Which topic.
        arn: TopicArn,
        /// The attribute's name as given.
        name: String,
        /// Its value; empty if none was given.
        value: String,
    },
    /// AddPermission: a statement more in the topic's policy.
    AddPermission {
        /// Which topic.
        arn: TopicArn,
        /// The statement's name.
        label: String,
        /// Who may.
        accounts: Vec<String>,
        /// What they may: action names without `SNS:`.
        actions: Vec<String>,
    },
    /// RemovePermission.
    RemovePermission {
        /// Which topic.
        arn: TopicArn,
        /// The statement's name.
        label: String,
    },
    /// TagResource.
    TagTopic {
        /// Which topic.
        arn: TopicArn,
        /// Tags to add or overwrite.
        tags: Pairs,
    },
    /// UntagResource.
    UntagTopic {
        /// Which topic.
        arn: TopicArn,
        /// Keys of the tags to remove.
        keys: Vec<String>,
    },
    /// ListTagsForResource: [`Reply::Tags`](super::Reply::Tags).
    TopicTags {
        /// Which topic.
        arn: TopicArn,
    },
    /// GetDataProtectionPolicy: [`Reply::Text`](super::Reply::Text).
    DataProtectionPolicy {
        /// Which topic.
        arn: TopicArn,
    },
    /// PutDataProtectionPolicy.
    SetDataProtectionPolicy {
        /// Which topic.
        arn: TopicArn,
        /// The document as given; empty to remove it.
        policy: String,
    },
    /// Subscribe: [`Reply::Subscribed`](super::Reply::Subscribed).
    Subscribe(Subscribe),
    /// ConfirmSubscription: [`Reply::Subscribed`](super::Reply::Subscribed).
    ConfirmSubscription {
        /// Which topic.
        topic: TopicArn,
        /// The token as given.
        token: String,
        /// Whether only its owner may end the subscription from now on.
        authenticate_on_unsubscribe: bool,
    },
    /// Unsubscribe. No error if the subscription is not there.
    Unsubscribe {
        /// Which subscription.
        arn: SubscriptionArn,
        /// Who asks; `None` if the request is not signed.
        caller: Option<AccountId>,
        /// A fresh id for the message that tells the endpoint.
        message_id: Uuid,
    },
    /// ListSubscriptions: [`Reply::Subscriptions`](super::Reply::Subscriptions), oldest first.
    ListSubscriptions {
        /// Whose subscriptions.
        account: AccountId,
        /// In which region.
        region: Region,
        /// Only subscriptions after this one: where the last page ended.
        after: Option<u32>,
        /// The page's size.
        max: usize,
    },
    /// ListSubscriptionsByTopic: [`Reply::Subscriptions`](super::Reply::Subscriptions), oldest first.
    ListSubscriptionsByTopic {
        /// Which topic.
        arn: TopicArn,
        /// Only subscriptions after this one: where the last page ended.
        after: Option<u32>,
        /// The page's size.
        max: usize,
    },
    /// GetSubscriptionAttributes: [`Reply::Attributes`](super::Reply::Attributes).
    SubscriptionAttributes {
        /// Which subscription.
        arn: SubscriptionArn,
        /// Who asks: only its owner and the topic's may.
        caller: AccountId,
    },
    /// SetSubscriptionAttributes: one attribute, in spite of the name.
    SetSubscriptionAttribute {
        /// Which subscription.
        arn: SubscriptionArn,
        /// Who asks: only its owner and the topic's may.
        caller: AccountId,
        /// The attribute's name as given.
        name: String,
        /// Its value; empty if none was given.
        value: String,
    },
    /// Publish and PublishBatch: [`Reply::Published`](super::Reply::Published), an answer for each
    /// message.
    Publish {
        /// Which topic.
        arn: TopicArn,
        /// 1 to 10 messages, in order.
        messages: Vec<Publication>,
    },
    /// A message to one endpoint, by no topic: [`Reply::Published`](super::Reply::Published), with one
    /// answer. [`DeleteTopic`](Self::DeleteTopic) drops an outbox and what still waits in it.
    PublishDirect {
        /// Which outbox, by [`TopicArn::direct`]. It is made if it is not there.
        outbox: TopicArn,
        /// How its messages go out.
        protocol: SubscriptionProtocol,
        /// The message. Its content names its target.
        message: Box<Publication>,
    },
}

/// A new subscription.
#[derive(Clone, Debug)]
pub struct Subscribe {
    /// What it subscribes to.
    pub topic: TopicArn,
    /// How its messages go out.
    pub protocol: SubscriptionProtocol,
    /// Where its messages go: a queue's ARN, a web address.
    pub endpoint: String,
    /// Attributes as given.
    pub attributes: Pairs,
    /// Who asks, and owns the subscription.
    pub account: AccountId,
    /// The ARN of who asks.
    pub principal: String,
    /// A fresh id for it.
    pub id: Uuid,
    /// A fresh id for the message that asks the endpoint to confirm.
    pub message_id: Uuid,
}

/// A message on its way to a topic's subscribers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Publication {
    /// A fresh id.
    pub message_id: Uuid,
    /// The encoded [`PublishedContent`](crate::publication::PublishedContent), perhaps sealed.
    pub content: Vec<u8>,
    /// How the content lies here.
    pub sealing: Sealing,
    /// The content before it was sealed, if it was: filter policies look at it.
    pub unsealed: Option<Vec<u8>>,
    /// Encrypted queues whose keys were asked, and whether they let the topic in. Keys are not kept
    /// here: those that are to be asked, [`Reply::Published`](super::Reply::Published) names.
    pub keys: BTreeMap<QueueArn, bool>,
    /// Bytes that count against the topic's MaximumMessageSize: the message's, and those of its
    /// attributes' names, types and values.
    pub size: usize,
    /// Bytes that count against a queue's MaximumMessageSize when the message is delivered raw: those
    /// of the text for queues, and of the attributes.
    pub raw_size: usize,
    /// The same, when it is enveloped.
    pub enveloped_size: usize,
    /// MD5 of the message, as raw deliveries carry it.
    pub body_md5: [u8; 16],
    /// SHA-256 of the message, present if the topic is FIFO and no deduplication id was given.
    pub body_sha256: Option<[u8; 32]>,
    /// MessageGroupId as given.
    pub group: Option<FifoId>,
    /// MessageDeduplicationId as given.
    pub deduplication: Option<FifoId>,
}

/// A message that was published, or recognised as one published before.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Published {
    /// The message's id; of the first message if this one is a duplicate.
    pub message_id: Uuid,
    /// Of a FIFO topic.
    pub sequence_number: Option<u64>,
}

/// What lists show of a subscription.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SubscriptionSummary {
    /// Its name in full.
    pub arn: SubscriptionArn,
    /// Whether it still has to be confirmed; its name is not shown then.
    pub is_pending: bool,
    /// Whose it is.
    pub owner: AccountId,
    /// How its messages go out.
    pub protocol: SubscriptionProtocol,
    /// Where they go.
    pub endpoint: String,
}
