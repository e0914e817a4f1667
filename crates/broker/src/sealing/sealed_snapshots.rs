//! Snapshots that are sealed.
//!
//! ```text
//!   content below := sealed in place, with the covered position as context
//!                    (state, tenures that begin before that position: 32 bytes each, their number: u32)
//! ```

use std::sync::Arc;

use tidings_log::snapshot::{Latest, OpenSnapshot, Snapshots};
use tidings_log::{LogFault, Position};
use tidings_seal::{RootKey, Sealer};

use super::tenures::Tenures;
use crate::entropy::Entropy;

const PURPOSE: &str = "snapshots";

/// Seals what is saved in the snapshots below, and opens what is read.
pub(crate) struct SealedSnapshots {
    below: Box<dyn Snapshots>,
    sealer: Sealer,
    tenures: Arc<Tenures>,
    entropy: Entropy,
}

impl SealedSnapshots {
    pub(crate) fn new(
        below: Box<dyn Snapshots>,
        root: &RootKey,
        tenures: Arc<Tenures>,
        entropy: Entropy,
    ) -> Self {
        Self { below, sealer: root.sealer(PURPOSE), tenures, entropy }
    }
}

impl Snapshots for SealedSnapshots {
    fn save(&mut self, covers: Position, mut bytes: Vec<u8>) -> Result<(), LogFault> {
        self.tenures.encode_before(covers, &mut bytes);
        if !self.sealer.seal_in_place(&context(covers), &mut bytes, self.entropy.bytes()) {
            let (doing, file) = ("seal", format!("a snapshot of {} bytes", bytes.len()));
            return Err(LogFault::Io {
                doing,
                file,
                source: std::io::ErrorKind::FileTooLarge.into(),
            });
        }
        self.below.save(covers, bytes)
    }

    fn latest_that_opens(&mut self, open: &mut OpenSnapshot<'_>) -> Result<Latest, LogFault> {
        let (sealer, tenures) = (&self.sealer, &self.tenures);
        self.below.latest_that_opens(&mut |covers, mut bytes| {
            // Also the first one, of what was there when sealing began. One that is not sealed may be
            // anybody's.
            if !sealer.open_in_place(&context(covers), &mut bytes) {
                return None;
            }
            tenures.restore(&mut bytes)?;
            open(covers, bytes)
        })
    }

    fn replay_floor(&self) -> Option<Position> {
        self.below.replay_floor()
    }
}

fn context(covers: Position) -> [u8; 8] {
    covers.0.to_le_bytes()
}
