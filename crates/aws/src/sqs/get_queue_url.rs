//! GetQueueUrl.

use serde::Deserialize;
use tidings_core::command::Command;
use tidings_core::names::{AccountId, QueueArn, QueueName};
use tidings_core::rejection::Rejection;

use super::caller::Caller;
use crate::query::Fields;
use crate::refusal::WireError;
use crate::request::Input;
use crate::response::{Members, Output};
use crate::text::Text;

/// The input of GetQueueUrl.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct GetQueueUrl<'a> {
    #[serde(borrow)]
    queue_name: Option<Text<'a>>,
    #[serde(rename = "QueueOwnerAWSAccountId")]
    owner: Option<Text<'a>>,
}

impl<'a> Input<'a> for GetQueueUrl<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        Ok(Self {
            queue_name: fields.text("QueueName"),
            owner: fields.text("QueueOwnerAWSAccountId"),
        })
    }
}

impl GetQueueUrl<'_> {
    /// What is asked of the core, and the queue that it is about.
    ///
    /// # Errors
    /// InvalidParameterValue if the name is missing or empty. QueueDoesNotExist if no queue can
    /// have it, or no account the owner's id.
    pub fn command(self, caller: &Caller<'_>) -> Result<(Command, QueueArn), Rejection> {
        let Some(name) = self.queue_name.filter(|name| !name.is_empty()) else {
            return Err(Rejection::InvalidParameterValue(
                "Value for parameter QueueName is invalid. Reason: Must specify a queue name."
                    .to_owned(),
            ));
        };
        let name = QueueName::parse(&name).ok_or(Rejection::QueueDoesNotExist)?;
        let mut arn = caller.own(name);
        if let Some(owner) = self.owner.filter(|owner| !owner.is_empty()) {
            arn.account = AccountId::parse(&owner).ok_or(Rejection::QueueDoesNotExist)?;
        }
        Ok((Command::FindQueue { arn: arn.clone() }, arn))
    }
}

/// The output of CreateQueue and of GetQueueUrl.
#[derive(Debug)]
pub struct QueueUrlOutput {
    /// The queue's URL.
    pub queue_url: String,
}

impl Output for QueueUrlOutput {
    fn write(&self, members: &mut Members<'_>) {
        members.text("QueueUrl", &self.queue_url);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::SqsAction;
    use crate::sqs::testing::{assert_written, both};

    const ACTION: SqsAction = SqsAction::GetQueueUrl;

    #[test]
    fn the_queue_is_the_callers_unless_said_otherwise() {
        for (json, form, account) in [
            (r#"{"QueueName":"orders"}"#, "QueueName=orders", "111111111111"),
            (
                r#"{"QueueName":"orders","QueueOwnerAWSAccountId":"000000000042"}"#,
                "QueueName=orders&QueueOwnerAWSAccountId=000000000042",
                "000000000042",
            ),
            (
                r#"{"QueueName":"orders","QueueOwnerAWSAccountId":""}"#,
                "QueueName=orders&QueueOwnerAWSAccountId=",
                "111111111111",
            ),
        ] {
            let expected = format!(
                "FindQueue {{ arn: QueueArn {{ account: {account}, region: Region(\"eu-west-1\"), \
                 name: QueueName(\"orders\") }} }}"
            );
            assert_eq!(both(ACTION, json, form), Ok(expected));
        }
    }

    #[test]
    fn what_cannot_be_a_queue_is_refused() {
        let unnamed = Rejection::InvalidParameterValue(
            "Value for parameter QueueName is invalid. Reason: Must specify a queue name.".into(),
        );
        for (json, form, rejection) in [
            ("{}", "", unnamed.clone()),
            (r#"{"QueueName":""}"#, "QueueName=", unnamed),
            (r#"{"QueueName":"a.b"}"#, "QueueName=a.b", Rejection::QueueDoesNotExist),
            (
                r#"{"QueueName":"a","QueueOwnerAWSAccountId":"42"}"#,
                "QueueName=a&QueueOwnerAWSAccountId=42",
                Rejection::QueueDoesNotExist,
            ),
        ] {
            assert_eq!(both(ACTION, json, form), Err(rejection.into()), "{json}");
        }
    }

    #[test]
    fn the_url_is_written() {
        let queue_url = "http://localhost:4566/000000000042/orders".to_owned();
        assert_written(
            ACTION,
            &QueueUrlOutput { queue_url },
            r#"{"QueueUrl":"http://localhost:4566/000000000042/orders"}"#,
            "<QueueUrl>http://localhost:4566/000000000042/orders</QueueUrl>",
        );
    }
}
