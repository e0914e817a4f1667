//! Where a piece with `?` is in a text, in bounded time.
//!
//! The search keeps a bit for each character of the piece: whether the text read so far ends with
//! the piece up to that character. One character of the text shifts the bits and clears those whose
//! character differs, 64 at a time. (Baeza-Yates and Gonnet, "A new approach to text searching".)

use std::collections::BTreeMap;

/// A piece to look for. Its memory is linear in the piece's length.
#[derive(Clone, Debug)]
pub(super) struct Search {
    /// How many characters the piece has, at least one.
    len: usize,
    /// The places of `?`, which every character may take.
    any: Box<[u64]>,
    /// The places that a character may take beside those.
    of: BTreeMap<char, Places>,
}

/// A character that comes often has a bit for each place, one that is rare a list: at most 64
/// characters can be frequent, which keeps the memory linear.
#[derive(Clone, Debug)]
enum Places {
    Frequent(Box<[u64]>),
    Rare(Box<[usize]>),
}

impl Search {
    pub(super) fn of(piece: &[Option<char>]) -> Self {
        let words = piece.len().div_ceil(64);
        let mut any = vec![0; words];
        let mut lists: BTreeMap<char, Vec<usize>> = BTreeMap::new();
        for (place, wanted) in piece.iter().enumerate() {
            match wanted {
                Some(char) => lists.entry(*char).or_default().push(place),
                None => set(&mut any, place),
            }
        }
        let places = |list: Vec<usize>| {
            if list.len() <= words {
                return Places::Rare(list.into());
            }
            let mut bits = any.clone();
            list.into_iter().for_each(|place| set(&mut bits, place));
            Places::Frequent(bits.into())
        };
        let of = lists.into_iter().map(|(char, list)| (char, places(list))).collect();
        Self { len: piece.len(), any: any.into(), of }
    }

    /// Where the leftmost place of the piece ends, in bytes.
    pub(super) fn end_in(&self, text: &str) -> Option<usize> {
        let mut state = vec![0_u64; self.any.len()];
        let mut shifted = state.clone();
        for (at, char) in text.char_indices() {
            shift(&state, &mut shifted);
            self.keep(char, &shifted, &mut state);
            if is_set(&state, self.len - 1) {
                return Some(at + char.len_utf8());
            }
        }
        None
    }

    /// Of the places in `shifted`, those that this character may take.
    fn keep(&self, char: char, shifted: &[u64], state: &mut [u64]) {
        let places = self.of.get(&char);
        let mask = match places {
            Some(Places::Frequent(bits)) => bits,
            _ => &self.any,
        };
        for ((word, shifted), mask) in state.iter_mut().zip(shifted).zip(mask) {
            *word = shifted & mask;
        }
        if let Some(Places::Rare(list)) = places {
            let taken = list.iter().filter(|place| is_set(shifted, **place));
            taken.for_each(|place| set(state, *place));
        }
    }
}

/// Every place moves on by one, and the piece may begin anew.
fn shift(state: &[u64], shifted: &mut [u64]) {
    let mut carry = 1;
    for (word, shifted) in state.iter().zip(shifted) {
        *shifted = word << 1 | carry;
        carry = word >> 63;
    }
}

fn set(bits: &mut [u64], place: usize) {
    if let Some(word) = bits.get_mut(place / 64) {
        *word |= 1 << (place % 64);
    }
}

fn is_set(bits: &[u64], place: usize) -> bool {
    bits.get(place / 64).is_some_and(|word| word >> (place % 64) & 1 == 1)
}
