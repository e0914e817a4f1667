//! Forms, as requests of the Query protocol are written in them.
//!
//! A form is a flat list of names and values; structure is in the names. SQS flattens lists and
//! maps: `Entry.2.Id` is the member `Id` of the second element of `Entry`.

use std::borrow::Cow;

use crate::refusal::WireError;
use crate::text::Text;

/// Fields that one request may have. The largest that a documented request needs are about 600, in
/// a batch of ten messages with ten attributes each; the bound keeps a body of megabytes from
/// taking many times its size in memory.
const FIELDS_MAX: usize = 4096;

/// A request's fields, percent-decoded.
#[derive(Debug)]
pub struct Form<'a> {
    pairs: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl<'a> Form<'a> {
    /// Takes a form apart that lies in a body, in a URL, or in both. Where a name comes twice the
    /// first value counts, and those of the body come first.
    ///
    /// # Errors
    /// [`WireError::MalformedQueryString`] if a percent sign is not followed by two hexadecimal
    /// digits, if the bytes are not UTF-8, or if there are more than 4096 fields.
    pub fn read(body: &'a [u8], query: &'a str) -> Result<Self, WireError> {
        let mut pairs = Vec::new();
        for (name, value) in split(body).chain(split(query.as_bytes())) {
            let pair = decode(name).zip(decode(value)).ok_or(WireError::MalformedQueryString)?;
            pairs.push(pair);
            if pairs.len() > FIELDS_MAX {
                return Err(WireError::MalformedQueryString);
            }
        }
        Ok(Self { pairs })
    }

    /// The fields as the members of the request.
    pub fn fields(&self) -> Fields<'_> {
        Fields { pairs: self.pairs.iter().map(|(name, value)| (&**name, &**value)).collect() }
    }
}

impl Form<'_> {
    /// Every value of this name, in order: a list as services with paths write it in a URL.
    pub(crate) fn all(&self, name: &str) -> impl Iterator<Item = &str> {
        self.pairs.iter().filter(move |(its_name, _)| its_name == name).map(|(_, value)| &**value)
    }
}

/// The members of a structure: of the whole request, or of an element of a list.
#[derive(Debug, Default)]
pub struct Fields<'f> {
    pairs: Vec<(&'f str, &'f str)>,
}

impl<'f> Fields<'f> {
    /// The member of this name, as text.
    pub fn text(&self, name: &str) -> Option<Text<'f>> {
        self.find(name).map(Text::borrowed)
    }

    /// The member of this name, as a whole number.
    ///
    /// # Errors
    /// [`WireError::Serialization`] if it is none.
    pub fn integer(&self, name: &str) -> Result<Option<i64>, WireError> {
        let Some(text) = self.find(name) else { return Ok(None) };
        let number = text.parse().map_err(|_| {
            WireError::Serialization(format!("{name} must be a whole number, but was: {text}"))
        })?;
        Ok(Some(number))
    }

    /// The list of this name, of texts.
    pub fn texts(&self, name: &str) -> Vec<Text<'f>> {
        let mut texts = Vec::new();
        for element in self.elements(name) {
            texts.extend(element.text(""));
        }
        texts
    }

    /// The list of this name, of structures: in the order of their numbers, which may have gaps.
    /// An element that is a text has it under the empty name.
    pub fn elements(&self, name: &str) -> Vec<Fields<'f>> {
        let mut numbered: Vec<(u32, &str, &str)> = Vec::new();
        for (path, value) in &self.pairs {
            let Some(rest) = path.strip_prefix(name).and_then(|rest| rest.strip_prefix('.')) else {
                continue;
            };
            let (number, rest) = rest.split_once('.').unwrap_or((rest, ""));
            if let Some(number) = element_number(number) {
                numbered.push((number, rest, value));
            }
        }
        numbered.sort_by_key(|&(number, ..)| number);
        let same_element = |a: &(u32, &str, &str), b: &(u32, &str, &str)| a.0 == b.0;
        numbered
            .chunk_by(same_element)
            .map(|chunk| Fields {
                pairs: chunk.iter().map(|&(_, rest, value)| (rest, value)).collect(),
            })
            .collect()
    }

    fn find(&self, name: &str) -> Option<&'f str> {
        self.pairs.iter().find(|(its_name, _)| *its_name == name).map(|&(_, value)| value)
    }
}

/// Digits only: `parse` alone would take a plus sign.
fn element_number(text: &str) -> Option<u32> {
    if text.bytes().all(|b| b.is_ascii_digit()) { text.parse().ok() } else { None }
}

/// The first value of this name in a form; `None` if there is none, or if it cannot be decoded.
pub(crate) fn find<'a>(form: &'a [u8], name: &str) -> Option<Cow<'a, str>> {
    split(form)
        .take(FIELDS_MAX + 1)
        .find(|&(its_name, _)| decode(its_name).is_some_and(|its_name| its_name == name))
        .and_then(|(_, value)| decode(value))
}

/// The names and values of a form, still encoded.
fn split(form: &[u8]) -> impl Iterator<Item = (&[u8], &[u8])> {
    let pairs = form.split(|&b| b == b'&').filter(|pair| !pair.is_empty());
    pairs.map(|pair| match pair.iter().position(|&b| b == b'=') {
        Some(at) => (&pair[..at], &pair[at + 1..]),
        None => (pair, &[][..]),
    })
}

/// Undoes the encoding of a name or value: `+` is a space, `%41` an `A`.
fn decode(encoded: &[u8]) -> Option<Cow<'_, str>> {
    let Some(first) = encoded.iter().position(|b| matches!(b, b'+' | b'%')) else {
        return std::str::from_utf8(encoded).ok().map(Cow::Borrowed);
    };
    let mut decoded = Vec::with_capacity(encoded.len());
    decoded.extend_from_slice(&encoded[..first]);
    let mut rest = encoded[first..].iter();
    while let Some(&byte) = rest.next() {
        decoded.push(match byte {
            b'+' => b' ',
            b'%' => hex_digit(*rest.next()?)? << 4 | hex_digit(*rest.next()?)?,
            plain => plain,
        });
    }
    String::from_utf8(decoded).ok().map(Cow::Owned)
}

fn hex_digit(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn pairs(body: &str, query: &str) -> Vec<(String, String)> {
        let form = Form::read(body.as_bytes(), query).unwrap();
        form.pairs.into_iter().map(|(n, v)| (n.into_owned(), v.into_owned())).collect()
    }

    #[test]
    fn names_and_values_are_decoded() {
        for (form, expected) in [
            ("", vec![]),
            ("&&", vec![]),
            ("a=1&b=2", vec![("a", "1"), ("b", "2")]),
            ("a&b=", vec![("a", ""), ("b", "")]),
            ("=x", vec![("", "x")]),
            ("a=b=c", vec![("a", "b=c")]),
            ("a=one+two%20three%2B", vec![("a", "one two three+")]),
            ("a=%C3%BC%f0%9f%a6%80ü", vec![("a", "ü🦀ü")]),
            ("%61%3D=%26", vec![("a=", "&")]),
        ] {
            let expected: Vec<(String, String)> =
                expected.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
            assert_eq!(pairs(form, ""), expected, "{form} in the body");
            assert_eq!(pairs("", form), expected, "{form} in the URL");
        }
    }

    #[test]
    fn what_is_no_form_is_refused() {
        let many = "a&".repeat(FIELDS_MAX + 1);
        for form in ["a=%", "a=%4", "a=%4g", "%=1", "a=%ff", "a=%+1", &many] {
            let error = Form::read(form.as_bytes(), "").unwrap_err();
            assert_eq!(error, WireError::MalformedQueryString, "{form}");
        }
        assert!(Form::read(b"a=\xff", "").is_err());
        assert!(Form::read("a&".repeat(FIELDS_MAX).as_bytes(), "").is_ok());
    }

    #[test]
    fn lists_go_by_number() {
        let form = "L.10=k&L.2=b&L.1=a&L.x=no&L=no&L.+3=no&Lx.1=no&M.7.Id=q&M.3.Id=p&M.3.V.W=r";
        let form = Form::read(form.as_bytes(), "").unwrap();
        let fields = form.fields();
        assert_eq!(fields.texts("L").iter().map(Text::as_str).collect::<Vec<_>>(), ["a", "b", "k"]);
        let elements = fields.elements("M");
        let ids: Vec<_> = elements.iter().map(|e| e.find("Id").unwrap()).collect();
        assert_eq!(ids, ["p", "q"]);
        assert_eq!(elements[0].find("V.W"), Some("r"));
        assert!(fields.elements("N").is_empty());
    }

    #[test]
    fn the_first_value_counts_and_the_body_comes_first() {
        let form = Form::read(b"a=1&a=2", "a=3&b=4").unwrap();
        assert_eq!(form.fields().find("a"), Some("1"));
        assert_eq!(form.fields().find("b"), Some("4"));
    }

    #[test]
    fn integers_are_decimal() {
        let form = Form::read(b"a=12&b=-3&c=x&d=&e=1.5&f=99999999999999999999", "").unwrap();
        let fields = form.fields();
        assert_eq!(fields.integer("a"), Ok(Some(12)));
        assert_eq!(fields.integer("b"), Ok(Some(-3)));
        assert_eq!(fields.integer("z"), Ok(None));
        for bad in ["c", "d", "e", "f"] {
            assert!(matches!(fields.integer(bad), Err(WireError::Serialization(_))), "{bad}");
        }
    }

    fn encode(text: &str) -> String {
        text.bytes().map(|b| format!("%{b:02X}")).collect()
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes: Vec<u8>, query: String) {
            let _ = find(&bytes, "Action");
            if let Ok(form) = Form::read(&bytes, &query) {
                let fields = form.fields();
                let names: Vec<&str> = fields.pairs.iter().map(|&(name, _)| name).collect();
                for name in names {
                    prop_assert!(fields.text(name).is_some());
                    let _ = fields.elements(name);
                    let _ = fields.integer(name);
                }
            }
        }

        #[test]
        fn what_is_encoded_reads_back(given: Vec<(String, String)>) {
            let encoded: Vec<String> =
                given.iter().map(|(name, value)| format!("{}={}", encode(name), encode(value))).collect();
            prop_assert_eq!(pairs(&encoded.join("&"), ""), given);
        }
    }
}
