//! The books: what was asked of the server, and what is known of each request.
//!
//! A request is acknowledged, refused, or unknown, if the connection broke before the answer. The
//! books are kept by those who ask; they use nothing of the server's code.

use std::time::{Duration, Instant};

use crate::client::Refusal;
use crate::name::Name;
use crate::queues::Queue;
use crate::topics;

/// When a request was sent, and when its answer came or its connection broke. The server was at it
/// at some time in between.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Span {
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
}

impl Span {
    /// Whether this was over when the other began. If neither is before the other, the server may
    /// have taken them in either order.
    pub(crate) fn is_before(&self, other: &Self) -> bool {
        self.ended < other.began
    }
}

/// What is known of a request.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Outcome<T = ()> {
    Acknowledged(T),
    /// It changed nothing.
    Refused(Refusal),
    /// It happened wholly, or not at all.
    Unknown,
}

impl<T> Outcome<T> {
    pub(crate) fn acknowledged(&self) -> Option<&T> {
        match self {
            Self::Acknowledged(value) => Some(value),
            Self::Refused(_) | Self::Unknown => None,
        }
    }

    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Acknowledged(_) | Self::Unknown => None,
        }
    }

    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> Outcome<U> {
        match self {
            Self::Acknowledged(value) => Outcome::Acknowledged(f(value)),
            Self::Refused(refusal) => Outcome::Refused(refusal),
            Self::Unknown => Outcome::Unknown,
        }
    }

    /// Whether it may have been carried out, as far as is known.
    pub(crate) fn may_have_happened(&self) -> bool {
        !matches!(self, Self::Refused(_))
    }
}

/// What the server says of a message that it took or handed out.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Identity {
    pub(crate) message_id: String,
    /// MD5OfMessageBody or MD5OfBody.
    pub(crate) body_md5: String,
    /// Only of FIFO queues.
    pub(crate) sequence_number: Option<u128>,
}

#[derive(Clone, Debug)]
pub(crate) struct Send {
    pub(crate) span: Span,
    pub(crate) name: Name,
    pub(crate) outcome: Outcome<Identity>,
}

/// A message that was handed out.
#[derive(Clone, Debug)]
pub(crate) struct Handed {
    pub(crate) name: Name,
    pub(crate) identity: Identity,
    /// ApproximateReceiveCount.
    pub(crate) count: u32,
}

#[derive(Clone, Debug)]
pub(crate) struct Receive {
    pub(crate) span: Span,
    pub(crate) queue: Queue,
    pub(crate) visibility_timeout: Duration,
    /// In the order of the answer.
    pub(crate) handed: Vec<Handed>,
}

/// A receive whose answer never came. It may have handed out any messages.
#[derive(Clone, Debug)]
pub(crate) struct LostReceive {
    pub(crate) span: Span,
    pub(crate) queue: Queue,
}

/// One handle by which something was done: it is known by the message and the receive count.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Held {
    pub(crate) queue: Queue,
    pub(crate) name: Name,
    pub(crate) count: u32,
}

impl Held {
    /// Whether the message goes to a dead-letter queue, at any time now, and nobody could say
    /// whether a delete was before or after. So nobody here deletes it before it is there.
    pub(crate) fn is_to_move(&self) -> bool {
        self.queue.redrive().is_some_and(|redrive| self.count >= redrive.max_receive_count)
    }
}

#[derive(Clone, Debug)]
pub(crate) struct Delete {
    pub(crate) span: Span,
    pub(crate) held: Held,
    pub(crate) outcome: Outcome,
}

/// A change of visibility.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) span: Span,
    pub(crate) held: Held,
    pub(crate) visibility_timeout: Duration,
    pub(crate) outcome: Outcome,
}

#[derive(Clone, Debug)]
pub(crate) struct Purge {
    pub(crate) span: Span,
    pub(crate) queue: Queue,
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Default)]
pub(crate) struct History {
    pub(crate) sends: Vec<Send>,
    pub(crate) receives: Vec<Receive>,
    pub(crate) lost_receives: Vec<LostReceive>,
    pub(crate) deletes: Vec<Delete>,
    pub(crate) changes: Vec<Change>,
    pub(crate) purges: Vec<Purge>,
    /// When servers were ended, in whatever way.
    pub(crate) ends: Vec<Span>,
    /// What was published, and what became of it.
    pub(crate) topics: topics::Books,
    /// What was seen to be wrong on the spot.
    pub(crate) violations: Vec<String>,
    /// Requests, with or without an answer.
    pub(crate) requests: u64,
    /// Move tasks that were started.
    pub(crate) move_tasks: u64,
}

impl History {
    /// Takes over what another one has written down.
    pub(crate) fn absorb(&mut self, mut other: Self) {
        self.sends.append(&mut other.sends);
        self.receives.append(&mut other.receives);
        self.lost_receives.append(&mut other.lost_receives);
        self.deletes.append(&mut other.deletes);
        self.changes.append(&mut other.changes);
        self.purges.append(&mut other.purges);
        self.ends.append(&mut other.ends);
        self.topics.absorb(other.topics);
        self.violations.append(&mut other.violations);
        self.requests += other.requests;
        self.move_tasks += other.move_tasks;
    }

    /// How many messages were handed out by the queues that satisfy a condition.
    pub(crate) fn handed_out(&self, queues: impl Fn(Queue) -> bool) -> usize {
        let receives = self.receives.iter().filter(|receive| queues(receive.queue));
        receives.map(|receive| receive.handed.len()).sum()
    }
}
