//! Tags of topics.

use tidings_aws::Refusal;
use tidings_aws::sns::list_tags_for_resource::{self, ListTagsForResourceOutput};
use tidings_aws::sns::{EmptyOutput, tag_resource, untag_resource};
use tidings_core::command::{Reply, TopicCommand};

use super::ask;
use crate::exchange::{Exchange, unexpected};

pub(super) async fn tag(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = tag_resource::command(&exchange.fields(), &exchange.topic_caller())?;
    answer_with_nothing(exchange, command).await
}

pub(super) async fn untag(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = untag_resource::command(&exchange.fields(), &exchange.topic_caller())?;
    answer_with_nothing(exchange, command).await
}

async fn answer_with_nothing(
    exchange: &Exchange<'_>,
    command: TopicCommand,
) -> Result<Vec<u8>, Refusal> {
    match ask(exchange, command).await? {
        Reply::Done => Ok(exchange.answer_with(&EmptyOutput)),
        reply => Err(unexpected(&reply)),
    }
}

pub(super) async fn list(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = list_tags_for_resource::command(&exchange.fields(), &exchange.topic_caller())?;
    match ask(exchange, command).await? {
        Reply::Tags(tags) => Ok(exchange.answer_with(&ListTagsForResourceOutput { tags })),
        reply => Err(unexpected(&reply)),
    }
}
