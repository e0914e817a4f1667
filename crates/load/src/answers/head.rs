//! HTTP/1.1: the status, and where the body ends (RFC 9112, 4 and 6).

use memchr::memmem;

use crate::fault::Fault;

/// A head is no longer.
const HEAD_BYTES_MAX: usize = 64 << 10;

/// A body is no longer. Ten messages of 1 MiB, each character escaped, would be.
pub(crate) const BODY_BYTES_MAX: usize = 64 << 20;

/// The head of an answer.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    /// Where the body begins.
    pub(crate) end: usize,
    pub(crate) length: Length,
    /// The server hangs up behind this answer.
    pub(crate) is_last: bool,
}

/// How the end of a body is told.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Length {
    Fixed(usize),
    Chunked,
    UntilClosed,
}

impl Head {
    /// `None` if more has to be read.
    pub(crate) fn read(bytes: &[u8]) -> Result<Option<Self>, Fault> {
        let Some(at) = memmem::find(bytes, b"\r\n\r\n") else {
            return match bytes.len() > HEAD_BYTES_MAX {
                true => Err(Fault::Strange("its head has no end")),
                false => Ok(None),
            };
        };
        let head = &bytes[..at];
        let status = status(head).ok_or(Fault::Strange("it is not HTTP"))?;
        // RFC 9112, 9.3: the first version of HTTP hangs up unless it says otherwise.
        let mut found = Self {
            status,
            end: at + 4,
            length: Length::UntilClosed,
            is_last: head.starts_with(b"HTTP/1.0"),
        };
        for line in head.split(|byte| *byte == b'\n').skip(1) {
            found.take(line)?;
        }
        if status == 204 || status == 304 || (100..200).contains(&status) {
            found.length = Length::Fixed(0);
        }
        found.is_last |= found.length == Length::UntilClosed;
        Ok(Some(found))
    }

    fn take(&mut self, line: &[u8]) -> Result<(), Fault> {
        let Some(colon) = memchr::memchr(b':', line) else { return Ok(()) };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"content-length") {
            let length = number(value, 10).filter(|length| *length <= BODY_BYTES_MAX);
            let length = length.ok_or(Fault::Strange("its length is none"))?;
            if self.length != Length::Chunked {
                self.length = Length::Fixed(length);
            }
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            let last = value.rsplit(|byte| *byte == b',').next().unwrap_or_default().trim_ascii();
            if last.eq_ignore_ascii_case(b"chunked") {
                self.length = Length::Chunked;
            }
        } else if name.eq_ignore_ascii_case(b"connection") {
            self.is_last |= value.eq_ignore_ascii_case(b"close");
            if value.eq_ignore_ascii_case(b"keep-alive") {
                self.is_last = false;
            }
        }
        Ok(())
    }
}

fn status(head: &[u8]) -> Option<u16> {
    let rest = head.strip_prefix(b"HTTP/1.")?;
    let digits = rest.get(2..5).filter(|_| rest.get(1) == Some(&b' '))?;
    u16::try_from(number(digits, 10)?).ok().filter(|status| *status >= 100)
}

fn number(text: &[u8], radix: u32) -> Option<usize> {
    // `from_str_radix` takes signs.
    let text = std::str::from_utf8(text).ok().filter(|text| !text.starts_with(['+', '-']))?;
    usize::from_str_radix(text, radix).ok()
}

/// Puts the chunks of a body together as they come.
#[derive(Default, Debug)]
pub(crate) struct Chunks {
    /// Bytes of the answer that have been looked at.
    at: usize,
    /// Bytes that the chunk at hand still lacks, its line end included.
    rest: usize,
    is_in_trailer: bool,
}

impl Chunks {
    /// Of a body that begins here.
    pub(crate) fn new(at: usize) -> Self {
        Self { at, ..Self::default() }
    }

    /// Takes what has come since, and says whether that was all.
    pub(crate) fn take(&mut self, answer: &[u8], body: &mut Vec<u8>) -> Result<bool, Fault> {
        loop {
            if self.rest > 0 {
                let come = &answer[self.at..];
                let length = self.rest.min(come.len());
                // The last two are the line end.
                let content = length.min(self.rest.saturating_sub(2));
                body.extend_from_slice(&come[..content]);
                self.at += length;
                self.rest -= length;
                if self.rest > 0 {
                    return Ok(false);
                }
            }
            let Some(end) = memmem::find(&answer[self.at..], b"\r\n") else {
                return match answer.len() - self.at > HEAD_BYTES_MAX {
                    true => Err(Fault::Strange("a chunk has no length")),
                    false => Ok(false),
                };
            };
            let line = &answer[self.at..self.at + end];
            self.at += end + 2;
            if self.is_in_trailer {
                if line.is_empty() {
                    return Ok(true);
                }
                continue;
            }
            let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
            let length = number(digits.trim_ascii(), 16)
                .filter(|length| *length <= BODY_BYTES_MAX - body.len())
                .ok_or(Fault::Strange("the length of a chunk is none"))?;
            self.is_in_trailer = length == 0;
            self.rest = if length == 0 { 0 } else { length + 2 };
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn head(text: &str) -> Head {
        Head::read(text.as_bytes()).unwrap().unwrap()
    }

    #[test]
    fn a_head_says_how_long_the_body_is() {
        for (text, length, is_last) in [
            ("HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n", Length::Fixed(12), false),
            (
                "HTTP/1.1 200\r\ncontent-LENGTH:0\r\nConnection: close\r\n\r\n",
                Length::Fixed(0),
                true,
            ),
            ("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", Length::Chunked, false),
            ("HTTP/1.1 200 OK\r\nDate: x\r\n\r\n", Length::UntilClosed, true),
            ("HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\n", Length::Fixed(1), true),
            ("HTTP/1.1 204 No Content\r\n\r\n", Length::Fixed(0), false),
        ] {
            let found = head(text);
            assert_eq!((found.status / 100, found.end), (2, text.len()), "{text}");
            assert_eq!((found.length, found.is_last), (length, is_last), "{text}");
        }
        assert_eq!(head("HTTP/1.1 503 Busy\r\n\r\n").status, 503);
        assert_eq!(Head::read(b"HTTP/1.1 200 OK\r\nContent-").unwrap(), None);
    }

    #[test]
    fn what_is_no_head_is_refused() {
        for text in [
            "SMTP 220 hello\r\n\r\n",
            "HTTP/1.1 20\r\n\r\n",
            "HTTP/1.1 2x0 OK\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: +1\r\n\r\n",
            "HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999\r\n\r\n",
        ] {
            assert!(Head::read(text.as_bytes()).is_err(), "{text}");
        }
        assert!(Head::read(&[b'x'; HEAD_BYTES_MAX + 1]).is_err());
    }

    #[test]
    fn chunks_come_in_any_pieces() {
        let answer = b"4\r\nWiki\r\n6;note=x\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\nTrailer: y\r\n\r\n";
        for step in 1..answer.len() {
            let (mut chunks, mut body, mut end) = (Chunks::new(0), Vec::new(), 0);
            let is_whole = loop {
                end = (end + step).min(answer.len());
                let is_whole = chunks.take(&answer[..end], &mut body).unwrap();
                if is_whole || end == answer.len() {
                    break is_whole;
                }
            };
            assert!(is_whole, "{step}");
            assert_eq!(body, b"Wikipedia in \r\n\r\nchunks.", "{step}");
        }
        for wrong in ["x\r\n", "ffffffffffffffff\r\n", "-1\r\n", "\r\n"] {
            let mut chunks = Chunks::new(0);
            assert!(chunks.take(wrong.as_bytes(), &mut Vec::new()).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn nothing_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = Head::read(&bytes);
            let _ = Chunks::new(0).take(&bytes, &mut Vec::new());
            let text = [b"HTTP/1.1 200 OK\r\n", bytes.as_slice(), b"\r\n\r\n"].concat();
            let _ = Head::read(&text);
        }
    }
}
