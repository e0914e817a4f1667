//! What is no good as a signature, with AWS's codes in both protocols.

use serde_json::json;

use crate::harness::{Credentials, Protocol, REGION, Refusal, START_MS, Service, Sqs};

fn assert_mismatch(protocol: Protocol, refusal: &Refusal, text: &str) {
    refusal.assert_is("SignatureDoesNotMatch", text, &format!("{protocol:?}"));
}

const MISMATCH: &str = "The request signature we calculated does not match the signature you \
    provided. Check your AWS Secret Access Key and signing method. Consult the service \
    documentation for details.";

/// Runs a test in both protocols, with a client of the root user.
async fn in_both_protocols(test: impl AsyncFn(&mut Sqs, Credentials)) {
    for protocol in Protocol::BOTH {
        let service = Service::authenticating(&[REGION]).await;
        let mut sqs = service.speak_as_root(protocol).await;
        test(&mut sqs, service.root.clone().unwrap()).await;
        drop(sqs);
        service.stop().await;
    }
}

#[tokio::test]
async fn the_root_user_may_do_everything_in_its_account() {
    in_both_protocols(async |sqs, _| {
        let url = sqs.queue("orders", json!({})).await;
        sqs.send(&url, "hello").await;
        let input = json!({ "QueueUrl": url, "MessageSystemAttributeNames": ["SenderId"] });
        let received = sqs.receive_with(input).await;
        assert_eq!(received[0]["Attributes"]["SenderId"], "000000000000");
    })
    .await;
}

#[tokio::test]
async fn an_access_key_outlives_a_restart() {
    let service = Service::authenticating(&[]).await.restart().await;
    let mut sqs = service.speak_as_root(Protocol::Json).await;
    sqs.queue("orders", json!({})).await;
    drop(sqs);
    service.stop().await;
}

#[tokio::test]
async fn a_wrong_secret_is_refused() {
    in_both_protocols(async |sqs, root| {
        let secret = root.secret.replacen(|_: char| true, "x", 1);
        sqs.credentials = Some(Credentials { secret, ..root });
        let refusal = sqs.refused("ListQueues", json!({})).await;
        assert_mismatch(sqs.protocol, &refusal, MISMATCH);
    })
    .await;
}

#[tokio::test]
async fn an_unknown_access_key_is_refused() {
    in_both_protocols(async |sqs, root| {
        let text = "The security token included in the request is invalid.";
        for credentials in [
            Credentials { access_key_id: "AKIDEXAMPLE".into(), ..root.clone() },
            Credentials { session_token: Some("no token".into()), ..root },
        ] {
            sqs.credentials = Some(credentials);
            let refusal = sqs.refused("ListQueues", json!({})).await;
            refusal.assert_is("InvalidClientTokenId", text, "ListQueues");
        }
    })
    .await;
}

#[tokio::test]
async fn a_stale_or_early_date_is_refused() {
    in_both_protocols(async |sqs, _| {
        let request = sqs.request("ListQueues", &json!({}));
        sqs.pass_seconds(15 * 60);
        assert_eq!(sqs.raw(&request).await.status, 200);
        sqs.pass_seconds(1);
        let stale = sqs.raw(&request).await;
        let refusal = match sqs.protocol {
            Protocol::Json => Refusal::from_json(&stale),
            Protocol::Query => Refusal::from_xml(&stale),
        };
        let text = "Signature expired: 20270115T080000Z is now earlier than 20270115T080001Z \
                    (20270115T081501Z - 15 min.)";
        assert_mismatch(sqs.protocol, &refusal, text);
        assert_eq!(stale.status, 403);
    })
    .await;
}

#[tokio::test]
async fn a_changed_body_is_refused_and_changes_nothing() {
    in_both_protocols(async |sqs, _| {
        let request = sqs.request("CreateQueue", &json!({ "QueueName": "orders" }));
        let changed = sqs.raw(&request.replace("orders", "ordera")).await;
        assert_eq!(changed.status, 403, "{changed:?}");
        assert!(changed.body.contains("does not match"), "{changed:?}");
        let listed = sqs.ok("ListQueues", json!({})).await;
        assert_eq!(listed.get("QueueUrls"), None);
        assert_eq!(sqs.raw(&request).await.status, 200);
    })
    .await;
}

#[tokio::test]
async fn a_foreign_region_or_service_is_refused() {
    in_both_protocols(async |sqs, root| {
        sqs.credentials = Some(Credentials { region: "eu-west-1".into(), ..root.clone() });
        let refusal = sqs.refused("ListQueues", json!({})).await;
        let text = "Credential should be scoped to a valid region.";
        assert_mismatch(sqs.protocol, &refusal, text);
        sqs.credentials = None;
        let form = "Action=ListQueues";
        let headers = [("Host", sqs.host.as_str()), ("Content-Type", "application/x-amz-json-1.0")];
        let target = ("X-Amz-Target", "AmazonSQS.ListQueues");
        let (headers, body) = match sqs.protocol {
            Protocol::Json => ([headers[0], headers[1], target].to_vec(), "{}"),
            Protocol::Query => (vec![headers[0]], form),
        };
        let signed = root.headers("s3", "POST", "/", &headers, body, START_MS);
        let signed = signed.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let headers: Vec<_> = headers[1..].iter().copied().chain(signed).collect();
        let foreign = sqs.raw(&sqs.message("POST", "/", &headers, body)).await;
        assert_eq!(foreign.status, 403, "{foreign:?}");
        let text = "Credential should be scoped to correct service: 'sqs'.";
        assert!(foreign.body.replace("&apos;", "'").contains(text), "{foreign:?}");
    })
    .await;
}

#[tokio::test]
async fn an_incomplete_signature_is_refused() {
    in_both_protocols(async |sqs, _| {
        sqs.credentials = None;
        sqs.headers = vec![(
            "Authorization".into(),
            "AWS4-HMAC-SHA256 Credential=a/20270115/us-east-1/sqs/aws4_request".into(),
        )];
        let refusal = sqs.refused("ListQueues", json!({})).await;
        let text = "Authorization header requires 'Signature' parameter. Authorization header \
                    requires 'SignedHeaders' parameter. *";
        refusal.assert_is("IncompleteSignature", text, "ListQueues");
    })
    .await;
}

#[tokio::test]
async fn a_presigned_url_is_good_until_its_time_has_passed() {
    let service = Service::authenticating(&[]).await;
    let mut sqs = service.speak(Protocol::Query).await;
    let root = service.root.clone().unwrap();
    let query = root.presigned("sqs", "/?Action=ListQueues", &sqs.host, START_MS, 60);
    let request = sqs.get(&format!("/?{query}"));
    assert_eq!(sqs.raw(&request).await.status, 200);
    sqs.pass_seconds(60);
    assert_eq!(sqs.raw(&request).await.status, 200);
    sqs.pass_seconds(1);
    let replayed = sqs.raw(&request).await;
    assert_mismatch(Protocol::Query, &Refusal::from_xml(&replayed), "Signature expired: *");
    let other = request.replace("ListQueues", "CreateQueue");
    assert_eq!(sqs.raw(&other).await.status, 403);
    drop(sqs);
    service.stop().await;
}

#[tokio::test]
async fn sns_has_the_same_codes() {
    let service = Service::authenticating(&[REGION]).await;
    let mut sns = service.sns_as_root().await;
    sns.topic("stock").await;
    let root = service.root.clone().unwrap();
    for (credentials, code, text) in [
        (Credentials { secret: "x".into(), ..root.clone() }, "SignatureDoesNotMatch", MISMATCH),
        (
            Credentials { access_key_id: "AKIDEXAMPLE".into(), ..root.clone() },
            "InvalidClientTokenId",
            "The security token included in the request is invalid.",
        ),
        (
            Credentials { region: "eu-west-1".into(), ..root },
            "SignatureDoesNotMatch",
            "Credential should be scoped to a valid region.",
        ),
    ] {
        sns.credentials = Some(credentials);
        sns.refused("ListTopics", json!({})).await.assert_is(code, text, "ListTopics");
    }
    drop(sns);
    service.stop().await;
}
