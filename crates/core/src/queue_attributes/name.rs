//! The names of a queue's attributes.

/// An attribute's name. `FifoThroughputLimit` and its like are spelled as the API spells them.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Name {
    QueueArn,
    ApproximateNumberOfMessages,
    ApproximateNumberOfMessagesNotVisible,
    ApproximateNumberOfMessagesDelayed,
    CreatedTimestamp,
    LastModifiedTimestamp,
    DelaySeconds,
    MaximumMessageSize,
    MessageRetentionPeriod,
    Policy,
    ReceiveMessageWaitTimeSeconds,
    VisibilityTimeout,
    RedrivePolicy,
    RedriveAllowPolicy,
    KmsMasterKeyId,
    KmsDataKeyReusePeriodSeconds,
    SqsManagedSseEnabled,
    FifoQueue,
    ContentBasedDeduplication,
    DeduplicationScope,
    FifoThroughputLimit,
}

impl Name {
    /// What a request may set, in the order of the API reference of CreateQueue.
    pub(super) const SETTABLE: [Self; 15] = [
        Self::DelaySeconds,
        Self::MaximumMessageSize,
        Self::MessageRetentionPeriod,
        Self::Policy,
        Self::ReceiveMessageWaitTimeSeconds,
        Self::VisibilityTimeout,
        Self::RedrivePolicy,
        Self::RedriveAllowPolicy,
        Self::KmsMasterKeyId,
        Self::KmsDataKeyReusePeriodSeconds,
        Self::SqsManagedSseEnabled,
        Self::FifoQueue,
        Self::ContentBasedDeduplication,
        Self::DeduplicationScope,
        Self::FifoThroughputLimit,
    ];

    /// What can be read, in the order of the service's answers.
    pub(super) const READABLE: [Self; 21] = [
        Self::QueueArn,
        Self::ApproximateNumberOfMessages,
        Self::ApproximateNumberOfMessagesNotVisible,
        Self::ApproximateNumberOfMessagesDelayed,
        Self::CreatedTimestamp,
        Self::LastModifiedTimestamp,
        Self::VisibilityTimeout,
        Self::MaximumMessageSize,
        Self::MessageRetentionPeriod,
        Self::DelaySeconds,
        Self::ReceiveMessageWaitTimeSeconds,
        Self::Policy,
        Self::RedrivePolicy,
        Self::RedriveAllowPolicy,
        Self::FifoQueue,
        Self::ContentBasedDeduplication,
        Self::DeduplicationScope,
        Self::FifoThroughputLimit,
        Self::KmsMasterKeyId,
        Self::KmsDataKeyReusePeriodSeconds,
        Self::SqsManagedSseEnabled,
    ];

    /// The name that a request gives, if it can be set.
    pub(super) fn settable(text: &str) -> Option<Self> {
        Self::SETTABLE.into_iter().find(|name| name.as_str() == text)
    }

    /// The name that a request gives, if it can be read.
    pub(super) fn readable(text: &str) -> Option<Self> {
        Self::READABLE.into_iter().find(|name| name.as_str() == text)
    }

    /// Whether only FIFO queues have the attribute.
    pub(super) fn is_fifo_only(self) -> bool {
        matches!(
            self,
            Self::FifoQueue
                | Self::ContentBasedDeduplication
                | Self::DeduplicationScope
                | Self::FifoThroughputLimit
        )
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::QueueArn => "QueueArn",
            Self::ApproximateNumberOfMessages => "ApproximateNumberOfMessages",
            Self::ApproximateNumberOfMessagesNotVisible => "ApproximateNumberOfMessagesNotVisible",
            Self::ApproximateNumberOfMessagesDelayed => "ApproximateNumberOfMessagesDelayed",
            Self::CreatedTimestamp => "CreatedTimestamp",
            Self::LastModifiedTimestamp => "LastModifiedTimestamp",
            Self::DelaySeconds => "DelaySeconds",
            Self::MaximumMessageSize => "MaximumMessageSize",
            Self::MessageRetentionPeriod => "MessageRetentionPeriod",
            Self::Policy => "Policy",
            Self::ReceiveMessageWaitTimeSeconds => "ReceiveMessageWaitTimeSeconds",
            Self::VisibilityTimeout => "VisibilityTimeout",
            Self::RedrivePolicy => "RedrivePolicy",
            Self::RedriveAllowPolicy => "RedriveAllowPolicy",
            Self::KmsMasterKeyId => "KmsMasterKeyId",
            Self::KmsDataKeyReusePeriodSeconds => "KmsDataKeyReusePeriodSeconds",
            Self::SqsManagedSseEnabled => "SqsManagedSseEnabled",
            Self::FifoQueue => "FifoQueue",
            Self::ContentBasedDeduplication => "ContentBasedDeduplication",
            Self::DeduplicationScope => "DeduplicationScope",
            Self::FifoThroughputLimit => "FifoThroughputLimit",
        }
    }
}
