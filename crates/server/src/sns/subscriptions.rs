//! Subscriptions and their attributes.

use tidings_aws::Refusal;
use tidings_aws::sns::confirm_subscription::{self, ConfirmSubscriptionOutput};
use tidings_aws::sns::subscribe::{self, FreshIds, SubscribeOutput};
use tidings_aws::sns::{
    AttributesOutput, SubscriptionsOutput, get_subscription_attributes, list_subscriptions,
    list_subscriptions_by_topic, set_subscription_attributes, unsubscribe as end,
};
use tidings_core::command::{Reply, TopicCommand};
use tidings_core::names::SubscriptionProtocol;
use tidings_core::rejection::TopicRejection;
use tidings_couriers::{AddressGuard, GuardError, is_email_address};

use super::{ask, ask_and_acknowledge};
use crate::exchange::{Exchange, unexpected};
use crate::lambda;
use crate::mobile;

pub(super) async fn subscribe(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let ids = FreshIds { subscription: exchange.broker.uuid(), message: exchange.broker.uuid() };
    let caller = exchange.topic_caller();
    let (subscribe, wants_arn) = subscribe::command(&exchange.fields(), &caller, ids)?;
    if subscribe.protocol.is_web() {
        check_url(exchange.couriers.http.guard(), &subscribe.endpoint)?;
    }
    if subscribe.protocol.is_email() {
        check_mailbox(exchange.couriers.email.is_some(), subscribe.protocol, &subscribe.endpoint)?;
    }
    if subscribe.protocol == SubscriptionProtocol::Application {
        let whose = (caller.account, caller.region);
        mobile::check_endpoint(exchange.mobile, &subscribe.endpoint, whose)?;
    }
    if subscribe.protocol == SubscriptionProtocol::Sms {
        super::publish::check_gateway(exchange, "Protocol")?;
    }
    if subscribe.protocol == SubscriptionProtocol::Lambda {
        let courier = exchange.couriers.lambda.as_ref();
        lambda::check_endpoint(exchange.hosts_functions, courier, &subscribe.endpoint)?;
    }
    match ask(exchange, TopicCommand::Subscribe(subscribe)).await? {
        Reply::Subscribed { arn, is_pending } => {
            Ok(exchange.answer_with(&SubscribeOutput { arn, is_pending, wants_arn }))
        }
        reply => Err(unexpected(&reply)),
    }
}

/// Refuses at once what would be refused at every delivery.
fn check_url(guard: &AddressGuard, url: &str) -> Result<(), TopicRejection> {
    guard.check_url(url).map_err(|error| match error {
        GuardError::BadUrl(error) => {
            TopicRejection::parameter(format_args!("Endpoint Reason: {error}"))
        }
        GuardError::Refused(refused) => TopicRejection::AuthorizationError(refused.to_string()),
    })
}

/// The same for mail: there must be a server for it, and the address must be one.
fn check_mailbox(
    is_configured: bool,
    protocol: SubscriptionProtocol,
    address: &str,
) -> Result<(), TopicRejection> {
    if !is_configured {
        return Err(TopicRejection::parameter(format_args!(
            "Protocol Reason: this server does not deliver by the protocol {}: set server in [email] \
             of its configuration",
            protocol.as_str()
        )));
    }
    if !address.is_ascii() {
        return Err(TopicRejection::parameter(
            "Email address Reason: mail is sent to addresses in ASCII only; a domain has such a form \
             (xn--…), what is before the @ has none",
        ));
    }
    if !is_email_address(address) {
        return Err(TopicRejection::parameter("Email address"));
    }
    Ok(())
}

pub(super) async fn confirm(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = confirm_subscription::command(&exchange.fields(), &exchange.topic_caller())?;
    match ask(exchange, command).await? {
        Reply::Subscribed { arn, .. } => {
            Ok(exchange.answer_with(&ConfirmSubscriptionOutput { arn }))
        }
        reply => Err(unexpected(&reply)),
    }
}

pub(super) async fn unsubscribe(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let message_id = exchange.broker.uuid();
    let command = end::command(&exchange.fields(), &exchange.topic_caller(), message_id)?;
    ask_and_acknowledge(exchange, command).await
}

pub(super) async fn list(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let command = list_subscriptions::command(&exchange.fields(), &exchange.topic_caller())?;
    answer_with_page(exchange, command).await
}

pub(super) async fn list_by_topic(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let caller = exchange.topic_caller();
    let command = list_subscriptions_by_topic::command(&exchange.fields(), &caller)?;
    answer_with_page(exchange, command).await
}

async fn answer_with_page(
    exchange: &Exchange<'_>,
    command: TopicCommand,
) -> Result<Vec<u8>, Refusal> {
    match ask(exchange, command).await? {
        Reply::Subscriptions { subscriptions, last } => {
            Ok(exchange.answer_with(&SubscriptionsOutput { subscriptions, last }))
        }
        reply => Err(unexpected(&reply)),
    }
}

pub(super) async fn attributes(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let caller = exchange.topic_caller();
    let command = get_subscription_attributes::command(&exchange.fields(), &caller)?;
    match ask(exchange, command).await? {
        Reply::Attributes(attributes) => Ok(exchange.answer_with(&AttributesOutput { attributes })),
        reply => Err(unexpected(&reply)),
    }
}

pub(super) async fn set_attribute(exchange: &Exchange<'_>) -> Result<Vec<u8>, Refusal> {
    let caller = exchange.topic_caller();
    let command = set_subscription_attributes::command(&exchange.fields(), &caller)?;
    ask_and_acknowledge(exchange, command).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_that_is_not_allowed_is_refused() {
        let guard = AddressGuard::default();
        assert_eq!(check_url(&guard, "https://example.com/messages"), Ok(()));
        for url in ["http://127.0.0.1/", "http://localhost:8080", "http://169.254.169.254/"] {
            let refused = check_url(&guard, url);
            assert!(matches!(refused, Err(TopicRejection::AuthorizationError(_))), "{refused:?}");
        }
        let refused = check_url(&guard, "ftp://example.com/");
        assert!(matches!(refused, Err(TopicRejection::InvalidParameter(_))), "{refused:?}");
    }
}
