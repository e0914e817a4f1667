//! What comes of an attempt to push a message.

use std::time::{Duration, SystemTime};

use super::PushPlatform;
use super::access_tokens::TokenFailure;
use super::link::Failure;
use crate::TurnedAway;

/// What a push service made of a message.
///
/// Delivery is at least once: after [`PushOutcome::TryLater`] the service may have the message. The
/// texts hold no credentials and no device tokens.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum PushOutcome {
    /// The service took it. Whether the device gets it, nobody learns.
    Delivered {
        /// The status that it answered with.
        status: u16,
        /// The beginning of its answer: `providerResponse` of a delivery log.
        detail: String,
    },
    /// The service took it, and says that the app has another token by now: the endpoint's `Token`
    /// is to become that.
    TokenReplaced {
        /// The new token.
        token: String,
        /// The status that it answered with.
        status: u16,
        /// As in [`PushOutcome::Delivered`].
        detail: String,
    },
    /// It did not, and another attempt may succeed.
    TryLater {
        /// For people: what happened.
        why: String,
        /// The status, if there was an answer.
        status: Option<u16>,
        /// How long it wants to be left alone, if it said so.
        after: Option<Duration>,
    },
    /// Nothing was sent, and that says nothing of the message or the endpoint: the service is known to
    /// be down, or there was no room. It counts as no attempt.
    NotBegun {
        /// For people: why.
        why: String,
        /// For how long it would be in vain again.
        pause: Duration,
    },
    /// It did not, and no attempt will.
    Never {
        /// For people: what happened.
        why: String,
        /// The status, if there was an answer.
        status: Option<u16>,
    },
    /// It did not, for the token leads nowhere: the endpoint's `Enabled` is to become false, and the
    /// message is given up.
    EndpointDisabled {
        /// For people: what happened.
        why: String,
        /// The status.
        status: Option<u16>,
        /// Since when it leads nowhere, if the service says so: an endpoint that got the token later
        /// stays enabled.
        since: Option<SystemTime>,
    },
    /// It did not, for it does not accept the application's credentials. That is nobody's fault but
    /// the application's: the endpoint stays enabled, and another attempt succeeds once the
    /// credentials are mended.
    CredentialsRefused {
        /// For people: what happened, and what to set.
        why: String,
        /// The status, if there was an answer.
        status: Option<u16>,
    },
}

impl PushOutcome {
    /// Of a message for a service that is no more.
    pub(super) fn undeliverable(platform: PushPlatform) -> PushOutcome {
        let why = format!("nothing can be delivered to {platform}: it is a service of the past");
        PushOutcome::Never { why, status: None }
    }

    /// Of a message whose time is over.
    pub(super) fn expired() -> PushOutcome {
        let why = "its time to live (TTL) was over before it could be sent".to_owned();
        PushOutcome::Never { why, status: None }
    }

    pub(super) fn not_signed() -> PushOutcome {
        let why = "the request could not be signed".to_owned();
        PushOutcome::TryLater { why, status: None, after: None }
    }

    pub(super) fn turned_away(TurnedAway { why, pause }: TurnedAway) -> PushOutcome {
        PushOutcome::NotBegun { why, pause }
    }

    pub(super) fn unanswered(failure: Failure) -> PushOutcome {
        match failure {
            Failure::TurnedAway(turned_away) => PushOutcome::turned_away(turned_away),
            Failure::Unreachable(why) | Failure::Lost(why) => {
                PushOutcome::TryLater { why, status: None, after: None }
            }
            Failure::Alert(why) | Failure::Guarded(why) => {
                PushOutcome::CredentialsRefused { why, status: None }
            }
            Failure::Unsayable(why) => {
                PushOutcome::Never { why: format!("it cannot be sent: {why}"), status: None }
            }
        }
    }

    pub(super) fn without_token(failure: TokenFailure) -> PushOutcome {
        match failure {
            TokenFailure::Refused { why, status } => {
                PushOutcome::CredentialsRefused { why, status }
            }
            TokenFailure::TurnedAway(turned_away) => PushOutcome::turned_away(turned_away),
            TokenFailure::NotNow { why, status, after } => {
                PushOutcome::TryLater { why, status, after }
            }
        }
    }
}
