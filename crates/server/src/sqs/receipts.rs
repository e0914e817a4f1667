//! What is done with receipt handles: deletes and changes of visibility.

use tidings_aws::Refusal;
use tidings_aws::sqs::{
    ChangeMessageVisibility, ChangeMessageVisibilityBatch, DeleteMessage, DeleteMessageBatch,
};
use tidings_core::command::{Command, Reply};
use tidings_core::rejection::Rejection;

use crate::exchange::{Exchange, unexpected};

pub(super) async fn delete(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let key = exchange.broker.receipt_key();
    let command = exchange.input::<DeleteMessage<'_>>()?.command(&exchange.caller(), &key)?;
    ask_of_one(exchange, command).await
}

pub(super) async fn change_visibility(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let key = exchange.broker.receipt_key();
    let input: ChangeMessageVisibility<'_> = exchange.input()?;
    let command = input.command(&exchange.caller(), &key)?;
    ask_of_one(exchange, command).await
}

pub(super) async fn delete_batch(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let key = exchange.broker.receipt_key();
    let input: DeleteMessageBatch<'_> = exchange.input()?;
    let (command, outcome) = input.command(&exchange.caller(), &key)?;
    let answers = ask_of_each(exchange, command).await?;
    Ok(exchange.answer_with(&outcome.settle(answers)))
}

pub(super) async fn change_visibility_batch(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let key = exchange.broker.receipt_key();
    let input: ChangeMessageVisibilityBatch<'_> = exchange.input()?;
    let (command, outcome) = input.command(&exchange.caller(), &key)?;
    let answers = ask_of_each(exchange, command).await?;
    Ok(exchange.answer_with(&outcome.settle(answers)))
}

async fn ask_of_one(exchange: &Exchange<'_>, command: Command) -> Result<Vec<u8>, Refusal> {
    match exchange.ask(command).await? {
        Reply::Each(mut answers) if answers.len() == 1 => {
            answers.remove(0)?;
            Ok(exchange.acknowledge())
        }
        reply => Err(unexpected(&reply)),
    }
}

async fn ask_of_each(
    exchange: &Exchange<'_>,
    command: Command,
) -> Result<Vec<Result<(), Rejection>>, Refusal> {
    match exchange.ask(command).await? {
        Reply::Each(answers) => Ok(answers),
        // Only whether the queue is there was asked, as no entry passed its checks.
        Reply::Done => Ok(Vec::new()),
        reply => Err(unexpected(&reply)),
    }
}
