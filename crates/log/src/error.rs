//! What can go wrong, by the question that a caller asks.

use std::io;

use crate::{Epoch, Position};

/// An error of the caller's own, carried through.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// Why an append did not return a position.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Someone else writes this log now, or the caller lost count. Nothing was written, and
    /// nothing of the caller's ever will be: it has to open the log again.
    #[error(
        "append at position {expected} under epoch {epoch} refused: \
         the log is at position {next} under epoch {current}"
    )]
    Fenced {
        /// The position that the caller expected.
        expected: Position,
        /// The epoch that the caller believed to hold.
        epoch: Epoch,
        /// Where the log's next batch will start.
        next: Position,
        /// The epoch that the log is under.
        current: Epoch,
    },

    /// The batch needs a new segment and none could be made; as a rule the disk is full. Nothing
    /// was written, the log is as it was, and the same append may succeed later.
    #[error("no room for another segment")]
    NoSpace(#[source] LogFault),

    /// The payload is longer than the layout allows. Nothing was written.
    #[error("a batch of {len} bytes is longer than the {max} that this log takes")]
    TooLong {
        /// Length of the payload.
        len: u64,
        /// [`crate::Layout::batch_bytes_max`].
        max: u64,
    },

    /// The batch may or may not be found when the log is opened again. Until then the log takes
    /// nothing more.
    #[error("the append may or may not have landed")]
    Ambiguous(#[source] LogFault),

    /// An earlier append was ambiguous. Nothing was written; open the log again.
    #[error("the log takes nothing more until it is opened again: an earlier append is in doubt")]
    Poisoned,
}

/// The storage failed, or what it holds is wrong. Ours to repair, never a client's.
#[derive(Debug, thiserror::Error)]
pub enum LogFault {
    /// A file operation failed.
    #[error("cannot {doing} {file}")]
    Io {
        /// The operation, as a verb: "write", "sync".
        doing: &'static str,
        /// The file or folder.
        file: String,
        /// What the operating system said.
        source: io::Error,
    },
    /// Stored bytes are not what was written.
    #[error(transparent)]
    Damaged(#[from] Damage),
    /// A newer release wrote the file.
    #[error(transparent)]
    NewerFormat(#[from] NewerFormat),
}

impl LogFault {
    /// Whether the storage has no room, as opposed to being broken.
    pub fn is_out_of_space(&self) -> bool {
        use io::ErrorKind::{FileTooLarge, QuotaExceeded, StorageFull};
        match self {
            LogFault::Io { source, .. } => {
                matches!(source.kind(), StorageFull | QuotaExceeded | FileTooLarge)
            }
            LogFault::Damaged(_) | LogFault::NewerFormat(_) => false,
        }
    }
}

/// A file that only a newer release can read.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error(
    "{file} has format version {found}, and this release reads versions up to {known}: \
     start the release that wrote it, or a newer one"
)]
pub struct NewerFormat {
    /// The file.
    pub file: String,
    /// The version it says it has.
    pub found: u32,
    /// The newest version that this release reads.
    pub known: u32,
}

/// Stored bytes that are not what was written, and where.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{file} is damaged at byte {offset} (log position {position}): {kind}")]
pub struct Damage {
    /// The file.
    pub file: String,
    /// Byte of the file at which the damaged batch or header begins.
    pub offset: u64,
    /// The same place as a position: of the batch's payload if it is a batch.
    pub position: Position,
    /// What is wrong with it.
    pub kind: DamageKind,
}

/// What is wrong with stored bytes.
#[derive(Copy, Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DamageKind {
    /// The file has the wrong size.
    #[error("the file has {found} bytes instead of {expected}")]
    Size {
        /// Bytes that it has.
        found: u64,
        /// Bytes that it should have.
        expected: u64,
    },
    /// The file's own header is unreadable.
    #[error("the file header is unreadable")]
    FileHeader,
    /// The file's header is sound and belongs to another log or another place in this one.
    #[error("the file does not belong here")]
    Misplaced,
    /// Where a batch must be, there is none, or its header is unreadable.
    #[error("there is no batch here, though the log goes on behind it")]
    BatchMissing,
    /// A batch fails its checksum.
    #[error("the batch fails its checksum, though the log goes on behind it")]
    Checksum,
    /// A sound batch does not follow from the one before it.
    #[error("the batch does not follow from the batch before it")]
    Chain,
    /// A sound batch was written under an epoch older than that of the batch before it.
    #[error("the batch was written under an older epoch than the batch before it")]
    Epoch,
    /// There are bytes behind the last batch that no append can have left.
    #[error("there are bytes further behind the last batch than an append reaches")]
    BeyondTail,
    /// The content of a snapshot fails its checksum.
    #[error("the content fails its checksum")]
    Content,
}

/// Why a read returned no bytes.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The position was given up by a trim.
    #[error("position {position} was trimmed: the log begins at {oldest}")]
    Trimmed {
        /// The position asked for.
        position: Position,
        /// The oldest position that is left.
        oldest: Position,
    },
    /// No acknowledged payload covers the range.
    #[error("no acknowledged batch covers {len} bytes at position {position}")]
    NotWritten {
        /// The position asked for.
        position: Position,
        /// The length asked for.
        len: usize,
    },
    /// The storage failed.
    #[error(transparent)]
    Fault(#[from] LogFault),
}

/// Why a replay stopped.
#[derive(Debug, thiserror::Error)]
pub enum ReplayError {
    /// It could not read on: trimmed, not written, damaged or failed.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The caller's own function returned this error.
    #[error(transparent)]
    Stopped(BoxError),
}

impl From<LogFault> for ReplayError {
    fn from(fault: LogFault) -> Self {
        ReplayError::Read(ReadError::Fault(fault))
    }
}
