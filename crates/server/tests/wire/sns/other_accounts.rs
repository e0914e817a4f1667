//! Queues of other accounts, which are asked before they are subscribed.

use serde_json::{Value, json};

use crate::harness::{REGION, Sns, Sqs, with_topics_and_queues};

const OTHER: &str = "111122223333";

fn subscribe(topic: &str, more: Value) -> Value {
    let input = json!({
        "TopicArn": topic,
        "Protocol": "sqs",
        "Endpoint": format!("arn:aws:sqs:{REGION}:{OTHER}:queue"),
    });
    crate::harness::with(input, more)
}

/// A topic, and a queue of another account with a client of it; topic and URL.
async fn topic_and_queue(sns: &mut Sns, sqs: &Sqs) -> (String, String, Sqs) {
    let mut theirs = sqs.caller(OTHER, REGION).await;
    let created = theirs.ok("CreateQueue", json!({ "QueueName": "queue" })).await;
    let url = created["QueueUrl"].as_str().unwrap().to_owned();
    (sns.topic("orders").await, url, theirs)
}

/// Takes one envelope.
async fn take(sqs: &mut Sqs, url: &str) -> Value {
    let received = sqs.receive(url).await;
    assert_eq!(received.len(), 1);
    sqs.delete(url, received[0]["ReceiptHandle"].clone()).await;
    serde_json::from_str(received[0]["Body"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_queue_of_another_account_is_asked_first() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url, mut theirs) = topic_and_queue(sns, sqs).await;
        let output = sns.ok("Subscribe", subscribe(&topic, json!({}))).await;
        assert_eq!(output, json!({ "SubscriptionArn": "pending confirmation" }));
        let listed = sns.ok("ListSubscriptions", json!({})).await;
        assert_eq!(listed["Subscriptions"][0]["SubscriptionArn"], "PendingConfirmation");
        sns.publish(&topic, "too early").await;
        let question = take(&mut theirs, &url).await;
        let names: Vec<_> = question.as_object().unwrap().keys().map(String::as_str).collect();
        assert_eq!(
            names,
            [
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
            ]
        );
        assert_eq!(question["Type"], "SubscriptionConfirmation");
        assert_eq!(question["TopicArn"], topic);
        let text = format!(
            "You have chosen to subscribe to the topic {topic}.\nTo confirm the subscription, \
             visit the SubscribeURL included in this message."
        );
        assert_eq!(question["Message"], text);
        let confirm = json!({ "TopicArn": topic, "Token": question["Token"] });
        let confirmed = sns.ok("ConfirmSubscription", confirm).await;
        let arn = confirmed["SubscriptionArn"].as_str().unwrap();
        assert!(arn.starts_with(&topic), "{arn}");
        let attributes = sns.subscription_attributes(arn).await;
        assert_eq!(attributes["PendingConfirmation"], "false");
        sns.publish(&topic, "hello").await;
        assert_eq!(take(&mut theirs, &url).await["Message"], "hello");
    })
    .await;
}

#[tokio::test]
async fn a_pending_subscription_tells_its_arn_to_who_asks() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, ..) = topic_and_queue(sns, sqs).await;
        let more = json!({ "ReturnSubscriptionArn": true });
        let arn = sns.ok("Subscribe", subscribe(&topic, more)).await["SubscriptionArn"].take();
        let arn = arn.as_str().unwrap();
        assert!(arn.starts_with(&topic), "{arn}");
        let attributes = sns.subscription_attributes(arn).await;
        assert_eq!(attributes["PendingConfirmation"], "true");
        assert_eq!(sns.topic_attributes(&topic).await["SubscriptionsPending"], "1");
        let cases = [(json!({ "SubscriptionArn": arn }), "InvalidParameter", "*")];
        sns.refuses("Unsubscribe", &cases).await;
    })
    .await;
}
