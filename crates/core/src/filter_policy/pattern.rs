//! What a policy lists for a key, and which values it matches.

use super::cidr::Cidr;
use super::scalar::{Number, Scalar};
use super::wildcard::Wildcard;
use std::net::IpAddr;

/// One of the values that a policy lists for a key. There are many of these in memory: a test keeps
/// them small.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Pattern {
    /// A text, or `prefix`, `suffix`, `equals-ignore-case`, `wildcard`.
    Text(TextPattern),
    /// This number.
    Number(Number),
    /// This truth value.
    Truth(bool),
    Null,
    /// `cidr`: a text that is an address of the block.
    Within(Box<Cidr>),
    /// `numeric`: a number within bounds, both included, in the units of [`Number::Comparable`].
    Numeric {
        from: i64,
        to: i64,
    },
    /// `anything-but`: every value but these, of whatever type.
    AnythingBut(Box<[Scalar<'static>]>),
    /// `anything-but` with an operator on texts: every value but the texts that one of these
    /// matches.
    AnythingButTexts(Box<[TextPattern]>),
    /// `exists`: any value, or none.
    Exists(bool),
}

/// A pattern for texts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum TextPattern {
    Exactly(Box<str>),
    Prefix(Box<str>),
    Suffix(Box<str>),
    /// In lower case.
    IgnoringCase(Box<str>),
    Wildcard(Box<Wildcard>),
}

impl Pattern {
    /// The pattern for a value itself.
    pub(super) fn exactly(value: Scalar<'_>) -> Self {
        match value {
            Scalar::Text(text) => Self::Text(TextPattern::Exactly(text.into())),
            Scalar::Number(number) => Self::Number(number),
            Scalar::Truth(truth) => Self::Truth(truth),
            Scalar::Null => Self::Null,
        }
    }

    /// Whether the pattern matches a value that is there.
    pub(super) fn matches(&self, value: &Scalar<'_>) -> bool {
        match (self, value) {
            (Self::Text(pattern), Scalar::Text(text)) => pattern.matches(text),
            (Self::Within(block), Scalar::Text(text)) => {
                text.parse::<IpAddr>().is_ok_and(|address| block.contains(address))
            }
            (Self::Numeric { from, to }, Scalar::Number(Number::Comparable(number))) => {
                (*from..=*to).contains(number)
            }
            (Self::Number(wanted), Scalar::Number(number)) => wanted == number,
            (Self::Truth(wanted), Scalar::Truth(truth)) => wanted == truth,
            (Self::Null, Scalar::Null) => true,
            (
                Self::Text(_)
                | Self::Within(_)
                | Self::Numeric { .. }
                | Self::Number(_)
                | Self::Truth(_)
                | Self::Null,
                _,
            ) => false,
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
            TextPattern::Wildcard(wildcard) => Some(&**wildcard),
            _ => None,
        })
    }
}

impl TextPattern {
    fn matches(&self, text: &str) -> bool {
        match self {
            Self::Exactly(wanted) => text == &**wanted,
            Self::Prefix(prefix) => text.starts_with(&**prefix),
            Self::Suffix(suffix) => text.ends_with(&**suffix),
            Self::IgnoringCase(wanted) => text.to_lowercase() == **wanted,
            Self::Wildcard(wildcard) => wildcard.matches(text),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_small() {
        assert!(size_of::<Pattern>() <= 24, "{}", size_of::<Pattern>());
    }
}
