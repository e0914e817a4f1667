//! AWS JSON 1.0: reading objects into inputs, and writing text.

use std::fmt;
use std::marker::PhantomData;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use tidings_core::hex;

use crate::refusal::WireError;
use crate::text::Text;

/// Elements that a list or map may have. Far more than any documented one may, so that the
/// documented error can tell of them; few enough that a body of megabytes does not take many times
/// its size in memory.
const ELEMENTS_MAX: usize = 1000;

/// Reads a body, which must be one JSON object. Members that `T` does not have are ignored.
///
/// # Errors
/// [`WireError::Serialization`] if it is not JSON, not an object, or has a member of the wrong type
/// or twice.
pub(crate) fn read<'a, T: Deserialize<'a>>(body: &'a [u8]) -> Result<T, WireError> {
    match serde_json::from_slice::<Object<T>>(body) {
        Ok(Object(value)) => Ok(value),
        Err(error) => Err(WireError::Serialization(error.to_string())),
    }
}

/// A JSON object. A derived structure alone would also be read from an array.
#[derive(Debug)]
pub(crate) struct Object<T>(pub(crate) T);

struct ObjectVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ObjectVisitor<T> {
    type Value = Object<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Object<T>, A::Error> {
        T::deserialize(MapAccessDeserializer::new(map)).map(Object)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor(PhantomData))
    }
}

/// A JSON array of 1000 elements at most.
#[derive(Debug)]
pub(crate) struct List<T>(pub(crate) Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

struct ListVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
    type Value = List<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<List<T>, A::Error> {
        let mut elements = Vec::new();
        while let Some(element) = array.next_element()? {
            if elements.len() == ELEMENTS_MAX {
                return Err(A::Error::custom(format_args!("more than {ELEMENTS_MAX} elements")));
            }
            elements.push(element);
        }
        Ok(List(elements))
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(ListVisitor(PhantomData))
    }
}

/// A JSON object that is a map: names and values in the order given, 1000 at most. A name whose
/// value is null counts as absent, as a member does.
#[derive(Debug)]
pub(crate) struct Map<'a, T>(pub(crate) Vec<(Text<'a>, T)>);

impl<T> Default for Map<'_, T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

struct MapVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for MapVisitor<T> {
    type Value = Map<'de, T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Map<'de, T>, A::Error> {
        let mut entries = Vec::new();
        while let Some(name) = map.next_key::<Text<'de>>()? {
            if entries.len() == ELEMENTS_MAX {
                return Err(A::Error::custom(format_args!("more than {ELEMENTS_MAX} members")));
            }
            if let Some(value) = map.next_value::<Option<T>>()? {
                entries.push((name, value));
            }
        }
        Ok(Map(entries))
    }
}

impl<'de: 'a, 'a, T: Deserialize<'de>> Deserialize<'de> for Map<'a, T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MapVisitor(PhantomData))
    }
}

/// Bytes, which travel as base64.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Blob(pub(crate) Vec<u8>);

impl Blob {
    /// Reads base64; `None` if it is none.
    pub(crate) fn decode(text: &str) -> Option<Self> {
        STANDARD.decode(text).ok().map(Self)
    }
}

impl<'de> Deserialize<'de> for Blob {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Text::deserialize(deserializer)?;
        Self::decode(&text).ok_or_else(|| D::Error::custom("invalid base64"))
    }
}

/// For a list or map that may be null: counts as absent, as with any member.
pub(crate) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Option::<T>::deserialize(deserializer).map(Option::unwrap_or_default)
}

/// Writes a JSON string, quotation marks included.
pub(crate) fn write_text(out: &mut Vec<u8>, text: &str) {
    out.reserve(text.len() + 2);
    out.push(b'"');
    for piece in text.as_bytes().chunks(PIECE_BYTES) {
        if is_plain(piece) {
            out.extend_from_slice(piece);
        } else {
            write_escaped(out, piece);
        }
    }
    out.push(b'"');
}

/// So much of a text is looked at together: most pieces of most texts have nothing to be escaped.
const PIECE_BYTES: usize = 32;

fn is_escaped(byte: u8) -> bool {
    (byte < 0x20) | (byte == b'"') | (byte == b'\\')
}

/// Without a way out in between, so that it is done for many bytes at once.
fn is_plain(piece: &[u8]) -> bool {
    !piece.iter().fold(false, |odd, byte| odd | is_escaped(*byte))
}

fn write_escaped(out: &mut Vec<u8>, bytes: &[u8]) {
    let mut written = 0;
    for (at, &byte) in bytes.iter().enumerate() {
        if !is_escaped(byte) {
            continue;
        }
        out.extend_from_slice(&bytes[written..at]);
        write_escape(out, byte);
        written = at + 1;
    }
    out.extend_from_slice(&bytes[written..]);
}

fn write_escape(out: &mut Vec<u8>, byte: u8) {
    let short = match byte {
        b'"' | b'\\' => byte,
        b'\n' => b'n',
        b'\r' => b'r',
        b'\t' => b't',
        _ => {
            out.extend_from_slice(b"\\u00");
            out.extend_from_slice(&hex::digits(byte));
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize, Default, Debug)]
    #[serde(default)]
    struct Sample<'a> {
        #[serde(borrow)]
        text: Option<Text<'a>>,
        number: Option<i64>,
        list: List<Object<Inner<'a>>>,
        #[serde(borrow)]
        map: Map<'a, Text<'a>>,
        blob: Option<Blob>,
        #[serde(deserialize_with = "or_default")]
        nullable: List<i64>,
    }

    #[derive(Deserialize, Default, Debug)]
    #[serde(default)]
    struct Inner<'a> {
        #[serde(borrow)]
        id: Option<Text<'a>>,
    }

    #[test]
    fn objects_are_read() {
        let body =
            br#"{"text":"t","number":-5,"list":[{"id":"x"},{}],"map":{"b":"1","n":null,"a":"2"},
                        "blob":"AQID","nullable":[1],"unknown":{"deep":[1]}}"#;
        let sample: Sample<'_> = read(body).unwrap();
        assert_eq!(sample.text.as_deref(), Some("t"));
        assert_eq!(sample.number, Some(-5));
        let ids: Vec<_> = sample.list.0.iter().map(|o| o.0.id.as_deref()).collect();
        assert_eq!(ids, [Some("x"), None]);
        let map: Vec<_> = sample.map.0.iter().map(|(n, v)| (n.as_str(), v.as_str())).collect();
        assert_eq!(map, [("b", "1"), ("a", "2")]);
        assert_eq!(sample.blob, Some(Blob(vec![1, 2, 3])));
        assert_eq!(sample.nullable.0, [1]);
        let empty: Sample<'_> = read(br#" {"text":null,"number":null,"nullable":null} "#).unwrap();
        assert!(empty.text.is_none() && empty.number.is_none() && empty.nullable.0.is_empty());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let long = format!(r#"{{"list":[{}{{}}]}}"#, "{},".repeat(ELEMENTS_MAX));
        for body in [
            "",
            "[]",
            "[\"t\"]",
            "\"t\"",
            "5",
            "null",
            "{",
            "{}x",
            r#"{"text":5}"#,
            r#"{"number":"5"}"#,
            r#"{"number":5.5}"#,
            r#"{"list":{}}"#,
            r#"{"list":[["x"]]}"#,
            r#"{"list":[null]}"#,
            r#"{"map":[]}"#,
            r#"{"map":{"a":1}}"#,
            r#"{"blob":"*"}"#,
            r#"{"text":"a","text":"b"}"#,
            "{\"text\":\"a\nb\"}",
            r#"{"text":"\ud800"}"#,
            &long,
        ] {
            let read = read::<Sample<'_>>(body.as_bytes());
            assert!(matches!(read, Err(WireError::Serialization(_))), "{body}");
        }
    }

    proptest! {
        #[test]
        fn text_reads_back(text: String) {
            let mut out = Vec::new();
            write_text(&mut out, &text);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text);
        }
    }
}
