//! Subscriptions with the protocol `lambda`.

use serde_json::{Value, json};

use super::events::next;
use super::hosting;
use crate::harness::{FUNCTIONS, Protocol, Service, Setting, queue_arn, subscription};

const ARN: &str = "arn:aws:lambda:us-east-1:000000000000:function:resize";
const CONFIG: &str = "/2019-09-25/functions/resize/event-invoke-config";

fn to_function(topic: &str) -> Value {
    json!({ "TopicArn": topic, "Protocol": "lambda", "Endpoint": ARN })
}

#[tokio::test]
async fn a_message_becomes_an_event() {
    let service = hosting().await;
    let (mut lambda, mut sqs) = (service.lambda().await, service.speak(Protocol::Json).await);
    let mut sns = service.sns().await;
    let done = sqs.queue("done", json!({})).await;
    lambda.function("resize").await;
    let destination = json!({ "OnSuccess": { "Destination": queue_arn("done") } });
    lambda.ok(200, "PUT", CONFIG, json!({ "DestinationConfig": destination })).await;
    let topic = sns.topic("bookings").await;
    let subscribed = sns.ok("Subscribe", to_function(&topic)).await;
    let subscription = subscribed["SubscriptionArn"].as_str().unwrap().to_owned();
    assert!(subscription.starts_with(&topic), "it needs no confirmation: {subscription}");
    let message = sns.publish(&topic, "room \"7\"").await;
    let record: Value =
        serde_json::from_str(next(&mut sqs, &done).await["Body"].as_str().unwrap()).unwrap();
    let event = &record["requestPayload"]["Records"];
    assert_eq!(event.as_array().map(Vec::len), Some(1));
    let event = &event[0];
    assert_eq!(event["EventSource"], "aws:sns");
    assert_eq!(event["EventVersion"], "1.0");
    assert_eq!(event["EventSubscriptionArn"], subscription);
    let sns = &event["Sns"];
    for (member, value) in [
        ("Type", json!("Notification")),
        ("MessageId", json!(message)),
        ("TopicArn", json!(topic)),
        ("Subject", Value::Null),
        ("Message", json!("room \"7\"")),
        ("SignatureVersion", json!("1")),
        ("MessageAttributes", json!({})),
    ] {
        assert_eq!(sns[member], value, "{member}");
    }
    assert!(sns["SigningCertUrl"].as_str().unwrap().ends_with(".pem"));
    service.stop().await;
}

#[tokio::test]
async fn a_function_that_is_not_there_is_a_dead_letter() {
    let service = hosting().await;
    let mut sqs = service.speak(Protocol::Json).await;
    let mut sns = service.sns().await;
    let dead = sqs.queue("dead", json!({})).await;
    let topic = sns.topic("bookings").await;
    let redrive = json!({ "deadLetterTargetArn": queue_arn("dead") }).to_string();
    let mut input = to_function(&topic);
    input["Attributes"] = json!({ "RedrivePolicy": redrive });
    sns.ok("Subscribe", input).await;
    sns.publish(&topic, "for nobody").await;
    let letter = next(&mut sqs, &dead).await;
    let envelope: Value = serde_json::from_str(letter["Body"].as_str().unwrap()).unwrap();
    assert_eq!(envelope["Message"], "for nobody", "as an envelope, and no event");
    service.stop().await;
}

#[tokio::test]
async fn what_nobody_could_deliver_is_not_subscribed() {
    let service = Service::start().await;
    let mut sns = service.sns().await;
    let topic = sns.topic("bookings").await;
    let refused = sns.refused("Subscribe", to_function(&topic)).await;
    assert!(refused.message.contains("set hosting, or an endpoint"), "{refused:?}");
    let mut wrong = subscription(&topic, "a", json!({}));
    wrong["Protocol"] = json!("lambda");
    let refused = sns.refused("Subscribe", wrong).await;
    assert!(refused.message.contains("Lambda endpoint ARN"), "{refused:?}");
    service.stop().await;
}

#[tokio::test]
async fn a_topic_needs_the_functions_permission_where_policies_decide() {
    let setting = Setting { functions: true, ..Setting::default() };
    let service = Service::authenticating_with(setting).await;
    let mut lambda = service.lambda().await;
    let (mut sqs, mut sns) =
        (service.speak_as_root(Protocol::Json).await, service.sns_as_root().await);
    let dead = sqs.queue("dead", json!({})).await;
    let done = sqs.queue("done", json!({})).await;
    let topic = sns.topic("bookings").await;
    let allowed = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Allow", "Principal": { "Service": "sns.amazonaws.com" },
            "Action": "sqs:SendMessage", "Resource": queue_arn("dead"),
        }],
    });
    let attributes = json!({ "Policy": allowed.to_string() });
    sqs.ok("SetQueueAttributes", json!({ "QueueUrl": dead, "Attributes": attributes })).await;
    lambda.function("resize").await;
    let destination = json!({ "OnSuccess": { "Destination": queue_arn("done") } });
    lambda.ok(200, "PUT", CONFIG, json!({ "DestinationConfig": destination })).await;
    let redrive = json!({ "deadLetterTargetArn": queue_arn("dead") }).to_string();
    let mut input = to_function(&topic);
    input["Attributes"] = json!({ "RedrivePolicy": redrive });
    sns.ok("Subscribe", input).await;
    sns.publish(&topic, "not yet").await;
    next(&mut sqs, &dead).await;

    let permission = json!({
        "StatementId": "bookings",
        "Action": "lambda:InvokeFunction",
        "Principal": "sns.amazonaws.com",
        "SourceArn": topic,
    });
    lambda.ok(201, "POST", &format!("{FUNCTIONS}/resize/policy"), permission).await;
    sns.publish(&topic, "now").await;
    let record = next(&mut sqs, &done).await;
    assert!(record["Body"].as_str().unwrap().contains("\"now\""), "{record}");

    // $LATEST is the function itself, for which the permission is.
    let latest =
        json!({ "TopicArn": topic, "Protocol": "lambda", "Endpoint": format!("{ARN}:$LATEST") });
    sns.ok("Subscribe", latest).await;
    sns.publish(&topic, "twice").await;
    let mut subscriptions = std::collections::BTreeSet::new();
    while subscriptions.len() < 2 {
        let record = next(&mut sqs, &done).await;
        let record: Value = serde_json::from_str(record["Body"].as_str().unwrap()).unwrap();
        subscriptions
            .insert(record["requestPayload"]["Records"][0]["EventSubscriptionArn"].to_string());
    }
    service.stop().await;
}
