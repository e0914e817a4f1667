//! 32 bytes as 64 digits, and back.

/// The digits of a hash or a signature.
pub(crate) struct Hex([u8; 64]);

impl Hex {
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

pub(crate) fn encode(bytes: &[u8; 32]) -> Hex {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut hex = [0; 64];
    for (pair, byte) in hex.chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
    Hex(hex)
}

/// `None` if it is anything but 64 digits in lower case, which is how AWS writes them.
pub(crate) fn decode(text: &[u8]) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (byte, pair) in bytes.iter_mut().zip(text.chunks_exact(2)) {
        *byte = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(bytes)
}

fn digit(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_decodes() {
        let bytes: [u8; 32] = std::array::from_fn(|index| u8::try_from(index * 8 + 7).unwrap());
        let hex = encode(&bytes);
        assert!(hex.as_str().starts_with("070f171f"), "{}", hex.as_str());
        assert_eq!(decode(hex.as_bytes()), Some(bytes));
    }

    #[test]
    fn only_lower_case_and_only_64_digits_decode() {
        let digits = "0123456789abcdef".repeat(4);
        assert!(decode(digits.as_bytes()).is_some());
        for wrong in [&digits[1..], &digits.to_uppercase(), &digits.replace('0', "g"), ""] {
            assert_eq!(decode(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
