//! The attributes of a queue: what CreateQueue and SetQueueAttributes set and GetQueueAttributes
//! shows, as typed values that have been checked.
//!
//! A request's attributes are taken together, whatever their order: either all of them hold from
//! now on, or the request is refused and nothing has changed. [`QueueAttributes::create`] and
//! [`QueueAttributes::with_changes`] check everything that the queue alone decides; what a redrive
//! policy needs of another queue is left to [`redrive_policy::check_target`].
//!
//! [`redrive_policy::check_target`]: crate::redrive_policy::check_target

mod change;
mod name;
mod read;
mod saved;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use crate::limits;
use crate::redrive_policy::{RedriveAllowPolicy, RedrivePolicy};

pub use read::Facts;

/// The saved attributes of one queue. API reference, CreateQueue and SetQueueAttributes.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct QueueAttributes {
    /// How long a message waits before it can be received, in seconds: 0 to 900.
    pub delay_seconds: u32,
    /// What a message may weigh, in bytes: 1,024 to 1,048,576.
    pub maximum_message_size: u32,
    /// How long a message is kept, in seconds: 60 to 1,209,600 (14 days).
    pub message_retention_period: u32,
    /// How long a receive waits for messages that does not say so itself, in seconds: 0 to 20.
    pub receive_message_wait_time_seconds: u32,
    /// How long a message is hidden by a receive that does not say so itself, in seconds: 0 to
    /// 43,200 (12 hours).
    pub visibility_timeout: u32,
    /// The access policy: a document that [`policy_document::check`] has seen, exactly as it was
    /// set.
    ///
    /// [`policy_document::check`]: crate::policy_document::check
    pub policy: Option<Arc<str>>,
    /// When messages move to a dead-letter queue, and to which.
    pub redrive_policy: Option<RedrivePolicy>,
    /// Whose dead-letter queue this queue may be.
    pub redrive_allow_policy: Option<RedriveAllowPolicy>,
    /// The KMS key that messages are encrypted under: an id, an ARN or an alias, not checked for
    /// existence. Never empty.
    pub kms_master_key_id: Option<Arc<str>>,
    /// How long a data key is used again, in seconds: 60 to 86,400. Without meaning, but kept,
    /// while there is no KMS key.
    pub kms_data_key_reuse_period_seconds: u32,
    /// Whether messages are encrypted under a key of the service. Never together with a KMS key.
    pub sqs_managed_sse_enabled: bool,
    /// What only a FIFO queue has. Present for as long as the queue lives, or never.
    pub fifo: Option<FifoAttributes>,
}

/// The attributes that only a FIFO queue has.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct FifoAttributes {
    /// Whether a message without a deduplication id gets the SHA-256 of its body as one.
    pub content_based_deduplication: bool,
    /// Within what a deduplication id is recognised.
    pub deduplication_scope: DeduplicationScope,
    /// What the service's throughput quota counts for. Kept and shown; no rate is limited here.
    pub throughput_limit: ThroughputLimit,
}

/// `DeduplicationScope`.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum DeduplicationScope {
    /// `queue`: the whole queue.
    #[default]
    Queue,
    /// `messageGroup`: each message group for itself.
    MessageGroup,
}

/// `FifoThroughputLimit`.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum ThroughputLimit {
    /// `perQueue`.
    #[default]
    PerQueue,
    /// `perMessageGroupId`: high throughput. Needs [`DeduplicationScope::MessageGroup`].
    PerMessageGroupId,
}

impl QueueAttributes {
    /// The attributes of a queue about which nothing was said.
    fn defaults(fifo: Option<FifoAttributes>) -> Self {
        Self {
            delay_seconds: 0,
            maximum_message_size: *limits::MAXIMUM_MESSAGE_SIZE.end(),
            message_retention_period: 345_600,
            receive_message_wait_time_seconds: 0,
            visibility_timeout: 30,
            policy: None,
            redrive_policy: None,
            redrive_allow_policy: None,
            kms_master_key_id: None,
            kms_data_key_reuse_period_seconds: 300,
            sqs_managed_sse_enabled: true,
            fifo,
        }
    }
}

impl DeduplicationScope {
    fn as_str(self) -> &'static str {
        match self {
            Self::Queue => "queue",
            Self::MessageGroup => "messageGroup",
        }
    }
}

impl ThroughputLimit {
    fn as_str(self) -> &'static str {
        match self {
            Self::PerQueue => "perQueue",
            Self::PerMessageGroupId => "perMessageGroupId",
        }
    }
}
