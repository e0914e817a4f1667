//! A server whose clock the tests move, and a client that says the same thing in both protocols.

mod errors;
mod form;
mod kms;
mod lambda;
mod service;
mod signing;
mod sns;
mod sqs;
mod xml;

use serde_json::Value;

pub use self::errors::Refusal;
pub use self::form::encoded;
pub use self::kms::{KmsClient, KmsFault};
pub use self::lambda::{FUNCTIONS, LambdaClient, new_function, zip};
pub use self::service::{REGION, START_MS, Service, Setting};
pub use self::signing::Credentials;
pub use self::sns::{Sns, queue_arn, subscription, topic_arn, with_topics, with_topics_and_queues};
pub use self::sqs::{ACCOUNT, Http, Protocol, Sqs, in_both_protocols, messages};
pub use self::xml::Element;

/// The object with more members.
pub fn with(mut object: Value, more: Value) -> Value {
    object.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    object
}

/// Replaces what differs from run to run, and texts that are not documented.
pub fn masked(text: &str) -> String {
    let mut masked = masked_uuids(text);
    for (before, mask) in [
        ("\"ReceiptHandle\":\"", "HANDLE"),
        ("<ReceiptHandle>", "HANDLE"),
        ("\"TaskHandle\":\"", "TASK"),
        ("<TaskHandle>", "TASK"),
        ("\"ApproximateNumberOfMessagesMoved\":", "\"COUNT\""),
        ("<ApproximateNumberOfMessagesMoved>", "COUNT"),
        ("\"Code\":\"InvalidMessageContents\",\"Message\":\"", "TEXT"),
        ("<Code>InvalidMessageContents</Code><Message>", "TEXT"),
    ] {
        masked = masked_after(&masked, before, mask);
    }
    masked
}

/// Puts `mask` in the place of every value that follows `before`.
fn masked_after(text: &str, before: &str, mask: &str) -> String {
    let mut parts = text.split(before);
    let mut masked = parts.next().unwrap().to_owned();
    for part in parts {
        let is_number = before.ends_with(':');
        let end = part.find(|c| if is_number { ",}".contains(c) } else { "\"<".contains(c) });
        masked += &format!("{before}{mask}{}", &part[end.unwrap()..]);
    }
    masked
}

fn masked_uuids(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut masked = String::new();
    let mut rest = 0;
    let mut at = 0;
    while at + 36 <= bytes.len() {
        if is_uuid(&bytes[at..at + 36]) {
            masked += &text[rest..at];
            masked += "UUID";
            at += 36;
            rest = at;
        } else {
            at += 1;
        }
    }
    masked + &text[rest..]
}

/// Whether these 36 bytes are a UUID in lower case.
pub fn is_uuid(bytes: &[u8]) -> bool {
    bytes.len() == 36
        && bytes.iter().enumerate().all(|(i, byte)| match i {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}
