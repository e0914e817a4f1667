//! ReceiveMessage.

use serde::Deserialize;
use tidings_core::attributes::{AttributeValue, MessageAttribute, attributes_md5};
use tidings_core::command::{Command, ReceiveRequest, Received};
use tidings_core::limits;
use tidings_core::message::Content;
use tidings_core::record::MessageRecord;
use tidings_core::rejection::Rejection;

use super::caller::Caller;
use super::change_message_visibility::visibility_timeout_in_range;
use super::checks::{fifo_id, in_range};
use super::pairs::{self, ATTRIBUTE};
use super::send_message::sequence_number;
use crate::error_codes::{Refusal, WireError};
use crate::json::List;
use crate::query::Fields;
use crate::request::Input;
use crate::response::{EntryNames, Members, Output};
use crate::text::Text;

/// The input of ReceiveMessage.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct ReceiveMessage<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    #[serde(borrow, deserialize_with = "crate::json::or_default")]
    attribute_names: List<Text<'a>>,
    #[serde(borrow, deserialize_with = "crate::json::or_default")]
    message_system_attribute_names: List<Text<'a>>,
    #[serde(borrow, deserialize_with = "crate::json::or_default")]
    message_attribute_names: List<Text<'a>>,
    max_number_of_messages: Option<i64>,
    visibility_timeout: Option<i64>,
    wait_time_seconds: Option<i64>,
    receive_request_attempt_id: Option<Text<'a>>,
}

impl<'a> Input<'a> for ReceiveMessage<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        Ok(Self {
            queue_url: fields.text("QueueUrl"),
            // Both lists of system attributes have this one name in forms.
            attribute_names: List(fields.texts("AttributeName")),
            message_system_attribute_names: List::default(),
            message_attribute_names: List(fields.texts("MessageAttributeName")),
            max_number_of_messages: fields.integer("MaxNumberOfMessages")?,
            visibility_timeout: fields.integer("VisibilityTimeout")?,
            wait_time_seconds: fields.integer("WaitTimeSeconds")?,
            receive_request_attempt_id: fields.text("ReceiveRequestAttemptId"),
        })
    }
}

/// MaxNumberOfMessages, if it is not given.
const MESSAGES_DEFAULT: u32 = 1;

impl ReceiveMessage<'_> {
    /// What is asked of the core, and what the answer is to tell of each message.
    ///
    /// # Errors
    /// InvalidParameterValue if a number is out of range or the attempt id has other characters
    /// than it may, InvalidAttributeName if there is no such system attribute; errors of [`Caller`]
    /// for the queue.
    pub fn command(self, caller: &Caller<'_>) -> Result<(Command, Wanted), Refusal> {
        let arn = caller.queue(self.queue_url.as_deref())?;
        let max_messages = in_range(
            self.max_number_of_messages,
            &limits::RECEIVE_MESSAGES,
            "MaxNumberOfMessages",
            "Must be between 1 and 10, if provided.",
        )?;
        let request = ReceiveRequest {
            max_messages: usize::try_from(max_messages.unwrap_or(MESSAGES_DEFAULT))
                .expect("at most ten messages are received"),
            visibility_timeout: visibility_timeout_in_range(self.visibility_timeout)?,
            wait_seconds: in_range(
                self.wait_time_seconds,
                &limits::WAIT_TIME_SECONDS,
                "WaitTimeSeconds",
                "Must be >= 0 and <= 20, if provided.",
            )?,
            attempt: fifo_id(self.receive_request_attempt_id, "ReceiveRequestAttemptId")?,
        };
        let system_names =
            self.attribute_names.0.iter().chain(&self.message_system_attribute_names.0);
        let wanted = Wanted {
            system: SystemAttributes::named(system_names)?,
            names: pairs::owned_texts(self.message_attribute_names.0),
        };
        Ok((Command::Receive { arn, request }, wanted))
    }
}

/// What a receiver wants to know of each message.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    system: SystemAttributes,
    /// MessageAttributeNames.
    names: Vec<String>,
}

impl Wanted {
    /// Whether the receiver wants a message attribute: by its name, by `prefix.*`, for which the
    /// name only has to begin with the prefix, or by `All` or `.*`.
    fn has(&self, name: &str) -> bool {
        self.names.iter().any(|wanted| match wanted.strip_suffix(".*") {
            Some(prefix) => name.starts_with(prefix),
            None => wanted == name || wanted == "All",
        })
    }
}

/// A set of system attributes.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
struct SystemAttributes(u16);

/// Every system attribute, in the order in which they are written.
const SYSTEM_ATTRIBUTES: [&str; 9] = [
    "SenderId",
    "ApproximateFirstReceiveTimestamp",
    "ApproximateReceiveCount",
    "SentTimestamp",
    "SequenceNumber",
    "MessageDeduplicationId",
    "MessageGroupId",
    "AWSTraceHeader",
    "DeadLetterQueueSourceArn",
];

/// Attributes of queues, which the service's model allows in AttributeNames of a receive. They ask
/// for nothing.
const QUEUE_ATTRIBUTES: [&str; 21] = [
    "Policy",
    "VisibilityTimeout",
    "MaximumMessageSize",
    "MessageRetentionPeriod",
    "ApproximateNumberOfMessages",
    "ApproximateNumberOfMessagesNotVisible",
    "CreatedTimestamp",
    "LastModifiedTimestamp",
    "QueueArn",
    "ApproximateNumberOfMessagesDelayed",
    "DelaySeconds",
    "ReceiveMessageWaitTimeSeconds",
    "RedrivePolicy",
    "FifoQueue",
    "ContentBasedDeduplication",
    "KmsMasterKeyId",
    "KmsDataKeyReusePeriodSeconds",
    "DeduplicationScope",
    "FifoThroughputLimit",
    "RedriveAllowPolicy",
    "SqsManagedSseEnabled",
];

impl SystemAttributes {
    fn named<'n>(names: impl IntoIterator<Item = &'n Text<'n>>) -> Result<Self, Rejection> {
        let mut set = Self::default();
        for name in names {
            let name = name.as_str();
            if name == "All" {
                set.0 = u16::MAX;
            } else if let Some(at) = SYSTEM_ATTRIBUTES.iter().position(|known| *known == name) {
                set.0 |= 1 << at;
            } else if !QUEUE_ATTRIBUTES.contains(&name) {
                return Err(Rejection::unknown_attribute(name));
            }
        }
        Ok(set)
    }

    fn has(self, at: usize) -> bool {
        self.0 & (1 << at) != 0
    }
}

/// A message that was handed out, with what its record says.
#[derive(Debug)]
pub struct ReceivedMessage<'a> {
    /// What the core says.
    pub received: &'a Received,
    /// The sealed receipt.
    pub receipt_handle: String,
    /// The message's record.
    pub record: MessageRecord<'a>,
    /// The record's content.
    pub content: Content<'a>,
}

/// The output of ReceiveMessage.
#[derive(Debug)]
pub struct ReceiveMessageOutput<'a> {
    /// What the receiver wants to know.
    pub wanted: &'a Wanted,
    /// The messages, in order.
    pub messages: Vec<ReceivedMessage<'a>>,
}

impl Output for ReceiveMessageOutput<'_> {
    fn write(&self, members: &mut Members<'_>) {
        members.structures("Messages", "Message", &self.messages, |members, message| {
            message.write(self.wanted, members);
        });
    }

    fn size_hint(&self) -> usize {
        // Most bodies are JSON, in which every quotation mark takes two bytes or six.
        self.messages.iter().map(|message| message.record.content.len() * 5 / 4 + 768).sum()
    }
}

const MESSAGE_ATTRIBUTE: EntryNames =
    EntryNames { entry: "MessageAttribute", key: "Name", value: "Value" };

impl ReceivedMessage<'_> {
    fn write(&self, wanted: &Wanted, members: &mut Members<'_>) {
        let attributes = self.content.attributes.iter().filter(|a| wanted.has(a.name));
        let attributes: Vec<MessageAttribute<'_>> = attributes.copied().collect();
        members.text("MessageId", &self.record.message_id.to_string());
        members.text("ReceiptHandle", &self.receipt_handle);
        members.digest("MD5OfBody", self.record.body_md5);
        // Only over what is returned: that is what clients can verify.
        if let Some(md5) = attributes_md5(&attributes) {
            members.digest("MD5OfMessageAttributes", md5);
        }
        members.text("Body", self.content.body);
        let system = self.system_attributes(wanted.system);
        let system = system.iter().map(|(name, value)| (*name, value.as_str()));
        members.map("Attributes", ATTRIBUTE, system);
        let attributes = attributes.iter().map(|a| (a.name, a));
        members.map_of_structures("MessageAttributes", MESSAGE_ATTRIBUTE, attributes, write_value);
    }

    /// Names and values of those wanted that the message has.
    fn system_attributes(&self, wanted: SystemAttributes) -> Vec<(&'static str, String)> {
        let named = SYSTEM_ATTRIBUTES.iter().enumerate().filter(|(at, _)| wanted.has(*at));
        named.filter_map(|(_, name)| Some((*name, self.system_attribute(name)?))).collect()
    }

    fn system_attribute(&self, name: &str) -> Option<String> {
        let Self { received, record, content, .. } = self;
        match name {
            "SenderId" => Some(content.sender_id.to_owned()),
            "ApproximateFirstReceiveTimestamp" => {
                Some(received.first_received_at.as_ms().to_string())
            }
            "ApproximateReceiveCount" => Some(received.receive_count.to_string()),
            "SentTimestamp" => Some(record.sent_at.as_ms().to_string()),
            "SequenceNumber" => received.sequence_number.map(sequence_number),
            "MessageDeduplicationId" => record.deduplication.map(str::to_owned),
            "MessageGroupId" => record.group.map(str::to_owned),
            "AWSTraceHeader" => content.trace_header.map(str::to_owned),
            "DeadLetterQueueSourceArn" => {
                received.dead_letter_source.as_ref().map(ToString::to_string)
            }
            _ => None,
        }
    }
}

fn write_value(members: &mut Members<'_>, attribute: &MessageAttribute<'_>) {
    match attribute.value {
        AttributeValue::Text(text) => members.text("StringValue", text),
        AttributeValue::Binary(bytes) => members.blob("BinaryValue", bytes),
    }
    members.text("DataType", attribute.data_type);
}
