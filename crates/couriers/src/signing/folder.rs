//! The key and the certificates, as files. In a data folder that is sealed, keys are too: then their
//! files have other names. Certificates are for everybody.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use thiserror::Error;
use tidings_seal::Sealer;
use zeroize::Zeroizing;

use super::authority::{self, Issued};
use super::{KeyError, SigningKey};

const FOLDER: &str = "signing";
/// What is being made. Renamed when it is whole, so `signing` is whole or not there.
const UNFINISHED: &str = "signing.new";

const CA_CERTIFICATE: &str = "ca.pem";
const CA_KEY: &str = "ca-key.pem";
const CERTIFICATE: &str = "certificate.pem";
const KEY: &str = "key.pem";
/// A key's file begins with its name, and ends with this if it is sealed.
const SEALED: &str = ".sealed";

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
    /// A sealed file does not open. It is left as it is.
    #[error(
        "{} is damaged, or was sealed in another data folder: restore it from a backup, or remove \
         the folder that it is in to get a new key",
        file.display()
    )]
    Sealed {
        /// The file.
        file: PathBuf,
    },
}

/// Reads the key from a data folder, or makes one there. With a sealer, keys that lie there as they
/// are get sealed: those of an earlier start, and those that an operator has put there.
///
/// # Errors
///
/// [`FolderError`]. What was not made whole is made again by the next call.
pub(super) fn open(data_folder: &Path, sealer: Option<&Sealer>) -> Result<SigningKey, FolderError> {
    let folder = data_folder.join(FOLDER);
    if !folder.try_exists().or_error("look for", &folder)? {
        make(data_folder, &folder, sealer)?;
    }
    let key = match sealer {
        None => Zeroizing::new(read(&folder.join(KEY))?),
        Some(sealer) => {
            seal_what_is_not(&folder, CA_KEY, sealer)?;
            seal_what_is_not(&folder, KEY, sealer)?;
            read_sealed(&folder, KEY, sealer)?
        }
    };
    let certificate = read(&folder.join(CERTIFICATE))?;
    SigningKey::from_pem(&key, &certificate).map_err(|source| FolderError::Key { folder, source })
}

/// Seals the keys that lie in a data folder as they are, whether anybody needs them or not: what an
/// earlier start has left there, before the data folder was sealed.
///
/// # Errors
///
/// [`FolderError`]. What was not sealed is sealed by the next call.
pub fn seal_keys_in(data_folder: &Path, sealer: &Sealer) -> Result<(), FolderError> {
    let unfinished = data_folder.join(UNFINISHED);
    match fs::remove_dir_all(&unfinished) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        removed => removed.or_error("remove", &unfinished)?,
    }
    let folder = data_folder.join(FOLDER);
    seal_what_is_not(&folder, CA_KEY, sealer)?;
    seal_what_is_not(&folder, KEY, sealer)
}

/// Seals a key that lies in the folder as it is, in place of one that was sealed before.
fn seal_what_is_not(folder: &Path, name: &str, sealer: &Sealer) -> Result<(), FolderError> {
    let plain = folder.join(name);
    let key = match fs::read(&plain).map(Zeroizing::new) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        read => read.or_error("read", &plain)?,
    };
    let (sealed, unfinished) = (sealed_file(folder, name), folder.join(format!("{name}.tmp")));
    remove_if_there(&unfinished)?;
    write(&unfinished, &seal(sealer, name, &key), 0o600).or_error("write", &unfinished)?;
    fs::rename(&unfinished, &sealed).or_error("rename", &unfinished)?;
    sync_folder(folder)?;
    remove_if_there(&plain)?;
    sync_folder(folder)
}

fn read_sealed(
    folder: &Path,
    name: &str,
    sealer: &Sealer,
) -> Result<Zeroizing<String>, FolderError> {
    let file = sealed_file(folder, name);
    let sealed = fs::read(&file).or_error("read", &file)?;
    let opened = sealer.open(name.as_bytes(), &sealed);
    let text = opened.and_then(|key| std::str::from_utf8(&key).ok().map(str::to_owned));
    text.map(Zeroizing::new).ok_or(FolderError::Sealed { file })
}

fn seal(sealer: &Sealer, name: &str, key: &[u8]) -> Vec<u8> {
    sealer.seal(name.as_bytes(), key, rand::random())
}

fn sealed_file(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{SEALED}"))
}

fn remove_if_there(path: &Path) -> Result<(), FolderError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.or_error("remove", path),
    }
}

fn make(data_folder: &Path, folder: &Path, sealer: Option<&Sealer>) -> Result<(), FolderError> {
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
    write_all(&unfinished, &issued, sealer)?;
    sync_folder(&unfinished)?;
    fs::rename(&unfinished, folder).or_error("rename", &unfinished)?;
    sync_folder(data_folder)
}

fn write_all(folder: &Path, issued: &Issued, sealer: Option<&Sealer>) -> Result<(), FolderError> {
    let certificates =
        [(CA_CERTIFICATE, &issued.ca_certificate), (CERTIFICATE, &issued.certificate)];
    for (name, text) in certificates {
        let path = folder.join(name);
        write(&path, text.as_bytes(), 0o644).or_error("write", &path)?;
    }
    for (name, text) in [(CA_KEY, &issued.ca_key), (KEY, &issued.key)] {
        match sealer {
            None => {
                let path = folder.join(name);
                write(&path, text.as_bytes(), 0o600).or_error("write", &path)?;
            }
            Some(sealer) => {
                let path = sealed_file(folder, name);
                let sealed = seal(sealer, name, text.as_bytes());
                write(&path, &sealed, 0o600).or_error("write", &path)?;
            }
        }
    }
    Ok(())
}

fn write(path: &Path, content: &[u8], mode: u32) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    private(&mut options, mode);
    let mut file = options.open(path)?;
    file.write_all(content)?;
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
