//! Private keys that the server has made or was given by an authority, in the data folder: sealed
//! where that is. Then their files have other names.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tidings_broker::Broker;
use tidings_seal::Sealer;
use zeroize::Zeroizing;

use super::development;
use super::private_file::{UNFINISHED, remove_if_there, replace};
use crate::acme;

/// The purpose for which a data folder's key seals them.
const SEALED_FOR: &str = "keys of TLS";

/// A key's file begins with its name, and ends with this if it is sealed.
const SEALED: &str = "sealed";

/// Reads and writes private keys of TLS and of accounts at authorities. Cheap to clone.
#[derive(Clone, Default, Debug)]
pub struct KeptKeys(Option<Arc<Sealer>>);

impl KeptKeys {
    /// Sealed if the broker's data folder is.
    pub fn of(broker: &Broker) -> Self {
        Self(broker.keys().content(SEALED_FOR).map(Arc::new))
    }

    /// Seals the keys that lie in a data folder as they are, whether anybody needs them or not: what
    /// an earlier start has left there, before the data folder was sealed. Nothing if it is not.
    ///
    /// # Errors
    /// A file cannot be read or written. What was not sealed is sealed by the next call.
    pub fn seal_in(&self, data: &Path) -> io::Result<()> {
        if self.0.is_none() {
            return Ok(());
        }
        development::remove_unfinished(data)?;
        for file in development::keys_in(data).into_iter().chain(acme::keys_in(data)?) {
            remove_if_there(&file.with_extension(UNFINISHED))?;
            if let Some(key) = read_if_there(&file)? {
                self.write(&file, &key)?;
            }
        }
        Ok(())
    }

    /// Puts a key in place of the one of that name, if there is one. Nobody else can read it.
    pub(crate) fn write(&self, file: &Path, key: &[u8]) -> io::Result<()> {
        let Some(sealer) = &self.0 else { return replace(file, key, 0o600) };
        let sealed = sealer.seal(context(file), key, rand::random());
        replace(&sealed_file(file), &sealed, 0o600)?;
        remove_if_there(file)
    }

    /// A key: one that lies there as it is, such as an operator's, or else one that was sealed.
    pub(crate) fn read(&self, file: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
        if let Some(key) = read_if_there(file)? {
            return Ok(key);
        }
        let sealed = read_if_there(&sealed_file(file))?.ok_or(io::ErrorKind::NotFound)?;
        let opened = self.0.as_ref().and_then(|sealer| sealer.open(context(file), &sealed));
        opened.ok_or_else(|| {
            io::Error::other(
                "it is sealed, and is damaged or was sealed in another data folder: restore it from \
                 a backup, or remove the folder that it is in to get a new key",
            )
        })
    }

    /// Whether there is a key, sealed or not.
    pub(crate) fn has(&self, file: &Path) -> bool {
        file.exists() || sealed_file(file).exists()
    }
}

fn sealed_file(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(SEALED);
    file.with_file_name(name)
}

/// Each key is sealed for what it is.
fn context(file: &Path) -> &[u8] {
    file.file_name().unwrap_or_default().as_encoded_bytes()
}

fn read_if_there(file: &Path) -> io::Result<Option<Zeroizing<Vec<u8>>>> {
    match fs::read(file) {
        Ok(key) => Ok(Some(Zeroizing::new(key))),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
#[path = "kept_keys_tests.rs"]
mod tests;
