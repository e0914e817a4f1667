//! Receipt handles: what a receive gives out and a delete brings back.
//!
//! A handle names the queue, the message and which receive of it this was. It ends in a keyed
//! digest, so that a handle that this server did not make is told apart from a stale one, and so
//! that nobody can delete a message that was never handed to them.

use std::hash::Hasher;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use siphasher::sip128::{Hasher128, SipHasher24};

use crate::codec::{Reader, Writer};

/// What a receipt handle says.
#[derive(Copy, Clone, PartialEq, Eq, Hash, Debug)]
pub struct Receipt {
    /// The queue's number: another one for a queue created anew under the same name.
    pub queue: u32,
    /// The message's key in the queue.
    pub key: u64,
    /// The receive: how often the message had been handed out, this time included.
    pub receive_count: u32,
}

const VERSION: u8 = 1;

/// The secret that receipt handles are made with. It is created with the shard and stays the same,
/// so that handles outlive a restart.
#[derive(Clone)]
pub struct ReceiptKey([u8; 16]);

impl std::fmt::Debug for ReceiptKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ReceiptKey(..)")
    }
}

impl ReceiptKey {
    /// The key made of a shard's secret.
    pub fn new(secret: [u8; 16]) -> Self {
        Self(secret)
    }

    /// The handle that says this: 44 characters of base64.
    pub fn seal(&self, receipt: Receipt) -> String {
        let mut bytes = Vec::with_capacity(33);
        let mut w = Writer::new(&mut bytes);
        w.u8(VERSION);
        w.u32(receipt.queue);
        w.u64(receipt.key);
        w.u32(receipt.receive_count);
        let digest = self.digest(&bytes);
        bytes.extend_from_slice(&digest);
        STANDARD.encode(bytes)
    }

    /// What the handle says; `None` if it was not made with this key.
    pub fn open(&self, handle: &str) -> Option<Receipt> {
        let bytes = STANDARD.decode(handle).ok()?;
        let (said, digest) = bytes.split_last_chunk::<16>()?;
        let mut r = Reader::new(said);
        let version = r.u8().ok()?;
        let receipt =
            Receipt { queue: r.u32().ok()?, key: r.u64().ok()?, receive_count: r.u32().ok()? };
        r.end().ok()?;
        (version == VERSION && same(&self.digest(said), digest)).then_some(receipt)
    }

    fn digest(&self, bytes: &[u8]) -> [u8; 16] {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write(bytes);
        hasher.finish128().as_bytes()
    }
}

/// Compares without telling by its duration where the first difference is.
fn same(a: &[u8; 16], b: &[u8; 16]) -> bool {
    a.iter().zip(b).fold(0, |differences, (x, y)| differences | (x ^ y)) == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_was_sealed_opens() {
        let key = ReceiptKey::new([3; 16]);
        let receipt = Receipt { queue: 7, key: 1 << 40, receive_count: 2 };
        let handle = key.seal(receipt);
        assert_eq!(key.open(&handle), Some(receipt));
        assert_eq!(ReceiptKey::new([4; 16]).open(&handle), None);
        let mut forged = STANDARD.decode(&handle).unwrap();
        for byte in 0..forged.len() {
            forged[byte] ^= 1;
            assert_eq!(key.open(&STANDARD.encode(&forged)), None, "byte {byte}");
            forged[byte] ^= 1;
        }
        for bad in ["", "handle", "AAAA", &handle[..40]] {
            assert_eq!(key.open(bad), None, "{bad}");
        }
    }
}
