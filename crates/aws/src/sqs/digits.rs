//! The value of a `Number` attribute.

/// Digits that count, without zeros before the first and after the last.
const SIGNIFICANT_MAX: usize = 38;
/// The smallest and the largest power of ten that a number other than 0 may be.
const EXPONENT_MIN: i64 = -128;
const EXPONENT_MAX: i64 = 126;

/// Whether the text is a decimal number that the service takes: at most 38 significant digits, and
/// 0 or of a size between 10^-128 and 10^126. Developer guide, "Message attribute data types".
pub(crate) fn is_number(text: &str) -> bool {
    let unsigned = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)),
        None => (unsigned, Some(0)),
    };
    let Some(exponent) = exponent else { return false };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || whole.bytes().chain(fraction.bytes());
    if !digits().all(|b| b.is_ascii_digit()) || digits().next().is_none() {
        return false;
    }
    let Some(first) = digits().position(|b| b != b'0') else { return true };
    let after_last = digits().rev().position(|b| b != b'0').unwrap_or_default();
    let significant = whole.len() + fraction.len() - first - after_last;
    if significant > SIGNIFICANT_MAX {
        return false;
    }
    // The power of ten of the first digit that counts.
    let (Ok(whole), Ok(first_at)) = (i64::try_from(whole.len()), i64::try_from(first)) else {
        return false;
    };
    let size = whole - 1 - first_at + exponent;
    let is_largest = size == EXPONENT_MAX && significant == 1 && digits().nth(first) == Some(b'1');
    (EXPONENT_MIN..EXPONENT_MAX).contains(&size) || is_largest
}

/// An exponent too long to be of use is as good as none.
fn parse_exponent(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let fits = (1..=9).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if fits { text.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_decimal_and_bounded() {
        let nines = "9".repeat(38);
        let zeros = "0".repeat(60);
        for text in [
            "0",
            "-0",
            "+7",
            "007",
            "1.",
            ".5",
            "0.0",
            "-12.50",
            "1e3",
            "1.5E-3",
            "2e+5",
            "1e126",
            "-1e126",
            "10e125",
            "9.9e125",
            "1e-128",
            "0.1e-127",
            "0e999",
            &nines,
            &format!("{nines}{zeros}"),
            &format!("0.{zeros}{nines}"),
        ] {
            assert!(is_number(text), "{text}");
        }
        for text in [
            "",
            "+",
            "-",
            ".",
            "e5",
            "1e",
            "1e+",
            "1e1.5",
            "one",
            "1 ",
            " 1",
            "--1",
            "1,5",
            "0x10",
            "1_000",
            "NaN",
            "inf",
            "1e127",
            "1.1e126",
            "2e126",
            "9e-129",
            "1e9999999999",
            "١",
            &format!("{nines}9"),
            &format!("1{}", "0".repeat(127)),
        ] {
            assert!(!is_number(text), "{text}");
        }
    }
}
