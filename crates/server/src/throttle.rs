//! How much one principal may ask: requests a second, and requests under way at once.
//!
//! The rate is kept by the generic cell rate algorithm: for each principal, the instant at which its
//! next request would be due if it kept to the rate exactly. A principal that has been quiet may send
//! a second's worth at once.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};

use tidings_core::time::Timestamp;

/// What one principal may ask. `None` is as much as it likes.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct Quota {
    /// Requests a second.
    pub requests_per_second: Option<NonZeroU32>,
    /// Requests at once, those that wait for messages included.
    pub requests_under_way: Option<NonZeroU32>,
}

/// Keeps every principal to the same quota.
pub(crate) struct Throttle {
    quota: Quota,
    hasher: RandomState,
    parts: [Mutex<HashMap<Box<str>, Account>>; PARTS],
}

/// So many threads can be counted at once.
const PARTS: usize = 16;
/// Principals that a part remembers before it forgets those that are quiet.
const ACCOUNTS_QUIET_MAX: usize = 1024;
/// Principals that a part counts at all: addresses of anonymous callers may be without number. One
/// more is refused.
const ACCOUNTS_MAX: usize = 65_536;
const SECOND_US: u64 = 1_000_000;

#[derive(Default)]
struct Account {
    /// In microseconds since 1970.
    due_us: u64,
    under_way: u32,
}

/// A request's place among those under way. Dropping it gives it up.
pub(crate) struct Place<'a>(Option<(&'a Throttle, Box<str>)>);

impl Throttle {
    pub(crate) fn new(quota: Quota) -> Self {
        Self { quota, hasher: RandomState::new(), parts: Default::default() }
    }

    /// Whether anybody is counted.
    pub(crate) fn is_on(&self) -> bool {
        self.quota != Quota::default()
    }

    /// A place for a request, unless its principal has asked too much.
    pub(crate) fn take(&self, principal: &str, now: Timestamp) -> Option<Place<'_>> {
        if !self.is_on() {
            return Some(Place(None));
        }
        let now_us = now.as_ms().saturating_mul(1000);
        let mut accounts = self.part(principal);
        if !accounts.contains_key(principal) {
            if accounts.len() >= ACCOUNTS_QUIET_MAX {
                accounts.retain(|_, account| account.under_way > 0 || account.due_us > now_us);
            }
            if accounts.len() >= ACCOUNTS_MAX {
                return None;
            }
            accounts.insert(principal.into(), Account::default());
        }
        let account = accounts.get_mut(principal)?;
        let max = self.quota.requests_under_way;
        if max.is_some_and(|max| account.under_way >= max.get()) {
            return None;
        }
        if let Some(rate) = self.quota.requests_per_second {
            let due_us = account.due_us.max(now_us) + SECOND_US / u64::from(rate.get());
            if due_us > now_us + SECOND_US {
                return None;
            }
            account.due_us = due_us;
        }
        account.under_way += 1;
        Some(Place(Some((self, principal.into()))))
    }

    fn part(&self, principal: &str) -> MutexGuard<'_, HashMap<Box<str>, Account>> {
        let number = self.hasher.hash_one(principal) % PARTS as u64;
        let part = &self.parts[usize::try_from(number).unwrap_or_default()];
        part.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        let Some((throttle, principal)) = &self.0 else { return };
        if let Some(account) = throttle.part(principal).get_mut(principal) {
            account.under_way = account.under_way.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn throttle(per_second: u32, under_way: u32) -> Throttle {
        Throttle::new(Quota {
            requests_per_second: NonZeroU32::new(per_second),
            requests_under_way: NonZeroU32::new(under_way),
        })
    }

    fn at(ms: u64) -> Timestamp {
        Timestamp::from_ms(1_800_000_000_000 + ms)
    }

    #[test]
    fn without_a_quota_nobody_is_counted() {
        let throttle = throttle(0, 0);
        let places: Vec<_> = (0..1000).filter_map(|_| throttle.take("ann", at(0))).collect();
        assert_eq!(places.len(), 1000);
        assert!(throttle.part("ann").is_empty());
    }

    #[test]
    fn a_second_holds_as_many_requests_as_the_rate() {
        let throttle = throttle(10, 0);
        let taken =
            |principal, ms| (0..100).filter_map(|_| throttle.take(principal, at(ms))).count();
        assert_eq!(taken("ann", 0), 10);
        assert_eq!(taken("bob", 0), 10, "each has a quota of its own");
        assert_eq!(taken("ann", 99), 0);
        assert_eq!(taken("ann", 100), 1);
        assert_eq!(taken("ann", 600), 5);
        assert_eq!(taken("ann", 60_000), 10, "more than a second's worth is not saved up");
        assert_eq!(taken("ann", 0), 0, "a clock that is set back gives nothing");
    }

    #[test]
    fn places_are_given_up() {
        let throttle = throttle(0, 2);
        let (first, second) = (throttle.take("ann", at(0)), throttle.take("ann", at(0)));
        assert!(first.is_some() && second.is_some());
        assert!(throttle.take("ann", at(0)).is_none());
        drop(first);
        assert!(throttle.take("ann", at(0)).is_some());
    }

    #[test]
    fn those_who_are_quiet_are_forgotten() {
        let throttle = throttle(1, 0);
        for number in 0..(PARTS * ACCOUNTS_QUIET_MAX * 2) {
            let ms = number as u64 * 10;
            drop(throttle.take(&number.to_string(), at(ms)));
        }
        let held: usize = throttle.parts.iter().map(|part| part.lock().unwrap().len()).sum();
        assert!(held <= PARTS * ACCOUNTS_QUIET_MAX, "{held}");
    }
}
