//! Positions, epochs, and where batches lie.

/// Bytes at the start of each segment that no batch uses.
pub const SEGMENT_HEADER_BYTES: u64 = 4096;

/// Bytes before each payload.
pub const BATCH_HEADER_BYTES: u64 = 48;

/// Batches begin at multiples of this.
const ALIGNMENT_BYTES: u64 = 8;

/// A byte of a batch's payload: segment number × segment size + offset in the segment. Grows for
/// the whole life of a log and is never used twice.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Position(pub u64);

impl std::fmt::Display for Position {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One tenure of a log's writer. A log that is opened again has a greater one.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Epoch(pub u64);

impl std::fmt::Display for Epoch {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// Where batches lie: a pure function that the log and its owner share, so that the owner knows a
/// record's position before the record is written.
///
/// ```text
///   segment n                                                         segment n+1
///   ┌──────────────┬────────┬─────────┬────────┬─────────┬─ ─ ─ ─ ─┐  ┌──────────────┬─ ─
///   │segment header│ header │ payload │ header │ payload │  unused │  │segment header│
///   └──────────────┴────────┴─────────┴────────┴─────────┴─ ─ ─ ─ ─┘  └──────────────┴─ ─
///   4096            48       ▲ a position, padded to 8   < 48 + batch_bytes_max
/// ```
///
/// A batch never crosses segments. So that its place does not depend on its own length, a batch
/// goes to the next segment when the largest batch would not fit.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Layout {
    /// Size of a segment, a multiple of 4096.
    pub segment_bytes: u64,
    /// Greatest length of a payload. At least one batch of this length fits into a segment.
    pub batch_bytes_max: u64,
    /// Bytes that a layer over the log writes behind each payload that is not empty: then they are
    /// part of what the log below calls the payload. 0 without such a layer.
    pub trailer_bytes: u64,
}

impl Default for Layout {
    /// Segments of 64 MiB, batches of up to 4 MiB.
    fn default() -> Self {
        Layout { segment_bytes: 64 << 20, batch_bytes_max: 4 << 20, trailer_bytes: 0 }
    }
}

/// Why a [`Layout`] cannot be used.
#[derive(Copy, Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LayoutError {
    /// Segments have whole pages, or none.
    #[error("segment_bytes must be a positive multiple of {SEGMENT_HEADER_BYTES}")]
    SegmentBytes,
    /// Batches are empty, too long for a 32-bit length, or too long for a segment.
    #[error("batch_bytes_max must be positive, below 4 GiB, and fit into a segment with headers")]
    BatchBytesMax,
}

impl Layout {
    /// Checks the bounds on both fields.
    ///
    /// # Errors
    ///
    /// Says which field is out of bounds.
    pub fn check(&self) -> Result<(), LayoutError> {
        let whole_pages = self.segment_bytes.is_multiple_of(SEGMENT_HEADER_BYTES);
        if self.segment_bytes == 0 || !whole_pages {
            return Err(LayoutError::SegmentBytes);
        }
        let longest = self.batch_bytes_max.saturating_add(self.trailer_bytes);
        let fits = longest <= u64::from(u32::MAX) && self.fits(SEGMENT_HEADER_BYTES);
        if self.batch_bytes_max == 0 || !fits {
            return Err(LayoutError::BatchBytesMax);
        }
        Ok(())
    }

    /// Payload position of the very first batch.
    pub fn first(&self) -> Position {
        self.first_in(0)
    }

    /// Payload position of the batch that follows the batch whose payload starts at `start` and
    /// has `payload_len` bytes.
    pub fn after(&self, start: Position, payload_len: u64) -> Position {
        let trailer = if payload_len > 0 { self.trailer_bytes } else { 0 };
        let end = start.0 + payload_len + trailer;
        let header_at = end.next_multiple_of(ALIGNMENT_BYTES);
        let segment = self.segment_of(start);
        if self.fits(header_at - segment * self.segment_bytes) {
            Position(header_at + BATCH_HEADER_BYTES)
        } else {
            self.first_in(segment + 1)
        }
    }

    /// The number of the segment that holds this position.
    pub fn segment_of(&self, position: Position) -> u64 {
        position.0 / self.segment_bytes
    }

    /// Payload position of the first batch in a segment.
    pub fn first_in(&self, segment: u64) -> Position {
        Position(segment * self.segment_bytes + SEGMENT_HEADER_BYTES + BATCH_HEADER_BYTES)
    }

    /// Whether a batch's payload may start there, as far as its place in the segment goes.
    pub(crate) fn can_start(&self, position: Position) -> bool {
        let header_at = self.offset_of(position).checked_sub(BATCH_HEADER_BYTES);
        position.0.is_multiple_of(ALIGNMENT_BYTES)
            && header_at.is_some_and(|at| at >= SEGMENT_HEADER_BYTES && self.fits(at))
    }

    /// How far into its segment a position is.
    pub(crate) fn offset_of(&self, position: Position) -> u64 {
        position.0 % self.segment_bytes
    }

    /// How many more batches of the greatest length surely fit into the segment of `next`, the
    /// payload position of a batch still to be written.
    pub(crate) fn batches_left(&self, next: Position) -> u64 {
        let left = self.segment_bytes - (self.offset_of(next) - BATCH_HEADER_BYTES);
        left / self.longest_batch().next_multiple_of(ALIGNMENT_BYTES)
    }

    /// Whether the largest batch fits if its header starts at this offset of a segment.
    fn fits(&self, header_offset: u64) -> bool {
        header_offset + self.longest_batch() <= self.segment_bytes
    }

    fn longest_batch(&self) -> u64 {
        BATCH_HEADER_BYTES + self.batch_bytes_max + self.trailer_bytes
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const SMALL: Layout = Layout { segment_bytes: 8192, batch_bytes_max: 1000, trailer_bytes: 0 };

    #[test]
    fn the_first_batch_follows_the_segment_header() {
        assert_eq!(SMALL.first(), Position(4096 + 48));
        assert_eq!(SMALL.first_in(3), Position(3 * 8192 + 4096 + 48));
    }

    #[test]
    fn batches_follow_each_other_padded_to_eight() {
        assert_eq!(SMALL.after(Position(4144), 0), Position(4144 + 48));
        assert_eq!(SMALL.after(Position(4144), 1), Position(4144 + 8 + 48));
        assert_eq!(SMALL.after(Position(4144), 8), Position(4144 + 8 + 48));
    }

    #[test]
    fn a_batch_moves_on_when_the_largest_would_not_fit() {
        // The last header that still leaves room for 48 + 1000 bytes is at 7144.
        let last = Position(7144 + 48);
        assert_eq!(SMALL.after(Position(7144), 0), last);
        assert_eq!(SMALL.after(Position(7145), 0), SMALL.first_in(1));
        assert_eq!(SMALL.after(last, 1000), SMALL.first_in(1));
    }

    /// What a layer writes behind payloads is payload to the log below it: both agree on each place.
    #[test]
    fn a_trailer_lies_behind_each_payload_that_is_not_empty() {
        let above = Layout { batch_bytes_max: 1000 - 32, trailer_bytes: 32, ..SMALL };
        assert_eq!(above.check(), Ok(()));
        for start in (4144..8192 - 1000).step_by(8).map(Position) {
            assert_eq!(above.after(start, 0), SMALL.after(start, 0));
            for length in [1, 7, 8, 968] {
                assert_eq!(above.after(start, length), SMALL.after(start, length + 32));
            }
            assert_eq!(above.batches_left(start), SMALL.batches_left(start));
        }
        let too_long = Layout { batch_bytes_max: 4049 - 32, ..above };
        assert_eq!(too_long.check(), Err(LayoutError::BatchBytesMax));
    }

    #[test]
    fn bounds_are_checked() {
        assert_eq!(Layout::default().check(), Ok(()));
        assert_eq!(SMALL.check(), Ok(()));
        let with = |segment_bytes, batch_bytes_max| Layout {
            segment_bytes,
            batch_bytes_max,
            trailer_bytes: 0,
        };
        assert_eq!(with(0, 1).check(), Err(LayoutError::SegmentBytes));
        assert_eq!(with(8000, 1).check(), Err(LayoutError::SegmentBytes));
        assert_eq!(with(8192, 0).check(), Err(LayoutError::BatchBytesMax));
        assert_eq!(with(8192, 4048).check(), Ok(()));
        assert_eq!(with(8192, 4049).check(), Err(LayoutError::BatchBytesMax));
        assert_eq!(with(1 << 40, 1 << 32).check(), Err(LayoutError::BatchBytesMax));
    }

    proptest! {
        #[test]
        fn batches_neither_overlap_nor_cross(lens in prop::collection::vec(0..=1000u64, 1..200)) {
            let mut start = SMALL.first();
            for len in lens {
                let segment = SMALL.segment_of(start);
                prop_assert!(SMALL.offset_of(start) >= 4096 + 48);
                prop_assert!(start.0 + 1000 <= (segment + 1) * 8192);
                prop_assert_eq!(start.0 % 8, 0);
                let next = SMALL.after(start, len);
                prop_assert!(next.0 >= start.0 + len + 48);
                start = next;
            }
        }
    }
}
