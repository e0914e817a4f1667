//! What is filed by texts and other single values.

use serde_json::json;

use super::super::super::FilterPolicyScope;
use super::{FilterIndex, NONE, check, matching, policy, text};
use crate::attributes::{AttributeValue, MessageAttribute};

#[test]
fn single_values_by_type() {
    check(
        &[json!("1"), json!(1), json!(true), json!(null), json!("true"), json!(2e9), json!("")],
        &[
            (json!("1"), &[0]),
            (json!(1.0), &[1]),
            (json!(true), &[2]),
            (json!(null), &[3]),
            (json!("true"), &[4]),
            (json!(2e9), &[5]),
            (json!(""), &[6]),
            (json!(false), &[]),
            (json!("2000000000.0"), &[]),
        ],
    );
}

#[test]
fn prefixes_and_suffixes() {
    check(
        &[
            json!({"prefix": "a"}),
            json!({"prefix": "ab"}),
            json!({"prefix": "é"}),
            json!({"suffix": "b"}),
            json!({"suffix": "ab"}),
            json!({"suffix": "é"}),
        ],
        &[
            (json!("a"), &[0]),
            (json!("ab"), &[0, 1, 3, 4]),
            (json!("acb"), &[0, 3]),
            (json!("é"), &[2, 5]),
            (json!("è"), &[]),
            (json!(""), &[]),
        ],
    );
}

/// Their keys are cut off, so they are candidates for each other's texts.
#[test]
fn long_prefixes_and_suffixes() {
    let long = "x".repeat(300);
    let [one, two] = ["1", "2"].map(|last| format!("{long}{last}{long}"));
    let policies = [
        json!({"key": [{"prefix": format!("{long}1")}]}),
        json!({"key": [{"prefix": format!("{long}2")}]}),
        json!({"key": [{"suffix": format!("1{long}")}]}),
        json!({"key": [{"suffix": format!("2{long}")}]}),
    ];
    let index = super::of_bodies(&policies);
    for (value, numbers) in [(&one, [0, 2].as_slice()), (&two, &[1, 3]), (&long, &[])] {
        assert_eq!(matching(&index, &[], &json!({"key": value}).to_string()), numbers);
        assert_eq!(super::candidates(&index, &json!({"key": value})), [0, 1, 2, 3]);
    }
}

#[test]
fn whatever_the_case() {
    check(
        &[json!({"equals-ignore-case": "ÉTÉ"}), json!({"equals-ignore-case": "a"}), json!("A")],
        &[(json!("été"), &[0]), (json!("A"), &[1, 2]), (json!("a"), &[1]), (json!("ete"), &[])],
    );
}

#[test]
fn wildcards_by_their_longer_end() {
    check(
        &[
            json!({"wildcard": "ab*c"}),
            json!({"wildcard": "a*bc"}),
            json!({"wildcard": "a\\*"}),
            json!({"wildcard": "z*"}),
        ],
        &[
            (json!("ab-c"), &[0]),
            (json!("a-bc"), &[1]),
            (json!("abc"), &[0, 1]),
            (json!("a*"), &[2]),
            (json!("z"), &[3]),
            (json!("b"), &[]),
        ],
    );
}

#[test]
fn addresses_by_network() {
    check(
        &[
            json!({"cidr": "10.0.0.0/8"}),
            json!({"cidr": "10.1.2.3/31"}),
            json!({"cidr": "0.0.0.0/0"}),
            json!({"cidr": "2001:db8::/32"}),
            json!({"cidr": "::/0"}),
        ],
        &[
            (json!("10.9.9.9"), &[0, 2]),
            (json!("10.1.2.2"), &[0, 1, 2]),
            (json!("11.1.2.2"), &[2]),
            (json!("2001:db8::1"), &[3, 4]),
            (json!("2001:db9::1"), &[4]),
            (json!("10.0.0"), &[]),
        ],
    );
}

#[test]
fn any_value_will_do() {
    let policies =
        [json!({"exists": true}), json!({"anything-but": "x"}), json!({"wildcard": "*"})];
    let mut index = FilterIndex::default();
    for (number, pattern) in (0..).zip(&policies) {
        let json = json!({"key": [pattern]});
        index.insert(number, policy(&json, FilterPolicyScope::MessageAttributes));
        index.insert(number + 10, policy(&json, FilterPolicyScope::MessageBody));
    }
    let key = |data_type, value| matching(&index, &[text("key", data_type, value)], "");
    assert_eq!(key("String", "y"), [0, 1, 2]);
    assert_eq!(key("String", "x"), [0, 2]);
    assert_eq!(key("Number", "1"), [0, 1]);
    assert_eq!(key("String.Array", "[]"), [0]);
    assert_eq!(key("String.Array", "no JSON"), NONE);
    let binary =
        MessageAttribute { name: "key", data_type: "Binary", value: AttributeValue::Binary(b"") };
    assert_eq!(matching(&index, &[binary], ""), [0]);
    assert_eq!(matching(&index, &[], r#"{"key": ["x", 1]}"#), [10, 11, 12]);
    assert_eq!(matching(&index, &[], r#"{"key": [{}, []], "other": 1}"#), NONE);
}

/// Numbers in attributes of type String, and the other way round; what is escaped.
#[test]
fn attributes_by_type() {
    let mut index = FilterIndex::default();
    let values = [json!("1"), json!(1), json!(r#"\"\\"#), json!({"numeric": ["<", 2]})];
    for (number, value) in (0..).zip(values) {
        index.insert(number, policy(&json!({"key": [value]}), FilterPolicyScope::default()));
    }
    let key = |data_type, value| matching(&index, &[text("key", data_type, value)], "");
    assert_eq!(key("String", "1"), [0]);
    assert_eq!(key("Number", "1e0"), [1, 3]);
    assert_eq!(key("Number", "one"), NONE);
    assert_eq!(key("String", r#""\"#), [2]);
    assert_eq!(key("String.Array", r#"["1", 1]"#), [0, 1, 3]);
}

/// An attribute that is named and cannot be read fails a policy, whatever it is filed under.
#[test]
fn unreadable_attributes() {
    let mut index = FilterIndex::default();
    let or = json!({"$or": [{"a": ["x"]}, {"b": ["x"]}]});
    index.insert(0, policy(&or, FilterPolicyScope::MessageAttributes));
    index.insert(1, policy(&json!({"a": ["x"]}), FilterPolicyScope::MessageAttributes));
    let unreadable = [text("a", "String", "x"), text("b", "String.Array", "x")];
    assert_eq!(matching(&index, &unreadable, ""), [1]);
    assert_eq!(matching(&index, &unreadable[..1], ""), [0, 1]);
}
