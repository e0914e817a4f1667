//! The key and the certificates, as files.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use thiserror::Error;

use super::authority::{self, Issued};
use super::{KeyError, SigningKey};

const FOLDER: &str = "signing";
/// What is being made. Renamed when it is whole, so `signing` is whole or not there.
const UNFINISHED: &str = "signing.new";

const CA_CERTIFICATE: &str = "ca.pem";
const CA_KEY: &str = "ca-key.pem";
const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";

/// Why the folder `signing` cannot be used.
#[derive(Debug, Error)]
pub enum FolderError {
    /// A file cannot be read or written.
    #[error("cannot {doing} {}: {source}", file.display())]
    Io {
        /// What was tried.
        doing: &'static str,
        /// With which file.
        file: PathBuf,
        /// What came of it.
        source: io::Error,
    },
    /// The files do not make a key. They are left as they are: who removes the folder gets a new
    /// key with the next start, and subscribers another certificate.
    #[error("the key in {} cannot be used: {source}", folder.display())]
    Key {
        /// Where the files are.
        folder: PathBuf,
        /// What is wrong with them.
        source: KeyError,
    },
}

/// Reads the key from a data folder, or makes one there.
///
/// # Errors
///
/// [`FolderError`]. What was not made whole is made again by the next call.
pub(super) fn open(data_folder: &Path) -> Result<SigningKey, FolderError> {
    let folder = data_folder.join(FOLDER);
    if !folder.try_exists().or_error("look for", &folder)? {
        make(data_folder, &folder)?;
    }
    let key = read(&folder.join(KEY))?;
    let certificate = read(&folder.join(CERTIFICATE))?;
    SigningKey::from_pem(&key, &certificate).map_err(|source| FolderError::Key { folder, source })
}

fn make(data_folder: &Path, folder: &Path) -> Result<(), FolderError> {
    let issued = authority::issue().map_err(|source| FolderError::Key {
        folder: folder.to_owned(),
        source: KeyError::NotGenerated(source),
    })?;
    fs::create_dir_all(data_folder).or_error("create", data_folder)?;
    let unfinished = data_folder.join(UNFINISHED);
    match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).or_error("remove", &unfinished);
        }
        _ => {}
    }
    make_folder(&unfinished).or_error("create", &unfinished)?;
    write_all(&unfinished, &issued)?;
    sync_folder(&unfinished)?;
    fs::rename(&unfinished, folder).or_error("rename", &unfinished)?;
    sync_folder(data_folder)
}

fn write_all(folder: &Path, issued: &Issued) -> Result<(), FolderError> {
    let files = [
        (CA_CERTIFICATE, &issued.ca_certificate, 0o644),
        (CA_KEY, &issued.ca_key, 0o600),
        (CERTIFICATE, &issued.certificate, 0o644),
        (KEY, &issued.key, 0o600),
    ];
    for (name, text, mode) in files {
        let path = folder.join(name);
        write(&path, text, mode).or_error("write", &path)?;
    }
    Ok(())
}

fn write(path: &Path, text: &str, mode: u32) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    private(&mut options, mode);
    let mut file = options.open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Nobody else may read a key, at no moment: the mode is given when the file is made.
#[cfg(unix)]
fn private(options: &mut OpenOptions, mode: u32) {
    std::os::unix::fs::OpenOptionsExt::mode(options, mode);
}

#[cfg(not(unix))]
fn private(_: &mut OpenOptions, _: u32) {}

fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn sync_folder(folder: &Path) -> Result<(), FolderError> {
    File::open(folder).and_then(|file| file.sync_all()).or_error("sync", folder)
}

fn read(path: &Path) -> Result<String, FolderError> {
    fs::read_to_string(path).or_error("read", path)
}

trait OrError<T> {
    fn or_error(self, doing: &'static str, file: &Path) -> Result<T, FolderError>;
}

impl<T> OrError<T> for io::Result<T> {
    fn or_error(self, doing: &'static str, file: &Path) -> Result<T, FolderError> {
        self.map_err(|source| FolderError::Io { doing, file: file.to_owned(), source })
    }
}

#[cfg(test)]
#[path = "folder_tests.rs"]
mod tests;
