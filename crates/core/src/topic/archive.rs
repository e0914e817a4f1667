//! What a FIFO topic keeps of the messages published to it, to be replayed.

use crate::codec::{Damaged, Reader, Writer};
use crate::message::Location;
use crate::pages::{Item, Pages};
use crate::time::Timestamp;

/// The archive of a topic: its messages in order, from the oldest that is kept.
pub(crate) struct Archive {
    /// When archiving began, or the end of what has expired since.
    pub(crate) begins_at: Timestamp,
    /// By number.
    messages: Pages<Archived>,
    /// The deadline that stands for the oldest message's end. Not saved.
    pub(crate) expiry_due: Option<Timestamp>,
}

/// A message in an archive.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Archived {
    pub(crate) published_at: Timestamp,
    /// Where its record was first written. The position is the publication's number.
    pub(crate) location: Location,
}

impl Item for Archived {
    /// 64 KiB of log.
    const PAGE_BITS: u32 = 16;
    const IDLE_PAGES_MAX: usize = 4;

    const FIRST: Self =
        Self { published_at: Timestamp::from_ms(0), location: Location { position: 0, length: 0 } };

    fn is_busy(&self) -> bool {
        false
    }

    fn pack(&self, gap: u64, before: &Self, w: &mut Writer<'_>) {
        w.varint(gap);
        w.difference(before.location.length.into(), self.location.length.into());
        w.difference(before.published_at.as_ms(), self.published_at.as_ms());
        // The number is not told to whoever unpacks.
        w.difference(before.location.position.wrapping_add(gap), self.location.position);
    }

    fn unpack(before: &Self, r: &mut Reader<'_>) -> Result<(u64, Self), Damaged> {
        let gap = r.varint()?;
        let length = r.difference(before.location.length.into())?;
        let length = u32::try_from(length).map_err(|_| Damaged)?;
        let published_at = Timestamp::from_ms(r.difference(before.published_at.as_ms())?);
        let position = r.difference(before.location.position.wrapping_add(gap))?;
        Ok((gap, Self { published_at, location: Location { position, length } }))
    }
}

impl Archive {
    pub(crate) fn new(begins_at: Timestamp) -> Self {
        Self { begins_at, messages: Pages::default(), expiry_due: None }
    }

    pub(crate) fn push(&mut self, archived: Archived) {
        self.messages.insert(archived.location.position, archived);
    }

    pub(crate) fn oldest(&self) -> Option<Archived> {
        self.iter().next()
    }

    pub(crate) fn newest(&self) -> Option<Archived> {
        self.get(self.messages.last()?)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Archived> {
        self.messages.iter().map(|(_, archived)| archived)
    }

    /// Takes the oldest message out, if its number is at most `last`.
    pub(crate) fn pop_through(&mut self, last: u64) -> Option<Archived> {
        let oldest = self.oldest()?.location.position;
        if oldest <= last { self.messages.remove(oldest) } else { None }
    }

    /// The message of this number.
    pub(crate) fn get(&self, number: u64) -> Option<Archived> {
        self.messages.get(number)
    }

    /// Messages behind a number, in order.
    pub(crate) fn after(&self, number: u64) -> impl Iterator<Item = Archived> {
        let behind = number.checked_add(1).into_iter();
        behind.flat_map(|from| self.messages.from(from)).map(|(_, archived)| archived)
    }

    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        w.u64(self.begins_at.as_ms());
        let count = u32::try_from(self.messages.len());
        w.u32(count.expect("an archive has fewer than four billion messages"));
        self.iter().for_each(|archived| {
            w.u64(archived.published_at.as_ms());
            w.u64(archived.location.position);
            w.u32(archived.location.length);
        });
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        let mut archive = Self::new(Timestamp::from_ms(r.u64()?));
        let mut last = None;
        for _ in 0..r.count(20)? {
            let published_at = Timestamp::from_ms(r.u64()?);
            let location = Location { position: r.u64()?, length: r.u32()? };
            let is_behind = last.is_none_or(|last| location.position > last);
            if !is_behind || location.length == 0 {
                return Err(Damaged);
            }
            last = Some(location.position);
            archive.push(Archived { published_at, location });
        }
        Ok(archive)
    }
}
