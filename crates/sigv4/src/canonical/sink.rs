//! Where a canonical request is written to: a hash, mostly.

use aws_lc_rs::digest;

/// Takes bytes one piece after the other.
pub(crate) trait Sink {
    fn put(&mut self, bytes: &[u8]);
}

impl Sink for Vec<u8> {
    fn put(&mut self, bytes: &[u8]) {
        self.extend_from_slice(bytes);
    }
}

/// Hashes with SHA-256. Pieces are often single bytes: they are gathered, since a call of the hash
/// costs more than copying them.
pub(crate) struct HashSink {
    context: digest::Context,
    gathered: [u8; 256],
    len: usize,
}

impl HashSink {
    pub(crate) fn new() -> Self {
        Self { context: digest::Context::new(&digest::SHA256), gathered: [0; 256], len: 0 }
    }

    pub(crate) fn finish(mut self) -> [u8; 32] {
        self.flush();
        let mut hash = [0; 32];
        hash.copy_from_slice(self.context.finish().as_ref());
        hash
    }

    fn flush(&mut self) {
        self.context.update(&self.gathered[..self.len]);
        self.len = 0;
    }
}

impl Sink for HashSink {
    fn put(&mut self, bytes: &[u8]) {
        if bytes.len() > self.gathered.len() - self.len {
            self.flush();
        }
        if bytes.len() > self.gathered.len() {
            self.context.update(bytes);
        } else {
            self.gathered[self.len..self.len + bytes.len()].copy_from_slice(bytes);
            self.len += bytes.len();
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::request::BodyHash;

    proptest! {
        #[test]
        fn pieces_hash_as_the_whole(
            pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..600), 0..8),
        ) {
            let mut sink = HashSink::new();
            pieces.iter().for_each(|piece| sink.put(piece));
            prop_assert_eq!(sink.finish(), BodyHash::of(&pieces.concat()).0);
        }
    }
}
