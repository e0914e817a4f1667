//! Instants as texts.

use tidings_core::time::Timestamp;

/// `2012-04-26T20:45:04.751Z`, as the documented service writes instants in envelopes.
pub(crate) fn iso_8601(at: Timestamp) -> String {
    let (seconds, ms) = (at.as_seconds(), at.as_ms() % 1000);
    let (year, month, day) = date(seconds / 86_400);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z")
}

/// The Gregorian date of a day, counted from 1970-01-01.
///
/// Years are counted from March, so that the leap day is the last one of its year, and in eras of
/// 400 years, which all have the same number of days.
fn date(days_since_epoch: u64) -> (u64, u64, u64) {
    const DAYS_PER_ERA: u64 = 146_097;
    const DAYS_FROM_YEAR_0_TO_EPOCH: u64 = 719_468;
    let days = days_since_epoch + DAYS_FROM_YEAR_0_TO_EPOCH;
    let (era, day_of_era) = (days / DAYS_PER_ERA, days % DAYS_PER_ERA);
    // Leap days: one in 4 years (1460 days and one), none in 100, one in 400.
    let leap_days = day_of_era / 1460 + day_of_era / (DAYS_PER_ERA - 1) - day_of_era / 36_524;
    let year_of_era = (day_of_era - leap_days) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    // From March on, five months have 153 days.
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_335_473_104_751, "2012-04-26T20:45:04.751Z"),
            (1_709_164_800_000, "2024-02-29T00:00:00.000Z"),
            (1_735_689_599_001, "2024-12-31T23:59:59.001Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
        ] {
            assert_eq!(iso_8601(Timestamp::from_ms(ms)), text);
        }
    }

    #[test]
    fn each_day_follows_the_one_before() {
        let is_leap = |year: u64| {
            let divides = |n| year.is_multiple_of(n);
            divides(4) && (!divides(100) || divides(400))
        };
        let (mut year, mut month, mut day) = (1970, 1, 1);
        for days in 0..200_000 {
            assert_eq!(date(days), (year, month, day));
            let length = match month {
                2 => 28 + u64::from(is_leap(year)),
                4 | 6 | 9 | 11 => 30,
                _ => 31,
            };
            day += 1;
            if day > length {
                (day, month) = (1, month + 1);
            }
            if month > 12 {
                (month, year) = (1, year + 1);
            }
        }
    }
}
