//! Phone numbers, as people write them and as gateways want them.

use std::fmt;

/// The most digits of a number: ITU-T E.164, section 6.
const DIGITS_MAX: usize = 15;
/// The fewest: short codes.
const DIGITS_MIN: usize = 3;
/// From here on a number without `+` is taken for an international one, as SNS takes it.
const INTERNATIONAL_DIGITS_MIN: usize = 8;

/// A phone number: `+` and up to 15 digits, or a short code. Its [`fmt::Debug`] keeps most of it
/// back, since it is somebody's.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PhoneNumber {
    digits: String,
    is_international: bool,
}

impl PhoneNumber {
    /// Reads a number: an optional `+` or `00`, 3 to 15 digits, and between them spaces, hyphens,
    /// dots, slashes and brackets. None if it is not like that.
    #[must_use]
    pub fn parse(text: &str) -> Option<PhoneNumber> {
        let text = text.trim();
        let (has_plus, rest) = match text.strip_prefix('+') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        // Longer ones have more separators than digits.
        if rest.len() > 2 * DIGITS_MAX + 2 {
            return None;
        }
        let mut digits = String::with_capacity(DIGITS_MAX);
        for character in rest.chars() {
            match character {
                '0'..='9' => digits.push(character),
                ' ' | '-' | '.' | '/' | '(' | ')' => {}
                _ => return None,
            }
        }
        let mut is_international = has_plus;
        if let Some(rest) = digits.strip_prefix("00").filter(|_| !has_plus) {
            digits = rest.to_owned();
            is_international = true;
        }
        // An international number does not begin with 0; a national one may.
        let begins_with_zero = digits.starts_with('0');
        if is_international && begins_with_zero {
            return None;
        }
        is_international |= digits.len() >= INTERNATIONAL_DIGITS_MIN && !begins_with_zero;
        let fits = (DIGITS_MIN..=DIGITS_MAX).contains(&digits.len());
        fits.then_some(PhoneNumber { digits, is_international })
    }

    /// A number as a gateway of SMPP reports it, by its type of number: 1 is an international one, 2 a
    /// national one, unless it says its country itself.
    #[must_use]
    pub fn reported(address: &str, ton: u8) -> Option<PhoneNumber> {
        let mut number = PhoneNumber::parse(address)?;
        let says_country = address.trim().starts_with('+') || address.trim().starts_with("00");
        number.is_international = match ton {
            // As it is shown it has to be a number again.
            1 => !number.digits.starts_with('0'),
            2 => says_country,
            _ => number.is_international,
        };
        Some(number)
    }

    /// The digits alone: what a gateway wants.
    #[must_use]
    pub fn digits(&self) -> &str {
        &self.digits
    }

    /// Whether it is a whole number, as E.164 has it, and no short code and no national one.
    #[must_use]
    pub fn is_international(&self) -> bool {
        self.is_international
    }

    /// Type of number, as SMPP counts them: 1, international, or 0, unknown.
    #[must_use]
    pub fn ton(&self) -> u8 {
        u8::from(self.is_international)
    }
}

/// As E.164 has it, with `+`; short codes and national numbers without.
impl fmt::Display for PhoneNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plus = if self.is_international { "+" } else { "" };
        write!(formatter, "{plus}{}", self.digits)
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "PhoneNumber(…{})", &self.digits[self.digits.len() - 2..])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Option<String> {
        PhoneNumber::parse(text).map(|number| number.to_string())
    }

    #[test]
    fn numbers_are_read_as_people_write_them() {
        for text in ["+491701234567", "491701234567", "+49 (170) 123-45.67", "0049170/1234567"] {
            assert_eq!(shown(text).as_deref(), Some("+491701234567"), "{text}");
        }
        assert_eq!(shown("72000").as_deref(), Some("72000"));
        assert_eq!(shown("01701234567").as_deref(), Some("01701234567"));
    }

    #[test]
    fn others_are_none() {
        let long = "1".repeat(16);
        let wide = format!("1{}23", " ".repeat(40));
        for text in ["", "+", "12", "+0171234567", "000171234567", "1234x", "١٢٣٤٥", "++491", "a@b"]
        {
            assert_eq!(shown(text), None, "{text}");
        }
        assert_eq!((shown(&long), shown(&wide)), (None, None));
    }

    #[test]
    fn a_gateway_may_say_what_kind_it_is() {
        for (address, ton, expected) in [
            ("491701234567", 1, "+491701234567"),
            ("491701234567", 2, "491701234567"),
            ("491701234567", 0, "+491701234567"),
            ("+491701234567", 2, "+491701234567"),
            ("00491701234567", 2, "+491701234567"),
            ("01701234567", 2, "01701234567"),
            ("01701234567", 1, "01701234567"),
            ("4917", 1, "+4917"),
        ] {
            let number = PhoneNumber::reported(address, ton).unwrap();
            assert_eq!(number.to_string(), expected, "{address} {ton}");
            // What is kept by it can be read again.
            assert!(PhoneNumber::parse(expected).is_some(), "{expected}");
        }
    }

    #[test]
    fn debug_keeps_it_back() {
        let number = PhoneNumber::parse("+491701234567").unwrap();
        assert_eq!(format!("{number:?}"), "PhoneNumber(…67)");
        assert_eq!(PhoneNumber::reported("491701234567", 1), Some(number));
    }
}
