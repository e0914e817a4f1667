//! AddPermission and RemovePermission, which write the topic's Policy.

use serde_json::{Value, json};

use crate::harness::{ACCOUNT, Sns, with_topics};

fn grant(topic: &str, label: &str, accounts: &Value, actions: &Value) -> Value {
    json!({ "TopicArn": topic, "Label": label, "AWSAccountId": accounts, "ActionName": actions })
}

async fn policy(sns: &mut Sns, topic: &str) -> Value {
    let attributes = sns.topic_attributes(topic).await;
    serde_json::from_str(attributes["Policy"].as_str().unwrap()).unwrap()
}

#[tokio::test]
async fn a_new_topic_has_the_default_policy() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let expected = json!({
            "Version": "2008-10-17",
            "Id": "__default_policy_ID",
            "Statement": [{
                "Sid": "__default_statement_ID",
                "Effect": "Allow",
                "Principal": { "AWS": "*" },
                "Action": [
                    "SNS:GetTopicAttributes",
                    "SNS:SetTopicAttributes",
                    "SNS:AddPermission",
                    "SNS:RemovePermission",
                    "SNS:DeleteTopic",
                    "SNS:Subscribe",
                    "SNS:ListSubscriptionsByTopic",
                    "SNS:Publish",
                ],
                "Resource": topic,
                "Condition": { "StringEquals": { "AWS:SourceOwner": ACCOUNT } },
            }],
        });
        assert_eq!(policy(sns, &topic).await, expected);
    })
    .await;
}

#[tokio::test]
async fn a_permission_becomes_a_statement_of_the_policy() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let own = policy(sns, &topic).await;
        let input = grant(&topic, "first", &json!(["111122223333"]), &json!(["Publish"]));
        assert_eq!(sns.ok("AddPermission", input).await, Value::Null);
        let first = json!({
            "Sid": "first",
            "Effect": "Allow",
            "Principal": { "AWS": "arn:aws:iam::111122223333:root" },
            "Action": "SNS:Publish",
            "Resource": topic,
        });
        let accounts = json!(["111122223333", "444455556666"]);
        let actions = json!(["Subscribe", "ListSubscriptionsByTopic"]);
        sns.ok("AddPermission", grant(&topic, "second", &accounts, &actions)).await;
        let second = json!({
            "Sid": "second",
            "Effect": "Allow",
            "Principal": {
                "AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:root"],
            },
            "Action": ["SNS:Subscribe", "SNS:ListSubscriptionsByTopic"],
            "Resource": topic,
        });
        let mut expected = own.clone();
        expected["Statement"] = json!([own["Statement"][0], first, second]);
        assert_eq!(policy(sns, &topic).await, expected);
        let revoke = |label: &str| json!({ "TopicArn": topic, "Label": label });
        assert_eq!(sns.ok("RemovePermission", revoke("first")).await, Value::Null);
        // A label that is not there is no error.
        sns.ok("RemovePermission", revoke("first")).await;
        sns.ok("RemovePermission", revoke("unknown")).await;
        expected["Statement"].as_array_mut().unwrap().remove(1);
        assert_eq!(policy(sns, &topic).await, expected);
    })
    .await;
}

#[tokio::test]
async fn permissions_that_cannot_be_are_refused() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let account = json!(["111122223333"]);
        sns.ok("AddPermission", grant(&topic, "taken", &account, &json!(["Publish"]))).await;
        let scope = "Invalid parameter: Policy statement action out of service scope!";
        let mut cases = vec![(
            grant(&topic, "taken", &account, &json!(["Subscribe"])),
            "InvalidParameter",
            "Invalid parameter: Statement already exists",
        )];
        for action in
            ["SetSubscriptionAttributes", "CreateTopic", "ListTopics", "Frobnicate", "SendMessage"]
        {
            let actions = json!(["Publish", action]);
            cases.push((grant(&topic, "l", &account, &actions), "InvalidParameter", scope));
        }
        sns.refuses("AddPermission", &cases).await;
    })
    .await;
}

#[tokio::test]
async fn what_may_be_done_to_a_topic_may_be_granted() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        for action in [
            "GetTopicAttributes",
            "SetTopicAttributes",
            "AddPermission",
            "RemovePermission",
            "DeleteTopic",
            "Subscribe",
            "ListSubscriptionsByTopic",
            "Publish",
            "GetDataProtectionPolicy",
            "PutDataProtectionPolicy",
            "ListTagsForResource",
            "Receive",
        ] {
            let input = grant(&topic, action, &json!(["111122223333"]), &json!([action]));
            sns.ok("AddPermission", input).await;
        }
        let policy = policy(sns, &topic).await;
        assert_eq!(policy["Statement"].as_array().unwrap().len(), 13);
    })
    .await;
}

#[tokio::test]
async fn a_permission_says_what_it_misses() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let full = grant(&topic, "l", &json!(["111122223333"]), &json!(["Publish"]));
        for (name, path) in [
            ("TopicArn", "topicArn"),
            ("Label", "label"),
            ("AWSAccountId", "aWSAccountId"),
            ("ActionName", "actionName"),
        ] {
            let mut input = full.clone();
            input.as_object_mut().unwrap().remove(name);
            let text = format!(
                "1 validation error detected: Value null at '{path}' failed to satisfy \
                 constraint: Member must not be null"
            );
            sns.refuses("AddPermission", &[(input, "ValidationError", &text)]).await;
        }
    })
    .await;
}

fn statement(topic: &str, sid: usize) -> Value {
    json!({
        "Sid": sid.to_string(),
        "Effect": "Allow",
        "Principal": "*",
        "Action": "SNS:Publish",
        "Resource": topic,
    })
}

fn document(statements: &[Value]) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

fn set(topic: &str, policy: &str) -> Value {
    json!({ "TopicArn": topic, "AttributeName": "Policy", "AttributeValue": policy })
}

#[tokio::test]
async fn a_policy_is_set_as_a_whole_and_extended() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let own = document(&[statement(&topic, 0)]);
        sns.ok("SetTopicAttributes", set(&topic, &own)).await;
        assert_eq!(policy(sns, &topic).await, serde_json::from_str::<Value>(&own).unwrap());
        let input = grant(&topic, "more", &json!(["111122223333"]), &json!(["Publish"]));
        sns.ok("AddPermission", input).await;
        let extended = policy(sns, &topic).await;
        assert_eq!(extended["Version"], "2012-10-17");
        assert_eq!(extended["Statement"][0], statement(&topic, 0));
        assert_eq!(extended["Statement"][1]["Sid"], "more");
        assert_eq!(extended["Statement"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_policy_has_up_to_100_statements_in_30_kilobytes() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let statements: Vec<_> = (0..101).map(|sid| statement(&topic, sid)).collect();
        sns.ok("SetTopicAttributes", set(&topic, &document(&statements[..100]))).await;
        let cases = [(set(&topic, &document(&statements)), "InvalidParameter", "*")];
        sns.refuses("SetTopicAttributes", &cases).await;
        let short = document(&statements[..1]);
        // Spaces between the tokens of a document count.
        let padded = |bytes: usize| {
            short.replacen('{', &format!("{{{}", " ".repeat(bytes - short.len())), 1)
        };
        sns.ok("SetTopicAttributes", set(&topic, &padded(30_720))).await;
        let cases = [(set(&topic, &padded(30_721)), "InvalidParameter", "*")];
        sns.refuses("SetTopicAttributes", &cases).await;
    })
    .await;
}

#[tokio::test]
async fn a_policy_that_is_none_is_refused() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let good = statement(&topic, 0);
        let with = |name: &str, value: Value| {
            let mut changed = good.clone();
            changed[name] = value;
            document(&[changed])
        };
        let null = "Invalid parameter: Policy Error: null";
        let cases = [
            (set(&topic, "{"), "InvalidParameter", "Invalid parameter: *"),
            (set(&topic, "[]"), "InvalidParameter", "Invalid parameter: *"),
            (set(&topic, &with("Effect", json!("Perhaps"))), "InvalidParameter", null),
            (
                set(&topic, &with("Principal", json!({ "AWS": "nobody" }))),
                "InvalidParameter",
                "Invalid parameter: Policy Error: *",
            ),
            (
                set(&topic, &with("Action", json!("SNS:Frobnicate"))),
                "InvalidParameter",
                "Invalid parameter: Policy statement action out of service scope!",
            ),
        ];
        sns.refuses("SetTopicAttributes", &cases).await;
    })
    .await;
}
