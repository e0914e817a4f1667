//! What must hold for each message by itself.

use super::sorted::{Fate, Life, Sorted};
use super::wishes::Wish;
use crate::topics::books::Identity;
use crate::topics::name::Name;
use crate::topics::subscriber::Subscriber;

pub(super) fn check_all(sorted: &Sorted<'_>, violations: &mut Vec<String>) {
    for (name, life) in &sorted.lives {
        if let Some(violation) = same_identity(life) {
            violations.push(format!("{name} {violation}{}", sorted.story(*name, None)));
        }
        for (subscriber, fate) in &life.fates {
            let checks = [
                published_before(life, fate),
                wanted(sorted, *name, life, *subscriber),
                one_copy(fate),
                counts_grow(fate),
                deleted_for_good(fate),
                taken_for_good(sorted, fate),
            ];
            for violation in checks.into_iter().flatten() {
                let story = sorted.story(*name, Some(*subscriber));
                violations.push(format!("{name} {violation}, at {subscriber:?}{story}"));
            }
        }
    }
}

/// What was published for sure, and has not come to someone who wants it.
pub(super) fn missing(sorted: &Sorted<'_>) -> Vec<String> {
    let mut missing = Vec::new();
    for (name, life) in sorted.lives.iter().filter(|(_, life)| life.is_known_to_exist()) {
        let Some(published) = life.published() else { continue };
        let subscribers = Subscriber::ALL.into_iter();
        for subscriber in subscribers.filter(|all| all.topic() == name.stream.topic) {
            let is_wanted = sorted.wishes.wish(subscriber, *name, published) == Wish::Wanted;
            if is_wanted && !life.fates.get(&subscriber).is_some_and(has_come) {
                let what = match life.identity() {
                    Some(_) => "was acknowledged and never came",
                    None => "came to others and never came",
                };
                let story = sorted.story(*name, Some(subscriber));
                missing.push(format!("{name} {what} to {subscriber:?}{story}"));
            }
        }
    }
    missing
}

fn has_come(fate: &Fate<'_>) -> bool {
    !fate.arrivals.is_empty() || fate.visits.iter().any(|visit| visit.is_taken)
}

/// One message has one id, however often it was published, and wherever it comes.
fn same_identity(life: &Life<'_>) -> Option<String> {
    let told = life.publishes.iter().filter_map(|publish| publish.outcome.acknowledged());
    let fates = || life.fates.values();
    let read = fates().flat_map(|fate| &fate.arrivals).filter_map(|a| a.published.as_ref());
    let known: Vec<&Identity> = told.chain(read).collect();
    let visits = fates().flat_map(|fate| &fate.visits).map(|visit| &visit.message_id);
    let ids: Vec<&String> = known.iter().map(|known| &known.message_id).chain(visits).collect();
    let is_two =
        known.windows(2).any(|two| two[0] != two[1]) || ids.windows(2).any(|two| two[0] != two[1]);
    is_two.then(|| format!("is two messages: {known:?}, {ids:?}"))
}

fn published_before(life: &Life<'_>, fate: &Fate<'_>) -> Option<String> {
    let from = life.published().map(|span| span.began);
    let ends = fate.arrivals.iter().map(|arrival| arrival.span.ended);
    let first = ends.chain(fate.visits.iter().map(|visit| visit.span.ended)).min()?;
    let is_early = from.is_none_or(|from| first < from);
    is_early.then(|| "came and was never published".into())
}

fn wanted(
    sorted: &Sorted<'_>,
    name: Name,
    life: &Life<'_>,
    subscriber: Subscriber,
) -> Option<String> {
    let wish = sorted.wishes.wish(subscriber, name, life.published()?);
    (wish == Wish::Unwanted).then(|| "came and was not wanted".into())
}

/// A subscriber gets one message, not two with the same content.
fn one_copy(fate: &Fate<'_>) -> Option<String> {
    let mut pairs = fate.arrivals.windows(2);
    let two = pairs.find(|pair| pair[0].copy != pair[1].copy)?;
    Some(format!("is there twice: {:?} and {:?}", two[0].copy, two[1].copy))
}

/// One message is not received twice for the first time. Those of one inbox are in their order.
fn counts_grow(fate: &Fate<'_>) -> Option<String> {
    let mut pairs = fate.arrivals.windows(2);
    let two = pairs.find(|pair| pair[0].count >= pair[1].count)?;
    Some(format!("has counts that do not grow: {} and {}", two[0].count, two[1].count))
}

/// Only one person receives from an inbox and deletes from it: always by the latest handle.
fn deleted_for_good(fate: &Fate<'_>) -> Option<String> {
    let acknowledged = fate.deletions.iter().filter(|d| d.outcome.acknowledged().is_some());
    let came_back = acknowledged
        .flat_map(|deletion| fate.arrivals.iter().map(move |arrival| (deletion, arrival)))
        .any(|(deletion, arrival)| deletion.span.is_before(&arrival.span));
    came_back.then(|| "was deleted and came back".into())
}

/// What a web endpoint has taken is brought again only if the server went before it could write
/// that down.
fn taken_for_good(sorted: &Sorted<'_>, fate: &Fate<'_>) -> Option<String> {
    let ends = &sorted.history.ends;
    for taken in fate.visits.iter().filter(|visit| visit.is_taken) {
        for later in fate.visits.iter().filter(|visit| taken.span.is_before(&visit.span)) {
            let (from, to) = (taken.span.began, later.span.began);
            if !ends.iter().any(|end| end.ended >= from && end.began <= to) {
                return Some("was taken and came again though no server went".into());
            }
        }
    }
    None
}
