//! StartMessageMoveTask.

use serde::Deserialize;
use tidings_core::command::Command;
use tidings_core::limits;
use tidings_core::names::{QueueArn, Uuid};
use tidings_core::rejection::Rejection;

use super::checks::{in_range, required};
use super::{Caller, task_handle};
use crate::query::Fields;
use crate::refusal::WireError;
use crate::request::Input;
use crate::response::{Members, Output};
use crate::text::Text;

/// The input of StartMessageMoveTask.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct StartMessageMoveTask<'a> {
    #[serde(borrow)]
    source_arn: Option<Text<'a>>,
    destination_arn: Option<Text<'a>>,
    #[serde(rename = "MaxNumberOfMessagesPerSecond")]
    rate: Option<i64>,
}

impl<'a> Input<'a> for StartMessageMoveTask<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        Ok(Self {
            source_arn: fields.text("SourceArn"),
            destination_arn: fields.text("DestinationArn"),
            rate: fields.integer("MaxNumberOfMessagesPerSecond")?,
        })
    }
}

impl StartMessageMoveTask<'_> {
    /// What is asked of the core, and what is answered if it does it. `task` is a fresh id.
    ///
    /// # Errors
    /// MissingParameter without a source, InvalidParameterValue or ResourceNotFoundException if an
    /// ARN is none of a queue in the caller's region, InvalidParameterValue if the rate is out of
    /// range.
    pub fn command(
        self,
        caller: &Caller<'_>,
        task: Uuid,
    ) -> Result<(Command, StartMessageMoveTaskOutput), Rejection> {
        let source = required(self.source_arn, "SourceArn")?;
        let source = task_handle::queue_arn(&source, "SourceArn", caller)?;
        let destination = self.destination_arn.filter(|text| !text.is_empty());
        let destination =
            destination.map(|text| task_handle::queue_arn(&text, "DestinationArn", caller));
        let destination = destination.transpose()?;
        let name = "MaxNumberOfMessagesPerSecond";
        let reason = "Must be an integer between 1 and 500.";
        let rate = in_range(self.rate, &limits::MOVE_TASK_RATE, name, reason)?;
        let output = StartMessageMoveTaskOutput { task, source: source.clone() };
        Ok((Command::StartMoveTask { source, destination, rate, task }, output))
    }
}

/// The output of StartMessageMoveTask.
#[derive(Debug)]
pub struct StartMessageMoveTaskOutput {
    task: Uuid,
    source: QueueArn,
}

impl Output for StartMessageMoveTaskOutput {
    fn write(&self, members: &mut Members<'_>) {
        members.text("TaskHandle", &task_handle::encode(self.task, &self.source));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SqsAction;
    use crate::sqs::testing::{assert_written, both};

    const ACTION: SqsAction = SqsAction::StartMessageMoveTask;
    const DEAD: &str = "arn:aws:sqs:eu-west-1:000000000042:dead";
    const OTHER: &str = "arn:aws:sqs:eu-west-1:000000000042:other";

    fn printed(name: &str) -> String {
        format!(
            "QueueArn {{ account: 000000000042, region: Region(\"eu-west-1\"), \
             name: QueueName({name:?}) }}"
        )
    }

    #[test]
    fn queues_and_rate_go_to_the_core() {
        let task = "00000000-0000-4000-8000-000000000000";
        let dead = printed("dead");
        for (json, form, rest) in [
            (
                format!("{{\"SourceArn\":\"{DEAD}\"}}"),
                format!("SourceArn={DEAD}&DestinationArn="),
                "destination: None, rate: None".to_owned(),
            ),
            (
                format!(
                    "{{\"SourceArn\":\"{DEAD}\",\"DestinationArn\":\"{OTHER}\",\
                     \"MaxNumberOfMessagesPerSecond\":500}}"
                ),
                format!("SourceArn={DEAD}&DestinationArn={OTHER}&MaxNumberOfMessagesPerSecond=500"),
                format!("destination: Some({}), rate: Some(500)", printed("other")),
            ),
        ] {
            let expected = format!("StartMoveTask {{ source: {dead}, {rest}, task: {task} }}");
            assert_eq!(both(ACTION, &json, &form), Ok(expected));
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let missing = Rejection::MissingParameter("SourceArn".to_owned());
        assert_eq!(both(ACTION, "{}", ""), Err(missing.into()));
        for rate in [0, 501] {
            let rejection = Rejection::parameter(
                "MaxNumberOfMessagesPerSecond",
                rate,
                "Must be an integer between 1 and 500.",
            );
            let json =
                format!("{{\"SourceArn\":\"{DEAD}\",\"MaxNumberOfMessagesPerSecond\":{rate}}}");
            let form = format!("SourceArn={DEAD}&MaxNumberOfMessagesPerSecond={rate}");
            assert_eq!(both(ACTION, &json, &form), Err(rejection.into()));
        }
        for (arn, is_source) in [("dead", true), ("dead", false)] {
            let (source, parameter) =
                if is_source { (arn, "SourceArn") } else { (DEAD, "DestinationArn") };
            let text = format!(
                "You must use this format to specify the {parameter}: \
                 arn:<partition>:<service>:<region>:<account-id>:<resource-id>"
            );
            let json = format!("{{\"SourceArn\":\"{source}\",\"DestinationArn\":\"{arn}\"}}");
            let form = format!("SourceArn={source}&DestinationArn={arn}");
            let refused = both(ACTION, &json, &form);
            assert_eq!(refused, Err(Rejection::InvalidParameterValue(text).into()));
        }
    }

    #[test]
    fn a_queue_of_another_region_is_none() {
        let elsewhere = DEAD.replace("eu-west-1", "us-east-1");
        for (source, destination, parameter) in
            [(&*elsewhere, OTHER, "SourceArn"), (DEAD, &*elsewhere, "DestinationArn")]
        {
            let json =
                format!("{{\"SourceArn\":\"{source}\",\"DestinationArn\":\"{destination}\"}}");
            let form = format!("SourceArn={source}&DestinationArn={destination}");
            let refused = both(ACTION, &json, &form);
            assert_eq!(refused, Err(task_handle::not_found(parameter).into()));
        }
    }

    #[test]
    fn the_handle_is_written() {
        let task = Uuid::from_random(0);
        let source = QueueArn::parse(DEAD).unwrap();
        let handle = task_handle::encode(task, &source);
        assert_written(
            ACTION,
            &StartMessageMoveTaskOutput { task, source },
            &format!("{{\"TaskHandle\":\"{handle}\"}}"),
            &format!("<TaskHandle>{handle}</TaskHandle>"),
        );
    }
}
