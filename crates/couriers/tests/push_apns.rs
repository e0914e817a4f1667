//! Messages over APNs, against services in this process.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

#[path = "support/log.rs"]
mod log;
#[allow(dead_code)]
#[path = "support/push.rs"]
mod push;
#[allow(dead_code)]
#[path = "support/push_service.rs"]
mod push_service;

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime};

use aws_lc_rs::signature::ECDSA_P256_SHA256_FIXED;
use log::Log;
use push::{App, Authority, BUNDLE, courier, is_delivered, nowhere, verified};
use push_service::{Listening, PushService, Pushed, Reaction, answer};
use rcgen::date_time_ymd;
use tidings_couriers::{PushConfig, PushCourier, PushOutcome, PushPlatform};

async fn service(react: impl Fn(&Pushed) -> Reaction + Send + Sync + 'static) -> PushService {
    PushService::start(Listening::default(), react).await
}

fn config(service: &PushService) -> PushConfig {
    PushConfig { apns_url: service.url(), ..nowhere() }
}

fn reason(status: u16, reason: &str) -> Reaction {
    answer(status, format!(r#"{{"reason":"{reason}"}}"#))
}

/// Pushes until a message arrives: a service that failed is left alone for a while.
async fn push_until_delivered(app: &App, courier: &PushCourier, token: &str) {
    for _ in 0..200 {
        if is_delivered(&app.push(courier, token).await) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("it was never delivered");
}

#[tokio::test]
async fn a_request_says_who_sends_what_to_whom_and_until_when() {
    let service = service(|_| answer(200, "")).await;
    let (app, courier) = (App::by_token(PushPlatform::Apns), courier(&config(&service)));
    let mut message = app.message("00ff");
    message.ttl = Some(Duration::from_secs(60));
    message.published_at = SystemTime::now() - Duration::from_secs(20);
    message.apns.priority = Some(5);
    message.apns.collapse_id = Some("room 7".to_owned());
    for _ in 0..2 {
        let outcome = courier.deliver(&app.key, &app.credentials, &message).await;
        assert_eq!(outcome, PushOutcome::Delivered { status: 200, detail: String::new() });
    }
    assert!(is_delivered(&app.push(&courier, "00fe").await));

    let asked = service.asked();
    let first = &asked[0];
    assert_eq!(first.path, "/3/device/00ff");
    assert_eq!(first.body, br#"{"aps":{"alert":"Room 7"}}"#);
    assert_eq!(first.header("apns-topic"), Some(BUNDLE));
    assert_eq!(first.header("apns-push-type"), Some("alert"));
    assert_eq!(first.header("apns-priority"), Some("5"));
    assert_eq!(first.header("apns-collapse-id"), Some("room 7"));
    let since = message.published_at.duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    assert_eq!(first.header("apns-expiration"), Some(&*(since + 60).to_string()));
    let ids: HashSet<_> = asked.iter().map(|it| it.header("apns-id").unwrap()).collect();
    assert_eq!(ids.len(), 2, "the same at every attempt, another one for another device");
    assert!(ids.iter().all(|id| id.len() == 36 && id.as_bytes()[14] == b'8'), "{ids:?}");

    let bearer = first.header("authorization").unwrap().strip_prefix("bearer ").unwrap();
    let (header, claims) =
        verified(bearer, app.signing.as_ref().unwrap(), &ECDSA_P256_SHA256_FIXED);
    assert_eq!(header, serde_json::json!({"alg": "ES256", "kid": "KEY1234567"}));
    assert_eq!(claims["iss"], "TEAM123456");
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(claims["iat"].as_u64().unwrap()) < 60);
    let tokens: HashSet<_> = asked.iter().map(|it| it.header("authorization").unwrap()).collect();
    assert_eq!((tokens.len(), service.accepted()), (1, 1), "one token, one connection");
}

#[tokio::test]
async fn topics_have_the_suffix_of_their_push_type() {
    let service = service(|_| answer(200, "")).await;
    let (app, courier) = (App::by_token(PushPlatform::ApnsVoip), courier(&config(&service)));
    for (push_type, topic, expected) in [
        ("voip", None, "com.example.hotel.voip"),
        ("liveactivity", None, "com.example.hotel.push-type.liveactivity"),
        ("background", None, BUNDLE),
        ("voip", Some("com.example.other"), "com.example.other"),
    ] {
        let mut message = app.message("aa");
        message.apns.push_type = Some(push_type.to_owned());
        message.apns.topic = topic.map(str::to_owned);
        assert!(is_delivered(&courier.deliver(&app.key, &app.credentials, &message).await));
        assert_eq!(service.asked().last().unwrap().header("apns-topic"), Some(expected));
    }
}

#[tokio::test]
async fn the_sandbox_is_elsewhere() {
    let (main, sandbox) = (service(|_| answer(200, "")).await, service(|_| answer(200, "")).await);
    let courier = courier(&PushConfig { apns_sandbox_url: sandbox.url(), ..config(&main) });
    for platform in [
        PushPlatform::Apns,
        PushPlatform::ApnsVoip,
        PushPlatform::Macos,
        PushPlatform::ApnsSandbox,
        PushPlatform::MacosSandbox,
    ] {
        assert!(is_delivered(&App::by_token(platform).push(&courier, "aa").await), "{platform}");
    }
    assert_eq!((main.asked().len(), sandbox.asked().len()), (3, 2));
}

/// Until APNs knows who asks it takes one request at a time; later many.
#[tokio::test]
async fn many_messages_share_a_connection_and_keep_to_what_it_takes() {
    for streams_max in [Some(1), Some(5), None] {
        let listening = Listening { streams_max, ..Listening::default() };
        let service = PushService::start(listening, |_| answer(200, "")).await;
        let app = Arc::new(App::by_token(PushPlatform::Apns));
        let courier = Arc::new(courier(&config(&service)));
        let all: Vec<_> = (0..60)
            .map(|number| {
                let (app, courier) = (Arc::clone(&app), Arc::clone(&courier));
                tokio::spawn(async move { app.push(&courier, &format!("{number:04x}")).await })
            })
            .collect();
        for pushed in all {
            let outcome = pushed.await.unwrap();
            assert!(is_delivered(&outcome), "{outcome:?}");
        }
        let paths: HashSet<_> = service.asked().into_iter().map(|it| it.path).collect();
        assert_eq!((paths.len(), service.asked().len(), service.accepted()), (60, 60, 1));
    }
}

#[tokio::test]
async fn a_token_that_is_too_old_is_made_anew_at_once() {
    let service = service(|asked| match asked.number {
        1 => reason(403, "ExpiredProviderToken"),
        _ => answer(200, ""),
    });
    let service = service.await;
    let (app, courier) = (App::by_token(PushPlatform::Apns), courier(&config(&service)));
    assert!(is_delivered(&app.push(&courier, "aa").await));
    assert!(is_delivered(&app.push(&courier, "bb").await));
    let tokens: Vec<_> =
        service.asked().iter().map(|it| it.header("authorization").unwrap().to_owned()).collect();
    assert_eq!(tokens.len(), 3);
    assert!(tokens[0] != tokens[1] && tokens[1] == tokens[2]);
}

#[tokio::test]
async fn a_clock_that_is_wrong_makes_no_flood_of_tokens() {
    let service = service(|_| reason(403, "ExpiredProviderToken")).await;
    let (app, courier) = (App::by_token(PushPlatform::Apns), courier(&config(&service)));
    for asked in [2, 3] {
        let outcome = app.push(&courier, "aa").await;
        let PushOutcome::CredentialsRefused { why, status: Some(403) } = outcome else {
            panic!("{outcome:?}")
        };
        assert!(why.contains("ExpiredProviderToken") && why.contains("clock"), "{why}");
        assert_eq!(service.asked().len(), asked);
    }
}

#[tokio::test]
async fn what_apns_says_of_a_token_or_a_message_is_passed_on() {
    let service = service(|asked| match &*asked.path {
        "/3/device/01" => answer(410, r#"{"reason":"Unregistered","timestamp":17}"#),
        "/3/device/02" => reason(400, "BadDeviceToken"),
        "/3/device/03" => reason(413, "PayloadTooLarge"),
        "/3/device/04" => reason(403, "InvalidProviderToken"),
        "/3/device/05" => {
            let body = r#"{"reason":"TooManyRequests"}"#.to_owned();
            Reaction::Answer(429, vec![("retry-after", "30".to_owned())], body)
        }
        "/3/device/06" => answer(404, "<html>nothing here</html>"),
        _ => answer(400, "x".repeat(200_000)),
    });
    let service = service.await;
    let (app, courier) = (App::by_token(PushPlatform::Apns), courier(&config(&service)));
    let mut outcomes = Vec::new();
    for token in ["01", "02", "03", "04", "05", "06", "07"] {
        outcomes.push(app.push(&courier, token).await);
    }
    use PushOutcome::{CredentialsRefused, EndpointDisabled, Never, TryLater};
    let thirty = Some(Duration::from_secs(30));
    assert!(
        matches!(&outcomes[0], EndpointDisabled { why, status: Some(410), .. } if why.contains("17"))
    );
    assert!(matches!(&outcomes[1], EndpointDisabled { status: Some(400), .. }));
    assert!(matches!(&outcomes[2], Never { status: Some(413), .. }));
    assert!(matches!(&outcomes[3], CredentialsRefused { status: Some(403), .. }));
    assert!(matches!(&outcomes[4], TryLater { after, .. } if *after == thirty));
    assert!(matches!(&outcomes[5], TryLater { status: Some(404), .. }), "not APNs");
    assert!(matches!(&outcomes[6], TryLater { status: Some(400), .. }), "too long to be APNs's");
    assert!(outcomes.iter().all(|it| !format!("{it:?}").contains("eyJ")), "no token in texts");
}

#[tokio::test]
async fn a_token_cannot_lead_elsewhere() {
    let service = service(|_| answer(200, "")).await;
    let (app, courier) = (App::by_token(PushPlatform::Apns), courier(&config(&service)));
    app.push(&courier, "../../v1?x=y#z\r\nhost: evil").await;
    let path = &service.asked()[0].path;
    assert_eq!(path, "/3/device/..%2F..%2Fv1%3Fx%3Dy%23z%0D%0Ahost%3A%20evil");
}

#[tokio::test]
async fn a_service_that_leaves_is_followed_to_its_next_connection() {
    let service = service(|asked| match asked.number % 5 {
        0 => Reaction::AnswerAndLeave(200, String::new()),
        _ => answer(200, ""),
    });
    let service = service.await;
    let (app, courier) = (App::by_token(PushPlatform::Apns), courier(&config(&service)));
    for number in 0..20 {
        let outcome = app.push(&courier, &format!("{number:02x}")).await;
        assert!(is_delivered(&outcome), "{outcome:?}");
    }
    assert_eq!((service.asked().len(), service.accepted()), (20, 4));
}

#[tokio::test]
async fn a_service_that_shuts_down_is_left() {
    let service = service(|asked| match asked.number {
        1 => reason(503, "Shutdown"),
        _ => answer(200, ""),
    });
    let service = service.await;
    let (app, courier) = (App::by_token(PushPlatform::Apns), courier(&config(&service)));
    let outcome = app.push(&courier, "aa").await;
    assert!(matches!(outcome, PushOutcome::TryLater { status: Some(503), .. }), "{outcome:?}");
    assert!(is_delivered(&app.push(&courier, "aa").await));
    assert_eq!(service.asked()[1].connection, 2);
}

#[tokio::test]
async fn what_was_not_begun_is_sent_again_at_once() {
    let service = service(|asked| match asked.number {
        1 | 2 => Reaction::NotBegun,
        _ => answer(200, ""),
    });
    let service = service.await;
    let (app, courier) = (App::by_token(PushPlatform::Apns), courier(&config(&service)));
    assert!(is_delivered(&app.push(&courier, "aa").await));
    assert_eq!(service.asked().len(), 3);
}

#[tokio::test]
async fn a_service_that_never_begins_is_not_asked_for_ever() {
    let service = service(|_| Reaction::NotBegun).await;
    let (app, courier) = (App::by_token(PushPlatform::Apns), courier(&config(&service)));
    let outcome = app.push(&courier, "aa").await;
    assert!(matches!(outcome, PushOutcome::TryLater { .. }), "{outcome:?}");
    assert_eq!(service.asked().len(), 3);
}

#[tokio::test]
async fn a_connection_that_is_cut_costs_one_attempt() {
    let service = service(|asked| match asked.number {
        1 => Reaction::Cut,
        _ => answer(200, ""),
    });
    let service = service.await;
    let (app, courier) = (App::by_token(PushPlatform::Apns), courier(&config(&service)));
    let outcome = app.push(&courier, "aa").await;
    assert!(matches!(outcome, PushOutcome::TryLater { status: None, .. }), "{outcome:?}");
    assert!(is_delivered(&app.push(&courier, "aa").await));
    let ids: HashSet<_> =
        service.asked().iter().map(|it| it.header("apns-id").unwrap().to_owned()).collect();
    assert_eq!((ids.len(), service.accepted()), (1, 2));
}

/// A service that takes a message, and then fails to say so, refuses, leaves or cuts: whoever tries
/// again until it is delivered misses none, and each repeat has its reason.
#[tokio::test]
async fn nothing_is_missing_after_a_bad_day() {
    let cuts = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&cuts);
    let service = service(move |asked| match asked.number {
        number if number % 7 == 0 => {
            count.fetch_add(1, Ordering::SeqCst);
            Reaction::Cut
        }
        number if number % 5 == 0 => Reaction::NotBegun,
        number if number % 11 == 0 => Reaction::AnswerAndLeave(200, String::new()),
        number if number % 13 == 0 => reason(503, "ServiceUnavailable"),
        _ => answer(200, ""),
    });
    let service = service.await;
    let (app, courier) =
        (Arc::new(App::by_token(PushPlatform::Apns)), Arc::new(courier(&config(&service))));
    let all: Vec<_> = (0..100)
        .map(|number| {
            let (app, courier) = (Arc::clone(&app), Arc::clone(&courier));
            tokio::spawn(async move {
                push_until_delivered(&app, &courier, &format!("{number:04x}")).await;
            })
        })
        .collect();
    for one in all {
        one.await.unwrap();
    }
    let asked = service.asked();
    let ids: HashSet<_> = asked.iter().map(|it| it.header("apns-id").unwrap()).collect();
    assert_eq!(ids.len(), 100, "each message has its id, whenever it was sent");
    assert!(cuts.load(Ordering::SeqCst) > 0);
}

#[tokio::test]
async fn a_line_that_is_silent_is_left_for_another() {
    let service = service(|asked| match asked.connection {
        1 => Reaction::Hang,
        _ => answer(200, ""),
    });
    let service = service.await;
    let attempt_timeout = Duration::from_millis(300);
    let courier = courier(&PushConfig { attempt_timeout, ..config(&service) });
    let app = App::by_token(PushPlatform::Apns);
    let outcome = app.push(&courier, "aa").await;
    let PushOutcome::TryLater { why, status: None, .. } = outcome else { panic!("{outcome:?}") };
    assert!(why.starts_with("no answer within 0.3 seconds"), "{why}");
    push_until_delivered(&app, &courier, "aa").await;
    assert_eq!(service.asked().last().unwrap().connection, 2);
}

#[tokio::test]
async fn a_slow_device_does_not_cost_the_others_their_connection() {
    let service = service(|asked| match &*asked.path {
        "/3/device/51" => Reaction::Hang,
        _ => answer(200, ""),
    });
    let service = service.await;
    let attempt_timeout = Duration::from_millis(500);
    let config = PushConfig { attempt_timeout, ..config(&service) };
    let (app, courier) = (Arc::new(App::by_token(PushPlatform::Apns)), Arc::new(courier(&config)));
    let slow = {
        let (app, courier) = (Arc::clone(&app), Arc::clone(&courier));
        tokio::spawn(async move { app.push(&courier, "51").await })
    };
    while service.asked().is_empty() {
        tokio::task::yield_now().await;
    }
    assert!(is_delivered(&app.push(&courier, "aa").await));
    assert!(matches!(slow.await.unwrap(), PushOutcome::TryLater { .. }));
    assert!(is_delivered(&app.push(&courier, "bb").await));
    assert_eq!(service.accepted(), 1);
}

#[tokio::test]
async fn a_service_that_is_down_is_not_asked_by_everybody_and_found_when_it_is_back() {
    let before = service(|_| answer(200, "")).await;
    let address = before.address;
    let (app, courier) = (App::by_token(PushPlatform::Apns), courier(&config(&before)));
    assert!(is_delivered(&app.push(&courier, "aa").await));
    drop(before);
    // The first finds out that the connection is gone, the second that there is no other.
    for _ in 0..2 {
        let outcome = app.push(&courier, "aa").await;
        assert!(matches!(outcome, PushOutcome::TryLater { status: None, .. }), "{outcome:?}");
    }
    let outcome = app.push(&courier, "aa").await;
    let PushOutcome::NotBegun { why, pause } = outcome else { panic!("{outcome:?}") };
    assert!(why.starts_with("not tried, for "), "{why}");
    assert!(!pause.is_zero(), "until the next may try");
    let after = PushService::start_at(address, Listening::default(), |_| answer(200, "")).await;
    push_until_delivered(&app, &courier, "bb").await;
    assert_eq!(after.asked().len(), 1);
}

#[tokio::test]
async fn who_finds_no_room_was_not_tried() {
    let service = service(|_| Reaction::Hang).await;
    let attempt_timeout = Duration::from_millis(300);
    let courier = courier(&PushConfig { attempt_timeout, concurrency_max: 4, ..config(&service) });
    let app = App::by_token(PushPlatform::Apns);
    let (first, second) = tokio::join!(app.push(&courier, "aa"), app.push(&courier, "bb"));
    assert!(matches!(first, PushOutcome::TryLater { .. }), "{first:?}");
    let PushOutcome::NotBegun { why, .. } = second else { panic!("{second:?}") };
    // The room may have become free just in time to learn that nobody answers.
    assert!(why.starts_with("not tried, for "), "{why}");
    assert_eq!(service.asked().len(), 1);
}

#[tokio::test]
async fn refused_credentials_are_told_once_and_so_is_their_end() {
    let log = Log::start();
    let service = service(|asked| match asked.number {
        1..=3 => reason(403, "InvalidProviderToken"),
        _ => answer(200, ""),
    });
    let service = service.await;
    let (mut app, courier) = (App::by_token(PushPlatform::Apns), courier(&config(&service)));
    let told = |log: &Log| {
        let begun = log.count("messages wait until the credentials are right");
        (begun, log.count("the credentials are accepted again"))
    };
    for _ in 0..2 {
        let outcome = app.push(&courier, "aa").await;
        assert!(matches!(outcome, PushOutcome::CredentialsRefused { .. }), "{outcome:?}");
        assert_eq!(told(&log), (1, 0));
    }
    // Others are set, which are no better, and then good.
    app.key.revision += 1;
    assert!(!is_delivered(&app.push(&courier, "aa").await));
    assert_eq!(told(&log), (1, 0));
    for _ in 0..2 {
        assert!(is_delivered(&app.push(&courier, "aa").await));
        assert_eq!(told(&log), (1, 1));
    }
}

#[tokio::test]
async fn an_application_in_trouble_is_alone_with_it() {
    let service = service(|asked| match asked.header("apns-topic") {
        Some("com.example.stuck") => Reaction::Hang,
        _ => answer(200, ""),
    });
    let service = service.await;
    let courier = Arc::new(courier(&PushConfig { concurrency_max: 8, ..config(&service) }));
    let stuck = Arc::new(App::by_token(PushPlatform::ApnsVoip));
    let under_way: Vec<_> = (0..20)
        .map(|_| {
            let (app, courier) = (Arc::clone(&stuck), Arc::clone(&courier));
            tokio::spawn(async move {
                let mut message = app.message("aa");
                message.apns.topic = Some("com.example.stuck".to_owned());
                courier.deliver(&app.key, &app.credentials, &message).await
            })
        })
        .collect();
    while service.asked().len() < 2 {
        tokio::task::yield_now().await;
    }
    let app = App::by_token(PushPlatform::Apns);
    for _ in 0..5 {
        assert!(is_delivered(&app.push(&courier, "aa").await));
    }
    let hanging = service.asked().iter().filter(|it| it.connection == 1).count();
    assert_eq!(hanging, 2, "a quarter of eight");
    under_way.iter().for_each(tokio::task::JoinHandle::abort);
}

#[tokio::test]
async fn other_credentials_get_another_connection_and_another_token() {
    let service = service(|_| answer(200, "")).await;
    let courier = courier(&config(&service));
    let mut app = App::by_token(PushPlatform::Apns);
    assert!(is_delivered(&app.push(&courier, "aa").await));
    app.key.revision = 2;
    app.credentials = App::by_token(PushPlatform::Apns).credentials;
    assert!(is_delivered(&app.push(&courier, "aa").await));
    let asked = service.asked();
    assert_eq!((asked[0].connection, asked[1].connection), (1, 2));
    assert_ne!(asked[0].header("authorization"), asked[1].header("authorization"));
}

#[tokio::test]
async fn a_message_whose_time_is_over_is_not_sent() {
    let service = service(|_| answer(200, "")).await;
    let (app, courier) = (App::by_token(PushPlatform::Apns), courier(&config(&service)));
    let mut message = app.message("aa");
    message.ttl = Some(Duration::from_secs(10));
    message.published_at = SystemTime::now() - Duration::from_secs(11);
    let outcome = courier.deliver(&app.key, &app.credentials, &message).await;
    let PushOutcome::Never { why, status: None } = outcome else { panic!("{outcome:?}") };
    assert!(why.contains("TTL"), "{why}");
    assert_eq!(service.accepted(), 0);
    message.ttl = Some(Duration::ZERO);
    assert!(is_delivered(&courier.deliver(&app.key, &app.credentials, &message).await));
    assert_eq!(service.asked()[0].header("apns-expiration"), Some("0"), "once");
}

/// A service over TLS that wants a certificate which `clients` vouches for.
async fn over_tls(authority: &Authority, clients: &Authority) -> PushService {
    let tls = Some(authority.acceptor(Some(clients), b"h2"));
    PushService::start(Listening { tls, ..Listening::default() }, |_| answer(200, "")).await
}

#[tokio::test]
async fn a_certificate_says_who_sends() {
    let authority = Authority::new();
    let service = over_tls(&authority, &authority).await;
    let config = PushConfig { extra_roots: Some(authority.file()), ..config(&service) };
    let (app, courier) = (authority.app(|_| {}), courier(&config));
    for _ in 0..2 {
        let outcome = app.push(&courier, "aa").await;
        assert!(is_delivered(&outcome), "{outcome:?}");
    }
    let asked = service.asked();
    assert_eq!(asked[0].header("apns-topic"), Some(BUNDLE), "of the certificate");
    assert_eq!(asked[0].header("authorization"), None);
    assert_eq!(service.accepted(), 1);
}

#[tokio::test]
async fn a_certificate_that_is_not_wanted_is_the_applications_fault() {
    let (authority, other) = (Authority::new(), Authority::new());
    let service = over_tls(&authority, &other).await;
    let config = PushConfig { extra_roots: Some(authority.file()), ..config(&service) };
    let (app, courier) = (authority.app(|_| {}), courier(&config));
    let outcome = app.push(&courier, "aa").await;
    let PushOutcome::CredentialsRefused { why, status: None } = outcome else {
        panic!("{outcome:?}")
    };
    assert!(why.starts_with("the server refused our certificate"), "{why}");
    assert!(service.asked().is_empty());
}

#[tokio::test]
async fn a_certificate_that_has_expired_is_not_even_shown() {
    let authority = Authority::new();
    let service = over_tls(&authority, &authority).await;
    let config = PushConfig { extra_roots: Some(authority.file()), ..config(&service) };
    let app = authority.app(|params| {
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
    });
    let outcome = app.push(&courier(&config), "aa").await;
    let PushOutcome::CredentialsRefused { why, .. } = outcome else { panic!("{outcome:?}") };
    assert!(why.contains("has expired"), "{why}");
    assert_eq!(service.accepted(), 0);
}

#[tokio::test]
async fn a_service_that_nobody_vouches_for_gets_nothing() {
    let authority = Authority::new();
    let service = over_tls(&authority, &authority).await;
    let outcome = authority.app(|_| {}).push(&courier(&config(&service)), "aa").await;
    let PushOutcome::TryLater { why, status: None, .. } = outcome else { panic!("{outcome:?}") };
    assert!(why.contains("UnknownIssuer"), "{why}");
    assert!(service.asked().is_empty());
}

#[tokio::test]
async fn nothing_is_asked_for_what_cannot_be_delivered() {
    let asked = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&asked);
    let service = service(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        answer(200, "")
    });
    let service = service.await;
    let courier = courier(&config(&service));
    for platform in [PushPlatform::Baidu, PushPlatform::Mpns, PushPlatform::Wns] {
        let given = tidings_couriers::GivenCredentials {
            credential: Some("secret"),
            ..tidings_couriers::GivenCredentials::default()
        };
        let outcome = App::new(platform, &given).push(&courier, "aa").await;
        let PushOutcome::Never { why, .. } = outcome else { panic!("{outcome:?}") };
        assert!(why.contains(platform.as_str()), "{why}");
    }
    let mut mixed = App::of_adm();
    mixed.platform = PushPlatform::Apns;
    let outcome = mixed.push(&courier, "aa").await;
    assert!(matches!(outcome, PushOutcome::CredentialsRefused { .. }), "{outcome:?}");
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}
