//! Paths and arrays of bodies.

use serde_json::json;

use super::{NONE, candidates, matching, of_bodies};

#[test]
fn a_dot_in_a_key_is_as_good_as_one_between_keys() {
    let index = of_bodies(&[json!({"a": {"b.c": ["x"]}}), json!({"a.b": {"c": ["x"]}})]);
    for body in [json!({"a": {"b": {"c": "x"}}}), json!({"a.b.c": "x"}), json!({"a.b": {"c": "x"}})]
    {
        assert_eq!(matching(&index, &[], &body.to_string()), [0, 1], "{body}");
    }
    for body in [json!({"abc": "x"}), json!({"a": {"b": "x"}, "c": "x"}), json!({".a.b.c": "x"})] {
        assert_eq!(matching(&index, &[], &body.to_string()), NONE, "{body}");
    }
}

#[test]
fn keys_without_characters() {
    let index = of_bodies(&[json!({"": ["x"]}), json!({"": {"": ["x"]}}), json!({"a.": ["x"]})]);
    assert_eq!(matching(&index, &[], r#"{"": "x"}"#), [0]);
    assert_eq!(matching(&index, &[], r#"{".": "x"}"#), [1]);
    assert_eq!(matching(&index, &[], r#"{"": {"": "x"}}"#), [1]);
    assert_eq!(matching(&index, &[], r#"{"a": {"": "x"}}"#), [2]);
}

#[test]
fn conditions_have_to_hold_for_one_element() {
    let index =
        of_bodies(&[json!({"a": {"x": [1], "y": [1]}}), json!({"a": {"x": [1]}, "b": [1]})]);
    assert_eq!(matching(&index, &[], r#"{"a": [{"x": 1, "y": 1}]}"#), [0]);
    assert_eq!(matching(&index, &[], r#"{"a": [{"x": 1}, {"y": 1}]}"#), NONE);
    assert_eq!(matching(&index, &[], r#"{"a": [{"x": 1}, {"y": 1}], "b": 1}"#), [1]);
    assert_eq!(matching(&index, &[], r#"{"a": [{"x": 1, "y": [2, 1]}], "b": [2, 1]}"#), [0, 1]);
}

#[test]
fn absence_within_elements() {
    let index = of_bodies(&[json!({"a": {"x": [1], "y": [{"exists": false}]}})]);
    assert_eq!(matching(&index, &[], r#"{"a": [{"x": 1}, {"y": 1}]}"#), [0]);
    assert_eq!(matching(&index, &[], r#"{"a": [{"x": 1, "y": 1}]}"#), NONE);
    assert_eq!(matching(&index, &[], r#"{"a": {"x": 1}}"#), [0]);
    assert_eq!(matching(&index, &[], r#"{"a": {"x": 1}, "a.y": [2]}"#), NONE);
}

/// It has no key, and is looked at always.
#[test]
fn absence_alone() {
    let index =
        of_bodies(&[json!({"a": [{"exists": false}]}), json!({"a": [{"exists": false}, 1]})]);
    assert_eq!(candidates(&index, &json!({"b": 1})), [0, 1]);
    assert_eq!(matching(&index, &[], "{}"), [0, 1]);
    assert_eq!(matching(&index, &[], r#"{"a": 1}"#), [1]);
    assert_eq!(matching(&index, &[], r#"{"a": [2]}"#), NONE);
    assert_eq!(matching(&index, &[], "[]"), NONE);
    assert_eq!(matching(&index, &[], "no JSON"), NONE);
}

#[test]
fn values_that_occur_often() {
    let index = of_bodies(&[json!({"a": [{"exists": true}]}), json!({"a": ["x"]})]);
    let body = json!({"a": vec!["x"; 1000]});
    assert_eq!(matching(&index, &[], &body.to_string()), [0, 1]);
}
