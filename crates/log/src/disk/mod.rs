//! The file operations that segments and snapshots need, and nothing more.
//!
//! [`Folder`] is the real thing. The simulated one (feature `testing`) keeps what was written and
//! what was synced apart, so that a test can cut the power at any operation.

use std::io;
use std::sync::Arc;

mod folder;
#[cfg(any(test, feature = "testing"))]
pub mod sim;

pub use folder::Folder;

use crate::LogFault;

/// One folder of files, known by name.
///
/// Creating, renaming and removing are durable only after [`Disk::sync_folder`]; until then a crash
/// may undo any of them.
pub trait Disk: Send + Sync + std::fmt::Debug {
    /// The names of all files, in no order.
    ///
    /// # Errors
    ///
    /// What the operating system says, as for all operations here.
    fn list(&self) -> io::Result<Vec<String>>;

    /// Makes an empty file for reading and writing. Fails if there is one with this name.
    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Opens an existing file for reading and writing.
    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>>;

    /// Renames a file, replacing one that has the new name.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a file. Whoever has it open can go on reading it.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes what happened to names durable.
    fn sync_folder(&self) -> io::Result<()>;

    /// How people find this file, for messages. An empty name stands for the folder.
    fn describe(&self, name: &str) -> String;
}

/// An open file. Shared among threads: all operations name their offset.
pub trait DiskFile: Send + Sync + std::fmt::Debug {
    /// The file's length in bytes.
    ///
    /// # Errors
    ///
    /// What the operating system says, as for all operations here.
    fn len(&self) -> io::Result<u64>;

    /// Whether the file has no bytes.
    fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Fills the buffer from the file, or fails with `UnexpectedEof`.
    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()>;

    /// Fills the buffer if that needs no wait for the storage, and says whether it did. On `false`
    /// the buffer's content is arbitrary.
    fn read_cached_at(&self, buffer: &mut [u8], offset: u64) -> bool;

    /// Writes all bytes, growing the file if need be. After an error any part may have been
    /// written.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Sets aside room so that the file has at least this length, reading as zeros where it was
    /// not written. Leaves existing bytes as they are.
    fn reserve(&self, len: u64) -> io::Result<()>;

    /// Makes everything written to this file durable, its length included.
    ///
    /// After an error nobody knows what was made durable, and calling again proves nothing.
    fn sync(&self) -> io::Result<()>;
}

/// Turns an error of the operating system into a fault that names operation and file.
pub(crate) trait OrFault<T> {
    /// `doing` is a verb: "write", "sync".
    fn or_fault(self, doing: &'static str, disk: &dyn Disk, name: &str) -> Result<T, LogFault>;
}

impl<T> OrFault<T> for io::Result<T> {
    fn or_fault(self, doing: &'static str, disk: &dyn Disk, name: &str) -> Result<T, LogFault> {
        self.map_err(|source| LogFault::Io { doing, file: disk.describe(name), source })
    }
}

/// Removes a file that may not exist.
pub(crate) fn remove_if_there(disk: &dyn Disk, name: &str) -> Result<(), LogFault> {
    match disk.remove(name) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        done => done.or_fault("remove", disk, name),
    }
}
