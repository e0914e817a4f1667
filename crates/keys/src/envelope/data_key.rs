//! A data key: what bodies are sealed with.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};

use super::resource::Resource;
use super::sealed::{Sealed, Wrapped};
use crate::fault::{KeyCode, KeyFault};
use crate::limits;

pub(crate) const DATA_KEY_BYTES: usize = 32;
pub(crate) const NONCE_BYTES: usize = 12;
pub(crate) const TAG_BYTES: usize = 16;

/// How many bodies one data key may seal: among 2³² random nonces, two are the same with a chance of
/// 2⁻³³. NIST SP 800-38D, 8.3.
const USES_MAX: u64 = 1 << 32;

/// Characters of a key's name, as KMS has it.
const KEY_NAME_BYTES_MAX: usize = 2048;

/// A data key. AWS-LC wipes it when it is dropped.
pub struct DataKey {
    cipher: LessSafeKey,
    /// Itself, under a key.
    encrypted: Wrapped,
    made_at_ms: u64,
    uses: AtomicU64,
}

impl DataKey {
    /// A data key of a service elsewhere: its bytes, the key that it is under there, and what that
    /// service takes back for it. `None` if it is not as KMS makes them: 256 bits, 6144 bytes
    /// encrypted at most.
    pub fn of_service(bytes: &[u8], key: String, blob: Vec<u8>, made_at_ms: u64) -> Option<Self> {
        let is_sound = key.len() <= KEY_NAME_BYTES_MAX
            && (1..=limits::CIPHERTEXT_BYTES_MAX).contains(&blob.len());
        is_sound.then(|| Self::new(bytes, Wrapped::Elsewhere { key, blob }, made_at_ms))?
    }

    /// `None` if the bytes are not as many as a data key has.
    pub(crate) fn new(bytes: &[u8], encrypted: Wrapped, made_at_ms: u64) -> Option<Self> {
        if bytes.len() != DATA_KEY_BYTES {
            return None;
        }
        let cipher = LessSafeKey::new(UnboundKey::new(&AES_256_GCM, bytes).ok()?);
        Some(Self { cipher, encrypted, made_at_ms, uses: AtomicU64::new(0) })
    }

    /// Whether it may still seal: it is not older than that, in either direction of a clock that was
    /// set, and has not sealed too much.
    pub(crate) fn may_seal(&self, now_ms: u64, reuse_ms: u64) -> bool {
        now_ms.abs_diff(self.made_at_ms) < reuse_ms && self.count_use()
    }

    /// Counts one body more, and says whether it may still be sealed.
    pub(crate) fn count_use(&self) -> bool {
        self.uses.fetch_add(1, Ordering::Relaxed) < USES_MAX
    }

    /// Seals a body. `nonce` must be random.
    ///
    /// # Errors
    /// KMSInternalException for an ARN that is longer than any.
    pub fn seal(
        &self,
        resource: &Resource,
        body: &[u8],
        nonce: [u8; NONCE_BYTES],
    ) -> Result<Vec<u8>, KeyFault> {
        self.sealed(resource, body, nonce).ok_or_else(too_long)
    }

    fn sealed(
        &self,
        resource: &Resource,
        body: &[u8],
        nonce: [u8; NONCE_BYTES],
    ) -> Option<Vec<u8>> {
        let mut out = Sealed::start(resource, &self.encrypted, body.len())?;
        let aad = Aad::from(out.clone());
        out.extend_from_slice(&nonce);
        let start = out.len();
        out.extend_from_slice(body);
        let nonce = Nonce::assume_unique_for_key(nonce);
        let tag = self.cipher.seal_in_place_separate_tag(nonce, aad, &mut out[start..]).ok()?;
        out.extend_from_slice(tag.as_ref());
        Some(out)
    }

    /// Opens a body that this data key sealed.
    ///
    /// # Errors
    /// InvalidCiphertextException if it did not, or if the sealed body was changed.
    pub fn open(&self, sealed: &Sealed<'_>) -> Result<Vec<u8>, KeyFault> {
        let mut opened = sealed.ciphertext.to_vec();
        let nonce = Nonce::assume_unique_for_key(sealed.nonce);
        let aad = Aad::from(sealed.head);
        let opening = self.cipher.open_in_place(nonce, aad, &mut opened);
        let length = opening.map_err(|_| KeyFault::invalid_ciphertext())?.len();
        opened.truncate(length);
        Ok(opened)
    }

    /// The data key, encrypted.
    pub fn blob(&self) -> &[u8] {
        self.encrypted.blob()
    }

    #[cfg(test)]
    pub(crate) fn use_up(&self) {
        self.uses.store(USES_MAX, Ordering::Relaxed);
    }
}

/// No queue or topic has such a name.
fn too_long() -> KeyFault {
    KeyFault::new(KeyCode::Internal, "The resource's name is too long to be sealed.")
}

impl fmt::Debug for DataKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DataKey(made at {}, ..)", self.made_at_ms)
    }
}
