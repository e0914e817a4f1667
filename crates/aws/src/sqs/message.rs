//! A message on its way in, alone or in a batch.

use md5::{Digest, Md5};
use sha2::Sha256;
use tidings_core::attributes::{MessageAttribute, attributes_md5};
use tidings_core::command::Outgoing;
use tidings_core::limits;
use tidings_core::message::{Content, Sealing};
use tidings_core::names::{FifoId, QueueName, Uuid};
use tidings_core::rejection::Rejection;

use super::checks::{fifo_id, in_range, required};
use super::message_attributes::{self, Attribute, GivenAttributes};
use super::send_message::Digests;
use super::system_attributes::TraceHeader;
use crate::json::Object;
use crate::text::Text;

/// Who sends.
#[derive(Copy, Clone, Debug)]
pub struct Sender<'a> {
    /// The value of the system attribute SenderId.
    pub id: &'a str,
    /// The request's header `X-Amzn-Trace-Id`.
    pub trace_header: Option<&'a str>,
}

/// A message as given. SendMessage and an entry of SendMessageBatch have these members in common.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) body: Option<Text<'a>>,
    pub(crate) delay_seconds: Option<i64>,
    pub(crate) attributes: GivenAttributes<'a>,
    pub(crate) system_attributes: GivenAttributes<'a>,
    pub(crate) deduplication: Option<Text<'a>>,
    pub(crate) group: Option<Text<'a>>,
}

/// A message that passed the checks that need no queue.
#[derive(Debug)]
pub(crate) struct Message<'a> {
    body: Text<'a>,
    delay_seconds: Option<u32>,
    attributes: Vec<Attribute<'a>>,
    trace_header: TraceHeader<'a>,
    deduplication: Option<FifoId>,
    group: Option<FifoId>,
}

impl<'a> Draft<'a> {
    /// Bytes that count against a batch's size: body, and each attribute's name, type and value.
    pub(crate) fn size(&self) -> usize {
        let body = self.body.as_ref().map_or(0, |body| body.len());
        let attributes = self.attributes.0.iter();
        body + attributes.map(|(name, Object(value))| name.len() + value.size()).sum::<usize>()
    }

    /// `body_name` is what the body is called if it is missing.
    pub(crate) fn check(
        self,
        sender: &Sender<'a>,
        body_name: &str,
    ) -> Result<Message<'a>, Rejection> {
        let body = required(self.body, body_name)?;
        if !super::characters::are_valid(&body) {
            return Err(Rejection::InvalidMessageContents);
        }
        let reason = "DelaySeconds must be >= 0 and <= 900.";
        let range = &limits::DELAY_SECONDS;
        Ok(Message {
            body,
            delay_seconds: in_range(self.delay_seconds, range, "DelaySeconds", reason)?,
            attributes: message_attributes::check(self.attributes)?,
            trace_header: TraceHeader::check(self.system_attributes, sender.trace_header)?,
            deduplication: fifo_id(self.deduplication, "MessageDeduplicationId")?,
            group: fifo_id(self.group, "MessageGroupId")?,
        })
    }
}

impl Message<'_> {
    /// The message as the core takes it, and the digests that its sender is told.
    pub(crate) fn outgoing(
        self,
        queue: &QueueName,
        sender: &Sender<'_>,
        message_id: Uuid,
    ) -> (Outgoing, Digests) {
        let attributes: Vec<MessageAttribute<'_>> =
            self.attributes.iter().map(Attribute::borrow).collect();
        let body: &str = &self.body;
        let digests = Digests {
            attributes: attributes_md5(&attributes),
            system_attributes: self.trace_header.md5,
        };
        let size = body.len() + attributes.iter().map(MessageAttribute::size).sum::<usize>();
        let needs_sha256 = queue.is_fifo() && self.deduplication.is_none();
        let content = Content {
            body,
            sender_id: sender.id,
            trace_header: self.trace_header.value.as_deref(),
            attributes,
        };
        let outgoing = Outgoing {
            message_id,
            content: content.encode(),
            sealing: Sealing::Plain,
            size,
            body_md5: Md5::digest(body).into(),
            body_sha256: needs_sha256.then(|| Sha256::digest(body).into()),
            delay_seconds: self.delay_seconds,
            group: self.group,
            deduplication: self.deduplication,
        };
        (outgoing, digests)
    }
}
