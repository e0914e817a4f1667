//! The attributes of a topic: what CreateTopic and SetTopicAttributes set and GetTopicAttributes
//! shows, as typed values that have been checked.
//!
//! What depends on the topic's subscriptions is not looked at here: a topic may have a
//! `MaximumMessageSize` above 262,144 only while it has at most 100 subscriptions, all of them of
//! queues, functions and delivery streams.

mod change;
mod name;
mod read;
mod saved;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::delivery::{DeliveryLogging, SignatureVersion};
use crate::delivery_policy::TopicDeliveryPolicy;
use crate::limits;
use crate::names::{SubscriptionProtocol, TopicArn};
use crate::topic_policy;
use name::Feedback;

pub(crate) use change::is_role_arn;
pub use read::Facts;

/// The saved attributes of one topic. API reference of SNS, CreateTopic and SetTopicAttributes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TopicAttributes {
    /// At most 100 characters, perhaps none.
    display_name: Arc<str>,
    /// A document that `topic_policy::check` has seen, exactly as it was set, or what AddPermission
    /// and RemovePermission made of it. `None` for the default policy.
    policy: Option<Arc<str>>,
    delivery_policy: Option<TopicDeliveryPolicy>,
    /// An id, an ARN or an alias, not checked for existence. Never empty.
    kms_master_key_id: Option<Arc<str>>,
    signature_version: Option<SignatureVersion>,
    tracing_config: Option<TracingConfig>,
    /// In bytes: 1,024 to 1,048,576.
    maximum_message_size: Option<u32>,
    /// What only a FIFO topic has. Present for as long as the topic lives, or never.
    fifo: Option<FifoTopicAttributes>,
    /// How deliveries are logged: a role's ARN, or a rate of 0 to 100, as it was given.
    feedback: BTreeMap<Feedback, Arc<str>>,
}

/// The attributes that only a FIFO topic has.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
struct FifoTopicAttributes {
    content_based_deduplication: bool,
    throughput_scope: Option<ThroughputScope>,
    /// Days for which messages are archived: 1 to 365.
    archive_days: Option<u32>,
}

/// `TracingConfig`.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum TracingConfig {
    /// `PassThrough`: a message's tracing header is passed on. What holds if nothing was said.
    #[default]
    PassThrough,
    /// `Active`: the service traces, too. Kept and shown; a header is passed on all the same.
    Active,
}

/// `FifoThroughputScope`: within what a deduplication id is recognised.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum ThroughputScope {
    /// `Topic`: the whole topic. What holds if nothing was said.
    #[default]
    Topic,
    /// `MessageGroup`: each message group for itself. There is no way back.
    MessageGroup,
}

impl TopicAttributes {
    /// The attributes of a topic about which nothing was said.
    fn defaults(fifo: Option<FifoTopicAttributes>) -> Self {
        Self {
            display_name: "".into(),
            policy: None,
            delivery_policy: None,
            kms_master_key_id: None,
            signature_version: None,
            tracing_config: None,
            maximum_message_size: None,
            fifo,
            feedback: BTreeMap::new(),
        }
    }

    /// The name by which mail and text messages call the topic: at most 100 characters, perhaps
    /// none.
    pub fn display_name(&self) -> &str {
        &self.display_name
    }

    /// The access policy that was set, if one was.
    pub(crate) fn own_policy(&self) -> Option<&str> {
        self.policy.as_deref()
    }

    /// The access policy of the topic with this name: a JSON document.
    pub fn policy(&self, arn: &TopicArn) -> Arc<str> {
        self.policy.clone().unwrap_or_else(|| topic_policy::default_policy(arn).into())
    }

    /// How messages go to the topic's HTTP endpoints.
    pub fn delivery_policy(&self) -> Option<&TopicDeliveryPolicy> {
        self.delivery_policy.as_ref()
    }

    /// The KMS key that messages are encrypted under: an id, an ARN or an alias.
    pub fn kms_master_key_id(&self) -> Option<&str> {
        self.kms_master_key_id.as_deref()
    }

    /// How notifications are signed.
    pub fn signature_version(&self) -> SignatureVersion {
        self.signature_version.unwrap_or_default()
    }

    /// Whether the service traces messages.
    pub fn tracing_config(&self) -> TracingConfig {
        self.tracing_config.unwrap_or_default()
    }

    /// What a message may weigh with its attributes, in bytes: 1,024 to 1,048,576.
    pub fn maximum_message_size(&self) -> u32 {
        self.maximum_message_size.unwrap_or(limits::TOPIC_MESSAGE_SIZE_DEFAULT)
    }

    /// Whether this is a FIFO topic.
    pub fn is_fifo(&self) -> bool {
        self.fifo.is_some()
    }

    /// Whether a message without a deduplication id gets the SHA-256 of its body as one. Never on a
    /// standard topic.
    pub fn content_based_deduplication(&self) -> bool {
        self.fifo.is_some_and(|fifo| fifo.content_based_deduplication)
    }

    /// Within what a deduplication id is recognised. Without meaning on a standard topic.
    pub fn throughput_scope(&self) -> ThroughputScope {
        self.fifo.and_then(|fifo| fifo.throughput_scope).unwrap_or_default()
    }

    /// What of deliveries by a protocol is logged. Without roles nothing is; a role for successes
    /// without a rate stands for all.
    pub fn delivery_logging(&self, protocol: SubscriptionProtocol) -> DeliveryLogging {
        let Some([success, rate, failure]) = Feedback::of(protocol) else {
            return DeliveryLogging::default();
        };
        let percent = self.feedback.get(&rate).and_then(|rate| rate.parse().ok()).unwrap_or(100);
        DeliveryLogging {
            success_percent: if self.feedback.contains_key(&success) { percent } else { 0 },
            failures: self.feedback.contains_key(&failure),
        }
    }

    /// How long messages are archived, in days: 1 to 365. `None` if they are not.
    pub fn archive_days(&self) -> Option<u32> {
        self.fifo.and_then(|fifo| fifo.archive_days)
    }
}

impl TracingConfig {
    fn as_str(self) -> &'static str {
        match self {
            Self::PassThrough => "PassThrough",
            Self::Active => "Active",
        }
    }
}

impl ThroughputScope {
    fn as_str(self) -> &'static str {
        match self {
            Self::Topic => "Topic",
            Self::MessageGroup => "MessageGroup",
        }
    }
}
