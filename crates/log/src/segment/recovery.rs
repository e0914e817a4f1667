//! Opening: what is there, whether it is sound, and where it ends.

use std::collections::BTreeMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::Arc;

use tidings_mutants::mutant;

use super::format::{
    self, HeaderError, Link, SEGMENT_VERSION, SPARE_NAME, SegmentHeader, UNFINISHED_NAME,
};
use super::reader::Segments;
use super::walk::Walk;
use super::writer::{SegmentOptions, begin_segment};
use crate::disk::{Disk, DiskFile, OrFault, remove_if_there};
use crate::{
    BATCH_HEADER_BYTES, Damage, DamageKind, Epoch, Layout, LayoutError, LogFault, NewerFormat,
    Position, SEGMENT_HEADER_BYTES,
};

/// What opening found and did.
#[derive(Clone, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct RecoveryReport {
    /// The folder held no log: this one is new.
    pub created: bool,
    /// The epoch that was taken.
    pub epoch: Epoch,
    /// How many segments there are.
    pub segments: u64,
    /// Where the oldest batch that is left starts. A caller without a snapshot needs this to be
    /// [`Layout::first`]; it cannot rebuild its state from less.
    pub oldest: Position,
    /// Where the next batch will start.
    pub next: Position,
    /// How many batches were read and verified.
    pub batches_verified: u64,
    /// The sum of their lengths with headers, in bytes.
    pub bytes_verified: u64,
    /// The append that a crash tore, if one was cut off. It was never acknowledged.
    pub cut: Option<TornTail>,
}

/// Where a torn append was cut off.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TornTail {
    /// The file.
    pub file: String,
    /// Byte of the file from which on it is zeros now.
    pub offset: u64,
    /// Where the payload of the torn batch would have started, and the next one's will.
    pub position: Position,
    /// How many bytes were overwritten with zeros.
    pub bytes: u64,
}

/// Why a log could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Something in the middle of the log is not what was written.
    #[error(
        "{0}. The log was left as it is, since going on would lose acknowledged messages. \
         Keep a copy of the folder and restore it from a backup"
    )]
    Damaged(Damage),
    /// A segment is missing between others.
    #[error(
        "{file} is missing though there are segments before and after it. The log was left as it \
         is. Put the file back, or restore the folder from a backup"
    )]
    MissingSegment {
        /// The file that should be there.
        file: String,
    },
    /// There is a spare and no segment.
    #[error(
        "{folder} holds a spare but no segment: the segments were removed. Put them back, or \
         restore the folder from a backup; to begin anew, empty it"
    )]
    NoSegments {
        /// The folder.
        folder: String,
    },
    /// Replay cannot start where the caller's snapshot ends.
    #[error(
        "the log reaches from position {oldest} to {next} and no batch begins at {replay_from}, \
         where the snapshot ends: they do not belong together. Restore both from one backup"
    )]
    Unreachable {
        /// [`SegmentOptions::replay_from`].
        replay_from: Position,
        /// Where the oldest batch starts.
        oldest: Position,
        /// Where the next batch would start.
        next: Position,
    },
    /// A newer release wrote to the log.
    #[error(transparent)]
    NewerFormat(NewerFormat),
    /// A file operation failed.
    #[error(transparent)]
    Fault(LogFault),
    /// The options for a new folder are not usable.
    #[error(transparent)]
    Layout(#[from] LayoutError),
}

impl From<LogFault> for OpenError {
    fn from(fault: LogFault) -> Self {
        match fault {
            LogFault::Damaged(damage) => OpenError::Damaged(damage),
            LogFault::NewerFormat(newer) => OpenError::NewerFormat(newer),
            fault @ LogFault::Io { .. } => OpenError::Fault(fault),
        }
    }
}

/// A log that is sound and settled, ready for a writer.
#[derive(Debug)]
pub(super) struct Recovered {
    pub(super) segments: Segments,
    pub(super) current: Arc<dyn DiskFile>,
    pub(super) current_number: u64,
    pub(super) next: Position,
    pub(super) link: Link,
    pub(super) spare: Option<Arc<dyn DiskFile>>,
}

/// Everything that has to happen before a writer may append.
pub(super) fn recover(
    disk: &Arc<dyn Disk>,
    options: SegmentOptions,
) -> Result<(Recovered, RecoveryReport), OpenError> {
    let names = disk.list().or_fault("list", &**disk, "")?;
    let mut numbers = segment_numbers(&**disk, &names)?;
    remove_if_there(&**disk, UNFINISHED_NAME)?;
    let created = numbers.is_empty();
    if created {
        create_first(&**disk, &names, options)?;
        numbers.push(0);
    }
    let files = open_files(&**disk, &numbers)?;
    let headers = read_headers(&**disk, &files, options.layout)?;
    let newest = *headers.last().expect("there is a first segment by now");
    let (layout, marker) = (newest.layout, newest.marker);
    let current = Arc::clone(&files[&newest.number]);
    let segments = Segments::new(Arc::clone(disk), layout, marker, files, layout.first());

    let walk = if created {
        // Nothing to look for, and looking through a segment takes longer than all the rest.
        Walk::from_start_of(layout, &headers[0])
    } else {
        Walk::through(&segments, &headers, options.replay_from)?
    };
    let oldest = layout.first_in(headers[0].number);
    walk.check_reached(options.replay_from, oldest)?;
    let cut = settle(&segments, &*current, &walk)?;
    segments.acknowledge(walk.next);

    let report = RecoveryReport {
        created,
        epoch: walk.link.epoch,
        segments: headers.len() as u64,
        oldest,
        next: walk.next,
        batches_verified: walk.batches,
        bytes_verified: walk.bytes,
        cut,
    };
    let (next, link, current_number) = (walk.next, walk.link, newest.number);
    let spare = open_spare(&**disk, &names, layout)?;
    Ok((Recovered { segments, current, current_number, next, link, spare }, report))
}

/// The numbers of the segments among these files, in order and without a hole.
fn segment_numbers(disk: &dyn Disk, names: &[String]) -> Result<Vec<u64>, OpenError> {
    let mut numbers: Vec<u64> =
        names.iter().filter_map(|name| format::segment_number(name)).collect();
    numbers.sort_unstable();
    match numbers.windows(2).find(|pair| pair[1] != pair[0] + 1) {
        None => Ok(numbers),
        Some(hole) => {
            let file = disk.describe(&format::segment_name(hole[0] + 1));
            Err(OpenError::MissingSegment { file })
        }
    }
}

/// Begins a log in a folder that holds none.
fn create_first(
    disk: &dyn Disk,
    names: &[String],
    options: SegmentOptions,
) -> Result<(), OpenError> {
    let SegmentOptions { layout, replay_from, .. } = options;
    layout.check()?;
    if names.iter().any(|name| name == SPARE_NAME) {
        return Err(OpenError::NoSegments { folder: disk.describe("") });
    }
    if let Some(replay_from) = replay_from {
        let (oldest, next) = (layout.first(), layout.first());
        return Err(OpenError::Unreachable { replay_from, oldest, next });
    }
    // Zeros are what an empty header would be.
    let marker = options.marker.unwrap_or_else(|| RandomState::new().hash_one(0)).max(1);
    let file = disk.create(UNFINISHED_NAME).or_fault("create", disk, UNFINISHED_NAME)?;
    file.reserve(layout.segment_bytes).or_fault("reserve", disk, UNFINISHED_NAME)?;
    let header = SegmentHeader { layout, marker, number: 0, link: Link::default() };
    begin_segment(disk, &*file, UNFINISHED_NAME, &header)?;
    Ok(())
}

fn open_files(
    disk: &dyn Disk,
    numbers: &[u64],
) -> Result<BTreeMap<u64, Arc<dyn DiskFile>>, LogFault> {
    let open = |number: &u64| {
        let name = format::segment_name(*number);
        Ok((*number, disk.open(&name).or_fault("open", disk, &name)?))
    };
    numbers.iter().map(open).collect()
}

/// The spare, if there is a whole one.
fn open_spare(
    disk: &dyn Disk,
    names: &[String],
    layout: Layout,
) -> Result<Option<Arc<dyn DiskFile>>, LogFault> {
    if !names.iter().any(|name| name == SPARE_NAME) {
        return Ok(None);
    }
    let spare = disk.open(SPARE_NAME).or_fault("open", disk, SPARE_NAME)?;
    if spare.len().or_fault("measure", disk, SPARE_NAME)? == layout.segment_bytes {
        return Ok(Some(spare));
    }
    remove_if_there(disk, SPARE_NAME)?;
    Ok(None)
}

/// Reads all segments' headers, in order, and checks that the files belong together. `layout` is
/// for messages, should no header be readable.
fn read_headers(
    disk: &dyn Disk,
    files: &BTreeMap<u64, Arc<dyn DiskFile>>,
    layout: Layout,
) -> Result<Vec<SegmentHeader>, OpenError> {
    let mut headers: Vec<SegmentHeader> = Vec::with_capacity(files.len());
    for (number, file) in files {
        let name = format::segment_name(*number);
        let layout = headers.first().map_or(layout, |first| first.layout);
        let damaged = |kind| {
            let position = Position(number.saturating_mul(layout.segment_bytes));
            Damage { file: disk.describe(&name), offset: 0, position, kind }
        };
        let found = file.len().or_fault("measure", disk, &name)?;
        if found < SEGMENT_HEADER_BYTES {
            let kind = DamageKind::Size { found, expected: layout.segment_bytes };
            return Err(OpenError::Damaged(damaged(kind)));
        }
        let mut bytes = [0; SEGMENT_HEADER_BYTES as usize];
        file.read_at(&mut bytes, 0).or_fault("read", disk, &name)?;
        let header = SegmentHeader::decode(&bytes).map_err(|error| match error {
            HeaderError::Damaged => OpenError::Damaged(damaged(DamageKind::FileHeader)),
            HeaderError::Newer(found) => OpenError::NewerFormat(NewerFormat {
                file: disk.describe(&name),
                found,
                known: SEGMENT_VERSION,
            }),
        })?;
        let expected = header.layout.segment_bytes;
        let first = headers.first().unwrap_or(&header);
        if found != expected {
            return Err(OpenError::Damaged(damaged(DamageKind::Size { found, expected })));
        }
        if header.number != *number
            || header.marker != first.marker
            || header.layout != first.layout
        {
            return Err(OpenError::Damaged(damaged(DamageKind::Misplaced)));
        }
        headers.push(header);
    }
    Ok(headers)
}

/// Makes durable what was found, so that it is found again, and cuts off what was torn, so that it
/// never is.
fn settle(
    segments: &Segments,
    current: &dyn DiskFile,
    walk: &Walk,
) -> Result<Option<TornTail>, LogFault> {
    let (disk, layout) = (&*segments.disk, segments.layout);
    let name =
        format::segment_name(layout.segment_of(walk.last.map_or(walk.next, |(last, _)| last)));
    if let Some((position, len)) = walk.last {
        // Its sync may have failed, so a sync of it alone proves nothing: it is written once more.
        let offset = layout.offset_of(position) - BATCH_HEADER_BYTES;
        let mut batch = vec![0; len];
        current.read_at(&mut batch, offset).or_fault("read", disk, &name)?;
        if !format::checksum_matches(&batch) {
            return Err(segments.damage(position, DamageKind::Checksum).into());
        }
        current.write_at(&batch, offset).or_fault("write", disk, &name)?;
    }
    let mut cut = None;
    if walk.torn_bytes > 0 {
        let (position, bytes) = (walk.next, walk.torn_bytes);
        let offset = layout.offset_of(position) - BATCH_HEADER_BYTES;
        let zeros = vec![0; usize::try_from(bytes).expect("no longer than a batch")];
        current.write_at(&zeros, offset).or_fault("write", disk, &name)?;
        cut = Some(TornTail { file: disk.describe(&name), offset, position, bytes });
    }
    if mutant!(SkipSettle) {
        return Ok(cut);
    }
    current.sync().or_fault("sync", disk, &name)?;
    disk.sync_folder().or_fault("sync", disk, "")?;
    Ok(cut)
}
