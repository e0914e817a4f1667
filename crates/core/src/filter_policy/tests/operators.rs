//! Each operator, with the examples of the developer guide and what lies beside them. On bodies,
//! as values of all types can be had there.

use serde_json::{Value, json};

use super::check_bodies;

/// Checks the values listed for a key against values of that key.
#[track_caller]
fn check(patterns: &Value, matching: &[Value], other: &[Value]) {
    let bodies = |values: &[Value]| -> Vec<Value> {
        values.iter().map(|value| json!({"key": value, "more": 1})).collect()
    };
    check_bodies(&json!({ "key": patterns }), &bodies(matching), &bodies(other));
}

/// The policy's answer to a message without the key.
#[track_caller]
fn check_absent(patterns: &Value, expected: bool) {
    let absent = [json!({}), json!({"more": 1, "keys": "rugby"})];
    let (matching, other) = if expected { (&absent[..], &[][..]) } else { (&[][..], &absent[..]) };
    check_bodies(&json!({ "key": patterns }), matching, other);
}

#[test]
fn exact_texts() {
    let patterns = json!(["rugby", "tennis"]);
    check(
        &patterns,
        &[json!("rugby"), json!("tennis"), json!(["baseball", "tennis"])],
        &[json!("baseball"), json!("Rugby"), json!("rugby "), json!(""), json!(["baseball"])],
    );
    check_absent(&patterns, false);
    check(&json!([""]), &[json!("")], &[json!(" "), json!(null)]);
}

#[test]
fn values_equal_those_of_their_own_type_only() {
    let of_all_types = [
        json!("100"),
        json!(100),
        json!("true"),
        json!(true),
        json!(false),
        json!("null"),
        json!(null),
        json!(0),
        json!(1),
        json!(""),
    ];
    for wanted in &of_all_types {
        for given in &of_all_types {
            let (matching, other) = if wanted == given {
                (vec![given.clone()], vec![])
            } else {
                (vec![], vec![given.clone()])
            };
            check(&json!([wanted]), &matching, &other);
        }
    }
    check_absent(&json!([null, true, false]), false);
}

#[test]
fn exact_numbers_are_compared_by_value() {
    let written_differently = ["1", "1.0", "1e0", "10e-1", "0.1E1", "1.000001", "0.999999"];
    for wanted in written_differently {
        for given in written_differently {
            let policy =
                super::for_body(&serde_json::from_str(&format!("{{\"n\":[{wanted}]}}")).unwrap());
            assert!(policy.matches_body(&format!("{{\"n\":{given}}}")), "{wanted} is {given}");
        }
    }
    check(&json!([1]), &[], &[json!(1.00001), json!(0.99999), json!(-1), json!(11)]);
    check(&json!([0]), &[json!(-0.0), json!(0)], &[json!(0.00001)]);
    check(&json!([301.5]), &[json!(3.015e2)], &[json!(301.50001), json!("301.5")]);
}

#[test]
fn numbers_too_large_to_compare_equal_themselves() {
    check(
        &json!([123_456_789_012_u64, -5e9]),
        &[json!(123_456_789_012_u64), json!(-5e9)],
        &[json!(123_456_789_013_u64), json!(5e9), json!("123456789012")],
    );
    check(&json!([u64::MAX]), &[json!(u64::MAX)], &[json!(u64::MAX - 1)]);
    check(&json!([1_000_000_000]), &[json!(1e9)], &[json!(1_000_000_001)]);
}

#[test]
fn prefix() {
    check(
        &json!([{"prefix": "bas"}]),
        &[json!("baseball"), json!("basketball"), json!("bas")],
        &[json!("rugby"), json!("Baseball"), json!("ba"), json!(5), json!(null), json!(true)],
    );
    check(&json!([{"prefix": ""}]), &[json!("x"), json!("")], &[json!(1)]);
    check_absent(&json!([{"prefix": ""}]), false);
}

#[test]
fn suffix() {
    check(
        &json!([{"suffix": "ball"}]),
        &[json!("baseball"), json!("basketball"), json!("ball")],
        &[json!("rugby"), json!("balls"), json!("all"), json!("BASEBALL"), json!(1)],
    );
    check_absent(&json!([{"suffix": "ball"}]), false);
}

#[test]
fn equals_ignore_case() {
    check(
        &json!([{"equals-ignore-case": "tennis"}]),
        &[json!("tennis"), json!("Tennis"), json!("TENNIS"), json!("tEnNiS")],
        &[json!("tenni"), json!("tennis "), json!("rugby"), json!(1)],
    );
    check(
        &json!([{"equals-ignore-case": "STRASSE É"}]),
        &[json!("strasse é")],
        &[json!("strasse e")],
    );
    check(&json!([{"equals-ignore-case": "true"}]), &[json!("True")], &[json!(true)]);
}

#[test]
fn wildcard() {
    check(
        &json!([{"wildcard": "*ball"}]),
        &[json!("baseball"), json!("ball")],
        &[json!("balls"), json!("Ball"), json!(1)],
    );
    check(
        &json!([{"wildcard": "*/src/*.js"}]),
        &[json!("a/src/b.js"), json!("/src/.js"), json!("x/src/src/y.min.js")],
        &[json!("src/b.js"), json!("a/src/b.jsx"), json!("a/src.js")],
    );
    check(
        &json!([{"wildcard": "a*b*c*"}]),
        &[json!("abc"), json!("aXbYcZ"), json!("abbcc"), json!("acbc")],
        &[json!("ac"), json!("acb"), json!("xabc"), json!("")],
    );
    check(&json!([{"wildcard": "*"}]), &[json!(""), json!("x")], &[json!(1), json!(null)]);
    check(&json!([{"wildcard": "plain"}]), &[json!("plain")], &[json!("plains"), json!("plai")]);
    check(&json!([{"wildcard": "é*é"}]), &[json!("éé"), json!("é-é")], &[json!("é")]);
}

/// Where one character would have to fit in two parts of the pattern.
#[test]
fn the_parts_of_a_wildcard_do_not_overlap() {
    check(
        &json!([{"wildcard": "aa*aa"}]),
        &[json!("aaaa"), json!("aa-aa")],
        &[json!("aaa"), json!("aa")],
    );
    check(&json!([{"wildcard": "a*a*a"}]), &[json!("aaa")], &[json!("aa"), json!("a")]);
    check(&json!([{"wildcard": "*ab*b"}]), &[json!("abb"), json!("abab")], &[json!("ab")]);
}

#[test]
fn asterisks_and_backslashes_of_a_wildcard_are_escaped() {
    check(&json!([{"wildcard": r"a\*b"}]), &[json!("a*b")], &[json!("aXb"), json!(r"a\*b")]);
    check(
        &json!([{"wildcard": r"a\\*"}]),
        &[json!(r"a\"), json!(r"a\b")],
        &[json!("ab"), json!("a*")],
    );
    check(&json!([{"wildcard": r"*\**"}]), &[json!("*"), json!("a*b")], &[json!("ab")]);
}

#[test]
fn anything_but_texts() {
    let patterns = json!([{"anything-but": ["rugby", "tennis"]}]);
    check(
        &patterns,
        &[json!("baseball"), json!("football"), json!("Rugby"), json!(["rugby", "baseball"])],
        &[json!("rugby"), json!("tennis"), json!(["rugby"]), json!(["rugby", "tennis"]), json!([])],
    );
    check_absent(&patterns, false);
    check(&json!([{"anything-but": "rugby"}]), &[json!("tennis")], &[json!("rugby")]);
    // A value of another type is not that text.
    check(&patterns, &[json!(1), json!(null), json!(true)], &[]);
    check_absent(&json!([{"anything-but": "rugby"}, {"exists": false}]), true);
}

#[test]
fn anything_but_numbers() {
    let patterns = json!([{"anything-but": [100, 500]}]);
    check(
        &patterns,
        &[json!(101), json!(100.1), json!([100, 50]), json!("100"), json!(null), json!(5e9)],
        &[json!(100), json!(1e2), json!(500.0), json!([100, 500])],
    );
    check_absent(&patterns, false);
    check(&json!([{"anything-but": 0.5}]), &[json!(0.50001), json!(5)], &[json!(0.5), json!(5e-1)]);
}

#[test]
fn anything_but_prefix() {
    let patterns = json!([{"anything-but": {"prefix": "order-"}}]);
    check(
        &patterns,
        &[json!("data-entry"), json!("order_number"), json!("order"), json!(1), json!(null)],
        &[json!("order-cancelled"), json!("order-")],
    );
    check_absent(&patterns, false);
    check(
        &json!([{"anything-but": {"prefix": ["a", "b"]}}]),
        &[json!("cab"), json!("")],
        &[json!("a"), json!("bc")],
    );
}

#[test]
fn anything_but_suffix() {
    let patterns = json!([{"anything-but": {"suffix": [".png", ".jpg"]}}]);
    check(
        &patterns,
        &[json!("a.gif"), json!(".png.zip"), json!(7)],
        &[json!("a.png"), json!(".jpg")],
    );
    check(&json!([{"anything-but": {"suffix": "x"}}]), &[json!("xy")], &[json!("yx")]);
}

#[test]
fn anything_but_equals_ignore_case() {
    let patterns = json!([{"anything-but": {"equals-ignore-case": ["Rugby", "TENNIS"]}}]);
    check(
        &patterns,
        &[json!("football"), json!(1)],
        &[json!("rugby"), json!("RUGBY"), json!("tennis")],
    );
    check(
        &json!([{"anything-but": {"equals-ignore-case": "x"}}]),
        &[json!("xx")],
        &[json!("X"), json!("x")],
    );
}

#[test]
fn anything_but_wildcard() {
    let patterns = json!([{"anything-but": {"wildcard": "test-*"}}]);
    check(
        &patterns,
        &[json!("prod-1"), json!("a-test-1"), json!(1)],
        &[json!("test-1"), json!("test-")],
    );
    check(
        &json!([{"anything-but": {"wildcard": ["*a", "b*"]}}]),
        &[json!("ab"), json!("c")],
        &[json!("a"), json!("b"), json!("ba")],
    );
    check_absent(&patterns, false);
}

#[test]
fn numeric_equality() {
    check(
        &json!([{"numeric": ["=", 301.5]}]),
        &[json!(301.5), json!(3.015e2), json!(301.500_001)],
        &[json!(301.50001), json!(301), json!("301.5"), json!(null), json!(true)],
    );
    check(&json!([{"numeric": ["=", -1e9]}]), &[json!(-1_000_000_000)], &[json!(1e9)]);
    check_absent(&json!([{"numeric": ["=", 0]}]), false);
}

#[test]
fn numeric_bounds() {
    check(&json!([{"numeric": ["<", 0]}]), &[json!(-0.00001), json!(-1e9)], &[json!(0), json!(1)]);
    check(&json!([{"numeric": ["<=", 0]}]), &[json!(0), json!(-1)], &[json!(0.00001)]);
    check(&json!([{"numeric": [">", 0]}]), &[json!(0.00001), json!(1e9)], &[json!(0), json!(-1)]);
    check(&json!([{"numeric": [">=", 0]}]), &[json!(0), json!(1)], &[json!(-0.00001), json!("1")]);
}

#[test]
fn numeric_ranges() {
    check(
        &json!([{"numeric": [">", 0, "<=", 150]}]),
        &[json!(150), json!(0.00001), json!(99.9), json!([0, 7])],
        &[json!(0), json!(150.00001), json!(-1), json!("7"), json!([0, 151])],
    );
    check(
        &json!([{"numeric": [">=", 1, "<", 2]}]),
        &[json!(1), json!(1.99999)],
        &[json!(2), json!(0.9)],
    );
    // Several ranges are alternatives, as all listed values are.
    check(
        &json!([{"numeric": ["<", 0]}, {"numeric": [">", 10]}, "none"]),
        &[json!(-1), json!(11), json!("none")],
        &[json!(5), json!("some")],
    );
}

/// Only one element has to satisfy both bounds, not two elements one each.
#[test]
fn a_range_is_of_one_number() {
    check(&json!([{"numeric": [">", 10, "<", 20]}]), &[json!([5, 15])], &[json!([5, 25])]);
}

#[test]
fn numbers_out_of_range_are_in_no_numeric_range() {
    check(&json!([{"numeric": [">", 0]}]), &[json!(1e9)], &[json!(1_000_000_001), json!(5e9)]);
}

#[test]
fn exists() {
    check(
        &json!([{"exists": true}]),
        &[json!("x"), json!(""), json!(0), json!(null), json!(false), json!(["x"])],
        &[json!({"below": 1}), json!({}), json!([]), json!([{"below": 1}])],
    );
    check_absent(&json!([{"exists": true}]), false);
    check(
        &json!([{"exists": false}]),
        &[json!({"below": 1}), json!({}), json!([]), json!([[]])],
        &[json!("x"), json!(null), json!(false), json!([null])],
    );
    check_absent(&json!([{"exists": false}]), true);
    check(&json!([{"exists": false}, "x"]), &[json!("x")], &[json!("y")]);
    check_absent(&json!([{"exists": false}, "x"]), true);
}

#[test]
fn cidr() {
    check(
        &json!([{"cidr": "10.0.0.0/24"}]),
        &[json!("10.0.0.0"), json!("10.0.0.255"), json!("10.0.0.7")],
        &[
            json!("10.1.1.0"),
            json!("10.0.1.0"),
            json!("9.255.255.255"),
            json!("10.0.0.256"),
            json!("10.0.0"),
            json!("10.0.0.7/24"),
            json!("::ffff:10.0.0.7"),
            json!(""),
            json!(10),
        ],
    );
    check(&json!([{"cidr": "10.0.0.77/25"}]), &[json!("10.0.0.0")], &[json!("10.0.0.128")]);
    check(&json!([{"cidr": "0.0.0.0/0"}]), &[json!("255.255.255.255")], &[json!("::1")]);
    check(&json!([{"cidr": "192.168.1.2/31"}]), &[json!("192.168.1.3")], &[json!("192.168.1.4")]);
    check_absent(&json!([{"cidr": "0.0.0.0/0"}]), false);
}

#[test]
fn cidr_of_version_6() {
    check(
        &json!([{"cidr": "2001:db8::/32"}]),
        &[json!("2001:db8::"), json!("2001:0DB8:0:0:0:0:0:1"), json!("2001:db8:ffff::ffff")],
        &[json!("2001:db9::"), json!("10.0.0.1"), json!("2001:db8")],
    );
    check(&json!([{"cidr": "::/0"}]), &[json!("::1")], &[json!("0.0.0.0")]);
    check(
        &json!([{"cidr": "::2/127"}]),
        &[json!("::2"), json!("::3")],
        &[json!("::4"), json!("::1")],
    );
}

/// Texts that look like addresses are texts, unless there is a `cidr`.
#[test]
fn an_exact_address_is_a_text() {
    check(&json!(["::1"]), &[json!("::1")], &[json!("0:0:0:0:0:0:0:1")]);
}
