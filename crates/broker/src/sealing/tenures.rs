//! Which key is for which position of the log.
//!
//! Each time a log is opened, its batches from then on have a key of their own: a tenure. It is
//! derived from the folder's key, the epoch, and a salt that is random and lies behind each batch.
//!
//! **No position is sealed twice under one key**, which is what [`Stream`] asks for:
//!
//! - The salt is drawn anew whenever a log is opened, so two tenures have different keys: also where
//!   they write to the same place, because the first one's append was torn and cut off, or was written
//!   to a copy of the folder that was made before.
//! - Within a tenure the log's contract gives each position to one batch at most. An append that
//!   succeeded moves the end on. One that is in doubt is the tenure's last: the log takes no more until
//!   it is opened again. After any other error nothing of the batch was written, so that what is sealed
//!   for that place the next time is the first of it that anybody can see.
//!
//! Uniqueness rests on the salt alone and not on epochs: an epoch comes again in a copy of a folder.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use tidings_log::{Epoch, Position};
use tidings_seal::{OVERHEAD_BYTES, RootKey, STREAM_TAG_BYTES, Stream};

/// Bytes in a salt.
pub(super) const SALT_BYTES: usize = 16;
/// Bytes behind each sealed batch: the salt of its tenure, and its tag.
pub(super) const TRAILER_BYTES: usize = SALT_BYTES + STREAM_TAG_BYTES;
/// Bytes of a tenure in a snapshot.
const ENCODED_BYTES: usize = 8 + 8 + SALT_BYTES;
const PURPOSE: &str = "log";

pub(super) type Salt = [u8; SALT_BYTES];

/// The tenures of a log that still holds batches of theirs, as far as they were met. Shared by the
/// log's writer, its readers and its snapshots.
///
/// Whoever opens a log restores what the snapshot knows, and replays what comes behind it: then all
/// are there.
pub(crate) struct Tenures {
    root: RootKey,
    /// Where sealing began. What lies before was written before the folder had a key: single records
    /// are read from there, and no state is built of them.
    pub(super) sealed_from: Position,
    /// By where they begin.
    known: RwLock<Vec<Tenure>>,
}

/// The batches from a position on, up to the next tenure.
#[derive(Clone)]
struct Tenure {
    from: Position,
    epoch: Epoch,
    salt: Salt,
    stream: Arc<Stream>,
}

/// A batch that is not what was sealed here.
#[derive(Copy, Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "the batch at position {0} is not what this folder's key sealed there: it was changed, or \
     belongs to another folder"
)]
pub(super) struct NotSealed(pub(super) Position);

impl Tenures {
    pub(crate) fn new(root: RootKey, sealed_from: Position) -> Self {
        Self { root, sealed_from, known: RwLock::default() }
    }

    pub(super) fn stream(&self, epoch: Epoch, salt: Salt) -> Arc<Stream> {
        let epoch = epoch.0.to_le_bytes();
        Arc::new(self.root.stream(PURPOSE, &[&epoch[..], &salt].concat()))
    }

    /// Notes that the batch at a position is of a tenure.
    pub(super) fn note(&self, at: Position, epoch: Epoch, salt: Salt, stream: &Arc<Stream>) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let place = known.partition_point(|tenure| tenure.from <= at);
        let is_of = |tenure: &Tenure| tenure.epoch == epoch && tenure.salt == salt;
        if place > 0 && is_of(&known[place - 1]) {
            return;
        }
        match known.get_mut(place) {
            Some(next) if is_of(next) => next.from = at,
            _ => known.insert(place, Tenure { from: at, epoch, salt, stream: Arc::clone(stream) }),
        }
    }

    /// Opens a batch that lies at a position: what the log has of it comes in, its records go out to
    /// `records`.
    pub(super) fn open(
        &self,
        at: Position,
        epoch: Epoch,
        sealed: &[u8],
        records: &mut Vec<u8>,
    ) -> Result<(), NotSealed> {
        let (rest, tag) = sealed.split_last_chunk().ok_or(NotSealed(at))?;
        let (ciphertext, salt) = rest.split_last_chunk().ok_or(NotSealed(at))?;
        let known = self.at(at).filter(|known| known.epoch == epoch && known.salt == *salt);
        let stream = known.map_or_else(|| self.stream(epoch, *salt), |known| known.stream);
        records.clear();
        records.extend_from_slice(ciphertext);
        if !stream.open(at.0, records, tag) {
            return Err(NotSealed(at));
        }
        self.note(at, epoch, *salt, &stream);
        Ok(())
    }

    /// Reads a piece of a batch, which has been replayed or appended. Returns whether its key is known.
    pub(super) fn read_piece(&self, at: Position, piece: &mut [u8]) -> bool {
        if at < self.sealed_from || piece.is_empty() {
            return true;
        }
        let tenure = self.at(at);
        if let Some(tenure) = &tenure {
            tenure.stream.read_piece(at.0, piece);
        }
        tenure.is_some()
    }

    fn at(&self, at: Position) -> Option<Tenure> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let place = known.partition_point(|tenure| tenure.from <= at);
        known.get(place.checked_sub(1)?).cloned()
    }

    /// Forgets the tenures of which nothing is left from a position on.
    pub(super) fn forget_before(&self, before: Position) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        let needed = known.partition_point(|tenure| tenure.from <= before).saturating_sub(1);
        known.drain(..needed);
    }

    /// The tenures that begin before a position, for a snapshot: each with its position, epoch and
    /// salt.
    pub(super) fn encode_before(&self, covers: Position, content: &mut Vec<u8>) {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let before = &known[..known.partition_point(|tenure| tenure.from < covers)];
        // For what comes behind it when it is sealed, too: a snapshot is not to be copied twice.
        content.reserve_exact(before.len() * ENCODED_BYTES + 4 + OVERHEAD_BYTES);
        for tenure in before {
            content.extend_from_slice(&tenure.from.0.to_le_bytes());
            content.extend_from_slice(&tenure.epoch.0.to_le_bytes());
            content.extend_from_slice(&tenure.salt);
        }
        let count = u32::try_from(before.len()).expect("each takes a batch of 56 bytes and more");
        content.extend_from_slice(&count.to_le_bytes());
    }

    /// Takes off the end of a snapshot's content what [`Tenures::encode_before`] put there. `None` if
    /// it cannot be that.
    pub(super) fn restore(&self, content: &mut Vec<u8>) -> Option<()> {
        let (rest, count) = content.split_last_chunk()?;
        let length =
            usize::try_from(u32::from_le_bytes(*count)).ok()?.checked_mul(ENCODED_BYTES)?;
        let state = rest.len().checked_sub(length)?;
        let mut restored: Vec<Tenure> = Vec::new();
        for encoded in rest[state..].chunks_exact(ENCODED_BYTES) {
            let (from, encoded) = encoded.split_first_chunk()?;
            let (epoch, salt) = encoded.split_first_chunk()?;
            let from = Position(u64::from_le_bytes(*from));
            let (epoch, salt) = (Epoch(u64::from_le_bytes(*epoch)), salt.try_into().ok()?);
            if restored.last().is_some_and(|last| last.from >= from) {
                return None;
            }
            restored.push(Tenure { from, epoch, salt, stream: self.stream(epoch, salt) });
        }
        content.truncate(state);
        *self.known.write().unwrap_or_else(PoisonError::into_inner) = restored;
        Some(())
    }

    #[cfg(test)]
    pub(super) fn count(&self) -> usize {
        self.known.read().unwrap().len()
    }
}

impl fmt::Debug for Tenures {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tenures").field("sealed_from", &self.sealed_from).finish_non_exhaustive()
    }
}
