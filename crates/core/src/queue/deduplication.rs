//! What a FIFO queue remembers for five minutes: deduplication ids, and receive attempts.

use std::collections::{BTreeMap, BTreeSet};

use tidings_mutants::mutant;

use crate::codec::{Damaged, Reader, Writer};
use crate::limits;
use crate::names::Uuid;
use crate::time::Timestamp;

/// The digest of an id that a client chose: keyed, so that nobody can make two that are alike.
pub(crate) type IdDigest = u128;

/// The message that an id was first used for.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct FirstSend {
    pub(crate) at: Timestamp,
    pub(crate) key: u64,
    pub(crate) message_id: Uuid,
    /// `None` if it came from a topic: its body depends on who receives it.
    pub(crate) body_md5: Option<[u8; 16]>,
}

/// Deduplication ids used in the last five minutes, each with its message group, so that the
/// attribute DeduplicationScope can change without forgetting any.
#[derive(Default, PartialEq, Debug)]
pub(crate) struct Deduplication {
    sends: BTreeMap<(IdDigest, IdDigest), FirstSend>,
    /// Each of `sends` by its age. Not in the order of arrival: after a clock that was ahead has
    /// been set right, one id from the future must not keep all later ones from being forgotten.
    by_age: BTreeSet<(Timestamp, (IdDigest, IdDigest))>,
}

impl Deduplication {
    /// The message first sent with this id: in any group, or in the one given.
    pub(crate) fn find(
        &self,
        id: IdDigest,
        group: Option<IdDigest>,
        now: Timestamp,
    ) -> Option<&FirstSend> {
        let groups = match group {
            Some(group) => (id, group)..=(id, group),
            None => (id, 0)..=(id, u128::MAX),
        };
        let unexpired = |send: &&FirstSend| now < forgotten_at(send.at);
        self.sends.range(groups).map(|(_, send)| send).filter(unexpired).min_by_key(|send| send.key)
    }

    pub(crate) fn remember(&mut self, id: IdDigest, group: IdDigest, send: FirstSend) {
        let at = send.at;
        if let Some(before) = self.sends.insert((id, group), send) {
            self.by_age.remove(&(before.at, (id, group)));
        }
        self.by_age.insert((at, (id, group)));
    }

    /// Drops what is older than five minutes and returns when there is more to drop.
    pub(crate) fn forget(&mut self, now: Timestamp) -> Option<Timestamp> {
        while let Some((at, ids)) = self.by_age.first().copied() {
            if now < forgotten_at(at) {
                return Some(forgotten_at(at));
            }
            self.by_age.pop_first();
            self.sends.remove(&ids);
        }
        None
    }

    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        if mutant!(ForgetDeduplication) {
            return w.u32(0);
        }
        w.u32(u32::try_from(self.sends.len()).expect("five minutes of sends are fewer"));
        for ((id, group), send) in &self.sends {
            w.raw(&id.to_le_bytes());
            w.raw(&group.to_le_bytes());
            w.u64(send.at.as_ms());
            w.u64(send.key);
            w.raw(&send.message_id.to_bytes());
            w.option(send.body_md5.as_ref(), |w, md5| w.raw(md5));
        }
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        let mut read = Self::default();
        for _ in 0..r.count(65)? {
            let id = r.array().map(u128::from_le_bytes)?;
            let group = r.array().map(u128::from_le_bytes)?;
            let send = FirstSend {
                at: Timestamp::from_ms(r.u64()?),
                key: r.u64()?,
                message_id: Uuid::from_bytes(r.array()?),
                body_md5: r.option(Reader::array)?,
            };
            read.remember(id, group, send);
        }
        Ok(read)
    }
}

fn forgotten_at(at: Timestamp) -> Timestamp {
    let seconds = limits::DEDUPLICATION_SECONDS;
    at.plus_seconds(if mutant!(ShortDeduplication) { seconds / 2 } else { seconds })
}

/// A receive that can be repeated: the messages, each with its receive count then.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Attempt {
    pub(crate) at: Timestamp,
    /// Until when the messages are hidden; another deadline means that it was changed.
    pub(crate) visible_at: Timestamp,
    pub(crate) messages: Vec<(u64, u32)>,
}

/// Receives of the last five minutes that came with a ReceiveRequestAttemptId.
#[derive(Default, PartialEq, Debug)]
pub(crate) struct Attempts {
    attempts: BTreeMap<IdDigest, Attempt>,
    /// Each of `attempts` by its age.
    by_age: BTreeSet<(Timestamp, IdDigest)>,
}

impl Attempts {
    pub(crate) fn get(&self, id: IdDigest) -> Option<&Attempt> {
        self.attempts.get(&id)
    }

    pub(crate) fn get_mut(&mut self, id: IdDigest) -> Option<&mut Attempt> {
        self.attempts.get_mut(&id)
    }

    pub(crate) fn remember(&mut self, id: IdDigest, attempt: Attempt) {
        let at = attempt.at;
        if let Some(before) = self.attempts.insert(id, attempt) {
            self.by_age.remove(&(before.at, id));
        }
        self.by_age.insert((at, id));
    }

    /// Drops what is older than five minutes and returns when there is more to drop.
    pub(crate) fn forget(&mut self, now: Timestamp) -> Option<Timestamp> {
        while let Some((at, id)) = self.by_age.first().copied() {
            let forgotten_at = at.plus_seconds(limits::RECEIVE_ATTEMPT_SECONDS);
            if now < forgotten_at {
                return Some(forgotten_at);
            }
            self.by_age.pop_first();
            self.attempts.remove(&id);
        }
        None
    }

    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        w.u32(u32::try_from(self.attempts.len()).expect("five minutes of receives are fewer"));
        for (id, attempt) in &self.attempts {
            w.raw(&id.to_le_bytes());
            w.u64(attempt.at.as_ms());
            w.u64(attempt.visible_at.as_ms());
            w.u32(u32::try_from(attempt.messages.len()).expect("a receive has at most 10"));
            for (key, receive_count) in &attempt.messages {
                w.u64(*key);
                w.u32(*receive_count);
            }
        }
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        let mut read = Self::default();
        for _ in 0..r.count(36)? {
            let id = r.array().map(u128::from_le_bytes)?;
            let at = Timestamp::from_ms(r.u64()?);
            let visible_at = Timestamp::from_ms(r.u64()?);
            let mut messages = Vec::new();
            for _ in 0..r.count(12)? {
                messages.push((r.u64()?, r.u32()?));
            }
            read.remember(id, Attempt { at, visible_at, messages });
        }
        Ok(read)
    }
}
