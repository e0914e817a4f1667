//! Reading, from any thread.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use super::format::{self, Link};
use super::scan::{Found, Scan};
use crate::disk::{Disk, DiskFile};
use crate::{
    BATCH_HEADER_BYTES, Damage, DamageKind, EachBatch, Layout, LogFault, NewerFormat, Position,
    ReadError, Reader, ReplayError,
};

/// The segments that exist, shared by the writer and all readers.
#[derive(Debug)]
pub(super) struct Segments {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) layout: Layout,
    pub(super) marker: u64,
    files: RwLock<BTreeMap<u64, Arc<dyn DiskFile>>>,
    /// Where the batch after the last acknowledged one will start.
    next: AtomicU64,
}

impl Segments {
    pub(super) fn new(
        disk: Arc<dyn Disk>,
        layout: Layout,
        marker: u64,
        files: BTreeMap<u64, Arc<dyn DiskFile>>,
        next: Position,
    ) -> Segments {
        let (files, next) = (RwLock::new(files), AtomicU64::new(next.0));
        Segments { disk, layout, marker, files, next }
    }

    /// Shows readers that everything before `next` is acknowledged.
    pub(super) fn acknowledge(&self, next: Position) {
        self.next.store(next.0, Ordering::Release);
    }

    pub(super) fn insert(&self, number: u64, file: Arc<dyn DiskFile>) {
        self.files.write().unwrap_or_else(PoisonError::into_inner).insert(number, file);
    }

    /// Readers that have the file in hand go on reading it. It is closed with the last of them.
    pub(super) fn remove(&self, number: u64) -> Option<Arc<dyn DiskFile>> {
        self.files.write().unwrap_or_else(PoisonError::into_inner).remove(&number)
    }

    pub(super) fn oldest(&self) -> Option<u64> {
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        files.first_key_value().map(|(number, _)| *number)
    }

    fn next(&self) -> Position {
        Position(self.next.load(Ordering::Acquire))
    }

    /// The file that holds a position.
    pub(super) fn file(
        &self,
        position: Position,
        len: usize,
    ) -> Result<Arc<dyn DiskFile>, ReadError> {
        let number = self.layout.segment_of(position);
        let files = self.files.read().unwrap_or_else(PoisonError::into_inner);
        match (files.get(&number), files.first_key_value()) {
            (Some(file), _) => Ok(Arc::clone(file)),
            (None, Some((oldest, _))) if number < *oldest => {
                Err(ReadError::Trimmed { position, oldest: self.layout.first_in(*oldest) })
            }
            (None, _) => Err(ReadError::NotWritten { position, len }),
        }
    }

    /// The file that holds a range, and where in it.
    fn range(&self, position: Position, len: usize) -> Result<(Arc<dyn DiskFile>, u64), ReadError> {
        let file = self.file(position, len)?;
        let offset = self.layout.offset_of(position);
        let first = self.layout.offset_of(self.layout.first());
        let end = position.0.saturating_add(len as u64);
        let in_segment = offset.saturating_add(len as u64) <= self.layout.segment_bytes;
        if offset < first || !in_segment || end > self.next().0 {
            return Err(ReadError::NotWritten { position, len });
        }
        Ok((file, offset))
    }

    /// Verifies the batch whose payload starts at `at`, hands it over, and returns where the next
    /// one starts. Without a link it is the first, and taken as it is.
    fn replay_one(
        &self,
        scan: &mut Scan<'_>,
        at: Position,
        link: &mut Option<Link>,
        each: &mut EachBatch<'_>,
    ) -> Result<Position, ReplayError> {
        let offset = self.layout.offset_of(at) - BATCH_HEADER_BYTES;
        let damaged = |kind| LogFault::from(self.damage(at, kind));
        match scan.look(offset).map_err(|source| self.fault(at, source))? {
            Found::Batch { header, bytes } => {
                if let Some(link) = *link {
                    header.follows(link).map_err(damaged)?;
                }
                *link = Some(format::link_from(bytes, &header));
                let payload = &bytes[BATCH_HEADER_BYTES as usize..];
                each(at, header.epoch, payload).map_err(ReplayError::Stopped)?;
                Ok(self.layout.after(at, payload.len() as u64))
            }
            Found::Newer(version) => Err(LogFault::from(self.newer(at, version)).into()),
            Found::Nothing => Err(damaged(DamageKind::BatchMissing).into()),
            Found::Unsound(kind) => Err(damaged(kind).into()),
        }
    }

    pub(super) fn fault(&self, position: Position, source: std::io::Error) -> LogFault {
        let name = format::segment_name(self.layout.segment_of(position));
        LogFault::Io { doing: "read", file: self.disk.describe(&name), source }
    }

    /// A fault at the batch whose payload would start at `position`.
    pub(super) fn damage(&self, position: Position, kind: DamageKind) -> Damage {
        let name = format::segment_name(self.layout.segment_of(position));
        let offset = self.layout.offset_of(position) - BATCH_HEADER_BYTES;
        Damage { file: self.disk.describe(&name), offset, position, kind }
    }

    pub(super) fn newer(&self, position: Position, version: u16) -> NewerFormat {
        let name = format::segment_name(self.layout.segment_of(position));
        NewerFormat {
            file: self.disk.describe(&name),
            found: version.into(),
            known: format::BATCH_VERSION.into(),
        }
    }
}

impl Reader for Segments {
    fn read(&self, position: Position, len: usize) -> Result<Vec<u8>, ReadError> {
        let (file, offset) = self.range(position, len)?;
        let mut bytes = vec![0; len];
        file.read_at(&mut bytes, offset).map_err(|source| self.fault(position, source))?;
        Ok(bytes)
    }

    fn read_cached(&self, position: Position, len: usize) -> Option<Result<Vec<u8>, ReadError>> {
        let (file, offset) = match self.range(position, len) {
            Ok(range) => range,
            Err(refused) => return Some(Err(refused)),
        };
        let mut bytes = vec![0; len];
        file.read_cached_at(&mut bytes, offset).then_some(Ok(bytes))
    }

    fn replay(&self, from: Position, each: &mut EachBatch<'_>) -> Result<Position, ReplayError> {
        let end = self.next();
        let mut at = from;
        let mut link = None;
        if from > end || !self.layout.can_start(from) {
            return Err(ReadError::NotWritten { position: from, len: 0 }.into());
        }
        while at < end {
            let file = self.file(at, 0)?;
            let number = self.layout.segment_of(at);
            let mut scan = Scan::new(&*file, self.layout, self.marker, number);
            while at < end && self.layout.segment_of(at) == number {
                at = self.replay_one(&mut scan, at, &mut link, each)?;
            }
        }
        Ok(at)
    }
}
