//! GetSubscriptionAttributes and SetSubscriptionAttributes.

use serde_json::{Value, json};

use crate::harness::{ACCOUNT, Sns, queue_arn, with_topics};

fn set(subscription: &str, name: &str, value: &str) -> Value {
    json!({ "SubscriptionArn": subscription, "AttributeName": name, "AttributeValue": value })
}

/// The names of what a subscription tells, sorted.
async fn names(sns: &mut Sns, subscription: &str) -> Vec<String> {
    let attributes = sns.subscription_attributes(subscription).await;
    let mut names: Vec<_> = attributes.as_object().unwrap().keys().cloned().collect();
    names.sort_unstable();
    names
}

/// What every subscription of a queue tells, sorted.
const ALWAYS: [&str; 9] = [
    "ConfirmationWasAuthenticated",
    "Endpoint",
    "Owner",
    "PendingConfirmation",
    "Protocol",
    "RawMessageDelivery",
    "SubscriptionArn",
    "SubscriptionPrincipal",
    "TopicArn",
];

#[tokio::test]
async fn a_new_subscription_tells_what_the_documentation_says() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let arn = sns.subscribe(&topic, "queue", json!({})).await;
        assert_eq!(names(sns, &arn).await, ALWAYS);
        let attributes = sns.subscription_attributes(&arn).await;
        for (name, value) in [
            ("ConfirmationWasAuthenticated", "true"),
            ("Endpoint", &queue_arn("queue")),
            ("Owner", ACCOUNT),
            ("PendingConfirmation", "false"),
            ("Protocol", "sqs"),
            ("RawMessageDelivery", "false"),
            ("SubscriptionArn", &arn),
            ("TopicArn", &topic),
        ] {
            assert_eq!(attributes[name], value, "{name}");
        }
        let principal = attributes["SubscriptionPrincipal"].as_str().unwrap();
        assert!(principal.starts_with("arn:aws:iam::000000000000:"), "{principal}");
    })
    .await;
}

#[tokio::test]
async fn attributes_are_read_as_they_were_set() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let arn = sns.subscribe(&topic, "queue", json!({})).await;
        let redrive = json!({ "deadLetterTargetArn": queue_arn("dead") }).to_string();
        for (name, value) in [
            ("RawMessageDelivery", "true"),
            ("RawMessageDelivery", "false"),
            ("FilterPolicy", r#"{"sea":["north",{"prefix":"s"}],"depth":[{"numeric":[">",7]}]}"#),
            ("FilterPolicyScope", "MessageBody"),
            ("FilterPolicyScope", "MessageAttributes"),
            ("RedrivePolicy", &redrive),
        ] {
            sns.set_subscription(&arn, name, value).await;
            assert_eq!(sns.subscription_attributes(&arn).await[name], value, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_scope_is_told_while_there_is_a_policy() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let arn = sns.subscribe(&topic, "queue", json!({})).await;
        sns.set_subscription(&arn, "FilterPolicyScope", "MessageBody").await;
        assert_eq!(names(sns, &arn).await, ALWAYS);
        sns.set_subscription(&arn, "FilterPolicy", r#"{"sea":["north"]}"#).await;
        let attributes = sns.subscription_attributes(&arn).await;
        assert_eq!(attributes["FilterPolicyScope"], "MessageBody");
        for nothing in ["", "{}"] {
            sns.set_subscription(&arn, "FilterPolicy", r#"{"sea":["north"]}"#).await;
            sns.set_subscription(&arn, "FilterPolicy", nothing).await;
            assert_eq!(names(sns, &arn).await, ALWAYS, "{nothing:?}");
        }
        // Without a word about it, the scope is that of message attributes.
        let other = sns.subscribe(&topic, "other", json!({ "FilterPolicy": r#"{"a":[1]}"# })).await;
        let attributes = sns.subscription_attributes(&other).await;
        assert_eq!(attributes["FilterPolicyScope"], "MessageAttributes");
    })
    .await;
}

#[tokio::test]
async fn a_redrive_policy_is_taken_away_by_nothing() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let arn = sns.subscribe(&topic, "queue", json!({})).await;
        let redrive = json!({ "deadLetterTargetArn": queue_arn("dead") }).to_string();
        for nothing in ["", "{}"] {
            sns.set_subscription(&arn, "RedrivePolicy", &redrive).await;
            sns.set_subscription(&arn, "RedrivePolicy", nothing).await;
            assert_eq!(names(sns, &arn).await, ALWAYS, "{nothing:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn values_that_cannot_be_are_refused() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let arn = sns.subscribe(&topic, "queue", json!({})).await;
        let elsewhere = |arn: &str| json!({ "deadLetterTargetArn": arn }).to_string();
        let no_arn = "Invalid parameter: RedrivePolicy: deadLetterTargetArn is an invalid arn";
        let name = "Invalid parameter: AttributeName";
        let cases = [
            (
                "RawMessageDelivery",
                "TRUE",
                "Invalid parameter: RawMessageDelivery: Invalid value [TRUE]. Must be true or \
                 false.",
            ),
            (
                "RawMessageDelivery",
                "1",
                "Invalid parameter: RawMessageDelivery: Invalid value [1]. Must be true or false.",
            ),
            (
                "FilterPolicyScope",
                "messagebody",
                "Invalid parameter: FilterPolicyScope: Invalid value [messagebody]. Please use \
                 either MessageBody or MessageAttributes",
            ),
            ("FilterPolicy", "north", "Invalid parameter: FilterPolicy: failed to parse JSON.*"),
            ("RedrivePolicy", &elsewhere("dead"), no_arn),
            ("RedrivePolicy", &elsewhere("http://sqs.test/000000000000/dead"), no_arn),
            ("RedrivePolicy", &elsewhere(&topic), "Invalid parameter: RedrivePolicy: *"),
            (
                "RedrivePolicy",
                &elsewhere("arn:aws:sqs:eu-west-1:000000000000:dead"),
                "Invalid parameter: RedrivePolicy: *",
            ),
            (
                "RedrivePolicy",
                &elsewhere("arn:aws:sqs:us-east-1:111122223333:dead"),
                "Invalid parameter: RedrivePolicy: *",
            ),
            ("RedrivePolicy", "dead", "Invalid parameter: RedrivePolicy: *"),
            ("DeliveryPolicy", "{}", "Invalid parameter: *"),
            ("Frobnicate", "1", name),
            ("rawmessagedelivery", "true", name),
            ("", "1", name),
            ("Endpoint", &queue_arn("other"), name),
            ("Owner", ACCOUNT, name),
            ("PendingConfirmation", "true", name),
        ];
        let cases: Vec<_> = cases
            .into_iter()
            .map(|(name, value, text)| (set(&arn, name, value), "InvalidParameter", text))
            .collect();
        sns.refuses("SetSubscriptionAttributes", &cases).await;
    })
    .await;
}

#[tokio::test]
async fn a_fifo_subscription_has_a_fifo_queue_for_dead_letters() {
    with_topics(async |sns| {
        let topic = sns.fifo_topic("orders.fifo", json!({})).await;
        let arn = sns.subscribe(&topic, "queue.fifo", json!({})).await;
        let redrive = |queue: &str| json!({ "deadLetterTargetArn": queue_arn(queue) }).to_string();
        let text = "Invalid parameter: RedrivePolicy: must use a FIFO queue as DLQ for a FIFO \
                    Subscription to a FIFO Topic.";
        let cases = [(set(&arn, "RedrivePolicy", &redrive("dead")), "InvalidParameter", text)];
        sns.refuses("SetSubscriptionAttributes", &cases).await;
        sns.set_subscription(&arn, "RedrivePolicy", &redrive("dead.fifo")).await;
    })
    .await;
}

#[tokio::test]
async fn a_subscription_that_is_not_there_has_no_attributes() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        sns.subscribe(&topic, "queue", json!({})).await;
        let unknown = format!("{topic}:6b0e71bd-7e97-4d97-80ce-4a0994e55286");
        let text = "Subscription does not exist";
        let cases = [(json!({ "SubscriptionArn": unknown }), "NotFound", text)];
        sns.refuses("GetSubscriptionAttributes", &cases).await;
        let cases = [(set(&unknown, "RawMessageDelivery", "true"), "NotFound", text)];
        sns.refuses("SetSubscriptionAttributes", &cases).await;
        let text = "Invalid parameter: SubscriptionArn Reason: An ARN must have at least 6 \
                    elements, not 1";
        let cases = [(json!({ "SubscriptionArn": "x" }), "InvalidParameter", text)];
        sns.refuses("GetSubscriptionAttributes", &cases).await;
        let text = "1 validation error detected: Value null at 'subscriptionArn' failed to satisfy \
                    constraint: Member must not be null";
        sns.refuses("GetSubscriptionAttributes", &[(json!({}), "ValidationError", text)]).await;
    })
    .await;
}
