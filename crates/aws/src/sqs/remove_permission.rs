//! RemovePermission.

use serde::Deserialize;
use tidings_core::command::Command;

use super::caller::Caller;
use crate::query::Fields;
use crate::refusal::{Refusal, WireError};
use crate::request::Input;
use crate::text::Text;

/// The input of RemovePermission.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct RemovePermission<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    label: Option<Text<'a>>,
}

impl<'a> Input<'a> for RemovePermission<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        Ok(Self { queue_url: fields.text("QueueUrl"), label: fields.text("Label") })
    }
}

impl RemovePermission<'_> {
    /// What is asked of the core, which also checks the label.
    ///
    /// # Errors
    /// Errors of [`Caller`] for the queue.
    pub fn command(self, caller: &Caller<'_>) -> Result<Command, Refusal> {
        let arn = caller.queue(self.queue_url.as_deref())?;
        let label = self.label.unwrap_or_default().into_string();
        Ok(Command::RemovePermission { arn, label })
    }
}

#[cfg(test)]
mod tests {
    use crate::action::SqsAction;
    use crate::sqs::testing::{ARN, queue_command};

    #[test]
    fn the_label_goes_to_the_core() {
        for (json, form, label) in [(r#""Label":"l""#, "Label=l", "l"), ("", "", "")] {
            let command = queue_command(SqsAction::RemovePermission, json, form).unwrap();
            assert_eq!(command, format!("RemovePermission {{ arn: {ARN}, label: {label:?} }}"));
        }
    }
}
