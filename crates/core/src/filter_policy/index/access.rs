//! What patterns are filed under.

use std::net::IpAddr;

use super::super::Condition;
use super::super::cidr::Cidr;
use super::super::pattern::{Pattern, TextPattern};
use super::super::scalar::Number;
use super::super::wildcard::Wildcard;
use super::key::{self, Key, PathId, Way};
use super::ranges::{self, Between, Range};

/// What a pattern is filed under.
#[derive(Copy, Clone, Debug)]
pub(super) enum Access {
    Filed(Way, Key),
    Range(Range),
}

impl Access {
    pub(super) fn way(self) -> Way {
        match self {
            Self::Filed(way, _) => way,
            Self::Range(range) => Way::Range(range.bits()),
        }
    }
}

/// What the patterns of a condition are filed under: each value that fulfils it leads to one of
/// these. `None` if no value may be needed.
pub(super) fn of_condition(path: PathId, condition: &Condition) -> Option<Vec<Access>> {
    let patterns = condition.patterns.iter();
    (!condition.may_be_absent())
        .then(|| patterns.filter_map(|pattern| of_pattern(path, pattern)).collect())
}

/// `None` if it matches no value.
fn of_pattern(path: PathId, pattern: &Pattern) -> Option<Access> {
    Some(match pattern {
        Pattern::Text(TextPattern::Exactly(text)) => exactly(Key::text(path, text)),
        Pattern::Number(number) => exactly(Key::number(path, number)),
        Pattern::Truth(truth) => exactly(Key::truth(path, *truth)),
        Pattern::Null => exactly(Key::null(path)),
        Pattern::Text(TextPattern::IgnoringCase(text)) => {
            Access::Filed(Way::IgnoringCase, Key::ignoring_case(path, text))
        }
        Pattern::Text(TextPattern::Prefix(text)) => prefix(path, text),
        Pattern::Text(TextPattern::Suffix(text)) => suffix(path, text),
        Pattern::Text(TextPattern::Wildcard(wildcard)) => of_wildcard(path, wildcard),
        Pattern::Within(block) => of_block(path, **block),
        Pattern::Numeric { from, to } => match ranges::between(*from, *to) {
            Between::Nothing => return None,
            Between::One(number) => exactly(Key::number(path, &Number::Comparable(number))),
            Between::More(range) => Access::Range(range),
        },
        Pattern::AnythingBut(_) | Pattern::AnythingButTexts(_) | Pattern::Exists(true) => any(path),
        Pattern::Exists(false) => return None,
    })
}

fn exactly(key: Key) -> Access {
    Access::Filed(Way::Exactly, key)
}

fn any(path: PathId) -> Access {
    Access::Filed(Way::Any, Key::any(path))
}

fn prefix(path: PathId, text: &str) -> Access {
    match key::affix_bytes(text) {
        0 => any(path),
        bytes => Key::prefix(path, text, bytes)
            .map_or(any(path), |key| Access::Filed(Way::Prefix(bytes), key)),
    }
}

fn suffix(path: PathId, text: &str) -> Access {
    match key::affix_bytes(text) {
        0 => any(path),
        bytes => Key::suffix(path, text, bytes)
            .map_or(any(path), |key| Access::Filed(Way::Suffix(bytes), key)),
    }
}

/// What stands before the first wildcard, or after the last, whichever is longer.
fn of_wildcard(path: PathId, wildcard: &Wildcard) -> Access {
    match wildcard.affixes() {
        (text, None) => exactly(Key::text(path, text)),
        (start, Some(end)) if start.len() >= end.len() => prefix(path, start),
        (_, Some(end)) => suffix(path, end),
    }
}

fn of_block(path: PathId, block: Cidr) -> Access {
    let bits = block.mask_bits();
    match block.address() {
        IpAddr::V4(address) => {
            Access::Filed(Way::Network4(bits), Key::network4(path, address.to_bits(), bits))
        }
        IpAddr::V6(address) => {
            Access::Filed(Way::Network6(bits), Key::network6(path, address.to_bits(), bits))
        }
    }
}
