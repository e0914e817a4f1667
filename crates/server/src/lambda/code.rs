//! Where the code of functions lies: archives under their digests, each unpacked beside.
//!
//! ```text
//!   functions/code/DIGEST.zip      as it was sent
//!   functions/code/DIGEST/         unpacked: what processes read
//! ```
//!
//! It is not sealed, even with a master key: processes have to read it, and those run as they are.
//! Secrets belong in environment variables, which are in the log.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use tidings_core::hex;
use tidings_lambda::{Code, LambdaCode, LambdaFault, limits};
use tracing::{debug, error, warn};

use super::unpack::unpack;

/// Archives and what was in them.
pub(super) struct CodeStore {
    folder: PathBuf,
    state: Mutex<State>,
    /// Whose turn it is to unpack what an invocation needs.
    unpacking: Mutex<()>,
}

/// What is known of what lies there. By digests.
#[derive(Default)]
struct State {
    /// Bytes of archives.
    archives: BTreeMap<String, u64>,
    /// Bytes of what was in them, of those that are unpacked.
    unpacked: BTreeMap<String, u64>,
    /// What requests that are under way bring.
    claims: BTreeMap<String, Claims>,
    /// What nothing needed when it was looked at last: gone if nothing does the next time either.
    idle: BTreeSet<String>,
}

/// Requests that bring the same archive.
#[derive(Default)]
struct Claims {
    count: usize,
    /// Whether it was not there before.
    is_new: bool,
}

/// How the names of folders and archives end while they are being written.
const UNFINISHED: &str = "unfinished";

impl CodeStore {
    /// Unpacked code of an earlier run goes, and is unpacked again when it is needed: only archives
    /// are certain to be whole after a crash.
    ///
    /// # Errors
    /// If the folder cannot be made or read, or there is code in it that cannot be put aside.
    pub(super) fn open(folder: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(&folder)?;
        private(&folder)?;
        let mut state = State::default();
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let mut path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
            if let Some(digest) = name.strip_suffix(".zip").filter(|it| is_digest(it)) {
                state.archives.insert(digest.to_owned(), entry.metadata()?.len());
            }
            if is_digest(&name) && entry.file_type()?.is_dir() {
                let aside = unfinished(&folder, &name);
                fs::rename(&path, &aside)?;
                path = aside;
            }
            if path.extension().is_some_and(|extension| extension == UNFINISHED)
                && let Err(error) = remove(&path)
            {
                // Functions run as our user, and may have locked it. Nobody reads it any more.
                warn!("cannot remove {}: {error}", path.display());
            }
        }
        Ok(Self { folder, state: Mutex::new(state), unpacking: Mutex::default() })
    }

    /// Keeps an archive, and claims it until it is [released](Self::release). Blocks on the disk.
    ///
    /// # Errors
    /// InvalidParameterValueException if it is none, is too large unpacked, or has in it what would lie
    /// outside of its folder, or is neither a file nor a folder. CodeStorageExceededException if
    /// there is too much already that no function in `needed` needs. ServiceException if it cannot
    /// be kept. Then nothing is claimed.
    pub(super) fn keep(&self, zip: &[u8], needed: &BTreeSet<String>) -> Result<Code, LambdaFault> {
        if zip.len() > limits::CODE_ZIP_BYTES_MAX {
            let text =
                format!("Zipped size must be smaller than {} bytes", limits::CODE_ZIP_BYTES_MAX);
            return Err(LambdaFault::new(LambdaCode::RequestTooLarge, text));
        }
        let digest = Sha256::digest(zip);
        let (sha256, bytes) = (STANDARD.encode(digest), zip.len() as u64);
        let name = hex::lower(digest.as_ref());
        if self.state().unneeded_bytes(needed) > limits::CODE_UNNEEDED_BYTES_MAX {
            let text =
                "Code storage limit exceeded: code that was replaced is removed within two hours.";
            return Err(LambdaFault::new(LambdaCode::CodeStorageExceeded, text));
        }
        self.claim(&name);
        match self.keep_claimed(zip, &name) {
            Ok(unpacked_bytes) => Ok(Code { sha256, bytes, unpacked_bytes }),
            Err(fault) => {
                self.release_named(&name, || false);
                Err(fault)
            }
        }
    }

    fn claim(&self, name: &str) {
        let mut state = self.state();
        state.idle.remove(name);
        let is_new = !state.archives.contains_key(name);
        let claims = state.claims.entry(name.to_owned()).or_default();
        claims.count += 1;
        claims.is_new |= is_new;
    }

    /// Returns how many bytes it has unpacked.
    fn keep_claimed(&self, zip: &[u8], name: &str) -> Result<u64, LambdaFault> {
        let there = {
            let state = self.state();
            state.unpacked.get(name).copied().filter(|_| state.archives.contains_key(name))
        };
        if let Some(bytes) = there.filter(|_| self.folder.join(name).exists()) {
            return Ok(bytes);
        }
        let bytes = self.unpack(zip, name)?;
        let unfinished = unfinished(&self.folder, &format!("{name}.zip"));
        let write = || {
            let mut file = File::create(&unfinished)?;
            file.write_all(zip)?;
            file.sync_all()?;
            fs::rename(&unfinished, self.archive(name))?;
            File::open(&self.folder)?.sync_all()
        };
        if let Err(error) = write() {
            let _ = remove(&unfinished);
            return Err(cannot("kept", &error));
        }
        self.state().archives.insert(name.to_owned(), zip.len() as u64);
        Ok(bytes)
    }

    /// A request that brought code is over. What it brought goes, unless it was there before, or a
    /// function needs it by now, or another request brings it, too. Blocks on the disk.
    pub(super) fn release(&self, code: &Code, is_needed: impl FnOnce() -> bool) {
        if let Some(name) = name_of(code) {
            self.release_named(&name, is_needed);
        }
    }

    fn release_named(&self, name: &str, is_needed: impl FnOnce() -> bool) {
        let mut state = self.state();
        let Some(claims) = state.claims.get_mut(name) else { return };
        claims.count -= 1;
        if claims.count > 0 {
            return;
        }
        let is_new = claims.is_new;
        state.claims.remove(name);
        // Asked while nobody can claim it.
        if is_new && !is_needed() {
            self.remove_all_of(&mut state, name);
        }
    }

    /// The folder with a function's code; unpacked again if it is not there. Blocks on the disk.
    ///
    /// # Errors
    /// ServiceException if it cannot be, or there is no archive.
    pub(super) fn folder_of(&self, code: &Code) -> Result<PathBuf, LambdaFault> {
        let name = name_of(code).ok_or_else(|| LambdaFault::new(LambdaCode::Service, NO_CODE))?;
        let unpacked = self.folder.join(&name);
        if unpacked.exists() {
            return Ok(unpacked);
        }
        // One at a time: all who invoke a function come at once.
        let _turn = self.unpacking.lock().unwrap_or_else(PoisonError::into_inner);
        if !unpacked.exists() {
            let zip = fs::read(self.archive(&name)).map_err(|error| cannot("read", &error))?;
            self.unpack(&zip, &name)?;
        }
        Ok(unpacked)
    }

    /// Removes what nothing needs now, nor needed when it was looked at last: what was kept a moment
    /// ago may be needed in a moment. Blocks on the disk.
    pub(super) fn sweep(&self, needed: &BTreeSet<String>) {
        let needed: BTreeSet<String> =
            needed.iter().filter_map(|sha256| digest_of(sha256)).collect();
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let names = entries.flatten().filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let digest = name.strip_suffix(".zip").unwrap_or(&name);
            is_digest(digest).then(|| digest.to_owned())
        });
        let mut unneeded: BTreeSet<String> = names.filter(|name| !needed.contains(name)).collect();
        let mut state = self.state();
        unneeded.retain(|name| !state.claims.contains_key(name));
        let gone: Vec<String> = unneeded.intersection(&state.idle).cloned().collect();
        for name in &gone {
            self.remove_all_of(&mut state, name);
        }
        unneeded.retain(|name| !gone.contains(name));
        state.idle = unneeded;
    }

    fn remove_all_of(&self, state: &mut State, name: &str) {
        let removed = |path: PathBuf| {
            let removed = remove(&path);
            if let Err(error) = &removed {
                error!("cannot remove {}: {error}", path.display());
            }
            removed.is_ok()
        };
        // What is still there still counts.
        if removed(self.archive(name)) {
            state.archives.remove(name);
        }
        if removed(self.folder.join(name)) {
            state.unpacked.remove(name);
            debug!("removed code that no function needs: {name}");
        }
    }

    fn archive(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.zip"))
    }

    /// Unpacks into a folder that gets its name when all is there. Returns what it takes of the disk.
    fn unpack(&self, zip: &[u8], name: &str) -> Result<u64, LambdaFault> {
        let unfinished = unfinished(&self.folder, name);
        let unpacked = unpack(zip, &unfinished).and_then(|bytes| {
            let into = self.folder.join(name);
            match fs::rename(&unfinished, &into) {
                // Another request was faster, with the same archive.
                Err(_) if into.exists() => remove(&unfinished).map_err(|it| cannot("kept", &it)),
                renamed => renamed.map_err(|error| cannot("kept", &error)),
            }?;
            Ok(bytes)
        });
        match unpacked {
            Ok(bytes) => {
                self.state().unpacked.insert(name.to_owned(), bytes);
            }
            Err(_) => {
                let _ = remove(&unfinished);
            }
        }
        unpacked
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What the disk has that no function needs, nor brings a request that is under way.
    fn unneeded_bytes(&self, needed: &BTreeSet<String>) -> u64 {
        let needed: BTreeSet<String> =
            needed.iter().filter_map(|sha256| digest_of(sha256)).collect();
        let all = self.archives.iter().chain(&self.unpacked);
        let unneeded =
            all.filter(|(name, _)| !needed.contains(*name) && !self.claims.contains_key(*name));
        unneeded.map(|(_, bytes)| bytes).sum()
    }
}

fn is_digest(name: &str) -> bool {
    name.len() == 64 && name.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// A path beside one of this name that nobody reads, and nobody else writes.
fn unfinished(folder: &Path, name: &str) -> PathBuf {
    let number: u64 = rand::random();
    folder.join(format!("{name}-{number:x}.{UNFINISHED}"))
}

const NO_CODE: &str = "The code of the function cannot be found.";

fn name_of(code: &Code) -> Option<String> {
    digest_of(&code.sha256)
}

fn digest_of(sha256: &str) -> Option<String> {
    let digest = STANDARD.decode(sha256).ok()?;
    Some(hex::lower(&digest))
}

pub(super) fn cannot(what: &str, error: &io::Error) -> LambdaFault {
    error!("the code of a function cannot be {what}: {error}");
    LambdaFault::new(LambdaCode::Service, format!("The code of the function cannot be {what}."))
}

fn remove(path: &Path) -> io::Result<()> {
    let removed = match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
        Err(error) => Err(error),
    };
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Nobody else's business: code may have secrets in it after all.
#[cfg(unix)]
fn private(folder: &Path) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(folder, fs::Permissions::from_mode(0o711))
}

#[cfg(not(unix))]
fn private(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    /// An archive with files of these names, modes and contents.
    fn zip(files: &[(&str, u32, &[u8])]) -> Vec<u8> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, mode, content) in files {
            let options = SimpleFileOptions::default().unix_permissions(*mode);
            writer.start_file(*name, options).unwrap();
            writer.write_all(content).unwrap();
        }
        writer.finish().unwrap().into_inner()
    }

    fn store() -> (tempfile::TempDir, CodeStore) {
        let folder = tempfile::tempdir().unwrap();
        let store = CodeStore::open(folder.path().join("code")).unwrap();
        (folder, store)
    }

    fn keep(store: &CodeStore, zip: &[u8]) -> Result<Code, LambdaFault> {
        store.keep(zip, &BTreeSet::new())
    }

    /// What is in the store's folder, by its form.
    fn kept(store: &CodeStore) -> Vec<String> {
        let entries = fs::read_dir(&store.folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn an_archive_is_kept_and_unpacked() {
        let (_folder, store) = store();
        let archive = zip(&[("bootstrap", 0o755, b"#!/bin/sh\n"), ("lib/data", 0o644, b"x")]);
        let code = keep(&store, &archive).unwrap();
        assert_eq!(code.bytes, archive.len() as u64);
        assert_eq!(keep(&store, &archive).unwrap(), code);
        let folder = store.folder_of(&code).unwrap();
        assert_eq!(fs::read(folder.join("lib/data")).unwrap(), b"x");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |name: &str| fs::metadata(folder.join(name)).unwrap().permissions().mode();
            assert_eq!((mode("bootstrap") & 0o111, mode("lib/data") & 0o111), (0o111, 0));
        }
        fs::remove_dir_all(&folder).unwrap();
        assert!(store.folder_of(&code).unwrap().join("bootstrap").exists(), "unpacked again");
        assert_eq!(kept(&store).len(), 2);
    }

    #[test]
    fn the_same_archive_can_be_kept_by_many_at_once() {
        const KEEPERS: usize = 8;
        let (_folder, store) = store();
        for round in 0..20 {
            let archive = zip(&[("bootstrap", 0o755, format!("{round}").as_bytes())]);
            let start = std::sync::Barrier::new(KEEPERS);
            std::thread::scope(|scope| {
                for _ in 0..KEEPERS {
                    scope.spawn(|| {
                        start.wait();
                        let code = keep(&store, &archive).unwrap();
                        let name = name_of(&code).unwrap();
                        assert!(fs::read(store.archive(&name)).unwrap() == archive, "whole");
                    });
                }
            });
            assert_eq!(kept(&store).len(), 2 * (round + 1), "an archive, and what was in it");
        }
    }

    #[test]
    fn what_was_unpacked_before_is_unpacked_again_after_a_start() {
        let (_folder, store) = store();
        let code = keep(&store, &zip(&[("lib/data", 0o644, b"whole")])).unwrap();
        let data = store.folder_of(&code).unwrap().join("lib/data");
        fs::write(&data, "").unwrap();
        let store = CodeStore::open(store.folder).unwrap();
        assert_eq!(kept(&store).len(), 1, "the archive");
        assert_eq!(store.folder_of(&code).unwrap().join("lib/data"), data);
        assert_eq!(fs::read(&data).unwrap(), b"whole");
    }

    #[test]
    fn archives_that_mean_harm_are_refused_and_leave_nothing() {
        let (_folder, store) = store();
        let link = {
            let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
            writer.add_symlink("link", "/etc", SimpleFileOptions::default()).unwrap();
            writer.finish().unwrap().into_inner()
        };
        let torn = {
            let mut bytes = zip(&[("file", 0o644, &[7; 4096])]);
            bytes[40] ^= 0xff;
            bytes
        };
        for archive in [
            zip(&[("../evil", 0o644, b"x")]),
            zip(&[("a/../../evil", 0o644, b"x")]),
            zip(&[("/etc/evil", 0o644, b"x")]),
            zip(&[("a\\..\\evil", 0o644, b"x")]),
            zip(&[("file", 0o644, b"x"), ("file/inside", 0o644, b"x")]),
            zip(&[("file/inside", 0o644, b"x"), ("file", 0o644, b"x")]),
            zip(&[(&"n".repeat(300), 0o644, b"x")]),
            zip(&[]),
            link,
            torn,
            b"not an archive".to_vec(),
            Vec::new(),
        ] {
            let fault = keep(&store, &archive).unwrap_err();
            assert_eq!(fault.code, LambdaCode::InvalidParameterValue, "{fault}");
            assert!(kept(&store).is_empty(), "{fault}: {:?}", kept(&store));
        }
        assert!(!store.folder.parent().unwrap().join("evil").exists());
    }

    #[test]
    fn what_unpacks_to_too_much_is_refused() {
        let (_folder, store) = store();
        let zeros = vec![0; 64 << 20];
        let files: Vec<(String, u32)> = (0..4).map(|n| (format!("zeros-{n}"), 0o644)).collect();
        let files: Vec<(&str, u32, &[u8])> =
            files.iter().map(|(name, mode)| (name.as_str(), *mode, &zeros[..])).collect();
        let fault = keep(&store, &zip(&files)).unwrap_err();
        assert_eq!(fault.text, "Unzipped size must be smaller than 262144000 bytes");
        assert!(kept(&store).is_empty());
    }

    #[test]
    fn code_goes_when_nothing_needed_it_for_a_while() {
        let (_folder, store) = store();
        let needed = keep(&store, &zip(&[("a", 0o644, b"1")])).unwrap();
        let unneeded = keep(&store, &zip(&[("a", 0o644, b"2")])).unwrap();
        let wanted = [needed.sha256.clone()].into();
        for code in [&needed, &unneeded] {
            store.sweep(&wanted);
            store.sweep(&wanted);
            assert_eq!(kept(&store).len(), 4, "requests bring it");
            store.release(code, || true);
        }
        store.sweep(&wanted);
        assert_eq!(kept(&store).len(), 4, "it may have been kept a moment ago");
        store.sweep(&wanted);
        assert_eq!(kept(&store).len(), 2);
        assert!(store.folder_of(&needed).is_ok());
        assert!(store.folder_of(&unneeded).is_err());
    }

    #[test]
    fn what_a_refused_request_brings_goes_with_it() {
        let (_folder, store) = store();
        let archive = zip(&[("a", 0o644, b"1")]);
        let code = keep(&store, &archive).unwrap();
        assert_eq!(code.unpacked_bytes, 2 * 4096, "a block for the file, and one for the folder");
        store.release(&code, || false);
        assert!(kept(&store).is_empty(), "{:?}", kept(&store));
        // Another one brings the same, and has its way.
        let first = keep(&store, &archive).unwrap();
        let second = keep(&store, &archive).unwrap();
        assert_eq!(first, second);
        store.release(&first, || panic!("the other one decides"));
        store.release(&second, || true);
        assert_eq!(kept(&store).len(), 2);
        // What was there before may be in use, whoever needs it.
        let again = keep(&store, &archive).unwrap();
        store.release(&again, || false);
        assert_eq!(kept(&store).len(), 2);
        let state = store.state();
        let bytes = code.bytes + code.unpacked_bytes;
        assert_eq!(state.unneeded_bytes(&BTreeSet::new()), bytes);
        assert_eq!(state.unneeded_bytes(&[code.sha256].into()), 0);
        assert!(state.claims.is_empty());
    }
}
