//! Snapshots in files.

use std::io::ErrorKind;
use std::sync::Arc;

use tidings_log::disk::Disk;
use tidings_log::disk::sim::{Operation, SimDisk};
use tidings_log::snapshot::{
    FolderSnapshots, Latest, MemorySnapshots, Snapshot, SnapshotOptions, Snapshots,
};
use tidings_log::suite::payload;
use tidings_log::{DamageKind, LogFault, Position};

const BALLAST_BYTES: u64 = 1000;

fn open(disk: &SimDisk) -> FolderSnapshots {
    let options = SnapshotOptions { ballast_bytes_min: BALLAST_BYTES };
    FolderSnapshots::open_on(Arc::new(disk.clone()), options).expect("the snapshots open")
}

fn file(covers: u64) -> String {
    format!("snapshot-{covers:020}")
}

fn found(covers: u64, bytes: &[u8]) -> Latest {
    let snapshot = Snapshot { covers: Position(covers), bytes: bytes.to_vec() };
    Latest { snapshot: Some(snapshot), damaged: Vec::new() }
}

fn flip(disk: &SimDisk, name: &str, byte: usize) {
    let mut content = disk.content(name);
    content[byte] ^= 1;
    disk.set_content(name, content);
}

/// What both kinds of snapshots do alike.
fn keeps_the_newest_two(mut snapshots: impl Snapshots) {
    assert_eq!(snapshots.latest().expect("read"), Latest::default());
    assert_eq!(snapshots.replay_floor(), None);
    snapshots.save(Position(100), b"one".to_vec()).expect("save");
    assert_eq!(snapshots.replay_floor(), None, "one may turn out to be damaged");
    for (covers, bytes) in [(200, b"two"), (300, b"three".first_chunk().expect("three"))] {
        snapshots.save(Position(covers), bytes.to_vec()).expect("save");
        assert_eq!(snapshots.latest().expect("read"), found(covers, bytes));
        assert_eq!(snapshots.replay_floor(), Some(Position(covers - 100)));
    }
    snapshots.save(Position(300), b"".to_vec()).expect("save again");
    assert_eq!(snapshots.latest().expect("read"), found(300, b""));
    assert_eq!(snapshots.replay_floor(), Some(Position(200)));
}

/// Whoever saved a snapshot may know more than its checksum does.
#[test]
fn a_snapshot_that_does_not_open_is_passed_over_as_damaged() {
    for (first, second, found, damaged) in
        [(true, true, Some(200), 0), (true, false, Some(100), 1), (false, false, None, 2)]
    {
        let folders: [Box<dyn Snapshots>; 2] =
            [Box::new(open(&SimDisk::new())), Box::new(MemorySnapshots::new())];
        for mut snapshots in folders {
            snapshots.save(Position(100), vec![u8::from(first)]).expect("save");
            snapshots.save(Position(200), vec![u8::from(second)]).expect("save");
            let mut open = |covers: Position, bytes: Vec<u8>| {
                (bytes == [1]).then(|| covers.0.to_le_bytes().to_vec())
            };
            let latest = snapshots.latest_that_opens(&mut open).expect("read");
            let state = latest.snapshot.map(|snapshot| (snapshot.covers, snapshot.bytes));
            let expected = found.map(|at: u64| (Position(at), at.to_le_bytes().to_vec()));
            assert_eq!(state, expected);
            assert_eq!(latest.damaged.len(), damaged);
            assert!(latest.damaged.iter().all(|damage| damage.kind == DamageKind::Content));
        }
    }
}

#[test]
fn files_keep_the_newest_two() {
    let disk = SimDisk::new();
    keeps_the_newest_two(open(&disk));
    assert_eq!(disk.list().expect("list"), ["ballast", &file(200), &file(300)]);
    assert_eq!(open(&disk).latest().expect("read"), found(300, b""));
    assert_eq!(open(&disk).replay_floor(), Some(Position(200)));
}

#[test]
fn memory_keeps_the_newest_two() {
    keeps_the_newest_two(MemorySnapshots::new());
}

#[test]
fn a_real_folder_keeps_them_too() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("snapshots");
    let open =
        || FolderSnapshots::open(&path, SnapshotOptions::default()).expect("the snapshots open");
    keeps_the_newest_two(open());
    assert_eq!(open().latest().expect("read"), found(300, b""));
    let ballast = std::fs::metadata(path.join("ballast")).expect("there is ballast");
    assert_eq!(ballast.len(), 16 << 20);
}

/// Any byte, in header or content; the one before it is used, and the damage reported.
#[test]
fn a_damaged_snapshot_is_reported_and_passed_over() {
    let disk = SimDisk::new();
    let mut snapshots = open(&disk);
    snapshots.save(Position(100), b"one".to_vec()).expect("save");
    snapshots.save(Position(200), b"two".to_vec()).expect("save");
    let content_at = 64;
    for byte in 0..content_at + 3 {
        flip(&disk, &file(200), byte);
        let latest = open(&disk).latest().expect("read");
        assert_eq!(latest.snapshot, found(100, b"one").snapshot);
        let [damage] = &latest.damaged[..] else { panic!("{:?}", latest.damaged) };
        assert_eq!((&damage.file, damage.position), (&file(200), Position(200)));
        let kind = if byte < content_at { DamageKind::FileHeader } else { DamageKind::Content };
        assert_eq!(damage.kind, kind, "byte {byte}");
        flip(&disk, &file(200), byte);
    }
    for len in [0, 10, content_at, content_at + 2, content_at + 4] {
        let sound = disk.content(&file(200));
        let mut cut = sound.clone();
        cut.resize(len, 0);
        disk.set_content(&file(200), cut);
        assert_eq!(open(&disk).latest().expect("read").damaged.len(), 1, "length {len}");
        disk.set_content(&file(200), sound);
    }
    disk.rename(&file(200), &file(300)).expect("rename");
    let damage = &open(&disk).latest().expect("read").damaged[0];
    assert_eq!(damage.kind, DamageKind::Misplaced);
}

#[test]
fn a_damaged_snapshot_does_not_crowd_out_a_sound_one() {
    let disk = SimDisk::new();
    let mut snapshots = open(&disk);
    snapshots.save(Position(100), b"one".to_vec()).expect("save");
    snapshots.save(Position(200), b"two".to_vec()).expect("save");
    flip(&disk, &file(200), 65);
    let mut snapshots = open(&disk);
    snapshots.latest().expect("read");
    snapshots.save(Position(300), b"three".to_vec()).expect("save");
    assert_eq!(disk.list().expect("list"), ["ballast", &file(100), &file(300)]);
    assert_eq!(snapshots.replay_floor(), Some(Position(100)));
}

#[test]
fn a_newer_format_is_refused_and_not_passed_over() {
    let disk = SimDisk::new();
    open(&disk).save(Position(100), b"one".to_vec()).expect("save");
    let mut content = disk.content(&file(100));
    content[8] = 2;
    let checksum = crc32c::crc32c(&content[..60]);
    content[60..64].copy_from_slice(&checksum.to_le_bytes());
    disk.set_content(&file(100), content);
    let refused = open(&disk).latest();
    assert!(matches!(refused, Err(LogFault::NewerFormat(_))), "{refused:?}");
}

#[test]
fn a_save_that_fails_leaves_the_one_before() {
    let all = [
        Operation::Create,
        Operation::Reserve,
        Operation::Write,
        Operation::Sync,
        Operation::Rename,
        Operation::SyncFolder,
    ];
    for failing in all {
        let disk = SimDisk::new();
        let mut snapshots = open(&disk);
        snapshots.save(Position(100), b"one".to_vec()).expect("save");
        disk.fail_next(failing, ErrorKind::Other);
        snapshots.save(Position(200), b"two".to_vec()).expect_err("the save fails");
        let left = open(&disk.crash(&mut |_| false)).latest().expect("read");
        assert_eq!(left, found(100, b"one"), "{failing:?}");
        snapshots.save(Position(300), b"three".to_vec()).expect("the next save succeeds");
        assert_eq!(open(&disk).latest().expect("read"), found(300, b"three"));
    }
}

#[test]
fn the_ballast_makes_room_on_a_full_disk() {
    let disk = SimDisk::new();
    let mut snapshots = open(&disk);
    assert_eq!(disk.used_bytes(), BALLAST_BYTES);
    disk.set_capacity(Some(BALLAST_BYTES));
    snapshots.save(Position(100), payload(1, 900)).expect("the ballast makes room");
    assert_eq!(disk.list().expect("list"), [file(100)], "and there is none for it now");

    disk.set_capacity(None);
    snapshots.save(Position(200), payload(2, 2000)).expect("save");
    assert_eq!(disk.content("ballast").len(), 64 + 2000, "as large as the snapshot");
}

#[test]
fn the_older_snapshot_makes_room_when_the_ballast_does_not() {
    let disk = SimDisk::new();
    let mut snapshots = open(&disk);
    for covers in [100, 200] {
        snapshots.save(Position(covers), payload(covers, 1400)).expect("save");
    }
    disk.set_capacity(Some(disk.used_bytes()));
    let bytes = payload(300, 2000);
    snapshots.save(Position(300), bytes.clone()).expect("ballast and older snapshot make room");
    assert_eq!(snapshots.latest().expect("read"), found(300, &bytes));
    assert_eq!(snapshots.replay_floor(), Some(Position(200)));
    assert_eq!(disk.list().expect("list"), [file(200), file(300)]);

    let full = snapshots.save(Position(400), payload(400, 9000)).expect_err("far too large");
    assert!(full.is_out_of_space(), "{full}");
    assert_eq!(snapshots.latest().expect("read"), found(300, &bytes));
    assert_eq!(snapshots.replay_floor(), None);
    assert_eq!(disk.list().expect("list"), [file(300)], "nothing unfinished is left");
}
