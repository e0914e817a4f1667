//! Deliveries over HTTP, to endpoints in this process.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

#[allow(dead_code)]
mod support;

use std::time::Duration;

use support::{Reaction, TestEndpoint, answer, couriers, couriers_with, local, parcel};
use tidings_couriers::{Courier, CourierConfig, Outcome, ParcelKind};
use tokio::net::TcpListener;

fn delivered(status: u16, detail: &str) -> Outcome {
    Outcome::Delivered { status, detail: detail.to_owned() }
}

fn why(outcome: Outcome) -> String {
    match outcome {
        Outcome::Delivered { .. } => panic!("delivered: {outcome:?}"),
        Outcome::TryLater { why, .. }
        | Outcome::NotBegun { why, .. }
        | Outcome::Never { why, .. } => why,
    }
}

#[tokio::test]
async fn a_notification_has_the_documented_headers() {
    let endpoint = TestEndpoint::start(|_| Reaction::Answer(answer("200 OK", &[], "thanks"))).await;
    let parcel = parcel(endpoint.url("/hook?a=b"));
    assert_eq!(couriers().http.deliver(&parcel).await, delivered(200, "thanks"));

    let asked = &endpoint.asked()[0];
    assert!(asked.head.starts_with("POST /hook?a=b HTTP/1.1\r\n"), "{}", asked.head);
    assert_eq!(asked.body, parcel.body);
    for (name, value) in [
        ("host", endpoint.address.to_string().as_str()),
        ("x-amz-sns-message-type", "Notification"),
        ("x-amz-sns-message-id", "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324"),
        ("x-amz-sns-topic-arn", "arn:aws:sns:us-west-2:123456789012:MyTopic"),
        ("x-amz-sns-subscription-arn", "arn:aws:sns:us-west-2:123456789012:MyTopic:c9135db0"),
        ("content-type", "text/plain; charset=UTF-8"),
        ("user-agent", "Amazon Simple Notification Service Agent"),
        ("connection", "Keep-Alive"),
        ("accept-encoding", "gzip,deflate"),
        ("content-length", "25"),
    ] {
        assert_eq!(asked.header(name), Some(value), "{name}");
    }
    assert_eq!(asked.header("x-amz-sns-rawdelivery"), None);
    assert_eq!(asked.header("authorization"), None);
}

#[tokio::test]
async fn raw_messages_and_confirmations_have_their_own() {
    let endpoint = TestEndpoint::start(|_| Reaction::Answer(answer("200 OK", &[], ""))).await;
    let couriers = couriers();
    let mut raw = parcel(endpoint.url("/"));
    raw.raw = true;
    raw.content_type = Some("application/json".to_owned());
    couriers.http.deliver(&raw).await;
    let mut confirmation = parcel(endpoint.url("/"));
    confirmation.kind = ParcelKind::SubscriptionConfirmation;
    confirmation.subscription_arn = None;
    couriers.http.deliver(&confirmation).await;

    let asked = endpoint.asked();
    assert_eq!(asked[0].header("x-amz-sns-rawdelivery"), Some("true"));
    assert_eq!(asked[0].header("content-type"), Some("application/json"));
    assert_eq!(asked[1].header("x-amz-sns-message-type"), Some("SubscriptionConfirmation"));
    assert_eq!(asked[1].header("x-amz-sns-subscription-arn"), None);
}

#[tokio::test]
async fn each_class_of_status_has_its_outcome() {
    let endpoint = TestEndpoint::start(|asked| {
        let status = asked.head.split([' ', '/']).nth(2).unwrap().to_owned();
        Reaction::Answer(answer(&format!("{status} Whatever"), &[], "the reason"))
    })
    .await;
    let couriers = couriers();
    for status in [200, 202, 300, 399, 400, 403, 404, 410, 429, 499, 500, 503, 599, 700] {
        let outcome = couriers.http.deliver(&parcel(endpoint.url(&format!("/{status}")))).await;
        let why = format!("the endpoint answered {status}: the reason");
        let expected = match status {
            200..400 => delivered(status, "the reason"),
            429 | 500.. => Outcome::TryLater { why, status: Some(status) },
            _ => Outcome::Never { why, status: Some(status) },
        };
        assert_eq!(outcome, expected);
    }
}

#[tokio::test]
async fn a_redirect_is_an_answer_and_not_followed() {
    let other = TestEndpoint::start(|_| Reaction::Answer(answer("200 OK", &[], ""))).await;
    let location = format!("location: {}", other.url("/"));
    let endpoint = TestEndpoint::start(move |_| {
        Reaction::Answer(answer("307 Temporary Redirect", &[&location], ""))
    })
    .await;
    assert_eq!(couriers().http.deliver(&parcel(endpoint.url("/"))).await, delivered(307, ""));
    assert_eq!(other.accepted(), 0);
}

#[tokio::test]
async fn a_connection_is_used_again() {
    let endpoint = TestEndpoint::start(|_| Reaction::Answer(answer("200 OK", &[], "fine"))).await;
    let couriers = couriers();
    for _ in 0..5 {
        assert_eq!(couriers.http.deliver(&parcel(endpoint.url("/"))).await, delivered(200, "fine"));
    }
    assert_eq!((endpoint.asked().len(), endpoint.accepted()), (5, 1));
}

#[tokio::test]
async fn an_endpoint_that_keeps_no_connection_gets_another_one() {
    let endpoint = TestEndpoint::start(|_| {
        Reaction::AnswerAndClose(answer("200 OK", &["connection: close"], ""))
    })
    .await;
    let couriers = couriers();
    for _ in 0..3 {
        assert_eq!(couriers.http.deliver(&parcel(endpoint.url("/"))).await, delivered(200, ""));
    }
    assert_eq!(endpoint.accepted(), 3);
}

#[tokio::test]
async fn an_endpoint_that_hangs_is_given_up() {
    let endpoint = TestEndpoint::start(|_| Reaction::Hang(Vec::new())).await;
    let config = CourierConfig { attempt_timeout: Duration::from_millis(200), ..local() };
    let outcome = couriers_with(config).http.deliver(&parcel(endpoint.url("/"))).await;
    let why = "no answer within 0.2 seconds".to_owned();
    assert_eq!(outcome, Outcome::TryLater { why, status: None });
}

#[tokio::test]
async fn an_answer_whose_body_hangs_counts_by_its_status() {
    let endpoint = TestEndpoint::start(|_| {
        Reaction::Hang(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nbeginning".to_vec())
    })
    .await;
    let config = CourierConfig { attempt_timeout: Duration::from_secs(3), ..local() };
    let outcome = couriers_with(config).http.deliver(&parcel(endpoint.url("/"))).await;
    assert_eq!(outcome, delivered(200, "beginning"));
}

#[tokio::test]
async fn nobody_there_is_tried_again_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let outcome = couriers().http.deliver(&parcel(format!("http://{address}/"))).await;
    assert!(matches!(&outcome, Outcome::TryLater { status: None, .. }), "{outcome:?}");
    assert!(why(outcome).to_lowercase().contains("refused"));
}

#[tokio::test]
async fn what_is_no_http_is_tried_again_later() {
    for said in ["SSH-2.0-OpenSSH_9.7\r\n", "HTTP/1.1 OK\r\n\r\n", "", "HTTP/1.1 200 OK\r\nx"] {
        let endpoint =
            TestEndpoint::start(move |_| Reaction::AnswerAndClose(said.as_bytes().to_vec())).await;
        let outcome = couriers().http.deliver(&parcel(endpoint.url("/"))).await;
        assert!(matches!(outcome, Outcome::TryLater { status: None, .. }), "{said}: {outcome:?}");
    }
}

#[tokio::test]
async fn endless_headers_are_no_answer() {
    let mut said = b"HTTP/1.1 200 OK\r\nx: ".to_vec();
    said.resize(10 << 20, b'a');
    let endpoint = TestEndpoint::start(move |_| Reaction::AnswerAndClose(said.clone())).await;
    let outcome = couriers().http.deliver(&parcel(endpoint.url("/"))).await;
    assert!(matches!(outcome, Outcome::TryLater { status: None, .. }), "{outcome:?}");
}

#[tokio::test]
async fn of_a_huge_answer_the_beginning_is_kept_and_the_rest_is_left_there() {
    let body = "é".repeat(20 << 20);
    let huge = answer("200 OK", &[], &body);
    let endpoint = TestEndpoint::start(move |_| Reaction::Answer(huge.clone())).await;
    let couriers = couriers();
    for round in 1..=2 {
        let outcome = couriers.http.deliver(&parcel(endpoint.url("/"))).await;
        assert_eq!(outcome, delivered(200, &"é".repeat(512)));
        assert_eq!(endpoint.accepted(), round, "its connection is not used again");
    }
}

#[tokio::test]
async fn a_compressed_answer_has_no_detail() {
    let endpoint = TestEndpoint::start(|_| {
        Reaction::Answer(answer("200 OK", &["content-encoding: gzip"], "\u{1f}garbage"))
    })
    .await;
    assert_eq!(couriers().http.deliver(&parcel(endpoint.url("/"))).await, delivered(200, ""));
}

#[tokio::test]
async fn what_fits_into_no_header_is_never_delivered() {
    let mut parcel = parcel("http://127.0.0.1:1/".to_owned());
    parcel.content_type = Some("text/plain\r\nx-evil: 1".to_owned());
    let outcome = couriers().http.deliver(&parcel).await;
    assert!(matches!(outcome, Outcome::Never { status: None, .. }), "{outcome:?}");
}

#[tokio::test]
async fn what_is_no_url_is_never_delivered() {
    let outcome =
        couriers().http.deliver(&parcel("ftp://user:secret@example.com".to_owned())).await;
    assert!(matches!(outcome, Outcome::Never { status: None, .. }), "{outcome:?}");
    assert!(!why(outcome).contains("secret"));
    assert!(
        !format!("{:?}", parcel("http://user:secret@example.com".to_owned())).contains("secret")
    );
}

#[tokio::test]
async fn the_guard_refuses_addresses_and_what_names_stand_for() {
    let endpoint = TestEndpoint::start(|_| Reaction::Answer(answer("200 OK", &[], ""))).await;
    let couriers = couriers_with(CourierConfig::default());
    let port = endpoint.address.port();
    for host in ["127.0.0.1", "localhost", "[::ffff:127.0.0.1]", "0.0.0.0"] {
        let outcome = couriers.http.deliver(&parcel(format!("http://{host}:{port}/"))).await;
        assert!(matches!(outcome, Outcome::Never { status: None, .. }), "{host}: {outcome:?}");
        let why = why(outcome);
        assert!(why.contains("endpoint-allow"), "{host}: {why}");
    }
    assert_eq!(endpoint.accepted(), 0);
}

#[tokio::test]
async fn deny_is_stronger_than_allow() {
    let endpoint = TestEndpoint::start(|_| Reaction::Answer(answer("200 OK", &[], ""))).await;
    let config = CourierConfig { deny: "127.0.0.1, ::1".parse().unwrap(), ..local() };
    let port = endpoint.address.port();
    let couriers = couriers_with(config);
    for host in ["127.0.0.1", "localhost"] {
        let outcome = couriers.http.deliver(&parcel(format!("http://{host}:{port}/"))).await;
        assert!(why(outcome).contains("endpoint-deny"), "{host}");
    }
    assert_eq!(endpoint.accepted(), 0);
}

#[tokio::test]
async fn a_name_is_delivered_to_once_its_address_is_allowed() {
    let endpoint = TestEndpoint::start(|_| Reaction::Answer(answer("200 OK", &[], "hi"))).await;
    let url = format!("http://localhost:{}/", endpoint.address.port());
    assert_eq!(couriers().http.deliver(&parcel(url)).await, delivered(200, "hi"));
}

#[tokio::test]
async fn a_name_that_does_not_exist_is_tried_again_later() {
    let outcome = couriers().http.deliver(&parcel("http://nowhere.invalid/".to_owned())).await;
    assert!(matches!(outcome, Outcome::TryLater { status: None, .. }), "{outcome:?}");
}
