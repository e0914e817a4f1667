//! Tags of queues.

use tidings_aws::Refusal;
use tidings_aws::sqs::{ListQueueTags, ListQueueTagsOutput, TagQueue, UntagQueue};
use tidings_core::command::Reply;

use crate::exchange::{Exchange, unexpected};

pub(super) async fn tag(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = exchange.input::<TagQueue<'_>>()?.command(&exchange.caller())?;
    exchange.ask_and_acknowledge(command).await
}

pub(super) async fn untag(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = exchange.input::<UntagQueue<'_>>()?.command(&exchange.caller())?;
    exchange.ask_and_acknowledge(command).await
}

pub(super) async fn list(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = exchange.input::<ListQueueTags<'_>>()?.command(&exchange.caller())?;
    match exchange.ask(command).await? {
        Reply::Tags(tags) => Ok(exchange.answer_with(&ListQueueTagsOutput { tags })),
        reply => Err(unexpected(&reply)),
    }
}
