//! Fields of the elements of one name in an XML answer.

use std::borrow::Cow;

use memchr::memmem;

/// Calls for each element of that name, with the texts of these elements in it as they stand there,
/// references and all. Texts are escaped in XML, so a tag in one is none.
pub(super) fn elements<'a, const N: usize>(
    answer: &'a [u8],
    name: &str,
    fields: [&str; N],
    mut each: impl FnMut([Option<&'a [u8]>; N]),
) {
    let mut rest = answer;
    while let Some((element, behind)) = element(rest, name) {
        each(fields.map(|field| self::element(element, field).map(|(text, _)| text)));
        rest = behind;
    }
}

/// The content of the first element of a name, and what stands behind it.
pub(super) fn element<'a>(text: &'a [u8], name: &str) -> Option<(&'a [u8], &'a [u8])> {
    let [open, close] = [format!("<{name}>"), format!("</{name}>")];
    let start = memmem::find(text, open.as_bytes())? + open.len();
    let length = memmem::find(&text[start..], close.as_bytes())?;
    Some((&text[start..start + length], &text[start + length + close.len()..]))
}

/// A text with its references replaced. What is none stands as it is.
pub(super) fn unescaped(text: &[u8]) -> Cow<'_, [u8]> {
    if memchr::memchr(b'&', text).is_none() {
        return Cow::Borrowed(text);
    }
    let (mut plain, mut rest) = (Vec::with_capacity(text.len()), text);
    while let Some(at) = memchr::memchr(b'&', rest) {
        plain.extend_from_slice(&rest[..at]);
        rest = &rest[at..];
        let end = memchr::memchr(b';', rest);
        match end.and_then(|end| Some((character(&rest[1..end])?, end))) {
            Some((character, end)) => {
                plain.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
                rest = &rest[end + 1..];
            }
            None => {
                plain.push(b'&');
                rest = &rest[1..];
            }
        }
    }
    plain.extend_from_slice(rest);
    Cow::Owned(plain)
}

fn character(name: &[u8]) -> Option<char> {
    let name = std::str::from_utf8(name).ok()?;
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let value = match number.strip_prefix('x') {
                Some(digits) => u32::from_str_radix(digits, 16),
                None => number.parse(),
            };
            char::from_u32(value.ok()?)
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn elements_are_found_with_their_fields() {
        let answer =
            b"<?xml version=\"1.0\"?><R><Message><Body>a</Body><ReceiptHandle>1</ReceiptHandle>\
            </Message>\n<Message><ReceiptHandle>2</ReceiptHandle></Message><Message>";
        let mut found = Vec::new();
        elements(answer, "Message", ["ReceiptHandle", "Body"], |fields| found.push(fields));
        assert_eq!(found, [[Some(&b"1"[..]), Some(b"a")], [Some(b"2"), None]]);
    }

    #[test]
    fn references_are_replaced() {
        let plain =
            |text: &str| String::from_utf8(unescaped(text.as_bytes()).into_owned()).unwrap();
        assert_eq!(plain("plain"), "plain");
        assert_eq!(plain("&lt;a&gt; &amp;&quot;&apos; &#x2F;&#61;"), "<a> &\"' /=");
        assert_eq!(plain("a & b &c; &#xD800; &"), "a & b &c; &#xD800; &");
    }

    proptest! {
        #[test]
        fn nothing_panics(text in "[<>&;#xMesage/]{0,60}") {
            elements(text.as_bytes(), "M", ["e"], |_| ());
            unescaped(text.as_bytes());
        }
    }
}
