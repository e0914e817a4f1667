//! A queue's saved part, to bytes and back.

use tidings_mutants::mutant;

use super::deduplication::{Attempts, Deduplication};
use super::entry::{Entry, State};
use super::move_task::MoveTask;
use super::origins::Origins;
use super::queue::{KEYS_MAX, Queue, Upkeep};
use crate::codec::{Damaged, Reader, Writer};
use crate::names::Uuid;
use crate::pages::PackedPage;
use crate::queue_attributes::QueueAttributes;
use crate::record::{MoveTaskEnd, read_arn, write_arn};
use crate::tags::Tags;
use crate::time::Timestamp;

/// How the entries of a queue lie in a snapshot.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum EntryFormat {
    /// One by one, all their fields.
    Listed,
    /// In packed pages.
    Packed,
}

/// Bytes of an entry that is listed: its key, its fields, and whether it is hidden.
const ENTRY_BYTES: usize = 8 + 8 + 4 * 4 + 8 * 4 + 1;

impl Queue {
    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        w.u32(self.number);
        write_arn(w, &self.arn);
        w.option(self.outbox_of.as_ref(), |w, subscription| w.u32(*subscription));
        if mutant!(ForgetAttributes) {
            QueueAttributes { visibility_timeout: 30, ..self.attributes.clone() }.encode(w);
        } else {
            self.attributes.encode(w);
        }
        self.tags.encode(w);
        w.u64(self.created_at.as_ms());
        w.u64(self.modified_at.as_ms());
        w.option(self.purged_at.as_ref(), |w, at| w.u64(at.as_ms()));
        w.u64(self.next_key);
        self.origins.encode(w);
        self.deduplication.encode(w);
        self.attempts.encode(w);
        w.list(self.move_tasks.iter(), encode_move_task);
        self.groups.encode(w);
        self.entries.encode(w);
    }

    /// Reads a queue back. Its move tasks come separately: they are taken up by the shard.
    pub(crate) fn decode(
        r: &mut Reader<'_>,
        format: EntryFormat,
        upkeep: &mut Upkeep,
    ) -> Result<(Self, Vec<MoveTask>), Damaged> {
        let number = r.u32()?;
        let arn = read_arn(r)?;
        let outbox_of = r.option(Reader::u32)?;
        let attributes = QueueAttributes::decode(r)?;
        let tags = Tags::decode(r)?;
        let created_at = instant(r)?;
        if arn.name.is_fifo() != attributes.fifo.is_some() {
            return Err(Damaged);
        }
        let mut queue = Self::new(number, arn, attributes, tags, created_at);
        queue.outbox_of = outbox_of;
        queue.modified_at = instant(r)?;
        queue.purged_at = r.option(instant)?;
        queue.next_key = r.u64()?;
        if queue.next_key > KEYS_MAX {
            return Err(Damaged);
        }
        queue.origins = Origins::decode(r)?;
        queue.deduplication = Deduplication::decode(r)?;
        queue.attempts = Attempts::decode(r)?;
        queue.forget(Timestamp::default(), upkeep);
        let move_tasks = r.list(42, decode_move_task)?;
        queue.groups.decode(r)?;
        match format {
            EntryFormat::Listed => queue.decode_listed(r, upkeep)?,
            EntryFormat::Packed => queue.decode_packed(r, upkeep)?,
        }
        if !(queue.groups.is_whole() && queue.origins.is_whole()) {
            return Err(Damaged);
        }
        Ok((queue, move_tasks))
    }

    fn decode_packed(&mut self, r: &mut Reader<'_>, upkeep: &mut Upkeep) -> Result<(), Damaged> {
        let mut last = None;
        for _ in 0..r.u64()? {
            let number = r.u64()?;
            if last.is_some_and(|last| number <= last) {
                return Err(Damaged);
            }
            last = Some(number);
            let mut entries = Vec::new();
            let page = PackedPage::read(number, r, |key, entry: &Entry| {
                self.check_saved(key, entry)?;
                entries.push((key, *entry));
                Ok(())
            })?;
            self.restore_page(number, page, &entries, upkeep);
        }
        Ok(())
    }

    fn decode_listed(&mut self, r: &mut Reader<'_>, upkeep: &mut Upkeep) -> Result<(), Damaged> {
        let count = r.u64()?;
        if count > (r.len() / ENTRY_BYTES) as u64 {
            return Err(Damaged);
        }
        let mut last = None;
        for _ in 0..count {
            let key = r.u64()?;
            let (entry, is_hidden) = decode_entry(r)?;
            if last.is_some_and(|last| key <= last) {
                return Err(Damaged);
            }
            last = Some(key);
            self.check_saved(key, &entry)?;
            self.restore(key, entry, is_hidden, upkeep);
        }
        Ok(())
    }

    /// Whether a message can be one of this queue's; its group and its origin gain it.
    fn check_saved(&mut self, key: u64, entry: &Entry) -> Result<(), Damaged> {
        let is_sound =
            key < self.next_key && entry.length > 0 && (entry.group != 0 || !self.is_fifo());
        if !is_sound {
            return Err(Damaged);
        }
        if entry.group != 0 {
            self.groups.rejoin(entry.group)?;
        }
        if entry.origin != 0 {
            self.origins.rejoin(entry.origin)?;
        }
        Ok(())
    }
}

fn decode_entry(r: &mut Reader<'_>) -> Result<(Entry, bool), Damaged> {
    let entry = Entry {
        position: r.u64()?,
        length: r.u32()?,
        receive_count: r.u32()?,
        group: r.u32()?,
        origin: r.u32()?,
        enqueued_at: instant(r)?,
        visible_at: instant(r)?,
        first_received_at: instant(r)?,
        received_at: instant(r)?,
        state: State::Delayed,
    };
    match r.u8()? {
        0 => Ok((entry, false)),
        1 => Ok((entry, true)),
        _ => Err(Damaged),
    }
}

fn encode_move_task(w: &mut Writer<'_>, task: &MoveTask) {
    w.raw(&task.id.to_bytes());
    w.option(task.destination.as_ref(), write_arn);
    w.option(task.rate.as_ref(), |w, rate| w.u32(*rate));
    w.u64(task.started_at.as_ms());
    w.u64(task.to_move);
    w.u64(task.moved);
    w.option(task.end.as_ref(), |w, end| end.encode(w));
}

fn decode_move_task(r: &mut Reader<'_>) -> Result<MoveTask, Damaged> {
    Ok(MoveTask {
        id: Uuid::from_bytes(r.array()?),
        destination: r.option(read_arn)?,
        rate: r.option(Reader::u32)?,
        started_at: instant(r)?,
        to_move: r.u64()?,
        moved: r.u64()?,
        end: r.option(MoveTaskEnd::decode)?,
        is_copying: false,
    })
}

fn instant(r: &mut Reader<'_>) -> Result<Timestamp, Damaged> {
    r.u64().map(Timestamp::from_ms)
}
