//! Requests that many wait for, each made once.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::runtime::Handle;
use tokio::sync::watch;

/// Requests under way, by the name of what they ask for. Each runs in a task of its own: it does not
/// end with whoever began it, and all who wait get what came of it, failures too.
pub(super) struct Flights<K, V> {
    under_way: Mutex<BTreeMap<K, watch::Receiver<Option<V>>>>,
}

/// A request under way.
pub(super) struct Flight<V>(watch::Receiver<Option<V>>);

impl<V: Clone> Flight<V> {
    /// Waits for what comes of it. `None` if that will never be known: the runtime stops, or a fault
    /// of ours ended it.
    pub(super) async fn land(mut self) -> Option<V> {
        self.0.wait_for(Option::is_some).await.ok()?.clone()
    }
}

impl<K, V> Flights<K, V>
where
    K: Ord + Clone + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { under_way: Mutex::default() })
    }

    /// Waits along for the request of this name, or begins it.
    pub(super) fn join<F>(
        self: &Arc<Self>,
        runtime: &Handle,
        name: K,
        begin: impl FnOnce() -> F,
    ) -> Flight<V>
    where
        F: Future<Output = V> + Send + 'static,
    {
        let (sender, receiver) = watch::channel(None);
        {
            let mut under_way = self.lock();
            if let Some(begun) = under_way.get(&name) {
                return Flight(begun.clone());
            }
            under_way.insert(name.clone(), receiver.clone());
        }
        let landing = Landing { flights: Arc::clone(self), name };
        let request = begin();
        // Not under the lock: a runtime that stops drops the task at once.
        runtime.spawn(async move {
            let outcome = request.await;
            drop(landing);
            // Perhaps nobody waits any more.
            let _ = sender.send(Some(outcome));
        });
        Flight(receiver)
    }

    fn lock(&self) -> MutexGuard<'_, BTreeMap<K, watch::Receiver<Option<V>>>> {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Ends a request's entry, however the request ends.
struct Landing<K, V>
where
    K: Ord + Clone + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    flights: Arc<Flights<K, V>>,
    name: K,
}

impl<K, V> Drop for Landing<K, V>
where
    K: Ord + Clone + Send + 'static,
    V: Clone + Send + Sync + 'static,
{
    fn drop(&mut self) {
        self.flights.lock().remove(&self.name);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::sync::Notify;

    use super::*;

    #[tokio::test]
    async fn many_who_ask_for_the_same_ask_once() {
        let flights = Flights::new();
        let (begun, gate) = (Arc::new(AtomicU32::new(0)), Arc::new(Notify::new()));
        let join = |name: &'static str| {
            flights.join(&Handle::current(), name, || {
                let (begun, gate) = (Arc::clone(&begun), Arc::clone(&gate));
                async move {
                    gate.notified().await;
                    begun.fetch_add(1, Ordering::Relaxed)
                }
            })
        };
        let (first, second, third) = (join("a"), join("a"), join("a"));
        // Who began it need not wait for it.
        drop(first);
        gate.notify_one();
        assert_eq!((second.land().await, third.land().await), (Some(0), Some(0)));
        let (again, other) = (join("a"), join("b"));
        gate.notify_one();
        gate.notify_one();
        assert_eq!(again.land().await, Some(1));
        gate.notify_one();
        assert_eq!(other.land().await, Some(2));
        assert!(flights.lock().is_empty());
    }

    #[tokio::test]
    async fn a_request_that_is_lost_holds_nobody_up() {
        let flights: Arc<Flights<&str, u32>> = Flights::new();
        let lost = flights.join(&Handle::current(), "a", || async { panic!("a fault of ours") });
        assert_eq!(lost.land().await, None);
        assert_eq!(flights.join(&Handle::current(), "a", || async { 7 }).land().await, Some(7));
    }
}
