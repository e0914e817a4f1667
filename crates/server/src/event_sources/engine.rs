//! All mappings of the server: a poller for each.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tidings_broker::Broker;
use tidings_core::names::Uuid;
use tidings_couriers::signing::Signer;
use tidings_lambda::event_sources::Mapping;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tracing::{error, info};

use super::invoke::Invoke;
use super::poller::Poller;
use super::service::{EventSourceService, Line};
use crate::keys::KeyService;
use crate::shutdown::Stopping;

/// Kilobytes of messages on their way to functions, of all mappings together.
const ROOM_KILOBYTES: usize = 64 << 10;

/// How long to wait after a fault of ours before a poller is started again.
const START_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// What pollers share.
pub(crate) struct Feed<I> {
    pub(crate) broker: Broker,
    /// Who has the keys of encrypted queues.
    pub(crate) keys: Option<KeyService>,
    /// What published messages are signed with, and where that is said to be verified.
    pub(crate) signer: Arc<Signer>,
    pub(crate) base_url: Arc<str>,
    pub(crate) sources: EventSourceService,
    pub(crate) invoke: I,
    /// Whether policies decide who may do what.
    pub(crate) policies_decide: bool,
    /// Kilobytes of messages on their way.
    pub(crate) room: Arc<Semaphore>,
    /// How long batches that are under way may take to end when the server stops.
    pub(crate) finish_within: Duration,
}

impl<I> Feed<I> {
    /// Room in memory for the messages of all mappings.
    pub(crate) fn room() -> Arc<Semaphore> {
        Arc::new(Semaphore::new(ROOM_KILOBYTES))
    }

    pub(super) fn set_problem(&self, mapping: &Mapping, problem: String) {
        self.tell(mapping, Some(format!("PROBLEM: {problem}")));
    }

    pub(super) fn clear_problem(&self, mapping: &Mapping) {
        self.tell(mapping, None);
    }

    fn tell(&self, mapping: &Mapping, problem: Option<String>) {
        let Some(line) = self.sources.set_problem(mapping.uuid, problem) else { return };
        let Line { problem, unlogged } = line;
        let what = problem.unwrap_or_else(|| "messages are processed again".to_owned());
        info!(mapping = %mapping.uuid, queue = %mapping.queue, unlogged, "{what}");
    }
}

/// The pollers that run, by their mappings.
#[derive(Default)]
struct Pollers {
    configs: HashMap<Uuid, watch::Sender<Arc<Mapping>>>,
    tasks: JoinSet<()>,
}

/// Gives messages to functions until the server stops. Batches under way get their time then; what is
/// not done by the end of it is left to its visibility timeout.
pub(crate) async fn run<I: Invoke>(feed: Arc<Feed<I>>, mut stopping: Stopping) {
    let mut pollers = Pollers::default();
    loop {
        pollers.follow(&feed, &stopping);
        tokio::select! {
            biased;
            () = stopping.begun() => break,
            () = feed.sources.changed() => {}
            Some(ended) = pollers.tasks.join_next() => if let Err(fault) = ended {
                error!("a poller of an event source failed by a fault of ours: {fault}");
                tokio::time::sleep(START_AGAIN_AFTER).await;
            },
        }
    }
    while pollers.tasks.join_next().await.is_some() {}
}

impl Pollers {
    /// Starts pollers for mappings that have none, tells others what has changed, and lets those go
    /// whose mapping is gone.
    fn follow<I: Invoke>(&mut self, feed: &Arc<Feed<I>>, stopping: &Stopping) {
        let mappings: HashMap<Uuid, Arc<Mapping>> = {
            let state = feed.sources.plane().look();
            state.all().map(|mapping| (mapping.uuid, Arc::clone(mapping))).collect()
        };
        feed.sources.forget_others(|uuid| mappings.contains_key(uuid));
        self.configs.retain(|uuid, config| mappings.contains_key(uuid) && !config.is_closed());
        for (uuid, mapping) in mappings {
            match self.configs.get(&uuid) {
                Some(config) => {
                    config.send_if_modified(|before| {
                        let is_new = before.revision != mapping.revision;
                        if is_new {
                            *before = Arc::clone(&mapping);
                        }
                        is_new
                    });
                }
                None => {
                    let (config, receiver) = watch::channel(mapping);
                    self.configs.insert(uuid, config);
                    let poller = Poller::new(Arc::clone(feed), receiver, stopping.clone());
                    self.tasks.spawn(poller.run());
                }
            }
        }
    }
}
