//! The log on a local disk: a folder of files of one size.
//!
//! A [`Position`](crate::Position) is a segment's number × the segment size + the offset in its
//! file, so a position finds its bytes without an index.
//!
//! ```text
//!   00000000000000000003.segment    whole: an append never touches it again
//!   00000000000000000004.segment    current: appends go here
//!   spare                           zeros, on the disk: the next segment
//!   spare.tmp                       a spare in the making; removed on opening
//! ```
//!
//! **Why a spare.** A sync of bytes that overwrite zeros has nothing but those bytes to write: the
//! file system already knows the file's size and blocks. Measured on ext4 with appends of 4 KiB:
//! 7,400 a second, against 4,800 in a file that was only set aside and 4,300 in one that grows. The
//! spare also holds the room of a whole segment, so that a full disk is noticed while there is
//! still room for deletes. Only a folder's very first segment is set aside without being written:
//! a new log opens in 2 ms, and would take 50 to 100 if it waited for its zeros.
//!
//! **Torn or damaged.** One append is under way at a time, and the next begins when the sync of the
//! last has succeeded. So a crash can tear only the last batch, and reaches no further than the
//! longest batch would. Opening takes an unsound batch for torn, and cuts it off, if there is no
//! sound batch behind it and nothing written further on than that; otherwise it is damage, and
//! opening fails and names it. One case cannot be told: if the very last batch of a log rots after
//! it was acknowledged, it looks torn. Opening narrows this down to batches since the last opening,
//! because the claim of the new epoch is then behind all others.
//!
//! **Failed syncs.** After a failed sync, the operating system may show bytes that will never reach
//! the disk, and report success for the next sync. So the log takes nothing more, and opening
//! writes the last batch again before it syncs, and before it believes it.
//!
//! All segments stay open for reading, one file descriptor each: a log of 64 GiB needs a thousand.
//! The process has to allow that many.
//!
//! The disk is expected to write 512 bytes whole or not at all, and to leave the bytes around a
//! write alone. The folder belongs to one process; hold a [`FolderLock`](crate::FolderLock).

mod format;
mod reader;
mod recovery;
mod scan;
mod spare;
mod walk;
mod writer;

pub use recovery::{OpenError, RecoveryReport, TornTail};
pub use writer::{Provision, SegmentLog, SegmentOptions};
