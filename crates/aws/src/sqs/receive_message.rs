//! ReceiveMessage.

use std::borrow::Cow;

use md5::{Digest, Md5};
use serde::Deserialize;
use sha2::Sha256;
use tidings_core::attributes::{AttributeValue, MessageAttribute, attributes_md5};
use tidings_core::command::{Command, ReceiveRequest, Received};
use tidings_core::limits;
use tidings_core::message::Content;
use tidings_core::names::Uuid;
use tidings_core::record::MessageRecord;
use tidings_core::time::Timestamp;

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
use crate::sns::Rendering;
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
    received: &'a Received,
    receipt_handle: String,
    message_id: Uuid,
    sent_at: Timestamp,
    sender_id: Cow<'a, str>,
    trace_header: Option<&'a str>,
    group: Option<&'a str>,
    deduplication: Option<&'a str>,
    body: Cow<'a, str>,
    body_md5: [u8; 16],
    attributes: Vec<MessageAttribute<'a>>,
}

impl<'a> ReceivedMessage<'a> {
    /// A message that was sent to a queue. `receipt_handle` is the sealed receipt.
    pub fn sent(
        received: &'a Received,
        receipt_handle: String,
        record: &MessageRecord<'a>,
        content: &Content<'a>,
    ) -> Self {
        Self {
            received,
            receipt_handle,
            message_id: record.message_id,
            sent_at: record.sent_at,
            sender_id: content.sender_id.into(),
            trace_header: content.trace_header,
            group: record.group,
            deduplication: record.deduplication,
            body: content.body.into(),
            body_md5: record.body_md5,
            attributes: content.attributes.clone(),
        }
    }

    /// A message that was published to a topic. `body` is what was rendered of it.
    ///
    /// Its id is another for each subscription, and the same whenever it is received. A standard
    /// queue tells a message's group only if the topic is a standard one too, and no
    /// deduplication id. Only a raw message has attributes here.
    pub fn published(
        received: &'a Received,
        receipt_handle: String,
        rendering: &Rendering<'a>,
        body: String,
    ) -> Self {
        let Rendering { record, content, delivery, .. } = rendering;
        let (message, subscription) = (&record.message, &delivery.subscription);
        let is_fifo = received.sequence_number.is_some();
        let has_group = is_fifo || !subscription.topic.name.is_fifo();
        Self {
            received,
            receipt_handle,
            message_id: copy_id(message.message_id, subscription.id),
            sent_at: message.sent_at,
            sender_id: subscription.topic.account.to_string().into(),
            trace_header: content.trace_header,
            group: message.group.filter(|_| has_group),
            deduplication: message.deduplication.filter(|_| is_fifo),
            body_md5: Md5::digest(&body).into(),
            body: body.into(),
            attributes: if rendering.is_raw() { content.attributes.clone() } else { Vec::new() },
        }
    }
}

/// The id of one subscription's copy of a message.
fn copy_id(message: Uuid, subscription: Uuid) -> Uuid {
    let mut digest = Sha256::new();
    digest.update(message.to_bytes());
    digest.update(subscription.to_bytes());
    let digest: [u8; 32] = digest.finalize().into();
    let (first, _) = digest.split_first_chunk().expect("a digest has more than 16 bytes");
    Uuid::from_random(u128::from_be_bytes(*first))
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
        self.messages.iter().map(|message| message.body.len() * 5 / 4 + 768).sum()
    }
}

const MESSAGE_ATTRIBUTE: EntryNames =
    EntryNames { entry: "MessageAttribute", key: "Name", value: "Value" };

impl ReceivedMessage<'_> {
    /// Its id.
    pub fn id(&self) -> Uuid {
        self.message_id
    }

    /// The group that the receiver sees it in.
    pub fn group(&self) -> Option<&str> {
        self.group
    }

    pub(super) fn receipt_handle(&self) -> &str {
        &self.receipt_handle
    }

    pub(super) fn body(&self) -> &str {
        &self.body
    }

    pub(super) fn body_md5(&self) -> [u8; 16] {
        self.body_md5
    }

    pub(super) fn attributes(&self) -> &[MessageAttribute<'_>] {
        &self.attributes
    }

    fn write(&self, wanted: &Wanted, members: &mut Members<'_>) {
        let attributes = self.attributes.iter().filter(|a| wanted.has(a.name));
        let attributes: Vec<MessageAttribute<'_>> = attributes.copied().collect();
        members.text("MessageId", &self.message_id.to_string());
        members.text("ReceiptHandle", &self.receipt_handle);
        members.digest("MD5OfBody", self.body_md5);
        // Only over what is returned: that is what clients can verify.
        if let Some(md5) = attributes_md5(&attributes) {
            members.digest("MD5OfMessageAttributes", md5);
        }
        members.text("Body", &self.body);
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

    pub(super) fn system_attribute(&self, name: &str) -> Option<String> {
        let received = self.received;
        match name {
            "SenderId" => Some(self.sender_id.to_string()),
            "ApproximateFirstReceiveTimestamp" => {
                Some(received.first_received_at.as_ms().to_string())
            }
            "ApproximateReceiveCount" => Some(received.receive_count.to_string()),
            "SentTimestamp" => Some(self.sent_at.as_ms().to_string()),
            "SequenceNumber" => received.sequence_number.map(sequence_number),
            "MessageDeduplicationId" => self.deduplication_id(),
            "MessageGroupId" => self.group.map(str::to_owned),
            "AWSTraceHeader" => self.trace_header.map(str::to_owned),
            "DeadLetterQueueSourceArn" => {
                received.dead_letter_source.as_ref().map(ToString::to_string)
            }
            _ => None,
        }
    }

    /// In a dead-letter queue a FIFO message's own id takes the place of the one that it was sent
    /// with. Developer guide, "Using dead-letter queues".
    fn deduplication_id(&self) -> Option<String> {
        let given = self.deduplication?;
        let is_dead = self.received.dead_letter_source.is_some();
        Some(if is_dead { self.message_id.to_string() } else { given.to_owned() })
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
    use tidings_core::delivery::{Delivery, SignatureVersion};
    use tidings_core::message::{Location, Sealing};
    use tidings_core::names::{QueueArn, SubscriptionArn, SubscriptionProtocol, TopicArn};
    use tidings_core::publication::{MessageType, PublishedContent};
    use tidings_core::receipt::Receipt;
    use tidings_core::record::PublishedRecord;
    use tidings_core::rejection::Rejection;

    use super::*;
    use crate::action::SqsAction;
    use crate::sqs::EventRecord;
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
            delivery: None,
        }
    }

    fn record() -> MessageRecord<'static> {
        MessageRecord {
            message_id: Uuid::from_random(0),
            sent_at: Timestamp::from_ms(1_700_000_000_000),
            body_md5: [0xab; 16],
            group: Some("g"),
            deduplication: Some("d"),
            sealing: Sealing::Plain,
            content: &[],
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
        let content = Content {
            body: "a \"<body>\"\r\n",
            sender_id: "111111111111",
            trace_header: Some("Root=1"),
            attributes: vec![text("Hello", "There"), raw, text("General", "Kenobi")],
        };
        ReceivedMessage::sent(received, "HANDLE".to_owned(), &record(), &content)
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
        let digest = attributes_md5(&message(&received).attributes).unwrap();
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
    fn functions_get_all_that_a_message_has() {
        let ab = "ab".repeat(16);
        let received = received();
        let queue = QueueArn::parse("arn:aws:sqs:us-east-1:000000000042:dead.fifo").unwrap();
        let message = message(&received);
        let digest = attributes_md5(&message.attributes).unwrap();
        let digest: String = digest.iter().map(|b| format!("{b:02x}")).collect();
        let record = EventRecord { message: &message, queue: &queue };
        let none = ("stringListValues", "binaryListValues");
        assert_eq!(
            serde_json::to_string(&record).unwrap(),
            format!(
                "{{\"messageId\":\"{ID}\",\"receiptHandle\":\"HANDLE\",\
                 \"body\":\"a \\\"<body>\\\"\\r\\n\",\"attributes\":{{\
                 \"ApproximateReceiveCount\":\"3\",\"AWSTraceHeader\":\"Root=1\",\
                 \"SentTimestamp\":\"1700000000000\",\"SequenceNumber\":\"00000000000000000007\",\
                 \"MessageGroupId\":\"g\",\"SenderId\":\"111111111111\",\
                 \"MessageDeduplicationId\":\"{ID}\",\
                 \"ApproximateFirstReceiveTimestamp\":\"1700000000001\",\
                 \"DeadLetterQueueSourceArn\":\"arn:aws:sqs:us-east-1:000000000042:orders\"}},\
                 \"messageAttributes\":{{\
                 \"Hello\":{{\"stringValue\":\"There\",\"{0}\":[],\"{1}\":[],\"dataType\":\"String\"}},\
                 \"raw\":{{\"binaryValue\":\"AQID\",\"{0}\":[],\"{1}\":[],\
                 \"dataType\":\"Binary.png\"}},\
                 \"General\":{{\"stringValue\":\"Kenobi\",\"{0}\":[],\"{1}\":[],\
                 \"dataType\":\"String\"}}}},\
                 \"md5OfMessageAttributes\":\"{digest}\",\"md5OfBody\":\"{ab}\",\
                 \"eventSource\":\"aws:sqs\",\
                 \"eventSourceARN\":\"arn:aws:sqs:us-east-1:000000000042:dead.fifo\",\
                 \"awsRegion\":\"us-east-1\"}}",
                none.0, none.1
            )
        );
        let mut plain = message;
        plain.attributes.clear();
        let record = EventRecord { message: &plain, queue: &queue };
        let record = serde_json::to_value(&record).unwrap();
        assert_eq!(record["messageAttributes"], serde_json::json!({}));
        assert_eq!(record.get("md5OfMessageAttributes"), None);
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
        message.group = None;
        message.deduplication = None;
        message.trace_header = None;
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

    fn delivery(topic: &str, subscription: u128, is_raw: bool) -> Delivery {
        let topic = TopicArn::parse(&format!("arn:aws:sns:us-east-1:000000000042:{topic}"));
        Delivery {
            subscription: SubscriptionArn {
                topic: topic.unwrap(),
                id: Uuid::from_random(subscription),
            },
            protocol: SubscriptionProtocol::Sqs,
            is_raw,
            is_replayed: false,
            signature_version: SignatureVersion::V1,
            key: None,
        }
    }

    /// What a receiver gets to see of a message.
    struct Seen {
        id: String,
        body: String,
        body_md5: [u8; 16],
        attributes: usize,
        system: Vec<(&'static str, String)>,
    }

    /// A message as it is received, in a queue that is FIFO or not, by this delivery.
    fn published(is_fifo: bool, delivery: &Delivery) -> Seen {
        let sequence_number = is_fifo.then_some(7);
        let received = Received { sequence_number, dead_letter_source: None, ..received() };
        let attribute =
            MessageAttribute { name: "a", data_type: "String", value: AttributeValue::Text("v") };
        let content = PublishedContent {
            message_type: MessageType::Notification,
            target: None,
            is_notice: false,
            subject: None,
            trace_header: Some("Root=1"),
            token: None,
            message: "Test",
            by_protocol: Vec::new(),
            attributes: vec![attribute],
        };
        let record = PublishedRecord { sequence_number: None, message: record() };
        let rendering =
            Rendering { record: &record, content: &content, delivery, base_url: "http://e" };
        let body = if delivery.is_raw { "Test" } else { "{}" };
        let message =
            ReceivedMessage::published(&received, "HANDLE".into(), &rendering, body.into());
        Seen {
            id: message.message_id.to_string(),
            body: message.body.to_string(),
            body_md5: message.body_md5,
            attributes: message.attributes.len(),
            system: message.system_attributes(&wanted("All", &[])),
        }
    }

    fn names(attributes: &[(&'static str, String)]) -> Vec<&'static str> {
        attributes.iter().map(|(name, _)| *name).collect()
    }

    #[test]
    fn only_a_raw_copy_has_attributes() {
        let seen = published(false, &delivery("stock", 1, true));
        assert_eq!((seen.body.as_str(), seen.attributes), ("Test", 1));
        let hex: String = seen.body_md5.iter().map(|b| format!("{b:02x}")).collect();
        assert_eq!(hex, "0cbc6611f5540bd0809a388dc95a615b");
        assert_eq!(seen.system[0], ("SenderId", "000000000042".to_owned()));
        assert_eq!(seen.system[3], ("SentTimestamp", "1700000000000".to_owned()));
        let seen = published(false, &delivery("stock", 1, false));
        assert_eq!((seen.body.as_str(), seen.attributes), ("{}", 0));
        assert_eq!(seen.body_md5, <[u8; 16]>::from(Md5::digest("{}")));
    }

    #[test]
    fn a_copy_keeps_its_id_and_no_two_have_the_same() {
        let id = |subscription| published(false, &delivery("stock", subscription, false)).id;
        assert_eq!(id(1), id(1));
        assert_ne!(id(1), id(2));
        assert_ne!(id(1), ID);
        assert!(Uuid::parse(&id(1)).is_some_and(|_| id(1).as_bytes()[14] == b'4'), "version 4");
    }

    #[test]
    fn groups_are_told_where_they_mean_something() {
        let always = [
            "SenderId",
            "ApproximateFirstReceiveTimestamp",
            "ApproximateReceiveCount",
            "SentTimestamp",
        ];
        for (is_fifo, topic, more) in [
            (false, "stock", &["MessageGroupId"][..]),
            (false, "stock.fifo", &[]),
            (true, "stock.fifo", &["SequenceNumber", "MessageDeduplicationId", "MessageGroupId"]),
        ] {
            let Seen { system, .. } = published(is_fifo, &delivery(topic, 1, false));
            let expected: Vec<_> =
                always.iter().chain(more).copied().chain(["AWSTraceHeader"]).collect();
            assert_eq!(names(&system), expected, "{is_fifo} {topic}");
        }
    }
}
