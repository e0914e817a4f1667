//! Where events end: a record of it goes to a destination, what was given up to the dead-letter
//! target. Developer guide, "Capturing records of Lambda asynchronous invocations".

use std::time::Duration;

use bytes::Bytes;
use serde::de::IgnoredAny;
use serde_json::{Value, json};
use tidings_aws::{Action, Protocol, SnsAction, SqsAction};
use tidings_core::names::{AccountId, QueueArn, Region, TopicArn, Uuid};
use tidings_functions::Invoked;
use tidings_lambda::{InvokeConfig, Qualifier, Reference};
use tracing::{error, info};

use super::said::SaidError;
use crate::authorise::Circumstances;
use crate::caller::{Caller, Standing};
use crate::exchange::Call;
use crate::request::Shared;
use crate::{sns, sqs};

/// How an event ended.
pub(super) struct Ended<'a> {
    pub(super) request_id: Uuid,
    pub(super) function: &'a Reference,
    /// The event, which is JSON.
    pub(super) event: &'a str,
    pub(super) config: &'a InvokeConfig,
    /// The version that was tried last.
    pub(super) version: &'a Qualifier,
    pub(super) dead_letter_target: Option<&'a str>,
    pub(super) condition: Condition,
    /// How often the function failed.
    pub(super) errors: u32,
    /// What came of the last attempt, if one was begun.
    pub(super) invoked: Option<&'a Invoked>,
}

/// Why it ended: `condition` of a record.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Condition {
    Success,
    RetriesExhausted,
    EventAgeExceeded,
}

/// How often it is tried to send a record while the broker has no time for it.
const TRIES: u32 = 3;
const BETWEEN_TRIES: Duration = Duration::from_secs(1);

/// Bytes of `ErrorMessage` of a dead letter.
const ERROR_MESSAGE_BYTES_MAX: usize = 1024;

/// Tells of an event's end whoever is to be told. What cannot be sent is logged, and gone: as in the
/// service, nothing is invoked again for that.
pub(super) async fn tell(shared: &Shared, ended: &Ended<'_>) {
    let Ended { config, condition, request_id, function, .. } = ended;
    let destination = match condition {
        Condition::Success => config.on_success.as_deref(),
        Condition::RetriesExhausted | Condition::EventAgeExceeded => {
            let said = ended.invoked.map(|it| SaidError::of(it).to_string()).unwrap_or_default();
            let (function, errors) = (function.arn(), ended.errors);
            info!(%request_id, function, ?condition, errors, "an event is given up: {said}");
            config.on_failure.as_deref()
        }
    };
    if let Some(destination) = destination {
        send(shared, ended, destination, record(shared, ended), Value::Null).await;
    }
    if let Some(target) = ended.dead_letter_target.filter(|_| *condition != Condition::Success) {
        let attributes = dead_letter_attributes(ended);
        send(shared, ended, target, ended.event.to_owned(), attributes).await;
    }
}

impl Condition {
    fn as_str(self) -> &'static str {
        match self {
            Self::Success => "Success",
            Self::RetriesExhausted => "RetriesExhausted",
            Self::EventAgeExceeded => "EventAgeExceeded",
        }
    }
}

/// The record. Payloads stand in it as they came: what they say need not fit into numbers of ours.
fn record(shared: &Shared, ended: &Ended<'_>) -> String {
    let Ended { request_id, function, event, version, condition, errors, invoked, .. } = ended;
    // The service names $LATEST here where nothing was named.
    let qualifier = function.qualifier.clone().unwrap_or(Qualifier::Latest);
    let arn = function.id.arn(Some(&qualifier));
    let tries = errors + u32::from(*condition == Condition::Success);
    let context = json!({
        "requestId": request_id.to_string(),
        "functionArn": arn,
        "condition": condition.as_str(),
        "approximateInvokeCount": tries,
    });
    let timestamp = shared.broker.now().to_iso8601();
    let mut record = format!(
        r#"{{"version":"1.0","timestamp":"{timestamp}","requestContext":{context},"requestPayload":{event}"#
    );
    if let Some(invoked) = invoked {
        let mut context = json!({ "statusCode": 200, "executedVersion": version.to_string() });
        if let Some(error) = invoked.function_error {
            context["functionError"] = json!(error.as_str());
        }
        let payload = payload(&invoked.payload);
        record.push_str(&format!(r#","responseContext":{context},"responsePayload":{payload}"#));
    }
    record.push('}');
    record
}

/// What a function answered, as a part of JSON.
fn payload(bytes: &[u8]) -> String {
    let text = String::from_utf8_lossy(bytes);
    match serde_json::from_str::<IgnoredAny>(&text) {
        Ok(_) => text.into_owned(),
        Err(_) if bytes.is_empty() => "null".to_owned(),
        Err(_) => json!(text).to_string(),
    }
}

/// Recorded of AWS: the event as it is, and what was wrong in three attributes.
fn dead_letter_attributes(ended: &Ended<'_>) -> Value {
    let code = match (ended.condition, ended.invoked) {
        (_, Some(_)) => 200,
        _ => 429,
    };
    let said: Option<Value> =
        ended.invoked.and_then(|invoked| serde_json::from_slice(&invoked.payload).ok());
    let message = said.as_ref().and_then(|said| said["errorMessage"].as_str());
    let message = message.filter(|it| !it.is_empty()).unwrap_or(ended.condition.as_str());
    let message = &message[..message.floor_char_boundary(ERROR_MESSAGE_BYTES_MAX)];
    let of = |kind: &str, text: String| json!({ "DataType": kind, "StringValue": text });
    json!({
        "RequestID": of("String", ended.request_id.to_string()),
        "ErrorCode": of("Number", code.to_string()),
        "ErrorMessage": of("String", message.to_owned()),
    })
}

async fn send(shared: &Shared, ended: &Ended<'_>, target: &str, text: String, attributes: Value) {
    let owner = ended.function.id.scope.account;
    let (queue, topic) = (QueueArn::parse(target), TopicArn::parse(target));
    for at in 1..=TRIES {
        let answer = match (&queue, &topic) {
            (Some(queue), _) if queue.account == owner => {
                to_queue(shared, queue, &text, &attributes).await
            }
            (_, Some(topic)) if topic.account == owner => {
                to_topic(shared, topic, &text, &attributes).await
            }
            _ => return error!(target, "an event's end cannot be told to another account"),
        };
        let (function, request_id) = (ended.function.arn(), ended.request_id);
        match answer.status {
            200 => return,
            500.. if at < TRIES => tokio::time::sleep(BETWEEN_TRIES).await,
            status => {
                let said = String::from_utf8_lossy(&answer.body).into_owned();
                return error!(function, %request_id, target, status, "an event's end could not be told: {said}");
            }
        }
    }
}

/// As a client of the same account would send it: so encrypted queues and topics are no different.
async fn to_queue(
    shared: &Shared,
    queue: &QueueArn,
    text: &str,
    attributes: &Value,
) -> tidings_aws::Answer {
    let mut input = json!({
        "QueueUrl": format!("http://localhost/{}/{}", queue.account, queue.name.as_str()),
        "MessageBody": text,
    });
    if !attributes.is_null() {
        input["MessageAttributes"] = attributes.clone();
    }
    let action = SqsAction::SendMessage;
    let body = input.to_string();
    let call = call(shared, queue.account, &queue.region, Action::Sqs(action), body);
    sqs::answer(shared, &call, action).await
}

async fn to_topic(
    shared: &Shared,
    topic: &TopicArn,
    text: &str,
    attributes: &Value,
) -> tidings_aws::Answer {
    let mut form = format!("TopicArn={}&Message={}", encoded(&topic.to_string()), encoded(text));
    for (at, (name, value)) in attributes.as_object().into_iter().flatten().enumerate() {
        let text = |member: &str| encoded(value[member].as_str().unwrap_or_default());
        let entry = format!("&MessageAttributes.entry.{}", at + 1);
        form.push_str(&format!(
            "{entry}.Name={name}{entry}.Value.DataType={}{entry}.Value.StringValue={}",
            text("DataType"),
            text("StringValue")
        ));
    }
    let action = SnsAction::Publish;
    let call = call(shared, topic.account, &topic.region, Action::Sns(action), form);
    sns::answer(shared, &call, action).await
}

fn call(
    shared: &Shared,
    account: AccountId,
    region: &Region,
    action: Action,
    body: String,
) -> Call {
    let protocol = match action {
        Action::Sqs(_) => Protocol::Json,
        _ => Protocol::Query,
    };
    Call {
        base_url: "http://localhost".to_owned(),
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: String::new(),
        protocol,
        action,
        body: Bytes::from(body),
        caller: Caller {
            account,
            region: region.clone(),
            // The server itself: whoever named the destination was judged then.
            standing: Standing::Unchecked { is_signed: true },
            access_key_id: None,
            session_token: None,
        },
        circumstances: Circumstances::internal(),
        request_id: shared.broker.uuid(),
        trace_id_header: None,
        invoke_headers: Default::default(),
    }
}

/// A value of a form.
fn encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len() * 5 / 4);
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                encoded.push(char::from(byte));
            }
            byte => encoded.push_str(&format!("%{byte:02X}")),
        }
    }
    encoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_function_answered_stays_json() {
        assert_eq!(payload(b""), "null");
        assert_eq!(payload(b"{\"n\":12345678901234567890123}"), "{\"n\":12345678901234567890123}");
        assert_eq!(payload(b"plain \"text\""), "\"plain \\\"text\\\"\"");
        assert_eq!(payload(b"\xff"), "\"\u{fffd}\"");
    }
}
