//! One queue: what is saved of it, and the bookkeeping beside it.

use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use tidings_mutants::mutant;

use super::deduplication::{Attempts, Deduplication};
use super::entries::Entries;
use super::entry::{Entry, Place, State};
use super::fifo::FifoOrder;
use super::groups::Groups;
use super::move_task::MoveTask;
use super::origins::{Origin, Origins};
use super::standard::StandardOrder;
use super::waiters::Waiters;
use crate::deadlines::{Deadlines, Due};
use crate::delivery::Delivery;
use crate::limits;
use crate::live_bytes::LiveBytes;
use crate::message::Location;
use crate::names::QueueArn;
use crate::pages::PackedPage;
use crate::publications::Publications;
use crate::queue_attributes::QueueAttributes;
use crate::tags::Tags;
use crate::terms::Terms;
use crate::time::Timestamp;

/// A queue. Its methods change it as a record says; what to record is decided by the shard.
///
/// The first group of fields is saved in snapshots. The second is bookkeeping: it follows from the
/// first, from the order of events, and from the time.
pub(crate) struct Queue {
    pub(crate) number: u32,
    /// What callers know it by. An outbox has one that nobody knows.
    pub(crate) arn: QueueArn,
    /// The number of the subscription whose outbox this is, if it is one.
    pub(crate) outbox_of: Option<u32>,
    pub(crate) attributes: QueueAttributes,
    pub(crate) tags: Tags,
    pub(crate) created_at: Timestamp,
    pub(crate) modified_at: Timestamp,
    pub(crate) purged_at: Option<Timestamp>,
    /// The key of the next message; never used twice, so a stale receipt meets no other message.
    pub(crate) next_key: u64,
    pub(super) entries: Entries,
    /// Where messages came from that were not sent here.
    pub(super) origins: Origins,
    pub(crate) deduplication: Deduplication,
    pub(crate) attempts: Attempts,
    /// Of this queue as a source; the newest last.
    pub(crate) move_tasks: VecDeque<MoveTask>,

    pub(super) groups: Groups,
    order: Order,
    in_flight: u64,
    delayed: u64,
    /// The deadline that stands for the retention period.
    expiry_due: Option<Timestamp>,
    /// The deadline that stands for what the queue remembers.
    forget_due: Option<Timestamp>,
    pub(crate) waiters: Waiters,
    /// What follows from policy, tags and key.
    pub(crate) terms: Option<Arc<Terms>>,
    /// Topics, by number, and whether the policy lets them send here, as far as it was asked.
    pub(super) admissions: RefCell<BTreeMap<u32, bool>>,
}

/// Keys that a queue can give out. Sequence numbers are made of them and must not overflow.
pub(crate) const KEYS_MAX: u64 = 1 << 62;

enum Order {
    Standard(StandardOrder),
    Fifo(FifoOrder),
}

/// What the shard keeps for all its queues, and each queue keeps up to date.
pub(crate) struct Upkeep {
    pub(crate) deadlines: Deadlines,
    pub(crate) live: LiveBytes,
    pub(crate) publications: Publications,
}

impl Upkeep {
    fn hold(&mut self, location: Location, is_published: bool) {
        if is_published {
            self.publications.hold(location, &mut self.live);
        } else {
            self.live.add(location);
        }
    }

    fn release(&mut self, location: Location, is_published: bool) {
        if is_published {
            self.publications.release(location.position, &mut self.live);
        } else {
            self.live.release(location);
        }
    }
}

/// A message that comes into a queue.
pub(crate) struct Arrival<'a> {
    pub(crate) location: Location,
    pub(crate) enqueued_at: Timestamp,
    pub(crate) visible_at: Timestamp,
    pub(crate) group: Option<&'a str>,
    pub(crate) receive_count: u32,
    pub(crate) first_received_at: Timestamp,
    pub(crate) origin: &'a Origin,
}

impl Queue {
    pub(crate) fn new(
        number: u32,
        arn: QueueArn,
        attributes: QueueAttributes,
        tags: Tags,
        at: Timestamp,
    ) -> Self {
        let order = if arn.name.is_fifo() {
            Order::Fifo(FifoOrder::default())
        } else {
            Order::Standard(StandardOrder::default())
        };
        let mut queue = Self {
            number,
            arn,
            outbox_of: None,
            attributes,
            tags,
            created_at: at,
            modified_at: at,
            purged_at: None,
            next_key: 0,
            entries: Entries::default(),
            origins: Origins::default(),
            deduplication: Deduplication::default(),
            attempts: Attempts::default(),
            move_tasks: VecDeque::new(),
            groups: Groups::default(),
            order,
            in_flight: 0,
            delayed: 0,
            expiry_due: None,
            forget_due: None,
            waiters: Waiters::default(),
            terms: None,
            admissions: RefCell::default(),
        };
        queue.renew_terms();
        queue
    }

    pub(crate) fn is_fifo(&self) -> bool {
        matches!(self.order, Order::Fifo(_))
    }

    /// Messages in the queue, in any state.
    pub(crate) fn messages(&self) -> u64 {
        self.entries.len()
    }

    pub(crate) fn in_flight(&self) -> u64 {
        self.in_flight
    }

    pub(crate) fn delayed(&self) -> u64 {
        self.delayed
    }

    pub(crate) fn visible(&self) -> u64 {
        self.entries.len() - self.in_flight - self.delayed
    }

    pub(crate) fn entry(&self, key: u64) -> Option<Entry> {
        self.entries.get(key)
    }

    /// Where a message came from, if it was not sent here.
    pub(crate) fn origin(&self, entry: &Entry) -> Option<&Origin> {
        self.origins.get(entry.origin)
    }

    /// The queue that a message came from as a dead letter.
    pub(crate) fn dead_letter_source(&self, entry: &Entry) -> Option<&QueueArn> {
        self.origin(entry)?.dead_letter_source.as_ref()
    }

    /// The subscription by which a message came, if it was published.
    pub(crate) fn delivery(&self, entry: &Entry) -> Option<&Arc<Delivery>> {
        self.origin(entry)?.delivery.as_ref()
    }

    /// The name of a message's group.
    pub(crate) fn group_name(&self, entry: &Entry) -> Option<&str> {
        self.groups.get(entry.group).map(|group| &*group.name)
    }

    /// The sequence number of a FIFO queue's message: twenty digits, growing with the key.
    pub(crate) fn sequence_number(&self, key: u64) -> Option<u64> {
        const FIRST: u64 = 10_000_000_000_000_000_000;
        self.is_fifo().then_some(FIRST + key)
    }

    /// The next messages to hand out, at most `max` and no more than may be in flight.
    pub(crate) fn pick(&mut self, max: usize) -> Vec<u64> {
        let room = limits::IN_FLIGHT_MAX.saturating_sub(self.in_flight);
        let max = max.min(usize::try_from(room).unwrap_or(usize::MAX));
        if max == 0 || self.visible() == 0 {
            return Vec::new();
        }
        match &mut self.order {
            Order::Standard(order) => {
                order.pick(max, &mut self.entries, &self.groups, self.in_flight)
            }
            Order::Fifo(order) => order.pick(max, &self.entries),
        }
    }

    /// Whether a message is visible and, in a FIFO queue, nothing of its group is in flight.
    pub(crate) fn may_be_handed_out(&self, entry: &Entry) -> bool {
        let group = self.groups.get(entry.group);
        let is_held_up = self.is_fifo() && group.is_some_and(|group| group.in_flight > 0);
        matches!(entry.state, State::Visible(_)) && !is_held_up
    }

    /// Whether as many messages are in flight as may be.
    pub(crate) fn is_at_limit(&self) -> bool {
        self.in_flight >= limits::IN_FLIGHT_MAX
    }

    /// Messages whose retention period has passed, at most `max`; not all that there are, but some,
    /// unless there are none.
    pub(crate) fn expired(&mut self, now: Timestamp, max: usize) -> Vec<u64> {
        let period_ms = u64::from(self.attributes.message_retention_period) * 1000;
        match now.as_ms().checked_sub(period_ms) {
            Some(until) => self.entries.enqueued_until(Timestamp::from_ms(until), max),
            None => Vec::new(),
        }
    }

    /// Whether a message's retention period has passed.
    pub(crate) fn is_expired(&self, entry: &Entry, now: Timestamp) -> bool {
        self.expires_at(entry.enqueued_at) <= now
    }

    fn expires_at(&self, enqueued_at: Timestamp) -> Timestamp {
        let seconds = u64::from(self.attributes.message_retention_period);
        enqueued_at.plus_seconds(seconds + u64::from(mutant!(LongRetention)))
    }

    /// A message comes in under `key`. `at` tells whether it is visible already.
    pub(crate) fn insert(
        &mut self,
        key: u64,
        arrival: &Arrival<'_>,
        at: Timestamp,
        upkeep: &mut Upkeep,
    ) {
        let origin = self.origins.enter(arrival.origin);
        let group = arrival.group.map_or(0, |name| self.groups.enter(name));
        self.next_key = self.next_key.max(key + 1);
        let entry = Entry {
            position: arrival.location.position,
            length: arrival.location.length,
            receive_count: arrival.receive_count,
            group,
            origin,
            enqueued_at: arrival.enqueued_at,
            visible_at: arrival.visible_at,
            first_received_at: arrival.first_received_at,
            received_at: Timestamp::default(),
            state: State::Delayed,
        };
        self.restore(key, entry, arrival.visible_at > at, upkeep);
    }

    /// A message is put where it belongs according to its entry; its group and its origin know of
    /// it already.
    pub(super) fn restore(&mut self, key: u64, entry: Entry, is_hidden: bool, upkeep: &mut Upkeep) {
        self.expire_by(entry.enqueued_at, upkeep);
        upkeep.hold(entry.location(), self.origins.is_published(entry.origin));
        let group = entry.group;
        let hidden = if entry.receive_count == 0 { State::Delayed } else { State::InFlight };
        self.entries.insert(key, entry);
        if let Order::Fifo(order) = &mut self.order {
            order.insert(key, group);
        }
        self.enter(key, is_hidden.then_some(hidden), upkeep);
    }

    /// What [`Queue::restore`] does, for a page of a snapshot and all that is in it.
    pub(super) fn restore_page(
        &mut self,
        number: u64,
        page: PackedPage,
        entries: &[(u64, Entry)],
        upkeep: &mut Upkeep,
    ) {
        let Some(oldest) = entries.iter().map(|(_, entry)| entry.enqueued_at).min() else { return };
        self.expire_by(oldest, upkeep);
        for (_, entry) in entries {
            upkeep.hold(entry.location(), self.origins.is_published(entry.origin));
        }
        self.entries.adopt(number, page, oldest);
        for (key, entry) in entries {
            if let Order::Fifo(order) = &mut self.order {
                order.insert(*key, entry.group);
            }
            match entry.state {
                State::Visible(_) => {
                    if let Order::Fifo(order) = &mut self.order {
                        order.refresh(entry.group, &self.entries, &self.groups);
                    }
                }
                hidden => self.enter(*key, Some(hidden), upkeep),
            }
        }
    }

    /// A message is handed out at `at`, hidden until `visible_at`.
    pub(crate) fn receive(
        &mut self,
        key: u64,
        at: Timestamp,
        visible_at: Timestamp,
        upkeep: &mut Upkeep,
    ) {
        if !self.leave(key, upkeep) {
            return;
        }
        if let Order::Standard(order) = &mut self.order {
            order.pass(key, &mut self.entries);
        }
        self.entries.update(key, |entry| {
            if entry.receive_count == 0 {
                entry.first_received_at = at;
            }
            entry.receive_count = entry.receive_count.saturating_add(1);
            entry.received_at = at;
            entry.visible_at = visible_at;
        });
        self.enter(key, (visible_at > at).then_some(State::InFlight), upkeep);
    }

    /// A message's visibility changes at `at`: hidden until `visible_at`.
    pub(crate) fn change_visibility(
        &mut self,
        key: u64,
        at: Timestamp,
        visible_at: Timestamp,
        upkeep: &mut Upkeep,
    ) {
        if !self.leave(key, upkeep) {
            return;
        }
        let hidden = self.entries.update(key, |entry| {
            entry.visible_at = visible_at;
            if entry.receive_count == 0 { State::Delayed } else { State::InFlight }
        });
        let Some(hidden) = hidden else { return };
        self.enter(key, (visible_at > at).then_some(hidden), upkeep);
    }

    /// A message's last receive came to nothing: it counts no longer. The message is hidden until
    /// `visible_at`.
    pub(crate) fn undo_receive(
        &mut self,
        key: u64,
        at: Timestamp,
        visible_at: Timestamp,
        upkeep: &mut Upkeep,
    ) {
        self.entries.update(key, |entry| {
            entry.receive_count = entry.receive_count.saturating_sub(1);
            if entry.receive_count == 0 {
                entry.first_received_at = Timestamp::default();
                entry.received_at = Timestamp::default();
            }
        });
        self.change_visibility(key, at, visible_at, upkeep);
    }

    /// Messages in flight whose last receive hid them for so long.
    pub(crate) fn received_for(&self, seconds: u64) -> Vec<u64> {
        let is_one = |entry: &Entry| {
            entry.state == State::InFlight
                && entry.visible_at == entry.received_at.plus_seconds(seconds)
        };
        self.entries.iter().filter(|(_, entry)| is_one(entry)).map(|(key, _)| key).collect()
    }

    /// A hidden message's time has come.
    pub(crate) fn become_visible(&mut self, key: u64, upkeep: &mut Upkeep) {
        if self.leave(key, upkeep) {
            self.enter(key, None, upkeep);
        }
    }

    /// A message is gone. Returns what its entry was.
    pub(crate) fn remove(&mut self, key: u64, upkeep: &mut Upkeep) -> Option<Entry> {
        if !self.leave(key, upkeep) {
            return None;
        }
        let entry = self.entries.remove(key)?;
        upkeep.release(entry.location(), self.origins.is_published(entry.origin));
        self.origins.leave(entry.origin);
        if let Order::Fifo(order) = &mut self.order {
            order.remove(key, entry.group, &self.entries);
            order.refresh(entry.group, &self.entries, &self.groups);
        }
        if entry.group != 0 {
            self.groups.leave(entry.group);
        }
        Some(entry)
    }

    /// A message's record has been written again.
    pub(crate) fn relocate(&mut self, key: u64, location: Location, upkeep: &mut Upkeep) {
        self.entries.update(key, |entry| {
            upkeep.live.release(entry.location());
            if !mutant!(ForgetRelocated) {
                entry.position = location.position;
                entry.length = location.length;
            }
            upkeep.live.add(location);
        });
    }

    /// Messages whose records lie before a position, in one page of the index: the page with this
    /// number or the one that follows it. Also the number with which to go on; `None` at the end.
    pub(crate) fn records_before(
        &self,
        position: u64,
        page: u64,
    ) -> Option<(Vec<(u64, Location)>, u64)> {
        let (entries, next) = self.entries.page_from(page)?;
        let early = entries.filter(|(_, entry)| {
            entry.position < position && !self.origins.is_published(entry.origin)
        });
        Some((early.map(|(key, entry)| (key, entry.location())).collect(), next))
    }

    /// Every message goes, and with them all that is remembered of messages: the receives that could
    /// be repeated, and the deduplication ids. A FIFO queue that was purged takes an id again, as
    /// observed of AWS.
    pub(crate) fn clear(&mut self, upkeep: &mut Upkeep) {
        for (key, entry) in self.entries.iter() {
            upkeep.release(entry.location(), self.origins.is_published(entry.origin));
            if !matches!(entry.state, State::Visible(_)) {
                let due = Due::Message { queue: self.number, key };
                upkeep.deadlines.remove(entry.visible_at, due);
            }
        }
        self.set_expiry_due(None, upkeep);
        self.set_forget_due(None, upkeep);
        self.entries = Entries::default();
        self.groups = Groups::default();
        self.order = match self.order {
            Order::Standard(_) => Order::Standard(StandardOrder::default()),
            Order::Fifo(_) => Order::Fifo(FifoOrder::default()),
        };
        self.deduplication = Deduplication::default();
        self.attempts = Attempts::default();
        self.origins = Origins::default();
        (self.in_flight, self.delayed) = (0, 0);
    }

    /// Sets the deadline for the message that expires first; after some have, or the retention
    /// period has changed. Not before `earliest`.
    pub(crate) fn schedule_expiry(&mut self, earliest: Timestamp, upkeep: &mut Upkeep) {
        let oldest = self.entries.oldest();
        self.set_expiry_due(oldest.map(|at| self.expires_at(at).max(earliest)), upkeep);
    }

    /// Drops what has been remembered for long enough, and sets the deadline for the next.
    pub(crate) fn forget(&mut self, now: Timestamp, upkeep: &mut Upkeep) {
        let sends = self.deduplication.forget(now);
        let attempts = self.attempts.forget(now);
        self.set_forget_due(sends.into_iter().chain(attempts).min(), upkeep);
    }

    /// Sets the deadline for something to be remembered until `at`, unless one comes before.
    pub(crate) fn forget_by(&mut self, at: Timestamp, upkeep: &mut Upkeep) {
        if self.forget_due.is_none_or(|due| at < due) {
            self.set_forget_due(Some(at), upkeep);
        }
    }

    /// FIFO queues apply a new DelaySeconds to what waits already: each message's new deadline, for
    /// those it changes. Only the last 15 minutes' messages can be concerned.
    pub(crate) fn delays_changed(
        &self,
        delay_seconds: u32,
        now: Timestamp,
    ) -> Vec<(u64, Timestamp)> {
        let delay_max = u64::from(*limits::DELAY_SECONDS.end()) * 1000;
        let is_young = |entry: &Entry| now - entry.enqueued_at <= delay_max;
        let waiting = self.entries.iter().filter(|(_, e)| e.receive_count == 0 && is_young(e));
        waiting
            .map(|(key, entry)| (key, entry, entry.enqueued_at.plus_seconds(delay_seconds.into())))
            .filter(|(_, entry, visible_at)| {
                *visible_at != entry.visible_at && (*visible_at > now || entry.visible_at > now)
            })
            .map(|(key, _, visible_at)| (key, visible_at))
            .collect()
    }

    /// Takes a message out of the state it is in. False if there is no such message.
    fn leave(&mut self, key: u64, upkeep: &mut Upkeep) -> bool {
        let Some(entry) = self.entries.get(key) else { return false };
        let (group, visible_at) = (entry.group, entry.visible_at);
        let due = Due::Message { queue: self.number, key };
        match entry.state {
            State::Delayed => {
                self.delayed -= 1;
                upkeep.deadlines.remove(visible_at, due);
            }
            State::InFlight => {
                self.in_flight -= 1;
                upkeep.deadlines.remove(visible_at, due);
                if group != 0 {
                    self.groups.take_back(group);
                }
            }
            State::Visible(place) => {
                if let Order::Standard(order) = &mut self.order {
                    order.remove(key, group, place);
                }
            }
        }
        true
    }

    /// Brings a message into a hidden state, or makes it visible.
    fn enter(&mut self, key: u64, hidden: Option<State>, upkeep: &mut Upkeep) {
        let end = self.next_key;
        let order = &mut self.order;
        let entered = self.entries.update(key, |entry| {
            entry.state = hidden.unwrap_or_else(|| match order {
                Order::Standard(order) => State::Visible(order.add(key, entry.receive_count, end)),
                Order::Fifo(_) => State::Visible(Place::Line),
            });
            *entry
        });
        let Some(entry) = entered else { return };
        let group = entry.group;
        if let Some(state) = hidden {
            let due = Due::Message { queue: self.number, key };
            upkeep.deadlines.insert(entry.visible_at, due);
            if state == State::Delayed {
                self.delayed += 1;
            } else {
                self.in_flight += 1;
                if group != 0 {
                    self.groups.hand_out(group);
                }
            }
        }
        if let Order::Fifo(order) = &mut self.order {
            order.refresh(group, &self.entries, &self.groups);
        }
    }

    /// Sets the deadline for a message that was enqueued then, unless one comes before.
    fn expire_by(&mut self, enqueued_at: Timestamp, upkeep: &mut Upkeep) {
        let expires_at = self.expires_at(enqueued_at);
        if self.expiry_due.is_none_or(|due| expires_at < due) {
            self.set_expiry_due(Some(expires_at), upkeep);
        }
    }

    fn set_expiry_due(&mut self, due: Option<Timestamp>, upkeep: &mut Upkeep) {
        let kind = Due::Expiry { queue: self.number };
        replace_deadline(&mut self.expiry_due, due, kind, &mut upkeep.deadlines);
    }

    fn set_forget_due(&mut self, due: Option<Timestamp>, upkeep: &mut Upkeep) {
        let kind = Due::Forget { queue: self.number };
        replace_deadline(&mut self.forget_due, due, kind, &mut upkeep.deadlines);
    }
}

fn replace_deadline(
    current: &mut Option<Timestamp>,
    next: Option<Timestamp>,
    due: Due,
    deadlines: &mut Deadlines,
) {
    if let Some(at) = current.take() {
        deadlines.remove(at, due);
    }
    if let Some(at) = next {
        deadlines.insert(at, due);
    }
    *current = next;
}
