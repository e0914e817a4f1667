//! Addresses of people.

use lettre::Address;
use tidings_core::limits::{EMAIL_DOMAIN_BYTES_MAX, EMAIL_LOCAL_PART_BYTES_MAX};

/// Whether mail can be sent to the address: a local part and a domain as RFC 5321 has them, in
/// printable ASCII. Internationalised local parts are not taken; such domains go in their ASCII form.
#[must_use]
pub fn is_email_address(text: &str) -> bool {
    parse(text).is_some()
}

pub(super) fn parse(text: &str) -> Option<Address> {
    let (local, domain) = text.rsplit_once('@')?;
    let fits = local.len() <= EMAIL_LOCAL_PART_BYTES_MAX && domain.len() <= EMAIL_DOMAIN_BYTES_MAX;
    // Quoted local parts may hold spaces and brackets, which no mail provider gives to anybody.
    let is_plain = text.bytes().all(|b| b.is_ascii_graphic() && !br#""(),:;<>\[]"#.contains(&b));
    if !fits || !is_plain {
        return None;
    }
    Address::new(local, domain).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_from_what_could_be_misread() {
        for good in ["a@example.com", "first.last+tag@mail.example.com", "o'neil@example.com"] {
            assert!(is_email_address(good), "{good}");
        }
        let long = |length: usize| format!("{}@example.com", "a".repeat(length));
        assert!(is_email_address(&long(64)));
        assert!(!is_email_address(&long(65)));
        assert!(!is_email_address(&format!("a@{}.example", "b.".repeat(125))));
        for bad in [
            "",
            "@",
            "a",
            "a@",
            "@example.com",
            "a b@example.com",
            "a@example.com\r\nRCPT TO:<b@example.com>",
            "<a@example.com>",
            "a@example.com,b@example.com",
            "a@b@example.com",
            "\"a b\"@example.com",
            "ä@example.com",
            "a@exa mple.com",
            "a@example.com\0",
        ] {
            assert!(!is_email_address(bad), "{bad:?}");
        }
    }
}
