//! What time it is: really, or as a test says.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use tidings_core::time::Timestamp;

/// Tells the time. Cheap to clone; clones tell the same time.
#[derive(Clone)]
pub struct Clock(Kind);

#[derive(Clone)]
enum Kind {
    System,
    Manual(Arc<Mutex<Manual>>),
}

struct Manual {
    now: Timestamp,
    watchers: Vec<Box<dyn Fn() + Send>>,
}

impl Clock {
    /// The system's clock.
    pub fn system() -> Self {
        Self(Kind::System)
    }

    /// A clock that stands still at `start` until it is moved.
    pub fn manual(start: Timestamp) -> Self {
        Self(Kind::Manual(Arc::new(Mutex::new(Manual { now: start, watchers: Vec::new() }))))
    }

    /// The time now.
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::System => {
                // A clock before 1970 is a clock that is not set: time begins then.
                let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                Timestamp::from_ms(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
            }
            Kind::Manual(manual) => manual.lock().unwrap_or_else(PoisonError::into_inner).now,
        }
    }

    /// Moves a manual clock forward and wakes those who wait for it. The system's clock stays.
    pub fn advance(&self, ms: u64) {
        self.set(self.now() + ms);
    }

    /// Sets a manual clock to any time, an earlier one too, and wakes those who wait for it. The
    /// system's clock stays.
    pub fn set(&self, now: Timestamp) {
        if let Kind::Manual(manual) = &self.0 {
            let mut manual = manual.lock().unwrap_or_else(PoisonError::into_inner);
            manual.now = now;
            manual.watchers.iter().for_each(|wake| wake());
        }
    }

    /// Whether the clock moves by hand only.
    pub(crate) fn is_manual(&self) -> bool {
        matches!(self.0, Kind::Manual(_))
    }

    /// Calls `wake` whenever a manual clock is moved.
    pub(crate) fn watch(&self, wake: impl Fn() + Send + 'static) {
        if let Kind::Manual(manual) = &self.0 {
            let mut manual = manual.lock().unwrap_or_else(PoisonError::into_inner);
            manual.watchers.push(Box::new(wake));
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Clock({})", self.now().as_ms())
    }
}
