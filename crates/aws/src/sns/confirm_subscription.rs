//! ConfirmSubscription.

use tidings_core::command::TopicCommand;
use tidings_core::names::{SubscriptionArn, TopicArn};
use tidings_core::rejection::TopicRejection;

use super::caller::Caller;
use super::checks::Required;
use crate::query::Fields;
use crate::response::{Members, Output};

/// What is asked of the core. The token is proof enough: the caller may be anybody, and need not
/// have signed, unless only the owner shall end the subscription from now on.
///
/// # Errors
/// ValidationError if the topic or the token is missing, InvalidParameter if the topic is no ARN of
/// one or the token is empty, AuthorizationError if AuthenticateOnUnsubscribe is asked for without
/// a signature.
pub fn command(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<TopicCommand, TopicRejection> {
    let mut required = Required::default();
    let topic = required.text(fields, "TopicArn");
    let token = required.text(fields, "Token").into_string();
    required.check()?;
    let topic = TopicArn::parse(&topic).filter(|topic| caller.is_here(topic));
    let topic = topic.ok_or_else(|| TopicRejection::parameter("Topic"))?;
    if token.is_empty() {
        return Err(TopicRejection::parameter("Token"));
    }
    let authenticate_on_unsubscribe = fields
        .text("AuthenticateOnUnsubscribe")
        .is_some_and(|value| value.eq_ignore_ascii_case("true"));
    if authenticate_on_unsubscribe && !caller.is_signed {
        let text = "AuthenticateOnUnsubscribe needs a signed request.";
        return Err(TopicRejection::AuthorizationError(text.to_owned()));
    }
    Ok(TopicCommand::ConfirmSubscription { topic, token, authenticate_on_unsubscribe })
}

/// The output of ConfirmSubscription.
#[derive(Debug)]
pub struct ConfirmSubscriptionOutput {
    /// The subscription.
    pub arn: SubscriptionArn,
}

impl Output for ConfirmSubscriptionOutput {
    fn write(&self, members: &mut Members<'_>) {
        members.text("SubscriptionArn", &self.arn.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SnsAction;
    use crate::sns::testing::{
        ARN, SUBSCRIPTION, TOPIC, assert_written, command, missing, refused, subscription, unsigned,
    };

    const ACTION: SnsAction = SnsAction::ConfirmSubscription;

    fn confirm(authenticate: bool) -> String {
        format!(
            "ConfirmSubscription {{ topic: {ARN}, token: \"abc\", \
             authenticate_on_unsubscribe: {authenticate} }}"
        )
    }

    #[test]
    fn topic_and_token_go_to_the_core() {
        for (value, authenticate) in [("", false), ("false", false), ("true", true)] {
            let form = format!("TopicArn={TOPIC}&Token=abc&AuthenticateOnUnsubscribe={value}");
            assert_eq!(command(ACTION, &form), Ok(confirm(authenticate)), "{value}");
        }
        let link = format!("TopicArn={TOPIC}&Token=abc");
        assert_eq!(unsigned(ACTION, &link), Ok(confirm(false)));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        assert_eq!(command(ACTION, ""), Err(missing(&["topicArn", "token"])));
        let of = |topic: &str| format!("TopicArn={topic}&Token=abc");
        let elsewhere = of("arn:aws:sns:us-east-1:000000000042:stock");
        for form in [&of("x"), &of(SUBSCRIPTION), &elsewhere] {
            assert_eq!(command(ACTION, form), Err(refused("Topic")), "{form}");
        }
        assert!(unsigned(ACTION, &elsewhere).is_ok());
        let form = format!("TopicArn={TOPIC}&Token=");
        assert_eq!(command(ACTION, &form), Err(refused("Token")));
        let form = format!("TopicArn={TOPIC}&Token=abc&AuthenticateOnUnsubscribe=true");
        let text = "AuthenticateOnUnsubscribe needs a signed request.".to_owned();
        assert_eq!(unsigned(ACTION, &form), Err(TopicRejection::AuthorizationError(text).into()));
    }

    #[test]
    fn the_subscription_is_named_in_full() {
        let output = ConfirmSubscriptionOutput { arn: subscription() };
        let members = format!("<SubscriptionArn>{SUBSCRIPTION}</SubscriptionArn>");
        assert_written(ACTION, &output, &members);
    }
}
