//! One mapping: receives as it says, or waits until it says so.

use std::sync::Arc;
use std::time::Duration;

use tidings_broker::Failure;
use tidings_core::command::{Command, Reply};
use tidings_lambda::event_sources::Mapping;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};
use tracing::info;

use super::engine::Feed;
use super::gather::{Gatherer, NotReceived, Visibility};
use super::invoke::Invoke;
use super::lanes::Lanes;
use super::process::{Belongs, process};
use crate::shutdown::Stopping;

/// How long to wait before a queue or function that could not be used is looked at again.
const LOOK_AGAIN: Duration = Duration::from_secs(1);

/// What is wrong when the queue's policy does not let the function's role receive.
const NOT_PERMITTED: &str =
    "The provided execution role does not have permissions to call ReceiveMessage on SQS";

/// A mapping's poller, as long as the mapping is there.
pub(super) struct Poller<I> {
    feed: Arc<Feed<I>>,
    config: watch::Receiver<Arc<Mapping>>,
    stopping: Stopping,
    lanes: Arc<Lanes>,
    /// Batches under way.
    batches: JoinSet<()>,
}

impl<I: Invoke> Poller<I> {
    pub(super) fn new(
        feed: Arc<Feed<I>>,
        config: watch::Receiver<Arc<Mapping>>,
        stopping: Stopping,
    ) -> Self {
        Self { feed, config, stopping, lanes: Arc::default(), batches: JoinSet::new() }
    }

    /// Goes on until the mapping is gone or the server stops. Batches under way get their time then.
    pub(super) async fn run(mut self) {
        let mut stopping = self.stopping.clone();
        let mut config = self.config.clone();
        loop {
            let mapping = Arc::clone(&config.borrow_and_update());
            self.lanes.bound(mapping.concurrency());
            tokio::select! {
                biased;
                () = stopping.begun() => break,
                changed = config.changed() => if changed.is_err() { break },
                never = self.follow(mapping) => match never {},
            }
        }
        let all_ended = async { while self.batches.join_next().await.is_some() {} };
        if timeout(self.feed.finish_within, all_ended).await.is_err() {
            // What they have stays invisible until its timeout.
            info!(batches = self.batches.len(), "gave up batches that functions did not finish");
        }
    }

    /// Does as the mapping says, until somebody says otherwise.
    async fn follow(&mut self, mapping: Arc<Mapping>) -> std::convert::Infallible {
        if mapping.is_running() {
            self.settle(&mapping).await;
            return self.poll(mapping).await;
        }
        // It is disabled, or deleted, when nothing of it runs.
        while self.batches.join_next().await.is_some() {}
        self.feed.clear_problem(&mapping);
        self.settle(&mapping).await;
        std::future::pending().await
    }

    async fn settle(&self, mapping: &Mapping) {
        while !self.feed.sources.settle(mapping).await {
            sleep(LOOK_AGAIN).await;
        }
    }

    async fn poll(&mut self, mapping: Arc<Mapping>) -> std::convert::Infallible {
        let feed = Arc::clone(&self.feed);
        let mut gatherer = Gatherer::new(&feed, &mapping);
        let mut could_receive = true;
        loop {
            while self.batches.try_join_next().is_some() {}
            let lane = self.lanes.take().await;
            let gathered = match visibility(&feed, &mapping).await {
                Ok(visibility) => {
                    let next = gatherer.next(visibility, lane.is_only()).await;
                    next.map_err(|why| match why {
                        NotReceived::NotPermitted => NOT_PERMITTED.to_owned(),
                        NotReceived::Failed(failure) => problem(&failure),
                    })
                }
                Err(problem) => Err(problem),
            };
            if gathered.is_ok() && !std::mem::replace(&mut could_receive, true) {
                feed.clear_problem(&mapping);
            }
            match gathered {
                Ok(Some(batch)) => {
                    let (feed, mapping) = (Arc::clone(&feed), Arc::clone(&mapping));
                    let (config, stopping) = (self.config.clone(), self.stopping.clone());
                    let belongs = Belongs { config, stopping };
                    self.batches.spawn(process(feed, mapping, batch, lane, belongs));
                }
                Ok(None) => {
                    drop(lane);
                    self.lanes.rest();
                }
                Err(problem) => {
                    drop(lane);
                    could_receive = false;
                    feed.set_problem(&mapping, problem);
                    sleep(LOOK_AGAIN).await;
                }
            }
        }
    }
}

/// How long messages are to stay invisible. Says what is wrong if there is no such function or queue:
/// then nothing is received, and the messages wait.
async fn visibility<I: Invoke>(feed: &Feed<I>, mapping: &Mapping) -> Result<Visibility, String> {
    let timeout = feed.invoke.timeout(&mapping.reference());
    let timeout = timeout.ok_or_else(|| "Function not found".to_owned())?;
    let timeout = u32::try_from(timeout.as_secs()).unwrap_or(u32::MAX);
    let of_queue = queue_visibility(feed, mapping).await.map_err(|failure| problem(&failure))?;
    Ok(Visibility { of_queue, asked_for: mapping.visibility_seconds(of_queue, timeout) })
}

async fn queue_visibility<I>(feed: &Feed<I>, mapping: &Mapping) -> Result<u32, Failure> {
    let names = vec!["VisibilityTimeout".to_owned()];
    let command = Command::QueueAttributes { arn: mapping.queue.clone(), names };
    let value = match feed.broker.call(command).await? {
        Reply::Attributes(attributes) => attributes.into_iter().next().map(|(_, value)| value),
        _ => None,
    };
    Ok(value.and_then(|value| value.parse().ok()).unwrap_or_default())
}

fn problem(failure: &Failure) -> String {
    match failure {
        Failure::Rejected(_) => "Queue not found, or not usable".to_owned(),
        Failure::Unavailable(_) => "The server could not receive from the queue".to_owned(),
    }
}
