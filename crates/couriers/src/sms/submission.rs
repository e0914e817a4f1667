//! A part of a message on its way to the gateway.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering::SeqCst;

use bytes::Bytes;
use tokio::sync::oneshot;

use super::accepted::PartKey;
use super::status::Status;

/// A part that is to be sent, and who waits for what comes of it.
pub(super) struct Submission {
    /// The body of the `submit_sm`.
    pub(super) body: Bytes,
    pub(super) part: PartKey,
    /// Where it is counted once it is sent.
    pub(super) sent: SentParts,
    /// Closed if nobody waits any more: then it is not sent. Dropped unanswered if it was not sent
    /// because the session ended.
    pub(super) answer: oneshot::Sender<Answer>,
}

/// Parts of an attempt that the gateway has or may have: it may want money for them.
#[derive(Clone, Default)]
pub(super) struct SentParts(Arc<AtomicUsize>);

impl SentParts {
    pub(super) fn count(&self) -> usize {
        self.0.load(SeqCst)
    }

    /// One is about to be sent.
    pub(super) fn add(&self) {
        self.0.fetch_add(1, SeqCst);
    }

    /// One of them was not sent, or was refused.
    pub(super) fn take_back(&self) {
        self.0.fetch_sub(1, SeqCst);
    }
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
