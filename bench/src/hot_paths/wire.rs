//! From the bytes of a request to the command, and from the reply to the bytes of the answer: as
//! the server does it between the door and the broker.

use std::fmt::Write;
use std::hint::black_box;

use tidings_aws::response::{self, Output};
use tidings_aws::sqs::{
    Caller, Digests, Outcome, SendMessage, SendMessageBatch, SendMessageOutput, Sender,
};
use tidings_aws::{Action, Protocol, Request, SqsAction};
use tidings_core::command::{Command, Sent};
use tidings_core::names::Uuid;
use tidings_sigv4::percent_encoded;

use super::materials::{self, ACCOUNT};

const QUEUE_URL: &str = "http://localhost:4566/111122223333/orders";
const BATCH: usize = 10;

/// The body of a SendMessage in AWS JSON 1.0.
pub(super) fn send_json() -> String {
    let body = escaped(&materials::body(0));
    format!(r#"{{"QueueUrl":"{QUEUE_URL}","MessageBody":"{body}"}}"#)
}

fn send_query() -> String {
    let (url, body) = (percent_encoded(QUEUE_URL, ""), percent_encoded(&materials::body(0), ""));
    format!("Action=SendMessage&Version=2012-11-05&QueueUrl={url}&MessageBody={body}")
}

fn batch_json() -> String {
    let entry = |n| format!(r#"{{"Id":"m{n}","MessageBody":"{}"}}"#, escaped(&materials::body(n)));
    let entries: Vec<_> = (0..BATCH).map(entry).collect();
    format!(r#"{{"QueueUrl":"{QUEUE_URL}","Entries":[{}]}}"#, entries.join(","))
}

fn batch_query() -> String {
    let url = percent_encoded(QUEUE_URL, "");
    let mut form = format!("Action=SendMessageBatch&Version=2012-11-05&QueueUrl={url}");
    for n in 0..BATCH {
        let (entry, body) = (n + 1, percent_encoded(&materials::body(n), ""));
        write!(
            form,
            "&SendMessageBatchRequestEntry.{entry}.Id=m{n}\
             &SendMessageBatchRequestEntry.{entry}.MessageBody={body}"
        )
        .expect("a text takes whatever is written");
    }
    form
}

/// A text without control characters, within quotation marks of JSON.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

pub(super) fn decode_send_json() -> impl FnMut() -> usize {
    decoding(Protocol::Json, send_json(), send_command)
}

pub(super) fn decode_send_query() -> impl FnMut() -> usize {
    decoding(Protocol::Query, send_query(), send_command)
}

pub(super) fn decode_batch_json() -> impl FnMut() -> usize {
    decoding(Protocol::Json, batch_json(), |request, caller| batch_command(request, caller).0)
}

pub(super) fn decode_batch_query() -> impl FnMut() -> usize {
    decoding(Protocol::Query, batch_query(), |request, caller| batch_command(request, caller).0)
}

fn decoding(
    protocol: Protocol,
    body: String,
    command: impl Fn(&Request<'_>, &Caller<'_>) -> Command,
) -> impl FnMut() -> usize {
    let region = materials::region();
    move || {
        let caller = Caller { protocol, path: "/", account: materials::account(), region: &region };
        let request = Request::read(protocol, "", black_box(body.as_bytes()));
        let command = command(&request.expect("it is well-formed"), &caller);
        match black_box(command) {
            Command::Send { messages, .. } => messages.len(),
            _ => 0,
        }
    }
}

fn send_command(request: &Request<'_>, caller: &Caller<'_>) -> Command {
    let sender = Sender { id: ACCOUNT, trace_header: None };
    let input: SendMessage<'_> = request.input().expect("it is a SendMessage");
    input.command(caller, &sender, Uuid::from_random(1)).expect("nothing is wrong with it").0
}

fn batch_command(request: &Request<'_>, caller: &Caller<'_>) -> (Command, Outcome<Digests>) {
    let sender = Sender { id: ACCOUNT, trace_header: None };
    let input: SendMessageBatch<'_> = request.input().expect("it is a SendMessageBatch");
    let mut last = 0;
    let message_id = || {
        last += 1;
        Uuid::from_random(last)
    };
    input.command(caller, &sender, message_id).expect("nothing is wrong with it")
}

pub(super) fn render_send_json() -> impl FnMut() -> usize {
    render_send(Protocol::Json)
}

pub(super) fn render_send_query() -> impl FnMut() -> usize {
    render_send(Protocol::Query)
}

pub(super) fn render_batch_json() -> impl FnMut() -> usize {
    render_batch(Protocol::Json)
}

pub(super) fn render_batch_query() -> impl FnMut() -> usize {
    render_batch(Protocol::Query)
}

fn render_send(protocol: Protocol) -> impl FnMut() -> usize {
    let output = SendMessageOutput { sent: sent(0), digests: Digests::default() };
    move || rendered(protocol, SqsAction::SendMessage, &output)
}

fn render_batch(protocol: Protocol) -> impl FnMut() -> usize {
    let (json, region) = (batch_json(), materials::region());
    let caller = Caller {
        protocol: Protocol::Json,
        path: "/",
        account: materials::account(),
        region: &region,
    };
    let request = Request::read(Protocol::Json, "", json.as_bytes());
    let (_, outcome) = batch_command(&request.expect("it is well-formed"), &caller);
    let output = outcome.settle((0..).take(BATCH).map(|number| Ok(sent(number))).collect());
    move || rendered(protocol, SqsAction::SendMessageBatch, &output)
}

/// Renders an answer. Says how long it is.
pub(super) fn rendered(protocol: Protocol, action: SqsAction, output: &impl Output) -> usize {
    let request_id = Uuid::from_random(2);
    let body = response::with_result(protocol, Action::Sqs(action), request_id, black_box(output));
    black_box(body).len()
}

fn sent(number: u128) -> Sent {
    let message_id = Uuid::from_random(number);
    Sent { message_id, body_md5: [0xa5; 16], sequence_number: None }
}

#[cfg(test)]
mod tests {
    use tidings_core::message::Content;

    use super::*;

    fn bodies(command: Command) -> Vec<String> {
        let Command::Send { arn, messages } = command else { panic!("{command:?}") };
        assert_eq!(arn, materials::queue("orders"));
        let body = |content: &[u8]| Content::decode(content).unwrap().body.to_owned();
        messages.iter().map(|message| body(&message.content)).collect()
    }

    #[test]
    fn both_protocols_say_the_same() {
        let region = materials::region();
        let account = materials::account();
        for (protocol, send, batch) in [
            (Protocol::Json, send_json(), batch_json()),
            (Protocol::Query, send_query(), batch_query()),
        ] {
            let caller = Caller { protocol, path: "/", account, region: &region };
            let request = Request::read(protocol, "", send.as_bytes()).unwrap();
            assert_eq!(bodies(send_command(&request, &caller)), [materials::body(0)]);
            let request = Request::read(protocol, "", batch.as_bytes()).unwrap();
            let expected: Vec<_> = (0..BATCH).map(materials::body).collect();
            assert_eq!(bodies(batch_command(&request, &caller).0), expected);
        }
    }
}
