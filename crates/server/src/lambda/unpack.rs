//! Unpacks archives, whatever is in them.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Cursor, Read};
use std::path::{Component, Path, PathBuf};

use tidings_lambda::{LambdaFault, limits};
use zip::ZipArchive;

use super::code::cannot;

/// Bytes in the path of a file within an archive.
const PATH_BYTES_MAX: usize = 1024;

/// What a file or folder takes of the disk at least, in bytes, and in what steps it grows.
const BLOCK_BYTES: u64 = 4096;

const NO_ZIP: &str =
    "Could not unzip uploaded file. Please check your file, then try to upload again.";

/// Unpacks an archive into a folder that is not there yet. Returns what that takes of the disk, in bytes.
///
/// # Errors
/// InvalidParameterValueException if it is none, has too much in it, or what would lie elsewhere.
/// ServiceException if it cannot be written.
pub(super) fn unpack(zip: &[u8], folder: &Path) -> Result<u64, LambdaFault> {
    let invalid = |_| LambdaFault::parameter(NO_ZIP);
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(invalid)?;
    if archive.is_empty() {
        return Err(LambdaFault::parameter("Uploaded file must be a non-empty zip"));
    }
    if archive.len() > limits::CODE_FILES_MAX {
        return Err(too_many());
    }
    let mut folders = Folders::default();
    let mut disk_bytes = BLOCK_BYTES;
    fs::create_dir(folder).map_err(|error| cannot("kept", &error))?;
    let mut left = limits::CODE_UNPACKED_BYTES_MAX;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(invalid)?;
        let name = entry.name().map_err(invalid)?.into_owned();
        let path = inner_path(&name).ok_or_else(|| {
            LambdaFault::parameter("The archive has a path in it that leads out of its folder.")
        })?;
        // A link could lead anywhere, and devices and pipes have no business here.
        let kind = entry.unix_mode().unwrap_or(0) & 0o170_000;
        if !matches!(kind, 0 | 0o040_000 | 0o100_000) {
            return Err(LambdaFault::parameter(format!(
                "The archive has something in it that is neither a file nor a folder: {}",
                &name[..name.floor_char_boundary(PATH_BYTES_MAX)]
            )));
        }
        let to = folder.join(&path);
        let inner = if entry.is_dir() { Some(&*path) } else { path.parent() };
        disk_bytes += folders.add(inner.unwrap_or(Path::new("")))? * BLOCK_BYTES;
        if entry.is_dir() {
            fs::create_dir_all(&to).map_err(|error| cannot_make(&error))?;
            continue;
        }
        if let Some(parent) = to.parent() {
            fs::create_dir_all(parent).map_err(|error| cannot_make(&error))?;
        }
        let executable = entry.unix_mode().unwrap_or(0) & 0o111 != 0;
        // What an archive says of its sizes need not be true: what comes out is counted.
        let mut file = create(&to, executable)?;
        let copied = io::copy(&mut entry.by_ref().take(left + 1), &mut file);
        let copied = copied.map_err(|error| match error.kind() {
            io::ErrorKind::StorageFull => cannot("kept", &error),
            _ => LambdaFault::parameter(NO_ZIP),
        })?;
        left = left.checked_sub(copied).ok_or_else(|| {
            let most = limits::CODE_UNPACKED_BYTES_MAX;
            LambdaFault::parameter(format!("Unzipped size must be smaller than {most} bytes"))
        })?;
        disk_bytes += copied.max(1).next_multiple_of(BLOCK_BYTES);
    }
    Ok(disk_bytes)
}

/// The folders that an archive makes, said or not: a path may have hundreds in it.
#[derive(Default)]
struct Folders(BTreeSet<PathBuf>);

impl Folders {
    /// Adds a folder and those around it. Returns how many of them are new.
    fn add(&mut self, path: &Path) -> Result<u64, LambdaFault> {
        let mut new = 0;
        for folder in path.ancestors().filter(|folder| !folder.as_os_str().is_empty()) {
            if !self.0.insert(folder.to_owned()) {
                break;
            }
            new += 1;
            if self.0.len() > limits::CODE_FILES_MAX {
                return Err(too_many());
            }
        }
        Ok(new)
    }
}

fn too_many() -> LambdaFault {
    LambdaFault::parameter(format!(
        "The archive has more than {} files or folders.",
        limits::CODE_FILES_MAX
    ))
}

/// A path within the folder, whatever the archive calls it; `None` if it leads elsewhere.
fn inner_path(name: &str) -> Option<PathBuf> {
    if name.is_empty() || name.len() > PATH_BYTES_MAX || name.contains(['\0', '\\']) {
        return None;
    }
    let mut path = PathBuf::new();
    for component in Path::new(name).components() {
        match component {
            Component::Normal(part) => path.push(part),
            Component::CurDir => {}
            Component::ParentDir | Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(path)
}

/// A new file. One that is there already is in the archive twice.
fn create(path: &Path, executable: bool) -> Result<File, LambdaFault> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, if executable { 0o755 } else { 0o644 });
    #[cfg(not(unix))]
    let _ = executable;
    options.open(path).map_err(|error| cannot_make(&error))
}

/// A file or folder of an archive cannot be made: for most reasons that is the archive's fault.
fn cannot_make(error: &io::Error) -> LambdaFault {
    use io::ErrorKind as K;
    match error.kind() {
        K::AlreadyExists | K::IsADirectory | K::NotADirectory => {
            LambdaFault::parameter("The archive has two files of one name in it.")
        }
        K::InvalidFilename => {
            LambdaFault::parameter("The archive has a name in it that is too long.")
        }
        _ => cannot("kept", error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_count_once_each_and_are_so_many_at_most() {
        let mut folders = Folders::default();
        for (path, new) in [("a/b/c", 3), ("a/b", 0), ("a/b/d", 1), ("", 0), ("e", 1)] {
            assert_eq!(folders.add(Path::new(path)).unwrap(), new, "{path}");
        }
        let deep = |n: usize| PathBuf::from(format!("{n}/").repeat(200));
        let refused = (0..1000).find(|n| folders.add(&deep(*n)).is_err());
        assert_eq!(refused, Some((limits::CODE_FILES_MAX - 5) / 200));
    }
}
