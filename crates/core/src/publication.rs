//! A published message's content: what its publisher gave, as it stands in the log.
//!
//! It is the message, not what subscribers get: envelopes are rendered around it when it is
//! received.
//!
//! ```text
//!   content   := type: u8 (1 notification, 2 subscription confirmation, 3 unsubscribe confirmation,
//!                          4 notification in a direct outbox, and before the rest: target: text,
//!                          5 notice of the service's own)
//!                subject, trace header, token: text each, empty if none
//!                message: text
//!                texts of protocols: u8, then each as protocol: text, text
//!                number of attributes: u32, then each as a message's content has it
//! ```
//! Texts are a length as u32 and UTF-8; all numbers are little-endian.

use crate::attributes::MessageAttribute;
use crate::codec::{Damaged, Reader, Writer};
use crate::message::{read_attribute, write_attribute};
use crate::names::SubscriptionProtocol;

/// What a published message carries.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublishedContent<'a> {
    /// What it is for.
    pub message_type: MessageType,
    /// Of a message in a direct outbox: the phone number, the endpoint's ARN or the function that it is
    /// for.
    pub target: Option<&'a str>,
    /// Whether the service itself published this notification to a topic, which no publisher can say:
    /// nobody is told if such a message fails, or telling would never end.
    pub is_notice: bool,
    /// Subject.
    pub subject: Option<&'a str>,
    /// What the publisher sent as `X-Amzn-Trace-Id`.
    pub trace_header: Option<&'a str>,
    /// Of a confirmation: what proves that the endpoint got it.
    pub token: Option<&'a str>,
    /// The message; with MessageStructure `json`, its `default`.
    pub message: &'a str,
    /// With MessageStructure `json`: the texts for those protocols that have their own, by the key
    /// of each, such as `sqs` or `APNS`.
    pub by_protocol: Vec<(&'a str, &'a str)>,
    /// The message's attributes, in the order sent.
    pub attributes: Vec<MessageAttribute<'a>>,
}

/// `Type` of an envelope, and the header `x-amz-sns-message-type`.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum MessageType {
    /// A message that was published.
    Notification,
    /// Asks an endpoint to confirm its subscription.
    SubscriptionConfirmation,
    /// Tells an endpoint that its subscription has ended.
    UnsubscribeConfirmation,
}

impl MessageType {
    /// As envelopes have it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Notification => "Notification",
            Self::SubscriptionConfirmation => "SubscriptionConfirmation",
            Self::UnsubscribeConfirmation => "UnsubscribeConfirmation",
        }
    }
}

impl<'a> PublishedContent<'a> {
    /// The text that a protocol's subscribers get, and that their filter policies look at.
    pub fn text_for(&self, protocol: SubscriptionProtocol) -> &'a str {
        let own = self.by_protocol.iter().find(|(key, _)| *key == protocol.as_str());
        own.map_or(self.message, |(_, text)| text)
    }

    /// The content's bytes.
    pub fn encode(&self) -> Vec<u8> {
        let attributes: usize = self.attributes.iter().map(|a| a.size() + 13).sum();
        let texts: usize =
            self.by_protocol.iter().map(|(key, text)| key.len() + text.len() + 8).sum();
        let optional = [self.subject, self.trace_header, self.token];
        let optional_bytes: usize =
            optional.iter().chain([&self.target]).flatten().map(|text| text.len()).sum();
        let fixed = 1 + 5 * 4 + 2;
        let length = fixed + optional_bytes + self.message.len() + texts + attributes;
        let mut bytes = Vec::with_capacity(length);
        let mut w = Writer::new(&mut bytes);
        w.u8(match (self.message_type, self.target) {
            (MessageType::Notification, None) if self.is_notice => 5,
            (MessageType::Notification, None) => 1,
            (MessageType::SubscriptionConfirmation, _) => 2,
            (MessageType::UnsubscribeConfirmation, _) => 3,
            (MessageType::Notification, Some(_)) => 4,
        });
        let is_notification = self.message_type == MessageType::Notification;
        self.target.filter(|_| is_notification).iter().for_each(|target| w.text(target));
        optional.iter().for_each(|text| w.text(text.unwrap_or("")));
        w.text(self.message);
        w.u8(u8::try_from(self.by_protocol.len()).expect("there are fewer protocols"));
        for (key, text) in &self.by_protocol {
            w.text(key);
            w.text(text);
        }
        w.u32(u32::try_from(self.attributes.len()).expect("a request has a bounded number"));
        self.attributes.iter().for_each(|attribute| write_attribute(&mut w, attribute));
        bytes
    }

    /// Reads a content back.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes are not a published message's content.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, Damaged> {
        let mut r = Reader::new(bytes);
        let kind = r.u8()?;
        let (message_type, target) = match kind {
            1 | 5 => (MessageType::Notification, None),
            2 => (MessageType::SubscriptionConfirmation, None),
            3 => (MessageType::UnsubscribeConfirmation, None),
            4 => (MessageType::Notification, Some(r.text()?)),
            _ => return Err(Damaged),
        };
        let mut optional = || r.text().map(|text| Some(text).filter(|text| !text.is_empty()));
        let (subject, trace_header, token) = (optional()?, optional()?, optional()?);
        let message = r.text()?;
        let mut by_protocol = Vec::new();
        for _ in 0..r.u8()? {
            by_protocol.push((r.text()?, r.text()?));
        }
        let attributes = r.list(13, read_attribute)?;
        r.end()?;
        Ok(Self {
            message_type,
            target,
            is_notice: kind == 5,
            subject,
            trace_header,
            token,
            message,
            by_protocol,
            attributes,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attributes::AttributeValue;

    #[test]
    fn a_content_reads_back_and_every_cut_is_seen() {
        let content = PublishedContent {
            message_type: MessageType::Notification,
            target: None,
            is_notice: false,
            subject: Some("Stöck"),
            trace_header: None,
            token: None,
            message: "3 left",
            by_protocol: vec![("sqs", "{\"left\":3}"), ("APNS", "{}")],
            attributes: vec![MessageAttribute {
                name: "store",
                data_type: "String.Array",
                value: AttributeValue::Text("[\"a\"]"),
            }],
        };
        assert_eq!(content.text_for(SubscriptionProtocol::Sqs), "{\"left\":3}");
        assert_eq!(content.text_for(SubscriptionProtocol::Http), "3 left");
        let notice = PublishedContent { is_notice: true, ..content.clone() };
        let direct = PublishedContent { target: Some("+15550100"), ..content.clone() };
        for content in [content, notice, direct] {
            let bytes = content.encode();
            assert_eq!(PublishedContent::decode(&bytes), Ok(content));
            for cut in 0..bytes.len() {
                assert_eq!(PublishedContent::decode(&bytes[..cut]), Err(Damaged), "cut at {cut}");
            }
        }
    }
}
