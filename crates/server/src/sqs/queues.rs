//! Queues and their attributes.

use tidings_aws::Refusal;
use tidings_aws::sqs::{
    CreateQueue, DeleteQueue, GetQueueAttributes, GetQueueAttributesOutput, GetQueueUrl,
    ListDeadLetterSourceQueues, ListQueues, PurgeQueue, QueueUrlOutput, SetQueueAttributes,
    queue_url,
};
use tidings_core::command::{Command, Reply};
use tidings_core::names::QueueArn;

use crate::exchange::{Exchange, unexpected};

pub(super) async fn create(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let (command, arn) = exchange.input::<CreateQueue<'_>>()?.command(&exchange.caller())?;
    answer_with_url(exchange, command, &arn).await
}

pub(super) async fn url(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let (command, arn) = exchange.input::<GetQueueUrl<'_>>()?.command(&exchange.caller())?;
    answer_with_url(exchange, command, &arn).await
}

async fn answer_with_url(
    exchange: &Exchange<'_>,
    command: Command,
    arn: &QueueArn,
) -> Result<Vec<u8>, Refusal> {
    match exchange.ask(command).await? {
        Reply::Done => {
            let queue_url = queue_url(&exchange.call.base_url, arn);
            Ok(exchange.answer_with(&QueueUrlOutput { queue_url }))
        }
        reply => Err(unexpected(&reply)),
    }
}

pub(super) async fn delete(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = exchange.input::<DeleteQueue<'_>>()?.command(&exchange.caller())?;
    exchange.ask_and_acknowledge(command).await
}

pub(super) async fn purge(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = exchange.input::<PurgeQueue<'_>>()?.command(&exchange.caller())?;
    exchange.ask_and_acknowledge(command).await
}

pub(super) async fn set_attributes(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = exchange.input::<SetQueueAttributes<'_>>()?.command(&exchange.caller())?;
    exchange.ask_and_acknowledge(command).await
}

pub(super) async fn attributes(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = exchange.input::<GetQueueAttributes<'_>>()?.command(&exchange.caller())?;
    match exchange.ask(command).await? {
        Reply::Attributes(attributes) => {
            Ok(exchange.answer_with(&GetQueueAttributesOutput { attributes }))
        }
        reply => Err(unexpected(&reply)),
    }
}

pub(super) async fn list(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let (command, is_sized) = exchange.input::<ListQueues<'_>>()?.command(&exchange.caller())?;
    match exchange.ask(command).await? {
        Reply::Queues { queues, more } => {
            let base_url = &exchange.call.base_url;
            let output = ListQueues::output(is_sized, base_url, &queues, more);
            Ok(exchange.answer_with(&output))
        }
        reply => Err(unexpected(&reply)),
    }
}

pub(super) async fn dead_letter_sources(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let input: ListDeadLetterSourceQueues<'_> = exchange.input()?;
    let (command, is_sized) = input.command(&exchange.caller())?;
    match exchange.ask(command).await? {
        Reply::Queues { queues, more } => {
            let base_url = &exchange.call.base_url;
            let output = ListDeadLetterSourceQueues::output(is_sized, base_url, &queues, more);
            Ok(exchange.answer_with(&output))
        }
        reply => Err(unexpected(&reply)),
    }
}
