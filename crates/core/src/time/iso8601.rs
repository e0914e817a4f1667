//! Instants as SNS writes them: `2023-10-01T00:00:00.000Z`.

use super::Timestamp;

const DAY_MS: u64 = 86_400_000;
/// Days from 1 March of the year 0 to 1 January 1970. Counted from March, a leap day is the last
/// one of its year.
const EPOCH_DAY: u64 = 719_468;
/// Days in 400 years, after which the calendar repeats.
const CYCLE_DAYS: u64 = 146_097;

impl Timestamp {
    /// Date and time in UTC, with milliseconds: `2023-10-01T00:00:00.000Z`.
    pub fn to_iso8601(self) -> String {
        let (year, month, day) = date(self.0 / DAY_MS);
        let ms = self.0 % DAY_MS;
        let (hours, minutes, seconds) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
        let ms = ms % 1000;
        format!("{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{ms:03}Z")
    }

    /// Reads date and time in UTC, from 1970 on; seconds may have 1 to 9 decimals, of which three
    /// count.
    pub fn parse_iso8601(text: &str) -> Option<Self> {
        let (date_text, time_text) = text.strip_suffix('Z')?.split_once('T')?;
        let (time_text, ms) = match time_text.split_once('.') {
            Some((whole, decimals)) if (1..=9).contains(&decimals.len()) => {
                digits(decimals, decimals.len())?;
                (whole, digits(&format!("{decimals:0<3}")[..3], 3)?)
            }
            Some(_) => return None,
            None => (time_text, 0),
        };
        let [year, month, day] = parts(date_text, '-', [4, 2, 2])?;
        let [hours, minutes, seconds] = parts(time_text, ':', [2, 2, 2])?;
        if year < 1970 || !(1..=12).contains(&month) || hours > 23 || minutes > 59 || seconds > 59 {
            return None;
        }
        let days = days(year, month, day);
        let there_is_such_a_day = date(days) == (year, month, day);
        let ms = days * DAY_MS + ((hours * 60 + minutes) * 60 + seconds) * 1000 + ms;
        there_is_such_a_day.then_some(Self(ms))
    }
}

/// Year, month and day, by days since the epoch.
fn date(days: u64) -> (u64, u64, u64) {
    let days = days + EPOCH_DAY;
    let (cycle, day_of_cycle) = (days / CYCLE_DAYS, days % CYCLE_DAYS);
    let leap_days = day_of_cycle / 1460 + day_of_cycle / 146_096 - day_of_cycle / 36_524;
    let year_of_cycle = (day_of_cycle - leap_days) / 365;
    let day_of_year =
        day_of_cycle - (365 * year_of_cycle + year_of_cycle / 4 - year_of_cycle / 100);
    // March is 0. Five months from there have 153 days, again and again.
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let year = cycle * 400 + year_of_cycle;
    if month < 10 { (year, month + 3, day) } else { (year + 1, month - 9, day) }
}

/// Days since the epoch. Of a date that there is not, some other day's.
fn days(year: u64, month: u64, day: u64) -> u64 {
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let day_of_year = (153 * month + 2) / 5 + day;
    // A day 0 of January 1970 would lie before the epoch.
    (year * 365 + year / 4 + year / 400 + day_of_year).saturating_sub(year / 100 + EPOCH_DAY + 1)
}

fn parts(text: &str, separator: char, lengths: [usize; 3]) -> Option<[u64; 3]> {
    let mut parts = text.split(separator);
    let mut next = |length| digits(parts.next()?, length);
    let numbers = [next(lengths[0])?, next(lengths[1])?, next(lengths[2])?];
    parts.next().is_none().then_some(numbers)
}

/// A number of exactly so many digits.
fn digits(text: &str, length: usize) -> Option<u64> {
    let fits = text.len() == length && text.bytes().all(|b| b.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn instants_are_written_as_the_service_writes_them() {
        for (ms, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_399_999, "2000-02-28T23:59:59.999Z"),
            (951_782_400_000, "2000-02-29T00:00:00.000Z"),
            (1_696_118_400_000, "2023-10-01T00:00:00.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
        ] {
            assert_eq!(Timestamp::from_ms(ms).to_iso8601(), text);
            assert_eq!(Timestamp::parse_iso8601(text), Some(Timestamp::from_ms(ms)));
        }
        assert!(Timestamp::from_ms(u64::MAX).to_iso8601().ends_with("Z"));
    }

    #[test]
    fn decimals_are_optional() {
        let at = |text| Timestamp::parse_iso8601(text).map(Timestamp::as_ms);
        assert_eq!(at("1970-01-01T00:00:01Z"), Some(1000));
        assert_eq!(at("1970-01-01T00:00:01.5Z"), Some(1500));
        assert_eq!(at("1970-01-01T00:00:01.123456789Z"), Some(1123));
        for bad in [
            "",
            "Z",
            "1970-01-01",
            "1970-01-01T00:00:00",
            "1970-01-01 00:00:00Z",
            "1970-01-01T00:00:00.Z",
            "1970-01-01T00:00:00.1234567890Z",
            "1970-01-01T00:00:00.+1Z",
            "1970-01-01T00:00:00.1äZ",
            "1970-01-01T00:00Z",
            "1970-01-01T00:00:00:00Z",
            "1970-01-01T00:00:60Z",
            "1970-01-01T00:60:00Z",
            "1970-01-01T24:00:00Z",
            "1970-01-00T00:00:00Z",
            "1970-00-01T00:00:00Z",
            "1970-13-01T00:00:00Z",
            "1970-1-01T00:00:00Z",
            "1969-12-31T23:59:59Z",
            "2023-02-29T00:00:00Z",
            "2100-02-29T00:00:00Z",
            "2023-04-31T00:00:00Z",
            "+970-01-01T00:00:00Z",
            "1970-01-01T00:00:00+00:00",
            "1970-01-01T00:00:00ZZ",
        ] {
            assert_eq!(at(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(ms in 0..253_402_300_800_000_u64) {
            let at = Timestamp::from_ms(ms);
            prop_assert_eq!(Timestamp::parse_iso8601(&at.to_iso8601()), Some(at));
        }
    }
}
