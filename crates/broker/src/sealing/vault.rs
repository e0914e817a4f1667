//! The files `SEAL` and `master.key` of a data folder.
//!
//! `SEAL` holds the folder's own keys, sealed under the master key. Without a master key from outside
//! there is one in `master.key` beside it, so that secrets are sealed all the same and the day on
//! which a better place is found for it changes nothing but these two files.

use std::path::{Path, PathBuf};

use tidings_log::{FolderLock, Position};
use tidings_seal::{
    Envelope, EnvelopeError, Fingerprint, MasterKey, MasterKeyPlace, RootKey, RootKeys,
};
use zeroize::Zeroizing;

use super::keys::Keys;
use super::sealed_pair::Sealing;
use crate::entropy::Entropy;
use crate::failure::OpenError;
use crate::files;

const SEAL: &str = "SEAL";
const MASTER_KEY: &str = "master.key";
/// Where the log and its snapshots are.
pub(crate) const SHARD: &str = "shard-0";

/// Why a folder's keys cannot be had. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The folder is sealed, and there is no key.
    #[error(
        "{} is sealed under the master key {expected}, and none is configured: set \
         master-key-file, master-key-command or TIDINGS_MASTER_KEY",
        folder.display()
    )]
    NoKey {
        /// The folder.
        folder: PathBuf,
        /// The fingerprint of its master key.
        expected: Fingerprint,
    },
    /// The file `SEAL` cannot be opened: the wrong key, or damage.
    #[error("{} cannot be opened: {source}", file.display())]
    Envelope {
        /// The file.
        file: PathBuf,
        /// Why.
        source: EnvelopeError,
    },
    /// The folder was written by a release that made one, and it has no file `SEAL`.
    #[error(
        "{} is missing, and nothing that is sealed can be read without it: restore it from a \
         backup of this folder",
        file.display()
    )]
    NoEnvelope {
        /// The file.
        file: PathBuf,
    },
    /// The folder's own master key is missing or damaged.
    #[error(
        "{} is missing, or is no key, and the folder's secrets cannot be read without it: restore \
         it from a backup of this folder",
        file.display()
    )]
    NoKeyInFolder {
        /// The file.
        file: PathBuf,
    },
    /// There is a key, and the folder was written without one. Whoever can write to the disk could
    /// have put it there: to believe it is left to somebody who knows.
    #[error(
        "{} was not sealed when it was written, and a master key is configured. If you know that it \
         is yours, seal it with `tidings master-key change --data {} --new-master-key-file FILE`, \
         and start again. (Of a release without a file SEAL: start once without a key before that)",
        folder.display(),
        folder.display()
    )]
    NotSealed {
        /// The folder.
        folder: PathBuf,
    },
    /// The key that was given lies in the folder that it is to protect.
    #[error(
        "the master key that is configured is the one in {}: whoever has the folder has it too. \
         Make another with `tidings master-key new` and keep it elsewhere",
        file.display()
    )]
    KeyInFolder {
        /// The file.
        file: PathBuf,
    },
}

/// A data folder's keys, and what it takes to write them again.
pub(crate) struct Vault {
    folder: PathBuf,
    master: MasterKey,
    place: MasterKeyPlace,
    roots: RootKeys,
    log_sealed_from: Option<Position>,
    entropy: Entropy,
}

impl Vault {
    /// Opens the keys of a folder that this process holds, with the master key that is configured if
    /// there is one; makes them if there are none. `is_expected` says that there must be some.
    ///
    /// # Errors
    /// [`SealError`], with nothing changed; or a file cannot be read or written.
    pub(crate) fn open(
        folder: &Path,
        given: Option<&MasterKey>,
        is_expected: bool,
        entropy: &Entropy,
    ) -> Result<Self, OpenError> {
        let file = folder.join(SEAL);
        let found = files::read(&file)?;
        let folder = folder.to_owned();
        if let Some(given) = given {
            refuse_key_in_folder(&folder, given)?;
        }
        match found {
            None if is_expected => Err(SealError::NoEnvelope { file }.into()),
            None => Self::make(folder, given, entropy.clone()),
            Some(bytes) => {
                let envelope = Envelope::decode(&bytes).map_err(cannot_open(&file))?;
                Self::read(folder, &envelope, given, entropy.clone())
            }
        }
    }

    fn make(
        folder: PathBuf,
        given: Option<&MasterKey>,
        entropy: Entropy,
    ) -> Result<Self, OpenError> {
        if given.is_some() && folder.join(SHARD).exists() {
            return Err(SealError::NotSealed { folder }.into());
        }
        let (master, place) = match given {
            Some(given) => (given.clone(), MasterKeyPlace::Elsewhere),
            None => (make_master_key(&folder, &entropy)?, MasterKeyPlace::Folder),
        };
        let roots = RootKeys { secrets: draw(&entropy), content: draw(&entropy) };
        let vault = Self { folder, master, place, roots, log_sealed_from: None, entropy };
        vault.write()?;
        Ok(vault)
    }

    fn read(
        folder: PathBuf,
        envelope: &Envelope,
        given: Option<&MasterKey>,
        entropy: Entropy,
    ) -> Result<Self, OpenError> {
        let master = match (envelope.place, given) {
            (MasterKeyPlace::Elsewhere, Some(given)) => given.clone(),
            (MasterKeyPlace::Elsewhere, None) => {
                let expected = envelope.fingerprint;
                return Err(SealError::NoKey { folder, expected }.into());
            }
            (MasterKeyPlace::Folder, Some(_)) => {
                return Err(SealError::NotSealed { folder }.into());
            }
            (MasterKeyPlace::Folder, None) => read_master_key(&folder)?,
        };
        let file = folder.join(SEAL);
        let roots = envelope.open(&master).map_err(cannot_open(&file))?;
        let log_sealed_from = envelope.log_sealed_from.map(Position);
        let place = envelope.place;
        Ok(Self { folder, master, place, roots, log_sealed_from, entropy })
    }

    /// Goes over from the key in the folder to one that is kept elsewhere. What is sealed under it
    /// alone gets a new key: the old one may be in somebody's copy of the folder.
    fn take_out(&mut self, given: &MasterKey) -> Result<(), OpenError> {
        self.master = given.clone();
        self.place = MasterKeyPlace::Elsewhere;
        self.roots.content = draw(&self.entropy);
        self.write()?;
        files::remove(&self.folder, MASTER_KEY)
    }

    /// A key in the folder that opens nothing any more: a crash left it, or somebody put it there.
    pub(crate) fn useless_key(&self) -> Option<PathBuf> {
        let file = self.folder.join(MASTER_KEY);
        (self.place == MasterKeyPlace::Elsewhere && file.exists()).then_some(file)
    }

    /// The keys, for others.
    pub(crate) fn keys(&self) -> Keys {
        Keys::new(self.roots.clone(), self.is_to_be_sealed())
    }

    /// What seals the log and its snapshots, if that has begun.
    pub(crate) fn sealing(&self) -> Option<Sealing> {
        let from = self.log_sealed_from.filter(|_| self.is_to_be_sealed())?;
        Some(self.sealing_from(from))
    }

    /// Whether something was there already when sealing began.
    pub(crate) fn is_sealed_after(&self, first: Position) -> bool {
        self.log_sealed_from.is_some_and(|from| from > first)
    }

    /// What seals them from a position on.
    pub(crate) fn sealing_from(&self, from: Position) -> Sealing {
        Sealing::new(self.roots.content.clone(), from, self.entropy.clone())
    }

    /// Whether what is written is to be sealed.
    pub(crate) fn is_to_be_sealed(&self) -> bool {
        self.place == MasterKeyPlace::Elsewhere
    }

    /// Notes, durably, that the log is sealed from a position on, at which nothing was written yet.
    /// What lies before has to be in a snapshot that is sealed.
    pub(crate) fn seal_log_from(&mut self, from: Position) -> Result<(), OpenError> {
        self.write_with(Some(from))?;
        self.log_sealed_from = Some(from);
        Ok(())
    }

    fn write(&self) -> Result<(), OpenError> {
        self.write_with(self.log_sealed_from)
    }

    fn write_with(&self, from: Option<Position>) -> Result<(), OpenError> {
        let (from, nonce) = (from.map(|position| position.0), self.entropy.bytes());
        let envelope = Envelope::seal(&self.master, self.place, &self.roots, from, nonce);
        files::replace(&self.folder, SEAL, &envelope.encode())
    }
}

/// Seals a data folder under another master key: only the file `SEAL` is written again. `old` is the
/// key that opens it now, `None` if that lies in the folder itself. From then on it is sealed whole.
/// Returns the old key's fingerprint.
///
/// What was copied before is opened by the old key as before.
///
/// # Errors
/// If somebody has the folder, or `old` does not open it. Nothing has been changed then.
pub fn change_master_key(
    folder: &Path,
    old: Option<&MasterKey>,
    new: &MasterKey,
) -> Result<Fingerprint, OpenError> {
    let _lock = FolderLock::acquire(folder)?;
    refuse_key_in_folder(folder, new)?;
    let file = folder.join(SEAL);
    let Some(bytes) = files::read(&file)? else {
        return Err(SealError::NoEnvelope { file }.into());
    };
    let envelope = Envelope::decode(&bytes).map_err(cannot_open(&file))?;
    let entropy = Entropy::system();
    let mut vault = match envelope.place {
        // An old key that is given all the same is not the one in the folder: unless it is the new
        // one, which the server's settings name already.
        MasterKeyPlace::Folder => {
            if let Some(old) = old.filter(|old| old.fingerprint() != new.fingerprint()) {
                envelope.open(old).map_err(cannot_open(&file))?;
            }
            Vault::read(folder.to_owned(), &envelope, None, entropy)?
        }
        MasterKeyPlace::Elsewhere => Vault::read(folder.to_owned(), &envelope, old, entropy)?,
    };
    match vault.place {
        MasterKeyPlace::Folder => vault.take_out(new)?,
        MasterKeyPlace::Elsewhere => {
            vault.master = new.clone();
            vault.write()?;
        }
    }
    Ok(envelope.fingerprint)
}

/// Nobody is to keep the key beside what it protects, and to lose it when it is taken out.
fn refuse_key_in_folder(folder: &Path, given: &MasterKey) -> Result<(), SealError> {
    match read_master_key(folder) {
        Ok(own) if own.fingerprint() == given.fingerprint() => {
            Err(SealError::KeyInFolder { file: folder.join(MASTER_KEY) })
        }
        _ => Ok(()),
    }
}

fn draw(entropy: &Entropy) -> RootKey {
    let bytes = Zeroizing::new(entropy.bytes());
    RootKey::new(*bytes)
}

/// The key in the folder: one that a start left that came to its end before it had sealed anything,
/// or a new one.
fn make_master_key(folder: &Path, entropy: &Entropy) -> Result<MasterKey, OpenError> {
    let file = folder.join(MASTER_KEY);
    if let Some(left) = files::read(&file)?.map(Zeroizing::new) {
        // What is no key is somebody else's, and stays.
        return MasterKey::parse(&left).ok_or_else(|| SealError::NoKeyInFolder { file }.into());
    }
    let bytes = Zeroizing::new(entropy.bytes());
    let key = MasterKey::new(*bytes);
    let text = Zeroizing::new(format!("{}\n", *key.reveal()));
    files::replace(folder, MASTER_KEY, text.as_bytes())?;
    Ok(key)
}

fn read_master_key(folder: &Path) -> Result<MasterKey, OpenError> {
    let file = folder.join(MASTER_KEY);
    let text = files::read(&file)?.map(Zeroizing::new);
    let key = text.and_then(|text| MasterKey::parse(&text));
    key.ok_or_else(|| SealError::NoKeyInFolder { file }.into())
}

fn cannot_open(file: &Path) -> impl Fn(EnvelopeError) -> OpenError {
    let file = file.to_owned();
    move |source| SealError::Envelope { file: file.clone(), source }.into()
}
