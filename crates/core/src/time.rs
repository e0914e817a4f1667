//! Instants and lengths of time, as the core is told them.

mod iso8601;

use std::ops::{Add, Sub};

/// An instant: milliseconds since the Unix epoch.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Timestamp(u64);

impl Timestamp {
    /// The instant that lies `ms` milliseconds after the Unix epoch.
    pub const fn from_ms(ms: u64) -> Self {
        Self(ms)
    }

    /// Milliseconds since the Unix epoch.
    pub const fn as_ms(self) -> u64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    pub const fn as_seconds(self) -> u64 {
        self.0 / 1000
    }

    /// The instant `seconds` later, or the last one there is: a disk may hold any number.
    pub const fn plus_seconds(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds.saturating_mul(1000)))
    }
}

impl Add<u64> for Timestamp {
    type Output = Self;

    /// The instant `ms` milliseconds later, or the last one there is.
    fn add(self, ms: u64) -> Self {
        Self(self.0.saturating_add(ms))
    }
}

impl Sub for Timestamp {
    type Output = u64;

    /// Milliseconds from `earlier` to this instant, 0 if it is not earlier.
    fn sub(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}
