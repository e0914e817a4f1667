//! Percent-encoding, as signatures need it, and whatever else AWS puts into URLs.

use std::borrow::Cow;

/// Whether RFC 3986 lets a byte stand for itself everywhere.
pub(crate) fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// The three bytes that stand for one, with digits in upper case as AWS wants them.
pub(crate) fn percent(byte: u8) -> [u8; 3] {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    [b'%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]
}

/// Appends bytes, encoded but for the unreserved ones.
pub(crate) fn push_encoded(text: &mut Vec<u8>, bytes: &[u8]) {
    for byte in bytes {
        if is_unreserved(*byte) {
            text.push(*byte);
        } else {
            text.extend_from_slice(&percent(*byte));
        }
    }
}

/// A text as a value in a URL's query: encoded but for what RFC 3986 lets stand for itself everywhere,
/// and the ASCII characters in `plain`.
#[must_use]
pub fn percent_encoded(text: &str, plain: &str) -> String {
    let mut encoded = String::with_capacity(text.len() + text.len() / 4);
    for byte in text.bytes() {
        if is_unreserved(byte) || byte.is_ascii() && plain.as_bytes().contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.extend(percent(byte).map(char::from));
        }
    }
    encoded
}

/// A name or value of a query. `+` is a space there, as in forms.
///
/// `None` if a percent sign is not followed by two digits.
pub(crate) fn decode(text: &str) -> Option<Cow<'_, [u8]>> {
    if !text.bytes().any(|byte| matches!(byte, b'%' | b'+')) {
        return Some(Cow::Borrowed(text.as_bytes()));
    }
    let mut decoded = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => digit(bytes.next()?)? << 4 | digit(bytes.next()?)?,
            other => other,
        });
    }
    Some(Cow::Owned(decoded))
}

fn digit(byte: u8) -> Option<u8> {
    let digit = char::from(byte).to_digit(16)?;
    u8::try_from(digit).ok()
}

/// Text that may be shown in an error and put into a header: printable ASCII.
pub(crate) fn visible(bytes: &[u8]) -> Option<&str> {
    let is_visible = bytes.iter().all(|byte| matches!(byte, b' '..=b'~'));
    if is_visible { std::str::from_utf8(bytes).ok() } else { None }
}

/// Without the blanks around it. Blanks are what any SDK takes for one in a header.
pub(crate) fn trim(mut value: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = value
        && is_blank(*first)
    {
        value = rest;
    }
    while let [rest @ .., last] = value
        && is_blank(*last)
    {
        value = rest;
    }
    value
}

pub(crate) fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t'..=b'\r')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoding_takes_plus_for_a_space_and_wants_two_digits() {
        for (text, decoded) in [
            ("", Some(&b""[..])),
            ("plain", Some(b"plain")),
            ("a+b%20c%2Bd", Some(b"a b c+d")),
            ("%e1%88%B4", Some("\u{1234}".as_bytes())),
            ("%00%ff", Some(b"\x00\xff")),
            ("%", None),
            ("%2", None),
            ("%2G", None),
            ("%+1", None),
        ] {
            assert_eq!(decode(text).as_deref(), decoded, "{text}");
        }
    }

    #[test]
    fn encoding_keeps_the_unreserved() {
        let mut text = Vec::new();
        push_encoded(&mut text, b"aZ09-._~ /%+*=\xe1\x00");
        assert_eq!(text, b"aZ09-._~%20%2F%25%2B%2A%3D%E1%00");
        assert_eq!(percent_encoded("aZ09-._~ /@\u{e1}", ""), "aZ09-._~%20%2F%40%C3%A1");
        assert_eq!(percent_encoded("a@b/\u{e1}", "@\u{e1}"), "a@b%2F%C3%A1");
    }

    #[test]
    fn trimming_takes_every_kind_of_blank() {
        assert_eq!(trim(b" \t\r\n a b\x0b\x0c "), b"a b");
        assert_eq!(trim(b"  "), b"");
    }
}
