//! CancelMessageMoveTask.

use serde::Deserialize;
use tidings_core::command::Command;
use tidings_core::rejection::Rejection;

use super::checks::required;
use super::{Caller, task_handle};
use crate::query::Fields;
use crate::refusal::WireError;
use crate::request::Input;
use crate::response::{Members, Output};
use crate::text::Text;

/// The input of CancelMessageMoveTask.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct CancelMessageMoveTask<'a> {
    #[serde(borrow)]
    task_handle: Option<Text<'a>>,
}

impl<'a> Input<'a> for CancelMessageMoveTask<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        Ok(Self { task_handle: fields.text("TaskHandle") })
    }
}

impl CancelMessageMoveTask<'_> {
    /// What is asked of the core.
    ///
    /// # Errors
    /// MissingParameter without a handle, InvalidParameterValue if it says nothing,
    /// ResourceNotFoundException if its queue is none of the caller's account and region.
    pub fn command(self, caller: &Caller<'_>) -> Result<Command, Rejection> {
        let handle = required(self.task_handle, "TaskHandle")?;
        let (task, source) = task_handle::decode(&handle).ok_or_else(|| {
            let text = "Value for parameter TaskHandle is invalid.";
            Rejection::InvalidParameterValue(text.to_owned())
        })?;
        // Handles are given to whoever may start tasks of a queue: nobody of another account.
        if source.account != caller.account || source.region != *caller.region {
            return Err(task_handle::not_found("SourceArn"));
        }
        Ok(Command::CancelMoveTask { source, task })
    }
}

/// The output of CancelMessageMoveTask.
#[derive(Debug)]
pub struct CancelMessageMoveTaskOutput {
    /// Messages moved so far.
    pub moved: u64,
}

impl Output for CancelMessageMoveTaskOutput {
    fn write(&self, members: &mut Members<'_>) {
        members.number("ApproximateNumberOfMessagesMoved", self.moved);
    }
}

#[cfg(test)]
mod tests {
    use tidings_core::names::{QueueArn, Uuid};

    use super::*;
    use crate::action::SqsAction;
    use crate::sqs::testing::{assert_written, both};

    const ACTION: SqsAction = SqsAction::CancelMessageMoveTask;

    /// A request about a task of this queue, in both protocols.
    fn of(source: &QueueArn) -> (String, String) {
        let handle = task_handle::encode(Uuid::from_random(0), source);
        let form = format!("TaskHandle={}", handle.replace('+', "%2B"));
        (format!("{{\"TaskHandle\":\"{handle}\"}}"), form)
    }

    #[test]
    fn a_queue_of_another_account_or_region_is_none() {
        for arn in
            ["arn:aws:sqs:eu-west-1:000000000042:dead", "arn:aws:sqs:us-east-1:111111111111:dead"]
        {
            let (json, form) = of(&QueueArn::parse(arn).unwrap());
            let refused = both(ACTION, &json, &form);
            assert_eq!(refused, Err(task_handle::not_found("SourceArn").into()), "{arn}");
        }
    }

    #[test]
    fn the_handle_names_task_and_queue() {
        let source = QueueArn::parse("arn:aws:sqs:eu-west-1:111111111111:dead").unwrap();
        let (json, form) = of(&source);
        let expected = format!(
            "CancelMoveTask {{ source: {source:?}, task: 00000000-0000-4000-8000-000000000000 }}"
        );
        assert_eq!(both(ACTION, &json, &form), Ok(expected));
    }

    #[test]
    fn a_handle_that_says_nothing_is_refused() {
        let missing = Rejection::MissingParameter("TaskHandle".to_owned());
        assert_eq!(both(ACTION, "{}", ""), Err(missing.into()));
        let text = "Value for parameter TaskHandle is invalid.".to_owned();
        let refused = both(ACTION, r#"{"TaskHandle":"x"}"#, "TaskHandle=x");
        assert_eq!(refused, Err(Rejection::InvalidParameterValue(text).into()));
    }

    #[test]
    fn the_count_is_a_number() {
        assert_written(
            ACTION,
            &CancelMessageMoveTaskOutput { moved: 7 },
            r#"{"ApproximateNumberOfMessagesMoved":7}"#,
            "<ApproximateNumberOfMessagesMoved>7</ApproximateNumberOfMessagesMoved>",
        );
    }
}
