//! Topics, their attributes and their documents.

use tidings_aws::Refusal;
use tidings_aws::sns::create_topic::{self, CreateTopicOutput};
use tidings_aws::sns::get_data_protection_policy::{self, GetDataProtectionPolicyOutput};
use tidings_aws::sns::list_topics::{self, ListTopicsOutput};
use tidings_aws::sns::{
    AttributesOutput, delete_topic, get_topic_attributes, put_data_protection_policy,
    set_topic_attributes,
};
use tidings_core::command::Reply;

use super::{ask, ask_and_acknowledge};
use crate::exchange::{Exchange, unexpected};

pub(super) async fn create(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let (command, arn) = create_topic::command(&exchange.fields(), &exchange.topic_caller())?;
    // Its messages will have to be signed.
    exchange.signer.prepare();
    match ask(exchange, command).await? {
        Reply::Done => Ok(exchange.answer_with(&CreateTopicOutput { arn })),
        reply => Err(unexpected(&reply)),
    }
}

pub(super) async fn delete(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = delete_topic::command(&exchange.fields(), &exchange.topic_caller())?;
    ask_and_acknowledge(exchange, command).await
}

pub(super) async fn list(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = list_topics::command(&exchange.fields(), &exchange.topic_caller())?;
    match ask(exchange, command).await? {
        Reply::Topics { topics, more } => {
            Ok(exchange.answer_with(&ListTopicsOutput { topics, more }))
        }
        reply => Err(unexpected(&reply)),
    }
}

pub(super) async fn attributes(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = get_topic_attributes::command(&exchange.fields(), &exchange.topic_caller())?;
    match ask(exchange, command).await? {
        Reply::Attributes(attributes) => Ok(exchange.answer_with(&AttributesOutput { attributes })),
        reply => Err(unexpected(&reply)),
    }
}

pub(super) async fn set_attribute(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = set_topic_attributes::command(&exchange.fields(), &exchange.topic_caller())?;
    ask_and_acknowledge(exchange, command).await
}

pub(super) async fn data_protection_policy(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let caller = exchange.topic_caller();
    let command = get_data_protection_policy::command(&exchange.fields(), &caller)?;
    match ask(exchange, command).await? {
        Reply::Text(policy) => Ok(exchange.answer_with(&GetDataProtectionPolicyOutput { policy })),
        reply => Err(unexpected(&reply)),
    }
}

pub(super) async fn set_data_protection_policy(
    exchange: &Exchange<'_>,
) -> Result<Vec<u8>, Refusal> {
    let caller = exchange.topic_caller();
    let command = put_data_protection_policy::command(&exchange.fields(), &caller)?;
    ask_and_acknowledge(exchange, command).await
}
