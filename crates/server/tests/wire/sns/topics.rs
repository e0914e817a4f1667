//! DeleteTopic and ListTopics, and the ARNs by which topics are named.

use serde_json::{Value, json};

use crate::harness::{topic_arn, with_topics};

#[tokio::test]
async fn a_deleted_topic_is_gone_with_its_subscriptions() {
    with_topics(async |sns| {
        let (orders, other) = (sns.topic("orders").await, sns.topic("other").await);
        let gone = sns.subscribe(&orders, "queue", json!({})).await;
        let kept = sns.subscribe(&other, "queue", json!({})).await;
        assert_eq!(sns.ok("DeleteTopic", json!({ "TopicArn": orders })).await, Value::Null);
        let topics = sns.ok("ListTopics", json!({})).await;
        assert_eq!(topics, json!({ "Topics": [{ "TopicArn": other }] }));
        let left = sns.all("ListSubscriptions", "Subscriptions", json!({})).await;
        assert_eq!(left.len(), 1);
        assert_eq!(left[0]["SubscriptionArn"], kept);
        let cases =
            [(json!({ "SubscriptionArn": gone }), "NotFound", "Subscription does not exist")];
        sns.refuses("GetSubscriptionAttributes", &cases).await;
        let cases = [(json!({ "TopicArn": orders }), "NotFound", "Topic does not exist")];
        for action in ["GetTopicAttributes", "ListSubscriptionsByTopic"] {
            sns.refuses(action, &cases).await;
        }
    })
    .await;
}

#[tokio::test]
async fn deleting_a_topic_that_is_not_there_succeeds() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        for topic in [topic.clone(), topic, topic_arn("never")] {
            assert_eq!(sns.ok("DeleteTopic", json!({ "TopicArn": topic })).await, Value::Null);
        }
    })
    .await;
}

#[tokio::test]
async fn a_fifo_topic_with_an_archive_is_not_deleted() {
    with_topics(async |sns| {
        let archive = json!({ "ArchivePolicy": r#"{"MessageRetentionPeriod":"1"}"# });
        let topic = sns.fifo_topic("orders.fifo", archive).await;
        let delete = json!({ "TopicArn": topic });
        sns.refuses("DeleteTopic", &[(delete.clone(), "InvalidState", "*")]).await;
        sns.set_topic(&topic, "ArchivePolicy", "{}").await;
        sns.ok("DeleteTopic", delete).await;
        assert_eq!(sns.ok("ListTopics", json!({})).await, json!({ "Topics": [] }));
    })
    .await;
}

#[tokio::test]
async fn topics_are_listed_a_hundred_at_a_time() {
    with_topics(async |sns| {
        assert_eq!(sns.ok("ListTopics", json!({})).await, json!({ "Topics": [] }));
        let mut names: Vec<String> = (0..201).map(|i| format!("topic-{i:03}")).collect();
        for name in &names[..100] {
            sns.topic(name).await;
        }
        let page = sns.ok("ListTopics", json!({})).await;
        assert_eq!(page["Topics"].as_array().unwrap().len(), 100);
        assert_eq!(page.get("NextToken"), None, "there is no more");
        for name in &names[100..] {
            sns.topic(name).await;
        }
        let mut found = Vec::new();
        let mut input = json!({});
        for expected in [100, 100, 1] {
            let mut page = sns.ok("ListTopics", input.clone()).await;
            let topics = page["Topics"].as_array().unwrap();
            assert_eq!(topics.len(), expected);
            found.extend(topics.iter().map(|topic| topic["TopicArn"].as_str().unwrap().to_owned()));
            assert_eq!(page.get("NextToken").is_some(), expected == 100);
            input["NextToken"] = page["NextToken"].take();
        }
        found.sort_unstable();
        names.iter_mut().for_each(|name| *name = topic_arn(name));
        assert_eq!(found, names);
    })
    .await;
}

#[tokio::test]
async fn a_token_that_nobody_gave_out_is_refused() {
    with_topics(async |sns| {
        sns.topic("orders").await;
        for action in ["ListTopics", "ListSubscriptions"] {
            let cases = [(json!({ "NextToken": "x" }), "InvalidParameter", "Invalid parameter: *")];
            sns.refuses(action, &cases).await;
        }
    })
    .await;
}

/// Actions that are about a topic, with all else that they need.
fn of_a_topic(topic: &str) -> Vec<(&'static str, Value)> {
    let entry = json!({ "Id": "1", "Message": "hello" });
    vec![
        ("DeleteTopic", json!({ "TopicArn": topic })),
        ("GetTopicAttributes", json!({ "TopicArn": topic })),
        (
            "SetTopicAttributes",
            json!({ "TopicArn": topic, "AttributeName": "DisplayName", "AttributeValue": "x" }),
        ),
        (
            "Subscribe",
            json!({
                "TopicArn": topic,
                "Protocol": "sqs",
                "Endpoint": "arn:aws:sqs:us-east-1:000000000000:queue",
            }),
        ),
        ("ListSubscriptionsByTopic", json!({ "TopicArn": topic })),
        ("Publish", json!({ "TopicArn": topic, "Message": "hello" })),
        ("PublishBatch", json!({ "TopicArn": topic, "PublishBatchRequestEntries": [entry] })),
        (
            "AddPermission",
            json!({
                "TopicArn": topic,
                "Label": "l",
                "AWSAccountId": ["111122223333"],
                "ActionName": ["Publish"],
            }),
        ),
        ("RemovePermission", json!({ "TopicArn": topic, "Label": "l" })),
    ]
}

#[tokio::test]
async fn every_action_of_a_topic_wants_one_that_is_there() {
    with_topics(async |sns| {
        sns.topic("orders").await;
        for (action, input) in of_a_topic(&topic_arn("Orders")) {
            if action != "DeleteTopic" {
                sns.refuses(action, &[(input, "NotFound", "Topic does not exist")]).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn every_action_of_a_topic_wants_a_whole_arn() {
    with_topics(async |sns| {
        sns.topic("orders").await;
        for (arn, elements) in [("orders", 1), ("a:b", 2), ("arn:aws:sns:us-east-1:orders", 5)] {
            let text = format!(
                "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not \
                 {elements}"
            );
            for (action, input) in of_a_topic(arn) {
                sns.refuses(action, &[(input, "InvalidParameter", &text)]).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn every_action_of_a_topic_wants_one_of_its_own_region() {
    with_topics(async |sns| {
        sns.topic("orders").await;
        for (action, input) in of_a_topic("arn:aws:sns:eu-west-1:000000000000:orders") {
            let cases = [(input, "InvalidParameter", "Invalid parameter: TopicArn")];
            sns.refuses(action, &cases).await;
        }
    })
    .await;
}

#[tokio::test]
async fn every_action_of_a_topic_says_what_it_misses() {
    with_topics(async |sns| {
        for (action, input, path) in [
            ("DeleteTopic", json!({}), "topicArn"),
            ("GetTopicAttributes", json!({}), "topicArn"),
            ("ListSubscriptionsByTopic", json!({}), "topicArn"),
            (
                "SetTopicAttributes",
                json!({ "TopicArn": topic_arn("orders"), "AttributeValue": "x" }),
                "attributeName",
            ),
            ("Subscribe", json!({ "TopicArn": topic_arn("orders") }), "protocol"),
            ("Publish", json!({ "TopicArn": topic_arn("orders") }), "message"),
            ("RemovePermission", json!({ "TopicArn": topic_arn("orders") }), "label"),
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
