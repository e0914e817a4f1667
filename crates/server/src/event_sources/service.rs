//! Mappings, and what is told of them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tidings_broker::{Broker, Keys};
use tidings_core::names::Uuid;
use tidings_core::register::RegisterWrite;
use tidings_lambda::event_sources::{self, EventSources, Mapping};
use tokio::sync::Notify;

use crate::plane::{ChangeFault, LoadError, Plane, Registered};

/// The event source mappings of a server. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub(crate) struct EventSourceService(Arc<Inner>);

struct Inner {
    plane: Arc<Plane<EventSources>>,
    changed: Notify,
    /// What went wrong last, by mapping; none where all is well.
    problems: Mutex<HashMap<Uuid, String>>,
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
        let (changed, problems) = (Notify::new(), Mutex::default());
        Ok(Self(Arc::new(Inner { plane, changed, problems })))
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
        self.problems().get(&mapping).cloned()
    }

    /// Says what went wrong; `None` if all is well. Returns whether that is news.
    pub(super) fn set_problem(&self, mapping: Uuid, problem: Option<String>) -> bool {
        let mut problems = self.problems();
        match problem {
            Some(problem) if problems.get(&mapping) == Some(&problem) => false,
            Some(problem) => {
                problems.insert(mapping, problem);
                true
            }
            None => problems.remove(&mapping).is_some(),
        }
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

    fn problems(&self) -> MutexGuard<'_, HashMap<Uuid, String>> {
        self.0.problems.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
