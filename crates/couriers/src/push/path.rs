//! Parts of paths.

use std::fmt::Write as _;

/// A text as one part of a path, or as a value of a form: RFC 3986, section 2.3.
pub(super) fn encoded(text: &str) -> String {
    let mut part = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                part.push(char::from(byte));
            }
            // Writing to a string does not fail.
            _ => drop(write!(part, "%{byte:02X}")),
        }
    }
    part
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_part() {
        assert_eq!(encoded("aZ09-._~"), "aZ09-._~");
        assert_eq!(encoded("a/../b?c#d e\r\n%ü"), "a%2F..%2Fb%3Fc%23d%20e%0D%0A%25%C3%BC");
    }
}
