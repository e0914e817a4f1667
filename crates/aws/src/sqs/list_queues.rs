//! ListQueues.

use serde::Deserialize;
use tidings_core::command::Command;
use tidings_core::names::QueueArn;
use tidings_core::rejection::Rejection;

use super::caller::Caller;
use super::page::{Page, QueueUrlsOutput};
use crate::query::Fields;
use crate::refusal::WireError;
use crate::request::Input;
use crate::text::Text;

/// The input of ListQueues.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct ListQueues<'a> {
    #[serde(borrow)]
    queue_name_prefix: Option<Text<'a>>,
    next_token: Option<Text<'a>>,
    max_results: Option<i64>,
}

impl<'a> Input<'a> for ListQueues<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        Ok(Self {
            queue_name_prefix: fields.text("QueueNamePrefix"),
            next_token: fields.text("NextToken"),
            max_results: fields.integer("MaxResults")?,
        })
    }
}

/// Whether the caller wants to know where the page ends.
type IsSized = bool;

impl ListQueues<'_> {
    /// What is asked of the core, and what [`Self::output`] wants to know.
    ///
    /// # Errors
    /// InvalidParameterValue if MaxResults is out of range, or the token none of ours.
    pub fn command(self, caller: &Caller<'_>) -> Result<(Command, IsSized), Rejection> {
        let page = Page::check(self.max_results, self.next_token)?;
        let command = Command::ListQueues {
            account: caller.account,
            region: caller.region.clone(),
            prefix: self.queue_name_prefix.unwrap_or_default().into_string(),
            after: page.after,
            max: page.max,
        };
        Ok((command, page.is_sized))
    }

    /// The output.
    pub fn output(
        is_sized: IsSized,
        base_url: &str,
        queues: &[QueueArn],
        more: bool,
    ) -> QueueUrlsOutput {
        QueueUrlsOutput::new("QueueUrls", is_sized, base_url, queues, more)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SqsAction;
    use crate::sqs::testing::{assert_written, both};

    const ACTION: SqsAction = SqsAction::ListQueues;

    #[test]
    fn a_page_is_asked_for() {
        for (json, form, expected) in [
            ("{}", "", r#"prefix: "", after: None, max: 1000"#),
            (
                r#"{"QueueNamePrefix":"or","MaxResults":1}"#,
                "QueueNamePrefix=or&MaxResults=1",
                r#"prefix: "or", after: None, max: 1"#,
            ),
            (
                r#"{"MaxResults":1000,"NextToken":"b3JkZXJz"}"#,
                "MaxResults=1000&NextToken=b3JkZXJz",
                r#"prefix: "", after: Some(QueueName("orders")), max: 1000"#,
            ),
            (r#"{"NextToken":""}"#, "NextToken=", r#"prefix: "", after: None, max: 1000"#),
        ] {
            let expected = format!(
                "ListQueues {{ account: 111111111111, region: Region(\"eu-west-1\"), {expected} }}"
            );
            assert_eq!(both(ACTION, json, form), Ok(expected));
        }
    }

    #[test]
    fn pages_are_bounded_and_tokens_ours() {
        let out_of_range = |n: i64| {
            Rejection::parameter(
                "MaxResults",
                n,
                "MaxResults must be an integer between 1 and 1000.",
            )
        };
        let token = || Rejection::InvalidParameterValue("Invalid or expired next token.".into());
        for (json, form, rejection) in [
            (r#"{"MaxResults":0}"#, "MaxResults=0", out_of_range(0)),
            (r#"{"MaxResults":1001}"#, "MaxResults=1001", out_of_range(1001)),
            (r#"{"MaxResults":-1}"#, "MaxResults=-1", out_of_range(-1)),
            (r#"{"NextToken":"*"}"#, "NextToken=*", token()),
            (r#"{"NextToken":"Lg=="}"#, "NextToken=Lg%3D%3D", token()),
            (r#"{"NextToken":"/w=="}"#, "NextToken=/w%3D%3D", token()),
        ] {
            assert_eq!(both(ACTION, json, form), Err(rejection.into()), "{json}");
        }
    }

    #[test]
    fn a_page_is_written() {
        let arns: Vec<QueueArn> = ["a", "orders"]
            .iter()
            .map(|name| {
                QueueArn::parse(&format!("arn:aws:sqs:us-east-1:000000000042:{name}")).unwrap()
            })
            .collect();
        let base = "http://localhost:4566";
        let urls = concat!(
            "<QueueUrl>http://localhost:4566/000000000042/a</QueueUrl>",
            "<QueueUrl>http://localhost:4566/000000000042/orders</QueueUrl>"
        );
        let json = concat!(
            r#"{"QueueUrls":["http://localhost:4566/000000000042/a","#,
            r#""http://localhost:4566/000000000042/orders"]"#
        );
        assert_written(
            ACTION,
            &ListQueues::output(true, base, &arns, true),
            &format!(r#"{json},"NextToken":"b3JkZXJz"}}"#),
            &format!("{urls}<NextToken>b3JkZXJz</NextToken>"),
        );
        for (is_sized, more) in [(false, true), (true, false), (false, false)] {
            let output = ListQueues::output(is_sized, base, &arns, more);
            assert_written(ACTION, &output, &format!("{json}}}"), urls);
        }
        assert_written(ACTION, &ListQueues::output(true, base, &[], false), "{}", "");
    }
}
