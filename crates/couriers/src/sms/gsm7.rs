//! The GSM 7-bit default alphabet and its extension table: 3GPP TS 23.038, section 6.2.1.
//!
//! A character of the alphabet is a septet, one of the extension table is an escape and a septet.
//! Septets are written unpacked, one to an octet, as SMPP has them in `short_message`.

/// What announces a character of the extension table.
const ESCAPE: u8 = 0x1B;

/// The default alphabet. At the place of the escape stands a space, which is what a phone shows for
/// an escape that it does not know.
const ALPHABET: [char; 128] = [
    '@', '£', '$', '¥', 'è', 'é', 'ù', 'ì', 'ò', 'Ç', '\n', 'Ø', 'ø', '\r', 'Å', 'å', //
    'Δ', '_', 'Φ', 'Γ', 'Λ', 'Ω', 'Π', 'Ψ', 'Σ', 'Θ', 'Ξ', ' ', 'Æ', 'æ', 'ß', 'É', //
    ' ', '!', '"', '#', '¤', '%', '&', '\'', '(', ')', '*', '+', ',', '-', '.', '/', //
    '0', '1', '2', '3', '4', '5', '6', '7', '8', '9', ':', ';', '<', '=', '>', '?', //
    '¡', 'A', 'B', 'C', 'D', 'E', 'F', 'G', 'H', 'I', 'J', 'K', 'L', 'M', 'N', 'O', //
    'P', 'Q', 'R', 'S', 'T', 'U', 'V', 'W', 'X', 'Y', 'Z', 'Ä', 'Ö', 'Ñ', 'Ü', '§', //
    '¿', 'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', //
    'p', 'q', 'r', 's', 't', 'u', 'v', 'w', 'x', 'y', 'z', 'ä', 'ö', 'ñ', 'ü', 'à', //
];

/// The extension table.
const EXTENSION: [(u8, char); 10] = [
    (0x0A, '\u{C}'),
    (0x14, '^'),
    (0x28, '{'),
    (0x29, '}'),
    (0x2F, '\\'),
    (0x3C, '['),
    (0x3D, '~'),
    (0x3E, ']'),
    (0x40, '|'),
    (0x65, '€'),
];

/// How many septets a character takes: one or two, or none if the alphabet does not have it.
pub(super) fn septets(character: char) -> Option<usize> {
    if position(character).is_some() { Some(1) } else { extended(character).map(|_| 2) }
}

/// Writes a text. None if the alphabet lacks one of its characters.
pub(super) fn encode(text: &str) -> Option<Vec<u8>> {
    let mut octets = Vec::with_capacity(text.len());
    for character in text.chars() {
        match position(character) {
            Some(septet) => octets.push(septet),
            None => octets.extend([ESCAPE, extended(character)?]),
        }
    }
    Some(octets)
}

/// Reads a text. An escape before anything that is not in the extension table is passed over, and
/// so is an eighth bit: as phones do.
pub(super) fn decode(octets: &[u8]) -> String {
    let mut text = String::with_capacity(octets.len());
    let mut octets = octets.iter().map(|octet| octet & 0x7F);
    while let Some(octet) = octets.next() {
        if octet != ESCAPE {
            text.push(ALPHABET[usize::from(octet)]);
        } else if let Some(octet) = octets.next() {
            let extended = EXTENSION.iter().find(|(at, _)| *at == octet);
            text.push(extended.map_or(ALPHABET[usize::from(octet)], |(_, character)| *character));
        }
    }
    text
}

fn position(character: char) -> Option<u8> {
    // Letters and digits are where ASCII has them, and nearly all there is.
    if character.is_ascii_alphanumeric() {
        return u8::try_from(character).ok();
    }
    if character == ' ' {
        // Not the one at the place of the escape.
        return Some(b' ');
    }
    let found = ALPHABET.iter().position(|it| *it == character)?;
    u8::try_from(found).ok()
}

fn extended(character: char) -> Option<u8> {
    EXTENSION.iter().find(|(_, it)| *it == character).map(|(septet, _)| *septet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_character_of_both_tables_comes_back() {
        for (octet, character) in ALPHABET.iter().enumerate() {
            if octet == usize::from(ESCAPE) {
                continue;
            }
            assert_eq!(encode(&character.to_string()).unwrap(), [u8::try_from(octet).unwrap()]);
            assert_eq!(septets(*character), Some(1));
        }
        for (octet, character) in EXTENSION {
            let octets = encode(&character.to_string()).unwrap();
            assert_eq!(octets, [ESCAPE, octet]);
            assert_eq!(decode(&octets), character.to_string());
            assert_eq!(septets(character), Some(2));
        }
        let all: String = ALPHABET.iter().chain(EXTENSION.iter().map(|(_, it)| it)).collect();
        assert_eq!(decode(&encode(&all).unwrap()), all);
    }

    /// Octets as the specification's tables have them, written down by hand.
    #[test]
    fn known_octets() {
        assert_eq!(encode("@£$Ñ").unwrap(), [0x00, 0x01, 0x02, 0x5D]);
        assert_eq!(encode("a€b").unwrap(), [0x61, 0x1B, 0x65, 0x62]);
        assert_eq!(encode("Z à\n").unwrap(), [0x5A, 0x20, 0x7F, 0x0A]);
    }

    #[test]
    fn what_the_alphabet_lacks_is_not_encoded() {
        for text in ["ç", "`", "\t", "á", "漢", "😀", "\0", "\u{1B}", "“"] {
            assert_eq!(encode(text), None, "{text:?}");
            assert_eq!(septets(text.chars().next().unwrap()), None);
        }
    }

    #[test]
    fn any_octets_can_be_read() {
        assert_eq!(decode(&[ESCAPE]), "");
        assert_eq!(decode(&[ESCAPE, 0x41]), "A");
        assert_eq!(decode(&[0xE1]), "a");
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(decode(&all).chars().count(), 254);
    }
}
