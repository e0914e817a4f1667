//! DeleteQueue.

use serde::Deserialize;
use tidings_core::command::Command;

use super::caller::Caller;
use crate::query::Fields;
use crate::refusal::{Refusal, WireError};
use crate::request::Input;
use crate::text::Text;

/// The input of DeleteQueue.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteQueue<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
}

impl<'a> Input<'a> for DeleteQueue<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        Ok(Self { queue_url: fields.text("QueueUrl") })
    }
}

impl DeleteQueue<'_> {
    /// What is asked of the core.
    ///
    /// # Errors
    /// Errors of [`Caller`] for the queue.
    pub fn command(self, caller: &Caller<'_>) -> Result<Command, Refusal> {
        Ok(Command::DeleteQueue { arn: caller.queue(self.queue_url.as_deref())? })
    }
}

#[cfg(test)]
mod tests {
    use crate::action::SqsAction;
    use crate::sqs::testing::{ARN, queue_command};

    #[test]
    fn the_queue_is_all_that_is_asked() {
        let command = queue_command(SqsAction::DeleteQueue, "", "").unwrap();
        assert_eq!(command, format!("DeleteQueue {{ arn: {ARN} }}"));
    }
}
