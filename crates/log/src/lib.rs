//! Ordered durable bytes.
//!
//! A [`Log`] takes batches of bytes, one at a time, and says when each is on stable storage. It
//! knows positions, epochs and checksums; it does not know queues. What a batch contains is its
//! caller's business.
//!
//! ```text
//!   whoever has the log                              any thread
//!   -------------------                              ----------
//!   Log::append(k)  write, sync                      Reader::read(position, length)
//!     Ok | Fenced | NoSpace | Ambiguous              Reader::replay(position)
//!   knows where k+1 will start: Layout::after
//! ```
//!
//! # The contract
//!
//! 1. Appends are totally ordered. At most one is under way; `append` takes `&mut self`.
//! 2. `append` returns `Ok` only after the whole batch is on stable storage: it survives power loss.
//! 3. A batch is found again whole or not at all.
//! 4. [`AppendError::Ambiguous`] means that the batch may or may not be found again. After it the
//!    log refuses every append ([`AppendError::Poisoned`]) until it is opened again; opening
//!    settles the question, for ever.
//! 5. Every other [`AppendError`] means that nothing of that batch was written, and that it will
//!    never be found.
//! 6. A [`Position`] names a byte of a batch's payload. Positions only grow; between two batches
//!    there may be a gap. Where a batch will start follows from the batch before it by
//!    [`Layout::after`], so that the next batch can be filled while the last one is being synced.
//! 7. Bytes read back are the bytes appended, or an error. Opening and [`Reader::replay`] verify
//!    whole batches, so they pass no damage on. [`Reader::read`] fetches part of a batch, which no
//!    checksum of the log covers: whoever writes records gives each its own checksum and verifies
//!    it after a read.
//! 8. `trim` gives up a prefix. It never touches a batch at or after the position it is given.
//! 9. Opening takes a new epoch, above that of every batch in the log, and claims it by appending
//!    a batch with an empty payload. Replay shows claims like any other batch. If there is no
//!    space, the claim is left out and the first append makes it.
//! 10. Running out of space is announced before it happens: when [`Log::space`] first says
//!     [`Space::Low`], there is still room for the batches that free space.
//!
//! # Where things are
//!
//! - [`segment`]: the log on a local disk. `docs/log-format.md` describes its bytes.
//! - [`snapshot`]: saved state beside the log, so that replay is short.
//! - [`memory`]: the contract without a disk, with faults on request.
//! - [`disk`]: the few file operations that both need; the simulated disk is an implementation.
//! - `suite` (feature `testing`): the tests that every implementation runs.

use std::sync::Arc;

pub mod disk;
mod error;
mod layout;
mod lock;
pub mod memory;
pub mod segment;
pub mod snapshot;
#[cfg(any(test, feature = "testing"))]
pub mod suite;

pub use error::{
    AppendError, BoxError, Damage, DamageKind, LogFault, NewerFormat, ReadError, ReplayError,
};
pub use layout::{BATCH_HEADER_BYTES, Epoch, Layout, LayoutError, Position, SEGMENT_HEADER_BYTES};
pub use lock::{FolderLock, LockError};

/// An ordered sequence of durable batches with one writer. The [crate] documentation is its
/// contract.
///
/// Dropping a log writes nothing; there is no clean or unclean way to stop.
pub trait Log: Send {
    /// Where batches lie. Constant for the life of the log, across openings too.
    fn layout(&self) -> Layout;

    /// Where the next batch's payload will start.
    fn next_position(&self) -> Position;

    /// The epoch under which this log was opened.
    fn epoch(&self) -> Epoch;

    /// Writes one batch and waits until it is on stable storage.
    ///
    /// `expected` is the position at which the caller believes that the payload will start,
    /// `epoch` the one it believes to hold. Blocks for as long as the storage takes. The payload
    /// may be empty and has at most [`Layout::batch_bytes_max`] bytes.
    ///
    /// Returns the position at which the next batch will start, which is
    /// `layout().after(expected, payload.len())`.
    ///
    /// # Errors
    ///
    /// [`AppendError::Ambiguous`]: the batch may have landed, and this log is done; open it again.
    /// With every other error nothing was written.
    fn append(
        &mut self,
        expected: Position,
        epoch: Epoch,
        payload: &[u8],
    ) -> Result<Position, AppendError>;

    /// Gives up what lies before `before`, in whole segments, oldest first. Batches from `before`
    /// on stay, and as a rule some earlier ones. Never gives up the segment being written.
    ///
    /// # Errors
    ///
    /// A fault leaves the log usable: some segments may be left, and the next call tries again.
    fn trim(&mut self, before: Position) -> Result<(), LogFault>;

    /// How much room there is. While it is not [`Space::Ample`], each call also tries again to
    /// find room, without waiting for the outcome: a later call reports it. So call it now and
    /// then, about once a second, and after a trim.
    fn space(&mut self) -> Space;

    /// A handle for reading, to be shared among threads. It stays usable beside appends and trims,
    /// and after the log is dropped.
    fn reader(&self) -> Arc<dyn Reader>;
}

/// How much room a log has. The owner takes less on when it shrinks.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Space {
    /// The segment after the current one is in hand, or is being made. No limits.
    Ample,
    /// There is no room for another segment. What is left of the current one is a reserve for
    /// batches that free space in the end: receives and deletes.
    Low,
    /// The reserve is nearly spent too: fewer than [`Space::RESERVE_BATCHES`] batches of the
    /// greatest size fit. Only what is already promised should be appended.
    Exhausted,
}

impl Space {
    /// Below room for this many batches of the greatest size, `Low` becomes `Exhausted`.
    pub const RESERVE_BATCHES: u64 = 4;
}

/// Reads a log from any thread, beside the writer. Sees acknowledged batches only.
pub trait Reader: Send + Sync {
    /// The bytes `position .. position + len` of one batch's payload. May wait for the disk.
    ///
    /// The bytes are not verified: see point 7 of the contract.
    ///
    /// # Errors
    ///
    /// [`ReadError::Trimmed`] if the position was given up, [`ReadError::NotWritten`] if the range
    /// is not inside an acknowledged payload as far as the log can tell, [`ReadError::Fault`] if
    /// the storage failed.
    fn read(&self, position: Position, len: usize) -> Result<Vec<u8>, ReadError>;

    /// The same, if it can be done without waiting for the disk. `None` means: call
    /// [`Reader::read`] on a thread that may block.
    fn read_cached(&self, position: Position, len: usize) -> Option<Result<Vec<u8>, ReadError>>;

    /// Calls `each(payload_start, epoch, payload)` for every batch from `from` on, in order, up to
    /// the last one acknowledged when the call began, and verifies checksums and the chain.
    ///
    /// `from` is a batch's payload position or the one after the last batch. Returns the position
    /// after the last batch, to go on from later. Claims come with an empty payload.
    ///
    /// # Errors
    ///
    /// Stops at the first batch that is damaged, unreadable or trimmed, and when `each` returns an
    /// error, which comes back in [`ReplayError::Stopped`].
    fn replay(&self, from: Position, each: &mut EachBatch<'_>) -> Result<Position, ReplayError>;
}

/// What [`Reader::replay`] calls for each batch, with its payload position, epoch and payload.
pub type EachBatch<'a> = dyn FnMut(Position, Epoch, &[u8]) -> Result<(), BoxError> + 'a;
