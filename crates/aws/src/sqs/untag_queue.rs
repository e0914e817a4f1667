//! UntagQueue.

use serde::Deserialize;
use tidings_core::command::Command;

use super::caller::Caller;
use super::pairs;
use crate::json::List;
use crate::query::Fields;
use crate::refusal::{Refusal, WireError};
use crate::request::Input;
use crate::text::Text;

/// The input of UntagQueue.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct UntagQueue<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    #[serde(borrow, deserialize_with = "crate::json::or_default")]
    tag_keys: List<Text<'a>>,
}

impl<'a> Input<'a> for UntagQueue<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        Ok(Self { queue_url: fields.text("QueueUrl"), tag_keys: List(fields.texts("TagKey")) })
    }
}

impl UntagQueue<'_> {
    /// What is asked of the core.
    ///
    /// # Errors
    /// Errors of [`Caller`] for the queue.
    pub fn command(self, caller: &Caller<'_>) -> Result<Command, Refusal> {
        let arn = caller.queue(self.queue_url.as_deref())?;
        Ok(Command::UntagQueue { arn, keys: pairs::owned_texts(self.tag_keys.0) })
    }
}

#[cfg(test)]
mod tests {
    use crate::action::SqsAction;
    use crate::sqs::testing::{ARN, queue_command};

    #[test]
    fn keys_go_to_the_core() {
        for (json, form, keys) in
            [(r#""TagKeys":["b","a"]"#, "TagKey.1=b&TagKey.2=a", r#"["b", "a"]"#), ("", "", "[]")]
        {
            let command = queue_command(SqsAction::UntagQueue, json, form).unwrap();
            assert_eq!(command, format!("UntagQueue {{ arn: {ARN}, keys: {keys} }}"));
        }
    }
}
