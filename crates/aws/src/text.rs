//! Text out of a request, borrowed from it where nothing had to be unescaped.

use std::borrow::Cow;
use std::fmt;
use std::ops::Deref;

use serde::de::{Deserialize, Deserializer, Error, Visitor};

/// Text out of a request.
///
/// Deserialised, it borrows what can be borrowed, which an `Option<Cow<str>>` does not.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Text<'a>(Cow<'a, str>);

impl<'a> Text<'a> {
    /// Text that lies in the request as it is.
    pub(crate) const fn borrowed(text: &'a str) -> Self {
        Self(Cow::Borrowed(text))
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The text, copied if it was borrowed.
    pub fn into_string(self) -> String {
        self.0.into_owned()
    }
}

impl From<String> for Text<'_> {
    fn from(text: String) -> Self {
        Self(Cow::Owned(text))
    }
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

struct TextVisitor;

impl<'de> Visitor<'de> for TextVisitor {
    type Value = Text<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text.to_owned())))
    }

    fn visit_string<E: Error>(self, text: String) -> Result<Text<'de>, E> {
        Ok(Text(Cow::Owned(text)))
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Text<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(TextVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_escaped_text_is_copied() {
        let plain: Text<'_> = serde_json::from_slice(br#""a b""#).unwrap();
        assert!(matches!(plain, Text(Cow::Borrowed("a b"))));
        let escaped: Text<'_> = serde_json::from_slice(br#""a\nb""#).unwrap();
        assert!(matches!(escaped, Text(Cow::Owned(ref text)) if text == "a\nb"));
        assert!(serde_json::from_slice::<Text<'_>>(b"5").is_err());
    }
}
