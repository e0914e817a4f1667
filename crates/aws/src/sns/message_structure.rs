//! MessageStructure `json`: a message that has a text of its own for some protocols.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use tidings_core::rejection::TopicRejection;

use crate::text::Text;

/// Keys that name a protocol, or a platform of mobile push. Others are ignored. Publish,
/// "MessageStructure"; developer guide, "Publishing with platform-specific payload".
const KEYS: [&str; 21] = [
    "email",
    "email-json",
    "http",
    "https",
    "lambda",
    "sms",
    "sqs",
    "firehose",
    "application",
    "APNS",
    "APNS_SANDBOX",
    "APNS_VOIP",
    "APNS_VOIP_SANDBOX",
    "MACOS",
    "MACOS_SANDBOX",
    "GCM",
    "ADM",
    "BAIDU",
    "MPNS",
    "WNS",
    "default",
];

const DEFAULT: &str = "default";

/// The texts of a message.
#[derive(PartialEq, Debug)]
pub(crate) struct Texts<'m> {
    /// For whom there is no other.
    pub(crate) default: Text<'m>,
    /// By protocol.
    pub(crate) by_protocol: Vec<(&'static str, Text<'m>)>,
}

/// Reads a message with MessageStructure `json`. Unknown keys, and values that are no text, are
/// ignored; where a key comes twice the last value counts.
///
/// # Errors
/// InvalidParameter if it is not a JSON object, or has no text for `default`.
pub(crate) fn read(message: &str) -> Result<Texts<'_>, TopicRejection> {
    let invalid =
        |reason: &str| TopicRejection::parameter(format_args!("Message Structure - {reason}"));
    let ByProtocol(mut texts) =
        serde_json::from_str(message).map_err(|_| invalid("JSON message body failed to parse"))?;
    let default = texts.iter().position(|(key, _)| *key == DEFAULT);
    let default = default.ok_or_else(|| invalid("No default entry in JSON message body"))?;
    let (_, default) = texts.remove(default);
    Ok(Texts { default, by_protocol: texts })
}

/// Known keys that have a text, in the order of their first coming.
struct ByProtocol<'m>(Vec<(&'static str, Text<'m>)>);

struct ObjectVisitor;

impl<'de> Visitor<'de> for ObjectVisitor {
    type Value = ByProtocol<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<ByProtocol<'de>, A::Error> {
        let mut texts: Vec<(&'static str, Text<'de>)> = Vec::new();
        while let Some(key) = map.next_key::<Text<'de>>()? {
            let Some(key) = KEYS.into_iter().find(|known| *known == &*key) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let MaybeText(value) = map.next_value()?;
            let position = texts.iter().position(|(before, _)| *before == key);
            match (position, value) {
                (Some(at), Some(text)) => texts[at].1 = text,
                (Some(at), None) => drop(texts.remove(at)),
                (None, Some(text)) => texts.push((key, text)),
                (None, None) => {}
            }
        }
        Ok(ByProtocol(texts))
    }
}

impl<'de: 'm, 'm> Deserialize<'de> for ByProtocol<'m> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(ObjectVisitor)
    }
}

/// A text; `None` for any other value.
struct MaybeText<'m>(Option<Text<'m>>);

struct AnyVisitor;

impl<'de> Visitor<'de> for AnyVisitor {
    type Value = MaybeText<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any value")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<MaybeText<'de>, E> {
        Ok(MaybeText(Some(Text::borrowed(text))))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<MaybeText<'de>, E> {
        Ok(MaybeText(Some(Text::from(text.to_owned()))))
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<MaybeText<'de>, E> {
        Ok(MaybeText(None))
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<MaybeText<'de>, E> {
        Ok(MaybeText(None))
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<MaybeText<'de>, E> {
        Ok(MaybeText(None))
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<MaybeText<'de>, E> {
        Ok(MaybeText(None))
    }

    fn visit_unit<E: Error>(self) -> Result<MaybeText<'de>, E> {
        Ok(MaybeText(None))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<MaybeText<'de>, A::Error> {
        while array.next_element::<IgnoredAny>()?.is_some() {}
        Ok(MaybeText(None))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<MaybeText<'de>, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(MaybeText(None))
    }
}

impl<'de: 'm, 'm> Deserialize<'de> for MaybeText<'m> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AnyVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(message: &str) -> (String, Vec<(&'static str, String)>) {
        let Texts { default, by_protocol } = read(message).unwrap();
        let by_protocol = by_protocol.into_iter().map(|(key, text)| (key, text.into_string()));
        (default.into_string(), by_protocol.collect())
    }

    #[test]
    fn known_keys_with_texts_are_taken() {
        for (message, default, expected) in [
            (r#"{"default":"d"}"#, "d", vec![]),
            (
                r#" {"sqs":"a\n\"b\"","default":"","APNS":"{\"aps\":1}","http":""} "#,
                "",
                vec![("sqs", "a\n\"b\""), ("APNS", "{\"aps\":1}"), ("http", "")],
            ),
            (
                r#"{"default":"d","sqs":1,"http":null,"lambda":{"a":[1.5]},"sms":[true],
                    "email":-1,"unknown":"x","SQS":"x"}"#,
                "d",
                vec![],
            ),
            (r#"{"default":"a","sqs":"x","sqs":"y","default":"b"}"#, "b", vec![("sqs", "y")]),
            (r#"{"sqs":"x","sqs":7,"default":"b"}"#, "b", vec![]),
        ] {
            let expected: Vec<_> = expected.into_iter().map(|(k, t)| (k, t.to_owned())).collect();
            assert_eq!(texts(message), (default.to_owned(), expected), "{message}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let no_default = "Message Structure - No default entry in JSON message body";
        let no_json = "Message Structure - JSON message body failed to parse";
        for (message, text) in [
            ("{}", no_default),
            (r#"{"sqs":"x"}"#, no_default),
            (r#"{"default":1}"#, no_default),
            (r#"{"default":"a","default":null}"#, no_default),
            ("x", no_json),
            ("", no_json),
            ("null", no_json),
            ("[\"default\"]", no_json),
            ("\"default\"", no_json),
            (r#"{"default":"a"}x"#, no_json),
            (r#"{"default":"a""#, no_json),
            (&"[".repeat(1 << 20), no_json),
        ] {
            assert_eq!(read(message), Err(TopicRejection::parameter(text)), "{text}");
        }
    }
}
