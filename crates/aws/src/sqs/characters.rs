//! The characters that a message may hold: those that XML 1.0 has.

/// Whether every character is U+0009, U+000A, U+000D or at least U+0020, and none is U+FFFE or
/// U+FFFF. SendMessage, "MessageBody".
pub(crate) fn are_valid(text: &str) -> bool {
    let bytes = text.as_bytes();
    let mut pieces = bytes.chunks(PIECE_BYTES).enumerate();
    pieces.all(|(n, piece)| {
        let at = n * PIECE_BYTES;
        is_plain(piece) || (at..at + piece.len()).all(|at| is_valid_at(bytes, at))
    })
}

/// So much of a text is looked at together: most pieces need no second look.
const PIECE_BYTES: usize = 64;

/// Whether nothing that can offend begins in the piece. Without a way out in between, so that it is
/// done for many bytes at once.
fn is_plain(piece: &[u8]) -> bool {
    !piece.iter().fold(false, |odd, byte| odd | (*byte < 0x20) | (*byte == 0xef))
}

/// Byte by byte, without decoding: only three sequences of UTF-8 can offend.
fn is_valid_at(bytes: &[u8], at: usize) -> bool {
    match bytes[at] {
        b'\t' | b'\n' | b'\r' => true,
        0..0x20 => false,
        0xef => !matches!(bytes[at..], [_, 0xbf, 0xbe | 0xbf, ..]),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn is_valid(c: char) -> bool {
        matches!(c,
            '\u{9}' | '\u{a}' | '\u{d}' | '\u{20}'..='\u{d7ff}' | '\u{e000}'..='\u{fffd}'
            | '\u{10000}'..)
    }

    #[test]
    fn every_character_is_judged_as_documented() {
        for c in '\0'..=char::MAX {
            assert_eq!(are_valid(c.encode_utf8(&mut [0; 4])), is_valid(c), "{c:?}");
        }
    }

    #[test]
    fn a_character_is_judged_wherever_it_stands() {
        for at in 0..200 {
            let around = |c: &str| format!("{}{c}{}", "x".repeat(at), "y".repeat(200 - at));
            assert!(!are_valid(&around("\u{ffff}")) && !are_valid(&around("\u{1}")), "at {at}");
            assert!(are_valid(&around("\u{fffd}\n")), "at {at}");
        }
    }

    proptest! {
        #[test]
        fn texts_are_judged_by_their_characters(text in "[\0-\u{30}\u{ef00}\u{fff0}-\u{ffff}\u{10000}]{0,9}") {
            prop_assert_eq!(are_valid(&text), text.chars().all(is_valid));
        }
    }
}
