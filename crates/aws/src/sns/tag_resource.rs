//! TagResource. Its output is empty.

use tidings_core::command::TopicCommand;
use tidings_core::names::TopicArn;
use tidings_core::rejection::TopicRejection;

use super::caller::Caller;
use super::checks::Required;
use super::pairs;
use crate::query::Fields;

/// What is asked of the core, which also checks the tags.
///
/// # Errors
/// ValidationError if a parameter is missing; errors of [`Caller`] for the topic, but
/// ResourceNotFound if it is another account's.
pub fn command(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<TopicCommand, TopicRejection> {
    let mut required = Required::default();
    let arn = required.text(fields, "ResourceArn");
    let tags = required.list("Tags", pairs::tags(fields));
    required.check()?;
    Ok(TopicCommand::TagTopic { arn: resource(caller, &arn)?, tags })
}

/// The topic that an action about tags is for.
pub(crate) fn resource(caller: &Caller<'_>, arn: &str) -> Result<TopicArn, TopicRejection> {
    caller.topic("ResourceArn", arn).map_err(|rejection| match rejection {
        TopicRejection::NotFound(_) => TopicRejection::ResourceNotFound,
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SnsAction;
    use crate::sns::EmptyOutput;
    use crate::sns::testing::{ARN, TOPIC, assert_written, command, missing, refused};

    const ACTION: SnsAction = SnsAction::TagResource;

    #[test]
    fn tags_go_to_the_core() {
        let form = format!(
            "ResourceArn={TOPIC}&Tags.member.1.Key=b&Tags.member.1.Value=1&Tags.member.3.Key=a"
        );
        let expected = format!("TagTopic {{ arn: {ARN}, tags: [(\"b\", \"1\"), (\"a\", \"\")] }}");
        assert_eq!(command(ACTION, &form), Ok(expected));
        assert_eq!(command(ACTION, ""), Err(missing(&["resourceArn", "tags"])));
    }

    #[test]
    fn a_topic_that_is_not_there_is_a_resource() {
        let tag = "Tags.member.1.Key=b";
        let form = format!("ResourceArn=arn:aws:sns:eu-west-1:000000000043:stock&{tag}");
        assert_eq!(command(ACTION, &form), Err(TopicRejection::ResourceNotFound.into()));
        let form = format!("ResourceArn=stock&{tag}");
        let text = "ResourceArn Reason: An ARN must have at least 6 elements, not 1";
        assert_eq!(command(ACTION, &form), Err(refused(text)));
    }

    #[test]
    fn the_result_is_there_and_empty() {
        assert_written(ACTION, &EmptyOutput, "");
    }
}
