//! Message groups: who shares a group id, and how much of it is in flight.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::codec::{Damaged, Reader, Writer};

/// A message group that has messages in the queue.
pub(crate) struct Group {
    pub(crate) name: Arc<str>,
    /// Messages of the group in the queue, in any state.
    pub(crate) messages: u64,
    /// Messages of the group in flight.
    pub(crate) in_flight: u64,
}

/// The groups that have messages in a queue, by number. Number 0 stands for "no group".
#[derive(Default)]
pub(crate) struct Groups {
    by_name: BTreeMap<Arc<str>, u32>,
    groups: BTreeMap<u32, Group>,
    /// Groups with at least [`NOISY_IN_FLIGHT_MIN`](crate::limits::NOISY_IN_FLIGHT_MIN) in flight.
    busy: BTreeSet<u32>,
    last: u32,
}

impl Groups {
    pub(crate) fn get(&self, number: u32) -> Option<&Group> {
        self.groups.get(&number)
    }

    /// The number of the group with this name, which gains a message.
    pub(crate) fn enter(&mut self, name: &str) -> u32 {
        let number = match self.by_name.get(name) {
            Some(number) => *number,
            None => self.add(name),
        };
        self.group_mut(number).messages += 1;
        number
    }

    /// A message of the group has left the queue; with the last one the group is forgotten.
    pub(crate) fn leave(&mut self, number: u32) {
        let group = self.group_mut(number);
        group.messages -= 1;
        if group.messages == 0 {
            let group = self.groups.remove(&number).expect("looked up above");
            self.by_name.remove(&group.name);
        }
    }

    /// A message of the group has been handed out.
    pub(crate) fn hand_out(&mut self, number: u32) {
        let group = self.group_mut(number);
        group.in_flight += 1;
        if group.in_flight == crate::limits::NOISY_IN_FLIGHT_MIN {
            self.busy.insert(number);
        }
    }

    /// A message of the group is no longer in flight.
    pub(crate) fn take_back(&mut self, number: u32) {
        let group = self.group_mut(number);
        if group.in_flight == crate::limits::NOISY_IN_FLIGHT_MIN {
            self.busy.remove(&number);
        }
        self.group_mut(number).in_flight -= 1;
    }

    /// Whether any group may be noisy.
    pub(crate) fn any_busy(&self) -> bool {
        !self.busy.is_empty()
    }

    /// Whether the group holds so much of what is in flight that others go first: more than a
    /// tenth, and at least 30 messages. Developer guide, "Amazon SQS fair queues".
    pub(crate) fn is_noisy(&self, number: u32, queue_in_flight: u64) -> bool {
        self.busy.contains(&number)
            && self.groups.get(&number).is_some_and(|g| g.in_flight * 10 > queue_in_flight)
    }

    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        w.list(self.groups.iter(), |w, (number, group)| {
            w.u32(*number);
            w.text(&group.name);
        });
    }

    /// Reads the groups back, each still without messages: [`Groups::rejoin`] brings them.
    pub(crate) fn decode(&mut self, r: &mut Reader<'_>) -> Result<(), Damaged> {
        for _ in 0..r.count(8)? {
            let number = r.u32()?;
            let name: Arc<str> = r.text()?.into();
            self.last = self.last.max(number);
            self.by_name.insert(name.clone(), number);
            self.groups.insert(number, Group { name, messages: 0, in_flight: 0 });
        }
        Ok(())
    }

    /// A message that was in the group is back.
    pub(crate) fn rejoin(&mut self, number: u32) -> Result<(), Damaged> {
        self.groups.get_mut(&number).ok_or(Damaged)?.messages += 1;
        Ok(())
    }

    /// Whether every group has its messages.
    pub(crate) fn is_whole(&self) -> bool {
        self.by_name.len() == self.groups.len() && self.groups.values().all(|g| g.messages > 0)
    }

    fn add(&mut self, name: &str) -> u32 {
        // Numbers come round after four billion groups; those still in use are passed over.
        loop {
            self.last = self.last.checked_add(1).unwrap_or(1);
            if !self.groups.contains_key(&self.last) {
                break;
            }
        }
        let name: Arc<str> = name.into();
        self.by_name.insert(name.clone(), self.last);
        self.groups.insert(self.last, Group { name, messages: 0, in_flight: 0 });
        self.last
    }

    fn group_mut(&mut self, number: u32) -> &mut Group {
        self.groups.get_mut(&number).expect("a group is there as long as one of its messages")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_round_and_pass_over_those_in_use() {
        let mut groups = Groups { last: u32::MAX - 2, ..Groups::default() };
        assert_eq!(groups.enter("a"), u32::MAX - 1);
        assert_eq!(groups.enter("b"), u32::MAX);
        assert_eq!(groups.enter("c"), 1, "0 stands for no group");
        groups.last = u32::MAX - 2;
        assert_eq!(groups.enter("d"), 2);
        assert_eq!(groups.enter("b"), u32::MAX, "the same group as before");
        groups.leave(u32::MAX);
        groups.leave(u32::MAX);
        groups.last = u32::MAX - 1;
        assert_eq!(groups.enter("e"), u32::MAX, "free again");
    }
}
