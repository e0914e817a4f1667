//! Small files of the data folder: read whole, and replaced whole.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use crate::failure::OpenError;

/// A file's content, if it is there.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, OpenError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot("read", path)(error)),
    }
}

/// Writes a file that nobody else on the machine can read: after a crash it is there as it was or as
/// it is to be. Durable when this returns.
pub(crate) fn replace(folder: &Path, name: &str, content: &[u8]) -> Result<(), OpenError> {
    let (path, unfinished) = (folder.join(name), folder.join(format!("{name}.tmp")));
    write(&unfinished, content).map_err(cannot("write", &unfinished))?;
    fs::rename(&unfinished, &path).map_err(cannot("rename", &unfinished))?;
    sync(folder)
}

/// Removes a file that may not be there, durably.
pub(crate) fn remove(folder: &Path, name: &str) -> Result<(), OpenError> {
    let path = folder.join(name);
    match fs::remove_file(&path) {
        Ok(()) => sync(folder),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(cannot("remove", &path)(error)),
    }
}

fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    // A file that a crash left could have another mode.
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

fn sync(folder: &Path) -> Result<(), OpenError> {
    File::open(folder).and_then(|file| file.sync_all()).map_err(cannot("sync", folder))
}

/// An error of the operating system with what was tried.
pub(crate) fn cannot(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    let path = path.to_owned();
    move |source| OpenError::Folder { doing, path, source }
}
