//! Opening: what is cut, what is refused, and what is left alone.

use std::io::ErrorKind;
use std::sync::Arc;

use tidings_log::disk::Disk;
use tidings_log::disk::sim::{Operation, SimDisk};
use tidings_log::segment::{OpenError, SegmentLog, SegmentOptions};
use tidings_log::suite::{payload, replay};
use tidings_log::{
    AppendError, BATCH_HEADER_BYTES, DamageKind, Epoch, Layout, Log, Position, Space,
};

use crate::support::{LAYOUT, OPTIONS, append, open, payloads, segment_file, try_open};

fn damage_kind(disk: &SimDisk) -> DamageKind {
    match try_open(disk) {
        Err(OpenError::Damaged(damage)) => damage.kind,
        other => panic!("no damage: {:?}", other.map(|(_, report)| report)),
    }
}

/// A log whose batches reach into that segment.
fn log_reaching(disk: &SimDisk, segment: u64) -> SegmentLog {
    let mut log = open(disk).0;
    let mut seed = 0;
    while LAYOUT.segment_of(log.next_position()) < segment {
        append(&mut log, &payload(seed, 1500));
        seed += 1;
    }
    append(&mut log, b"last");
    log
}

fn replay_from(disk: &SimDisk, position: Position) -> Result<u64, OpenError> {
    let options = SegmentOptions { replay_from: Some(position), ..OPTIONS };
    let opened = SegmentLog::open_on(Arc::new(disk.clone()), options);
    opened.map(|(_, report)| report.batches_verified)
}

#[test]
fn a_new_log_says_so() {
    let disk = SimDisk::new();
    let (log, report) = open(&disk);
    assert!(report.created);
    assert_eq!((report.epoch, report.segments, report.cut), (Epoch(1), 1, None));
    assert_eq!((report.oldest, report.next), (LAYOUT.first(), log.next_position()));
    drop(log);
    let (_, report) = open(&disk);
    assert!(!report.created);
    assert_eq!((report.epoch, report.batches_verified), (Epoch(2), 1));
}

#[test]
fn a_torn_append_is_cut_off_and_reported() {
    let disk = SimDisk::new();
    let mut log = open(&disk).0;
    append(&mut log, b"whole");
    let torn_at = log.next_position();
    disk.fail_next(Operation::Write, ErrorKind::Other);
    let torn = log.append(torn_at, log.epoch(), &payload(0, 1000));
    assert!(matches!(torn, Err(AppendError::Ambiguous(_))));
    drop(log);

    let (log, report) = open(&disk);
    let cut = report.cut.expect("something was cut off");
    assert_eq!(cut.file, segment_file(0));
    assert_eq!(cut.position, torn_at);
    assert_eq!(cut.offset, torn_at.0 - BATCH_HEADER_BYTES);
    // Half of it was written. Zeros are counted in eights.
    assert_eq!(cut.bytes, ((48 + 1000) / 2_u64).next_multiple_of(8));
    assert_eq!(payloads(&log), [b"whole"]);
    drop(log);
    assert_eq!(open(&disk).1.cut, None);
}

/// What lay behind the cut is gone for good: a shorter batch there uncovers nothing.
#[test]
fn nothing_of_a_torn_append_is_left_behind_the_next_batch() {
    let disk = SimDisk::new();
    let mut log = open(&disk).0;
    disk.fail_next(Operation::Write, ErrorKind::Other);
    let _ = log.append(log.next_position(), log.epoch(), &[0xff; 1900]);
    drop(log);
    drop(open(&disk));
    let image = disk.crash(&mut |_| false);
    assert!(!image.content(&segment_file(0)).contains(&0xff));
}

/// A sync that failed, and one after it that lies.
#[test]
fn what_opening_found_survives_the_next_crash() {
    let disk = SimDisk::new();
    let mut log = open(&disk).0;
    disk.fail_next(Operation::Sync, ErrorKind::Other);
    let doubtful = log.append(log.next_position(), log.epoch(), b"doubtful");
    assert!(matches!(doubtful, Err(AppendError::Ambiguous(_))));
    drop(log);
    assert_eq!(payloads(&open(&disk).0), [b"doubtful"]);
    let image = disk.crash(&mut |_| false);
    assert_eq!(payloads(&open(&image).0), [b"doubtful"]);
}

#[test]
fn a_failed_roll_leaves_a_log_that_opens() {
    for failing in [Operation::Write, Operation::Sync, Operation::Rename, Operation::SyncFolder] {
        let disk = SimDisk::new();
        let mut log = open(&disk).0;
        while LAYOUT.segment_of(log.next_position()) == 0 {
            append(&mut log, &[1; 1990]);
        }
        let before = payloads(&log);
        disk.fail_next(failing, ErrorKind::Other);
        let failed = log.append(log.next_position(), log.epoch(), b"next");
        assert!(matches!(failed, Err(AppendError::Ambiguous(_))), "{failing:?}: {failed:?}");
        let refused = log.append(log.next_position(), log.epoch(), b"next");
        assert!(matches!(refused, Err(AppendError::Poisoned)), "{failing:?}: {refused:?}");
        drop(log);
        let mut log = open(&disk.crash(&mut |_| false)).0;
        assert_eq!(payloads(&log), before, "{failing:?}");
        append(&mut log, b"next");
    }
}

#[test]
fn a_missing_segment_is_named() {
    let disk = SimDisk::new();
    drop(log_reaching(&disk, 3));
    disk.remove(&segment_file(1)).expect("remove");
    let error = try_open(&disk).expect_err("a segment is missing");
    assert!(error.to_string().starts_with("00000000000000000001.segment is missing"), "{error}");

    for number in [0, 2, 3] {
        disk.remove(&segment_file(number)).expect("remove");
    }
    let error = try_open(&disk).expect_err("all segments are missing");
    assert!(matches!(error, OpenError::NoSegments { .. }), "{error}");
}

#[test]
fn a_segment_of_another_log_is_refused() {
    let (disk, other) = (SimDisk::new(), SimDisk::new());
    drop(log_reaching(&disk, 1));
    let options = SegmentOptions { marker: Some(99), ..OPTIONS };
    drop(SegmentLog::open_on(Arc::new(other.clone()), options).expect("the log opens"));
    disk.set_content(&segment_file(1), other.content(&segment_file(0)));
    assert_eq!(damage_kind(&disk), DamageKind::Misplaced);
    disk.set_content(&segment_file(1), disk.content(&segment_file(0)));
    assert_eq!(damage_kind(&disk), DamageKind::Misplaced);
}

/// A segment of the same log in another past, as a careless restore may leave.
#[test]
fn segments_that_do_not_follow_from_each_other_are_refused() {
    let (disk, other) = (SimDisk::new(), SimDisk::new());
    drop(log_reaching(&disk, 1));
    let mut log = open(&other).0;
    while LAYOUT.segment_of(log.next_position()) == 0 {
        append(&mut log, &[7; 1990]);
    }
    append(&mut log, b"last");
    drop(log);
    disk.set_content(&segment_file(1), other.content(&segment_file(1)));
    assert_eq!(damage_kind(&disk), DamageKind::Chain);
}

/// A batch that is sound and in place, but was written after another one than is there.
#[test]
fn a_batch_that_does_not_follow_is_refused_even_at_the_end() {
    let (disk, other) = (SimDisk::new(), SimDisk::new());
    for (disk, first) in [(&disk, b"one"), (&other, b"two")] {
        let mut log = open(disk).0;
        append(&mut log, first);
        append(&mut log, b"last");
    }
    let (content, others) = (disk.content(&segment_file(0)), other.content(&segment_file(0)));
    // Claim, 48 bytes; "one", 56 bytes; then the last.
    let last_at = 4096 + 48 + 56;
    let mixed = [&content[..last_at], &others[last_at..]].concat();
    disk.set_content(&segment_file(0), mixed);
    assert_eq!(damage_kind(&disk), DamageKind::Chain);
}

#[test]
fn bytes_far_behind_the_end_are_no_torn_append() {
    let disk = SimDisk::new();
    drop(open(&disk));
    let mut content = disk.content(&segment_file(0));
    let end = 4096 + 48;
    content[end + 48 + 1990] = 1;
    disk.set_content(&segment_file(0), content.clone());
    assert_eq!(open(&disk).1.cut.expect("within reach").bytes, 48 + 1992);

    drop(open(&disk));
    content[end + 48 + 48 + 1992 + 48 + 8] = 1;
    disk.set_content(&segment_file(0), content);
    assert_eq!(damage_kind(&disk), DamageKind::BeyondTail);
}

#[test]
fn a_segment_of_the_wrong_size_is_refused() {
    let disk = SimDisk::new();
    drop(log_reaching(&disk, 1));
    let sound = disk.content(&segment_file(0));
    for (found, kind) in [
        (100, DamageKind::Size { found: 100, expected: LAYOUT.segment_bytes }),
        (8192, DamageKind::Size { found: 8192, expected: LAYOUT.segment_bytes }),
    ] {
        disk.set_content(&segment_file(0), sound[..found].to_vec());
        assert_eq!(damage_kind(&disk), kind);
    }
}

#[test]
fn a_newer_format_is_refused_and_not_taken_for_damage() {
    let disk = SimDisk::new();
    drop(open(&disk));
    let sound = disk.content(&segment_file(0));

    let mut newer_segment = sound.clone();
    newer_segment[8] = 9;
    let checksum = crc32c::crc32c(&newer_segment[..60]);
    newer_segment[60..64].copy_from_slice(&checksum.to_le_bytes());
    let mut newer_batch = sound;
    let claim = 4096..4096 + 48;
    newer_batch[claim.start + 40] = 9;
    let checksum = crc32c::crc32c(&newer_batch[claim.start + 12..claim.end]);
    newer_batch[claim.start + 8..claim.start + 12].copy_from_slice(&checksum.to_le_bytes());

    for newer in [newer_segment, newer_batch] {
        disk.set_content(&segment_file(0), newer.clone());
        let error = try_open(&disk).expect_err("it is newer");
        assert!(matches!(&error, OpenError::NewerFormat(newer) if newer.found == 9), "{error}");
        assert_eq!(disk.content(&segment_file(0)), newer, "nothing was changed");
    }
}

#[test]
fn a_folder_keeps_its_layout() {
    let disk = SimDisk::new();
    drop(log_reaching(&disk, 1));
    let options = SegmentOptions { layout: Layout::default(), ..OPTIONS };
    let (log, _) = SegmentLog::open_on(Arc::new(disk), options).expect("the log opens");
    assert_eq!(log.layout(), LAYOUT);
    let bad = SegmentOptions { layout: Layout { segment_bytes: 1, ..LAYOUT }, ..OPTIONS };
    let error = SegmentLog::open_on(Arc::new(SimDisk::new()), bad).expect_err("a bad layout");
    assert!(matches!(error, OpenError::Layout(_)), "{error}");
}

#[test]
fn other_files_are_left_alone_and_unfinished_ones_removed() {
    let disk = SimDisk::new();
    for name in ["LOCK", "notes.txt", "7.segment", "spare.tmp"] {
        disk.create(name).expect("create");
    }
    let log = open(&disk).0;
    drop(log);
    drop(open(&disk));
    let names = disk.list().expect("list");
    let expected = [&segment_file(0), "7.segment", "LOCK", "notes.txt", "spare"];
    assert_eq!(names, expected);
}

#[test]
fn a_spare_of_another_size_is_made_again() {
    let disk = SimDisk::new();
    drop(open(&disk));
    disk.set_content("spare", vec![0; 100]);
    let log = log_reaching(&disk, 2);
    assert_eq!(disk.content("spare").len() as u64, LAYOUT.segment_bytes);
    drop(log);
    open(&disk);
}

#[test]
fn what_a_snapshot_covers_is_not_verified() {
    let disk = SimDisk::new();
    let log = log_reaching(&disk, 3);
    let (batches, end) = replay(&*log.reader(), LAYOUT.first()).expect("replay");
    drop(log);
    let in_segment = |number| {
        batches.iter().filter(|(start, _, _)| LAYOUT.segment_of(*start) >= number).count() as u64
    };
    let start_in_2 = batches.iter().map(|batch| batch.0).find(|p| LAYOUT.segment_of(*p) == 2);
    let start_in_2 = start_in_2.expect("there is a batch in segment 2");
    let after_it = LAYOUT.after(start_in_2, 1500);

    let mut content = disk.content(&segment_file(0));
    content[5000] ^= 1;
    disk.set_content(&segment_file(0), content);
    assert!(matches!(try_open(&disk), Err(OpenError::Damaged(_))));
    for from in [start_in_2, after_it] {
        let image = disk.crash(&mut |_| true);
        assert_eq!(replay_from(&image, from).ok(), Some(in_segment(2)));
    }
    assert_eq!(replay_from(&disk, end).ok(), Some(in_segment(3)));
}

#[test]
fn a_snapshot_that_the_log_does_not_reach_is_refused() {
    let disk = SimDisk::new();
    let log = log_reaching(&disk, 3);
    let (first, next) = (LAYOUT.first(), log.next_position());
    let mut trimmed = open(&disk.crash(&mut |_| true)).0;
    trimmed.trim(LAYOUT.first_in(2)).expect("trim");
    drop((trimmed, log));

    let unreachable = |disk: &SimDisk, position| match replay_from(disk, position) {
        Err(OpenError::Unreachable { oldest, .. }) => oldest,
        other => panic!("{position} can be reached: {other:?}"),
    };
    let beyond = LAYOUT.after(next, 0);
    for position in [beyond, Position(next.0 + 8), Position(first.0 + 8), LAYOUT.first_in(7)] {
        assert_eq!(unreachable(&disk, position), first);
    }
    assert_eq!(unreachable(&SimDisk::new(), first), first, "the log is missing");
    disk.remove(&segment_file(0)).expect("remove");
    assert_eq!(unreachable(&disk, first), LAYOUT.first_in(1), "it was trimmed");
}

/// The last segment is full, so the snapshot ends where no segment is yet.
#[test]
fn a_snapshot_may_end_where_a_segment_does() {
    let disk = SimDisk::new();
    let mut log = open(&disk).0;
    while LAYOUT.segment_of(log.next_position()) == 0 {
        append(&mut log, &[1; 1990]);
    }
    let covers = log.next_position();
    drop(log);
    assert_eq!(covers, LAYOUT.first_in(1));
    assert_eq!(replay_from(&disk, covers).ok(), Some(4));
}

#[test]
fn faults_of_the_disk_are_told_apart_from_damage() {
    let disk = SimDisk::new();
    drop(log_reaching(&disk, 1));
    for failing in [Operation::Write, Operation::Sync, Operation::SyncFolder] {
        disk.fail_next(failing, ErrorKind::PermissionDenied);
        let error = try_open(&disk).expect_err("the disk fails");
        assert!(matches!(error, OpenError::Fault(_)), "{failing:?}: {error}");
    }
    open(&disk);
}

/// A full disk leaves the claim out. What is written under the epoch all the same takes it.
#[test]
fn an_epoch_is_not_given_out_twice_once_it_was_used() {
    let disk = SimDisk::new();
    let mut log = open(&disk).0;
    while LAYOUT.segment_of(log.next_position()) == 0 {
        append(&mut log, &[1; 1990]);
    }
    drop(log);
    disk.remove("spare").expect("remove");
    disk.set_capacity(Some(disk.used_bytes()));
    let mut log = open(&disk).0;
    assert_eq!(log.epoch(), Epoch(2));
    disk.set_capacity(None);
    assert_eq!(log.space(), Space::Ample);
    // The first batch of the next segment is lost; the segment is not.
    disk.cut_power_at(disk.operations() + 4);
    let lost = log.append(log.next_position(), log.epoch(), b"lost");
    assert!(matches!(lost, Err(AppendError::Ambiguous(_))), "{lost:?}");
    let image = disk.crash(&mut |_| false);
    assert!(image.list().expect("list").contains(&segment_file(1)));
    assert_eq!(open(&image).0.epoch(), Epoch(3));
}
