//! ChangeMessageVisibilityBatch.

use serde::Deserialize;
use tidings_core::command::Command;
use tidings_core::receipt::ReceiptKey;

use super::batch::{self, Acknowledged, Entries, Entry, Outcome, member};
use super::caller::Caller;
use super::change_message_visibility::check;
use crate::query::Fields;
use crate::refusal::{Refusal, WireError};
use crate::request::Input;
use crate::text::Text;

/// The input of ChangeMessageVisibilityBatch.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct ChangeMessageVisibilityBatch<'a> {
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
    visibility_timeout: Option<i64>,
}

impl Entry for GivenEntry<'_> {
    const NAME: &'static str = "ChangeMessageVisibilityBatchRequestEntry";

    fn id(&mut self) -> Option<Text<'_>> {
        self.id.take()
    }
}

/// A message whose visibility was changed.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct VisibilityChanged;

impl Acknowledged for VisibilityChanged {
    const ELEMENT: &'static str = "ChangeMessageVisibilityBatchResultEntry";
}

impl<'a> Input<'a> for ChangeMessageVisibilityBatch<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        let read = |entry: &Fields<'a>| {
            Ok(GivenEntry {
                id: entry.text("Id"),
                receipt_handle: entry.text("ReceiptHandle"),
                visibility_timeout: entry.integer("VisibilityTimeout")?,
            })
        };
        let entries = fields.elements(GivenEntry::NAME);
        let entries = entries.iter().map(read).collect::<Result<_, _>>()?;
        Ok(Self { queue_url: fields.text("QueueUrl"), entries: Some(Entries::new(entries)) })
    }
}

impl ChangeMessageVisibilityBatch<'_> {
    /// What is asked of the core. An entry without a handle, or without a timeout that is in range,
    /// fails alone. If none passes, the command only finds out whether the queue is there.
    ///
    /// # Errors
    /// Errors of batches as a whole; errors of [`Caller`] for the queue.
    pub fn command(
        self,
        caller: &Caller<'_>,
        key: &ReceiptKey,
    ) -> Result<(Command, Outcome<VisibilityChanged>), Refusal> {
        let arn = caller.queue(self.queue_url.as_deref())?;
        let entries = batch::check(self.entries)?.into_iter().enumerate();
        let checked = entries.map(|(at, (id, entry))| {
            let timeout_name = member::<GivenEntry<'_>>(at, "VisibilityTimeout");
            let change = check(entry.receipt_handle, entry.visibility_timeout, key, &timeout_name);
            (id, change.map(|change| (change, VisibilityChanged)))
        });
        let (changes, outcome) = Outcome::part(checked);
        if changes.is_empty() {
            return Ok((Command::FindQueue { arn }, outcome));
        }
        Ok((Command::ChangeVisibility { arn, changes }, outcome))
    }
}

#[cfg(test)]
mod tests {
    use tidings_core::rejection::Rejection;

    use super::*;
    use crate::action::SqsAction;
    use crate::json;
    use crate::sqs::testing::{ARN, assert_written, key, queue_command};

    const ACTION: SqsAction = SqsAction::ChangeMessageVisibilityBatch;

    #[test]
    fn changes_go_to_the_core() {
        let entries =
            r#""Entries":[{"Id":"a","ReceiptHandle":"x","VisibilityTimeout":0},{"Id":"b"}]"#;
        let form = "ChangeMessageVisibilityBatchRequestEntry.1.Id=a\
            &ChangeMessageVisibilityBatchRequestEntry.1.ReceiptHandle=x\
            &ChangeMessageVisibilityBatchRequestEntry.1.VisibilityTimeout=0\
            &ChangeMessageVisibilityBatchRequestEntry.2.Id=b";
        let expected = format!(
            "ChangeVisibility {{ arn: {ARN}, changes: [(Handle {{ text: \"x\", receipt: None }}, \
             0)] }}"
        );
        assert_eq!(queue_command(ACTION, entries, form), Ok(expected));
    }

    #[test]
    fn an_entry_fails_alone() {
        let body = br#"{"QueueUrl":"000000000042/orders","Entries":[
            {"Id":"a","ReceiptHandle":"x","VisibilityTimeout":43201},
            {"Id":"b","ReceiptHandle":"x"},
            {"Id":"c","VisibilityTimeout":1},
            {"Id":"d","ReceiptHandle":"x","VisibilityTimeout":1}]}"#;
        let input: ChangeMessageVisibilityBatch<'_> = json::read(body).unwrap();
        let region = tidings_core::names::Region::parse("eu-west-1").unwrap();
        let account = tidings_core::names::AccountId::parse("000000000042").unwrap();
        let protocol = crate::Protocol::Json;
        let caller = Caller { protocol, path: "/", account, region: &region };
        let (_, outcome) = input.command(&caller, &key()).unwrap();
        let not_inflight = Rejection::MessageNotInflight;
        assert_written(
            ACTION,
            &outcome.settle(vec![Err::<(), _>(not_inflight)]),
            concat!(
                r#"{"Failed":[{"Id":"a","SenderFault":true,"Code":"InvalidParameterValue","Message":"#,
                r#""Value 43201 for parameter VisibilityTimeout is invalid. Reason: "#,
                r#"VisibilityTimeout must be an integer between 0 and 43200"},"#,
                r#"{"Id":"b","SenderFault":true,"Code":"MissingParameter","Message":"The request "#,
                r#"must contain the parameter "#,
                r#"ChangeMessageVisibilityBatchRequestEntry.2.VisibilityTimeout."},"#,
                r#"{"Id":"c","SenderFault":true,"Code":"MissingParameter","Message":"The request "#,
                r#"must contain the parameter ReceiptHandle."},"#,
                r#"{"Id":"d","SenderFault":true,"#,
                r#""Code":"AWS.SimpleQueueService.MessageNotInflight","Message":"The message "#,
                r#"referred to is not in flight."}]}"#,
            ),
            "<BatchResultErrorEntry><Id>a</Id><SenderFault>true</SenderFault>\
             <Code>InvalidParameterValue</Code><Message>Value 43201 for parameter VisibilityTimeout \
             is invalid. Reason: VisibilityTimeout must be an integer between 0 and 43200</Message>\
             </BatchResultErrorEntry><BatchResultErrorEntry><Id>b</Id>\
             <SenderFault>true</SenderFault><Code>MissingParameter</Code><Message>The request must \
             contain the parameter ChangeMessageVisibilityBatchRequestEntry.2.VisibilityTimeout.\
             </Message></BatchResultErrorEntry><BatchResultErrorEntry><Id>c</Id>\
             <SenderFault>true</SenderFault><Code>MissingParameter</Code><Message>The request must \
             contain the parameter ReceiptHandle.</Message></BatchResultErrorEntry>\
             <BatchResultErrorEntry><Id>d</Id><SenderFault>true</SenderFault>\
             <Code>AWS.SimpleQueueService.MessageNotInflight</Code><Message>The message referred to \
             is not in flight.</Message></BatchResultErrorEntry>",
        );
    }

    #[test]
    fn successes_have_their_own_element() {
        let entries = [("a".to_owned(), Ok(((), VisibilityChanged)))];
        let (_, outcome) = Outcome::part(entries);
        assert_written(
            ACTION,
            &outcome.settle(vec![Ok(())]),
            r#"{"Successful":[{"Id":"a"}]}"#,
            "<ChangeMessageVisibilityBatchResultEntry><Id>a</Id>\
             </ChangeMessageVisibilityBatchResultEntry>",
        );
    }
}
