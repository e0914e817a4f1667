//! Messages over FCM, against services in this process.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

#[allow(dead_code)]
#[path = "support/push.rs"]
mod push;
#[allow(dead_code)]
#[path = "support/push_service.rs"]
mod push_service;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256;
use push::{App, Authority, courier, is_delivered, nowhere, verified};
use push_service::{Listening, PushService, Pushed, Reaction, answer};
use serde_json::json;
use tidings_couriers::{
    AddressGuard, AddressRanges, GivenCredentials, PushConfig, PushCourier, PushOutcome,
    PushPlatform,
};

/// What service accounts say, for tests in which the operator says otherwise.
const TOKEN_URI: &str = "https://oauth2.example.com/token";

fn http1() -> Listening {
    Listening { http1: true, ..Listening::default() }
}

/// Gives out `token-1`, `token-2` and so on.
async fn tokens() -> PushService {
    PushService::start(http1(), |asked| granted(asked.number)).await
}

fn granted(number: usize) -> Reaction {
    let token = format!("token-{number}");
    let body = json!({"access_token": token, "expires_in": 3599, "token_type": "Bearer"});
    answer(200, body.to_string())
}

async fn fcm(react: impl Fn(&Pushed) -> Reaction + Send + Sync + 'static) -> PushService {
    PushService::start(Listening::default(), react).await
}

fn taken() -> Reaction {
    answer(200, r#"{"name":"projects/hotel-7/messages/1"}"#)
}

fn error(status: u16, canonical: &str, code: &str) -> Reaction {
    let details = json!([{"@type": "x", "errorCode": code}]);
    let body = json!({"error": {"status": canonical, "message": "m", "details": details}});
    answer(status, body.to_string())
}

fn config(fcm: &PushService, tokens: &PushService) -> PushConfig {
    let fcm_token_url = Some(format!("{}/token", tokens.url()));
    PushConfig { fcm_url: fcm.url(), fcm_token_url, ..nowhere() }
}

/// Sends that many at once, and counts what arrives.
async fn push_many(app: &Arc<App>, courier: &Arc<PushCourier>, count: usize) -> usize {
    let all: Vec<_> = (0..count)
        .map(|number| {
            let (app, courier) = (Arc::clone(app), Arc::clone(courier));
            tokio::spawn(async move { app.push(&courier, &format!("device-{number}")).await })
        })
        .collect();
    let mut delivered = 0;
    for pushed in all {
        delivered += usize::from(is_delivered(&pushed.await.unwrap()));
    }
    delivered
}

#[tokio::test]
async fn a_signed_statement_gets_a_token_and_the_token_sends() {
    let (tokens, fcm) = (tokens().await, fcm(|_| taken()).await);
    let (app, courier) = (App::by_service_account(TOKEN_URI), courier(&config(&fcm, &tokens)));
    let mut message = app.message("device");
    message.ttl = Some(Duration::from_secs(60));
    message.published_at = SystemTime::now() - Duration::from_secs(20);
    let outcome = courier.deliver(&app.key, &app.credentials, &message).await;
    let detail = r#"{"name":"projects/hotel-7/messages/1"}"#.to_owned();
    assert_eq!(outcome, PushOutcome::Delivered { status: 200, detail });

    let asked = tokens.asked();
    let form = String::from_utf8(asked[0].body.clone()).unwrap();
    let (grant_type, assertion) = form.split_once("&assertion=").unwrap();
    assert_eq!(grant_type, "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer");
    assert_eq!(asked[0].path, "/token");
    assert_eq!(asked[0].header("content-type"), Some("application/x-www-form-urlencoded"));
    let key = app.signing.as_ref().unwrap();
    let (header, claims) = verified(assertion, key, &RSA_PKCS1_2048_8192_SHA256);
    assert_eq!(header, json!({"alg": "RS256", "typ": "JWT", "kid": "k1"}));
    assert_eq!(claims["iss"], "push@hotel-7.example.com");
    assert_eq!(claims["aud"], TOKEN_URI);
    assert_eq!(claims["scope"], "https://www.googleapis.com/auth/firebase.messaging");
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 3600);

    let asked = &fcm.asked()[0];
    assert_eq!(asked.path, "/v1/projects/hotel-7/messages:send");
    assert_eq!(asked.header("authorization"), Some("Bearer token-1"));
    let body = asked.json();
    assert_eq!(body["message"]["token"], "device");
    assert_eq!(body["message"]["data"], json!({"room": "7"}));
    let ttl = body["message"]["android"]["ttl"].as_str().unwrap().trim_end_matches('s');
    assert!((1..=40).contains(&ttl.parse::<u64>().unwrap()), "what is left of sixty: {ttl}");
}

#[tokio::test]
async fn one_token_and_one_connection_for_all_who_wait() {
    let (tokens, fcm) = (tokens().await, fcm(|_| taken()).await);
    let app = Arc::new(App::by_service_account(TOKEN_URI));
    let courier = Arc::new(courier(&config(&fcm, &tokens)));
    assert_eq!(push_many(&app, &courier, 60).await, 60);
    assert_eq!(push_many(&app, &courier, 60).await, 60);
    let bearers: HashSet<_> =
        fcm.asked().iter().map(|it| it.header("authorization").unwrap().to_owned()).collect();
    assert_eq!((tokens.asked().len(), bearers.len()), (1, 1));
    assert_eq!((fcm.asked().len(), fcm.accepted()), (120, 1));
}

#[tokio::test]
async fn a_token_that_is_good_no_longer_is_fetched_anew_once_for_all() {
    let tokens = tokens().await;
    let fcm = fcm(|asked| match asked.header("authorization") {
        Some("Bearer token-1") => answer(401, r#"{"error":{"status":"UNAUTHENTICATED"}}"#),
        _ => taken(),
    });
    let fcm = fcm.await;
    let app = Arc::new(App::by_service_account(TOKEN_URI));
    let courier = Arc::new(courier(&config(&fcm, &tokens)));
    assert_eq!(push_many(&app, &courier, 20).await, 20);
    assert_eq!(tokens.asked().len(), 2);
}

#[tokio::test]
async fn tokens_that_are_never_good_end_it_after_two() {
    let tokens = tokens().await;
    let fcm = fcm(|_| answer(401, r#"{"error":{"status":"UNAUTHENTICATED"}}"#)).await;
    let (app, courier) = (App::by_service_account(TOKEN_URI), courier(&config(&fcm, &tokens)));
    let outcome = app.push(&courier, "device").await;
    assert!(
        matches!(outcome, PushOutcome::CredentialsRefused { status: Some(401), .. }),
        "{outcome:?}"
    );
    assert_eq!((tokens.asked().len(), fcm.asked().len()), (2, 2));
}

#[tokio::test]
async fn a_statement_that_is_refused_is_the_applications_fault() {
    let tokens = PushService::start(http1(), |_| {
        answer(400, r#"{"error":"invalid_grant","error_description":"account not found"}"#)
    });
    let (tokens, fcm) = (tokens.await, fcm(|_| taken()).await);
    let (app, courier) = (App::by_service_account(TOKEN_URI), courier(&config(&fcm, &tokens)));
    let outcome = app.push(&courier, "device").await;
    let PushOutcome::CredentialsRefused { why, status: Some(400) } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(why.ends_with("invalid_grant: account not found"), "{why}");
    for _ in 0..5 {
        let again = app.push(&courier, "device").await;
        assert!(matches!(again, PushOutcome::CredentialsRefused { .. }), "{again:?}");
    }
    assert_eq!((tokens.asked().len(), fcm.accepted()), (1, 0), "it stands for a moment");
    let mut mended = App::by_service_account(TOKEN_URI);
    mended.key.revision = 2;
    mended.push(&courier, "device").await;
    assert_eq!(tokens.asked().len(), 2, "others are tried at once");
}

#[tokio::test]
async fn tokens_that_cannot_be_had_now_are_tried_later() {
    let tokens = PushService::start(http1(), |asked| match asked.number {
        1 => Reaction::Answer(503, vec![("retry-after", "9".to_owned())], String::new()),
        2 => Reaction::Cut,
        3 => answer(200, "{}"),
        number => granted(number),
    });
    let (tokens, fcm) = (tokens.await, fcm(|_| taken()).await);
    let (app, courier) = (App::by_service_account(TOKEN_URI), courier(&config(&fcm, &tokens)));
    let outcome = app.push(&courier, "device").await;
    let nine = Some(Duration::from_secs(9));
    assert!(matches!(&outcome, PushOutcome::TryLater { after, .. } if *after == nine));
    for _ in 2..=3 {
        let outcome = app.push(&courier, "device").await;
        let PushOutcome::TryLater { why, .. } = outcome else { panic!("{outcome:?}") };
        assert!(why.starts_with("no access token: "), "{why}");
    }
    assert!(is_delivered(&app.push(&courier, "device").await));
    assert_eq!(fcm.asked().len(), 1);
}

#[tokio::test]
async fn who_waits_while_a_token_is_fetched_shares_what_comes_of_it() {
    let tokens = PushService::start(http1(), |_| Reaction::Hang).await;
    let fcm = fcm(|_| taken()).await;
    let attempt_timeout = Duration::from_millis(600);
    let config = PushConfig { attempt_timeout, ..config(&fcm, &tokens) };
    let (app, courier) = (Arc::new(App::by_service_account(TOKEN_URI)), Arc::new(courier(&config)));
    assert_eq!(push_many(&app, &courier, 20).await, 0);
    assert_eq!((tokens.asked().len(), fcm.accepted()), (1, 0));
}

/// A service account is a text that a user wrote: without a guard it would lead anywhere.
#[tokio::test]
async fn a_service_account_does_not_lead_to_the_machines_beside_us() {
    let authority = Authority::new();
    let tls = Some(authority.acceptor(None, b"http/1.1"));
    let listening = Listening { tls, ..http1() };
    let tokens = PushService::start(listening, |asked| granted(asked.number)).await;
    let fcm = fcm(|_| taken()).await;
    let config = PushConfig {
        fcm_token_url: None,
        extra_roots: Some(authority.file()),
        ..config(&fcm, &tokens)
    };
    let app = App::by_service_account(&format!("{}/token", tokens.url()));
    let outcome = app.push(&courier(&config), "device").await;
    let PushOutcome::CredentialsRefused { why, status: None } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(why.contains("are not allowed") && why.contains("endpoint-allow"), "{why}");
    assert_eq!(tokens.accepted(), 0);

    let allow = AddressRanges::from_entries(["127.0.0.0/8", "::1"]).unwrap();
    let guard = Arc::new(AddressGuard::new(allow, AddressRanges::default()));
    let courier = PushCourier::new(&config, guard).unwrap();
    let outcome = app.push(&courier, "device").await;
    assert!(is_delivered(&outcome), "{outcome:?}");
}

#[tokio::test]
async fn what_fcm_says_is_passed_on() {
    let tokens = tokens().await;
    let fcm = fcm(|asked| match asked.json()["message"]["token"].as_str().unwrap() {
        "gone" => error(404, "NOT_FOUND", "UNREGISTERED"),
        "foreign" => error(403, "PERMISSION_DENIED", "SENDER_ID_MISMATCH"),
        "wrong" => error(400, "INVALID_ARGUMENT", "INVALID_ARGUMENT"),
        "much" => error(429, "RESOURCE_EXHAUSTED", "QUOTA_EXCEEDED"),
        "busy" => {
            let body = r#"{"error":{"status":"UNAVAILABLE"}}"#.to_owned();
            Reaction::Answer(503, vec![("retry-after", "30".to_owned())], body)
        }
        "forbidden" => answer(403, r#"{"error":{"status":"PERMISSION_DENIED"}}"#),
        _ => answer(404, "<html>nothing here</html>"),
    });
    let fcm = fcm.await;
    let (app, courier) = (App::by_service_account(TOKEN_URI), courier(&config(&fcm, &tokens)));
    let mut outcomes = Vec::new();
    for token in ["gone", "foreign", "wrong", "much", "busy", "forbidden", "astray"] {
        outcomes.push(app.push(&courier, token).await);
    }
    use PushOutcome::{CredentialsRefused, EndpointDisabled, Never, TryLater};
    let seconds = |number| Some(Duration::from_secs(number));
    assert!(matches!(&outcomes[0], EndpointDisabled { status: Some(404), .. }));
    assert!(matches!(&outcomes[1], EndpointDisabled { status: Some(403), .. }));
    assert!(matches!(&outcomes[2], Never { status: Some(400), .. }));
    assert!(matches!(&outcomes[3], TryLater { after, .. } if *after == seconds(60)));
    assert!(matches!(&outcomes[4], TryLater { after, .. } if *after == seconds(30)));
    assert!(matches!(&outcomes[5], CredentialsRefused { status: Some(403), .. }));
    assert!(matches!(&outcomes[6], TryLater { status: Some(404), .. }), "not FCM");
}

#[tokio::test]
async fn a_server_key_is_told_what_to_become() {
    let (tokens, fcm) = (tokens().await, fcm(|_| taken()).await);
    let credential = Some("AAAAexample:APA91b-old_key");
    let given = GivenCredentials { credential, ..GivenCredentials::default() };
    let app = App::new(PushPlatform::Gcm, &given);
    let outcome = app.push(&courier(&config(&fcm, &tokens)), "device").await;
    let PushOutcome::CredentialsRefused { why, .. } = outcome else { panic!("{outcome:?}") };
    assert!(why.contains("set it to the JSON key file of a service account"), "{why}");
    assert_eq!((tokens.accepted(), fcm.accepted()), (0, 0));
}

#[tokio::test]
async fn a_message_whose_time_is_over_fetches_no_token() {
    let (tokens, fcm) = (tokens().await, fcm(|_| taken()).await);
    let (app, courier) = (App::by_service_account(TOKEN_URI), courier(&config(&fcm, &tokens)));
    let mut message = app.message("device");
    message.ttl = Some(Duration::from_secs(1));
    message.published_at = SystemTime::UNIX_EPOCH;
    let outcome = courier.deliver(&app.key, &app.credentials, &message).await;
    assert!(matches!(outcome, PushOutcome::Never { status: None, .. }), "{outcome:?}");
    assert_eq!((tokens.accepted(), fcm.accepted()), (0, 0));
}
