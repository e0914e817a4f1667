//! SendMessageBatch.

use serde::Deserialize;
use tidings_core::command::{Command, Sent};
use tidings_core::limits;
use tidings_core::names::Uuid;
use tidings_core::rejection::Rejection;

use super::batch::{self, BatchOutput, Entries, Entry, Outcome, member};
use super::caller::Caller;
use super::message::{Draft, Sender};
use super::message_attributes::{GivenAttributes, GivenValue};
use super::send_message::{Digests, write_sent};
use crate::query::Fields;
use crate::refusal::{Refusal, WireError};
use crate::request::Input;
use crate::response::{Members, Output};
use crate::text::Text;

/// The input of SendMessageBatch.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct SendMessageBatch<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    entries: Option<Entries<GivenEntry<'a>>>,
}

#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
struct GivenEntry<'a> {
    #[serde(borrow)]
    id: Option<Text<'a>>,
    message_body: Option<Text<'a>>,
    delay_seconds: Option<i64>,
    #[serde(deserialize_with = "crate::json::or_default")]
    message_attributes: GivenAttributes<'a>,
    #[serde(deserialize_with = "crate::json::or_default")]
    message_system_attributes: GivenAttributes<'a>,
    message_deduplication_id: Option<Text<'a>>,
    message_group_id: Option<Text<'a>>,
}

impl Entry for GivenEntry<'_> {
    const NAME: &'static str = "SendMessageBatchRequestEntry";

    fn id(&mut self) -> Option<Text<'_>> {
        self.id.take()
    }
}

impl<'a> Input<'a> for SendMessageBatch<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        let entries = fields.elements(GivenEntry::NAME);
        let entries = entries.iter().map(GivenEntry::from_query).collect::<Result<_, _>>()?;
        Ok(Self { queue_url: fields.text("QueueUrl"), entries: Some(Entries::new(entries)) })
    }
}

impl<'a> GivenEntry<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        Ok(Self {
            id: fields.text("Id"),
            message_body: fields.text("MessageBody"),
            delay_seconds: fields.integer("DelaySeconds")?,
            message_attributes: GivenValue::all_from_query(fields, "MessageAttribute")?,
            message_system_attributes: GivenValue::all_from_query(
                fields,
                "MessageSystemAttribute",
            )?,
            message_deduplication_id: fields.text("MessageDeduplicationId"),
            message_group_id: fields.text("MessageGroupId"),
        })
    }

    fn into_draft(self) -> Draft<'a> {
        Draft {
            body: self.message_body,
            delay_seconds: self.delay_seconds,
            attributes: self.message_attributes,
            system_attributes: self.message_system_attributes,
            deduplication: self.message_deduplication_id,
            group: self.message_group_id,
        }
    }
}

impl<'a> SendMessageBatch<'a> {
    /// Checks the batch and each of its messages. `message_id` gives a fresh id for each.
    ///
    /// A message that fails its checks fails alone. If none passes, the command only finds out
    /// whether the queue is there.
    ///
    /// # Errors
    /// Errors of batches as a whole, among them BatchRequestTooLong; errors of [`Caller`] for the
    /// queue.
    pub fn command(
        self,
        caller: &Caller<'_>,
        sender: &Sender<'a>,
        mut message_id: impl FnMut() -> Uuid,
    ) -> Result<(Command, Outcome<Digests>), Refusal> {
        let arn = caller.queue(self.queue_url.as_deref())?;
        let drafts: Vec<(String, Draft<'a>)> = batch::check(self.entries)?
            .into_iter()
            .map(|(id, entry)| (id, entry.into_draft()))
            .collect();
        let bytes = drafts.iter().map(|(_, draft)| draft.size()).sum();
        if bytes > limits::BATCH_BYTES_MAX {
            return Err(Rejection::BatchRequestTooLong { bytes }.into());
        }
        let checked = drafts.into_iter().enumerate().map(|(at, (id, draft))| {
            let body_name = member::<GivenEntry<'_>>(at, "MessageBody");
            let message = draft.check(sender, &body_name);
            (id, message.map(|message| message.outgoing(&arn.name, sender, message_id())))
        });
        let (messages, outcome) = Outcome::part(checked);
        if messages.is_empty() {
            return Ok((Command::FindQueue { arn }, outcome));
        }
        Ok((Command::Send { arn, messages }, outcome))
    }

    /// What the core says of a message, as the answer to a batch words it.
    pub fn of_entry(rejection: Rejection) -> Rejection {
        match rejection {
            Rejection::InvalidParameterValue(text) => {
                let reason = text.strip_prefix("One or more parameters are invalid.");
                Rejection::InvalidParameterValue(match reason {
                    Some(reason) => format!("One or more parameters cannot be validated.{reason}"),
                    None => text,
                })
            }
            other => other,
        }
    }

    /// What the core says of the whole call, as the answer to a batch words it: where SendMessage
    /// has MissingParameter, SendMessageBatch has InvalidParameterValue, with the same text.
    pub fn of_call(rejection: Rejection) -> Rejection {
        match rejection {
            Rejection::MissingParameter(_) => {
                Rejection::InvalidParameterValue(rejection.to_string())
            }
            other => other,
        }
    }
}

impl Output for BatchOutput<(Digests, Sent)> {
    fn write(&self, members: &mut Members<'_>) {
        self.write_entries(members, "SendMessageBatchResultEntry", |members, (digests, sent)| {
            write_sent(members, sent, digests);
        });
    }

    fn size_hint(&self) -> usize {
        2048
    }
}

#[cfg(test)]
mod tests {
    use tidings_core::message::Content;
    use tidings_core::names::{AccountId, Region};

    use super::*;
    use crate::action::{Protocol, SqsAction};
    use crate::request::Request;
    use crate::sqs::testing::{ARN, assert_written, queue_command};

    const ACTION: SqsAction = SqsAction::SendMessageBatch;

    fn batch(protocol: Protocol, parameters: &str) -> Result<(Command, Outcome<Digests>), Refusal> {
        let region = Region::parse("eu-west-1").unwrap();
        let account = AccountId::parse("111111111111").unwrap();
        let caller = &Caller { protocol, path: "/", account, region: &region };
        let sender = &Sender { id: "111111111111", trace_header: Some("Root=1") };
        let request = Request::read(protocol, "", parameters.as_bytes())?;
        let mut ids = 0;
        let message_id = || {
            ids += 1;
            Uuid::from_random(ids)
        };
        request.input::<SendMessageBatch<'_>>()?.command(caller, sender, message_id)
    }

    #[test]
    fn each_message_is_checked_alone() {
        let json = r#"{"QueueUrl":"000000000042/orders.fifo","Entries":[
            {"Id":"a","MessageBody":"one","MessageGroupId":"g","DelaySeconds":0,
             "MessageSystemAttributes":{"AWSTraceHeader":{"DataType":"String","StringValue":"own"}}},
            {"Id":"b"},
            {"Id":"c","MessageBody":"three","MessageDeduplicationId":"d",
             "MessageAttributes":{"Hello":{"DataType":"String","StringValue":"There"}}},
            {"Id":"d","MessageBody":"\u0001"},
            {"Id":"e","MessageBody":"e","DelaySeconds":901}]}"#;
        let e = |n: u8, rest: &str| format!("SendMessageBatchRequestEntry.{n}.{rest}");
        let form = [
            "QueueUrl=000000000042/orders.fifo".to_owned(),
            e(1, "Id=a"),
            e(1, "MessageBody=one"),
            e(1, "MessageGroupId=g"),
            e(1, "DelaySeconds=0"),
            e(1, "MessageSystemAttribute.1.Name=AWSTraceHeader"),
            e(1, "MessageSystemAttribute.1.Value.DataType=String"),
            e(1, "MessageSystemAttribute.1.Value.StringValue=own"),
            e(2, "Id=b"),
            e(3, "Id=c"),
            e(3, "MessageBody=three"),
            e(3, "MessageDeduplicationId=d"),
            e(3, "MessageAttribute.1.Name=Hello"),
            e(3, "MessageAttribute.1.Value.DataType=String"),
            e(3, "MessageAttribute.1.Value.StringValue=There"),
            e(10, "Id=d"),
            e(10, "MessageBody=%01"),
            e(11, "Id=e"),
            e(11, "MessageBody=e"),
            e(11, "DelaySeconds=901"),
        ]
        .join("&");
        for (protocol, parameters) in [(Protocol::Json, json), (Protocol::Query, &form)] {
            let (command, outcome) = batch(protocol, parameters).unwrap();
            let Command::Send { messages, .. } = command else { panic!("{command:?}") };
            let contents: Vec<_> =
                messages.iter().map(|m| Content::decode(&m.content).unwrap()).collect();
            let carried: Vec<_> = contents.iter().map(|c| (c.body, c.trace_header)).collect();
            assert_eq!(carried, [("one", Some("own")), ("three", Some("Root=1"))]);
            assert_ne!(messages[0].message_id, messages[1].message_id);
            assert!(messages[0].body_sha256.is_some() && messages[1].body_sha256.is_none());
            assert_written_once(outcome);
        }
    }

    /// As each_message_is_checked_alone has it, with the third message too long for its queue.
    fn assert_written_once(outcome: Outcome<Digests>) {
        let sent = Sent {
            message_id: Uuid::from_random(0),
            body_md5: [0xab; 16],
            sequence_number: Some(1),
        };
        let too_long = Rejection::InvalidParameterValue(
            "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."
                .to_owned(),
        );
        let answers = vec![Ok(sent), Err(SendMessageBatch::of_entry(too_long))];
        let characters = Rejection::InvalidMessageContents.to_string();
        let failures = [
            (
                "b",
                "MissingParameter",
                "The request must contain the parameter \
              SendMessageBatchRequestEntry.2.MessageBody.",
            ),
            (
                "c",
                "InvalidParameterValue",
                "One or more parameters cannot be validated. Reason: \
              Message must be shorter than 1024 bytes.",
            ),
            ("d", "InvalidMessageContents", &characters),
            (
                "e",
                "InvalidParameterValue",
                "Value 901 for parameter DelaySeconds is invalid. \
              Reason: DelaySeconds must be >= 0 and <= 900.",
            ),
        ];
        let (ab, own) = ("ab".repeat(16), "335388e5664ad9294697ec7d25d222e1");
        let id = "00000000-0000-4000-8000-000000000000";
        let number = "00000000000000000001";
        let failed = failures.map(|(id, code, text)| {
            format!(
                "{{\"Id\":\"{id}\",\"SenderFault\":true,\"Code\":\"{code}\",\"Message\":\"{text}\"}}"
            )
        });
        let json = format!(
            "{{\"Successful\":[{{\"Id\":\"a\",\"MessageId\":\"{id}\",\
             \"MD5OfMessageBody\":\"{ab}\",\"MD5OfMessageSystemAttributes\":\"{own}\",\
             \"SequenceNumber\":\"{number}\"}}],\"Failed\":[{}]}}",
            failed.join(",")
        );
        let failed = failures.map(|(id, code, text)| {
            let text = text.replace('>', "&gt;").replace('<', "&lt;");
            format!(
                "<BatchResultErrorEntry><Id>{id}</Id><SenderFault>true</SenderFault>\
                 <Code>{code}</Code><Message>{text}</Message></BatchResultErrorEntry>"
            )
        });
        let members = format!(
            "<SendMessageBatchResultEntry><Id>a</Id><MessageId>{id}</MessageId>\
             <MD5OfMessageBody>{ab}</MD5OfMessageBody>\
             <MD5OfMessageSystemAttributes>{own}</MD5OfMessageSystemAttributes>\
             <SequenceNumber>{number}</SequenceNumber></SendMessageBatchResultEntry>{}",
            failed.concat()
        );
        assert_written(ACTION, &outcome.settle(answers), &json, &members);
    }

    #[test]
    fn a_batch_is_bounded_in_bytes() {
        let of_bytes = |bytes: usize| {
            // The attribute counts 1 + 6 + 1 bytes.
            let (half, rest) = (bytes / 2, bytes - bytes / 2 - 8);
            let (first, second) = ("a".repeat(half), "b".repeat(rest));
            format!(
                "{{\"QueueUrl\":\"000000000042/orders\",\"Entries\":[\
                 {{\"Id\":\"a\",\"MessageBody\":\"{first}\"}},\
                 {{\"Id\":\"b\",\"MessageBody\":\"{second}\",\"MessageAttributes\":\
                 {{\"n\":{{\"DataType\":\"String\",\"StringValue\":\"v\"}}}}}}]}}"
            )
        };
        let max = 1_048_576;
        assert!(batch(Protocol::Json, &of_bytes(max)).is_ok());
        let refused = batch(Protocol::Json, &of_bytes(max + 1)).map(|_| ()).unwrap_err();
        assert_eq!(refused, Rejection::BatchRequestTooLong { bytes: max + 1 }.into());
    }

    #[test]
    fn without_a_good_message_the_queue_is_looked_up() {
        let form = "SendMessageBatchRequestEntry.1.Id=a";
        let command = queue_command(ACTION, r#""Entries":[{"Id":"a"}]"#, form);
        assert_eq!(command, Ok(format!("FindQueue {{ arn: {ARN} }}")));
    }

    #[test]
    fn the_batch_as_a_whole_is_checked() {
        let id = |n: u8, id: &str| format!("SendMessageBatchRequestEntry.{n}.Id={id}");
        for (json, form, rejection) in [
            (
                r#""Entries":[]"#,
                String::new(),
                Rejection::EmptyBatchRequest("SendMessageBatchRequestEntry"),
            ),
            (
                r#""Entries":[{"Id":"a"},{"Id":"a"}]"#,
                [id(1, "a"), id(2, "a")].join("&"),
                Rejection::BatchEntryIdsNotDistinct { id: "a".to_owned() },
            ),
            (r#""Entries":[{"Id":"a.b"}]"#, id(1, "a.b"), Rejection::InvalidBatchEntryId),
            (
                r#""Entries":[{"Id":"a"},{"MessageBody":"b"}]"#,
                [id(1, "a"), "SendMessageBatchRequestEntry.2.MessageBody=b".to_owned()].join("&"),
                Rejection::MissingParameter("SendMessageBatchRequestEntry.2.Id".to_owned()),
            ),
            (
                r#""Entries":[{"Id":"1"},{"Id":"2"},{"Id":"3"},{"Id":"4"},{"Id":"5"},{"Id":"6"},
                              {"Id":"7"},{"Id":"8"},{"Id":"9"},{"Id":"10"},{"Id":"11"}]"#,
                (1..=11).map(|n| id(n, &n.to_string())).collect::<Vec<_>>().join("&"),
                Rejection::TooManyEntriesInBatchRequest { entries: 11 },
            ),
        ] {
            assert_eq!(queue_command(ACTION, json, &form), Err(rejection.into()), "{json}");
        }
    }

    #[test]
    fn what_the_core_says_is_worded_for_batches() {
        let missing = Rejection::MissingParameter("MessageGroupId".to_owned());
        let text = "The request must contain the parameter MessageGroupId.".to_owned();
        assert_eq!(SendMessageBatch::of_call(missing), Rejection::InvalidParameterValue(text));
        for same in
            [Rejection::QueueDoesNotExist, Rejection::InvalidParameterValue("other".to_owned())]
        {
            assert_eq!(SendMessageBatch::of_call(same.clone()), same);
            assert_eq!(SendMessageBatch::of_entry(same.clone()), same);
        }
    }
}
