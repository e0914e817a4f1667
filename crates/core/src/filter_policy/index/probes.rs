//! What is looked up for a message.

use std::net::IpAddr;

use super::super::scalar::{Number, Scalar};
use super::filed::Filed;
use super::key::{Key, PathId, Way};
use super::paths::Path;
use super::ranges::{self, Ranges};

/// The keys of a message's values, in the ways that are in use.
#[derive(Default)]
pub(super) struct Probes {
    keys: Vec<Key>,
    /// Numbers below the middles of their parts.
    below: Vec<(Key, u64)>,
    /// Numbers above the middles of their parts, or at them.
    above: Vec<(Key, u64)>,
}

impl Probes {
    /// Adds what is looked up because there is something at the path.
    pub(super) fn presence(&mut self, path: &Path) {
        if path.ways().first().is_some_and(|(way, _)| *way == Way::Any) {
            self.keys.push(Key::any(path.id));
        }
    }

    /// Adds what is looked up for a value at the path.
    pub(super) fn value(&mut self, path: &Path, value: &Scalar<'_>) {
        let mut ways = path.ways().iter().map(|(way, _)| *way).peekable();
        while ways.next_if(|way| *way < Way::Exactly).is_some() {}
        if ways.next_if_eq(&Way::Exactly).is_some() {
            self.keys.push(Key::exactly(path.id, value));
        }
        match value {
            Scalar::Text(text) => self.text(path.id, text, ways),
            Scalar::Number(Number::Comparable(number)) => {
                self.number(path.id, ranges::place(*number), ways);
            }
            Scalar::Number(Number::Other(_)) | Scalar::Truth(_) | Scalar::Null => {}
        }
    }

    fn text(&mut self, path: PathId, text: &str, ways: impl Iterator<Item = Way>) {
        let mut address: Option<Option<IpAddr>> = None;
        let mut address = || *address.get_or_insert_with(|| text.parse().ok());
        for way in ways {
            let key = match way {
                Way::IgnoringCase => Some(Key::ignoring_case(path, &text.to_lowercase())),
                Way::Prefix(bytes) => Key::prefix(path, text, bytes),
                Way::Suffix(bytes) => Key::suffix(path, text, bytes),
                Way::Network4(bits) => match address() {
                    Some(IpAddr::V4(address)) => Some(Key::network4(path, address.to_bits(), bits)),
                    _ => None,
                },
                Way::Network6(bits) => match address() {
                    Some(IpAddr::V6(address)) => Some(Key::network6(path, address.to_bits(), bits)),
                    _ => None,
                },
                Way::Any | Way::Exactly | Way::Range(_) => None,
            };
            self.keys.extend(key);
        }
    }

    /// Adds what is looked up for a number among the ranges.
    pub(super) fn number(&mut self, path: PathId, place: u64, ways: impl Iterator<Item = Way>) {
        for way in ways {
            if let Way::Range(bits) = way {
                let key = Key::range(path, place, bits);
                let is_below = ranges::is_below_middle(place, bits);
                if is_below { &mut self.below } else { &mut self.above }.push((key, place));
            }
        }
    }

    /// What is filed where these look.
    ///
    /// Each key is looked up once, however many values have it. Of the numbers that are in one part
    /// and below its middle, the highest finds the ranges of all; likewise the lowest of those
    /// above it.
    pub(super) fn found<'f>(
        mut self,
        filed: &'f Filed,
        ranges: &'f Ranges,
    ) -> impl Iterator<Item = u32> + use<'f> {
        self.keys.sort_unstable();
        self.keys.dedup();
        self.below.sort_unstable_by(|one, other| other.cmp(one));
        self.below.dedup_by_key(|(key, _)| *key);
        self.above.sort_unstable();
        self.above.dedup_by_key(|(key, _)| *key);
        let keys = self.keys.into_iter().flat_map(|key| filed.under(key).iter().copied());
        let below =
            self.below.into_iter().flat_map(|(key, place)| ranges.starting_until(key, place));
        let above = self.above.into_iter().flat_map(|(key, place)| ranges.ending_from(key, place));
        keys.chain(below).chain(above)
    }
}
