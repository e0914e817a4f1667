//! How long things took: counts in classes that are as fine as the value is small.
//!
//! Each power of two is split into 128 classes, so a quantile is too high by less than 1 %, from a
//! nanosecond to an hour, in 37 KiB however much is recorded.

use std::time::Duration;

/// Classes of each power of two, as a power of two.
const FINENESS: u32 = 7;
const CLASSES: usize = 1 << FINENESS;
/// Values from here on share the last class: 2^42 ns are 73 minutes.
const BITS_MAX: u32 = 42;
const LENGTH: usize = ((BITS_MAX - FINENESS) as usize + 1) * CLASSES;

/// Durations that were recorded.
#[derive(Clone, Debug)]
pub struct Histogram {
    counts: Vec<u64>,
    count: u64,
    max_ns: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; LENGTH], count: 0, max_ns: 0 }
    }
}

impl Histogram {
    /// Records one.
    pub fn record(&mut self, took: Duration) {
        self.record_many(took, 1);
    }

    /// Records so many of the same length.
    pub fn record_many(&mut self, took: Duration, count: u64) {
        let ns = u64::try_from(took.as_nanos()).unwrap_or(u64::MAX);
        self.counts[class(ns)] += count;
        self.count += count;
        if count > 0 {
            self.max_ns = self.max_ns.max(ns);
        }
    }

    /// Adds what another recorded.
    pub fn merge(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
        self.count += other.count;
        self.max_ns = self.max_ns.max(other.max_ns);
    }

    /// What was recorded since an earlier copy of this one. Its longest is that of all.
    pub fn since(&self, earlier: &Self) -> Self {
        let pairs = self.counts.iter().zip(&earlier.counts);
        let counts = pairs.map(|(now, then)| now.saturating_sub(*then)).collect();
        let count = self.count.saturating_sub(earlier.count);
        Self { counts, count, max_ns: self.max_ns }
    }

    /// How many were recorded.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The longest, exactly; zero if there is none.
    pub fn max(&self) -> Duration {
        Duration::from_nanos(self.max_ns)
    }

    /// What such a share (0 to 1) of all did not exceed; zero if there is none.
    pub fn quantile(&self, share: f64) -> Duration {
        // A share of a count is never negative, and no count needs 53 bits.
        let rank = ((self.count as f64 * share).ceil() as u64).clamp(1, self.count.max(1));
        let mut seen = 0;
        for (index, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return Duration::from_nanos(longest(index).min(self.max_ns));
            }
        }
        self.max()
    }
}

fn class(ns: u64) -> usize {
    let ns = ns.min((1 << BITS_MAX) - 1);
    // Below 256 ns a class is one nanosecond.
    let shift = (u64::BITS - ns.leading_zeros()).saturating_sub(FINENESS + 1);
    let in_power = (ns >> shift) as usize;
    shift as usize * CLASSES + in_power
}

/// The longest of a class.
fn longest(class: usize) -> u64 {
    let shift = (class / CLASSES).saturating_sub(1);
    let in_power = (class - shift * CLASSES) as u64;
    ((in_power + 1) << shift) - 1
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn quantiles_are_those_of_what_was_recorded() {
        let mut histogram = Histogram::default();
        assert_eq!((histogram.quantile(0.5), histogram.max()), (Duration::ZERO, Duration::ZERO));
        for ms in 1..=1000 {
            histogram.record(Duration::from_millis(ms));
        }
        for (share, ms) in [(0.0, 1.0), (0.5, 500.0), (0.9, 900.0), (0.99, 990.0), (1.0, 1000.0)] {
            let found = histogram.quantile(share).as_secs_f64() * 1e3;
            assert!(found >= ms && found <= ms * 1.01, "{share}: {found}");
        }
        assert_eq!(histogram.quantile(1.0), histogram.max());
        assert_eq!(histogram.max(), Duration::from_secs(1));
    }

    #[test]
    fn what_is_too_long_is_still_counted() {
        let mut histogram = Histogram::default();
        histogram.record(Duration::from_secs(100_000));
        assert_eq!(histogram.count(), 1);
        assert_eq!(histogram.max(), Duration::from_secs(100_000));
    }

    #[test]
    fn merging_and_taking_away_are_of_counts() {
        let (mut one, mut other) = (Histogram::default(), Histogram::default());
        one.record_many(Duration::from_millis(1), 3);
        other.record(Duration::from_millis(9));
        let before = one.clone();
        one.merge(&other);
        assert_eq!((one.count(), one.max()), (4, Duration::from_millis(9)));
        let since = one.since(&before);
        assert_eq!(since.count(), 1);
        assert!(since.quantile(0.5) > Duration::from_millis(8));
    }

    proptest! {
        #[test]
        fn a_class_is_narrow_and_has_its_values(ns in 0_u64..1 << BITS_MAX) {
            let class = class(ns);
            prop_assert!(class < LENGTH);
            let longest = longest(class);
            prop_assert!(longest >= ns);
            prop_assert!(longest - ns <= ns / 128, "{ns} {longest}");
            prop_assert!(class == 0 || super::longest(class - 1) < ns);
        }
    }
}
