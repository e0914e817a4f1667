//! What must hold for each message by itself.

use std::time::Duration;

use super::books::{Books, Life};
use crate::history::{Delete, Handed, Identity, Receive};
use crate::name::Name;
use crate::queues::Queue;

/// How far the server's clock may be from ours when it measures a few seconds.
pub(super) const SLACK: Duration = Duration::from_secs(1);

pub(super) fn check_all(books: &Books<'_>, violations: &mut Vec<String>) {
    for (name, life) in &books.lives {
        let checks = [
            sent_before_received(life),
            same_identity(*name, life),
            counts_grow(life),
            deleted_for_good(books, life),
            purged_for_good(books, life),
            dead_letters_stay(*name, life),
            handles_hold(life),
        ];
        for violation in checks.into_iter().flatten() {
            violations.push(format!("{name} {violation}{}", books.story(*name)));
        }
    }
}

fn sent_before_received(life: &Life<'_>) -> Option<String> {
    let from = life.may_exist_from();
    let is_early =
        |(receive, _): &&(&Receive, &Handed)| from.is_none_or(|from| receive.span.ended < from);
    life.receives.iter().find(is_early).map(|_| "was received and never sent".into())
}

/// One message has one id, however often it was sent, and wherever it is received. A dead-letter
/// queue gives sequence numbers of its own.
fn same_identity(name: Name, life: &Life<'_>) -> Option<String> {
    let sent = life.sends.iter().filter_map(|send| send.outcome.acknowledged());
    let sent = sent.map(|identity| (name.stream.queue, identity));
    let received = life.receives.iter().map(|(receive, h)| (receive.queue, &h.identity));
    let known: Vec<(Queue, &Identity)> = sent.chain(received).collect();
    let (_, first) = known.first()?;
    let is_other = |(_, other): &&(Queue, &Identity)| {
        (&other.message_id, &other.body_md5) != (&first.message_id, &first.body_md5)
    };
    let other = known.iter().find(is_other).map(|(_, other)| *other);
    let numbered = |queue| known.iter().filter(move |(at, _)| *at == queue).map(|(_, i)| *i);
    let renumbered =
        [name.stream.queue].into_iter().chain(redrive_target(name)).find_map(|queue| {
            let first = numbered(queue).next()?;
            numbered(queue).find(|other| other.sequence_number != first.sequence_number)
        });
    other.or(renumbered).map(|other| format!("is two messages: {first:?} and {other:?}"))
}

fn redrive_target(name: Name) -> Option<Queue> {
    name.stream.queue.redrive().map(|redrive| redrive.target)
}

/// No two receives have the same count, and a later one has the greater count.
fn counts_grow(life: &Life<'_>) -> Option<String> {
    let receives = &life.receives;
    for (at, (receive, handed)) in receives.iter().enumerate() {
        for (other, other_handed) in &receives[at + 1..] {
            let (a, b) = (handed.count, other_handed.count);
            let fell = (receive.span.is_before(&other.span) && a >= b)
                || (other.span.is_before(&receive.span) && b >= a);
            if fell || a == b {
                return Some(format!("has receive counts that do not grow: {a} and {b}"));
            }
        }
    }
    None
}

fn deleted_for_good(books: &Books<'_>, life: &Life<'_>) -> Option<String> {
    let acknowledged = life.deletes.iter().filter(|delete| delete.outcome.acknowledged().is_some());
    let mut refuted = acknowledged.filter(|delete| is_refuted(books, life, delete));
    refuted.next().map(|_| "was deleted and came back".into())
}

/// Whether the message was received after an acknowledged delete that must have deleted it.
///
/// In a standard queue a delete with an older handle is acknowledged and does nothing. A handle
/// was the latest when it was used, unless someone had received the message again by then: someone
/// whom we know by the next receive count, or someone whose answer was lost.
fn is_refuted(books: &Books<'_>, life: &Life<'_>, delete: &Delete) -> bool {
    let came_back = life.receives.iter().any(|(receive, _)| delete.span.is_before(&receive.span));
    if !came_back || delete.held.queue.is_fifo() {
        return came_back;
    }
    let later = life.receives.iter().filter(|(_, handed)| handed.count > delete.held.count);
    let Some((next, handed)) = later.min_by_key(|(_, handed)| handed.count) else { return true };
    if !delete.span.is_before(&next.span) {
        return false;
    }
    handed.count == delete.held.count + 1 || !may_be_superseded(books, life, delete)
}

/// Whether someone whose answer was lost may have received the message between the receive that
/// the delete rests on and the delete.
pub(super) fn may_be_superseded(books: &Books<'_>, life: &Life<'_>, delete: &Delete) -> bool {
    let held = delete.held;
    let rests_on = life.receives.iter().find(|(_, handed)| handed.count == held.count);
    let from = rests_on.map(|(receive, _)| receive.span.began);
    books.lost_receives(held.queue).any(|lost| {
        lost.span.began < delete.span.ended && from.is_none_or(|from| lost.span.ended > from)
    })
}

fn purged_for_good(books: &Books<'_>, life: &Life<'_>) -> Option<String> {
    let purges = books.history.purges.iter().filter(|purge| purge.outcome.acknowledged().is_some());
    let came_back = |(receive, _): &(&Receive, &Handed)| {
        purges.clone().any(|purge| {
            purge.queue == receive.queue
                && purge.span.is_before(&receive.span)
                && life.sends.iter().all(|send| send.span.is_before(&purge.span))
        })
    };
    life.receives.iter().any(came_back).then(|| "was purged and came back".into())
}

/// What was received often enough goes to the dead-letter queue, and only that; and it stays there.
fn dead_letters_stay(name: Name, life: &Life<'_>) -> Option<String> {
    let redrive = name.stream.queue.redrive()?;
    for (receive, handed) in &life.receives {
        let is_dead = receive.queue == redrive.target;
        if is_dead != (handed.count > redrive.max_receive_count) {
            let (queue, count) = (receive.queue, handed.count);
            return Some(format!("was received from {queue:?} for the time no. {count}"));
        }
        let returned = |(other, _): &(&Receive, &Handed)| {
            is_dead && other.queue != redrive.target && receive.span.is_before(&other.span)
        };
        if life.receives.iter().any(returned) {
            return Some("came back from the dead-letter queue".into());
        }
    }
    None
}

/// A FIFO queue may not call a handle expired before its time. Nothing here ends a receive's
/// visibility timeout early but a change of visibility.
fn handles_hold(life: &Life<'_>) -> Option<String> {
    for delete in &life.deletes {
        let is_expired = delete.outcome.refusal().is_some_and(|refusal| !refusal.is_unavailable());
        let rests_on = |(_, handed): &&(&Receive, &Handed)| handed.count == delete.held.count;
        let Some((receive, _)) = life.receives.iter().find(rests_on).filter(|_| is_expired) else {
            continue;
        };
        let is_changed = life.changes.iter().any(|change| {
            change.held.count == delete.held.count && change.span.began < delete.span.ended
        });
        if !is_changed
            && delete.span.ended + SLACK < receive.span.began + receive.visibility_timeout
        {
            return Some("could not be deleted with a handle that held".into());
        }
    }
    None
}
