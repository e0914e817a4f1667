//! Text messages, against gateways in this process that behave as no program would.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

#[path = "support/log.rs"]
mod log;
#[allow(dead_code)]
mod support;

use std::time::Duration;

use log::Log;
use support::sms::{Outgoing, config, notification, text_message};
use tidings_core::price::Price;
use tidings_couriers::{
    Courier, Outcome, Parcel, ParcelKind, SmsConfig, SmsCourier, SmsSetupError, TextMessage,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const SUBMIT_SM: u32 = 0x04;
const UNBIND: u32 = 0x06;
const BIND: u32 = 0x09;
const RESPONSE: u32 = 0x8000_0000;

async fn listen() -> (TcpListener, SmsConfig) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    (listener, config(port))
}

/// A PDU that came: its command and sequence number.
async fn read(stream: &mut TcpStream) -> (u32, u32) {
    let mut header = [0; 16];
    stream.read_exact(&mut header).await.unwrap();
    let field = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().unwrap());
    let mut body = vec![0; usize::try_from(field(0)).unwrap() - 16];
    stream.read_exact(&mut body).await.unwrap();
    (field(4), field(12))
}

async fn answer(stream: &mut TcpStream, (command, sequence): (u32, u32), status: u32, body: &[u8]) {
    let length = u32::try_from(16 + body.len()).unwrap();
    let mut pdu = Vec::new();
    for field in [length, command | RESPONSE, status, sequence] {
        pdu.extend(field.to_be_bytes());
    }
    pdu.extend(body);
    stream.write_all(&pdu).await.unwrap();
}

/// The next connection, bound.
async fn bound(listener: &TcpListener) -> TcpStream {
    let (mut stream, _) = listener.accept().await.unwrap();
    let bind = read(&mut stream).await;
    assert_eq!(bind.0, BIND);
    answer(&mut stream, bind, 0, b"gateway\0").await;
    stream
}

/// Why an attempt is to be made again later.
fn later(outcome: Outcome) -> String {
    match outcome {
        Outcome::TryLater { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

fn never(outcome: Outcome) -> String {
    match outcome {
        Outcome::Never { why, .. } => why,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_refused_bind_is_told_once_and_then_that_it_is_taken() {
    const INVALID_PASSWORD: u32 = 0x0E;
    let log = Log::start();
    let (listener, config) = listen().await;
    let out = Outgoing::start(&config);
    for _ in 0..3 {
        let (mut stream, _) = listener.accept().await.unwrap();
        let bind = read(&mut stream).await;
        answer(&mut stream, bind, INVALID_PASSWORD, b"gateway\0").await;
    }
    let mut stream = bound(&listener).await;
    assert_eq!((log.count("refuses the bind"), log.count("has bound us")), (1, 0));
    let delivery = notification("hello");
    let (outcome, ()) = tokio::join!(out.courier.deliver(&delivery), async {
        let submit = read(&mut stream).await;
        answer(&mut stream, submit, 0, b"1\0").await;
    });
    assert!(matches!(outcome, Outcome::Delivered { .. }), "{outcome:?}");
    assert_eq!((log.count("refuses the bind"), log.count("has bound us")), (1, 1));
}

#[tokio::test]
async fn nobody_there() {
    let (listener, config) = listen().await;
    drop(listener);
    let out = Outgoing::start(&config);
    let why = later(out.courier.deliver(&notification("hello")).await);
    assert!(why.contains("cannot be reached") && why.contains(&config.port.to_string()), "{why}");
}

#[tokio::test]
async fn a_refused_bind_says_why() {
    let (listener, config) = listen().await;
    let out = Outgoing::start(&config);
    let (mut stream, _) = listener.accept().await.unwrap();
    let bind = read(&mut stream).await;
    answer(&mut stream, bind, 0x0E, b"").await;
    let why = later(out.courier.deliver(&notification("hello")).await);
    assert!(why.contains("refuses the bind: invalid password"), "{why}");
}

#[tokio::test]
async fn who_accepts_and_says_nothing_is_given_up() {
    let (listener, config) = listen().await;
    let config = SmsConfig { response_timeout: Duration::from_millis(200), ..config };
    let out = Outgoing::start(&config);
    let _stream = listener.accept().await.unwrap();
    let why = later(out.courier.deliver(&notification("hello")).await);
    assert!(why.contains("did not answer the bind"), "{why}");
}

#[tokio::test]
async fn a_long_message_goes_in_parts() {
    let (listener, config) = listen().await;
    let out = Outgoing::start(&config);
    let gateway = async {
        let mut stream = bound(&listener).await;
        for id in [b"a\0", b"b\0"] {
            let submit = read(&mut stream).await;
            assert_eq!(submit.0, SUBMIT_SM);
            answer(&mut stream, submit, 0, id).await;
        }
        stream
    };
    let parcel = notification(&"long ".repeat(60));
    let (outcome, _stream) = tokio::join!(out.courier.deliver(&parcel), gateway);
    let detail = "accepted by the gateway as a, b".to_owned();
    assert_eq!(outcome, Outcome::Delivered { status: 0, detail });
}

/// The repeat sends what the gateway does not have, and nothing twice that it has.
#[tokio::test]
async fn after_a_loss_only_the_rest_is_sent_again() {
    let (listener, config) = listen().await;
    let price = |text| Price::parse(text).unwrap();
    let config = SmsConfig { price: Some(price("0.05")), ..config };
    let out = Outgoing::start(&config);
    let parcel = notification(&"long ".repeat(60));
    assert_eq!(out.courier.cost(&parcel), Some(price("0.10")));
    let first = async {
        let mut stream = bound(&listener).await;
        let submit = read(&mut stream).await;
        answer(&mut stream, submit, 0, b"a\0").await;
        read(&mut stream).await;
        // A length that no PDU has.
        stream.write_all(&u32::MAX.to_be_bytes()).await.unwrap();
        assert_eq!(read(&mut stream).await, (RESPONSE, 0));
    };
    let ((outcome, spent), ()) = tokio::join!(out.courier.send_message(&parcel), first);
    // What is not answered may have to be paid, and so may the repeat.
    assert_eq!((spent, out.courier.cost(&parcel)), (price("0.10"), Some(price("0.05"))));
    let why = later(outcome);
    assert!(why.starts_with("part 2 of 2: ") && why.contains("may have the message"), "{why}");

    let second = async {
        let mut stream = bound(&listener).await;
        let submit = read(&mut stream).await;
        answer(&mut stream, submit, 0, b"b\0").await;
        stream
    };
    let again = async {
        loop {
            match out.courier.deliver(&parcel).await {
                // Not back yet.
                Outcome::TryLater { .. } => tokio::time::sleep(Duration::from_millis(20)).await,
                outcome => break outcome,
            }
        }
    };
    let (outcome, _stream) = tokio::join!(again, second);
    let detail = "accepted by the gateway as a, b".to_owned();
    assert_eq!(outcome, Outcome::Delivered { status: 0, detail });
}

#[tokio::test]
async fn stopping_unbinds() {
    let (listener, config) = listen().await;
    let out = Outgoing::start(&config);
    let mut stream = bound(&listener).await;
    let courier = out.courier.clone();
    let parcel = notification("hello");
    let first = async {
        let submit = read(&mut stream).await;
        answer(&mut stream, submit, 0, b"a\0").await;
    };
    tokio::join!(courier.deliver(&parcel), first);
    let gateway = async {
        let unbind = read(&mut stream).await;
        assert_eq!(unbind.0, UNBIND);
        answer(&mut stream, unbind, 0, b"").await;
        assert_eq!(stream.read(&mut [0]).await.unwrap(), 0);
    };
    tokio::join!(out.stop(), gateway);
    let why = later(courier.deliver(&parcel).await);
    assert!(why.contains("stopping"), "{why}");
}

#[tokio::test]
async fn stopping_needs_no_gateway() {
    for is_bound in [true, false] {
        let (listener, config) = listen().await;
        let out = Outgoing::start(&config);
        let mut stream = match is_bound {
            true => bound(&listener).await,
            false => listener.accept().await.unwrap().0,
        };
        let gateway = async move {
            // Whatever comes, and then nothing more.
            let _ = stream.read(&mut [0; 64]).await;
            drop((stream, listener));
        };
        tokio::join!(out.stop(), gateway);
    }
}

#[tokio::test]
async fn what_never_can_be_sent_needs_no_gateway() {
    let (_listener, config) = listen().await;
    let config = SmsConfig { price: Price::parse("0.04"), ..config };
    let (courier, _gateway, _notices) = SmsCourier::new(&config).unwrap();
    let with = |text_message: TextMessage| Parcel {
        text_message: Some(text_message),
        ..notification(&"long ".repeat(60))
    };
    let sender = TextMessage { sender: Some("no sender".into()), ..text_message() };
    let price = |max: &str| TextMessage { max_price: Some(max.into()), ..text_message() };
    let cases = [
        (Parcel { endpoint: "nobody".into(), ..notification("x") }, "no phone number"),
        (notification(&"x".repeat(1601)), "more than 1600 characters"),
        (Parcel { body: vec![0xFF].into(), ..notification("x") }, "not UTF-8"),
        (
            Parcel { kind: ParcelKind::SubscriptionConfirmation, ..notification("x") },
            "only published messages",
        ),
        (with(sender), "neither a sender id nor a number"),
        (with(price("0.07")), "This delivery would exceed max price"),
        (with(price("cheap")), "not an amount"),
    ];
    for (parcel, expected) in cases {
        let why = never(courier.deliver(&parcel).await);
        assert!(why.contains(expected), "{why}");
    }
}

#[tokio::test]
async fn the_name_of_a_topic_takes_nothing_from_the_message() {
    let (_listener, config) = listen().await;
    let (courier, _gateway, _notices) = SmsCourier::new(&config).unwrap();
    let named = TextMessage { display_name: "GrandHotel".into(), ..text_message() };
    let named = |length: usize| Parcel {
        text_message: Some(named.clone()),
        ..notification(&"x".repeat(length))
    };
    assert_eq!(courier.size(&named(1600)), Some((11, None)));
    assert_eq!(courier.size(&named(1601)), None);
}

#[test]
fn what_cannot_work_is_refused_at_the_start() {
    let config = SmsConfig { tls: true, ..SmsConfig::new("not a host", "user", "secret") };
    assert!(matches!(SmsCourier::new(&config), Err(SmsSetupError::BadHost(_))));
    let config = SmsConfig::new("gateway.example", "", "secret");
    assert!(matches!(SmsCourier::new(&config), Err(SmsSetupError::NoSystemId)));
}
