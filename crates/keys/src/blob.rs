//! What Encrypt gives and Decrypt takes. Opaque to clients; it names its key, so that Decrypt needs
//! no name.
//!
//! ```text
//!   blob := version: u8 = 1, key id: 16, material id: 32, salt: 32, ciphertext, tag: 16
//! ```
//!
//! All but ciphertext and tag, followed by the encryption context, is authenticated.

use tidings_core::names::Uuid;

use crate::fault::KeyFault;
use crate::limits;
use crate::material::MaterialId;
use crate::scope::KeyId;

/// Random bytes that the key for one ciphertext is derived with.
pub const SALT_BYTES: usize = 32;

const VERSION: u8 = 1;

/// The longest one that is made.
const _: () =
    assert!(Blob::HEAD_BYTES + limits::PLAINTEXT_BYTES_MAX + 16 <= limits::CIPHERTEXT_BYTES_MAX);

/// A blob taken apart. Nothing in it is proven before it was decrypted.
#[derive(Clone, Copy, Debug)]
pub struct Blob<'a> {
    /// The key that it says it is under.
    pub key: KeyId,
    /// The material of the key.
    pub(crate) material: MaterialId,
    pub(crate) salt: [u8; SALT_BYTES],
    /// All that comes before the ciphertext.
    pub(crate) head: &'a [u8],
    /// The ciphertext and its tag.
    pub(crate) sealed: &'a [u8],
}

impl<'a> Blob<'a> {
    pub(crate) const HEAD_BYTES: usize = 1 + 16 + 32 + SALT_BYTES;

    /// Takes a blob apart.
    ///
    /// # Errors
    /// InvalidCiphertextException if it is none of ours.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, KeyFault> {
        Self::read(bytes).ok_or_else(KeyFault::invalid_ciphertext)
    }

    fn read(bytes: &'a [u8]) -> Option<Self> {
        if bytes.len() > limits::CIPHERTEXT_BYTES_MAX {
            return None;
        }
        let (head, sealed) = bytes.split_at_checked(Self::HEAD_BYTES)?;
        let (&version, rest) = head.split_first()?;
        let (&key, rest) = rest.split_first_chunk()?;
        let (&material, rest) = rest.split_first_chunk()?;
        let &salt = rest.first_chunk()?;
        let key = Uuid::from_bytes(key);
        (version == VERSION).then_some(Self {
            key,
            material: MaterialId(material),
            salt,
            head,
            sealed,
        })
    }

    pub(crate) fn write_head(
        out: &mut Vec<u8>,
        key: KeyId,
        material: MaterialId,
        salt: &[u8; SALT_BYTES],
    ) {
        out.push(VERSION);
        out.extend_from_slice(&key.to_bytes());
        out.extend_from_slice(&material.0);
        out.extend_from_slice(salt);
    }
}
