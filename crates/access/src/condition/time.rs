//! Dates in conditions: the forms of ISO 8601 that the W3C profile has, and seconds since 1970.

use super::scalar::number;

const DAY_MS: i64 = 86_400_000;

/// Milliseconds since 1970 of a date such as `2026-11-23T14:00:00Z`, `2026-11-23T15:00+01:00`,
/// `2026-11-23`, `2026-11` or `2026`, or of seconds such as `1795442400`. Four digits are a year.
/// What is finer than a millisecond is cut off; a time needs its zone.
pub fn parse(text: &str) -> Option<i64> {
    if text.len() != 4
        && let Some(seconds) = number(text)
    {
        return from_seconds(seconds);
    }
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let mut parts = date.split('-');
    let year = digits(parts.next()?, 4)?;
    let month = parts.next().map_or(Some(1), |month| digits(month, 2))?;
    let day = match parts.next() {
        Some(day) => digits(day, 2)?,
        None if time.is_none() => 1,
        None => return None,
    };
    let is_date = (1..=12).contains(&month) && (1..=days_of(year, month)).contains(&day);
    if !is_date || parts.next().is_some() {
        return None;
    }
    let time = time.map_or(Some(0), time_ms)?;
    Some(days_since_1970(year, month, day) * DAY_MS + time)
}

/// Milliseconds of seconds since 1970; `None` beyond what a date can be.
pub(super) fn from_seconds(seconds: f64) -> Option<i64> {
    let ms = (seconds * 1000.0).floor();
    // About 285,000 years each way, and exact in both types.
    const BOUND: f64 = 9.0e15;
    #[allow(clippy::cast_possible_truncation)]
    (ms.abs() <= BOUND).then_some(ms as i64)
}

/// `2026-11-23T14:00:00Z`: what a date is as a text.
pub fn written(ms: i64) -> String {
    let (days, in_day) = (ms.div_euclid(DAY_MS), ms.rem_euclid(DAY_MS) / 1000);
    let (year, month, day) = date_of(days);
    let (hour, minute, second) = (in_day / 3600, in_day / 60 % 60, in_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// `14:00Z`, `14:00:00.123+01:00`, since midnight of UTC.
fn time_ms(text: &str) -> Option<i64> {
    let at = text.find(['Z', '+', '-'])?;
    let (clock, zone) = text.split_at(at);
    let mut parts = clock.split(':');
    let hour = digits(parts.next()?, 2)?;
    let minute = digits(parts.next()?, 2)?;
    let (second, fraction) = match parts.next() {
        Some(seconds) => seconds_of(seconds)?,
        None => (0, 0),
    };
    let is_time = hour <= 23 && minute <= 59 && second <= 60 && parts.next().is_none();
    let ms = ((hour * 60 + minute) * 60 + second) * 1000 + fraction;
    is_time.then(|| zone_ms(zone).map(|zone| ms - zone))?
}

fn seconds_of(text: &str) -> Option<(i64, i64)> {
    let Some((seconds, fraction)) = text.split_once('.') else {
        return Some((digits(text, 2)?, 0));
    };
    let is_fraction = !fraction.is_empty() && fraction.bytes().all(|b| b.is_ascii_digit());
    let ms: String = fraction.chars().chain("00".chars()).take(3).collect();
    is_fraction.then_some((digits(seconds, 2)?, digits(&ms, 3)?))
}

fn zone_ms(text: &str) -> Option<i64> {
    let sign = match text.as_bytes() {
        b"Z" => return Some(0),
        [b'+', ..] => 1,
        _ => -1,
    };
    let (hours, minutes) = text.get(1..)?.split_once(':')?;
    let (hours, minutes) = (digits(hours, 2)?, digits(minutes, 2)?);
    (hours <= 23 && minutes <= 59).then_some(sign * (hours * 60 + minutes) * 60_000)
}

fn digits(text: &str, count: usize) -> Option<i64> {
    let fits = text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
    fits.then(|| text.parse().ok())?
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days of the Gregorian calendar. A year here begins in March, so that the leap day is its last.
fn days_since_1970(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let month = (month + 9) % 12;
    let in_year = (153 * month + 2) / 5 + day - 1;
    let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    year * 365 + leap_days + in_year - 719_468
}

fn date_of(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let (era, in_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year = (in_era - in_era / 1460 + in_era / 36_524 - in_era / 146_096) / 365;
    let in_year = in_era - (365 * year + year / 4 - year / 100);
    let month = (5 * in_year + 2) / 153;
    let day = in_year - (153 * month + 2) / 5 + 1;
    let (month, next) = if month < 10 { (month + 3, 0) } else { (month - 9, 1) };
    (era * 400 + year + next, month, day)
}
