//! Published messages that somebody still needs, each kept once however many queues hold it.

use crate::codec::{Damaged, Reader, Writer};
use crate::live_bytes::LiveBytes;
use crate::message::Location;
use crate::pages::{Item, Pages};

/// Published messages by number. A message's number is the position of the record that was written
/// when it was published; an entry of a queue has it in place of a position, so that the record can
/// be written again elsewhere without a search for all that point at it.
#[derive(Default)]
pub(crate) struct Publications {
    held: Pages<Held>,
}

#[derive(Copy, Clone, PartialEq, Eq, Debug)]
struct Held {
    /// Where the record lies now: how far behind its number, and its length.
    moved_by: u64,
    length: u32,
    /// Entries of queues and of archives.
    references: u32,
}

impl Held {
    fn at(number: u64, location: Location) -> Self {
        let moved_by = location.position.wrapping_sub(number);
        Self { moved_by, length: location.length, references: 1 }
    }

    fn location(&self, number: u64) -> Location {
        Location { position: number.wrapping_add(self.moved_by), length: self.length }
    }
}

impl Item for Held {
    /// 8 KiB of log: a page that is unpacked for one of its messages has few others.
    const PAGE_BITS: u32 = 13;
    /// Each subscription may have come to a place of its own.
    const IDLE_PAGES_MAX: usize = 64;

    const FIRST: Self = Self { moved_by: 0, length: 0, references: 1 };

    /// Nothing is ever going on with a message but that fewer need it.
    fn is_busy(&self) -> bool {
        false
    }

    fn pack(&self, gap: u64, before: &Self, w: &mut Writer<'_>) {
        let is_usual = (self.moved_by, self.references) == (before.moved_by, before.references);
        // A gap is no more than a page.
        w.varint((gap << 1) | u64::from(!is_usual));
        w.difference(before.length.into(), self.length.into());
        if !is_usual {
            w.difference(before.moved_by, self.moved_by);
            w.varint(self.references.into());
        }
    }

    fn unpack(before: &Self, r: &mut Reader<'_>) -> Result<(u64, Self), Damaged> {
        let first = r.varint()?;
        let length = r.difference(before.length.into())?;
        let mut held = Self { length: u32::try_from(length).map_err(|_| Damaged)?, ..*before };
        if first & 1 == 1 {
            held.moved_by = r.difference(before.moved_by)?;
            held.references = u32::try_from(r.varint()?).map_err(|_| Damaged)?;
        }
        Ok((first >> 1, held))
    }
}

impl Publications {
    /// Somebody needs the message. `first` is where its record was written when it was published.
    pub(crate) fn hold(&mut self, first: Location, live: &mut LiveBytes) {
        let number = first.position;
        let is_new = self.held.update(number, |held| {
            if held.references == 0 {
                live.add(held.location(number));
            }
            held.references += 1;
        });
        if is_new.is_none() {
            self.held.insert(number, Held { moved_by: 0, length: first.length, references: 1 });
            live.add(first);
        }
    }

    /// Somebody needs it no more.
    pub(crate) fn release(&mut self, number: u64, live: &mut LiveBytes) {
        let held = self.held.update(number, |held| {
            held.references -= 1;
            *held
        });
        let held = held.expect("what is released was held");
        if held.references == 0 {
            live.release(held.location(number));
            self.held.remove(number);
        }
    }

    /// Where the record of the message with this number lies, if anybody needs it.
    pub(crate) fn get(&self, number: u64) -> Option<Location> {
        self.held.get(number).map(|held| held.location(number))
    }

    /// Where the message's record lies now.
    pub(crate) fn locate(&self, first: Location) -> Location {
        self.get(first.position).unwrap_or(first)
    }

    /// The message's record has been written again.
    pub(crate) fn relocate(&mut self, number: u64, location: Location, live: &mut LiveBytes) {
        self.held.update(number, |held| {
            live.release(held.location(number));
            *held = Held { references: held.references, ..Held::at(number, location) };
            live.add(location);
        });
    }

    /// Messages whose records lie before a position, among the next `max` from `number` on. Also the
    /// number with which to go on; `None` at the end.
    pub(crate) fn before(
        &self,
        position: u64,
        number: u64,
        max: usize,
    ) -> (Vec<(u64, Location)>, Option<u64>) {
        let mut rest = self.locations_from(number);
        let early = rest.by_ref().take(max).filter(|(_, location)| location.position < position);
        let found = early.collect();
        (found, rest.next().map(|(number, _)| number))
    }

    /// Saves where those are that were written again. The others are where their numbers say.
    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        let moved: Vec<_> = self
            .locations_from(0)
            .filter(|(number, location)| location.position != *number)
            .collect();
        w.list(moved.into_iter(), |w, (number, location)| {
            w.u64(number);
            w.u64(location.position);
            w.u32(location.length);
        });
    }

    /// Reads them back, each still unneeded: [`Publications::hold`] brings those who need it.
    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        let (mut read, mut last) = (Self::default(), None);
        for _ in 0..r.count(20)? {
            let number = r.u64()?;
            let location = Location { position: r.u64()?, length: r.u32()? };
            if location.length == 0 || last.is_some_and(|last| number <= last) {
                return Err(Damaged);
            }
            last = Some(number);
            read.held.insert(number, Held { references: 0, ..Held::at(number, location) });
        }
        Ok(read)
    }

    /// The greatest number in use.
    pub(crate) fn last(&self) -> Option<u64> {
        self.held.last()
    }

    /// Whether everything held is needed by somebody.
    pub(crate) fn is_whole(&self) -> bool {
        self.held.iter().all(|(_, held)| held.references > 0)
    }

    fn locations_from(&self, number: u64) -> impl Iterator<Item = (u64, Location)> {
        self.held.from(number).map(|(number, held)| (number, held.location(number)))
    }
}
