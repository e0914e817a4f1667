//! What the service refuses, each told once.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// That many are known. Queues come and go, and may name any key: beyond that all are forgotten, and
/// those that last are told again.
const KNOWN_MAX: usize = 1024;

/// What the service refused when it was last asked, by action and key.
#[derive(Default)]
pub(super) struct Refusals(Mutex<BTreeSet<(&'static str, String)>>);

impl Refusals {
    /// The service refuses. Whether that is news.
    pub(super) fn begin(&self, action: &'static str, key: &str) -> bool {
        let mut known = self.lock();
        let is_news = known.insert((action, key.to_owned()));
        if known.len() > KNOWN_MAX {
            known.clear();
        }
        is_news
    }

    /// The service does not refuse. Whether that is news.
    pub(super) fn end(&self, action: &'static str, key: &str) -> bool {
        let mut known = self.lock();
        !known.is_empty() && known.remove(&(action, key.to_owned()))
    }

    fn lock(&self) -> MutexGuard<'_, BTreeSet<(&'static str, String)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lasts_is_told_once_and_its_end_too() {
        let refusals = Refusals::default();
        assert!(!refusals.end("Decrypt", "a"));
        assert!(refusals.begin("Decrypt", "a"));
        assert!(!refusals.begin("Decrypt", "a"));
        assert!(!refusals.end("GenerateDataKey", "a"));
        assert!(refusals.begin("Decrypt", "b"));
        assert!(refusals.end("Decrypt", "a"));
        assert!(!refusals.end("Decrypt", "a"));
        for number in 0..10 * KNOWN_MAX {
            assert!(refusals.begin("Decrypt", &format!("key {number}")));
            assert!(refusals.lock().len() <= KNOWN_MAX);
        }
    }
}
