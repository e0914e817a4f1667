//! AddPermission.

use serde::Deserialize;
use tidings_core::command::Command;

use super::caller::Caller;
use super::pairs;
use crate::json::List;
use crate::query::Fields;
use crate::refusal::{Refusal, WireError};
use crate::request::Input;
use crate::text::Text;

/// The input of AddPermission.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct AddPermission<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    label: Option<Text<'a>>,
    #[serde(borrow, rename = "AWSAccountIds", deserialize_with = "crate::json::or_default")]
    accounts: List<Text<'a>>,
    #[serde(borrow, deserialize_with = "crate::json::or_default")]
    actions: List<Text<'a>>,
}

impl<'a> Input<'a> for AddPermission<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        Ok(Self {
            queue_url: fields.text("QueueUrl"),
            label: fields.text("Label"),
            accounts: List(fields.texts("AWSAccountId")),
            actions: List(fields.texts("ActionName")),
        })
    }
}

impl AddPermission<'_> {
    /// What is asked of the core, which also checks what the statement says.
    ///
    /// # Errors
    /// Errors of [`Caller`] for the queue.
    pub fn command(self, caller: &Caller<'_>) -> Result<Command, Refusal> {
        let arn = caller.queue(self.queue_url.as_deref())?;
        Ok(Command::AddPermission {
            arn,
            label: self.label.unwrap_or_default().into_string(),
            accounts: pairs::owned_texts(self.accounts.0),
            actions: pairs::owned_texts(self.actions.0),
        })
    }
}

#[cfg(test)]
mod tests {
    use crate::action::SqsAction;
    use crate::sqs::testing::{ARN, queue_command};

    #[test]
    fn label_accounts_and_actions_go_to_the_core() {
        for (json, form, expected) in [
            (
                r#""Label":"l","AWSAccountIds":["111122223333","*"],"Actions":["SendMessage"]"#,
                "Label=l&AWSAccountId.1=111122223333&AWSAccountId.2=*&ActionName.1=SendMessage",
                r#"label: "l", accounts: ["111122223333", "*"], actions: ["SendMessage"]"#,
            ),
            ("", "", r#"label: "", accounts: [], actions: []"#),
        ] {
            let command = queue_command(SqsAction::AddPermission, json, form).unwrap();
            assert_eq!(command, format!("AddPermission {{ arn: {ARN}, {expected} }}"));
        }
    }
}
