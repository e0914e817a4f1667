//! Messages over ADM, against services in this process.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

#[allow(dead_code)]
#[path = "support/push.rs"]
mod push;
#[allow(dead_code)]
#[path = "support/push_service.rs"]
mod push_service;

use std::time::{Duration, SystemTime};

use push::{App, courier, is_delivered, nowhere};
use push_service::{Listening, PushService, Pushed, Reaction, answer};
use serde_json::json;
use tidings_couriers::{PushConfig, PushCourier, PushOutcome};

/// ADM, and beside it what gives out `token-1`, `token-2` and so on.
async fn adm(
    react: impl Fn(&Pushed) -> Reaction + Send + Sync + 'static,
) -> (PushService, PushService, PushCourier) {
    let listening = || Listening { http1: true, ..Listening::default() };
    let tokens = PushService::start(listening(), |asked| {
        let token = format!("token-{}", asked.number);
        answer(200, json!({"access_token": token, "expires_in": 3600}).to_string())
    });
    let (tokens, adm) = (tokens.await, PushService::start(listening(), react).await);
    let config = PushConfig {
        adm_url: adm.url(),
        adm_token_url: format!("{}/auth/O2/token", tokens.url()),
        ..nowhere()
    };
    let courier = courier(&config);
    (tokens, adm, courier)
}

fn taken(registration: &str) -> Reaction {
    answer(200, json!({ "registrationID": registration }).to_string())
}

#[tokio::test]
async fn a_client_gets_a_token_and_the_token_sends() {
    let (tokens, adm, courier) = adm(|_| taken("amzn1.a/b+c")).await;
    let app = App::of_adm();
    let mut message = app.message("amzn1.a/b+c");
    message.ttl = Some(Duration::from_secs(60));
    message.published_at = SystemTime::now() - Duration::from_secs(20);
    for _ in 0..3 {
        let outcome = courier.deliver(&app.key, &app.credentials, &message).await;
        assert_eq!(outcome, PushOutcome::Delivered { status: 200, detail: String::new() });
    }
    assert_eq!(tokens.asked().len(), 1);
    let form = String::from_utf8(tokens.asked()[0].body.clone()).unwrap();
    assert_eq!(
        form,
        "grant_type=client_credentials&scope=messaging%3Apush&client_id=client%207\
         &client_secret=hunter2%26x%3Dy"
    );
    let asked = &adm.asked()[0];
    assert_eq!(asked.path, "/messaging/registrations/amzn1.a%2Fb%2Bc/messages");
    assert_eq!(asked.header("authorization"), Some("Bearer token-1"));
    assert_eq!(
        asked.header("x-amzn-type-version"),
        Some("com.amazon.device.messaging.ADMMessage@1.0")
    );
    assert_eq!(
        asked.header("x-amzn-accept-type"),
        Some("com.amazon.device.messaging.ADMSendResult@1.0")
    );
    let body = asked.json();
    assert_eq!(body["data"], json!({"room": "7"}));
    assert!((1..=40).contains(&body["expiresAfter"].as_u64().unwrap()), "what is left of sixty");
    assert_eq!(adm.accepted(), 1, "the connection is used again");
}

#[tokio::test]
async fn a_registration_that_moved_is_told() {
    let (_tokens, _adm, courier) = adm(|_| taken("new")).await;
    let outcome = App::of_adm().push(&courier, "old").await;
    let (token, detail) = ("new".to_owned(), String::new());
    assert_eq!(outcome, PushOutcome::TokenReplaced { token, status: 200, detail });
}

#[tokio::test]
async fn a_token_that_is_good_no_longer_is_fetched_anew() {
    let (tokens, adm, courier) = adm(|asked| match asked.header("authorization") {
        Some("Bearer token-1") => answer(401, r#"{"reason":"AccessTokenExpired"}"#),
        _ => taken("device"),
    })
    .await;
    assert!(is_delivered(&App::of_adm().push(&courier, "device").await));
    assert_eq!((tokens.asked().len(), adm.asked().len()), (2, 2));
}

#[tokio::test]
async fn what_adm_says_is_passed_on() {
    let (_tokens, adm, courier) = adm(|asked| match &*asked.path {
        "/messaging/registrations/gone/messages" => answer(400, r#"{"reason":"Unregistered"}"#),
        "/messaging/registrations/large/messages" => answer(413, r#"{"reason":"MessageTooLarge"}"#),
        "/messaging/registrations/much/messages" => {
            let body = r#"{"reason":"MaxRateExceeded"}"#.to_owned();
            Reaction::Answer(429, vec![("retry-after", "30".to_owned())], body)
        }
        "/messaging/registrations/cut/messages" => Reaction::Cut,
        _ => answer(401, r#"{"reason":"AccessTokenExpired"}"#),
    })
    .await;
    let app = App::of_adm();
    use PushOutcome::{CredentialsRefused, EndpointDisabled, Never, TryLater};
    let outcome = app.push(&courier, "gone").await;
    assert!(matches!(outcome, EndpointDisabled { status: Some(400), .. }), "{outcome:?}");
    let outcome = app.push(&courier, "large").await;
    assert!(matches!(outcome, Never { status: Some(413), .. }), "{outcome:?}");
    let outcome = app.push(&courier, "much").await;
    let thirty = Some(Duration::from_secs(30));
    assert!(matches!(&outcome, TryLater { after, .. } if *after == thirty), "{outcome:?}");
    let outcome = app.push(&courier, "cut").await;
    assert!(matches!(outcome, TryLater { status: None, .. }), "{outcome:?}");
    let outcome = app.push(&courier, "refused").await;
    assert!(matches!(outcome, CredentialsRefused { status: Some(401), .. }), "{outcome:?}");
    assert_eq!(adm.asked().len(), 6, "the last one twice");
}
