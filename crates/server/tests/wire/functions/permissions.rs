//! Who may do what with functions.

use serde_json::{Value, json};

use super::{authenticating, user};
use crate::auth::identities::Admin;
use crate::harness::{FUNCTIONS, Protocol, new_function, queue_arn};

#[tokio::test]
async fn a_user_does_what_its_policy_allows() {
    let service = authenticating().await;
    let mut root = service.lambda().await;
    root.function("resize").await;
    let mut invoker = user(&service, "ann", "lambda:InvokeFunction").await;
    assert_eq!(invoker.invoke("resize", "{}").await.status, 200);
    let one = format!("{FUNCTIONS}/resize");
    let (status, name, text) = invoker.refused("GET", &one, Value::Null).await;
    assert_eq!((status, &*name), (403, "AccessDeniedException"));
    let arn = "arn:aws:lambda:us-east-1:000000000000:function:resize";
    for part in ["user/ann", "lambda:GetFunction", arn] {
        assert!(text.contains(part), "{part}: {text}");
    }
    // Who may not look is not told what there is.
    let (status, ..) = invoker.refused("GET", &format!("{FUNCTIONS}/other"), Value::Null).await;
    assert_eq!(status, 403);
    service.stop().await;
}

#[tokio::test]
async fn a_functions_policy_lets_somebody_in() {
    let service = authenticating().await;
    let mut root = service.lambda().await;
    root.function("resize").await;
    let mut nobody = user(&service, "ann", "sqs:ListQueues").await;
    assert_eq!(nobody.invoke("resize", "{}").await.status, 403);
    let permission = json!({
        "StatementId": "ann",
        "Action": "lambda:InvokeFunction",
        "Principal": "arn:aws:iam::000000000000:user/ann",
    });
    let policy = format!("{FUNCTIONS}/resize/policy");
    let added = root.ok(201, "POST", &policy, permission).await;
    assert!(added["Statement"].as_str().unwrap().contains("user/ann"));
    assert_eq!(nobody.invoke("resize", "{}").await.status, 200);
    let shown = root.ok(200, "GET", &policy, Value::Null).await;
    let shown: Value = serde_json::from_str(shown["Policy"].as_str().unwrap()).unwrap();
    assert_eq!(shown["Statement"][0]["Sid"], "ann");
    root.ok(204, "DELETE", &format!("{policy}/ann"), Value::Null).await;
    assert_eq!(nobody.invoke("resize", "{}").await.status, 403);
    service.stop().await;
}

#[tokio::test]
async fn a_role_and_a_destination_are_not_for_everybody_to_hand_out() {
    let service = authenticating().await;
    service.speak_as_root(Protocol::Json).await.queue("done", json!({})).await;
    let mut maker = user(&service, "ann", "lambda:*").await;
    let (status, _, text) = maker.refused("POST", FUNCTIONS, new_function("resize")).await;
    assert_eq!(status, 403);
    assert!(text.contains("iam:PassRole"), "{text}");
    service.lambda().await.function("resize").await;
    let config = "/2019-09-25/functions/resize/event-invoke-config";
    let to = |arn: String| json!({ "DestinationConfig": { "OnFailure": { "Destination": arn } } });
    let (status, _, text) = maker.refused("PUT", config, to(queue_arn("done"))).await;
    assert_eq!(status, 403);
    assert!(text.contains("sqs:sendmessage"), "as texts about queues have it: {text}");

    // Who may send there may name it, if the queue's policy and its key let them, too.
    let mut sender = user(&service, "bob", "*").await;
    sender.ok(200, "PUT", config, to(queue_arn("done"))).await;
    let mut sqs = service.speak_as_root(Protocol::Json).await;
    let not_bob = json!({ "Version": "2012-10-17", "Statement": [{
        "Effect": "Deny", "Action": "sqs:SendMessage", "Resource": "*",
        "Principal": { "AWS": "arn:aws:iam::000000000000:user/bob" },
    }] });
    sqs.queue("closed", json!({ "Policy": not_bob.to_string() })).await;
    let (status, _, text) = sender.refused("PUT", config, to(queue_arn("closed"))).await;
    assert_eq!(status, 403);
    assert!(text.contains("resource-based policy"), "{text}");
    let mut kms = service.kms().await;
    let key = kms.key().await;
    let allow = json!({ "Effect": "Allow", "Principal": "*", "Action": "kms:*", "Resource": "*" });
    let mut deny = allow.clone();
    (deny["Effect"], deny["Action"]) = (json!("Deny"), json!("kms:GenerateDataKey"));
    deny["Principal"] = json!({ "AWS": "arn:aws:iam::000000000000:user/bob" });
    let policy = json!({ "Version": "2012-10-17", "Statement": [allow, deny] }).to_string();
    let put = json!({ "KeyId": key, "PolicyName": "default", "Policy": policy });
    kms.ok("PutKeyPolicy", put).await;
    sqs.queue("secret", json!({ "KmsMasterKeyId": key })).await;
    let (status, _, text) = sender.refused("PUT", config, to(queue_arn("secret"))).await;
    assert_eq!(status, 403);
    assert!(text.contains("kms:GenerateDataKey"), "{text}");
    service.lambda().await.ok(200, "PUT", config, to(queue_arn("secret"))).await;

    let strange = "arn:aws:sqs:us-east-1:999988887777:done".to_owned();
    let (status, ..) = service.lambda().await.refused("PUT", config, to(strange)).await;
    assert_eq!(status, 400);
    service.stop().await;
}

#[tokio::test]
async fn a_role_is_passed_within_its_own_account_and_policies_may_say_what_to() {
    let service = authenticating().await;
    let mut ann = user(&service, "ann", "lambda:*").await;
    let passing = |to: &str| {
        let condition = json!({
            "StringEquals": { "iam:PassedToService": to },
            "ArnLike": { "iam:AssociatedResourceArn": "arn:aws:lambda:*:*:function:resize" },
        });
        json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Action": "lambda:*", "Resource": "*" },
            { "Effect": "Allow", "Action": "iam:PassRole", "Resource": "*", "Condition": condition },
        ] })
    };
    let mut admin = Admin::of(&service, service.root.clone()).await;
    admin.put_document("ann", &passing("ec2.amazonaws.com").to_string()).await;
    assert_eq!(ann.refused("POST", FUNCTIONS, new_function("resize")).await.0, 403);
    admin.put_document("ann", &passing("lambda.amazonaws.com").to_string()).await;
    assert_eq!(ann.refused("POST", FUNCTIONS, new_function("other")).await.0, 403);
    ann.function("resize").await;

    // Who may do everything in the account may not hand out what is another's.
    let strange = json!({ "Role": "arn:aws:iam::999988887777:role/runs" });
    let mut created = new_function("other");
    created["Role"] = strange["Role"].clone();
    let mut root = service.lambda().await;
    let configuration = format!("{FUNCTIONS}/resize/configuration");
    for (method, path, input) in
        [("POST", FUNCTIONS, created), ("PUT", configuration.as_str(), strange)]
    {
        let (status, name, text) = root.refused(method, path, input).await;
        assert_eq!((status, &*name), (403, "AccessDeniedException"));
        assert_eq!(text, "Cross-account pass role is not allowed.");
    }
    service.stop().await;
}

#[tokio::test]
async fn without_a_signature_nothing_is_done() {
    let service = authenticating().await;
    let mut anonymous = service.lambda().await;
    anonymous.credentials = None;
    for (method, path) in [("GET", "/2015-03-31/functions/"), ("POST", FUNCTIONS)] {
        let (status, name, _) = anonymous.refused(method, path, Value::Null).await;
        assert_eq!((status, &*name), (403, "MissingAuthenticationTokenException"));
    }
    service.stop().await;
}
