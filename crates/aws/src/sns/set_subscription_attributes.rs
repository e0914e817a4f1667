//! SetSubscriptionAttributes: one attribute, in spite of the name.

use tidings_core::command::TopicCommand;
use tidings_core::rejection::TopicRejection;

use super::caller::Caller;
use super::checks::Required;
use crate::query::Fields;

/// What is asked of the core. An attribute without a value gets an empty one.
///
/// # Errors
/// ValidationError if the subscription or the attribute's name is missing; errors of [`Caller`] for the
/// subscription.
pub fn command(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<TopicCommand, TopicRejection> {
    let mut required = Required::default();
    let arn = required.text(fields, "SubscriptionArn");
    let name = required.text(fields, "AttributeName").into_string();
    required.check()?;
    let value = fields.text("AttributeValue").unwrap_or_default().into_string();
    let (arn, caller) = (caller.subscription(&arn)?, caller.account);
    Ok(TopicCommand::SetSubscriptionAttribute { arn, caller, name, value })
}

#[cfg(test)]
mod tests {
    use crate::action::SnsAction;
    use crate::sns::testing::{SUBSCRIPTION, SUBSCRIPTION_ARN, command, missing};

    const ACTION: SnsAction = SnsAction::SetSubscriptionAttributes;

    #[test]
    fn one_attribute_goes_to_the_core() {
        for (form, value) in [("&AttributeValue=%22v%22", "\"v\""), ("", "")] {
            let form = format!("SubscriptionArn={SUBSCRIPTION}&AttributeName=n{form}");
            let expected = format!(
                "SetSubscriptionAttribute {{ arn: {SUBSCRIPTION_ARN}, caller: 000000000042, \
                 name: \"n\", value: {value:?} }}"
            );
            assert_eq!(command(ACTION, &form), Ok(expected));
        }
        let missing = missing(&["subscriptionArn", "attributeName"]);
        assert_eq!(command(ACTION, "AttributeValue=v"), Err(missing));
    }
}
