//! Publish to one endpoint, rather than to a topic.

use tidings_aws::{Refusal, WireError};
use tidings_core::command::{Command, Publication, Published, Reply, TopicCommand};
use tidings_core::publication::PublishedContent;

use crate::authorise::{Question, nameless};
use crate::caller::Standing;
use crate::exchange::{Exchange, unexpected};
use crate::mobile;
use crate::request::Shared;

/// Publishes to an app on a device, if the caller may, and if the endpoint takes such a message.
pub(super) async fn to_app(
    shared: &Shared,
    exchange: &Exchange<'_>,
    publish: TopicCommand,
) -> Result<Published, Refusal> {
    let TopicCommand::PublishDirect { outbox, message, .. } = &publish else {
        return Err(WireError::InternalFailure.into());
    };
    let fault = |_| WireError::InternalFailure;
    let content = PublishedContent::decode(&message.content).map_err(fault)?;
    if let Standing::Anonymous = exchange.call.caller.standing {
        return Err(nameless(shared, exchange.call).into());
    }
    if let Some(judge) = exchange.judge() {
        let target = content.target.unwrap_or_default();
        let question = Question::new("sns:Publish", target, outbox.account);
        judge.decide(&question).map_err(WireError::AccessDenied)?;
    }
    check(exchange, message, &content)?;
    match exchange.ask_freely(Command::Topic(publish)).await? {
        Reply::Published { mut published, .. } if published.len() == 1 => Ok(published.remove(0)?),
        reply => Err(unexpected(&reply)),
    }
}

fn check(
    exchange: &Exchange<'_>,
    message: &Publication,
    content: &PublishedContent<'_>,
) -> Result<(), Refusal> {
    let now = exchange.broker.now();
    Ok(mobile::check_publish(exchange.mobile, content, message.message_id, now)?)
}
