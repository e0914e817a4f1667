//! Snapshots of the state that a log built, so that replay starts near the log's end.
//!
//! A snapshot saves work and nothing else: the log is the truth for as long as it reaches back.
//! Two are kept, so that damage to one file loses nothing; see [`Snapshots::replay_floor`].

use crate::{Damage, LogFault, Position};

mod folder;
mod memory;

pub use folder::{FolderSnapshots, SnapshotOptions};
pub use memory::MemorySnapshots;

/// Where snapshots are kept.
pub trait Snapshots: Send {
    /// Saves a snapshot and returns when it is durable. Keeps it and the one before it.
    ///
    /// `covers` is where the next batch would start: every batch before it is in the snapshot, and
    /// none from there on. All of them have to be acknowledged by the log.
    ///
    /// # Errors
    ///
    /// A fault leaves the snapshots saved before as they were, except that on a full disk the older
    /// of two may have been given up for the new one.
    fn save(&mut self, covers: Position, bytes: Vec<u8>) -> Result<(), LogFault>;

    /// Reads the newest snapshot that is sound.
    ///
    /// If a newer one is damaged, the answer says so. Whether the log still reaches back to the
    /// older one is for the log to say when it is opened with
    /// [`replay_from`](crate::segment::SegmentOptions::replay_from). If all are damaged there is no
    /// snapshot, and only a log that was never trimmed can do without.
    ///
    /// # Errors
    ///
    /// A file cannot be read, or was written by a newer release.
    fn latest(&mut self) -> Result<Latest, LogFault> {
        self.latest_that_opens(&mut |_, bytes| Some(bytes))
    }

    /// The same for a caller who can tell damage in what it saved, and may have saved it in another
    /// form: `open` gets what a snapshot covers and what was saved, and makes the state of it. A
    /// snapshot of which it makes `None` is damaged like one whose checksum is wrong.
    ///
    /// # Errors
    ///
    /// As for [`Snapshots::latest`].
    fn latest_that_opens(&mut self, open: &mut OpenSnapshot<'_>) -> Result<Latest, LogFault>;

    /// The position before which the log is needed by no snapshot, not even if the newest one
    /// turns out to be damaged: what the older of two covers. Pass [`trim`](crate::Log::trim)
    /// nothing beyond it. `None` while there are fewer than two: then trim nothing.
    fn replay_floor(&self) -> Option<Position>;
}

/// What makes a state of what was saved, and of what it covers; `None` if that is damaged.
pub type OpenSnapshot<'a> = dyn FnMut(Position, Vec<u8>) -> Option<Vec<u8>> + 'a;

/// What [`Snapshots::latest`] found.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Latest {
    /// The newest sound snapshot.
    pub snapshot: Option<Snapshot>,
    /// Newer ones that are damaged, newest first. To be reported.
    pub damaged: Vec<Damage>,
}

/// A snapshot as it was saved.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Snapshot {
    /// Where replay goes on: the payload position of the first batch that is not in it.
    pub covers: Position,
    /// The state.
    pub bytes: Vec<u8>,
}
