//! A long stream of bytes that is sealed part by part, and of which any piece can be read again.
//!
//! ```text
//!   keystream   AES-256-CTR; the byte at a position is byte position % 16 of the encrypted
//!               block whose number (128 bits, big-endian) is position / 16
//!   tag         AES-256-GMAC under another key over a part's ciphertext; its nonce is the part's
//!               position (64 bits, little-endian) and four zeros
//! ```

use std::fmt;

use aws_lc_rs::aead::{Aad, LessSafeKey, Nonce};
use aws_lc_rs::cipher::{AES_256, EncryptingKey, EncryptionContext, UnboundCipherKey};
use aws_lc_rs::iv::FixedLength;

use crate::master_key::{KEY_BYTES, aead_key};
use crate::sealer::NONCE_BYTES;

/// Bytes in the tag of a part.
pub const STREAM_TAG_BYTES: usize = 16;

const BLOCK_BYTES: usize = 16;

/// Seals the parts of one stream. Cheap to share.
///
/// **No position may be sealed twice** with different bytes: the two would tell on each other, and
/// a tag whose nonce comes again gives its key away.
pub struct Stream {
    cipher: EncryptingKey,
    authenticator: LessSafeKey,
}

impl Stream {
    pub(crate) fn new(cipher: &[u8; KEY_BYTES], tag: &[u8; KEY_BYTES]) -> Self {
        let cipher = UnboundCipherKey::new(&AES_256, cipher).and_then(EncryptingKey::ctr);
        Self { cipher: cipher.expect("the key has 32 bytes"), authenticator: aead_key(tag) }
    }

    /// Seals a part in place and returns its tag, to be kept beside it.
    pub fn seal(&self, position: u64, part: &mut [u8]) -> [u8; STREAM_TAG_BYTES] {
        self.add_keystream(position, part);
        let aad = Aad::from(&part[..]);
        let tag = self.authenticator.seal_in_place_separate_tag(nonce(position), aad, &mut []);
        let tag = tag.expect("there is nothing to encrypt that could be too long");
        tag.as_ref().try_into().expect("a tag of GCM has 16 bytes")
    }

    /// Opens a part in place, if it is what was sealed at this position; otherwise leaves it.
    #[must_use]
    pub fn open(&self, position: u64, part: &mut [u8], tag: &[u8; STREAM_TAG_BYTES]) -> bool {
        let (aad, mut tag) = (Aad::from(&part[..]), *tag);
        let is_sound = self.authenticator.open_in_place(nonce(position), aad, &mut tag).is_ok();
        if is_sound {
            self.add_keystream(position, part);
        }
        is_sound
    }

    /// Reads a piece of a part, in place, from any position on. **Nothing is verified**: whoever reads
    /// pieces has a check of its own in each.
    pub fn read_piece(&self, position: u64, piece: &mut [u8]) {
        self.add_keystream(position, piece);
    }

    fn add_keystream(&self, position: u64, bytes: &mut [u8]) {
        let block_bytes = BLOCK_BYTES as u64;
        let (block, skipped) = (position / block_bytes, (position % block_bytes) as usize);
        if skipped == 0 {
            return self.add_blocks(block, bytes);
        }
        let (head, rest) = bytes.split_at_mut(bytes.len().min(BLOCK_BYTES - skipped));
        let mut first = [0; BLOCK_BYTES];
        first[skipped..skipped + head.len()].copy_from_slice(head);
        self.add_blocks(block, &mut first);
        head.copy_from_slice(&first[skipped..skipped + head.len()]);
        if !rest.is_empty() {
            self.add_blocks(block + 1, rest);
        }
    }

    fn add_blocks(&self, block: u64, bytes: &mut [u8]) {
        let counter = FixedLength::from(u128::from(block).to_be_bytes());
        let done = self.cipher.less_safe_encrypt(bytes, EncryptionContext::Iv128(counter));
        done.expect("counter mode takes bytes of any number");
    }
}

fn nonce(position: u64) -> Nonce {
    let mut nonce = [0; NONCE_BYTES];
    nonce[..8].copy_from_slice(&position.to_le_bytes());
    Nonce::assume_unique_for_key(nonce)
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Stream(..)")
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::RootKey;

    fn stream() -> Stream {
        RootKey::new([7; 32]).stream("tests", b"salt")
    }

    proptest! {
        #[test]
        fn any_piece_can_be_read_again(
            position in 0..u64::MAX / 2, part: Vec<u8>, from: usize, length: usize
        ) {
            let mut sealed = part.clone();
            let tag = stream().seal(position, &mut sealed);
            let from = from % (part.len() + 1);
            let to = from + length % (part.len() - from + 1);
            let mut piece = sealed[from..to].to_vec();
            stream().read_piece(position + from as u64, &mut piece);
            prop_assert_eq!(&piece, &part[from..to]);
            prop_assert!(stream().open(position, &mut sealed, &tag));
            prop_assert_eq!(sealed, part);
        }

        #[test]
        fn what_was_changed_or_moved_does_not_open(
            position in 0..u64::MAX / 2, part in prop::collection::vec(any::<u8>(), 1..99),
            at: usize, bit in 0u8..8
        ) {
            let mut sealed = part;
            let mut tag = stream().seal(position, &mut sealed);
            prop_assert!(!stream().open(position + 1, &mut sealed, &tag));
            prop_assert!(!stream().open(position, &mut sealed.clone()[1..], &tag));
            let length = sealed.len();
            match at % (length + STREAM_TAG_BYTES) {
                at if at < length => sealed[at] ^= 1 << bit,
                at => tag[at - length] ^= 1 << bit,
            }
            let before = sealed.clone();
            prop_assert!(!stream().open(position, &mut sealed, &tag));
            prop_assert_eq!(sealed, before);
        }
    }

    #[test]
    fn streams_have_nothing_in_common() {
        let root = RootKey::new([7; 32]);
        let [mut one, mut two, mut three] = [[0; 64]; 3];
        root.stream("a", b"b").seal(0, &mut one);
        root.stream("a", b"c").seal(0, &mut two);
        root.stream("b", b"b").seal(0, &mut three);
        assert!(one != two && one != three && two != three);
    }

    /// Computed by another implementation: the form is for ever.
    #[test]
    fn the_form_is_kept() {
        let mut part = *b"a part that is sealed at an odd place";
        let tag = stream().seal(4144 + 5, &mut part);
        let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
        let expected = "d8cc0349c4c3d48c408ffd1ce675456b6ad40017\
                        c166e2358b070d652798821c6edc3650fa";
        assert_eq!(hex(&part), expected);
        assert_eq!(hex(&tag), "842a803f5c1cf53c549688e7b0af75ba");
    }
}
