//! GetTopicAttributes and SetTopicAttributes.

use serde_json::{Value, json};

use crate::harness::{ACCOUNT, Sns, subscription, with_topics};

fn set(topic: &str, name: &str, value: &str) -> Value {
    json!({ "TopicArn": topic, "AttributeName": name, "AttributeValue": value })
}

/// The names of what a topic tells, sorted.
async fn names(sns: &mut Sns, topic: &str) -> Vec<String> {
    let attributes = sns.topic_attributes(topic).await;
    let mut names: Vec<_> = attributes.as_object().unwrap().keys().cloned().collect();
    names.sort_unstable();
    names
}

/// What every topic tells, sorted.
const ALWAYS: [&str; 8] = [
    "DisplayName",
    "EffectiveDeliveryPolicy",
    "Owner",
    "Policy",
    "SubscriptionsConfirmed",
    "SubscriptionsDeleted",
    "SubscriptionsPending",
    "TopicArn",
];

#[tokio::test]
async fn a_new_topic_tells_what_the_documentation_says() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        assert_eq!(names(sns, &topic).await, ALWAYS);
        let attributes = sns.topic_attributes(&topic).await;
        for (name, value) in [
            ("DisplayName", ""),
            ("Owner", ACCOUNT),
            ("SubscriptionsConfirmed", "0"),
            ("SubscriptionsDeleted", "0"),
            ("SubscriptionsPending", "0"),
            ("TopicArn", &topic),
        ] {
            assert_eq!(attributes[name], value, "{name}");
        }
        let policy = attributes["EffectiveDeliveryPolicy"].as_str().unwrap();
        let expected = json!({ "http": {
            "defaultHealthyRetryPolicy": {
                "minDelayTarget": 20,
                "maxDelayTarget": 20,
                "numRetries": 3,
                "numMaxDelayRetries": 0,
                "numNoDelayRetries": 0,
                "numMinDelayRetries": 0,
                "backoffFunction": "linear",
            },
            "disableSubscriptionOverrides": false,
            "defaultRequestPolicy": { "headerContentType": "text/plain; charset=UTF-8" },
        } });
        assert_eq!(serde_json::from_str::<Value>(policy).unwrap(), expected);
    })
    .await;
}

#[tokio::test]
async fn a_fifo_topic_tells_what_makes_it_one() {
    with_topics(async |sns| {
        let topic = sns.fifo_topic("orders.fifo", json!({})).await;
        let attributes = sns.topic_attributes(&topic).await;
        assert_eq!(attributes["FifoTopic"], "true");
        assert_eq!(attributes["ContentBasedDeduplication"], "false");
        sns.set_topic(&topic, "ContentBasedDeduplication", "true").await;
        assert_eq!(sns.topic_attributes(&topic).await["ContentBasedDeduplication"], "true");
        let standard = sns.topic("orders").await;
        let attributes = sns.topic_attributes(&standard).await;
        for name in ["FifoTopic", "ContentBasedDeduplication", "FifoThroughputScope"] {
            assert_eq!(attributes.get(name), None, "{name}");
        }
    })
    .await;
}

const ROLE: &str = "arn:aws:iam::000000000000:role/feedback";

#[tokio::test]
async fn attributes_are_read_as_they_were_set() {
    with_topics(async |sns| {
        let longest = "é".repeat(100);
        let topic = sns.topic("orders").await;
        let mut expected = ALWAYS.map(str::to_owned).to_vec();
        for (name, values) in [
            ("DisplayName", vec!["Orders", &longest, ""]),
            ("KmsMasterKeyId", vec!["alias/aws/sns"]),
            ("SignatureVersion", vec!["2", "1"]),
            ("TracingConfig", vec!["Active", "PassThrough"]),
            ("MaximumMessageSize", vec!["1024", "262144", "1048576"]),
            ("SQSSuccessFeedbackRoleArn", vec![ROLE]),
            ("SQSFailureFeedbackRoleArn", vec![ROLE]),
            ("SQSSuccessFeedbackSampleRate", vec!["0", "100"]),
        ] {
            for value in values {
                sns.set_topic(&topic, name, value).await;
                assert_eq!(sns.topic_attributes(&topic).await[name], value, "{name}");
            }
            if !expected.iter().any(|known| known == name) {
                expected.push(name.to_owned());
            }
        }
        expected.sort_unstable();
        assert_eq!(names(sns, &topic).await, expected);
    })
    .await;
}

#[tokio::test]
async fn attributes_are_set_when_a_topic_is_created() {
    with_topics(async |sns| {
        let set = json!({
            "DisplayName": "Orders",
            "KmsMasterKeyId": "alias/aws/sns",
            "SignatureVersion": "2",
            "TracingConfig": "Active",
            "MaximumMessageSize": "2048",
            "LambdaSuccessFeedbackSampleRate": "50",
        });
        let topic = sns.topic_with("orders", set.clone()).await;
        let attributes = sns.topic_attributes(&topic).await;
        for (name, value) in set.as_object().unwrap() {
            assert_eq!(&attributes[name], value, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn an_unknown_attribute_is_refused() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let fifo = sns.fifo_topic("orders.fifo", json!({})).await;
        let text = "Invalid parameter: AttributeName";
        let mut cases = Vec::new();
        for name in ["Frobnicate", "displayname", "VisibilityTimeout", ""] {
            cases.push((set(&topic, name, "1"), "InvalidParameter", text));
        }
        // What is only told.
        for name in ["Owner", "TopicArn", "SubscriptionsConfirmed", "EffectiveDeliveryPolicy"] {
            cases.push((set(&topic, name, "1"), "InvalidParameter", text));
        }
        // What is said once and for all.
        cases.push((set(&fifo, "FifoTopic", "true"), "InvalidParameter", text));
        cases.push((set(&topic, "FifoTopic", "true"), "InvalidParameter", text));
        sns.refuses("SetTopicAttributes", &cases).await;
    })
    .await;
}

#[tokio::test]
async fn values_beyond_the_bounds_are_refused() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let mut cases = Vec::new();
        for (name, value) in [
            ("DisplayName", "d".repeat(101).as_str()),
            ("SignatureVersion", "0"),
            ("SignatureVersion", "3"),
            ("SignatureVersion", "x"),
            ("TracingConfig", "active"),
            ("MaximumMessageSize", "1023"),
            ("MaximumMessageSize", "1048577"),
            ("MaximumMessageSize", "x"),
            ("HTTPSuccessFeedbackSampleRate", "101"),
            ("HTTPSuccessFeedbackSampleRate", "-1"),
            ("HTTPSuccessFeedbackSampleRate", "many"),
            ("DeliveryPolicy", "{"),
            // For FIFO topics.
            ("ContentBasedDeduplication", "true"),
            ("FifoThroughputScope", "Topic"),
            ("ArchivePolicy", r#"{"MessageRetentionPeriod":"1"}"#),
        ] {
            cases.push((set(&topic, name, value), "InvalidParameter", "Invalid parameter: *"));
        }
        sns.refuses("SetTopicAttributes", &cases).await;
    })
    .await;
}

#[tokio::test]
async fn values_beyond_the_bounds_of_fifo_topics_are_refused() {
    with_topics(async |sns| {
        let topic = sns.fifo_topic("orders.fifo", json!({})).await;
        let mut cases = Vec::new();
        for (name, value) in [
            ("ContentBasedDeduplication", "maybe"),
            ("FifoThroughputScope", "Queue"),
            ("ArchivePolicy", "{"),
            ("ArchivePolicy", r#"{"MessageRetentionPeriod":"0"}"#),
            ("ArchivePolicy", r#"{"MessageRetentionPeriod":"366"}"#),
            ("ArchivePolicy", r#"{"MessageRetentionPeriod":"x"}"#),
            ("ArchivePolicy", r#"{"Days":"1"}"#),
        ] {
            cases.push((set(&topic, name, value), "InvalidParameter", "Invalid parameter: *"));
        }
        sns.refuses("SetTopicAttributes", &cases).await;
        for (name, value) in [
            ("ArchivePolicy", r#"{"MessageRetentionPeriod":"1"}"#),
            ("ArchivePolicy", r#"{"MessageRetentionPeriod":"365"}"#),
            ("FifoThroughputScope", "Topic"),
            ("FifoThroughputScope", "MessageGroup"),
        ] {
            sns.set_topic(&topic, name, value).await;
            assert_eq!(sns.topic_attributes(&topic).await[name], value, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_counts_of_subscriptions_follow() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let first = sns.subscribe(&topic, "first", json!({})).await;
        sns.subscribe(&topic, "second", json!({})).await;
        let attributes = sns.topic_attributes(&topic).await;
        assert_eq!(attributes["SubscriptionsConfirmed"], "2");
        assert_eq!(attributes["SubscriptionsPending"], "0");
        sns.ok("Unsubscribe", json!({ "SubscriptionArn": first })).await;
        let attributes = sns.topic_attributes(&topic).await;
        assert_eq!(attributes["SubscriptionsConfirmed"], "1");
        assert_eq!(attributes["SubscriptionsDeleted"], "1");
    })
    .await;
}

#[tokio::test]
async fn a_delivery_policy_is_read_back_and_becomes_effective() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let retries = json!({
            "minDelayTarget": 1,
            "maxDelayTarget": 60,
            "numRetries": 50,
            "numNoDelayRetries": 3,
            "numMinDelayRetries": 2,
            "numMaxDelayRetries": 35,
            "backoffFunction": "exponential",
        });
        let policy = json!({ "http": { "defaultHealthyRetryPolicy": retries } });
        sns.set_topic(&topic, "DeliveryPolicy", &policy.to_string()).await;
        let attributes = sns.topic_attributes(&topic).await;
        let read = |name: &str| -> Value {
            serde_json::from_str(attributes[name].as_str().unwrap()).unwrap()
        };
        assert_eq!(read("DeliveryPolicy")["http"]["defaultHealthyRetryPolicy"], retries);
        assert_eq!(read("EffectiveDeliveryPolicy")["http"]["defaultHealthyRetryPolicy"], retries);
        // Nothing takes it away.
        sns.set_topic(&topic, "DeliveryPolicy", "").await;
        assert_eq!(names(sns, &topic).await, ALWAYS);
    })
    .await;
}

#[tokio::test]
async fn large_messages_are_for_up_to_100_queues() {
    with_topics(async |sns| {
        let topic = sns.topic_with("large", json!({ "MaximumMessageSize": "262145" })).await;
        for i in 0..100 {
            sns.subscribe(&topic, &format!("queue-{i}"), json!({})).await;
        }
        let one_more = subscription(&topic, "queue-100", json!({}));
        let cases = [(one_more.clone(), "InvalidParameter", "Invalid parameter: *")];
        sns.refuses("Subscribe", &cases).await;
        let web =
            json!({ "TopicArn": topic, "Protocol": "https", "Endpoint": "https://example.com" });
        let cases = [(web, "InvalidParameter", "Invalid parameter: *")];
        sns.refuses("Subscribe", &cases).await;
        // A smaller size allows them again, and forbids the larger one.
        sns.set_topic(&topic, "MaximumMessageSize", "262144").await;
        sns.ok("Subscribe", one_more).await;
        let cases = [(
            set(&topic, "MaximumMessageSize", "262145"),
            "InvalidParameter",
            "Invalid parameter: *",
        )];
        sns.refuses("SetTopicAttributes", &cases).await;
    })
    .await;
}
