//! SetQueueAttributes.

use serde::Deserialize;
use tidings_core::command::Command;
use tidings_core::rejection::Rejection;

use super::caller::Caller;
use super::pairs;
use crate::json::Map;
use crate::query::Fields;
use crate::refusal::{Refusal, WireError};
use crate::request::Input;
use crate::text::Text;

/// The input of SetQueueAttributes.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct SetQueueAttributes<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    #[serde(borrow, deserialize_with = "crate::json::or_default")]
    attributes: Map<'a, Text<'a>>,
}

impl<'a> Input<'a> for SetQueueAttributes<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        let attributes = pairs::attributes_from_query(fields);
        Ok(Self { queue_url: fields.text("QueueUrl"), attributes })
    }
}

impl SetQueueAttributes<'_> {
    /// What is asked of the core.
    ///
    /// # Errors
    /// MissingParameter if there are no attributes; errors of [`Caller`] for the queue.
    pub fn command(self, caller: &Caller<'_>) -> Result<Command, Refusal> {
        let arn = caller.queue(self.queue_url.as_deref())?;
        if self.attributes.0.is_empty() {
            return Err(Rejection::MissingParameter("Attributes".to_owned()).into());
        }
        Ok(Command::SetQueueAttributes { arn, attributes: pairs::owned(self.attributes) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::{Protocol, SqsAction};
    use crate::sqs::testing::{ARN, QUEUE_URL, command, queue_command};

    #[test]
    fn attributes_go_to_the_core() {
        for (json, form) in [
            (
                r#""Attributes":{"Policy":"","DelaySeconds":"5"}"#,
                "Attribute.1.Name=Policy&Attribute.1.Value=&Attribute.2.Name=DelaySeconds\
                 &Attribute.2.Value=5",
            ),
            (
                r#""Attributes":{"Policy":"","DelaySeconds":"5"}"#,
                "Attribute.1.Name=Policy&Attribute.Name=DelaySeconds&Attribute.Value=5",
            ),
        ] {
            let command = queue_command(SqsAction::SetQueueAttributes, json, form).unwrap();
            let attributes = r#"[("Policy", ""), ("DelaySeconds", "5")]"#;
            let expected = format!("SetQueueAttributes {{ arn: {ARN}, attributes: {attributes} }}");
            assert_eq!(command, expected);
        }
    }

    #[test]
    fn something_must_be_set() {
        let missing = || Err(Rejection::MissingParameter("Attributes".to_owned()).into());
        assert_eq!(queue_command(SqsAction::SetQueueAttributes, "", ""), missing());
        let empty = format!("{{\"QueueUrl\":\"{QUEUE_URL}\",\"Attributes\":{{}}}}");
        assert_eq!(command(Protocol::Json, SqsAction::SetQueueAttributes, &empty), missing());
    }
}
