//! ListMessageMoveTasks.

use serde::Deserialize;
use tidings_core::command::{Command, MoveTaskState, MoveTaskStatus};
use tidings_core::limits;
use tidings_core::rejection::Rejection;

use super::checks::{in_range, required};
use super::{Caller, task_handle};
use crate::query::Fields;
use crate::refusal::WireError;
use crate::request::Input;
use crate::response::{Members, Output};
use crate::text::Text;

/// The input of ListMessageMoveTasks.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListMessageMoveTasks<'a> {
    #[serde(borrow)]
    source_arn: Option<Text<'a>>,
    max_results: Option<i64>,
}

/// MaxResults, if it is not given.
const MAX_RESULTS_DEFAULT: u32 = 1;

impl<'a> Input<'a> for ListMessageMoveTasks<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        let max_results = fields.integer("MaxResults")?;
        Ok(Self { source_arn: fields.text("SourceArn"), max_results })
    }
}

impl ListMessageMoveTasks<'_> {
    /// What is asked of the core.
    ///
    /// # Errors
    /// MissingParameter without a source, InvalidParameterValue or ResourceNotFoundException if it
    /// is no ARN of a queue in the caller's region, InvalidParameterValue if MaxResults is out of
    /// range.
    pub fn command(self, caller: &Caller<'_>) -> Result<Command, Rejection> {
        let source = required(self.source_arn, "SourceArn")?;
        let source = task_handle::queue_arn(&source, "SourceArn", caller)?;
        let range = &limits::LIST_MOVE_TASKS_RESULTS;
        let reason = "MaxResults must be an integer between 1 and 10.";
        let max = in_range(self.max_results, range, "MaxResults", reason)?;
        let max = usize::try_from(max.unwrap_or(MAX_RESULTS_DEFAULT))
            .expect("at most ten tasks are listed");
        Ok(Command::ListMoveTasks { source, max })
    }
}

/// The output of ListMessageMoveTasks.
#[derive(Debug)]
pub struct ListMessageMoveTasksOutput {
    /// Newest first.
    pub tasks: Vec<MoveTaskStatus>,
}

impl Output for ListMessageMoveTasksOutput {
    fn write(&self, members: &mut Members<'_>) {
        members.structures("Results", "ListMessageMoveTasksResultEntry", &self.tasks, write_task);
    }

    fn size_hint(&self) -> usize {
        512 * self.tasks.len()
    }
}

/// The handle is there only while it can be used; destination and rate if they were given.
fn write_task(members: &mut Members<'_>, task: &MoveTaskStatus) {
    let (status, reason) = match &task.state {
        MoveTaskState::Running => ("RUNNING", None),
        MoveTaskState::Completed => ("COMPLETED", None),
        MoveTaskState::Cancelled => ("CANCELLED", None),
        MoveTaskState::Failed { reason } => ("FAILED", Some(reason.as_str())),
    };
    if task.state == MoveTaskState::Running {
        members.text("TaskHandle", &task_handle::encode(task.task, &task.source));
    }
    members.text("Status", status);
    members.text("SourceArn", &task.source.to_string());
    if let Some(destination) = &task.destination {
        members.text("DestinationArn", &destination.to_string());
    }
    if let Some(rate) = task.rate {
        members.number("MaxNumberOfMessagesPerSecond", rate.into());
    }
    members.number("ApproximateNumberOfMessagesMoved", task.moved);
    members.number("ApproximateNumberOfMessagesToMove", task.to_move);
    members.optional_text("FailureReason", reason);
    members.number("StartedTimestamp", task.started_at.as_ms());
}

#[cfg(test)]
mod tests {
    use tidings_core::names::{QueueArn, Uuid};
    use tidings_core::time::Timestamp;

    use super::*;
    use crate::action::SqsAction;
    use crate::sqs::testing::{assert_written, both};

    const ACTION: SqsAction = SqsAction::ListMessageMoveTasks;
    const DEAD: &str = "arn:aws:sqs:eu-west-1:000000000042:dead";

    #[test]
    fn one_to_ten_tasks_are_asked_for() {
        let source = QueueArn::parse(DEAD).unwrap();
        let asked = |max: &str| {
            let json = match max {
                "" => format!("{{\"SourceArn\":\"{DEAD}\"}}"),
                max => format!("{{\"SourceArn\":\"{DEAD}\",\"MaxResults\":{max}}}"),
            };
            let form = match max {
                "" => format!("SourceArn={DEAD}"),
                max => format!("SourceArn={DEAD}&MaxResults={max}"),
            };
            both(ACTION, &json, &form)
        };
        for (given, max) in [("", 1), ("1", 1), ("10", 10)] {
            let expected = format!("ListMoveTasks {{ source: {source:?}, max: {max} }}");
            assert_eq!(asked(given), Ok(expected));
        }
        for given in ["0", "11"] {
            let reason = "MaxResults must be an integer between 1 and 10.";
            let rejection = Rejection::parameter("MaxResults", given, reason);
            assert_eq!(asked(given), Err(rejection.into()));
        }
        let missing = Rejection::MissingParameter("SourceArn".to_owned());
        assert_eq!(both(ACTION, "{}", ""), Err(missing.into()));
    }

    #[test]
    fn a_queue_of_another_region_is_none() {
        let elsewhere = DEAD.replace("eu-west-1", "us-east-1");
        let json = format!("{{\"SourceArn\":\"{elsewhere}\"}}");
        let refused = both(ACTION, &json, &format!("SourceArn={elsewhere}"));
        assert_eq!(refused, Err(task_handle::not_found("SourceArn").into()));
    }

    #[test]
    fn a_task_says_what_it_has() {
        let source = QueueArn::parse(DEAD).unwrap();
        let task = Uuid::from_random(0);
        let handle = task_handle::encode(task, &source);
        let running = MoveTaskStatus {
            task,
            source: source.clone(),
            destination: Some(source),
            rate: Some(5),
            state: MoveTaskState::Running,
            started_at: Timestamp::from_ms(1_700_000_000_123),
            moved: 1,
            to_move: 2,
        };
        let reason = "AWS.SimpleQueueService.NonExistentQueue".to_owned();
        let failed = MoveTaskStatus {
            destination: None,
            rate: None,
            state: MoveTaskState::Failed { reason },
            ..running.clone()
        };
        let completed = MoveTaskStatus { state: MoveTaskState::Completed, ..failed.clone() };
        let cancelled = MoveTaskStatus { state: MoveTaskState::Cancelled, ..failed.clone() };
        let counts =
            r#""ApproximateNumberOfMessagesMoved":1,"ApproximateNumberOfMessagesToMove":2"#;
        let started = r#""StartedTimestamp":1700000000123"#;
        let json = format!(
            "{{\"Results\":[{{\"TaskHandle\":\"{handle}\",\"Status\":\"RUNNING\",\
             \"SourceArn\":\"{DEAD}\",\"DestinationArn\":\"{DEAD}\",\
             \"MaxNumberOfMessagesPerSecond\":5,{counts},{started}}},\
             {{\"Status\":\"FAILED\",\"SourceArn\":\"{DEAD}\",{counts},\
             \"FailureReason\":\"AWS.SimpleQueueService.NonExistentQueue\",{started}}},\
             {{\"Status\":\"COMPLETED\",\"SourceArn\":\"{DEAD}\",{counts},{started}}},\
             {{\"Status\":\"CANCELLED\",\"SourceArn\":\"{DEAD}\",{counts},{started}}}]}}"
        );
        let counts = "<ApproximateNumberOfMessagesMoved>1</ApproximateNumberOfMessagesMoved>\
                      <ApproximateNumberOfMessagesToMove>2</ApproximateNumberOfMessagesToMove>";
        let started = "<StartedTimestamp>1700000000123</StartedTimestamp>";
        let entry = |members: &str| {
            let name = "ListMessageMoveTasksResultEntry";
            format!("<{name}>{members}</{name}>")
        };
        let xml = [
            entry(&format!(
                "<TaskHandle>{handle}</TaskHandle><Status>RUNNING</Status>\
                 <SourceArn>{DEAD}</SourceArn><DestinationArn>{DEAD}</DestinationArn>\
                 <MaxNumberOfMessagesPerSecond>5</MaxNumberOfMessagesPerSecond>{counts}{started}"
            )),
            entry(&format!(
                "<Status>FAILED</Status><SourceArn>{DEAD}</SourceArn>{counts}\
                 <FailureReason>AWS.SimpleQueueService.NonExistentQueue</FailureReason>{started}"
            )),
            entry(&format!(
                "<Status>COMPLETED</Status><SourceArn>{DEAD}</SourceArn>{counts}{started}"
            )),
            entry(&format!(
                "<Status>CANCELLED</Status><SourceArn>{DEAD}</SourceArn>{counts}{started}"
            )),
        ];
        let tasks = vec![running, failed, completed, cancelled];
        assert_written(ACTION, &ListMessageMoveTasksOutput { tasks }, &json, &xml.concat());
        assert_written(ACTION, &ListMessageMoveTasksOutput { tasks: Vec::new() }, "{}", "");
    }
}
