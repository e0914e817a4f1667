//! What a function gets of a published message: an event with one record. Recorded of AWS: `Url` is
//! spelt so here and only here, Subject and MessageAttributes are always there, and SignatureVersion
//! is "1" whatever the topic says.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};
use tidings_core::attributes::AttributeValue;

use super::envelope::{Rendering, Signature};

impl Rendering<'_> {
    /// The event. There is a signature if there is a string to sign.
    pub fn event(&self, signature: Option<Signature<'_>>) -> String {
        let Self { record, content, delivery, base_url } = self;
        let subscription = &delivery.subscription;
        let attributes: Map<String, Value> = content
            .attributes
            .iter()
            .map(|attribute| {
                let (kind, value) = match attribute.value {
                    AttributeValue::Text(text) => ("String", text.to_owned()),
                    AttributeValue::Binary(bytes) => ("Binary", STANDARD.encode(bytes)),
                };
                (attribute.name.to_owned(), json!({ "Type": kind, "Value": value }))
            })
            .collect();
        let mut message = json!({
            "Type": content.message_type.as_str(),
            "MessageId": record.message.message_id.to_string(),
            "TopicArn": subscription.topic.to_string(),
            "Subject": content.subject,
            "Message": self.text(),
            "Timestamp": record.message.sent_at.to_iso8601(),
            "UnsubscribeUrl":
                format!("{base_url}/?Action=Unsubscribe&SubscriptionArn={subscription}"),
            "MessageAttributes": attributes,
        });
        if let Some(Signature { text, certificate_name }) = signature {
            message["SignatureVersion"] = json!("1");
            message["Signature"] = json!(text);
            message["SigningCertUrl"] = json!(format!("{base_url}/{certificate_name}"));
        }
        let event = json!({ "Records": [{
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription.to_string(),
            "Sns": message,
        }] });
        event.to_string()
    }
}

#[cfg(test)]
mod tests {
    use tidings_core::attributes::MessageAttribute;
    use tidings_core::delivery::{Delivery, SignatureVersion};
    use tidings_core::message::Sealing;
    use tidings_core::names::{SubscriptionProtocol, Uuid};
    use tidings_core::publication::{MessageType, PublishedContent};
    use tidings_core::record::{MessageRecord, PublishedRecord};
    use tidings_core::time::Timestamp;

    use super::*;
    use crate::sns::testing::subscription;

    #[test]
    fn an_event_has_one_record() {
        let text = |name, data_type, text| MessageAttribute {
            name,
            data_type,
            value: AttributeValue::Text(text),
        };
        let content = PublishedContent {
            message_type: MessageType::Notification,
            target: None,
            is_notice: false,
            subject: None,
            trace_header: None,
            token: None,
            message: "default",
            by_protocol: vec![("lambda", "for \"functions\"")],
            attributes: vec![text("n", "Number", "1"), text("a", "String.Array", "[1]")],
        };
        let record = PublishedRecord {
            sequence_number: None,
            message: MessageRecord {
                message_id: Uuid::from_random(0),
                sent_at: Timestamp::from_ms(1_335_473_104_751),
                body_md5: [0; 16],
                group: None,
                deduplication: None,
                sealing: Sealing::Plain,
                content: &[],
            },
        };
        let delivery = Delivery {
            subscription: subscription(),
            protocol: SubscriptionProtocol::Lambda,
            is_raw: false,
            is_replayed: false,
            signature_version: SignatureVersion::V2,
            key: None,
        };
        let base_url = "https://sns.example.com";
        let rendering =
            Rendering { record: &record, content: &content, delivery: &delivery, base_url };
        let signature = Signature { text: "c2ln", certificate_name: "Cert-1.pem" };
        let event: Value = serde_json::from_str(&rendering.event(Some(signature))).unwrap();
        let subscription = subscription();
        let expected = json!({ "Records": [{
            "EventSource": "aws:sns",
            "EventVersion": "1.0",
            "EventSubscriptionArn": subscription.to_string(),
            "Sns": {
                "Type": "Notification",
                "MessageId": "00000000-0000-4000-8000-000000000000",
                "TopicArn": subscription.topic.to_string(),
                "Subject": null,
                "Message": "for \"functions\"",
                "Timestamp": "2012-04-26T20:45:04.751Z",
                "SignatureVersion": "1",
                "Signature": "c2ln",
                "SigningCertUrl": "https://sns.example.com/Cert-1.pem",
                "UnsubscribeUrl": format!(
                    "https://sns.example.com/?Action=Unsubscribe&SubscriptionArn={subscription}"
                ),
                "MessageAttributes": {
                    "n": { "Type": "String", "Value": "1" },
                    "a": { "Type": "String", "Value": "[1]" },
                },
            },
        }] });
        assert_eq!(event, expected);
    }
}
