//! A message on its way to a topic, alone or in a batch.

use std::collections::BTreeMap;

use md5::{Digest, Md5};
use sha2::Sha256;
use tidings_core::attributes::MessageAttribute;
use tidings_core::command::Publication;
use tidings_core::limits;
use tidings_core::message::Sealing;
use tidings_core::names::{FifoId, SubscriptionProtocol, TopicArn, TopicName, Uuid};
use tidings_core::publication::{MessageType, PublishedContent};
use tidings_core::rejection::TopicRejection;

use super::checks::fifo_id;
use super::message_structure::{self, Texts};
use super::{envelope, message_attributes};
use crate::query::Fields;
use crate::refusal::WireError;
use crate::sqs::message_attributes::{Attribute, GivenAttributes};
use crate::text::Text;

/// A message as given. Publish and an entry of PublishBatch have these members in common, and a
/// message that is not missing.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) body: DraftBody<'a>,
    pub(crate) ids: DraftIds<'a>,
    pub(crate) attributes: GivenAttributes<'a>,
}

/// What subscribers read.
#[derive(Debug)]
pub(crate) struct DraftBody<'a> {
    message: Text<'a>,
    subject: Option<Text<'a>>,
    structure: Option<Text<'a>>,
}

/// What a FIFO topic goes by.
#[derive(Debug)]
pub(crate) struct DraftIds<'a> {
    group: Option<Text<'a>>,
    deduplication: Option<Text<'a>>,
}

impl<'a> Draft<'a> {
    /// # Errors
    /// [`WireError::Serialization`] if a binary attribute is not in base64.
    pub(crate) fn read(fields: &Fields<'a>, message: Text<'a>) -> Result<Self, WireError> {
        Ok(Self {
            body: DraftBody {
                message,
                subject: fields.text("Subject"),
                structure: fields.text("MessageStructure"),
            },
            ids: DraftIds {
                group: fields.text("MessageGroupId"),
                deduplication: fields.text("MessageDeduplicationId"),
            },
            attributes: message_attributes::read(fields)?,
        })
    }
}

/// What subscribers read, checked.
#[derive(Debug)]
pub(crate) struct Body<'m> {
    subject: Option<&'m str>,
    /// As given: what counts, and what a content-based deduplication id is made of.
    given: &'m str,
    texts: Texts<'m>,
    /// Whether it is the service's own.
    is_notice: bool,
}

impl DraftBody<'_> {
    /// # Errors
    /// InvalidParameter. In a batch only this message fails.
    pub(crate) fn check(&self) -> Result<Body<'_>, TopicRejection> {
        let subject = self.subject.as_deref();
        if subject.is_some_and(str::is_empty) {
            return Err(TopicRejection::parameter("Subject"));
        }
        if self.message.is_empty() {
            return Err(TopicRejection::parameter("Empty message"));
        }
        if !subject.is_none_or(is_subject) {
            return Err(TopicRejection::parameter("Subject"));
        }
        let given = self.message.as_str();
        let texts = match self.structure.as_deref() {
            None => Texts { default: Text::borrowed(given), by_protocol: Vec::new() },
            Some("json") => message_structure::read(given)?,
            Some(_) => return Err(TopicRejection::parameter("MessageStructure")),
        };
        Ok(Body { subject, given, texts, is_notice: false })
    }
}

/// At most a hundred characters, none of them a line break or another control character.
fn is_subject(subject: &str) -> bool {
    subject.chars().count() <= limits::SUBJECT_CHARS_MAX && !subject.chars().any(char::is_control)
}

/// What a FIFO topic goes by, checked.
#[derive(Debug)]
pub(crate) struct Ids {
    group: Option<FifoId>,
    deduplication: Option<FifoId>,
}

impl DraftIds<'_> {
    /// # Errors
    /// InvalidParameter. In a batch the whole call fails.
    pub(crate) fn check(&self, topic: &TopicName) -> Result<Ids, TopicRejection> {
        if topic.is_fifo() {
            if self.group.as_deref().is_none_or(str::is_empty) {
                return Err(TopicRejection::parameter(
                    "The MessageGroupId parameter is required for FIFO topics",
                ));
            }
        } else if self.deduplication.is_some() {
            return Err(TopicRejection::parameter(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId \
                 parameter that is not valid for this topic type",
            ));
        }
        Ok(Ids {
            group: fifo_id(self.group.as_ref(), "MessageGroupId")?,
            deduplication: fifo_id(self.deduplication.as_ref(), "MessageDeduplicationId")?,
        })
    }
}

/// A message of the service's own to a topic, marked as such: nobody is told if it fails.
pub fn notice(topic: &TopicArn, subject: &str, message: &str, message_id: Uuid) -> Publication {
    let texts = Texts { default: Text::borrowed(message), by_protocol: Vec::new() };
    let body = Body { subject: Some(subject), given: message, texts, is_notice: true };
    publication(topic, &body, &[], Ids::none(), None, message_id)
}

impl Body<'_> {
    /// The text that a protocol's subscribers get.
    pub(crate) fn text_for(&self, protocol: SubscriptionProtocol) -> &str {
        let own = self.texts.by_protocol.iter().find(|(key, _)| *key == protocol.as_str());
        own.map_or(&self.texts.default, |(_, text)| text)
    }
}

impl Ids {
    /// Of a message that is for no topic.
    pub(crate) fn none() -> Self {
        Self { group: None, deduplication: None }
    }
}

/// A message to one target that says nothing but its text.
pub(crate) fn plain_publication(
    outbox: &TopicArn,
    target: &str,
    text: &str,
    message_id: Uuid,
) -> Publication {
    let texts = Texts { default: Text::borrowed(text), by_protocol: Vec::new() };
    let body = Body { subject: None, given: text, texts, is_notice: false };
    publication_to(outbox, Some(target), &body, &[], Ids::none(), None, message_id)
}

/// The message as the core takes it. `trace_header` is the request's own.
pub(crate) fn publication(
    topic: &TopicArn,
    body: &Body<'_>,
    attributes: &[Attribute<'_>],
    ids: Ids,
    trace_header: Option<&str>,
    message_id: Uuid,
) -> Publication {
    publication_to(topic, None, body, attributes, ids, trace_header, message_id)
}

/// The same for a direct outbox, of a message to this target.
pub(crate) fn publication_to(
    topic: &TopicArn,
    target: Option<&str>,
    body: &Body<'_>,
    attributes: &[Attribute<'_>],
    ids: Ids,
    trace_header: Option<&str>,
    message_id: Uuid,
) -> Publication {
    let attributes: Vec<MessageAttribute<'_>> = attributes.iter().map(Attribute::borrow).collect();
    let attribute_bytes: usize = attributes.iter().map(MessageAttribute::size).sum();
    let by_protocol = body.texts.by_protocol.iter().map(|(key, text)| (*key, text.as_str()));
    let content = PublishedContent {
        message_type: MessageType::Notification,
        target,
        is_notice: body.is_notice,
        subject: body.subject,
        trace_header,
        token: None,
        message: &body.texts.default,
        by_protocol: by_protocol.collect(),
        attributes,
    };
    let needs_sha256 = topic.name.is_fifo() && ids.deduplication.is_none();
    Publication {
        message_id,
        content: content.encode(),
        sealing: Sealing::Plain,
        unsealed: None,
        keys: BTreeMap::new(),
        size: body.given.len() + attribute_bytes,
        raw_size: content.text_for(SubscriptionProtocol::Sqs).len() + attribute_bytes,
        enveloped_size: envelope::size_in_queues(topic, &content),
        body_md5: Md5::digest(content.text_for(SubscriptionProtocol::Sqs)).into(),
        body_sha256: needs_sha256.then(|| Sha256::digest(body.given).into()),
        group: ids.group,
        deduplication: ids.deduplication,
    }
}
