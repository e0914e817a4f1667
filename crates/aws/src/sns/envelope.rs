//! What a subscriber gets of a published message: the message itself, or an envelope of JSON around
//! it. Developer guide, "Parsing Amazon SNS message formats".
//!
//! The envelope is spaced as the live service spaces it, since some clients compare texts.

use std::borrow::Cow;
use std::fmt::{self, Write};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tidings_core::attributes::{AttributeValue, MessageAttribute};
use tidings_core::delivery::{Delivery, SignatureVersion};
use tidings_core::message::Sealing;
use tidings_core::names::{SubscriptionArn, SubscriptionProtocol, TopicArn, Uuid};
use tidings_core::publication::{MessageType, PublishedContent};
use tidings_core::record::{MessageRecord, PublishedRecord};
use tidings_core::time::Timestamp;

use crate::sqs::send_message::sequence_number;

/// A published message on its way to one subscriber.
#[derive(Copy, Clone, Debug)]
pub struct Rendering<'a> {
    /// The message's record.
    pub record: &'a PublishedRecord<'a>,
    /// The record's content.
    pub content: &'a PublishedContent<'a>,
    /// By which subscription, and in which form.
    pub delivery: &'a Delivery,
    /// What the URLs begin with that lead back to this server, without a slash at the end.
    pub base_url: &'a str,
}

/// What makes an envelope trustworthy.
#[derive(Copy, Clone, Debug)]
pub struct Signature<'a> {
    /// Of [`Rendering::string_to_sign`], by the topic's SignatureVersion, in base64.
    pub text: &'a str,
    /// The name of the file, at this server, that holds the certificate.
    pub certificate_name: &'a str,
}

impl<'a> Rendering<'a> {
    /// What the subscriber gets: the message's text if the delivery is raw, else the envelope. The
    /// signature is there if there is a string to sign.
    pub fn body(&self, signature: Option<Signature<'_>>) -> Cow<'a, str> {
        if self.is_raw() {
            return Cow::Borrowed(self.text());
        }
        let mut envelope = String::with_capacity(self.text().len() * 5 / 4 + 1536);
        self.write(&mut envelope, signature).expect("a String takes everything");
        Cow::Owned(envelope)
    }

    /// Whether the message goes out without an envelope. What asks for a confirmation never does.
    pub fn is_raw(&self) -> bool {
        self.delivery.is_raw && self.content.message_type == MessageType::Notification
    }

    /// The message, as this protocol's subscribers get it.
    pub fn text(&self) -> &'a str {
        self.content.text_for(self.delivery.protocol)
    }

    pub(super) fn topic(&self) -> &'a TopicArn {
        &self.delivery.subscription.topic
    }

    /// What the signature is over: keys and values, each on a line of its own. `None` for what is
    /// not signed: raw messages, and those of FIFO topics. Developer guide, "Verifying the
    /// signatures of Amazon SNS messages".
    pub fn string_to_sign(&self) -> Option<String> {
        if self.is_raw() || self.topic().name.is_fifo() {
            return None;
        }
        let record = &self.record.message;
        let is_confirmation = self.content.message_type != MessageType::Notification;
        let subscribe_url = is_confirmation.then(|| self.subscribe_url());
        let mut text = String::with_capacity(self.text().len() + 512);
        let mut line = |key: &str, value: Option<&str>| {
            for part in value.into_iter().flat_map(|value| [key, "\n", value, "\n"]) {
                text.push_str(part);
            }
        };
        line("Message", Some(self.text()));
        line("MessageId", Some(&record.message_id.to_string()));
        line("Subject", self.content.subject.filter(|_| !is_confirmation));
        line("SubscribeURL", subscribe_url.as_deref());
        line("Timestamp", Some(&record.sent_at.to_iso8601()));
        line("Token", self.content.token.filter(|_| is_confirmation));
        line("TopicArn", Some(&self.topic().to_string()));
        line("Type", Some(self.content.message_type.as_str()));
        Some(text)
    }

    fn subscribe_url(&self) -> String {
        let (base_url, topic) = (self.base_url, self.topic());
        let token = self.content.token.unwrap_or_default();
        format!("{base_url}/?Action=ConfirmSubscription&TopicArn={topic}&Token={token}")
    }

    fn write(&self, out: &mut impl Write, signature: Option<Signature<'_>>) -> fmt::Result {
        let Self { record, content, delivery, base_url } = self;
        let is_confirmation = content.message_type != MessageType::Notification;
        let mut members = Members { out, begun: false };
        members.text("Type", content.message_type.as_str())?;
        members.text("MessageId", &record.message.message_id.to_string())?;
        if let Some(number) = record.sequence_number {
            members.text("SequenceNumber", &sequence_number(number))?;
        }
        if is_confirmation {
            members.text("Token", content.token.unwrap_or_default())?;
        }
        members.text("TopicArn", &self.topic().to_string())?;
        if let Some(subject) = content.subject.filter(|_| !is_confirmation) {
            members.text("Subject", subject)?;
        }
        members.text("Message", self.text())?;
        if is_confirmation {
            members.text("SubscribeURL", &self.subscribe_url())?;
        }
        members.text("Timestamp", &record.message.sent_at.to_iso8601())?;
        if let Some(Signature { text, certificate_name }) = signature {
            members.text("SignatureVersion", version_number(delivery.signature_version))?;
            members.text("Signature", text)?;
            members.text("SigningCertURL", &format!("{base_url}/{certificate_name}"))?;
        }
        if !is_confirmation {
            let subscription = &delivery.subscription;
            let url = format!("{base_url}/?Action=Unsubscribe&SubscriptionArn={subscription}");
            members.text("UnsubscribeURL", &url)?;
            if delivery.is_replayed {
                members.text("Replayed", "true")?;
            }
            members.attributes(&content.attributes)?;
        }
        members.end()
    }
}

fn version_number(version: SignatureVersion) -> &'static str {
    match version {
        SignatureVersion::V1 => "1",
        SignatureVersion::V2 => "2",
    }
}

/// Writes the members of an object, two spaces further in than the object itself.
struct Members<'o, W> {
    out: &'o mut W,
    begun: bool,
}

impl<W: Write> Members<'_, W> {
    fn name(&mut self, name: &str) -> fmt::Result {
        self.out.write_str(if self.begun { ",\n  " } else { "{\n  " })?;
        self.begun = true;
        write_text(self.out, name)?;
        self.out.write_str(" : ")
    }

    fn text(&mut self, name: &str, value: &str) -> fmt::Result {
        self.name(name)?;
        write_text(self.out, value)
    }

    /// The message's attributes, each on one line; nothing if there is none.
    fn attributes(&mut self, attributes: &[MessageAttribute<'_>]) -> fmt::Result {
        if attributes.is_empty() {
            return Ok(());
        }
        self.name("MessageAttributes")?;
        for (at, attribute) in attributes.iter().enumerate() {
            self.out.write_str(if at == 0 { "{\n    " } else { ",\n    " })?;
            write_text(self.out, attribute.name)?;
            self.out.write_str(" : {\"Type\":")?;
            write_text(self.out, attribute.data_type)?;
            self.out.write_str(",\"Value\":")?;
            match attribute.value {
                AttributeValue::Text(text) => write_text(self.out, text)?,
                AttributeValue::Binary(bytes) => write_text(self.out, &STANDARD.encode(bytes))?,
            }
            self.out.write_char('}')?;
        }
        self.out.write_str("\n  }")
    }

    fn end(self) -> fmt::Result {
        self.out.write_str("\n}")
    }
}

/// Writes a JSON string as the JSON libraries of Java do: what has a short escape gets it, other
/// control characters are numbered in capital hexadecimal digits, all else stays as it is.
fn write_text(out: &mut impl Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    let mut written = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            0x08 => "\\b",
            0x0c => "\\f",
            0..0x20 => "",
            _ => continue,
        };
        out.write_str(&text[written..at])?;
        if escape.is_empty() {
            write!(out, "\\u{byte:04X}")?;
        } else {
            out.write_str(escape)?;
        }
        written = at + 1;
    }
    out.write_str(&text[written..])?;
    out.write_char('"')
}

/// Bytes of `scheme://host:port` that an envelope is counted with: longer than most.
const BASE_URL_BYTES: usize = 128;

/// Bytes that an envelope around the message takes in a queue: all but exactly, as neither the
/// address of this server nor the signature is known before somebody receives it.
pub(crate) fn size_in_queues(topic: &TopicArn, content: &PublishedContent<'_>) -> usize {
    /// As long as a signature of 2048 bits.
    const SIGNATURE: [u8; 344] = [b'A'; 344];
    let id = Uuid::from_random(0);
    let record = PublishedRecord {
        sequence_number: topic.name.is_fifo().then_some(0),
        message: MessageRecord {
            message_id: id,
            sent_at: Timestamp::default(),
            body_md5: [0; 16],
            group: None,
            deduplication: None,
            sealing: Sealing::Plain,
            content: &[],
        },
    };
    let delivery = Delivery {
        subscription: SubscriptionArn { topic: topic.clone(), id },
        protocol: SubscriptionProtocol::Sqs,
        is_raw: false,
        is_replayed: false,
        signature_version: SignatureVersion::V1,
        key: None,
    };
    let rendering = Rendering { record: &record, content, delivery: &delivery, base_url: "" };
    let signature = Signature {
        text: &String::from_utf8_lossy(&SIGNATURE),
        certificate_name: "SimpleNotificationService-00000000000000000000000000000000.pem",
    };
    let is_signed = !topic.name.is_fifo();
    let mut length = Length(0);
    rendering.write(&mut length, is_signed.then_some(signature)).expect("counting cannot fail");
    let urls = 1 + usize::from(is_signed);
    length.0 + urls * BASE_URL_BYTES
}

/// Counts what is written to it.
struct Length(usize);

impl Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::sns::testing::subscription;

    const BASE: &str = "http://localhost:4566";

    fn content(message: &str) -> PublishedContent<'_> {
        PublishedContent {
            message_type: MessageType::Notification,
            target: None,
            is_notice: false,
            subject: None,
            trace_header: None,
            token: None,
            message,
            by_protocol: Vec::new(),
            attributes: Vec::new(),
        }
    }

    fn record(sequence_number: Option<u64>) -> PublishedRecord<'static> {
        PublishedRecord {
            sequence_number,
            message: MessageRecord {
                message_id: Uuid::from_random(0),
                sent_at: Timestamp::from_ms(1_335_473_104_751),
                body_md5: [0; 16],
                group: None,
                deduplication: None,
                sealing: Sealing::Plain,
                content: &[],
            },
        }
    }

    fn delivery(protocol: SubscriptionProtocol) -> Delivery {
        Delivery {
            subscription: subscription(),
            protocol,
            is_raw: false,
            is_replayed: false,
            signature_version: SignatureVersion::V1,
            key: None,
        }
    }

    /// An envelope, and what was to be signed for it.
    fn envelope(
        record: &PublishedRecord<'_>,
        content: &PublishedContent<'_>,
        delivery: &Delivery,
    ) -> (String, Option<String>) {
        let rendering = Rendering { record, content, delivery, base_url: BASE };
        let to_sign = rendering.string_to_sign();
        let signature = Signature { text: "c2ln", certificate_name: "Cert-1.pem" };
        let body = rendering.body(to_sign.as_ref().map(|_| signature));
        (body.into_owned(), to_sign)
    }

    #[test]
    fn a_plain_notification() {
        let delivery = delivery(SubscriptionProtocol::Sqs);
        let (envelope, signed) =
            envelope(&record(None), &content("Test \"ü\"\n\u{1f}/"), &delivery);
        let expected = concat!(
            "{\n",
            "  \"Type\" : \"Notification\",\n",
            "  \"MessageId\" : \"00000000-0000-4000-8000-000000000000\",\n",
            "  \"TopicArn\" : \"arn:aws:sns:eu-west-1:000000000042:stock\",\n",
            "  \"Message\" : \"Test \\\"ü\\\"\\n\\u001F/\",\n",
            "  \"Timestamp\" : \"2012-04-26T20:45:04.751Z\",\n",
            "  \"SignatureVersion\" : \"1\",\n",
            "  \"Signature\" : \"c2ln\",\n",
            "  \"SigningCertURL\" : \"http://localhost:4566/Cert-1.pem\",\n",
            "  \"UnsubscribeURL\" : \"http://localhost:4566/?Action=Unsubscribe&SubscriptionArn=",
            "arn:aws:sns:eu-west-1:000000000042:stock:6b0e71bd-7e97-4d97-80ce-4a0994e55286\"\n",
            "}",
        );
        assert_eq!(envelope, expected);
        let expected = "Message\nTest \"ü\"\n\u{1f}/\nMessageId\n\
                        00000000-0000-4000-8000-000000000000\nTimestamp\n2012-04-26T20:45:04.751Z\n\
                        TopicArn\narn:aws:sns:eu-west-1:000000000042:stock\nType\nNotification\n";
        assert_eq!(signed.unwrap(), expected);
    }

    #[test]
    fn a_notification_with_all_that_it_may_have() {
        let attribute = |name, data_type, value| MessageAttribute { name, data_type, value };
        let content = PublishedContent {
            subject: Some("Stock"),
            by_protocol: vec![("sqs", "for queues")],
            attributes: vec![
                attribute("store", "String.Array", AttributeValue::Text("[\"a\"]")),
                attribute("left", "Number", AttributeValue::Text("3")),
                attribute("raw", "Binary", AttributeValue::Binary(&[1, 2, 3])),
            ],
            ..content("for others")
        };
        let delivery = Delivery {
            is_replayed: true,
            signature_version: SignatureVersion::V2,
            ..delivery(SubscriptionProtocol::Sqs)
        };
        let (envelope, signed) = envelope(&record(None), &content, &delivery);
        let expected = concat!(
            "{\n",
            "  \"Type\" : \"Notification\",\n",
            "  \"MessageId\" : \"00000000-0000-4000-8000-000000000000\",\n",
            "  \"TopicArn\" : \"arn:aws:sns:eu-west-1:000000000042:stock\",\n",
            "  \"Subject\" : \"Stock\",\n",
            "  \"Message\" : \"for queues\",\n",
            "  \"Timestamp\" : \"2012-04-26T20:45:04.751Z\",\n",
            "  \"SignatureVersion\" : \"2\",\n",
            "  \"Signature\" : \"c2ln\",\n",
            "  \"SigningCertURL\" : \"http://localhost:4566/Cert-1.pem\",\n",
            "  \"UnsubscribeURL\" : \"http://localhost:4566/?Action=Unsubscribe&SubscriptionArn=",
            "arn:aws:sns:eu-west-1:000000000042:stock:6b0e71bd-7e97-4d97-80ce-4a0994e55286\",\n",
            "  \"Replayed\" : \"true\",\n",
            "  \"MessageAttributes\" : {\n",
            "    \"store\" : {\"Type\":\"String.Array\",\"Value\":\"[\\\"a\\\"]\"},\n",
            "    \"left\" : {\"Type\":\"Number\",\"Value\":\"3\"},\n",
            "    \"raw\" : {\"Type\":\"Binary\",\"Value\":\"AQID\"}\n",
            "  }\n",
            "}",
        );
        assert_eq!(envelope, expected);
        let start = "Message\nfor queues\nMessageId\n00000000-0000-4000-8000-000000000000\n\
                     Subject\nStock\nTimestamp\n";
        let signed = signed.unwrap();
        assert!(signed.starts_with(start), "{signed}");
    }

    #[test]
    fn messages_of_fifo_topics_are_numbered_and_not_signed() {
        let mut delivery = delivery(SubscriptionProtocol::Sqs);
        let topic = "arn:aws:sns:eu-west-1:000000000042:stock.fifo";
        delivery.subscription.topic = TopicArn::parse(topic).unwrap();
        let (envelope, signed) = envelope(&record(Some(7)), &content("m"), &delivery);
        let expected = concat!(
            "{\n",
            "  \"Type\" : \"Notification\",\n",
            "  \"MessageId\" : \"00000000-0000-4000-8000-000000000000\",\n",
            "  \"SequenceNumber\" : \"00000000000000000007\",\n",
            "  \"TopicArn\" : \"arn:aws:sns:eu-west-1:000000000042:stock.fifo\",\n",
            "  \"Message\" : \"m\",\n",
            "  \"Timestamp\" : \"2012-04-26T20:45:04.751Z\",\n",
            "  \"UnsubscribeURL\" : \"http://localhost:4566/?Action=Unsubscribe&SubscriptionArn=",
            "arn:aws:sns:eu-west-1:000000000042:stock.fifo:",
            "6b0e71bd-7e97-4d97-80ce-4a0994e55286\"\n",
            "}",
        );
        assert_eq!((envelope.as_str(), signed), (expected, None));
    }

    #[test]
    fn what_asks_for_a_confirmation_is_always_enveloped() {
        for (message_type, name) in [
            (MessageType::SubscriptionConfirmation, "SubscriptionConfirmation"),
            (MessageType::UnsubscribeConfirmation, "UnsubscribeConfirmation"),
        ] {
            let content = PublishedContent {
                message_type,
                token: Some("abc"),
                ..content("You have\nchosen")
            };
            let delivery = Delivery { is_raw: true, ..delivery(SubscriptionProtocol::Http) };
            let (envelope, signed) = envelope(&record(None), &content, &delivery);
            let url = "http://localhost:4566/?Action=ConfirmSubscription&TopicArn=\
                       arn:aws:sns:eu-west-1:000000000042:stock&Token=abc";
            let expected = format!(
                "{{\n  \"Type\" : \"{name}\",\n  \"MessageId\" : \
                 \"00000000-0000-4000-8000-000000000000\",\n  \"Token\" : \"abc\",\n  \
                 \"TopicArn\" : \"arn:aws:sns:eu-west-1:000000000042:stock\",\n  \
                 \"Message\" : \"You have\\nchosen\",\n  \"SubscribeURL\" : \"{url}\",\n  \
                 \"Timestamp\" : \"2012-04-26T20:45:04.751Z\",\n  \"SignatureVersion\" : \"1\",\n  \
                 \"Signature\" : \"c2ln\",\n  \
                 \"SigningCertURL\" : \"http://localhost:4566/Cert-1.pem\"\n}}"
            );
            assert_eq!(envelope, expected);
            let expected = format!(
                "Message\nYou have\nchosen\nMessageId\n00000000-0000-4000-8000-000000000000\n\
                 SubscribeURL\n{url}\nTimestamp\n2012-04-26T20:45:04.751Z\nToken\nabc\nTopicArn\n\
                 arn:aws:sns:eu-west-1:000000000042:stock\nType\n{name}\n"
            );
            assert_eq!(signed.unwrap(), expected);
        }
    }

    #[test]
    fn a_raw_message_is_its_text() {
        let content = PublishedContent { by_protocol: vec![("sqs", "\"q\"")], ..content("m") };
        for (protocol, text) in
            [(SubscriptionProtocol::Sqs, "\"q\""), (SubscriptionProtocol::Http, "m")]
        {
            let delivery = Delivery { is_raw: true, ..delivery(protocol) };
            assert_eq!(envelope(&record(None), &content, &delivery), (text.to_owned(), None));
        }
    }

    proptest! {
        #[test]
        fn an_envelope_is_json_and_as_long_as_counted(
            message: String,
            subject in proptest::option::of(".{1,9}"),
            attributes in prop::collection::vec((".{1,9}", ".{0,9}"), 0..3),
            is_fifo: bool,
        ) {
            let attributes: Vec<MessageAttribute<'_>> = attributes
                .iter()
                .map(|(name, value)| MessageAttribute {
                    name,
                    data_type: "String",
                    value: AttributeValue::Text(value),
                })
                .collect();
            let content = PublishedContent {
                subject: subject.as_deref(),
                attributes,
                ..content(&message)
            };
            let mut delivery = delivery(SubscriptionProtocol::Sqs);
            if is_fifo {
                let topic = "arn:aws:sns:eu-west-1:000000000042:stock.fifo";
                delivery.subscription.topic = TopicArn::parse(topic).unwrap();
            }
            let record = record(is_fifo.then_some(7));
            let (envelope, _) = envelope(&record, &content, &delivery);
            let read: serde_json::Value = serde_json::from_str(&envelope).unwrap();
            prop_assert_eq!(read["Message"].as_str(), Some(message.as_str()));
            prop_assert_eq!(read["Subject"].as_str(), subject.as_deref());
            let counted = size_in_queues(&delivery.subscription.topic, &content);
            let urls = if is_fifo { 1 } else { 2 };
            let unknown = urls * (BASE_URL_BYTES - BASE.len());
            let signing =
                if is_fifo { 0 } else { 344 - "c2ln".len() + 62 - "Cert-1.pem".len() };
            prop_assert_eq!(counted, envelope.len() + unknown + signing);
        }
    }
}
