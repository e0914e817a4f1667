//! What a simulated disk holds, now and durably.

use std::collections::{BTreeMap, VecDeque};
use std::io;

use super::{Operation, SECTOR_BYTES};

pub(super) type Inode = u64;

#[derive(Debug, Default)]
pub(super) struct State {
    /// What the process sees.
    pub(super) names: BTreeMap<String, Inode>,
    pub(super) content: BTreeMap<Inode, Vec<u8>>,
    /// What is on stable storage.
    pub(super) durable_names: BTreeMap<String, Inode>,
    pub(super) durable_content: BTreeMap<Inode, Vec<u8>>,
    /// What lies between the two, oldest first.
    pub(super) unsynced: Vec<Change>,
    /// Whether any of them ever was abandoned.
    pub(super) has_abandoned: bool,
    pub(super) inodes: Inode,

    pub(super) operations: u64,
    pub(super) power_cut_at: Option<u64>,
    pub(super) faults: VecDeque<(Operation, io::ErrorKind)>,
    pub(super) capacity_bytes: Option<u64>,
    pub(super) cold: bool,
}

#[derive(Clone, Debug)]
pub(super) enum Change {
    /// Part of one sector.
    Bytes {
        inode: Inode,
        offset: u64,
        bytes: Vec<u8>,
        /// A sync of it failed: later syncs pass it over, as Linux does with the pages of a failed
        /// write-back.
        abandoned: bool,
    },
    Length {
        inode: Inode,
        len: u64,
    },
    Link {
        name: String,
        inode: Inode,
    },
    Unlink {
        name: String,
    },
    Rename {
        from: String,
        to: String,
        inode: Inode,
    },
}

/// What becomes of one operation.
#[derive(Copy, Clone, Debug)]
pub(super) enum Fate {
    Works,
    /// It may get through, and nobody will hear of it.
    PowerCut,
    Fails(io::ErrorKind),
}

impl Fate {
    /// For operations that change nothing when they fail.
    pub(super) fn unless_failing(self) -> io::Result<Fate> {
        match self {
            Fate::Fails(error) => Err(error.into()),
            Fate::Works | Fate::PowerCut => Ok(self),
        }
    }

    pub(super) fn outcome(self) -> io::Result<()> {
        match self {
            Fate::Works => Ok(()),
            Fate::PowerCut => Err(no_power()),
            Fate::Fails(error) => Err(error.into()),
        }
    }
}

impl State {
    /// Counts an operation and says what becomes of it. Fails if the power was cut earlier.
    pub(super) fn begin(&mut self, operation: Operation) -> io::Result<Fate> {
        let number = self.operations;
        self.operations += 1;
        match self.power_cut_at {
            Some(cut) if number > cut => return Err(no_power()),
            Some(cut) if number == cut => return Ok(Fate::PowerCut),
            _ => {}
        }
        let fault = self.faults.iter().position(|(failing, _)| *failing == operation);
        let fault = fault.and_then(|place| self.faults.remove(place));
        Ok(fault.map_or(Fate::Works, |(_, error)| Fate::Fails(error)))
    }

    pub(super) fn inode(&self, name: &str) -> io::Result<Inode> {
        self.names.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn used_bytes(&self) -> u64 {
        self.names.values().map(|inode| self.content[inode].len() as u64).sum()
    }

    /// Whether the file may grow to this length.
    pub(super) fn has_room(&self, inode: Inode, len: u64) -> io::Result<()> {
        let growth = len.saturating_sub(self.content[&inode].len() as u64);
        match self.capacity_bytes {
            Some(capacity) if growth > 0 && self.used_bytes() + growth > capacity => {
                Err(io::ErrorKind::StorageFull.into())
            }
            _ => Ok(()),
        }
    }

    /// Writes to what the process sees, and notes the change sector by sector.
    pub(super) fn write(&mut self, inode: Inode, mut bytes: &[u8], mut offset: u64) {
        overwrite(self.content.entry(inode).or_default(), bytes, offset);
        while !bytes.is_empty() {
            let in_sector = index(SECTOR_BYTES - offset % SECTOR_BYTES).min(bytes.len());
            let (sector, rest) = bytes.split_at(in_sector);
            self.take_up(inode, offset / SECTOR_BYTES);
            let change = Change::Bytes { inode, offset, bytes: sector.to_vec(), abandoned: false };
            self.unsynced.push(change);
            bytes = rest;
            offset += in_sector as u64;
        }
    }

    /// Makes durable what happened to one file's content, or to names.
    pub(super) fn sync(&mut self, file: Option<Inode>) {
        let (synced, left) = std::mem::take(&mut self.unsynced)
            .into_iter()
            .partition(|change| change.file() == file && !change.is_abandoned());
        self.unsynced = left;
        let synced: Vec<Change> = synced;
        for change in &synced {
            self.make_durable(change);
        }
    }

    pub(super) fn abandon(&mut self, file: Inode) {
        self.has_abandoned = true;
        for change in &mut self.unsynced {
            if let Change::Bytes { inode, abandoned, .. } = change {
                *abandoned |= *inode == file;
            }
        }
    }

    /// A sector is written again: the next sync writes all of it as the process sees it, what a failed
    /// one has left in it too.
    fn take_up(&mut self, file: Inode, sector: u64) {
        if !self.has_abandoned {
            return;
        }
        for change in &mut self.unsynced {
            if let Change::Bytes { inode, offset, abandoned, .. } = change
                && *inode == file
                && *offset / SECTOR_BYTES == sector
            {
                *abandoned = false;
            }
        }
    }

    pub(super) fn make_durable(&mut self, change: &Change) {
        match change {
            Change::Bytes { inode, offset, bytes, .. } => {
                overwrite(self.durable_content.entry(*inode).or_default(), bytes, *offset);
            }
            Change::Length { inode, len } => {
                lengthen(self.durable_content.entry(*inode).or_default(), *len);
            }
            Change::Link { name, inode } => {
                self.durable_names.insert(name.clone(), *inode);
            }
            Change::Unlink { name } => {
                self.durable_names.remove(name);
            }
            Change::Rename { from, to, inode } => {
                self.durable_names.remove(from);
                self.durable_names.insert(to.clone(), *inode);
            }
        }
    }
}

impl Change {
    /// The file whose content changed, `None` if it was names that changed.
    fn file(&self) -> Option<Inode> {
        match self {
            Change::Bytes { inode, .. } | Change::Length { inode, .. } => Some(*inode),
            Change::Link { .. } | Change::Unlink { .. } | Change::Rename { .. } => None,
        }
    }

    fn is_abandoned(&self) -> bool {
        matches!(self, Change::Bytes { abandoned: true, .. })
    }
}

fn no_power() -> io::Error {
    io::Error::other("the power was cut")
}

pub(super) fn lengthen(content: &mut Vec<u8>, len: u64) {
    content.resize(content.len().max(index(len)), 0);
}

fn overwrite(content: &mut Vec<u8>, bytes: &[u8], offset: u64) {
    let from = index(offset);
    lengthen(content, offset + bytes.len() as u64);
    content[from..from + bytes.len()].copy_from_slice(bytes);
}

pub(super) fn index(offset: u64) -> usize {
    usize::try_from(offset).expect("a simulated file fits into memory")
}
