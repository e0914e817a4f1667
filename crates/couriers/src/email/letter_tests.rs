use std::time::Duration;

use bytes::Bytes;

use super::*;
use crate::ParcelKind;

fn parcel(subject: &str, name: &str, body: &str) -> Parcel {
    Parcel {
        endpoint: "guest@example.org".into(),
        body: Bytes::from(body.to_owned()),
        content_type: None,
        kind: ParcelKind::Notification,
        message_id: "11111111-2222-4333-8444-555555555555".into(),
        topic_arn: "arn:aws:sns:us-east-1:000000000000:bookings".into(),
        subscription_arn: Some("arn:aws:sns:us-east-1:000000000000:bookings:sub-1".into()),
        raw: false,
        letter: Some(Letter {
            sender_name: name.into(),
            subject: subject.into(),
            unsubscribe_url: Some("https://t.example.com/unsubscribe.html?A=b&C=d".into()),
        }),
        text_message: None,
    }
}

fn composed(parcel: &Parcel) -> String {
    let address = |text| super::super::address::parse(text).unwrap();
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000);
    let (from, to) = (address("no-reply@example.com"), address(&parcel.endpoint));
    String::from_utf8(compose(parcel, &from, &to, now).unwrap()).unwrap()
}

#[test]
fn a_mail_has_the_headers_that_receivers_ask_for() {
    let message = composed(&parcel("Booked", "Hotel", "See you soon.\n-- \nbye\n"));
    let expected = "From: Hotel <no-reply@example.com>\r\n\
        To: guest@example.org\r\n\
        Subject: Booked\r\n\
        Date: Tue, 14 Nov 2023 22:13:20 +0000\r\n\
        Message-ID: <11111111-2222-4333-8444-555555555555.sub-1@example.com>\r\n\
        Auto-Submitted: auto-generated\r\n\
        List-Unsubscribe: <https://t.example.com/unsubscribe.html?A=b&C=d>\r\n\
        List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n\
        Content-Type: text/plain; charset=utf-8\r\n\
        Content-Transfer-Encoding: quoted-printable\r\n\
        MIME-Version: 1.0\r\n\r\n\
        See you soon.\r\n--=20\r\nbye";
    let sorted = |text: &str| {
        let mut lines: Vec<_> = text.split("\r\n").map(str::to_owned).collect();
        lines.sort();
        lines
    };
    assert_eq!(sorted(&message), sorted(expected), "{message}");
}

#[test]
fn nothing_in_a_subject_or_a_name_becomes_a_header() {
    for evil in [
        "a\r\nBcc: x@example.net",
        "a\nBcc: x@example.net",
        "a\rBcc: x@example.net",
        "ä\r\n\r\nBcc: x",
        "\" <x@example.net>, \"",
        "a\u{2028}Bcc: x@example.net",
        "a\u{85}Bcc: x@example.net",
    ] {
        let message = composed(&parcel(evil, evil, "text"));
        let (head, body) = message.split_once("\r\n\r\n").unwrap();
        assert_eq!(body, "text");
        assert!(head.split("\r\n").all(|line| !line.to_lowercase().starts_with("bcc")), "{head}");
        assert!(!head.replace("\r\n", "").contains(['\r', '\n']), "{head}");
        assert!(head.contains("<no-reply@example.com>\r\n"), "{head}");
    }
}

#[test]
fn lines_are_short_ascii_whatever_the_text_is() {
    let subject = "Zimmer für Jürgen: ".to_owned() + &"ü".repeat(80);
    for body in [
        "x".repeat(100_000),
        "ä".repeat(10_000),
        "混ぜる ".repeat(3_000),
        "a\r\n.\r\nb\r.\rc\n.\n\u{0}\u{7}".to_owned(),
        "\n".repeat(100_000),
        String::new(),
    ] {
        let message = composed(&parcel(&subject, "Hôtel Ünter", &body));
        assert!(message.is_ascii());
        assert!(message.split("\r\n").all(|line| line.len() <= 78), "{message:.500}");
        assert!(!message.replace("\r\n", "").contains(['\r', '\n', '\0']));
    }
}

#[test]
fn links_that_no_header_can_hold_are_left_out() {
    for url in ["https://a/>\r\nBcc: x", "https://a/ b", &format!("https://a/{}", "b".repeat(900))]
    {
        let mut parcel = parcel("s", "n", "b");
        parcel.letter.as_mut().unwrap().unsubscribe_url = Some(url.to_owned());
        let message = composed(&parcel);
        assert!(!message.contains("List-Unsubscribe"), "{message}");
    }
}

#[test]
fn one_click_is_offered_over_https_only() {
    let mut parcel = parcel("s", "n", "b");
    parcel.letter.as_mut().unwrap().unsubscribe_url = Some("http://127.0.0.1:4566/u".to_owned());
    let message = composed(&parcel);
    assert!(message.contains("List-Unsubscribe: <http://127.0.0.1:4566/u>\r\n"), "{message}");
    assert!(!message.contains("List-Unsubscribe-Post"), "{message}");
}
