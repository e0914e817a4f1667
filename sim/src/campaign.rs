//! Many seeds, spread over threads: each is played by one.

use std::panic::{self, AssertUnwindSafe};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

use crate::auditor::Finding;
use crate::counts::Counts;
use crate::run::{self, Outcomes};

/// A seed that showed something wrong.
#[derive(Clone, Debug)]
pub struct Failed {
    /// Which.
    pub seed: u64,
    /// What was wrong.
    pub finding: String,
    /// The end of the trace.
    pub tail: Vec<String>,
}

/// How a campaign went.
#[derive(Default)]
pub struct Report {
    /// Seeds that were played.
    pub seeds: u64,
    /// What happened in them.
    pub counts: Counts,
    /// The seeds that showed something wrong, the lowest first.
    pub failed: Vec<Failed>,
}

/// Plays a seed; a panic is a finding, too.
pub fn play(seed: u64, is_printed: bool) -> Outcomes {
    let played = panic::catch_unwind(AssertUnwindSafe(|| run::run(seed, is_printed)));
    played.unwrap_or_else(|cause| {
        let text = cause.downcast_ref::<String>().cloned();
        let text = text.or_else(|| cause.downcast_ref::<&str>().map(|text| (*text).to_owned()));
        Outcomes {
            finding: Some(Finding(format!("it panicked: {}", text.unwrap_or_default()))),
            counts: Counts::default(),
            digest: 0,
            lines: 0,
            tail: Vec::new(),
        }
    })
}

/// Plays so many seeds from `first` on, until one fails if `stops_at_first`.
pub fn play_all(first: u64, seeds: u64, threads: usize, stops_at_first: bool) -> Report {
    let next = AtomicU64::new(first);
    let stopped = AtomicBool::new(false);
    let report = Mutex::new(Report::default());
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                while !stopped.load(Ordering::Relaxed) {
                    let seed = next.fetch_add(1, Ordering::Relaxed);
                    if seed >= first + seeds {
                        return;
                    }
                    let outcomes = play(seed, false);
                    let mut report = report.lock().unwrap_or_else(PoisonError::into_inner);
                    report.seeds += 1;
                    report.counts += outcomes.counts;
                    if let Some(Finding(finding)) = outcomes.finding {
                        report.failed.push(Failed { seed, finding, tail: outcomes.tail });
                        stopped.fetch_or(stops_at_first, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    let mut report = report.into_inner().unwrap_or_else(PoisonError::into_inner);
    report.failed.sort_by_key(|failed| failed.seed);
    report
}
