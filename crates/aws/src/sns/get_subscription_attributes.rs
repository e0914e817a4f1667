//! GetSubscriptionAttributes. Its output is [`AttributesOutput`](super::AttributesOutput).

use tidings_core::command::TopicCommand;
use tidings_core::rejection::TopicRejection;

use super::caller::Caller;
use super::checks::Required;
use crate::query::Fields;

/// What is asked of the core.
///
/// # Errors
/// ValidationError if the parameter is missing; errors of [`Caller`] for the subscription.
pub fn command(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<TopicCommand, TopicRejection> {
    let mut required = Required::default();
    let arn = required.text(fields, "SubscriptionArn");
    required.check()?;
    let arn = caller.subscription(&arn)?;
    Ok(TopicCommand::SubscriptionAttributes { arn, caller: caller.account })
}

#[cfg(test)]
mod tests {
    use crate::action::SnsAction;
    use crate::sns::AttributesOutput;
    use crate::sns::testing::{SUBSCRIPTION, SUBSCRIPTION_ARN, assert_written, command, missing};

    const ACTION: SnsAction = SnsAction::GetSubscriptionAttributes;

    #[test]
    fn the_subscription_is_all_that_is_asked() {
        let asked = command(ACTION, &format!("SubscriptionArn={SUBSCRIPTION}"));
        assert_eq!(
            asked,
            Ok(format!(
                "SubscriptionAttributes {{ arn: {SUBSCRIPTION_ARN}, caller: 000000000042 }}"
            ))
        );
        assert_eq!(command(ACTION, ""), Err(missing(&["subscriptionArn"])));
    }

    #[test]
    fn attributes_are_written() {
        let attributes =
            vec![("Protocol", "sqs".to_owned()), ("FilterPolicy", "{\"a\":[1]}".to_owned())];
        let members = "<Attributes><entry><key>Protocol</key><value>sqs</value></entry><entry>\
                       <key>FilterPolicy</key><value>{&quot;a&quot;:[1]}</value></entry>\
                       </Attributes>";
        assert_written(ACTION, &AttributesOutput { attributes }, members);
    }
}
