//! What every message says of itself: which run it is of, which lane, its number there, and when
//! it was due.

/// Bytes of a written stamp. No message is shorter.
pub const STAMP_BYTES: usize = 41;

/// What stands before the numbers.
const MARK: &[u8] = b"tl";

/// The stamp of a message. Written, it has only letters, digits and hyphens, so that it is the same
/// in JSON, in forms and in XML.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Stamp {
    /// Tells runs apart.
    pub(crate) run: u32,
    /// Numbers count up in each lane: a producer's, or a FIFO group's. 24 bits.
    pub(crate) lane: u32,
    /// 40 bits.
    pub(crate) sequence: u64,
    /// When it was due, in microseconds since the run began. 48 bits.
    pub(crate) due_us: u64,
}

impl Stamp {
    pub(crate) fn written(&self) -> [u8; STAMP_BYTES] {
        let mut text = [b'-'; STAMP_BYTES];
        text[..2].copy_from_slice(MARK);
        write_hex(&mut text[2..10], u64::from(self.run));
        write_hex(&mut text[11..17], u64::from(self.lane));
        write_hex(&mut text[18..28], self.sequence);
        write_hex(&mut text[29..41], self.due_us);
        text
    }

    /// The stamp in a message's body: mostly at its beginning, but there may be an envelope.
    pub(crate) fn find(body: &[u8]) -> Option<Self> {
        let at = |start: usize| Self::read(body.get(start..start + STAMP_BYTES)?);
        at(0).or_else(|| memchr::memmem::find_iter(body, MARK).find_map(at))
    }

    fn read(text: &[u8]) -> Option<Self> {
        let is_form = text.starts_with(MARK) && [10, 17, 28].iter().all(|&at| text[at] == b'-');
        if !is_form {
            return None;
        }
        Some(Self {
            run: u32::try_from(read_hex(&text[2..10])?).ok()?,
            lane: u32::try_from(read_hex(&text[11..17])?).ok()?,
            sequence: read_hex(&text[18..28])?,
            due_us: read_hex(&text[29..41])?,
        })
    }
}

/// Writes the lowest digits, as many as there is room for.
pub(crate) fn write_hex(to: &mut [u8], mut value: u64) {
    for digit in to.iter_mut().rev() {
        *digit = b"0123456789abcdef"[(value & 15) as usize];
        value >>= 4;
    }
}

fn read_hex(text: &[u8]) -> Option<u64> {
    text.iter().try_fold(0, |value, digit| {
        let digit = match digit {
            b'0'..=b'9' => digit - b'0',
            b'a'..=b'f' => digit - b'a' + 10,
            _ => return None,
        };
        Some(value << 4 | u64::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAMP: Stamp =
        Stamp { run: 0xfeed_f00d, lane: 0xab, sequence: 1 << 39, due_us: 86_400_000_000 };

    #[test]
    fn what_is_written_is_found() {
        let written = STAMP.written();
        let text = std::str::from_utf8(&written).unwrap();
        assert_eq!(text, "tlfeedf00d-0000ab-8000000000-00141dd76000");
        assert_eq!(Stamp::find(&written), Some(STAMP));
        let enveloped = format!(r#"{{"Title":"tl","Message":"{text}bbbb"}}"#);
        assert_eq!(Stamp::find(enveloped.as_bytes()), Some(STAMP));
    }

    #[test]
    fn what_is_none_is_not() {
        let written = STAMP.written();
        for wrong in ["", "tl", "hello", "tlfeedf00d-0000ab-8000000000-00141dd7600X"] {
            assert_eq!(Stamp::find(wrong.as_bytes()), None, "{wrong}");
        }
        assert_eq!(Stamp::find(&written[..40]), None);
        assert_eq!(Stamp::find(&written[1..]), None);
    }
}
