//! Statements in the policies of queues.

use tidings_aws::Refusal;
use tidings_aws::sqs::{AddPermission, RemovePermission};

use crate::exchange::Exchange;

pub(super) async fn add(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = exchange.input::<AddPermission<'_>>()?.command(&exchange.caller())?;
    exchange.ask_and_acknowledge(command).await
}

pub(super) async fn remove(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = exchange.input::<RemovePermission<'_>>()?.command(&exchange.caller())?;
    exchange.ask_and_acknowledge(command).await
}
