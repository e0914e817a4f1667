use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::rejection::TopicRejection;

const ARN: &str = "arn:aws:sns:us-east-1:000000000000:stock";

fn arn() -> TopicArn {
    TopicArn::parse(ARN).unwrap()
}

fn texts_of(of: &[&str]) -> Vec<String> {
    of.iter().map(|&text| text.to_owned()).collect()
}

fn add(policy: &str, label: &str, accounts: &[&str], actions: &[&str]) -> Result<String, String> {
    add_permission(policy, &arn(), label, &texts_of(accounts), &texts_of(actions)).map_err(refusal)
}

fn refusal(rejection: TopicRejection) -> String {
    match rejection {
        TopicRejection::InvalidParameter(text) => {
            text.strip_prefix("Invalid parameter: ").unwrap().into()
        }
        other => panic!("{other:?}"),
    }
}

/// A document of one statement, with one member replaced, added, or (by null) removed.
fn document(member: &str, value: Value) -> Value {
    let mut statement = json!({
        "Sid": "one",
        "Effect": "Allow",
        "Principal": { "AWS": ["000000000001"] },
        "Action": "SNS:Publish",
        "Resource": ARN,
    });
    let members = statement.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(member)
    } else {
        members.insert(member.into(), value)
    };
    json!({ "Version": "2012-10-17", "Statement": [statement] })
}

fn checked(document: &Value) -> Result<(), AttributeFault> {
    check(&document.to_string())
}

fn fault(text: &str) -> Result<(), AttributeFault> {
    Err(AttributeFault::Value(text.into()))
}

/// As recorded from the live service.
#[test]
fn the_default_policy_is_the_services() {
    let actions = [
        "SNS:GetTopicAttributes",
        "SNS:SetTopicAttributes",
        "SNS:AddPermission",
        "SNS:RemovePermission",
        "SNS:DeleteTopic",
        "SNS:Subscribe",
        "SNS:ListSubscriptionsByTopic",
        "SNS:Publish",
    ];
    let expected = json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": { "AWS": "*" },
            "Action": actions,
            "Resource": "arn:aws:sns:us-east-1:000000000000:stock",
            "Condition": { "StringEquals": { "AWS:SourceOwner": "000000000000" } },
        }],
    });
    let expected = expected.to_string();
    assert_eq!(default_policy(&arn()), expected);
    assert_eq!(check(&expected), Ok(()));
}

#[test]
fn documents_of_the_documented_forms_are_taken() {
    for (member, value) in [
        ("Effect", json!("Deny")),
        ("Sid", Value::Null),
        ("Principal", json!("*")),
        ("Principal", json!({ "Service": "s3.amazonaws.com", "AWS": "*" })),
        ("Principal", json!({ "AWS": ["arn:aws:iam::123456789012:role/a", "AROAEXAMPLE"] })),
        ("Principal", json!({ "AWS": "arn:aws:sts::123456789012:assumed-role/a/b" })),
        ("Action", json!(["sns:publish", "SNS:Receive", "SNS:ListTagsForResource"])),
        ("Resource", json!("*")),
        ("Resource", json!([ARN])),
        ("Condition", json!({ "ArnLike": { "aws:SourceArn": "arn:aws:s3:*:*:bucket" } })),
    ] {
        assert_eq!(checked(&document(member, value.clone())), Ok(()), "{member}: {value}");
    }
}

#[test]
fn other_forms_are_refused() {
    for (member, value) in [
        ("Effect", Value::Null),
        ("Effect", json!("allow")),
        ("Sid", json!(1)),
        ("Principal", Value::Null),
        ("Principal", json!({ "Aws": "*" })),
        ("Action", Value::Null),
        ("Action", json!([])),
        ("Resource", Value::Null),
        ("Resource", json!([ARN, "*"])),
        ("Condition", json!({ "Equals": { "a": "b" } })),
        ("Extra", json!("x")),
    ] {
        let expected = fault("Policy Error: null");
        assert_eq!(checked(&document(member, value.clone())), expected, "{member}: {value}");
    }
    for bad in ["", "{}", "[]", "text", r#"{"Statement":[]}"#, r#"{"Statement":[1]}"#] {
        assert_eq!(check(bad), fault("Policy Error: null"), "{bad}");
    }
    let mut twice = document("Sid", json!("one"));
    let statement = twice["Statement"][0].clone();
    twice["Statement"].as_array_mut().unwrap().push(statement);
    assert_eq!(checked(&twice), fault("Policy Error: null"));
}

#[test]
fn actions_are_those_of_a_topic() {
    for action in ["SNS:*", "*", "SNS:Publishx", "Publish", "sqs:Publish", "SNS:CreateTopic"] {
        let expected = fault("Policy statement action out of service scope!");
        for actions in [json!(action), json!(["SNS:Publish", action])] {
            assert_eq!(checked(&document("Action", actions)), expected, "{action}");
        }
    }
    let mut not = document("Action", Value::Null);
    not["Statement"][0]["NotAction"] = json!("SNS:Unsubscribe");
    assert_eq!(checked(&not), fault("Policy statement action out of service scope!"));
}

#[test]
fn principals_could_be_there() {
    for principal in
        ["sns.amazonaws.com", "", "12345", "arn:aws:s3:::bucket", "arn:aws:iam::1:root", "user"]
    {
        let value = json!({ "AWS": ["*", principal] });
        let expected = fault("Policy Error: PrincipalNotFound");
        assert_eq!(checked(&document("Principal", value)), expected, "{principal}");
    }
}

#[test]
fn a_document_does_not_grow_too_large() {
    let of_length = |length: usize| {
        let rest = document("Sid", json!("")).to_string().len();
        document("Sid", json!("s".repeat(length - rest))).to_string()
    };
    assert_eq!(check(&of_length(30_720)), Ok(()));
    assert_eq!(check(&of_length(30_721)), fault("Policy: must have at most 30720 bytes"));
    let statement = &document("Sid", Value::Null)["Statement"][0];
    let of_statements = |count| json!({ "Statement": vec![statement; count] });
    assert_eq!(checked(&of_statements(100)), Ok(()));
    assert_eq!(checked(&of_statements(101)), fault("Policy: must have at most 100 statements"));
    let of_principals =
        |count| document("Principal", json!({ "AWS": vec!["000000000001"; count] }));
    assert_eq!(checked(&of_principals(200)), Ok(()));
    assert_eq!(checked(&of_principals(201)), fault("Policy: must have at most 200 principals"));
}

#[test]
fn a_permission_is_a_statement_more() {
    let before = default_policy(&arn());
    let after = add(&before, "grant", &["000000000001"], &["Publish"]).unwrap();
    let expected: Value = json!({
        "Sid": "grant",
        "Effect": "Allow",
        "Principal": { "AWS": "arn:aws:iam::000000000001:root" },
        "Action": "SNS:Publish",
        "Resource": ARN,
    });
    let statements: Value = serde_json::from_str(&after).unwrap();
    assert_eq!(statements["Statement"][1], expected);
    assert!(after.starts_with(before.strip_suffix("]}").unwrap()));
    let more = add(&after, "more", &["000000000001", "000000000002"], &["Subscribe", "Receive"]);
    let more: Value = serde_json::from_str(&more.unwrap()).unwrap();
    assert_eq!(more["Statement"][2]["Action"], json!(["SNS:Subscribe", "SNS:Receive"]));
    let principals = ["arn:aws:iam::000000000001:root", "arn:aws:iam::000000000002:root"];
    assert_eq!(more["Statement"][2]["Principal"]["AWS"], json!(principals));
    assert_eq!(remove_permission(&after, "grant"), Ok(Some(before)));
}

#[test]
fn permissions_that_cannot_be_are_refused() {
    let before = default_policy(&arn());
    let (accounts, actions): (&[&str], &[&str]) = (&["000000000001"], &["Publish"]);
    let scope = "Policy statement action out of service scope!";
    let missing = |name: &str| format!("{name} Reason: no value for required parameter");
    for (label, accounts, actions, text) in [
        ("__default_statement_ID", accounts, actions, "Statement already exists".to_owned()),
        ("x", accounts, &["CreateTopic"], scope.into()),
        ("x", accounts, &["Publish", "*"], scope.into()),
        ("x", accounts, &["publish"], scope.into()),
        ("x", &["1"], actions, "Policy Error: PrincipalNotFound".into()),
        ("", accounts, actions, missing("Label")),
        ("x", &[], actions, missing("AWSAccountId")),
        ("x", accounts, &[], missing("ActionName")),
    ] {
        assert_eq!(add(&before, label, accounts, actions), Err(text));
    }
    let full = (0..99)
        .fold(before, |policy, i| add(&policy, &format!("s{i}"), accounts, actions).unwrap());
    let text = "Policy: must have at most 100 statements";
    assert_eq!(add(&full, "x", accounts, actions), Err(text.into()));
}

#[test]
fn a_label_that_is_not_there_is_no_error() {
    let before = default_policy(&arn());
    assert_eq!(remove_permission(&before, "absent"), Ok(None));
    let text = "Label Reason: no value for required parameter";
    assert_eq!(remove_permission(&before, "").map_err(refusal), Err(text.into()));
    let empty = remove_permission(&before, "__default_statement_ID").unwrap().unwrap();
    let document: Value = serde_json::from_str(&empty).unwrap();
    assert_eq!(document["Statement"], json!([]));
    assert!(check(&add(&empty, "first", &["000000000001"], &["Publish"]).unwrap()).is_ok());
}

proptest! {
    /// Whatever is granted makes a policy, and taking it back leaves what was there.
    #[test]
    fn what_is_added_can_be_removed(labels in vec("[a-z]{1,3}", 1..9)) {
        let before = default_policy(&arn());
        let mut policy = before.clone();
        let mut added = Vec::new();
        for label in &labels {
            match add(&policy, label, &["000000000001"], &["Publish"]) {
                Ok(after) => {
                    prop_assert_eq!(check(&after), Ok(()));
                    policy = after;
                    added.push(label);
                }
                Err(_) => prop_assert!(added.contains(&label)),
            }
        }
        for label in added {
            policy = remove_permission(&policy, label).unwrap().unwrap();
        }
        prop_assert_eq!(policy, before);
    }
}
