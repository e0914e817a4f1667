//! How many messages there must be, and that none is missing in the end.

use std::collections::BTreeMap;

use super::books::{Books, Life};
use super::message::may_be_superseded;
use crate::history::{History, Outcome, Purge};
use crate::name::Name;
use crate::queues::Queue;

/// Between how many and how many messages a queue must hold, its dead-letter queue included.
#[derive(Copy, Clone, PartialEq, Eq, Debug, Default)]
pub(crate) struct Bounds {
    pub(crate) min: u64,
    pub(crate) max: u64,
}

/// The bounds for the messages that were sent to each queue.
pub(crate) fn bounds(history: &History) -> BTreeMap<Queue, Bounds> {
    let books = Books::of(history);
    let mut all: BTreeMap<Queue, Bounds> = BTreeMap::new();
    for (name, life) in &books.lives {
        let queue = name.stream.queue;
        let bounds = all.entry(queue).or_default();
        let may_exist = life.may_exist_from().is_some();
        bounds.min += u64::from(life.is_known_to_exist() && !may_be_gone(&books, queue, life));
        bounds.max += u64::from(may_exist && !is_gone(&books, queue, life));
    }
    all
}

/// Every message that was acknowledged or received must be accounted for: deleted with its last
/// handle, or purged.
pub(super) fn check_nothing_is_missing(books: &Books<'_>, violations: &mut Vec<String>) {
    for (name, life) in &books.lives {
        if life.is_known_to_exist() && !may_be_gone(books, name.stream.queue, life) {
            violations.push(missing(books, *name, life));
        }
    }
}

fn missing(books: &Books<'_>, name: Name, life: &Life<'_>) -> String {
    let what = if life.receives.is_empty() { "never received" } else { "not to be found any more" };
    format!("{name} was acknowledged and is {what}{}", books.story(name))
}

/// Whether something may have removed the message that no later receive speaks against.
fn may_be_gone(books: &Books<'_>, queue: Queue, life: &Life<'_>) -> bool {
    let count = life.count();
    let mut deletes = life.deletes.iter().filter(|delete| delete.outcome.may_have_happened());
    let is_deleted = deletes.any(|delete| {
        delete.held.count == count
            && !life.receives.iter().any(|(receive, _)| delete.span.is_before(&receive.span))
    });
    is_deleted || purges(books, queue).any(|purge| may_be_purged(life, purge))
}

fn may_be_purged(life: &Life<'_>, purge: &Purge) -> bool {
    purge.outcome.may_have_happened()
        && !life.sends.iter().any(|send| purge.span.is_before(&send.span))
        && !life.receives.iter().any(|(receive, _)| purge.span.is_before(&receive.span))
}

/// Whether the message has gone for sure.
fn is_gone(books: &Books<'_>, queue: Queue, life: &Life<'_>) -> bool {
    let count = life.count();
    let is_deleted = life.deletes.iter().any(|delete| {
        delete.outcome == Outcome::Acknowledged(())
            && delete.held.count == count
            && (queue.is_fifo() || !may_be_superseded(books, life, delete))
    });
    let is_purged = purges(books, queue).any(|purge| {
        purge.outcome == Outcome::Acknowledged(())
            && life.sends.iter().all(|send| send.span.is_before(&purge.span))
    });
    is_deleted || is_purged
}

fn purges<'a>(books: &'a Books<'_>, queue: Queue) -> impl Iterator<Item = &'a Purge> {
    books.history.purges.iter().filter(move |purge| purge.queue == queue)
}
