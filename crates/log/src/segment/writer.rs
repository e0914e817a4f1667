//! Appending, trimming, and the room for both.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tidings_mutants::mutant;

use super::format::{self, Link, SPARE_NAME, SegmentHeader};
use super::reader::Segments;
use super::recovery::{self, OpenError, RecoveryReport};
use super::spare::SpareMaker;
use crate::disk::{Disk, DiskFile, Folder, OrFault, remove_if_there};
use crate::{
    AppendError, BATCH_HEADER_BYTES, Epoch, Layout, Log, LogFault, Position, Reader, Space,
};

/// How to open a [`SegmentLog`].
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct SegmentOptions {
    /// For a new folder. An existing one keeps the layout that it was made with.
    pub layout: Layout,
    /// What the caller's newest snapshot covers: batches before it are not verified, except for
    /// those in the same segment. `None` verifies everything from the oldest segment on.
    pub replay_from: Option<Position>,
    /// Who makes the next segment, and closes those that are removed.
    pub provision: Provision,
    /// A number for a new folder that no other log has and no client can guess. `None` takes a
    /// random one; a simulation gives its own.
    pub marker: Option<u64>,
}

/// Between one removed file and the next, for syncs that are not slow.
const CLOSE_PAUSE: Duration = Duration::from_millis(50);

/// Who makes the next segment ahead of need, and closes those that are removed.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub enum Provision {
    /// Threads, while the current segment fills.
    #[default]
    Background,
    /// Whoever opens, appends, trims or asks for space, at once. For simulations.
    Inline,
}

/// A [`Log`] in segment files. See the [module](super).
#[derive(Debug)]
pub struct SegmentLog {
    disk: Arc<dyn Disk>,
    layout: Layout,
    marker: u64,
    epoch: Epoch,
    /// What readers share.
    segments: Arc<Segments>,
    /// The current segment, the only one that is written.
    current: Arc<dyn DiskFile>,
    current_number: u64,
    /// Where the next batch starts: in the current segment, or first in the one after it.
    next: Position,
    link: Link,
    spare: SpareMaker,
    provision: Provision,
    poisoned: bool,
    /// The batch being written, kept for its memory.
    buffer: Vec<u8>,
}

impl SegmentLog {
    /// Opens the log in a folder under a new epoch, or makes a new one if the folder is empty.
    ///
    /// Verifies what is there, cuts off an append that a crash tore, and returns when all that it
    /// found is on stable storage. Other files in the folder are left alone. Hold a
    /// [`FolderLock`](crate::FolderLock) on this folder or one above it.
    ///
    /// # Errors
    ///
    /// If a log is there and cannot be trusted; nothing that it holds has then been changed.
    pub fn open(
        folder: &Path,
        options: SegmentOptions,
    ) -> Result<(SegmentLog, RecoveryReport), OpenError> {
        let disk = Folder::open(folder).map_err(|source| LogFault::Io {
            doing: "open",
            file: folder.display().to_string(),
            source,
        })?;
        SegmentLog::open_on(Arc::new(disk), options)
    }

    /// The same on any disk.
    ///
    /// # Errors
    ///
    /// As for [`SegmentLog::open`].
    pub fn open_on(
        disk: Arc<dyn Disk>,
        options: SegmentOptions,
    ) -> Result<(SegmentLog, RecoveryReport), OpenError> {
        let (recovered, mut report) = recovery::recover(&disk, options)?;
        let layout = recovered.segments.layout;
        let segment_bytes = layout.segment_bytes;
        let mut log = SegmentLog {
            layout,
            marker: recovered.segments.marker,
            epoch: Epoch(recovered.link.epoch.0 + 1),
            segments: Arc::new(recovered.segments),
            current: recovered.current,
            current_number: recovered.current_number,
            next: recovered.next,
            link: recovered.link,
            spare: SpareMaker::new(
                Arc::clone(&disk),
                segment_bytes,
                options.provision,
                recovered.spare,
            ),
            provision: options.provision,
            poisoned: false,
            buffer: Vec::new(),
            disk,
        };
        log.claim()?;
        log.spare.request();
        report.epoch = log.epoch;
        report.next = log.next;
        Ok((log, report))
    }

    /// Makes the new epoch durable. Without room it waits for the first append: a full disk must
    /// not keep anyone from reading.
    fn claim(&mut self) -> Result<(), OpenError> {
        match self.append(self.next, self.epoch, &[]) {
            Ok(_) | Err(AppendError::NoSpace(_)) => Ok(()),
            Err(AppendError::Ambiguous(fault)) => Err(fault.into()),
            Err(refused) => unreachable!("an empty batch at the log's own end: {refused}"),
        }
    }

    /// Goes over to the spare.
    fn roll(&mut self) -> Result<(), AppendError> {
        let number = self.layout.segment_of(self.next);
        let spare = self.spare.take().map_err(AppendError::NoSpace)?;
        let (layout, marker) = (self.layout, self.marker);
        let link = Link { epoch: self.epoch, ..self.link };
        let header = SegmentHeader { layout, marker, number, link };
        begin_segment(&*self.disk, &*spare, SPARE_NAME, &header).map_err(|fault| {
            self.poisoned = true;
            AppendError::Ambiguous(fault)
        })?;
        self.segments.insert(number, Arc::clone(&spare));
        self.current = spare;
        self.current_number = number;
        self.spare.request();
        Ok(())
    }

    /// Writes a batch where it belongs, and syncs.
    fn write(&mut self, payload: &[u8]) -> Result<Link, LogFault> {
        self.buffer.clear();
        let buffer = &mut self.buffer;
        let link =
            format::encode_batch(buffer, self.marker, self.next, self.epoch, self.link, payload);
        let offset = self.layout.offset_of(self.next) - BATCH_HEADER_BYTES;
        let name = format::segment_name(self.current_number);
        self.current.write_at(&self.buffer, offset).or_fault("write", &*self.disk, &name)?;
        if mutant!(SkipSync) {
            return Ok(link);
        }
        let synced = self.current.sync().or_fault("sync", &*self.disk, &name);
        if !mutant!(IgnoreFailedSync) {
            synced?;
        }
        Ok(link)
    }

    /// Closes removed files apart from appends, which would wait: freeing 64 MiB takes the file
    /// system 10 to 30 ms, in which syncs are slow as well, and a log that was drained gives up many
    /// segments at once.
    fn close(&self, removed: Vec<Arc<dyn DiskFile>>) {
        if removed.is_empty() || self.provision == Provision::Inline {
            return;
        }
        let thread = std::thread::Builder::new().name("log-close".to_owned());
        // Where there is no thread to be had, this closes them here.
        let _ = thread.spawn(move || {
            for file in removed {
                drop(file);
                std::thread::sleep(CLOSE_PAUSE);
            }
        });
    }

    fn check(&self, expected: Position, epoch: Epoch, len: u64) -> Result<(), AppendError> {
        if self.poisoned {
            return Err(AppendError::Poisoned);
        }
        if expected != self.next || epoch != self.epoch {
            let (next, current) = (self.next, self.epoch);
            return Err(AppendError::Fenced { expected, epoch, next, current });
        }
        let max = self.layout.batch_bytes_max;
        if len > max { Err(AppendError::TooLong { len, max }) } else { Ok(()) }
    }
}

impl Log for SegmentLog {
    fn layout(&self) -> Layout {
        self.layout
    }

    fn next_position(&self) -> Position {
        self.next
    }

    fn epoch(&self) -> Epoch {
        self.epoch
    }

    fn append(
        &mut self,
        expected: Position,
        epoch: Epoch,
        payload: &[u8],
    ) -> Result<Position, AppendError> {
        self.check(expected, epoch, payload.len() as u64)?;
        if self.layout.segment_of(self.next) != self.current_number {
            self.roll()?;
        }
        self.link = self.write(payload).map_err(|fault| {
            self.poisoned = true;
            AppendError::Ambiguous(fault)
        })?;
        self.next = self.layout.after(self.next, payload.len() as u64);
        self.segments.acknowledge(self.next);
        Ok(self.next)
    }

    fn trim(&mut self, before: Position) -> Result<(), LogFault> {
        let end = self.layout.segment_of(before) + u64::from(mutant!(TrimTooFar));
        let end = end.min(self.current_number);
        let mut removed = Vec::new();
        while let Some(number) = self.segments.oldest().filter(|oldest| *oldest < end) {
            // One sync each: removed out of order, they would leave a hole.
            remove_if_there(&*self.disk, &format::segment_name(number))?;
            self.disk.sync_folder().or_fault("sync", &*self.disk, "")?;
            removed.extend(self.segments.remove(number));
        }
        self.close(removed);
        Ok(())
    }

    fn space(&mut self) -> Space {
        if !self.spare.is_in_sight() && !self.poisoned {
            self.spare.request();
        }
        let current_is_full = self.layout.segment_of(self.next) != self.current_number;
        let batches_left = if current_is_full { 0 } else { self.layout.batches_left(self.next) };
        if self.spare.is_in_sight() {
            Space::Ample
        } else if batches_left >= Space::RESERVE_BATCHES {
            Space::Low
        } else {
            Space::Exhausted
        }
    }

    fn reader(&self) -> Arc<dyn Reader> {
        Arc::clone(&self.segments) as Arc<dyn Reader>
    }
}

/// Turns a file of zeros into a segment: after a crash it is there with a sound header, or not.
pub(super) fn begin_segment(
    disk: &dyn Disk,
    file: &dyn DiskFile,
    from: &str,
    header: &SegmentHeader,
) -> Result<(), LogFault> {
    file.write_at(&header.encode(), 0).or_fault("write", disk, from)?;
    file.sync().or_fault("sync", disk, from)?;
    disk.rename(from, &format::segment_name(header.number)).or_fault("rename", disk, from)?;
    if mutant!(SkipFolderSync) {
        return Ok(());
    }
    disk.sync_folder().or_fault("sync", disk, "")
}
