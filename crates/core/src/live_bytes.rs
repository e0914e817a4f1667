//! How much of the log is still needed.

use std::collections::BTreeMap;

use crate::message::Location;

/// Bytes of message records that queues still point at, by segment of the log.
pub(crate) struct LiveBytes {
    segment_bytes: u64,
    by_segment: BTreeMap<u64, u64>,
}

impl LiveBytes {
    pub(crate) fn new(segment_bytes: u64) -> Self {
        assert!(segment_bytes > 0, "positions are counted in segments");
        Self { segment_bytes, by_segment: BTreeMap::new() }
    }

    pub(crate) fn add(&mut self, location: Location) {
        let segment = location.position / self.segment_bytes;
        *self.by_segment.entry(segment).or_default() += u64::from(location.length);
    }

    pub(crate) fn release(&mut self, location: Location) {
        let segment = location.position / self.segment_bytes;
        let bytes = self.by_segment.get_mut(&segment).expect("what is released was added");
        *bytes -= u64::from(location.length);
        if *bytes == 0 {
            self.by_segment.remove(&segment);
        }
    }

    /// The position before which nothing is needed; `None` if nothing is.
    pub(crate) fn first(&self) -> Option<u64> {
        self.by_segment.first_key_value().map(|(segment, _)| segment * self.segment_bytes)
    }

    /// Bytes that are needed in segments that begin before a position.
    pub(crate) fn before(&self, position: u64) -> u64 {
        self.by_segment.range(..position.div_ceil(self.segment_bytes)).map(|(_, bytes)| bytes).sum()
    }

    /// All bytes that are needed.
    pub(crate) fn total(&self) -> u64 {
        self.by_segment.values().sum()
    }
}
