//! A log and its snapshots, sealed together.

use std::sync::Arc;

use tidings_log::snapshot::Snapshots;
use tidings_log::{Log, Position};
use tidings_seal::RootKey;

use super::sealed_log::SealedLog;
use super::sealed_snapshots::SealedSnapshots;
use super::tenures::Tenures;
use crate::entropy::Entropy;

/// What seals one log and its snapshots, from their opening to the next one.
///
/// Wrap the snapshots, read the newest, wrap the log, and replay what lies behind the snapshot: then
/// every position can be read.
pub(crate) struct Sealing {
    key: RootKey,
    tenures: Arc<Tenures>,
    entropy: Entropy,
}

impl Sealing {
    /// Seals with a key from a position on: records that lie before are read as they are.
    pub(crate) fn new(key: RootKey, from: Position, entropy: Entropy) -> Self {
        let tenures = Arc::new(Tenures::new(key.clone(), from));
        Self { key, tenures, entropy }
    }

    pub(crate) fn snapshots(&self, below: Box<dyn Snapshots>) -> Box<dyn Snapshots> {
        let (tenures, entropy) = (Arc::clone(&self.tenures), self.entropy.clone());
        Box::new(SealedSnapshots::new(below, &self.key, tenures, entropy))
    }

    pub(crate) fn log(&self, below: Box<dyn Log>) -> Box<dyn Log> {
        let salt = self.entropy.bits().to_le_bytes();
        Box::new(SealedLog::new(below, Arc::clone(&self.tenures), salt))
    }
}
