//! `DeliveryPolicy` and `EffectiveDeliveryPolicy`: set, refused, read back.

use serde_json::{Value, json};

use super::hook::Hook;
use super::support::{Hub, entries, setting, subscribe, with_hub};
use crate::harness::with;

/// As recorded of the live service, for a topic without a policy.
const DEFAULT: &str = concat!(
    r#"{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"#,
    r#""numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"#,
    r#""backoffFunction":"linear"},"disableSubscriptionOverrides":false,"#,
    r#""defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}"#,
);

/// A retry policy with all its members.
fn retries(min: u32, max: u32, retries: u32) -> Value {
    json!({
        "minDelayTarget": min,
        "maxDelayTarget": max,
        "numRetries": retries,
        "numMaxDelayRetries": 1,
        "numNoDelayRetries": 2,
        "numMinDelayRetries": 3,
        "backoffFunction": "exponential",
    })
}

fn default_retries() -> Value {
    let default: Value = serde_json::from_str(DEFAULT).unwrap();
    default["http"]["defaultHealthyRetryPolicy"].clone()
}

fn read(text: &str) -> Value {
    serde_json::from_str(text).unwrap()
}

#[tokio::test]
async fn what_holds_without_a_policy_is_shown() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let attributes = sns.topic_attributes(&topic).await;
        assert_eq!(attributes["EffectiveDeliveryPolicy"], DEFAULT);
        assert!(!attributes.contains_key("DeliveryPolicy"));

        let arn = sns.confirmed(&topic, &mut hook, &[]).await;
        let attributes = sns.attributes(&arn).await;
        let effective = json!({
            "healthyRetryPolicy": default_retries(),
            "sicklyRetryPolicy": null,
            "throttlePolicy": null,
            "requestPolicy": { "headerContentType": "text/plain; charset=UTF-8" },
            "guaranteed": false,
        });
        assert_eq!(attributes["EffectiveDeliveryPolicy"], effective.to_string());
        assert!(!attributes.contains_key("DeliveryPolicy"));
    })
    .await;
}

#[tokio::test]
async fn a_topics_policy_holds_for_its_subscriptions() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let arn = sns.confirmed(&topic, &mut hook, &[]).await;
        let policy = json!({ "http": {
            "defaultHealthyRetryPolicy": retries(5, 50, 10),
            "disableSubscriptionOverrides": false,
            "defaultThrottlePolicy": { "maxReceivesPerSecond": 7 },
            "defaultRequestPolicy": { "headerContentType": "application/json" },
        }});
        sns.set_topic_attribute(&topic, "DeliveryPolicy", &policy.to_string()).await;
        let attributes = sns.topic_attributes(&topic).await;
        assert_eq!(read(&attributes["DeliveryPolicy"]), policy);
        assert_eq!(read(&attributes["EffectiveDeliveryPolicy"]), policy);
        let attributes = sns.attributes(&arn).await;
        assert!(!attributes.contains_key("DeliveryPolicy"));
        let effective = json!({
            "healthyRetryPolicy": retries(5, 50, 10),
            "sicklyRetryPolicy": null,
            "throttlePolicy": { "maxReceivesPerSecond": 7 },
            "requestPolicy": { "headerContentType": "application/json" },
            "guaranteed": false,
        });
        assert_eq!(read(&attributes["EffectiveDeliveryPolicy"]), effective);

        sns.set_topic_attribute(&topic, "DeliveryPolicy", "").await;
        let attributes = sns.topic_attributes(&topic).await;
        assert_eq!(attributes["EffectiveDeliveryPolicy"], DEFAULT);
        assert!(!attributes.contains_key("DeliveryPolicy"));
    })
    .await;
}

#[tokio::test]
async fn a_topic_can_be_created_with_its_policy() {
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let policy = json!({ "http": { "defaultHealthyRetryPolicy": {
            "minDelayTarget": 1,
            "maxDelayTarget": 3600,
            "numRetries": 100,
        }}});
        let topic = sns.topic("stock", &[("DeliveryPolicy", &policy.to_string())]).await;
        let attributes = sns.topic_attributes(&topic).await;
        assert_eq!(read(&attributes["DeliveryPolicy"]), policy);
        let effective = read(&attributes["EffectiveDeliveryPolicy"]);
        let mut retries = policy["http"]["defaultHealthyRetryPolicy"].clone();
        retries = with(default_retries(), retries);
        assert_eq!(effective["http"]["defaultHealthyRetryPolicy"], retries);
    })
    .await;
}

#[tokio::test]
async fn a_subscription_overrides_its_topic_section_by_section() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let of_topic = json!({ "http": {
            "defaultHealthyRetryPolicy": retries(5, 50, 10),
            "defaultThrottlePolicy": { "maxReceivesPerSecond": 7 },
        }});
        sns.set_topic_attribute(&topic, "DeliveryPolicy", &of_topic.to_string()).await;
        let own = json!({ "healthyRetryPolicy": retries(1, 2, 6) }).to_string();
        let arn = sns.confirmed(&topic, &mut hook, &[("DeliveryPolicy", &own)]).await;
        let attributes = sns.attributes(&arn).await;
        let saved = json!({
            "healthyRetryPolicy": retries(1, 2, 6),
            "sicklyRetryPolicy": null,
            "throttlePolicy": null,
            "requestPolicy": null,
            "guaranteed": false,
        });
        assert_eq!(read(&attributes["DeliveryPolicy"]), saved);
        let mut effective = with(
            saved,
            json!({
                "throttlePolicy": { "maxReceivesPerSecond": 7 },
                "requestPolicy": { "headerContentType": "text/plain; charset=UTF-8" },
            }),
        );
        assert_eq!(read(&attributes["EffectiveDeliveryPolicy"]), effective);

        let all = with(of_topic["http"].clone(), json!({ "disableSubscriptionOverrides": true }));
        let all = json!({ "http": all }).to_string();
        sns.set_topic_attribute(&topic, "DeliveryPolicy", &all).await;
        effective["healthyRetryPolicy"] = retries(5, 50, 10);
        let attributes = sns.attributes(&arn).await;
        assert_eq!(read(&attributes["EffectiveDeliveryPolicy"]), effective, "the topic's wins");
        assert!(attributes.contains_key("DeliveryPolicy"));

        sns.set_attribute(&arn, "DeliveryPolicy", "").await;
        assert!(!sns.attributes(&arn).await.contains_key("DeliveryPolicy"));
    })
    .await;
}

#[tokio::test]
async fn what_the_service_no_longer_uses_is_kept_and_shown() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let policy = json!({
            "healthyRetryPolicy": null,
            "sicklyRetryPolicy": retries(1, 9, 8),
            "throttlePolicy": null,
            "requestPolicy": null,
            "guaranteed": true,
        });
        let arn =
            sns.confirmed(&topic, &mut hook, &[("DeliveryPolicy", &policy.to_string())]).await;
        assert_eq!(read(&sns.attributes(&arn).await["DeliveryPolicy"]), policy);
    })
    .await;
}

#[tokio::test]
async fn a_topic_may_forbid_that_its_subscriptions_override_it() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::answering(500).await);
        let topic = sns.topic("stock", &[]).await;
        let none = json!({ "http": {
            "defaultHealthyRetryPolicy": {
                "minDelayTarget": 1,
                "maxDelayTarget": 1,
                "numRetries": 0,
            },
            "disableSubscriptionOverrides": true,
        }});
        sns.set_topic_attribute(&topic, "DeliveryPolicy", &none.to_string()).await;
        let own = json!({ "healthyRetryPolicy": retries(1, 1, 6) }).to_string();
        sns.confirmed(&topic, &mut hook, &[("DeliveryPolicy", &own)]).await;
        sns.publish(&topic, "1").await;
        hook.notification().await;
        hub.pass_seconds(3600).await;
        hook.has_no_more(hub).await;
        sns.set_topic_attribute(&topic, "DeliveryPolicy", "").await;
        let message_id = sns.publish(&topic, "2").await;
        for _ in 0..3 {
            assert_eq!(hook.notification().await.message_id(), message_id);
        }
    })
    .await;
}

/// Policies of subscriptions that are refused, each with what is said of it.
fn wrong() -> Vec<(String, &'static str)> {
    let retries = |more: Value| {
        let members = json!({ "minDelayTarget": 10, "maxDelayTarget": 20, "numRetries": 5 });
        json!({ "healthyRetryPolicy": with(members, more) }).to_string()
    };
    let mut wrong = vec![
        (
            retries(json!({ "minDelayTarget": 0 })),
            "healthyRetryPolicy.minDelayTarget must be greater than or equal to 1",
        ),
        (
            retries(json!({ "minDelayTarget": 21 })),
            "healthyRetryPolicy.maxDelayTarget must be greater than or equal to minDelayTarget",
        ),
        (
            retries(json!({ "maxDelayTarget": 3601 })),
            "healthyRetryPolicy.maxDelayTarget must be less than or equal to 3600",
        ),
        (
            retries(json!({ "numRetries": 101 })),
            "healthyRetryPolicy.numRetries must be less than or equal to 100",
        ),
        (
            retries(json!({ "numRetries": -1 })),
            "healthyRetryPolicy.numRetries must be greater than or equal to 0",
        ),
        (
            retries(json!({ "numNoDelayRetries": 2, "numMinDelayRetries": 2,
                            "numMaxDelayRetries": 2 })),
            "healthyRetryPolicy.numRetries must be greater than or equal to total of \
             numMinDelayRetries, numNoDelayRetries and numMaxDelayRetries",
        ),
        (
            json!({ "healthyRetryPolicy": { "numRetries": 5 } }).to_string(),
            "healthyRetryPolicy.minDelayTarget must be specified",
        ),
    ];
    // The service's words for these are not known.
    for text in [
        retries(json!({ "numNoDelayRetries": -1 })),
        retries(json!({ "numRetries": "5" })),
        retries(json!({ "numRetries": 2.5 })),
        retries(json!({ "backoffFunction": "quadratic" })),
        retries(json!({ "unknown": 1 })),
        json!({ "throttlePolicy": { "maxReceivesPerSecond": 0 } }).to_string(),
        json!({ "throttlePolicy": { "perSecond": 1 } }).to_string(),
        json!({ "requestPolicy": { "headerContentType": "image/png" } }).to_string(),
        json!({ "requestPolicy": { "headerContentType": "text/xml" } }).to_string(),
        json!({ "healthyRetryPolicy": [] }).to_string(),
        json!({ "http": { "defaultHealthyRetryPolicy": null } }).to_string(),
        json!({ "unknown": {} }).to_string(),
        "[]".to_owned(),
        "5".to_owned(),
        "no JSON".to_owned(),
        "{".to_owned(),
    ] {
        wrong.push((text, "*"));
    }
    wrong
}

#[tokio::test]
async fn a_wrong_policy_of_a_subscription_is_refused() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let arn = sns.confirmed(&topic, &mut hook, &[]).await;
        let before = sns.attributes(&arn).await;
        let url = hook.url("/other");
        for (policy, text) in wrong() {
            let set = setting("SubscriptionArn", &arn, "DeliveryPolicy", &policy);
            let said = format!("Invalid parameter: DeliveryPolicy: {text}");
            let case = (&set[..], "InvalidParameter", &*said);
            sns.refuses("SetSubscriptionAttributes", &[case]).await;

            let attributes = entries(&[("DeliveryPolicy", &policy)]);
            let parameters = subscribe(&topic, &url, &attributes);
            let said = format!("Invalid parameter: Attributes Reason: DeliveryPolicy: {text}");
            sns.refuses("Subscribe", &[(&parameters, "InvalidParameter", &said)]).await;
        }
        assert_eq!(sns.attributes(&arn).await, before);
        assert_eq!(sns.subscriptions(&topic).await, [arn]);
        hook.has_no_more(hub).await;
    })
    .await;
}

#[tokio::test]
async fn a_wrong_policy_of_a_topic_is_refused() {
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let topic = sns.topic("stock", &[]).await;
        let before = sns.topic_attributes(&topic).await;
        for (policy, text) in [
            (
                r#"{"http":{"defaultHealthyRetryPolicy":{"numRetries":5}}}"#,
                "http.defaultHealthyRetryPolicy.minDelayTarget must be specified",
            ),
            (
                r#"{"http":{"defaultHealthyRetryPolicy":
                    {"minDelayTarget":2,"maxDelayTarget":1,"numRetries":5}}}"#,
                "http.defaultHealthyRetryPolicy.maxDelayTarget must be greater than or equal to \
                 minDelayTarget",
            ),
            (r#"{"http":{"defaultThrottlePolicy":{"maxReceivesPerSecond":0}}}"#, "*"),
            (r#"{"http":{"defaultRequestPolicy":{"headerContentType":"image/png"}}}"#, "*"),
            (r#"{"http":{"disableSubscriptionOverrides":"yes"}}"#, "*"),
            (r#"{"http":{"healthyRetryPolicy":null}}"#, "*"),
            (r#"{"healthyRetryPolicy":null}"#, "*"),
            (r#"{"https":{}}"#, "*"),
            ("null", "*"),
            ("no JSON", "*"),
        ] {
            let set = setting("TopicArn", &topic, "DeliveryPolicy", policy);
            let said = format!("Invalid parameter: DeliveryPolicy: {text}");
            sns.refuses("SetTopicAttributes", &[(&set, "InvalidParameter", &said)]).await;

            let mut create = vec![("Name", "other")];
            let attributes = entries(&[("DeliveryPolicy", policy)]);
            create.extend(attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())));
            let said = format!("Invalid parameter: Attributes Reason: DeliveryPolicy: {text}");
            sns.refuses("CreateTopic", &[(&create, "InvalidParameter", &said)]).await;
        }
        assert_eq!(sns.topic_attributes(&topic).await, before);
        let topics = sns.ok("ListTopics", &[]).await;
        assert_eq!(topics.children[0].children.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn queues_have_no_delivery_policy() {
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let topic = sns.topic("stock", &[]).await;
        let queue = "arn:aws:sqs:us-east-1:000000000000:orders";
        let policy = json!({ "healthyRetryPolicy": retries(1, 1, 6) }).to_string();
        let plain = [("TopicArn", topic.as_str()), ("Protocol", "sqs"), ("Endpoint", queue)];
        let attributes = entries(&[("DeliveryPolicy", &policy)]);
        let mut parameters = plain.to_vec();
        parameters.extend(attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let text = "Invalid parameter: *";
        sns.refuses("Subscribe", &[(&parameters, "InvalidParameter", text)]).await;
        let result = sns.ok("Subscribe", &plain).await;
        let arn = result.text_of("SubscriptionArn");
        let set = setting("SubscriptionArn", arn, "DeliveryPolicy", &policy);
        sns.refuses("SetSubscriptionAttributes", &[(&set, "InvalidParameter", text)]).await;
        let attributes = sns.attributes(arn).await;
        assert!(!attributes.contains_key("EffectiveDeliveryPolicy"));
        assert!(!attributes.contains_key("DeliveryPolicy"));
    })
    .await;
}

#[tokio::test]
async fn what_holds_is_not_to_be_set() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let arn = sns.confirmed(&topic, &mut hook, &[]).await;
        let before = sns.attributes(&arn).await;
        let text = "Invalid parameter: AttributeName";
        let set = setting("TopicArn", &topic, "EffectiveDeliveryPolicy", DEFAULT);
        sns.refuses("SetTopicAttributes", &[(&set, "InvalidParameter", text)]).await;
        for name in ["EffectiveDeliveryPolicy", "PendingConfirmation", "Endpoint", "Owner", "x"] {
            let set = setting("SubscriptionArn", &arn, name, "{}");
            sns.refuses("SetSubscriptionAttributes", &[(&set, "InvalidParameter", text)]).await;
        }
        assert_eq!(sns.attributes(&arn).await, before);
    })
    .await;
}
