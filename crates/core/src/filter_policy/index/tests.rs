mod bodies;
mod choice;
mod numbers;
mod properties;
mod texts;

use std::sync::Arc;

use serde_json::{Value, json};

use super::super::{FilterPolicy, FilterPolicyScope};
use super::{FilterIndex, Filterable};
use crate::attributes::{AttributeValue, MessageAttribute};

/// No matches.
const NONE: [u32; 0] = [];

const SCOPES: [FilterPolicyScope; 2] =
    [FilterPolicyScope::MessageAttributes, FilterPolicyScope::MessageBody];

fn policy(json: &Value, scope: FilterPolicyScope) -> Arc<FilterPolicy> {
    Arc::new(FilterPolicy::parse(&json.to_string(), scope).unwrap())
}

/// An index over policies for bodies, numbered from 0.
fn of_bodies(policies: &[Value]) -> FilterIndex {
    let mut index = FilterIndex::default();
    for (number, json) in (0..).zip(policies) {
        index.insert(number, policy(json, FilterPolicyScope::MessageBody));
    }
    index
}

fn matching(index: &FilterIndex, attributes: &[MessageAttribute<'_>], body: &str) -> Vec<u32> {
    let mut matches = vec![99];
    index.matches(&Filterable { attributes, body }, &mut matches);
    matches
}

/// How many policies were evaluated, or would be, for a body.
fn candidates(index: &FilterIndex, body: &Value) -> Vec<u32> {
    index.by_body.candidates(super::body::Body::read(body, &index.by_body).probes())
}

/// Checks which policies on the key "key" match each value, in both scopes and in an array; the
/// others are not even looked at.
#[track_caller]
fn check(patterns: &[Value], expected: &[(Value, &[u32])]) {
    let policies: Vec<Value> = patterns.iter().map(|p| json!({"key": [p]})).collect();
    let bodies = of_bodies(&policies);
    let mut attributes = FilterIndex::default();
    for (number, json) in (0..).zip(&policies) {
        attributes.insert(number, policy(json, FilterPolicyScope::MessageAttributes));
    }
    for (value, numbers) in expected {
        let body = json!({"other": 1, "key": value});
        assert_eq!(matching(&bodies, &[], &body.to_string()), *numbers, "{value}");
        assert_eq!(candidates(&bodies, &body), *numbers, "candidates for {value}");
        let nested = json!({"key": [[value], [{}]]});
        assert_eq!(matching(&bodies, &[], &nested.to_string()), *numbers, "{nested}");
        let array = json!([value]).to_string();
        let attribute = text("key", "String.Array", &array);
        assert_eq!(matching(&attributes, &[attribute], ""), *numbers, "{array}");
    }
}

fn text<'a>(name: &'a str, data_type: &'a str, value: &'a str) -> MessageAttribute<'a> {
    MessageAttribute { name, data_type, value: AttributeValue::Text(value) }
}

#[test]
fn policies_come_and_go() {
    let mut index = FilterIndex::default();
    assert!(index.is_empty());
    assert!(index.remove(7).is_none());
    let [old, new] = ["old", "new"].map(|value| policy(&json!({"key": [value]}), SCOPES[1]));
    let [old_body, new_body] = [r#"{"key": "old"}"#, r#"{"key": "new"}"#];
    index.insert(7, Arc::clone(&old));
    assert_eq!((index.len(), index.get(7)), (1, Some(&old)));
    assert_eq!(matching(&index, &[], old_body), [7]);
    index.insert(7, Arc::clone(&new));
    assert_eq!((index.len(), index.get(7)), (1, Some(&new)));
    assert_eq!(matching(&index, &[], old_body), NONE);
    assert_eq!(matching(&index, &[], new_body), [7]);
    assert_eq!(index.remove(7), Some(new));
    assert_eq!((index.len(), index.get(7)), (0, None));
    assert_eq!(matching(&index, &[], new_body), NONE);
    assert_leaves_nothing(&index);
}

#[test]
fn both_scopes_are_asked_and_kept_apart() {
    let mut index = FilterIndex::default();
    index.insert(3, policy(&json!({"key": ["x"]}), SCOPES[0]));
    index.insert(1, policy(&json!({"key": ["x"]}), SCOPES[1]));
    let (attributes, body) = ([text("key", "String", "x")], r#"{"key": "x"}"#);
    assert_eq!(matching(&index, &attributes, body), [1, 3]);
    assert_eq!(matching(&index, &attributes, "{}"), [3]);
    assert_eq!(matching(&index, &[], body), [1]);
}

#[test]
fn an_empty_policy_accepts_everything() {
    let mut index = FilterIndex::default();
    index.insert(0, policy(&json!({}), SCOPES[0]));
    index.insert(1, policy(&json!({}), SCOPES[1]));
    let unreadable = [text("key", "String.Array", "no JSON")];
    assert_eq!(matching(&index, &unreadable, "no JSON"), [0, 1]);
    index.remove(0);
    assert_eq!(matching(&index, &unreadable, "no JSON"), [1]);
    index.remove(1);
    assert_leaves_nothing(&index);
}

#[test]
fn a_policy_of_several_branches_is_reported_once() {
    let or = json!({"$or": [{"a": ["x"]}, {"b": ["x"]}, {"a": ["x"], "c": [{"exists": false}]}]});
    let mut index = of_bodies(&[or]);
    assert_eq!(matching(&index, &[], r#"{"a": "x", "b": "x"}"#), [0]);
    assert_eq!(matching(&index, &[], r#"{"b": "x"}"#), [0]);
    assert_eq!(matching(&index, &[], r#"{"b": "y"}"#), NONE);
    index.remove(0);
    assert_leaves_nothing(&index);
}

#[track_caller]
fn assert_leaves_nothing(index: &FilterIndex) {
    assert!(index.is_empty());
    assert!(index.by_attributes.holds_nothing() && index.by_body.holds_nothing());
}
