//! Deliveries to endpoints: the attempts that the broker asks for, each in a task of its own.
//!
//! ```text
//!   broker ── attempt ──► read the record ──► render ──► courier ──► what came of it ──► broker
//! ```
//!
//! How many attempts an endpoint gets at a time, and when, the shard has decided; what is bounded
//! here is how many run at once in all. An attempt that gets lost, by whatever fault, is made again.

use std::sync::Arc;
use std::time::Instant;

use bytes::Bytes;
use tidings_aws::sns::Rendering;
use tidings_broker::ReadFailure;
use tidings_core::Damaged;
use tidings_core::command::{Command, Reply};
use tidings_core::delivery::{Attempt, AttemptOutcome, Fate};
use tidings_core::publication::{MessageType, PublishedContent};
use tidings_core::record::PublishedRecord;
use tidings_couriers::{Outcome, Parcel, ParcelKind};
use tokio::sync::Semaphore;
use tokio::sync::mpsc::UnboundedReceiver;
use tracing::{debug, error, info, warn};

use crate::request::Shared;
use crate::shutdown::Stopping;
use crate::signatures;

/// Attempts that run at once. Each holds its message and a connection.
const RUNNING_MAX: usize = 1024;

/// Why an attempt could not even begin. It is made again when its time is over.
#[derive(Debug, thiserror::Error)]
enum Unbegun {
    #[error("its record cannot be read: {0}")]
    Unread(#[from] ReadFailure),
    #[error("its record is {0}")]
    Damaged(#[from] Damaged),
    #[error("it cannot be signed: {0}")]
    Unsigned(#[from] signatures::Unsigned),
}

/// Makes attempts until the server stops. Those under way then are given up: they are made again
/// after the next start.
pub(crate) async fn run(
    shared: Arc<Shared>,
    base_url: Arc<str>,
    mut attempts: UnboundedReceiver<Attempt>,
    mut stopping: Stopping,
) {
    let running = Arc::new(Semaphore::new(RUNNING_MAX));
    let mut tasks = tokio::task::JoinSet::new();
    let deliver_all = async {
        while let Some(attempt) = attempts.recv().await {
            while tasks.try_join_next().is_some() {}
            // The semaphore is never closed.
            let Ok(permit) = Arc::clone(&running).acquire_owned().await else { return };
            let (shared, base_url) = (Arc::clone(&shared), Arc::clone(&base_url));
            tasks.spawn(async move {
                let _permit = permit;
                make(&shared, &base_url, &attempt).await;
            });
        }
    };
    tokio::select! {
        () = deliver_all => {}
        () = stopping.begun() => {}
    }
}

async fn make(shared: &Shared, base_url: &str, attempt: &Attempt) {
    let begun_at = Instant::now();
    let parcel = match pack(shared, base_url, attempt).await {
        Ok(parcel) => parcel,
        Err(unbegun) => {
            let subscription = &attempt.delivery.subscription;
            error!(%subscription, "a message is not delivered yet: {unbegun}");
            return;
        }
    };
    let outcome = match shared.couriers.of(attempt.delivery.protocol) {
        Some(courier) => courier.deliver(&parcel).await,
        None => {
            Outcome::Never { why: "there is no courier for this protocol".into(), status: None }
        }
    };
    let took_ms = begun_at.elapsed().as_millis();
    let settle = Command::SettleDelivery {
        attempt: attempt.receipt,
        outcome: match outcome {
            Outcome::Delivered { .. } => AttemptOutcome::Delivered,
            Outcome::TryLater { .. } => AttemptOutcome::TryLater,
            Outcome::Never { .. } => AttemptOutcome::Never,
        },
    };
    match shared.broker.call(settle).await {
        Ok(Reply::Settled(fate)) => log(shared, attempt, &parcel, &outcome, fate, took_ms),
        Ok(reply) => error!("the core's reply to a settled delivery is {reply:?}"),
        Err(failure) => warn!(
            subscription = %attempt.delivery.subscription,
            "what came of a delivery is not recorded, so it is made again: {failure}"
        ),
    }
}

/// The message as the endpoint gets it.
async fn pack(shared: &Shared, base_url: &str, attempt: &Attempt) -> Result<Parcel, Unbegun> {
    let bytes = shared.broker.read(attempt.location).await?;
    let record = PublishedRecord::decode(&bytes)?;
    let content = PublishedContent::decode(record.message.content)?;
    let delivery = &*attempt.delivery;
    let rendering = Rendering { record: &record, content: &content, delivery, base_url };
    let body = signatures::signed_body(&shared.signer, &rendering).await?;
    let kind = match content.message_type {
        MessageType::Notification => ParcelKind::Notification,
        MessageType::SubscriptionConfirmation => ParcelKind::SubscriptionConfirmation,
        MessageType::UnsubscribeConfirmation => ParcelKind::UnsubscribeConfirmation,
    };
    let is_asked = content.message_type != MessageType::SubscriptionConfirmation;
    let is_notification = content.message_type == MessageType::Notification;
    Ok(Parcel {
        endpoint: attempt.endpoint.as_ref().to_owned(),
        body: Bytes::from(body.into_bytes()),
        // Confirmations are always sent as the service sends them.
        content_type: attempt.content_type.as_deref().filter(|_| is_notification).map(Into::into),
        kind,
        message_id: record.message.message_id.to_string(),
        topic_arn: delivery.subscription.topic.to_string(),
        subscription_arn: is_asked.then(|| delivery.subscription.to_string()),
        raw: rendering.is_raw(),
    })
}

/// The delivery log: a line for every attempt, the louder the worse.
fn log(
    shared: &Shared,
    attempt: &Attempt,
    parcel: &Parcel,
    outcome: &Outcome,
    fate: Fate,
    took_ms: u128,
) {
    let (status, answer) = match outcome {
        Outcome::Delivered { status, detail } => (Some(*status), detail),
        Outcome::TryLater { why, status } | Outcome::Never { why, status } => (*status, why),
    };
    let dwell_ms = shared.broker.now() - attempt.enqueued_at;
    let subscription = &attempt.delivery.subscription;
    let (message_id, attempts) = (&parcel.message_id, attempt.receipt.receive_count);
    macro_rules! line {
        ($level:ident, $text:literal) => {
            $level!(
                %subscription, message_id, attempts, status, dwell_ms, took_ms, answer, $text
            )
        };
    }
    match fate {
        Fate::Delivered => line!(debug, "delivered"),
        Fate::Retried { .. } => line!(info, "not delivered, and tried again"),
        Fate::DeadLettered => line!(warn, "not delivered, and moved to the dead-letter queue"),
        Fate::Dropped => line!(warn, "not delivered, and dropped for want of a dead-letter queue"),
        Fate::Stale => line!(debug, "of no account any more"),
    }
}
