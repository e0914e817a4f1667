use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::json;

use super::*;
use crate::names::QueueArn;

const ARN: &str = "arn:aws:sqs:us-east-1:000000000000:orders";

fn texts(of: &[&str]) -> Vec<String> {
    of.iter().map(|&text| text.to_owned()).collect()
}

fn add(
    policy: Option<&str>,
    label: &str,
    accounts: &[&str],
    actions: &[&str],
) -> Result<String, Rejection> {
    let arn = QueueArn::parse(ARN).unwrap();
    add_permission(policy, &arn, label, &texts(accounts), &texts(actions))
}

/// A statement, with one member replaced, added, or (by null) removed.
fn statement(member: &str, value: Value) -> Value {
    let mut statement = json!({
        "Sid": "one",
        "Effect": "Allow",
        "Principal": { "AWS": ["000000000001"] },
        "Action": "sqs:SendMessage",
        "Resource": ARN,
    });
    let members = statement.as_object_mut().unwrap();
    if value.is_null() {
        members.remove(member)
    } else {
        members.insert(member.into(), value)
    };
    statement
}

fn document(statements: Value) -> Value {
    json!({ "Version": "2012-10-17", "Id": "some id", "Statement": statements })
}

fn check_statement(member: &str, value: Value) -> Result<(), Rejection> {
    check(&document(json!([statement(member, value)])).to_string())
}

fn over(text: &str) -> Result<(), Rejection> {
    Err(Rejection::OverLimit(text.into()))
}

fn refused_parameter(text: &str) -> Rejection {
    Rejection::InvalidParameterValue(text.into())
}

#[test]
fn documents_of_the_documented_forms_are_taken() {
    let good = statement("Sid", json!("one"));
    for document in [
        document(good.clone()),
        document(json!([good])),
        json!({ "Statement": good }),
        json!({ "Version": "2008-10-17", "Statement": good }),
        document(json!([statement("Sid", json!(null)), statement("Sid", Value::Null)])),
        document(json!([statement("Sid", json!("a")), statement("Sid", json!("b"))])),
    ] {
        assert_eq!(check(&document.to_string()), Ok(()), "{document}");
    }
    for (member, value) in [
        ("Effect", json!("Deny")),
        ("Principal", json!("*")),
        ("Principal", json!({ "AWS": "*" })),
        ("Principal", json!({ "Service": "sns.amazonaws.com", "AWS": ["1", "2"] })),
        ("Action", json!(["sqs:*", "SQS:SendMessage"])),
        ("Resource", json!(["*", ARN])),
        ("Condition", json!({})),
        ("Condition", json!({ "ArnEquals": { "aws:SourceArn": [ARN, ARN] } })),
        ("Condition", json!({ "ForAnyValue:StringLikeIfExists": { "a": "b" } })),
        ("Condition", json!({ "NumericLessThanEquals": { "a": 1 }, "Bool": { "b": false } })),
        ("Condition", json!({ "Null": { "a": "true" }, "DateGreaterThan": { "b": "2026" } })),
    ] {
        assert_eq!(check_statement(member, value.clone()), Ok(()), "{member}: {value}");
    }
    for (member, instead) in
        [("Principal", "NotPrincipal"), ("Action", "NotAction"), ("Resource", "NotResource")]
    {
        let mut other = statement(member, Value::Null);
        other[instead] = statement("", Value::Null)[member].clone();
        assert_eq!(check(&document(other).to_string()), Ok(()), "{instead}");
    }
}

#[test]
fn anything_else_is_no_document() {
    let good = statement("Sid", json!("one"));
    let mut bad: Vec<String> =
        ["", " ", "badjson", "[]", "\"string\"", "533", "null", "{", "{}"].map(Into::into).into();
    bad.push("[".repeat(4000));
    for document in [
        document(json!([])),
        document(json!("one")),
        document(json!([good, "two"])),
        document(json!([good, good])),
        json!({ "Version": "4532-10-17", "Statement": good }),
        json!({ "Version": 2012, "Statement": good }),
        json!({ "Id": 1, "Statement": good }),
        json!({ "Dummy": "value", "Statement": good }),
    ] {
        bad.push(document.to_string());
    }
    for (member, value) in [
        ("dummy", json!("value")),
        ("Sid", json!(1)),
        ("Effect", Value::Null),
        ("Effect", json!("allow")),
        ("Principal", Value::Null),
        ("Principal", json!("000000000001")),
        ("Principal", json!({})),
        ("Principal", json!({ "AWS": [] })),
        ("Principal", json!({ "Aws": "*" })),
        ("NotPrincipal", json!("*")),
        ("Action", Value::Null),
        ("Action", json!([])),
        ("Action", json!([1])),
        ("NotAction", json!("sqs:*")),
        ("Resource", Value::Null),
        ("Resource", json!({})),
        ("NotResource", json!("*")),
        ("Condition", json!([])),
        ("Condition", json!({ "StringEqual": { "a": "b" } })),
        ("Condition", json!({ "NullIfExists": { "a": "true" } })),
        ("Condition", json!({ "ForSomeValues:StringEquals": { "a": "b" } })),
        ("Condition", json!({ "StringEquals": "b" })),
        ("Condition", json!({ "StringEquals": { "a": {} } })),
        ("Condition", json!({ "StringEquals": { "a": [["b"]] } })),
    ] {
        bad.push(document(statement(member, value)).to_string());
    }
    let refused =
        Rejection::InvalidAttributeValue("Invalid value for the parameter Policy.".into());
    for text in bad {
        assert_eq!(check(&text), Err(refused.clone()), "{text}");
    }
}

#[test]
fn documents_have_their_limits() {
    let many = |statements: usize| {
        let statements: Vec<Value> =
            (0..statements).map(|i| statement("Sid", json!(format!("s{i}")))).collect();
        check(&document(statements.into()).to_string())
    };
    assert_eq!(many(20), Ok(()));
    let text = "21 statements were found in the submitted policy, max allowed is 20";
    assert_eq!(many(21), over(text));

    let actions =
        |actions: usize| check_statement("Action", json!(vec!["sqs:SendMessage"; actions]));
    assert_eq!(actions(7), Ok(()));
    let text = "8 actions were found in a statement from the submitted policy, max allowed is 7";
    assert_eq!(actions(8), over(text));

    let principals = |one: usize, another: usize| {
        let mut first = statement("Principal", json!({ "AWS": vec!["000000000001"; one] }));
        first.as_object_mut().unwrap().remove("Sid");
        let second = statement("Principal", json!({ "AWS": vec!["000000000001"; another] }));
        check(&document(json!([first, second])).to_string())
    };
    assert_eq!(principals(25, 25), Ok(()));
    let text = "51 principals were found in the submitted policy, max allowed is 50";
    assert_eq!(principals(25, 26), over(text));

    let conditions = |one: usize, another: usize| {
        let keys = |count| (0..count).map(|i| (format!("k{i}"), json!("v"))).collect::<Map<_, _>>();
        let conditions = json!({ "StringEquals": keys(one), "StringLike": keys(another) });
        check_statement("Condition", conditions)
    };
    assert_eq!(conditions(5, 5), Ok(()));
    let text =
        "11 conditions were found in a statement from the submitted policy, max allowed is 10";
    assert_eq!(conditions(5, 6), over(text));

    let text = document(statement("Sid", json!("one"))).to_string();
    let padded = |bytes: usize| check(&format!("{text}{}", " ".repeat(bytes - text.len())));
    assert_eq!(padded(8192), Ok(()));
    assert_eq!(padded(8193), over("Submitted policy is over max allowed size."));
}

#[test]
fn permissions_make_a_policy_and_go_again() {
    let first = add(None, "first", &["000000000001", "000000000002"], &["ReceiveMessage"]).unwrap();
    let one = r#"{"Sid":"first","Effect":"Allow","Principal":{"AWS":["arn:aws:iam::000000000001:root","arn:aws:iam::000000000002:root"]},"Action":"SQS:ReceiveMessage","Resource":"arn:aws:sqs:us-east-1:000000000000:orders"}"#;
    let head = r#"{"Version":"2008-10-17","Id":"arn:aws:sqs:us-east-1:000000000000:orders/SQSDefaultPolicy","Statement":["#;
    assert_eq!(first, format!("{head}{one}]}}"));
    let both = add(Some(&first), "second", &["000000000001"], &["*", "PurgeQueue"]).unwrap();
    let two = r#"{"Sid":"second","Effect":"Allow","Principal":{"AWS":"arn:aws:iam::000000000001:root"},"Action":["SQS:*","SQS:PurgeQueue"],"Resource":"arn:aws:sqs:us-east-1:000000000000:orders"}"#;
    assert_eq!(both, format!("{head}{one},{two}]}}"));
    assert_eq!(check(&both), Ok(()));

    let taken = "Value second for parameter Label is invalid. Reason: Already exists.";
    let again = add(Some(&both), "second", &["000000000003"], &["SendMessage"]);
    assert_eq!(again, Err(refused_parameter(taken)));
    let left = remove_permission(Some(&both), "first").unwrap().unwrap();
    assert_eq!(left, format!("{head}{two}]}}"));
    assert_eq!(remove_permission(Some(&left), "second"), Ok(None));
}

#[test]
fn a_policy_of_ones_own_keeps_its_form() {
    let own = r#"{"Statement": {"Resource":"*","Action":"sqs:*","Principal":"*","Effect":"Deny","Sid":"own"},"Version":"2012-10-17"}"#;
    let more = add(Some(own), "more", &["000000000001"], &["SendMessage"]).unwrap();
    let start = r#"{"Statement":[{"Resource":"*","Action":"sqs:*","Principal":"*","Effect":"Deny","Sid":"own"},{"Sid":"more","#;
    assert!(more.starts_with(start), "{more}");
    assert!(more.ends_with(r#"],"Version":"2012-10-17"}"#), "{more}");
    assert_eq!(remove_permission(Some(own), "own"), Ok(None));
    let without = remove_permission(Some(&more), "more").unwrap().unwrap();
    assert!(same(&without, &own.replace("\": {", "\":[{").replace("},", "}],")), "{without}");
}

#[test]
fn permissions_that_are_refused() {
    let account = ["000000000001"];
    let send = ["SendMessage"];
    let missing = |name: &str| Err(Rejection::MissingParameter(name.into()));
    assert_eq!(add(None, "", &account, &send), missing("Label"));
    assert_eq!(add(None, "l", &[], &send), missing("PrincipalId"));
    assert_eq!(add(None, "l", &account, &[]), missing("ActionName"));

    let longest = "l".repeat(80);
    assert!(add(None, &longest, &account, &send).is_ok());
    for label in [&*format!("{longest}l"), "a b", "ä", "a.b"] {
        let text = format!(
            "Value {label} for parameter Label is invalid. Reason: Label can only include \
             alphanumeric characters, hyphens, or underscores. 1 to 80 in length."
        );
        assert_eq!(add(None, label, &account, &send), Err(refused_parameter(&text)));
    }
    for (bad, shown) in [
        (&["000000000001", "1"][..], "[000000000001, 1]"),
        (&["arn:aws:iam::000000000001:root"][..], "[arn:aws:iam::000000000001:root]"),
        (&["*"][..], "[*]"),
    ] {
        let text = format!(
            "Value {shown} for parameter PrincipalId is invalid. Reason: Unable to verify."
        );
        assert_eq!(add(None, "l", bad, &send), Err(refused_parameter(&text)));
    }
    let wsdl = "Please refer to the appropriate WSDL for a list of valid actions.";
    let owner = "Only the queue owner is allowed to invoke this action.";
    for (action, reason) in [
        ("SendMessageBatch", wsdl),
        ("sendMessage", wsdl),
        ("SQS:SendMessage", wsdl),
        ("", wsdl),
        ("CreateQueue", owner),
        ("SetQueueAttributes", owner),
        ("StartMessageMoveTask", owner),
    ] {
        let text =
            format!("Value SQS:{action} for parameter ActionName is invalid. Reason: {reason}");
        let added = add(None, "l", &account, &["SendMessage", action]);
        assert_eq!(added, Err(refused_parameter(&text)));
    }
}

#[test]
fn permissions_have_their_limits() {
    let over = |text: &str| Err(Rejection::OverLimit(text.into()));
    assert!(add(None, "l", &["000000000001"], &["SendMessage"; 7]).is_ok());
    let eight = add(None, "l", &["000000000001"], &["SendMessage"; 8]);
    assert_eq!(eight, over("8 Actions were found, maximum allowed is 7."));

    let mut policy = None;
    for label in 0..20 {
        let accounts = ["000000000001"];
        policy = Some(add(policy.as_deref(), &label.to_string(), &accounts, &["*"]).unwrap());
    }
    let one_more = add(policy.as_deref(), "20", &["000000000001"], &["*"]);
    assert_eq!(one_more, over("21 Statements were found, maximum allowed is 20."));

    assert!(add(None, "l", &["000000000001"; 50], &["*"]).is_ok());
    let crowd = add(None, "l", &["000000000001"; 51], &["*"]);
    let text = "51 principals were found in the submitted policy, max allowed is 50";
    assert_eq!(crowd, over(text));

    let nearly_full = document(statement("Sid", json!("s".repeat(8000)))).to_string();
    let added = add(Some(&nearly_full), "l", &["000000000001"], &["*"]);
    assert_eq!(added, over("Submitted policy is over max allowed size."));
}

#[test]
fn removing_what_is_not_there_is_refused() {
    let policy = add(None, "there", &["000000000001"], &["*"]).unwrap();
    for policy in [None, Some(policy.as_str())] {
        let text = "Value absent for parameter Label is invalid. Reason: can't find label.";
        assert_eq!(remove_permission(policy, "absent"), Err(refused_parameter(text)));
        let missing = Err(Rejection::MissingParameter("Label".into()));
        assert_eq!(remove_permission(policy, ""), missing);
    }
}

proptest! {
    /// Whatever is added can be removed again, in any order, and what is left stays a policy.
    #[test]
    fn permissions_come_and_go(labels in vec("[a-z]{1,2}", 1..12), order in any::<prop::sample::Index>()) {
        let mut policy: Option<String> = None;
        let mut there: Vec<String> = Vec::new();
        for label in labels {
            match add(policy.as_deref(), &label, &["000000000001"], &["SendMessage"]) {
                Ok(text) => {
                    prop_assert!(!there.contains(&label));
                    prop_assert_eq!(check(&text), Ok(()));
                    there.push(label);
                    policy = Some(text);
                }
                Err(_) => prop_assert!(there.contains(&label)),
            }
        }
        while !there.is_empty() {
            let label = there.remove(order.index(there.len()));
            policy = remove_permission(policy.as_deref(), &label).unwrap();
            prop_assert_eq!(policy.is_none(), there.is_empty());
        }
    }
}
