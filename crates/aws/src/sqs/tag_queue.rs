//! TagQueue.

use serde::Deserialize;
use tidings_core::command::Command;

use super::caller::Caller;
use super::pairs::{self, TAG};
use crate::json::Map;
use crate::query::Fields;
use crate::refusal::{Refusal, WireError};
use crate::request::Input;
use crate::text::Text;

/// The input of TagQueue.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct TagQueue<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    #[serde(borrow, deserialize_with = "crate::json::or_default")]
    tags: Map<'a, Text<'a>>,
}

impl<'a> Input<'a> for TagQueue<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        Ok(Self { queue_url: fields.text("QueueUrl"), tags: pairs::from_query(fields, TAG) })
    }
}

impl TagQueue<'_> {
    /// What is asked of the core.
    ///
    /// # Errors
    /// Errors of [`Caller`] for the queue.
    pub fn command(self, caller: &Caller<'_>) -> Result<Command, Refusal> {
        let arn = caller.queue(self.queue_url.as_deref())?;
        Ok(Command::TagQueue { arn, tags: pairs::owned(self.tags) })
    }
}

#[cfg(test)]
mod tests {
    use crate::action::SqsAction;
    use crate::sqs::testing::{ARN, queue_command};

    #[test]
    fn tags_go_to_the_core() {
        for (json, form, tags) in [
            (
                r#""Tags":{"b":"1","a":"","n":null}"#,
                "Tag.1.Key=b&Tag.1.Value=1&Tag.3.Key=a",
                r#"[("b", "1"), ("a", "")]"#,
            ),
            (r#""Tags":{}"#, "", "[]"),
            ("", "", "[]"),
        ] {
            let command = queue_command(SqsAction::TagQueue, json, form).unwrap();
            assert_eq!(command, format!("TagQueue {{ arn: {ARN}, tags: {tags} }}"));
        }
    }
}
