//! Policies for a message's body: nested keys, arrays, `$or`.

use serde_json::{Value, json};

use super::{check_bodies, for_body};

#[test]
fn a_body_that_is_no_object_never_matches() {
    let policies = [json!({"key": [{"exists": false}]}), json!({"key": [{"exists": true}, "x"]})];
    for policy in policies {
        let policy = for_body(&policy);
        for body in [
            "",
            "text",
            "\"text\"",
            "5",
            "null",
            "[]",
            "[{\"key\":\"x\"}]",
            "{\"key\":\"x\"",
            "{} {}",
        ] {
            assert!(!policy.matches_body(body), "{body}");
        }
    }
    assert!(for_body(&json!({"key": ["x"]})).matches_body(" {\"key\" :\n\"x\"}\n"));
    assert!(for_body(&json!({"key": [{"exists": false}]})).matches_body("{}"));
}

/// As recorded from the service.
#[test]
fn nested_keys() {
    check_bodies(
        &json!({
            "object": {
                "key": [{"prefix": "auto-"}, "hardcodedvalue"],
                "nested_key": [{"exists": false}],
            },
            "test": [{"exists": false}],
        }),
        &[json!({"object": {"key": "auto-test"}}), json!({"object": {"key": "hardcodedvalue"}})],
        &[
            json!({"object": {"key": "test-auto"}}),
            json!({"object": {"key": "auto-test"}, "test": "just-exists"}),
            json!({"object": {"key": "auto-test", "nested_key": "just-exists"}}),
            json!({"object": {"test": "auto-test"}}),
            json!({"test": "auto-test"}),
            json!({"key": "auto-test"}),
            json!({"object": "auto-test"}),
        ],
    );
}

#[test]
fn a_missing_parent_is_a_missing_key() {
    check_bodies(
        &json!({"a": {"b": {"c": [{"exists": false}]}}}),
        &[json!({}), json!({"a": 1}), json!({"a": {"b": 1}}), json!({"a": {"b": {"c": {"d": 1}}}})],
        &[json!({"a": {"b": {"c": null}}}), json!({"a": [{"b": 1}, {"b": [{"c": 1}]}]})],
    );
}

/// As recorded from the service: a dot in a name is as good as a level.
#[test]
fn names_with_dots() {
    let as_text = json!("string.value");
    let bodies = [
        json!({"object": {"nested": {"test": as_text}}}),
        json!({"object.nested.test": as_text}),
        json!({"object.nested": {"test": as_text}}),
        json!({"object": {"nested.test": as_text}}),
    ];
    let others = [
        json!({"object": {"nested": {"test": "string.notvalue"}}}),
        json!({"object": {"nested": as_text}}),
        json!({"test": as_text}),
        json!({"objectnested.test": as_text}),
        json!({"object": {"nested": {"test.": as_text}}}),
    ];
    for policy in [
        json!({"object.nested.test": [as_text]}),
        json!({"object": {"nested": {"test": [as_text]}}}),
        json!({"object": {"nested.test": [as_text]}}),
    ] {
        check_bodies(&policy, &bodies, &others);
    }
}

#[test]
fn names_are_not_cut_elsewhere() {
    check_bodies(
        &json!({"ab": ["x"]}),
        &[json!({"ab": "x"})],
        &[json!({"a": {"b": "x"}}), json!({"a": "x"}), json!({"ab": {"": "x"}})],
    );
}

#[test]
fn names_may_be_empty() {
    check_bodies(&json!({"": ["x"]}), &[json!({"": "x"})], &[json!({"a": "x"}), json!({})]);
    check_bodies(
        &json!({"": {"a": ["x"]}}),
        &[json!({"": {"a": "x"}}), json!({".a": "x"})],
        &[json!({"a": "x"}), json!({"": "x"})],
    );
}

/// As recorded from the service.
#[test]
fn an_array_stands_for_any_of_its_elements() {
    let routed = |to: Value| json!({"headers": {"route-to": to}});
    check_bodies(
        &routed(json!(["queue1"])),
        &[
            routed(json!("queue1")),
            routed(json!(["queue1"])),
            routed(json!(["queue1", "queue2"])),
            routed(json!([["queue3"], [[], ["queue1"]]])),
        ],
        &[
            routed(json!(["queue3"])),
            routed(json!(["queue2"])),
            routed(json!([])),
            routed(json!({})),
        ],
    );
}

/// As recorded from the service, with the notifications of another.
#[test]
fn objects_in_arrays() {
    let record = |name: &str, object: Value| json!({"eventName": name, "s3": {"object": object}});
    let (put, delete) = ("ObjectCreated:Put", "ObjectRemoved:Delete");
    let (auto, home) = (json!({"key": "auto-1.xml", "size": 17}), json!({"key": "home-1.xml"}));
    check_bodies(
        &json!({
            "Records": {
                "s3": {"object": {"key": [{"prefix": "auto-"}]}},
                "eventName": [{"prefix": "ObjectCreated:"}],
            }
        }),
        &[
            json!({"Records": [record(put, auto.clone())]}),
            json!({"Records": [record(put, json!([[auto]])), record(delete, home.clone())]}),
            json!({"Records": record(put, json!([home, auto]))}),
        ],
        &[
            json!({"Records": [record(delete, auto.clone())]}),
            json!({"Records": [record(put, home.clone())]}),
            // Each condition holds, but for another record.
            json!({"Records": [record(delete, auto), record(put, home)]}),
            json!({"Records": []}),
        ],
    );
}

#[test]
fn conditions_on_different_arrays_are_free_of_each_other() {
    check_bodies(
        &json!({"a": ["x"], "b": ["y"]}),
        &[json!({"a": ["w", "x"], "b": ["y", "z"]}), json!({"a": "x", "b": ["z", "y"]})],
        &[json!({"a": ["w"], "b": ["y"]})],
    );
    let both = json!({"outer": {"a": {"n": [1]}, "b": {"n": [2]}}});
    check_bodies(
        &both,
        &[json!({"outer": [{"a": [{"n": 9}, {"n": 1}], "b": [{"n": 2}, {"n": 9}]}]})],
        &[json!({"outer": [{"a": [{"n": 1}], "b": []}, {"a": [], "b": [{"n": 2}]}]})],
    );
}

/// A key does not exist if it does not in the elements for which the other conditions hold.
#[test]
fn absence_in_arrays() {
    let policy = json!({"items": {"a": ["x"], "b": [{"exists": false}]}});
    check_bodies(
        &policy,
        &[
            json!({"items": [{"a": "x"}]}),
            json!({"items": [{"a": "x"}, {"a": "y", "b": 1}]}),
            json!({"items": [{"a": "x", "b": 1}, {"a": "x", "b": {}}]}),
        ],
        &[
            json!({"items": [{"a": "x", "b": 1}]}),
            json!({"items": [{"a": "x", "b": 1}, {"a": "y"}]}),
            json!({"items": [{"a": "x", "b": [[], 1]}]}),
        ],
    );
    // Without another condition it has to be missing from all.
    check_bodies(
        &json!({"items": {"b": [{"exists": false}]}}),
        &[json!({"items": [{"a": 1}, {"a": 2}]}), json!({"items": []})],
        &[json!({"items": [{"a": 1}, {"b": 1}]})],
    );
    check_bodies(
        &json!({"c": [1], "items": {"b": [{"exists": false}]}}),
        &[json!({"c": [1, 2], "items": [{"a": 1}]})],
        &[json!({"c": [1, 2], "items": [{"a": 1}, {"b": 1}]})],
    );
}

/// As recorded from the service.
#[test]
fn an_or_at_any_depth() {
    let alarm = "CloudWatch Alarm State Change";
    check_bodies(
        &json!({
            "$or": [{"metricName": ["CPUUtilization", "ReadLatency"]}, {"namespace": ["AWS/EC2", "AWS/ES"]}],
            "detail": {
                "scope": ["Service"],
                "$or": [{"source": ["aws.cloudwatch"]}, {"type": [alarm]}],
            },
        }),
        &[
            json!({"metricName": "CPUUtilization", "detail": {"scope": "Service", "source": "aws.cloudwatch"}}),
            json!({"metricName": "ReadLatency", "detail": {"scope": "Service", "source": "aws.cloudwatch"}}),
            json!({"namespace": "AWS/EC2", "detail": {"scope": "Service", "source": "aws.cloudwatch"}}),
            json!({"metricName": "CPUUtilization", "detail": {"scope": "Service", "type": alarm}}),
            json!({"namespace": "AWS/ES", "detail": {"scope": "Service", "type": alarm}}),
        ],
        &[
            json!({"metricName": "CPUUtilization", "detail": {"scope": "aws.cloudwatch", "type": alarm}}),
            json!({"metricName": "CPUUtilization", "detail": {"scope": "Service", "type": "CPUUtilization"}}),
            json!({"metricName": "CPUUtilization", "detail": {"type": alarm}}),
            json!({"metricName": "CPUUtilization", "detail": {"scope": "Service"}}),
            json!({"metricName": "CPUUtilization", "scope": "Service"}),
            json!({"metricName": "AWS/EC2", "detail": {"scope": "Service", "type": alarm}}),
            json!({"namespace": "CPUUtilization", "detail": {"scope": "Service", "type": alarm}}),
        ],
    );
}

#[test]
fn an_or_in_an_or() {
    check_bodies(
        &json!({
            "source": ["s"],
            "$or": [{"name": ["n"]}, {"type": ["t"], "$or": [{"id": [1]}, {"place": [2]}]}],
        }),
        &[
            json!({"source": "s", "name": "n"}),
            json!({"source": "s", "type": "t", "id": 1}),
            json!({"source": "s", "type": "t", "place": 2}),
        ],
        &[
            json!({"name": "n"}),
            json!({"source": "s", "type": "t"}),
            json!({"source": "s", "id": 1}),
            json!({"type": "t", "id": 1}),
        ],
    );
}

/// The conditions of a branch hold together, also for arrays.
#[test]
fn the_alternatives_of_an_or_look_into_the_same_element() {
    check_bodies(
        &json!({"items": {"a": [1], "$or": [{"b": [1]}, {"c": [1]}]}}),
        &[json!({"items": [{"a": 1, "c": 1}]}), json!({"items": [{"a": 2}, {"a": 1, "b": 1}]})],
        &[json!({"items": [{"a": 1}, {"b": 1, "c": 1}]})],
    );
}

/// "You can't apply AND logic to values of the same attribute."
#[test]
fn a_key_named_twice_counts_as_it_stands_last() {
    check_bodies(
        &json!({"a": ["x"], "$or": [{"a": ["y"]}, {"b": [1]}]}),
        &[json!({"a": "y"}), json!({"a": "x", "b": 1})],
        &[json!({"a": "x"}), json!({"b": 1})],
    );
    check_bodies(
        &json!({"$or": [{"a": ["y"]}, {"b": [1]}], "a": ["x"]}),
        &[json!({"a": "x"}), json!({"a": "x", "b": 1})],
        &[json!({"a": "y"})],
    );
    check_bodies(
        &json!({"a.b": ["x"], "a": {"b": ["y"]}}),
        &[json!({"a": {"b": "y"}}), json!({"a.b": "y"})],
        &[json!({"a.b": "x", "a": {"b": "z"}})],
    );
}

/// What would take as many steps as values to the power of conditions, were all combinations tried.
#[test]
fn large_bodies_with_conditions_that_never_meet() {
    let element = |index: usize| {
        let key = ["a", "b", "c", "d", "e"][index % 5];
        json!({ key: 1 })
    };
    let body = json!({"items": (0..50_000).map(element).collect::<Vec<_>>()});
    let all = json!({"items": {"a": [1], "b": [1], "c": [1]}});
    assert!(!for_body(&all).matches_body(&body.to_string()));
    assert!(for_body(&json!({"items": {"e": [1]}})).matches_body(&body.to_string()));
}
