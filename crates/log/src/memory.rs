//! A log in memory, for tests: the whole contract, faults on request, no disk.
//!
//! A [`MemoryStore`] stands for the disk: it survives when its [`MemoryLog`] is dropped, and
//! opening it again is what a restart does.
//!
//! ```
//! use tidings_log::memory::{MemoryFault, MemoryStore};
//! use tidings_log::{AppendError, Layout, Log};
//!
//! let store = MemoryStore::new(Layout::default());
//! let mut log = store.open();
//! let start = log.next_position();
//! let next = log.append(start, log.epoch(), b"one")?;
//!
//! store.fail_next(MemoryFault::AmbiguousLanded);
//! let failed = log.append(next, log.epoch(), b"two");
//! assert!(matches!(failed, Err(AppendError::Ambiguous(_))));
//!
//! let log = store.open();
//! assert_eq!(log.reader().read(next, 3)?, b"two");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::{
    AppendError, EachBatch, Epoch, Layout, Log, LogFault, Position, ReadError, Reader, ReplayError,
    Space,
};

/// What outlives a [`MemoryLog`]. Clones share one store.
#[derive(Clone, Debug)]
pub struct MemoryStore {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    layout: Layout,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// By payload position.
    batches: BTreeMap<Position, Batch>,
    next: Position,
    epoch: Epoch,
    /// Everything before it was trimmed.
    oldest: Position,
    space: Space,
    faults: VecDeque<MemoryFault>,
    trim_fails: bool,
}

#[derive(Debug)]
struct Batch {
    epoch: Epoch,
    payload: Arc<[u8]>,
}

/// What the next append shall do instead of succeeding.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum MemoryFault {
    /// Return `Ambiguous`, and keep the batch.
    AmbiguousLanded,
    /// Return `Ambiguous`, and lose the batch.
    AmbiguousLost,
    /// Return `NoSpace`.
    NoSpace,
    /// Return `Fenced`, as if another writer had opened the log. It stays fenced.
    Fenced,
}

impl MemoryStore {
    /// An empty store. Panics if the layout is not valid, as this is for tests.
    pub fn new(layout: Layout) -> MemoryStore {
        if let Err(problem) = layout.check() {
            panic!("{problem}");
        }
        let state = State {
            batches: BTreeMap::new(),
            next: layout.first(),
            epoch: Epoch(0),
            oldest: layout.first(),
            space: Space::Ample,
            faults: VecDeque::new(),
            trim_fails: false,
        };
        MemoryStore { shared: Arc::new(Shared { layout, state: Mutex::new(state) }) }
    }

    /// Opens the log under a new epoch, which fences every log that was opened before.
    pub fn open(&self) -> MemoryLog {
        let mut state = self.shared.lock();
        state.epoch = Epoch(state.epoch.0 + 1);
        let (start, epoch) = (state.next, state.epoch);
        state.push(self.shared.layout, start, epoch, &[]);
        MemoryLog { shared: Arc::clone(&self.shared), epoch, next: state.next, poisoned: false }
    }

    /// Makes the next append fail. Faults asked for earlier come first.
    pub fn fail_next(&self, fault: MemoryFault) {
        self.shared.lock().faults.push_back(fault);
    }

    /// Makes [`Log::trim`] fail from now on, or work again.
    pub fn fail_trim(&self, fails: bool) {
        self.shared.lock().trim_fails = fails;
    }

    /// Sets what [`Log::space`] reports. Appends are not affected: ask for
    /// [`MemoryFault::NoSpace`] too.
    pub fn set_space(&self, space: Space) {
        self.shared.lock().space = space;
    }
}

/// A log in memory. See the [module](self).
#[derive(Debug)]
pub struct MemoryLog {
    shared: Arc<Shared>,
    epoch: Epoch,
    next: Position,
    poisoned: bool,
}

impl Log for MemoryLog {
    fn layout(&self) -> Layout {
        self.shared.layout
    }

    fn next_position(&self) -> Position {
        self.next
    }

    fn epoch(&self) -> Epoch {
        self.epoch
    }

    fn append(
        &mut self,
        expected: Position,
        epoch: Epoch,
        payload: &[u8],
    ) -> Result<Position, AppendError> {
        let layout = self.shared.layout;
        let mut state = self.shared.lock();
        if self.poisoned {
            return Err(AppendError::Poisoned);
        }
        if expected != state.next || epoch != state.epoch || self.epoch != state.epoch {
            let (next, current) = (state.next, state.epoch);
            return Err(AppendError::Fenced { expected, epoch, next, current });
        }
        let (len, max) = (payload.len() as u64, layout.batch_bytes_max);
        if len > max {
            return Err(AppendError::TooLong { len, max });
        }
        match state.faults.pop_front() {
            None => state.push(layout, expected, epoch, payload),
            Some(MemoryFault::AmbiguousLanded) => {
                state.push(layout, expected, epoch, payload);
                self.poisoned = true;
                return Err(AppendError::Ambiguous(fault("sync", io::ErrorKind::Other)));
            }
            Some(MemoryFault::AmbiguousLost) => {
                self.poisoned = true;
                return Err(AppendError::Ambiguous(fault("sync", io::ErrorKind::Other)));
            }
            Some(MemoryFault::NoSpace) => {
                return Err(AppendError::NoSpace(fault("write", io::ErrorKind::StorageFull)));
            }
            Some(MemoryFault::Fenced) => {
                state.epoch = Epoch(state.epoch.0 + 1);
                let (next, current) = (state.next, state.epoch);
                return Err(AppendError::Fenced { expected, epoch, next, current });
            }
        }
        self.next = state.next;
        Ok(self.next)
    }

    fn trim(&mut self, before: Position) -> Result<(), LogFault> {
        let layout = self.shared.layout;
        let mut state = self.shared.lock();
        if state.trim_fails {
            return Err(fault("remove", io::ErrorKind::Other));
        }
        let written = state.batches.last_key_value().map_or(state.oldest, |(start, _)| *start);
        let segment = layout.segment_of(before.min(written));
        state.oldest = state.oldest.max(layout.first_in(segment));
        let oldest = state.oldest;
        state.batches = state.batches.split_off(&oldest);
        Ok(())
    }

    fn space(&mut self) -> Space {
        self.shared.lock().space
    }

    fn reader(&self) -> Arc<dyn Reader> {
        Arc::new(MemoryReader { shared: Arc::clone(&self.shared) })
    }
}

struct MemoryReader {
    shared: Arc<Shared>,
}

impl Reader for MemoryReader {
    fn read(&self, position: Position, len: usize) -> Result<Vec<u8>, ReadError> {
        let state = self.shared.lock();
        state.not_trimmed(position)?;
        let not_written = ReadError::NotWritten { position, len };
        let Some((start, batch)) = state.batches.range(..=position).next_back() else {
            return Err(not_written);
        };
        let from = usize::try_from(position.0 - start.0).unwrap_or(usize::MAX);
        let range = from..from.saturating_add(len);
        batch.payload.get(range).map(<[u8]>::to_vec).ok_or(not_written)
    }

    fn read_cached(&self, position: Position, len: usize) -> Option<Result<Vec<u8>, ReadError>> {
        Some(self.read(position, len))
    }

    fn replay(&self, from: Position, each: &mut EachBatch<'_>) -> Result<Position, ReplayError> {
        let (mut at, end) = {
            let state = self.shared.lock();
            state.not_trimmed(from)?;
            if from != state.next && !state.batches.contains_key(&from) {
                return Err(ReadError::NotWritten { position: from, len: 0 }.into());
            }
            (from, state.next)
        };
        while at < end {
            // The lock is not held while the caller works: it may append meanwhile.
            let (epoch, payload) = {
                let state = self.shared.lock();
                state.not_trimmed(at)?;
                let missing = ReadError::NotWritten { position: at, len: 0 };
                let batch = state.batches.get(&at).ok_or(missing)?;
                (batch.epoch, Arc::clone(&batch.payload))
            };
            each(at, epoch, &payload).map_err(ReplayError::Stopped)?;
            at = self.shared.layout.after(at, payload.len() as u64);
        }
        Ok(at)
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn push(&mut self, layout: Layout, start: Position, epoch: Epoch, payload: &[u8]) {
        self.batches.insert(start, Batch { epoch, payload: payload.into() });
        self.next = layout.after(start, payload.len() as u64);
    }

    fn not_trimmed(&self, position: Position) -> Result<(), ReadError> {
        let oldest = self.oldest;
        if position < oldest { Err(ReadError::Trimmed { position, oldest }) } else { Ok(()) }
    }
}

fn fault(doing: &'static str, kind: io::ErrorKind) -> LogFault {
    LogFault::Io { doing, file: "memory".to_owned(), source: kind.into() }
}
