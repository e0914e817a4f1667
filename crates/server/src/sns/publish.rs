//! Publish and PublishBatch.

use tidings_aws::sns::publish::{self, PublishOutput};
use tidings_aws::sns::publish_batch::{self, PublishBatchOutput};
use tidings_aws::{Refusal, WireError};
use tidings_core::command::{Command, Published, Reply, TopicCommand};
use tidings_core::names::SubscriptionProtocol;
use tidings_core::rejection::{Rejection, TopicRejection};

use super::{ask, direct};
use crate::encryption;
use crate::exchange::{Exchange, unexpected};
use crate::request::Shared;

pub(super) async fn one(shared: &Shared, exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let caller = exchange.topic_caller();
    let trace_header = exchange.call.trace_id_header.as_deref();
    let message_id = exchange.broker.uuid();
    let command = publish::command(&exchange.fields(), &caller, trace_header, message_id)?;
    match command {
        TopicCommand::PublishDirect { protocol: SubscriptionProtocol::Application, .. } => {
            let published = direct::to_app(shared, exchange, command).await?;
            return Ok(exchange.answer_with(&PublishOutput { published }));
        }
        TopicCommand::PublishDirect { protocol: SubscriptionProtocol::Sms, .. } => {
            check_gateway(exchange, "PhoneNumber")?;
        }
        _ => {}
    }
    let mut answers = publish_all(exchange, command).await?;
    match answers.pop() {
        Some(published) if answers.is_empty() => {
            Ok(exchange.answer_with(&PublishOutput { published: published? }))
        }
        _ => Err(WireError::InternalFailure.into()),
    }
}

/// Refuses at once what nobody would send. `parameter` is what asks for it.
pub(super) fn check_gateway(
    exchange: &Exchange<'_>,
    parameter: &str,
) -> Result<(), TopicRejection> {
    match exchange.couriers.sms {
        Some(_) => Ok(()),
        None => Err(TopicRejection::parameter(format_args!(
            "{parameter} Reason: this server sends no text messages: set server in [sms] of its \
             configuration"
        ))),
    }
}

pub(super) async fn batch(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let caller = exchange.topic_caller();
    let trace_header = exchange.call.trace_id_header.as_deref();
    let message_id = || exchange.broker.uuid();
    let (command, outcome) =
        publish_batch::command(&exchange.fields(), &caller, trace_header, message_id)?;
    let answers = match command {
        TopicCommand::Publish { .. } => publish_all(exchange, command).await?,
        // Only whether the topic is there is asked, as no message passed its checks.
        command => {
            ask(exchange, command).await?;
            Vec::new()
        }
    };
    Ok(exchange.answer_with(&PublishBatchOutput(outcome.settle(answers))))
}

/// Publishes messages: at once, or in as many steps as the broker wants, which may ask for the keys
/// of encrypted queues in between.
async fn publish_all(
    exchange: &Exchange<'_>,
    command: TopicCommand,
) -> Result<Vec<Result<Published, Rejection>>, Refusal> {
    let topic = match &command {
        TopicCommand::Publish { arn, .. } => arn.clone(),
        // One message, which no queue gets and no key seals.
        TopicCommand::PublishDirect { .. } => {
            return match ask(exchange, command).await? {
                Reply::Published { published, .. } => Ok(published),
                reply => Err(unexpected(&reply)),
            };
        }
        _ => return Err(WireError::InternalFailure.into()),
    };
    let mut reply = ask(exchange, command).await?;
    let mut answers = Vec::new();
    loop {
        let (mut left, to_ask) = match reply {
            Reply::Published { mut published, left, to_ask } => {
                answers.append(&mut published);
                (left, to_ask)
            }
            reply => return Err(unexpected(&reply)),
        };
        if left.is_empty() {
            return Ok(answers);
        }
        if !to_ask.is_empty() {
            let asked =
                encryption::ask_keys(&encryption::Keys::of(exchange), &topic, to_ask).await?;
            for message in &mut left {
                message.keys.extend(asked.clone());
            }
        }
        let publish = TopicCommand::Publish { arn: topic.clone(), messages: left };
        // What is left was judged and sealed with what went before.
        reply = exchange.ask_freely(Command::Topic(publish)).await?;
    }
}
