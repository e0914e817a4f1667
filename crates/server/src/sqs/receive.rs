//! ReceiveMessage.

use tidings_aws::sqs::{ReceiveMessage, ReceiveMessageOutput, ReceivedMessage};
use tidings_aws::{Refusal, WireError};
use tidings_core::command::{Received, Reply};
use tidings_core::message::Content;
use tidings_core::receipt::ReceiptKey;
use tidings_core::record::MessageRecord;
use tracing::error;

use super::exchange::{Exchange, unexpected};

pub(super) async fn receive(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let (command, wanted) = exchange.input::<ReceiveMessage<'_>>()?.command(&exchange.caller())?;
    let received = match exchange.ask(command).await? {
        Reply::Received(received) => received,
        reply => return Err(unexpected(&reply)),
    };
    let records = read_records(exchange, &received).await;
    let key = exchange.broker.receipt_key();
    let messages: Vec<ReceivedMessage<'_>> =
        records.iter().filter_map(|(received, record)| decode(received, record, &key)).collect();
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

fn decode<'a>(
    received: &'a Received,
    record: &'a [u8],
    key: &ReceiptKey,
) -> Option<ReceivedMessage<'a>> {
    let decoded = MessageRecord::decode(record)
        .and_then(|record| Content::decode(record.content).map(|content| (record, content)));
    match decoded {
        Ok((record, content)) => {
            let receipt_handle = key.seal(received.receipt);
            Some(ReceivedMessage { received, receipt_handle, record, content })
        }
        Err(damaged) => {
            let position = received.location.position;
            error!(position, "the record of a message is {damaged}");
            None
        }
    }
}
