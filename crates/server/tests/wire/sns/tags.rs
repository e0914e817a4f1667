//! TagResource, UntagResource and ListTagsForResource.

use serde_json::{Value, json};

use crate::harness::{Sns, topic_arn, with_topics};

fn tag(topic: &str, tags: &[(&str, &str)]) -> Value {
    let tags: Vec<_> =
        tags.iter().map(|(key, value)| json!({ "Key": key, "Value": value })).collect();
    json!({ "ResourceArn": topic, "Tags": tags })
}

/// The topic's tags, sorted.
async fn tags(sns: &mut Sns, topic: &str) -> Vec<(String, String)> {
    let listed = sns.ok("ListTagsForResource", json!({ "ResourceArn": topic })).await;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let listed = listed["Tags"].as_array().unwrap().iter();
    let mut tags: Vec<_> = listed.map(|tag| (text(&tag["Key"]), text(&tag["Value"]))).collect();
    tags.sort_unstable();
    tags
}

fn owned(tags: &[(&str, &str)]) -> Vec<(String, String)> {
    tags.iter().map(|&(key, value)| (key.to_owned(), value.to_owned())).collect()
}

#[tokio::test]
async fn tags_are_added_replaced_and_taken_away() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        assert_eq!(tags(sns, &topic).await, []);
        let output = sns.ok("TagResource", tag(&topic, &[("team", "red"), ("cost", "")])).await;
        assert_eq!(output, json!({}));
        assert_eq!(tags(sns, &topic).await, owned(&[("cost", ""), ("team", "red")]));
        sns.ok("TagResource", tag(&topic, &[("team", "blue"), ("Team", "green")])).await;
        let expected = owned(&[("Team", "green"), ("cost", ""), ("team", "blue")]);
        assert_eq!(tags(sns, &topic).await, expected);
        let untag = json!({ "ResourceArn": topic, "TagKeys": ["team", "cost", "unknown"] });
        assert_eq!(sns.ok("UntagResource", untag).await, json!({}));
        assert_eq!(tags(sns, &topic).await, owned(&[("Team", "green")]));
    })
    .await;
}

#[tokio::test]
async fn a_topic_is_created_with_its_tags() {
    with_topics(async |sns| {
        let input =
            json!({ "Name": "orders", "Tags": [{ "Key": "team", "Value": "ü 1_.:/=+-@" }] });
        sns.ok("CreateTopic", input).await;
        assert_eq!(tags(sns, &topic_arn("orders")).await, owned(&[("team", "ü 1_.:/=+-@")]));
    })
    .await;
}

#[tokio::test]
async fn keys_have_up_to_128_characters_and_values_up_to_256() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let (key, value) = ("ä".repeat(128), "ö".repeat(256));
        sns.ok("TagResource", tag(&topic, &[(&key, &value)])).await;
        assert_eq!(tags(sns, &topic).await, owned(&[(&key, &value)]));
        let (long_key, long_value) = ("k".repeat(129), "v".repeat(257));
        let before = tags(sns, &topic).await;
        for pair in [(long_key.as_str(), "v"), ("k", &long_value), ("", "v")] {
            // Which of the two it is is not documented.
            let refusal = sns.refused("TagResource", tag(&topic, &[("good", "v"), pair])).await;
            let is_known = ["InvalidParameter", "ValidationError"].contains(&refusal.code.as_str());
            assert!(is_known, "{refusal:?}");
        }
        assert_eq!(tags(sns, &topic).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_topic_has_up_to_50_tags() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let names: Vec<_> = (0..51).map(|i| format!("k{i:02}")).collect();
        let all: Vec<_> = names.iter().map(|name| (name.as_str(), "v")).collect();
        sns.refuses("TagResource", &[(tag(&topic, &all), "TagLimitExceeded", "*")]).await;
        let created = json!({ "Name": "other", "Tags": tag(&topic, &all)["Tags"] });
        sns.refuses("CreateTopic", &[(created, "TagLimitExceeded", "*")]).await;
        sns.ok("TagResource", tag(&topic, &all[..50])).await;
        assert_eq!(tags(sns, &topic).await.len(), 50);
        let cases = [(tag(&topic, &[("k00", "new"), ("k50", "v")]), "TagLimitExceeded", "*")];
        sns.refuses("TagResource", &cases).await;
        // One of those that are there is no further one.
        sns.ok("TagResource", tag(&topic, &[("k00", "new")])).await;
        assert_eq!(tags(sns, &topic).await[0], ("k00".into(), "new".into()));
    })
    .await;
}

#[tokio::test]
async fn a_key_comes_once_in_a_request() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let text = "Invalid parameter: Duplicated keys are not allowed.";
        let cases = [
            (tag(&topic, &[("a", "1"), ("a", "2")]), "InvalidParameter", text),
            (tag(&topic, &[("a", "1"), ("b", "1"), ("a", "1")]), "InvalidParameter", text),
        ];
        sns.refuses("TagResource", &cases).await;
    })
    .await;
}

#[tokio::test]
async fn tags_of_no_topic_are_refused() {
    with_topics(async |sns| {
        let unknown = topic_arn("unknown");
        for (action, input) in [
            ("TagResource", tag(&unknown, &[("a", "1")])),
            ("UntagResource", json!({ "ResourceArn": unknown, "TagKeys": ["a"] })),
            ("ListTagsForResource", json!({ "ResourceArn": unknown })),
        ] {
            sns.refuses(action, &[(input, "ResourceNotFound", "*")]).await;
        }
    })
    .await;
}

#[tokio::test]
async fn requests_about_tags_say_what_they_miss() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        for (action, input, path) in [
            ("TagResource", json!({ "Tags": [{ "Key": "a", "Value": "1" }] }), "resourceArn"),
            ("TagResource", json!({ "ResourceArn": topic }), "tags"),
            ("UntagResource", json!({ "ResourceArn": topic }), "tagKeys"),
            ("UntagResource", json!({ "TagKeys": ["a"] }), "resourceArn"),
            ("ListTagsForResource", json!({}), "resourceArn"),
        ] {
            let text = format!(
                "1 validation error detected: Value null at '{path}' failed to satisfy \
                 constraint: Member must not be null"
            );
            sns.refuses(action, &[(input, "ValidationError", &text)]).await;
        }
    })
    .await;
}
