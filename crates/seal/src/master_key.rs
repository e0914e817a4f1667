//! The key that all others come from.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, LessSafeKey, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use zeroize::Zeroizing;

use crate::sealer::Sealer;

/// Bytes in a key: AES-256.
pub const KEY_BYTES: usize = 32;

/// Keeps keys of this program apart from those that others derive from the same bytes.
const SALT: &[u8] = b"tidings";

/// 256 bits that somebody keeps. Wiped when dropped, and never shown.
#[derive(Clone)]
pub struct MasterKey(Zeroizing<[u8; KEY_BYTES]>);

impl MasterKey {
    /// The key of these bytes, which must be random.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The key for one purpose: HKDF with SHA-256, the purpose as its info. The same bytes each
    /// time; those of another purpose say nothing about them.
    pub fn derive(&self, purpose: &str) -> Zeroizing<[u8; KEY_BYTES]> {
        struct Bytes;

        impl KeyType for Bytes {
            fn len(&self) -> usize {
                KEY_BYTES
            }
        }

        let mut key = Zeroizing::new([0; KEY_BYTES]);
        Salt::new(HKDF_SHA256, SALT)
            .extract(&self.0[..])
            .expand(&[purpose.as_bytes()], Bytes)
            .and_then(|okm| okm.fill(&mut key[..]))
            .expect("HKDF gives up to 255 times 32 bytes");
        key
    }

    /// What seals for one purpose.
    pub fn sealer(&self, purpose: &str) -> Sealer {
        let key = UnboundKey::new(&AES_256_GCM, &self.derive(purpose)[..]);
        Sealer::new(LessSafeKey::new(key.expect("the key has 32 bytes")))
    }
}

impl fmt::Debug for MasterKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MasterKey(..)")
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
}
