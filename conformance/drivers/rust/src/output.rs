//! Outputs as JSON, with the member names of the API model; what did not arrive is left out.

use std::collections::HashMap;

use aws_sdk_sqs::primitives::Blob;
use aws_sdk_sqs::types::{BatchResultErrorEntry, Message, MessageAttributeValue};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value, json};

pub fn members<const N: usize>(members: [(&str, Value); N]) -> Value {
    let there = members.into_iter().filter(|(_, value)| !value.is_null());
    Value::Object(there.map(|(name, value)| (name.to_string(), value)).collect())
}

/// The SDK shows a missing list as an empty one, so an empty list counts as missing.
pub fn list<T>(items: &[T], show: impl Fn(&T) -> Value) -> Value {
    match items {
        [] => Value::Null,
        items => items.iter().map(show).collect(),
    }
}

pub fn map<K: AsRef<str>>(entries: Option<&HashMap<K, String>>) -> Value {
    let show = |entries: &HashMap<K, String>| {
        entries
            .iter()
            .map(|(key, value)| (key.as_ref().to_string(), value.as_str().into()))
            .collect()
    };
    entries.map_or(Value::Null, |entries| Value::Object(show(entries)))
}

/// Blobs are written `{"base64": "..."}`.
pub fn blob(blob: Option<&Blob>) -> Value {
    json!(blob.map(|blob| json!({ "base64": STANDARD.encode(blob) })))
}

pub fn message(message: &Message) -> Value {
    members([
        ("MessageId", json!(message.message_id())),
        ("ReceiptHandle", json!(message.receipt_handle())),
        ("MD5OfBody", json!(message.md5_of_body())),
        ("Body", json!(message.body())),
        ("Attributes", map(message.attributes())),
        ("MD5OfMessageAttributes", json!(message.md5_of_message_attributes())),
        ("MessageAttributes", message.message_attributes().map_or(Value::Null, attributes)),
    ])
}

fn attributes(attributes: &HashMap<String, MessageAttributeValue>) -> Value {
    let show = |(name, value): (&String, &MessageAttributeValue)| {
        let value = members([
            ("DataType", json!(value.data_type())),
            ("StringValue", json!(value.string_value())),
            ("BinaryValue", blob(value.binary_value())),
        ]);
        (name.clone(), value)
    };
    Value::Object(attributes.iter().map(show).collect::<Map<_, _>>())
}

pub fn failed(entry: &BatchResultErrorEntry) -> Value {
    members([
        ("Id", json!(entry.id())),
        ("SenderFault", json!(entry.sender_fault())),
        ("Code", json!(entry.code())),
        ("Message", json!(entry.message())),
    ])
}
