//! Publish.

use tidings_core::command::{Published, TopicCommand};
use tidings_core::limits::SMS_CHARACTERS_MAX;
use tidings_core::names::{SubscriptionProtocol, TopicArn, Uuid};
use tidings_core::phone_number::PhoneNumber;
use tidings_core::rejection::TopicRejection;
use tidings_platforms::EndpointArn;

use super::caller::Caller;
use super::checks::{Required, no_value};
use super::message::{Draft, Ids, publication, publication_to};
use super::{message_attributes, sms};
use crate::query::Fields;
use crate::refusal::Refusal;
use crate::response::{Members, Output};
use crate::sqs::send_message::sequence_number;
use crate::sqs::system_attributes::TraceHeader;

/// What is asked of the core. `message_id` is a fresh one for the message, and `trace_header` the
/// request's header `X-Amzn-Trace-Id`.
///
/// # Errors
/// ValidationError if the message is missing, InvalidParameter or ParameterValueInvalid if it or an
/// attribute does not have its form, InvalidParameter if it is for no topic, no phone and no endpoint.
/// Whether the endpoint is there is not known here.
pub fn command(
    fields: &Fields<'_>,
    caller: &Caller<'_>,
    trace_header: Option<&str>,
    message_id: Uuid,
) -> Result<TopicCommand, Refusal> {
    let mut required = Required::default();
    let message = required.text(fields, "Message");
    required.check()?;
    let draft = Draft::read(fields, message)?;
    let body = draft.body.check()?;
    let trace_header = TraceHeader::of_http(trace_header);
    let trace_header = trace_header.value.as_deref();
    match destination(fields, caller)? {
        Destination::Topic(arn) => {
            let ids = draft.ids.check(&arn.name)?;
            let attributes = message_attributes::check(draft.attributes)?;
            let message = publication(&arn, &body, &attributes, ids, trace_header, message_id);
            Ok(TopicCommand::Publish { arn, messages: vec![message] })
        }
        Destination::Endpoint(endpoint) => {
            let outbox = endpoint.application.outbox();
            let ids = draft.ids.check(&outbox.name)?;
            let attributes = message_attributes::check(draft.attributes)?;
            let target = endpoint.to_string();
            let message = publication_to(
                &outbox,
                Some(&target),
                &body,
                &attributes,
                ids,
                trace_header,
                message_id,
            );
            let protocol = SubscriptionProtocol::Application;
            Ok(TopicCommand::PublishDirect { outbox, protocol, message: Box::new(message) })
        }
        Destination::Phone(number) => {
            let attributes = message_attributes::check(draft.attributes)?;
            sms::check_message_attributes(&attributes)?;
            let protocol = SubscriptionProtocol::Sms;
            if body.text_for(protocol).chars().count() > SMS_CHARACTERS_MAX {
                return Err(TopicRejection::parameter("Message too long").into());
            }
            let outbox = TopicArn::direct(caller.account, caller.region.clone(), protocol, "");
            let (target, ids) = (number.to_string(), Ids::none());
            let message = publication_to(
                &outbox,
                Some(&target),
                &body,
                &attributes,
                ids,
                trace_header,
                message_id,
            );
            Ok(TopicCommand::PublishDirect { outbox, protocol, message: Box::new(message) })
        }
    }
}

/// What a message is for.
enum Destination {
    Topic(TopicArn),
    Endpoint(EndpointArn),
    Phone(PhoneNumber),
}

/// What a message is for: TopicArn, or the ARN of a topic or an endpoint as TargetArn,
/// or PhoneNumber.
fn destination(fields: &Fields<'_>, caller: &Caller<'_>) -> Result<Destination, TopicRejection> {
    if let Some(arn) = fields.text("TopicArn") {
        return caller.topic("TopicArn", &arn).map(Destination::Topic);
    }
    if let Some(arn) = fields.text("TargetArn") {
        return match arn.contains(":endpoint/") || arn.contains(":app/") {
            true => caller.target(&arn).map(Destination::Endpoint),
            false => caller.topic("TargetArn", &arn).map(Destination::Topic),
        };
    }
    if let Some(text) = fields.text("PhoneNumber") {
        return phone_number(&text).map(Destination::Phone);
    }
    Err(no_value("TopicArn or TargetArn"))
}

/// A number with its country as E.164 has it, or a short code: digits, perhaps behind a `+`.
fn phone_number(text: &str) -> Result<PhoneNumber, TopicRejection> {
    let digits = text.strip_prefix('+').unwrap_or(text);
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    PhoneNumber::parse(text).filter(|_| is_plain).ok_or_else(|| {
        TopicRejection::parameter(format_args!(
            "PhoneNumber Reason: {text} is not valid to publish to"
        ))
    })
}

/// The output of Publish.
#[derive(Debug)]
pub struct PublishOutput {
    /// What the core says.
    pub published: Published,
}

impl Output for PublishOutput {
    fn write(&self, members: &mut Members<'_>) {
        write_published(members, &self.published);
    }
}

/// The members that a result of Publish and of PublishBatch have in common.
pub(crate) fn write_published(members: &mut Members<'_>, published: &Published) {
    members.text("MessageId", &published.message_id.to_string());
    if let Some(number) = published.sequence_number {
        members.text("SequenceNumber", &sequence_number(number));
    }
}

#[cfg(test)]
mod tests {
    use tidings_core::attributes::AttributeValue;
    use tidings_core::command::Publication;
    use tidings_core::publication::PublishedContent;

    use super::*;
    use crate::action::SnsAction;
    use crate::query::Form;
    use crate::sns::testing::{ID, TOPIC, assert_written, caller, command, missing, refused};

    const ACTION: SnsAction = SnsAction::Publish;

    fn hex(bytes: impl AsRef<[u8]>) -> String {
        bytes.as_ref().iter().map(|b| format!("{b:02x}")).collect()
    }

    fn published(form: &str) -> Publication {
        let form = Form::read(form.as_bytes(), "").unwrap();
        let trace_header = Some("Root=1");
        let asked =
            super::command(&form.fields(), &caller(), trace_header, Uuid::from_random(0)).unwrap();
        match asked {
            TopicCommand::Publish { mut messages, .. } if messages.len() == 1 => messages.remove(0),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_message_carries_what_was_given() {
        let form = format!(
            "TopicArn={TOPIC}&Message=Test+%22%C3%BC%22&Subject=S&MessageGroupId=g\
             &MessageAttributes.entry.1.Name=Hello&MessageAttributes.entry.1.Value.DataType=String\
             &MessageAttributes.entry.1.Value.StringValue=There"
        );
        let publication = published(&form);
        let content = PublishedContent::decode(&publication.content).unwrap();
        assert_eq!((content.message, content.subject), ("Test \"ü\"", Some("S")));
        assert_eq!(content.trace_header, Some("Root=1"));
        assert!(content.by_protocol.is_empty());
        let [attribute] = content.attributes[..] else { panic!("one attribute") };
        assert_eq!((attribute.name, attribute.data_type), ("Hello", "String"));
        assert_eq!(attribute.value, AttributeValue::Text("There"));
        assert_eq!(publication.size, 9 + 5 + 6 + 5);
        assert!(publication.enveloped_size > publication.size + 344);
        assert_eq!(publication.group.unwrap().as_str(), "g");
        assert_eq!((publication.deduplication, publication.body_sha256), (None, None));
        assert_eq!(publication.unsealed, None);
    }

    #[test]
    fn protocols_may_have_texts_of_their_own() {
        let message = "%7B%22default%22%3A%22Test%22%2C%22http%22%3A%22h%22%7D";
        let publication =
            published(&format!("TargetArn={TOPIC}&MessageStructure=json&Message={message}"));
        let content = PublishedContent::decode(&publication.content).unwrap();
        assert_eq!(content.text_for(SubscriptionProtocol::Sqs), "Test");
        assert_eq!(content.text_for(SubscriptionProtocol::Http), "h");
        assert_eq!(publication.size, "{\"default\":\"Test\",\"http\":\"h\"}".len());
        // Of what queues get.
        assert_eq!(hex(publication.body_md5), "0cbc6611f5540bd0809a388dc95a615b");
    }

    #[test]
    fn only_a_fifo_topic_needs_the_digest_of_the_message() {
        let fifo = "TopicArn=arn:aws:sns:eu-west-1:000000000042:stock.fifo&MessageGroupId=g";
        let sha256 = published(&format!("{fifo}&Message=Test")).body_sha256.unwrap();
        assert_eq!(hex(sha256), "532eaabd9574880dbf76b9b8cc00832c20a6ec113d682299550d7a6e0f345e25");
        let given = published(&format!("{fifo}&Message=Test&MessageDeduplicationId=d"));
        assert_eq!(given.deduplication.unwrap().as_str(), "d");
        assert_eq!(given.body_sha256, None);
    }

    #[test]
    fn a_message_has_its_form() {
        let longest = "s".repeat(100);
        let form = format!("TopicArn={TOPIC}&Message=m&Subject={longest}");
        assert!(command(ACTION, &form).is_ok());
        assert_eq!(command(ACTION, &format!("TopicArn={TOPIC}")), Err(missing(&["message"])));
        let id = |name: &str| {
            format!(
                "{name} Reason: {name} can only include alphanumeric and punctuation characters. \
                 1 to 128 in length."
            )
        };
        for (rest, text) in [
            ("Message=", "Empty message"),
            ("Message=m&Subject=", "Subject"),
            ("Message=m&Subject=a%0Ab", "Subject"),
            (&*format!("Message=m&Subject={longest}s"), "Subject"),
            ("Message=m&MessageStructure=xml", "MessageStructure"),
            (
                "Message=m&MessageStructure=json",
                "Message Structure - JSON message body failed to parse",
            ),
            ("Message=m&MessageGroupId=a+b", &id("MessageGroupId")),
            (
                "Message=m&MessageDeduplicationId=d",
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId \
                 parameter that is not valid for this topic type",
            ),
        ] {
            let form = format!("TopicArn={TOPIC}&{rest}");
            assert_eq!(command(ACTION, &form), Err(refused(text)), "{form}");
        }
        let fifo = "TopicArn=arn:aws:sns:eu-west-1:000000000042:stock.fifo&Message=m";
        let group = "The MessageGroupId parameter is required for FIFO topics";
        assert_eq!(command(ACTION, fifo), Err(refused(group)));
        assert_eq!(command(ACTION, &format!("{fifo}&MessageGroupId=")), Err(refused(group)));
        let form = format!("{fifo}&MessageGroupId=g&MessageDeduplicationId=+");
        assert_eq!(command(ACTION, &form), Err(refused(&id("MessageDeduplicationId"))));
    }

    #[test]
    fn a_message_is_for_a_topic() {
        for (destination, text) in [
            ("", "TopicArn or TargetArn Reason: no value for required parameter"),
            ("&TopicArn=x", "TopicArn Reason: An ARN must have at least 6 elements, not 1"),
            ("&TopicArn=arn:aws:sns:us-east-1:000000000042:stock", "TopicArn"),
            ("&TargetArn=x", "TargetArn Reason: An ARN must have at least 6 elements, not 1"),
            (
                "&TargetArn=arn:aws:sns:eu-west-1:000000000042:endpoint/GCM/a/b",
                "TargetArn Reason: No endpoint found for the target arn specified",
            ),
            (
                "&PhoneNumber=%2B1-555-0100",
                "PhoneNumber Reason: +1-555-0100 is not valid to publish to",
            ),
        ] {
            let form = format!("Message=m{destination}");
            assert_eq!(command(ACTION, &form), Err(refused(text)), "{form}");
        }
        let elsewhere = "Message=m&TopicArn=arn:aws:sns:eu-west-1:000000000043:stock";
        assert_eq!(command(ACTION, elsewhere), Err(TopicRejection::no_topic().into()));
    }

    #[test]
    fn a_message_may_be_for_an_app() {
        use crate::sns::testing::ENDPOINT;
        let form = format!("TargetArn={ENDPOINT}&Message=m");
        let form = Form::read(form.as_bytes(), "").unwrap();
        let asked = super::command(&form.fields(), &caller(), None, Uuid::from_random(0)).unwrap();
        let TopicCommand::PublishDirect { outbox, protocol, message } = asked else {
            panic!("{asked:?}")
        };
        assert_eq!(outbox, EndpointArn::parse(ENDPOINT).unwrap().application.outbox());
        assert_eq!(protocol, SubscriptionProtocol::Application);
        let content = PublishedContent::decode(&message.content).unwrap();
        assert_eq!((content.target, content.message), (Some(ENDPOINT), "m"));
    }

    #[test]
    fn a_message_may_be_for_a_phone() {
        let attribute = |name: &str, value: &str| {
            format!(
                "&MessageAttributes.entry.1.Name={name}\
                 &MessageAttributes.entry.1.Value.DataType=String\
                 &MessageAttributes.entry.1.Value.StringValue={value}"
            )
        };
        let phone = "PhoneNumber=%2B15550100123&Message=";
        let asked = |form: &str| {
            let form = Form::read(form.as_bytes(), "").unwrap();
            super::command(&form.fields(), &caller(), None, Uuid::from_random(0))
        };
        let type_of = attribute("AWS.SNS.SMS.SMSType", "Transactional");
        let command = asked(&format!("{phone}hi{type_of}")).unwrap();
        let TopicCommand::PublishDirect { outbox, protocol, message } = command else {
            panic!("{command:?}")
        };
        assert!(outbox.name.is_direct() && outbox.account == caller().account);
        assert_eq!(protocol, SubscriptionProtocol::Sms);
        let content = PublishedContent::decode(&message.content).unwrap();
        assert_eq!((content.target, content.message), (Some("+15550100123"), "hi"));
        assert_eq!(content.attributes.len(), 1);
        for number in ["15550100123", "72000"] {
            assert!(asked(&format!("PhoneNumber={number}&Message=m")).is_ok(), "{number}");
        }
        for number in ["", "12", "%2B0555010012", "0555010012", "phone", "%2B1+555+0100"] {
            assert!(asked(&format!("PhoneNumber={number}&Message=m")).is_err(), "{number}");
        }
        let long = "ü".repeat(1600);
        assert!(asked(&format!("{phone}{long}")).is_ok());
        assert_eq!(asked(&format!("{phone}{long}!")).unwrap_err(), refused("Message too long"));
        let own = "%7B%22default%22%3A%22long%22%2C%22sms%22%3A%22short%22%7D";
        assert!(asked(&format!("{phone}{own}&MessageStructure=json")).is_ok());
        let bad = attribute("AWS.SNS.SMS.SMSType", "urgent");
        let text = "AWS.SNS.SMS.SMSType Reason: it has to be Promotional or Transactional";
        assert_eq!(asked(&format!("{phone}hi{bad}")).unwrap_err(), refused(text));
    }

    #[test]
    fn the_answer_says_what_there_is() {
        let published = Published { message_id: Uuid::from_random(0), sequence_number: None };
        let members = format!("<MessageId>{ID}</MessageId>");
        assert_written(ACTION, &PublishOutput { published: published.clone() }, &members);
        let published = Published { sequence_number: Some(42), ..published };
        let members = format!("{members}<SequenceNumber>00000000000000000042</SequenceNumber>");
        assert_written(ACTION, &PublishOutput { published }, &members);
    }
}
