//! What a party of a stage came to.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::histogram::Histogram;

/// What one kind of load came to.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What was done.
    pub name: String,
    /// Messages in the measured time.
    pub messages: u64,
    /// The measured time.
    pub took: Duration,
    /// Of the requests in it, with their repetitions; on a schedule, since they were due.
    pub latency: Histogram,
    /// Of the messages that were due in it: until they were received.
    pub transit: Histogram,
    /// Errors by kind, at any time of the load.
    pub errors: BTreeMap<String, u64>,
    /// Requests that were sent once more.
    pub retries: u64,
    /// Messages that were not sent, or not deleted, after all.
    pub given_up: u64,
    /// Requests of the schedule that could not be sent before its end. Their latency is counted up
    /// to there.
    pub unsent: u64,
    /// What this process has used of the processors meanwhile, warm-up included.
    pub cpu: Option<Duration>,
}

impl Figure {
    /// Messages a second.
    pub fn rate(&self) -> f64 {
        let seconds = self.took.as_secs_f64();
        if seconds > 0.0 { self.messages as f64 / seconds } else { 0.0 }
    }

    /// All errors.
    pub fn errors(&self) -> u64 {
        self.errors.values().sum()
    }
}

/// How a stage is going: what the last second was like.
#[derive(Clone, Debug)]
pub struct Progress {
    /// Since the stage began, warm-up included.
    pub elapsed: Duration,
    /// How long it is going to take, if that is known.
    pub of: Option<Duration>,
    /// The parties.
    pub parties: Vec<PartyProgress>,
}

/// One party in the last second.
#[derive(Clone, Debug)]
pub struct PartyProgress {
    /// What it does.
    pub name: String,
    /// Messages a second.
    pub rate: f64,
    /// Latency of its requests.
    pub p50: Duration,
    /// The same.
    pub p99: Duration,
    /// Errors so far.
    pub errors: u64,
}
