//! What is kept in memory of a message.

use tidings_mutants::mutant;

use crate::codec::{Damaged, Reader, Writer};
use crate::message::Location;
use crate::pages::Item;
use crate::time::Timestamp;

/// A message in memory. Its content stays in the log.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
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

/// What a packed entry says beside its flags: only what is not as usual.
mod flag {
    /// Other keys lie between the entry's and that of the one before.
    pub(super) const GAP: u8 = 1;
    /// The record does not follow the record of the one before.
    pub(super) const POSITION: u8 = 1 << 1;
    pub(super) const LENGTH: u8 = 1 << 2;
    pub(super) const ENQUEUED_AT: u8 = 1 << 3;
    /// It was not visible from the beginning.
    pub(super) const VISIBLE_AT: u8 = 1 << 4;
    /// Another group or origin than that of the one before.
    pub(super) const GROUP_OR_ORIGIN: u8 = 1 << 5;
    /// It has been received.
    pub(super) const RECEIVED: u8 = 1 << 6;
    pub(super) const HIDDEN: u8 = 1 << 7;
}

impl Item for Entry {
    const PAGE_BITS: u32 = 6;
    const IDLE_PAGES_MAX: usize = 4;

    const FIRST: Self = Self {
        position: 0,
        length: 0,
        receive_count: 0,
        group: 0,
        origin: 0,
        enqueued_at: Timestamp::from_ms(0),
        visible_at: Timestamp::from_ms(0),
        first_received_at: Timestamp::from_ms(0),
        received_at: Timestamp::from_ms(0),
        state: State::Visible(Place::Line),
    };

    /// Hidden messages change when their time comes. Those that are visible but not in line stand
    /// where a packed entry would not tell.
    fn is_busy(&self) -> bool {
        self.state != State::Visible(Place::Line)
    }

    fn pack(&self, gap: u64, before: &Self, w: &mut Writer<'_>) {
        let received = (self.receive_count, self.first_received_at, self.received_at);
        let never = (0, Timestamp::default(), Timestamp::default());
        let is_same_kind = (self.group, self.origin) == (before.group, before.origin);
        let flags = [
            (gap != 1, flag::GAP),
            (self.position != before.end(), flag::POSITION),
            (self.length != before.length, flag::LENGTH),
            (self.enqueued_at != before.enqueued_at, flag::ENQUEUED_AT),
            (self.visible_at != self.enqueued_at, flag::VISIBLE_AT),
            (!is_same_kind, flag::GROUP_OR_ORIGIN),
            (received != never, flag::RECEIVED),
            (!matches!(self.state, State::Visible(_)), flag::HIDDEN),
        ];
        let flags = flags.iter().filter(|(is_set, _)| *is_set).fold(0, |all, (_, flag)| all | flag);
        w.u8(flags);
        if flags & flag::GAP != 0 {
            w.varint(gap);
        }
        if flags & flag::POSITION != 0 {
            w.difference(before.end(), self.position);
        }
        if flags & flag::LENGTH != 0 {
            w.varint(self.length.into());
        }
        if flags & flag::ENQUEUED_AT != 0 {
            w.difference(before.enqueued_at.as_ms(), self.enqueued_at.as_ms());
        }
        if flags & flag::VISIBLE_AT != 0 {
            w.difference(self.enqueued_at.as_ms(), self.visible_at.as_ms());
        }
        if flags & flag::GROUP_OR_ORIGIN != 0 {
            w.varint(self.group.into());
            w.varint(self.origin.into());
        }
        if flags & flag::RECEIVED != 0 {
            w.varint(if mutant!(ForgetReceiveCounts) { 1 } else { self.receive_count.into() });
            w.difference(self.enqueued_at.as_ms(), self.first_received_at.as_ms());
            w.difference(self.enqueued_at.as_ms(), self.received_at.as_ms());
        }
    }

    fn unpack(before: &Self, r: &mut Reader<'_>) -> Result<(u64, Self), Damaged> {
        let flags = r.u8()?;
        let mut gap = 1;
        let mut entry = Self {
            position: before.end(),
            length: before.length,
            group: before.group,
            origin: before.origin,
            enqueued_at: before.enqueued_at,
            ..Self::FIRST
        };
        if flags & flag::GAP != 0 {
            gap = r.varint()?;
        }
        if flags & flag::POSITION != 0 {
            entry.position = r.difference(before.end())?;
        }
        if flags & flag::LENGTH != 0 {
            entry.length = u32_of(r)?;
        }
        if flags & flag::ENQUEUED_AT != 0 {
            entry.enqueued_at = instant(r, before.enqueued_at)?;
        }
        entry.visible_at = entry.enqueued_at;
        if flags & flag::VISIBLE_AT != 0 {
            entry.visible_at = instant(r, entry.enqueued_at)?;
        }
        if flags & flag::GROUP_OR_ORIGIN != 0 {
            (entry.group, entry.origin) = (u32_of(r)?, u32_of(r)?);
        }
        if flags & flag::RECEIVED != 0 {
            entry.receive_count = u32_of(r)?;
            entry.first_received_at = instant(r, entry.enqueued_at)?;
            entry.received_at = instant(r, entry.enqueued_at)?;
        }
        if flags & flag::HIDDEN != 0 {
            entry.state = if entry.receive_count == 0 { State::Delayed } else { State::InFlight };
        }
        Ok((gap, entry))
    }
}

impl Entry {
    /// The position behind the record.
    fn end(&self) -> u64 {
        self.position.wrapping_add(self.length.into())
    }
}

fn instant(r: &mut Reader<'_>, from: Timestamp) -> Result<Timestamp, Damaged> {
    r.difference(from.as_ms()).map(Timestamp::from_ms)
}

fn u32_of(r: &mut Reader<'_>) -> Result<u32, Damaged> {
    u32::try_from(r.varint()?).map_err(|_| Damaged)
}

const _: () = assert!(size_of::<Option<Entry>>() <= 64, "the aim for a message that is unpacked");
