//! Statements in the policies of topics.

use tidings_aws::Refusal;
use tidings_aws::sns::{add_permission, remove_permission};

use super::ask_and_acknowledge;
use crate::exchange::Exchange;

pub(super) async fn add(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = add_permission::command(&exchange.fields(), &exchange.topic_caller())?;
    ask_and_acknowledge(exchange, command).await
}

pub(super) async fn remove(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = remove_permission::command(&exchange.fields(), &exchange.topic_caller())?;
    ask_and_acknowledge(exchange, command).await
}
