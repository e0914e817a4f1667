//! Who a text message comes from.

use tidings_core::phone_number::PhoneNumber;
use tidings_core::sender_id::is_sender_id;

/// Numbers with more digits are not short codes.
const SHORT_CODE_MAX: usize = 6;

/// Who a text message comes from: a name, a number, or whoever the gateway says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Sender(Kind);

#[derive(Clone, PartialEq, Eq, Debug)]
enum Kind {
    Name(String),
    Number(PhoneNumber),
}

impl Sender {
    /// Reads a sender id ([`is_sender_id`]), or a number or short code. None if it is neither.
    #[must_use]
    pub fn parse(text: &str) -> Option<Sender> {
        if is_sender_id(text) {
            return Some(Sender(Kind::Name(text.to_owned())));
        }
        PhoneNumber::parse(text).map(|number| Sender(Kind::Number(number)))
    }

    /// The number, if it is one and no name.
    #[must_use]
    pub fn number(&self) -> Option<&PhoneNumber> {
        match &self.0 {
            Kind::Name(_) => None,
            Kind::Number(number) => Some(number),
        }
    }

    /// Type of number, numbering plan, and address: 5 and 0 for names, 3 and 0 for short codes, 1
    /// and 1 for international numbers.
    pub(super) fn address(&self) -> (u8, u8, &str) {
        match &self.0 {
            Kind::Name(name) => (5, 0, name),
            Kind::Number(number) if number.digits().len() <= SHORT_CODE_MAX => {
                (3, 0, number.digits())
            }
            Kind::Number(number) => (number.ton(), 1, number.digits()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_are_told_apart() {
        let address = |text| {
            Sender::parse(text).map(|sender| {
                let (ton, npi, address) = sender.address();
                (ton, npi, address.to_owned())
            })
        };
        assert_eq!(address("Hotel-1"), Some((5, 0, "Hotel-1".into())));
        assert_eq!(address("+491701234567"), Some((1, 1, "491701234567".into())));
        assert_eq!(address("72000"), Some((3, 0, "72000".into())));
        for text in ["", "Grand Hotel", "Überhotel", "TwelveLetter", "--", "a\0b"] {
            assert_eq!(address(text), None, "{text}");
        }
    }
}
