//! What the load costs itself.

use std::time::{Duration, Instant};

/// What this process has used of the processors; `None` where that cannot be told.
#[cfg(unix)]
pub(crate) fn cpu_time() -> Option<Duration> {
    Duration::try_from(rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime)).ok()
}

#[cfg(not(unix))]
pub(crate) fn cpu_time() -> Option<Duration> {
    None
}

/// What it uses from a time on.
#[derive(Copy, Clone, Debug)]
pub(crate) struct Cpu {
    at: Instant,
    used: Option<Duration>,
}

impl Cpu {
    pub(crate) fn now() -> Self {
        Self { at: Instant::now(), used: cpu_time() }
    }

    /// Cores that were busy with this process since then, on average.
    pub(crate) fn cores(self) -> Option<f64> {
        let used = cpu_time()?.checked_sub(self.used?)?;
        Some(used.as_secs_f64() / self.at.elapsed().as_secs_f64())
    }
}
