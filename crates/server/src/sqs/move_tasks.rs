//! Message move tasks.

use tidings_aws::Refusal;
use tidings_aws::sqs::{
    CancelMessageMoveTask, CancelMessageMoveTaskOutput, ListMessageMoveTasks,
    ListMessageMoveTasksOutput, StartMessageMoveTask,
};
use tidings_core::command::Reply;

use crate::exchange::{Exchange, unexpected};

pub(super) async fn start(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let task = exchange.broker.uuid();
    let input = exchange.input::<StartMessageMoveTask<'_>>()?;
    let (command, output) = input.command(&exchange.caller(), task)?;
    match exchange.ask(command).await? {
        Reply::MoveTaskStarted => Ok(exchange.answer_with(&output)),
        reply => Err(unexpected(&reply)),
    }
}

pub(super) async fn cancel(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = exchange.input::<CancelMessageMoveTask<'_>>()?.command(&exchange.caller())?;
    match exchange.ask(command).await? {
        Reply::MoveTaskCancelled { moved } => {
            Ok(exchange.answer_with(&CancelMessageMoveTaskOutput { moved }))
        }
        reply => Err(unexpected(&reply)),
    }
}

pub(super) async fn list(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = exchange.input::<ListMessageMoveTasks<'_>>()?.command(&exchange.caller())?;
    match exchange.ask(command).await? {
        Reply::MoveTasks(tasks) => Ok(exchange.answer_with(&ListMessageMoveTasksOutput { tasks })),
        reply => Err(unexpected(&reply)),
    }
}
