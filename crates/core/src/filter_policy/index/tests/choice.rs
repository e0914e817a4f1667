//! Which condition a branch is filed under.

use serde_json::{Value, json};

use super::{NONE, candidates, of_bodies};

/// The most policies that any of these bodies would have looked at.
fn most_candidates(policies: &[Value], bodies: impl Iterator<Item = Value>) -> usize {
    let index = of_bodies(policies);
    bodies.map(|body| candidates(&index, &body).len()).max().unwrap()
}

#[test]
fn the_key_that_tells_policies_apart() {
    let policies: Vec<Value> =
        (0..500).map(|n| json!({"event": ["placed"], "store": [format!("s-{n}")]})).collect();
    let bodies = (0..500).map(|n| json!({"event": "placed", "store": format!("s-{n}")}));
    assert!(most_candidates(&policies, bodies) <= 3);
}

#[test]
fn several_values_count_together() {
    let policies: Vec<Value> =
        (0..100).map(|n| json!({"a": ["x", "y", "z"], "b": [n % 10]})).collect();
    let bodies = (0..10).map(|n| json!({"a": "x", "b": n}));
    // Thirds of them under "a" would be taken for three times as many.
    assert!(most_candidates(&policies, bodies) <= 20);
}

#[test]
fn what_any_value_fulfils_only_if_the_rest_is_crowded() {
    let any = json!([{"anything-but": "x"}]);
    let few: Vec<Value> = (0..10).map(|_| json!({"a": any, "b": [1]})).collect();
    assert_eq!(most_candidates(&few, [json!({"a": "y", "b": 2})].into_iter()), 0);
    let many: Vec<Value> = (0..100).map(|n| json!({n.to_string(): any, "b": [1]})).collect();
    assert!(most_candidates(&many, [json!({"7": "y", "b": 1})].into_iter()) <= 20);
}

#[test]
fn a_range_that_few_others_overlap() {
    let apart: Vec<Value> = (0..500)
        .map(|n| json!({"event": ["placed"], "price": [{"numeric": [">=", n, "<", n + 1]}]}))
        .collect();
    let bodies = (0..500).map(|n| json!({"event": "placed", "price": n}));
    assert!(most_candidates(&apart, bodies) <= 3);
}

#[test]
fn not_a_range_that_all_others_overlap() {
    let wide: Vec<Value> =
        (0..500).map(|n| json!({"event": [n % 50], "price": [{"numeric": [">=", n]}]})).collect();
    let bodies = (0..50).map(|n| json!({"event": n, "price": 600}));
    assert!(most_candidates(&wide, bodies) <= 100);
}

/// Nothing that may be missing can be what a branch is found by.
#[test]
fn never_a_condition_that_no_value_may_fulfil() {
    let index = of_bodies(&[json!({"a": [1, {"exists": false}], "b": [1]})]);
    assert_eq!(candidates(&index, &json!({"b": 1})), [0]);
    assert_eq!(candidates(&index, &json!({"a": 1})), NONE);
}
