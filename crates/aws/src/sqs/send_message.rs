//! SendMessage.

use serde::Deserialize;
use tidings_core::command::{Command, Sent};
use tidings_core::names::Uuid;

use super::caller::Caller;
use super::message::{Draft, Sender};
use super::message_attributes::{GivenAttributes, GivenValue};
use crate::query::Fields;
use crate::refusal::{Refusal, WireError};
use crate::request::Input;
use crate::response::{Members, Output};
use crate::text::Text;

/// The input of SendMessage.
#[derive(Deserialize, Default, Debug)]
#[serde(rename_all = "PascalCase", default)]
pub struct SendMessage<'a> {
    #[serde(borrow)]
    queue_url: Option<Text<'a>>,
    message_body: Option<Text<'a>>,
    delay_seconds: Option<i64>,
    #[serde(deserialize_with = "crate::json::or_default")]
    message_attributes: GivenAttributes<'a>,
    #[serde(deserialize_with = "crate::json::or_default")]
    message_system_attributes: GivenAttributes<'a>,
    message_deduplication_id: Option<Text<'a>>,
    message_group_id: Option<Text<'a>>,
}

impl<'a> Input<'a> for SendMessage<'a> {
    fn from_query(fields: &Fields<'a>) -> Result<Self, WireError> {
        Ok(Self {
            queue_url: fields.text("QueueUrl"),
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
}

/// What a sender is told beside the digest of the body.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Digests {
    /// Of the message's attributes, if it has any.
    pub attributes: Option<[u8; 16]>,
    /// Of the message's system attributes, if the request gave any.
    pub system_attributes: Option<[u8; 16]>,
}

impl<'a> SendMessage<'a> {
    /// Checks the message. `message_id` is a fresh one for it.
    ///
    /// # Errors
    /// MissingParameter, InvalidParameterValue, InvalidMessageContents or UnsupportedOperation for
    /// the message; errors of [`Caller`] for the queue.
    pub fn command(
        self,
        caller: &Caller<'_>,
        sender: &Sender<'a>,
        message_id: Uuid,
    ) -> Result<(Command, Digests), Refusal> {
        let arn = caller.queue(self.queue_url.as_deref())?;
        let draft = Draft {
            body: self.message_body,
            delay_seconds: self.delay_seconds,
            attributes: self.message_attributes,
            system_attributes: self.message_system_attributes,
            deduplication: self.message_deduplication_id,
            group: self.message_group_id,
        };
        let message = draft.check(sender, "MessageBody")?;
        let (outgoing, digests) = message.outgoing(&arn.name, sender, message_id);
        Ok((Command::Send { arn, messages: vec![outgoing] }, digests))
    }
}

/// The output of SendMessage.
#[derive(Debug)]
pub struct SendMessageOutput {
    /// What the core says.
    pub sent: Sent,
    /// What it does not look into.
    pub digests: Digests,
}

impl Output for SendMessageOutput {
    fn write(&self, members: &mut Members<'_>) {
        write_sent(members, &self.sent, &self.digests);
    }
}

/// The members that a result of SendMessage and of SendMessageBatch have in common.
pub(crate) fn write_sent(members: &mut Members<'_>, sent: &Sent, digests: &Digests) {
    members.text("MessageId", &sent.message_id.to_string());
    members.digest("MD5OfMessageBody", sent.body_md5);
    if let Some(md5) = digests.attributes {
        members.digest("MD5OfMessageAttributes", md5);
    }
    if let Some(md5) = digests.system_attributes {
        members.digest("MD5OfMessageSystemAttributes", md5);
    }
    if let Some(number) = sent.sequence_number {
        members.text("SequenceNumber", &sequence_number(number));
    }
}

/// Twenty digits, so that numbers compare as texts do.
pub(crate) fn sequence_number(number: u64) -> String {
    format!("{number:020}")
}

#[cfg(test)]
mod tests {
    use tidings_core::command::Outgoing;
    use tidings_core::message::{Content, Sealing};
    use tidings_core::names::{AccountId, Region};
    use tidings_core::rejection::Rejection;

    use super::*;
    use crate::action::{Protocol, SqsAction};
    use crate::request::Request;
    use crate::sqs::testing::{assert_written, queue_command};

    const ACTION: SqsAction = SqsAction::SendMessage;

    fn hex(bytes: impl AsRef<[u8]>) -> String {
        bytes.as_ref().iter().map(|b| format!("{b:02x}")).collect()
    }

    fn sent(protocol: Protocol, parameters: &str) -> (Outgoing, Digests) {
        let region = Region::parse("eu-west-1").unwrap();
        let account = AccountId::parse("111111111111").unwrap();
        let caller = &Caller { protocol, path: "/", account, region: &region };
        let sender = &Sender { id: "111111111111", trace_header: Some("Root=1") };
        let request = Request::read(protocol, "", parameters.as_bytes()).unwrap();
        let input: SendMessage<'_> = request.input().unwrap();
        let (command, digests) = input.command(caller, sender, Uuid::from_random(0)).unwrap();
        match command {
            Command::Send { mut messages, .. } if messages.len() == 1 => {
                (messages.remove(0), digests)
            }
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_message_carries_what_was_given() {
        let json = r#"{"QueueUrl":"000000000042/orders","MessageBody":"Test \"ü\"","DelaySeconds":900,
            "MessageGroupId":"g","MessageDeduplicationId":"d",
            "MessageAttributes":{"Hello":{"DataType":"String","StringValue":"There"},
                                 "General":{"DataType":"String","StringValue":"Kenobi"}},
            "MessageSystemAttributes":{"AWSTraceHeader":
                {"DataType":"String","StringValue":"some-trace-id"}}}"#;
        let form = "QueueUrl=000000000042/orders&MessageBody=Test+%22%C3%BC%22&DelaySeconds=900\
            &MessageGroupId=g&MessageDeduplicationId=d&MessageAttribute.1.Name=Hello\
            &MessageAttribute.1.Value.DataType=String&MessageAttribute.1.Value.StringValue=There\
            &MessageAttribute.2.Name=General&MessageAttribute.2.Value.DataType=String\
            &MessageAttribute.2.Value.StringValue=Kenobi\
            &MessageSystemAttribute.1.Name=AWSTraceHeader\
            &MessageSystemAttribute.1.Value.DataType=String\
            &MessageSystemAttribute.1.Value.StringValue=some-trace-id";
        for (protocol, parameters) in [(Protocol::Json, json), (Protocol::Query, form)] {
            let (outgoing, digests) = sent(protocol, parameters);
            let content = Content::decode(&outgoing.content).unwrap();
            assert_eq!(content.body, "Test \"ü\"");
            assert_eq!(content.sender_id, "111111111111");
            assert_eq!(content.trace_header, Some("some-trace-id"));
            let names: Vec<_> = content.attributes.iter().map(|a| a.name).collect();
            assert_eq!(names, ["Hello", "General"]);
            assert_eq!(outgoing.size, 9 + 5 + 6 + 5 + 7 + 6 + 6);
            assert_eq!(outgoing.delay_seconds, Some(900));
            assert_eq!(outgoing.group.unwrap().as_str(), "g");
            assert_eq!(outgoing.deduplication.unwrap().as_str(), "d");
            assert_eq!(outgoing.sealing, Sealing::Plain);
            let attributes = hex(digests.attributes.unwrap());
            assert_eq!(attributes, "fca026605781cb4126a1e9044df24232");
            let system = hex(digests.system_attributes.unwrap());
            assert_eq!(system, "fdce4f2818803f2f73becc09a54792c0");
        }
    }

    #[test]
    fn a_plain_message_is_little() {
        let (outgoing, digests) =
            sent(Protocol::Json, r#"{"QueueUrl":"000000000042/orders","MessageBody":"Test"}"#);
        let content = Content::decode(&outgoing.content).unwrap();
        assert_eq!((content.body, content.trace_header), ("Test", Some("Root=1")));
        assert_eq!(digests, Digests::default());
        assert_eq!(hex(outgoing.body_md5), "0cbc6611f5540bd0809a388dc95a615b");
        assert_eq!(outgoing.body_sha256, None);
        assert_eq!(outgoing.size, 4);
    }

    #[test]
    fn only_a_fifo_queue_needs_the_digest_of_the_body() {
        let body = r#"{"QueueUrl":"000000000042/orders.fifo","MessageBody":"Test""#;
        let (outgoing, _) = sent(Protocol::Json, &format!("{body}}}"));
        assert_eq!(
            hex(outgoing.body_sha256.unwrap()),
            "532eaabd9574880dbf76b9b8cc00832c20a6ec113d682299550d7a6e0f345e25"
        );
        let (outgoing, _) =
            sent(Protocol::Json, &format!("{body},\"MessageDeduplicationId\":\"d\"}}"));
        assert_eq!(outgoing.body_sha256, None);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let missing = || Rejection::MissingParameter("MessageBody".to_owned());
        let delay = |n: i64| {
            Rejection::parameter("DelaySeconds", n, "DelaySeconds must be >= 0 and <= 900.")
        };
        let id = |name: &str, value: &str| {
            let reason = format!(
                "{name} can only include alphanumeric and punctuation characters. 1 to 128 in \
                 length."
            );
            Rejection::parameter(name, value, reason)
        };
        let long = "i".repeat(129);
        for (json, form, rejection) in [
            ("", "", missing()),
            (r#""MessageBody":"""#, "MessageBody=", missing()),
            (r#""MessageBody":"\u0000""#, "MessageBody=%00", Rejection::InvalidMessageContents),
            (
                r#""MessageBody":"\uffff""#,
                "MessageBody=%EF%BF%BF",
                Rejection::InvalidMessageContents,
            ),
            (
                r#""MessageBody":"a","DelaySeconds":901"#,
                "MessageBody=a&DelaySeconds=901",
                delay(901),
            ),
            (r#""MessageBody":"a","DelaySeconds":-1"#, "MessageBody=a&DelaySeconds=-1", delay(-1)),
            (
                r#""MessageBody":"a","MessageGroupId":"a b""#,
                "MessageBody=a&MessageGroupId=a+b",
                id("MessageGroupId", "a b"),
            ),
            (
                r#""MessageBody":"a","MessageGroupId":"""#,
                "MessageBody=a&MessageGroupId=",
                id("MessageGroupId", ""),
            ),
            (
                &format!("\"MessageBody\":\"a\",\"MessageDeduplicationId\":\"{long}\""),
                &format!("MessageBody=a&MessageDeduplicationId={long}"),
                id("MessageDeduplicationId", &long),
            ),
        ] {
            assert_eq!(queue_command(ACTION, json, form), Err(rejection.into()), "{json}");
        }
    }

    #[test]
    fn the_answer_says_what_there_is() {
        let sent =
            Sent { message_id: Uuid::from_random(0), body_md5: [0xab; 16], sequence_number: None };
        let id = "00000000-0000-4000-8000-000000000000";
        let (ab, cd, ef) = ("ab".repeat(16), "cd".repeat(16), "ef".repeat(16));
        let plain = SendMessageOutput { sent: sent.clone(), digests: Digests::default() };
        assert_written(
            ACTION,
            &plain,
            &format!("{{\"MessageId\":\"{id}\",\"MD5OfMessageBody\":\"{ab}\"}}"),
            &format!("<MessageId>{id}</MessageId><MD5OfMessageBody>{ab}</MD5OfMessageBody>"),
        );
        let digests = Digests { attributes: Some([0xcd; 16]), system_attributes: Some([0xef; 16]) };
        let full = SendMessageOutput { sent: Sent { sequence_number: Some(42), ..sent }, digests };
        assert_written(
            ACTION,
            &full,
            &format!(
                "{{\"MessageId\":\"{id}\",\"MD5OfMessageBody\":\"{ab}\",\
                 \"MD5OfMessageAttributes\":\"{cd}\",\"MD5OfMessageSystemAttributes\":\"{ef}\",\
                 \"SequenceNumber\":\"00000000000000000042\"}}"
            ),
            &format!(
                "<MessageId>{id}</MessageId><MD5OfMessageBody>{ab}</MD5OfMessageBody>\
                 <MD5OfMessageAttributes>{cd}</MD5OfMessageAttributes>\
                 <MD5OfMessageSystemAttributes>{ef}</MD5OfMessageSystemAttributes>\
                 <SequenceNumber>00000000000000000042</SequenceNumber>"
            ),
        );
    }
}
