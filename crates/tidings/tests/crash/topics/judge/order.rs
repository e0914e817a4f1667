//! What must hold for the messages of a FIFO group together.

use std::collections::{BTreeMap, BTreeSet};

use super::sorted::Sorted;
use crate::topics::name::Stream;
use crate::topics::subscriber::Subscriber;

pub(super) fn check_all(sorted: &Sorted<'_>, violations: &mut Vec<String>) {
    queues_keep_order(sorted, violations);
    sequence_numbers_grow(sorted, violations);
}

/// What comes for the first time comes in the order in which it was published. It has to come in
/// the end: so nothing can be passed over.
fn queues_keep_order(sorted: &Sorted<'_>, violations: &mut Vec<String>) {
    let mut seen: BTreeMap<(Subscriber, Stream), BTreeSet<u32>> = BTreeMap::new();
    let arrivals = sorted.history.topics.arrivals.iter();
    for arrival in arrivals.filter(|arrival| arrival.subscriber.has_fifo_inbox()) {
        let (subscriber, name) = (arrival.subscriber, arrival.name);
        let seen = seen.entry((subscriber, name.stream)).or_default();
        let is_late = seen.last().is_some_and(|last| *last > name.number);
        if seen.insert(name.number) && is_late {
            let story = sorted.story(name, Some(subscriber));
            violations.push(format!(
                "{name} came to {subscriber:?} after later ones of its group{story}"
            ));
        }
    }
}

fn sequence_numbers_grow(sorted: &Sorted<'_>, violations: &mut Vec<String>) {
    let mut last: BTreeMap<Stream, u128> = BTreeMap::new();
    for (name, life) in sorted.lives.iter().filter(|(name, _)| name.stream.topic.is_fifo()) {
        let Some(identity) = life.identity() else { continue };
        let Some(number) = identity.sequence_number else {
            violations.push(format!("{name} was published to a FIFO topic without number"));
            continue;
        };
        if last.insert(name.stream, number).is_some_and(|before| before >= number) {
            violations.push(format!("{name} has no greater sequence number than the one before"));
        }
    }
}
