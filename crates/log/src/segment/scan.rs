//! Reads a segment's batches from front to back.

use std::io;

use tidings_mutants::mutant;

use super::format::{self, BatchHeader};
use crate::disk::DiskFile;
use crate::{BATCH_HEADER_BYTES, DamageKind, Layout, Position};

/// How much is read at once.
const WINDOW_BYTES: u64 = 1 << 20;
const HEADER_BYTES: usize = BATCH_HEADER_BYTES as usize;

/// A window that slides over one segment file.
#[derive(Debug)]
pub(super) struct Scan<'a> {
    file: &'a dyn DiskFile,
    layout: Layout,
    marker: u64,
    number: u64,
    window: Vec<u8>,
    /// Offset of the window in the file.
    window_at: u64,
}

/// What lies at an offset where a batch may begin.
#[derive(Debug)]
pub(super) enum Found<'a> {
    /// A batch that matches its checksum. Whether it follows from the one before is open.
    Batch { header: BatchHeader, bytes: &'a [u8] },
    /// A sound batch in a version that this release does not know.
    Newer(u16),
    /// Zeros in place of a header.
    Nothing,
    /// Something else.
    Unsound(DamageKind),
}

/// What lies behind the last sound batch.
#[derive(Copy, Clone, Debug)]
pub(super) struct Beyond {
    /// A sound batch begins there all the same.
    pub(super) sound_batch: bool,
    /// Offset behind the last byte that is not zero, rounded up to 8.
    pub(super) written_end: u64,
}

impl<'a> Scan<'a> {
    pub(super) fn new(file: &'a dyn DiskFile, layout: Layout, marker: u64, number: u64) -> Self {
        Scan { file, layout, marker, number, window: Vec::new(), window_at: 0 }
    }

    /// Looks for a batch whose header begins at `offset`, and checks all but its link to the batch
    /// before.
    pub(super) fn look(&mut self, offset: u64) -> io::Result<Found<'_>> {
        let marker = self.marker;
        let header = self.bytes(offset, HEADER_BYTES)?;
        if header.iter().all(|byte| *byte == 0) {
            return Ok(Found::Nothing);
        }
        let Some(header) = BatchHeader::decode(header, marker) else {
            return Ok(Found::Unsound(DamageKind::BatchMissing));
        };
        let start = self.number * self.layout.segment_bytes + offset + BATCH_HEADER_BYTES;
        let len = header.batch_len();
        let fits = u64::from(header.payload_len) <= self.layout.batch_bytes_max
            && offset + len as u64 <= self.layout.segment_bytes;
        if header.position != Position(start) || !fits {
            return Ok(Found::Unsound(DamageKind::BatchMissing));
        }
        let bytes = self.bytes(offset, len)?;
        if !format::checksum_matches(bytes) && !mutant!(AcceptTornBatch) {
            return Ok(Found::Unsound(DamageKind::Checksum));
        }
        if header.version != format::BATCH_VERSION {
            return Ok(Found::Newer(header.version));
        }
        Ok(Found::Batch { header, bytes })
    }

    /// Examines everything from `offset`, where there is no sound batch, to the segment's end.
    pub(super) fn beyond(&mut self, offset: u64) -> io::Result<Beyond> {
        let mut beyond = Beyond { sound_batch: false, written_end: offset };
        let mut at = offset;
        while at < self.layout.segment_bytes {
            let len = WINDOW_BYTES.min(self.layout.segment_bytes - at);
            let mut candidates = Vec::new();
            let marker = self.marker;
            let words = self.bytes(at, index(len))?.chunks_exact(8);
            for (place, word) in (at..).step_by(8).zip(words) {
                let word = format::u64_at(word, 0);
                if word != 0 {
                    beyond.written_end = place + 8;
                }
                if word == marker && place > offset {
                    candidates.push(place);
                }
            }
            for candidate in candidates {
                let header_fits = candidate + BATCH_HEADER_BYTES <= self.layout.segment_bytes;
                if header_fits
                    && matches!(self.look(candidate)?, Found::Batch { .. } | Found::Newer(_))
                {
                    beyond.sound_batch = true;
                    return Ok(beyond);
                }
            }
            at += len;
        }
        Ok(beyond)
    }

    /// Bytes of the file, read ahead as a rule.
    fn bytes(&mut self, offset: u64, len: usize) -> io::Result<&[u8]> {
        let have = self.window_at..self.window_at + self.window.len() as u64;
        if offset < have.start || offset + len as u64 > have.end {
            let ahead = WINDOW_BYTES.min(self.layout.segment_bytes - offset);
            self.window.resize(len.max(index(ahead)), 0);
            self.window_at = offset;
            if let Err(error) = self.file.read_at(&mut self.window, offset) {
                self.window.clear();
                return Err(error);
            }
        }
        let from = index(offset - self.window_at);
        Ok(&self.window[from..from + len])
    }
}

/// Lengths here are bounded by a batch or the window.
fn index(len: u64) -> usize {
    usize::try_from(len).expect("a batch fits into memory")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::super::format::{Link, encode_batch};
    use super::*;
    use crate::Epoch;
    use crate::disk::{Disk, sim::SimDisk};

    const LAYOUT: Layout =
        Layout { segment_bytes: 3 << 20, batch_bytes_max: 100, trailer_bytes: 0 };
    const MARKER: u64 = 0xabcd;

    fn segment() -> Arc<dyn DiskFile> {
        let file = SimDisk::new().create("segment").expect("create");
        file.reserve(LAYOUT.segment_bytes).expect("reserve");
        file
    }

    /// Writes a batch at an offset that claims to be at a position.
    fn write(file: &dyn DiskFile, offset: u64, position: u64) {
        let mut batch = Vec::new();
        encode_batch(&mut batch, MARKER, Position(position), Epoch(1), Link::default(), b"ab");
        file.write_at(&batch, offset).expect("write");
    }

    #[test]
    fn a_batch_is_sound_in_its_own_place_only() {
        let file = segment();
        write(&*file, 4096, LAYOUT.first_in(2).0);
        let found = |number, marker, offset| {
            let mut scan = Scan::new(&*file, LAYOUT, marker, number);
            format!("{:?}", scan.look(offset).expect("look"))
        };
        assert!(found(2, MARKER, 4096).starts_with("Batch"));
        assert_eq!(found(1, MARKER, 4096), "Unsound(BatchMissing)");
        assert_eq!(found(2, MARKER + 1, 4096), "Unsound(BatchMissing)");
        assert_eq!(found(2, MARKER, 4104), "Unsound(BatchMissing)");
        assert_eq!(found(2, MARKER, 4160), "Nothing");
    }

    #[test]
    fn the_last_written_byte_is_found_across_windows() {
        let file = segment();
        for at in [LAYOUT.segment_bytes - 1, (1 << 20) + 4096, 8000, 5001] {
            let beyond = |offset| {
                Scan::new(&*file, LAYOUT, MARKER, 0).beyond(offset).expect("read").written_end
            };
            assert_eq!(beyond(4096), 4096);
            file.write_at(&[1], at).expect("write");
            assert_eq!(beyond(4096), (at + 1).next_multiple_of(8));
            // A window that ends just before the segment does.
            let near_end = LAYOUT.segment_bytes - (1 << 20) - 16;
            let expected = if at < near_end { near_end } else { at + 1 };
            assert_eq!(beyond(near_end), expected.next_multiple_of(8));
            file.write_at(&[0], at).expect("write");
        }
    }

    #[test]
    fn a_sound_batch_is_found_however_far_behind() {
        for offset in [5008, 1 << 20, (2 << 20) + 8, LAYOUT.segment_bytes - 56] {
            let file = segment();
            let sound_batch =
                || Scan::new(&*file, LAYOUT, MARKER, 0).beyond(4096).expect("read").sound_batch;
            assert!(!sound_batch());
            write(&*file, offset, offset + 48 + 8);
            assert!(!sound_batch(), "it is out of place");
            write(&*file, offset, offset + 48);
            assert!(sound_batch());
        }
    }
}
