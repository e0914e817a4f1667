//! DeleteMessageBatch.

use serde::Deserialize;
use tidings_core::command::Command;
use tidings_core::receipt::ReceiptKey;

use super::batch::{self, Acknowledged, Entries, Entry, Outcome};
use super::caller::Caller;
use super::checks::handle;
use crate::query::Fields;
use crate::refusal::{Refusal, WireError};
use crate::request::Input;
use crate::text::Text;

/// The input of DeleteMessageBatch.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct DeleteMessageBatch<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    entries: Option<Entries<GivenEntry<'a>>>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
struct GivenEntry<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    receipt_handle: Option<Text<'a>>,
}

impl Entry for GivenEntry<'_> {
    const NAME: &'static str = "DeleteMessageBatchRequestEntry";

    fn id(&mut self) -> Option<Text<'_>> {
        self.id.take()
    }
}

/// A message that was deleted.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Deleted;

impl Acknowledged for Deleted {
    const ELEMENT: &'static str = "DeleteMessageBatchResultEntry";
}

impl<'a> Input<'a> for DeleteMessageBatch<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        let entries = fields.elements(GivenEntry::NAME);
        let read = |entry: &Fields<'a>| GivenEntry {
            id: entry.text("Id"),
            receipt_handle: entry.text("ReceiptHandle"),
        };
        let entries = Entries::new(entries.iter().map(read).collect());
        Ok(Self { queue_url: fields.text("QueueUrl"), entries: Some(entries) })
    }
}

impl DeleteMessageBatch<'_> {
    /// What is asked of the core. An entry without a handle fails alone. If none has one, the
    /// command only finds out whether the queue is there.
    ///
    /// # Errors
    /// Errors of batches as a whole; errors of [`Caller`] for the queue.
    pub fn command(
        self,
        caller: &Caller<'_>,
        key: &ReceiptKey,
    ) -> Result<(Command, Outcome<Deleted>), Refusal> {
        let arn = caller.queue(self.queue_url.as_deref())?;
        let checked = batch::check(self.entries)?
            .into_iter()
            .map(|(id, entry)| (id, handle(entry.receipt_handle, key).map(|h| (h, Deleted))));
        let (receipts, outcome) = Outcome::part(checked);
        if receipts.is_empty() {
            return Ok((Command::FindQueue { arn }, outcome));
        }
        Ok((Command::Delete { arn, receipts }, outcome))
    }
}

#[cfg(test)]
mod tests {
    use tidings_core::rejection::Rejection;

    use super::*;
    use crate::action::{Protocol, SqsAction};
    use crate::sqs::testing::{ARN, QUEUE_URL, assert_written, command, queue_command};

    const ACTION: SqsAction = SqsAction::DeleteMessageBatch;

    #[test]
    fn handles_go_to_the_core() {
        let json = r#""Entries":[{"Id":"a","ReceiptHandle":"x"},{"Id":"b"},
                                 {"Id":"c","ReceiptHandle":"y"}]"#;
        let form = "DeleteMessageBatchRequestEntry.1.Id=a\
            &DeleteMessageBatchRequestEntry.1.ReceiptHandle=x\
            &DeleteMessageBatchRequestEntry.2.Id=b\
            &DeleteMessageBatchRequestEntry.10.Id=c\
            &DeleteMessageBatchRequestEntry.10.ReceiptHandle=y";
        let expected = format!(
            "Delete {{ arn: {ARN}, receipts: [Handle {{ text: \"x\", receipt: None }}, \
             Handle {{ text: \"y\", receipt: None }}] }}"
        );
        assert_eq!(queue_command(ACTION, json, form), Ok(expected));
    }

    #[test]
    fn without_any_handle_the_queue_is_looked_up() {
        let form = "DeleteMessageBatchRequestEntry.1.Id=a";
        let command = queue_command(ACTION, r#""Entries":[{"Id":"a"}]"#, form);
        assert_eq!(command, Ok(format!("FindQueue {{ arn: {ARN} }}")));
    }

    #[test]
    fn a_batch_without_entries_is_refused() {
        let empty = || Rejection::EmptyBatchRequest("DeleteMessageBatchRequestEntry").into();
        assert_eq!(queue_command(ACTION, r#""Entries":[]"#, ""), Err(empty()));
        let body = format!("{{\"QueueUrl\":\"{QUEUE_URL}\"}}");
        let missing = Rejection::MissingParameter("Entries".to_owned());
        assert_eq!(command(Protocol::Json, ACTION, &body), Err(missing.into()));
    }

    #[test]
    fn each_entry_is_answered() {
        let bad_handle = || Rejection::ReceiptHandleIsInvalid { handle: "x".to_owned() };
        let entries = ["a", "b", "c"].map(|id| (id.to_owned(), Ok(((), Deleted))));
        let (_, outcome) = Outcome::part(entries);
        assert_written(
            ACTION,
            &outcome.settle(vec![Ok(()), Err(bad_handle()), Ok(())]),
            concat!(
                r#"{"Successful":[{"Id":"a"},{"Id":"c"}],"Failed":[{"Id":"b","SenderFault":true,"#,
                r#""Code":"ReceiptHandleIsInvalid","Message":"The input receipt handle \"x\" is not "#,
                r#"a valid receipt handle."}]}"#,
            ),
            "<DeleteMessageBatchResultEntry><Id>a</Id></DeleteMessageBatchResultEntry>\
             <DeleteMessageBatchResultEntry><Id>c</Id></DeleteMessageBatchResultEntry>\
             <BatchResultErrorEntry><Id>b</Id><SenderFault>true</SenderFault>\
             <Code>ReceiptHandleIsInvalid</Code><Message>The input receipt handle &quot;x&quot; is \
             not a valid receipt handle.</Message></BatchResultErrorEntry>",
        );
    }
}
