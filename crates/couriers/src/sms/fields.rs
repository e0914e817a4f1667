//! Fields of a PDU's body: integers, strings that end in NUL, and optional parameters (TLVs).

use bytes::{BufMut, BytesMut};

/// Reads fields one after the other. Every read is None at the end.
pub(super) struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn new(body: &'a [u8]) -> Self {
        Fields(body)
    }

    pub(super) fn octet(&mut self) -> Option<u8> {
        let (octet, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*octet)
    }

    /// A C-octet string of at most `max` octets with its NUL. What is not ASCII is left out.
    pub(super) fn string(&mut self, max: usize) -> Option<String> {
        let end = self.0.iter().take(max).position(|octet| *octet == 0)?;
        let (text, rest) = self.0.split_at(end);
        self.0 = &rest[1..];
        Some(printable(text))
    }

    pub(super) fn octets(&mut self, length: usize) -> Option<&'a [u8]> {
        let (octets, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(octets)
    }

    /// The next optional parameter: its tag and its value.
    pub(super) fn parameter(&mut self) -> Option<(u16, &'a [u8])> {
        let head = self.octets(4)?;
        let length = u16::from_be_bytes([head[2], head[3]]);
        Some((u16::from_be_bytes([head[0], head[1]]), self.octets(usize::from(length))?))
    }
}

/// Text as logs can have it: the printable ASCII of it, up to a NUL.
pub(super) fn printable(octets: &[u8]) -> String {
    let text = octets.iter().take_while(|octet| **octet != 0);
    text.filter(|octet| (b' '..=b'~').contains(*octet)).map(|octet| char::from(*octet)).collect()
}

/// Writes a C-octet string. A NUL in it would end it: what comes after is left out.
pub(super) fn put_string(body: &mut BytesMut, text: &str) {
    body.put_slice(text.split('\0').next().unwrap_or_default().as_bytes());
    body.put_u8(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_read_and_end() {
        let mut fields = Fields::new(b"\x07ab\0\x04\x27\x00\x01\x02\x00\x1E\x00\x09x");
        assert_eq!(fields.octet(), Some(7));
        assert_eq!(fields.string(3).as_deref(), Some("ab"));
        assert_eq!(fields.parameter(), Some((0x0427, &[2][..])));
        // One that says it is longer than what there is.
        assert_eq!(fields.parameter(), None);
        assert_eq!(Fields::new(b"abc\0").string(3), None);
        assert_eq!(Fields::new(b"abc").string(9), None);
        assert_eq!(Fields::new(b"").octet(), None);
    }

    #[test]
    fn strings_cannot_smuggle() {
        assert_eq!(Fields::new(b"a\r\n\x1bb\xFF\0").string(65).as_deref(), Some("ab"));
        let mut body = BytesMut::new();
        put_string(&mut body, "user\0\x09more");
        assert_eq!(&body[..], b"user\0");
    }
}
