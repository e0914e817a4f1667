//! A message that was received, as a record of an event.

use tidings_aws::sns::Rendering;
use tidings_aws::sqs::{EventRecord, ReceivedMessage};
use tidings_broker::ReadFailure;
use tidings_core::Damaged;
use tidings_core::command::Received;
use tidings_core::filter_policy::PatternedEvent;
use tidings_core::message::Content;
use tidings_core::names::QueueArn;
use tidings_core::publication::PublishedContent;
use tidings_core::record::{MessageRecord, PublishedRecord};

use super::engine::Feed;
use crate::encryption;
use crate::external_kms::Fault;
use crate::signatures::{self, Unsigned};

/// A message, ready for the function.
pub(super) struct Message {
    /// What partial responses call it.
    pub(super) id: String,
    /// Its group, if it has one.
    pub(super) group: Option<String>,
    /// The record as JSON.
    pub(super) json: Vec<u8>,
}

/// Why a message cannot be given to the function now. It stays in flight until its timeout.
#[derive(Debug, thiserror::Error)]
pub(super) enum Unread {
    #[error("its record cannot be read: {0}")]
    Log(#[from] ReadFailure),
    #[error("its record is {0}")]
    Damaged(#[from] Damaged),
    #[error("it cannot be signed: {0}")]
    Unsigned(#[from] Unsigned),
    #[error("it cannot be opened: {0}")]
    Sealed(#[from] Fault),
}

impl Message {
    /// Reads a message of a queue, and opens it if it is sealed.
    pub(super) async fn read<I>(
        feed: &Feed<I>,
        queue: &QueueArn,
        received: &Received,
    ) -> Result<Self, Unread> {
        let bytes = feed.broker.read(received.location).await?;
        let handle = feed.broker.receipt_key().seal(received.receipt);
        let keys = feed.keys.as_ref();
        let Some(delivery) = &received.delivery else {
            let record = MessageRecord::decode(&bytes)?;
            let content = encryption::open_for_delivery(keys, &feed.broker, &record).await?;
            let content = Content::decode(&content)?;
            return Ok(Self::of(
                queue,
                &ReceivedMessage::sent(received, handle, &record, &content),
            ));
        };
        let record = PublishedRecord::decode(&bytes)?;
        let content = encryption::open_for_delivery(keys, &feed.broker, &record.message).await?;
        let content = PublishedContent::decode(&content)?;
        let base_url = &feed.base_url;
        let rendering = Rendering { record: &record, content: &content, delivery, base_url };
        let body = signatures::signed_body(&feed.signer, &rendering).await?;
        Ok(Self::of(queue, &ReceivedMessage::published(received, handle, &rendering, body)))
    }

    fn of(queue: &QueueArn, message: &ReceivedMessage<'_>) -> Self {
        let record = EventRecord { message, queue };
        let json = serde_json::to_vec(&record).expect("texts can be written as JSON");
        Self { id: message.id().to_string(), group: message.group().map(str::to_owned), json }
    }

    /// The record as filters see it.
    pub(super) fn event(&self) -> PatternedEvent {
        let mut members: serde_json::Map<_, _> =
            serde_json::from_slice(&self.json).expect("it was written here");
        let body = members.remove("body");
        let body = body.as_ref().and_then(serde_json::Value::as_str).unwrap_or_default();
        PatternedEvent::new(members, body)
    }
}
