mod attributes;
mod body;
mod complexity;
mod faults;
mod operators;
mod properties;

use serde_json::{Value, json};

use super::{FilterPolicy, FilterPolicyFault, FilterPolicyScope};
use crate::attributes::{AttributeValue, MessageAttribute};

fn for_attributes(policy: &Value) -> FilterPolicy {
    FilterPolicy::parse(&policy.to_string(), FilterPolicyScope::MessageAttributes).unwrap()
}

fn for_body(policy: &Value) -> FilterPolicy {
    FilterPolicy::parse(&policy.to_string(), FilterPolicyScope::MessageBody).unwrap()
}

fn fault(policy: &str) -> FilterPolicyFault {
    FilterPolicy::parse(policy, FilterPolicyScope::MessageBody).unwrap_err()
}

fn attribute<'a>(name: &'a str, data_type: &'a str, value: &'a str) -> MessageAttribute<'a> {
    MessageAttribute { name, data_type, value: AttributeValue::Text(value) }
}

/// Checks a policy against messages that it matches and messages that it does not.
#[track_caller]
fn check_bodies(policy: &Value, matching: &[Value], other: &[Value]) {
    let ready = for_body(policy);
    for body in matching {
        assert!(ready.matches_body(&body.to_string()), "{policy} should match {body}");
    }
    for body in other {
        assert!(!ready.matches_body(&body.to_string()), "{policy} should not match {body}");
    }
}

/// The same for attributes of type and value, all with the name "key".
#[track_caller]
fn check_attributes(policy: &Value, matching: &[(&str, &str)], other: &[(&str, &str)]) {
    let ready = for_attributes(policy);
    let matches = |(data_type, value)| {
        ready.matches_attributes(&[
            attribute("other", "String", "x"),
            attribute("key", data_type, value),
        ])
    };
    for given in matching {
        assert!(matches(*given), "{policy} should match {given:?}");
    }
    for given in other {
        assert!(!matches(*given), "{policy} should not match {given:?}");
    }
}

#[test]
fn a_policy_is_shown_as_it_was_given() {
    let text = " {\"b\" :\n[1.50, \"x\"],  \"a\":[null]} ";
    let policy = FilterPolicy::parse(text, FilterPolicyScope::MessageBody).unwrap();
    assert_eq!(policy.text(), text);
    assert_eq!(policy.scope(), FilterPolicyScope::MessageBody);
    assert!(!policy.is_empty());
}

#[test]
fn an_empty_policy_accepts_everything() {
    for scope in [FilterPolicyScope::MessageAttributes, FilterPolicyScope::MessageBody] {
        let policy = FilterPolicy::parse(" { } ", scope).unwrap();
        assert!(policy.is_empty());
        assert!(policy.accepts(&[], "no JSON"));
        assert!(policy.accepts(&[attribute("key", "String.Array", "no JSON")], "{}"));
    }
}

#[test]
fn the_scope_says_what_is_looked_at() {
    let policy = json!({"key": ["x"]});
    let (attributes, body) = ([attribute("key", "String", "x")], r#"{"key": "x"}"#);
    assert!(for_attributes(&policy).accepts(&attributes, "{}"));
    assert!(!for_attributes(&policy).accepts(&[], body));
    assert!(for_body(&policy).accepts(&[], body));
    assert!(!for_body(&policy).accepts(&attributes, "{}"));
}

#[test]
fn a_scope_is_one_of_two() {
    for scope in [FilterPolicyScope::MessageAttributes, FilterPolicyScope::MessageBody] {
        assert_eq!(FilterPolicyScope::parse(scope.as_str()), Ok(scope));
        assert_eq!(scope.to_string(), scope.as_str());
    }
    assert_eq!(FilterPolicyScope::default(), FilterPolicyScope::MessageAttributes);
    assert_eq!(
        FilterPolicyScope::parse("RandomValue").unwrap_err().to_string(),
        "FilterPolicyScope: Invalid value [RandomValue]. Please use either MessageBody or \
         MessageAttributes"
    );
}
