//! The contract suite on segments in a folder, segments on the simulated disk, and memory.

use std::io::ErrorKind;
use std::path::PathBuf;

use tempfile::TempDir;
use tidings_log::Log;
use tidings_log::disk::sim::{Operation, SimDisk};
use tidings_log::memory::{MemoryFault, MemoryStore};
use tidings_log::segment::{Provision, SegmentLog, SegmentOptions};
use tidings_log::suite::Subject;

use crate::support::{LAYOUT, OPTIONS, open};

struct InFolder {
    _temporary: TempDir,
    folder: PathBuf,
}

impl InFolder {
    fn new() -> InFolder {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let folder = temporary.path().join("data/log");
        InFolder { _temporary: temporary, folder }
    }
}

impl Subject for InFolder {
    fn open(&mut self) -> Box<dyn Log> {
        let options = SegmentOptions { provision: Provision::Background, marker: None, ..OPTIONS };
        Box::new(SegmentLog::open(&self.folder, options).expect("the log opens").0)
    }
}

struct OnSimDisk(SimDisk);

impl Subject for OnSimDisk {
    fn open(&mut self) -> Box<dyn Log> {
        Box::new(open(&self.0).0)
    }

    fn make_next_append_ambiguous(&mut self, landed: bool) -> bool {
        let failing = if landed { Operation::Sync } else { Operation::Write };
        self.0.fail_next(failing, ErrorKind::Other);
        true
    }
}

struct InMemory(MemoryStore);

impl Subject for InMemory {
    fn open(&mut self) -> Box<dyn Log> {
        Box::new(self.0.open())
    }

    fn make_next_append_ambiguous(&mut self, landed: bool) -> bool {
        let fault = if landed { MemoryFault::AmbiguousLanded } else { MemoryFault::AmbiguousLost };
        self.0.fail_next(fault);
        true
    }
}

mod segments_in_a_folder {
    use super::InFolder;
    tidings_log::contract_tests!(InFolder::new());
}

mod segments_on_a_simulated_disk {
    use super::{OnSimDisk, SimDisk};
    tidings_log::contract_tests!(OnSimDisk(SimDisk::new()));
}

mod memory {
    use super::{InMemory, LAYOUT, MemoryStore};
    tidings_log::contract_tests!(InMemory(MemoryStore::new(LAYOUT)));
}
