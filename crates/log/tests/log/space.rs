//! A disk that fills up, and has room again.

use std::io::ErrorKind;
use std::sync::Arc;

use tidings_log::disk::Disk;
use tidings_log::disk::sim::{Operation, SimDisk};
use tidings_log::segment::{SegmentLog, SegmentOptions};
use tidings_log::{AppendError, Layout, Log, Space};

use crate::support::{LAYOUT, OPTIONS, append, open, payloads, segment_file};

const SEGMENT_BYTES: u64 = LAYOUT.segment_bytes;

/// A new log on a disk with room for that many segments, the spare included.
fn log_with_room_for(segments: u64) -> (SimDisk, SegmentLog) {
    let disk = SimDisk::new();
    disk.set_capacity(Some(segments * SEGMENT_BYTES));
    let log = open(&disk).0;
    (disk, log)
}

fn fill_segment(log: &mut SegmentLog) {
    let segment = LAYOUT.segment_of(log.next_position());
    while LAYOUT.segment_of(log.next_position()) == segment {
        append(log, &[1; 1000]);
    }
}

/// The whole way down: the last segment is a reserve, and its last batches are a reserve's reserve.
#[test]
fn space_is_low_with_a_segment_in_hand_and_exhausted_before_nothing_fits() {
    let layout = Layout { batch_bytes_max: 300, ..LAYOUT };
    let disk = SimDisk::new();
    disk.set_capacity(Some(2 * SEGMENT_BYTES));
    let options = SegmentOptions { layout, ..OPTIONS };
    let (mut log, _) = SegmentLog::open_on(Arc::new(disk), options).expect("the log opens");
    let mut spaces = vec![(log.space(), log.next_position())];
    let refused = loop {
        if let Err(refused) = log.append(log.next_position(), log.epoch(), &[1; 300]) {
            break refused;
        }
        spaces.push((log.space(), log.next_position()));
    };
    assert!(matches!(refused, AppendError::NoSpace(_)), "{refused:?}");

    let mut ample = spaces.iter().filter(|(space, _)| *space == Space::Ample);
    assert_eq!(ample.next_back().map(|(_, next)| *next), Some(layout.first_in(1)));
    let low = spaces.iter().find(|(space, _)| *space == Space::Low).expect("it was low");
    assert_eq!(low.1, layout.after(layout.first_in(1), 300), "one batch is in the last segment");
    assert!(spaces.is_sorted_by_key(|(space, _)| *space), "{spaces:?}");
    let exhausted = spaces.iter().filter(|(space, _)| *space == Space::Exhausted).count() as u64;
    assert_eq!(exhausted, Space::RESERVE_BATCHES, "from room for 3 to room for none");
}

#[test]
fn a_full_log_refuses_and_goes_on_when_space_returns() {
    let (disk, mut log) = log_with_room_for(2);
    fill_segment(&mut log);
    fill_segment(&mut log);
    let (next, epoch) = (log.next_position(), log.epoch());
    for _ in 0..3 {
        let refused = log.append(next, epoch, b"refused");
        let Err(AppendError::NoSpace(fault)) = refused else { panic!("{refused:?}") };
        assert!(fault.is_out_of_space(), "{fault}");
        assert_eq!(log.space(), Space::Exhausted);
        assert_eq!(log.next_position(), next);
    }
    let names = disk.list().expect("list");
    assert_eq!(names, [segment_file(0), segment_file(1)], "nothing unfinished is left");

    disk.set_capacity(None);
    assert_eq!(log.space(), Space::Ample);
    log.append(next, epoch, b"taken").expect("the append succeeds");
    assert_eq!(payloads(&log).last().map(Vec::as_slice), Some(&b"taken"[..]));
}

#[test]
fn an_append_notices_by_itself_that_space_returned() {
    let (disk, mut log) = log_with_room_for(2);
    fill_segment(&mut log);
    fill_segment(&mut log);
    let refused = log.append(log.next_position(), log.epoch(), b"refused");
    assert!(matches!(refused, Err(AppendError::NoSpace(_))));
    disk.set_capacity(None);
    append(&mut log, b"taken");
    assert_eq!(log.space(), Space::Ample);
}

#[test]
fn trimming_makes_room() {
    let (_, mut log) = log_with_room_for(3);
    for _ in 0..20 {
        fill_segment(&mut log);
        log.trim(log.next_position()).expect("trim");
        assert_eq!(log.space(), Space::Ample);
    }
}

/// Whatever keeps the spare from being made, there is no more than the current segment.
#[test]
fn a_spare_that_cannot_be_made_is_tried_again_when_asked() {
    for error in [ErrorKind::StorageFull, ErrorKind::QuotaExceeded, ErrorKind::PermissionDenied] {
        for failing in [Operation::Create, Operation::Reserve, Operation::Rename] {
            let disk = SimDisk::new();
            drop(open(&disk));
            disk.remove("spare").expect("remove");
            disk.fail_next(failing, error);
            let mut log = open(&disk).0;
            disk.fail_next(failing, error);
            assert_eq!(log.space(), Space::Exhausted, "{failing:?}: {error}");
            assert_eq!(log.space(), Space::Ample, "{failing:?}: {error}");
        }
    }
}

#[test]
fn a_full_disk_does_not_keep_a_log_from_opening() {
    let (disk, mut log) = log_with_room_for(2);
    fill_segment(&mut log);
    fill_segment(&mut log);
    let (before, epoch) = (payloads(&log), log.epoch());
    drop(log);
    for _ in 0..2 {
        let (mut log, report) = open(&disk);
        assert_eq!(report.cut, None);
        assert!(log.epoch() > epoch);
        assert_eq!(payloads(&log), before);
        assert_eq!(log.space(), Space::Exhausted);
        let refused = log.append(log.next_position(), log.epoch(), b"refused");
        assert!(matches!(refused, Err(AppendError::NoSpace(_))), "{refused:?}");
    }
    disk.set_capacity(None);
    append(&mut open(&disk).0, b"taken");
}
