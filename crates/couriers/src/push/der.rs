//! As much of X.509 as SNS shows of a certificate: until when it holds, and whose app it is for.

use time::{Date, Month, PrimitiveDateTime, Time};

const SEQUENCE: u8 = 0x30;
const SET: u8 = 0x31;
const OBJECT_IDENTIFIER: u8 = 0x06;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;
/// The version of a certificate, which is left out for the first one.
const EXPLICIT_0: u8 = 0xa0;
/// `userId`, 0.9.2342.19200300.100.1.1: RFC 4519. Apple puts the app's bundle id there.
const USER_ID: &[u8] = &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 0x01, 0x01];

/// What is read of a certificate.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct CertificateFacts {
    /// `notAfter`, in seconds since 1970.
    pub(super) expires_at: i64,
    /// The `UID` of its subject.
    pub(super) user_id: Option<String>,
}

/// Reads a certificate, whose signature is somebody else's business. None if it is none.
pub(super) fn read(certificate: &[u8]) -> Option<CertificateFacts> {
    let mut outer = Der(certificate).expect(SEQUENCE)?;
    let mut to_be_signed = outer.expect(SEQUENCE)?;
    if to_be_signed.0.first() == Some(&EXPLICIT_0) {
        to_be_signed.next()?;
    }
    // Serial number, algorithm of the signature, issuer.
    for _ in 0..3 {
        to_be_signed.next()?;
    }
    let mut validity = to_be_signed.expect(SEQUENCE)?;
    validity.next()?;
    let (kind, not_after) = validity.next()?;
    let subject = to_be_signed.expect(SEQUENCE)?;
    Some(CertificateFacts { expires_at: seconds(kind, not_after.0)?, user_id: user_id(subject) })
}

/// Bytes of DER, from one element on.
#[derive(Copy, Clone)]
struct Der<'a>(&'a [u8]);

impl<'a> Der<'a> {
    /// The next element: what it is, and what is in it.
    fn next(&mut self) -> Option<(u8, Der<'a>)> {
        let (&kind, rest) = self.0.split_first()?;
        let (&first, mut rest) = rest.split_first()?;
        let mut length = usize::from(first);
        // A length above 127 is in the next one to four bytes; how many, the low bits say.
        if first >= 0x80 {
            let count = length - 0x80;
            if !(1..=4).contains(&count) {
                return None;
            }
            let (bytes, after) = rest.split_at_checked(count)?;
            length = bytes.iter().fold(0, |sum, &byte| sum << 8 | usize::from(byte));
            rest = after;
        }
        let (content, rest) = rest.split_at_checked(length)?;
        self.0 = rest;
        Some((kind, Der(content)))
    }

    /// What is in the next element, if it is of this kind.
    fn expect(&mut self, kind: u8) -> Option<Der<'a>> {
        self.next().filter(|(found, _)| *found == kind).map(|(_, content)| content)
    }
}

/// A name is a sequence of sets of pairs.
fn user_id(mut name: Der<'_>) -> Option<String> {
    while let Some(mut set) = name.expect(SET) {
        while let Some(mut pair) = set.expect(SEQUENCE) {
            if pair.expect(OBJECT_IDENTIFIER)?.0 == USER_ID {
                let (_, text) = pair.next()?;
                return std::str::from_utf8(text.0).ok().map(str::to_owned);
            }
        }
    }
    None
}

/// `YYMMDDHHMMSSZ` or `YYYYMMDDHHMMSSZ`: RFC 5280, section 4.1.2.5.
fn seconds(kind: u8, text: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (year, rest) = match (kind, text.len()) {
        (UTC_TIME, 12) => {
            let year: i32 = text[..2].parse().ok()?;
            (if year < 50 { 2000 + year } else { 1900 + year }, &text[2..])
        }
        (GENERALIZED_TIME, 14) => (text[..4].parse().ok()?, &text[4..]),
        _ => return None,
    };
    let part = |at: usize| rest[at..at + 2].parse::<u8>().ok();
    let date = Date::from_calendar_date(year, Month::try_from(part(0)?).ok()?, part(2)?).ok()?;
    let time = Time::from_hms(part(4)?, part(6)?, part(8)?).ok()?;
    Some(PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DnType, KeyPair, date_time_ymd};

    use super::*;

    fn certificate(year: i32, user_id: Option<&str>) -> Vec<u8> {
        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(year, 2, 3);
        params.distinguished_name.push(DnType::CommonName, "Apple Push Services: example");
        if let Some(user_id) = user_id {
            let kind = DnType::CustomDnType(vec![0, 9, 2342, 19_200_300, 100, 1, 1]);
            params.distinguished_name.push(kind, user_id);
        }
        params.self_signed(&KeyPair::generate().unwrap()).unwrap().der().to_vec()
    }

    #[test]
    fn the_expiry_and_the_app_are_read() {
        let facts = read(&certificate(2031, Some("com.example.hotel"))).unwrap();
        assert_eq!(facts.user_id.as_deref(), Some("com.example.hotel"));
        assert_eq!(facts.expires_at, date_time_ymd(2031, 2, 3).unix_timestamp());
        let facts = read(&certificate(2077, None)).unwrap();
        assert_eq!(facts.user_id, None);
        assert_eq!(facts.expires_at, date_time_ymd(2077, 2, 3).unix_timestamp());
    }

    #[test]
    fn damage_is_seen_or_does_no_harm() {
        let whole = certificate(2031, Some("com.example.hotel"));
        for cut in 0..whole.len() {
            assert_eq!(read(&whole[..cut]), None, "cut at {cut}");
        }
        for at in 0..whole.len() {
            for value in [0, 0x30, 0x7f, 0x80, 0x84, 0xff] {
                let mut damaged = whole.clone();
                damaged[at] = value;
                let _ = read(&damaged);
            }
        }
        assert_eq!(read(&[0x30, 0x84, 0xff, 0xff, 0xff, 0xff]), None);
    }
}
