//! What may be done without a signature, and is still judged and written down.

use serde_json::{Value, json};

use crate::harness::{Service, Setting, Sns};
use crate::support::Client;

fn confirm(topic: &str) -> Value {
    json!({ "TopicArn": topic, "Token": "0" })
}

/// What a stranger is told who brings a wrong token: whether it got as far as that.
async fn gets_through(stranger: &mut Sns, topic: &str) -> bool {
    let refusal = stranger.refused("ConfirmSubscription", confirm(topic)).await;
    match refusal.code.as_str() {
        "InvalidParameter" => true,
        "MissingAuthenticationToken" => false,
        code => panic!("{code}"),
    }
}

#[tokio::test]
async fn a_link_is_followed_unless_a_topics_policy_denies_it() {
    let service = Service::authenticating(&[]).await;
    let mut root = service.sns_as_root().await;
    let topic = root.topic("stock").await;
    let mut stranger = root.unsigned().await;
    assert!(gets_through(&mut stranger, &topic).await);
    let unsubscribe =
        json!({ "SubscriptionArn": format!("{topic}:0b2a4c1e-1111-4222-8333-444455556666") });
    stranger.ok("Unsubscribe", unsubscribe.clone()).await;

    // The only way to name these: topics' policies know no such actions.
    let policy = json!({
        "Version": "2012-10-17",
        "Statement": [{
            "Effect": "Deny", "Principal": "*", "NotAction": "sns:Publish", "Resource": topic,
        }],
    });
    let set = json!({
        "TopicArn": topic, "AttributeName": "Policy", "AttributeValue": policy.to_string(),
    });
    root.ok("SetTopicAttributes", set).await;
    assert!(!gets_through(&mut stranger, &topic).await);
    let refusal = stranger.refused("Unsubscribe", unsubscribe).await;
    assert_eq!(refusal.code, "MissingAuthenticationToken");
    drop((root, stranger));

    let lines = service.audited().await;
    let followed: Vec<_> = lines.iter().filter(|line| line["principal"] == "anonymous").collect();
    let said: Vec<_> = followed
        .iter()
        .map(|line| (line["action"].as_str().unwrap(), line["decision"].as_str().unwrap()))
        .collect();
    assert_eq!(
        said,
        [
            ("sns:ConfirmSubscription", "allowed"),
            ("sns:Unsubscribe", "allowed"),
            ("sns:ConfirmSubscription", "denied"),
            ("sns:Unsubscribe", "denied"),
        ]
    );
    assert_eq!(followed[0]["resource"], topic);
}

#[tokio::test]
async fn a_link_is_not_followed_through_an_endpoint_that_does_not_allow_it() {
    for (element, gets) in [("NotAction", false), ("Action", true)] {
        let policy = json!({
            "Version": "2012-10-17",
            "Statement": [
                { "Effect": "Allow", "Principal": "*", "Action": "sns:CreateTopic", "Resource": "*" },
                {
                    "Effect": "Allow", "Principal": "*", "Resource": "*",
                    element: "sns:ConfirmSubscription",
                },
            ],
        });
        let endpoint_policy = Some(policy.to_string());
        let setting = Setting { endpoint_policy, ..Setting::default() };
        let service = Service::authenticating_with(setting).await;
        let mut root = service.sns_as_root().await;
        let topic = root.topic("stock").await;
        let mut stranger = root.unsigned().await;
        assert_eq!(gets_through(&mut stranger, &topic).await, gets, "{element}");
        drop((root, stranger));
        service.stop().await;
    }
}

#[tokio::test]
async fn whoever_has_no_name_is_written_down() {
    let service = Service::authenticating(&[]).await;
    let form = "Content-Type: application/x-www-form-urlencoded";
    let json = "Content-Type: application/x-amz-json-1.1\r\nX-Amz-Target: TrentService";
    for (head, body) in [
        (form.to_owned(), "Action=ListUsers&Version=2010-05-08"),
        (form.to_owned(), "Action=GetCallerIdentity&Version=2011-06-15"),
        (form.to_owned(), "Action=ListSubscriptions&Version=2010-03-31"),
        (format!("{json}.ListKeys"), "{}"),
        (format!("{json}.CreateKey"), "{}"),
    ] {
        let mut client = Client::connect(service.addr).await;
        let length = body.len();
        let host = "Host: aws.test:4566";
        let head = format!("POST / HTTP/1.1\r\n{host}\r\n{head}\r\nContent-Length: {length}");
        client.send(format!("{head}\r\n\r\n{body}")).await;
        let refused = client.response().await;
        assert!(refused.body.contains("MissingAuthenticationToken"), "{refused:?}");
    }
    let lines = service.audited().await;
    let actions: Vec<_> = lines.iter().map(|line| line["action"].as_str().unwrap()).collect();
    assert_eq!(
        actions,
        [
            "iam:ListUsers",
            "sts:GetCallerIdentity",
            "sns:ListSubscriptions",
            "kms:ListKeys",
            "kms:CreateKey",
        ]
    );
    assert!(lines.iter().all(|line| line["decision"] == "denied"));
    assert!(lines.iter().all(|line| line["principal"] == "anonymous"));
}
