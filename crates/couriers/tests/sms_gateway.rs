//! Text messages, against a gateway that others wrote: node-smpp.
//!
//! Needs Node and what conformance/sms/package-lock.json names. `./test` sees to that; who runs these
//! tests alone, without either, is told that they were skipped: CONTRIBUTING.md.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

#[allow(dead_code)]
mod support;

use std::collections::BTreeMap;
use std::time::Duration;

use rcgen::{CertificateParams, KeyPair};
use serde_json::{Value, json};
use support::sms::{Outgoing, config, notification};
use support::sms_program::{Program, program};
use tidings_couriers::{
    Courier, Outcome, Parcel, ReceiptState, Sender, SmsConfig, SmsEvent, TextMessage,
};

/// A gateway that knows us, and a courier that is bound to it.
async fn both() -> Option<(Program, Outgoing)> {
    both_with(|config| config).await
}

async fn both_with(change: impl FnOnce(SmsConfig) -> SmsConfig) -> Option<(Program, Outgoing)> {
    let mut gateway = Program::start(&program()?, json!({ "port": 0, "password": "secret" })).await;
    let out = Outgoing::start(&change(config(gateway.port)));
    let bound = gateway.until("bound").await;
    assert_eq!(bound["bound"], true);
    assert_eq!((&bound["system_id"], &bound["version"]), (&json!("user"), &json!(0x34)));
    Some((gateway, out))
}

fn numbered(number: usize) -> Parcel {
    Parcel { message_id: format!("message-{number}"), ..notification(&format!("message {number}")) }
}

fn is_delivered(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Delivered { status: 0, .. })
}

fn status(outcome: Outcome) -> Option<u16> {
    match outcome {
        Outcome::TryLater { status, .. } => status,
        other => panic!("{other:?}"),
    }
}

/// Attempts until it is delivered, and how many it took. Attempts without a session count for none.
async fn until_delivered(out: &Outgoing, parcel: &Parcel) -> usize {
    let mut attempts = 0;
    loop {
        match out.courier.deliver(parcel).await {
            Outcome::Delivered { .. } => return attempts + 1,
            Outcome::TryLater { why, .. } => {
                attempts += usize::from(why.contains("may have the message"));
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            outcome => panic!("{outcome:?}"),
        }
    }
}

#[tokio::test]
async fn a_message_arrives_as_it_was_written() {
    let change = |config| SmsConfig {
        sender: Sender::parse("Hotel"),
        validity: Some(Duration::from_secs(3600)),
        ..config
    };
    let Some((mut gateway, out)) = both_with(change).await else { return };
    let text = "Grüße: 20 € [Δ] {~}\n@£$";
    assert!(is_delivered(&out.courier.deliver(&notification(text)).await));
    let event = gateway.until("submitted").await;
    assert_eq!(event["submitted"], text);
    let expected = json!(["Hotel", 5, "491701234567", 1, 1, 0, 0, 1]);
    let fields = ["from", "from_ton", "to", "to_ton", "to_npi", "coding", "priority", "receipt"];
    assert_eq!(Value::from(fields.map(|field| event[field].clone()).to_vec()), expected);

    let text = "混合 👩‍🚀 text";
    let options = TextMessage {
        display_name: "Tides of May".into(),
        sender: Some("+15551234567".into()),
        is_transactional: true,
        max_price: None,
    };
    let parcel = Parcel { text_message: Some(options), ..notification(text) };
    assert!(is_delivered(&out.courier.deliver(&parcel).await));
    let event = gateway.until("submitted").await;
    assert_eq!(event["submitted"], format!("Tides of M> {text}"));
    let expected = json!(["15551234567", 1, "491701234567", 1, 1, 8, 1, 1]);
    assert_eq!(Value::from(fields.map(|field| event[field].clone()).to_vec()), expected);
}

#[tokio::test]
async fn long_messages_come_together_again() {
    let Some((mut gateway, out)) = both().await else { return };
    for text in ["Tides € rise [daily]. ".repeat(40), "潮 rises 😀 ".repeat(30)] {
        assert!(is_delivered(&out.courier.deliver(&notification(&text)).await));
        gateway.order(json!({ "script": [] })).await;
        let parts = std::mem::take(&mut gateway.submitted);
        let headers: Vec<_> = parts.iter().map(|it| it["udh"].as_str().unwrap()).collect();
        let whole: String = parts.iter().map(|it| it["submitted"].as_str().unwrap()).collect();
        assert_eq!(whole, text);
        for (header, number) in headers.iter().zip(1..) {
            // Without its length: the reference is one for all, then how many there are, and which.
            assert_eq!(header[..6], headers[0][..6]);
            assert_eq!(header[6..], format!("{:02x}{number:02x}", parts.len()));
        }
    }
}

#[tokio::test]
async fn refusals_are_for_now_or_for_ever() {
    let Some((mut gateway, out)) = both().await else { return };
    gateway.script(json!([0x58, 0x14, 0x08, "ok", 0x0B, 0x45, 0x400])).await;
    for expected in [0x58, 0x14, 0x08] {
        assert_eq!(status(out.courier.deliver(&numbered(1)).await), Some(expected));
    }
    assert!(is_delivered(&out.courier.deliver(&numbered(1)).await));
    for expected in [0x0B, 0x45, 0x400] {
        match out.courier.deliver(&numbered(2)).await {
            Outcome::Never { status, .. } => assert_eq!(status, Some(expected)),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_wrong_password_says_so() {
    let Some(program) = program() else { return };
    let mut gateway = Program::start(&program, json!({ "port": 0, "password": "other" })).await;
    let out = Outgoing::start(&config(gateway.port));
    gateway.until("bound").await;
    match out.courier.deliver(&numbered(1)).await {
        Outcome::TryLater { why, .. } => assert!(why.contains("invalid password (0x0e)"), "{why}"),
        other => panic!("{other:?}"),
    }
}

/// An answer that comes after the attempt has given up makes the next one unnecessary.
#[tokio::test]
async fn slow_answers_are_not_lost() {
    let change = |config| SmsConfig { response_timeout: Duration::from_secs(2), ..config };
    let Some((mut gateway, out)) = both_with(change).await else { return };
    gateway.script(json!(["late"])).await;
    match out.courier.deliver(&numbered(1)).await {
        Outcome::TryLater { why, .. } => assert!(why.contains("may have the message"), "{why}"),
        other => panic!("{other:?}"),
    }
    gateway.order(json!({ "answer": true })).await;
    // Another message makes sure that the answer has come.
    assert!(is_delivered(&out.courier.deliver(&numbered(2)).await));
    assert!(is_delivered(&out.courier.deliver(&numbered(1)).await));
    gateway.order(json!({ "script": [] })).await;
    assert_eq!(gateway.submitted.len(), 2);
}

/// Every message arrives; those come twice whose connection was lost before their answer.
#[tokio::test]
async fn lost_connections_cost_no_message() {
    let Some((mut gateway, out)) = both().await else { return };
    gateway.script(json!(["ok", "close", "ok", "ok", "close", "close", "ok"])).await;
    let mut attempts = 0;
    for number in 0..20 {
        attempts += until_delivered(&out, &numbered(number)).await;
    }
    gateway.order(json!({ "script": [] })).await;
    assert_eq!((attempts, gateway.submitted.len()), (23, 23));
    assert_eq!(repeats(&gateway.submitted, 20), 3);
}

/// Twice as many messages as the window has room for, at once, and the gateway dies among them.
#[tokio::test]
async fn a_gateway_that_is_started_again_gets_every_message() {
    let Some((mut first, out)) = both().await else { return };
    let mut script = vec![json!("ok"); 5];
    script.extend(vec![json!("silent"); 10]);
    first.script(json!(script)).await;
    let out = std::sync::Arc::new(out);
    let tasks: Vec<_> = (0..20)
        .map(|number| {
            let out = std::sync::Arc::clone(&out);
            tokio::spawn(async move { until_delivered(&out, &numbered(number)).await })
        })
        .collect();
    // The window of ten is full of what has no answer.
    while first.submitted.len() < 15 {
        first.until("submitted").await;
    }
    first.kill().await;
    let options = json!({ "port": first.port, "password": "secret", "lastId": 100 });
    let mut second = Program::start(&program().unwrap(), options).await;
    let mut attempts = 0;
    for task in tasks {
        attempts += task.await.unwrap();
    }
    second.order(json!({ "script": [] })).await;
    let all: Vec<_> = first.submitted.iter().chain(&second.submitted).cloned().collect();
    // Those without an answer are sent to the second one; nothing that was answered is.
    assert_eq!((attempts, all.len(), second.submitted.len()), (30, 30, 15));
    assert_eq!(repeats(&all, 20), 10);
}

/// Stops in the middle, as a server does, and goes on with what is left.
#[tokio::test]
async fn a_courier_that_is_started_again_repeats_nothing_that_was_answered() {
    let Some((mut gateway, out)) = both().await else { return };
    for number in 0..5 {
        assert!(is_delivered(&out.courier.deliver(&numbered(number)).await));
    }
    gateway.script(json!(["late"])).await;
    let courier = out.courier.clone();
    let waiting = tokio::spawn(async move { courier.deliver(&numbered(5)).await });
    while gateway.submitted.len() < 6 {
        gateway.until("submitted").await;
    }
    let stopping = tokio::spawn(out.stop());
    gateway.order(json!({ "answer": true })).await;
    gateway.until("unbound").await;
    stopping.await.unwrap();
    // It waited for the answer before it left.
    assert!(is_delivered(&waiting.await.unwrap()));
    let out = Outgoing::start(&config(gateway.port));
    for number in 6..10 {
        assert_eq!(until_delivered(&out, &numbered(number)).await, 1);
    }
    gateway.order(json!({ "script": [] })).await;
    assert_eq!((gateway.submitted.len(), repeats(&gateway.submitted, 10)), (10, 0));
}

/// How many of so many messages came more than once; all have to have come.
fn repeats(submitted: &[Value], messages: usize) -> usize {
    let mut counts = BTreeMap::new();
    for event in submitted {
        *counts.entry(event["submitted"].as_str().unwrap()).or_insert(0) += 1;
    }
    assert_eq!(counts.len(), messages);
    counts.values().map(|count| count - 1).sum()
}

#[tokio::test]
async fn receipts_and_opt_outs_are_told() {
    let Some((mut gateway, mut out)) = both().await else { return };
    assert!(is_delivered(&out.courier.deliver(&numbered(1)).await));
    let id = gateway.until("submitted").await["id"].as_str().unwrap().to_owned();
    gateway.order(json!({ "receipt": id })).await;
    let notice = out.notices.recv().await.unwrap();
    match notice.event() {
        SmsEvent::Receipt(receipt) => {
            assert_eq!((&receipt.gateway_id, receipt.state), (&id, ReceiptState::Delivered));
            assert_eq!(receipt.message_id.as_deref(), Some("message-1"));
        }
        other => panic!("{other:?}"),
    }
    notice.kept();
    assert_eq!(gateway.until("answered").await["answered"], 0);

    // What opts nobody out is taken and forgotten.
    gateway.order(json!({ "says": "thank you", "from": "491701234567" })).await;
    assert_eq!(gateway.until("answered").await["answered"], 0);
    gateway.order(json!({ "says": "Stop", "from": "491701234567" })).await;
    // Nobody can keep it now: the gateway is to say it again.
    drop(out.notices.recv().await.unwrap());
    assert_eq!(gateway.until("answered").await["answered"], 0x64);
    gateway.order(json!({ "says": "Stop", "from": "491701234567" })).await;
    let notice = out.notices.recv().await.unwrap();
    match notice.event() {
        SmsEvent::OptOut(opt_out) => {
            assert_eq!(opt_out.number.to_string(), "+491701234567");
            assert_eq!((opt_out.word, &*opt_out.to), ("STOP", "72000"));
        }
        other => panic!("{other:?}"),
    }
    notice.kept();
    assert_eq!(gateway.until("answered").await["answered"], 0);
}

#[tokio::test]
async fn a_quiet_session_is_kept_up() {
    let change = |config| SmsConfig { enquire_after: Duration::from_millis(50), ..config };
    let Some((mut gateway, out)) = both_with(change).await else { return };
    for _ in 0..3 {
        gateway.until("enquired").await;
    }
    assert!(is_delivered(&out.courier.deliver(&numbered(1)).await));
}

#[tokio::test]
async fn tls_trusts_whom_it_is_told_to() {
    let Some(program) = program() else { return };
    let folder = tempfile::tempdir().unwrap();
    let key = KeyPair::generate().unwrap();
    let names = vec!["127.0.0.1".to_owned()];
    let certificate = CertificateParams::new(names).unwrap().self_signed(&key).unwrap();
    let (certificate_file, key_file) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
    std::fs::write(&certificate_file, pem("CERTIFICATE", certificate.der())).unwrap();
    std::fs::write(&key_file, pem("PRIVATE KEY", key.serialized_der())).unwrap();
    let options = json!({
        "port": 0, "password": "secret", "certificate": certificate_file, "key": key_file,
    });
    let gateway = Program::start(&program, options).await;

    let trusting = SmsConfig {
        tls: true,
        extra_roots: Some(certificate_file.clone()),
        ..config(gateway.port)
    };
    let out = Outgoing::start(&trusting);
    assert!(is_delivered(&out.courier.deliver(&numbered(1)).await));
    for config in [SmsConfig { extra_roots: None, ..trusting.clone() }, config(gateway.port)] {
        let config = SmsConfig { response_timeout: Duration::from_secs(2), ..config };
        let out = Outgoing::start(&config);
        let outcome = out.courier.deliver(&numbered(2)).await;
        assert!(matches!(outcome, Outcome::TryLater { status: None, .. }), "{outcome:?}");
    }
}

fn pem(label: &str, der: &[u8]) -> String {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN {label}-----\n{encoded}\n-----END {label}-----\n")
}
