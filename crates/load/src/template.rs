//! Requests that send or publish: built once, then filled in again and again.

use tidings_sigv4::percent_encoded;

use crate::protocol::Protocol;
use crate::request::{Request, SNS, SQS, json};
use crate::stamp::{STAMP_BYTES, Stamp, write_hex};

/// The message attribute that filter policies look at.
pub(crate) const ATTRIBUTE: &str = "addressee";

/// Digits of a FIFO group's number, and of an addressee's.
const NUMBER_DIGITS: usize = 8;

/// What a request sends.
#[derive(Clone, Debug)]
pub(crate) struct Shape {
    pub(crate) target: Target,
    /// Messages in a request. One is sent by itself, more as a batch.
    pub(crate) batch: usize,
    /// Bytes of a message's body.
    pub(crate) size: usize,
    /// Each has a message group and a deduplication id.
    pub(crate) is_fifo: bool,
    /// Each says which of so many queues it is for.
    pub(crate) addressees: Option<u64>,
}

/// Where to.
#[derive(Clone, Debug)]
pub(crate) enum Target {
    Queue(Protocol, String),
    Topic(String),
}

/// A request with places for what differs from message to message.
pub(crate) struct Template {
    pub(crate) request: Request,
    /// For each message.
    slots: Vec<Vec<Slot>>,
}

/// Something to fill in, and where it is in the body.
#[derive(Copy, Clone)]
enum Slot {
    Stamp(usize),
    Group(usize),
    Addressee(usize),
}

/// Fields of one message, in the order in which they are written.
#[derive(Copy, Clone)]
enum Field {
    Body,
    Group,
    Deduplication,
    Addressee,
}

impl Template {
    pub(crate) fn new(shape: &Shape) -> Self {
        let mut writer = Writer { shape, body: Vec::new(), slots: Vec::new() };
        let request = match &shape.target {
            Target::Queue(Protocol::Json, url) => {
                let action = writer.json(url);
                json(action, writer.body)
            }
            Target::Queue(Protocol::Query, url) => {
                let names = ("SendMessage", "SendMessageBatchRequestEntry", "MessageBody");
                writer.query(SQS.1, names, ("QueueUrl", url));
                Request::form(SQS, path_of(url), writer.body)
            }
            Target::Topic(arn) => {
                let names = ("Publish", "PublishBatchRequestEntries.member", "Message");
                writer.query(SNS.1, names, ("TopicArn", arn));
                Request::form(SNS, "/", writer.body)
            }
        };
        Self { request, slots: writer.slots }
    }

    /// Fills in one of the messages.
    pub(crate) fn fill(&mut self, message: usize, stamp: &Stamp, addressee: u64) {
        let body = self.request.body_mut();
        let written = stamp.written();
        for slot in self.slots.get(message).into_iter().flatten() {
            match *slot {
                Slot::Stamp(at) => body[at..at + STAMP_BYTES].copy_from_slice(&written),
                Slot::Group(at) => write_hex(&mut body[at..at + NUMBER_DIGITS], stamp.lane.into()),
                Slot::Addressee(at) => write_hex(&mut body[at..at + NUMBER_DIGITS], addressee),
            }
        }
    }
}

/// The value of the attribute for a queue.
pub(crate) fn addressee_text(queue: u64) -> String {
    format!("{queue:0NUMBER_DIGITS$x}")
}

/// The path of a queue's URL: Query requests go there, to whichever host the endpoint says.
pub(crate) fn path_of(url: &str) -> &str {
    let behind = url.find("://").map_or(url, |at| &url[at + 3..]);
    behind.find('/').map_or("/", |at| &behind[at..])
}

struct Writer<'a> {
    shape: &'a Shape,
    body: Vec<u8>,
    slots: Vec<Vec<Slot>>,
}

impl Writer<'_> {
    fn fields(&self) -> Vec<Field> {
        let mut fields = vec![Field::Body];
        if self.shape.is_fifo {
            fields.extend([Field::Group, Field::Deduplication]);
        }
        if self.shape.addressees.is_some() {
            fields.push(Field::Addressee);
        }
        fields
    }

    /// Writes a JSON body and returns its action.
    fn json(&mut self, url: &str) -> &'static str {
        self.text("{\"QueueUrl\":");
        self.text(&serde_json::Value::from(url).to_string());
        if self.shape.batch == 1 {
            self.json_message(0);
            self.text("}");
            return "SendMessage";
        }
        self.text(",\"Entries\":[");
        for message in 0..self.shape.batch {
            self.text(if message == 0 { "" } else { "," });
            self.text(&format!("{{\"Id\":\"{message}\""));
            self.json_message(message);
            self.text("}");
        }
        self.text("]}");
        "SendMessageBatch"
    }

    fn json_message(&mut self, message: usize) {
        for field in self.fields() {
            let name = match field {
                Field::Body => "MessageBody",
                Field::Group => "MessageGroupId",
                Field::Deduplication => "MessageDeduplicationId",
                // Queues of our own have no filters: only topics look at it.
                Field::Addressee => continue,
            };
            self.text(&format!(",\"{name}\":\""));
            self.value(message, field);
            self.text("\"");
        }
    }

    /// Writes a form. The names are those of the action for one message, of a batch's entries, and of
    /// a message's body.
    fn query(&mut self, version: &str, names: (&str, &str, &str), target: (&str, &str)) {
        let (action, entries, body) = names;
        let batch = if self.shape.batch == 1 { "" } else { "Batch" };
        self.text(&format!("Action={action}{batch}&Version={version}&{}=", target.0));
        self.text(&percent_encoded(target.1, ""));
        for message in 0..self.shape.batch {
            let mut prefix = String::new();
            if self.shape.batch > 1 {
                prefix = format!("{entries}.{}.", message + 1);
                self.text(&format!("&{prefix}Id={message}"));
            }
            for field in self.fields() {
                let name = match field {
                    Field::Body => body.to_owned(),
                    Field::Group => "MessageGroupId".to_owned(),
                    Field::Deduplication => "MessageDeduplicationId".to_owned(),
                    Field::Addressee => {
                        let entry = format!("{prefix}MessageAttributes.entry.1");
                        self.text(&format!("&{entry}.Name={ATTRIBUTE}"));
                        self.text(&format!("&{entry}.Value.DataType=String"));
                        "MessageAttributes.entry.1.Value.StringValue".to_owned()
                    }
                };
                self.text(&format!("&{prefix}{name}="));
                self.value(message, field);
            }
        }
    }

    /// Leaves room for a value: letters and digits, which are the same in both protocols.
    fn value(&mut self, message: usize, field: Field) {
        let at = self.body.len();
        let (slot, length) = match field {
            Field::Body => (Slot::Stamp(at), self.shape.size.max(STAMP_BYTES)),
            Field::Deduplication => (Slot::Stamp(at), STAMP_BYTES),
            Field::Group => (Slot::Group(at), NUMBER_DIGITS),
            Field::Addressee => (Slot::Addressee(at), NUMBER_DIGITS),
        };
        self.body.resize(at + length, b'b');
        self.slots.resize_with(self.shape.batch, Vec::new);
        self.slots[message].push(slot);
    }

    fn text(&mut self, text: &str) {
        self.body.extend_from_slice(text.as_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(target: Target, batch: usize, is_fifo: bool, addressees: Option<u64>) -> String {
        let shape = Shape { target, batch, size: 44, is_fifo, addressees };
        let mut template = Template::new(&shape);
        for message in 0..batch {
            let sequence = message as u64;
            template.fill(message, &Stamp { run: 1, lane: 2, sequence, due_us: 3 }, 5);
        }
        String::from_utf8(template.request.body_mut().to_vec()).unwrap()
    }

    const FIRST: &str = "tl00000001-000002-0000000000-000000000003";
    const SECOND: &str = "tl00000001-000002-0000000001-000000000003";
    const URL: &str = "http://127.0.0.1/0/q";

    #[test]
    fn json_requests_are_whole() {
        let queue = || Target::Queue(Protocol::Json, URL.to_owned());
        let one = format!(r#"{{"QueueUrl":"{URL}","MessageBody":"{FIRST}bbb"}}"#);
        assert_eq!(filled(queue(), 1, false, None), one);
        let entry = |id, stamp| {
            format!(
                r#"{{"Id":"{id}","MessageBody":"{stamp}bbb","MessageGroupId":"00000002","MessageDeduplicationId":"{stamp}"}}"#
            )
        };
        let entries = [entry(0, FIRST), entry(1, SECOND)].join(",");
        let batch = format!(r#"{{"QueueUrl":"{URL}","Entries":[{entries}]}}"#);
        assert_eq!(filled(queue(), 2, true, None), batch);
    }

    #[test]
    fn forms_are_whole() {
        let queue = || Target::Queue(Protocol::Query, URL.to_owned());
        let url = "http%3A%2F%2F127.0.0.1%2F0%2Fq";
        let one = format!(
            "Action=SendMessage&Version=2012-11-05&QueueUrl={url}&MessageBody={FIRST}bbb\
             &MessageGroupId=00000002&MessageDeduplicationId={FIRST}"
        );
        assert_eq!(filled(queue(), 1, true, None), one);
        let entry = |n, stamp| {
            let prefix = format!("&SendMessageBatchRequestEntry.{}", n + 1);
            format!("{prefix}.Id={n}{prefix}.MessageBody={stamp}bbb")
        };
        let entries = [entry(0, FIRST), entry(1, SECOND)].concat();
        let batch = format!("Action=SendMessageBatch&Version=2012-11-05&QueueUrl={url}{entries}");
        assert_eq!(filled(queue(), 2, false, None), batch);
        let attribute = "MessageAttributes.entry.1";
        let publish = format!(
            "Action=Publish&Version=2010-03-31&TopicArn=arn%3Ax&Message={FIRST}bbb\
             &{attribute}.Name=addressee&{attribute}.Value.DataType=String\
             &{attribute}.Value.StringValue=00000005"
        );
        assert_eq!(filled(Target::Topic("arn:x".to_owned()), 1, false, Some(9)), publish);
        assert_eq!(addressee_text(5), "00000005");
        let batch = filled(Target::Topic("arn:x".to_owned()), 2, false, Some(9));
        let prefix = "PublishBatchRequestEntries.member.2.";
        assert!(batch.contains(&format!("&{prefix}Id=1&{prefix}Message={SECOND}bbb&")), "{batch}");
        assert!(
            batch.contains(&format!("&{prefix}{attribute}.Value.StringValue=00000005")),
            "{batch}"
        );
    }

    #[test]
    fn a_path_is_what_is_behind_the_host() {
        assert_eq!(path_of("http://localhost:9324/000000000000/q"), "/000000000000/q");
        assert_eq!(path_of("https://x"), "/");
        assert_eq!(path_of("/queue/q"), "/queue/q");
    }
}
