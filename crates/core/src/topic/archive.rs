//! What a FIFO topic keeps of the messages published to it, to be replayed.

use std::collections::VecDeque;

use crate::codec::{Damaged, Reader, Writer};
use crate::message::Location;
use crate::time::Timestamp;

/// The archive of a topic: its messages in order, from the oldest that is kept.
pub(crate) struct Archive {
    /// When archiving began, or the end of what has expired since.
    pub(crate) begins_at: Timestamp,
    messages: VecDeque<Archived>,
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

impl Archive {
    pub(crate) fn new(begins_at: Timestamp) -> Self {
        Self { begins_at, messages: VecDeque::new(), expiry_due: None }
    }

    pub(crate) fn push(&mut self, archived: Archived) {
        self.messages.push_back(archived);
    }

    pub(crate) fn oldest(&self) -> Option<&Archived> {
        self.messages.front()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Archived> {
        self.messages.iter()
    }

    /// Takes the oldest message out, if its number is at most `last`.
    pub(crate) fn pop_through(&mut self, last: u64) -> Option<Archived> {
        self.messages.pop_front_if(|archived| archived.location.position <= last)
    }

    /// The message of this number.
    pub(crate) fn get(&self, number: u64) -> Option<&Archived> {
        let at = self.messages.binary_search_by_key(&number, |a| a.location.position).ok()?;
        self.messages.get(at)
    }

    /// Messages behind a number, in order.
    pub(crate) fn after(&self, number: u64) -> impl Iterator<Item = &Archived> {
        let from = self.messages.partition_point(|archived| archived.location.position <= number);
        self.messages.range(from..)
    }

    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        w.u64(self.begins_at.as_ms());
        w.list(self.messages.iter(), |w, archived| {
            w.u64(archived.published_at.as_ms());
            w.u64(archived.location.position);
            w.u32(archived.location.length);
        });
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        let mut archive = Self::new(Timestamp::from_ms(r.u64()?));
        let messages = r.list(20, |r| {
            let published_at = Timestamp::from_ms(r.u64()?);
            Ok(Archived {
                published_at,
                location: Location { position: r.u64()?, length: r.u32()? },
            })
        })?;
        let is_sound = messages.is_sorted_by_key(|archived| archived.location.position)
            && messages.iter().all(|archived| archived.location.length > 0);
        if !is_sound {
            return Err(Damaged);
        }
        archive.messages = messages.into();
        Ok(archive)
    }
}
