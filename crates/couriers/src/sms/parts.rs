//! A text in parts that fit into a short message each.
//!
//! A short message holds 140 octets: 160 septets or 70 units of UCS-2. One that is a part of several
//! begins with a header of 6 octets that says so, and holds 153 or 67: 3GPP TS 23.040, section
//! 9.2.3.24.1. Parts end between words where that costs no further part, which is how SNS cuts them
//! ("Messages are not cut off in the middle of a word").

use std::ops::Range;

use thiserror::Error;
use tidings_core::limits::{SMS_CHARACTERS_MAX, SMS_DISPLAY_NAME_CHARACTERS_MAX};

use super::gsm7;

/// How a text is written.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Coding {
    /// The GSM 7-bit default alphabet, a septet to an octet.
    Gsm7,
    /// UTF-16, big-endian: what is called UCS-2 here, and what phones read it as.
    Ucs2,
}

impl Coding {
    /// `data_coding`.
    pub(super) fn data_coding(self) -> u8 {
        match self {
            Coding::Gsm7 => 0,
            Coding::Ucs2 => 8,
        }
    }

    /// Septets or units in a message that stands alone, and in one of several.
    fn capacities(self) -> (usize, usize) {
        match self {
            Coding::Gsm7 => (160, 153),
            Coding::Ucs2 => (70, 67),
        }
    }

    /// Septets or units of a character. None if it cannot be written so.
    fn width(self, character: char) -> Option<usize> {
        match self {
            Coding::Gsm7 => gsm7::septets(character),
            Coding::Ucs2 => Some(character.len_utf16()),
        }
    }

    fn encode(self, text: &str) -> Vec<u8> {
        let ucs2 = || text.encode_utf16().flat_map(u16::to_be_bytes).collect();
        match self {
            Coding::Gsm7 => gsm7::encode(text).unwrap_or_else(ucs2),
            Coding::Ucs2 => ucs2(),
        }
    }
}

/// A DisplayName, and what stands between it and the message.
const NAME_CHARACTERS_MAX: usize = SMS_DISPLAY_NAME_CHARACTERS_MAX + 2;

/// The text has more characters than SNS takes.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Error)]
#[error("the text has more than {SMS_CHARACTERS_MAX} characters")]
pub(super) struct TooLong;

/// A text in parts.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Parts {
    pub(super) coding: Coding,
    /// The octets of each part's `short_message`: with their header, if there are several.
    pub(super) octets: Vec<Vec<u8>>,
}

impl Parts {
    /// Whether parts begin with a header.
    pub(super) fn has_header(&self) -> bool {
        self.octets.len() > 1
    }

    /// Cuts a text. `reference` tells a phone which parts belong together.
    pub(super) fn of(text: &str, reference: u8) -> Result<Parts, TooLong> {
        let characters: Vec<(usize, char)> = text.char_indices().collect();
        if characters.len() > SMS_CHARACTERS_MAX + NAME_CHARACTERS_MAX {
            return Err(TooLong);
        }
        let (coding, widths) = coded(&characters);
        let (alone, of_several) = coding.capacities();
        if widths.iter().sum::<usize>() <= alone {
            return Ok(Parts { coding, octets: vec![coding.encode(text)] });
        }
        let breaks = |at: usize| characters[at - 1].1.is_whitespace();
        let ranges = cut(&widths, of_several, breaks);
        let offset = |at: usize| characters.get(at).map_or(text.len(), |(offset, _)| *offset);
        let octets = ranges.iter().zip(1..).map(|(range, number)| {
            // Characters of two units at most, and 1,612 of them, make 50 parts.
            let total = u8::try_from(ranges.len()).unwrap_or(u8::MAX);
            let mut octets = vec![5, 0, 3, reference, total, number];
            octets.extend(coding.encode(&text[offset(range.start)..offset(range.end)]));
            octets
        });
        Ok(Parts { coding, octets: octets.collect() })
    }
}

/// The narrowest coding, and the width of each character in it.
fn coded(characters: &[(usize, char)]) -> (Coding, Vec<usize>) {
    let widths = |coding: Coding| {
        characters.iter().map(|(_, character)| coding.width(*character)).collect::<Option<_>>()
    };
    match widths(Coding::Gsm7) {
        Some(widths) => (Coding::Gsm7, widths),
        None => (Coding::Ucs2, widths(Coding::Ucs2).unwrap_or_default()),
    }
}

/// Cuts characters of these widths into as few ranges as possible, none wider than `capacity`, and
/// among those ends each at the last place that `breaks` likes.
fn cut(widths: &[usize], capacity: usize, breaks: impl Fn(usize) -> bool) -> Vec<Range<usize>> {
    let ends = ends(widths, capacity);
    // How many ranges it takes from each place on.
    let mut needed = vec![0; widths.len() + 1];
    for (start, end) in ends.iter().enumerate().rev() {
        needed[start] = needed[*end] + 1;
    }
    let mut ranges = Vec::with_capacity(needed[0]);
    let mut start = 0;
    while start < widths.len() {
        let full = ends[start];
        let spare = |end: &usize| needed[*end] < needed[start] && breaks(*end);
        let end = match full == widths.len() {
            true => full,
            false => (start + 1..=full).rev().find(spare).unwrap_or(full),
        };
        ranges.push(start..end);
        start = end;
    }
    ranges
}

/// How far a range reaches that begins at each place.
fn ends(widths: &[usize], capacity: usize) -> Vec<usize> {
    let (mut end, mut width) = (0, 0);
    widths
        .iter()
        .map(|first| {
            while widths.get(end).is_some_and(|next| width + next <= capacity) {
                width += widths[end];
                end += 1;
            }
            width -= first;
            end
        })
        .collect()
}

#[cfg(test)]
#[path = "parts_tests.rs"]
mod tests;
