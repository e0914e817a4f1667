//! A queue's saved part, to bytes and back.

use tidings_mutants::mutant;

use super::deduplication::{Attempts, Deduplication};
use super::entry::{Entry, State};
use super::move_task::MoveTask;
use super::origins::Origins;
use super::queue::{KEYS_MAX, Queue, Upkeep};
use crate::codec::{Damaged, Reader, Writer};
use crate::names::Uuid;
use crate::queue_attributes::QueueAttributes;
use crate::record::{MoveTaskEnd, read_arn, write_arn};
use crate::tags::Tags;
use crate::time::Timestamp;

/// Bytes of an entry: its key, its fields, and whether it is hidden.
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
        w.u64(self.entries.len());
        for (key, entry) in self.entries.iter() {
            w.u64(key);
            encode_entry(w, entry);
        }
    }

    /// Reads a queue back. Its move tasks come separately: they are taken up by the shard.
    pub(crate) fn decode(
        r: &mut Reader<'_>,
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
        let count = r.u64()?;
        if count > (r.len() / ENTRY_BYTES) as u64 {
            return Err(Damaged);
        }
        for _ in 0..count {
            let key = r.u64()?;
            let (entry, is_hidden) = decode_entry(r)?;
            let is_consistent = key < queue.next_key
                && entry.length > 0
                && queue.entry(key).is_none()
                && (entry.group != 0 || !queue.is_fifo());
            if !is_consistent {
                return Err(Damaged);
            }
            if entry.group != 0 {
                queue.groups.rejoin(entry.group)?;
            }
            if entry.origin != 0 {
                queue.origins.rejoin(entry.origin)?;
            }
            queue.restore(key, entry, is_hidden, upkeep);
        }
        if !(queue.groups.is_whole() && queue.origins.is_whole()) {
            return Err(Damaged);
        }
        Ok((queue, move_tasks))
    }
}

fn encode_entry(w: &mut Writer<'_>, entry: &Entry) {
    w.u64(entry.position);
    w.u32(entry.length);
    w.u32(if mutant!(ForgetReceiveCounts) { 0 } else { entry.receive_count });
    w.u32(entry.group);
    w.u32(entry.origin);
    w.u64(entry.enqueued_at.as_ms());
    w.u64(entry.visible_at.as_ms());
    w.u64(entry.first_received_at.as_ms());
    w.u64(entry.received_at.as_ms());
    w.u8(u8::from(!matches!(entry.state, State::Visible(_))));
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
