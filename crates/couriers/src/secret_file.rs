//! Files that nobody else may read.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use thiserror::Error;
use zeroize::Zeroizing;

/// Why a file gives no secret. Goes behind the file's name.
#[derive(Debug, Error)]
pub enum SecretFileError {
    /// There is no such file, or it is not for us.
    #[error("it cannot be read: {0}")]
    Unreadable(#[from] io::Error),
    /// Others can read or write it: the file's mode.
    #[error("it can be read by others (mode {0:04o}); chmod 600 it")]
    ReadByOthers(u32),
    /// It has more bytes than this, so it is not what it is taken for.
    #[error("it has more than {0} bytes")]
    TooLong(u64),
}

/// Reads a file of at most `bytes_max` bytes that nobody but this process's user and root may read or
/// write. Root's own files may be shown to our group: that is how orchestrators mount secrets.
///
/// # Errors
///
/// [`SecretFileError`]; what is in the file is never shown.
pub fn read_secret_file(
    path: &Path,
    bytes_max: u64,
) -> Result<Zeroizing<Vec<u8>>, SecretFileError> {
    let file = File::open(path)?;
    if let Some(mode) = read_by_others(&file)? {
        return Err(SecretFileError::ReadByOthers(mode));
    }
    let room = usize::try_from(bytes_max).unwrap_or_default().saturating_add(1);
    // All at once: what a vector leaves behind when it grows is not wiped.
    let mut bytes = Zeroizing::new(Vec::with_capacity(room));
    file.take(room as u64).read_to_end(&mut bytes)?;
    if bytes.len() == room {
        return Err(SecretFileError::TooLong(bytes_max));
    }
    Ok(bytes)
}

/// The file's mode, if others can read or write it.
#[cfg(unix)]
fn read_by_others(file: &File) -> io::Result<Option<u32>> {
    use std::os::unix::fs::MetadataExt;

    let metadata = file.metadata()?;
    let is_roots_for_us = metadata.uid() == 0 && !rustix::process::geteuid().is_root();
    let forbidden = if is_roots_for_us { 0o037 } else { 0o077 };
    let mode = metadata.mode() & 0o7777;
    Ok((mode & forbidden != 0).then_some(mode))
}

#[cfg(not(unix))]
fn read_by_others(_: &File) -> io::Result<Option<u32>> {
    Ok(None)
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs::{self, Permissions};
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_secret_is_read_from_a_file_of_our_own() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        fs::write(&path, "hunter2").unwrap();
        for mode in [0o600, 0o400, 0o700] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            assert_eq!(*read_secret_file(&path, 7).unwrap(), b"hunter2");
        }
        for mode in [0o644, 0o640, 0o604, 0o602, 0o660] {
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
            let refused = read_secret_file(&path, 7).unwrap_err().to_string();
            assert!(refused.contains(&format!("{mode:04o}")), "{refused}");
        }
    }

    #[test]
    fn what_is_no_secret_is_refused_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let missing = read_secret_file(&path, 6).unwrap_err();
        assert!(matches!(missing, SecretFileError::Unreadable(_)), "{missing}");
        fs::write(&path, "hunter2").unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        let refused = read_secret_file(&path, 6).unwrap_err();
        assert_eq!(refused.to_string(), "it has more than 6 bytes");
    }
}
