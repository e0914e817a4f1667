//! Asynchronous invocations: events wait in their function's outbox, are tried, tried again, and end
//! somewhere. Developer guide, "How Lambda handles errors and retries with asynchronous invocation".
//!
//! ```text
//!   queue ──► the outbox (direct, in the log) ──► attempt ──► it went well: on success
//!                        ▲                            │
//!                        ├── a minute, two minutes ───┤ an error of the function, twice at most
//!                        └── 1 s … 5 min ─────────────┤ no process for it, until it is too old
//!                                                     └ given up: on failure, the dead-letter target
//! ```

use std::collections::BTreeMap;

use bytes::Bytes;
use tidings_broker::{Broker, Failure};
use tidings_core::command::{Command, Publication, TopicCommand};
use tidings_core::delivery::{Attempt, AttemptOutcome};
use tidings_core::message::Sealing;
use tidings_core::names::{SubscriptionProtocol, Uuid};
use tidings_core::publication::{MessageType, PublishedContent};
use tidings_core::record::PublishedRecord;
use tidings_functions::{Invocation, Invoked};
use tidings_lambda::{FunctionId, Invocable, InvokeConfig, LambdaCode, LambdaFault, Reference};
use tracing::{debug, error, info, warn};

use super::changes::outbox_of;
use super::destinations::{self, Condition, Ended};
use super::said::SaidError;
use super::service::Hosted;
use crate::request::Shared;

/// How long to wait after the first error of the function, and after the second.
const AFTER_ERRORS_MS: [u64; 2] = [60_000, 120_000];
/// How long to wait when nothing could be begun: the first time, and at most.
const BACK_OFF_MS: u64 = 1000;
/// See [`BACK_OFF_MS`].
const BACK_OFF_MS_MAX: u64 = 300_000;
/// How long it may take to get a process, before the function's own time begins.
const SET_UP_SECONDS: u64 = 20;

/// Puts an event where it waits for its function. Durable when this returns.
pub(super) async fn queue(
    broker: &Broker,
    function: &Reference,
    request_id: Uuid,
    event: &str,
    trace_header: Option<&str>,
) -> Result<(), Failure> {
    let target = function.arn();
    let content = PublishedContent {
        message_type: MessageType::Notification,
        target: Some(&target),
        is_notice: false,
        subject: None,
        trace_header,
        token: None,
        message: event,
        by_protocol: Vec::new(),
        attributes: Vec::new(),
    };
    let message = Publication {
        message_id: request_id,
        content: content.encode(),
        sealing: Sealing::Plain,
        unsealed: None,
        keys: BTreeMap::new(),
        size: event.len(),
        raw_size: event.len(),
        enveloped_size: event.len(),
        body_md5: [0; 16],
        body_sha256: None,
        group: None,
        deduplication: None,
    };
    let publish = TopicCommand::PublishDirect {
        outbox: outbox_of(&function.id),
        protocol: SubscriptionProtocol::Lambda,
        message: Box::new(message),
    };
    broker.call(Command::Topic(publish)).await.map(drop)
}

/// An event that is to be tried.
struct Event {
    /// The id of the request that brought it.
    id: Uuid,
    function: Reference,
    text: String,
    trace_header: Option<String>,
    age_ms: u64,
}

/// Makes one attempt out of a function's outbox: what came of it. `None` if that has to stay open, so
/// that the attempt is made again when its time is over or the server starts again.
pub(crate) async fn attempt(shared: &Shared, attempt: &Attempt) -> Option<AttemptOutcome> {
    let event = match read(shared, attempt).await {
        Ok(event) => event,
        Err(outcome) => return Some(outcome),
    };
    let Some(lambda) = &shared.lambda else {
        debug!(function = %event.function.id, "an event waits, as no functions are run now");
        let outcome = later_or_never(&InvokeConfig::default(), &event, BACK_OFF_MS_MAX);
        return Some(outcome.unwrap_or(AttemptOutcome::Never));
    };
    let hosted = &*lambda.0;
    let chance = u32::from_le_bytes(shared.broker.random_bytes());
    let found = hosted.plane.look().invocable(&event.function, chance);
    let invocable = match found {
        Ok(invocable) => invocable,
        Err(fault) => {
            warn!(request_id = %event.id, "an event is dropped: {fault}");
            hosted.errors.forget(event.id).await;
            return Some(AttemptOutcome::Never);
        }
    };
    let outcome = Box::pin(try_event(shared, hosted, attempt, &event, &invocable)).await;
    let is_settled = matches!(outcome, Some(AttemptOutcome::Delivered | AttemptOutcome::Never));
    if is_settled {
        hosted.errors.forget(event.id).await;
    }
    outcome
}

async fn read(shared: &Shared, attempt: &Attempt) -> Result<Event, AttemptOutcome> {
    let bytes = shared.broker.read(attempt.location).await.map_err(|error| {
        error!("an event cannot be read: {error}");
        AttemptOutcome::TryLater
    })?;
    let damaged = || {
        error!("an event is damaged, and dropped");
        AttemptOutcome::Never
    };
    let record = PublishedRecord::decode(&bytes).map_err(|_| damaged())?;
    let content = PublishedContent::decode(record.message.content).map_err(|_| damaged())?;
    let target = content.target.and_then(FunctionId::parse_arn);
    let (id, qualifier) = target.ok_or_else(damaged)?;
    Ok(Event {
        id: record.message.message_id,
        function: Reference { id, qualifier },
        text: content.message.to_owned(),
        trace_header: content.trace_header.map(str::to_owned),
        age_ms: shared.broker.now() - record.message.sent_at,
    })
}

async fn try_event(
    shared: &Shared,
    hosted: &Hosted,
    attempt: &Attempt,
    event: &Event,
    invocable: &Invocable,
) -> Option<AttemptOutcome> {
    let config = invocable.function.invoke_config(event.function.qualifier.as_ref());
    let config = config.map(|config| InvokeConfig::clone(config)).unwrap_or_default();
    let ended = |condition, errors, invoked| Ended {
        request_id: event.id,
        function: &event.function,
        event: &event.text,
        config: &config,
        version: &invocable.version,
        dead_letter_target: invocable.configuration.dead_letter_target.as_deref(),
        condition,
        errors,
        invoked,
    };
    let errors = hosted.errors.count(event.id);
    if event.age_ms > config.event_age_ms() {
        destinations::tell(shared, &ended(Condition::EventAgeExceeded, errors, None)).await;
        return Some(AttemptOutcome::Never);
    }
    if invocable.function.reserved_concurrency() == Some(0) {
        destinations::tell(shared, &ended(Condition::RetriesExhausted, errors, None)).await;
        return Some(AttemptOutcome::Never);
    }
    // It has waited so long for its turn that another one may be made before it ends.
    let seconds = u64::from(invocable.configuration.timeout_seconds) + SET_UP_SECONDS;
    if shared.broker.now().plus_seconds(seconds) > attempt.until {
        return Some(AttemptOutcome::NotBegun { pause_ms: 0 });
    }
    let invocation = Invocation {
        request_id: event.id.to_string(),
        payload: Bytes::from(event.text.clone()),
        client_context: None,
        trace_id: event.trace_header.clone(),
    };
    let invoked = match hosted.run(&event.function, invocable, invocation).await {
        Ok(invoked) => invoked,
        Err(fault) => {
            let tries = attempt.receipt.receive_count.saturating_sub(errors);
            let later = not_begun(&fault, &config, event, tries)?;
            if later.is_none() {
                let condition = Condition::EventAgeExceeded;
                destinations::tell(shared, &ended(condition, errors, None)).await;
            }
            return Some(later.unwrap_or(AttemptOutcome::Never));
        }
    };
    if invoked.function_error.is_none() {
        destinations::tell(shared, &ended(Condition::Success, errors, Some(&invoked))).await;
        return Some(AttemptOutcome::Delivered);
    }
    failed(shared, hosted, event, &config, &invoked, ended).await
}

/// What becomes of an event that could not be begun with: `Some(None)` if it gets too old, `None` if
/// the server stops.
fn not_begun(
    fault: &LambdaFault,
    config: &InvokeConfig,
    event: &Event,
    tries: u32,
) -> Option<Option<AttemptOutcome>> {
    match fault.code {
        // Tried again after the next start.
        LambdaCode::ServiceUnavailable => return None,
        LambdaCode::TooManyRequests => debug!(request_id = %event.id, "an event waits: {fault}"),
        _ => warn!(request_id = %event.id, "an event waits: {fault}"),
    }
    let doubled = BACK_OFF_MS.checked_shl(tries.saturating_sub(1)).unwrap_or(BACK_OFF_MS_MAX);
    Some(later_or_never(config, event, doubled.min(BACK_OFF_MS_MAX)))
}

/// Another attempt after a while, unless the event is too old then.
fn later_or_never(config: &InvokeConfig, event: &Event, delay_ms: u64) -> Option<AttemptOutcome> {
    let is_in_time = event.age_ms.saturating_add(delay_ms) <= config.event_age_ms();
    is_in_time.then_some(AttemptOutcome::TryAfter { delay_ms })
}

/// What becomes of an event whose function failed.
async fn failed<'e>(
    shared: &Shared,
    hosted: &Hosted,
    event: &Event,
    config: &InvokeConfig,
    invoked: &'e Invoked,
    ended: impl FnOnce(Condition, u32, Option<&'e Invoked>) -> Ended<'e>,
) -> Option<AttemptOutcome> {
    let before = hosted.errors.count(event.id);
    let condition = if before >= config.retries() {
        Condition::RetriesExhausted
    } else {
        let at = usize::try_from(before).unwrap_or(usize::MAX);
        let delay_ms = AFTER_ERRORS_MS.get(at).or(AFTER_ERRORS_MS.last()).copied();
        match later_or_never(config, event, delay_ms.unwrap_or_default()) {
            Some(later) => {
                if hosted.plane.look().find(&event.function.id).is_err() {
                    // It went while it ran, and its events with it.
                    return Some(AttemptOutcome::Never);
                }
                return match hosted.errors.add(event.id, &event.function.id).await {
                    Ok(errors) => {
                        let (function, said) = (event.function.arn(), SaidError::of(invoked));
                        info!(request_id = %event.id, function, errors, "an event's function failed, and will be tried again: {said}");
                        Some(later)
                    }
                    // It is tried again as if it had not been: what holds is what is written down.
                    Err(failure) => {
                        warn!(request_id = %event.id, "an error is not counted: {failure}");
                        None
                    }
                };
            }
            None => Condition::EventAgeExceeded,
        }
    };
    destinations::tell(shared, &ended(condition, before + 1, Some(invoked))).await;
    Some(AttemptOutcome::Never)
}

#[cfg(test)]
mod tests {
    use tidings_core::names::{AccountId, Region};
    use tidings_lambda::Scope;

    use super::*;

    fn event(age_ms: u64) -> Event {
        let scope = Scope {
            account: AccountId::parse("111122223333").unwrap(),
            region: Region::parse("us-east-1").unwrap(),
        };
        let function = Reference::parse("resize", None, &scope).unwrap();
        let (text, trace_header) = ("{}".to_owned(), None);
        Event { id: Uuid::from_random(1), function, text, trace_header, age_ms }
    }

    #[test]
    fn what_cannot_begin_is_tried_later_each_time_until_it_is_too_old() {
        let config = InvokeConfig::default();
        let throttled = LambdaFault::new(LambdaCode::TooManyRequests, "Rate Exceeded.");
        let after = |tries, age_ms| not_begun(&throttled, &config, &event(age_ms), tries);
        for (tries, delay_ms) in [(1, 1000), (2, 2000), (9, 256_000), (10, 300_000), (400, 300_000)]
        {
            assert_eq!(after(tries, 0), Some(Some(AttemptOutcome::TryAfter { delay_ms })));
        }
        assert_eq!(after(1, 21_599_000), Some(Some(AttemptOutcome::TryAfter { delay_ms: 1000 })));
        assert_eq!(after(1, 21_599_001), Some(None));
        let stopping = LambdaFault::new(LambdaCode::ServiceUnavailable, "");
        assert_eq!(not_begun(&stopping, &config, &event(0), 1), None);
    }
}
