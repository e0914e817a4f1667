//! What was published, what came of it, and who had subscribed to what.

use std::collections::BTreeSet;
use std::time::Instant;

use super::filter::Filter;
use super::name::Name;
use super::subscriber::Subscriber;
use crate::history::{Outcome, Span};

/// What the server says of a message that it took or gives.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Identity {
    pub(crate) message_id: String,
    /// Only of FIFO topics.
    pub(crate) sequence_number: Option<u128>,
}

#[derive(Clone, Debug)]
pub(crate) struct Publish {
    pub(crate) span: Span,
    pub(crate) name: Name,
    pub(crate) outcome: Outcome<Identity>,
}

/// A message that was received from an inbox.
#[derive(Clone, Debug)]
pub(crate) struct Arrival {
    pub(crate) span: Span,
    pub(crate) subscriber: Subscriber,
    pub(crate) name: Name,
    /// What the inbox says of it: two copies are two messages there.
    pub(crate) copy: Identity,
    /// ApproximateReceiveCount.
    pub(crate) count: u32,
    /// What its envelope says of the published message, if it has one.
    pub(crate) published: Option<Identity>,
}

/// A message is deleted from an inbox, by whoever received it last.
#[derive(Clone, Debug)]
pub(crate) struct Deletion {
    pub(crate) span: Span,
    pub(crate) subscriber: Subscriber,
    pub(crate) name: Name,
    pub(crate) outcome: Outcome,
}

/// A message that was brought to a web endpoint.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    /// Until the answer was written, or was given up.
    pub(crate) span: Span,
    pub(crate) subscriber: Subscriber,
    pub(crate) name: Name,
    pub(crate) message_id: String,
    /// Whether the endpoint answered that it has it.
    pub(crate) is_taken: bool,
}

/// A subscription is made, ended, or gets another filter. Those of one subscriber follow one
/// another.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) span: Span,
    pub(crate) subscriber: Subscriber,
    /// What it wants from then on, if anything.
    pub(crate) wants: Option<Filter>,
    pub(crate) outcome: Outcome,
}

#[derive(Debug, Default)]
pub(crate) struct Books {
    pub(crate) publishes: Vec<Publish>,
    /// Those from one inbox are in the order in which they came.
    pub(crate) arrivals: Vec<Arrival>,
    pub(crate) deletions: Vec<Deletion>,
    pub(crate) visits: Vec<Visit>,
    pub(crate) changes: Vec<Change>,
    /// The certificates that signatures name.
    pub(crate) certificates: BTreeSet<String>,
}

impl Books {
    /// Takes over what another one has written down.
    pub(crate) fn absorb(&mut self, mut other: Self) {
        self.publishes.append(&mut other.publishes);
        self.arrivals.append(&mut other.arrivals);
        self.deletions.append(&mut other.deletions);
        self.visits.append(&mut other.visits);
        self.changes.append(&mut other.changes);
        self.certificates.append(&mut other.certificates);
    }

    pub(crate) fn began(&self) -> Instant {
        let began = self.publishes.iter().map(|publish| publish.span.began).min();
        began.unwrap_or_else(Instant::now)
    }

    pub(crate) fn summary(&self) -> String {
        let acknowledged =
            self.publishes.iter().filter(|publish| publish.outcome.acknowledged().is_some());
        let unknown = self.publishes.iter().filter(|publish| publish.outcome == Outcome::Unknown);
        let taken = self.visits.iter().filter(|visit| visit.is_taken);
        format!(
            "{} publishes ({} acknowledged, {} unknown), {} arrivals in queues, \
             {} visits to endpoints ({} taken), {} changes of subscriptions",
            self.publishes.len(),
            acknowledged.count(),
            unknown.count(),
            self.arrivals.len(),
            self.visits.len(),
            taken.count(),
            self.changes.len(),
        )
    }
}
