//! What is known of a request: the condition keys and their values.

use std::borrow::Cow;
use std::net::IpAddr;

/// Where condition keys are looked up. A key is asked for only when a statement that fits so far
/// has a condition on it or a variable of its name, so a value may be worked out on the spot.
pub trait Context {
    /// The value of a key, `None` if the request does not have it. The key is in lower case in
    /// full, the name of a tag too: `aws:sourcearn`, `aws:principaltag/team`. Condition keys are
    /// documented to be case-insensitive.
    fn value(&self, key: &str) -> Option<ContextValue<'_>>;
}

impl<F> Context for F
where
    F: Fn(&str) -> Option<ContextValue<'static>>,
{
    fn value(&self, key: &str) -> Option<ContextValue<'_>> {
        self(key)
    }
}

/// A key's value. Whatever its type, an operator of another reads it if it can: a text as a number,
/// an address as a text.
#[derive(Clone, PartialEq, Debug)]
pub enum ContextValue<'a> {
    /// A text, an ARN, or bytes as base64.
    Text(Cow<'a, str>),
    /// True or false.
    Bool(bool),
    /// A number; integers are exact up to 2^53.
    Number(f64),
    /// An instant, in milliseconds since 1970.
    Instant(i64),
    /// An IP address.
    Address(IpAddr),
    /// The texts of a key that has several. None at all counts as an absent key.
    Many(Vec<Cow<'a, str>>),
}

impl<'a> ContextValue<'a> {
    /// A text.
    pub fn text(text: impl Into<Cow<'a, str>>) -> Self {
        Self::Text(text.into())
    }

    /// The texts of a key that has several.
    pub fn many<T: Into<Cow<'a, str>>>(texts: impl IntoIterator<Item = T>) -> Self {
        Self::Many(texts.into_iter().map(Into::into).collect())
    }
}
