//! PutDataProtectionPolicy.

use tidings_core::command::TopicCommand;
use tidings_core::rejection::TopicRejection;

use super::caller::Caller;
use super::checks::Required;
use crate::query::Fields;

/// What is asked of the core, which also checks the document. An empty one removes it.
///
/// # Errors
/// ValidationError if a parameter is missing; errors of [`Caller`] for the topic.
pub fn command(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<TopicCommand, TopicRejection> {
    let mut required = Required::default();
    let arn = required.text(fields, "ResourceArn");
    let policy = required.text(fields, "DataProtectionPolicy").into_string();
    required.check()?;
    let arn = caller.topic("ResourceArn", &arn)?;
    Ok(TopicCommand::SetDataProtectionPolicy { arn, policy })
}

#[cfg(test)]
mod tests {
    use crate::action::SnsAction;
    use crate::sns::testing::{ARN, TOPIC, command, missing};

    const ACTION: SnsAction = SnsAction::PutDataProtectionPolicy;

    #[test]
    fn the_document_goes_to_the_core() {
        let form = format!("ResourceArn={TOPIC}&DataProtectionPolicy=%7B%7D");
        let expected = format!("SetDataProtectionPolicy {{ arn: {ARN}, policy: \"{{}}\" }}");
        assert_eq!(command(ACTION, &form), Ok(expected));
        let missing = missing(&["resourceArn", "dataProtectionPolicy"]);
        assert_eq!(command(ACTION, ""), Err(missing));
    }
}
