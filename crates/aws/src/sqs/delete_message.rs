//! DeleteMessage.

use serde::Deserialize;
use tidings_core::command::Command;
use tidings_core::receipt::ReceiptKey;

use super::caller::Caller;
use super::checks::handle;
use crate::query::Fields;
use crate::refusal::{Refusal, WireError};
use crate::request::Input;
use crate::text::Text;

/// The input of DeleteMessage.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteMessage<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    receipt_handle: Option<Text<'a>>,
}

impl<'a> Input<'a> for DeleteMessage<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        let receipt_handle = fields.text("ReceiptHandle");
        Ok(Self { queue_url: fields.text("QueueUrl"), receipt_handle })
    }
}

impl DeleteMessage<'_> {
    /// What is asked of the core.
    ///
    /// # Errors
    /// MissingParameter if there is no handle; errors of [`Caller`] for the queue.
    pub fn command(self, caller: &Caller<'_>, key: &ReceiptKey) -> Result<Command, Refusal> {
        let arn = caller.queue(self.queue_url.as_deref())?;
        let receipts = vec![handle(self.receipt_handle, key)?];
        Ok(Command::Delete { arn, receipts })
    }
}

#[cfg(test)]
mod tests {
    use tidings_core::rejection::Rejection;

    use crate::action::SqsAction;
    use crate::sqs::testing::{ARN, handle, queue_command};

    const ACTION: SqsAction = SqsAction::DeleteMessage;

    #[test]
    fn a_handle_is_read_or_left_to_the_core() {
        let (text, printed) = handle();
        let unread = r#"Handle { text: "unread", receipt: None }"#.to_owned();
        for (handle, printed) in [(&*text, printed), ("unread", unread)] {
            let json = format!("\"ReceiptHandle\":\"{handle}\"");
            let form = format!("ReceiptHandle={}", handle.replace('+', "%2B"));
            let expected = format!("Delete {{ arn: {ARN}, receipts: [{printed}] }}");
            assert_eq!(queue_command(ACTION, &json, &form), Ok(expected));
        }
    }

    #[test]
    fn a_handle_must_be_there() {
        let missing = || Err(Rejection::MissingParameter("ReceiptHandle".to_owned()).into());
        assert_eq!(queue_command(ACTION, "", ""), missing());
        assert_eq!(queue_command(ACTION, r#""ReceiptHandle":"""#, "ReceiptHandle="), missing());
    }
}
