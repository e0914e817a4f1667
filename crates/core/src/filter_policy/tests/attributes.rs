//! Policies for a message's attributes: the developer guide's examples, and the types.

use serde_json::json;

use super::{attribute, check_attributes, for_attributes};
use crate::attributes::{AttributeValue, MessageAttribute};

const TEXT: &str = "String";
const NUMBER: &str = "Number";
const ARRAY: &str = "String.Array";

#[test]
fn texts() {
    check_attributes(
        &json!({"key": ["rugby", "tennis"]}),
        &[
            (TEXT, "rugby"),
            (TEXT, "tennis"),
            (ARRAY, r#"["rugby", "tennis"]"#),
            ("String.sport", "rugby"),
        ],
        &[(TEXT, "baseball"), (ARRAY, r#"["baseball"]"#), (NUMBER, "rugby"), (TEXT, "")],
    );
    check_attributes(
        &json!({"key": [{"prefix": "bas"}, {"suffix": "by"}, {"wildcard": "t*s"}]}),
        &[(TEXT, "basketball"), (TEXT, "rugby"), (TEXT, "tennis")],
        &[(TEXT, "football"), (NUMBER, "7")],
    );
    check_attributes(
        &json!({"key": [{"cidr": "10.0.0.0/24"}, {"equals-ignore-case": "Any"}]}),
        &[(TEXT, "10.0.0.255"), (TEXT, "ANY")],
        &[(TEXT, "10.1.1.0"), (TEXT, "an")],
    );
}

#[test]
fn numbers() {
    check_attributes(
        &json!({"key": [{"numeric": ["=", 301.5]}]}),
        &[(NUMBER, "301.5"), (NUMBER, "3.015e2"), (NUMBER, "+0301.50"), ("Number.float", "301.5")],
        &[(NUMBER, "301"), (TEXT, "301.5"), (NUMBER, "")],
    );
    check_attributes(
        &json!({"key": [{"numeric": [">", 0, "<=", 100]}]}),
        &[(NUMBER, "99"), (NUMBER, "100.0"), (NUMBER, " 7 ")],
        &[(NUMBER, "111"), (NUMBER, "0"), (TEXT, "99"), (NUMBER, "inf"), (NUMBER, "NaN")],
    );
    check_attributes(
        &json!({"key": [100]}),
        &[(NUMBER, "100"), (NUMBER, "1e2"), (ARRAY, "[1, 100]")],
        &[(TEXT, "100"), (NUMBER, "100.00001"), (ARRAY, r#"["100"]"#)],
    );
    check_attributes(
        &json!({"key": [123_456_789_012_u64]}),
        &[(NUMBER, "123456789012")],
        &[(NUMBER, "123456789013"), (TEXT, "123456789012")],
    );
}

/// What cannot be read as a number is one unlike all others.
#[test]
fn a_number_that_is_none_is_anything_but_one() {
    let attributes = [(NUMBER, "many"), (NUMBER, "inf"), (NUMBER, "5e9")];
    check_attributes(&json!({"key": [{"anything-but": 5}]}), &attributes, &[(NUMBER, "5")]);
    check_attributes(&json!({"key": [{"numeric": ["<", 1e9]}]}), &[], &attributes);
}

#[test]
fn truth_values_and_null_are_in_arrays_only() {
    check_attributes(
        &json!({"key": [true, null]}),
        &[(ARRAY, "[true]"), (ARRAY, r#"["x", null]"#)],
        &[(ARRAY, "[false]"), (TEXT, "true"), (TEXT, "null"), (ARRAY, r#"["true", "null"]"#)],
    );
}

#[test]
fn anything_but() {
    check_attributes(
        &json!({"key": [{"anything-but": ["rugby", "tennis"]}]}),
        &[
            (TEXT, "baseball"),
            (TEXT, "football"),
            (ARRAY, r#"["baseball", 5, null]"#),
            (NUMBER, "1"),
        ],
        &[
            (TEXT, "rugby"),
            (ARRAY, r#"["rugby"]"#),
            // Not "because it contains a value that isn't" any more.
            (ARRAY, r#"["rugby", "baseball"]"#),
            (ARRAY, "[]"),
        ],
    );
    check_attributes(
        &json!({"key": [{"anything-but": {"prefix": "order-"}}]}),
        &[(TEXT, "data-entry"), (TEXT, "order_number"), (ARRAY, r#"["a", "b"]"#)],
        &[(TEXT, "order-cancelled"), (ARRAY, r#"["a", "order-1"]"#)],
    );
    check_attributes(
        &json!({"key": [{"anything-but": [100, 500]}]}),
        &[(NUMBER, "101"), (NUMBER, "100.1"), ("Number.Array", "[100, 50]"), (TEXT, "100")],
        &[(NUMBER, "100"), ("Number.Array", "[100, 500]"), (ARRAY, "[100, 50]")],
    );
    check_attributes(
        &json!({"key": [{"anything-but": "rugby"}, "rugby"]}),
        &[(TEXT, "rugby"), (TEXT, "tennis"), (ARRAY, r#"["rugby", "tennis"]"#)],
        &[],
    );
}

#[test]
fn exists_asks_for_the_attribute_itself() {
    let all = [(TEXT, ""), (NUMBER, "1"), (ARRAY, "[]"), (ARRAY, "[null]"), (TEXT, "x")];
    check_attributes(&json!({"key": [{"exists": true}]}), &all, &[]);
    check_attributes(&json!({"key": [{"exists": false}]}), &[], &all);
    check_attributes(&json!({"absent": [{"exists": false}]}), &all, &[]);
    check_attributes(&json!({"absent": [{"exists": true}]}), &[], &all);
    assert!(for_attributes(&json!({"key": [{"exists": false}]})).matches_attributes(&[]));
}

#[test]
fn binary_attributes_exist_and_have_no_value() {
    let binary = |data_type| {
        [MessageAttribute { name: "key", data_type, value: AttributeValue::Binary(b"x") }]
    };
    for data_type in ["Binary", "Binary.png"] {
        let matches = |policy| for_attributes(&policy).matches_attributes(&binary(data_type));
        assert!(matches(json!({"key": [{"exists": true}]})));
        assert!(!matches(json!({"key": [{"exists": false}]})));
        assert!(!matches(json!({"key": ["x", "eA=="]})));
        assert!(!matches(json!({"key": [{"anything-but": "y"}]})));
        assert!(!matches(json!({"key": [{"prefix": ""}]})));
    }
}

#[test]
fn an_array_that_is_none_matches_nothing() {
    let damaged =
        ["", "rugby", "[\"rugby\"", "\"rugby\"", "{}", "5", "null", "[[\"rugby\"]]", "[{}]"];
    for value in damaged {
        for policy in [
            json!({"key": ["rugby", {"anything-but": "x"}, {"exists": true}]}),
            json!({"key": [{"exists": false}]}),
            json!({"$or": [{"key": ["x"]}, {"other": ["x"]}]}),
        ] {
            check_attributes(&policy, &[], &[(ARRAY, value), ("Number.Array", value)]);
        }
        // Nobody asked for it.
        check_attributes(&json!({"other": ["x"]}), &[(ARRAY, value)], &[]);
    }
}

/// Developer guide, "Filter policy constraints", "Policy constraints for attribute-based
/// filtering".
#[test]
fn quotation_marks_and_backslashes_are_escaped_twice() {
    let once = r#"{"key": ["say \"x\" in c:\\dir"]}"#;
    let twice = r#"{"key": ["say \\\"x\\\" in c:\\\\dir"]}"#;
    let text = r#"say "x" in c:\dir"#;
    let array = serde_json::to_string(&[text]).unwrap();
    let (matching, other) = ([(TEXT, text), (ARRAY, array.as_str())], []);
    check_attributes(&serde_json::from_str(twice).unwrap(), &matching, &other);
    check_attributes(&serde_json::from_str(once).unwrap(), &other, &matching);
}

#[test]
fn all_keys_have_to_hold() {
    let policy = for_attributes(&json!({
        "customer_interests": ["rugby"],
        "price_usd": [{"numeric": [">", 100]}],
    }));
    let rugby = attribute("customer_interests", TEXT, "rugby");
    let dear = attribute("price_usd", NUMBER, "100.5");
    assert!(policy.matches_attributes(&[rugby, dear]));
    assert!(policy.matches_attributes(&[dear, attribute("more", TEXT, "x"), rugby]));
    assert!(!policy.matches_attributes(&[rugby]));
    assert!(!policy.matches_attributes(&[dear]));
    assert!(!policy.matches_attributes(&[rugby, attribute("price_usd", NUMBER, "100")]));
    assert!(!policy.matches_attributes(&[]));
}

#[test]
fn one_object_of_an_or_has_to_hold() {
    let policy = for_attributes(&json!({
        "source": ["aws.cloudwatch"],
        "$or": [
            {"metricName": ["CPUUtilization"]},
            {"namespace": ["AWS/EC2"], "metricType": ["t"]},
        ],
    }));
    let source = attribute("source", TEXT, "aws.cloudwatch");
    let metric = attribute("metricName", TEXT, "CPUUtilization");
    let namespace = attribute("namespace", TEXT, "AWS/EC2");
    let metric_type = attribute("metricType", TEXT, "t");
    assert!(policy.matches_attributes(&[source, metric]));
    assert!(policy.matches_attributes(&[source, namespace, metric_type]));
    assert!(!policy.matches_attributes(&[source, namespace]));
    assert!(!policy.matches_attributes(&[source, metric_type]));
    assert!(!policy.matches_attributes(&[source]));
    assert!(!policy.matches_attributes(&[metric, namespace, metric_type]));
}

/// As no such relationship is meant: one object, values that are none, or reserved names.
#[test]
fn an_or_that_is_none_is_a_key() {
    let matches = |policy, value| {
        for_attributes(&policy).matches_attributes(&[attribute("$or", TEXT, value)])
    };
    assert!(matches(json!({"$or": ["x", "y"]}), "x"));
    assert!(!matches(json!({"$or": ["x", "y"]}), "z"));
    assert!(matches(json!({"$or": [{"prefix": "x"}, {"suffix": "y"}]}), "xz"));
    assert!(!matches(json!({"$or": [{"prefix": "x"}, {"suffix": "y"}]}), "z"));
    assert!(matches(json!({"$or": [{"exists": true}]}), "z"));
}

#[test]
fn names_with_dots_are_names() {
    let policy = for_attributes(&json!({"a.b": ["x"]}));
    assert!(policy.matches_attributes(&[attribute("a.b", TEXT, "x")]));
    assert!(!policy.matches_attributes(&[attribute("a", TEXT, "x"), attribute("b", TEXT, "x")]));
}
