//! How published messages reach those who subscribed.
//!
//! Every subscriber has a queue: its own, if it is one, or an **outbox**, a queue that callers cannot
//! name and that a courier empties. So a delivery to an endpoint waits, is retried and moves to a
//! dead-letter queue by the rules of queues: handing a message to a courier is a receive, an attempt
//! that failed changes its visibility, one that succeeded deletes it.

use std::borrow::Cow;
use std::sync::Arc;

use crate::limits;
use crate::message::Location;
use crate::names::{QueueArn, SubscriptionArn, SubscriptionProtocol};
use crate::receipt::Receipt;
use crate::time::Timestamp;

/// By which subscription a published message came into a queue, and in which form it is to be
/// delivered. Fixed when it is published.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Delivery {
    /// The subscription.
    pub subscription: SubscriptionArn,
    /// How its messages go out; a dead-letter queue gets them in the form that they would have had.
    pub protocol: SubscriptionProtocol,
    /// RawMessageDelivery.
    pub is_raw: bool,
    /// Whether it comes out of the topic's archive.
    pub is_replayed: bool,
    /// The topic's SignatureVersion.
    pub signature_version: SignatureVersion,
    /// Of a message that came into an encrypted queue, the key that whoever receives it needs.
    pub key: Option<QueueKey>,
}

/// The key of an encrypted queue, as it was when a message came into the queue. It goes with the
/// message to dead-letter queues and back.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct QueueKey {
    /// The queue.
    pub queue: QueueArn,
    /// Its KmsMasterKeyId.
    pub key_id: Arc<str>,
}

/// How envelopes are signed.
#[derive(Copy, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub enum SignatureVersion {
    /// Over a SHA-1 digest. What holds if nothing was said.
    #[default]
    V1,
    /// Over a SHA-256 digest.
    V2,
}

/// One attempt to be made at an endpoint.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Attempt {
    /// Names the attempt in [`Command::SettleDelivery`](crate::command::Command::SettleDelivery).
    pub receipt: Receipt,
    /// Where the message's record lies.
    pub location: Location,
    /// In which form it goes out.
    pub delivery: Arc<Delivery>,
    /// Where to. Empty out of a direct outbox: the message's content says it.
    pub endpoint: Arc<str>,
    /// The content type that the delivery policy asks for.
    pub content_type: Arc<str>,
    /// The topic's DisplayName: the sender's name of mails.
    pub sender_name: Arc<str>,
    /// Whether only the owner may end the subscription: it was confirmed with
    /// AuthenticateOnUnsubscribe.
    pub only_owner_ends: bool,
    /// When the message came into the outbox.
    pub enqueued_at: Timestamp,
    /// When it counts no longer, and another one is made.
    pub until: Timestamp,
    /// What the topic wants to be logged of it.
    pub logging: DeliveryLogging,
}

/// What is logged of deliveries, as the attributes of a topic have it
/// (`HTTPSuccessFeedbackRoleArn` and its like).
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub struct DeliveryLogging {
    /// Of how many successes in a hundred.
    pub success_percent: u8,
    /// Whether of messages that were given up.
    pub failures: bool,
}

/// How many seconds an attempt may take before it is made again.
pub fn attempt_seconds(protocol: SubscriptionProtocol) -> u64 {
    match protocol {
        SubscriptionProtocol::Lambda => limits::FUNCTION_ATTEMPT_SECONDS_MAX,
        SubscriptionProtocol::Email | SubscriptionProtocol::EmailJson => {
            limits::MAIL_ATTEMPT_SECONDS_MAX
        }
        _ => limits::ATTEMPT_SECONDS_MAX,
    }
}

/// How an attempt went.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum AttemptOutcome {
    /// The endpoint has the message.
    Delivered,
    /// It may have it another time.
    TryLater,
    /// It may have it another time, and whoever tried knows best when. Says nothing of other messages.
    TryAfter {
        /// Milliseconds from now.
        delay_ms: u64,
    },
    /// Nothing was tried, and it is no failure of the endpoint: there was no time for it, or the message
    /// cannot be opened yet. It does not count.
    NotBegun {
        /// For how many milliseconds nothing of this subscription is to be begun.
        pause_ms: u64,
    },
    /// It will never have it: another attempt would end the same.
    Never,
}

/// What becomes of a message after an attempt.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum Fate {
    /// It was delivered.
    Delivered,
    /// Another attempt follows.
    Retried {
        /// When.
        at: Timestamp,
    },
    /// It is in the subscription's dead-letter queue.
    DeadLettered,
    /// It is gone: the subscription has no dead-letter queue that takes it.
    Dropped,
    /// The message, its subscription or this attempt was no longer wanted.
    Stale,
}

/// An endpoint as it is shown: of the credentials that a URL may carry, the password is hidden, as the
/// service hides it.
pub fn without_password(endpoint: &str) -> Cow<'_, str> {
    let hide = || {
        let (scheme, rest) = endpoint.split_once("://")?;
        let host_ends = rest.find(['/', '?', '#']).unwrap_or(rest.len());
        let credentials_end = rest[..host_ends].rfind('@')?;
        let (user, _) = rest[..credentials_end].split_once(':')?;
        Some(format!("{scheme}://{user}:****{}", &rest[credentials_end..]))
    };
    hide().map_or(Cow::Borrowed(endpoint), Cow::Owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn passwords_are_hidden() {
        for (endpoint, shown) in [
            ("https://user:pass@example.com/a@b:c", "https://user:****@example.com/a@b:c"),
            ("http://user:p@ss:word@example.com?a", "http://user:****@example.com?a"),
            ("https://user@example.com:8080/", "https://user@example.com:8080/"),
            ("https://example.com/a:b@c", "https://example.com/a:b@c"),
            ("arn:aws:sqs:us-east-1:000000000000:a", "arn:aws:sqs:us-east-1:000000000000:a"),
        ] {
            assert_eq!(without_password(endpoint), shown);
        }
    }
}
