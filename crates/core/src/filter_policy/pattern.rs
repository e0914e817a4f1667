//! What a policy lists for a key, and which values it matches.

use std::net::IpAddr;
use std::ops::{Bound, RangeBounds};

use super::cidr::Cidr;
use super::scalar::{Number, Scalar};
use super::wildcard::Wildcard;

/// One of the values that a policy lists for a key.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Pattern {
    /// A text, number, truth value or null: the same value of the same type.
    Exactly(Scalar<'static>),
    /// `prefix`, `suffix`, `equals-ignore-case`, `wildcard`.
    Text(TextPattern),
    /// `cidr`: a text that is an address of the block.
    Within(Cidr),
    /// `numeric`: a number within bounds, in the units of [`Number::Comparable`].
    Numeric { from: Bound<i64>, to: Bound<i64> },
    /// `anything-but`: every value but these, of whatever type.
    AnythingBut(Vec<Scalar<'static>>),
    /// `anything-but` with an operator on texts: every value but the texts that one of these
    /// matches.
    AnythingButTexts(Vec<TextPattern>),
    /// `exists`: any value, or none.
    Exists(bool),
}

/// A pattern for texts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum TextPattern {
    Prefix(String),
    Suffix(String),
    /// In lower case.
    IgnoringCase(String),
    Wildcard(Wildcard),
}

impl Pattern {
    /// Whether the pattern matches a value that is there.
    pub(super) fn matches(&self, value: &Scalar<'_>) -> bool {
        match (self, value) {
            (Self::Exactly(wanted), value) => wanted == value,
            (Self::Text(pattern), Scalar::Text(text)) => pattern.matches(text),
            (Self::Within(block), Scalar::Text(text)) => {
                text.parse::<IpAddr>().is_ok_and(|address| block.contains(address))
            }
            (Self::Numeric { from, to }, Scalar::Number(Number::Comparable(number))) => {
                (*from, *to).contains(number)
            }
            (Self::Text(_) | Self::Within(_) | Self::Numeric { .. }, _) => false,
            (Self::AnythingBut(values), value) => !values.contains(value),
            (Self::AnythingButTexts(patterns), Scalar::Text(text)) => {
                !patterns.iter().any(|pattern| pattern.matches(text))
            }
            (Self::AnythingButTexts(_), _) => true,
            (Self::Exists(exists), _) => *exists,
        }
    }

    /// Whether the pattern matches that there is no value.
    pub(super) fn matches_absence(&self) -> bool {
        matches!(self, Self::Exists(false))
    }

    /// The wildcard patterns that it consists of.
    pub(super) fn wildcards(&self) -> impl Iterator<Item = &Wildcard> {
        let texts = match self {
            Self::Text(pattern) => std::slice::from_ref(pattern),
            Self::AnythingButTexts(patterns) => patterns,
            _ => &[],
        };
        texts.iter().filter_map(|pattern| match pattern {
            TextPattern::Wildcard(wildcard) => Some(wildcard),
            _ => None,
        })
    }
}

impl TextPattern {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Prefix(prefix) => text.starts_with(prefix.as_str()),
            Self::Suffix(suffix) => text.ends_with(suffix.as_str()),
            Self::IgnoringCase(wanted) => text.to_lowercase() == *wanted,
            Self::Wildcard(wildcard) => wildcard.matches(text),
        }
    }
}
