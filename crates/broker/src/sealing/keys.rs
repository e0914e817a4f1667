//! What seals, for those beside the broker.

use tidings_seal::{RootKeys, Sealer};

/// The keys of a data folder, by purpose.
#[derive(Clone, Debug)]
pub struct Keys {
    roots: RootKeys,
    is_sealed: bool,
}

impl Keys {
    pub(crate) fn new(roots: RootKeys, is_sealed: bool) -> Self {
        Self { roots, is_sealed }
    }

    /// What seals secrets of a purpose, wherever the master key is kept.
    pub fn secrets(&self, purpose: &str) -> Sealer {
        self.roots.secrets.sealer(purpose)
    }

    /// What seals the content of a purpose: `None` if the folder is not sealed, because no master key
    /// was configured.
    pub fn content(&self, purpose: &str) -> Option<Sealer> {
        self.is_sealed.then(|| self.roots.content.sealer(purpose))
    }
}
