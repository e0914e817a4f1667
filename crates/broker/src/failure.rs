//! Why a call has no reply.

use std::path::PathBuf;

use tidings_core::Damaged;
use tidings_core::rejection::Rejection;
use tidings_log::segment;
use tidings_log::{LockError, LogFault, Position, ReadError, ReplayError};

use crate::sealing::SealError;

/// Why a command was not carried out, as far as is known.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Failure {
    /// An ordinary no. Nothing changed.
    #[error(transparent)]
    Rejected(#[from] Rejection),
    /// Not now.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
}

/// Why a command cannot be taken now; says whether it may have happened.
#[derive(Copy, Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Unavailable {
    /// The disk is full: only what frees space is taken. Nothing happened.
    #[error("the disk is full")]
    Full,
    /// The log is being opened again after a failure. Nothing happened.
    #[error("the log is being recovered")]
    Recovering,
    /// The broker is closing. Nothing happened.
    #[error("the service is closing")]
    Closing,
    /// The log failed while the command was being written: it may or may not have happened.
    #[error("the outcome is unknown, since the log failed")]
    Unknown,
}

/// Why a message's record could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadFailure {
    /// The log refuses.
    #[error(transparent)]
    Log(#[from] ReadError),
    /// The read was given up, since the runtime is stopping.
    #[error("the runtime is stopping")]
    Stopping,
}

/// Why a data folder could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The folder cannot be made or its `FORMAT` file read.
    #[error("cannot {doing} {}", path.display())]
    Folder {
        /// What was tried.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        source: std::io::Error,
    },
    /// The folder was written by a newer release.
    #[error(
        "{} says that the folder has format {found:?}, and this release knows format {known}: \
         start the release that wrote it, or a newer one",
        path.display()
    )]
    NewerFormat {
        /// The `FORMAT` file.
        path: PathBuf,
        /// What it says.
        found: String,
        /// What this release writes.
        known: u32,
    },
    /// The folder was written before the first release.
    #[error(
        "{} says that the folder has format {found}, which was never released; this release reads \
         formats from {oldest} on: move the folder away and start anew",
        path.display()
    )]
    OlderFormat {
        /// The `FORMAT` file.
        path: PathBuf,
        /// What it says.
        found: u32,
        /// The oldest that can be read.
        oldest: u32,
    },
    /// Another process has the folder.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// The log cannot be opened.
    #[error(transparent)]
    Log(#[from] segment::OpenError),
    /// The storage failed beside the log.
    #[error(transparent)]
    Fault(#[from] LogFault),
    /// The log cannot be replayed.
    #[error("cannot replay the log")]
    Replay(#[from] ReplayError),
    /// The log begins after what the newest sound snapshot covers.
    #[error(
        "the log begins at position {oldest} and there is no snapshot of what came before: restore \
         the data folder from a backup"
    )]
    NoSnapshot {
        /// Where the log begins.
        oldest: Position,
    },
    /// The folder's keys cannot be had.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The operating system gives us no thread.
    #[error("cannot start a thread")]
    Thread(#[source] std::io::Error),
    /// A snapshot passed its checksum and still makes no sense.
    #[error("the snapshot at position {covers} cannot be read: {source}")]
    Snapshot {
        /// What it covers.
        covers: Position,
        /// That it is damaged.
        source: Damaged,
    },
}
