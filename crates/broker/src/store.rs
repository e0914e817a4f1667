//! The data folder: what is in it, and a shard built from it.
//!
//! ```text
//!   tidings-data/
//!     LOCK          held by the process that has the folder
//!     FORMAT        the version of all that is in the folder
//!     SEAL          the folder's keys, sealed under the master key
//!     master.key    the master key, if none is kept elsewhere
//!     shard-0/      a log's segments, and snapshots of the state that it built
//! ```

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tidings_core::shard::{Settings, Shard};
use tidings_log::segment::{RecoveryReport, SegmentLog, SegmentOptions};
use tidings_log::snapshot::{FolderSnapshots, Latest, Snapshot, SnapshotOptions, Snapshots};
use tidings_log::{Damage, FolderLock, Log, LogFault, Position};
use tidings_seal::MasterKey;
use tracing::{info, warn};

use crate::entropy::Entropy;
use crate::failure::OpenError;
use crate::files::{self, cannot};
use crate::sealing::{Keys, SHARD, Vault};

/// The version of a data folder. It grows when an older release could not read what this one
/// writes, such as a new kind of record. 4: there is a file `SEAL`, and the log may be sealed. 5: so may
/// single messages. 6: there are direct outboxes. 7: snapshots pack a queue's entries.
const FORMAT: u32 = 7;
/// From this version on the folder has its keys, and cannot do without them.
const FORMAT_WITH_KEYS: u32 = 4;
/// The oldest version that can still be opened.
const OLDEST_FORMAT: u32 = 2;

/// What opening a data folder found and did.
#[derive(Clone, Debug)]
pub struct OpenReport {
    /// Where the log begins.
    pub oldest: Position,
    /// What the log's recovery found, if the log is on a disk.
    pub log: Option<RecoveryReport>,
    /// The snapshot that the state was built from.
    pub snapshot: Option<Position>,
    /// Snapshots that are damaged, and were passed over.
    pub damaged_snapshots: Vec<Damage>,
    /// How long it took.
    pub took: Duration,
}

/// Where a shard comes from, again after every failure of its log.
pub(crate) trait Storage: Send {
    /// Opens the log and builds the shard from it. A shard that is new takes `secret`.
    fn open(&self, secret: [u8; 16]) -> Result<Opened, OpenError>;
}

/// A data folder that this process holds.
pub(crate) struct DataFolder {
    folder: PathBuf,
    settings: Settings,
    vault: Mutex<Vault>,
    _lock: FolderLock,
}

/// A shard that is live, and what it lives on.
pub(crate) struct Opened {
    pub(crate) shard: Shard,
    pub(crate) log: Box<dyn Log>,
    pub(crate) snapshots: Box<dyn Snapshots>,
    pub(crate) report: OpenReport,
}

impl DataFolder {
    /// Takes hold of a folder, and makes it if there is none.
    pub(crate) fn hold(
        folder: &Path,
        settings: Settings,
        master_key: Option<&MasterKey>,
        entropy: &Entropy,
    ) -> Result<Self, OpenError> {
        make(folder).map_err(cannot("make", folder))?;
        let lock = FolderLock::acquire(folder)?;
        let format = read_format(folder)?;
        let has_keys = format.is_some_and(|format| format >= FORMAT_WITH_KEYS);
        let vault = Vault::open(folder, master_key, has_keys, entropy)?;
        if let Some(file) = vault.useless_key() {
            warn!("{} opens nothing any more: remove it", file.display());
        }
        // After the keys: whoever reads that there are some finds them.
        if format != Some(FORMAT) {
            files::replace(folder, "FORMAT", format!("{FORMAT}\n").as_bytes())?;
        }
        let (folder, vault) = (folder.to_owned(), Mutex::new(vault));
        Ok(Self { folder, settings, vault, _lock: lock })
    }

    /// What seals for others.
    pub(crate) fn keys(&self) -> Keys {
        self.vault.lock().unwrap_or_else(PoisonError::into_inner).keys()
    }
}

impl DataFolder {
    /// The newest snapshot of a folder in which sealing has not begun. A start that came to its end
    /// while it began may have left one that is sealed, and of no use.
    fn latest_plain(&self, snapshots: &mut dyn Snapshots) -> Result<Latest, LogFault> {
        let segment_bytes = SegmentOptions::default().layout.segment_bytes;
        snapshots.latest_that_opens(&mut |covers, bytes| {
            let shard = Shard::restore(self.settings, segment_bytes, covers.0, &bytes);
            shard.is_ok().then_some(bytes)
        })
    }
}

impl Storage for DataFolder {
    fn open(&self, secret: [u8; 16]) -> Result<Opened, OpenError> {
        let started = Instant::now();
        let folder = self.folder.join(SHARD);
        make(&folder).map_err(cannot("make", &folder))?;
        let mut vault = self.vault.lock().unwrap_or_else(PoisonError::into_inner);
        let sealing = vault.sealing();
        let begins = sealing.is_none() && vault.is_to_be_sealed();
        let snapshots = FolderSnapshots::open(&folder, SnapshotOptions::default())?;
        let mut snapshots: Box<dyn Snapshots> = Box::new(snapshots);
        if let Some(sealing) = &sealing {
            snapshots = sealing.snapshots(snapshots);
        }
        let latest =
            if begins { self.latest_plain(&mut *snapshots)? } else { snapshots.latest()? };
        let replay_from = latest.snapshot.as_ref().map(|snapshot| snapshot.covers);
        let options = SegmentOptions { replay_from, ..SegmentOptions::default() };
        let (log, recovered) = SegmentLog::open(&folder, options)?;
        let mut log: Box<dyn Log> = Box::new(log);
        let layout = log.layout();
        let is_needed = recovered.oldest > layout.first() || vault.is_sealed_after(layout.first());
        if latest.snapshot.is_none() && is_needed {
            return Err(OpenError::NoSnapshot { oldest: recovered.oldest });
        }
        if let Some(sealing) = &sealing {
            log = sealing.log(log);
        }
        let shard = build(self.settings, &*log, latest.snapshot, secret)?;
        if begins {
            // Of a new log not even the start.
            let from = if recovered.created { layout.first() } else { log.next_position() };
            let sealing = vault.sealing_from(from);
            snapshots = sealing.snapshots(snapshots);
            if !recovered.created {
                // No later start believes anything that is not sealed.
                snapshots.save(from, shard.snapshot())?;
            }
            // Nothing was written from here on, and nothing is before this is durable.
            vault.seal_log_from(from)?;
            info!(position = from.0, "what is written from now on is sealed");
            log = sealing.log(log);
        }
        let report = OpenReport {
            oldest: recovered.oldest,
            log: Some(recovered),
            snapshot: replay_from,
            damaged_snapshots: latest.damaged,
            took: started.elapsed(),
        };
        Ok(Opened { shard, log, snapshots, report })
    }
}

/// Builds the shard from its newest snapshot and the log behind it.
pub(crate) fn build(
    settings: Settings,
    log: &dyn Log,
    snapshot: Option<Snapshot>,
    secret: [u8; 16],
) -> Result<Shard, OpenError> {
    let layout = log.layout();
    let (mut shard, from) = match snapshot {
        Some(Snapshot { covers, bytes }) => {
            let shard = Shard::restore(settings, layout.segment_bytes, covers.0, &bytes);
            (shard.map_err(|source| OpenError::Snapshot { covers, source })?, covers)
        }
        None => (Shard::new(settings, layout.segment_bytes), layout.first()),
    };
    log.reader().replay(from, &mut |start, _, payload| {
        shard.replay(start.0, payload).map_err(Into::into)
    })?;
    shard.resume(log.next_position().0, secret);
    Ok(shard)
}

/// Makes a folder that nobody else on the machine can look into, unless it is there.
fn make(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

/// The folder's format, if it has one: one that is newer, or older than what was ever released, is
/// refused.
fn read_format(folder: &Path) -> Result<Option<u32>, OpenError> {
    let path = folder.join("FORMAT");
    let Some(text) = files::read(&path)? else { return Ok(None) };
    let text = String::from_utf8_lossy(&text);
    match text.trim().parse::<u32>() {
        Ok(format @ OLDEST_FORMAT..=FORMAT) => Ok(Some(format)),
        Ok(found) if found < OLDEST_FORMAT => {
            Err(OpenError::OlderFormat { path, found, oldest: OLDEST_FORMAT })
        }
        _ => Err(OpenError::NewerFormat { path, found: text.trim().into(), known: FORMAT }),
    }
}
