//! Flips bits of a sound log, and expects to be told where.

use std::ops::Range;

use tidings_log::disk::sim::SimDisk;
use tidings_log::segment::OpenError;
use tidings_log::suite::{payload, replay};
use tidings_log::{BATCH_HEADER_BYTES, Damage, LogFault, Position, ReadError, ReplayError};

use crate::support::{LAYOUT, append, open, payloads, segment_file, try_open};

/// A batch on the disk.
#[derive(Clone, Debug)]
struct Place {
    start: Position,
    file: String,
    /// Header and payload in the file.
    bytes: Range<usize>,
}

/// A log with batches in two segments, and where they all are, claim included.
fn log_with_batches() -> (SimDisk, Vec<Place>) {
    let disk = SimDisk::new();
    let mut log = open(&disk).0;
    for (seed, len) in (0..).zip([1, 700, 1990, 8, 1990, 1200, 1990, 5, 40, 300]) {
        append(&mut log, &payload(seed, len));
    }
    let (batches, _) = replay(&*tidings_log::Log::reader(&log), LAYOUT.first()).expect("replay");
    let place = |(start, _, payload): &(Position, _, Vec<u8>)| {
        let number = LAYOUT.segment_of(*start);
        let offset = usize::try_from(start.0 - number * LAYOUT.segment_bytes).expect("small");
        let header_at = offset - BATCH_HEADER_BYTES as usize;
        let file = segment_file(number);
        Place { start: *start, file, bytes: header_at..offset + payload.len() }
    };
    let places: Vec<Place> = batches.iter().map(place).collect();
    assert_eq!(LAYOUT.segment_of(places.last().expect("not empty").start), 1);
    (disk, places)
}

fn flip(disk: &SimDisk, file: &str, byte: usize, bit: usize) {
    let mut content = disk.content(file);
    content[byte] ^= 1 << bit;
    disk.set_content(file, content);
}

/// Bits of a batch: all of its header's, one of each byte of its payload.
fn bits(place: &Place) -> impl Iterator<Item = (usize, usize)> + use<> {
    let header_end = place.bytes.start + BATCH_HEADER_BYTES as usize;
    let header =
        (place.bytes.start..header_end).flat_map(|byte| (0..8).map(move |bit| (byte, bit)));
    header.chain((header_end..place.bytes.end).map(|byte| (byte, byte % 8)))
}

#[test]
fn a_flipped_bit_of_any_batch_but_the_last_is_named_on_opening() {
    let (disk, places) = log_with_batches();
    let (_, all_but_last) = places.split_last().expect("not empty");
    for place in all_but_last {
        for (byte, bit) in bits(place) {
            flip(&disk, &place.file, byte, bit);
            let before = disk.content(&place.file);
            let error = try_open(&disk).expect_err("the damage is found");
            let OpenError::Damaged(Damage { file, offset, position, .. }) = &error else {
                panic!("byte {byte}, bit {bit}: {error}");
            };
            let named = (file, *offset, *position);
            assert_eq!(named, (&place.file, place.bytes.start as u64, place.start), "{error}");
            assert_eq!(disk.content(&place.file), before, "nothing was changed");
            flip(&disk, &place.file, byte, bit);
        }
    }
    open(&disk);
}

#[test]
fn a_flipped_bit_is_named_by_replay() {
    let (disk, places) = log_with_batches();
    let log = open(&disk).0;
    let reader = tidings_log::Log::reader(&log);
    for place in &places {
        for (byte, bit) in bits(place).step_by(3) {
            flip(&disk, &place.file, byte, bit);
            let mut calls = 0;
            let stopped = reader.replay(LAYOUT.first(), &mut |start, _, _| {
                calls += 1;
                assert!(start < place.start, "the damaged batch is not passed on");
                Ok(())
            });
            let Err(ReplayError::Read(ReadError::Fault(LogFault::Damaged(damage)))) = stopped
            else {
                panic!("byte {byte}, bit {bit}: {stopped:?}");
            };
            assert_eq!((damage.file, damage.position), (place.file.clone(), place.start));
            assert_eq!(calls, places.iter().filter(|before| before.start < place.start).count());
            flip(&disk, &place.file, byte, bit);
        }
    }
}

/// The one case that cannot be told from a torn append, until the next opening's claim covers it.
#[test]
fn a_flipped_bit_of_the_last_batch_looks_torn_until_the_log_was_opened_again() {
    let (disk, places) = log_with_batches();
    let last = places.last().expect("not empty");
    let sound = disk.crash(&mut |_| false);
    flip(&disk, &last.file, last.bytes.end - 1, 0);
    let (log, report) = open(&disk);
    let cut = report.cut.expect("it is cut off");
    assert_eq!((cut.file, cut.position), (last.file.clone(), last.start));
    assert_eq!(payloads(&log).len(), places.len() - 2, "all but claim and last");

    drop(open(&sound));
    flip(&sound, &last.file, last.bytes.end - 1, 0);
    let error = try_open(&sound).expect_err("the damage is found");
    assert!(matches!(&error, OpenError::Damaged(damage) if damage.position == last.start));
}

#[test]
fn a_flipped_bit_of_a_segment_header_is_named_on_opening() {
    let (disk, _) = log_with_batches();
    for number in 0..2 {
        let file = segment_file(number);
        for (byte, bit) in (0..64).flat_map(|byte| (0..8).map(move |bit| (byte, bit))) {
            flip(&disk, &file, byte, bit);
            let error = try_open(&disk).expect_err("the damage is found");
            let OpenError::Damaged(damage) = &error else { panic!("{error}") };
            assert_eq!((&damage.file, damage.offset), (&file, 0));
            flip(&disk, &file, byte, bit);
        }
    }
}

/// Zeros where a batch was are as bad as any other damage.
#[test]
fn a_batch_that_became_zeros_is_named_on_opening() {
    let (disk, places) = log_with_batches();
    for place in &places[..places.len() - 1] {
        let sound = disk.content(&place.file);
        let mut zeroed = sound.clone();
        zeroed[place.bytes.clone()].fill(0);
        disk.set_content(&place.file, zeroed);
        let error = try_open(&disk).expect_err("the damage is found");
        assert!(matches!(&error, OpenError::Damaged(damage) if damage.position == place.start));
        disk.set_content(&place.file, sound);
    }
}
