//! Filter policies that cannot be, and their limits.

use serde_json::{Value, json};

use crate::harness::{Sns, subscription, with_topics};

fn set(subscription: &str, policy: &str) -> Value {
    json!({
        "SubscriptionArn": subscription,
        "AttributeName": "FilterPolicy",
        "AttributeValue": policy,
    })
}

/// Asserts that policies are refused with these texts, when set and when subscribing.
async fn refuses(sns: &mut Sns, scope: &str, table: &[(&str, &str)]) {
    let texts: Vec<_> = table.iter().map(|(_, text)| format!("FilterPolicy: {text}")).collect();
    let table: Vec<_> =
        table.iter().zip(&texts).map(|((policy, _), text)| (*policy, text.as_str())).collect();
    refuses_with(sns, scope, &table).await;
}

/// The same with texts that do not say `FilterPolicy: `.
async fn refuses_with(sns: &mut Sns, scope: &str, table: &[(&str, &str)]) {
    let topic = sns.topic("orders").await;
    let filter = json!({ "FilterPolicy": r#"{"a":["x"]}"#, "FilterPolicyScope": scope });
    let subscribed = sns.subscribe(&topic, "queue", filter).await;
    let (mut to_set, mut to_subscribe) = (Vec::new(), Vec::new());
    for (policy, text) in table {
        let texts = ["Invalid parameter: ", "Invalid parameter: Attributes Reason: "]
            .map(|prefix| format!("{prefix}{text}"));
        let filter = json!({ "FilterPolicy": policy, "FilterPolicyScope": scope });
        to_set.push((set(&subscribed, policy), texts[0].clone()));
        to_subscribe.push((subscription(&topic, "other", filter), texts[1].clone()));
    }
    for (action, cases) in [("SetSubscriptionAttributes", to_set), ("Subscribe", to_subscribe)] {
        let cases: Vec<_> = cases
            .iter()
            .map(|(input, text)| (input.clone(), "InvalidParameter", text.as_str()))
            .collect();
        sns.refuses(action, &cases).await;
    }
}

#[tokio::test]
async fn policies_that_are_none_are_refused() {
    let table = [
        (r#"{"a":"x"}"#, "\"a\" must be an object or an array*"),
        (r#"{"a":7}"#, "\"a\" must be an object or an array*"),
        (r#"{"a":[]}"#, "Empty arrays are not allowed*"),
        (r#"{"a":[{"prefix":"x","suffix":"y"}]}"#, "Only one key allowed in match expression*"),
        (r#"{"a":[{"Prefix":"x"}]}"#, "Unrecognized match type Prefix*"),
        (r#"{"a":[{"prefix":7}]}"#, "prefix match pattern must be a string*"),
        (r#"{"a":[{"suffix":null}]}"#, "suffix match pattern must be a string*"),
        (r#"{"a":[["x"]]}"#, "Match value must be String, number, true, false, or null*"),
        (r#"{"a":[{"exists":"true"}]}"#, "exists match pattern must be either true or false.*"),
        (r#"{"a":[{"exists":1}]}"#, "exists match pattern must be either true or false.*"),
        ("{", "failed to parse JSON.*"),
        ("x", "failed to parse JSON.*"),
        (r#"{"a":["x"]"#, "failed to parse JSON.*"),
    ];
    for scope in ["MessageAttributes", "MessageBody"] {
        with_topics(async |sns| refuses(sns, scope, &table).await).await;
    }
}

#[tokio::test]
async fn ranges_that_are_none_are_refused() {
    let table = [
        (r#"{"a":[{"numeric":["around",7]}]}"#, "Unrecognized numeric range operator: around*"),
        (r#"{"a":[{"numeric":[7]}]}"#, "Invalid member in numeric match: 7*"),
        (r#"{"a":[{"numeric":["="]}]}"#, "Value of equals must be numeric*"),
        (r#"{"a":[{"numeric":["=","7"]}]}"#, "Value of equals must be numeric*"),
        (r#"{"a":[{"numeric":[">","7"]}]}"#, "Value of > must be numeric*"),
        (r#"{"a":[{"numeric":["=",7,8]}]}"#, "Too many elements in numeric expression*"),
        (r#"{"a":[{"numeric":[">",7,">",8]}]}"#, "Bad numeric range operator: >*"),
        (r#"{"a":[{"numeric":[">",7,"<","8"]}]}"#, "Value of < must be numeric*"),
        (r#"{"a":[{"numeric":[">",7,8]}]}"#, "Bad value in numeric range: 8*"),
        (r#"{"a":[{"numeric":[">",8,"<",7]}]}"#, "Bottom must be less than top*"),
        (
            r#"{"a":[{"numeric":[">",7,"<",8,"<",9]}]}"#,
            "Too many terms in numeric range expression*",
        ),
    ];
    with_topics(async |sns| refuses(sns, "MessageAttributes", &table).await).await;
}

#[tokio::test]
async fn networks_that_are_none_are_refused() {
    let table = [
        (r#"{"a":[{"cidr":"10.0.0.0"}]}"#, "Malformed CIDR, one '/' required*"),
        (r#"{"a":[{"cidr":"10.0.0.0/8/8"}]}"#, "Malformed CIDR, one '/' required*"),
        (r#"{"a":[{"cidr":"10.0.0.0/x"}]}"#, "Malformed CIDR, mask bits must be an integer*"),
        (r#"{"a":[{"cidr":"nowhere/8"}]}"#, "Nonstandard IP address: nowhere*"),
        (r#"{"a":[{"cidr":7}]}"#, "prefix match pattern must be a string*"),
    ];
    with_topics(async |sns| refuses(sns, "MessageAttributes", &table).await).await;
}

#[tokio::test]
async fn message_attributes_are_flat() {
    let text = "Filter policy scope MessageAttributes does not support nested filter policy";
    let table = [(r#"{"a":{"b":["x"]}}"#, text), (r#"{"a":["x"],"b":{"c":["x"]}}"#, text)];
    with_topics(async |sns| refuses_with(sns, "MessageAttributes", &table).await).await;
}

/// A policy over keys that have so many values each.
fn policy_of(lengths: &[usize]) -> String {
    let keys = lengths.iter().enumerate().map(|(i, length)| {
        let values: Vec<_> = (0..*length).map(|value| value.to_string()).collect();
        (format!("k{i}"), json!(values))
    });
    Value::Object(keys.collect()).to_string()
}

#[tokio::test]
async fn a_policy_has_up_to_5_keys() {
    let too_many = "Filter policy can not have more than 5 keys*";
    for scope in ["MessageAttributes", "MessageBody"] {
        with_topics(async |sns| {
            let six = policy_of(&[1; 6]);
            refuses(sns, scope, &[(&six, too_many)]).await;
            let filter = json!({ "FilterPolicy": policy_of(&[1; 5]), "FilterPolicyScope": scope });
            let topic = sns.topic("other").await;
            sns.subscribe(&topic, "queue", filter).await;
        })
        .await;
    }
    // Those that hold no values do not count.
    with_topics(async |sns| {
        let nested = r#"{"a":{"b":{"c":["x"],"d":["x"]}},"e":{"f":["x"],"g":["x"]},"h":["x"]}"#;
        let more = nested.replace(r#""h":"#, r#""i":["x"],"h":"#);
        refuses(sns, "MessageBody", &[(&more, too_many)]).await;
        let filter = json!({ "FilterPolicy": nested, "FilterPolicyScope": "MessageBody" });
        let topic = sns.topic("other").await;
        sns.subscribe(&topic, "queue", filter).await;
    })
    .await;
}

#[tokio::test]
async fn a_policy_has_up_to_150_combinations() {
    let too_complex = "Filter policy is too complex*";
    for scope in ["MessageAttributes", "MessageBody"] {
        with_topics(async |sns| {
            let (more, many) = (policy_of(&[4, 38]), policy_of(&[151]));
            refuses(sns, scope, &[(&more, too_complex), (&many, too_complex)]).await;
            let topic = sns.topic("other").await;
            for (queue, lengths) in [("a", &[5, 5, 6][..]), ("b", &[150]), ("c", &[75, 2, 1, 1])] {
                let filter =
                    json!({ "FilterPolicy": policy_of(lengths), "FilterPolicyScope": scope });
                sns.subscribe(&topic, queue, filter).await;
            }
        })
        .await;
    }
}

#[tokio::test]
async fn depth_multiplies_combinations() {
    let nested = |deep: usize, shallow: usize| {
        let values = |count: usize| json!((0..count).collect::<Vec<_>>());
        json!({ "a": { "b": { "c": values(deep) } }, "d": { "e": values(shallow) } }).to_string()
    };
    with_topics(async |sns| {
        // 3 levels × 5 values × 2 levels × 6 values.
        let more = nested(5, 6);
        refuses(sns, "MessageBody", &[(&more, "Filter policy is too complex*")]).await;
        let filter = json!({ "FilterPolicy": nested(5, 5), "FilterPolicyScope": "MessageBody" });
        let topic = sns.topic("other").await;
        sns.subscribe(&topic, "queue", filter).await;
    })
    .await;
}

#[tokio::test]
async fn a_policy_has_up_to_256_kibibytes() {
    with_topics(async |sns| {
        // Spaces between the tokens of a policy count.
        let padded = |bytes: usize| format!("{{{}\"a\":[\"x\"]}}", " ".repeat(bytes - 11));
        let topic = sns.topic("orders").await;
        let arn = sns.subscribe(&topic, "queue", json!({})).await;
        let cases = [(
            set(&arn, &padded(262_145)),
            "InvalidParameter",
            "Invalid parameter: FilterPolicy: *",
        )];
        sns.refuses("SetSubscriptionAttributes", &cases).await;
        sns.set_subscription(&arn, "FilterPolicy", &padded(262_144)).await;
    })
    .await;
}

#[tokio::test]
async fn a_scope_that_does_not_suit_the_policy_is_refused() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let filter = json!({
            "FilterPolicy": r#"{"a":{"b":["x"]}}"#,
            "FilterPolicyScope": "MessageBody",
        });
        let arn = sns.subscribe(&topic, "queue", filter).await;
        let set = json!({
            "SubscriptionArn": arn,
            "AttributeName": "FilterPolicyScope",
            "AttributeValue": "MessageAttributes",
        });
        let cases = [(set, "InvalidParameter", "Invalid parameter: *")];
        sns.refuses("SetSubscriptionAttributes", &cases).await;
    })
    .await;
}

#[tokio::test]
async fn a_refusal_says_where_in_the_policy_it_found_the_fault() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let arn = sns.subscribe(&topic, "queue", json!({})).await;
        for policy in [r#"{"a":[]}"#, r#"{"a":"x"}"#, r#"{"a":[["x"]]}"#] {
            let text = sns.refused("SetSubscriptionAttributes", set(&arn, policy)).await.message;
            let (_, place) = text.split_once("\n at [Source: (String)\"").unwrap();
            let column = place.strip_prefix(policy).unwrap();
            let column = column.strip_prefix("\"; line: 1, column: ").unwrap();
            let column: usize = column.strip_suffix(']').unwrap().parse().unwrap();
            assert!((1..=policy.len() + 1).contains(&column), "{text}");
        }
    })
    .await;
}
