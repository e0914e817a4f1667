//! What several test files need.

use std::sync::Arc;

use tidings_log::disk::sim::SimDisk;
use tidings_log::segment::{OpenError, Provision, RecoveryReport, SegmentLog, SegmentOptions};
use tidings_log::suite::{Batch, replay};
use tidings_log::{Layout, Log, Position};

/// Room for four of the longest batches in a segment, so that tests cross segments soon.
pub(crate) const LAYOUT: Layout =
    Layout { segment_bytes: 3 * 4096, batch_bytes_max: 1990, trailer_bytes: 0 };

pub(crate) const OPTIONS: SegmentOptions = SegmentOptions {
    layout: LAYOUT,
    replay_from: None,
    provision: Provision::Inline,
    marker: Some(0x7469_6469_6e67_7321),
};

pub(crate) fn segment_file(number: u64) -> String {
    format!("{number:020}.segment")
}

pub(crate) fn try_open(disk: &SimDisk) -> Result<(SegmentLog, RecoveryReport), OpenError> {
    SegmentLog::open_on(Arc::new(disk.clone()), OPTIONS)
}

pub(crate) fn open(disk: &SimDisk) -> (SegmentLog, RecoveryReport) {
    try_open(disk).expect("the log opens")
}

pub(crate) fn append(log: &mut SegmentLog, payload: &[u8]) -> Position {
    let start = log.next_position();
    log.append(start, log.epoch(), payload).expect("the append succeeds");
    start
}

/// All batches but claims.
pub(crate) fn batches_from(log: &SegmentLog, from: Position) -> Vec<Batch> {
    let (mut batches, end) = replay(&*log.reader(), from).expect("replay");
    assert_eq!(end, log.next_position());
    batches.retain(|(_, _, payload)| !payload.is_empty());
    batches
}

/// The payloads of all batches but claims, from the log's beginning.
pub(crate) fn payloads(log: &SegmentLog) -> Vec<Vec<u8>> {
    batches_from(log, LAYOUT.first()).into_iter().map(|(_, _, payload)| payload).collect()
}
