//! The key that all others rest on.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use zeroize::Zeroizing;

use crate::sealer::Sealer;

/// Bytes in a key: AES-256.
pub const KEY_BYTES: usize = 32;

/// Keeps keys of this program apart from those that others derive from the same bytes.
const SALT: &[u8] = b"tidings";

/// Base64 as people paste it: with its padding, or without.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// 256 bits that somebody keeps. Wiped when dropped, and never shown.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; KEY_BYTES]>);

/// Tells keys apart and says nothing about them: the first bytes of one that is derived from it.
#[derive(Copy, Clone, PartialEq, Eq)]
pub struct Fingerprint(pub(crate) [u8; 8]);

impl MasterKey {
    /// The key of these bytes, which must be random.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads a key: 64 hexadecimal digits, or 32 bytes in base64. White space around it is left out.
    pub fn parse(text: &[u8]) -> Option<Self> {
        let text = text.trim_ascii();
        let bytes = if text.len() == 2 * KEY_BYTES { from_hex(text)? } else { from_base64(text)? };
        let bytes = <[u8; KEY_BYTES]>::try_from(&bytes[..]).ok().map(Zeroizing::new)?;
        Some(Self(bytes))
    }

    /// The key in base64, for a person or a file to keep.
    pub fn reveal(&self) -> Zeroizing<String> {
        Zeroizing::new(BASE64.encode(&self.0[..]))
    }

    /// What tells this key from others, in public.
    pub fn fingerprint(&self) -> Fingerprint {
        let derived = self.derive("fingerprint");
        let (first, _) = derived.split_first_chunk().expect("a key is longer than 8 bytes");
        Fingerprint(*first)
    }

    /// The key for one purpose: HKDF with SHA-256, the purpose as its info. The same bytes each
    /// time; those of another purpose say nothing about them.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; KEY_BYTES]> {
        self.derive_from(&[purpose.as_bytes()])
    }

    /// What seals for one purpose.
    pub fn sealer(&self, purpose: &str) -> Sealer {
        Sealer::new(aead_key(&self.derive(purpose)))
    }

    pub(crate) fn derive_from(&self, info: &[&[u8]]) -> Zeroizing<[u8; KEY_BYTES]> {
        struct Bytes;

        impl KeyType for Bytes {
            fn len(&self) -> usize {
                KEY_BYTES
            }
        }

        let mut key = Zeroizing::new([0; KEY_BYTES]);
        Salt::new(HKDF_SHA256, SALT)
            .extract(&self.0[..])
            .expand(info, Bytes)
            .and_then(|okm| okm.fill(&mut key[..]))
            .expect("HKDF gives up to 255 times 32 bytes");
        key
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

pub(crate) fn aead_key(bytes: &[u8; KEY_BYTES]) -> LessSafeKey {
    LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes).expect("the key has 32 bytes"))
}

fn from_hex(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let pairs = text.chunks_exact(2);
    pairs
        .map(|pair| Some(digit(pair[0])? << 4 | digit(pair[1])?))
        .collect::<Option<_>>()
        .map(Zeroizing::new)
}

fn from_base64(text: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    BASE64.decode(text).ok().map(Zeroizing::new)
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_purpose_has_a_key_of_its_own() {
        let master = MasterKey::new([7; KEY_BYTES]);
        assert_eq!(master.derive("a"), master.derive("a"));
        assert_ne!(master.derive("a"), master.derive("b"));
        assert_ne!(master.derive("a"), MasterKey::new([8; KEY_BYTES]).derive("a"));
        // RFC 5869 with these inputs, computed by another implementation: what is sealed today must
        // be read tomorrow.
        let hex: String = master.derive("a").iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "c1039b4a22a8beb61c5f497fe4d2228681daba863f12e376095e34758c30aeae");
    }

    #[test]
    fn a_key_is_not_shown() {
        assert_eq!(format!("{:?}", MasterKey::new([7; KEY_BYTES])), "MasterKey(..)");
    }

    #[test]
    fn a_key_is_read_in_hexadecimal_and_in_base64() {
        let key = MasterKey::new([0xab; KEY_BYTES]);
        let text = key.reveal();
        assert_eq!(text.len(), 44);
        for written in [
            text.to_string(),
            format!(" {}\r\n", *text),
            text.trim_end_matches('=').to_owned(),
            "ab".repeat(KEY_BYTES),
            "AB".repeat(KEY_BYTES) + "\n",
        ] {
            let read = MasterKey::parse(written.as_bytes()).unwrap();
            assert_eq!(read.bytes(), key.bytes(), "{written}");
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let key = MasterKey::new([0xab; KEY_BYTES]).reveal();
        for text in [
            "".to_owned(),
            "a secret".to_owned(),
            key[..40].to_owned(),
            format!("{}AAAA", key.trim_end_matches('=')),
            "ab".repeat(31),
            "ab".repeat(33),
            "xy".repeat(KEY_BYTES),
            format!("{}\n{}", &key[..20], &key[20..]),
        ] {
            assert!(MasterKey::parse(text.as_bytes()).is_none(), "{text}");
        }
        assert!(MasterKey::parse(&[0xff; KEY_BYTES]).is_none(), "bytes as they are");
    }

    #[test]
    fn fingerprints_tell_keys_apart() {
        let [one, other] = [[1; KEY_BYTES], [2; KEY_BYTES]].map(MasterKey::new);
        assert_eq!(one.fingerprint(), MasterKey::new([1; KEY_BYTES]).fingerprint());
        assert_ne!(one.fingerprint(), other.fingerprint());
        assert_eq!(one.fingerprint().to_string().len(), 16);
    }
}
