//! UntagResource. Its output is empty.

use tidings_core::command::TopicCommand;
use tidings_core::rejection::TopicRejection;

use super::caller::Caller;
use super::checks::Required;
use super::pairs;
use super::tag_resource::resource;
use crate::query::Fields;

/// What is asked of the core.
///
/// # Errors
/// ValidationError if a parameter is missing; errors of [`Caller`] for the topic, but
/// ResourceNotFound if it is another account's.
pub fn command(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<TopicCommand, TopicRejection> {
    let mut required = Required::default();
    let arn = required.text(fields, "ResourceArn");
    let keys = required.list("TagKeys", pairs::texts(fields, "TagKeys"));
    required.check()?;
    Ok(TopicCommand::UntagTopic { arn: resource(caller, &arn)?, keys })
}

#[cfg(test)]
mod tests {
    use crate::action::SnsAction;
    use crate::sns::testing::{ARN, TOPIC, command, missing};

    const ACTION: SnsAction = SnsAction::UntagResource;

    #[test]
    fn keys_go_to_the_core() {
        let form = format!("ResourceArn={TOPIC}&TagKeys.member.1=b&TagKeys.member.2=a");
        let expected = format!("UntagTopic {{ arn: {ARN}, keys: [\"b\", \"a\"] }}");
        assert_eq!(command(ACTION, &form), Ok(expected));
        assert_eq!(command(ACTION, ""), Err(missing(&["resourceArn", "tagKeys"])));
    }
}
