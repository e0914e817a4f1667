//! Published messages that somebody still needs, each kept once however many queues hold it.

use std::collections::BTreeMap;

use crate::codec::{Damaged, Reader, Writer};
use crate::live_bytes::LiveBytes;
use crate::message::Location;

/// Published messages by number. A message's number is the position of the record that was written
/// when it was published; an entry of a queue has it in place of a position, so that the record can
/// be written again elsewhere without a search for all that point at it.
#[derive(Default)]
pub(crate) struct Publications {
    held: BTreeMap<u64, Held>,
}

struct Held {
    location: Location,
    /// Entries of queues and of archives.
    references: u32,
}

impl Publications {
    /// Somebody needs the message. `first` is where its record was written when it was published.
    pub(crate) fn hold(&mut self, first: Location, live: &mut LiveBytes) {
        let held =
            self.held.entry(first.position).or_insert(Held { location: first, references: 0 });
        if held.references == 0 {
            live.add(held.location);
        }
        held.references += 1;
    }

    /// Somebody needs it no more.
    pub(crate) fn release(&mut self, number: u64, live: &mut LiveBytes) {
        let held = self.held.get_mut(&number).expect("what is released was held");
        held.references -= 1;
        if held.references == 0 {
            live.release(held.location);
            self.held.remove(&number);
        }
    }

    /// Where the record of the message with this number lies, if anybody needs it.
    pub(crate) fn get(&self, number: u64) -> Option<Location> {
        self.held.get(&number).map(|held| held.location)
    }

    /// Where the message's record lies now.
    pub(crate) fn locate(&self, first: Location) -> Location {
        self.held.get(&first.position).map_or(first, |held| held.location)
    }

    /// The message's record has been written again.
    pub(crate) fn relocate(&mut self, number: u64, location: Location, live: &mut LiveBytes) {
        if let Some(held) = self.held.get_mut(&number) {
            live.release(held.location);
            held.location = location;
            live.add(location);
        }
    }

    /// Messages whose records lie before a position, among the next `max` from `number` on. Also the
    /// number with which to go on; `None` at the end.
    pub(crate) fn before(
        &self,
        position: u64,
        number: u64,
        max: usize,
    ) -> (Vec<(u64, Location)>, Option<u64>) {
        let mut rest = self.held.range(number..);
        let early = rest.by_ref().take(max).filter(|(_, held)| held.location.position < position);
        let found = early.map(|(number, held)| (*number, held.location)).collect();
        (found, rest.next().map(|(number, _)| *number))
    }

    /// Saves where those are that were written again. The others are where their numbers say.
    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        let moved: Vec<_> =
            self.held.iter().filter(|(number, held)| held.location.position != **number).collect();
        w.list(moved.into_iter(), |w, (number, held)| {
            w.u64(*number);
            w.u64(held.location.position);
            w.u32(held.location.length);
        });
    }

    /// Reads them back, each still unneeded: [`Publications::hold`] brings those who need it.
    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        let moved = r.list(20, |r| {
            let number = r.u64()?;
            Ok((number, Location { position: r.u64()?, length: r.u32()? }))
        })?;
        if moved.iter().any(|(_, location)| location.length == 0) {
            return Err(Damaged);
        }
        let held = moved.into_iter().map(|(n, location)| (n, Held { location, references: 0 }));
        Ok(Self { held: held.collect() })
    }

    /// The greatest number in use.
    pub(crate) fn last(&self) -> Option<u64> {
        self.held.last_key_value().map(|(number, _)| *number)
    }

    /// Whether everything held is needed by somebody.
    pub(crate) fn is_whole(&self) -> bool {
        self.held.values().all(|held| held.references > 0)
    }
}
