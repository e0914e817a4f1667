//! What every courier does.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use bytes::Bytes;

use crate::{TextMessage, TurnedAway};

/// What is to be delivered, where to. Rendering it is the caller's business.
#[derive(Clone)]
pub struct Parcel {
    /// The subscription's endpoint: for HTTP the URL, credentials included.
    pub endpoint: String,
    /// The bytes to deliver: an envelope, or the message alone if it is raw.
    pub body: Bytes,
    /// `Content-Type` of the body, if the delivery policy names one.
    pub content_type: Option<String>,
    /// What kind of message it is.
    pub kind: ParcelKind,
    /// The message's id: the same at every attempt.
    pub message_id: String,
    /// The topic it came from.
    pub topic_arn: String,
    /// The subscription it goes to. None while that is unconfirmed: its ARN is a secret until then.
    pub subscription_arn: Option<String>,
    /// Whether the subscription has raw message delivery.
    pub raw: bool,
    /// What a mail needs beside its text. Only for e-mail.
    pub letter: Option<Letter>,
    /// What a text message needs beside its text. Only for `sms`; without it, nothing special.
    pub text_message: Option<TextMessage>,
}

/// What a mail says beside its text.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Letter {
    /// The sender's name. The address is the server's.
    pub sender_name: String,
    /// What it is about.
    pub subject: String,
    /// Where whoever got it can unsubscribe: a page for GET, and, if it is https, done at once for the
    /// one-click POST of RFC 8058.
    pub unsubscribe_url: Option<String>,
}

/// Without the endpoint, which may hold a password, and without the body.
impl fmt::Debug for Parcel {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Parcel")
            .field("kind", &self.kind)
            .field("message_id", &self.message_id)
            .field("topic_arn", &self.topic_arn)
            .field("subscription_arn", &self.subscription_arn)
            .field("raw", &self.raw)
            .finish_non_exhaustive()
    }
}

/// `x-amz-sns-message-type`.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum ParcelKind {
    /// A published message.
    Notification,
    /// The question whether the endpoint wants messages.
    SubscriptionConfirmation,
    /// The last message to an endpoint that was unsubscribed.
    UnsubscribeConfirmation,
}

impl ParcelKind {
    /// The name as messages and headers have it.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            ParcelKind::Notification => "Notification",
            ParcelKind::SubscriptionConfirmation => "SubscriptionConfirmation",
            ParcelKind::UnsubscribeConfirmation => "UnsubscribeConfirmation",
        }
    }
}

/// What came of an attempt.
///
/// Delivery is at least once: after [`Outcome::TryLater`] the endpoint may have had the message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// The endpoint took it.
    Delivered {
        /// The status that it answered with.
        status: u16,
        /// The beginning of its answer: `providerResponse` of a delivery log.
        detail: String,
    },
    /// It did not, and another attempt may succeed: the delivery policy decides.
    TryLater {
        /// For people: what happened.
        why: String,
        /// The status, if there was an answer.
        status: Option<u16>,
    },
    /// Nothing was sent, and that says nothing of the endpoint: what leads there is known to be down, or
    /// there was no room. It counts as no attempt.
    NotBegun {
        /// For people: why.
        why: String,
        /// For how long it would be in vain again.
        pause: Duration,
    },
    /// It did not, and no attempt will: on to the dead-letter queue.
    Never {
        /// For people: what happened.
        why: String,
        /// The status, if there was an answer.
        status: Option<u16>,
    },
}

impl From<TurnedAway> for Outcome {
    fn from(TurnedAway { why, pause }: TurnedAway) -> Outcome {
        Outcome::NotBegun { why, pause }
    }
}

/// An attempt under way. Dropping it gives it up.
pub type Attempt<'a> = Pin<Box<dyn Future<Output = Outcome> + Send + 'a>>;

/// Makes attempts over one protocol.
pub trait Courier: Send + Sync {
    /// Makes one attempt, and needs a tokio runtime for it. It ends in bounded time, however the
    /// endpoint behaves, and holds little more than the parcel meanwhile. How many attempts run at
    /// once is the caller's business.
    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> Attempt<'a>;
}
