//! The small file through which a master key opens a data folder.
//!
//! ```text
//!    0   8  magic: TIDSEAL and a line feed
//!    8   4  version: 1
//!   12   4  where the master key is kept: 0 in the folder, 1 elsewhere
//!   16   8  fingerprint of the master key
//!   24   8  position from which on the log is sealed; all ones if it is not
//!   32  93  the two root keys, sealed (see the sealer) with the bytes before as their context
//!  125   8  first bytes of the SHA-256 of all bytes before
//! ```
//!
//! All numbers are little-endian.

use aws_lc_rs::digest::{SHA256, digest};
use zeroize::Zeroizing;

use crate::master_key::{Fingerprint, KEY_BYTES, MasterKey};
use crate::root_key::{RootKey, RootKeys};
use crate::sealer::{NONCE_BYTES, OVERHEAD_BYTES};

/// Bytes in an envelope.
pub const ENVELOPE_BYTES: usize = HEADER_BYTES + SEALED_BYTES + CHECKSUM_BYTES;

const MAGIC: [u8; 8] = *b"TIDSEAL\n";
const VERSION: u32 = 1;
const HEADER_BYTES: usize = 32;
const SEALED_BYTES: usize = 2 * KEY_BYTES + OVERHEAD_BYTES;
const CHECKSUM_BYTES: usize = 8;
const NOWHERE: u64 = u64::MAX;
const PURPOSE: &str = "root keys";

/// Where the master key of a data folder is kept.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum MasterKeyPlace {
    /// In the folder itself: it keeps secrets out of sight, and protects against nobody who has all of
    /// the folder.
    Folder,
    /// Anywhere else.
    Elsewhere,
}

/// Root keys sealed under a master key, and what is known of them without it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Envelope {
    /// Where the master key is kept.
    pub place: MasterKeyPlace,
    /// Of the master key.
    pub fingerprint: Fingerprint,
    /// The position from which on the log is sealed.
    pub log_sealed_from: Option<u64>,
    sealed: [u8; SEALED_BYTES],
}

/// Why an envelope gives no keys.
#[derive(Copy, Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EnvelopeError {
    /// It is not what was written.
    #[error("it is damaged")]
    Damaged,
    /// A newer release wrote it, in this version.
    #[error("it has format version {0}, and this release reads version {VERSION}")]
    Newer(u32),
    /// It was sealed under another master key.
    #[error("it is sealed under the master key {expected}, and the one given is {given}")]
    OtherKey {
        /// The fingerprint of the key that opens it.
        expected: Fingerprint,
        /// The one of the key that was tried.
        given: Fingerprint,
    },
}

impl Envelope {
    /// Seals root keys under a master key. `nonce` must be random.
    pub fn seal(
        master: &MasterKey,
        place: MasterKeyPlace,
        keys: &RootKeys,
        log_sealed_from: Option<u64>,
        nonce: [u8; NONCE_BYTES],
    ) -> Self {
        let fingerprint = master.fingerprint();
        let mut envelope = Self { place, fingerprint, log_sealed_from, sealed: [0; SEALED_BYTES] };
        let mut both = Zeroizing::new([0; 2 * KEY_BYTES]);
        both[..KEY_BYTES].copy_from_slice(keys.secrets.bytes());
        both[KEY_BYTES..].copy_from_slice(keys.content.bytes());
        let sealed = master.sealer(PURPOSE).seal(&envelope.header(), &both[..], nonce);
        envelope.sealed.copy_from_slice(&sealed);
        envelope
    }

    /// The root keys.
    ///
    /// # Errors
    /// [`EnvelopeError::OtherKey`], or [`EnvelopeError::Damaged`] if it is the right one.
    pub fn open(&self, master: &MasterKey) -> Result<RootKeys, EnvelopeError> {
        let given = master.fingerprint();
        if given != self.fingerprint {
            return Err(EnvelopeError::OtherKey { expected: self.fingerprint, given });
        }
        let both = master.sealer(PURPOSE).open(&self.header(), &self.sealed);
        let both = both.ok_or(EnvelopeError::Damaged)?;
        let half = |from: usize| {
            let bytes = both.get(from..from + KEY_BYTES)?.try_into().ok()?;
            Some(RootKey::of(&Zeroizing::new(bytes)))
        };
        match (half(0), half(KEY_BYTES)) {
            (Some(secrets), Some(content)) => Ok(RootKeys { secrets, content }),
            _ => Err(EnvelopeError::Damaged),
        }
    }

    /// The bytes of the file.
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = self.header().to_vec();
        bytes.extend_from_slice(&self.sealed);
        let checksum = checksum(&bytes);
        bytes.extend_from_slice(&checksum);
        bytes
    }

    /// Reads a file.
    ///
    /// # Errors
    /// [`EnvelopeError::Damaged`] or [`EnvelopeError::Newer`].
    pub fn decode(bytes: &[u8]) -> Result<Self, EnvelopeError> {
        let damaged = EnvelopeError::Damaged;
        let (header, rest) = bytes.split_first_chunk::<HEADER_BYTES>().ok_or(damaged)?;
        let [version, place] = [8, 12].map(|at| {
            u32::from_le_bytes([header[at], header[at + 1], header[at + 2], header[at + 3]])
        });
        if header[..8] == MAGIC && version > VERSION {
            return Err(EnvelopeError::Newer(version));
        }
        let (sealed, rest) = rest.split_first_chunk::<SEALED_BYTES>().ok_or(damaged)?;
        let sum = checksum(&bytes[..HEADER_BYTES + SEALED_BYTES]);
        if header[..8] != MAGIC || version != VERSION || rest != sum {
            return Err(damaged);
        }
        let place = match place {
            0 => MasterKeyPlace::Folder,
            1 => MasterKeyPlace::Elsewhere,
            _ => return Err(damaged),
        };
        let [fingerprint, from] = [16, 24].map(|at| {
            let mut field = [0; 8];
            field.copy_from_slice(&header[at..at + 8]);
            field
        });
        let from = u64::from_le_bytes(from);
        let log_sealed_from = (from != NOWHERE).then_some(from);
        Ok(Self { place, fingerprint: Fingerprint(fingerprint), log_sealed_from, sealed: *sealed })
    }

    fn header(&self) -> [u8; HEADER_BYTES] {
        let mut header = [0; HEADER_BYTES];
        let place: u32 = match self.place {
            MasterKeyPlace::Folder => 0,
            MasterKeyPlace::Elsewhere => 1,
        };
        header[..8].copy_from_slice(&MAGIC);
        header[8..12].copy_from_slice(&VERSION.to_le_bytes());
        header[12..16].copy_from_slice(&place.to_le_bytes());
        header[16..24].copy_from_slice(&self.fingerprint.0);
        header[24..].copy_from_slice(&self.log_sealed_from.unwrap_or(NOWHERE).to_le_bytes());
        header
    }
}

fn checksum(bytes: &[u8]) -> [u8; CHECKSUM_BYTES] {
    let digest = digest(&SHA256, bytes);
    let (first, _) = digest.as_ref().split_first_chunk().expect("a SHA-256 has 32 bytes");
    *first
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn master(byte: u8) -> MasterKey {
        MasterKey::new([byte; KEY_BYTES])
    }

    fn envelope(log_sealed_from: Option<u64>) -> Envelope {
        let keys = RootKeys { secrets: RootKey::new([1; 32]), content: RootKey::new([2; 32]) };
        let place = MasterKeyPlace::Elsewhere;
        Envelope::seal(&master(7), place, &keys, log_sealed_from, [3; NONCE_BYTES])
    }

    #[test]
    fn it_comes_back_and_gives_the_keys() {
        for from in [None, Some(4144)] {
            let bytes = envelope(from).encode();
            assert_eq!(bytes.len(), ENVELOPE_BYTES);
            let read = Envelope::decode(&bytes).unwrap();
            assert_eq!(read, envelope(from));
            let keys = read.open(&master(7)).unwrap();
            assert_eq!((keys.secrets.bytes(), keys.content.bytes()), (&[1; 32], &[2; 32]));
        }
    }

    #[test]
    fn another_key_is_named() {
        let error = envelope(None).open(&master(8)).unwrap_err();
        let (expected, given) = (master(7).fingerprint(), master(8).fingerprint());
        assert_eq!(error, EnvelopeError::OtherKey { expected, given });
    }

    #[test]
    fn any_flipped_bit_is_damage_even_with_a_checksum_that_fits() {
        let sound = envelope(Some(4144)).encode();
        for bit in 0..sound.len() * 8 {
            let mut bytes = sound.clone();
            bytes[bit / 8] ^= 1 << (bit % 8);
            let is_version = (64..96).contains(&bit);
            let refused = Envelope::decode(&bytes).unwrap_err();
            assert!(is_version || refused == EnvelopeError::Damaged, "bit {bit}");
            let end = sound.len() - CHECKSUM_BYTES;
            let sum = checksum(&bytes[..end]);
            bytes[end..].copy_from_slice(&sum);
            if bit < end * 8
                && !is_version
                && let Ok(read) = Envelope::decode(&bytes)
            {
                assert!(read.open(&master(7)).is_err(), "bit {bit}");
            }
        }
    }

    #[test]
    fn a_newer_one_is_told_from_a_damaged_one() {
        let mut bytes = envelope(None).encode();
        bytes[8] = 2;
        bytes.truncate(40);
        assert_eq!(Envelope::decode(&bytes), Err(EnvelopeError::Newer(2)));
        bytes[8] = 0;
        assert_eq!(Envelope::decode(&bytes), Err(EnvelopeError::Damaged));
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused(bytes: Vec<u8>) {
            prop_assert_eq!(Envelope::decode(&bytes), Err(EnvelopeError::Damaged));
        }
    }

    /// Computed by another implementation: the form is for ever.
    #[test]
    fn the_form_is_kept() {
        let hex: String =
            envelope(Some(4144)).encode().iter().map(|b| format!("{b:02x}")).collect();
        let expected = [
            "5449445345414c0a01000000010000009bacebfca05a527a3010000000000000",
            "01030303030303030303030303ac6fb9f9fbe1f9b852f6bbbce320099ca1dc82",
            "0cfeff3854d816d9f6703e6541cdaf0e77915f389515a5859b2d8eecb589183d",
            "ee7cc208aa6f7b4bf2acafbefa3fcc51a1a349a184d7871ed189ae7ec0f07559",
            "c87c2bf4e8",
        ];
        assert_eq!(hex, expected.concat());
    }
}
