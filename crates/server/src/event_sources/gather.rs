//! Receives messages until they are a batch.

use std::sync::Arc;

use tidings_broker::Failure;
use tidings_core::command::{Command, ReceiveRequest, Received, Reply};
use tidings_core::limits::{RECEIVE_MESSAGES, WAIT_TIME_SECONDS};
use tidings_core::receipt::Receipt;
use tidings_lambda::event_sources::Mapping;
use tokio::sync::OwnedSemaphorePermit;
use tokio::task::spawn_blocking;
use tracing::warn;

use super::batch::{Batch, Handed, Held};
use super::engine::Feed;
use super::invoke::Invoke;
use super::messages::Message;
use super::permission::may_receive;
use super::process::delete;

/// Bytes of a message from which on filters may take a while.
const LARGE_BYTES: usize = 64 << 10;

/// How long messages that are received now stay invisible, in seconds: as the queue says, or as is
/// asked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visibility {
    pub(super) of_queue: u32,
    pub(super) asked_for: Option<u32>,
}

/// Makes batches for a mapping, one after the other.
pub(super) struct Gatherer<'a, I> {
    feed: &'a Feed<I>,
    mapping: &'a Arc<Mapping>,
    /// What did not go into the last batch.
    kept: Held,
    /// Whether the batch is the mapping's only one. Then it needs no room that others may have taken:
    /// functions that take long do not keep other mappings from theirs.
    is_only: bool,
}

/// Why nothing was received.
#[derive(Debug)]
pub(super) enum NotReceived {
    /// The queue does not let the function's role receive.
    NotPermitted,
    /// The broker refused, or could not.
    Failed(Failure),
}

/// What became of a message.
enum Put {
    /// It is in the batch.
    In,
    /// The function does not want it.
    Unwanted(Receipt),
    /// It cannot be had now.
    Unread,
    /// There was no room for it.
    NoRoom,
}

impl<'a, I: Invoke> Gatherer<'a, I> {
    pub(super) fn new(feed: &'a Feed<I>, mapping: &'a Arc<Mapping>) -> Self {
        Self { feed, mapping, kept: Held::new(feed.broker.clone()), is_only: false }
    }

    /// The next batch; `None` if nothing came for a while. Whoever gives up waiting loses nothing.
    /// `is_only` says that the mapping has no other now.
    ///
    /// It closes when it has as many messages as the mapping wants or as bytes allow, or when the
    /// first of them has waited for the mapping's window.
    pub(super) async fn next(
        &mut self,
        visibility: Visibility,
        is_only: bool,
    ) -> Result<Option<Batch>, NotReceived> {
        self.is_only = is_only;
        let size = usize::try_from(self.mapping.batch_size).unwrap_or(usize::MAX);
        let mut batch = Batch::new(self.feed.broker.clone());
        let mut closes_at = None;
        loop {
            let is_full = self.fill(&mut batch, size).await;
            if is_full || batch.len() >= size {
                return Ok(Some(batch));
            }
            let mut wait_seconds = *WAIT_TIME_SECONDS.end();
            if !batch.is_empty() {
                let now = self.feed.broker.now();
                let window_ms = u64::from(self.mapping.window_seconds) * 1000;
                let left_ms = *closes_at.get_or_insert(now + window_ms) - now;
                if left_ms == 0 {
                    return Ok(Some(batch));
                }
                let left = u32::try_from(left_ms.div_ceil(1000)).unwrap_or(u32::MAX);
                wait_seconds = wait_seconds.min(left);
            }
            match self.receive(size - batch.len(), wait_seconds, visibility).await {
                Ok(0) if batch.is_empty() => return Ok(None),
                Ok(_) => {}
                Err(why) if batch.is_empty() => return Err(why),
                Err(_) => return Ok(Some(batch)),
            }
        }
    }

    /// Receives some more messages. Returns how many. The queue is asked once more after the wait: what
    /// it no longer lets the mapping have goes back.
    async fn receive(
        &mut self,
        missing: usize,
        wait_seconds: u32,
        visibility: Visibility,
    ) -> Result<usize, NotReceived> {
        if !may_receive(self.feed, self.mapping) {
            return Err(NotReceived::NotPermitted);
        }
        let most = usize::try_from(*RECEIVE_MESSAGES.end()).unwrap_or(usize::MAX);
        let request = ReceiveRequest {
            max_messages: missing.min(most),
            visibility_timeout: visibility.asked_for,
            wait_seconds: Some(wait_seconds),
            attempt: None,
        };
        let command = Command::Receive { arn: self.mapping.queue.clone(), request };
        let reply = self.feed.broker.call(command).await.map_err(NotReceived::Failed)?;
        let Reply::Received(received) = reply else { return Ok(0) };
        if !received.is_empty() && !may_receive(self.feed, self.mapping) {
            let receipts = received.iter().map(|received| received.receipt).collect();
            self.feed.broker.return_messages(receipts);
            return Err(NotReceived::NotPermitted);
        }
        let seconds = visibility.asked_for.unwrap_or(visibility.of_queue);
        let count = received.len();
        self.kept.extend(received, self.feed.broker.now() + u64::from(seconds) * 1000);
        Ok(count)
    }

    /// Puts messages that were received into the batch. Returns whether there was no room for one.
    ///
    /// Of a FIFO queue, what has no room goes back, and so does what follows a message that cannot be
    /// read: it may be of the same group.
    async fn fill(&mut self, batch: &mut Batch, size: usize) -> bool {
        let is_fifo = self.mapping.queue.name.is_fifo();
        let mut unwanted = Vec::new();
        let mut is_full = false;
        while batch.len() < size
            && let Some(handed) = self.kept.front().cloned()
        {
            let put = self.put(&handed, batch).await;
            if let Put::NoRoom = put {
                is_full = true;
                break;
            }
            self.kept.pop();
            match put {
                Put::Unwanted(receipt) => unwanted.push(receipt),
                Put::Unread if is_fifo => self.kept.give_back(),
                _ => {}
            }
        }
        if is_fifo {
            self.kept.give_back();
        }
        delete(self.feed, &self.mapping.queue, unwanted).await;
        is_full
    }

    async fn put(&self, handed: &Handed, batch: &mut Batch) -> Put {
        let Ok(permit) = self.room(&handed.received, batch).await else { return Put::NoRoom };
        if self.feed.broker.now() >= handed.expires_at {
            // It waited so long for its batch, or for room, that others can receive it.
            return Put::Unread;
        }
        let queue = &self.mapping.queue;
        let message = match Message::read(self.feed, queue, &handed.received).await {
            Ok(message) => message,
            Err(unread) => {
                warn!(%queue, "a message cannot be given to a function yet: {unread}");
                self.feed.set_problem(self.mapping, format!("A message cannot be read: {unread}"));
                return Put::Unread;
            }
        };
        let Some((message, is_wanted)) = self.look(message).await else { return Put::Unread };
        if !is_wanted {
            return Put::Unwanted(handed.received.receipt);
        }
        if !batch.has_room_for(message.json.len()) {
            return Put::NoRoom;
        }
        batch.push(handed, message, permit);
        Put::In
    }

    /// Whether the function wants a message. A large one is looked at where nobody waits for it.
    async fn look(&self, message: Message) -> Option<(Message, bool)> {
        if self.mapping.filters.is_empty() {
            return Some((message, true));
        }
        let is_large = message.json.len() > LARGE_BYTES;
        let mapping = Arc::clone(self.mapping);
        let look = move || {
            let is_wanted = mapping.wants(&message.event());
            (message, is_wanted)
        };
        if is_large { spawn_blocking(look).await.ok() } else { Some(look()) }
    }

    /// Room in memory for a message, if it needs any. An empty batch waits for it; one that is not
    /// goes on with what it has.
    async fn room(
        &self,
        received: &Received,
        batch: &Batch,
    ) -> Result<Option<OwnedSemaphorePermit>, NoRoom> {
        if self.is_only {
            return Ok(None);
        }
        // As JSON it may take twice its bytes, and a kilobyte for what stands around it.
        let kilobytes = received.location.length / 512 + 2;
        let room = || Arc::clone(&self.feed.room);
        match room().try_acquire_many_owned(kilobytes) {
            Ok(permit) => Ok(Some(permit)),
            Err(_) if !batch.is_empty() => Err(NoRoom),
            Err(_) => room().acquire_many_owned(kilobytes).await.map(Some).map_err(|_| NoRoom),
        }
    }
}

/// Others have taken the room that there is.
struct NoRoom;
