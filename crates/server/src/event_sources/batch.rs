//! Messages on their way to a function: those that were received, and a batch of them.

use std::collections::VecDeque;

use bytes::Bytes;
use tidings_broker::Broker;
use tidings_core::command::Received;
use tidings_core::receipt::Receipt;
use tidings_core::time::Timestamp;
use tidings_lambda::event_sources::Item;
use tidings_lambda::limits::EVENT_SOURCE_BATCH_BYTES_MAX;
use tokio::sync::OwnedSemaphorePermit;

use super::messages::Message;

/// A message that was received, and is invisible to others until then.
#[derive(Clone)]
pub(super) struct Handed {
    pub(super) received: Received,
    pub(super) expires_at: Timestamp,
}

/// Messages that are in no batch yet. They go back to their queue when this is dropped.
pub(super) struct Held {
    broker: Broker,
    messages: VecDeque<Handed>,
}

impl Held {
    pub(super) fn new(broker: Broker) -> Self {
        Self { broker, messages: VecDeque::new() }
    }

    pub(super) fn extend(&mut self, received: Vec<Received>, expires_at: Timestamp) {
        let handed = received.into_iter().map(|received| Handed { received, expires_at });
        self.messages.extend(handed);
    }

    /// The next one, which stays until it is [taken off](Self::pop).
    pub(super) fn front(&self) -> Option<&Handed> {
        self.messages.front()
    }

    pub(super) fn pop(&mut self) {
        self.messages.pop_front();
    }

    /// Has all of them visible again.
    pub(super) fn give_back(&mut self) {
        let receipts: Vec<_> = self.messages.drain(..).map(|it| it.received.receipt).collect();
        if !receipts.is_empty() {
            self.broker.return_messages(receipts);
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.give_back();
    }
}

/// Messages that the function gets together. Dropped before it has them, they go back to their queue.
pub(super) struct Batch {
    broker: Broker,
    members: Vec<Member>,
    /// The event, but for its end.
    event: Vec<u8>,
    /// The room that it takes.
    permits: Option<OwnedSemaphorePermit>,
    /// Whether the function has it, or may have.
    is_given: bool,
}

struct Member {
    message_id: String,
    group: Option<String>,
    receipt: Receipt,
    expires_at: Timestamp,
}

const HEAD: &[u8] = br#"{"Records":["#;
const TAIL: &[u8] = b"]}";

impl Batch {
    pub(super) fn new(broker: Broker) -> Self {
        let event = HEAD.to_vec();
        Self { broker, members: Vec::new(), event, permits: None, is_given: false }
    }

    pub(super) fn len(&self) -> usize {
        self.members.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Whether there is room for so many bytes more. For one message there always is: none comes near
    /// the bound.
    pub(super) fn has_room_for(&self, bytes: usize) -> bool {
        let all = self.event.len() + 1 + bytes + TAIL.len();
        self.is_empty() || all <= EVENT_SOURCE_BATCH_BYTES_MAX
    }

    /// Takes a message in, and the room that it takes, if that is counted.
    pub(super) fn push(
        &mut self,
        handed: &Handed,
        message: Message,
        permit: Option<OwnedSemaphorePermit>,
    ) {
        if !self.is_empty() {
            self.event.push(b',');
        }
        self.event.extend_from_slice(&message.json);
        self.members.push(Member {
            message_id: message.id,
            group: message.group,
            receipt: handed.received.receipt,
            expires_at: handed.expires_at,
        });
        match (&mut self.permits, permit) {
            (Some(permits), Some(permit)) => permits.merge(permit),
            (permits @ None, permit) => *permits = permit,
            (Some(_), None) => {}
        }
    }

    /// The event, to be given to the function. It is not kept twice.
    pub(super) fn take_event(&mut self) -> Bytes {
        let mut event = std::mem::take(&mut self.event);
        event.extend_from_slice(TAIL);
        event.into()
    }

    /// The function gets it now: from here on it goes back by its visibility timeout only.
    pub(super) fn give(&mut self) {
        self.is_given = true;
    }

    /// The function has not had it.
    pub(super) fn take_back(&mut self) {
        self.is_given = false;
    }

    /// When the first of its messages becomes visible to others.
    pub(super) fn expires_at(&self) -> Timestamp {
        self.members.iter().map(|member| member.expires_at).min().unwrap_or_default()
    }

    /// Its messages stay invisible until then.
    pub(super) fn renewed(&mut self, expires_at: Timestamp) {
        self.members.iter_mut().for_each(|member| member.expires_at = expires_at);
    }

    /// Its messages, for partial responses.
    pub(super) fn items(&self, is_fifo: bool) -> Vec<Item<'_>> {
        let items = self.members.iter().map(|member| Item {
            message_id: &member.message_id,
            fifo_group: member.group.as_deref().filter(|_| is_fifo),
        });
        items.collect()
    }

    /// The receipts of its messages, in order.
    pub(super) fn receipts(&self) -> impl Iterator<Item = Receipt> {
        self.members.iter().map(|member| member.receipt)
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        if !self.is_given && !self.is_empty() {
            self.broker.return_messages(self.receipts().collect());
        }
    }
}
