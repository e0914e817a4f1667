//! Publish and PublishBatch.

use tidings_aws::Refusal;
use tidings_aws::sns::publish::{self, PublishOutput};
use tidings_aws::sns::publish_batch::{self, PublishBatchOutput};
use tidings_core::command::{Command, Reply, TopicCommand};

use super::ask;
use crate::exchange::{Exchange, unexpected};

pub(super) async fn one(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let caller = exchange.topic_caller();
    let trace_header = exchange.call.trace_id_header.as_deref();
    let message_id = exchange.broker.uuid();
    let command = publish::command(&exchange.fields(), &caller, trace_header, message_id)?;
    match ask(exchange, command).await? {
        Reply::Published { mut published, left } if published.len() == 1 && left.is_empty() => {
            let published = published.remove(0)?;
            Ok(exchange.answer_with(&PublishOutput { published }))
        }
        reply => Err(unexpected(&reply)),
    }
}

pub(super) async fn batch(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let caller = exchange.topic_caller();
    let trace_header = exchange.call.trace_id_header.as_deref();
    let message_id = || exchange.broker.uuid();
    let (mut command, outcome) =
        publish_batch::command(&exchange.fields(), &caller, trace_header, message_id)?;
    let mut answers = Vec::new();
    let mut is_first = true;
    loop {
        let topic = match &command {
            TopicCommand::Publish { arn, .. } => Some(arn.clone()),
            _ => None,
        };
        let asked = Command::Topic(command);
        // What is left was judged with what went before.
        let reply = match std::mem::take(&mut is_first) {
            true => exchange.ask(asked).await?,
            false => exchange.ask_freely(asked).await?,
        };
        match (reply, topic) {
            (Reply::Published { mut published, left }, Some(arn)) => {
                answers.append(&mut published);
                if left.is_empty() {
                    break;
                }
                command = TopicCommand::Publish { arn, messages: left };
            }
            // Only whether the topic is there was asked, as no message passed its checks.
            (Reply::Attributes(_), _) => break,
            (reply, _) => return Err(unexpected(&reply)),
        }
    }
    Ok(exchange.answer_with(&PublishBatchOutput(outcome.settle(answers))))
}
