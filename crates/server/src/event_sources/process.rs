//! A batch is given to the function, and what it has done is deleted.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tidings_broker::Failure;
use tidings_core::command::{Command, Handle, Reply};
use tidings_core::names::QueueArn;
use tidings_core::receipt::Receipt;
use tidings_lambda::Reference;
use tidings_lambda::event_sources::{Mapping, item_failures};
use tidings_lambda::limits::EVENT_SOURCE_VISIBILITY_SPARE_SECONDS;
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::sleep;
use tracing::{debug, warn};

use super::batch::Batch;
use super::engine::Feed;
use super::invoke::{Invoke, NotDone};
use super::lanes::Lane;
use crate::shutdown::Stopping;

/// How long to wait before a function that was busy is asked again, for the first time. Twice as long
/// each time after.
const PAUSE_FIRST: Duration = Duration::from_secs(1);
/// And at most.
const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Receipts in one request to delete, or to hide messages for longer.
const RECEIPTS_AT_ONCE: usize = 10;
/// Requests to delete that are under way at once, for one batch.
const DELETES_MAX: usize = 16;
/// How often a delete is tried again when the broker could not tell or not do it.
const DELETE_RETRIES: u32 = 6;
/// How long before the first of these. Twice as long each time after.
const DELETE_PAUSE: Duration = Duration::from_millis(100);

/// What a batch belongs to, as it is now.
pub(super) struct Belongs {
    pub(super) config: watch::Receiver<Arc<Mapping>>,
    pub(super) stopping: Stopping,
}

impl Belongs {
    /// Returns when the batch is no longer for this function: the mapping is disabled, deleted or for
    /// another, or the server stops.
    async fn over(&mut self, function: &Reference) {
        let is_over = |now: &Arc<Mapping>| !now.is_running() || now.reference() != *function;
        tokio::select! {
            () = self.stopping.begun() => {}
            // An error says that the mapping is gone.
            _ = self.config.wait_for(is_over) => {}
        }
    }
}

/// Sees a batch through. The function gets it only if its messages stay invisible for as long as it
/// may take. One that is busy is asked again while that is so; one that failed gets them again when
/// they are visible.
pub(super) async fn process<I: Invoke>(
    feed: Arc<Feed<I>>,
    mapping: Arc<Mapping>,
    mut batch: Batch,
    lane: Lane,
    mut belongs: Belongs,
) {
    let (function, event) = (mapping.reference(), batch.take_event());
    let timeout = || feed.invoke.timeout(&function).unwrap_or_default();
    if !is_in_time(&feed, &batch, timeout()) && !renew(&feed, &mapping, &mut batch, timeout()).await
    {
        return debug!(mapping = %mapping.uuid, "a batch waited too long, and goes back");
    }
    let mut pause = PAUSE_FIRST;
    loop {
        batch.give();
        match feed.invoke.invoke(&function, event.clone()).await {
            Ok(response) => return finish(&feed, &mapping, &batch, &lane, response).await,
            Err(NotDone::Failed(why)) => return failed(&feed, &mapping, &lane, &why),
            Err(NotDone::Busy(why)) => {
                lane.back_off();
                feed.set_problem(&mapping, why);
            }
        }
        let is_late = || debug!(mapping = %mapping.uuid, "a batch was not taken in time");
        if !is_in_time(&feed, &batch, pause + timeout()) {
            return is_late();
        }
        batch.take_back();
        tokio::select! {
            () = sleep(pause) => pause = (pause * 2).min(PAUSE_MAX),
            () = belongs.over(&function) => return,
        }
        // It may have taken longer. Then it is left to its timeout, too, and does not come at once.
        if !is_in_time(&feed, &batch, timeout()) {
            batch.give();
            return is_late();
        }
    }
}

/// Whether the messages of a batch stay invisible to others for so long.
fn is_in_time<I>(feed: &Feed<I>, batch: &Batch, needed: Duration) -> bool {
    let needed_ms = u64::try_from(needed.as_millis()).unwrap_or(u64::MAX);
    feed.broker.now() + needed_ms <= batch.expires_at()
}

/// Has the messages of a batch stay invisible while the function runs. Says whether they do: one that
/// has become visible meanwhile may be another's by now.
async fn renew<I>(
    feed: &Feed<I>,
    mapping: &Mapping,
    batch: &mut Batch,
    function_timeout: Duration,
) -> bool {
    let seconds = u32::try_from(function_timeout.as_secs()).unwrap_or(u32::MAX);
    let seconds = seconds.saturating_add(EVENT_SOURCE_VISIBILITY_SPARE_SECONDS);
    let until = feed.broker.now() + u64::from(seconds) * 1000;
    let receipts: Vec<Receipt> = batch.receipts().collect();
    for receipts in receipts.chunks(RECEIPTS_AT_ONCE) {
        let changes = receipts.iter().map(|receipt| (handle(receipt), seconds)).collect();
        let command = Command::ChangeVisibility { arn: mapping.queue.clone(), changes };
        match feed.broker.call(command).await {
            Ok(Reply::Each(each)) if each.iter().all(Result::is_ok) => {}
            _ => return false,
        }
    }
    batch.renewed(until);
    true
}

fn handle(&receipt: &Receipt) -> Handle {
    Handle { text: String::new(), receipt: Some(receipt) }
}

fn failed<I>(feed: &Feed<I>, mapping: &Mapping, lane: &Lane, why: &str) {
    lane.back_off();
    debug!(mapping = %mapping.uuid, "a function failed on a batch: {why}");
    feed.set_problem(mapping, format!("Function call failed: {why}"));
}

async fn finish<I: Invoke>(
    feed: &Arc<Feed<I>>,
    mapping: &Mapping,
    batch: &Batch,
    lane: &Lane,
    response: Bytes,
) {
    let stays = match mapping.reports_item_failures {
        true => item_failures(&response, &batch.items(mapping.queue.name.is_fifo())),
        false => Ok(BTreeSet::new()),
    };
    let stays = match stays {
        Ok(stays) if stays.len() < batch.len() => stays,
        Ok(_) => return failed(feed, mapping, lane, "it reports that it failed on every message"),
        Err(unusable) => return failed(feed, mapping, lane, &unusable.to_string()),
    };
    lane.succeeded();
    feed.clear_problem(mapping);
    let receipts = batch.receipts().enumerate().filter(|(at, _)| !stays.contains(at));
    delete(feed, &mapping.queue, receipts.map(|(_, receipt)| receipt).collect()).await;
}

/// Deletes messages. Those that cannot be deleted come again.
pub(super) async fn delete<I>(feed: &Feed<I>, queue: &QueueArn, receipts: Vec<Receipt>) {
    let mut deletes = JoinSet::new();
    for receipts in receipts.chunks(RECEIPTS_AT_ONCE) {
        if deletes.len() >= DELETES_MAX {
            deletes.join_next().await;
        }
        let receipts = receipts.iter().map(handle).collect();
        let command = Command::Delete { arn: queue.clone(), receipts };
        let (broker, queue) = (feed.broker.clone(), queue.clone());
        deletes.spawn(async move {
            let mut pause = DELETE_PAUSE;
            for _ in 0..DELETE_RETRIES {
                match broker.call(command.clone()).await {
                    Ok(Reply::Each(_)) => return,
                    Ok(reply) => return warn!("a delete was answered by {reply:?}"),
                    Err(Failure::Rejected(rejection)) => {
                        return debug!(%queue, "messages cannot be deleted: {rejection:?}");
                    }
                    Err(Failure::Unavailable(_)) => sleep(pause).await,
                }
                pause *= 2;
            }
            warn!(%queue, "messages that a function has done could not be deleted, and come again");
        });
    }
    while deletes.join_next().await.is_some() {}
}
