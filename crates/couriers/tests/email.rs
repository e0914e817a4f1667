//! Mail, to servers that behave well and badly.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

#[path = "support/log.rs"]
mod log;
#[path = "support/mail_server.rs"]
mod mail_server;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use base64::Engine as _;
use bytes::Bytes;
use log::Log;
use mail_server::{MailServer, Say, Tls};
use rcgen::KeyPair;
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;
use tempfile::TempDir;
use tidings_couriers::{
    Courier, EmailConfig, EmailCourier, Letter, Outcome, Parcel, ParcelKind, Password, SmtpSecurity,
};
use tokio_rustls::TlsAcceptor;

fn config(server: &MailServer) -> EmailConfig {
    EmailConfig {
        host: server.address.ip().to_string(),
        port: server.address.port(),
        security: SmtpSecurity::Off,
        credentials: None,
        from: "no-reply@example.com".into(),
        dkim: None,
        extra_roots: None,
        attempt_timeout: Duration::from_secs(60),
        answer_timeout: Duration::from_secs(60),
        connections_max: 2,
    }
}

fn courier(server: &MailServer) -> EmailCourier {
    EmailCourier::new(&config(server)).unwrap()
}

fn parcel(number: usize) -> Parcel {
    Parcel {
        endpoint: format!("guest-{number}@example.org"),
        body: Bytes::from_static(b"Hello\n.\n.dot\n"),
        content_type: None,
        kind: ParcelKind::Notification,
        message_id: format!("message-{number}"),
        topic_arn: "arn:aws:sns:us-east-1:000000000000:bookings".into(),
        subscription_arn: None,
        raw: false,
        letter: Some(Letter {
            sender_name: "Hotel".into(),
            subject: "Booked".into(),
            unsubscribe_url: None,
        }),
        text_message: None,
    }
}

async fn usual() -> MailServer {
    MailServer::start(Tls::Never, |_, _| Say::Usual).await
}

/// What came of one message when the server answers the line that begins so with that.
async fn when(verb: &'static str, answer: &'static str) -> Outcome {
    let react =
        move |line: &str, _| if line.starts_with(verb) { answer.into() } else { Say::Usual };
    let server = MailServer::start(Tls::Never, react).await;
    courier(&server).deliver(&parcel(1)).await
}

#[tokio::test]
async fn messages_go_one_after_the_other_over_one_connection() {
    let server = usual().await;
    let courier = courier(&server);
    for number in 0..3 {
        let outcome = courier.deliver(&parcel(number)).await;
        let detail = "2.0.0 queued as 42".to_owned();
        assert_eq!(outcome, Outcome::Delivered { status: 250, detail });
    }
    assert_eq!(server.count("connect"), 1);
    assert_eq!(server.count("MAIL FROM:<no-reply@example.com>"), 3);
    assert_eq!(server.count("RCPT TO:<guest-2@example.org>"), 1);
    let messages = server.messages();
    assert_eq!(messages.len(), 3);
    assert!(messages[0].ends_with("\r\n\r\nHello\r\n..\r\n..dot\r\n"), "{}", messages[0]);
}

#[tokio::test]
async fn no_more_connections_than_allowed() {
    let server = usual().await;
    let courier = Arc::new(courier(&server));
    let mut all = tokio::task::JoinSet::new();
    for number in 0..20 {
        let courier = Arc::clone(&courier);
        all.spawn(async move { courier.deliver(&parcel(number)).await });
    }
    for outcome in all.join_all().await {
        assert!(matches!(outcome, Outcome::Delivered { .. }), "{outcome:?}");
    }
    assert_eq!(server.messages().len(), 20);
    assert!((1..=2).contains(&server.count("connect")), "{}", server.count("connect"));
}

#[tokio::test]
async fn what_the_server_says_to_a_message_decides() {
    for verb in ["RCPT", "DATA", "."] {
        let outcome = when(verb, "550-5.1.1 no such\r\n550 5.1.1 user\r\n").await;
        let Outcome::Never { why, status: Some(550) } = outcome else {
            panic!("{verb}: {outcome:?}")
        };
        assert!(why.contains("with 550 5.1.1 no such user"), "{why}");
        let outcome = when(verb, "451 4.7.1 come back later\r\n").await;
        let Outcome::TryLater { why, status: Some(451) } = outcome else {
            panic!("{verb}: {outcome:?}")
        };
        assert!(why.contains("451 4.7.1 come back later"), "{why}");
        let outcome = when(verb, "530 5.7.0 authentication required\r\n").await;
        assert!(matches!(outcome, Outcome::TryLater { status: Some(530), .. }), "{outcome:?}");
        let outcome = when(verb, "554 5.7.1 relay access denied\r\n").await;
        assert!(matches!(outcome, Outcome::TryLater { status: Some(554), .. }), "{outcome:?}");
    }
}

#[tokio::test]
async fn what_the_server_has_against_ourselves_loses_no_message() {
    for verb in ["connect", "EHLO", "MAIL"] {
        let outcome = when(verb, "554 5.7.1 not you\r\n").await;
        assert!(matches!(outcome, Outcome::TryLater { status: Some(554), .. }), "{outcome:?}");
    }
}

#[tokio::test]
async fn a_refused_message_leaves_the_connection_to_the_next_one() {
    let server = MailServer::start(Tls::Never, |line, _| match line {
        line if line.contains("guest-1@") => "550 5.1.1 nobody\r\n".into(),
        _ => Say::Usual,
    });
    let server = server.await;
    let courier = courier(&server);
    assert!(matches!(courier.deliver(&parcel(1)).await, Outcome::Never { .. }));
    assert!(matches!(courier.deliver(&parcel(2)).await, Outcome::Delivered { .. }));
    assert_eq!((server.count("connect"), server.count("RSET")), (1, 1));
}

#[tokio::test]
async fn answers_that_make_no_sense_are_no_answers() {
    let long = format!("250-{}\r\n", "x".repeat(400)).repeat(100);
    for nonsense in [
        "HTTP/1.1 200 OK\r\n\r\n",
        "250\u{0}\r\n",
        "99 what\r\n",
        "250-one\r\n550 other\r\n",
        "\r\n\r\n",
        &long,
        &"2".repeat(100_000),
    ] {
        for verb in ["connect", "EHLO", "MAIL", "RCPT", "DATA", "."] {
            let bytes = nonsense.as_bytes().to_vec();
            let server = MailServer::start(Tls::Never, move |line, _| {
                if line.starts_with(verb) { Say::Bytes(bytes.clone()) } else { Say::Usual }
            })
            .await;
            let config = EmailConfig { attempt_timeout: Duration::from_secs(2), ..config(&server) };
            let outcome = EmailCourier::new(&config).unwrap().deliver(&parcel(1)).await;
            let Outcome::TryLater { why, .. } = outcome else { panic!("{verb}: {outcome:?}") };
            assert!(why.len() <= 1024 && !why.contains(['\r', '\n', '\0']), "{why:?}");
        }
    }
    let outcome = when("DATA", "250 ok\r\n").await;
    assert!(matches!(outcome, Outcome::TryLater { status: None, .. }), "{outcome:?}");
}

#[tokio::test]
async fn refusals_in_other_alphabets_are_refusals() {
    let react = |line: &str, _| match line.starts_with("RCPT") {
        true => Say::Bytes(b"550 5.1.1 Empf\xe4nger unbekannt\x1b[2J\r\n".to_vec()),
        false => Say::Usual,
    };
    let server = MailServer::start(Tls::Never, react).await;
    let outcome = courier(&server).deliver(&parcel(1)).await;
    let Outcome::Never { why, status: Some(550) } = outcome else { panic!("{outcome:?}") };
    assert!(why.ends_with("5.1.1 Empf?nger unbekannt?[2J"), "{why}");
}

#[tokio::test]
async fn a_kept_connection_that_was_closed_is_replaced() {
    let server = MailServer::start(Tls::Never, |line, connection| match (line, connection) {
        (line, 1) if line.starts_with("RSET") => Say::Close,
        (".", 1) => "250 ok\r\n".into(),
        (line, 1) if line.contains("guest-2@") => Say::Close,
        _ => Say::Usual,
    })
    .await;
    let courier = courier(&server);
    assert!(matches!(courier.deliver(&parcel(1)).await, Outcome::Delivered { .. }));
    // Closed in the midst of a message: that attempt fails.
    assert!(matches!(courier.deliver(&parcel(2)).await, Outcome::TryLater { status: None, .. }));
    assert!(matches!(courier.deliver(&parcel(3)).await, Outcome::Delivered { .. }));
    assert_eq!(server.count("connect"), 2);
}

#[tokio::test]
async fn a_server_that_closes_between_messages_costs_no_attempt() {
    let senders = AtomicUsize::new(0);
    let server = MailServer::start(Tls::Never, move |line, _| {
        let is_sender = line.starts_with("MAIL");
        let is_late = is_sender && senders.fetch_add(1, Ordering::SeqCst) == 1;
        if is_late { "421 4.4.2 timeout\r\n".into() } else { Say::Usual }
    })
    .await;
    let courier = courier(&server);
    for number in 0..3 {
        let outcome = courier.deliver(&parcel(number)).await;
        assert!(matches!(outcome, Outcome::Delivered { .. }), "{outcome:?}");
    }
    assert_eq!(server.count("connect"), 2);
    assert_eq!(server.count("MAIL"), 4);
}

#[tokio::test]
async fn a_server_that_takes_no_more_over_a_connection_gets_another_one() {
    let senders = AtomicUsize::new(0);
    let server = MailServer::start(Tls::Never, move |line, connection| {
        let is_sender = line.starts_with("MAIL") && connection == 1;
        let is_late = is_sender && senders.fetch_add(1, Ordering::SeqCst) >= 2;
        if is_late { "452 4.3.0 too many messages\r\n".into() } else { Say::Usual }
    })
    .await;
    let courier = courier(&server);
    for number in 0..4 {
        let outcome = courier.deliver(&parcel(number)).await;
        assert!(matches!(outcome, Outcome::Delivered { .. }), "{outcome:?}");
    }
    assert_eq!((server.count("connect"), server.count("MAIL")), (2, 5));
}

#[tokio::test]
async fn silence_ends_an_attempt_and_the_next_ones_at_once() {
    let react = |line: &str, _| match line {
        "DATA" => Say::Hang(b"35".to_vec()),
        _ => Say::Usual,
    };
    let server = MailServer::start(Tls::Never, react).await;
    let config = EmailConfig { attempt_timeout: Duration::from_millis(300), ..config(&server) };
    let courier = EmailCourier::new(&config).unwrap();
    let Outcome::TryLater { why, status: None } = courier.deliver(&parcel(1)).await else {
        panic!()
    };
    assert_eq!(why, "no answer of the mail server within 0.3 seconds");
    let Outcome::NotBegun { why, pause } = courier.deliver(&parcel(1)).await else {
        panic!("nothing was sent, and so it was no attempt")
    };
    assert_eq!(
        why,
        "not tried, for 0 seconds ago: no answer of the mail server within 0.3 seconds"
    );
    assert!(!pause.is_zero() && pause <= Duration::from_secs(1), "until the next may try");
    assert_eq!(server.count("connect"), 1);
}

#[tokio::test]
async fn a_server_that_has_the_message_is_waited_for_beyond_the_attempt() {
    let messages = AtomicUsize::new(0);
    let server = MailServer::start(Tls::Never, move |line, _| match line {
        // Meanwhile the time for the attempt has gone.
        "." if messages.fetch_add(1, Ordering::SeqCst) == 0 => {
            Say::Late(Duration::from_millis(1500), b"250 2.0.0 taken\r\n".to_vec())
        }
        "." => Say::Hang(b"25".to_vec()),
        _ => Say::Usual,
    })
    .await;
    let courier = EmailCourier::new(&EmailConfig {
        attempt_timeout: Duration::from_secs(1),
        ..config(&server)
    });
    let outcome = courier.unwrap().deliver(&parcel(1)).await;
    let detail = "2.0.0 taken".to_owned();
    assert_eq!(outcome, Outcome::Delivered { status: 250, detail });

    // Not for ever; and that it has nothing to say of one message keeps none from the next.
    let courier = EmailCourier::new(&EmailConfig {
        attempt_timeout: Duration::from_secs(1),
        answer_timeout: Duration::from_millis(100),
        ..config(&server)
    });
    let courier = courier.unwrap();
    for connections in [2, 3] {
        let outcome = courier.deliver(&parcel(1)).await;
        let Outcome::TryLater { why, status: None } = outcome else { panic!("{outcome:?}") };
        let expected = "no answer of the mail server to the whole message within 0.1 seconds";
        assert_eq!(why, expected);
        assert_eq!(server.count("connect"), connections);
    }
}

#[tokio::test]
async fn nobody_there_is_said_with_the_address() {
    let server = usual().await;
    let config = config(&server);
    drop(server);
    tokio::task::yield_now().await;
    let courier = EmailCourier::new(&config).unwrap();
    let Outcome::TryLater { why, status: None } = courier.deliver(&parcel(1)).await else {
        panic!()
    };
    let expected = format!("the mail server {}:{} cannot be reached: ", config.host, config.port);
    assert!(why.starts_with(&expected), "{why}");
}

#[tokio::test]
async fn endpoints_that_are_no_addresses_are_never_sent_to() {
    let server = usual().await;
    let courier = courier(&server);
    for endpoint in ["a@example.com>\r\nRCPT TO:<b@example.com", "a", "a b@example.com", ""] {
        let outcome = courier.deliver(&Parcel { endpoint: endpoint.into(), ..parcel(1) }).await;
        assert!(matches!(outcome, Outcome::Never { .. }), "{outcome:?}");
    }
    assert_eq!(server.heard().len(), 0);
}

#[tokio::test]
async fn the_server_is_told_who_we_are() {
    let credentials = Some(("mailer".to_owned(), Password::new("s3cret".into())));
    let server = usual().await;
    let with = EmailConfig { credentials, ..config(&server) };
    assert!(!format!("{with:?}").contains("s3cret"));
    let outcome = EmailCourier::new(&with).unwrap().deliver(&parcel(1)).await;
    assert!(matches!(outcome, Outcome::Delivered { .. }), "{outcome:?}");
    let plain = base64::engine::general_purpose::STANDARD.encode("\0mailer\0s3cret");
    assert_eq!(server.count(&format!("AUTH PLAIN {plain}")), 1);

    let react = |line: &str, _| match line.starts_with("AUTH") {
        true => "535 5.7.8 bad credentials\r\n".into(),
        false => Say::Usual,
    };
    let server = MailServer::start(Tls::Never, react).await;
    let with = EmailConfig { credentials: with.credentials, ..config(&server) };
    let outcome = EmailCourier::new(&with).unwrap().deliver(&parcel(1)).await;
    let Outcome::TryLater { why, status: Some(535) } = outcome else { panic!("{outcome:?}") };
    assert_eq!(why, "the mail server answered AUTH with 535 5.7.8 bad credentials");
}

#[tokio::test]
async fn a_refused_login_is_told_once_and_so_is_its_end() {
    let log = Log::start();
    let logins = AtomicUsize::new(0);
    let server = MailServer::start(Tls::Never, move |line, _| {
        let is_refused = line.starts_with("AUTH") && logins.fetch_add(1, Ordering::SeqCst) < 2;
        if is_refused { "535 5.7.8 bad credentials\r\n".into() } else { Say::Usual }
    })
    .await;
    let credentials = Some(("mailer".to_owned(), Password::new("s3cret".into())));
    let courier = EmailCourier::new(&EmailConfig { credentials, ..config(&server) }).unwrap();
    let told = |log: &Log| {
        let begun = log.count("mail waits until user and password are right");
        (begun, log.count("the mail server takes mail again"))
    };
    while server.count("AUTH") < 2 {
        let _ = courier.deliver(&parcel(1)).await;
        assert_eq!(told(&log), (1, 0));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    while !matches!(courier.deliver(&parcel(1)).await, Outcome::Delivered { .. }) {
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let outcome = courier.deliver(&parcel(2)).await;
    assert!(matches!(outcome, Outcome::Delivered { .. }), "{outcome:?}");
    assert_eq!(told(&log), (1, 1));
    assert_eq!(log.count("s3cret"), 0);
}

/// A certificate for 127.0.0.1, and a file that makes it trusted.
fn certificate() -> (TempDir, TlsAcceptor) {
    let key = KeyPair::generate().unwrap();
    let params = rcgen::CertificateParams::new(vec!["127.0.0.1".to_owned()]).unwrap();
    let certificate = params.self_signed(&key).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let encoded = base64::engine::general_purpose::STANDARD.encode(certificate.der());
    let pem = format!("-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n");
    std::fs::write(folder.path().join("ca.pem"), pem).unwrap();
    let key = PrivateKeyDer::try_from(key.serialized_der().to_vec()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .unwrap();
    (folder, TlsAcceptor::from(Arc::new(config)))
}

fn secured(server: &MailServer, security: SmtpSecurity, folder: &TempDir) -> EmailCourier {
    let credentials = Some(("mailer".to_owned(), Password::new("s3cret".into())));
    let extra_roots = Some(folder.path().join("ca.pem"));
    EmailCourier::new(&EmailConfig { security, credentials, extra_roots, ..config(server) })
        .unwrap()
}

#[tokio::test]
async fn tls_at_once_and_tls_when_asked() {
    let (folder, acceptor) = certificate();
    let at_once = MailServer::start(Tls::AtOnce(acceptor.clone()), |_, _| Say::Usual).await;
    let outcome = secured(&at_once, SmtpSecurity::Implicit, &folder).deliver(&parcel(1)).await;
    assert!(matches!(outcome, Outcome::Delivered { .. }), "{outcome:?}");

    let asked = MailServer::start(Tls::WhenAsked(acceptor), |_, _| Say::Usual).await;
    let courier = secured(&asked, SmtpSecurity::StartTls, &folder);
    for number in 0..2 {
        let outcome = courier.deliver(&parcel(number)).await;
        assert!(matches!(outcome, Outcome::Delivered { .. }), "{outcome:?}");
    }
    let heard = asked.heard();
    let begin = ["connect", "EHLO example.com", "STARTTLS", "tls", "EHLO example.com"];
    assert_eq!(heard[..5], begin);
    assert!(heard[5].starts_with("AUTH PLAIN "), "{heard:?}");
    assert_eq!(asked.count("connect"), 1);
}

#[tokio::test]
async fn nothing_is_said_to_a_server_without_tls_or_with_somebody_elses_certificate() {
    let (folder, acceptor) = certificate();
    let plain = usual().await;
    let outcome = secured(&plain, SmtpSecurity::StartTls, &folder).deliver(&parcel(1)).await;
    let Outcome::TryLater { why, .. } = outcome else { panic!("{outcome:?}") };
    assert!(why.contains("does not offer STARTTLS"), "{why}");
    assert_eq!(plain.heard(), ["connect", "EHLO example.com"]);

    let (stranger, _) = certificate();
    let server = MailServer::start(Tls::WhenAsked(acceptor), |_, _| Say::Usual).await;
    let outcome = secured(&server, SmtpSecurity::StartTls, &stranger).deliver(&parcel(1)).await;
    let Outcome::TryLater { why, .. } = outcome else { panic!("{outcome:?}") };
    assert!(why.contains("TLS: invalid peer certificate"), "{why}");
    assert_eq!(server.count("AUTH") + server.count("MAIL"), 0);
}

#[tokio::test]
async fn what_is_said_before_tls_is_not_taken_for_said_under_it() {
    let (folder, acceptor) = certificate();
    let react = |line: &str, _| match line {
        "STARTTLS" => "220 go ahead\r\n250-evil\r\n250 AUTH PLAIN\r\n".into(),
        _ => Say::Usual,
    };
    let server = MailServer::start(Tls::WhenAsked(acceptor), react).await;
    let outcome = secured(&server, SmtpSecurity::StartTls, &folder).deliver(&parcel(1)).await;
    assert!(matches!(outcome, Outcome::TryLater { .. }), "{outcome:?}");
    assert_eq!(server.count("AUTH"), 0);
}
