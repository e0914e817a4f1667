//! PublishBatch.

use tidings_core::command::{Published, TopicCommand};
use tidings_core::limits;
use tidings_core::names::Uuid;
use tidings_core::rejection::{Rejection, TopicRejection};

use super::caller::Caller;
use super::checks::Required;
use super::message::{Draft, publication};
use super::publish::write_published;
use super::{message_attributes, pairs};
use crate::error_codes::Code;
use crate::query::Fields;
use crate::refusal::Refusal;
use crate::response::{Members, Output};
use crate::sqs::system_attributes::TraceHeader;
use crate::sqs::{BatchOutput, Outcome};

const ENTRIES: &str = "PublishBatchRequestEntries";

/// What is asked of the core, and what is known of the entries that it does not see. If no message
/// passes its checks, the command only finds out whether the topic is there.
///
/// A message that is empty, or whose subject or structure does not fit, fails alone; what is wrong
/// with attributes and ids fails the call. How long the messages may be together depends on the
/// topic.
///
/// # Errors
/// ValidationError if something is missing; TooManyEntriesInBatchRequest, BatchEntryIdsNotDistinct
/// and InvalidBatchEntryId; InvalidParameter and ParameterValueInvalid; errors of [`Caller`] for
/// the topic.
pub fn command(
    fields: &Fields<'_>,
    caller: &Caller<'_>,
    trace_header: Option<&str>,
    mut message_id: impl FnMut() -> Uuid,
) -> Result<(TopicCommand, Outcome<()>), Refusal> {
    let mut required = Required::default();
    let arn = required.text(fields, "TopicArn");
    let entries = required.list(ENTRIES, pairs::list(fields, ENTRIES));
    let entries = read_entries(&entries, &mut required)?;
    required.check()?;
    let arn = caller.topic("TopicArn", &arn)?;
    check_ids(&entries)?;
    let mut addressed = Vec::with_capacity(entries.len());
    for (id, draft) in entries {
        let ids = draft.ids.check(&arn.name)?;
        addressed.push((id, draft.body, ids, message_attributes::check(draft.attributes)?));
    }
    let trace_header = TraceHeader::of_http(trace_header);
    let trace_header = trace_header.value.as_deref();
    let (messages, outcome) =
        Outcome::part(addressed.into_iter().map(|(id, body, ids, attributes)| {
            let message = body.check().map(|body| {
                let id = message_id();
                (publication(&arn, &body, &attributes, ids, trace_header, id), ())
            });
            (id, message.map_err(Rejection::from))
        }));
    if messages.is_empty() {
        return Ok((TopicCommand::TopicAttributes { arn }, outcome));
    }
    Ok((TopicCommand::Publish { arn, messages }, outcome))
}

/// Reads each entry with its id; one more than a batch may have at most.
fn read_entries<'f>(
    entries: &[Fields<'f>],
    required: &mut Required,
) -> Result<Vec<(String, Draft<'f>)>, Refusal> {
    let some = entries.iter().take(limits::BATCH_ENTRIES_MAX + 1).enumerate();
    some.map(|(at, entry)| {
        let mut member = |name: &str, path: &str| {
            let text = entry.text(name);
            if text.is_none() {
                let number = at + 1;
                required.note(&format!("publishBatchRequestEntries.{number}.member.{path}"));
            }
            text.unwrap_or_default()
        };
        let id = member("Id", "id").into_string();
        let message = member("Message", "message");
        Ok((id, Draft::read(entry, message)?))
    })
    .collect()
}

fn check_ids(entries: &[(String, Draft<'_>)]) -> Result<(), TopicRejection> {
    if entries.len() > limits::BATCH_ENTRIES_MAX {
        return Err(TopicRejection::TooManyEntriesInBatchRequest);
    }
    for (at, (id, _)) in entries.iter().enumerate() {
        if entries[..at].iter().any(|(before, _)| before == id) {
            return Err(TopicRejection::BatchEntryIdsNotDistinct);
        }
    }
    entries.iter().try_for_each(|(id, _)| check_id(id))
}

/// 1 to 80 letters, digits, hyphens and underscores.
fn check_id(id: &str) -> Result<(), TopicRejection> {
    const START: &str = "The Id of a batch entry in the batch request";
    let invalid =
        |reason: &str| Err(TopicRejection::InvalidBatchEntryId(format!("{START} {reason}: {id}")));
    if id.chars().count() > limits::BATCH_ENTRY_ID_CHARS_MAX {
        return invalid("is too long");
    }
    let is_id_char = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if id.is_empty() || !id.bytes().all(is_id_char) {
        return invalid("contains an impermissible character");
    }
    Ok(())
}

/// The output of PublishBatch: what became of each entry, by id.
#[derive(Debug)]
pub struct PublishBatchOutput(pub BatchOutput<((), Published)>);

impl Output for PublishBatchOutput {
    fn write(&self, members: &mut Members<'_>) {
        members.member_list("Failed", self.0.failed(), |members, (id, rejection)| {
            let code = Code::of_rejection(rejection);
            members.text("Code", code.query);
            members.text("Message", &rejection.to_string());
            members.boolean("SenderFault", code.is_senders_fault());
            members.text("Id", id);
        });
        members.member_list("Successful", self.0.successful(), |members, (id, result)| {
            write_published(members, &result.1);
            members.text("Id", id);
        });
    }

    fn size_hint(&self) -> usize {
        2048
    }
}

#[cfg(test)]
mod tests {
    use tidings_core::publication::PublishedContent;

    use super::*;
    use crate::action::SnsAction;
    use crate::query::Form;
    use crate::sns::testing::{ARN, ID, TOPIC, assert_written, caller, command, missing, refused};

    const ACTION: SnsAction = SnsAction::PublishBatch;

    fn entry(number: usize, rest: &str) -> String {
        let name = format!("&{ENTRIES}.member.{number}");
        rest.split('&').map(|field| format!("{name}.{field}")).collect()
    }

    fn batch(entries: &[&str]) -> String {
        let entries: String =
            entries.iter().enumerate().map(|(at, rest)| entry(at + 1, rest)).collect();
        format!("TopicArn={TOPIC}{entries}")
    }

    fn asked(form: &str) -> (TopicCommand, Outcome<()>) {
        let form = Form::read(form.as_bytes(), "").unwrap();
        let id = || Uuid::from_random(0);
        super::command(&form.fields(), &caller(), None, id).unwrap()
    }

    #[test]
    fn each_message_is_checked_alone() {
        let form = batch(&["Id=a&Message=one&Subject=S", "Id=b&Message=", "Id=c&Message=two"]);
        let (command, outcome) = asked(&form);
        let TopicCommand::Publish { messages, .. } = command else { panic!("{command:?}") };
        let texts: Vec<&str> = messages
            .iter()
            .map(|message| PublishedContent::decode(&message.content).unwrap().message)
            .collect();
        assert_eq!(texts, ["one", "two"]);
        let published =
            |sequence_number| Published { message_id: Uuid::from_random(0), sequence_number };
        let refused = TopicRejection::InvalidParameter("Invalid parameter: x".into());
        let answers = vec![Ok(published(Some(7))), Err(refused.into())];
        let members = format!(
            "<Failed><member><Code>InvalidParameter</Code><Message>Invalid parameter: Empty \
             message</Message><SenderFault>true</SenderFault><Id>b</Id></member><member>\
             <Code>InvalidParameter</Code><Message>Invalid parameter: x</Message>\
             <SenderFault>true</SenderFault><Id>c</Id></member></Failed><Successful><member>\
             <MessageId>{ID}</MessageId><SequenceNumber>00000000000000000007</SequenceNumber>\
             <Id>a</Id></member></Successful>"
        );
        assert_written(ACTION, &PublishBatchOutput(outcome.settle(answers)), &members);
    }

    #[test]
    fn a_side_without_entries_is_an_empty_element() {
        let (_, outcome) = asked(&batch(&["Id=a&Message=m"]));
        let published = Published { message_id: Uuid::from_random(0), sequence_number: None };
        let members = format!(
            "<Failed/><Successful><member><MessageId>{ID}</MessageId><Id>a</Id></member>\
             </Successful>"
        );
        assert_written(ACTION, &PublishBatchOutput(outcome.settle(vec![Ok(published)])), &members);
    }

    #[test]
    fn without_a_message_only_the_topic_is_asked_for() {
        let form = batch(&["Id=a&Message="]);
        assert_eq!(command(ACTION, &form), Ok(format!("TopicAttributes {{ arn: {ARN} }}")));
    }

    #[test]
    fn the_batch_has_its_form() {
        let list = missing(&["publishBatchRequestEntries"]);
        assert_eq!(command(ACTION, &format!("TopicArn={TOPIC}")), Err(list));
        let members = missing(&[
            "publishBatchRequestEntries.1.member.message",
            "publishBatchRequestEntries.2.member.id",
        ]);
        assert_eq!(command(ACTION, &batch(&["Id=a", "Message=m"])), Err(members));
        let many = |n: usize| {
            let entries: Vec<String> = (0..n).map(|n| format!("Id=e{n}&Message=m")).collect();
            batch(&entries.iter().map(String::as_str).collect::<Vec<_>>())
        };
        assert!(command(ACTION, &many(10)).is_ok());
        let longest = format!("Id={}&Message=m", "i".repeat(80));
        assert!(command(ACTION, &batch(&[&longest])).is_ok());
        let id = |reason: &str, id: &str| {
            let text = format!("The Id of a batch entry in the batch request {reason}: {id}");
            TopicRejection::InvalidBatchEntryId(text)
        };
        let long = "i".repeat(81);
        for (form, rejection) in [
            (many(11), TopicRejection::TooManyEntriesInBatchRequest),
            (
                batch(&["Id=a&Message=m", "Id=b&Message=m", "Id=a&Message=m"]),
                TopicRejection::BatchEntryIdsNotDistinct,
            ),
            (batch(&[&format!("Id={long}&Message=m")]), id("is too long", &long)),
            (batch(&["Id=a.b&Message=m"]), id("contains an impermissible character", "a.b")),
            (batch(&["Id=&Message=m"]), id("contains an impermissible character", "")),
        ] {
            assert_eq!(command(ACTION, &form), Err(rejection.into()), "{form}");
        }
    }

    #[test]
    fn attributes_and_ids_fail_the_call() {
        let good = "Id=a&Message=m";
        let form = batch(&[good, "Id=b&Message=m&MessageDeduplicationId=d"]);
        let text = "MessageDeduplicationId Reason: The request includes MessageDeduplicationId \
                    parameter that is not valid for this topic type";
        assert_eq!(command(ACTION, &form), Err(refused(text)));
        let attribute = "MessageAttributes.entry.1.Name=.&MessageAttributes.entry.1.Value.DataType=\
                         String&MessageAttributes.entry.1.Value.StringValue=v";
        let form = batch(&[good, &format!("Id=b&Message=m&{attribute}")]);
        let text = "Invalid message attribute name starting with character '.' was found.";
        let rejection = TopicRejection::ParameterValueInvalid(text.to_owned());
        assert_eq!(command(ACTION, &form), Err(rejection.into()));
    }
}
