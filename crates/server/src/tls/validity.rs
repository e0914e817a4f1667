//! How long a certificate is valid.

use rustls::pki_types::CertificateDer;
use time::{Date, Month, PrimitiveDateTime, Time};

use super::der::{SEQUENCE, take};

const VERSION: u8 = 0xA0;
const INTEGER: u8 = 0x02;
const UTC_TIME: u8 = 0x17;
const GENERALIZED_TIME: u8 = 0x18;

/// From when to when, in seconds since 1970. `None` if it cannot be read.
pub(crate) fn of(certificate: &CertificateDer<'_>) -> Option<(i64, i64)> {
    let mut outer = certificate.as_ref();
    let mut certificate = take(&mut outer, SEQUENCE)?;
    let mut signed = take(&mut certificate, SEQUENCE)?;
    if signed.first() == Some(&VERSION) {
        take(&mut signed, VERSION)?;
    }
    take(&mut signed, INTEGER)?;
    take(&mut signed, SEQUENCE)?;
    take(&mut signed, SEQUENCE)?;
    let mut validity = take(&mut signed, SEQUENCE)?;
    Some((instant(&mut validity)?, instant(&mut validity)?))
}

/// `YYMMDDhhmmssZ` between 1950 and 2049, `YYYYMMDDhhmmssZ` otherwise (RFC 5280, 4.1.2.5).
fn instant(bytes: &mut &[u8]) -> Option<i64> {
    let (text, year_digits) = match *bytes.first()? {
        UTC_TIME => (take(bytes, UTC_TIME)?, 2),
        _ => (take(bytes, GENERALIZED_TIME)?, 4),
    };
    let digits = text.strip_suffix(b"Z")?;
    if digits.len() != year_digits + 10 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let number =
        |digits: &[u8]| digits.iter().fold(0, |sum, digit| sum * 10 + i32::from(digit - b'0'));
    let (year, rest) = digits.split_at(year_digits);
    let year = match (number(year), year_digits) {
        (year @ 0..50, 2) => 2000 + year,
        (year, 2) => 1900 + year,
        (year, _) => year,
    };
    let mut parts = rest.chunks(2).map(|part| u8::try_from(number(part)).unwrap_or(u8::MAX));
    let mut part = || parts.next();
    let date = Date::from_calendar_date(year, Month::try_from(part()?).ok()?, part()?).ok()?;
    let time = Time::from_hms(part()?, part()?, part()?).ok()?;
    Some(PrimitiveDateTime::new(date, time).assume_utc().unix_timestamp())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rcgen::{CertificateParams, KeyPair, date_time_ymd};

    use super::*;

    #[test]
    fn both_ways_to_write_an_instant_are_read() {
        for (from, to) in [((2026, 1, 2), (2026, 4, 2)), ((1975, 1, 1), (4096, 1, 1))] {
            let mut parameters = CertificateParams::default();
            parameters.not_before = date_time_ymd(from.0, from.1, from.2);
            parameters.not_after = date_time_ymd(to.0, to.1, to.2);
            let certificate = parameters.self_signed(&KeyPair::generate().unwrap()).unwrap();
            let expected =
                (parameters.not_before.unix_timestamp(), parameters.not_after.unix_timestamp());
            assert_eq!(of(certificate.der()), Some(expected));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_break_it(
            bytes in proptest::collection::vec(any::<u8>(), 0..64),
            cut in 0..400_usize,
            digits in "[0-9]{10,14}Z",
        ) {
            let _ = of(&CertificateDer::from(bytes));
            let key = KeyPair::generate().unwrap();
            let whole = CertificateParams::default().self_signed(&key).unwrap().der().to_vec();
            let _ = of(&CertificateDer::from(whole[..cut.min(whole.len())].to_vec()));
            let length = u8::try_from(digits.len()).unwrap();
            for kind in [UTC_TIME, GENERALIZED_TIME] {
                let element = [&[kind, length], digits.as_bytes()].concat();
                let _ = instant(&mut &element[..]);
            }
        }
    }
}
