//! A message as functions get it: a record of the event that an event source mapping makes.
//!
//! Developer guide of Lambda, "Using Lambda with Amazon SQS". The names are those of ReceiveMessage,
//! with another first letter.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde::ser::{SerializeMap, SerializeStruct, Serializer};
use tidings_core::attributes::{AttributeValue, MessageAttribute, attributes_md5};
use tidings_core::hex;
use tidings_core::names::QueueArn;

use super::receive_message::ReceivedMessage;

/// What a record says of a message, in the order of the guide's example.
const SYSTEM_ATTRIBUTES: [&str; 9] = [
    "ApproximateReceiveCount",
    "AWSTraceHeader",
    "SentTimestamp",
    "SequenceNumber",
    "MessageGroupId",
    "SenderId",
    "MessageDeduplicationId",
    "ApproximateFirstReceiveTimestamp",
    "DeadLetterQueueSourceArn",
];

/// A message that was received from a queue, as a record. Serialises as the service writes it.
#[derive(Debug)]
pub struct EventRecord<'a> {
    /// The message.
    pub message: &'a ReceivedMessage<'a>,
    /// The queue.
    pub queue: &'a QueueArn,
}

impl Serialize for EventRecord<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self { message, queue } = self;
        let mut record = serializer.serialize_struct("EventRecord", 10)?;
        record.serialize_field("messageId", &message.id().to_string())?;
        record.serialize_field("receiptHandle", message.receipt_handle())?;
        record.serialize_field("body", message.body())?;
        record.serialize_field("attributes", &SystemAttributes(message))?;
        record.serialize_field("messageAttributes", &Attributes(message.attributes()))?;
        match attributes_md5(message.attributes()) {
            Some(md5) => record.serialize_field("md5OfMessageAttributes", &hex::lower(&md5))?,
            None => record.skip_field("md5OfMessageAttributes")?,
        }
        record.serialize_field("md5OfBody", &hex::lower(&message.body_md5()))?;
        record.serialize_field("eventSource", "aws:sqs")?;
        record.serialize_field("eventSourceARN", &queue.to_string())?;
        record.serialize_field("awsRegion", queue.region.as_str())?;
        record.end()
    }
}

struct SystemAttributes<'a>(&'a ReceivedMessage<'a>);

impl Serialize for SystemAttributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let value = |name| Some((name, self.0.system_attribute(name)?));
        serializer.collect_map(SYSTEM_ATTRIBUTES.into_iter().filter_map(value))
    }
}

struct Attributes<'a>(&'a [MessageAttribute<'a>]);

impl Serialize for Attributes<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|attribute| (attribute.name, Value(attribute))))
    }
}

struct Value<'a>(&'a MessageAttribute<'a>);

impl Serialize for Value<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const NONE: [&str; 0] = [];
        let mut value = serializer.serialize_map(Some(4))?;
        match self.0.value {
            AttributeValue::Text(text) => value.serialize_entry("stringValue", text)?,
            AttributeValue::Binary(bytes) => {
                value.serialize_entry("binaryValue", &STANDARD.encode(bytes))?;
            }
        }
        value.serialize_entry("stringListValues", &NONE)?;
        value.serialize_entry("binaryListValues", &NONE)?;
        value.serialize_entry("dataType", self.0.data_type)?;
        value.end()
    }
}
