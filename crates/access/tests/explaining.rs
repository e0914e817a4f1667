//! What `policy explain` has to print.

#![allow(clippy::unwrap_used)]

use tidings_access::{
    Caller, Facts, Kind, Naming, Origin, Policies, PolicyDocument, Request, access_denied_text,
    evaluate, explain,
};

const OWN: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Sid":"Topics","Effect":"Allow","Action":"sns:*","Resource":"*"},
    {"Sid":"Mine","Effect":"Allow","Action":"sqs:*","Resource":"arn:aws:sqs:*:*:${aws:username}"},
    {"Sid":"Other","Effect":"Allow","Action":"sqs:*","Resource":"arn:aws:sqs:*:*:returns"},
    {"Sid":"Inside","Effect":"Allow","Action":"sqs:*","Resource":"*",
     "Condition":{"StringEquals":{"aws:SourceVpce":"vpce-1"}}},
    {"Sid":"Send","Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}]}"#;

const OF_QUEUE: &str = r#"{"Id":"p","Statement":[
    {"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"sqs:*","Resource":"*"},
    {"Sid":"not sns","Effect":"Deny","Principal":{"Service":"sns.amazonaws.com"},
     "Action":"sqs:*","Resource":"*"}]}"#;

#[test]
fn every_statement_says_why() {
    let caller = Caller::Session {
        account: "111122223333",
        role_arn: "arn:aws:iam::111122223333:role/worker",
        arn: "arn:aws:sts::111122223333:assumed-role/worker/run-1",
        role_id: "AROAWORKER",
    };
    let facts = Facts::new(caller, Origin::Public([192, 0, 2, 1].into()), 0);
    let request = Request {
        caller,
        action: "sqs:SendMessage",
        resource: "arn:aws:sqs:us-east-1:111122223333:orders",
        resource_account: "111122223333",
        context: &facts,
    };
    let own = PolicyDocument::parse(OWN, Kind::Identity).unwrap();
    let of_queue = PolicyDocument::parse(OF_QUEUE, Kind::Queue).unwrap();
    assert_eq!((of_queue.id(), of_queue.kind()), (Some("p"), Kind::Queue));
    assert_eq!(own.statements()[1].sid(), Some("Mine"));
    let policies = Policies { identity: &[&own], resource: Some(&of_queue), ..Policies::default() };
    let traces = explain(&request, &policies);
    let lines: Vec<String> = traces.iter().map(ToString::to_string).collect();
    assert_eq!(
        lines,
        [
            "statement 0 of a resource-based policy allows it",
            "statement 1 (not sns) of a resource-based policy is about other principals",
            "statement 0 (Topics) of an identity-based policy is about other actions",
            "statement 1 (Mine) of an identity-based policy needs one value of aws:username, \
             which the request lacks",
            "statement 2 (Other) of an identity-based policy is about other resources",
            "statement 3 (Inside) of an identity-based policy has a condition that is not met: \
             StringEquals on aws:SourceVpce",
            "statement 4 (Send) of an identity-based policy allows it",
        ]
    );
    assert_eq!(traces[0].outcome, Ok(Naming::Account));
    assert_eq!(
        evaluate(&request, &policies).to_string(),
        "allowed by statement 4 (Send) of an identity-based policy"
    );
    assert_eq!(
        evaluate(&request, &Policies { identity: &[], ..policies }).to_string(),
        "denied: no identity-based policy allows it"
    );
}

#[test]
fn a_queue_without_detail_is_named_by_its_url() {
    assert_eq!(
        access_denied_text("http://sqs.us-east-1.localhost:4566/111122223333/orders"),
        "Access to the resource http://sqs.us-east-1.localhost:4566/111122223333/orders is denied."
    );
}
