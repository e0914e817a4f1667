//! Those who have no good signature, and try.

use std::num::NonZeroU32;

use tidings_server::{Limits, Quota};

use crate::harness::{Service, Setting};
use crate::support::{Client, Response};

const MIB: usize = 1 << 20;

/// The head of a request that this access key is said to have signed, and that is to have a body.
fn head(access_key_id: &str, signed_at: &str, protocol: &str, length: &str) -> String {
    let scope = format!("{access_key_id}/20270115/us-east-1/sqs/aws4_request");
    let signature = "0".repeat(64);
    format!(
        "POST / HTTP/1.1\r\nHost: sqs.test:4566\r\nX-Amz-Date: {signed_at}\r\n{protocol}\
         Authorization: AWS4-HMAC-SHA256 Credential={scope}, \
         SignedHeaders=host;x-amz-date;x-amz-target, Signature={signature}\r\n{length}\r\n\r\n"
    )
}

const JSON: &str =
    "Content-Type: application/x-amz-json-1.0\r\nX-Amz-Target: AmazonSQS.ListQueues\r\n";
const QUERY: &str = "Content-Type: application/x-www-form-urlencoded\r\n";
const NOW: &str = "20270115T080000Z";

async fn answered(service: &Service, head: &str) -> (Client, Response) {
    let mut client = Client::connect(service.addr).await;
    client.send(head).await;
    let response = client.response().await;
    (client, response)
}

#[tokio::test]
async fn a_long_body_is_not_read_if_its_head_is_no_good() {
    let service = Service::authenticating(&["us-east-1"]).await;
    let root = service.root.as_ref().unwrap().access_key_id.clone();
    for length in [format!("Content-Length: {MIB}"), "Transfer-Encoding: chunked".to_owned()] {
        for (id, signed_at, protocol, code) in [
            ("AKIDEXAMPLE", NOW, JSON, "UnrecognizedClientException"),
            ("AKIDEXAMPLE", NOW, QUERY, "InvalidClientTokenId"),
            (&*root, "20270115T070000Z", JSON, "Signature expired"),
            (&*root, "20270115T070000Z", QUERY, "Signature expired"),
        ] {
            // Nothing of the body is sent.
            let head = head(id, signed_at, protocol, &length);
            let (mut client, refused) = answered(&service, &head).await;
            assert!(refused.body.contains(code), "{refused:?}");
            assert_eq!((refused.status, refused.header("connection")), (403, "close"));
            client.ended().await;
        }
    }
    let lines = service.audited().await;
    assert_eq!(lines.len(), 8);
    assert_eq!(lines[0]["action"], "sqs:ListQueues");
    assert_eq!(lines[1]["action"], "sqs:*", "what is asked was in the body");
    assert_eq!(lines[1]["decision"], "denied");
}

#[tokio::test]
async fn a_short_body_is_read_and_the_connection_is_kept() {
    let service = Service::authenticating(&[]).await;
    let head = head("AKIDEXAMPLE", NOW, JSON, "Content-Length: 2");
    let mut client = Client::connect(service.addr).await;
    for _ in 0..2 {
        client.send(format!("{head}{{}}")).await;
        let refused = client.response().await;
        assert_eq!((refused.status, refused.header("connection")), (403, "-"));
    }
    drop(client);
    service.stop().await;
}

#[tokio::test]
async fn those_who_guess_are_told_to_slow_down() {
    let principal = Quota { requests_per_second: NonZeroU32::new(2), requests_under_way: None };
    let limits = Limits { principal, ..Limits::default() };
    let service = Service::authenticating_with(Setting { limits, ..Setting::default() }).await;
    let mut codes = Vec::new();
    for length in [2, 2, 2, MIB] {
        let head = head("AKIDEXAMPLE", NOW, JSON, &format!("Content-Length: {length}"));
        let (_, refused) = answered(&service, &format!("{head}{{}}")).await;
        codes.push(refused.json()["__type"].as_str().unwrap().to_owned());
    }
    let code = |text: &str| codes.iter().filter(|code| code.ends_with(text)).count();
    assert_eq!(
        (code("UnrecognizedClientException"), code("RequestThrottled")),
        (2, 2),
        "{codes:?}"
    );
    // Whoever signs well has a quota of its own.
    let mut root = service.speak_as_root(crate::harness::Protocol::Json).await;
    root.queue("orders", serde_json::json!({})).await;
    drop(root);
    service.stop().await;
}
