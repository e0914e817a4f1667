//! Mappings, and what is told of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tidings_broker::{Broker, Keys};
use tidings_core::names::Uuid;
use tidings_core::register::RegisterWrite;
use tidings_lambda::event_sources::{self, EventSources, Mapping};
use tokio::sync::Notify;
use tokio::time::Instant;

use crate::plane::{ChangeFault, LoadError, Plane, Registered};

/// The event source mappings of a server. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub(crate) struct EventSourceService(Arc<Inner>);

struct Inner {
    plane: Arc<Plane<EventSources>>,
    changed: Notify,
    /// What is told of mappings of which there was something to tell.
    told: Mutex<HashMap<Uuid, Told>>,
}

/// What is told of a mapping.
#[derive(Default)]
struct Told {
    /// What went wrong last; `None` if all is well.
    problem: Option<String>,
    /// What the log said of that last, and when.
    logged: Option<(Option<String>, Instant)>,
    /// How often it has changed since.
    changes: u32,
}

/// A line of the log that is due.
#[derive(PartialEq, Eq, Debug)]
pub(super) struct Line {
    /// What is wrong; `None` if all is well again.
    pub(super) problem: Option<String>,
    /// How often that has changed since the last line, this time not counted.
    pub(super) unlogged: u32,
}

/// How long nothing more is logged of a mapping after a line.
const LOG_AGAIN_AFTER: Duration = Duration::from_secs(60);

impl Told {
    /// What there is to log: what has changed, unless a line was written a moment ago. Then the next
    /// one counts what it leaves out.
    fn line(&mut self, now: Instant) -> Option<Line> {
        let is_news = match &self.logged {
            None => self.problem.is_some(),
            Some((logged, at)) => *logged != self.problem && now - *at >= LOG_AGAIN_AFTER,
        };
        if !is_news {
            return None;
        }
        self.logged = Some((self.problem.clone(), now));
        let unlogged = std::mem::take(&mut self.changes).saturating_sub(1);
        Some(Line { problem: self.problem.clone(), unlogged })
    }
}

impl Registered for EventSources {
    const PREFIX: &'static str = event_sources::PREFIX;

    fn load(entries: &[(String, Arc<[u8]>)], _: &Keys) -> Result<Self, String> {
        let entries = entries.iter().map(|(name, value)| (name.as_str(), &**value));
        EventSources::load(entries).map_err(|damage| damage.to_string())
    }

    fn apply(&mut self, writes: &[RegisterWrite]) -> Result<(), String> {
        EventSources::apply(self, writes).map_err(|damage| damage.to_string())
    }
}

impl EventSourceService {
    /// Reads the mappings from a broker's register.
    ///
    /// # Errors
    /// If the register cannot be read, or one of its entries cannot be used.
    pub(crate) async fn open(broker: Broker) -> Result<Self, LoadError> {
        let plane = Plane::open(broker).await?;
        let (changed, told) = (Notify::new(), Mutex::default());
        Ok(Self(Arc::new(Inner { plane, changed, told })))
    }

    /// The mappings themselves.
    pub(crate) fn plane(&self) -> &Arc<Plane<EventSources>> {
        &self.0.plane
    }

    /// Has whoever receives the messages look at the mappings again.
    pub(crate) fn tell_of_change(&self) {
        self.0.changed.notify_one();
    }

    /// Returns when somebody has told of a change since it last returned.
    pub(super) async fn changed(&self) {
        self.0.changed.notified().await;
    }

    /// What went wrong when messages of a mapping were last processed, if anything did.
    pub(crate) fn problem(&self, mapping: Uuid) -> Option<String> {
        self.told().get(&mapping)?.problem.clone()
    }

    /// Says what went wrong; `None` if all is well. Returns what is to be logged of it.
    pub(super) fn set_problem(&self, mapping: Uuid, problem: Option<String>) -> Option<Line> {
        let mut told = self.told();
        if problem.is_none() && !told.contains_key(&mapping) {
            return None;
        }
        let told = told.entry(mapping).or_default();
        if told.problem != problem {
            told.problem = problem;
            told.changes = told.changes.saturating_add(1);
        }
        told.line(Instant::now())
    }

    /// Forgets what was told of mappings that are gone.
    pub(super) fn forget_others(&self, is_there: impl Fn(&Uuid) -> bool) {
        self.told().retain(|mapping, _| is_there(mapping));
    }

    /// Says that a mapping is as it should be. Whoever shows its state shows that, too.
    pub(super) async fn settle(&self, mapping: &Mapping) -> bool {
        let settled = self
            .plane()
            .change(|state| Ok::<_, std::convert::Infallible>((state.settle(mapping), ())));
        match settled.await {
            Ok(()) => {
                self.tell_of_change();
                true
            }
            Err(ChangeFault::Refused(never)) => match never {},
            Err(ChangeFault::Failed(_)) => false,
        }
    }

    fn told(&self) -> MutexGuard<'_, HashMap<Uuid, Told>> {
        self.0.told.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_changes_all_the_time_is_logged_once_a_minute() {
        let (mut told, begun) = (Told::default(), Instant::now());
        let failed = || Some("PROBLEM: Function call failed".to_owned());
        let mut lines = Vec::new();
        // Every other batch fails, one a second.
        for second in 0..150 {
            let now = begun + Duration::from_secs(second);
            told.problem = if second % 2 == 0 { failed() } else { None };
            told.changes += 1;
            lines.extend(told.line(now).map(|line| (second, line)));
        }
        let line = |problem, unlogged| Line { problem, unlogged };
        assert_eq!(
            lines,
            [(0, line(failed(), 0)), (61, line(None, 60)), (122, line(failed(), 60))]
        );
        // What stays as it is is told in the end, and then no more.
        told.problem = None;
        told.changes += 1;
        assert_eq!(told.line(begun + Duration::from_secs(150)), None);
        let end = begun + Duration::from_secs(182);
        assert_eq!(told.line(end).map(|line| line.problem), Some(None));
        assert_eq!(told.line(end + LOG_AGAIN_AFTER), None);
    }
}
