//! The data folder: what is in it, and a shard built from it.
//!
//! ```text
//!   tidings-data/
//!     LOCK          held by the process that has the folder
//!     FORMAT        the version of all that is in the folder
//!     shard-0/      a log's segments, and snapshots of the state that it built
//! ```

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use tidings_core::shard::{Settings, Shard};
use tidings_log::segment::{RecoveryReport, SegmentLog, SegmentOptions};
use tidings_log::snapshot::{FolderSnapshots, Snapshot, SnapshotOptions, Snapshots};
use tidings_log::{Damage, FolderLock, Log, Position};

use crate::failure::OpenError;

/// The version of a data folder. It grows when an older release could not read what this one
/// writes, such as a new kind of record.
const FORMAT: u32 = 3;
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
    pub(crate) fn hold(folder: &Path, settings: Settings) -> Result<Self, OpenError> {
        make(folder).map_err(cannot("make", folder))?;
        let lock = FolderLock::acquire(folder)?;
        check_format(folder)?;
        Ok(Self { folder: folder.to_owned(), settings, _lock: lock })
    }
}

impl Storage for DataFolder {
    fn open(&self, secret: [u8; 16]) -> Result<Opened, OpenError> {
        let started = Instant::now();
        let folder = self.folder.join("shard-0");
        make(&folder).map_err(cannot("make", &folder))?;
        let mut snapshots = FolderSnapshots::open(&folder, SnapshotOptions::default())?;
        let latest = snapshots.latest()?;
        let replay_from = latest.snapshot.as_ref().map(|snapshot| snapshot.covers);
        let options = SegmentOptions { replay_from, ..SegmentOptions::default() };
        let (log, recovered) = SegmentLog::open(&folder, options)?;
        let layout = log.layout();
        if latest.snapshot.is_none() && recovered.oldest > layout.first() {
            return Err(OpenError::NoSnapshot { oldest: recovered.oldest });
        }
        let shard = build(self.settings, &log, latest.snapshot, secret)?;
        let report = OpenReport {
            oldest: recovered.oldest,
            log: Some(recovered),
            snapshot: replay_from,
            damaged_snapshots: latest.damaged,
            took: started.elapsed(),
        };
        Ok(Opened { shard, log: Box::new(log), snapshots: Box::new(snapshots), report })
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

/// Refuses a folder of a format that is newer, or older than what was ever released. Marks one that
/// is new or older: from now on it may hold what only this release can read.
fn check_format(folder: &Path) -> Result<(), OpenError> {
    let path = folder.join("FORMAT");
    match fs::read_to_string(&path) {
        Ok(text) => match text.trim().parse::<u32>() {
            Ok(FORMAT) => Ok(()),
            Ok(OLDEST_FORMAT..FORMAT) => mark_format(folder),
            Ok(version) if version < OLDEST_FORMAT => {
                Err(OpenError::OlderFormat { path, found: version, oldest: OLDEST_FORMAT })
            }
            _ => Err(OpenError::NewerFormat { path, found: text.trim().into(), known: FORMAT }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => mark_format(folder),
        Err(error) => Err(cannot("read", &path)(error)),
    }
}

/// Writes the file anew, so that there is always a whole one.
fn mark_format(folder: &Path) -> Result<(), OpenError> {
    let (path, new) = (folder.join("FORMAT"), folder.join("FORMAT.new"));
    let write = || {
        let mut file = File::create(&new)?;
        writeln!(file, "{FORMAT}")?;
        file.sync_all()?;
        fs::rename(&new, &path)?;
        File::open(folder)?.sync_all()
    };
    write().map_err(cannot("write", &path))
}

fn cannot(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> OpenError {
    let path = path.to_owned();
    move |source| OpenError::Folder { doing, path, source }
}
