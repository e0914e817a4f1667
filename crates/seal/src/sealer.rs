//! What is sealed as a whole: small secrets, and large contents in place.
//!
//! ```text
//!   sealed          := version: u8 = 1, nonce: 12 bytes, ciphertext, tag: 16 bytes
//!   sealed in place := ciphertext, tag: 16 bytes, nonce: 12 bytes, version: u8 = 1
//! ```
//!
//! A ciphertext is as long as its plaintext.

use std::fmt;

use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce};
use zeroize::Zeroizing;

/// Bytes in a nonce.
pub const NONCE_BYTES: usize = 12;

/// How much longer what is sealed is than what it was.
pub const OVERHEAD_BYTES: usize = 1 + NONCE_BYTES + TAG_BYTES;

const VERSION: u8 = 1;
const TAG_BYTES: usize = 16;

/// Seals and opens for one purpose, with AES-256-GCM. Cheap to share.
pub struct Sealer(LessSafeKey);

impl Sealer {
    pub(crate) fn new(key: LessSafeKey) -> Self {
        Self(key)
    }

    /// Seals a plaintext. `context` says what it belongs to: it is not kept, and only who gives the
    /// same one opens it again.
    ///
    /// `nonce` must be random. Two plaintexts under one nonce would tell on each other; among 2³²
    /// random ones, two are the same with a chance of 2⁻³³, so that is how many a purpose may seal.
    pub fn seal(&self, context: &[u8], plaintext: &[u8], nonce: [u8; NONCE_BYTES]) -> Vec<u8> {
        let mut sealed = Vec::with_capacity(plaintext.len() + OVERHEAD_BYTES);
        sealed.push(VERSION);
        sealed.extend_from_slice(&nonce);
        sealed.extend_from_slice(plaintext);
        let start = 1 + NONCE_BYTES;
        let (nonce, context) = (Nonce::assume_unique_for_key(nonce), Aad::from(context));
        let tag = self.0.seal_in_place_separate_tag(nonce, context, &mut sealed[start..]);
        sealed.extend_from_slice(tag.expect("a plaintext is shorter than 64 GiB").as_ref());
        sealed
    }

    /// Opens what was sealed for the same purpose in the same context. `None` if it was not, or is
    /// not what it was.
    pub fn open(&self, context: &[u8], sealed: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
        let (&version, rest) = sealed.split_first()?;
        let (nonce, rest) = rest.split_first_chunk::<NONCE_BYTES>()?;
        if version != VERSION || rest.len() < TAG_BYTES {
            return None;
        }
        let mut opened = Zeroizing::new(rest.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let length = self.0.open_in_place(nonce, Aad::from(context), &mut opened).ok()?.len();
        opened.truncate(length);
        Some(opened)
    }

    /// Seals a large content where it is: it grows by [`OVERHEAD_BYTES`], and nothing is copied if it
    /// has room for them. Nonce and context are as for [`Sealer::seal`].
    ///
    /// Returns whether it could: a content of 64 GiB is too long. Then it is of no use any more.
    #[must_use]
    pub fn seal_in_place(
        &self,
        context: &[u8],
        content: &mut Vec<u8>,
        nonce: [u8; NONCE_BYTES],
    ) -> bool {
        let (unique, context) = (Nonce::assume_unique_for_key(nonce), Aad::from(context));
        let Ok(tag) = self.0.seal_in_place_separate_tag(unique, context, content) else {
            return false;
        };
        content.reserve_exact(OVERHEAD_BYTES);
        content.extend_from_slice(tag.as_ref());
        content.extend_from_slice(&nonce);
        content.push(VERSION);
        true
    }

    /// Opens what was sealed in place for the same purpose in the same context. Returns whether it
    /// could; if not, the bytes are of no use any more.
    #[must_use]
    pub fn open_in_place(&self, context: &[u8], sealed: &mut Vec<u8>) -> bool {
        if sealed.pop() != Some(VERSION) {
            return false;
        }
        let Some((rest, nonce)) = sealed.split_last_chunk::<NONCE_BYTES>() else { return false };
        let (nonce, length) = (Nonce::assume_unique_for_key(*nonce), rest.len());
        sealed.truncate(length);
        match self.0.open_in_place(nonce, Aad::from(context), sealed) {
            Ok(_) => {
                sealed.truncate(length - TAG_BYTES);
                true
            }
            Err(_) => false,
        }
    }
}

impl fmt::Debug for Sealer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sealer(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::MasterKey;

    fn sealer() -> Sealer {
        MasterKey::new([7; 32]).sealer("tests")
    }

    proptest! {
        #[test]
        fn what_is_sealed_opens_again(context: Vec<u8>, plaintext: Vec<u8>, nonce: [u8; 12]) {
            let sealed = sealer().seal(&context, &plaintext, nonce);
            prop_assert_eq!(sealed.len(), plaintext.len() + OVERHEAD_BYTES);
            let opened = sealer().open(&context, &sealed);
            prop_assert_eq!(opened.map(|opened| opened.to_vec()), Some(plaintext));
        }

        #[test]
        fn what_was_changed_does_not_open(plaintext: Vec<u8>, nonce: [u8; 12], at: usize, bit in 0u8..8) {
            let mut sealed = sealer().seal(b"context", &plaintext, nonce);
            let at = at % sealed.len();
            sealed[at] ^= 1 << bit;
            prop_assert_eq!(sealer().open(b"context", &sealed), None);
        }

        #[test]
        fn any_bytes_are_refused(mut bytes: Vec<u8>) {
            prop_assert_eq!(sealer().open(b"", &bytes), None);
            prop_assert!(!sealer().open_in_place(b"", &mut bytes));
        }

        #[test]
        fn what_is_sealed_in_place_opens_again(context: Vec<u8>, plaintext: Vec<u8>, nonce: [u8; 12]) {
            let mut content = plaintext.clone();
            prop_assert!(sealer().seal_in_place(&context, &mut content, nonce));
            prop_assert_eq!(content.len(), plaintext.len() + OVERHEAD_BYTES);
            prop_assert!(sealer().open_in_place(&context, &mut content));
            prop_assert_eq!(content, plaintext);
        }

        #[test]
        fn what_was_changed_in_place_does_not_open(
            plaintext: Vec<u8>, nonce: [u8; 12], at: usize, bit in 0u8..8
        ) {
            let mut content = plaintext;
            prop_assert!(sealer().seal_in_place(b"context", &mut content, nonce));
            prop_assert!(!sealer().open_in_place(b"other", &mut content.clone()));
            let at = at % content.len();
            content[at] ^= 1 << bit;
            prop_assert!(!sealer().open_in_place(b"context", &mut content));
        }
    }

    #[test]
    fn what_is_cut_does_not_open() {
        let sealed = sealer().seal(b"context", b"plaintext", [1; 12]);
        for length in 0..sealed.len() {
            assert_eq!(sealer().open(b"context", &sealed[..length]), None, "{length}");
            let mut cut = sealed[..length].to_vec();
            assert!(!sealer().open_in_place(b"context", &mut cut), "{length}");
        }
    }

    /// Sealed by an earlier release: the form is for ever.
    #[test]
    fn the_form_is_kept() {
        let sealed = sealer().seal(b"context", b"plaintext", [1; 12]);
        assert_eq!(sealed[..13], [1; 13]);
        let hex: String = sealed[13..].iter().map(|byte| format!("{byte:02x}")).collect();
        assert_eq!(hex, "d95b35dc89f65da1af4519bb0d73f5220634bcdb2a5a3d3b13");
    }
}
