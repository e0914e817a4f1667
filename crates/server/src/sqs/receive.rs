//! ReceiveMessage.

use std::borrow::Cow;

use tidings_aws::sns::Rendering;
use tidings_aws::sqs::{ReceiveMessage, ReceiveMessageOutput, ReceivedMessage};
use tidings_aws::{Refusal, WireError};
use tidings_broker::Broker;
use tidings_core::Damaged;
use tidings_core::command::{Command, Received, Reply};
use tidings_core::delivery::Delivery;
use tidings_core::message::Content;
use tidings_core::names::QueueArn;
use tidings_core::publication::PublishedContent;
use tidings_core::receipt::Receipt;
use tidings_core::record::{MessageRecord, PublishedRecord};
use tracing::error;

use crate::authorise;
use crate::encryption;
use crate::exchange::{Exchange, unexpected};
use crate::signatures;

/// A receive that waited for so long is judged again before it gets messages.
const LOOK_AGAIN_MS: u64 = 1000;

pub(super) async fn receive(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let (command, wanted) = exchange.input::<ReceiveMessage<'_>>()?.command(&exchange.caller())?;
    let asked_at = exchange.broker.now();
    let received = match exchange.ask(command.clone()).await? {
        Reply::Received(received) => received,
        reply => return Err(unexpected(&reply)),
    };
    let Command::Receive { arn: queue, .. } = &command else {
        return Err(WireError::InternalFailure.into());
    };
    if !received.is_empty()
        && exchange.broker.now() - asked_at >= LOOK_AGAIN_MS
        && let Err(refusal) = look_again(exchange, &command, queue).await
    {
        exchange.broker.return_messages(received.iter().map(|message| message.receipt).collect());
        return Err(refusal);
    }
    let records = read_records(exchange, &received).await;
    let parsed = records.iter().filter_map(|(received, record)| parse(received, record)).collect();
    let opened = open(exchange, queue, parsed).await?;
    let decoded: Vec<(&Received, Decoded<'_>)> = opened.iter().filter_map(decode).collect();
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

/// While a receive waited, its rights may have been taken away, and the queue's key disabled.
async fn look_again(
    exchange: &Exchange<'_>,
    command: &Command,
    queue: &QueueArn,
) -> Result<(), Refusal> {
    authorise::check_again(exchange, command).await?;
    encryption::check_opening(exchange, queue)
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

/// A message's record, whose content may be sealed.
enum Record<'a> {
    Sent(MessageRecord<'a>),
    Published(PublishedRecord<'a>, &'a Delivery),
}

impl<'a> Record<'a> {
    fn message(&self) -> &MessageRecord<'a> {
        match self {
            Self::Sent(message) => message,
            Self::Published(published, _) => &published.message,
        }
    }
}

/// A damaged record is left out, as one is that cannot be read.
fn parse<'a>(received: &'a Received, record: &'a [u8]) -> Option<(&'a Received, Record<'a>)> {
    let parsed = match received.delivery {
        None => MessageRecord::decode(record).map(Record::Sent),
        Some(ref delivery) => {
            PublishedRecord::decode(record).map(|published| Record::Published(published, delivery))
        }
    };
    sound(received, parsed).map(|parsed| (received, parsed))
}

fn sound<T>(received: &Received, result: Result<T, Damaged>) -> Option<T> {
    let position = received.location.position;
    result.inspect_err(|damaged| error!(position, "the record of a message is {damaged}")).ok()
}

/// A message with its content as it was sent.
type Opened<'a> = (&'a Received, Record<'a>, Cow<'a, [u8]>);

/// Opens what is sealed. What its key does not let the caller read is left out, and stays in flight
/// until its timeout, so that others are not held up by it; if that is all there is, the caller is
/// told why. In a FIFO queue what follows it in its group goes back, to come after it.
async fn open<'a>(
    exchange: &Exchange<'_>,
    queue: &QueueArn,
    records: Vec<(&'a Received, Record<'a>)>,
) -> Result<Vec<Opened<'a>>, Refusal> {
    let receipts = records.iter().map(|(received, _)| received.receipt).collect();
    let mut unopened = Unopened { broker: exchange.broker, receipts };
    let with_delivery = |(received, record): &(&'a Received, Record<'a>)| {
        (record.message().clone(), received.delivery.as_deref())
    };
    let sealed: Vec<_> = records.iter().map(with_delivery).collect();
    let contents = encryption::open(exchange, queue, &sealed).await;
    unopened.receipts.clear();
    let mut opened = Vec::with_capacity(records.len());
    let (mut refusal, mut held_groups, mut held) = (None, Vec::new(), Vec::new());
    for ((received, record), content) in records.into_iter().zip(contents) {
        let group = record.message().group;
        if held_groups.contains(&group) {
            held.push(received.receipt);
            continue;
        }
        match content {
            Ok(content) => opened.push((received, record, content)),
            Err(refused) => {
                if queue.name.is_fifo() {
                    held_groups.push(group);
                }
                refusal = Some(refused);
            }
        }
    }
    if !held.is_empty() {
        exchange.broker.return_messages(held);
    }
    match refusal {
        Some(refusal) if opened.is_empty() => Err(refusal),
        _ => Ok(opened),
    }
}

/// Messages that go back to the queue when this is dropped: whoever waited for them went away while
/// they were opened.
struct Unopened<'a> {
    broker: &'a Broker,
    receipts: Vec<Receipt>,
}

impl Drop for Unopened<'_> {
    fn drop(&mut self) {
        if !self.receipts.is_empty() {
            self.broker.return_messages(std::mem::take(&mut self.receipts));
        }
    }
}

/// What a message carries.
enum Decoded<'a> {
    Sent(&'a MessageRecord<'a>, Content<'a>),
    Published(&'a PublishedRecord<'a>, PublishedContent<'a>, &'a Delivery),
}

fn decode<'a>((received, record, content): &'a Opened<'a>) -> Option<(&'a Received, Decoded<'a>)> {
    let decoded = match record {
        Record::Sent(message) => {
            Content::decode(content).map(|content| Decoded::Sent(message, content))
        }
        Record::Published(published, delivery) => PublishedContent::decode(content)
            .map(|content| Decoded::Published(published, content, delivery)),
    };
    sound(received, decoded).map(|decoded| (*received, decoded))
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
