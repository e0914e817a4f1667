//! The names of a topic's attributes.

use crate::names::SubscriptionProtocol;

/// An attribute's name, spelled as the API spells it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
#[expect(clippy::enum_variant_names, reason = "DisplayName is not for us to rename")]
pub(super) enum Name {
    Policy,
    SignatureVersion,
    Owner,
    SubscriptionsPending,
    KmsMasterKeyId,
    TopicArn,
    TracingConfig,
    EffectiveDeliveryPolicy,
    SubscriptionsConfirmed,
    DisplayName,
    DeliveryPolicy,
    MaximumMessageSize,
    FifoTopic,
    ContentBasedDeduplication,
    FifoThroughputScope,
    ArchivePolicy,
    BeginningArchiveTime,
    SubscriptionsDeleted,
    Feedback(Feedback),
}

/// One of the attributes about the logging of deliveries: its place in [`FEEDBACK`].
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Feedback(u8);

/// By protocol, three for each: the role for successes, their rate, the role for failures.
const FEEDBACK: [&str; 15] = [
    "HTTPSuccessFeedbackRoleArn",
    "HTTPSuccessFeedbackSampleRate",
    "HTTPFailureFeedbackRoleArn",
    "SQSSuccessFeedbackRoleArn",
    "SQSSuccessFeedbackSampleRate",
    "SQSFailureFeedbackRoleArn",
    "LambdaSuccessFeedbackRoleArn",
    "LambdaSuccessFeedbackSampleRate",
    "LambdaFailureFeedbackRoleArn",
    "FirehoseSuccessFeedbackRoleArn",
    "FirehoseSuccessFeedbackSampleRate",
    "FirehoseFailureFeedbackRoleArn",
    "ApplicationSuccessFeedbackRoleArn",
    "ApplicationSuccessFeedbackSampleRate",
    "ApplicationFailureFeedbackRoleArn",
];

impl Name {
    /// What a request may set, the attributes about logging apart.
    const SETTABLE: [Self; 11] = [
        Self::DisplayName,
        Self::Policy,
        Self::DeliveryPolicy,
        Self::KmsMasterKeyId,
        Self::SignatureVersion,
        Self::TracingConfig,
        Self::MaximumMessageSize,
        Self::FifoTopic,
        Self::ContentBasedDeduplication,
        Self::FifoThroughputScope,
        Self::ArchivePolicy,
    ];

    /// What can be read, in the order of the service's answers, the attributes about logging apart.
    pub(super) const READABLE: [Self; 18] = [
        Self::Policy,
        Self::SignatureVersion,
        Self::Owner,
        Self::SubscriptionsPending,
        Self::KmsMasterKeyId,
        Self::TopicArn,
        Self::TracingConfig,
        Self::EffectiveDeliveryPolicy,
        Self::SubscriptionsConfirmed,
        Self::DisplayName,
        Self::DeliveryPolicy,
        Self::MaximumMessageSize,
        Self::FifoTopic,
        Self::ContentBasedDeduplication,
        Self::FifoThroughputScope,
        Self::ArchivePolicy,
        Self::BeginningArchiveTime,
        Self::SubscriptionsDeleted,
    ];

    /// The name that a request gives, if it can be set.
    pub(super) fn settable(text: &str) -> Option<Self> {
        Self::all_settable().find(|name| name.as_str() == text)
    }

    /// What a request may set.
    pub(super) fn all_settable() -> impl Iterator<Item = Self> {
        let feedback = (0..).take(FEEDBACK.len()).map(|number| Self::Feedback(Feedback(number)));
        Self::SETTABLE.into_iter().chain(feedback)
    }

    /// Whether only FIFO topics have the attribute.
    pub(super) fn is_fifo_only(self) -> bool {
        matches!(
            self,
            Self::FifoTopic
                | Self::ContentBasedDeduplication
                | Self::FifoThroughputScope
                | Self::ArchivePolicy
                | Self::BeginningArchiveTime
        )
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Policy => "Policy",
            Self::SignatureVersion => "SignatureVersion",
            Self::Owner => "Owner",
            Self::SubscriptionsPending => "SubscriptionsPending",
            Self::KmsMasterKeyId => "KmsMasterKeyId",
            Self::TopicArn => "TopicArn",
            Self::TracingConfig => "TracingConfig",
            Self::EffectiveDeliveryPolicy => "EffectiveDeliveryPolicy",
            Self::SubscriptionsConfirmed => "SubscriptionsConfirmed",
            Self::DisplayName => "DisplayName",
            Self::DeliveryPolicy => "DeliveryPolicy",
            Self::MaximumMessageSize => "MaximumMessageSize",
            Self::FifoTopic => "FifoTopic",
            Self::ContentBasedDeduplication => "ContentBasedDeduplication",
            Self::FifoThroughputScope => "FifoThroughputScope",
            Self::ArchivePolicy => "ArchivePolicy",
            Self::BeginningArchiveTime => "BeginningArchiveTime",
            Self::SubscriptionsDeleted => "SubscriptionsDeleted",
            Self::Feedback(feedback) => feedback.as_str(),
        }
    }
}

/// Success role, success rate and failure role of a protocol.
const FEEDBACK_OF_PROTOCOL: u8 = 3;

impl Feedback {
    /// Of a protocol: the role for successes, their rate, the role for failures. `None` if its
    /// deliveries are not logged.
    pub(super) fn of(protocol: SubscriptionProtocol) -> Option<[Self; 3]> {
        let place = match protocol {
            SubscriptionProtocol::Http | SubscriptionProtocol::Https => 0,
            SubscriptionProtocol::Sqs => 1,
            SubscriptionProtocol::Lambda => 2,
            SubscriptionProtocol::Firehose => 3,
            SubscriptionProtocol::Application => 4,
            SubscriptionProtocol::Sms
            | SubscriptionProtocol::Email
            | SubscriptionProtocol::EmailJson => return None,
        };
        Some([0, 1, 2].map(|which| Self(place * FEEDBACK_OF_PROTOCOL + which)))
    }

    /// Its number in log records, which never changes.
    pub(super) fn number(self) -> u8 {
        self.0
    }

    /// What a log record's number stands for.
    pub(super) fn from_number(number: u8) -> Option<Self> {
        (usize::from(number) < FEEDBACK.len()).then_some(Self(number))
    }

    /// Whether its value is a rate in percent, not the ARN of a role.
    pub(super) fn is_rate(self) -> bool {
        self.as_str().ends_with("SampleRate")
    }

    pub(super) fn as_str(self) -> &'static str {
        FEEDBACK[usize::from(self.0)]
    }
}
