//! Policies, judged as for each request that has to be allowed.

use std::hint::black_box;

use tidings_access::{Caller, Facts, Kind, Origin, Policies, PolicyDocument, Request, evaluate};

const ACCOUNT: &str = "111122223333";

const OF_USER: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Action":["sns:Publish","sns:Subscribe"],"Resource":"*"},
    {"Effect":"Allow","Action":["sqs:SendMessage","sqs:ReceiveMessage","sqs:DeleteMessage"],
     "Resource":"arn:aws:sqs:us-east-1:111122223333:*",
     "Condition":{"Bool":{"aws:SecureTransport":"true"}}},
    {"Effect":"Deny","Action":"sqs:DeleteQueue","Resource":"*"}]}"#;

const OF_QUEUE: &str = r#"{"Version":"2012-10-17","Statement":[
    {"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage",
     "Resource":"arn:aws:sqs:us-east-1:111122223333:orders",
     "Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:sns:us-east-1:111122223333:stock*"}}},
    {"Effect":"Deny","Principal":"*","Action":"sqs:*",
     "Resource":"arn:aws:sqs:us-east-1:111122223333:orders",
     "Condition":{"Bool":{"aws:SecureTransport":"false"}}}]}"#;

/// Judges one request over and over. It is allowed, which takes a look at every statement.
pub(super) fn judge() -> impl FnMut() -> usize {
    let parse = |json, kind| PolicyDocument::parse(json, kind).expect("it is a policy");
    let (of_user, of_queue) = (parse(OF_USER, Kind::Identity), parse(OF_QUEUE, Kind::Queue));
    move || {
        let arn = "arn:aws:iam::111122223333:user/orders";
        let caller = Caller::User { account: ACCOUNT, arn, id: "AIDAEXAMPLE" };
        let origin = Origin::Public([192, 0, 2, 1].into());
        let facts = Facts::new(caller, origin, 1_795_442_400_000);
        let request = Request {
            caller,
            action: "sqs:SendMessage",
            resource: "arn:aws:sqs:us-east-1:111122223333:orders",
            resource_account: ACCOUNT,
            context: &facts,
        };
        let policies =
            Policies { identity: &[&of_user], resource: Some(&of_queue), ..Policies::default() };
        usize::from(evaluate(black_box(&request), black_box(&policies)).is_allowed())
    }
}
