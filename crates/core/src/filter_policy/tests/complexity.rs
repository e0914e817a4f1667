//! How much a policy may ask for.

use serde_json::{Map, Value, json};

use super::super::{FilterPolicy, FilterPolicyFault, FilterPolicyScope};
use crate::limits;

use FilterPolicyScope::{MessageAttributes, MessageBody};

fn parse(policy: &Value, scope: FilterPolicyScope) -> Result<FilterPolicy, FilterPolicyFault> {
    FilterPolicy::parse(&policy.to_string(), scope)
}

#[track_caller]
fn check_fits(policy: &Value, scope: FilterPolicyScope) {
    assert!(parse(policy, scope).is_ok(), "{policy}");
}

#[track_caller]
fn check_refused(policy: &Value, scope: FilterPolicyScope, fault: &FilterPolicyFault, text: &str) {
    assert_eq!(parse(policy, scope).as_ref(), Err(fault), "{policy}");
    assert_eq!(fault.to_string(), text);
}

#[track_caller]
fn check_too_complex(policy: &Value, scope: FilterPolicyScope) {
    let text = "FilterPolicy: Filter policy is too complex";
    check_refused(policy, scope, &FilterPolicyFault::TooComplex, text);
}

fn values(count: usize) -> Value {
    (0..count).map(|index| format!("value{index}")).collect()
}

fn keys(count: usize) -> Value {
    let keys: Map<_, _> = (0..count).map(|index| (format!("key{index}"), values(1))).collect();
    Value::Object(keys)
}

#[test]
fn five_keys() {
    let text = "FilterPolicy: Filter policy can not have more than 5 keys";
    for scope in [MessageAttributes, MessageBody] {
        check_fits(&keys(5), scope);
        check_refused(&keys(6), scope, &FilterPolicyFault::TooManyKeys, text);
    }
    // Of nested keys only those that hold values count.
    let nested = |leaves| json!({"a": {"b": {"c": keys(leaves)}}});
    check_fits(&json!({"a": {"b": {"c": {"d": values(1)}}}, "e": keys(4)}), MessageBody);
    check_refused(&nested(6), MessageBody, &FilterPolicyFault::TooManyKeys, text);
    let or = json!({"a": ["x"], "b": ["x"], "c": ["x"], "$or": [{"d": ["x"]}, {"e": ["x"]}, {"f": ["x"]}]});
    check_refused(&or, MessageBody, &FilterPolicyFault::TooManyKeys, text);
    // The same key in two alternatives is one.
    let twice = json!({"a": ["x"], "b": ["x"], "$or": [{"c": ["x"], "d": ["x"]}, {"c": ["y"], "e": ["x"]}]});
    check_fits(&twice, MessageAttributes);
}

#[test]
fn a_policy_for_attributes_is_flat() {
    let text = "Filter policy scope MessageAttributes does not support nested filter policy";
    let nested = json!({"object": {"key": [{"prefix": "auto-"}]}});
    check_refused(&nested, MessageAttributes, &FilterPolicyFault::Nested, text);
    check_fits(&nested, MessageBody);
    let in_or = json!({"$or": [{"a": ["x"]}, {"b": {"c": ["x"]}}]});
    check_refused(&in_or, MessageAttributes, &FilterPolicyFault::Nested, text);
    check_fits(&json!({"$or": [{"a": ["x"]}, {"b": ["x"]}]}), MessageAttributes);
    // An object without values is no policy in either scope, and that is said first.
    let fault = parse(&json!({"a": {"suffix": "x"}}), MessageAttributes).unwrap_err();
    assert!(
        fault.to_string().starts_with("FilterPolicy: \"suffix\" must be an object or an array")
    );
}

#[test]
fn combinations_are_the_product_of_the_numbers_of_values() {
    check_fits(&json!({"key": values(150)}), MessageAttributes);
    check_too_complex(&json!({"key": values(151)}), MessageAttributes);
    check_fits(&json!({"a": values(75), "b": values(2)}), MessageAttributes);
    check_too_complex(&json!({"a": values(100), "b": values(51)}), MessageAttributes);
    check_too_complex(&json!({"a": values(76), "b": values(2)}), MessageAttributes);
    // More than a machine's number holds.
    let many = vec![1; 10_000];
    let enormous = json!({"a": many, "b": many, "c": many, "d": many, "e": many});
    assert_eq!(parse(&enormous, MessageAttributes), Err(FilterPolicyFault::TooComplex));
}

/// The developer guide's example, and as recorded: 3 x 4 x 2 x 3 = 72, and x 3 = 216.
#[test]
fn combinations_multiply_by_depth() {
    let nested = |more: Value| {
        let mut policy = json!({"a": {"b": {"c": values(4)}}, "d": {"e": values(3)}});
        policy.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        policy
    };
    check_fits(&nested(json!({})), MessageBody);
    check_fits(&nested(json!({"f": values(2)})), MessageBody);
    check_too_complex(&nested(json!({"f": values(3)})), MessageBody);
    check_fits(&json!({"a": {"b": values(75)}}), MessageBody);
    check_too_complex(&json!({"a": {"b": values(76)}}), MessageBody);
}

/// As recorded: 4 x 6 + 4 x 4 x 4 + 4 x 4 x 4 = 152, and 3 x 6 + 3 x 4 x 4 + 3 x 4 x 7 = 150.
#[test]
fn combinations_of_alternatives_are_summed() {
    let policy = |sources, places| {
        json!({
            "source": values(sources),
            "$or": [
                {"name": values(6)},
                {"type": values(4), "$or": [{"id": values(4)}, {"place": values(places)}]},
            ],
        })
    };
    check_too_complex(&policy(4, 4), MessageAttributes);
    check_fits(&policy(3, 7), MessageAttributes);
    check_too_complex(&policy(3, 8), MessageAttributes);
}

/// As recorded: 3 x 4 x 2 + 3 x 4 x 6 + 2 x 4 x 2 + 2 x 4 x 6 = 160.
#[test]
fn combinations_of_alternatives_multiply_by_depth() {
    let policy = |names| {
        json!({
            "$or": [{"name": values(names)}, {"namespace": values(2)}],
            "detail": {"scope": values(2), "$or": [{"source": values(1)}, {"type": values(3)}]},
        })
    };
    check_too_complex(&policy(3), MessageBody);
    check_fits(&policy(2), MessageBody);
}

#[test]
fn three_wildcards_in_a_pattern() {
    check_fits(&json!({"key": [{"wildcard": r"*a*b*\*"}]}), MessageAttributes);
    let refused = parse(&json!({"key": [{"wildcard": "*a*b*c*"}]}), MessageAttributes);
    assert!(matches!(
        refused,
        Err(FilterPolicyFault::Malformed(text))
            if text.starts_with("Wildcard pattern can not have more than 3 wildcards")
    ));
    assert!(
        parse(&json!({"k": [{"anything-but": {"wildcard": "*a*b*c*"}}]}), MessageBody).is_err()
    );
}

#[test]
fn a_hundred_wildcard_points() {
    let wildcards = |pattern: &str, count: usize| {
        Value::Array(
            (0..count).map(|index| json!({"wildcard": format!("{pattern}{index}")})).collect(),
        )
    };
    // One point each, ten patterns.
    check_fits(&json!({"key": wildcards("a*", 10)}), MessageAttributes);
    check_too_complex(&json!({"key": wildcards("a*", 11)}), MessageAttributes);
    // Six points each: 24 x 4 and 30 x 5.
    check_fits(&json!({"key": wildcards("a*b*", 4)}), MessageAttributes);
    check_too_complex(&json!({"key": wildcards("a*b*", 5)}), MessageAttributes);
    // Nine points each: 27 x 3, and with another key's 20.
    check_fits(&json!({"a": wildcards("*a*b*", 3), "b": wildcards("b*", 4)}), MessageAttributes);
    check_too_complex(
        &json!({"a": wildcards("*a*b*", 3), "b": wildcards("b*", 5)}),
        MessageAttributes,
    );
    // What has no wildcard has no points.
    check_fits(&json!({"key": wildcards("plain", 60)}), MessageAttributes);
    let excluded: Vec<String> = (0..11).map(|index| format!("a*{index}")).collect();
    check_too_complex(&json!({"key": [{"anything-but": {"wildcard": excluded}}]}), MessageBody);
}

#[test]
fn two_hundred_fifty_six_kilobytes() {
    let policy = |size: usize| {
        let frame = r#"{"key":[""]}"#.len();
        json!({"key": ["x".repeat(size - frame)]})
    };
    check_fits(&policy(limits::FILTER_POLICY_BYTES_MAX), MessageAttributes);
    let text = "FilterPolicy: Filter policy is too large";
    let too_large = policy(limits::FILTER_POLICY_BYTES_MAX + 1);
    check_refused(&too_large, MessageAttributes, &FilterPolicyFault::TooLarge, text);
}

/// Deeper than a policy can be within its combinations, and than the parser goes.
#[test]
fn deep_nesting() {
    let nested = |depth: usize| format!("{}[1]{}", "{\"a\":".repeat(depth), "}".repeat(depth));
    assert!(FilterPolicy::parse(&nested(100), MessageBody).is_ok());
    assert!(matches!(
        FilterPolicy::parse(&nested(100_000 / 6), MessageBody),
        Err(FilterPolicyFault::NotJson(_))
    ));
}
