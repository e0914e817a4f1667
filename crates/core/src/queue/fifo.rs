//! The order of a FIFO queue: strict within a group, and a group waits for what is in flight.

use std::collections::{BTreeMap, BTreeSet};

use tidings_mutants::mutant;

use super::entry::{Entries, State};
use super::groups::Groups;

/// Bookkeeping of a FIFO queue: which groups may be received from, and what they hold.
#[derive(Default)]
pub(crate) struct FifoOrder {
    /// Every message of the queue, by group, then in order.
    messages: BTreeSet<(u32, u64)>,
    /// Groups whose first message is visible and of which nothing is in flight, by that message:
    /// the group that has waited longest comes first.
    open: BTreeSet<(u64, u32)>,
    /// The message under which an open group stands in `open`.
    opened_by: BTreeMap<u32, u64>,
}

impl FifoOrder {
    pub(crate) fn insert(&mut self, key: u64, group: u32) {
        self.messages.insert((group, key));
    }

    pub(crate) fn remove(&mut self, key: u64, group: u32) {
        self.messages.remove(&(group, key));
    }

    /// Brings `open` up to date after a change to one of the group's messages.
    pub(crate) fn refresh(&mut self, group: u32, entries: &Entries, groups: &Groups) {
        let head = self.messages.range((group, 0)..=(group, u64::MAX)).next().map(|(_, key)| *key);
        let is_idle = groups.get(group).is_some_and(|group| group.in_flight == 0)
            || mutant!(ReleaseGroupEarly);
        let opener = head.filter(|key| is_idle && is_visible(entries, *key));
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
        for (_, group) in &self.open {
            let in_order = self.messages.range((*group, 0)..=(*group, u64::MAX));
            let visible = in_order.map(|(_, key)| *key).take_while(|key| is_visible(entries, *key));
            picked.extend(visible.take(max - picked.len()));
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
