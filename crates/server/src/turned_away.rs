//! What becomes of a message that was not even tried: the service that it would go by is known to be
//! down.

use std::time::Duration;

use tidings_core::delivery::{Attempt, AttemptOutcome};
use tidings_core::limits::NOT_BEGUN_SECONDS_MAX;
use tidings_core::time::Timestamp;

/// The longest that a subscription waits before it asks again whether the service is back.
const PAUSE_MS_MAX: u64 = 300_000;
/// It waits this part of what its message has waited so far: so many subscriptions with a message each
/// cost the less the longer the service is away.
const PART: u64 = 16;

/// How an attempt that was turned away for at least `pause` counts: as none, until its message has
/// waited for so long that it has to end some day.
pub(crate) fn settled(attempt: &Attempt, pause: Duration, now: Timestamp) -> AttemptOutcome {
    let waited_ms = now - attempt.enqueued_at;
    if waited_ms >= NOT_BEGUN_SECONDS_MAX * 1000 {
        return AttemptOutcome::TryLater;
    }
    let pause_ms = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
    let pause_ms = match attempt.delivery.subscription.topic.name.is_direct() {
        // Of direct outboxes there are few, and many wait in each.
        true => pause_ms,
        false => pause_ms.max((waited_ms / PART).min(PAUSE_MS_MAX)),
    };
    // Up to a tenth more, so that they do not all come back at the same instant.
    let more_ms = (pause_ms / 100).saturating_mul(u64::from(attempt.receipt.queue % 10));
    AttemptOutcome::NotBegun { pause_ms: pause_ms.saturating_add(more_ms) }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tidings_core::delivery::{Delivery, DeliveryLogging, SignatureVersion};
    use tidings_core::message::Location;
    use tidings_core::names::{AccountId, Region, SubscriptionArn, SubscriptionProtocol, TopicArn};
    use tidings_core::receipt::Receipt;

    use super::*;

    fn attempt(is_direct: bool, queue: u32) -> Attempt {
        let protocol = SubscriptionProtocol::Email;
        let (account, region) = (AccountId::parse("000000000000"), Region::parse("eu-west-1"));
        let arn = "arn:aws:sns:eu-west-1:000000000000:news:00000000-0000-4000-8000-000000000000";
        let mut subscription = SubscriptionArn::parse(arn).unwrap();
        if is_direct {
            subscription.topic = TopicArn::direct(account.unwrap(), region.unwrap(), protocol, "");
        }
        Attempt {
            receipt: Receipt { queue, key: 1, receive_count: 1 },
            location: Location { position: 0, length: 0 },
            delivery: Arc::new(Delivery {
                subscription,
                protocol,
                is_raw: false,
                is_replayed: false,
                signature_version: SignatureVersion::V1,
                key: None,
            }),
            endpoint: "".into(),
            content_type: "".into(),
            sender_name: "".into(),
            only_owner_ends: false,
            enqueued_at: Timestamp::from_ms(1000),
            until: Timestamp::from_ms(1000),
            logging: DeliveryLogging::default(),
        }
    }

    #[test]
    fn it_counts_as_no_attempt_until_the_message_has_waited_for_days() {
        let pause = Duration::from_secs(30);
        let after = |is_direct, queue, seconds: u64| {
            let now = Timestamp::from_ms(1000).plus_seconds(seconds);
            match settled(&attempt(is_direct, queue), pause, now) {
                AttemptOutcome::NotBegun { pause_ms } => Some(pause_ms),
                AttemptOutcome::TryLater => None,
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(after(false, 0, 0), Some(30_000));
        assert_eq!(after(false, 0, 1600), Some(100_000));
        assert_eq!(after(false, 0, 86_400), Some(300_000));
        assert_eq!(after(false, 7, 86_400), Some(321_000));
        assert_eq!(after(true, 0, 86_400), Some(30_000));
        assert_eq!(after(false, 0, NOT_BEGUN_SECONDS_MAX - 1), Some(300_000));
        assert_eq!(after(false, 0, NOT_BEGUN_SECONDS_MAX), None);
    }
}
