//! From a folder to an archive.

use std::fs;
use std::io::{self, Cursor, Write};
use std::path::{Path, PathBuf};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::arguments::CodeArguments;

/// Why there is no archive.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ArchiveError {
    #[error("cannot read {}", .path.display())]
    Unreadable { path: PathBuf, source: io::Error },
    #[error("{} is neither a file nor a folder: archives of functions have no links", .0.display())]
    NoFile(PathBuf),
    #[error("{} has a name that is not UTF-8", .0.display())]
    BadName(PathBuf),
    #[error("cannot make an archive")]
    Unwritten(#[from] zip::result::ZipError),
}

impl CodeArguments {
    /// The archive.
    pub(super) fn read(&self) -> Result<Vec<u8>, ArchiveError> {
        match (&self.zip, &self.folder) {
            (Some(path), _) | (None, Some(path)) => of_path(path),
            // The command line has one of them.
            (None, None) => Ok(Vec::new()),
        }
    }
}

/// The archive of a folder, or the one that a file is.
pub(crate) fn of_path(path: &Path) -> Result<Vec<u8>, ArchiveError> {
    match path.is_dir() {
        true => of_folder(path),
        false => fs::read(path).map_err(unreadable(path)),
    }
}

fn unreadable(path: &Path) -> impl FnOnce(io::Error) -> ArchiveError {
    let path = path.to_owned();
    |source| ArchiveError::Unreadable { path, source }
}

/// Files in the order of their names, and without their times: the same folder makes the same archive.
fn of_folder(folder: &Path) -> Result<Vec<u8>, ArchiveError> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let mut left = vec![folder.to_owned()];
    while let Some(path) = left.pop() {
        // A link to the folder itself is followed, none within it.
        let metadata = if path == folder { fs::metadata(&path) } else { path.symlink_metadata() };
        let metadata = metadata.map_err(unreadable(&path))?;
        if metadata.is_dir() {
            let entries = fs::read_dir(&path).map_err(unreadable(&path))?;
            let entries = entries.map(|entry| entry.map(|entry| entry.path()));
            let mut entries = entries.collect::<Result<Vec<_>, _>>().map_err(unreadable(&path))?;
            entries.sort_unstable_by(|one, other| other.cmp(one));
            left.append(&mut entries);
            continue;
        }
        if !metadata.is_file() {
            return Err(ArchiveError::NoFile(path));
        }
        let inner = path.strip_prefix(folder).unwrap_or(&path);
        let name = inner.to_str().ok_or_else(|| ArchiveError::BadName(path.clone()))?;
        let options = SimpleFileOptions::default().unix_permissions(mode(&metadata));
        writer.start_file(name.replace('\\', "/"), options)?;
        let bytes = fs::read(&path).map_err(unreadable(&path))?;
        writer.write_all(&bytes).map_err(unreadable(&path))?;
    }
    Ok(writer.finish()?.into_inner())
}

#[cfg(unix)]
fn mode(metadata: &fs::Metadata) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    if metadata.permissions().mode() & 0o111 == 0 { 0o644 } else { 0o755 }
}

#[cfg(not(unix))]
fn mode(_: &fs::Metadata) -> u32 {
    0o755
}

#[cfg(test)]
mod tests {
    use std::io::Read;

    use zip::ZipArchive;

    use super::*;

    #[test]
    fn a_folder_makes_the_same_archive_again() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("lib")).unwrap();
        fs::write(folder.path().join("lib/data"), "x").unwrap();
        fs::write(folder.path().join("bootstrap"), "#!/bin/sh\n").unwrap();
        let archive = of_folder(folder.path()).unwrap();
        assert_eq!(of_folder(folder.path()).unwrap(), archive);
        let mut archive = ZipArchive::new(Cursor::new(archive)).unwrap();
        assert_eq!(archive.len(), 2);
        let mut text = String::new();
        archive.by_name("lib/data").unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "x");
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink("/etc/hostname", folder.path().join("link")).unwrap();
        assert!(matches!(of_folder(folder.path()), Err(ArchiveError::NoFile(_))));
    }
}
