//! What values are looked up by.
//!
//! Paths and keys are known by their hashes only, so that they take little memory whatever stands
//! in policies. The hashes have no secret: the same index behaves the same everywhere. Whoever
//! makes up values whose keys collide gets more candidates, as with as many policies for one value;
//! candidates are evaluated, so the outcome is the same. A path's hash has 128 bits, since what is
//! found at a path is believed.

use std::hash::Hasher;

use siphasher::sip::SipHasher13;
use siphasher::sip128::{Hasher128, SipHasher24};

use super::super::scalar::{Number, Scalar};

/// A path, told from others.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct PathId {
    high: u64,
    low: u64,
}

impl PathId {
    /// Where it is in a table.
    pub(super) fn hash(self) -> u64 {
        self.low
    }
}

/// A path that is being walked, key by key. What matters are its characters: a dot in a key is as
/// good as one between keys.
#[derive(Copy, Clone, Default)]
pub(super) struct Walk {
    hasher: SipHasher24,
    is_below_a_key: bool,
}

impl Walk {
    /// One key further down.
    pub(super) fn below(mut self, key: &str) -> Self {
        if self.is_below_a_key {
            self.hasher.write(b".");
        }
        self.hasher.write(key.as_bytes());
        Self { is_below_a_key: true, ..self }
    }

    /// The path that was walked.
    pub(super) fn id(self) -> PathId {
        let hash = self.hasher.finish128();
        PathId { high: hash.h1, low: hash.h2 }
    }
}

/// A way to look at a value.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Way {
    /// That there is one.
    Any,
    /// The value itself.
    Exactly,
    /// A text in lower case.
    IgnoringCase,
    /// As many bytes at the start of a text, 1 to [`AFFIX_BYTES_MAX`].
    Prefix(u8),
    /// As many bytes at its end.
    Suffix(u8),
    /// As many bits at the start of a text that is an address of version 4, 0 to 31.
    Network4(u8),
    /// The same for version 6, 0 to 127.
    Network6(u8),
    /// A number but for as many bits at its end, 1 to [`super::ranges::BITS`].
    Range(u8),
}

/// Bytes of a text's start or end that are looked at. It bounds in how many ways a text is looked
/// at; patterns that agree in so many bytes are filed under one key.
const AFFIX_BYTES_MAX: usize = 128;

/// As many of a text's bytes at its start or end as are looked at.
pub(super) fn affix_bytes(text: &str) -> u8 {
    text.len().min(AFFIX_BYTES_MAX) as u8
}

/// What patterns are filed under: a path, a way, and what a value looks like in it.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) struct Key(pub(super) u64);

impl Key {
    pub(super) fn any(path: PathId) -> Self {
        Self::finish(&hasher(path, Way::Any))
    }

    pub(super) fn exactly(path: PathId, value: &Scalar<'_>) -> Self {
        match value {
            Scalar::Text(text) => Self::text(path, text),
            Scalar::Number(number) => Self::number(path, number),
            Scalar::Truth(truth) => Self::truth(path, *truth),
            Scalar::Null => Self::null(path),
        }
    }

    /// Exactly this text.
    pub(super) fn text(path: PathId, text: &str) -> Self {
        Self::of_type(path, b'"', text.as_bytes())
    }

    /// Exactly this number.
    pub(super) fn number(path: PathId, number: &Number) -> Self {
        match number {
            Number::Comparable(number) => Self::of_type(path, b'0', &number.to_le_bytes()),
            Number::Other(text) => Self::of_type(path, b'1', text.as_bytes()),
        }
    }

    pub(super) fn truth(path: PathId, truth: bool) -> Self {
        Self::of_type(path, b't', &[u8::from(truth)])
    }

    pub(super) fn null(path: PathId) -> Self {
        Self::of_type(path, b'n', &[])
    }

    fn of_type(path: PathId, letter: u8, value: &[u8]) -> Self {
        let mut hasher = hasher(path, Way::Exactly);
        hasher.write_u8(letter);
        hasher.write(value);
        Self::finish(&hasher)
    }

    pub(super) fn ignoring_case(path: PathId, lower_case: &str) -> Self {
        let mut hasher = hasher(path, Way::IgnoringCase);
        hasher.write(lower_case.as_bytes());
        Self::finish(&hasher)
    }

    /// `None` if the text is shorter.
    pub(super) fn prefix(path: PathId, text: &str, bytes: u8) -> Option<Self> {
        let start = text.as_bytes().get(..usize::from(bytes))?;
        let mut hasher = hasher(path, Way::Prefix(bytes));
        hasher.write(start);
        Some(Self::finish(&hasher))
    }

    /// `None` if the text is shorter.
    pub(super) fn suffix(path: PathId, text: &str, bytes: u8) -> Option<Self> {
        let from = text.len().checked_sub(usize::from(bytes))?;
        let mut hasher = hasher(path, Way::Suffix(bytes));
        hasher.write(&text.as_bytes()[from..]);
        Some(Self::finish(&hasher))
    }

    /// An address of version 4, without the bits that are not looked at.
    pub(super) fn network4(path: PathId, address: u32, bits: u8) -> Self {
        let mut hasher = hasher(path, Way::Network4(bits));
        hasher.write_u32(address.checked_shr(u32::BITS - u32::from(bits)).unwrap_or(0));
        Self::finish(&hasher)
    }

    /// The same for version 6.
    pub(super) fn network6(path: PathId, address: u128, bits: u8) -> Self {
        let mut hasher = hasher(path, Way::Network6(bits));
        hasher.write_u128(address.checked_shr(u128::BITS - u32::from(bits)).unwrap_or(0));
        Self::finish(&hasher)
    }

    /// A number without its last bits.
    pub(super) fn range(path: PathId, number: u64, bits: u8) -> Self {
        let mut hasher = hasher(path, Way::Range(bits));
        hasher.write_u64(number >> bits);
        Self::finish(&hasher)
    }

    fn finish(hasher: &SipHasher13) -> Self {
        Self(hasher.finish())
    }
}

fn hasher(path: PathId, way: Way) -> SipHasher13 {
    let (way, length) = match way {
        Way::Any => (0, 0),
        Way::Exactly => (1, 0),
        Way::IgnoringCase => (2, 0),
        Way::Prefix(bytes) => (3, bytes),
        Way::Suffix(bytes) => (4, bytes),
        Way::Network4(bits) => (5, bits),
        Way::Network6(bits) => (6, bits),
        Way::Range(bits) => (7, bits),
    };
    let mut hasher = SipHasher13::new();
    hasher.write_u64(path.low);
    hasher.write_u64(path.high);
    hasher.write(&[way, length]);
    hasher
}
