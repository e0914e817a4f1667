//! A server that is down is asked again now and then, by one attempt at a time; the others end at
//! once, and cost nothing.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

/// The first time that a server is left alone, and the longest. Each is twice as long as the last.
const REST: Duration = Duration::from_secs(1);
const REST_MAX: Duration = Duration::from_secs(30);

/// Lets attempts at one server through, or not: after one that found nobody, one at a time, after a
/// rest of one second to 30.
#[derive(Debug, Default)]
pub struct Gate(Mutex<Option<Closed>>);

#[derive(Debug)]
struct Closed {
    failed_at: Instant,
    /// From when one attempt may find out whether the server is back.
    until: Instant,
    rest: Duration,
    why: String,
}

/// An attempt that was not made, since the server is known to be down.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TurnedAway {
    /// Why, for people.
    pub why: String,
    /// How long the server is left alone: until then nobody need come back.
    pub pause: Duration,
}

impl Gate {
    /// Whether somebody may try now. Who may takes `attempt_timeout` at most, and until then no other
    /// one follows, unless it goes well.
    ///
    /// # Errors
    ///
    /// [`TurnedAway`] if nobody may.
    pub fn pass(&self, now: Instant, attempt_timeout: Duration) -> Result<(), TurnedAway> {
        let mut closed = self.lock();
        let Some(closed) = closed.as_mut() else { return Ok(()) };
        if now >= closed.until {
            closed.until = now + attempt_timeout;
            return Ok(());
        }
        let seconds = (now - closed.failed_at).as_secs();
        let why = format!("not tried, for {seconds} seconds ago: {}", closed.why);
        // Whoever tries now may know long before its time is over.
        Err(TurnedAway { why, pause: (closed.until - now).min(closed.rest) })
    }

    /// The server could not be reached, or would have nothing to do with us. Attempts that began
    /// before that was known say nothing new.
    pub fn close(&self, begun_at: Instant, now: Instant, why: &str) {
        let mut closed = self.lock();
        if closed.as_ref().is_some_and(|closed| begun_at < closed.failed_at) {
            return;
        }
        let rest = closed.as_ref().map_or(REST, |closed| (closed.rest * 2).min(REST_MAX));
        *closed = Some(Closed { failed_at: now, until: now + rest, rest, why: why.to_owned() });
    }

    /// The server is there.
    pub fn open(&self) {
        *self.lock() = None;
    }

    fn lock(&self) -> MutexGuard<'_, Option<Closed>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_is_down_is_asked_ever_less_and_by_one_at_a_time() {
        let (gate, begin) = (Gate::default(), Instant::now());
        let timeout = Duration::from_secs(10);
        let at = |seconds: u64| begin + Duration::from_secs(seconds);
        gate.pass(at(0), timeout).unwrap();
        gate.close(at(0), at(0), "no route");
        let TurnedAway { why, pause } = gate.pass(at(0), timeout).unwrap_err();
        assert_eq!(why, "not tried, for 0 seconds ago: no route");
        assert_eq!(pause, Duration::from_secs(1));
        gate.pass(at(1), timeout).unwrap();
        let pause = gate.pass(at(1), timeout).unwrap_err().pause;
        assert_eq!(pause, Duration::from_secs(1), "not as long as that attempt may take");
        gate.pass(at(10), timeout).unwrap_err();
        gate.close(at(1), at(10), "no route");
        gate.close(at(1), at(10), "known");
        gate.pass(at(11), timeout).unwrap_err();
        gate.pass(at(12), timeout).unwrap();
        for _ in 0..10 {
            gate.close(at(100), at(100), "no route");
        }
        assert_eq!(gate.pass(at(129), timeout).unwrap_err().pause, Duration::from_secs(1));
        assert_eq!(gate.pass(at(101), timeout).unwrap_err().pause, Duration::from_secs(29));
        gate.pass(at(130), timeout).unwrap();
        gate.open();
        gate.pass(at(130), timeout).unwrap();
        gate.pass(at(130), timeout).unwrap();
    }
}
