//! How long a decision takes. Run with
//! `cargo test --release -p tidings-access --test rate -- --ignored --nocapture`.
#![allow(clippy::unwrap_used)]

use std::hint::black_box;
use std::time::Instant;

use tidings_access::{
    Caller, Facts, Kind, Origin, Policies, PolicyDocument, Request, Source, evaluate,
};

const ACCOUNT: &str = "111122223333";
const QUEUE: &str = "arn:aws:sqs:us-east-1:111122223333:orders";
const ROUNDS: u32 = 1_000_000;

const IDENTITY: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Action":["sns:Publish","sns:Subscribe"],"Resource":"*"},
    {"Effect":"Allow","Action":["sqs:SendMessage","sqs:ReceiveMessage","sqs:DeleteMessage"],
     "Resource":"arn:aws:sqs:us-east-1:111122223333:*",
     "Condition":{"Bool":{"aws:SecureTransport":"true"}}},
    {"Effect":"Deny","Action":"sqs:DeleteQueue","Resource":"*"}]}"#;

const OF_QUEUE: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage",
     "Resource":"arn:aws:sqs:us-east-1:111122223333:orders",
     "Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:sns:us-east-1:111122223333:stock*"},
                  "StringEquals":{"aws:SourceAccount":"111122223333"}}},
    {"Effect":"Deny","Principal":"*","Action":"sqs:*",
     "Resource":"arn:aws:sqs:us-east-1:111122223333:orders",
     "Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#;

const OWN_QUEUE: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Action":"sqs:*","Resource":"arn:aws:sqs:*:*:${aws:username, 'orders'}"}]}"#;

#[test]
#[ignore = "a measurement"]
fn rate() {
    let ann = Caller::User {
        account: ACCOUNT,
        arn: "arn:aws:iam::111122223333:user/orders",
        id: "AIDAANN",
    };
    let sns = Caller::Service { name: "sns.amazonaws.com" };
    let source = Source {
        arn: "arn:aws:sns:us-east-1:111122223333:stock",
        account: ACCOUNT,
        organisation: None,
    };
    let (identity, own) = (parse(IDENTITY, Kind::Identity), parse(OWN_QUEUE, Kind::Identity));
    let of_queue = parse(OF_QUEUE, Kind::Queue);
    let both =
        Policies { identity: &[&identity], resource: Some(&of_queue), ..Policies::default() };
    measure("user, identity and queue policy", ann, None, &both);
    measure("service, queue policy", sns, Some(source), &both);
    let variable = Policies { identity: &[&own], ..Policies::default() };
    measure("user, identity policy with a variable", ann, None, &variable);
    let began = Instant::now();
    for _ in 0..ROUNDS / 100 {
        black_box(parse(black_box(OF_QUEUE), Kind::Queue));
    }
    println!("parse a queue policy: {:?}", began.elapsed() / (ROUNDS / 100));
}

fn parse(json: &str, kind: Kind) -> PolicyDocument {
    PolicyDocument::parse(json, kind).unwrap()
}

fn measure(what: &str, caller: Caller<'_>, source: Option<Source<'_>>, policies: &Policies<'_>) {
    let origin = Origin::Public("203.0.113.7".parse().unwrap());
    let facts = Facts { source, ..Facts::new(caller, origin, 1_795_442_400_000) };
    let request = Request {
        caller,
        action: "sqs:SendMessage",
        resource: QUEUE,
        resource_account: ACCOUNT,
        context: &facts,
    };
    let began = Instant::now();
    for _ in 0..ROUNDS {
        assert!(evaluate(black_box(&request), black_box(policies)).is_allowed());
    }
    println!("{what}: {:?}", began.elapsed() / ROUNDS);
}
