//! Names that text messages come from.

use crate::limits;

/// Whether a text is a sender id: 1 to 11 letters, digits and hyphens of ASCII, and a letter among them.
/// Developer guide of SNS, "Sender IDs"; API reference of SNS, SetSMSAttributes, `DefaultSenderID`.
pub fn is_sender_id(text: &str) -> bool {
    limits::SMS_SENDER_ID_CHARACTERS.contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_a_letter_and_no_numbers_length() {
        for good in ["a", "Hotel-1", "ElevenLette", "1-a"] {
            assert!(is_sender_id(good), "{good}");
        }
        for bad in ["", "12345", "TwelveLetter", "a b", "--", "Überhotel", "a\0b"] {
            assert!(!is_sender_id(bad), "{bad}");
        }
    }
}
