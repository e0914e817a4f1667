//! One message for one endpoint: whether it can be sent at all, the attempt, and what is learnt of it.

use std::time::{Duration, SystemTime};

use tidings_core::delivery::{Attempt, AttemptOutcome, DeliveryLogging, Fate};
use tidings_core::delivery_policy::RetrySchedule;
use tidings_core::names::{AccountId, Region, Uuid};
use tidings_core::publication::PublishedContent;
use tidings_core::rejection::TopicRejection;
use tidings_core::time::Timestamp;
use tidings_couriers::{
    ApplicationKey, Outcome, PayloadFault, PushCredentials, PushMessage, PushOutcome,
};
use tidings_platforms::{
    Application, ApplicationArn, Change, DeliveryFailure, EndpointArn, Event, EventKind, Platforms,
};

use super::{MobilePush, events};
use crate::request::Shared;
use crate::turned_away;

/// A message on its way to an endpoint.
pub(crate) struct Order {
    endpoint: Option<EndpointArn>,
    /// Whether it is an event of an application itself.
    is_notice: bool,
    /// What the application wants to be logged of it.
    logging: DeliveryLogging,
    /// What is to be sent, or why nothing can be.
    sent: Result<Box<Sent>, Unsendable>,
}

impl Order {
    /// What is to be logged, if it is not the topic that says so: of what came by no topic.
    pub(crate) fn logging(&self, attempt: &Attempt) -> Option<DeliveryLogging> {
        attempt.delivery.subscription.topic.name.is_direct().then_some(self.logging)
    }
}

struct Sent {
    key: ApplicationKey,
    credentials: PushCredentials,
    message: PushMessage,
}

/// Why a message can never be sent, as the owner's event has it.
struct Unsendable {
    failure_type: &'static str,
    why: String,
}

/// What came of an attempt.
pub(crate) struct Pushed {
    /// For the delivery log.
    pub(crate) outcome: Outcome,
    /// For the core.
    pub(crate) settled: AttemptOutcome,
    /// What the push service said of the endpoint.
    learnt: Option<Change>,
    /// A name for what was wrong.
    failure_type: &'static str,
}

const INVALID_TOKEN: &str = "InvalidPlatformToken";

/// A message that waits in an outbox, made ready: the endpoint's token and the application's
/// credentials are those of now.
pub(crate) fn order(
    mobile: Option<&MobilePush>,
    endpoint: &str,
    content: &PublishedContent<'_>,
    message_id: Uuid,
    published_at: Timestamp,
) -> Order {
    let endpoint = EndpointArn::parse(endpoint);
    let (Some(arn), Some(mobile)) = (&endpoint, mobile) else {
        let unsendable = Unsendable::new("EndpointNotFound", "Endpoint was not found");
        let logging = DeliveryLogging::default();
        return Order { endpoint, is_notice: content.is_notice, logging, sent: Err(unsendable) };
    };
    let sent = sent(mobile, arn, content, message_id, published_at).map(Box::new);
    let platforms = mobile.plane.look();
    let application = platforms.application(&arn.application);
    let logging = application.map(|application| application.logging()).unwrap_or_default();
    drop(platforms);
    Order { endpoint, is_notice: content.is_notice, logging, sent }
}

fn sent(
    mobile: &MobilePush,
    arn: &EndpointArn,
    content: &PublishedContent<'_>,
    message_id: Uuid,
    published_at: Timestamp,
) -> Result<Sent, Unsendable> {
    let platforms = mobile.plane.look();
    let (application, token) = sendable(&platforms, arn)?;
    let message = compose(arn, token, content, message_id, published_at)
        .map_err(|fault| Unsendable::new("InvalidNotification", fault.to_string()))?;
    let credentials = mobile.parsed.of(application);
    let credentials =
        credentials.map_err(|why| Unsendable::new("PlatformCredentialsInvalid", why))?;
    let key =
        ApplicationKey { arn: application.arn().to_string(), revision: application.revision() };
    Ok(Sent { key, credentials, message })
}

fn sendable<'p>(
    platforms: &'p Platforms,
    arn: &EndpointArn,
) -> Result<(&'p Application, &'p str), Unsendable> {
    let not_found = |_| Unsendable::new("EndpointNotFound", "Endpoint was not found");
    let application = platforms.application(&arn.application).map_err(not_found)?;
    let endpoint = platforms.endpoint(arn).map_err(not_found)?;
    if !application.is_enabled() {
        let why = "Platform application is disabled";
        return Err(Unsendable::new("PlatformApplicationDisabled", why));
    }
    if !endpoint.is_enabled() {
        return Err(Unsendable::new("EndpointDisabled", "Endpoint is disabled"));
    }
    Ok((application, endpoint.token()))
}

fn compose(
    arn: &EndpointArn,
    token: &str,
    content: &PublishedContent<'_>,
    message_id: Uuid,
    published_at: Timestamp,
) -> Result<PushMessage, PayloadFault> {
    let published_at = SystemTime::UNIX_EPOCH + Duration::from_millis(published_at.as_ms());
    let platform = arn.application.platform;
    PushMessage::compose(platform, token, content, &message_id.to_string(), published_at)
}

/// Whether a message can be published to an endpoint: said at once, as the service says it, rather
/// than in a log.
///
/// # Errors
/// InvalidParameter if there is no such endpoint, or its platform does not take such a message;
/// EndpointDisabled, PlatformApplicationDisabled.
pub(crate) fn check_publish(
    mobile: Option<&MobilePush>,
    content: &PublishedContent<'_>,
    message_id: Uuid,
    now: Timestamp,
) -> Result<(), TopicRejection> {
    let none = tidings_aws::sns::no_target;
    let arn = content.target.and_then(EndpointArn::parse).ok_or_else(none)?;
    let platforms = mobile.ok_or_else(none)?.plane.look();
    let application = platforms.application(&arn.application).map_err(|_| none())?;
    let endpoint = platforms.endpoint(&arn).map_err(|_| none())?;
    if !application.is_enabled() {
        return Err(TopicRejection::PlatformApplicationDisabled);
    }
    if !endpoint.is_enabled() {
        return Err(TopicRejection::EndpointDisabled);
    }
    let composed = compose(&arn, endpoint.token(), content, message_id, now);
    composed.map(drop).map_err(|fault| {
        let parameter = match fault {
            PayloadFault::Malformed { .. } | PayloadFault::TooLong { .. } => "Message",
            PayloadFault::BadAttribute { .. } => "MessageAttributes",
            PayloadFault::Undeliverable { .. } => "TargetArn",
        };
        TopicRejection::parameter(format_args!("{parameter} Reason: {fault}"))
    })
}

/// Whether a caller can subscribe an endpoint to a topic. Those of others are not there: whoever could
/// subscribe them could send what they like to the apps of others.
///
/// # Errors
/// InvalidParameter if the caller has no such endpoint in the region, or nothing can be delivered to its
/// platform.
pub(crate) fn check_endpoint(
    mobile: Option<&MobilePush>,
    endpoint: &str,
    (account, region): (AccountId, &Region),
) -> Result<(), TopicRejection> {
    let refused = |why: String| TopicRejection::parameter(format_args!("Endpoint Reason: {why}"));
    let none = || refused(format!("Endpoint does not exist for endpoint {endpoint}"));
    let is_own = |arn: &ApplicationArn| arn.account == account && arn.region == *region;
    let arn = EndpointArn::parse(endpoint).filter(|arn| is_own(&arn.application));
    let arn = arn.ok_or_else(none)?;
    mobile.ok_or_else(none)?.plane.look().endpoint(&arn).map_err(|_| none())?;
    let platform = arn.application.platform;
    match platform.can_deliver() {
        true => Ok(()),
        false => Err(refused(PayloadFault::Undeliverable { platform }.to_string())),
    }
}

/// Makes the attempt.
pub(crate) async fn deliver(shared: &Shared, order: &Order, attempt: &Attempt) -> Pushed {
    let sent = match &order.sent {
        Ok(sent) => sent,
        Err(Unsendable { failure_type, why }) => {
            let outcome = Outcome::Never { why: why.clone(), status: None };
            return Pushed::new(outcome, AttemptOutcome::Never, failure_type);
        }
    };
    let courier = &shared.couriers.push;
    let answer = courier.deliver(&sent.key, &sent.credentials, &sent.message).await;
    let token = || sent.message.token.clone();
    let endpoint = order.endpoint.clone();
    match answer {
        PushOutcome::Delivered { status, detail } => Pushed::delivered(status, detail),
        PushOutcome::TokenReplaced { token: new_token, status, detail } => Pushed {
            learnt: endpoint.map(|endpoint| Change::ReplaceToken {
                endpoint,
                token: token(),
                new_token,
            }),
            ..Pushed::delivered(status, detail)
        },
        PushOutcome::TryLater { why, status, after } => {
            let settled = match after {
                // Whoever says when is believed as often as anybody is tried at all.
                Some(after)
                    if attempt.receipt.receive_count <= RetrySchedule::OF_MESSENGERS.retries() =>
                {
                    let delay_ms = u64::try_from(after.as_millis()).unwrap_or(u64::MAX);
                    AttemptOutcome::TryAfter { delay_ms }
                }
                _ => AttemptOutcome::TryLater,
            };
            Pushed::new(Outcome::TryLater { why, status }, settled, "Unavailable")
        }
        PushOutcome::NotBegun { why, pause } => {
            let settled = turned_away::settled(attempt, pause, shared.broker.now());
            Pushed::new(Outcome::NotBegun { why, pause }, settled, "Unavailable")
        }
        PushOutcome::Never { why, status } => {
            let outcome = Outcome::Never { why, status };
            Pushed::new(outcome, AttemptOutcome::Never, "InvalidNotification")
        }
        PushOutcome::EndpointDisabled { why, status, since } => {
            let outcome = Outcome::Never { why, status };
            let since = since.and_then(|at| at.duration_since(SystemTime::UNIX_EPOCH).ok());
            let since = since
                .map(|at| Timestamp::from_ms(u64::try_from(at.as_millis()).unwrap_or(u64::MAX)));
            let disable = |endpoint| Change::DisableEndpoint { endpoint, token: token(), since };
            let learnt = endpoint.map(disable);
            Pushed { learnt, ..Pushed::new(outcome, AttemptOutcome::Never, INVALID_TOKEN) }
        }
        PushOutcome::CredentialsRefused { why, status } => {
            let outcome = Outcome::TryLater { why, status };
            Pushed::new(outcome, AttemptOutcome::TryLater, "PlatformCredentialsInvalid")
        }
    }
}

impl Pushed {
    fn new(outcome: Outcome, settled: AttemptOutcome, failure_type: &'static str) -> Self {
        Self { outcome, settled, learnt: None, failure_type }
    }

    fn delivered(status: u16, detail: String) -> Self {
        Self::new(Outcome::Delivered { status, detail }, AttemptOutcome::Delivered, "")
    }

    /// Why it was not delivered, in the service's words where they are known.
    fn failure_message(&self) -> String {
        match (&self.outcome, self.failure_type) {
            (_, INVALID_TOKEN) => {
                "Platform token associated with the endpoint is not valid".to_owned()
            }
            (Outcome::Delivered { .. }, _) => String::new(),
            (
                Outcome::TryLater { why, .. }
                | Outcome::NotBegun { why, .. }
                | Outcome::Never { why, .. },
                _,
            ) => why.clone(),
        }
    }
}

impl Unsendable {
    fn new(failure_type: &'static str, why: impl Into<String>) -> Self {
        Self { failure_type, why: why.into() }
    }
}

/// Takes note of what was learnt, before the attempt is settled: once it is, nobody comes back to it.
pub(crate) async fn learn(shared: &Shared, pushed: &mut Pushed) {
    let (Some(mobile), Some(change)) = (&shared.mobile, pushed.learnt.take()) else { return };
    if let Some(event) = mobile.learn(change).await {
        events::tell(shared, &event, None).await;
    }
}

/// Tells the owner of a message that was given up, unless that was such an event itself: endpoints
/// that fail may be subscribed to the very topic, and one failure would bring the next one for ever.
pub(crate) async fn tell_of_failure(
    shared: &Shared,
    attempt: &Attempt,
    order: &Order,
    (pushed, fate, message_id): (&Pushed, Fate, &str),
) {
    if order.is_notice || !matches!(fate, Fate::DeadLettered | Fate::Dropped) {
        return;
    }
    let (Some(mobile), Some(endpoint)) = (&shared.mobile, &order.endpoint) else { return };
    let event = {
        let platforms = mobile.plane.look();
        let application = platforms.application(&endpoint.application).ok();
        application.and_then(|it| Event::of(EventKind::DeliveryFailure, it, endpoint))
    };
    let Some(event) = event else { return };
    let failure = DeliveryFailure {
        attempts: attempt.receipt.receive_count,
        message_id: message_id.to_owned(),
        failure_type: pushed.failure_type,
        failure_message: pushed.failure_message(),
    };
    events::tell(shared, &event, Some(&failure)).await;
}
