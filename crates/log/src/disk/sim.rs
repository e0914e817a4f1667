//! A disk for tests that forgets what was not synced.
//!
//! It holds two versions of everything: what the running process sees, and what is on stable
//! storage. Between the two lies a list of changes in the order in which they were made, cut into
//! sectors. [`SimDisk::crash`] asks, for each of them, whether it got through.
//!
//! ```
//! use tidings_log::disk::{Disk, sim::SimDisk};
//!
//! let disk = SimDisk::new();
//! let file = disk.create("a")?;
//! disk.sync_folder()?;
//! file.write_at(b"kept", 0)?;
//! file.sync()?;
//! file.write_at(b"lost", 0)?;
//!
//! let after = disk.crash(&mut |_| false);
//! assert_eq!(after.content("a"), b"kept");
//! # Ok::<(), std::io::Error>(())
//! ```

use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use self::state::{Change, Fate, Inode, State, index, lengthen};
use super::{Disk, DiskFile};

mod state;

/// The unit that a crash keeps or drops whole.
pub const SECTOR_BYTES: u64 = 512;

/// A simulated folder. Clones are the same folder.
#[derive(Clone, Debug, Default)]
pub struct SimDisk {
    shared: Arc<Mutex<State>>,
}

/// Operations that change something, which can be made to fail.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Operation {
    /// [`Disk::create`]
    Create,
    /// [`Disk::rename`]
    Rename,
    /// [`Disk::remove`]
    Remove,
    /// [`Disk::sync_folder`]
    SyncFolder,
    /// [`DiskFile::write_at`]
    Write,
    /// [`DiskFile::reserve`]
    Reserve,
    /// [`DiskFile::sync`]
    Sync,
}

/// A change that a crash may drop: one sector of a write, a file's new length, or a name.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Unsynced {
    /// Its place among all such changes, in the order in which they were made.
    pub index: usize,
    /// How many there are.
    pub count: usize,
}

impl SimDisk {
    /// An empty folder on a disk without limits.
    pub fn new() -> SimDisk {
        SimDisk::default()
    }

    /// How many operations were tried that change something.
    pub fn operations(&self) -> u64 {
        self.lock().operations
    }

    /// Cuts the power during that operation, counted from 0: what it changes may or may not get
    /// through, and every later one changes nothing. All of them fail.
    pub fn cut_power_at(&self, operation: u64) {
        self.lock().power_cut_at = Some(operation);
    }

    /// Lets operations work again. What was written and not synced is still there: it was only the
    /// process that died, or the disk that was away.
    pub fn restore_power(&self) {
        self.lock().power_cut_at = None;
    }

    /// Makes the next operation of this kind fail. A write that fails leaves its first half.
    pub fn fail_next(&self, operation: Operation, error: io::ErrorKind) {
        self.lock().faults.push_back((operation, error));
    }

    /// Forgets the operations that were still to fail.
    pub fn clear_faults(&self) {
        self.lock().faults.clear();
    }

    /// Limits the sum of all files' lengths. More is refused with `StorageFull`.
    pub fn set_capacity(&self, bytes: Option<u64>) {
        self.lock().capacity_bytes = bytes;
    }

    /// The sum of all files' lengths.
    pub fn used_bytes(&self) -> u64 {
        self.lock().used_bytes()
    }

    /// Makes reads that must not wait fail from now on, or succeed again.
    pub fn set_cold(&self, cold: bool) {
        self.lock().cold = cold;
    }

    /// What the disk would hold after losing power now, as a disk of its own without faults or
    /// limits. `survives` decides about each change that was not synced.
    pub fn crash(&self, survives: &mut dyn FnMut(Unsynced) -> bool) -> SimDisk {
        let state = self.lock();
        let mut after = State {
            durable_names: state.durable_names.clone(),
            durable_content: state.durable_content.clone(),
            inodes: state.inodes,
            ..State::default()
        };
        let count = state.unsynced.len();
        for (index, change) in state.unsynced.iter().enumerate() {
            if survives(Unsynced { index, count }) {
                after.make_durable(change);
            }
        }
        after.names = after.durable_names.clone();
        for inode in after.names.values() {
            after.durable_content.entry(*inode).or_default();
        }
        after.content = after.durable_content.clone();
        SimDisk { shared: Arc::new(Mutex::new(after)) }
    }

    /// How many changes a crash would ask about.
    pub fn unsynced(&self) -> usize {
        self.lock().unsynced.len()
    }

    /// A file's content as the process sees it. Panics if there is no such file.
    pub fn content(&self, name: &str) -> Vec<u8> {
        let state = self.lock();
        state.content[&state.names[name]].clone()
    }

    /// Replaces a file's content behind everybody's back, durably: rot, or an operator. Panics if
    /// there is no such file.
    pub fn set_content(&self, name: &str, bytes: Vec<u8>) {
        let mut state = self.lock();
        let inode = state.names[name];
        state.durable_content.insert(inode, bytes.clone());
        state.content.insert(inode, bytes);
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn file(&self, inode: Inode) -> Arc<dyn DiskFile> {
        Arc::new(SimFile { disk: self.clone(), inode })
    }
}

impl Disk for SimDisk {
    fn list(&self) -> io::Result<Vec<String>> {
        Ok(self.lock().names.keys().cloned().collect())
    }

    fn create(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let mut state = self.lock();
        let fate = state.begin(Operation::Create)?.unless_failing()?;
        if state.names.contains_key(name) {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        state.inodes += 1;
        let inode = state.inodes;
        state.names.insert(name.to_owned(), inode);
        state.content.insert(inode, Vec::new());
        state.unsynced.push(Change::Link { name: name.to_owned(), inode });
        fate.outcome().map(|()| self.file(inode))
    }

    fn open(&self, name: &str) -> io::Result<Arc<dyn DiskFile>> {
        let inode = self.lock().inode(name)?;
        Ok(self.file(inode))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        let mut state = self.lock();
        let fate = state.begin(Operation::Rename)?.unless_failing()?;
        let inode = state.inode(from)?;
        state.names.remove(from);
        state.names.insert(to.to_owned(), inode);
        state.unsynced.push(Change::Rename { from: from.to_owned(), to: to.to_owned(), inode });
        fate.outcome()
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        let mut state = self.lock();
        let fate = state.begin(Operation::Remove)?.unless_failing()?;
        state.inode(name)?;
        state.names.remove(name);
        state.unsynced.push(Change::Unlink { name: name.to_owned() });
        fate.outcome()
    }

    fn sync_folder(&self) -> io::Result<()> {
        let mut state = self.lock();
        state.begin(Operation::SyncFolder)?.unless_failing()?.outcome()?;
        state.sync(None);
        Ok(())
    }

    fn describe(&self, name: &str) -> String {
        if name.is_empty() { "the folder".to_owned() } else { name.to_owned() }
    }
}

#[derive(Debug)]
struct SimFile {
    disk: SimDisk,
    inode: Inode,
}

impl DiskFile for SimFile {
    fn len(&self) -> io::Result<u64> {
        Ok(self.disk.lock().content[&self.inode].len() as u64)
    }

    fn read_at(&self, buffer: &mut [u8], offset: u64) -> io::Result<()> {
        let state = self.disk.lock();
        let from = index(offset);
        let range = from..from.saturating_add(buffer.len());
        let bytes = state.content[&self.inode].get(range).ok_or(io::ErrorKind::UnexpectedEof)?;
        buffer.copy_from_slice(bytes);
        Ok(())
    }

    fn read_cached_at(&self, buffer: &mut [u8], offset: u64) -> bool {
        let cold = self.disk.lock().cold;
        !cold && self.read_at(buffer, offset).is_ok()
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        let mut state = self.disk.lock();
        let fate = state.begin(Operation::Write)?;
        let written = match fate {
            Fate::Fails(_) => &bytes[..bytes.len() / 2],
            Fate::Works | Fate::PowerCut => bytes,
        };
        state.has_room(self.inode, offset + written.len() as u64)?;
        state.write(self.inode, written, offset);
        fate.outcome()
    }

    fn reserve(&self, len: u64) -> io::Result<()> {
        let mut state = self.disk.lock();
        let fate = state.begin(Operation::Reserve)?.unless_failing()?;
        state.has_room(self.inode, len)?;
        let inode = self.inode;
        lengthen(state.content.entry(inode).or_default(), len);
        state.unsynced.push(Change::Length { inode, len });
        fate.outcome()
    }

    fn sync(&self) -> io::Result<()> {
        let mut state = self.disk.lock();
        match state.begin(Operation::Sync)? {
            Fate::Works => state.sync(Some(self.inode)),
            Fate::Fails(error) => {
                state.abandon(self.inode);
                return Err(error.into());
            }
            Fate::PowerCut => return Fate::PowerCut.outcome(),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kept_on(disk: &SimDisk, name: &str) -> Vec<u8> {
        disk.crash(&mut |_| false).content(name)
    }

    #[test]
    fn a_crash_keeps_any_of_the_unsynced_sectors() {
        let disk = SimDisk::new();
        let file = disk.create("a").expect("create");
        disk.sync_folder().expect("sync");
        file.write_at(&[1; 1000], 500).expect("write");
        // 500..512, 512..1024, 1024..1500
        assert_eq!(disk.unsynced(), 3);
        let middle = disk.crash(&mut |change| change.index == 1).content("a");
        assert_eq!(middle.len(), 1024);
        assert_eq!(middle.iter().position(|byte| *byte == 1), Some(512));
        assert_eq!(kept_on(&disk, "a"), []);
        file.sync().expect("sync");
        assert_eq!(kept_on(&disk, "a").len(), 1500);
    }

    #[test]
    fn names_are_durable_after_the_folder_was_synced() {
        let disk = SimDisk::new();
        let file = disk.create("a").expect("create");
        file.write_at(b"x", 0).expect("write");
        file.sync().expect("sync");
        assert_eq!(disk.crash(&mut |_| false).list().expect("list"), [""; 0]);
        disk.sync_folder().expect("sync");
        disk.rename("a", "b").expect("rename");
        assert_eq!(disk.crash(&mut |_| false).content("a"), b"x");
        assert_eq!(disk.crash(&mut |_| true).content("b"), b"x");
    }

    #[test]
    fn a_sync_after_a_failed_one_makes_nothing_of_it_durable() {
        let disk = SimDisk::new();
        let file = disk.create("a").expect("create");
        disk.sync_folder().expect("sync");
        file.write_at(b"lost", 0).expect("write");
        disk.fail_next(Operation::Sync, io::ErrorKind::Other);
        assert!(file.sync().is_err());
        file.sync().expect("the second sync claims to work");
        assert_eq!(disk.content("a"), b"lost");
        assert_eq!(kept_on(&disk, "a"), b"");
        file.write_at(b"kept", 0).expect("write again");
        file.sync().expect("sync");
        assert_eq!(kept_on(&disk, "a"), b"kept");
    }

    /// Else a crash could bring it back over what was synced since.
    #[test]
    fn what_a_failed_sync_left_in_a_sector_is_synced_when_the_sector_is_written_again() {
        let disk = SimDisk::new();
        let file = disk.create("a").expect("create");
        disk.sync_folder().expect("sync");
        file.write_at(b"old.", 0).expect("write");
        disk.fail_next(Operation::Sync, io::ErrorKind::Other);
        assert!(file.sync().is_err());
        file.write_at(b"new", 0).expect("write again");
        file.sync().expect("sync");
        assert_eq!(kept_on(&disk, "a"), b"new.");
        assert_eq!(disk.crash(&mut |_| true).content("a"), b"new.");
    }

    #[test]
    fn nothing_happens_after_the_power_was_cut() {
        let disk = SimDisk::new();
        let file = disk.create("a").expect("create");
        disk.cut_power_at(2);
        disk.sync_folder().expect("sync");
        assert!(file.write_at(b"perhaps", 0).is_err());
        assert!(file.write_at(b"never", 0).is_err());
        assert_eq!(disk.crash(&mut |_| true).content("a"), b"perhaps");
        assert_eq!(kept_on(&disk, "a"), b"");
    }

    #[test]
    fn room_is_limited() {
        let disk = SimDisk::new();
        disk.set_capacity(Some(10));
        let file = disk.create("a").expect("create");
        file.reserve(10).expect("just fits");
        file.write_at(&[1; 10], 0).expect("needs no more");
        let full = file.write_at(&[1], 10).expect_err("one too many");
        assert_eq!(full.kind(), io::ErrorKind::StorageFull);
    }
}
