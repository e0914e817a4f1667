//! Files that appear whole or not at all.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// What a file's name ends with until it is whole.
pub(crate) const UNFINISHED: &str = "new";

/// Puts a file in place of the one of that name, if there is one. Nobody else may read a key, at no
/// moment: the permissions are given when the file is made. Durable when this returns.
pub(crate) fn replace(file: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let unfinished = file.with_extension(UNFINISHED);
    remove_if_there(&unfinished)?;
    let mut open = options.open(&unfinished)?;
    open.write_all(content)?;
    open.sync_all()?;
    fs::rename(&unfinished, file)?;
    file.parent().map_or(Ok(()), |folder| File::open(folder)?.sync_all())
}

/// Removes a file that may not be there.
pub(super) fn remove_if_there(file: &Path) -> io::Result<()> {
    match fs::remove_file(file) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
