//! Asks the server, and writes into the books what came of it.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::client::{Answer, Client, Refusal};
use crate::history::{
    Change, Delete, Handed, Held, History, Identity, LostReceive, Outcome, Purge, Receive, Send,
    Span,
};
use crate::name::Name;
use crate::queues::Queue;

/// The connection broke, or there is no server: whoever hears this stops and waits for the next
/// round.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Cut {
    pub(crate) at: Instant,
}

/// A message in hand, and what to give it back with.
#[derive(Clone, Debug)]
pub(crate) struct InHand {
    pub(crate) held: Held,
    pub(crate) handle: String,
}

/// How to receive.
#[derive(Clone, Debug)]
pub(crate) struct How {
    pub(crate) max: usize,
    pub(crate) wait_seconds: u32,
    pub(crate) visibility_seconds: u32,
    pub(crate) attempt: Option<String>,
}

/// The codes with which a change of visibility may be refused: it can come too late.
const CHANGE_TOO_LATE: &[&str] =
    &["InvalidParameterValue", "AWS.SimpleQueueService.MessageNotInflight"];

pub(crate) struct Clerk {
    client: Client,
    pub(crate) history: History,
}

impl Clerk {
    pub(crate) fn new(address: SocketAddr) -> Self {
        Self { client: Client::new(address), history: History::default() }
    }

    /// Carries any action out.
    ///
    /// # Errors
    /// [`Cut`] if it has no answer.
    pub(crate) fn ask(
        &mut self,
        action: &str,
        input: &Value,
    ) -> Result<Result<Value, Refusal>, Cut> {
        let (span, answer) = self.call(action, input);
        match answer {
            Answer::Acknowledged(output) => Ok(Ok(output)),
            Answer::Refused(refusal) => Ok(Err(refusal)),
            Answer::Unknown | Answer::Unreached => Err(Cut { at: span.ended }),
        }
    }

    /// Something is not as it should be.
    pub(crate) fn complain(&mut self, violation: String) {
        self.history.violations.push(violation);
    }

    /// Returns whether it was sent.
    pub(crate) fn send(&mut self, name: Name, delay_seconds: Option<u32>) -> Result<bool, Cut> {
        let mut input = message(name, delay_seconds);
        input["QueueUrl"] = name.stream.queue.name().into();
        let (span, outcome) = self.one("SendMessage", &input, &name.to_string(), &[])?;
        let outcome = outcome.map(|output| sent(&output));
        self.history.sends.push(Send { span, name, outcome: outcome.clone() });
        is_done(span, &outcome)
    }

    /// Returns which were sent.
    pub(crate) fn send_batch(
        &mut self,
        names: &[Name],
        delay_seconds: Option<u32>,
    ) -> Result<Vec<bool>, Cut> {
        let queue = names[0].stream.queue;
        let entries = names.iter().map(|name| message(*name, delay_seconds)).collect();
        let (span, outcomes) = self.each("SendMessageBatch", queue.name(), entries, &[])?;
        let outcomes = outcomes.into_iter().map(|outcome| outcome.map(|output| sent(&output)));
        let outcomes: Vec<Outcome<Identity>> = outcomes.collect();
        for (name, outcome) in names.iter().zip(&outcomes) {
            self.history.sends.push(Send { span, name: *name, outcome: outcome.clone() });
        }
        outcomes.iter().map(|outcome| is_done(span, outcome)).collect()
    }

    pub(crate) fn receive(&mut self, queue: Queue, how: &How) -> Result<Vec<InHand>, Cut> {
        let mut input = json!({
            "QueueUrl": queue.name(),
            "MaxNumberOfMessages": how.max,
            "WaitTimeSeconds": how.wait_seconds,
            "VisibilityTimeout": how.visibility_seconds,
            "MessageSystemAttributeNames": ["All"],
            "MessageAttributeNames": ["All"],
        });
        if let Some(attempt) = &how.attempt {
            input["ReceiveRequestAttemptId"] = attempt.as_str().into();
        }
        let (span, outcome) = self.one("ReceiveMessage", &input, queue.name(), &[])?;
        let output = match outcome {
            Outcome::Acknowledged(output) => output,
            Outcome::Refused(_) => return Ok(Vec::new()),
            Outcome::Unknown => {
                self.history.lost_receives.push(LostReceive { span, queue });
                return Err(Cut { at: span.ended });
            }
        };
        let messages = output["Messages"].as_array().map_or(&[][..], Vec::as_slice);
        let read = messages.iter().filter_map(|message| self.read(queue, message));
        let (handed, in_hand): (Vec<Handed>, Vec<InHand>) = read.collect();
        if !handed.is_empty() {
            let visibility_timeout = Duration::from_secs(how.visibility_seconds.into());
            self.history.receives.push(Receive { span, queue, visibility_timeout, handed });
        }
        Ok(in_hand)
    }

    /// Returns whether the server says that the message is gone.
    pub(crate) fn delete(&mut self, message: &InHand) -> Result<bool, Cut> {
        let held = message.held;
        let input = json!({ "QueueUrl": held.queue.name(), "ReceiptHandle": message.handle });
        let whom = held.name.to_string();
        let (span, outcome) = self.one("DeleteMessage", &input, &whom, stale(held.queue))?;
        let outcome = outcome.map(|_| ());
        self.history.deletes.push(Delete { span, held, outcome: outcome.clone() });
        is_done(span, &outcome)
    }

    /// Returns which are gone.
    pub(crate) fn delete_batch(&mut self, messages: &[InHand]) -> Result<Vec<bool>, Cut> {
        let queue = messages[0].held.queue;
        let entries = messages.iter().map(|message| json!({ "ReceiptHandle": message.handle }));
        let (span, outcomes) =
            self.each("DeleteMessageBatch", queue.name(), entries.collect(), stale(queue))?;
        for (message, outcome) in messages.iter().zip(&outcomes) {
            let (held, outcome) = (message.held, outcome.clone().map(|_| ()));
            self.history.deletes.push(Delete { span, held, outcome });
        }
        outcomes.iter().map(|outcome| is_done(span, outcome)).collect()
    }

    pub(crate) fn change(&mut self, message: &InHand, seconds: u32) -> Result<bool, Cut> {
        let mut input = change_entry(message, seconds);
        input["QueueUrl"] = message.held.queue.name().into();
        let whom = message.held.name.to_string();
        let (span, outcome) =
            self.one("ChangeMessageVisibility", &input, &whom, CHANGE_TOO_LATE)?;
        self.changed(span, message, seconds, &outcome);
        is_done(span, &outcome)
    }

    pub(crate) fn change_batch(
        &mut self,
        messages: &[InHand],
        seconds: u32,
    ) -> Result<Vec<bool>, Cut> {
        let queue = messages[0].held.queue;
        let entries = messages.iter().map(|message| change_entry(message, seconds)).collect();
        let (span, outcomes) =
            self.each("ChangeMessageVisibilityBatch", queue.name(), entries, CHANGE_TOO_LATE)?;
        for (message, outcome) in messages.iter().zip(&outcomes) {
            self.changed(span, message, seconds, outcome);
        }
        outcomes.iter().map(|outcome| is_done(span, outcome)).collect()
    }

    pub(crate) fn purge(&mut self, queue: Queue) -> Result<bool, Cut> {
        let input = json!({ "QueueUrl": queue.name() });
        let (span, outcome) = self.one("PurgeQueue", &input, queue.name(), &[])?;
        let outcome = outcome.map(|_| ());
        self.history.purges.push(Purge { span, queue, outcome: outcome.clone() });
        is_done(span, &outcome)
    }

    fn changed(&mut self, span: Span, message: &InHand, seconds: u32, outcome: &Outcome<Value>) {
        let visibility_timeout = Duration::from_secs(seconds.into());
        let (held, outcome) = (message.held, outcome.clone().map(|_| ()));
        self.history.changes.push(Change { span, held, visibility_timeout, outcome });
    }

    /// Asks for one thing. What was never sent needs no place in the books.
    pub(crate) fn one(
        &mut self,
        action: &str,
        input: &Value,
        whom: &str,
        expected: &[&str],
    ) -> Result<(Span, Outcome<Value>), Cut> {
        let (span, answer) = self.call(action, input);
        self.outcome(action, whom, expected, span, answer)
    }

    fn outcome(
        &mut self,
        action: &str,
        whom: &str,
        expected: &[&str],
        span: Span,
        answer: Answer,
    ) -> Result<(Span, Outcome<Value>), Cut> {
        let outcome = match answer {
            Answer::Acknowledged(output) => Outcome::Acknowledged(output),
            Answer::Refused(refusal) => self.refused(action, whom, refusal, expected),
            Answer::Unknown => Outcome::Unknown,
            Answer::Unreached => return Err(Cut { at: span.ended }),
        };
        Ok((span, outcome))
    }

    /// Asks for something for each entry of a batch.
    pub(crate) fn each(
        &mut self,
        action: &str,
        queue: &str,
        mut entries: Vec<Value>,
        expected: &[&str],
    ) -> Result<(Span, Vec<Outcome<Value>>), Cut> {
        for (id, entry) in entries.iter_mut().enumerate() {
            entry["Id"] = id.to_string().into();
        }
        let count = entries.len();
        let input = json!({ "QueueUrl": queue, "Entries": entries });
        let (span, outcome) = self.one(action, &input, queue, expected)?;
        let outcomes = match outcome {
            Outcome::Acknowledged(output) => {
                (0..count).map(|id| self.entry(action, id, &output, expected)).collect()
            }
            whole => vec![whole; count],
        };
        Ok((span, outcomes))
    }

    /// What a batch's answer says of one entry.
    fn entry(
        &mut self,
        action: &str,
        id: usize,
        output: &Value,
        expected: &[&str],
    ) -> Outcome<Value> {
        let id = id.to_string();
        let find = |side: &str| {
            let entries = output[side].as_array()?;
            entries.iter().find(|entry| entry["Id"] == *id)
        };
        match (find("Successful"), find("Failed")) {
            (Some(entry), None) => Outcome::Acknowledged(entry.clone()),
            (None, Some(entry)) => {
                let (code, message) = (text(entry, "Code"), text(entry, "Message"));
                let refusal = Refusal { status: 200, code, message };
                self.refused(action, "an entry", refusal, expected)
            }
            _ => {
                self.complain(format!("{action} does not answer entry {id} once: {output}"));
                Outcome::Unknown
            }
        }
    }

    /// Asks for something about topics: the answer is XML.
    pub(crate) fn query(
        &mut self,
        action: &str,
        whom: &str,
        parameters: &[(String, String)],
        expected: &[&str],
    ) -> Result<(Span, Outcome<String>), Cut> {
        let (span, answer) = self.timed(|client| client.query(action, parameters));
        self.outcome_in_xml(action, whom, expected, span, answer)
    }

    /// Opens a link of this server.
    pub(crate) fn open(&mut self, link: &str) -> Result<(Span, Outcome<String>), Cut> {
        let (span, answer) = self.timed(|client| client.open(link));
        self.outcome_in_xml("GET", link, &[], span, answer)
    }

    fn outcome_in_xml(
        &mut self,
        action: &str,
        whom: &str,
        expected: &[&str],
        span: Span,
        answer: Answer,
    ) -> Result<(Span, Outcome<String>), Cut> {
        let (span, outcome) = self.outcome(action, whom, expected, span, answer)?;
        let text = |output: Value| output.as_str().unwrap_or_default().to_owned();
        Ok((span, outcome.map(text)))
    }

    fn call(&mut self, action: &str, input: &Value) -> (Span, Answer) {
        self.timed(|client| client.call(action, input))
    }

    fn timed(&mut self, ask: impl FnOnce(&mut Client) -> Answer) -> (Span, Answer) {
        let began = Instant::now();
        let answer = ask(&mut self.client);
        self.history.requests += u64::from(!matches!(answer, Answer::Unreached));
        (Span { began, ended: Instant::now() }, answer)
    }

    /// Complains of refusals that nothing explains. A server may always be unavailable.
    pub(crate) fn refused<T>(
        &mut self,
        action: &str,
        whom: &str,
        refusal: Refusal,
        expected: &[&str],
    ) -> Outcome<T> {
        if !refusal.is_unavailable() && !expected.contains(&refusal.code.as_str()) {
            self.complain(format!("{action} of {whom} is refused: {refusal:?}"));
        }
        Outcome::Refused(refusal)
    }

    fn read(&mut self, queue: Queue, message: &Value) -> Option<(Handed, InHand)> {
        let name = match Name::of_body(message["Body"].as_str().unwrap_or_default()) {
            Ok(name) => name,
            Err(what) => {
                self.complain(format!("{queue:?} hands out another body than was sent: {what}"));
                return None;
            }
        };
        if name.stream.queue != queue.source() {
            self.complain(format!("{name} is received from {queue:?}"));
        }
        let attribute = |name: &str| message["Attributes"][name].as_str();
        let group = attribute("MessageGroupId").map(str::to_owned);
        if group != queue.is_fifo().then(|| name.stream.group()) {
            self.complain(format!("{name} is received in the group {group:?}"));
        }
        let dead_letter_source = (queue.source() != queue).then(|| queue.source().arn());
        if attribute("DeadLetterQueueSourceArn") != dead_letter_source.as_deref() {
            self.complain(format!("{name} is received from {queue:?} with another source"));
        }
        let number = text(&message["MessageAttributes"]["Number"], "StringValue");
        if number.parse() != Ok(name.number) {
            self.complain(format!("{name} is received without its attribute: {message}"));
        }
        let count = attribute("ApproximateReceiveCount").and_then(|count| count.parse().ok());
        let Some(count) = count else {
            self.complain(format!("{name} is received without a count"));
            return None;
        };
        let sequence_number = attribute("SequenceNumber").and_then(|number| number.parse().ok());
        let identity = Identity {
            message_id: text(message, "MessageId"),
            body_md5: text(message, "MD5OfBody"),
            sequence_number,
        };
        let handle = text(message, "ReceiptHandle");
        let held = Held { queue, name, count };
        Some((Handed { name, identity, count }, InHand { held, handle }))
    }
}

/// The members of a send that follow from the message's name.
fn message(name: Name, delay_seconds: Option<u32>) -> Value {
    let number = json!({ "DataType": "Number", "StringValue": name.number.to_string() });
    let mut message =
        json!({ "MessageBody": name.body(), "MessageAttributes": { "Number": number } });
    if let Some(seconds) = delay_seconds {
        message["DelaySeconds"] = seconds.into();
    }
    let queue = name.stream.queue;
    if queue.is_fifo() {
        message["MessageGroupId"] = name.stream.group().into();
    }
    if queue.has_explicit_ids() {
        message["MessageDeduplicationId"] = name.to_string().into();
    }
    message
}

fn sent(output: &Value) -> Identity {
    Identity {
        message_id: text(output, "MessageId"),
        body_md5: text(output, "MD5OfMessageBody"),
        sequence_number: output["SequenceNumber"].as_str().and_then(|number| number.parse().ok()),
    }
}

pub(crate) fn text(value: &Value, member: &str) -> String {
    value[member].as_str().unwrap_or_default().to_owned()
}

/// The codes with which a delete may be refused: in a FIFO queue, a handle can be out of date.
fn stale(queue: Queue) -> &'static [&'static str] {
    if queue.is_fifo() { &["InvalidParameterValue"] } else { &[] }
}

fn change_entry(message: &InHand, seconds: u32) -> Value {
    json!({ "ReceiptHandle": message.handle, "VisibilityTimeout": seconds })
}

/// Whether something was done; [`Cut`] if that is unknown.
pub(crate) fn is_done<T>(span: Span, outcome: &Outcome<T>) -> Result<bool, Cut> {
    match outcome {
        Outcome::Acknowledged(_) => Ok(true),
        Outcome::Refused(_) => Ok(false),
        Outcome::Unknown => Err(Cut { at: span.ended }),
    }
}
