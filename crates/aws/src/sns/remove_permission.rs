//! RemovePermission.

use tidings_core::command::TopicCommand;
use tidings_core::rejection::TopicRejection;

use super::caller::Caller;
use super::checks::Required;
use crate::query::Fields;

/// What is asked of the core.
///
/// # Errors
/// ValidationError if a parameter is missing; errors of [`Caller`] for the topic.
pub fn command(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<TopicCommand, TopicRejection> {
    let mut required = Required::default();
    let arn = required.text(fields, "TopicArn");
    let label = required.text(fields, "Label").into_string();
    required.check()?;
    Ok(TopicCommand::RemovePermission { arn: caller.topic("TopicArn", &arn)?, label })
}

#[cfg(test)]
mod tests {
    use crate::action::SnsAction;
    use crate::sns::testing::{ARN, TOPIC, command, missing};

    const ACTION: SnsAction = SnsAction::RemovePermission;

    #[test]
    fn the_label_goes_to_the_core() {
        let asked = command(ACTION, &format!("TopicArn={TOPIC}&Label=l"));
        assert_eq!(asked, Ok(format!("RemovePermission {{ arn: {ARN}, label: \"l\" }}")));
        assert_eq!(command(ACTION, ""), Err(missing(&["topicArn", "label"])));
    }
}
