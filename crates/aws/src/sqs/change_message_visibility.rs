//! ChangeMessageVisibility.

use serde::Deserialize;
use tidings_core::command::{Command, Handle};
use tidings_core::limits;
use tidings_core::receipt::ReceiptKey;
use tidings_core::rejection::Rejection;

use super::caller::Caller;
use super::checks::{handle, in_range};
use crate::query::Fields;
use crate::refusal::{Refusal, WireError};
use crate::request::Input;
use crate::text::Text;

/// The input of ChangeMessageVisibility.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct ChangeMessageVisibility<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    receipt_handle: Option<Text<'a>>,
    visibility_timeout: Option<i64>,
}

impl<'a> Input<'a> for ChangeMessageVisibility<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        Ok(Self {
            queue_url: fields.text("QueueUrl"),
            receipt_handle: fields.text("ReceiptHandle"),
            visibility_timeout: fields.integer("VisibilityTimeout")?,
        })
    }
}

impl ChangeMessageVisibility<'_> {
    /// What is asked of the core.
    ///
    /// # Errors
    /// MissingParameter if there is no handle or no timeout, InvalidParameterValue if the timeout
    /// is out of range; errors of [`Caller`] for the queue.
    pub fn command(self, caller: &Caller<'_>, key: &ReceiptKey) -> Result<Command, Refusal> {
        let arn = caller.queue(self.queue_url.as_deref())?;
        let change = check(self.receipt_handle, self.visibility_timeout, key, "VisibilityTimeout")?;
        Ok(Command::ChangeVisibility { arn, changes: vec![change] })
    }
}

/// `timeout_name` is what the timeout is called if it is missing.
pub(crate) fn check(
    receipt_handle: Option<Text<'_>>,
    visibility_timeout: Option<i64>,
    key: &ReceiptKey,
    timeout_name: &str,
) -> Result<(Handle, u32), Rejection> {
    let handle = handle(receipt_handle, key)?;
    let timeout = visibility_timeout_in_range(visibility_timeout)?;
    let timeout = timeout.ok_or_else(|| Rejection::MissingParameter(timeout_name.to_owned()))?;
    Ok((handle, timeout))
}

/// VisibilityTimeout, of a receive as well.
pub(crate) fn visibility_timeout_in_range(value: Option<i64>) -> Result<Option<u32>, Rejection> {
    let reason = "VisibilityTimeout must be an integer between 0 and 43200";
    in_range(value, &limits::VISIBILITY_TIMEOUT, "VisibilityTimeout", reason)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SqsAction;
    use crate::sqs::testing::{ARN, handle, queue_command};

    const ACTION: SqsAction = SqsAction::ChangeMessageVisibility;

    fn change(timeout: i64) -> Result<String, Refusal> {
        let json = format!("\"ReceiptHandle\":\"x\",\"VisibilityTimeout\":{timeout}");
        queue_command(ACTION, &json, &format!("ReceiptHandle=x&VisibilityTimeout={timeout}"))
    }

    #[test]
    fn handle_and_timeout_go_to_the_core() {
        let (text, printed) = handle();
        let json = format!("\"ReceiptHandle\":\"{text}\",\"VisibilityTimeout\":30");
        let form = format!("VisibilityTimeout=30&ReceiptHandle={}", text.replace('+', "%2B"));
        let expected = format!("ChangeVisibility {{ arn: {ARN}, changes: [({printed}, 30)] }}");
        assert_eq!(queue_command(ACTION, &json, &form), Ok(expected));
    }

    #[test]
    fn the_timeout_is_at_most_twelve_hours() {
        assert!(change(0).is_ok());
        assert!(change(43_200).is_ok());
        for timeout in [-1, 43_201, i64::MAX] {
            let reason = "VisibilityTimeout must be an integer between 0 and 43200";
            let rejection = Rejection::parameter("VisibilityTimeout", timeout, reason);
            assert_eq!(change(timeout), Err(rejection.into()));
        }
    }

    #[test]
    fn both_must_be_there() {
        for (json, form, missing) in [
            (r#""VisibilityTimeout":1"#, "VisibilityTimeout=1", "ReceiptHandle"),
            (r#""ReceiptHandle":"x""#, "ReceiptHandle=x", "VisibilityTimeout"),
        ] {
            let missing = Rejection::MissingParameter(missing.to_owned());
            assert_eq!(queue_command(ACTION, json, form), Err(missing.into()));
        }
    }
}
