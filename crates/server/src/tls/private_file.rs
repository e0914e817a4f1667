//! Files that appear whole or not at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

/// Puts a file in place of the one of that name, if there is one. Nobody else may read a key, at no
/// moment: the permissions are given when the file is made.
pub(crate) fn replace(file: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, mode);
    #[cfg(not(unix))]
    let _ = mode;
    let unfinished = file.with_extension("new");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut open = options.open(&unfinished)?;
    open.write_all(text.as_bytes())?;
    open.sync_all()?;
    fs::rename(&unfinished, file)
}
