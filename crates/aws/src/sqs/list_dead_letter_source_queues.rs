//! ListDeadLetterSourceQueues.

use serde::Deserialize;
use tidings_core::command::Command;
use tidings_core::names::QueueArn;

use super::caller::Caller;
use super::page::{Page, QueueUrlsOutput};
use crate::query::Fields;
use crate::refusal::{Refusal, WireError};
use crate::request::Input;
use crate::text::Text;

/// The input of ListDeadLetterSourceQueues.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListDeadLetterSourceQueues<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    next_token: Option<Text<'a>>,
    max_results: Option<i64>,
}

impl<'a> Input<'a> for ListDeadLetterSourceQueues<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        Ok(Self {
            queue_url: fields.text("QueueUrl"),
            next_token: fields.text("NextToken"),
            max_results: fields.integer("MaxResults")?,
        })
    }
}

/// Whether the caller wants to know where the page ends.
type IsSized = bool;

impl ListDeadLetterSourceQueues<'_> {
    /// What is asked of the core, and what [`Self::output`] wants to know.
    ///
    /// # Errors
    /// InvalidParameterValue if MaxResults is out of range, or the token none of ours; errors of
    /// [`Caller`] for the queue.
    pub fn command(self, caller: &Caller<'_>) -> Result<(Command, IsSized), Refusal> {
        let arn = caller.queue(self.queue_url.as_deref())?;
        let page = Page::check(self.max_results, self.next_token)?;
        let command = Command::ListDeadLetterSourceQueues { arn, after: page.after, max: page.max };
        Ok((command, page.is_sized))
    }

    /// The output. Its list begins with a small letter, other than that of ListQueues.
    pub fn output(
        is_sized: IsSized,
        base_url: &str,
        queues: &[QueueArn],
        more: bool,
    ) -> QueueUrlsOutput {
        QueueUrlsOutput::new("queueUrls", is_sized, base_url, queues, more)
    }
}

#[cfg(test)]
mod tests {
    use tidings_core::rejection::Rejection;

    use super::*;
    use crate::action::SqsAction;
    use crate::sqs::testing::{ARN, assert_written, queue_command};

    const ACTION: SqsAction = SqsAction::ListDeadLetterSourceQueues;

    #[test]
    fn a_page_is_asked_for() {
        for (json, form, expected) in [
            ("", "", "after: None, max: 1000"),
            (
                r#""MaxResults":7,"NextToken":"b3JkZXJz""#,
                "MaxResults=7&NextToken=b3JkZXJz",
                r#"after: Some(QueueName("orders")), max: 7"#,
            ),
        ] {
            let expected = format!("ListDeadLetterSourceQueues {{ arn: {ARN}, {expected} }}");
            assert_eq!(queue_command(ACTION, json, form), Ok(expected));
        }
        let reason = "MaxResults must be an integer between 1 and 1000.";
        let rejection = Rejection::parameter("MaxResults", 1001, reason);
        let refused = queue_command(ACTION, r#""MaxResults":1001"#, "MaxResults=1001");
        assert_eq!(refused, Err(rejection.into()));
    }

    #[test]
    fn the_list_begins_with_a_small_letter() {
        let arn = QueueArn::parse("arn:aws:sqs:us-east-1:000000000042:orders").unwrap();
        assert_written(
            ACTION,
            &ListDeadLetterSourceQueues::output(true, "http://h", &[arn], true),
            r#"{"queueUrls":["http://h/000000000042/orders"],"NextToken":"b3JkZXJz"}"#,
            "<QueueUrl>http://h/000000000042/orders</QueueUrl><NextToken>b3JkZXJz</NextToken>",
        );
        let none = ListDeadLetterSourceQueues::output(false, "http://h", &[], false);
        assert_written(ACTION, &none, "{}", "");
    }
}
