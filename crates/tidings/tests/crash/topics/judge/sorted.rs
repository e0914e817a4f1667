//! The books, sorted by message.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::{Duration, Instant};

use super::wishes::Wishes;
use crate::history::{History, Outcome, Span};
use crate::topics::books::{Arrival, Deletion, Identity, Publish, Visit};
use crate::topics::name::Name;
use crate::topics::subscriber::Subscriber;

/// Everything that is known, by message.
pub(super) struct Sorted<'h> {
    pub(super) history: &'h History,
    pub(super) wishes: Wishes<'h>,
    pub(super) lives: BTreeMap<Name, Life<'h>>,
}

/// All that happened to one message.
#[derive(Default)]
pub(super) struct Life<'h> {
    /// One, or several of a message to a FIFO topic.
    pub(super) publishes: Vec<&'h Publish>,
    pub(super) fates: BTreeMap<Subscriber, Fate<'h>>,
}

/// What came of a message at one subscriber.
#[derive(Default)]
pub(super) struct Fate<'h> {
    pub(super) arrivals: Vec<&'h Arrival>,
    pub(super) deletions: Vec<&'h Deletion>,
    pub(super) visits: Vec<&'h Visit>,
}

impl<'h> Sorted<'h> {
    pub(super) fn of(history: &'h History) -> Self {
        let books = &history.topics;
        let mut lives: BTreeMap<Name, Life<'h>> = BTreeMap::new();
        for publish in &books.publishes {
            lives.entry(publish.name).or_default().publishes.push(publish);
        }
        for arrival in &books.arrivals {
            lives.entry(arrival.name).or_default().fate(arrival.subscriber).arrivals.push(arrival);
        }
        for deletion in &books.deletions {
            let fate = lives.entry(deletion.name).or_default().fate(deletion.subscriber);
            fate.deletions.push(deletion);
        }
        for visit in &books.visits {
            lives.entry(visit.name).or_default().fate(visit.subscriber).visits.push(visit);
        }
        Self { history, wishes: Wishes::of(books), lives }
    }

    /// All that is known of a message at a subscriber. Times are in milliseconds.
    pub(super) fn story(&self, name: Name, subscriber: Option<Subscriber>) -> String {
        let Some(life) = self.lives.get(&name) else { return String::new() };
        let mut lines: Vec<(Span, String)> = Vec::new();
        for publish in &life.publishes {
            lines.push((publish.span, format!("publish: {}", told(&publish.outcome))));
        }
        let fates = life.fates.iter();
        for (at, fate) in fates.filter(|(at, _)| subscriber.is_none_or(|only| only == **at)) {
            for arrival in &fate.arrivals {
                let (count, copy) = (arrival.count, &arrival.copy);
                lines.push((arrival.span, format!("{at:?} receives no. {count} of {copy:?}")));
            }
            for deletion in &fate.deletions {
                let outcome = told(&deletion.outcome);
                lines.push((deletion.span, format!("{at:?} deletes it: {outcome}")));
            }
            for visit in &fate.visits {
                let what = if visit.is_taken { "takes it" } else { "does not take it" };
                lines.push((visit.span, format!("{at:?} {what}")));
            }
        }
        let near = nearby(&lines);
        for change in subscriber.iter().flat_map(|only| self.wishes.changes(*only)) {
            let (wants, outcome) = (change.wants, told(&change.outcome));
            lines.push((change.span, format!("now wants {wants:?}: {outcome}")));
        }
        lines.extend(self.history.ends.iter().map(|end| (*end, "a server ends".into())));
        lines.retain(|(span, _)| !span.is_before(&near) && !near.is_before(span));
        lines.sort_by_key(|(span, _)| span.began);
        let began = self.history.topics.began();
        let ms = |at: Instant| at.saturating_duration_since(began).as_micros() as f64 / 1000.0;
        let mut story = String::new();
        for (span, line) in lines {
            let (from, to) = (ms(span.began), ms(span.ended));
            let _ = write!(story, "\n    {from:.3} to {to:.3}: {line}");
        }
        story
    }
}

/// The time of some events, and a little before and after.
fn nearby(lines: &[(Span, String)]) -> Span {
    let little = Duration::from_secs(1);
    let began = lines.iter().map(|(span, _)| span.began).min().unwrap_or_else(Instant::now);
    let ended = lines.iter().map(|(span, _)| span.ended).max().unwrap_or(began);
    Span { began: began - little, ended: ended + little }
}

impl<'h> Life<'h> {
    fn fate(&mut self, subscriber: Subscriber) -> &mut Fate<'h> {
        self.fates.entry(subscriber).or_default()
    }

    /// Whether the message was published for sure.
    pub(super) fn is_known_to_exist(&self) -> bool {
        let came = |fate: &Fate<'_>| !fate.arrivals.is_empty() || !fate.visits.is_empty();
        self.identity().is_some() || self.fates.values().any(came)
    }

    /// What the first acknowledged publish said of it.
    pub(super) fn identity(&self) -> Option<&'h Identity> {
        self.publishes.iter().find_map(|publish| publish.outcome.acknowledged())
    }

    /// When it was published, if it was.
    pub(super) fn published(&self) -> Option<Span> {
        let may = || self.publishes.iter().filter(|publish| publish.outcome.may_have_happened());
        let acknowledged = may().filter(|publish| publish.outcome.acknowledged().is_some());
        let began = may().map(|publish| publish.span.began).min()?;
        let first = acknowledged.map(|publish| publish.span.ended).min();
        let ended = first.or_else(|| may().map(|publish| publish.span.ended).max())?;
        Some(Span { began, ended })
    }
}

fn told<T>(outcome: &Outcome<T>) -> &'static str {
    match outcome {
        Outcome::Acknowledged(_) => "acknowledged",
        Outcome::Refused(_) => "refused",
        Outcome::Unknown => "unknown",
    }
}
