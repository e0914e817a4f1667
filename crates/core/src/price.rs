//! What text messages cost.

use std::fmt;

/// An amount of money, to a millionth. SNS counts in US dollars; whatever the operator's gateway counts
/// in takes their place.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug, Default)]
pub struct Price(u64);

const UNIT: u64 = 1_000_000;
const DECIMALS: usize = 6;

impl Price {
    /// Reads a decimal number like `0.05`: digits, and up to six behind the point; further ones have
    /// to be zero. None if it is not like that, or is a million or more.
    #[must_use]
    pub fn parse(text: &str) -> Option<Price> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
        let fraction = fraction.trim_end_matches('0');
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        let fits = whole.len() <= 6 && fraction.len() <= DECIMALS;
        if whole.is_empty() || !fits || !digits(whole) || !digits(fraction) {
            return None;
        }
        let millionths: u64 = format!("{fraction:0<DECIMALS$}").parse().ok()?;
        Some(Price(whole.parse::<u64>().ok()? * UNIT + millionths))
    }

    /// So many millionths.
    #[must_use]
    pub const fn from_millionths(millionths: u64) -> Price {
        Price(millionths)
    }

    /// How many millionths it is.
    #[must_use]
    pub const fn millionths(self) -> u64 {
        self.0
    }

    /// Both together, or the most there is.
    #[must_use]
    pub const fn plus(self, other: Price) -> Price {
        Price(self.0.saturating_add(other.0))
    }

    /// What is left of it, or nothing.
    #[must_use]
    pub const fn minus(self, other: Price) -> Price {
        Price(self.0.saturating_sub(other.0))
    }

    /// The price of so many messages.
    #[must_use]
    pub fn times(self, count: usize) -> Price {
        Price(self.0.saturating_mul(u64::try_from(count).unwrap_or(u64::MAX)))
    }
}

impl fmt::Display for Price {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fraction = format!("{:06}", self.0 % UNIT);
        let fraction = fraction.trim_end_matches('0');
        write!(formatter, "{}.{fraction:0<2}", self.0 / UNIT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        let price = |text| Price::parse(text).map(|price| price.to_string());
        assert_eq!(price("0.05").as_deref(), Some("0.05"));
        assert_eq!(price("1").as_deref(), Some("1.00"));
        assert_eq!(price("0.006450").as_deref(), Some("0.00645"));
        assert_eq!(price("999999.999999").as_deref(), Some("999999.999999"));
        assert_eq!(Price::parse("0.1").unwrap().times(3), Price::parse("0.30000000").unwrap());
        for text in ["", ".5", "-1", "1e3", "0.0000001", "1000000", "1.2.3", "NaN", "+1"] {
            assert_eq!(price(text), None, "{text}");
        }
    }
}
