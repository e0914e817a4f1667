//! RSA signatures with SHA-1, which nothing safe makes at a useful rate:
//! `docs/decisions/0006-signatures.md`.
//!
//! `aws-lc-rs` checks such signatures but does not make them; the C library below it does. What is
//! called here is what `aws-lc-rs` calls itself to sign with SHA-256. This is all the unsafe code of
//! the project.

#![expect(unsafe_code, reason = "calls of a C library")]

use std::mem::MaybeUninit;
use std::ptr::NonNull;

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA1_OUTPUT_LEN, digest};
use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::signature::RsaKeyPair;
use aws_lc_sys::{
    CBS, CBS_init, EVP_PKEY_free, EVP_PKEY_get1_RSA, EVP_parse_private_key, NID_sha1, RSA,
    RSA_free, RSA_sign, RSA_size,
};

/// A private key that signs with SHA-1.
pub(super) struct RsaSha1Key(NonNull<RSA>);

// SAFETY: the key has one owner, who frees it; AWS-LC keeps nothing of it per thread.
unsafe impl Send for RsaSha1Key {}
// SAFETY: nothing changes the key between its making and its end, and of signing `openssl/rsa.h`
// says: "considered non-mutating for thread-safety purposes and may be used concurrently".
unsafe impl Sync for RsaSha1Key {}

/// AWS-LC did not do it: it is out of memory, or the key is damaged.
#[derive(Debug)]
pub(super) struct Refused;

/// The digest of a message, as it is signed.
pub(super) struct Sha1Digest([u8; SHA1_OUTPUT_LEN]);

impl Sha1Digest {
    pub(super) fn of(message: &[u8]) -> Self {
        let computed = digest(&SHA1_FOR_LEGACY_USE_ONLY, message);
        let mut bytes = [0; SHA1_OUTPUT_LEN];
        bytes.copy_from_slice(computed.as_ref());
        Self(bytes)
    }

    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl RsaSha1Key {
    /// The same key for SHA-1.
    pub(super) fn new(key: &RsaKeyPair) -> Result<Self, Refused> {
        let der: Pkcs8V1Der<'_> = key.as_der().map_err(|_| Refused)?;
        let der = der.as_ref();
        let mut input = MaybeUninit::<CBS>::uninit();
        // SAFETY: `CBS_init` fills `input` with a pointer into `der` and its length, and `der` lives
        // to the end of this function. `EVP_parse_private_key` reads no further than that, and
        // returns null or a key that is ours to free.
        let parsed = unsafe {
            CBS_init(input.as_mut_ptr(), der.as_ptr(), der.len());
            EVP_parse_private_key(input.as_mut_ptr())
        };
        let parsed = NonNull::new(parsed).ok_or(Refused)?;
        // SAFETY: `parsed` is a key and is not used after it is freed. `EVP_PKEY_get1_RSA` returns
        // null or the key in it with a reference of its own, which is ours to free.
        let rsa = unsafe {
            let rsa = EVP_PKEY_get1_RSA(parsed.as_ptr());
            EVP_PKEY_free(parsed.as_ptr());
            rsa
        };
        NonNull::new(rsa).map(Self).ok_or(Refused)
    }

    /// Signs: PKCS#1 v1.5, blinded, so that who sees how long it takes learns nothing of the key.
    pub(super) fn sign(&self, digest: &Sha1Digest) -> Result<Vec<u8>, Refused> {
        let key = self.0.as_ptr();
        // SAFETY: the key lives as long as `self`.
        let size = unsafe { RSA_size(key) };
        let mut signature = vec![0; usize::try_from(size).map_err(|_| Refused)?];
        let mut length = 0;
        let Sha1Digest(digest) = digest;
        // SAFETY: `digest` may be read for its length. `RSA_sign` writes at most `RSA_size` bytes to
        // `signature`, which is as long, and how many to `length`. It does not change the key,
        // though its type in C says that it might.
        let signed = unsafe {
            let out = signature.as_mut_ptr();
            RSA_sign(NID_sha1, digest.as_ptr(), digest.len(), out, &raw mut length, key)
        };
        if signed == 1 && length == size { Ok(signature) } else { Err(Refused) }
    }
}

impl Drop for RsaSha1Key {
    fn drop(&mut self) {
        // SAFETY: the key is ours, and nobody uses it any more.
        unsafe { RSA_free(self.0.as_ptr()) }
    }
}
