//! XML, as the Query protocol answers in it.

/// Begins a document: the declaration and the open root element.
pub(crate) fn open_document(out: &mut Vec<u8>, root: &str, namespace: &str) {
    out.extend_from_slice(b"<?xml version=\"1.0\"?><");
    out.extend_from_slice(root.as_bytes());
    out.extend_from_slice(b" xmlns=\"");
    out.extend_from_slice(namespace.as_bytes());
    out.extend_from_slice(b"\">");
}

/// `<name>`
pub(crate) fn open(out: &mut Vec<u8>, name: &str) {
    out.push(b'<');
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
}

/// `</name>`
pub(crate) fn close(out: &mut Vec<u8>, name: &str) {
    out.extend_from_slice(b"</");
    out.extend_from_slice(name.as_bytes());
    out.push(b'>');
}

/// `<name/>`
pub(crate) fn empty(out: &mut Vec<u8>, name: &str) {
    out.push(b'<');
    out.extend_from_slice(name.as_bytes());
    out.extend_from_slice(b"/>");
}

/// `<ActionResult>`
pub(crate) fn open_result(out: &mut Vec<u8>, action: &str) {
    out.push(b'<');
    out.extend_from_slice(action.as_bytes());
    out.extend_from_slice(b"Result>");
}

/// `</ActionResult>`
pub(crate) fn close_result(out: &mut Vec<u8>, action: &str) {
    out.extend_from_slice(b"</");
    out.extend_from_slice(action.as_bytes());
    out.extend_from_slice(b"Result>");
}

/// `<ActionResult/>`
pub(crate) fn empty_result(out: &mut Vec<u8>, action: &str) {
    out.push(b'<');
    out.extend_from_slice(action.as_bytes());
    out.extend_from_slice(b"Result/>");
}

/// `<name>text</name>`
pub(crate) fn element(out: &mut Vec<u8>, name: &str, text: &str) {
    open(out, name);
    write_text(out, text);
    close(out, name);
}

/// Writes text such that a reader gets it back unchanged.
///
/// A carriage return goes as a reference: a reader turns a bare one into a line feed, and the
/// digests of bodies would no longer fit. Characters that XML cannot hold, which only error texts
/// can bring here, become U+FFFD.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    let mut written = 0;
    let bytes = text.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        let (instead, length): (&[u8], usize) = match byte {
            b'&' => (b"&amp;", 1),
            b'<' => (b"&lt;", 1),
            b'>' => (b"&gt;", 1),
            b'"' => (b"&quot;", 1),
            b'\r' => (b"&#xD;", 1),
            b'\t' | b'\n' => continue,
            0..0x20 => ("\u{fffd}".as_bytes(), 1),
            // U+FFFE and U+FFFF are EF BF BE and EF BF BF.
            0xef if matches!(bytes[at..], [_, 0xbf, 0xbe | 0xbf, ..]) => ("\u{fffd}".as_bytes(), 3),
            _ => continue,
        };
        out.extend_from_slice(&bytes[written..at]);
        out.extend_from_slice(instead);
        written = at + length;
    }
    out.extend_from_slice(&bytes[written..]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_escaped() {
        for (text, expected) in [
            ("plain, ünïcode 🦀", "plain, ünïcode 🦀"),
            ("<a href=\"b\">&amp;</a>", "&lt;a href=&quot;b&quot;&gt;&amp;amp;&lt;/a&gt;"),
            ("one\r\ntwo\tthree", "one&#xD;\ntwo\tthree"),
            ("\u{0}\u{1f}\u{fffe}x\u{ffff}", "\u{fffd}\u{fffd}\u{fffd}x\u{fffd}"),
            ("\u{fffd}\u{ef00}", "\u{fffd}\u{ef00}"),
            ("", ""),
        ] {
            let mut out = Vec::new();
            write_text(&mut out, text);
            assert_eq!(String::from_utf8(out).unwrap(), expected, "{text:?}");
        }
    }

    #[test]
    fn elements_nest() {
        let mut out = Vec::new();
        open_document(&mut out, "A", "urn:x");
        element(&mut out, "B", "1 < 2");
        close(&mut out, "A");
        let expected = r#"<?xml version="1.0"?><A xmlns="urn:x"><B>1 &lt; 2</B></A>"#;
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
