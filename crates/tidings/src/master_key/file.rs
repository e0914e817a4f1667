//! A key in a file that nobody else may read.

use std::io;
use std::path::{Path, PathBuf};

use tidings_couriers::{SecretFileError, read_secret_file};
use tidings_seal::MasterKey;

use super::source::parse;

/// More than any form of a key takes.
const FILE_BYTES_MAX: u64 = 1024;

/// Why a file gives no key.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FileError {
    #[error("cannot read the master key from {}", .path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error(
        "{} can be read by others (mode {mode:04o}): nobody but this server's user may read a \
         master key; chmod 600 it",
        .path.display()
    )]
    ReadByOthers { path: PathBuf, mode: u32 },
    #[error(
        "{} lies in the data folder that it is to protect: whoever has the folder has the key too. \
         Keep it elsewhere",
        .path.display()
    )]
    InDataFolder { path: PathBuf },
    #[error(
        "{} holds no key: a key is 64 hexadecimal digits, or 32 bytes in base64",
        .path.display()
    )]
    NoKey { path: PathBuf },
}

/// Reads the key that is to seal a data folder.
pub(super) fn read(path: &Path, data: &Path) -> Result<MasterKey, FileError> {
    let own = || path.to_owned();
    if is_within(path, data) {
        return Err(FileError::InDataFolder { path: own() });
    }
    let text = read_secret_file(path, FILE_BYTES_MAX).map_err(|error| match error {
        SecretFileError::Unreadable(source) => FileError::Unreadable { path: own(), source },
        SecretFileError::ReadByOthers(mode) => FileError::ReadByOthers { path: own(), mode },
        SecretFileError::TooLong(_) => FileError::NoKey { path: own() },
    })?;
    parse(&text).ok_or_else(|| FileError::NoKey { path: own() })
}

fn is_within(path: &Path, data: &Path) -> bool {
    match (path.canonicalize(), data.canonicalize()) {
        (Ok(path), Ok(data)) => path.starts_with(data),
        // A folder that is not there yet holds no key.
        _ => false,
    }
}

#[cfg(all(test, unix))]
mod tests {
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn file(folder: &Path, text: &str, mode: u32) -> PathBuf {
        let path = folder.join("key");
        fs::write(&path, text).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        path
    }

    #[test]
    fn a_key_is_read_from_a_file_of_our_own() {
        let folder = tempfile::tempdir().unwrap();
        let text = format!("{}\n", "ab".repeat(32));
        for mode in [0o600, 0o400, 0o700] {
            let path = file(folder.path(), &text, mode);
            let key = read(&path, Path::new("elsewhere")).unwrap();
            assert_eq!(key.fingerprint(), MasterKey::new([0xab; 32]).fingerprint());
            fs::remove_file(path).unwrap();
        }
    }

    #[test]
    fn a_file_that_others_can_read_or_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        for mode in [0o644, 0o640, 0o604, 0o602, 0o660] {
            let path = file(folder.path(), &"ab".repeat(32), mode);
            let refused = read(&path, Path::new("elsewhere")).unwrap_err().to_string();
            assert!(refused.contains(&format!("{mode:04o}")), "{refused}");
        }
    }

    #[test]
    fn a_file_without_a_key_is_named_and_not_shown() {
        let folder = tempfile::tempdir().unwrap();
        for text in ["", "hunter2", &"ab".repeat(40), &"x".repeat(1 << 20)] {
            let path = file(folder.path(), text, 0o600);
            let refused = read(&path, Path::new("elsewhere")).unwrap_err();
            assert!(matches!(refused, FileError::NoKey { .. }));
            assert!(!refused.to_string().contains("hunter2"), "{refused}");
        }
        let missing = read(&folder.path().join("none"), Path::new("elsewhere")).unwrap_err();
        assert!(matches!(missing, FileError::Unreadable { .. }));
    }

    #[test]
    fn a_file_in_the_data_folder_is_refused() {
        let data = tempfile::tempdir().unwrap();
        let path = file(data.path(), &"ab".repeat(32), 0o600);
        let refused = read(&path, data.path()).unwrap_err();
        assert!(matches!(refused, FileError::InDataFolder { .. }), "{refused}");
    }
}
