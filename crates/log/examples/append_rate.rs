//! Measures the segment log on a real disk: how long a new folder takes to open, and how long
//! appends take in the first segment (set aside), while a spare is being made, and in a segment
//! made of zeros.
//!
//! ```sh
//! cargo run --release -p tidings-log --example append_rate -- FOLDER [BATCH_BYTES]
//! ```

use std::path::PathBuf;
use std::time::{Duration, Instant};

use tidings_log::segment::{SegmentLog, SegmentOptions};
use tidings_log::{BoxError, Log};

fn main() -> Result<(), BoxError> {
    let mut arguments = std::env::args().skip(1);
    let folder = PathBuf::from(arguments.next().ok_or("usage: append_rate FOLDER [BATCH_BYTES]")?);
    let batch_bytes = arguments.next().map_or(Ok(4096), |text| text.parse())?;
    let payload = vec![0x5a; batch_bytes];

    let started = Instant::now();
    let (mut log, report) = SegmentLog::open(&folder, SegmentOptions::default())?;
    println!("open               {:>9.2?}  {report:?}", started.elapsed());
    if !report.created {
        return Err("the folder holds a log already".into());
    }

    let spare = folder.join("spare");
    let mut making = Vec::new();
    while !spare.exists() {
        making.push(append(&mut log, &payload)?);
    }
    print("first, spare made", &mut making);
    while log.layout().segment_of(log.next_position()) == 0 {
        making.push(append(&mut log, &payload)?);
    }
    let mut reserved = making.split_off(making.len() / 2);
    print("first", &mut reserved);

    let mut rolls = vec![append(&mut log, &payload)?];
    let mut making = Vec::new();
    while !spare.exists() {
        making.push(append(&mut log, &payload)?);
    }
    let mut zeros = Vec::new();
    while log.layout().segment_of(log.next_position()) < 2 {
        zeros.push(append(&mut log, &payload)?);
    }
    rolls.push(append(&mut log, &payload)?);
    print("zeros, spare made", &mut making);
    print("zeros", &mut zeros);
    print("roll", &mut rolls);
    drop(log);

    let started = Instant::now();
    let (_, report) = SegmentLog::open(&folder, SegmentOptions::default())?;
    println!("open again         {:>9.2?}  {report:?}", started.elapsed());
    Ok(())
}

fn append(log: &mut SegmentLog, payload: &[u8]) -> Result<Duration, BoxError> {
    let started = Instant::now();
    log.append(log.next_position(), log.epoch(), payload)?;
    Ok(started.elapsed())
}

fn print(name: &str, times: &mut [Duration]) {
    times.sort_unstable();
    if times.is_empty() {
        println!("{name:<18} none");
        return;
    }
    let sum: Duration = times.iter().sum();
    let at = |part: f64| times[((times.len() - 1) as f64 * part) as usize];
    println!(
        "{name:<18} {:>9.0} appends/s  p50 {:>9.2?}  p99 {:>9.2?}  max {:>9.2?}  n {}",
        times.len() as f64 / sum.as_secs_f64(),
        at(0.5),
        at(0.99),
        at(1.0),
        times.len(),
    );
}
