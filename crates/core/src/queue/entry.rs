//! The index of a queue's messages: an entry for each, in pages.

use std::collections::BTreeMap;

use crate::message::Location;
use crate::time::Timestamp;

/// A message in memory. Its content stays in the log.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Entry {
    /// Where the message's record lies; of a published message, where it was first written.
    pub(crate) position: u64,
    /// The record's length.
    pub(crate) length: u32,
    /// How often the message has been handed out.
    pub(crate) receive_count: u32,
    /// The number of its message group; 0 if it has none.
    pub(crate) group: u32,
    /// The number of its origin; 0 if it was sent to this queue.
    pub(crate) origin: u32,
    /// When its retention period began.
    pub(crate) enqueued_at: Timestamp,
    /// When it becomes visible, or became so.
    pub(crate) visible_at: Timestamp,
    /// When it was first handed out; the epoch if never.
    pub(crate) first_received_at: Timestamp,
    /// When it was last handed out; the epoch if never.
    pub(crate) received_at: Timestamp,
    /// Bookkeeping: not saved, but made anew from the above and the order of events.
    pub(crate) state: State,
}

/// Where a message stands.
///
/// ```text
///              ┌──────────┐  time    ┌─────────┐  receive   ┌──────────┐
///    send ────►│ delayed  │─────────►│ visible │───────────►│ in flight│────► deleted
///      │       └──────────┘          └─────────┘◄───────────└──────────┘
///      └──────────────────────────────────▲      time, or visibility set to 0
/// ```
/// Retention, a purge, a dead-letter move or a move task ends a message in any state.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum State {
    /// Hidden since it was sent.
    Delayed,
    /// Visible, and where the queue's order looks for it.
    Visible(Place),
    /// Handed out and hidden.
    InFlight,
}

/// Where a visible message waits. FIFO queues know one place only, [`Place::Line`].
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// In the order of the keys, not reached yet.
    Line,
    /// Among those that came back, or were passed over while they were hidden.
    Returned,
    /// Set aside, because its group was noisy.
    Aside,
}

impl Entry {
    pub(crate) fn location(&self) -> Location {
        Location { position: self.position, length: self.length }
    }
}

/// Entries in a page: with 64 bytes each, a page is 8 KiB.
const PAGE_ENTRIES: u64 = 128;

struct Page {
    live: u32,
    slots: [Option<Entry>; PAGE_ENTRIES as usize],
}

/// Entries by key. Keys only grow, so that entries lie in pages by key and a page goes when its
/// last entry does: one message that stays for days keeps one page, not all that came after it.
#[derive(Default)]
pub(crate) struct Entries {
    pages: BTreeMap<u64, Box<Page>>,
    len: u64,
}

impl Entries {
    pub(crate) fn len(&self) -> u64 {
        self.len
    }

    pub(crate) fn get(&self, key: u64) -> Option<&Entry> {
        self.pages.get(&(key / PAGE_ENTRIES))?.slots[slot(key)].as_ref()
    }

    pub(crate) fn get_mut(&mut self, key: u64) -> Option<&mut Entry> {
        self.pages.get_mut(&(key / PAGE_ENTRIES))?.slots[slot(key)].as_mut()
    }

    /// Adds an entry. The key must be new.
    pub(crate) fn insert(&mut self, key: u64, entry: Entry) {
        let page = self.pages.entry(key / PAGE_ENTRIES).or_insert_with(|| {
            Box::new(Page { live: 0, slots: [const { None }; PAGE_ENTRIES as usize] })
        });
        let before = page.slots[slot(key)].replace(entry);
        assert!(before.is_none(), "key {key} is given to one message only");
        page.live += 1;
        self.len += 1;
    }

    pub(crate) fn remove(&mut self, key: u64) -> Option<Entry> {
        let page = self.pages.get_mut(&(key / PAGE_ENTRIES))?;
        let entry = page.slots[slot(key)].take()?;
        page.live -= 1;
        if page.live == 0 {
            self.pages.remove(&(key / PAGE_ENTRIES));
        }
        self.len -= 1;
        Some(entry)
    }

    /// The entries from `key` on, by key.
    pub(crate) fn from(&self, key: u64) -> impl Iterator<Item = (u64, &Entry)> {
        self.pages.range(key / PAGE_ENTRIES..).flat_map(move |(number, page)| {
            let first = number * PAGE_ENTRIES;
            let skipped = usize::try_from(key.saturating_sub(first)).unwrap_or(usize::MAX);
            page.slots
                .iter()
                .enumerate()
                .skip(skipped)
                .filter_map(move |(i, slot)| Some((first + i as u64, slot.as_ref()?)))
        })
    }

    /// The key of the last entry.
    pub(crate) fn last_key(&self) -> Option<u64> {
        let (number, page) = self.pages.last_key_value()?;
        let slot = page.slots.iter().rposition(Option::is_some)?;
        Some(number * PAGE_ENTRIES + slot as u64)
    }

    /// All entries, by key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &Entry)> {
        self.from(0)
    }

    /// The entries of the page that holds `key` or, if it is gone, of the next one that is there;
    /// and the key with which to ask for the page after.
    pub(crate) fn page_from(&self, key: u64) -> Option<(impl Iterator<Item = (u64, &Entry)>, u64)> {
        let (number, page) = self.pages.range(key / PAGE_ENTRIES..).next()?;
        let first = number * PAGE_ENTRIES;
        let entries = page
            .slots
            .iter()
            .enumerate()
            .filter_map(move |(i, slot)| Some((first + i as u64, slot.as_ref()?)));
        Some((entries, first + PAGE_ENTRIES))
    }
}

fn slot(key: u64) -> usize {
    (key % PAGE_ENTRIES) as usize
}

const _: () = assert!(size_of::<Option<Entry>>() <= 64, "the aim for a message in memory");

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(position: u64) -> Entry {
        Entry {
            position,
            length: 1,
            receive_count: 0,
            group: 0,
            origin: 0,
            enqueued_at: Timestamp::default(),
            visible_at: Timestamp::default(),
            first_received_at: Timestamp::default(),
            received_at: Timestamp::default(),
            state: State::Visible(Place::Line),
        }
    }

    #[test]
    fn a_page_goes_with_its_last_entry() {
        let mut entries = Entries::default();
        for key in 0..1000 {
            entries.insert(key, entry(key));
        }
        for key in (0..1000).filter(|key| *key != 500) {
            assert_eq!(entries.remove(key).unwrap().position, key);
            assert!(entries.remove(key).is_none());
        }
        assert_eq!((entries.len(), entries.pages.len()), (1, 1));
        assert_eq!(entries.get(500).unwrap().position, 500);
    }

    #[test]
    fn iteration_starts_at_the_key_asked_for() {
        let mut entries = Entries::default();
        for key in [3, 127, 128, 400, 900] {
            entries.insert(key, entry(key));
        }
        let keys = |from| entries.from(from).map(|(key, _)| key).collect::<Vec<_>>();
        assert_eq!(keys(0), [3, 127, 128, 400, 900]);
        assert_eq!(keys(4), [127, 128, 400, 900]);
        assert_eq!(keys(128), [128, 400, 900]);
        assert_eq!(keys(401), [900]);
        assert_eq!(keys(901), [0; 0]);
    }
}
