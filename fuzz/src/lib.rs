//! What the targets share.

pub mod actions;

/// Takes a part off the front: up to the first byte of this value, which is dropped.
pub fn part<'a>(data: &mut &'a [u8], end: u8) -> &'a [u8] {
    let whole = *data;
    match whole.iter().position(|byte| *byte == end) {
        Some(at) => {
            *data = &whole[at + 1..];
            &whole[..at]
        }
        None => {
            *data = &[];
            whole
        }
    }
}

/// Takes the first byte off; 0 if there is none.
pub fn byte(data: &mut &[u8]) -> u8 {
    match data.split_first() {
        Some((first, rest)) => {
            *data = rest;
            *first
        }
        None => 0,
    }
}

/// As a text, if it is one.
pub fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}
