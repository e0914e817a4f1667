//! Who signs: a key that is read or made when it is needed.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread;

use tidings_seal::Sealer;
use tracing::warn;

use super::{FolderError, SigningKey, folder};

/// The server's signing key, which is read or made on first use.
///
/// An empty server has nobody to sign for, and making a key takes longer than its start. So the
/// start makes none: whoever creates the first topic calls [`Signer::prepare`], and whoever needs
/// the key sooner waits for it.
#[derive(Debug)]
pub struct Signer {
    data_folder: PathBuf,
    /// What seals the key there.
    sealer: Option<Sealer>,
    key: OnceLock<Arc<SigningKey>>,
    /// Held while the key is read or made, so that this happens once.
    opening: Mutex<()>,
}

impl Signer {
    /// The purpose for which a data folder's key seals the signing key.
    pub const SEALED_FOR: &str = "signing key";

    /// A key that is kept in the folder `signing` of a data folder. Touches no file yet.
    #[must_use]
    pub fn in_data_folder(data_folder: &Path) -> Signer {
        let (key, opening) = (OnceLock::new(), Mutex::new(()));
        Signer { data_folder: data_folder.to_owned(), sealer: None, key, opening }
    }

    /// The same, sealed if there is a sealer: one for [`Signer::SEALED_FOR`].
    #[must_use]
    pub fn sealed_by(self, sealer: Option<Sealer>) -> Signer {
        Signer { sealer, ..self }
    }

    /// A key that was given.
    #[must_use]
    pub fn with_key(key: SigningKey) -> Signer {
        let key = OnceLock::from(Arc::new(key));
        Signer { data_folder: PathBuf::new(), sealer: None, key, opening: Mutex::new(()) }
    }

    /// The key, if it has been read or made already.
    #[must_use]
    pub fn ready(&self) -> Option<Arc<SigningKey>> {
        self.key.get().map(Arc::clone)
    }

    /// The key. The first call reads it or makes it, which takes up to some hundred milliseconds;
    /// others wait for that. After an error the next call tries again.
    ///
    /// # Errors
    ///
    /// [`FolderError`].
    pub fn key(&self) -> Result<Arc<SigningKey>, FolderError> {
        if let Some(key) = self.key.get() {
            return Ok(Arc::clone(key));
        }
        let _opening = self.opening.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = self.key.get() {
            return Ok(Arc::clone(key));
        }
        let key = Arc::new(folder::open(&self.data_folder, self.sealer.as_ref())?);
        Ok(Arc::clone(self.key.get_or_init(|| key)))
    }

    /// Reads or makes the key on a thread of its own, unless that has been done. An error is
    /// logged; whoever needs the key meets it again.
    pub fn prepare(self: &Arc<Self>) {
        if self.key.get().is_some() {
            return;
        }
        let signer = Arc::clone(self);
        let started = thread::Builder::new().name("signing-key".to_owned()).spawn(move || {
            if let Err(error) = signer.key() {
                warn!(%error, "there is no key to sign messages with");
            }
        });
        if let Err(error) = started {
            warn!(%error, "the signing key is made when it is needed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_written_before_the_key_is_needed_and_then_it_stays() {
        let folder = tempfile::tempdir().unwrap();
        let signer = Signer::in_data_folder(folder.path());
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);

        let key = signer.key().unwrap();
        assert!(Arc::ptr_eq(&key, &signer.key().unwrap()));
        let again = Signer::in_data_folder(folder.path()).key().unwrap();
        assert_eq!(again.to_pem(), key.to_pem());
    }

    #[test]
    fn preparing_and_asking_at_once_makes_one_key() {
        let folder = tempfile::tempdir().unwrap();
        let signer = Arc::new(Signer::in_data_folder(folder.path()));
        signer.prepare();
        let key = signer.key().unwrap();
        assert!(Arc::ptr_eq(&key, &signer.key().unwrap()));
    }

    #[test]
    fn after_an_error_the_next_call_tries_again() {
        let folder = tempfile::tempdir().unwrap();
        let in_the_way = folder.path().join("signing");
        std::fs::write(&in_the_way, "a file").unwrap();
        let signer = Signer::in_data_folder(folder.path());
        let error = signer.key().unwrap_err().to_string();
        assert!(error.contains("key.pem"), "{error}");
        std::fs::remove_file(&in_the_way).unwrap();
        signer.key().unwrap();
    }

    #[test]
    fn a_key_that_was_given_needs_no_folder() {
        let signer = Signer::with_key(SigningKey::generate().unwrap());
        signer.key().unwrap();
    }
}
