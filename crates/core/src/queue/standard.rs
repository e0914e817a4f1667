//! The order of a standard queue: roughly as sent, and fair among groups.
//!
//! Most messages are handed out once, in the order sent. For them the order is the index itself
//! and a cursor: a waiting message costs nothing beyond its entry.
//!
//! ```text
//!    keys   ·  ·  ×  ·  ×  ×  │  o  o  o  d  o  o  o  o          × gone   d delayed
//!           └─ passed ─────┘  ▲  └─ in line ──────────┘          o in line
//!                             cursor
//!    returned  {those passed that are visible again}
//!    aside     {those of groups that were noisy when they were looked at}, by group
//! ```

use std::collections::{BTreeMap, BTreeSet};

use super::entries::Entries;
use super::entry::{Place, State};
use super::groups::Groups;
use crate::limits;

/// Bookkeeping of a standard queue: who is next.
#[derive(Default)]
pub(crate) struct StandardOrder {
    /// No message before this key is in line.
    cursor: u64,
    /// Visible messages that the cursor has passed, each after the key beside which it waits: its
    /// own, or the queue's end as it was when the message came back for the third time.
    returned: BTreeSet<(u64, u64)>,
    /// Messages in `returned` that wait beside a later key than their own.
    pushed_back: BTreeMap<u64, u64>,
    /// Messages set aside, by group.
    aside: BTreeMap<u32, BTreeSet<u64>>,
}

impl StandardOrder {
    /// Where a message that becomes visible goes. `end` is the key that the next message will get.
    pub(crate) fn add(&mut self, key: u64, receive_count: u32, end: u64) -> Place {
        if key >= self.cursor {
            return Place::Line;
        }
        let beside = if receive_count >= limits::RECEIVES_BEFORE_BACK {
            self.pushed_back.insert(key, end);
            end
        } else {
            key
        };
        self.returned.insert((beside, key));
        Place::Returned
    }

    /// A message is no longer visible.
    pub(crate) fn remove(&mut self, key: u64, group: u32, place: Place) {
        match place {
            Place::Line => {}
            Place::Returned => {
                let beside = self.pushed_back.remove(&key).unwrap_or(key);
                self.returned.remove(&(beside, key));
            }
            Place::Aside => {
                if let Some(keys) = self.aside.get_mut(&group) {
                    keys.remove(&key);
                    if keys.is_empty() {
                        self.aside.remove(&group);
                    }
                }
            }
        }
    }

    /// Moves the cursor behind `key`, which is handed out. Those in line before it count as passed.
    pub(crate) fn pass(&mut self, key: u64, entries: &mut Entries) {
        while self.cursor < key {
            let next = entries.from(self.cursor).next().map_or(key, |(next, _)| next.min(key));
            if next < key {
                self.step_over(next, entries);
            }
            self.cursor = if next < key { next + 1 } else { key };
        }
        self.cursor = self.cursor.max(key + 1);
    }

    fn step_over(&mut self, key: u64, entries: &mut Entries) {
        entries.update(key, |entry| {
            if entry.state == State::Visible(Place::Line) {
                entry.state = State::Visible(Place::Returned);
                self.returned.insert((key, key));
            }
        });
    }

    /// The next messages to hand out, at most `max`, in order. They stay where they are.
    pub(crate) fn pick(
        &mut self,
        max: usize,
        entries: &mut Entries,
        groups: &Groups,
        in_flight: u64,
    ) -> Vec<u64> {
        self.skip_hidden(entries);
        if groups.any_busy() || !self.aside.is_empty() {
            return self.pick_fairly(max, entries, groups, in_flight);
        }
        let mut returned = self.returned.iter().copied().peekable();
        let mut line = in_line(entries, self.cursor).peekable();
        let mut picked = Vec::with_capacity(max.min(16));
        while picked.len() < max {
            let from_returned = match (returned.peek(), line.peek()) {
                (Some((beside, _)), Some(key)) => beside <= key,
                (Some(_), None) => true,
                (None, Some(_)) => false,
                (None, None) => break,
            };
            let next = if from_returned { returned.next().map(|r| r.1) } else { line.next() };
            picked.extend(next);
        }
        picked
    }

    /// Moves the cursor over what is hidden or gone, so that no receive looks at it again.
    fn skip_hidden(&mut self, entries: &Entries) {
        let first = in_line(entries, self.cursor).next();
        let last = || entries.last_key().map_or(self.cursor, |last| last + 1);
        self.cursor = first.unwrap_or_else(last).max(self.cursor);
    }

    /// Quiet groups first; among the noisy the one with the fewest messages in flight.
    fn pick_fairly(
        &mut self,
        max: usize,
        entries: &mut Entries,
        groups: &Groups,
        in_flight: u64,
    ) -> Vec<u64> {
        let mut picked = self.pick_quiet(max, entries, groups, in_flight);
        let mut noisy: Vec<u32> =
            self.aside.keys().copied().filter(|g| groups.is_noisy(*g, in_flight)).collect();
        noisy.sort_unstable_by_key(|group| groups.get(*group).map_or(0, |group| group.in_flight));
        for key in noisy.iter().flat_map(|group| &self.aside[group]) {
            if picked.len() == max {
                break;
            }
            picked.push(*key);
        }
        // What lies beyond the look-ahead is better than nothing.
        let rest = in_line(entries, self.cursor).filter(|key| !picked.contains(key));
        let rest: Vec<u64> = rest.take(max - picked.len()).collect();
        picked.extend(rest);
        picked
    }

    fn pick_quiet(
        &mut self,
        max: usize,
        entries: &mut Entries,
        groups: &Groups,
        in_flight: u64,
    ) -> Vec<u64> {
        let mut picked: Vec<u64> = Vec::with_capacity(max);
        for (group, keys) in &self.aside {
            if !groups.is_noisy(*group, in_flight) {
                picked.extend(keys.iter().take(max - picked.len()));
            }
        }
        let mut candidates: Vec<(u64, u64, Place)> = Vec::new();
        let look_ahead = limits::FAIR_LOOK_AHEAD_MAX;
        candidates.extend(
            self.returned
                .iter()
                .take(look_ahead)
                .map(|(beside, key)| (*beside, *key, Place::Returned)),
        );
        candidates.extend(
            in_line(entries, self.cursor).take(look_ahead).map(|key| (key, key, Place::Line)),
        );
        candidates.sort_unstable_by_key(|(beside, key, _)| (*beside, *key));
        for (_, key, place) in candidates.into_iter().take(look_ahead) {
            if picked.len() == max {
                break;
            }
            let group = entries.get(key).map_or(0, |entry| entry.group);
            if groups.is_noisy(group, in_flight) {
                self.set_aside(key, group, place, entries);
            } else {
                picked.push(key);
            }
        }
        picked
    }

    fn set_aside(&mut self, key: u64, group: u32, place: Place, entries: &mut Entries) {
        self.remove(key, group, place);
        self.aside.entry(group).or_default().insert(key);
        entries.update(key, |entry| entry.state = State::Visible(Place::Aside));
    }
}

fn in_line(entries: &Entries, cursor: u64) -> impl Iterator<Item = u64> {
    entries
        .from(cursor)
        .filter(|(_, entry)| entry.state == State::Visible(Place::Line))
        .map(|(key, _)| key)
}
