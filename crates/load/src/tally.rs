//! What is counted along the way.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::histogram::Histogram;

/// Kinds of errors that are told apart.
const KINDS_MAX: usize = 32;

/// Counts of one party on one thread.
#[derive(Clone, Default, Debug)]
pub(crate) struct Tally {
    /// Of requests that succeeded in the measured time, with all their repetitions.
    pub(crate) latency: Histogram,
    /// Of messages that were due in that time: until they were received.
    pub(crate) transit: Histogram,
    /// Messages sent, published or received in that time.
    pub(crate) messages: u64,
    /// Answers that were errors, and requests without one, by kind; at any time.
    pub(crate) errors: BTreeMap<String, u64>,
    /// Requests that were sent once more after an error.
    pub(crate) retries: u64,
    /// Requests, or messages of batches, that were given up.
    pub(crate) given_up: u64,
    /// From the beginning of the measured time to the last success in it.
    pub(crate) last: Duration,
}

impl Tally {
    pub(crate) fn merge(&mut self, other: &Self) {
        self.latency.merge(&other.latency);
        self.transit.merge(&other.transit);
        self.messages += other.messages;
        for (kind, count) in &other.errors {
            self.count(kind, *count);
        }
        self.retries += other.retries;
        self.given_up += other.given_up;
        self.last = self.last.max(other.last);
    }

    /// Counts errors of a kind. A server may make up kinds without end.
    pub(crate) fn count(&mut self, kind: &str, count: u64) {
        if let Some(counted) = self.errors.get_mut(kind) {
            *counted += count;
        } else {
            let is_room = self.errors.len() < KINDS_MAX;
            let kind: String =
                if is_room { kind.chars().take(80).collect() } else { "others".into() };
            *self.errors.entry(kind).or_default() += count;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_of_errors_are_bounded() {
        let mut tally = Tally::default();
        for kind in 0..1000 {
            tally.count(&format!("{kind}{}", "x".repeat(500)), 1);
            tally.count("1", 1);
        }
        assert!(tally.errors.len() <= KINDS_MAX + 1, "{}", tally.errors.len());
        assert_eq!(tally.errors.values().sum::<u64>(), 2000);
        assert!(tally.errors.keys().all(|kind| kind.len() <= 80));
        let mut other = Tally { retries: 2, ..Tally::default() };
        other.merge(&tally);
        assert_eq!(other.errors.values().sum::<u64>(), 2000);
    }
}
