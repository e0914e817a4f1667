//! Key material: the bytes that encrypt, and what is done with them.

use std::fmt;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Prk};
use zeroize::Zeroizing;

use crate::blob::{Blob, SALT_BYTES};
use crate::context::EncryptionContext;
use crate::scope::KeyId;

/// Bytes of key material: AES-256.
pub(crate) const MATERIAL_BYTES: usize = 32;

const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;

/// What a key material is known by; 64 hexadecimal digits on the wire.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MaterialId(pub(crate) [u8; 32]);

/// What one rotation made. Wiped when dropped, and never shown.
pub(crate) struct Material {
    pub(crate) id: MaterialId,
    bytes: Zeroizing<[u8; MATERIAL_BYTES]>,
}

impl Material {
    pub(crate) fn new(id: MaterialId, bytes: Zeroizing<[u8; MATERIAL_BYTES]>) -> Self {
        Self { id, bytes }
    }

    /// Encrypts under a key that is derived for this one ciphertext, as KMS does: however many
    /// there are, no two share a key and a nonce, and none brings another nearer to its bounds.
    pub(crate) fn encrypt(
        &self,
        key: KeyId,
        plaintext: &[u8],
        context: &EncryptionContext,
        salt: [u8; SALT_BYTES],
    ) -> Vec<u8> {
        let mut out = Vec::with_capacity(Blob::HEAD_BYTES + plaintext.len() + TAG_BYTES);
        Blob::write_head(&mut out, key, self.id, &salt);
        let aad = authenticated(&out, context);
        out.extend_from_slice(plaintext);
        let (cipher, nonce) = self.derive(&salt);
        let sealed = &mut out[Blob::HEAD_BYTES..];
        let tag = cipher.seal_in_place_separate_tag(nonce, Aad::from(aad), sealed);
        out.extend_from_slice(tag.expect("a plaintext is shorter than 64 GiB").as_ref());
        out
    }

    /// `None` if the blob was made in another context, under another material, or was changed.
    pub(crate) fn decrypt(
        &self,
        blob: &Blob<'_>,
        context: &EncryptionContext,
    ) -> Option<Zeroizing<Vec<u8>>> {
        let aad = authenticated(blob.head, context);
        let mut opened = Zeroizing::new(blob.sealed.to_vec());
        let (cipher, nonce) = self.derive(&blob.salt);
        let length = cipher.open_in_place(nonce, Aad::from(aad), &mut opened).ok()?.len();
        opened.truncate(length);
        Some(opened)
    }

    /// HKDF-Expand with SHA-256: the material is as good as random already.
    fn derive(&self, salt: &[u8; SALT_BYTES]) -> (LessSafeKey, Nonce) {
        const LABEL: &[u8] = b"tidings kms 1";

        struct Bytes;

        impl KeyType for Bytes {
            fn len(&self) -> usize {
                MATERIAL_BYTES + NONCE_BYTES
            }
        }

        let mut derived = Zeroizing::new([0; MATERIAL_BYTES + NONCE_BYTES]);
        Prk::new_less_safe(HKDF_SHA256, &self.bytes[..])
            .expand(&[LABEL, salt], Bytes)
            .and_then(|okm| okm.fill(&mut derived[..]))
            .expect("HKDF gives up to 255 times 32 bytes");
        let (key, nonce) = derived.split_at(MATERIAL_BYTES);
        let key = UnboundKey::new(&AES_256_GCM, key).expect("the key has 32 bytes");
        let nonce = Nonce::try_assume_unique_for_key(nonce).expect("the nonce has 12 bytes");
        (LessSafeKey::new(key), nonce)
    }
}

fn authenticated(head: &[u8], context: &EncryptionContext) -> Vec<u8> {
    let mut aad = head.to_vec();
    context.write_to(&mut aad);
    aad
}

impl fmt::Debug for Material {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Material({}, ..)", self.id)
    }
}

impl MaterialId {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        crate::hex::parse(text).map(Self)
    }
}

impl fmt::Display for MaterialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        crate::hex::write(f, &self.0)
    }
}

impl fmt::Debug for MaterialId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
