//! Filter policies over message bodies: which match which.

use serde_json::{Value, json};

use super::filters::{Judged, assert_filters};

/// Asserts of each policy which bodies it lets through. A body that stands in the table as a
/// string is that text.
async fn assert_table(table: &[(&str, &[Judged])]) {
    assert_filters("MessageBody", table, |message, _| {
        let text = message.as_str().map_or_else(|| message.to_string(), str::to_owned);
        json!({ "Message": text })
    })
    .await;
}

#[tokio::test]
async fn values_match_by_type() {
    assert_table(&[
        (
            r#"{"a":["x",7,true,null]}"#,
            &[
                (json!({ "a": "x" }), true),
                (json!({ "a": 7 }), true),
                (json!({ "a": 7.0 }), true),
                (json!({ "a": true }), true),
                (json!({ "a": null }), true),
                (json!({ "a": "7" }), false),
                (json!({ "a": "true" }), false),
                (json!({ "a": "null" }), false),
                (json!({ "a": false }), false),
                (json!({ "b": "x" }), false),
                (json!({}), false),
            ],
        ),
        (r#"{"a":["7"]}"#, &[(json!({ "a": 7 }), false), (json!({ "a": "7" }), true)]),
        (
            r#"{"a":[false]}"#,
            &[
                (json!({ "a": false }), true),
                (json!({ "a": "false" }), false),
                (json!({ "a": 0 }), false),
            ],
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_body_that_is_no_object_is_not_delivered() {
    assert_table(&[
        (
            r#"{"a":["x"]}"#,
            &[
                (json!("x"), false),
                (json!("[{\"a\":\"x\"}]"), false),
                (json!("{\"a\":\"x\""), false),
                (json!("7"), false),
                (json!("null"), false),
                (json!(" {\"a\" : \"x\"} "), true),
            ],
        ),
        (
            r#"{"a":[{"exists":false}]}"#,
            &[(json!("hello"), false), (json!("[]"), false), (json!("{}"), true)],
        ),
    ])
    .await;
}

#[tokio::test]
async fn keys_lie_within_keys() {
    assert_table(&[
        (
            r#"{"a":{"b":{"c":["x"]}}}"#,
            &[
                (json!({ "a": { "b": { "c": "x" } } }), true),
                (json!({ "a": { "b": { "c": "x", "d": 1 }, "e": 1 } }), true),
                (json!({ "a": { "b": { "c": "y" } } }), false),
                (json!({ "a": { "c": "x" } }), false),
                (json!({ "a": "x" }), false),
                (json!({ "c": "x" }), false),
            ],
        ),
        (
            r#"{"a":{"b":["x"],"c":[7]},"d":["y"]}"#,
            &[
                (json!({ "a": { "b": "x", "c": 7 }, "d": "y" }), true),
                (json!({ "a": { "b": "x", "c": 8 }, "d": "y" }), false),
                (json!({ "a": { "b": "x", "c": 7 } }), false),
            ],
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_dotted_key_is_itself_and_a_path() {
    assert_table(&[(
        r#"{"a.b":["x"]}"#,
        &[
            (json!({ "a.b": "x" }), true),
            (json!({ "a": { "b": "x" } }), true),
            (json!({ "a": { "b": "y" } }), false),
            (json!({ "b": "x" }), false),
        ],
    )])
    .await;
}

#[tokio::test]
async fn one_element_of_an_array_is_enough_at_any_depth() {
    assert_table(&[
        (
            r#"{"a":["x"]}"#,
            &[
                (json!({ "a": ["y", "x"] }), true),
                (json!({ "a": [["y"], ["x"]] }), true),
                (json!({ "a": ["y"] }), false),
                (json!({ "a": [] }), false),
                (json!({ "a": [{ "a": "x" }] }), false),
            ],
        ),
        (
            r#"{"a":{"b":["x"]}}"#,
            &[
                (json!({ "a": [{ "b": "y" }, { "b": "x" }] }), true),
                (json!({ "a": [[{ "b": "y" }], [{ "b": "x" }]] }), true),
                (json!({ "a": [{ "b": ["y", "x"] }] }), true),
                (json!({ "a": [{ "b": "y" }] }), false),
                (json!({ "a": ["x"] }), false),
            ],
        ),
    ])
    .await;
}

#[tokio::test]
async fn what_belongs_together_holds_within_one_element() {
    assert_table(&[(
        r#"{"people":{"name":["Ann"],"age":[{"numeric":[">",40]}]}}"#,
        &[
            (json!({ "people": [{ "name": "Ann", "age": 50 }] }), true),
            (
                json!({ "people": [{ "name": "Bob", "age": 9 }, { "name": "Ann", "age": 41 }] }),
                true,
            ),
            (
                json!({ "people": [{ "name": "Ann", "age": 9 }, { "name": "Bob", "age": 50 }] }),
                false,
            ),
            (json!({ "people": { "name": "Ann", "age": 50 } }), true),
        ],
    )])
    .await;
}

#[tokio::test]
async fn exists_asks_for_leaves() {
    assert_table(&[
        (
            r#"{"a":{"b":[{"exists":true}]}}"#,
            &[
                (json!({ "a": { "b": "x" } }), true),
                (json!({ "a": { "b": null } }), true),
                (json!({ "a": { "b": 7 } }), true),
                (json!({ "a": { "c": 7 } }), false),
                (json!({ "b": 7 }), false),
                // An object is no leaf.
                (json!({ "a": { "b": { "c": 7 } } }), false),
            ],
        ),
        (
            r#"{"a":{"b":[{"exists":false}]}}"#,
            &[
                (json!({ "a": { "c": 7 } }), true),
                (json!({ "a": {} }), true),
                // Where the parent is missing, so is what it would hold.
                (json!({ "c": 7 }), true),
                (json!({}), true),
                (json!({ "a": { "b": 7 } }), false),
            ],
        ),
    ])
    .await;
}

#[tokio::test]
async fn operators_work_within_bodies() {
    assert_table(&[
        (
            r#"{"a":[{"prefix":"x"},{"suffix":"y"},{"equals-ignore-case":"MID"}]}"#,
            &[
                (json!({ "a": "xa" }), true),
                (json!({ "a": "ay" }), true),
                (json!({ "a": "mid" }), true),
                (json!({ "a": "ax" }), false),
                (json!({ "a": 7 }), false),
            ],
        ),
        (
            r#"{"a":[{"anything-but":["x","z"]}]}"#,
            &[
                (json!({ "a": "y" }), true),
                (json!({ "a": 8 }), true),
                (json!({ "a": true }), true),
                (json!({ "a": "x" }), false),
                (json!({ "a": "z" }), false),
                (json!({}), false),
            ],
        ),
        (
            r#"{"a":[{"anything-but":{"prefix":"x"}}]}"#,
            &[(json!({ "a": "y" }), true), (json!({ "a": "xy" }), false)],
        ),
        (
            r#"{"a":[{"numeric":[">=",-1,"<",1.5]}]}"#,
            &[
                (json!({ "a": -1 }), true),
                (json!({ "a": 1.49999 }), true),
                (json!({ "a": 1.5 }), false),
                (json!({ "a": "1" }), false),
            ],
        ),
        (
            r#"{"a":[{"cidr":"10.0.0.0/8"}]}"#,
            &[(json!({ "a": "10.1.2.3" }), true), (json!({ "a": "11.0.0.0" }), false)],
        ),
    ])
    .await;
}

#[tokio::test]
async fn an_or_stands_at_any_depth() {
    assert_table(&[
        (
            r#"{"a":{"$or":[{"b":["x"]},{"c":[7]}]},"d":["y"]}"#,
            &[
                (json!({ "a": { "b": "x" }, "d": "y" }), true),
                (json!({ "a": { "c": 7 }, "d": "y" }), true),
                (json!({ "a": { "c": 7 } }), false),
                (json!({ "a": { "b": "z" }, "d": "y" }), false),
                (json!({ "b": "x", "d": "y" }), false),
            ],
        ),
        (
            r#"{"$or":[{"a":{"b":["x"]}},{"c":[{"exists":false}]}]}"#,
            &[
                (json!({ "a": { "b": "x" }, "c": 1 }), true),
                (json!({ "d": 1 }), true),
                (json!({ "c": 1 }), false),
            ],
        ),
    ])
    .await;
}

#[tokio::test]
async fn attributes_do_not_matter_to_a_policy_over_bodies() {
    assert_filters(
        "MessageBody",
        &[(r#"{"a":["x"]}"#, &[(json!({ "a": "x" }), true), (json!({ "a": "y" }), false)])],
        |message: &Value, _| {
            json!({
                "Message": message.to_string(),
                "MessageAttributes": { "a": { "DataType": "String", "StringValue": "x" } },
            })
        },
    )
    .await;
}
