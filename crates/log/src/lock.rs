//! One process per folder.

use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// The file inside the folder that is locked.
const LOCK_FILE: &str = "LOCK";

/// Holds a folder for this process, until it is dropped or the process ends, however it ends.
///
/// The lock is the operating system's lock on the file `LOCK` in the folder; that the file exists
/// means nothing. It holds the process id of the owner for people to read. On network file systems
/// such locks may be missing or local to one machine.
#[derive(Debug)]
pub struct FolderLock {
    // Held only for the lock that ends when it is closed.
    _file: File,
}

/// Why a folder could not be locked.
#[derive(Debug, thiserror::Error)]
pub enum LockError {
    /// Another process has it.
    #[error(
        "{} is in use by another process{}: stop it first, or use another folder",
        folder.display(),
        pid.map(|pid| format!(" (process id {pid})")).unwrap_or_default()
    )]
    Held {
        /// The folder.
        folder: PathBuf,
        /// The owner's process id, if it could be read.
        pid: Option<u32>,
    },
    /// The lock file could not be made, opened or locked.
    #[error("cannot lock {}", file.display())]
    Io {
        /// The lock file.
        file: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
}

impl FolderLock {
    /// Locks an existing folder without waiting.
    ///
    /// # Errors
    ///
    /// [`LockError::Held`] if another holder has it, in this process or another;
    /// [`LockError::Io`] if the folder does not exist or its lock file is out of reach.
    pub fn acquire(folder: &Path) -> Result<FolderLock, LockError> {
        let path = folder.join(LOCK_FILE);
        let io = |source| LockError::Io { file: path.clone(), source };
        let mut file = File::options()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path)
            .map_err(io)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let pid = read_pid(&mut file);
                return Err(LockError::Held { folder: folder.to_path_buf(), pid });
            }
            Err(TryLockError::Error(source)) => return Err(io(source)),
        }
        // The process id is a courtesy: on a full disk the lock is still held.
        let _ = file.set_len(0).and_then(|()| writeln!(file, "{}", std::process::id()));
        Ok(FolderLock { _file: file })
    }
}

fn read_pid(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_holder_is_refused_and_told_who_has_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let held = FolderLock::acquire(folder.path()).expect("the first holder gets the lock");
        let refused = FolderLock::acquire(folder.path()).expect_err("the second holder waits");
        let LockError::Held { pid, .. } = &refused else { panic!("unexpected: {refused}") };
        assert_eq!(*pid, Some(std::process::id()));
        assert!(refused.to_string().contains("in use by another process (process id "));

        drop(held);
        FolderLock::acquire(folder.path()).expect("the lock is free again");
    }

    #[test]
    fn a_leftover_lock_file_means_nothing() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join(LOCK_FILE), "12345678901 and more\n").expect("write");
        FolderLock::acquire(folder.path()).expect("nobody holds the lock");
        let text = std::fs::read_to_string(folder.path().join(LOCK_FILE)).expect("read");
        assert_eq!(text, format!("{}\n", std::process::id()));
    }

    #[test]
    fn a_missing_folder_is_an_error_that_names_it() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let missing = folder.path().join("missing");
        let error = FolderLock::acquire(&missing).expect_err("there is no such folder");
        assert!(error.to_string().contains("missing"));
    }
}
