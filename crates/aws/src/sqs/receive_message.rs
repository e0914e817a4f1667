//! ReceiveMessage.

use serde::Deserialize;
use tidings_core::attributes::{AttributeValue, MessageAttribute, attributes_md5};
use tidings_core::command::{Command, ReceiveRequest, Received};
use tidings_core::limits;
use tidings_core::message::Content;
use tidings_core::record::MessageRecord;

use super::caller::Caller;
use super::change_message_visibility::visibility_timeout_in_range;
use super::checks::{fifo_id, in_range};
use super::pairs::ATTRIBUTE;
use super::send_message::sequence_number;
use super::wanted::Wanted;
use crate::json::List;
use crate::query::Fields;
use crate::refusal::{Refusal, WireError};
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
        let wanted = Wanted::read(system_names, self.message_attribute_names.0)?;
        Ok((Command::Receive { arn, request }, wanted))
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
        let system = self.system_attributes(wanted);
        let system = system.iter().map(|(name, value)| (*name, value.as_str()));
        members.map("Attributes", ATTRIBUTE, system);
        let attributes = attributes.iter().map(|a| (a.name, a));
        members.map_of_structures("MessageAttributes", MESSAGE_ATTRIBUTE, attributes, write_value);
    }

    /// Names and values of those wanted that the message has.
    fn system_attributes(&self, wanted: &Wanted) -> Vec<(&'static str, String)> {
        let names = wanted.system_attributes();
        names.filter_map(|name| Some((name, self.system_attribute(name)?))).collect()
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
            "MessageDeduplicationId" => self.deduplication_id(),
            "MessageGroupId" => record.group.map(str::to_owned),
            "AWSTraceHeader" => content.trace_header.map(str::to_owned),
            "DeadLetterQueueSourceArn" => {
                received.dead_letter_source.as_ref().map(ToString::to_string)
            }
            _ => None,
        }
    }

    /// In a dead-letter queue a FIFO message's own id takes the place of the one that it was sent
    /// with. Developer guide, "Using dead-letter queues".
    fn deduplication_id(&self) -> Option<String> {
        let given = self.record.deduplication?;
        let is_dead = self.received.dead_letter_source.is_some();
        Some(if is_dead { self.record.message_id.to_string() } else { given.to_owned() })
    }
}

fn write_value(members: &mut Members<'_>, attribute: &MessageAttribute<'_>) {
    match attribute.value {
        AttributeValue::Text(text) => members.text("StringValue", text),
        AttributeValue::Binary(bytes) => members.blob("BinaryValue", bytes),
    }
    members.text("DataType", attribute.data_type);
}

#[cfg(test)]
mod tests {
    use tidings_core::message::Location;
    use tidings_core::names::{QueueArn, Uuid};
    use tidings_core::receipt::Receipt;
    use tidings_core::rejection::Rejection;
    use tidings_core::time::Timestamp;

    use super::*;
    use crate::action::SqsAction;
    use crate::sqs::testing::{ARN, assert_written, queue_command};

    const ACTION: SqsAction = SqsAction::ReceiveMessage;

    #[test]
    fn a_receive_goes_to_the_core() {
        for (json, form, expected) in [
            (
                "",
                "",
                "max_messages: 1, visibility_timeout: None, wait_seconds: None, attempt: None",
            ),
            (
                r#""MaxNumberOfMessages":10,"VisibilityTimeout":0,"WaitTimeSeconds":20,
                   "ReceiveRequestAttemptId":"a""#,
                "MaxNumberOfMessages=10&VisibilityTimeout=0&WaitTimeSeconds=20\
                 &ReceiveRequestAttemptId=a",
                "max_messages: 10, visibility_timeout: Some(0), wait_seconds: Some(20), \
                 attempt: Some(FifoId(\"a\"))",
            ),
        ] {
            let request = format!("ReceiveRequest {{ {expected} }}");
            let expected = format!("Receive {{ arn: {ARN}, request: {request} }}");
            assert_eq!(queue_command(ACTION, json, form), Ok(expected));
        }
    }

    #[test]
    fn numbers_are_bounded() {
        let messages = "Must be between 1 and 10, if provided.";
        let wait = "Must be >= 0 and <= 20, if provided.";
        let timeout = "VisibilityTimeout must be an integer between 0 and 43200";
        for (name, value, reason) in [
            ("MaxNumberOfMessages", 0, messages),
            ("MaxNumberOfMessages", 11, messages),
            ("WaitTimeSeconds", -1, wait),
            ("WaitTimeSeconds", 21, wait),
            ("VisibilityTimeout", -1, timeout),
            ("VisibilityTimeout", 43_201, timeout),
        ] {
            let refused =
                queue_command(ACTION, &format!("\"{name}\":{value}"), &format!("{name}={value}"));
            assert_eq!(refused, Err(Rejection::parameter(name, value, reason).into()));
        }
        let reason = "ReceiveRequestAttemptId can only include alphanumeric and punctuation \
                      characters. 1 to 128 in length.";
        let rejection = Rejection::parameter("ReceiveRequestAttemptId", "ä", reason);
        let refused = queue_command(
            ACTION,
            r#""ReceiveRequestAttemptId":"ä""#,
            "ReceiveRequestAttemptId=%C3%A4",
        );
        assert_eq!(refused, Err(rejection.into()));
    }

    fn wanted(system: &'static str, names: &[&'static str]) -> Wanted {
        let names = names.iter().map(|&name| Text::borrowed(name)).collect();
        Wanted::read([&Text::borrowed(system)], names).unwrap()
    }

    fn received() -> Received {
        Received {
            location: Location::default(),
            receipt: Receipt { queue: 1, key: 2, receive_count: 3 },
            first_received_at: Timestamp::from_ms(1_700_000_000_001),
            receive_count: 3,
            sequence_number: Some(7),
            dead_letter_source: QueueArn::parse("arn:aws:sqs:us-east-1:000000000042:orders"),
        }
    }

    fn message(received: &Received) -> ReceivedMessage<'_> {
        let text = |name, value| MessageAttribute {
            name,
            data_type: "String",
            value: AttributeValue::Text(value),
        };
        let raw = MessageAttribute {
            name: "raw",
            data_type: "Binary.png",
            value: AttributeValue::Binary(&[1, 2, 3]),
        };
        ReceivedMessage {
            received,
            receipt_handle: "HANDLE".to_owned(),
            record: MessageRecord {
                message_id: Uuid::from_random(0),
                sent_at: Timestamp::from_ms(1_700_000_000_000),
                body_md5: [0xab; 16],
                group: Some("g"),
                deduplication: Some("d"),
                data_key: 0,
                content: &[],
            },
            content: Content {
                body: "a \"<body>\"\r\n",
                sender_id: "111111111111",
                trace_header: Some("Root=1"),
                attributes: vec![text("Hello", "There"), raw, text("General", "Kenobi")],
            },
        }
    }

    const ID: &str = "00000000-0000-4000-8000-000000000000";

    #[test]
    fn a_message_is_written_as_wanted() {
        let ab = "ab".repeat(16);
        let received = received();
        let json = format!(
            "{{\"MessageId\":\"{ID}\",\"ReceiptHandle\":\"HANDLE\",\"MD5OfBody\":\"{ab}\",\
             \"Body\":\"a \\\"<body>\\\"\\r\\n\"}}"
        );
        let xml = format!(
            "<Message><MessageId>{ID}</MessageId><ReceiptHandle>HANDLE</ReceiptHandle>\
             <MD5OfBody>{ab}</MD5OfBody><Body>a &quot;&lt;body&gt;&quot;&#xD;\n</Body></Message>"
        );
        let wanted = Wanted::default();
        let messages = vec![message(&received), message(&received)];
        assert_written(
            ACTION,
            &ReceiveMessageOutput { wanted: &wanted, messages },
            &format!("{{\"Messages\":[{json},{json}]}}"),
            &xml.repeat(2),
        );
        let none = ReceiveMessageOutput { wanted: &wanted, messages: Vec::new() };
        assert_written(ACTION, &none, "{}", "");
    }

    #[test]
    fn all_that_a_message_has_is_written() {
        let ab = "ab".repeat(16);
        let received = received();
        let digest = attributes_md5(&message(&received).content.attributes).unwrap();
        let digest: String = digest.iter().map(|b| format!("{b:02x}")).collect();
        let system = [
            ("SenderId", "111111111111"),
            ("ApproximateFirstReceiveTimestamp", "1700000000001"),
            ("ApproximateReceiveCount", "3"),
            ("SentTimestamp", "1700000000000"),
            ("SequenceNumber", "00000000000000000007"),
            // Its own id, as this is a dead-letter queue.
            ("MessageDeduplicationId", ID),
            ("MessageGroupId", "g"),
            ("AWSTraceHeader", "Root=1"),
            ("DeadLetterQueueSourceArn", "arn:aws:sqs:us-east-1:000000000042:orders"),
        ];
        let json_system: Vec<_> = system.iter().map(|(n, v)| format!("\"{n}\":\"{v}\"")).collect();
        let xml_system: String = system
            .iter()
            .map(|(n, v)| format!("<Attribute><Name>{n}</Name><Value>{v}</Value></Attribute>"))
            .collect();
        let json = format!(
            "{{\"Messages\":[{{\"MessageId\":\"{ID}\",\"ReceiptHandle\":\"HANDLE\",\
             \"MD5OfBody\":\"{ab}\",\"MD5OfMessageAttributes\":\"{digest}\",\
             \"Body\":\"a \\\"<body>\\\"\\r\\n\",\"Attributes\":{{{}}},\"MessageAttributes\":{{\
             \"Hello\":{{\"StringValue\":\"There\",\"DataType\":\"String\"}},\
             \"raw\":{{\"BinaryValue\":\"AQID\",\"DataType\":\"Binary.png\"}},\
             \"General\":{{\"StringValue\":\"Kenobi\",\"DataType\":\"String\"}}}}}}]}}",
            json_system.join(",")
        );
        let attribute = |name, kind, value, data_type| {
            format!(
                "<MessageAttribute><Name>{name}</Name><Value><{kind}>{value}</{kind}>\
                 <DataType>{data_type}</DataType></Value></MessageAttribute>"
            )
        };
        let members = format!(
            "<Message><MessageId>{ID}</MessageId><ReceiptHandle>HANDLE</ReceiptHandle>\
             <MD5OfBody>{ab}</MD5OfBody><MD5OfMessageAttributes>{digest}</MD5OfMessageAttributes>\
             <Body>a &quot;&lt;body&gt;&quot;&#xD;\n</Body>{xml_system}{}{}{}</Message>",
            attribute("Hello", "StringValue", "There", "String"),
            attribute("raw", "BinaryValue", "AQID", "Binary.png"),
            attribute("General", "StringValue", "Kenobi", "String"),
        );
        let wanted = wanted("All", &["All"]);
        let messages = vec![message(&received)];
        let output = ReceiveMessageOutput { wanted: &wanted, messages };
        assert_written(ACTION, &output, &json, &members);
    }

    #[test]
    fn the_digest_is_over_what_is_returned() {
        let received = received();
        for (name, digest) in
            [("Hello", Some("a311262e065454b75da111d535b8dacd")), ("nothing", None)]
        {
            let wanted = Wanted::read([], vec![Text::borrowed(name)]).unwrap();
            let output =
                ReceiveMessageOutput { wanted: &wanted, messages: vec![message(&received)] };
            let (json, _) = crate::sqs::testing::written(ACTION, &output);
            let json: serde_json::Value = serde_json::from_str(&json).unwrap();
            let message = &json["Messages"][0];
            assert_eq!(message["MD5OfMessageAttributes"].as_str(), digest);
            let returned = message["MessageAttributes"].as_object();
            assert_eq!(returned.is_some_and(|map| map.contains_key(name)), digest.is_some());
        }
    }

    #[test]
    fn outside_of_a_dead_letter_queue_the_deduplication_id_is_the_given_one() {
        let received = Received { dead_letter_source: None, ..received() };
        let id = message(&received).system_attribute("MessageDeduplicationId");
        assert_eq!(id.as_deref(), Some("d"));
    }

    #[test]
    fn what_a_message_has_not_is_left_out() {
        let received = Received { sequence_number: None, dead_letter_source: None, ..received() };
        let mut message = message(&received);
        message.record.group = None;
        message.record.deduplication = None;
        message.content.trace_header = None;
        let names: Vec<_> =
            message.system_attributes(&wanted("All", &[])).into_iter().map(|a| a.0).collect();
        let always = [
            "SenderId",
            "ApproximateFirstReceiveTimestamp",
            "ApproximateReceiveCount",
            "SentTimestamp",
        ];
        assert_eq!(names, always);
        let one = message.system_attributes(&wanted("ApproximateReceiveCount", &[]));
        assert_eq!(one, [("ApproximateReceiveCount", "3".to_owned())]);
    }
}
