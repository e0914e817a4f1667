//! The keys that a data folder has of its own.

use std::fmt;

use zeroize::Zeroizing;

use crate::master_key::{KEY_BYTES, MasterKey};
use crate::sealer::Sealer;
use crate::stream::Stream;

/// 256 random bits that were drawn for one data folder, from which the keys of all purposes are
/// derived. Wiped when dropped, and never shown.
#[derive(Clone)]
pub struct RootKey(MasterKey);

/// The two of a data folder.
#[derive(Clone, Debug)]
pub struct RootKeys {
    /// For what is a secret whoever reads it: access keys, the material of keys.
    pub secrets: RootKey,
    /// For all that is sealed only under a master key that is kept elsewhere: the log, its snapshots.
    ///
    /// Apart from the other, because that one may have lain beside its own master key before: who has
    /// an old copy of the folder has the other, and not this one.
    pub content: RootKey,
}

impl RootKey {
    /// The key of these bytes, which must be random.
    pub fn new(bytes: [u8; KEY_BYTES]) -> Self {
        Self(MasterKey::new(bytes))
    }

    /// What seals for one purpose.
    pub fn sealer(&self, purpose: &str) -> Sealer {
        self.0.sealer(purpose)
    }

    /// What seals one stream of bytes for a purpose. `salt` is what makes it another stream than all
    /// others of that purpose: under one salt, each position may be sealed once.
    pub fn stream(&self, purpose: &str, salt: &[u8]) -> Stream {
        let derive = |part: &[u8]| self.0.derive_from(&[purpose.as_bytes(), b"\0", part, salt]);
        Stream::new(&derive(b"cipher\0"), &derive(b"tag\0"))
    }

    pub(crate) fn bytes(&self) -> &[u8; KEY_BYTES] {
        self.0.bytes()
    }

    pub(crate) fn of(bytes: &Zeroizing<[u8; KEY_BYTES]>) -> Self {
        Self::new(**bytes)
    }
}

impl fmt::Debug for RootKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RootKey(..)")
    }
}
