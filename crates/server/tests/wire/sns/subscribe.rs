//! Subscribe: endpoints, and what happens when the endpoint is subscribed already.

use serde_json::{Value, json};

use crate::harness::{ACCOUNT, queue_arn, subscription, with_topics, with_topics_and_queues};

fn subscribe(topic: &str, protocol: &str, endpoint: &str) -> Value {
    json!({ "TopicArn": topic, "Protocol": protocol, "Endpoint": endpoint })
}

const OTHER_ATTRIBUTES: &str =
    "Invalid parameter: Attributes Reason: Subscription already exists with different attributes";

#[tokio::test]
async fn a_queue_of_the_same_account_is_subscribed_at_once() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        // The queue need not be there.
        let arn = sns.subscribe(&topic, "queue", json!({})).await;
        let expected = json!({
            "SubscriptionArn": arn,
            "Owner": ACCOUNT,
            "Protocol": "sqs",
            "Endpoint": queue_arn("queue"),
            "TopicArn": topic,
        });
        let listed = sns.all("ListSubscriptions", "Subscriptions", json!({})).await;
        assert_eq!(listed, [expected]);
        let attributes = sns.subscription_attributes(&arn).await;
        assert_eq!(attributes["PendingConfirmation"], "false");
        assert_eq!(attributes["ConfirmationWasAuthenticated"], "true");
    })
    .await;
}

#[tokio::test]
async fn subscribing_again_returns_the_subscription() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let attributes =
            json!({ "RawMessageDelivery": "true", "FilterPolicy": r#"{"sea":["north"]}"# });
        let arn = sns.subscribe(&topic, "queue", attributes.clone()).await;
        let before = sns.subscription_attributes(&arn).await;
        for attributes in [
            attributes,
            json!({ "FilterPolicy": r#"{"sea":["north"]}"# }),
            json!({ "RawMessageDelivery": "true" }),
            json!({}),
        ] {
            assert_eq!(sns.subscribe(&topic, "queue", attributes).await, arn);
        }
        let mut input = subscription(&topic, "queue", json!({}));
        input["ReturnSubscriptionArn"] = json!(true);
        assert_eq!(sns.ok("Subscribe", input).await, json!({ "SubscriptionArn": arn }));
        assert_eq!(sns.subscription_attributes(&arn).await, before);
        assert_eq!(sns.all("ListSubscriptions", "Subscriptions", json!({})).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn subscribing_again_with_other_attributes_is_refused() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let attributes =
            json!({ "RawMessageDelivery": "true", "FilterPolicy": r#"{"sea":["north"]}"# });
        sns.subscribe(&topic, "queue", attributes).await;
        let cases: Vec<_> = [
            json!({ "RawMessageDelivery": "false" }),
            json!({ "FilterPolicy": r#"{"sea":["south"]}"# }),
            json!({ "RawMessageDelivery": "true", "FilterPolicy": r#"{"sea":["south"]}"# }),
            json!({ "FilterPolicyScope": "MessageBody" }),
        ]
        .into_iter()
        .map(|attributes| {
            (subscription(&topic, "queue", attributes), "InvalidParameter", OTHER_ATTRIBUTES)
        })
        .collect();
        sns.refuses("Subscribe", &cases).await;
    })
    .await;
}

#[tokio::test]
async fn a_queue_subscribes_to_many_topics_and_a_topic_has_many_queues() {
    with_topics(async |sns| {
        let topics = [sns.topic("one").await, sns.topic("two").await];
        let mut arns = Vec::new();
        for topic in &topics {
            for queue in ["a", "b"] {
                arns.push(sns.subscribe(topic, queue, json!({})).await);
            }
        }
        arns.sort_unstable();
        arns.dedup();
        assert_eq!(arns.len(), 4);
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_fits_its_protocol() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let no_queue = "Invalid parameter: SQS endpoint ARN";
        let no_match = "Invalid parameter: Endpoint must match the specified protocol";
        let cases = [
            (subscribe(&topic, "sqs", "http://sqs.test/000000000000/queue"), no_queue),
            (subscribe(&topic, "sqs", "queue"), no_queue),
            (subscribe(&topic, "http", "https://example.com"), no_match),
            (subscribe(&topic, "https", "http://example.com"), no_match),
            (subscribe(&topic, "http", "example.com"), no_match),
        ];
        let cases: Vec<_> =
            cases.into_iter().map(|(input, text)| (input, "InvalidParameter", text)).collect();
        sns.refuses("Subscribe", &cases).await;
        for protocol in ["pigeon", "SQS", "sqs ", ""] {
            let text = format!(
                "Invalid parameter: Amazon SNS does not support this protocol string: {protocol}"
            );
            let cases =
                [(subscribe(&topic, protocol, &queue_arn("queue")), "InvalidParameter", &*text)];
            sns.refuses("Subscribe", &cases).await;
        }
        let cases = [(
            json!({ "TopicArn": topic, "Protocol": "sqs" }),
            "InvalidParameter",
            "Invalid parameter: *",
        )];
        sns.refuses("Subscribe", &cases).await;
    })
    .await;
}

#[tokio::test]
async fn fifo_queues_are_for_fifo_topics() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let text = "Invalid parameter: Invalid parameter: Endpoint Reason: FIFO SQS Queues can \
                    not be subscribed to standard SNS topics";
        let cases = [(subscription(&topic, "queue.fifo", json!({})), "InvalidParameter", text)];
        sns.refuses("Subscribe", &cases).await;
        let fifo = sns.fifo_topic("orders.fifo", json!({})).await;
        // Standard queues may listen to both.
        for queue in ["queue.fifo", "queue"] {
            sns.subscribe(&fifo, queue, json!({})).await;
        }
    })
    .await;
}

#[tokio::test]
async fn fifo_topics_are_for_queues() {
    with_topics(async |sns| {
        let topic = sns.fifo_topic("orders.fifo", json!({})).await;
        let cases = [
            (
                subscribe(&topic, "https", "https://example.com"),
                "InvalidParameter",
                "Invalid parameter: *",
            ),
            (
                subscribe(&topic, "http", "http://example.com"),
                "InvalidParameter",
                "Invalid parameter: *",
            ),
        ];
        sns.refuses("Subscribe", &cases).await;
    })
    .await;
}

#[tokio::test]
async fn attributes_that_cannot_be_are_refused_with_their_prefix() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let texts = [
            (
                json!({ "RawMessageDelivery": "True" }),
                "Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value [True]. \
                 Must be true or false.",
            ),
            (
                json!({ "RawMessageDelivery": "" }),
                "Invalid parameter: Attributes Reason: RawMessageDelivery: Invalid value []. Must \
                 be true or false.",
            ),
            (
                json!({ "FilterPolicyScope": "Body" }),
                "Invalid parameter: Attributes Reason: FilterPolicyScope: Invalid value [Body]. \
                 Please use either MessageBody or MessageAttributes",
            ),
            (
                json!({ "FilterPolicy": r#"{"sea":"north"}"# }),
                "Invalid parameter: Attributes Reason: FilterPolicy: \"sea\" must be an object or \
                 an array*",
            ),
            (
                json!({ "FilterPolicy": "{" }),
                "Invalid parameter: Attributes Reason: FilterPolicy: failed to parse JSON.*",
            ),
            (
                json!({ "RedrivePolicy": r#"{"deadLetterTargetArn":"dead"}"# }),
                "Invalid parameter: Attributes Reason: RedrivePolicy: deadLetterTargetArn is an \
                 invalid arn",
            ),
            (json!({ "DeliveryPolicy": "{}" }), "Invalid parameter: *"),
            (json!({ "Frobnicate": "1" }), "Invalid parameter: *"),
            (json!({ "Owner": "1" }), "Invalid parameter: *"),
        ];
        let cases: Vec<_> = texts
            .into_iter()
            .map(|(attributes, text)| {
                (subscription(&topic, "queue", attributes), "InvalidParameter", text)
            })
            .collect();
        sns.refuses("Subscribe", &cases).await;
    })
    .await;
}

#[tokio::test]
async fn attributes_are_set_when_a_queue_subscribes() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let redrive = json!({ "deadLetterTargetArn": queue_arn("dead") }).to_string();
        let set = json!({
            "RawMessageDelivery": "true",
            "FilterPolicy": r#"{"sea":["north"]}"#,
            "FilterPolicyScope": "MessageBody",
            "RedrivePolicy": redrive,
        });
        let arn = sns.subscribe(&topic, "queue", set.clone()).await;
        let attributes = sns.subscription_attributes(&arn).await;
        for (name, value) in set.as_object().unwrap() {
            assert_eq!(&attributes[name], value, "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_fifo_topic_has_up_to_100_subscriptions() {
    with_topics(async |sns| {
        let topic = sns.fifo_topic("orders.fifo", json!({})).await;
        for i in 0..100 {
            sns.subscribe(&topic, &format!("q{i}.fifo"), json!({})).await;
        }
        let cases =
            [(subscription(&topic, "more.fifo", json!({})), "SubscriptionLimitExceeded", "*")];
        sns.refuses("Subscribe", &cases).await;
        // One that is there is no further one.
        sns.subscribe(&topic, "q7.fifo", json!({})).await;
    })
    .await;
}

#[tokio::test]
async fn a_topic_has_up_to_200_filter_policies() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let filtered = json!({ "FilterPolicy": r#"{"sea":["north"]}"# });
        let mut last = String::new();
        for i in 0..200 {
            last = sns.subscribe(&topic, &format!("q{i}"), filtered.clone()).await;
        }
        let more = sns.subscribe(&topic, "more", json!({})).await;
        let set = json!({
            "SubscriptionArn": more,
            "AttributeName": "FilterPolicy",
            "AttributeValue": r#"{"sea":["north"]}"#,
        });
        let refusal = sns.refused("Subscribe", subscription(&topic, "other", filtered)).await;
        assert_eq!(refusal.code, "FilterPolicyLimitExceeded");
        let refusal = sns.refused("SetSubscriptionAttributes", set.clone()).await;
        assert_eq!(refusal.code, "FilterPolicyLimitExceeded");
        let topics = json!({ "TopicArn": topic });
        let listed = sns.all("ListSubscriptionsByTopic", "Subscriptions", topics).await;
        assert_eq!(listed.len(), 201);
        assert_eq!(sns.subscription_attributes(&more).await.get("FilterPolicy"), None);
        // When one is taken away there is room.
        sns.set_subscription(&last, "FilterPolicy", "{}").await;
        sns.ok("SetSubscriptionAttributes", set).await;
    })
    .await;
}

#[tokio::test]
async fn a_subscription_says_what_it_misses() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        for (input, path) in [
            (json!({ "Protocol": "sqs", "Endpoint": queue_arn("queue") }), "topicArn"),
            (json!({ "TopicArn": topic, "Endpoint": queue_arn("queue") }), "protocol"),
        ] {
            let text = format!(
                "1 validation error detected: Value null at '{path}' failed to satisfy \
                 constraint: Member must not be null"
            );
            sns.refuses("Subscribe", &[(input, "ValidationError", &text)]).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_queue_that_is_made_later_gets_what_is_published_then() {
    with_topics_and_queues(async |sns, sqs| {
        let topic = sns.topic("orders").await;
        sns.subscribe_raw(&topic, "queue", json!({})).await;
        sns.publish(&topic, "too early").await;
        let url = sqs.queue("queue", json!({})).await;
        sns.publish(&topic, "hello").await;
        let received = sqs.receive(&url).await;
        assert_eq!(received.len(), 1);
        assert_eq!(received[0]["Body"], "hello");
    })
    .await;
}
