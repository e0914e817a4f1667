//! What is filed by ranges of numbers.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    FilterPolicyScope, NONE, assert_leaves_nothing, check, matching, of_bodies, policy, text,
};

fn numeric(terms: &Value) -> Value {
    json!({"numeric": terms})
}

#[test]
fn ranges() {
    check(
        &[
            numeric(&json!(["=", 5])),
            numeric(&json!(["<", 5])),
            numeric(&json!(["<=", 5])),
            numeric(&json!([">", 5])),
            numeric(&json!([">=", 5])),
            numeric(&json!([">", 4, "<", 6])),
            numeric(&json!([">=", -1e9, "<=", 1e9])),
            numeric(&json!([">", 5, "<=", 5.00001])),
        ],
        &[
            (json!(5), &[0, 2, 4, 5, 6]),
            (json!(4), &[1, 2, 6]),
            (json!(5.00001), &[3, 4, 5, 6, 7]),
            (json!(6), &[3, 4, 6]),
            (json!(-1e9), &[1, 2, 6]),
            (json!(1e9), &[3, 4, 6]),
            (json!(2e9), &[]),
            (json!("5"), &[]),
        ],
    );
}

#[test]
fn a_range_without_numbers_matches_nothing() {
    check(
        &[numeric(&json!([">", 5, "<", 5.00001])), json!(7)],
        &[(json!(5), &[]), (json!(5.00001), &[]), (json!(7), &[1])],
    );
}

#[test]
fn ends_of_the_scale() {
    check(
        &[numeric(&json!([">", 1e9])), numeric(&json!(["<", -1e9])), numeric(&json!([">=", 1e9]))],
        &[(json!(1e9), &[2]), (json!(-1e9), &[])],
    );
}

/// Of several numbers in one part, each range that holds any is found.
#[test]
fn several_numbers() {
    let ranges = [
        numeric(&json!([">=", 1, "<=", 2])),
        numeric(&json!([">=", 10, "<=", 20])),
        numeric(&json!([">=", 1, "<=", 30])),
        numeric(&json!([">=", 40, "<=", 50])),
    ];
    let index = of_bodies(&ranges.map(|range| json!({"key": [range]})));
    assert_eq!(matching(&index, &[], r#"{"key": [2, 12]}"#), [0, 1, 2]);
    assert_eq!(matching(&index, &[], r#"{"key": [25, 3, 45, 26]}"#), [2, 3]);
    // Both above, then both below 10.48576: the middle that lies in the second range.
    assert_eq!(matching(&index, &[], r#"{"key": [20.5, 12]}"#), [1, 2]);
    assert_eq!(matching(&index, &[], r#"{"key": [9.5, 10.2]}"#), [1, 2]);
    assert_eq!(matching(&index, &[], r#"{"key": [31, 39, 51]}"#), NONE);
}

#[test]
fn ranges_of_attributes() {
    let mut index = super::FilterIndex::default();
    for number in 0..100 {
        let range = json!({"key": [numeric(&json!([">=", number, "<", number + 10]))]});
        index.insert(number, policy(&range, FilterPolicyScope::MessageAttributes));
    }
    assert_eq!(matching(&index, &[text("key", "Number", "3")], ""), [0, 1, 2, 3]);
    assert_eq!(matching(&index, &[text("key", "Number", "108")], ""), [99]);
    for number in 0..100 {
        index.remove(number);
    }
    assert_leaves_nothing(&index);
}

/// Bounds that are likely to meet, and some far away.
fn bound() -> impl Strategy<Value = f64> {
    prop_oneof![
        (-8..8_i32).prop_map(f64::from),
        (-8..8_i32).prop_map(|units| f64::from(units) / 1e5),
        any::<i32>().prop_map(|number| (f64::from(number) / 3.0).clamp(-1e9, 1e9)),
        Just(-1e9),
        Just(1e9),
    ]
}

proptest! {
    /// No range is missed, and none is looked at in vain.
    #[test]
    fn ranges_are_found_exactly(
        bounds in prop::collection::vec((bound(), bound(), 0..6_u8), 1..40),
        values in prop::collection::vec(bound(), 1..10),
    ) {
        let range = |(one, other, kind): &(f64, f64, u8)| {
            let (from, to) = (one.min(*other), one.max(*other));
            match kind {
                0 => json!(["<", to]),
                1 => json!([">=", from]),
                _ if to - from < 1e-4 => json!(["=", to]),
                2 => json!([">", from, "<", to]),
                _ => json!([">=", from, "<=", to]),
            }
        };
        let index =
            of_bodies(&bounds.iter().map(|b| json!({"key": [numeric(&range(b))]})).collect::<Vec<_>>());
        for value in values {
            let body = json!({"key": value});
            let expected: Vec<u32> = (0..bounds.len() as u32)
                .filter(|number| index.get(*number).unwrap().matches_body(&body.to_string()))
                .collect();
            prop_assert_eq!(super::candidates(&index, &body), expected);
        }
    }
}
