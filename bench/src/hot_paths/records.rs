//! A message on its way into the log and back, and from there into an answer.

use std::hint::black_box;

use tidings_aws::sqs::{Caller, ReceiveMessage, ReceiveMessageOutput, ReceivedMessage, Wanted};
use tidings_aws::{Protocol, Request, SqsAction};
use tidings_core::attributes::{AttributeValue, MessageAttribute};
use tidings_core::command::{Command, Outgoing, ReceiveRequest, Received, Reply};
use tidings_core::message::{Content, Sealing};
use tidings_core::names::Uuid;
use tidings_core::receipt::ReceiptKey;
use tidings_core::record::MessageRecord;

use super::materials::{self, ACCOUNT};
use super::shard::Driver;
use super::wire::rendered;

const ATTRIBUTES: [(&str, &str, &str); 2] =
    [("event", "String", "order_placed"), ("price", "Number", "12.95")];

fn content(body: &str) -> Content<'_> {
    let attributes = ATTRIBUTES.map(|(name, data_type, value)| MessageAttribute {
        name,
        data_type,
        value: AttributeValue::Text(value),
    });
    Content { body, sender_id: ACCOUNT, trace_header: None, attributes: attributes.into() }
}

pub(super) fn encode() -> impl FnMut() -> usize {
    let body = materials::body(0);
    move || {
        let bytes = black_box(content(black_box(&body))).encode();
        black_box(bytes).len()
    }
}

pub(super) fn decode() -> impl FnMut() -> usize {
    let (_, record) = stored(1).remove(0);
    move || {
        let message = MessageRecord::decode(black_box(&record)).expect("it is a message's");
        let content = Content::decode(message.content).expect("it is a content");
        black_box(content).body.len()
    }
}

pub(super) fn render_receive_json() -> impl FnMut() -> usize {
    render_receive(Protocol::Json)
}

pub(super) fn render_receive_query() -> impl FnMut() -> usize {
    render_receive(Protocol::Query)
}

/// From the records of ten messages to the answer, which tells all of their attributes.
fn render_receive(protocol: Protocol) -> impl FnMut() -> usize {
    let (messages, wanted, key) = (stored(10), wanted(), ReceiptKey::new([1; 16]));
    move || {
        let messages = black_box(&messages).iter().map(|message| read(&key, message)).collect();
        let output = ReceiveMessageOutput { wanted: &wanted, messages };
        rendered(protocol, SqsAction::ReceiveMessage, &output)
    }
}

/// A message out of its record, with a handle for it.
fn read<'a>(key: &ReceiptKey, (received, record): &'a (Received, Vec<u8>)) -> ReceivedMessage<'a> {
    let record = MessageRecord::decode(record).expect("it is a message's");
    let content = Content::decode(record.content).expect("it is a content");
    ReceivedMessage::sent(received, key.seal(received.receipt), &record, &content)
}

/// All there is.
fn wanted() -> Wanted {
    let json = br#"{"QueueUrl":"orders","MessageAttributeNames":["All"],
        "MessageSystemAttributeNames":["All"]}"#;
    let region = materials::region();
    let protocol = Protocol::Json;
    let caller = Caller { protocol, path: "/", account: materials::account(), region: &region };
    let request = Request::read(protocol, "", json).expect("it is well-formed");
    let input: ReceiveMessage<'_> = request.input().expect("it is a ReceiveMessage");
    input.command(&caller).expect("nothing is wrong with it").1
}

/// Messages that were sent and received, each with its record.
fn stored(count: usize) -> Vec<(Received, Vec<u8>)> {
    let (mut driver, arn) = (Driver::new(), materials::queue("orders"));
    let (attributes, tags) = (Vec::new(), Vec::new());
    driver.run(Command::CreateQueue { arn: arn.clone(), attributes, tags });
    let outgoing = |number: usize| Outgoing {
        message_id: Uuid::from_random(number as u128),
        content: content(&materials::body(number)).encode(),
        sealing: Sealing::Plain,
        size: materials::BODY_BYTES,
        body_md5: [0xa5; 16],
        body_sha256: None,
        delay_seconds: None,
        group: None,
        deduplication: None,
    };
    let messages = (0..count).map(outgoing).collect();
    let (_, batch) = driver.decide(Command::Send { arn: arn.clone(), messages });
    let request = ReceiveRequest {
        max_messages: count,
        visibility_timeout: None,
        wait_seconds: Some(0),
        attempt: None,
    };
    let Reply::Received(received) = driver.run(Command::Receive { arn, request }) else {
        return Vec::new();
    };
    let record = |received: Received| {
        let location = received.location;
        let start = usize::try_from(location.position - batch.start).expect("it is in the batch");
        let record = batch.records[start..][..location.length as usize].to_vec();
        (received, record)
    };
    received.into_iter().map(record).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_read_is_what_was_sent() {
        let stored = stored(10);
        assert_eq!(stored.len(), 10);
        for (number, (_, record)) in stored.iter().enumerate() {
            let message = MessageRecord::decode(record).unwrap();
            assert_eq!(message.message_id, Uuid::from_random(number as u128));
            let body = materials::body(number);
            assert_eq!(Content::decode(message.content).unwrap(), content(&body));
        }
    }

    #[test]
    fn an_answer_holds_every_body() {
        assert!(render_receive_json()() > 10 * materials::BODY_BYTES);
        assert!(render_receive_query()() > 10 * materials::BODY_BYTES);
    }
}
