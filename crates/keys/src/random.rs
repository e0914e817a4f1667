//! Random bytes, which come in as an argument.

use std::fmt;

use zeroize::Zeroizing;

/// Random bytes that one change uses up. Wiped when dropped, and never shown: some become key
/// material.
pub struct Random {
    bytes: Zeroizing<[u8; Random::BYTES]>,
    taken: usize,
}

impl Random {
    /// As many as the change that needs most: the id of a key, its material, the material's id, and
    /// what seals it.
    pub const BYTES: usize = 92;

    /// `bytes` must be random, and never given twice.
    pub fn new(bytes: [u8; Self::BYTES]) -> Self {
        Self { bytes: Zeroizing::new(bytes), taken: 0 }
    }

    pub(crate) fn take<const N: usize>(&mut self) -> [u8; N] {
        let rest = &self.bytes[self.taken..];
        let taken = rest.first_chunk().expect("no change needs more bytes than there are");
        self.taken += N;
        *taken
    }
}

impl fmt::Debug for Random {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Random(..)")
    }
}
