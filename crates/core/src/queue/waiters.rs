//! Long polls: receives that wait for a message.

use std::collections::BTreeMap;

use super::deduplication::IdDigest;
use crate::command::Token;
use crate::time::Timestamp;

/// A receive that waits.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Waiter {
    /// Who waits.
    pub(crate) token: Token,
    pub(crate) max_messages: usize,
    /// In seconds.
    pub(crate) visibility_timeout: u32,
    pub(crate) attempt: Option<IdDigest>,
    /// When the wait ends.
    pub(crate) until: Timestamp,
}

/// The receives that wait for a queue's messages, the longest-waiting first.
#[derive(Default)]
pub(crate) struct Waiters {
    waiting: BTreeMap<u64, Waiter>,
    next_ticket: u64,
}

impl Waiters {
    /// Queues up and returns the ticket to leave with.
    pub(crate) fn join(&mut self, waiter: Waiter) -> u64 {
        let ticket = self.next_ticket;
        self.next_ticket += 1;
        self.waiting.insert(ticket, waiter);
        ticket
    }

    pub(crate) fn leave(&mut self, ticket: u64) -> Option<Waiter> {
        self.waiting.remove(&ticket)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.first().is_none()
    }

    pub(crate) fn first(&self) -> Option<(u64, Waiter)> {
        self.waiting.first_key_value().map(|(ticket, waiter)| (*ticket, *waiter))
    }

    /// Ends all waits.
    pub(crate) fn drain(&mut self) -> impl Iterator<Item = (u64, Waiter)> {
        std::mem::take(&mut self.waiting).into_iter()
    }
}
