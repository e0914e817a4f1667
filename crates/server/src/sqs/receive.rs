//! ReceiveMessage.

use tidings_aws::sns::Rendering;
use tidings_aws::sqs::{ReceiveMessage, ReceiveMessageOutput, ReceivedMessage};
use tidings_aws::{Refusal, WireError};
use tidings_core::Damaged;
use tidings_core::command::{Received, Reply};
use tidings_core::delivery::Delivery;
use tidings_core::message::Content;
use tidings_core::publication::PublishedContent;
use tidings_core::record::{MessageRecord, PublishedRecord};
use tracing::error;

use crate::exchange::{Exchange, unexpected};
use crate::signatures;

pub(super) async fn receive(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let (command, wanted) = exchange.input::<ReceiveMessage<'_>>()?.command(&exchange.caller())?;
    let received = match exchange.ask(command).await? {
        Reply::Received(received) => received,
        reply => return Err(unexpected(&reply)),
    };
    let records = read_records(exchange, &received).await;
    let decoded: Vec<(&Received, Decoded<'_>)> =
        records.iter().filter_map(|(received, record)| decode(received, record)).collect();
    let mut messages = Vec::with_capacity(decoded.len());
    for (received, decoded) in &decoded {
        messages.extend(written(exchange, received, decoded).await);
    }
    // An empty answer would say that the queue is empty.
    if messages.is_empty() && !received.is_empty() {
        return Err(WireError::InternalFailure.into());
    }
    Ok(exchange.answer_with(&ReceiveMessageOutput { wanted: &wanted, messages }))
}

/// Reads the record of each message. One that cannot be read is left out, and stays in flight until
/// its timeout: the others are not to be lost with it.
async fn read_records<'r>(
    exchange: &Exchange<'_>,
    received: &'r [Received],
) -> Vec<(&'r Received, Vec<u8>)> {
    let mut records = Vec::with_capacity(received.len());
    for message in received {
        match exchange.broker.read(message.location).await {
            Ok(record) => records.push((message, record)),
            Err(failure) => error!(
                position = message.location.position,
                "the record of a message cannot be read: {failure}"
            ),
        }
    }
    records
}

/// What a record holds.
enum Decoded<'a> {
    Sent(MessageRecord<'a>, Content<'a>),
    Published(PublishedRecord<'a>, PublishedContent<'a>, &'a Delivery),
}

/// What a message's record holds. A damaged one is left out, as one is that cannot be read.
fn decode<'a>(received: &'a Received, record: &'a [u8]) -> Option<(&'a Received, Decoded<'a>)> {
    let decoded = match received.delivery {
        None => sent(record),
        Some(ref delivery) => published(record, delivery),
    };
    match decoded {
        Ok(decoded) => Some((received, decoded)),
        Err(damaged) => {
            let position = received.location.position;
            error!(position, "the record of a message is {damaged}");
            None
        }
    }
}

fn sent(record: &[u8]) -> Result<Decoded<'_>, Damaged> {
    let record = MessageRecord::decode(record)?;
    let content = Content::decode(record.content)?;
    Ok(Decoded::Sent(record, content))
}

fn published<'a>(record: &'a [u8], delivery: &'a Delivery) -> Result<Decoded<'a>, Damaged> {
    let record = PublishedRecord::decode(record)?;
    let content = PublishedContent::decode(record.message.content)?;
    Ok(Decoded::Published(record, content, delivery))
}

/// The message as the receiver gets it. One that cannot be signed is left out too.
async fn written<'a>(
    exchange: &'a Exchange<'_>,
    received: &'a Received,
    decoded: &'a Decoded<'a>,
) -> Option<ReceivedMessage<'a>> {
    let handle = exchange.broker.receipt_key().seal(received.receipt);
    let base_url = &exchange.call.base_url;
    let rendering = match decoded {
        Decoded::Sent(record, content) => {
            return Some(ReceivedMessage::sent(received, handle, record, content));
        }
        Decoded::Published(record, content, delivery) => {
            Rendering { record, content, delivery, base_url }
        }
    };
    match signatures::signed_body(exchange.signer, &rendering).await {
        Ok(body) => Some(ReceivedMessage::published(received, handle, &rendering, body)),
        Err(unsigned) => {
            let position = received.location.position;
            error!(position, "a message cannot be signed: {unsigned}");
            None
        }
    }
}
