//! Every reason of topics and subscriptions to say no. Reference: the errors of the SNS API.

use std::fmt;

use super::Rejection;

/// Why a request about topics is refused. Texts are given in full.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum TopicRejection {
    /// A parameter, or an attribute's value, is outside its range.
    InvalidParameter(String),
    /// No such topic or subscription.
    NotFound(String),
    /// No such topic, said of an action about tags.
    ResourceNotFound,
    /// The caller may not do this.
    AuthorizationError(String),
    /// The topic's state does not allow it.
    InvalidState(String),
    /// The topic or the account has as many filter policies as it may have.
    FilterPolicyLimitExceeded(String),
    /// The topic or the account has as many subscriptions as it may have.
    SubscriptionLimitExceeded(String),
    /// The account has as many topics as it may have.
    TopicLimitExceeded(String),
    /// Nothing is sent to the endpoint.
    EndpointDisabled,
    /// Nothing is sent for the platform application.
    PlatformApplicationDisabled,
    /// Too many replays run.
    ReplayLimitExceeded(String),
    /// A resource has at most fifty tags.
    TagLimitExceeded,
    /// Required members are missing: the framework that AWS services share says so. The text in
    /// full.
    Validation(String),
    /// An attribute of a message does not have its form. The text in full.
    ParameterValueInvalid(String),
    /// A batch with more than ten entries.
    TooManyEntriesInBatchRequest,
    /// Two entries of a batch have the same id.
    BatchEntryIdsNotDistinct,
    /// The id of a batch entry is too long or has other characters than it may. The text in full.
    InvalidBatchEntryId(String),
    /// A batch's messages are too long together.
    BatchRequestTooLong,
    /// A phone wants no text messages. The text in full.
    OptedOut(String),
    /// A phone number cannot come into the sandbox, or leave it. The text in full.
    UserError(String),
    /// A code does not verify a phone number. The text in full.
    VerificationException(String),
}

impl TopicRejection {
    /// `Invalid parameter: <what>`
    pub fn parameter(what: impl fmt::Display) -> Self {
        Self::InvalidParameter(format!("Invalid parameter: {what}"))
    }

    /// The topic is not there.
    pub fn no_topic() -> Self {
        Self::NotFound("Topic does not exist".into())
    }

    /// The subscription is not there.
    pub fn no_subscription() -> Self {
        Self::NotFound("Subscription does not exist".into())
    }
}

impl From<TopicRejection> for Rejection {
    fn from(rejection: TopicRejection) -> Self {
        Self::Topic(rejection)
    }
}

impl fmt::Display for TopicRejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidParameter(text)
            | Self::NotFound(text)
            | Self::AuthorizationError(text)
            | Self::InvalidState(text)
            | Self::FilterPolicyLimitExceeded(text)
            | Self::SubscriptionLimitExceeded(text)
            | Self::TopicLimitExceeded(text)
            | Self::ReplayLimitExceeded(text)
            | Self::Validation(text)
            | Self::ParameterValueInvalid(text)
            | Self::InvalidBatchEntryId(text)
            | Self::OptedOut(text)
            | Self::UserError(text)
            | Self::VerificationException(text) => f.write_str(text),
            Self::ResourceNotFound => f.write_str("Resource does not exist"),
            Self::EndpointDisabled => f.write_str("Endpoint is disabled"),
            Self::PlatformApplicationDisabled => f.write_str("Platform application is disabled"),
            Self::TagLimitExceeded => {
                f.write_str("Could not complete request: tag quota of per resource exceeded")
            }
            Self::TooManyEntriesInBatchRequest => {
                f.write_str("The batch request contains more entries than permissible.")
            }
            Self::BatchEntryIdsNotDistinct => {
                f.write_str("Two or more batch entries in the request have the same Id.")
            }
            Self::BatchRequestTooLong => {
                f.write_str("The length of all the messages put together is more than the limit.")
            }
        }
    }
}

impl std::error::Error for TopicRejection {}
