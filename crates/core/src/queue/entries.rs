//! The index of a queue's messages: an entry for each, in pages, and how old each page may be.

use std::collections::{BTreeMap, BTreeSet};

use super::entry::Entry;
use crate::codec::Writer;
use crate::pages::{PackedPage, Pages};
use crate::time::Timestamp;

/// Entries by key.
#[derive(Default)]
pub(crate) struct Entries {
    pages: Pages<Entry>,
    /// For each page an instant before which nothing in it was enqueued.
    since: BTreeMap<u64, Timestamp>,
    /// The same, by age.
    by_age: BTreeSet<(Timestamp, u64)>,
    /// The page that was added to last, and its instant: the next entry mostly goes there too.
    added_to: Option<(u64, Timestamp)>,
}

/// Pages that one search for old entries looks at.
const SEARCHED_PAGES_MAX: usize = 256;

impl Entries {
    pub(crate) fn len(&self) -> u64 {
        self.pages.len()
    }

    pub(crate) fn get(&self, key: u64) -> Option<Entry> {
        self.pages.get(key)
    }

    /// Changes an entry, but not when it was enqueued. `None` if there is none.
    pub(crate) fn update<R>(
        &mut self,
        key: u64,
        change: impl FnOnce(&mut Entry) -> R,
    ) -> Option<R> {
        self.pages.update(key, change)
    }

    /// Adds an entry. The key must be new.
    pub(crate) fn insert(&mut self, key: u64, entry: Entry) {
        self.pages.insert(key, entry);
        self.is_since(Pages::<Entry>::page_of(key), entry.enqueued_at);
    }

    pub(crate) fn remove(&mut self, key: u64) -> Option<Entry> {
        let removed = self.pages.remove(key)?;
        let page = Pages::<Entry>::page_of(key);
        if !self.pages.has_page(page)
            && let Some(since) = self.since.remove(&page)
        {
            self.by_age.remove(&(since, page));
            self.added_to = None;
        }
        Some(removed)
    }

    /// The entries from `key` on, by key.
    pub(crate) fn from(&self, key: u64) -> impl Iterator<Item = (u64, Entry)> {
        self.pages.from(key)
    }

    /// All entries, by key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, Entry)> {
        self.pages.iter()
    }

    /// The key of the last entry.
    pub(crate) fn last_key(&self) -> Option<u64> {
        self.pages.last()
    }

    /// The entries of the page that has this number or, if it is gone, of the next one that is there;
    /// and the number of the page after.
    pub(crate) fn page_from(&self, page: u64) -> Option<(impl Iterator<Item = (u64, Entry)>, u64)> {
        let (number, entries) = self.pages.page_from(page)?;
        Some((entries, number + 1))
    }

    /// The instant before which no entry was enqueued, as far as is known.
    pub(crate) fn oldest(&self) -> Option<Timestamp> {
        self.by_age.first().map(|(since, _)| *since)
    }

    /// Keys of entries that were enqueued at `until` or before, at most `max`; not all that there
    /// are, but some, unless [`Entries::oldest`] is later from then on.
    pub(crate) fn enqueued_until(&mut self, until: Timestamp, max: usize) -> Vec<u64> {
        let mut found = Vec::new();
        let mut younger = Vec::new();
        for (since, page) in self.by_age.range(..=(until, u64::MAX)).take(SEARCHED_PAGES_MAX) {
            let Some((_, entries)) = self.pages.page_from(*page) else { continue };
            let mut first = None;
            for (key, entry) in entries {
                first = first.into_iter().chain([entry.enqueued_at]).min();
                if entry.enqueued_at <= until {
                    found.push(key);
                }
            }
            if let Some(first) = first.filter(|first| first > since) {
                younger.push((*page, first));
            }
            if found.len() >= max {
                break;
            }
        }
        for (page, since) in younger {
            self.put_since(page, since);
        }
        found.truncate(max);
        found
    }

    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        self.pages.encode(w);
    }

    /// Takes in a page of a snapshot, whose oldest entry was enqueued at `since`.
    pub(crate) fn adopt(&mut self, number: u64, page: PackedPage, since: Timestamp) {
        self.pages.adopt(number, page);
        self.is_since(number, since);
    }

    fn is_since(&mut self, page: u64, at: Timestamp) {
        if self.added_to.is_some_and(|(added_to, since)| added_to == page && since <= at) {
            return;
        }
        if self.since.get(&page).is_none_or(|since| at < *since) {
            self.put_since(page, at);
        }
        self.added_to = self.since.get(&page).map(|since| (page, *since));
    }

    fn put_since(&mut self, page: u64, at: Timestamp) {
        self.added_to = None;
        if let Some(before) = self.since.insert(page, at) {
            self.by_age.remove(&(before, page));
        }
        self.by_age.insert((at, page));
    }
}
