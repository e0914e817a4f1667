//! A queue of another account is asked to confirm as endpoints are: by a message to it.

use serde_json::{Value, json};

use super::hook::Hook;
use super::signatures::assert_signed;
use super::support::{Hub, Sns, result, take, with_hub};
use crate::harness::{REGION, Sqs};

const OTHER: &str = "111122223333";

/// A client of the other account, and the URL of its queue.
async fn other(hub: &Hub) -> (Sqs, String) {
    let mut sqs = hub.sqs().await.caller(OTHER, REGION).await;
    // So the links lead back here.
    sqs.host = hub.url().replace("http://", "");
    let output = sqs.ok("CreateQueue", json!({ "QueueName": "orders" })).await;
    (sqs, output["QueueUrl"].as_str().unwrap().to_owned())
}

async fn subscribe(sns: &mut Sns, topic: &str, attributes: &[(&str, &str)]) {
    let queue = format!("arn:aws:sqs:{REGION}:{OTHER}:orders");
    let mut parameters = vec![("TopicArn", topic), ("Protocol", "sqs"), ("Endpoint", &queue)];
    parameters.extend(attributes);
    let result = sns.ok("Subscribe", &parameters).await;
    assert_eq!(result.text_of("SubscriptionArn"), "pending confirmation");
}

/// The envelope that a queue got. Beside it there are no message attributes.
async fn envelope(sqs: &mut Sqs, url: &str) -> Value {
    let message = take(sqs, url).await;
    assert_eq!(message.get("MessageAttributes"), None);
    serde_json::from_str(message["Body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_queue_of_another_account_gets_the_question() {
    with_hub(async |hub: &Hub| {
        let (mut sns, (mut sqs, url)) = (hub.sns().await, other(hub).await);
        let topic = sns.topic("stock", &[]).await;
        let raw = [
            ("Attributes.entry.1.key", "RawMessageDelivery"),
            ("Attributes.entry.1.value", "true"),
        ];
        subscribe(&mut sns, &topic, &raw).await;
        sns.publish(&topic, "too early").await;
        let question = envelope(&mut sqs, &url).await;
        let members: Vec<_> = question.as_object().unwrap().keys().map(String::as_str).collect();
        let expected = [
            "Type",
            "MessageId",
            "Token",
            "TopicArn",
            "Message",
            "SubscribeURL",
            "Timestamp",
            "SignatureVersion",
            "Signature",
            "SigningCertURL",
        ];
        assert_eq!(members, expected);
        assert_eq!(question["Type"], "SubscriptionConfirmation");
        assert_eq!(question["TopicArn"], topic.as_str());
        assert_signed(hub, &question, "1").await;
        assert_eq!(sqs.counts(&url).await, [0, 1, 0], "what came too early is not there");
        assert_eq!(sns.subscriptions(&topic).await, ["PendingConfirmation"]);

        let link = question["SubscribeURL"].as_str().unwrap();
        let answer = result("ConfirmSubscription", &hub.follow(link).await);
        let arn = answer.text_of("SubscriptionArn");
        assert_eq!(sns.subscriptions(&topic).await, [arn]);
        let attributes = sns.attributes(arn).await;
        assert_eq!(attributes["ConfirmationWasAuthenticated"], "false");
        assert_eq!(attributes["Owner"], "000000000000");
        sns.publish(&topic, "in time").await;
        assert_eq!(take(&mut sqs, &url).await["Body"], "in time");
    })
    .await;
}

#[tokio::test]
async fn a_queue_confirms_with_the_token_as_an_endpoint_does() {
    with_hub(async |hub: &Hub| {
        let (mut sns, (mut sqs, url)) = (hub.sns().await, other(hub).await);
        let topic = sns.topic("stock", &[("SignatureVersion", "2")]).await;
        subscribe(&mut sns, &topic, &[]).await;
        let question = envelope(&mut sqs, &url).await;
        assert_signed(hub, &question, "2").await;
        let mut theirs = hub.sns_of(Some(OTHER)).await;
        let arn = theirs.confirm(&topic, question["Token"].as_str().unwrap()).await;
        assert_eq!(sns.subscriptions(&topic).await, std::slice::from_ref(&arn));
        sns.publish(&topic, "hello").await;
        let message = envelope(&mut sqs, &url).await;
        assert_eq!(
            (&message["Type"], &message["Message"]),
            (&json!("Notification"), &json!("hello"))
        );
        let link = format!("{}/?Action=Unsubscribe&SubscriptionArn={arn}", hub.url());
        assert_eq!(message["UnsubscribeURL"], link);
        assert_signed(hub, &message, "2").await;
    })
    .await;
}

#[tokio::test]
async fn a_queue_of_another_account_that_does_not_confirm_is_forgotten() {
    with_hub(async |hub: &Hub| {
        let (mut sns, (mut sqs, url)) = (hub.sns().await, other(hub).await);
        let topic = sns.topic("stock", &[]).await;
        subscribe(&mut sns, &topic, &[]).await;
        hub.pass_seconds(2 * 86_400).await;
        assert!(sns.subscriptions(&topic).await.is_empty());
        let question = envelope(&mut sqs, &url).await;
        let token = question["Token"].as_str().unwrap();
        let confirm = [("TopicArn", topic.as_str()), ("Token", token)];
        let case = (&confirm[..], "InvalidParameter", "Invalid parameter: Token");
        sns.refuses("ConfirmSubscription", &[case]).await;
    })
    .await;
}

#[tokio::test]
async fn a_queue_and_an_endpoint_have_the_same_signature() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let (mut sqs, url) = other(hub).await;
        let topic = sns.topic("stock", &[]).await;
        subscribe(&mut sns, &topic, &[]).await;
        let question = envelope(&mut sqs, &url).await;
        sns.confirm(&topic, question["Token"].as_str().unwrap()).await;
        sns.confirmed(&topic, &mut hook, &[]).await;
        sns.publish(&topic, "hello").await;
        let (posted, queued) = (hook.notification().await.json(), envelope(&mut sqs, &url).await);
        for member in ["MessageId", "Timestamp", "Signature", "SigningCertURL", "Message"] {
            assert_eq!(posted[member], queued[member], "{member}");
        }
    })
    .await;
}
