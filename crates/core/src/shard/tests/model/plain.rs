//! Queues as lists that are searched from end to end. Nothing of the core is used here.
//!
//! A hidden message is one whose `visible_at` has not come; it is in flight if it was ever
//! received, and delayed if not.

use std::collections::BTreeMap;

const FIVE_MINUTES: u64 = 300_000;
pub(super) const COOL_DOWN: u64 = 5000;

#[derive(Clone, Debug)]
pub(super) struct Message {
    /// Stays with the message in every queue; a move task gives it a new one.
    pub(super) id: u128,
    /// This message in this queue.
    pub(super) place: u64,
    pub(super) group: Option<u8>,
    pub(super) enqueued_at: u64,
    pub(super) visible_at: u64,
    pub(super) first_received_at: u64,
    pub(super) received_at: u64,
    pub(super) count: u32,
    pub(super) source: Option<usize>,
}

#[derive(Clone, Debug)]
pub(super) struct Queue {
    pub(super) is_fifo: bool,
    /// Which of the queues that had this name.
    pub(super) life: u64,
    pub(super) delay: u64,
    pub(super) retention: u64,
    pub(super) visibility: u64,
    pub(super) wait: u64,
    pub(super) redrive: Option<(usize, u32)>,
    pub(super) is_per_group: bool,
    pub(super) messages: Vec<Message>,
    /// Deduplication id, group, when, and the first message.
    sends: Vec<(u8, u8, u64, u128)>,
    attempts: Vec<Attempt>,
    pub(super) purged_at: Option<u64>,
}

/// A receive that can be repeated: each place with its count.
#[derive(Clone, Debug)]
struct Attempt {
    id: u8,
    at: u64,
    deadline: u64,
    messages: Vec<(u64, u32)>,
}

/// A receipt: which queue, which life of it, which message, which receive.
#[derive(Copy, Clone, Debug)]
pub(super) struct Receipt {
    pub(super) queue: usize,
    pub(super) life: u64,
    pub(super) place: u64,
    pub(super) count: u32,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Answer {
    Done,
    NotAReceipt,
    Expired,
    NotAvailable,
    NotInFlight,
    TooLong,
}

#[derive(Default)]
pub(super) struct Plain {
    pub(super) now: u64,
    pub(super) queues: BTreeMap<usize, Queue>,
    pub(super) deleted_at: BTreeMap<usize, u64>,
    last: u64,
}

impl Plain {
    /// Time goes on: what is too old goes.
    pub(super) fn at(&mut self, now: u64) {
        self.now = now;
        for queue in self.queues.values_mut() {
            queue.messages.retain(|m| m.enqueued_at + queue.retention > now);
            queue.sends.retain(|(_, _, at, _)| at + FIVE_MINUTES > now);
            queue.attempts.retain(|attempt| attempt.at + FIVE_MINUTES > now);
        }
    }

    pub(super) fn create(&mut self, queue: usize, is_fifo: bool) -> bool {
        if self.queues.contains_key(&queue) {
            return true;
        }
        if self.deleted_at.get(&queue).is_some_and(|at| self.now - at < COOL_DOWN) {
            return false;
        }
        self.last += 1;
        let new = Queue {
            is_fifo,
            life: self.last,
            delay: 0,
            retention: 345_600_000,
            visibility: 30_000,
            wait: 0,
            redrive: None,
            is_per_group: false,
            messages: Vec::new(),
            sends: Vec::new(),
            attempts: Vec::new(),
            purged_at: None,
        };
        self.queues.insert(queue, new);
        true
    }

    pub(super) fn delete_queue(&mut self, queue: usize) {
        self.queues.remove(&queue);
        self.deleted_at.insert(queue, self.now);
    }

    pub(super) fn purge(&mut self, queue: usize) -> bool {
        let now = self.now;
        let queue = self.queues.get_mut(&queue).unwrap();
        let may = queue.purged_at.is_none_or(|at| now - at >= COOL_DOWN);
        if may {
            queue.purged_at = Some(now);
            (queue.messages, queue.sends, queue.attempts) = Default::default();
        }
        may
    }

    /// What a FIFO queue's new delay does to what was never received.
    pub(super) fn set_delay(&mut self, queue: usize, delay: u64) {
        let queue = self.queues.get_mut(&queue).unwrap();
        if queue.delay == delay {
            return;
        }
        queue.delay = delay;
        for message in queue.messages.iter_mut().filter(|m| queue.is_fifo && m.count == 0) {
            message.visible_at = message.enqueued_at + delay;
        }
    }

    /// Takes a message, or returns the id of the one that it repeats.
    pub(super) fn send(
        &mut self,
        queue: usize,
        id: u128,
        group: Option<u8>,
        deduplication: Option<u8>,
        delay: Option<u64>,
    ) -> Result<u64, u128> {
        let now = self.now;
        let q = self.queues.get_mut(&queue).unwrap();
        if let (Some(known), Some(group), true) = (deduplication, group, q.is_fifo) {
            let is_same =
                |(i, g, ..): &&(u8, u8, u64, u128)| *i == known && (*g == group || !q.is_per_group);
            if let Some((.., first)) = q.sends.iter().find(is_same) {
                return Err(*first);
            }
            q.sends.push((known, group, now, id));
        }
        let visible_at = now + delay.unwrap_or(q.delay);
        Ok(self.arrive(queue, Message { visible_at, ..self.fresh(id, group) }))
    }

    pub(super) fn fresh(&self, id: u128, group: Option<u8>) -> Message {
        Message {
            id,
            place: 0,
            group,
            enqueued_at: self.now,
            visible_at: self.now,
            first_received_at: 0,
            received_at: 0,
            count: 0,
            source: None,
        }
    }

    pub(super) fn arrive(&mut self, queue: usize, message: Message) -> u64 {
        self.last += 1;
        let place = self.last;
        self.queues.get_mut(&queue).unwrap().messages.push(Message { place, ..message });
        place
    }

    /// Messages that may be handed out now: of a FIFO queue in exactly this order.
    pub(super) fn next(&self, queue: usize, max: usize) -> Vec<u64> {
        let queue = &self.queues[&queue];
        let mut next = Vec::new();
        for message in &queue.messages {
            let is_first = !next.contains(&message.place);
            if !queue.is_fifo && message.visible_at <= self.now {
                next.push(message.place);
            } else if queue.is_fifo && is_first && self.is_head(queue, message) {
                let group = queue.messages.iter().filter(|m| m.group == message.group);
                let visible = group.take_while(|m| m.visible_at <= self.now);
                next.extend(visible.map(|m| m.place));
            }
        }
        next.truncate(max);
        next
    }

    /// Whether a message is the first of its group, and nothing of the group is in flight.
    fn is_head(&self, queue: &Queue, message: &Message) -> bool {
        let mut group = queue.messages.iter().filter(|m| m.group == message.group);
        group.clone().next().is_some_and(|first| first.place == message.place)
            && group.all(|m| m.count == 0 || m.visible_at <= self.now)
    }

    /// The queue to which a message goes instead of being handed out.
    pub(super) fn dead_letter_queue(&self, queue: usize, place: u64) -> Option<usize> {
        let (target, max) = self.queues[&queue].redrive?;
        let is_over = self.message(queue, place).count >= max;
        (is_over && target != queue && self.queues.contains_key(&target)).then_some(target)
    }

    pub(super) fn message(&self, queue: usize, place: u64) -> &Message {
        let mut messages = self.queues[&queue].messages.iter();
        messages.find(|m| m.place == place).expect("a message that the model has, too")
    }

    pub(super) fn remove(&mut self, queue: usize, place: u64) -> Message {
        let messages = &mut self.queues.get_mut(&queue).unwrap().messages;
        messages.remove(messages.iter().position(|m| m.place == place).unwrap())
    }

    /// Moves a message to the dead-letter queue.
    pub(super) fn move_dead_letter(&mut self, queue: usize, place: u64, target: usize) -> u64 {
        let message = self.remove(queue, place);
        let is_fifo = self.queues[&target].is_fifo;
        let enqueued_at = if is_fifo { self.now } else { message.enqueued_at };
        let visible_at = self.now;
        self.arrive(target, Message { source: Some(queue), enqueued_at, visible_at, ..message })
    }

    pub(super) fn hand_out(
        &mut self,
        queue: usize,
        places: &[u64],
        timeout: u64,
        attempt: Option<u8>,
    ) {
        let now = self.now;
        let queue = self.queues.get_mut(&queue).unwrap();
        for message in queue.messages.iter_mut().filter(|m| places.contains(&m.place)) {
            if message.count == 0 {
                message.first_received_at = now;
            }
            message.count += 1;
            message.received_at = now;
            message.visible_at = now + timeout;
        }
        let count = |place| queue.messages.iter().find(|m| m.place == place).unwrap().count;
        if let Some(id) = attempt {
            let messages = places.iter().map(|place| (*place, count(*place))).collect();
            queue.attempts.retain(|attempt| attempt.id != id);
            queue.attempts.push(Attempt { id, at: now, deadline: now + timeout, messages });
        }
    }

    /// The messages of an earlier receive with this attempt id, hidden anew.
    pub(super) fn repeat(&mut self, queue: usize, attempt: u8, timeout: u64) -> Option<Vec<u64>> {
        let now = self.now;
        let queue = self.queues.get_mut(&queue).unwrap();
        let attempt = queue.attempts.iter_mut().find(|known| known.id == attempt)?;
        let in_flight = |(place, count): &(u64, u32)| {
            let mut found = queue.messages.iter().filter(|m| m.place == *place);
            found.any(|m| {
                m.count == *count && m.visible_at == attempt.deadline && m.visible_at > now
            })
        };
        if !attempt.messages.iter().all(in_flight) {
            return None;
        }
        attempt.deadline = now + timeout;
        let places: Vec<u64> = attempt.messages.iter().map(|(place, _)| *place).collect();
        for message in queue.messages.iter_mut().filter(|m| places.contains(&m.place)) {
            message.visible_at = now + timeout;
        }
        Some(places)
    }

    pub(super) fn delete(&mut self, queue: usize, receipt: Receipt) -> Answer {
        let q = &self.queues[&queue];
        if queue != receipt.queue || q.life != receipt.life {
            return Answer::NotAReceipt;
        }
        let found = q.messages.iter().find(|m| m.place == receipt.place);
        let Some(message) = found else { return Answer::Done };
        let is_latest = message.count == receipt.count;
        if q.is_fifo && !(is_latest && message.visible_at > self.now) {
            return Answer::Expired;
        }
        if is_latest {
            self.remove(queue, receipt.place);
        }
        Answer::Done
    }

    pub(super) fn hide(&mut self, name: usize, receipt: Receipt, seconds: u64) -> Answer {
        let now = self.now;
        let queue = self.queues.get_mut(&name).unwrap();
        if name != receipt.queue || queue.life != receipt.life {
            return Answer::NotAReceipt;
        }
        let of_receipt = |m: &&mut Message| m.place == receipt.place && m.count == receipt.count;
        let Some(message) = queue.messages.iter_mut().find(of_receipt) else {
            return Answer::NotAvailable;
        };
        let is_visible = message.visible_at <= now;
        if is_visible && queue.is_fifo {
            return Answer::NotInFlight;
        }
        if is_visible && seconds == 0 {
            return Answer::Done;
        }
        if (now - message.received_at) / 1000 + seconds > 12 * 3600 {
            return Answer::TooLong;
        }
        message.visible_at = now + seconds * 1000;
        Answer::Done
    }

    /// What was handed to nobody is visible again.
    pub(super) fn give_back(&mut self, receipt: Receipt) {
        let now = self.now;
        let queue = self.queues.get_mut(&receipt.queue).filter(|q| q.life == receipt.life);
        for message in queue.into_iter().flat_map(|q| &mut q.messages) {
            if message.place == receipt.place && message.count == receipt.count {
                message.visible_at = message.visible_at.min(now);
            }
        }
    }

    /// Visible, in flight, delayed.
    pub(super) fn counts(&self, queue: usize) -> [u64; 3] {
        let messages = &self.queues[&queue].messages;
        let count =
            |is: &dyn Fn(&Message) -> bool| messages.iter().filter(|m| is(m)).count() as u64;
        let is_hidden = |m: &Message| m.visible_at > self.now;
        [
            count(&|m| !is_hidden(m)),
            count(&|m| is_hidden(m) && m.count > 0),
            count(&|m| is_hidden(m) && m.count == 0),
        ]
    }
}
