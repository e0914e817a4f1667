//! Filter policies over message attributes: which match which.

use serde_json::{Value, json};

use super::filters::{Judged, assert_filters, attributes};

/// Asserts of each policy which message attributes it lets through.
async fn assert_table(table: &[(&str, &[Judged])]) {
    assert_filters("MessageAttributes", table, |message, number| {
        json!({ "Message": number.to_string(), "MessageAttributes": attributes(message) })
    })
    .await;
}

#[tokio::test]
async fn a_text_matches_the_same_text() {
    assert_table(&[
        (
            r#"{"sea":["north"]}"#,
            &[
                (json!({ "sea": "north" }), true),
                (json!({ "sea": "north", "more": "x" }), true),
                (json!({ "sea": "North" }), false),
                (json!({ "sea": "north " }), false),
                (json!({ "sea": "northern" }), false),
                (json!({ "Sea": "north" }), false),
                (json!({ "lake": "north" }), false),
                (json!({}), false),
            ],
        ),
        (
            r#"{"sea":["north","south"]}"#,
            &[
                (json!({ "sea": "north" }), true),
                (json!({ "sea": "south" }), true),
                (json!({ "sea": "east" }), false),
            ],
        ),
        // Quotation marks and backslashes are escaped twice, as the developer guide says.
        (
            r#"{"sea":["ö \\\"\\\\ \u00e9"]}"#,
            &[(json!({ "sea": "ö \"\\ é" }), true), (json!({ "sea": "ö \\\" é" }), false)],
        ),
    ])
    .await;
}

#[tokio::test]
async fn all_keys_of_a_policy_match() {
    assert_table(&[(
        r#"{"sea":["north","south"],"depth":[7]}"#,
        &[
            (json!({ "sea": "north", "depth": 7 }), true),
            (json!({ "sea": "south", "depth": 7, "more": "x" }), true),
            (json!({ "sea": "north", "depth": 8 }), false),
            (json!({ "sea": "north" }), false),
            (json!({ "depth": 7 }), false),
        ],
    )])
    .await;
}

#[tokio::test]
async fn a_number_is_compared_by_value_and_is_no_text() {
    let number = |text: &str| json!({ "n": { "DataType": "Number", "StringValue": text } });
    assert_table(&[
        (
            r#"{"n":[7]}"#,
            &[
                (number("7"), true),
                (number("7.0"), true),
                (number("7.00000"), true),
                (number("7e0"), true),
                (number("7.1"), false),
                (number("-7"), false),
                (json!({ "n": "7" }), false),
            ],
        ),
        (r#"{"n":["7"]}"#, &[(json!({ "n": "7" }), true), (number("7"), false)]),
        (r#"{"n":[7.5]}"#, &[(number("7.50"), true), (number("7"), false)]),
        (
            r#"{"n":[-1000000000,1000000000]}"#,
            &[(number("-1000000000"), true), (number("1e9"), true), (number("999999999"), false)],
        ),
    ])
    .await;
}

#[tokio::test]
async fn prefixes_suffixes_and_texts_in_any_case_match() {
    assert_table(&[
        (
            r#"{"sea":[{"prefix":"nor"}]}"#,
            &[
                (json!({ "sea": "north" }), true),
                (json!({ "sea": "nor" }), true),
                (json!({ "sea": "no" }), false),
                (json!({ "sea": "North" }), false),
                (json!({ "sea": "the north" }), false),
                (json!({ "sea": 7 }), false),
                (json!({}), false),
            ],
        ),
        (
            r#"{"sea":[{"suffix":"th"}]}"#,
            &[
                (json!({ "sea": "north" }), true),
                (json!({ "sea": "th" }), true),
                (json!({ "sea": "norTH" }), false),
                (json!({ "sea": "thin" }), false),
                (json!({}), false),
            ],
        ),
        (
            r#"{"sea":[{"equals-ignore-case":"north"}]}"#,
            &[
                (json!({ "sea": "north" }), true),
                (json!({ "sea": "NORTH" }), true),
                (json!({ "sea": "NoRtH" }), true),
                (json!({ "sea": "north " }), false),
                (json!({}), false),
            ],
        ),
        // Several of them are alternatives.
        (
            r#"{"sea":[{"prefix":"n"},{"suffix":"h"},"east"]}"#,
            &[
                (json!({ "sea": "nowhere" }), true),
                (json!({ "sea": "south" }), true),
                (json!({ "sea": "east" }), true),
                (json!({ "sea": "west" }), false),
            ],
        ),
    ])
    .await;
}

#[tokio::test]
async fn anything_but_wants_a_value_that_is_another() {
    assert_table(&[
        (
            r#"{"sea":[{"anything-but":"north"}]}"#,
            &[
                (json!({ "sea": "south" }), true),
                (json!({ "sea": "North" }), true),
                (json!({ "sea": 7 }), true),
                (json!({ "sea": "north" }), false),
                // What is not there is not another.
                (json!({}), false),
                (json!({ "lake": "south" }), false),
            ],
        ),
        (
            r#"{"sea":[{"anything-but":["north","south"]}]}"#,
            &[
                (json!({ "sea": "east" }), true),
                (json!({ "sea": "north" }), false),
                (json!({ "sea": "south" }), false),
                (json!({}), false),
            ],
        ),
        (
            r#"{"n":[{"anything-but":[7,8]}]}"#,
            &[
                (json!({ "n": 9 }), true),
                (json!({ "n": "7" }), true),
                (json!({ "n": 7 }), false),
                (json!({ "n": 8 }), false),
            ],
        ),
        (
            r#"{"n":[{"anything-but":7}]}"#,
            &[(json!({ "n": 7.5 }), true), (json!({ "n": 7 }), false)],
        ),
        (
            r#"{"sea":[{"anything-but":{"prefix":"nor"}}]}"#,
            &[
                (json!({ "sea": "south" }), true),
                (json!({ "sea": "north" }), false),
                (json!({}), false),
            ],
        ),
        // Alternatives make it weaker.
        (
            r#"{"sea":[{"anything-but":"north"},{"exists":false}]}"#,
            &[
                (json!({ "sea": "south" }), true),
                (json!({}), true),
                (json!({ "sea": "north" }), false),
            ],
        ),
    ])
    .await;
}

#[tokio::test]
async fn numbers_lie_in_ranges() {
    let n = |value: Value| json!({ "n": value });
    assert_table(&[
        (
            r#"{"n":[{"numeric":["=",301.5]}]}"#,
            &[(n(json!(301.5)), true), (n(json!(301)), false), (n(json!("301.5")), false)],
        ),
        (
            r#"{"n":[{"numeric":[">",7]}]}"#,
            &[(n(json!(7.00001)), true), (n(json!(7)), false), (n(json!(-8)), false)],
        ),
        (r#"{"n":[{"numeric":[">=",7]}]}"#, &[(n(json!(7)), true), (n(json!(6.99999)), false)]),
        (r#"{"n":[{"numeric":["<",0]}]}"#, &[(n(json!(-0.5)), true), (n(json!(0)), false)]),
        (
            r#"{"n":[{"numeric":["<=",-7]}]}"#,
            &[(n(json!(-7)), true), (n(json!(-7.1)), true), (n(json!(-6)), false)],
        ),
        (
            r#"{"n":[{"numeric":[">",0,"<=",150]}]}"#,
            &[
                (n(json!(1)), true),
                (n(json!(150)), true),
                (n(json!(0)), false),
                (n(json!(150.00001)), false),
                (n(json!("100")), false),
                (json!({}), false),
            ],
        ),
        (
            r#"{"n":[{"numeric":[">=",1,"<",2]},{"numeric":["=",9]},"x"]}"#,
            &[
                (n(json!(1)), true),
                (n(json!(9)), true),
                (n(json!("x")), true),
                (n(json!(2)), false),
            ],
        ),
    ])
    .await;
}

#[tokio::test]
async fn exists_asks_whether_there_is_one() {
    assert_table(&[
        (
            r#"{"sea":[{"exists":true}]}"#,
            &[
                (json!({ "sea": "north" }), true),
                (json!({ "sea": 7 }), true),
                (json!({ "sea": ["a"] }), true),
                (json!({ "sea": { "Binary": "AP8=" } }), true),
                (json!({ "lake": "x" }), false),
                (json!({}), false),
            ],
        ),
        (
            r#"{"sea":[{"exists":false}]}"#,
            &[
                (json!({}), true),
                (json!({ "lake": "x" }), true),
                (json!({ "sea": "north" }), false),
                (json!({ "sea": { "Binary": "AP8=" } }), false),
            ],
        ),
        (
            r#"{"sea":["north"],"lake":[{"exists":false}]}"#,
            &[
                (json!({ "sea": "north" }), true),
                (json!({ "sea": "north", "other": "x" }), true),
                (json!({ "sea": "north", "lake": "x" }), false),
                (json!({}), false),
            ],
        ),
    ])
    .await;
}

#[tokio::test]
async fn one_element_of_an_array_is_enough() {
    let bad = |text: &str| json!({ "sea": { "DataType": "String.Array", "StringValue": text } });
    assert_table(&[
        (
            r#"{"sea":["north",7,true,null]}"#,
            &[
                (json!({ "sea": ["east", "north"] }), true),
                (json!({ "sea": [7] }), true),
                (json!({ "sea": [true] }), true),
                (json!({ "sea": [null] }), true),
                (json!({ "sea": ["7", "true", "null", false] }), false),
                (json!({ "sea": [] }), false),
                // What is no JSON array is not delivered.
                (bad("[\"north\""), false),
            ],
        ),
        (
            r#"{"sea":[{"prefix":"nor"},{"numeric":[">",7]}]}"#,
            &[
                (json!({ "sea": ["east", "north"] }), true),
                (json!({ "sea": ["east", 8] }), true),
                (json!({ "sea": ["east", 7] }), false),
            ],
        ),
        (
            r#"{"sea":[{"anything-but":["north"]}]}"#,
            &[(json!({ "sea": ["east", "south"] }), true), (json!({ "sea": ["north"] }), false)],
        ),
    ])
    .await;
}

#[tokio::test]
async fn binary_attributes_match_nothing() {
    assert_table(&[
        (r#"{"sea":["AP8="]}"#, &[(json!({ "sea": { "Binary": "AP8=" } }), false)]),
        (
            r#"{"sea":["north"]}"#,
            &[(json!({ "sea": "north", "bits": { "Binary": "AP8=" } }), true)],
        ),
    ])
    .await;
}

#[tokio::test]
async fn addresses_lie_in_networks() {
    let ip = |text: &str| json!({ "ip": text });
    assert_table(&[
        (
            r#"{"ip":[{"cidr":"10.0.0.0/24"}]}"#,
            &[
                (ip("10.0.0.0"), true),
                (ip("10.0.0.255"), true),
                (ip("10.0.1.0"), false),
                (ip("9.255.255.255"), false),
                (ip("10.0.0"), false),
                (ip("somewhere"), false),
                (json!({}), false),
            ],
        ),
        (
            r#"{"ip":[{"cidr":"2001:db8::/64"}]}"#,
            &[
                (ip("2001:db8::1"), true),
                (ip("2001:0db8:0:0:ffff::"), true),
                (ip("2001:db8:0:1::"), false),
                (ip("10.0.0.1"), false),
            ],
        ),
        (
            r#"{"ip":[{"cidr":"192.0.2.6/31"}]}"#,
            &[(ip("192.0.2.7"), true), (ip("192.0.2.8"), false), (ip("192.0.2.5"), false)],
        ),
    ])
    .await;
}

#[tokio::test]
async fn one_branch_of_an_or_is_enough() {
    assert_table(&[
        (
            r#"{"$or":[{"sea":["north"]},{"depth":[{"numeric":[">",7]}]}]}"#,
            &[
                (json!({ "sea": "north" }), true),
                (json!({ "depth": 8 }), true),
                (json!({ "sea": "south", "depth": 8 }), true),
                (json!({ "sea": "south", "depth": 7 }), false),
                (json!({}), false),
            ],
        ),
        (
            r#"{"kind":["tide"],"$or":[{"sea":["north"]},{"sea":["south"],"depth":[7]}]}"#,
            &[
                (json!({ "kind": "tide", "sea": "north" }), true),
                (json!({ "kind": "tide", "sea": "south", "depth": 7 }), true),
                (json!({ "kind": "tide", "sea": "south" }), false),
                (json!({ "kind": "wave", "sea": "north" }), false),
            ],
        ),
    ])
    .await;
}
