//! Ranges of numbers, and which of them hold a number.
//!
//! All numbers stand in a row, which is halved, and the halves again, and so on. A range is filed
//! with the first middle that lies in it, and of the part that was halved there with two sorted
//! lists: of the ranges' starts and of their ends.
//!
//! ```text
//!           part               middle
//!   ├────────────────────────────┼───────────────────────────┤
//!                ├───────────────────────┤                        a range that is filed here
//!                      ├─────┤                                    one that is filed with a smaller part
//!                    ▲                                            a number
//! ```
//!
//! A number is in one part of each size. If it is below the part's middle, then those of its ranges
//! hold the number that start no later than it; if not, those that end no earlier. So a list is
//! read only as far as its ranges hold the number, and a range that goes on forever costs no more
//! than a short one.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;

use super::key::{Key, PathId};

/// Bits of a number's place in the row. [`limits::FILTER_POLICY_NUMBERS`] in their units are less
/// than 2^47 to both sides of 0.
///
/// [`limits::FILTER_POLICY_NUMBERS`]: crate::limits::FILTER_POLICY_NUMBERS
pub(super) const BITS: u8 = 48;

const LAST: u64 = (1 << BITS) - 1;

/// A number's place in the row.
pub(super) fn place(number: i64) -> u64 {
    const ZERO: i64 = 1 << (BITS - 1);
    u64::try_from(number.saturating_add(ZERO)).unwrap_or(0).min(LAST)
}

/// Whether a place is below the middle of its part of this size.
pub(super) fn is_below_middle(place: u64, bits: u8) -> bool {
    place & (1 << (bits - 1)) == 0
}

/// The numbers from one to another, both included, which are two or more.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) struct Range {
    from: u64,
    to: u64,
}

/// What there may be between two bounds.
#[derive(Copy, Clone, Debug)]
pub(super) enum Between {
    Nothing,
    One(i64),
    More(Range),
}

/// The numbers from one to the other, both included.
pub(super) fn between(from: i64, to: i64) -> Between {
    match from.cmp(&to) {
        Ordering::Greater => Between::Nothing,
        Ordering::Equal => Between::One(from),
        Ordering::Less => Between::More(Range { from: place(from), to: place(to) }),
    }
}

impl Range {
    pub(super) fn from(self) -> u64 {
        self.from
    }

    /// The size of the part that it is filed with, as the bits that its numbers may differ in.
    pub(super) fn bits(self) -> u8 {
        (u64::BITS - (self.from ^ self.to).leading_zeros()) as u8
    }

    pub(super) fn key(self, path: PathId) -> Key {
        Key::range(path, self.from, self.bits())
    }
}

/// Ranges by part, with the numbers of the policies that have them.
#[derive(Default)]
pub(super) struct Ranges {
    parts: HashTable<Part>,
}

struct Part {
    key: Key,
    held: Held,
}

/// Ranges apart from each other are mostly alone in their part, so this takes no allocation.
enum Held {
    One(Range, u32),
    Many(Box<Lists>),
}

/// Ranges by start and by end.
#[derive(Default)]
struct Lists {
    starts: BTreeSet<(u64, u32)>,
    ends: BTreeSet<(u64, u32)>,
}

impl Held {
    fn insert(&mut self, range: Range, number: u32) {
        match self {
            Self::One(one, policy) => {
                let mut lists = Box::<Lists>::default();
                lists.insert(*one, *policy);
                lists.insert(range, number);
                *self = Self::Many(lists);
            }
            Self::Many(lists) => lists.insert(range, number),
        }
    }

    /// Takes the range away; whether none is left.
    fn remove(&mut self, range: Range, number: u32) -> bool {
        match self {
            Self::One(one, policy) => (*one, *policy) == (range, number),
            Self::Many(lists) => {
                lists.starts.remove(&(range.from, number));
                lists.ends.remove(&(range.to, number));
                lists.starts.is_empty()
            }
        }
    }
}

impl Lists {
    fn insert(&mut self, range: Range, number: u32) {
        self.starts.insert((range.from, number));
        self.ends.insert((range.to, number));
    }
}

impl Ranges {
    /// Adds a range of a policy under its key.
    pub(super) fn insert(&mut self, key: Key, range: Range, number: u32) {
        match self.parts.entry(key.0, |part| part.key == key, |part| part.key.0) {
            Entry::Occupied(mut part) => part.get_mut().held.insert(range, number),
            Entry::Vacant(place) => {
                place.insert(Part { key, held: Held::One(range, number) });
            }
        }
    }

    /// Takes the range away, if it is there.
    pub(super) fn remove(&mut self, key: Key, range: Range, number: u32) {
        if let Ok(mut part) = self.parts.find_entry(key.0, |part| part.key == key)
            && part.get_mut().held.remove(range, number)
        {
            part.remove();
        }
    }

    /// The policies with a range in the part that starts at the place or before it.
    pub(super) fn starting_until(&self, key: Key, place: u64) -> impl Iterator<Item = u32> {
        let (one, lists) = self.held(key);
        let one = one.filter(|(range, _)| range.from <= place).map(|(_, number)| number);
        let many = lists.map(|lists| lists.starts.range(..=(place, u32::MAX)));
        one.into_iter().chain(many.into_iter().flatten().map(|(_, number)| *number))
    }

    /// The policies with a range in the part that ends at the place or behind it.
    pub(super) fn ending_from(&self, key: Key, place: u64) -> impl Iterator<Item = u32> {
        let (one, lists) = self.held(key);
        let one = one.filter(|(range, _)| range.to >= place).map(|(_, number)| number);
        let many = lists.map(|lists| lists.ends.range((place, 0)..));
        one.into_iter().chain(many.into_iter().flatten().map(|(_, number)| *number))
    }

    fn held(&self, key: Key) -> (Option<(Range, u32)>, Option<&Lists>) {
        match self.parts.find(key.0, |part| part.key == key).map(|part| &part.held) {
            Some(Held::One(range, number)) => (Some((*range, *number)), None),
            Some(Held::Many(lists)) => (None, Some(lists)),
            None => (None, None),
        }
    }

    #[cfg(test)]
    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }
}
