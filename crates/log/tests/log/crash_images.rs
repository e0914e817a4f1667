//! Cuts the power during every operation of a workload, and opens what may be left.

use std::sync::Arc;

use tidings_log::disk::sim::SimDisk;
use tidings_log::segment::{SegmentLog, SegmentOptions};
use tidings_log::snapshot::{FolderSnapshots, Snapshot, SnapshotOptions, Snapshots};
use tidings_log::suite::{payload, replay};
use tidings_log::{AppendError, Layout, Log, Position};

use crate::support::{LAYOUT, OPTIONS, append, batches_from};

/// One thing that a workload does.
#[derive(Copy, Clone, Debug)]
enum Step {
    Append {
        len: usize,
    },
    /// Saves what is there so far.
    Snapshot,
    /// Trims what the snapshots do not need.
    Trim,
    /// Drops the log and opens it again, as a restart does.
    Reopen,
}

use Step::{Append, Reopen, Snapshot as Save, Trim};

/// Several segments, lengths from least to greatest, and everything that changes the disk.
const WORKLOAD: &[Step] = &[
    Append { len: 1 },
    Append { len: 1990 },
    Save,
    Append { len: 512 },
    Append { len: 8 },
    Append { len: 1500 },
    Append { len: 1990 },
    Save,
    Trim,
    Reopen,
    Append { len: 700 },
    Append { len: 1990 },
    Append { len: 1990 },
    Append { len: 1990 },
    Append { len: 24 },
    Save,
    Trim,
    Append { len: 1990 },
    Append { len: 1400 },
    Append { len: 1990 },
    Save,
    Append { len: 1990 },
    Append { len: 1990 },
    Append { len: 1990 },
    Append { len: 1990 },
    Save,
    Append { len: 1990 },
    Save,
    Trim,
    Reopen,
    Append { len: 3 },
    Append { len: 1990 },
];

/// What somebody who talked to the log knows.
#[derive(Clone, Debug, Default)]
struct Known {
    acknowledged: Vec<(Position, Vec<u8>)>,
    /// The append that came back ambiguous.
    in_doubt: Option<(Position, Vec<u8>)>,
    /// The newest snapshot that was saved, and the one whose save failed.
    saved: Option<Snapshot>,
    maybe_saved: Option<Snapshot>,
    /// What the log was told to give up.
    trimmed_before: Position,
}

fn open_at(disk: &SimDisk, replay_from: Option<Position>) -> Option<SegmentLog> {
    let options = SegmentOptions { replay_from, ..OPTIONS };
    SegmentLog::open_on(Arc::new(disk.clone()), options).ok().map(|(log, _)| log)
}

fn open_snapshots(disk: &SimDisk) -> Option<FolderSnapshots> {
    let options = SnapshotOptions { ballast_bytes_min: 600 };
    FolderSnapshots::open_on(Arc::new(disk.clone()), options).ok()
}

/// Runs the workload until it ends or the power does.
fn run(disk: &SimDisk, known: &mut Known) -> Option<()> {
    let mut snapshots = open_snapshots(disk)?;
    let mut log = open_at(disk, None)?;
    for (seed, step) in (0..).zip(WORKLOAD) {
        match *step {
            Append { len } => {
                let (start, payload) = (log.next_position(), payload(seed, len));
                match log.append(start, log.epoch(), &payload) {
                    Ok(_) => known.acknowledged.push((start, payload)),
                    Err(AppendError::Ambiguous(_)) => {
                        known.in_doubt = Some((start, payload));
                        return None;
                    }
                    Err(_) => return None,
                }
            }
            Save => {
                let (covers, bytes) = (log.next_position(), payload(seed, 555));
                let snapshot = Snapshot { covers, bytes };
                known.maybe_saved = Some(snapshot.clone());
                snapshots.save(covers, snapshot.bytes.clone()).ok()?;
                (known.saved, known.maybe_saved) = (Some(snapshot), None);
            }
            Trim => {
                known.trimmed_before = snapshots.replay_floor().unwrap_or_default();
                log.trim(known.trimmed_before).ok()?;
            }
            Reopen => {
                drop(log);
                let latest = snapshots.latest().ok()?.snapshot;
                log = open_at(disk, latest.map(|snapshot| snapshot.covers))?;
            }
        }
    }
    Some(())
}

/// Opens an image, and checks that it holds what it must and nothing else.
fn check(image: &SimDisk, known: &Known, what: &str) {
    let mut snapshots = open_snapshots(image).expect("the snapshots open");
    let latest = snapshots.latest().expect("the snapshots can be read");
    assert_eq!(latest.damaged, [], "{what}: a crash leaves no damaged snapshot");
    let saved = [&known.saved, &known.maybe_saved];
    assert!(saved.contains(&&latest.snapshot), "{what}: {:?}", latest.snapshot);

    let replay_from = latest.snapshot.map(|snapshot| snapshot.covers);
    let options = SegmentOptions { replay_from, ..OPTIONS };
    let (mut log, report) = SegmentLog::open_on(Arc::new(image.clone()), options)
        .unwrap_or_else(|error| panic!("{what}: {error}"));
    assert!(
        report.oldest <= first_in_segment(LAYOUT, known.trimmed_before),
        "{what}: more was given up than was to be"
    );

    let floor = snapshots.replay_floor().unwrap_or_default();
    assert!(floor >= known.trimmed_before, "{what}: an older snapshot is missing, or useless");

    let mut expected: Vec<_> = known.acknowledged.clone();
    expected.retain(|(start, _)| *start >= report.oldest);
    let mut found: Vec<_> = batches_from(&log, report.oldest)
        .into_iter()
        .map(|(start, _, payload)| (start, payload))
        .collect();
    if found.len() == expected.len() + 1 && found.last() == known.in_doubt.as_ref() {
        expected.extend(found.last().cloned());
    }
    assert!(found == expected, "{what}: acknowledged batches are missing, or others are there");

    // It goes on, and what it settled stays settled.
    for seed in 0..3 {
        let payload = payload(1000 + seed, 1990);
        found.push((append(&mut log, &payload), payload));
    }
    drop(log);
    let log = open_at(&image.crash(&mut |_| false), None).expect("the log opens again");
    let (mut again, _) = replay(&*log.reader(), report.oldest).expect("replay");
    again.retain(|(_, _, payload)| !payload.is_empty());
    let again: Vec<_> = again.into_iter().map(|(start, _, payload)| (start, payload)).collect();
    assert!(again == found, "{what}: it changed after it was opened again");
}

fn first_in_segment(layout: Layout, position: Position) -> Position {
    layout.first_in(layout.segment_of(position))
}

/// What a crash may leave of the changes that were not synced.
fn images(disk: &SimDisk, seed: u64) -> Vec<(String, SimDisk)> {
    let count = disk.unsynced();
    let mut images = vec![
        ("nothing unsynced".to_owned(), disk.crash(&mut |_| false)),
        ("everything".to_owned(), disk.crash(&mut |_| true)),
    ];
    for cut in [1, 2, count / 2, count.saturating_sub(1)] {
        if (1..count).contains(&cut) {
            let name = format!("the first {cut} of {count}");
            images.push((name, disk.crash(&mut |change| change.index < cut)));
            let name = format!("all but the first {cut} of {count}");
            images.push((name, disk.crash(&mut |change| change.index >= cut)));
        }
    }
    for variant in (0..3).filter(|_| count > 2) {
        let bits = payload(seed * 3 + variant, count);
        let name = format!("some of {count}, variant {variant}");
        images.push((name, disk.crash(&mut |change| bits[change.index].is_multiple_of(2))));
    }
    images
}

/// How many operations the workload takes when nothing goes wrong.
fn operations_of_workload() -> u64 {
    let disk = SimDisk::new();
    let mut known = Known::default();
    run(&disk, &mut known).expect("the workload runs to its end");
    check(&disk.crash(&mut |_| false), &known, "after the whole workload");
    disk.operations()
}

#[test]
fn whatever_a_crash_leaves_holds_all_that_was_acknowledged() {
    let mut checked = 0;
    let operations = operations_of_workload();
    for cut in 0..operations {
        let (disk, mut known) = (SimDisk::new(), Known::default());
        disk.cut_power_at(cut);
        run(&disk, &mut known);
        for (name, image) in images(&disk, cut) {
            check(&image, &known, &format!("power cut at {cut}, {name} survived"));
            checked += 1;
        }
    }
    assert!(operations > 100 && checked > 1000, "{operations} operations, {checked} images");
}

/// Recovery writes too. The process dies first, with all that it wrote still in the page cache;
/// then the power goes while the log is being opened again.
#[test]
fn a_crash_while_opening_after_a_crash_loses_nothing_either() {
    let mut checked = 0;
    for cut in (0..operations_of_workload()).step_by(2) {
        for second_cut in 0..14 {
            let (disk, mut known) = (SimDisk::new(), Known::default());
            disk.cut_power_at(cut);
            run(&disk, &mut known);
            disk.restore_power();
            disk.cut_power_at(disk.operations() + second_cut);
            let log = open_at(&disk, None);
            let opened = log.is_some();
            if let Some(log) = log {
                // What one opening found, no later one may lose.
                let found = batches_from(&log, first_in_segment(LAYOUT, known.trimmed_before));
                let in_doubt = known.in_doubt.take();
                known.acknowledged.extend(in_doubt.filter(|in_doubt| {
                    found.last().is_some_and(|(start, _, _)| *start == in_doubt.0)
                }));
            }
            for (name, image) in images(&disk, second_cut) {
                let what = format!("power cut at {cut} and again at {second_cut}, {name}");
                check(&image, &known, &what);
                checked += 1;
            }
            if opened {
                break;
            }
        }
    }
    assert!(checked > 1000, "{checked} images");
}
