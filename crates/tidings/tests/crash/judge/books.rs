//! The books, sorted by message.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Instant;

use crate::history::{
    Change, Delete, Handed, History, Identity, LostReceive, Outcome, Receive, Send, Span,
};
use crate::name::Name;
use crate::queues::Queue;

/// Everything that is known, by message.
pub(super) struct Books<'h> {
    pub(super) history: &'h History,
    pub(super) lives: BTreeMap<Name, Life<'h>>,
    began: Instant,
}

/// All that happened to one message.
#[derive(Default)]
pub(super) struct Life<'h> {
    /// One, or several of a FIFO queue's message.
    pub(super) sends: Vec<&'h Send>,
    pub(super) receives: Vec<(&'h Receive, &'h Handed)>,
    pub(super) deletes: Vec<&'h Delete>,
    pub(super) changes: Vec<&'h Change>,
}

impl<'h> Books<'h> {
    pub(super) fn of(history: &'h History) -> Self {
        let mut lives: BTreeMap<Name, Life<'h>> = BTreeMap::new();
        for send in &history.sends {
            lives.entry(send.name).or_default().sends.push(send);
        }
        for receive in &history.receives {
            for handed in &receive.handed {
                lives.entry(handed.name).or_default().receives.push((receive, handed));
            }
        }
        for delete in &history.deletes {
            lives.entry(delete.held.name).or_default().deletes.push(delete);
        }
        for change in &history.changes {
            lives.entry(change.held.name).or_default().changes.push(change);
        }
        let began = history.sends.iter().map(|send| send.span.began).min();
        Self { history, lives, began: began.unwrap_or_else(Instant::now) }
    }

    /// Receives from a queue that nobody knows the answers of.
    pub(super) fn lost_receives(&self, queue: Queue) -> impl Iterator<Item = &'h LostReceive> {
        self.history.lost_receives.iter().filter(move |receive| receive.queue == queue)
    }

    /// All that is known of a message, to understand what went wrong. Times are in milliseconds.
    pub(super) fn story(&self, name: Name) -> String {
        let Some(life) = self.lives.get(&name) else { return String::new() };
        let mut lines: Vec<(Span, String)> = Vec::new();
        lines.extend(life.sends.iter().map(|s| (s.span, format!("send: {}", told(&s.outcome)))));
        lines.extend(life.receives.iter().map(|(receive, handed)| {
            let (queue, count) = (receive.queue, handed.count);
            (receive.span, format!("received from {queue:?} for the time no. {count}"))
        }));
        lines.extend(life.deletes.iter().map(|delete| {
            let (count, outcome) = (delete.held.count, told(&delete.outcome));
            (delete.span, format!("delete with the handle of no. {count}: {outcome}"))
        }));
        lines.extend(life.changes.iter().map(|change| {
            let (count, outcome) = (change.held.count, told(&change.outcome));
            let to = change.visibility_timeout;
            (change.span, format!("change to {to:?} with the handle of no. {count}: {outcome}"))
        }));
        lines.sort_by_key(|(span, _)| span.began);
        let ms = |at: Instant| at.duration_since(self.began).as_micros() as f64 / 1000.0;
        lines.iter().fold(String::new(), |mut story, (span, line)| {
            let (from, to) = (ms(span.began), ms(span.ended));
            let _ = write!(story, "\n    {from:.3} to {to:.3}: {line}");
            story
        })
    }
}

impl Life<'_> {
    /// Whether the message is, or was, in the queue for sure.
    pub(super) fn is_known_to_exist(&self) -> bool {
        self.identity().is_some() || !self.receives.is_empty()
    }

    /// What the first acknowledged send said of it.
    pub(super) fn identity(&self) -> Option<&Identity> {
        self.sends.iter().find_map(|send| send.outcome.acknowledged())
    }

    /// When it may have come into the queue at the earliest.
    pub(super) fn may_exist_from(&self) -> Option<Instant> {
        let sends = self.sends.iter().filter(|send| send.outcome.may_have_happened());
        sends.map(|send| send.span.began).min()
    }

    /// The highest receive count that was seen.
    pub(super) fn count(&self) -> u32 {
        self.receives.iter().map(|(_, handed)| handed.count).max().unwrap_or(0)
    }
}

fn told<T>(outcome: &Outcome<T>) -> &'static str {
    match outcome {
        Outcome::Acknowledged(_) => "acknowledged",
        Outcome::Refused(_) => "refused",
        Outcome::Unknown => "unknown",
    }
}
