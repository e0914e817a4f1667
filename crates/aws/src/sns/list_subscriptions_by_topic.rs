//! ListSubscriptionsByTopic. Its output is [`SubscriptionsOutput`](super::SubscriptionsOutput).

use tidings_core::command::TopicCommand;
use tidings_core::limits;
use tidings_core::rejection::TopicRejection;

use super::caller::Caller;
use super::checks::Required;
use super::page;
use crate::query::Fields;

/// What is asked of the core.
///
/// # Errors
/// ValidationError if the topic is missing, InvalidParameter if the token is none of ours; errors
/// of [`Caller`] for the topic.
pub fn command(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<TopicCommand, TopicRejection> {
    let mut required = Required::default();
    let arn = required.text(fields, "TopicArn");
    required.check()?;
    Ok(TopicCommand::ListSubscriptionsByTopic {
        arn: caller.topic("TopicArn", &arn)?,
        after: page::subscription_before(fields)?,
        max: limits::TOPIC_LIST_RESULTS,
    })
}

#[cfg(test)]
mod tests {
    use crate::action::SnsAction;
    use crate::sns::testing::{ARN, TOPIC, command, missing, refused};

    const ACTION: SnsAction = SnsAction::ListSubscriptionsByTopic;

    #[test]
    fn a_page_is_asked_for() {
        for (form, after) in [("", "None"), ("&NextToken=AAABAA%3D%3D", "Some(256)")] {
            let expected =
                format!("ListSubscriptionsByTopic {{ arn: {ARN}, after: {after}, max: 100 }}");
            assert_eq!(command(ACTION, &format!("TopicArn={TOPIC}{form}")), Ok(expected));
        }
        let form = format!("TopicArn={TOPIC}&NextToken=x");
        assert_eq!(command(ACTION, &form), Err(refused("NextToken")));
        assert_eq!(command(ACTION, "NextToken=x"), Err(missing(&["topicArn"])));
    }
}
