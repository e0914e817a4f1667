//! Snapshots as files.

use std::path::Path;
use std::sync::Arc;

use tidings_mutants::mutant;
use xxhash_rust::xxh3::xxh3_64;

use super::{Latest, OpenSnapshot, Snapshot, Snapshots};
use crate::disk::{Disk, Folder, OrFault, remove_if_there};
use crate::{Damage, DamageKind, LogFault, NewerFormat, Position};

const VERSION: u32 = 1;
const MAGIC: [u8; 8] = *b"TIDSNAP\n";
const HEADER_BYTES: usize = 64;

const PREFIX: &str = "snapshot-";
const UNFINISHED_NAME: &str = "snapshot.tmp";
const BALLAST_NAME: &str = "ballast";

/// How to keep snapshots.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct SnapshotOptions {
    /// Least size of the ballast.
    pub ballast_bytes_min: u64,
}

impl Default for SnapshotOptions {
    /// 16 MiB of ballast, or more if snapshots are larger.
    fn default() -> Self {
        SnapshotOptions { ballast_bytes_min: 16 << 20 }
    }
}

/// [`Snapshots`] in a folder, one file each, named after what it covers.
///
/// A snapshot lets a log be trimmed, so it must be possible on a full disk. Therefore a file called
/// `ballast` holds room for one: as much as the last snapshot took, and at least
/// [`SnapshotOptions::ballast_bytes_min`]. It is given up when a snapshot finds the disk full, and
/// made again by a later save that finds room for it. If that is not enough, the older of two
/// snapshots goes too.
///
/// The folder may be the log's own. It belongs to one process.
#[derive(Debug)]
pub struct FolderSnapshots {
    disk: Arc<dyn Disk>,
    options: SnapshotOptions,
    /// What the snapshots cover that are not known to be damaged, oldest first.
    kept: Vec<Position>,
    /// Those that are. Removed when there is a new one.
    damaged: Vec<Position>,
}

impl FolderSnapshots {
    /// Opens the snapshots in a folder, making it if it does not exist. Reads none of them.
    ///
    /// # Errors
    ///
    /// If the folder cannot be made, listed or tidied up. That there is no room for a ballast is
    /// no error.
    pub fn open(folder: &Path, options: SnapshotOptions) -> Result<FolderSnapshots, LogFault> {
        let disk = Folder::open(folder).map_err(|source| LogFault::Io {
            doing: "open",
            file: folder.display().to_string(),
            source,
        })?;
        FolderSnapshots::open_on(Arc::new(disk), options)
    }

    /// The same on any disk.
    ///
    /// # Errors
    ///
    /// As for [`FolderSnapshots::open`].
    pub fn open_on(
        disk: Arc<dyn Disk>,
        options: SnapshotOptions,
    ) -> Result<FolderSnapshots, LogFault> {
        let names = disk.list().or_fault("list", &*disk, "")?;
        let mut kept: Vec<Position> = names.iter().filter_map(|name| position_in(name)).collect();
        kept.sort_unstable();
        let snapshots = FolderSnapshots { disk, options, kept, damaged: Vec::new() };
        remove_if_there(&*snapshots.disk, UNFINISHED_NAME)?;
        snapshots.ensure_ballast(0);
        Ok(snapshots)
    }

    /// Writes a new file under a temporary name and syncs it.
    fn write(&self, covers: Position, bytes: &[u8]) -> Result<(), LogFault> {
        let disk = &*self.disk;
        remove_if_there(disk, UNFINISHED_NAME)?;
        let file = disk.create(UNFINISHED_NAME).or_fault("create", disk, UNFINISHED_NAME)?;
        // Finds a full disk at once, not after writing for seconds.
        let len = (HEADER_BYTES + bytes.len()) as u64;
        file.reserve(len).or_fault("reserve", disk, UNFINISHED_NAME)?;
        let header = encode_header(covers, bytes);
        file.write_at(&header, 0).or_fault("write", disk, UNFINISHED_NAME)?;
        let content_at = HEADER_BYTES as u64;
        file.write_at(bytes, content_at).or_fault("write", disk, UNFINISHED_NAME)?;
        if mutant!(SkipSnapshotSync) {
            return Ok(());
        }
        file.sync().or_fault("sync", disk, UNFINISHED_NAME)
    }

    /// The same, giving up what can be spared as long as the disk is full.
    fn write_making_room(&mut self, covers: Position, bytes: &[u8]) -> Result<(), LogFault> {
        let mut written = self.write(covers, bytes);
        if matches!(&written, Err(fault) if fault.is_out_of_space()) {
            self.give_up(BALLAST_NAME)?;
            written = self.write(covers, bytes);
        }
        if matches!(&written, Err(fault) if fault.is_out_of_space()) && self.kept.len() > 1 {
            let older = self.kept.remove(0);
            self.give_up(&name_of(older))?;
            written = self.write(covers, bytes);
        }
        if written.is_err() {
            // Best effort: it takes room, and the next attempt or opening removes it.
            let _ = remove_if_there(&*self.disk, UNFINISHED_NAME);
        }
        written
    }

    /// Removes a file for its room. Some file systems free it only when the removal is durable.
    fn give_up(&self, name: &str) -> Result<(), LogFault> {
        // What the failed attempt holds is room too.
        remove_if_there(&*self.disk, UNFINISHED_NAME)?;
        remove_if_there(&*self.disk, name)?;
        self.disk.sync_folder().or_fault("sync", &*self.disk, "")
    }

    /// Makes or enlarges the ballast, if there is room. `snapshot_len` is the length of the last
    /// snapshot.
    fn ensure_ballast(&self, snapshot_len: u64) {
        let wanted = snapshot_len.max(self.options.ballast_bytes_min);
        // Without a ballast everything works until the disk is full, and the next save tries again.
        let _ = self.try_ballast(wanted);
    }

    fn try_ballast(&self, wanted: u64) -> std::io::Result<()> {
        let disk = &*self.disk;
        match disk.open(BALLAST_NAME) {
            Ok(ballast) if ballast.len()? >= wanted => Ok(()),
            Ok(ballast) => ballast.reserve(wanted),
            Err(_) => {
                let ballast = disk.create(BALLAST_NAME)?;
                // An attempt that failed may hold some of the room that others need now.
                ballast.reserve(wanted).or_else(|full| disk.remove(BALLAST_NAME).and(Err(full)))
            }
        }
    }

    /// Removes all snapshots but the newest two, durably, so that their room is free for others.
    fn remove_old(&mut self) -> Result<(), LogFault> {
        for damaged in std::mem::take(&mut self.damaged) {
            remove_if_there(&*self.disk, &name_of(damaged))?;
        }
        while self.kept.len() > 2 {
            remove_if_there(&*self.disk, &name_of(self.kept[0]))?;
            self.kept.remove(0);
        }
        self.disk.sync_folder().or_fault("sync", &*self.disk, "")
    }

    fn read(&self, covers: Position, open: &mut OpenSnapshot<'_>) -> Result<Snapshot, LogFault> {
        let (disk, name) = (&*self.disk, name_of(covers));
        let file = disk.open(&name).or_fault("open", disk, &name)?;
        let len = file.len().or_fault("measure", disk, &name)?;
        let damaged = |kind, offset| {
            LogFault::from(Damage { file: disk.describe(&name), offset, position: covers, kind })
        };
        if len < HEADER_BYTES as u64 {
            return Err(damaged(DamageKind::FileHeader, 0));
        }
        let mut header = [0; HEADER_BYTES];
        file.read_at(&mut header, 0).or_fault("read", disk, &name)?;
        let Some(header) = Header::decode(&header) else {
            return Err(damaged(DamageKind::FileHeader, 0));
        };
        if header.version != VERSION {
            let (file, found) = (disk.describe(&name), header.version);
            return Err(NewerFormat { file, found, known: VERSION }.into());
        }
        if header.covers != covers {
            return Err(damaged(DamageKind::Misplaced, 0));
        }
        let expected = header.len.saturating_add(HEADER_BYTES as u64);
        let too_long = damaged(DamageKind::Size { found: len, expected }, 0);
        if len != expected {
            return Err(too_long);
        }
        let mut bytes = vec![0; usize::try_from(header.len).map_err(|_| too_long)?];
        let content_at = HEADER_BYTES as u64;
        file.read_at(&mut bytes, content_at).or_fault("read", disk, &name)?;
        let is_sound = xxh3_64(&bytes) == header.hash;
        let opened = is_sound.then(|| open(covers, bytes)).flatten();
        let bytes = opened.ok_or_else(|| damaged(DamageKind::Content, content_at))?;
        Ok(Snapshot { covers, bytes })
    }
}

impl Snapshots for FolderSnapshots {
    fn save(&mut self, covers: Position, bytes: Vec<u8>) -> Result<(), LogFault> {
        self.write_making_room(covers, &bytes)?;
        let (disk, name) = (&*self.disk, name_of(covers));
        disk.rename(UNFINISHED_NAME, &name).or_fault("rename", disk, UNFINISHED_NAME)?;
        disk.sync_folder().or_fault("sync", disk, "")?;
        self.damaged.retain(|damaged| *damaged != covers);
        if let Err(place) = self.kept.binary_search(&covers) {
            self.kept.insert(place, covers);
        }
        self.remove_old()?;
        self.ensure_ballast((HEADER_BYTES + bytes.len()) as u64);
        Ok(())
    }

    fn latest_that_opens(&mut self, open: &mut OpenSnapshot<'_>) -> Result<Latest, LogFault> {
        let mut damaged = Vec::new();
        while let Some(newest) = self.kept.last().copied() {
            match self.read(newest, open) {
                Ok(snapshot) => {
                    return Ok(Latest { snapshot: Some(snapshot), damaged });
                }
                Err(LogFault::Damaged(damage)) => damaged.push(damage),
                Err(fault) => return Err(fault),
            }
            self.kept.pop();
            self.damaged.push(newest);
        }
        Ok(Latest { snapshot: None, damaged })
    }

    fn replay_floor(&self) -> Option<Position> {
        let older = self.kept.len().checked_sub(2)?;
        self.kept.get(older).copied()
    }
}

fn name_of(covers: Position) -> String {
    format!("{PREFIX}{:020}", covers.0)
}

fn position_in(name: &str) -> Option<Position> {
    let digits = name.strip_prefix(PREFIX)?;
    let plain = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if plain { digits.parse().ok().map(Position) } else { None }
}

#[derive(Copy, Clone, Debug)]
struct Header {
    version: u32,
    covers: Position,
    len: u64,
    hash: u64,
}

impl Header {
    fn decode(bytes: &[u8; HEADER_BYTES]) -> Option<Header> {
        let u32_at =
            |at: usize| bytes[at..at + 4].iter().rev().fold(0, |n, b| n << 8 | u32::from(*b));
        let u64_at =
            |at: usize| bytes[at..at + 8].iter().rev().fold(0, |n, b| n << 8 | u64::from(*b));
        let sound = bytes[..8] == MAGIC && crc32c::crc32c(&bytes[..60]) == u32_at(60);
        sound.then(|| Header {
            version: u32_at(8),
            covers: Position(u64_at(16)),
            len: u64_at(24),
            hash: u64_at(32),
        })
    }
}

fn encode_header(covers: Position, content: &[u8]) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    header[..8].copy_from_slice(&MAGIC);
    header[8..12].copy_from_slice(&VERSION.to_le_bytes());
    header[16..24].copy_from_slice(&covers.0.to_le_bytes());
    header[24..32].copy_from_slice(&(content.len() as u64).to_le_bytes());
    header[32..40].copy_from_slice(&xxh3_64(content).to_le_bytes());
    let checksum = crc32c::crc32c(&header[..60]);
    header[60..].copy_from_slice(&checksum.to_le_bytes());
    header
}
