//! Every reason to say no.
//!
//! A rejection is an ordinary answer: the request was understood, and nothing has changed. Its
//! text is what the documented service says; its code and status are looked up in one table for
//! both protocols (`tidings-aws`).

mod topics;

use std::fmt;

use crate::limits;

pub use topics::TopicRejection;

/// Why a request is refused.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Rejection {
    /// No such queue, or the request names none.
    QueueDoesNotExist,
    /// A queue of this name has another value for the attribute.
    QueueNameExists {
        /// The first attribute that differs.
        attribute: String,
    },
    /// The name was given up less than the cool-down ago.
    QueueDeletedRecently,
    /// The last purge was less than the cool-down ago.
    PurgeQueueInProgress {
        /// The queue's name.
        queue: String,
    },
    /// As many messages are in flight as a queue may have, or a policy would grow too large.
    OverLimit(String),
    /// An attribute is unknown, or does not go with this kind of queue. The text in full.
    InvalidAttributeName(String),
    /// An attribute's value is outside its range. The text in full.
    InvalidAttributeValue(String),
    /// A parameter's value is outside its range. The text in full.
    InvalidParameterValue(String),
    /// Two parameters do not go together. The text in full.
    InvalidParameterCombination(String),
    /// A required parameter is missing.
    MissingParameter(String),
    /// A message's body holds characters that XML 1.0 does not.
    InvalidMessageContents,
    /// The handle was not made by this queue.
    ReceiptHandleIsInvalid {
        /// The handle as it came.
        handle: String,
    },
    /// The message is not in flight.
    MessageNotInflight,
    /// A move task, or a queue that one names by ARN, is not there. The text in full.
    ResourceNotFound(String),
    /// The service has the parameter but does not take it.
    UnsupportedOperation(String),
    /// A batch without entries. Names the kind of entry, such as `SendMessageBatchRequestEntry`.
    EmptyBatchRequest(&'static str),
    /// A batch with more than ten entries.
    TooManyEntriesInBatchRequest {
        /// How many there were.
        entries: usize,
    },
    /// Two entries of a batch have the same id.
    BatchEntryIdsNotDistinct {
        /// The id.
        id: String,
    },
    /// The id of a batch entry has other characters than it may.
    InvalidBatchEntryId,
    /// A batch's messages are too long together.
    BatchRequestTooLong {
        /// Their size in bytes.
        bytes: usize,
    },
    /// What topics and subscriptions refuse.
    Topic(TopicRejection),
}

impl Rejection {
    /// `Value <value> for parameter <parameter> is invalid. Reason: <reason>`
    pub fn parameter(parameter: &str, value: impl fmt::Display, reason: impl fmt::Display) -> Self {
        Self::InvalidParameterValue(format!(
            "Value {value} for parameter {parameter} is invalid. Reason: {reason}"
        ))
    }

    /// `Unknown Attribute <name>.`
    pub fn unknown_attribute(name: &str) -> Self {
        Self::InvalidAttributeName(format!("Unknown Attribute {name}."))
    }

    /// `Invalid value for the parameter <name>.`
    pub fn attribute_value(name: &str) -> Self {
        Self::InvalidAttributeValue(format!("Invalid value for the parameter {name}."))
    }
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::QueueDoesNotExist => f.write_str("The specified queue does not exist."),
            Self::QueueNameExists { attribute } => write!(
                f,
                "A queue already exists with the same name and a different value for attribute \
                 {attribute}"
            ),
            Self::QueueDeletedRecently => f.write_str(
                "You must wait 60 seconds after deleting a queue before you can create another \
                 with the same name.",
            ),
            Self::PurgeQueueInProgress { queue } => write!(
                f,
                "Only one PurgeQueue operation on {queue} is allowed every 60 seconds."
            ),
            Self::OverLimit(text)
            | Self::InvalidAttributeName(text)
            | Self::InvalidAttributeValue(text)
            | Self::InvalidParameterValue(text)
            | Self::InvalidParameterCombination(text)
            | Self::ResourceNotFound(text)
            | Self::UnsupportedOperation(text) => f.write_str(text),
            Self::MissingParameter(name) => {
                write!(f, "The request must contain the parameter {name}.")
            }
            Self::InvalidMessageContents => {
                f.write_str("Invalid characters found. Valid unicode characters are #x9 | #xA | #xD | #x20 to #xD7FF | #xE000 to #xFFFD | #x10000 to #x10FFFF.")
            }
            Self::ReceiptHandleIsInvalid { handle } => {
                write!(f, "The input receipt handle \"{handle}\" is not a valid receipt handle.")
            }
            Self::MessageNotInflight => f.write_str("The message referred to is not in flight."),
            Self::EmptyBatchRequest(entry) => write!(
                f,
                "There should be at least one {entry} in the request."
            ),
            Self::TooManyEntriesInBatchRequest { entries } => write!(
                f,
                "Maximum number of entries per request are {}. You have sent {entries}.",
                limits::BATCH_ENTRIES_MAX
            ),
            Self::BatchEntryIdsNotDistinct { id } => write!(f, "Id {id} repeated."),
            Self::InvalidBatchEntryId => f.write_str(
                "A batch entry id can only contain alphanumeric characters, hyphens and \
                 underscores. It can be at most 80 letters long.",
            ),
            Self::BatchRequestTooLong { bytes } => write!(
                f,
                "Batch requests cannot be longer than {} bytes. You have sent {bytes} bytes.",
                limits::BATCH_BYTES_MAX
            ),
            Self::Topic(rejection) => rejection.fmt(f),
        }
    }
}

impl std::error::Error for Rejection {}
