//! How often events have ended with an error of their function.
//!
//! Attempts at an event are counted by its outbox, but not all are alike: what could not begin for
//! want of a process is tried for hours, what a function failed at two times more. So errors are
//! counted here, and written down before the next attempt is put off: a restart forgets none.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};
use tidings_broker::{Broker, Failure};
use tidings_core::command::{Command, Reply};
use tidings_core::names::Uuid;
use tidings_lambda::{FunctionId, limits};
use tracing::warn;

use crate::plane::LoadError;

/// What the names of all entries begin with; the event's id follows.
const PREFIX: &str = "lambda-errors/";

/// Errors by event.
pub(super) struct ErrorBook {
    broker: Broker,
    errors: Mutex<BTreeMap<Uuid, Errors>>,
}

/// What is known of an event that failed.
#[derive(Clone, Serialize, Deserialize, Debug)]
struct Errors {
    /// Whose event it is.
    #[serde(default)]
    function: String,
    /// How often.
    count: u32,
    /// When it did last.
    at_ms: u64,
}

/// Entries that are removed by one command.
const REMOVED_AT_ONCE: usize = 100;

impl ErrorBook {
    /// Reads what was written down, and forgets what is about events that are gone by now.
    pub(super) async fn open(broker: Broker) -> Result<Self, LoadError> {
        let command = Command::ReadRegister { prefix: PREFIX.to_owned() };
        let entries = match broker.call(command).await {
            Ok(Reply::Register(entries)) => entries,
            Ok(reply) => return Err(LoadError::Damaged(format!("not a register: {reply:?}"))),
            Err(failure) => return Err(LoadError::Unreadable(failure)),
        };
        let oldest_ms = u64::from(*limits::EVENT_AGE_SECONDS.end()) * 2 * 1000;
        let (mut errors, mut stale) = (BTreeMap::new(), Vec::new());
        for (name, value) in entries {
            let id = name.strip_prefix(PREFIX).and_then(Uuid::parse);
            // A count that cannot be read is one of no errors: the event is tried once more.
            let read: Option<Errors> = serde_json::from_slice(&value).ok();
            match (id, read) {
                (Some(id), Some(it))
                    if it.at_ms.saturating_add(oldest_ms) > broker.now().as_ms() =>
                {
                    errors.insert(id, it);
                }
                _ => stale.push((name, None)),
            }
        }
        for writes in stale.chunks(REMOVED_AT_ONCE) {
            let command = Command::WriteRegister { writes: writes.to_vec() };
            broker.call(command).await.map_err(LoadError::Unreadable)?;
        }
        Ok(Self { broker, errors: Mutex::new(errors) })
    }

    /// How often an event failed so far.
    pub(super) fn count(&self, event: Uuid) -> u32 {
        self.lock().get(&event).map_or(0, |errors| errors.count)
    }

    /// One more error: how many there are now, which is durable.
    pub(super) async fn add(&self, event: Uuid, function: &FunctionId) -> Result<u32, Failure> {
        let (count, at_ms) = (self.count(event) + 1, self.broker.now().as_ms());
        let errors = Errors { function: function.to_string(), count, at_ms };
        let value = serde_json::to_vec(&errors).expect("numbers can be written as JSON");
        let writes = vec![(entry(event), Some(value))];
        self.broker.call(Command::WriteRegister { writes }).await?;
        self.lock().insert(event, errors);
        Ok(count)
    }

    /// The event is settled. If that cannot be written down, the next start forgets it in time.
    pub(super) async fn forget(&self, event: Uuid) {
        if self.lock().remove(&event).is_none() {
            return;
        }
        let writes = vec![(entry(event), None)];
        if let Err(failure) = self.broker.call(Command::WriteRegister { writes }).await {
            warn!(%event, "an event that is settled is still counted: {failure}");
        }
    }

    /// The function is gone, and its events with it.
    pub(super) async fn forget_all(&self, function: &FunctionId) {
        let function = function.to_string();
        let gone: Vec<_> = {
            let mut errors = self.lock();
            let gone = errors.extract_if(.., |_, errors| errors.function == function);
            gone.map(|(event, _)| (entry(event), None)).collect()
        };
        for writes in gone.chunks(REMOVED_AT_ONCE) {
            let command = Command::WriteRegister { writes: writes.to_vec() };
            if let Err(failure) = self.broker.call(command).await {
                warn!(function, "events that are gone are still counted: {failure}");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<Uuid, Errors>> {
        self.errors.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn entry(event: Uuid) -> String {
    format!("{PREFIX}{event}")
}

#[cfg(test)]
mod tests {
    use tidings_broker::{Clock, Options};
    use tidings_core::time::Timestamp;

    use super::*;

    fn function(name: &str) -> FunctionId {
        let arn = format!("arn:aws:lambda:us-east-1:111122223333:function:{name}");
        FunctionId::parse_arn(&arn).unwrap().0
    }

    #[tokio::test]
    async fn the_errors_of_a_functions_events_go_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let (broker, _) = Broker::open(Options::new(folder.path())).unwrap();
        let book = ErrorBook::open(broker.clone()).await.unwrap();
        let (one, other) = (Uuid::from_random(1), Uuid::from_random(2));
        book.add(one, &function("resize")).await.unwrap();
        book.add(other, &function("resize2")).await.unwrap();
        book.forget_all(&function("resize")).await;
        for book in [ErrorBook::open(broker.clone()).await.unwrap(), book] {
            assert_eq!((book.count(one), book.count(other)), (0, 1));
        }
        broker.close().await;
    }

    #[tokio::test]
    async fn counts_survive_and_are_forgotten_in_time() {
        let folder = tempfile::tempdir().unwrap();
        let clock = Clock::manual(Timestamp::from_ms(1_800_000_000_000));
        let options = || Options { clock: clock.clone(), ..Options::new(folder.path()) };
        let (broker, _) = Broker::open(options()).unwrap();
        let book = ErrorBook::open(broker.clone()).await.unwrap();
        let (one, other) = (Uuid::from_random(1), Uuid::from_random(2));
        let resize = function("resize");
        assert_eq!(book.add(one, &resize).await.unwrap(), 1);
        assert_eq!(book.add(one, &resize).await.unwrap(), 2);
        assert_eq!(book.add(other, &resize).await.unwrap(), 1);
        book.forget(other).await;
        drop(book);
        broker.close().await;

        let (broker, _) = Broker::open(options()).unwrap();
        let book = ErrorBook::open(broker.clone()).await.unwrap();
        assert_eq!((book.count(one), book.count(other)), (2, 0));
        clock.advance(2 * 21_600 * 1000);
        let book = ErrorBook::open(broker.clone()).await.unwrap();
        assert_eq!(book.count(one), 0);
        let all = Command::ReadRegister { prefix: PREFIX.to_owned() };
        assert_eq!(broker.call(all).await, Ok(Reply::Register(Vec::new())));
        broker.close().await;
    }
}
