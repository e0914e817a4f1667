//! What goes wrong.

use std::io::ErrorKind;

use tidings_log::disk::Disk;
use tidings_log::disk::sim::{Operation, SimDisk, Unsynced};

use crate::auditor::Outcome;
use crate::profile::Profile;
use crate::random::Random;

/// One thing that goes wrong with one shard.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Fault {
    /// The process is killed: what it wrote is still there.
    Kill,
    /// The power is cut: what was not synced is there in part.
    PowerCut,
    /// The same during a disk operation to come.
    PowerCutAfter(u64),
    /// The same, and once more while the shard is opened after it.
    PowerCutWhileOpening(u64),
    /// The next disk operation of this kind fails.
    DiskFails(Operation, ErrorKind),
    /// The disk has so many bytes left, for so many milliseconds.
    DiskFull(u64, u64),
    /// The disk is slow for so many milliseconds.
    DiskSlow(u64),
    /// The clock jumps by so many milliseconds.
    ClockJumps(i64),
    /// Endpoints fail, hang and answer late from now on, or work again.
    Endpoints(bool),
}

/// What goes wrong next.
pub(crate) fn next(random: &mut Random, profile: &Profile) -> Fault {
    const OPERATIONS: [Operation; 7] = [
        Operation::Sync,
        Operation::Sync,
        Operation::Write,
        Operation::SyncFolder,
        Operation::Create,
        Operation::Rename,
        Operation::Reserve,
    ];
    match random.below(20) {
        0..3 => Fault::Kill,
        3..6 => Fault::PowerCut,
        6..10 => Fault::PowerCutAfter(random.below(10)),
        10 => Fault::PowerCutWhileOpening(random.below(12)),
        11 | 12 => {
            let error = *random.pick(&[ErrorKind::Other, ErrorKind::StorageFull]);
            Fault::DiskFails(*random.pick(&OPERATIONS), error)
        }
        13 => Fault::DiskFull(random.below(200_000), random.between(1000, 40_000)),
        14 => Fault::DiskSlow(random.between(1000, 10_000)),
        15 | 16 if profile.has_jumps => match random.below(3) {
            0 => Fault::ClockJumps(-(random.between(1, 30_000) as i64)),
            1 => Fault::ClockJumps(random.between(1, 5_000) as i64),
            _ => Fault::ClockJumps(random.between(1, 600_000) as i64),
        },
        17.. => Fault::Endpoints(profile.has_bad_endpoints && random.permille(700)),
        _ => Fault::PowerCut,
    }
}

/// What of the changes that were not synced gets through.
pub(crate) fn survival(random: &mut Random) -> impl FnMut(Unsynced) -> bool + use<> {
    let mut random = random.fork();
    let kept = *random.pick(&[0, 300, 500, 900, 1000]);
    let is_prefix = random.permille(250);
    let mut end = None;
    move |change| {
        if is_prefix {
            let count = change.count as u64 + 1;
            let end = *end.get_or_insert_with(|| random.below(count));
            return (change.index as u64) < end;
        }
        random.permille(kept)
    }
}

/// How an endpoint answers, and after how many milliseconds.
pub(crate) fn outcome(random: &mut Random, is_bad: bool) -> (u64, Outcome) {
    let delay = random.between(1, 200);
    if !is_bad {
        return (delay, Outcome::Delivered);
    }
    match random.below(12) {
        0..4 => (delay, Outcome::Later),
        4 => (delay, Outcome::Never),
        5 => (delay, Outcome::After(random.between(1, 20_000))),
        6 => (delay, Outcome::NotBegun(random.between(1, 3_000))),
        // It hangs, and says so when nobody waits for it any more.
        7 => (random.between(50_000, 90_000), Outcome::Delivered),
        8 => (random.between(5_000, 70_000), Outcome::Later),
        _ => (delay, Outcome::Delivered),
    }
}

/// Flips one bit of one file, durably. Says which.
pub(crate) fn flip_bit(random: &mut Random, disk: &SimDisk) -> Option<(String, usize)> {
    let mut names = disk.list().ok()?;
    names.sort_unstable();
    names.retain(|name| name.starts_with("snapshot-") || name.ends_with(".segment"));
    if names.is_empty() {
        return None;
    }
    let name = random.pick(&names).clone();
    let mut content = disk.content(&name);
    let used = content.iter().rposition(|byte| *byte != 0)? + 1;
    let at = random.index(used);
    content[at] ^= 1 << random.below(8);
    disk.set_content(&name, content);
    Some((name, at))
}
