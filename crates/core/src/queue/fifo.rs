//! The order of a FIFO queue: strict within a group, and a group waits for what is in flight.

use std::collections::{BTreeMap, BTreeSet};

use tidings_mutants::mutant;

use super::entries::Entries;
use super::entry::State;
use super::groups::Groups;
use super::key_list::KeyList;

/// Bookkeeping of a FIFO queue: which groups may be received from, and what they hold.
#[derive(Default)]
pub(crate) struct FifoOrder {
    /// Every message of the queue, by group, then in order.
    messages: BTreeMap<u32, KeyList>,
    /// Groups whose first message is visible and of which nothing is in flight, by that message:
    /// the group that has waited longest comes first.
    open: BTreeSet<(u64, u32)>,
    /// The message under which an open group stands in `open`.
    opened_by: BTreeMap<u32, u64>,
}

impl FifoOrder {
    /// A message comes in: behind all that are there.
    pub(crate) fn insert(&mut self, key: u64, group: u32) {
        match self.messages.get_mut(&group) {
            Some(keys) => keys.push(key),
            None => drop(self.messages.insert(group, KeyList::new(key))),
        }
    }

    /// A message is gone from the entries.
    pub(crate) fn remove(&mut self, key: u64, group: u32, entries: &Entries) {
        if let Some(keys) = self.messages.get_mut(&group)
            && !keys.strike_out(key, |key| entries.get(key).is_some())
        {
            self.messages.remove(&group);
        }
    }

    /// Brings `open` up to date after a change to one of the group's messages.
    pub(crate) fn refresh(&mut self, group: u32, entries: &Entries, groups: &Groups) {
        let is_idle = groups.get(group).is_some_and(|group| group.in_flight == 0)
            || mutant!(ReleaseGroupEarly);
        let head = self.messages.get(&group).filter(|_| is_idle).map(KeyList::first);
        let opener = head.filter(|key| is_visible(entries, *key));
        let before = match opener {
            Some(key) => self.opened_by.insert(group, key),
            None => self.opened_by.remove(&group),
        };
        if before == opener {
            return;
        }
        if let Some(key) = before {
            self.open.remove(&(key, group));
        }
        if let Some(key) = opener {
            self.open.insert((key, group));
        }
    }

    /// The next messages to hand out, at most `max`: as many as possible of the first group, then
    /// of the next. A hidden message ends its group's turn.
    pub(crate) fn pick(&self, max: usize, entries: &Entries) -> Vec<u64> {
        let mut picked = Vec::with_capacity(max.min(16));
        for keys in self.open.iter().filter_map(|(_, group)| self.messages.get(group)) {
            let there = keys.iter().filter_map(|key| Some((key, entries.get(key)?.state)));
            let visible = there.take_while(|(_, state)| matches!(state, State::Visible(_)));
            picked.extend(visible.take(max - picked.len()).map(|(key, _)| key));
            if picked.len() == max {
                break;
            }
        }
        picked
    }
}

fn is_visible(entries: &Entries, key: u64) -> bool {
    entries.get(key).is_some_and(|entry| matches!(entry.state, State::Visible(_)))
}
