use proptest::prelude::*;

use super::super::receipt::{Receipt, ReceiptState};
use super::*;

/// A `deliver_sm` from an international number to 72000.
fn body(esm_class: u8, data_coding: u8, text: &[u8], parameters: &[u8]) -> Vec<u8> {
    let mut body = b"\0\x01\x01491701234567\0\x03\x0072000\0".to_vec();
    body.extend([esm_class, 0, 0, 0, 0, 0, 0, data_coding, 0, u8::try_from(text.len()).unwrap()]);
    body.extend(text);
    body.extend(parameters);
    body
}

fn word(esm_class: u8, data_coding: u8, text: &[u8]) -> Option<&'static str> {
    match read(&body(esm_class, data_coding, text, b"")) {
        Ok(Some(SmsEvent::OptOut(out))) => Some(out.word),
        Ok(None) => None,
        other => panic!("{other:?}"),
    }
}

#[test]
fn people_opt_out_in_any_coding() {
    let event = read(&body(0, 0, b"Stop", b"")).unwrap().unwrap();
    let number = PhoneNumber::parse("+491701234567").unwrap();
    let expected = OptOut { number, word: "STOP", to: "72000".into() };
    assert_eq!(event, SmsEvent::OptOut(expected));
    assert_eq!(word(0, 1, b"quit"), Some("QUIT"));
    assert_eq!(word(0, 3, b"arr\xEAt"), Some("ARRET"));
    assert_eq!(word(0, 8, b"\0E\0n\0d"), Some("END"));
    // Behind a header, as a part of one.
    assert_eq!(word(0x40, 0, b"\x05\0\x03\x01\x01\x01stop"), Some("STOP"));
    // In a payload.
    let event = read(&body(0, 0, b"", b"\x04\x24\0\x04STOP")).unwrap();
    assert!(matches!(event, Some(SmsEvent::OptOut(_))));
}

#[test]
fn other_messages_are_of_no_interest() {
    assert_eq!(word(0, 0, b"hello"), None);
    assert_eq!(word(0, 4, b"STOP"), None);
    assert_eq!(word(0x40, 0, b"\xFFSTOP"), None);
    assert_eq!(word(0x40, 0, b""), None);
    assert_eq!(word(0, 8, b"\xD8\0\0S"), None);
}

#[test]
fn receipts_come_in_text_or_parameters() {
    let text = b"id:abc sub:001 dlvrd:001 stat:EXPIRED err:069 text:STOP";
    let expected = Receipt {
        gateway_id: "abc".into(),
        message_id: None,
        number: None,
        state: ReceiptState::Expired,
        error: Some("069".into()),
    };
    assert_eq!(read(&body(4, 0, text, b"")).unwrap(), Some(SmsEvent::Receipt(expected)));
    let parameters = b"\0\x1E\0\x04xyz\0\x04\x27\0\x01\x02";
    match read(&body(4, 0, b"", parameters)).unwrap() {
        Some(SmsEvent::Receipt(receipt)) => {
            assert_eq!((&*receipt.gateway_id, receipt.state), ("xyz", ReceiptState::Delivered));
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(read(&body(4, 0, b"STOP", b"")).unwrap(), None);
}

#[test]
fn what_ends_too_early_is_malformed() {
    let whole = body(0, 0, b"STOP", b"");
    for length in 0..whole.len() {
        assert_eq!(read(&whole[..length]), Err(Malformed), "{length}");
    }
}

proptest! {
    #[test]
    fn any_body_can_be_read(body in prop::collection::vec(any::<u8>(), 0..300)) {
        let _ = read(&body);
    }

    #[test]
    fn any_text_can_be_read(
        esm_class in any::<u8>(),
        coding in any::<u8>(),
        text in prop::collection::vec(any::<u8>(), 0..200),
        parameters in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        prop_assert!(read(&body(esm_class, coding, &text, &parameters)).is_ok());
    }
}
