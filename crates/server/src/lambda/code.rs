//! Where the code of functions lies: archives under their digests, each unpacked beside.
//!
//! ```text
//!   functions/code/DIGEST.zip      as it was sent
//!   functions/code/DIGEST/         unpacked: what processes read
//! ```
//!
//! It is not sealed, even with a master key: processes have to read it, and those run as they are.
//! Secrets belong in environment variables, which are in the log.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Cursor, Read, Write};
use std::path::{Component, Path, PathBuf};
use std::sync::Mutex;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};
use tidings_lambda::{Code, LambdaCode, LambdaFault, limits};
use tracing::{debug, error, warn};
use zip::ZipArchive;

/// Archives and what was in them.
pub(super) struct CodeStore {
    folder: PathBuf,
    /// What nothing needed when it was looked at last: gone if nothing does the next time either.
    idle: Mutex<BTreeSet<String>>,
}

/// Bytes in the path of a file within an archive.
const PATH_BYTES_MAX: usize = 1024;

const NO_ZIP: &str =
    "Could not unzip uploaded file. Please check your file, then try to upload again.";

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
        for entry in fs::read_dir(&folder)? {
            let entry = entry?;
            let mut path = entry.path();
            let name = entry.file_name().to_string_lossy().into_owned();
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
        Ok(Self { folder, idle: Mutex::default() })
    }

    /// Keeps an archive. Blocks on the disk.
    ///
    /// # Errors
    /// InvalidParameterValueException if it is none, is too large unpacked, or has in it what would lie
    /// outside of its folder, or is neither a file nor a folder. ServiceException if it cannot be
    /// kept.
    pub(super) fn keep(&self, zip: &[u8]) -> Result<Code, LambdaFault> {
        if zip.len() > limits::CODE_ZIP_BYTES_MAX {
            let text =
                format!("Zipped size must be smaller than {} bytes", limits::CODE_ZIP_BYTES_MAX);
            return Err(LambdaFault::new(LambdaCode::RequestTooLarge, text));
        }
        let digest = Sha256::digest(zip);
        let code = Code { sha256: STANDARD.encode(digest), bytes: zip.len() as u64 };
        let name: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
        self.idle().remove(&name);
        let (archive, unpacked) = (self.archive(&name), self.folder.join(&name));
        if archive.exists() && unpacked.exists() {
            return Ok(code);
        }
        self.unpack(zip, &name)?;
        // Its own: another request may be writing the same archive.
        let unfinished = unfinished(&self.folder, &format!("{name}.zip"));
        let write = || {
            let mut file = File::create_new(&unfinished)?;
            file.write_all(zip)?;
            file.sync_all()?;
            fs::rename(&unfinished, &archive)?;
            File::open(&self.folder)?.sync_all()
        };
        write().map_err(|error| {
            let _ = remove(&unfinished);
            cannot("kept", &error)
        })?;
        Ok(code)
    }

    /// The folder with a function's code; unpacked again if it is not there. Blocks on the disk.
    ///
    /// # Errors
    /// ServiceException if it cannot be, or there is no archive.
    pub(super) fn folder_of(&self, code: &Code) -> Result<PathBuf, LambdaFault> {
        let name = name_of(code).ok_or_else(|| LambdaFault::new(LambdaCode::Service, NO_CODE))?;
        let unpacked = self.folder.join(&name);
        if !unpacked.exists() {
            let zip = fs::read(self.archive(&name)).map_err(|error| cannot("read", &error))?;
            self.unpack(&zip, &name)?;
        }
        Ok(unpacked)
    }

    /// Removes what nothing needs now, nor needed when it was looked at last: what was kept a moment
    /// ago may be needed in a moment. Blocks on the disk.
    pub(super) fn sweep(&self, needed: &BTreeSet<String>) {
        let needed: BTreeSet<String> = needed
            .iter()
            .filter_map(|sha256| name_of(&Code { sha256: sha256.clone(), bytes: 0 }))
            .collect();
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        let names = entries.flatten().filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            let digest = name.strip_suffix(".zip").unwrap_or(&name);
            is_digest(digest).then(|| digest.to_owned())
        });
        let unneeded: BTreeSet<String> = names.filter(|name| !needed.contains(name)).collect();
        let mut idle = self.idle();
        let gone: Vec<String> = unneeded.intersection(&idle).cloned().collect();
        for name in &gone {
            for path in [self.archive(name), self.folder.join(name)] {
                match remove(&path) {
                    Ok(()) => debug!("removed code that no function needs: {name}"),
                    Err(error) => error!("cannot remove {}: {error}", path.display()),
                }
            }
        }
        *idle = unneeded;
        idle.retain(|name| !gone.contains(name));
    }

    fn archive(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.zip"))
    }

    /// Unpacks into a folder that gets its name when all is there.
    fn unpack(&self, zip: &[u8], name: &str) -> Result<(), LambdaFault> {
        let unfinished = unfinished(&self.folder, name);
        let unpacked = unpack(zip, &unfinished).and_then(|()| {
            let into = self.folder.join(name);
            match fs::rename(&unfinished, &into) {
                // Another request was faster, with the same archive.
                Err(_) if into.exists() => remove(&unfinished).map_err(|it| cannot("kept", &it)),
                renamed => renamed.map_err(|error| cannot("kept", &error)),
            }
        });
        if unpacked.is_err() {
            let _ = remove(&unfinished);
        }
        unpacked
    }

    fn idle(&self) -> std::sync::MutexGuard<'_, BTreeSet<String>> {
        self.idle.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
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
    let digest = STANDARD.decode(&code.sha256).ok()?;
    Some(digest.iter().map(|byte| format!("{byte:02x}")).collect())
}

fn cannot(what: &str, error: &io::Error) -> LambdaFault {
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

/// Unpacks an archive into a folder that is not there yet.
fn unpack(zip: &[u8], folder: &Path) -> Result<(), LambdaFault> {
    let invalid = |_| LambdaFault::parameter(NO_ZIP);
    let mut archive = ZipArchive::new(Cursor::new(zip)).map_err(invalid)?;
    if archive.is_empty() {
        return Err(LambdaFault::parameter("Uploaded file must be a non-empty zip"));
    }
    if archive.len() > limits::CODE_FILES_MAX {
        let text = format!("The archive has more than {} files.", limits::CODE_FILES_MAX);
        return Err(LambdaFault::parameter(text));
    }
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
        let to = folder.join(path);
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
    }
    Ok(())
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

    /// What is in the store's folder, by its form.
    fn kept(store: &CodeStore) -> Vec<String> {
        let entries = fs::read_dir(&store.folder).unwrap();
        entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    }

    #[test]
    fn an_archive_is_kept_and_unpacked() {
        let (_folder, store) = store();
        let archive = zip(&[("bootstrap", 0o755, b"#!/bin/sh\n"), ("lib/data", 0o644, b"x")]);
        let code = store.keep(&archive).unwrap();
        assert_eq!(code.bytes, archive.len() as u64);
        assert_eq!(store.keep(&archive).unwrap(), code);
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
                        let code = store.keep(&archive).unwrap();
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
        let code = store.keep(&zip(&[("lib/data", 0o644, b"whole")])).unwrap();
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
            let fault = store.keep(&archive).unwrap_err();
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
        let fault = store.keep(&zip(&files)).unwrap_err();
        assert_eq!(fault.text, "Unzipped size must be smaller than 262144000 bytes");
        assert!(kept(&store).is_empty());
    }

    #[test]
    fn code_goes_when_nothing_needed_it_for_a_while() {
        let (_folder, store) = store();
        let needed = store.keep(&zip(&[("a", 0o644, b"1")])).unwrap();
        let unneeded = store.keep(&zip(&[("a", 0o644, b"2")])).unwrap();
        let wanted = [needed.sha256.clone()].into();
        store.sweep(&wanted);
        assert_eq!(kept(&store).len(), 4, "it may have been kept a moment ago");
        store.sweep(&wanted);
        assert_eq!(kept(&store).len(), 2);
        assert!(store.folder_of(&needed).is_ok());
        assert!(store.folder_of(&unneeded).is_err());
    }
}
