//! Who wanted what, and when.

use std::collections::BTreeMap;

use crate::history::Span;
use crate::topics::books::{Books, Change};
use crate::topics::filter::Filter;
use crate::topics::name::Name;
use crate::topics::subscriber::Subscriber;

/// The changes of each subscription, in their order.
pub(super) struct Wishes<'b>(BTreeMap<Subscriber, Vec<&'b Change>>);

/// Whether a message goes to a subscriber.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Wish {
    Wanted,
    Unwanted,
    /// It was published while that changed.
    Either,
}

impl<'b> Wishes<'b> {
    pub(super) fn of(books: &'b Books) -> Self {
        let mut changes: BTreeMap<Subscriber, Vec<&Change>> = BTreeMap::new();
        for change in &books.changes {
            changes.entry(change.subscriber).or_default().push(change);
        }
        for changes in changes.values_mut() {
            changes.sort_by_key(|change| change.span.began);
        }
        Self(changes)
    }

    pub(super) fn changes(&self, subscriber: Subscriber) -> &[&'b Change] {
        self.0.get(&subscriber).map_or(&[], Vec::as_slice)
    }

    /// Whether a subscriber wanted a message that was published at some time in a span.
    pub(super) fn wish(&self, subscriber: Subscriber, name: Name, published: Span) -> Wish {
        if subscriber.topic() != name.stream.topic {
            return Wish::Unwanted;
        }
        let possible = self.possible(subscriber, published);
        let mut matches =
            possible.into_iter().map(|wants| wants.is_some_and(|filter| filter.matches(name)));
        let first = matches.next().expect("something was the case");
        match (first, matches.all(|other| other == first)) {
            (true, true) => Wish::Wanted,
            (false, true) => Wish::Unwanted,
            (_, false) => Wish::Either,
        }
    }

    /// All that a subscriber may have wanted at some time in a span.
    fn possible(&self, subscriber: Subscriber, at: Span) -> Vec<Option<Filter>> {
        let changes = self.changes(subscriber);
        let begun = changes.partition_point(|change| change.span.began <= at.ended);
        let mut possible = Vec::new();
        for change in changes[..begun].iter().rev() {
            if change.outcome.may_have_happened() {
                possible.push(change.wants);
            }
            if change.outcome.acknowledged().is_some() && change.span.is_before(&at) {
                return possible;
            }
        }
        // Nobody has subscribed at first.
        possible.push(None);
        possible
    }
}
