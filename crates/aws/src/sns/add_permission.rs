//! AddPermission.

use tidings_core::command::TopicCommand;
use tidings_core::rejection::TopicRejection;

use super::caller::Caller;
use super::checks::Required;
use super::pairs;
use crate::query::Fields;

/// What is asked of the core, which also checks what the statement says.
///
/// # Errors
/// ValidationError if a parameter is missing; errors of [`Caller`] for the topic.
pub fn command(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<TopicCommand, TopicRejection> {
    let mut required = Required::default();
    let arn = required.text(fields, "TopicArn");
    let accounts = required.list("AWSAccountId", pairs::texts(fields, "AWSAccountId"));
    let label = required.text(fields, "Label").into_string();
    let actions = required.list("ActionName", pairs::texts(fields, "ActionName"));
    required.check()?;
    let arn = caller.topic("TopicArn", &arn)?;
    Ok(TopicCommand::AddPermission { arn, label, accounts, actions })
}

#[cfg(test)]
mod tests {
    use crate::action::SnsAction;
    use crate::sns::testing::{ARN, TOPIC, command, missing};

    const ACTION: SnsAction = SnsAction::AddPermission;

    #[test]
    fn label_accounts_and_actions_go_to_the_core() {
        let form = format!(
            "TopicArn={TOPIC}&Label=l&AWSAccountId.member.1=111122223333&AWSAccountId.member.2=*\
             &ActionName.member.1=Publish"
        );
        let expected = format!(
            "AddPermission {{ arn: {ARN}, label: \"l\", accounts: [\"111122223333\", \"*\"], \
             actions: [\"Publish\"] }}"
        );
        assert_eq!(command(ACTION, &form), Ok(expected));
        let form = format!("TopicArn={TOPIC}");
        let missing = missing(&["aWSAccountId", "label", "actionName"]);
        assert_eq!(command(ACTION, &form), Err(missing));
    }
}
