//! An action's input and output, translated between the two protocols as their models say.

use std::fmt::Write;

use serde_json::{Map, Value, json};

use super::xml::Element;

/// The form that says what a JSON input says: names and values, in the order they are sent.
pub fn pairs(action: &str, input: &Value) -> Vec<(String, String)> {
    let mut pairs = vec![
        ("Action".to_owned(), action.to_owned()),
        ("Version".to_owned(), "2012-11-05".to_owned()),
    ];
    for (name, value) in input.as_object().unwrap() {
        member(action, "", name, value, &mut pairs);
    }
    pairs
}

/// One member of a structure; `path` is the structure's own, with its dot.
fn member(action: &str, path: &str, name: &str, value: &Value, pairs: &mut Vec<(String, String)>) {
    match (name, value) {
        (_, Value::Null) => {}
        ("Entries", Value::Array(entries)) => {
            for (i, entry) in entries.iter().enumerate() {
                let path = format!("{action}RequestEntry.{}.", i + 1);
                for (name, value) in entry.as_object().unwrap() {
                    member(action, &path, name, value, pairs);
                }
            }
        }
        (_, Value::Array(items)) => {
            let element = list_element(name);
            for (i, item) in items.iter().enumerate() {
                pairs.push((format!("{path}{element}.{}", i + 1), scalar(item)));
            }
        }
        (_, Value::Object(map)) => {
            let (element, key) = map_element(name);
            for (i, (name, value)) in map.iter().enumerate() {
                let path = format!("{path}{element}.{}.", i + 1);
                pairs.push((format!("{path}{key}"), name.clone()));
                if let Value::Object(fields) = value {
                    for (field, value) in fields {
                        member(action, &format!("{path}Value."), field, value, pairs);
                    }
                } else {
                    pairs.push((format!("{path}Value"), scalar(value)));
                }
            }
        }
        _ => pairs.push((format!("{path}{name}"), scalar(value))),
    }
}

fn list_element(name: &str) -> &str {
    match name {
        "AttributeNames" | "MessageSystemAttributeNames" => "AttributeName",
        "MessageAttributeNames" => "MessageAttributeName",
        "TagKeys" => "TagKey",
        "AWSAccountIds" => "AWSAccountId",
        "Actions" => "ActionName",
        "StringListValues" => "StringListValue",
        "BinaryListValues" => "BinaryListValue",
        _ => panic!("no list is called {name}"),
    }
}

fn map_element(name: &str) -> (&str, &str) {
    match name {
        "Attributes" => ("Attribute", "Name"),
        "MessageAttributes" => ("MessageAttribute", "Name"),
        "MessageSystemAttributes" => ("MessageSystemAttribute", "Name"),
        "tags" | "Tags" => ("Tag", "Key"),
        _ => panic!("no map is called {name}"),
    }
}

fn scalar(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// `name=value&…`, percent-encoded.
pub fn encoded(pairs: &[(String, String)]) -> String {
    let encoded: Vec<_> = pairs
        .iter()
        .map(|(name, value)| format!("{}={}", percent_encoded(name), percent_encoded(value)))
        .collect();
    encoded.join("&")
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            write!(encoded, "%{byte:02X}").unwrap();
        }
    }
    encoded
}

/// What the JSON protocol would answer where the Query protocol answered this `…Result`.
pub fn output(action: &str, result: &Element) -> Value {
    structure(action, result)
}

fn structure(action: &str, element: &Element) -> Value {
    let mut members = Map::new();
    for child in &element.children {
        let (member, value) = match child.name.as_str() {
            "Attribute" => ("Attributes", entry(child, "Name")),
            "Tag" => ("Tags", entry(child, "Key")),
            "MessageAttribute" => {
                let value = child.children.iter().find(|child| child.name == "Value").unwrap();
                let fields = structure(action, value);
                ("MessageAttributes", json!({ child.text_of("Name"): fields }))
            }
            "Message" if action == "ReceiveMessage" => ("Messages", list(action, child)),
            "QueueUrl" if action == "ListQueues" => ("QueueUrls", json!([child.text])),
            "QueueUrl" if action == "ListDeadLetterSourceQueues" => {
                ("queueUrls", json!([child.text]))
            }
            "BatchResultErrorEntry" => ("Failed", list(action, child)),
            "ListMessageMoveTasksResultEntry" => ("Results", list(action, child)),
            name if name == format!("{action}ResultEntry") => ("Successful", list(action, child)),
            name => (name, leaf(child)),
        };
        add(&mut members, member, value);
    }
    Value::Object(members)
}

fn list(action: &str, element: &Element) -> Value {
    json!([structure(action, element)])
}

fn entry(element: &Element, key: &str) -> Value {
    assert_eq!(element.names(), [key, "Value"]);
    json!({ element.text_of(key): element.text_of("Value") })
}

fn leaf(element: &Element) -> Value {
    assert!(element.children.is_empty(), "{element:?}");
    let text = element.text.as_str();
    match element.name.as_str() {
        "SenderFault" => text.parse::<bool>().unwrap().into(),
        "ApproximateNumberOfMessagesMoved"
        | "ApproximateNumberOfMessagesToMove"
        | "MaxNumberOfMessagesPerSecond"
        | "StartedTimestamp" => text.parse::<u64>().unwrap().into(),
        _ => text.into(),
    }
}

/// Adds a member, or one more of a list or a map.
fn add(members: &mut Map<String, Value>, member: &str, value: Value) {
    match (members.get_mut(member), value) {
        (None, value) => {
            members.insert(member.to_owned(), value);
        }
        (Some(Value::Array(items)), Value::Array(more)) => items.extend(more),
        (Some(Value::Object(entries)), Value::Object(more)) => {
            for (name, value) in more {
                assert!(entries.insert(name, value).is_none(), "twice in {member}");
            }
        }
        (Some(_), _) => panic!("more than one {member}"),
    }
}
