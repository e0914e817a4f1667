//! Against a service made of a socket.

use std::time::Duration;

use tidings_sigv4::{Claim, Request as Unsigned, SecretKey};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

use super::*;
use crate::{ParcelKind, ServiceCredentials};

const ARN: &str = "arn:aws:lambda:eu-west-1:111122223333:function:resize:live";

fn parcel(endpoint: &str) -> Parcel {
    Parcel {
        endpoint: endpoint.to_owned(),
        body: Bytes::from_static(b"{\"Records\":[]}"),
        content_type: None,
        kind: ParcelKind::Notification,
        message_id: String::new(),
        topic_arn: String::new(),
        subscription_arn: None,
        raw: false,
        letter: None,
        text_message: None,
    }
}

fn courier(endpoint: &str) -> LambdaCourier {
    let places = vec![RemoteFunctions {
        pattern: "arn:aws:lambda:*:111122223333:*".to_owned(),
        endpoint: endpoint.parse().unwrap(),
        region: None,
        credentials: ServiceCredentials {
            access_key_id: "AKIDEXAMPLE".to_owned(),
            secret: SecretKey::new("hunter2".to_owned()),
            session_token: None,
        },
    }];
    let attempt_timeout = Duration::from_secs(10);
    LambdaCourier::new(&LambdaConfig { places, extra_roots: None, attempt_timeout }).unwrap()
}

/// What a service that gives this answer was asked, and what comes of it.
async fn exchange(answer: &str) -> (String, Outcome) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let courier = courier(&format!("http://{}", listener.local_addr().unwrap()));
    let answer = answer.to_owned();
    let service = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = Vec::new();
        while !asked.ends_with(b"[]}") {
            let mut bytes = [0; 4096];
            let read = stream.read(&mut bytes).await.unwrap();
            assert!(read > 0, "the request breaks off");
            asked.extend_from_slice(&bytes[..read]);
        }
        stream.write_all(answer.as_bytes()).await.unwrap();
        String::from_utf8(asked).unwrap()
    });
    let outcome = courier.deliver(&parcel(ARN)).await;
    (service.await.unwrap(), outcome)
}

#[tokio::test]
async fn a_function_is_invoked_by_a_signed_request() {
    let answer = "HTTP/1.1 202 Accepted\r\nx-amzn-RequestId: id-1\r\ncontent-length: 0\r\n\r\n";
    let (asked, outcome) = exchange(answer).await;
    let detail = "{\"lambdaRequestId\":\"id-1\"}".to_owned();
    assert_eq!(outcome, Outcome::Delivered { status: 202, detail });
    let path = "/2015-03-31/functions/arn%3Aaws%3Alambda%3Aeu-west-1%3A111122223333%3Afunction\
                %3Aresize%3Alive/invocations";
    assert!(asked.starts_with(&format!("POST {path} HTTP/1.1\r\n")), "{asked}");
    assert!(asked.contains("x-amz-invocation-type: Event\r\n"), "{asked}");
    let headers: Vec<(String, String)> = asked
        .lines()
        .skip(1)
        .take_while(|line| !line.is_empty())
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let headers: Vec<(&str, &[u8])> =
        headers.iter().map(|(name, value)| (name.as_str(), value.as_bytes())).collect();
    let request = Unsigned { method: "POST", path, query: "", headers: &headers };
    let claim = Claim::find(&request).unwrap().unwrap();
    assert_eq!(claim.access_key_id(), "AKIDEXAMPLE");
    assert_eq!((claim.scope().region, claim.scope().service), ("eu-west-1", "lambda"));
    let signed: Vec<&str> = claim.signed_headers().collect();
    assert!(signed.contains(&"x-amz-invocation-type"), "{signed:?}");
}

#[tokio::test]
async fn an_answer_says_whether_there_is_another_attempt() {
    for (status, error, is_later) in [
        (404, "ResourceNotFoundException", false),
        (403, "AccessDeniedException", false),
        (400, "InvalidRequestContentException", false),
        (413, "RequestTooLargeException", false),
        (429, "TooManyRequestsException", true),
        (500, "ServiceException", true),
        (503, "", true),
        (403, "UnrecognizedClientException", true),
        (403, "InvalidSignatureException:http://internal.amazon.com/", true),
        (400, "IncompleteSignatureException", true),
    ] {
        let head = format!("HTTP/1.1 {status} No\r\nx-amzn-errortype: {error}\r\n");
        let (_, outcome) = exchange(&format!("{head}content-length: 2\r\n\r\n{{}}")).await;
        match outcome {
            Outcome::TryLater { status: told, .. } => {
                assert_eq!((told, is_later), (Some(status), true), "{error}");
            }
            Outcome::Never { status: told, .. } => {
                assert_eq!((told, is_later), (Some(status), false), "{error}");
            }
            other => panic!("{status} {error}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn nobody_there_is_tried_later_and_nobody_meant_never() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let courier = courier(&endpoint);
    let outcome = courier.deliver(&parcel(ARN)).await;
    assert!(matches!(outcome, Outcome::TryLater { status: None, .. }), "{outcome:?}");
    let other = ARN.replace("111122223333", "999988887777");
    assert!(courier.reaches(ARN) && !courier.reaches(&other));
    let outcome = courier.deliver(&parcel(&other)).await;
    assert!(matches!(outcome, Outcome::Never { .. }), "{outcome:?}");
    assert!(!format!("{courier:?}").contains("hunter2"));
}
