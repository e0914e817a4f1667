//! Deliveries to endpoints: the attempts that the broker asks for, each in a task of its own.
//!
//! ```text
//!   broker ── attempt ──► read the record ──► render ──► courier ──► what came of it ──► broker
//! ```
//!
//! How many attempts an endpoint gets at a time, and when, the shard has decided; what is bounded
//! here is how many run at once in all, so that each has a turn. An attempt that gets lost, by
//! whatever fault, is made again.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use md5::{Digest, Md5};
use tidings_aws::sns::Rendering;
use tidings_broker::ReadFailure;
use tidings_core::Damaged;
use tidings_core::command::{Command, Reply};
use tidings_core::delivery::{Attempt, AttemptOutcome, Delivery};
use tidings_core::hex;
use tidings_core::limits::HTTP_ATTEMPT_SECONDS;
use tidings_core::names::SubscriptionProtocol;
use tidings_core::publication::{MessageType, PublishedContent};
use tidings_core::record::PublishedRecord;
use tidings_core::time::Timestamp;
use tidings_couriers::{Couriers, EmailCourier, Letter, Outcome, Parcel, ParcelKind, SmsCourier};
use tokio::sync::mpsc::UnboundedReceiver;
use tokio::task::JoinSet;
use tracing::{debug, error, info, warn};

use crate::delivery_status::{DeliveryStatus, Finished, SUMMARY_EVERY};
use crate::encryption;
use crate::external_kms::Fault;
use crate::keys::is_lost;
use crate::lambda;
use crate::mobile::{self, Order};
use crate::request::Shared;
use crate::shutdown::Stopping;
use crate::signatures;
use crate::sms::{self, Sending};
use crate::turned_away;
use crate::turns::{Owner, Turns};

/// Attempts that run at once, each the only one of its subscription. Each holds its message and a
/// connection.
const RUNNING_MAX: usize = 1024;
/// And so many more of those subscriptions.
const RUNNING_MORE_MAX: usize = 512;

/// Functions that have an event under way at once, each only one.
const FUNCTIONS_RUNNING_MAX: usize = 256;
/// And so many more of those functions.
const FUNCTIONS_RUNNING_MORE_MAX: usize = 512;

/// How long attempts that are under way may take to end when the server stops. Most endpoints answer
/// sooner; one that hangs does not hold up a restart.
const FINISH_WITHIN: Duration = Duration::from_secs(2);

/// Whose turn it is, by courier: the mail server takes as many messages at once as there may be
/// connections to it, and who waits for it keeps nobody from web endpoints.
struct AllTurns {
    web: Turns,
    email: Turns,
    push: Turns,
    sms: Turns,
    /// Events of functions, which may take a quarter of an hour.
    functions: Turns,
}

impl AllTurns {
    fn new(couriers: &Couriers) -> Self {
        let connections = couriers.email.as_ref().map_or(1, EmailCourier::connections_max);
        // A subscription with much to send leaves three of four to the others.
        let shared = connections / 4;
        // Of an account that has much for its phones, so much may be under way; the rest is for others.
        let messages = couriers.sms.as_ref().map_or(1, SmsCourier::messages_max);
        let more = messages * 3 / 4;
        // An application with a message for all its endpoints leaves half to the others.
        let pushes = couriers.push.concurrency_max() / 2 + 1;
        Self {
            web: Turns::new(RUNNING_MAX, RUNNING_MORE_MAX),
            email: Turns::new(connections - shared, shared),
            push: Turns::new(pushes, pushes),
            sms: Turns::new(messages - more, more),
            functions: Turns::new(FUNCTIONS_RUNNING_MAX, FUNCTIONS_RUNNING_MORE_MAX),
        }
    }

    fn of(&self, attempt: &Attempt) -> &Turns {
        match attempt.delivery.protocol {
            SubscriptionProtocol::Application => &self.push,
            SubscriptionProtocol::Sms => &self.sms,
            SubscriptionProtocol::Lambda if is_event(attempt) => &self.functions,
            protocol if protocol.is_email() => &self.email,
            _ => &self.web,
        }
    }
}

/// How long nothing of a subscription is tried while the key of one of its messages cannot be used.
const KEY_PAUSE_MS: u64 = 10_000;

/// Why an attempt could not even begin.
#[derive(Debug, thiserror::Error)]
enum Unbegun {
    #[error("its turn came too late")]
    Late,
    #[error("its record cannot be read: {0}")]
    Unread(#[from] ReadFailure),
    #[error("its record is {0}")]
    Damaged(#[from] Damaged),
    #[error("it cannot be signed: {0}")]
    Unsigned(#[from] signatures::Unsigned),
    #[error("it cannot be opened: {0}")]
    Sealed(#[from] Fault),
}

/// Makes attempts until the server stops, and waits a moment for those under way. What has not ended
/// then is given up: it is made again after the next start.
pub(crate) async fn run(
    shared: Arc<Shared>,
    base_url: Arc<str>,
    mut attempts: UnboundedReceiver<Attempt>,
    mut stopping: Stopping,
) {
    let turns = AllTurns::new(&shared.couriers);
    let status = Arc::new(DeliveryStatus::default());
    let mut tasks = JoinSet::new();
    let heard = stopping.clone();
    let deliver_all = async {
        while let Some(attempt) = attempts.recv().await {
            while tasks.try_join_next().is_some() {}
            let (shared, base_url) = (Arc::clone(&shared), Arc::clone(&base_url));
            let status = Arc::clone(&status);
            let turns = turns.of(&attempt).clone();
            let mut stopping = heard.clone();
            tasks.spawn(async move {
                let _turn = tokio::select! {
                    turn = turns.take(Owner::of(&attempt)) => turn,
                    // It would be cut off in the middle.
                    () = stopping.begun() => return,
                };
                // On the heap, so that those who wait for their turn take little.
                Box::pin(make(&shared, &status, &base_url, &attempt)).await;
            });
        }
    };
    let sum_up = async {
        loop {
            tokio::time::sleep(SUMMARY_EVERY).await;
            status.sum_up();
        }
    };
    tokio::select! {
        () = deliver_all => {}
        () = sum_up => {}
        () = stopping.begun() => {}
    }
    let all_ended = async { while tasks.join_next().await.is_some() {} };
    if tokio::time::timeout(FINISH_WITHIN, all_ended).await.is_err() {
        info!(attempts = tasks.len(), "gave up deliveries that did not end in time");
    }
    status.sum_up();
}

/// Whether an attempt is at an event of a function, out of the function's own outbox.
fn is_event(attempt: &Attempt) -> bool {
    let Delivery { protocol, subscription, .. } = &*attempt.delivery;
    *protocol == SubscriptionProtocol::Lambda && subscription.topic.name.is_direct()
}

/// Has an event's function run.
async fn run_event(shared: &Shared, attempt: &Attempt) {
    let Some(outcome) = lambda::attempt(shared, attempt).await else { return };
    let settle = Command::SettleDelivery { attempt: attempt.receipt, outcome };
    if let Err(failure) = shared.broker.call(settle).await {
        let outbox = &attempt.delivery.subscription;
        warn!(%outbox, "what came of an event is not recorded, so it is tried again: {failure}");
    }
}

async fn make(shared: &Shared, status: &DeliveryStatus, base_url: &str, attempt: &Attempt) {
    if is_event(attempt) {
        return run_event(shared, attempt).await;
    }
    let begun_at = Instant::now();
    let Packed { parcel, published_at, message_md5, order } =
        match pack(shared, base_url, attempt).await {
            Ok(packed) => packed,
            Err(unbegun) => return put_off(shared, attempt, &unbegun).await,
        };
    let sending = (attempt.delivery.protocol == SubscriptionProtocol::Sms).then(|| Sending {
        sms: &shared.sms,
        courier: shared.couriers.sms.as_ref(),
        attempt,
        parcel: &parcel,
        now: shared.broker.now(),
    });
    let (outcome, settled, pushed) = match &order {
        Some(order) => {
            let mut pushed = mobile::deliver(shared, order, attempt).await;
            mobile::learn(shared, &mut pushed).await;
            (pushed.outcome.clone(), pushed.settled, Some((order, pushed)))
        }
        None => {
            let topic = &attempt.delivery.subscription.topic;
            let outcome = match (&sending, shared.couriers.of(attempt.delivery.protocol)) {
                (Some(sending), _) => sending.make().await,
                _ if attempt.delivery.protocol == SubscriptionProtocol::Lambda => {
                    lambda::deliver(shared, topic, &parcel).await
                }
                (None, Some(courier)) => courier.deliver(&parcel).await,
                // It was configured when somebody subscribed, and may be again.
                (None, None) => {
                    Outcome::TryLater { why: "the courier is not configured".into(), status: None }
                }
            };
            let settled = settled(&outcome, attempt, shared.broker.now());
            (outcome, settled, None)
        }
    };
    let took = begun_at.elapsed();
    let settle = Command::SettleDelivery { attempt: attempt.receipt, outcome: settled };
    match shared.broker.call(settle).await {
        Ok(Reply::Settled(fate)) => {
            let logging = order.as_ref().and_then(|order| order.logging(attempt));
            status.tell(&Finished {
                attempt,
                parcel: &parcel,
                outcome: &outcome,
                fate,
                at: shared.broker.now(),
                took,
                published_at,
                message_md5,
                logging: logging.unwrap_or(attempt.logging),
                sending: sending.as_ref(),
            });
            if let Some((order, pushed)) = pushed {
                let came_of_it = (&pushed, fate, parcel.message_id.as_str());
                mobile::tell_of_failure(shared, attempt, order, came_of_it).await;
            }
        }
        Ok(reply) => error!("the core's reply to a settled delivery is {reply:?}"),
        Err(failure) => warn!(
            subscription = %attempt.delivery.subscription,
            "what came of a delivery is not recorded, so it is made again: {failure}"
        ),
    }
}

fn settled(outcome: &Outcome, attempt: &Attempt, now: Timestamp) -> AttemptOutcome {
    match outcome {
        Outcome::Delivered { .. } => AttemptOutcome::Delivered,
        Outcome::NotBegun { pause, .. } => turned_away::settled(attempt, *pause, now),
        Outcome::TryLater { .. } => AttemptOutcome::TryLater,
        Outcome::Never { .. } => AttemptOutcome::Never,
    }
}

/// How long an attempt may take.
fn seconds_of(couriers: &Couriers, protocol: SubscriptionProtocol) -> u64 {
    match &couriers.email {
        Some(courier) if protocol.is_email() => courier.attempt_timeout().as_secs(),
        _ if protocol == SubscriptionProtocol::Application => {
            couriers.push.attempt_timeout().as_secs()
        }
        _ => match &couriers.sms {
            Some(courier) if protocol == SubscriptionProtocol::Sms => {
                courier.attempt_timeout().as_secs()
            }
            _ => HTTP_ATTEMPT_SECONDS,
        },
    }
}

/// What cannot be read now may be later; what cannot be understood never will be. A message that has
/// no time, or whose key cannot be used now, waits, however long: that is no failure of the endpoint.
async fn put_off(shared: &Shared, attempt: &Attempt, unbegun: &Unbegun) {
    let subscription = &attempt.delivery.subscription;
    let outcome = match unbegun {
        Unbegun::Late => AttemptOutcome::NotBegun { pause_ms: 0 },
        Unbegun::Sealed(fault) if !is_lost_here(shared, fault) => {
            AttemptOutcome::NotBegun { pause_ms: KEY_PAUSE_MS }
        }
        Unbegun::Damaged(_) | Unbegun::Sealed(_) => AttemptOutcome::Never,
        Unbegun::Unread(_) | Unbegun::Unsigned(_) => AttemptOutcome::TryLater,
    };
    match outcome {
        AttemptOutcome::NotBegun { .. } => debug!(%subscription, "a message waits: {unbegun}"),
        _ => error!(%subscription, "a message cannot be delivered: {unbegun}"),
    }
    let settle = Command::SettleDelivery { attempt: attempt.receipt, outcome };
    if let Err(failure) = shared.broker.call(settle).await {
        warn!(%subscription, "that is not recorded, so it is tried again: {failure}");
    }
}

/// Whether a message will never be opened. Of a key elsewhere that is never known: the service may be
/// another one than is meant.
fn is_lost_here(shared: &Shared, fault: &Fault) -> bool {
    let is_elsewhere = shared.kms.as_ref().is_some_and(|keys| keys.external().is_some());
    matches!(fault, Fault::Refused(fault) if is_lost(fault)) && !is_elsewhere
}

/// A message as the endpoint gets it, and what is told of it.
struct Packed {
    parcel: Parcel,
    published_at: Timestamp,
    message_md5: String,
    /// For an app on a device.
    order: Option<Order>,
}

async fn pack(shared: &Shared, base_url: &str, attempt: &Attempt) -> Result<Packed, Unbegun> {
    // It has waited so long for its turn, or for its key, that another one may be made before it ends.
    let seconds = seconds_of(&shared.couriers, attempt.delivery.protocol);
    let is_late = || shared.broker.now().plus_seconds(seconds) > attempt.until;
    if is_late() {
        return Err(Unbegun::Late);
    }
    let packed = pack_content(shared, base_url, attempt).await?;
    if is_late() { Err(Unbegun::Late) } else { Ok(packed) }
}

async fn pack_content(
    shared: &Shared,
    base_url: &str,
    attempt: &Attempt,
) -> Result<Packed, Unbegun> {
    let bytes = shared.broker.read(attempt.location).await?;
    let record = PublishedRecord::decode(&bytes)?;
    let Shared { kms, broker, .. } = shared;
    let content = encryption::open_for_delivery(kms.as_ref(), broker, &record.message).await?;
    let content = PublishedContent::decode(&content)?;
    let delivery = &*attempt.delivery;
    let rendering = Rendering { record: &record, content: &content, delivery, base_url };
    let body = match delivery.protocol {
        SubscriptionProtocol::Email => {
            rendering.mail_text(&attempt.endpoint, attempt.only_owner_ends)
        }
        SubscriptionProtocol::Sms => content.text_for(SubscriptionProtocol::Sms).to_owned(),
        // Push services get no envelope.
        SubscriptionProtocol::Application => String::new(),
        SubscriptionProtocol::Lambda => {
            signatures::signed_event(&shared.signer, &rendering).await?
        }
        _ => signatures::signed_body(&shared.signer, &rendering).await?,
    };
    let letter = delivery.protocol.is_email().then(|| Letter {
        sender_name: rendering.sender_name(&attempt.sender_name).to_owned(),
        subject: rendering.mail_subject().to_owned(),
        unsubscribe_url: rendering.unsubscribe_page(&attempt.endpoint, attempt.only_owner_ends),
    });
    let text_message = (delivery.protocol == SubscriptionProtocol::Sms)
        .then(|| sms::text_message(&shared.sms, attempt, &content));
    let kind = match content.message_type {
        MessageType::Notification => ParcelKind::Notification,
        MessageType::SubscriptionConfirmation => ParcelKind::SubscriptionConfirmation,
        MessageType::UnsubscribeConfirmation => ParcelKind::UnsubscribeConfirmation,
    };
    let is_asked = content.message_type != MessageType::SubscriptionConfirmation;
    let is_notification = content.message_type == MessageType::Notification;
    let parcel = Parcel {
        // What lies in a direct outbox says itself where it goes.
        endpoint: content.target.unwrap_or(&attempt.endpoint).to_owned(),
        body: Bytes::from(body.into_bytes()),
        // Confirmations are always sent as the service sends them.
        content_type: is_notification.then(|| attempt.content_type.as_ref().to_owned()),
        kind,
        message_id: record.message.message_id.to_string(),
        topic_arn: delivery.subscription.topic.to_string(),
        subscription_arn: is_asked.then(|| delivery.subscription.to_string()),
        raw: rendering.is_raw(),
        letter,
        text_message,
    };
    let (message_id, published_at) = (record.message.message_id, record.message.sent_at);
    let order = (delivery.protocol == SubscriptionProtocol::Application).then(|| {
        let mobile = shared.mobile.as_ref();
        mobile::order(mobile, &parcel.endpoint, &content, message_id, published_at)
    });
    // The record has that of the text for queues.
    let md5: [u8; 16] = match content.by_protocol.is_empty() {
        true => record.message.body_md5,
        false => Md5::digest(content.text_for(delivery.protocol)).into(),
    };
    Ok(Packed { parcel, published_at, order, message_md5: hex::lower(&md5) })
}
