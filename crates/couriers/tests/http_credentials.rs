//! Endpoints that want to know who delivers.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

#[allow(dead_code)]
mod support;

use support::{Asked, Reaction, TestEndpoint, answer, couriers, parcel};
use tidings_couriers::{Courier, Outcome};

/// Answers 401 with a challenge until a request's `Authorization` is right.
async fn guarded(challenge: &'static str, right: fn(&str) -> bool) -> TestEndpoint {
    TestEndpoint::start(move |asked: &Asked| match asked.header("authorization") {
        Some(given) if right(given) => Reaction::Answer(answer("200 OK", &[], "welcome")),
        _ => Reaction::Answer(answer("401 Unauthorized", &[challenge], "who are you?")),
    })
    .await
}

fn with_credentials(endpoint: &TestEndpoint, credentials: &str) -> String {
    format!("http://{credentials}@{}/hook?x=y", endpoint.address)
}

/// A parameter of a Digest answer, without its quotes.
fn parameter(given: &str, name: &str) -> String {
    let parameters = given.strip_prefix("Digest ").unwrap().split(", ");
    let mut pairs = parameters.map(|pair| pair.split_once('=').unwrap());
    pairs.find(|(key, _)| *key == name).unwrap().1.trim_matches('"').to_owned()
}

#[tokio::test]
async fn basic_is_given_when_it_is_asked_for() {
    // "us er:pä:ss" in base64.
    let endpoint = guarded("www-authenticate: Basic realm=\"hooks\"", |given| {
        given == "Basic dXMgZXI6cMOkOnNz"
    })
    .await;
    let url = with_credentials(&endpoint, "us%20er:p%C3%A4:ss");
    let outcome = couriers().http.deliver(&parcel(url)).await;
    assert_eq!(outcome, Outcome::Delivered { status: 200, detail: "welcome".to_owned() });

    let asked = endpoint.asked();
    assert_eq!(asked.len(), 2);
    assert_eq!(asked[0].header("authorization"), None);
    assert_eq!(asked[0].body, asked[1].body);
    assert!(!asked[1].head.contains('@'), "{}", asked[1].head);
    assert_eq!(endpoint.accepted(), 1, "the connection is used again");
}

#[tokio::test]
async fn wrong_credentials_and_none_are_final() {
    let endpoint = guarded("www-authenticate: Basic realm=\"hooks\"", |_| false).await;
    let expected = Outcome::Never {
        why: "the endpoint answered 401: who are you?".to_owned(),
        status: Some(401),
    };
    let couriers = couriers();
    let wrong = with_credentials(&endpoint, "user:wrong");
    assert_eq!(couriers.http.deliver(&parcel(wrong)).await, expected);
    assert_eq!(endpoint.asked().len(), 2);
    assert_eq!(couriers.http.deliver(&parcel(endpoint.url("/"))).await, expected);
    assert_eq!(endpoint.asked().len(), 3);
}

#[tokio::test]
async fn digest_is_answered_without_the_password() {
    const CHALLENGE: &str = "www-authenticate: Digest realm=\"hooks\", qop=\"auth\", \
        nonce=\"n0nce\", opaque=\"0paque\", algorithm=SHA-256";
    let endpoint = guarded(CHALLENGE, |given| {
        use sha2::{Digest as _, Sha256};
        let hash = |text: String| {
            Sha256::digest(text).iter().map(|byte| format!("{byte:02x}")).collect::<String>()
        };
        let secret = hash("user:hooks:secret".to_owned());
        let request = hash("POST:/hook?x=y".to_owned());
        let cnonce = parameter(given, "cnonce");
        let expected = hash(format!("{secret}:n0nce:00000001:{cnonce}:auth:{request}"));
        parameter(given, "response") == expected && parameter(given, "opaque") == "0paque"
    })
    .await;
    let url = with_credentials(&endpoint, "user:secret");
    let outcome = couriers().http.deliver(&parcel(url)).await;
    assert!(matches!(outcome, Outcome::Delivered { .. }), "{outcome:?}");
    let asked = endpoint.asked();
    assert_eq!(asked.len(), 2);
    assert!(asked.iter().all(|asked| !asked.head.contains("secret")));
}

#[tokio::test]
async fn a_nonce_that_is_too_old_is_replaced() {
    let endpoint = TestEndpoint::start(|asked| {
        let challenge = match asked.header("authorization").map(|given| parameter(given, "nonce")) {
            Some(nonce) if nonce == "new" => {
                return Reaction::Answer(answer("200 OK", &[], ""));
            }
            Some(_) => "www-authenticate: Digest realm=r, nonce=new, qop=auth, stale=true",
            None => "www-authenticate: Digest realm=r, nonce=old, qop=auth",
        };
        Reaction::Answer(answer("401 Unauthorized", &[challenge], ""))
    })
    .await;
    let url = with_credentials(&endpoint, "user:secret");
    let outcome = couriers().http.deliver(&parcel(url)).await;
    assert!(matches!(outcome, Outcome::Delivered { .. }), "{outcome:?}");
    assert_eq!(endpoint.asked().len(), 3);
}

#[tokio::test]
async fn nonces_that_are_always_too_old_come_to_an_end() {
    let stale = "www-authenticate: Digest realm=r, nonce=n, qop=auth, stale=true";
    let endpoint = guarded(stale, |_| false).await;
    let url = with_credentials(&endpoint, "user:secret");
    let outcome = couriers().http.deliver(&parcel(url)).await;
    assert!(matches!(outcome, Outcome::Never { status: Some(401), .. }), "{outcome:?}");
    assert_eq!(endpoint.asked().len(), 3);
}
