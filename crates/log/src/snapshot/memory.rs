//! Snapshots in memory, for tests.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{Latest, OpenSnapshot, Snapshot, Snapshots};
use crate::{Damage, DamageKind, LogFault, Position};

/// [`Snapshots`] without a disk. Clones share what was saved, as a restart would.
#[derive(Clone, Debug, Default)]
pub struct MemorySnapshots {
    shared: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    saved: BTreeMap<Position, Saved>,
    saves_fail: bool,
}

#[derive(Debug)]
struct Saved {
    bytes: Vec<u8>,
    damaged: bool,
}

impl MemorySnapshots {
    /// No snapshots.
    pub fn new() -> MemorySnapshots {
        MemorySnapshots::default()
    }

    /// Makes [`Snapshots::save`] fail from now on, or work again.
    pub fn fail_saves(&self, fail: bool) {
        self.lock().saves_fail = fail;
    }

    /// Damages the newest snapshot.
    pub fn damage_newest(&self) {
        if let Some(mut newest) = self.lock().saved.last_entry() {
            newest.get_mut().damaged = true;
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Snapshots for MemorySnapshots {
    fn save(&mut self, covers: Position, bytes: Vec<u8>) -> Result<(), LogFault> {
        let mut state = self.lock();
        if state.saves_fail {
            let source = io::ErrorKind::Other.into();
            return Err(LogFault::Io { doing: "write", file: name(covers), source });
        }
        state.saved.retain(|_, saved| !saved.damaged);
        state.saved.insert(covers, Saved { bytes, damaged: false });
        while state.saved.len() > 2 {
            state.saved.pop_first();
        }
        Ok(())
    }

    fn latest_that_opens(&mut self, open: &mut OpenSnapshot<'_>) -> Result<Latest, LogFault> {
        let mut latest = Latest::default();
        for (&covers, saved) in self.lock().saved.iter().rev() {
            let opened = (!saved.damaged).then(|| open(covers, saved.bytes.clone())).flatten();
            if let Some(bytes) = opened {
                latest.snapshot = Some(Snapshot { covers, bytes });
                break;
            }
            let (file, kind) = (name(covers), DamageKind::Content);
            latest.damaged.push(Damage { file, offset: 0, position: covers, kind });
        }
        Ok(latest)
    }

    fn replay_floor(&self) -> Option<Position> {
        let state = self.lock();
        if state.saved.len() < 2 { None } else { state.saved.keys().next().copied() }
    }
}

fn name(covers: Position) -> String {
    format!("memory snapshot {covers}")
}
