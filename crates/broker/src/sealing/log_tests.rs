//! Sealed logs and snapshots: the log's contract, crashes, and damage.

use std::io::ErrorKind;
use std::sync::Arc;

use tidings_log::disk::sim::{Operation, SimDisk};
use tidings_log::memory::{MemoryFault, MemoryStore};
use tidings_log::segment::{Provision, SegmentLog, SegmentOptions};
use tidings_log::snapshot::{FolderSnapshots, MemorySnapshots, SnapshotOptions, Snapshots};
use tidings_log::suite::{Batch, Subject, payload, replay};
use tidings_log::{AppendError, Epoch, Layout, Log, Position, ReadError, Reader, ReplayError};
use tidings_seal::RootKey;

use super::Sealing;
use super::sealed_log::SealedLog;
use super::sealed_snapshots::SealedSnapshots;
use super::tenures::{TRAILER_BYTES, Tenures};
use crate::entropy::Entropy;

/// Room for four of the longest batches in a segment.
const LAYOUT: Layout = Layout { segment_bytes: 3 * 4096, batch_bytes_max: 1990, trailer_bytes: 0 };
const OPTIONS: SegmentOptions = SegmentOptions {
    layout: LAYOUT,
    replay_from: None,
    provision: Provision::Inline,
    marker: Some(0x7469_6469_6e67_7321),
};

fn key() -> RootKey {
    RootKey::new([7; 32])
}

fn sealing_from(from: Position) -> Sealing {
    Sealing::new(key(), from, Entropy::system())
}

fn sealing() -> Sealing {
    sealing_from(LAYOUT.first())
}

/// A sealed log whose tenures are all known, as they are once a broker has opened it.
fn sealed(below: Box<dyn Log>) -> Box<dyn Log> {
    let log = sealing().log(below);
    let replayed = log.reader().replay(LAYOUT.first(), &mut |_, _, _| Ok(()));
    if let Err(ReplayError::Read(ReadError::Trimmed { oldest, .. })) = replayed {
        log.reader().replay(oldest, &mut |_, _, _| Ok(())).unwrap();
    } else {
        replayed.unwrap();
    }
    log
}

struct InMemory(MemoryStore);

impl Subject for InMemory {
    fn open(&mut self) -> Box<dyn Log> {
        sealed(Box::new(self.0.open()))
    }

    fn make_next_append_ambiguous(&mut self, landed: bool) -> bool {
        let fault = if landed { MemoryFault::AmbiguousLanded } else { MemoryFault::AmbiguousLost };
        self.0.fail_next(fault);
        true
    }
}

struct OnSimDisk(SimDisk);

impl Subject for OnSimDisk {
    fn open(&mut self) -> Box<dyn Log> {
        sealed(Box::new(SegmentLog::open_on(Arc::new(self.0.clone()), OPTIONS).unwrap().0))
    }

    fn make_next_append_ambiguous(&mut self, landed: bool) -> bool {
        let failing = if landed { Operation::Sync } else { Operation::Write };
        self.0.fail_next(failing, ErrorKind::Other);
        true
    }
}

mod over_memory {
    use super::{InMemory, LAYOUT, MemoryStore};
    tidings_log::contract_tests!(InMemory(MemoryStore::new(LAYOUT)));
}

mod over_segments {
    use super::{OnSimDisk, SimDisk};
    tidings_log::contract_tests!(OnSimDisk(SimDisk::new()));
}

fn append(log: &mut dyn Log, payload: &[u8]) -> Position {
    let start = log.next_position();
    log.append(start, log.epoch(), payload).unwrap();
    start
}

/// All batches but claims, from the beginning.
fn batches(reader: &dyn Reader) -> Vec<Batch> {
    let (mut batches, _) = replay(reader, LAYOUT.first()).unwrap();
    batches.retain(|(_, _, payload)| !payload.is_empty());
    batches
}

fn holds(haystack: &[u8], needle: &[u8]) -> bool {
    haystack.windows(needle.len()).any(|window| window == needle)
}

#[test]
fn the_log_below_sees_nothing_of_what_is_appended() {
    let store = MemoryStore::new(LAYOUT);
    let below = store.open();
    let reader = below.reader();
    let mut log = sealed(Box::new(below));
    let payload = b"nobody is to read this".repeat(20);
    append(&mut *log, &payload);
    append(&mut *log, &payload);
    let [first, second] = &batches(&*reader)[..] else { panic!("two batches") };
    for (_, _, sealed) in [first, second] {
        assert_eq!(sealed.len(), payload.len() + TRAILER_BYTES);
        assert!((0..payload.len() - 4).all(|at| !holds(sealed, &payload[at..at + 4])));
    }
    // Nor that two are alike.
    assert_ne!(first.2[..payload.len()], second.2[..payload.len()]);
}

/// As in a copy of a folder, where each writes on: place and epoch are the same, and the key is not.
#[test]
fn what_is_written_in_the_same_place_of_a_copy_has_another_key() {
    let [one, other] = [(); 2].map(|()| {
        let store = MemoryStore::new(LAYOUT);
        let mut log = sealed(Box::new(store.open()));
        // Of zeros, what is written is the keystream itself.
        append(&mut *log, &[0; 64]);
        batches(&*store.open().reader()).remove(0)
    });
    assert_eq!((one.0, one.1), (other.0, other.1));
    assert_ne!(one.2[..64], other.2[..64]);
}

/// As docs/log-format.md says, computed by another implementation. If this fails, the format has
/// changed.
#[test]
fn batches_and_snapshots_have_the_documented_bytes() {
    let store = MemoryStore::new(LAYOUT);
    let below = store.open();
    let tenures = Arc::new(Tenures::new(key(), LAYOUT.first()));
    let mut log = SealedLog::new(Box::new(below), Arc::clone(&tenures), [9; 16]);
    let start = append(&mut log, b"tidings");
    assert_eq!((start, log.epoch()), (Position(4192), Epoch(1)));
    let (_, _, raw) = batches(&*store.open().reader()).remove(0);
    let hex = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    assert_eq!(
        hex(&raw),
        "b9f8617452c5f50909090909090909090909090909090934d2f44aea7bea4f2841d43cb6735851"
    );

    let mut below = MemorySnapshots::new();
    let mut snapshots =
        SealedSnapshots::new(Box::new(below.clone()), &key(), tenures, Entropy::system());
    snapshots.save(log.next_position(), b"state".to_vec()).unwrap();
    let mut content = below.latest().unwrap().snapshot.unwrap().bytes;
    let context = log.next_position().0.to_le_bytes();
    assert!(key().sealer("snapshots").open_in_place(&context, &mut content));
    assert_eq!(content[..5], b"state"[..]);
    assert_eq!(content[5..13], 4192u64.to_le_bytes());
    assert_eq!(content[13..21], 1u64.to_le_bytes());
    assert_eq!(content[21..37], [9; 16]);
    assert_eq!(content[37..], 1u32.to_le_bytes());
}

#[test]
fn a_flipped_bit_anywhere_in_a_batch_is_refused() {
    let store = MemoryStore::new(LAYOUT);
    let mut log = sealed(Box::new(store.open()));
    append(&mut *log, b"sealed");
    let (start, _, raw) = batches(&*store.open().reader())[0].clone();
    for bit in 0..raw.len() * 8 {
        let mut flipped = raw.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        let (copy, entropy) = (MemoryStore::new(LAYOUT), Entropy::system());
        let mut below = copy.open();
        append(&mut below, &flipped);
        let log = Sealing::new(key(), LAYOUT.first(), entropy).log(Box::new(below));
        let refused = replay(&*log.reader(), LAYOUT.first());
        let Err(ReplayError::Stopped(why)) = refused else { panic!("bit {bit}") };
        assert!(why.to_string().contains(&format!("position {start}")), "{why}");
        // Nothing of a batch that is not sound is believed.
        assert!(log.reader().read(start, 4).is_err(), "bit {bit}");
    }
}

#[test]
fn a_batch_of_another_place_or_key_or_none_is_refused() {
    let store = MemoryStore::new(LAYOUT);
    let mut log = sealed(Box::new(store.open()));
    append(&mut *log, b"first");
    append(&mut *log, b"other");
    let raw = batches(&*store.open().reader());
    let refuses = |payload: &[u8], key: RootKey| {
        let mut below = MemoryStore::new(LAYOUT).open();
        append(&mut below, payload);
        let sealing = Sealing::new(key, LAYOUT.first(), Entropy::system());
        replay(&*sealing.log(Box::new(below)).reader(), LAYOUT.first()).is_err()
    };
    assert!(!refuses(&raw[0].2, key()));
    assert!(refuses(&raw[1].2, key()), "it lies where it was not sealed");
    assert!(refuses(&raw[0].2, RootKey::new([8; 32])));
    for plain in [&b"x"[..], &[0; TRAILER_BYTES], &[1; 100]] {
        assert!(refuses(plain, key()), "it is not sealed");
    }
}

#[test]
fn what_was_written_before_sealing_began_is_read_and_not_replayed() {
    let store = MemoryStore::new(LAYOUT);
    let mut plain = store.open();
    let old = append(&mut plain, b"before");
    drop(plain);
    let below = store.open();
    let from = below.next_position();
    let mut log = sealing_from(from).log(Box::new(below));
    let new = append(&mut *log, b"sealed");
    drop(log);
    let log = sealing_from(from).log(Box::new(store.open()));
    let refused = replay(&*log.reader(), LAYOUT.first()).unwrap_err();
    assert!(refused.to_string().contains(&format!("position {old}")), "{refused}");
    let (replayed, _) = replay(&*log.reader(), from).unwrap();
    let found: Vec<_> = replayed.into_iter().map(|(at, _, payload)| (at, payload)).collect();
    let found: Vec<_> = found.into_iter().filter(|(_, payload)| !payload.is_empty()).collect();
    assert_eq!(found, [(new, b"sealed".to_vec())]);
    assert_eq!(log.reader().read(old, 6).unwrap(), b"before");
    assert_eq!(log.reader().read(new, 6).unwrap(), b"sealed");
}

/// A restart replays from the snapshot on: what lies before is read with the tenures that it names.
#[test]
fn a_snapshot_knows_the_keys_of_what_lies_before_it() {
    let (store, memory) = (MemoryStore::new(LAYOUT), MemorySnapshots::new());
    let mut written = Vec::new();
    for round in 0..5 {
        let sealing = sealing();
        let mut snapshots = sealing.snapshots(Box::new(memory.clone()));
        let latest = snapshots.latest().unwrap().snapshot;
        let mut log = sealing.log(Box::new(store.open()));
        let covers = latest.map_or(LAYOUT.first(), |snapshot| {
            assert_eq!(snapshot.bytes, [round - 1]);
            snapshot.covers
        });
        replay(&*log.reader(), covers).unwrap();
        for (at, payload) in &written {
            let read: Vec<u8> = log.reader().read(*at, 100).unwrap();
            assert_eq!(&read, payload, "round {round}");
        }
        let payload = payload(u64::from(round), 100);
        written.push((append(&mut *log, &payload), payload));
        snapshots.save(log.next_position(), vec![round]).unwrap();
    }
}

#[test]
fn a_snapshot_that_was_changed_or_moved_is_passed_over() {
    let mut below = MemorySnapshots::new();
    sealing().snapshots(Box::new(below.clone())).save(Position(5000), b"state".to_vec()).unwrap();
    let sound = below.latest().unwrap().snapshot.unwrap().bytes;
    assert!(!holds(&sound, b"state"));
    let found = |covers: u64, bytes: Vec<u8>| {
        let mut below = MemorySnapshots::new();
        below.save(Position(covers), bytes).unwrap();
        let latest = sealing().snapshots(Box::new(below)).latest().unwrap();
        assert_eq!(latest.damaged.len(), usize::from(latest.snapshot.is_none()));
        latest.snapshot.map(|snapshot| snapshot.bytes)
    };
    assert_eq!(found(5000, sound.clone()).as_deref(), Some(&b"state"[..]));
    assert_eq!(found(6000, sound.clone()), None);
    for bit in 0..sound.len() * 8 {
        let mut flipped = sound.clone();
        flipped[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(found(5000, flipped), None, "bit {bit}");
    }
    for length in 0..sound.len() {
        assert_eq!(found(5000, sound[..length].to_vec()), None, "length {length}");
    }
    // One that was saved before sealing began is no better.
    assert_eq!(found(0, b"from before".to_vec()), None);
}

#[test]
fn tenures_of_which_nothing_is_left_are_forgotten() {
    let tenures = Tenures::new(key(), LAYOUT.first());
    for n in 1..=5u8 {
        let (epoch, salt) = (Epoch(n.into()), [n; 16]);
        let stream = tenures.stream(epoch, salt);
        for at in [0, 500] {
            tenures.note(Position(u64::from(n) * 1000 + at), epoch, salt, &stream);
        }
    }
    assert_eq!(tenures.count(), 5);
    for (before, left) in [(1000, 5), (1999, 5), (2000, 4), (3500, 3), (4000, 2), (90_000, 1)] {
        tenures.forget_before(Position(before));
        assert_eq!(tenures.count(), left, "before {before}");
        assert!(tenures.read_piece(Position(before.max(5000)), &mut [0; 4]));
    }
}

const WORKLOAD: [Option<usize>; 16] = [
    Some(1),
    Some(1958),
    None,
    Some(512),
    Some(1500),
    Some(1958),
    None,
    Some(8),
    Some(1958),
    Some(1958),
    Some(1958),
    None,
    Some(700),
    None,
    Some(1958),
    Some(3),
];

/// Appends of the workload until the power ends: what was acknowledged, and what is in doubt. Where it
/// says `None` a snapshot is saved, and all is opened again.
fn run(disk: &SimDisk, known: &mut Vec<(Position, Vec<u8>)>) -> Option<(Position, Vec<u8>)> {
    let (mut log, mut snapshots, _) = open(disk)?;
    for (seed, step) in (0..).zip(WORKLOAD) {
        let Some(len) = step else {
            snapshots.save(log.next_position(), payload(seed, 300)).ok()?;
            drop(log);
            (log, snapshots, _) = open(disk)?;
            continue;
        };
        let (start, payload) = (log.next_position(), payload(seed, len));
        match log.append(start, log.epoch(), &payload) {
            Ok(_) => known.push((start, payload)),
            Err(AppendError::Ambiguous(_)) => return Some((start, payload)),
            Err(_) => return None,
        }
    }
    None
}

/// As [`crate::store`] does: snapshots, then the log from there on. Also gives what was replayed.
#[expect(clippy::type_complexity, reason = "three things that belong together, in a test")]
fn open(disk: &SimDisk) -> Option<(Box<dyn Log>, Box<dyn Snapshots>, Vec<Batch>)> {
    let (sealing, options) = (sealing(), SnapshotOptions { ballast_bytes_min: 600 });
    let snapshots = FolderSnapshots::open_on(Arc::new(disk.clone()), options).ok()?;
    let mut snapshots = sealing.snapshots(Box::new(snapshots));
    let latest = snapshots.latest().ok()?;
    assert_eq!(latest.damaged, [], "a crash leaves no damaged snapshot");
    let replay_from = latest.snapshot.map(|snapshot| snapshot.covers);
    let options = SegmentOptions { replay_from, ..OPTIONS };
    let (below, _) = SegmentLog::open_on(Arc::new(disk.clone()), options).ok()?;
    let log = sealing.log(Box::new(below));
    let from = replay_from.unwrap_or(LAYOUT.first());
    let (replayed, _) = replay(&*log.reader(), from).expect("what is there is sound");
    Some((log, snapshots, replayed))
}

#[test]
fn whatever_a_crash_leaves_holds_all_that_was_acknowledged() {
    let whole = SimDisk::new();
    run(&whole, &mut Vec::new());
    for cut in 0..whole.operations() {
        let (disk, mut known) = (SimDisk::new(), Vec::new());
        disk.cut_power_at(cut);
        let in_doubt = run(&disk, &mut known);
        let bits = payload(cut, disk.unsynced().max(1));
        let images = [
            disk.crash(&mut |_| false),
            disk.crash(&mut |_| true),
            disk.crash(&mut |change| bits[change.index].is_multiple_of(2)),
        ];
        for image in images {
            let (mut log, _, replayed) = open(&image).expect("the image opens");
            for (at, payload) in &known {
                // All is read again as records are: a piece, at any place.
                let third = payload.len() / 3;
                let piece = log.reader().read(Position(at.0 + third as u64), payload.len() - third);
                assert_eq!(piece.unwrap(), payload[third..], "power cut at {cut}");
            }
            let last = replayed.iter().rev().find(|(_, _, payload)| !payload.is_empty());
            if let Some((at, _, payload)) = last {
                let last = (*at, payload.clone());
                assert!(known.contains(&last) || in_doubt.as_ref() == Some(&last), "cut at {cut}");
            }
            let more = append(&mut *log, b"it goes on");
            drop(log);
            let (log, _, _) = open(&image).expect("it opens again");
            assert_eq!(log.reader().read(more, 10).unwrap(), b"it goes on");
        }
    }
    assert!(whole.operations() > 60);
}
