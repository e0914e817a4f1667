//! DeleteTopic.

use tidings_core::command::TopicCommand;
use tidings_core::rejection::TopicRejection;

use super::caller::Caller;
use super::checks::Required;
use crate::query::Fields;

/// What is asked of the core.
///
/// # Errors
/// ValidationError if the parameter is missing; errors of [`Caller`] for the topic.
pub fn command(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<TopicCommand, TopicRejection> {
    let mut required = Required::default();
    let arn = required.text(fields, "TopicArn");
    required.check()?;
    Ok(TopicCommand::DeleteTopic { arn: caller.topic("TopicArn", &arn)? })
}

#[cfg(test)]
mod tests {
    use crate::action::SnsAction;
    use crate::sns::testing::{ARN, TOPIC, command, missing};

    const ACTION: SnsAction = SnsAction::DeleteTopic;

    #[test]
    fn the_topic_is_all_that_is_asked() {
        let asked = command(ACTION, &format!("TopicArn={TOPIC}"));
        assert_eq!(asked, Ok(format!("DeleteTopic {{ arn: {ARN} }}")));
        assert_eq!(command(ACTION, ""), Err(missing(&["topicArn"])));
    }
}
