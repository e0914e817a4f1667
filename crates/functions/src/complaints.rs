//! What is the operator's to mend: told now and then, not with every invocation.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use tracing::warn;

use crate::InvokeFault;

/// How long the same is not said again.
const AGAIN_AFTER: Duration = Duration::from_secs(60);

/// Problems that are remembered. Of more at once, the others are not told.
const KEPT_MAX: usize = 64;

/// Problems and when each was told last.
#[derive(Default)]
pub(crate) struct Complaints(Mutex<BTreeMap<String, Instant>>);

impl fmt::Debug for Complaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Complaints").finish_non_exhaustive()
    }
}

impl Complaints {
    /// Writes into the log why a function could not be run, with what its caller is not told.
    pub(crate) fn tell(&self, function: &str, fault: &InvokeFault) {
        let (InvokeFault::InvalidRuntime { problem } | InvokeFault::Unavailable { problem }) =
            fault
        else {
            return;
        };
        if self.is_due(problem, Instant::now()) {
            warn!(function, "a function cannot be run: {problem}");
        }
    }

    fn is_due(&self, problem: &str, now: Instant) -> bool {
        let mut told = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        told.retain(|_, at| now.saturating_duration_since(*at) < AGAIN_AFTER);
        if told.len() >= KEPT_MAX || told.contains_key(problem) {
            return false;
        }
        told.insert(problem.to_owned(), now);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_is_told_once_a_minute_and_not_everything_is_remembered() {
        let (complaints, now) = (Complaints::default(), Instant::now());
        assert!(complaints.is_due("no python3", now));
        assert!(!complaints.is_due("no python3", now + AGAIN_AFTER / 2));
        assert!(complaints.is_due("no port", now + AGAIN_AFTER / 2));
        assert!(complaints.is_due("no python3", now + AGAIN_AFTER));
        let told = (0..2 * KEPT_MAX).filter(|n| complaints.is_due(&n.to_string(), now)).count();
        assert_eq!(told, KEPT_MAX - 2);
    }
}
