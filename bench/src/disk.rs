//! The other limit: how often a second the disk can be synced, by one who waits for it.

use std::fs::File;
use std::io::{Seek, SeekFrom, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use tidings_load::Histogram;

use crate::Outcome;

/// What is written before each sync.
const BLOCK_BYTES: usize = 4096;
/// A file like a segment of the log: all its blocks are there already.
const BLOCKS: u64 = 4096;

/// Writes and syncs one block after the other, in a file that does not grow. How long each took.
pub(crate) fn syncs(folder: &Path, length: Duration) -> Outcome<(f64, Histogram)> {
    let block = [1; BLOCK_BYTES];
    let mut file = File::create_new(folder.join("syncs"))?;
    for _ in 0..BLOCKS {
        file.write_all(&block)?;
    }
    file.sync_all()?;
    let (begun, mut took) = (Instant::now(), Histogram::default());
    while begun.elapsed() < length {
        if took.count() % BLOCKS == 0 {
            file.seek(SeekFrom::Start(0))?;
        }
        let one = Instant::now();
        file.write_all(&block)?;
        file.sync_data()?;
        took.record(one.elapsed());
    }
    Ok((took.count() as f64 / begun.elapsed().as_secs_f64(), took))
}
