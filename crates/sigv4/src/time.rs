//! Dates as requests write them.

use std::fmt;

/// An instant: seconds since the Unix epoch, which may lie before it.
///
/// It prints as signatures write it, `20150830T123600Z`. Beyond the years 0 to 9999, which no
/// request can name, it prints the nearest instant that can be named.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Seconds(pub i64);

impl Seconds {
    /// The instant so many seconds later; earlier if the number is negative.
    pub(crate) fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// `20150830T123600Z`: ISO 8601's basic format.
    pub(crate) fn basic(self) -> [u8; 16] {
        let seconds = self.0.clamp(FIRST, LAST);
        let (year, month, day) = civil(seconds.div_euclid(DAY));
        let second = seconds.rem_euclid(DAY);
        let mut text = *b"00000000T000000Z";
        write_digits(&mut text[0..4], year);
        write_digits(&mut text[4..6], month);
        write_digits(&mut text[6..8], day);
        write_digits(&mut text[9..11], second / 3600);
        write_digits(&mut text[11..13], second / 60 % 60);
        write_digits(&mut text[13..15], second % 60);
        text
    }
}

impl fmt::Display for Seconds {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(std::str::from_utf8(&self.basic()).unwrap_or_default())
    }
}

const DAY: i64 = 24 * 60 * 60;

/// The first second of the year 0, and the last of 9999.
const FIRST: i64 = -719_528 * DAY;
const LAST: i64 = 2_932_897 * DAY - 1;

/// When a request says it was signed: `20150830T123600Z`, or, as the header `Date` may have it,
/// `Sun, 30 Aug 2015 12:36:00 GMT`.
///
/// `None` if it is neither, or no such day or second exists. Leap seconds do not.
pub fn parse_signing_time(text: &str) -> Option<Seconds> {
    parse_basic(text.as_bytes()).or_else(|| parse_http(text.as_bytes()))
}

/// ISO 8601's basic format, in UTC.
pub(crate) fn parse_basic(text: &[u8]) -> Option<Seconds> {
    if text.len() != 16 || text[8] != b'T' || text[15] != b'Z' {
        return None;
    }
    let date = [number(&text[0..4])?, number(&text[4..6])?, number(&text[6..8])?];
    instant(date, [number(&text[9..11])?, number(&text[11..13])?, number(&text[13..15])?])
}

/// The one date format of HTTP that may still be sent: RFC 9110, 5.6.7. The zone may also be as in
/// mail, which is what botocore writes. The day of the week is not checked against the date.
fn parse_http(text: &[u8]) -> Option<Seconds> {
    const MONTHS: [&[u8]; 12] = [
        b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov",
        b"Dec",
    ];
    let (text, zone) = text.split_at_checked(25)?;
    let has_form = &text[3..5] == b", "
        && text[7] == b' '
        && text[11] == b' '
        && text[16] == b' '
        && text[19] == b':'
        && text[22] == b':'
        && matches!(zone, b" GMT" | b" +0000" | b" -0000");
    if !has_form {
        return None;
    }
    let month = MONTHS.iter().position(|month| *month == &text[8..11])?;
    let month = i64::try_from(month).ok()? + 1;
    let date = [number(&text[12..16])?, month, number(&text[5..7])?];
    instant(date, [number(&text[17..19])?, number(&text[20..22])?, number(&text[23..25])?])
}

/// Digits and nothing else; at most four of them here.
fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |number, digit| {
        digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
    })
}

fn write_digits(digits: &mut [u8], mut number: i64) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + u8::try_from(number % 10).unwrap_or_default();
        number /= 10;
    }
}

fn instant([year, month, day]: [i64; 3], [hour, minute, second]: [i64; 3]) -> Option<Seconds> {
    let is_time = hour < 24 && minute < 60 && second < 60;
    let is_date = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    let seconds = hour * 3600 + minute * 60 + second;
    (is_time && is_date).then(|| Seconds(day_number(year, month, day) * DAY + seconds))
}

fn days_in(year: i64, month: i64) -> i64 {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days between 1 March of the year 0 and 1 January 1970. Years that begin in March have their leap
/// day at the end, which makes the months regular: five of them have 153 days.
const MARCH_0: i64 = 719_468;

/// Days since 1 January 1970.
fn day_number(year: i64, month: i64, day: i64) -> i64 {
    let year = if month > 2 { year } else { year - 1 };
    let months = (month + 9) % 12;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + (months * 153 + 2) / 5 + day - 1 - MARCH_0
}

/// Year, month and day of a day: the opposite of [`day_number`].
fn civil(days: i64) -> (i64, i64, i64) {
    // A guess that is never too late, and at most a year too early.
    let days = days + MARCH_0;
    let mut year = (days * 400).div_euclid(146_097) - 1;
    while day_number(year + 1, 3, 1) + MARCH_0 <= days {
        year += 1;
    }
    let day_of_year = days - (day_number(year, 3, 1) + MARCH_0);
    let months = (day_of_year * 5 + 2) / 153;
    let day = day_of_year - (months * 153 + 2) / 5 + 1;
    let month = (months + 2) % 12 + 1;
    (if month > 2 { year } else { year + 1 }, month, day)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn known_instants() {
        for (text, seconds) in [
            ("19700101T000000Z", 0),
            ("20150830T123600Z", 1_440_938_160),
            ("20000229T235959Z", 951_868_799),
            ("19691231T235959Z", -1),
            ("00000101T000000Z", FIRST),
            ("99991231T235959Z", LAST),
        ] {
            assert_eq!(parse_signing_time(text), Some(Seconds(seconds)), "{text}");
            assert_eq!(Seconds(seconds).to_string(), text);
        }
        for zone in ["GMT", "+0000", "-0000"] {
            let text = format!("Sun, 30 Aug 2015 12:36:00 {zone}");
            assert_eq!(parse_signing_time(&text), Some(Seconds(1_440_938_160)), "{text}");
        }
    }

    #[test]
    fn what_is_no_instant() {
        for text in [
            "",
            "20150830",
            "20150830T123600",
            "20150830t123600Z",
            "20150830T123600z",
            "2015-08-30T12:36:00Z",
            "20151330T123600Z",
            "20150230T123600Z",
            "20150229T123600Z",
            "20150800T123600Z",
            "20150830T243600Z",
            "20150830T126000Z",
            "20150830T123660Z",
            "+0150830T123600Z",
            "2015083\u{661}T12360Z",
            "Sun, 30 Aug 2015 12:36:00 UTC",
            "Sun, 30 Aug 2015 12:36:00 +0100",
            "Sun, 30 Aug 2015 12:36:00",
            "Sun, 30 aug 2015 12:36:00 GMT",
            "Sunday, 30-Aug-15 12:36:00 GMT",
            "Sun, 31 Sep 2015 12:36:00 GMT",
        ] {
            assert_eq!(parse_signing_time(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(seconds in FIRST..=LAST) {
            let text = Seconds(seconds).to_string();
            prop_assert_eq!(parse_signing_time(&text), Some(Seconds(seconds)));
        }

        #[test]
        fn any_number_prints(seconds: i64) {
            prop_assert_eq!(Seconds(seconds).to_string().len(), 16);
        }

        #[test]
        fn no_text_panics(text in ".{0,40}") {
            let _ = parse_signing_time(&text);
        }
    }
}
