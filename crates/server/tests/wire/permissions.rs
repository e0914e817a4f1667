//! AddPermission and RemovePermission, which write the queue's Policy.

use serde_json::{Value, json};

use crate::harness::{Sqs, in_both_protocols};

const ARN: &str = "arn:aws:sqs:us-east-1:000000000000:orders";

fn grant(url: &str, label: &str, accounts: &Value, actions: &Value) -> Value {
    json!({ "QueueUrl": url, "Label": label, "AWSAccountIds": accounts, "Actions": actions })
}

fn revoke(url: &str, label: &str) -> Value {
    json!({ "QueueUrl": url, "Label": label })
}

async fn policy(sqs: &mut Sqs, url: &str) -> Option<Value> {
    let attributes = sqs.attributes(url).await;
    let policy = attributes.get("Policy")?.as_str().unwrap();
    Some(serde_json::from_str(policy).unwrap())
}

#[tokio::test]
async fn a_permission_becomes_a_statement_of_the_policy() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        assert_eq!(policy(sqs, &url).await, None);
        let input = grant(&url, "first", &json!(["111122223333"]), &json!(["SendMessage"]));
        assert_eq!(sqs.ok("AddPermission", input).await, Value::Null);
        let first = json!({
            "Sid": "first",
            "Effect": "Allow",
            "Principal": { "AWS": "arn:aws:iam::111122223333:root" },
            "Action": "SQS:SendMessage",
            "Resource": ARN,
        });
        let expected = json!({
            "Version": "2008-10-17",
            "Id": format!("{ARN}/SQSDefaultPolicy"),
            "Statement": [first],
        });
        assert_eq!(policy(sqs, &url).await, Some(expected));
        // One value is a string, several are an array.
        let accounts = json!(["111122223333", "444455556666"]);
        let actions = json!(["ReceiveMessage", "DeleteMessage"]);
        sqs.ok("AddPermission", grant(&url, "second", &accounts, &actions)).await;
        let second = json!({
            "Sid": "second",
            "Effect": "Allow",
            "Principal": {
                "AWS": ["arn:aws:iam::111122223333:root", "arn:aws:iam::444455556666:root"],
            },
            "Action": ["SQS:ReceiveMessage", "SQS:DeleteMessage"],
            "Resource": ARN,
        });
        assert_eq!(policy(sqs, &url).await.unwrap()["Statement"], json!([first, second]));
        assert_eq!(sqs.ok("RemovePermission", revoke(&url, "first")).await, Value::Null);
        assert_eq!(policy(sqs, &url).await.unwrap()["Statement"], json!([second]));
        // With the last statement goes the policy.
        sqs.ok("RemovePermission", revoke(&url, "second")).await;
        assert_eq!(policy(sqs, &url).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_policy_that_is_there_is_extended() {
    in_both_protocols(async |sqs| {
        let statement = json!({
            "Sid": "own", "Effect": "Allow", "Principal": "*",
            "Action": "SQS:SendMessage", "Resource": ARN,
        });
        let own = json!({ "Version": "2012-10-17", "Id": "mine", "Statement": [statement] });
        let url = sqs.queue("orders", json!({ "Policy": own.to_string() })).await;
        let input = grant(&url, "more", &json!(["111122223333"]), &json!(["*"]));
        sqs.ok("AddPermission", input).await;
        let extended = policy(sqs, &url).await.unwrap();
        assert_eq!(extended["Version"], "2012-10-17");
        assert_eq!(extended["Id"], "mine");
        assert_eq!(extended["Statement"][0], statement);
        assert_eq!(extended["Statement"][1]["Sid"], "more");
        assert_eq!(extended["Statement"][1]["Action"], "SQS:*");
        sqs.ok("RemovePermission", revoke(&url, "own")).await;
        assert_eq!(policy(sqs, &url).await.unwrap()["Statement"].as_array().unwrap().len(), 1);
    })
    .await;
}

/// What may be granted to others.
const GRANTABLE: [&str; 8] = [
    "SendMessage",
    "ReceiveMessage",
    "DeleteMessage",
    "ChangeMessageVisibility",
    "GetQueueAttributes",
    "GetQueueUrl",
    "ListDeadLetterSourceQueues",
    "PurgeQueue",
];

#[tokio::test]
async fn up_to_seven_actions_are_granted_at_once() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let account = json!(["111122223333"]);
        sqs.ok("AddPermission", grant(&url, "seven", &account, &json!(GRANTABLE[..7]))).await;
        let actions = &policy(sqs, &url).await.unwrap()["Statement"][0]["Action"];
        assert_eq!(actions.as_array().unwrap().len(), 7);
        let eight = grant(&url, "eight", &account, &json!(GRANTABLE));
        sqs.refuses("AddPermission", &url, &[(eight, "OverLimit", "*")]).await;
    })
    .await;
}

#[tokio::test]
async fn labels_have_1_to_80_characters_and_are_used_once() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let add =
            |label: &str| grant(&url, label, &json!(["111122223333"]), &json!(["SendMessage"]));
        let longest = "l".repeat(80);
        for label in ["l", &longest, "A-z_0"] {
            sqs.ok("AddPermission", add(label)).await;
            let text =
                format!("Value {label} for parameter Label is invalid. Reason: Already exists.");
            let cases = [(add(label), "InvalidParameterValue", &*text)];
            sqs.refuses("AddPermission", &url, &cases).await;
        }
        for label in ["L", "unknown"] {
            let text =
                format!("Value {label} for parameter Label is invalid. Reason: can't find label.");
            let cases = [(revoke(&url, label), "InvalidParameterValue", &*text)];
            sqs.refuses("RemovePermission", &url, &cases).await;
        }
        let bad: Vec<_> = [&"l".repeat(81), "a b", "a.b", "ä"]
            .iter()
            .map(|label| (add(label), "InvalidParameterValue", "*"))
            .collect();
        sqs.refuses("AddPermission", &url, &bad).await;
        for label in ["l", &longest, "A-z_0"] {
            sqs.ok("RemovePermission", revoke(&url, label)).await;
        }
        assert_eq!(policy(sqs, &url).await, None);
    })
    .await;
}

#[tokio::test]
async fn permissions_that_cannot_be_are_refused() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let account = json!(["111122223333"]);
        let mut cases = Vec::new();
        for action in ["Frobnicate", "sendmessage", "SQS:SendMessage", "sns:Publish"] {
            let text = format!(
                "Value SQS:{action} for parameter ActionName is invalid. Reason: Please refer to \
                 the appropriate WSDL for a list of valid actions."
            );
            cases.push((grant(&url, "l", &account, &json!(["SendMessage", action])), text));
        }
        // What only the owner may do.
        for action in [
            "AddPermission",
            "CreateQueue",
            "DeleteQueue",
            "ListQueues",
            "RemovePermission",
            "SetQueueAttributes",
        ] {
            let text = format!("Value SQS:{action} for parameter ActionName is invalid. Reason: *");
            cases.push((grant(&url, "l", &account, &json!([action])), text));
        }
        for account in ["", "11112222333", "1111222233334", "alice", "11112222333x"] {
            let accounts = json!(["111122223333", account]);
            cases.push((grant(&url, "l", &accounts, &json!(["SendMessage"])), "*".to_owned()));
        }
        let cases: Vec<_> = cases
            .iter()
            .map(|(input, text)| (input.clone(), "InvalidParameterValue", text.as_str()))
            .collect();
        sqs.refuses("AddPermission", &url, &cases).await;
        let full = grant(&url, "l", &account, &json!(["SendMessage"]));
        for missing in ["Label", "AWSAccountIds", "Actions"] {
            let mut input = full.clone();
            input.as_object_mut().unwrap().remove(missing);
            sqs.refuses("AddPermission", &url, &[(input, "MissingParameter", "*")]).await;
        }
        let cases = [(json!({ "QueueUrl": url }), "MissingParameter", "*")];
        sqs.refuses("RemovePermission", &url, &cases).await;
    })
    .await;
}

#[tokio::test]
async fn a_policy_has_up_to_20_statements() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let add = |i: usize| {
            grant(&url, &format!("l{i}"), &json!(["111122223333"]), &json!(["SendMessage"]))
        };
        for i in 0..20 {
            sqs.ok("AddPermission", add(i)).await;
        }
        sqs.refuses("AddPermission", &url, &[(add(20), "OverLimit", "*")]).await;
    })
    .await;
}
