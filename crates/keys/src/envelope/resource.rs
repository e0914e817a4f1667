//! What a body is sealed for.

use crate::context::EncryptionContext;

/// The queue or topic that a message was sent to, by its ARN. It stays the same when the message
/// moves on to a dead-letter queue.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Resource {
    /// A queue.
    Queue(String),
    /// A topic.
    Topic(String),
}

impl Resource {
    /// The encryption context of its data keys, which key policies may ask for.
    pub fn context(&self) -> EncryptionContext {
        match self {
            Self::Queue(arn) => EncryptionContext::one("aws:sqs:arn", arn),
            Self::Topic(arn) => EncryptionContext::one("aws:sns:topicArn", arn),
        }
    }

    /// Its ARN.
    pub fn arn(&self) -> &str {
        match self {
            Self::Queue(arn) | Self::Topic(arn) => arn,
        }
    }
}
