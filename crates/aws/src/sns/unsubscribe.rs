//! Unsubscribe.

use tidings_core::command::TopicCommand;
use tidings_core::names::Uuid;
use tidings_core::rejection::TopicRejection;

use super::caller::Caller;
use super::checks::Required;
use crate::query::Fields;

/// What is asked of the core, which knows who may end the subscription. `message_id` is a fresh id
/// for the message that tells the endpoint.
///
/// # Errors
/// ValidationError if the parameter is missing; errors of [`Caller`] for the subscription.
pub fn command(
    fields: &Fields<'_>,
    caller: &Caller<'_>,
    message_id: Uuid,
) -> Result<TopicCommand, TopicRejection> {
    let mut required = Required::default();
    let arn = required.text(fields, "SubscriptionArn");
    required.check()?;
    Ok(TopicCommand::Unsubscribe {
        arn: caller.any_subscription(&arn)?,
        caller: caller.is_signed.then_some(caller.account),
        message_id,
    })
}

#[cfg(test)]
mod tests {
    use crate::action::SnsAction;
    use crate::sns::testing::{
        ID, SUBSCRIPTION, SUBSCRIPTION_ARN, command, missing, refused, unsigned,
    };

    const ACTION: SnsAction = SnsAction::Unsubscribe;

    #[test]
    fn the_core_is_told_who_asks() {
        let form = format!("SubscriptionArn={SUBSCRIPTION}");
        let expected = |caller| {
            format!("Unsubscribe {{ arn: {SUBSCRIPTION_ARN}, caller: {caller}, message_id: {ID} }}")
        };
        assert_eq!(command(ACTION, &form), Ok(expected("Some(000000000042)")));
        assert_eq!(unsigned(ACTION, &form), Ok(expected("None")));
    }

    #[test]
    fn what_is_no_subscription_is_refused() {
        assert_eq!(command(ACTION, ""), Err(missing(&["subscriptionArn"])));
        for (arn, text) in [
            ("", "SubscriptionArn Reason: no value for required parameter"),
            ("x", "SubscriptionArn Reason: An ARN must have at least 6 elements, not 1"),
            ("arn:aws:sns:eu-west-1:000000000042:stock:x", "SubscriptionId"),
        ] {
            let form = format!("SubscriptionArn={arn}");
            assert_eq!(command(ACTION, &form), Err(refused(text)), "{arn}");
        }
    }
}
