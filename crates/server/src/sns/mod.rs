//! Amazon SNS: each action as calls of the broker.
//!
//! `tidings-aws` decodes, checks and renders; the core decides. What is left is the way between
//! them.

mod applications;
mod direct;
mod permissions;
mod publish;
mod subscriptions;
mod tags;
mod texts;
mod topics;

use tidings_aws::{Refusal, Service, SnsAction};
use tidings_core::command::{Command, Reply, TopicCommand};

use crate::exchange::{Answer, Call, Exchange};
use crate::request::Shared;

/// Answers a call, whatever it is.
pub(crate) async fn answer(shared: &Shared, call: &Call, action: SnsAction) -> Answer {
    match perform(shared, call, action).await {
        Ok(body) => Answer::success(call.protocol, body),
        Err(refusal) => refusal.answer(Service::Sns, call.protocol, call.request_id),
    }
}

/// Carries an action out; the body of the answer to it.
pub(crate) async fn perform(
    shared: &Shared,
    call: &Call,
    action: SnsAction,
) -> Result<Vec<u8>, Refusal> {
    let exchange = &Exchange::new(shared, call)?;
    match action {
        SnsAction::AddPermission => permissions::add(exchange).await,
        SnsAction::CheckIfPhoneNumberIsOptedOut => texts::is_opted_out(exchange).await,
        SnsAction::ConfirmSubscription => subscriptions::confirm(exchange).await,
        SnsAction::CreateSMSSandboxPhoneNumber => texts::add_to_sandbox(exchange).await,
        SnsAction::CreateTopic => topics::create(exchange).await,
        SnsAction::DeleteSMSSandboxPhoneNumber => texts::remove_from_sandbox(exchange).await,
        SnsAction::DeleteTopic => topics::delete(exchange).await,
        SnsAction::GetDataProtectionPolicy => topics::data_protection_policy(exchange).await,
        SnsAction::GetSMSAttributes => texts::attributes(exchange).await,
        SnsAction::GetSMSSandboxAccountStatus => texts::sandbox_status(exchange).await,
        SnsAction::GetSubscriptionAttributes => subscriptions::attributes(exchange).await,
        SnsAction::GetTopicAttributes => topics::attributes(exchange).await,
        SnsAction::ListOriginationNumbers => texts::origination_numbers(exchange).await,
        SnsAction::ListPhoneNumbersOptedOut => texts::list_opted_out(exchange).await,
        SnsAction::ListSMSSandboxPhoneNumbers => texts::list_sandbox(exchange).await,
        SnsAction::ListSubscriptions => subscriptions::list(exchange).await,
        SnsAction::ListSubscriptionsByTopic => subscriptions::list_by_topic(exchange).await,
        SnsAction::ListTagsForResource => tags::list(exchange).await,
        SnsAction::ListTopics => topics::list(exchange).await,
        SnsAction::OptInPhoneNumber => texts::opt_in(exchange).await,
        SnsAction::Publish => publish::one(shared, exchange).await,
        SnsAction::PublishBatch => publish::batch(exchange).await,
        SnsAction::PutDataProtectionPolicy => topics::set_data_protection_policy(exchange).await,
        SnsAction::RemovePermission => permissions::remove(exchange).await,
        SnsAction::SetSMSAttributes => texts::set_attributes(exchange).await,
        SnsAction::SetSubscriptionAttributes => subscriptions::set_attribute(exchange).await,
        SnsAction::SetTopicAttributes => topics::set_attribute(exchange).await,
        SnsAction::Subscribe => subscriptions::subscribe(exchange).await,
        SnsAction::TagResource => tags::tag(exchange).await,
        SnsAction::Unsubscribe => subscriptions::unsubscribe(exchange).await,
        SnsAction::UntagResource => tags::untag(exchange).await,
        SnsAction::VerifySMSSandboxPhoneNumber => texts::verify(exchange).await,
        SnsAction::CreatePlatformApplication
        | SnsAction::CreatePlatformEndpoint
        | SnsAction::DeleteEndpoint
        | SnsAction::DeletePlatformApplication
        | SnsAction::GetEndpointAttributes
        | SnsAction::GetPlatformApplicationAttributes
        | SnsAction::ListEndpointsByPlatformApplication
        | SnsAction::ListPlatformApplications
        | SnsAction::SetEndpointAttributes
        | SnsAction::SetPlatformApplicationAttributes => {
            applications::perform(shared, exchange, action).await
        }
    }
}

/// Asks the broker, and waits until the reply holds.
async fn ask(exchange: &Exchange<'_>, command: TopicCommand) -> Result<Reply, Refusal> {
    exchange.ask(Command::Topic(command)).await
}

/// Asks the broker for something that it only acknowledges.
async fn ask_and_acknowledge(
    exchange: &Exchange<'_>,
    command: TopicCommand,
) -> Result<Vec<u8>, Refusal> {
    exchange.ask_and_acknowledge(Command::Topic(command)).await
}
