//! A part of a message on its way to the gateway.

use bytes::Bytes;
use tokio::sync::oneshot;

use super::accepted::PartKey;
use super::status::Status;

/// A part that is to be sent, and who waits for what comes of it.
pub(super) struct Submission {
    /// The body of the `submit_sm`.
    pub(super) body: Bytes,
    pub(super) part: PartKey,
    /// Closed if nobody waits any more: then it is not sent. Dropped unanswered if it was not sent
    /// because the session ended.
    pub(super) answer: oneshot::Sender<Answer>,
}

/// What came of a part that was sent.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    /// The gateway has it, and calls it so.
    Accepted(String),
    /// The gateway does not want it.
    Refused(Status),
    /// There was no answer, and why: the gateway may have it.
    Unanswered(String),
}
