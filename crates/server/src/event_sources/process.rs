//! A batch is given to the function, and what it has done is deleted.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use tidings_broker::Failure;
use tidings_core::command::{Command, Handle, Reply};
use tidings_core::names::QueueArn;
use tidings_core::receipt::Receipt;
use tidings_lambda::event_sources::{Mapping, item_failures};
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

/// Receipts in one request to delete.
const DELETED_AT_ONCE: usize = 10;
/// Requests to delete that are under way at once, for one batch.
const DELETES_MAX: usize = 16;
/// How often a delete is tried again when the broker could not tell or not do it.
const DELETE_RETRIES: u32 = 6;
/// How long before the first of these. Twice as long each time after.
const DELETE_PAUSE: Duration = Duration::from_millis(100);

/// Sees a batch through. A function that is busy is asked again until the messages become visible to
/// others; one that failed gets them again when they are.
pub(super) async fn process<I: Invoke>(
    feed: Arc<Feed<I>>,
    mapping: Arc<Mapping>,
    mut batch: Batch,
    lane: Lane,
    mut stopping: Stopping,
) {
    let (function, event) = (mapping.reference(), batch.take_event());
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
        let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        if feed.broker.now() + pause_ms >= batch.expires_at() {
            return debug!(mapping = %mapping.uuid, "a batch was not taken in time");
        }
        batch.take_back();
        tokio::select! {
            () = sleep(pause) => pause = (pause * 2).min(PAUSE_MAX),
            () = stopping.begun() => return,
        }
    }
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
    for receipts in receipts.chunks(DELETED_AT_ONCE) {
        if deletes.len() >= DELETES_MAX {
            deletes.join_next().await;
        }
        let handle = |&receipt: &Receipt| Handle { text: String::new(), receipt: Some(receipt) };
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
