//! What a shard writes: decisions, one after the other.
//!
//! A record says what was decided, not what was asked, so that replay needs no clock, no entropy
//! and no rule. `docs/log-format.md` describes the bytes. A kind's bytes never change once they
//! were released: what must look different becomes a new kind, and old kinds stay readable.

mod topics;

use crate::codec::{Damaged, Reader, Writer};
use crate::message::{Location, Sealing};
use crate::names::{AccountId, QueueArn, QueueName, Region, Uuid};
use crate::queue_attributes::QueueAttributes;
use crate::tags::Tags;
use crate::time::Timestamp;

pub use topics::PublishedRecord;
pub(crate) use topics::{
    Copy as FannedOutCopy, Deliveries, TopicRecord, read_protocol, read_topic_arn, write_protocol,
    write_topic_arn,
};

/// Length, checksum and kind.
pub(crate) const HEADER_BYTES: usize = 9;

/// One decision.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum Record<'a> {
    /// The first record of a shard: the secret that its receipt handles are made with.
    ShardCreated {
        secret: [u8; 16],
    },
    QueueCreated {
        at: Timestamp,
        queue: u32,
        arn: QueueArn,
        attributes: QueueAttributes,
        tags: Tags,
    },
    QueueDeleted {
        at: Timestamp,
        queue: u32,
    },
    AttributesSet {
        at: Timestamp,
        queue: u32,
        attributes: QueueAttributes,
    },
    TagsSet {
        queue: u32,
        tags: Tags,
    },
    QueuePurged {
        at: Timestamp,
        queue: u32,
    },
    /// A message in its queue, visible from `visible_at` on.
    MessageSent {
        queue: u32,
        key: u64,
        visible_at: Timestamp,
        message: MessageRecord<'a>,
    },
    /// Messages handed out, hidden until `visible_at`. `attempt` is the digest of the
    /// ReceiveRequestAttemptId.
    MessagesReceived {
        at: Timestamp,
        queue: u32,
        visible_at: Timestamp,
        attempt: Option<u128>,
        keys: Keys<'a>,
    },
    /// A receive was repeated with its attempt id: the same messages, hidden anew.
    ReceiveRepeated {
        at: Timestamp,
        queue: u32,
        visible_at: Timestamp,
        attempt: u128,
    },
    VisibilityChanged {
        at: Timestamp,
        queue: u32,
        key: u64,
        visible_at: Timestamp,
    },
    /// A receive that came to nothing: the message counts as received one time less.
    ReceiveUndone {
        at: Timestamp,
        queue: u32,
        key: u64,
        visible_at: Timestamp,
    },
    /// Messages gone because they were deleted, or because their retention period had passed.
    MessagesDeleted {
        queue: u32,
        keys: Keys<'a>,
    },
    /// A message moved to a dead-letter queue. Its own record stays where it is.
    MessageDeadLettered {
        at: Timestamp,
        queue: u32,
        key: u64,
        target: u32,
        target_key: u64,
    },
    MoveTaskStarted {
        at: Timestamp,
        queue: u32,
        task: Uuid,
        destination: Option<QueueArn>,
        rate: Option<u32>,
        to_move: u64,
    },
    /// A message that a move task has sent on is gone from its source.
    MessageMoved {
        queue: u32,
        task: Uuid,
        key: u64,
    },
    MoveTaskEnded {
        queue: u32,
        task: Uuid,
        end: MoveTaskEnd,
    },
    /// A message's record written again, so that the old one can be given up. Nothing else about
    /// the message changes.
    MessageRelocated {
        queue: u32,
        key: u64,
        message: MessageRecord<'a>,
    },
    /// About a topic or a subscription.
    Topic(TopicRecord<'a>),
    /// An entry of the register, as it is from now on; without a value it is gone.
    EntryWritten {
        name: &'a str,
        value: Option<&'a [u8]>,
    },
    /// A message that a move task has moved on with its record as it is, because it was published
    /// to a topic.
    PublicationMoved {
        at: Timestamp,
        queue: u32,
        task: Uuid,
        key: u64,
        target: u32,
        target_key: u64,
    },
}

/// How a move task ended.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum MoveTaskEnd {
    Completed,
    Cancelled,
    Failed { reason: String },
}

/// The part of a message's record that whoever reads the message needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MessageRecord<'a> {
    /// The message's id.
    pub message_id: Uuid,
    /// When it was sent.
    pub sent_at: Timestamp,
    /// MD5 of the body, as both the sender and the receiver are told it.
    pub body_md5: [u8; 16],
    /// MessageGroupId.
    pub group: Option<&'a str>,
    /// MessageDeduplicationId: as given, or made of the body.
    pub deduplication: Option<&'a str>,
    /// How the content lies here.
    pub sealing: Sealing,
    /// The encoded [`Content`](crate::message::Content), perhaps sealed.
    pub content: &'a [u8],
}

impl<'a> MessageRecord<'a> {
    /// Reads a message out of its whole record, as it was read back from the log.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes are not the undamaged record of a message.
    pub fn decode(record: &'a [u8]) -> Result<Self, Damaged> {
        match Record::decode(record)? {
            Record::MessageSent { message, .. } | Record::MessageRelocated { message, .. } => {
                Ok(message)
            }
            _ => Err(Damaged),
        }
    }

    fn write(&self, w: &mut Writer<'_>) {
        w.raw(&self.message_id.to_bytes());
        w.u64(self.sent_at.as_ms());
        w.raw(&self.body_md5);
        w.text(self.group.unwrap_or(""));
        w.text(self.deduplication.unwrap_or(""));
        self.sealing.write(w);
        w.bytes(self.content);
    }

    fn read(r: &mut Reader<'a>) -> Result<Self, Damaged> {
        Ok(Self {
            message_id: Uuid::from_bytes(r.array()?),
            sent_at: Timestamp::from_ms(r.u64()?),
            body_md5: r.array()?,
            group: Some(r.text()?).filter(|text| !text.is_empty()),
            deduplication: Some(r.text()?).filter(|text| !text.is_empty()),
            sealing: Sealing::read(r)?,
            content: r.bytes()?,
        })
    }
}

/// Keys of messages: as they are decided, or as they lie in a record.
#[derive(Clone, Debug)]
pub(crate) enum Keys<'a> {
    Listed(&'a [u64]),
    Recorded(&'a [u8]),
}

impl Keys<'_> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        let (listed, recorded): (&[u64], &[u8]) = match self {
            Keys::Listed(keys) => (keys, &[]),
            Keys::Recorded(bytes) => (&[], bytes),
        };
        let recorded = recorded.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes));
        listed.iter().copied().chain(recorded)
    }

    fn write(&self, w: &mut Writer<'_>) {
        let count = match self {
            Keys::Listed(keys) => keys.len(),
            Keys::Recorded(bytes) => bytes.len() / 8,
        };
        w.u32(u32::try_from(count).expect("a record names a bounded number of messages"));
        self.iter().for_each(|key| w.u64(key));
    }

    fn read<'a>(r: &mut Reader<'a>) -> Result<Keys<'a>, Damaged> {
        let count = r.count(8)?;
        r.raw(count * 8).map(Keys::Recorded)
    }
}

impl PartialEq for Keys<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

mod kind {
    pub(super) const SHARD_CREATED: u8 = 1;
    pub(super) const QUEUE_CREATED: u8 = 2;
    pub(super) const QUEUE_DELETED: u8 = 3;
    pub(super) const ATTRIBUTES_SET: u8 = 4;
    pub(super) const TAGS_SET: u8 = 5;
    pub(super) const QUEUE_PURGED: u8 = 6;
    pub(super) const MESSAGE_SENT: u8 = 7;
    pub(super) const MESSAGES_RECEIVED: u8 = 8;
    pub(super) const RECEIVE_REPEATED: u8 = 9;
    pub(super) const VISIBILITY_CHANGED: u8 = 10;
    pub(super) const MESSAGES_DELETED: u8 = 11;
    pub(super) const MESSAGE_DEAD_LETTERED: u8 = 12;
    pub(super) const MOVE_TASK_STARTED: u8 = 13;
    pub(super) const MESSAGE_MOVED: u8 = 14;
    pub(super) const MOVE_TASK_ENDED: u8 = 15;
    pub(super) const MESSAGE_RELOCATED: u8 = 16;
    pub(super) const PUBLICATION_MOVED: u8 = 17;
    pub(super) const RECEIVE_UNDONE: u8 = 18;
    // Of topics, from here on.
    pub(super) const TOPIC_CREATED: u8 = 32;
    pub(super) const TOPIC_DELETED: u8 = 33;
    pub(super) const TOPIC_ATTRIBUTES_SET: u8 = 34;
    pub(super) const TOPIC_TAGS_SET: u8 = 35;
    pub(super) const DATA_PROTECTION_POLICY_SET: u8 = 36;
    pub(super) const SUBSCRIPTION_CREATED: u8 = 37;
    pub(super) const SUBSCRIPTION_CONFIRMED: u8 = 38;
    pub(super) const SUBSCRIPTION_ATTRIBUTES_SET: u8 = 39;
    pub(super) const SUBSCRIPTION_ENDED: u8 = 40;
    pub(super) const SUBSCRIPTION_DELETED: u8 = 41;
    pub(super) const MESSAGE_PUBLISHED: u8 = 42;
    pub(super) const MESSAGE_FANNED_OUT: u8 = 43;
    pub(super) const PUBLICATION_RELOCATED: u8 = 44;
    pub(super) const ARCHIVE_EXPIRED: u8 = 45;
    pub(super) const REPLAY_ADVANCED: u8 = 46;
    pub(super) const REPLAY_ENDED: u8 = 47;
    // Of the register.
    pub(super) const ENTRY_WRITTEN: u8 = 64;
}

impl<'a> Record<'a> {
    /// Appends the record's bytes to `buffer` and returns how many they are.
    pub(crate) fn encode(&self, buffer: &mut Vec<u8>) -> u32 {
        let start = buffer.len();
        buffer.extend_from_slice(&[0; HEADER_BYTES - 1]);
        self.write(&mut Writer::new(buffer));
        let record = &mut buffer[start..];
        let length = u32::try_from(record.len()).expect("a record is at most 2 MiB long");
        let checksum = crc32c::crc32c(&record[HEADER_BYTES - 1..]);
        record[..4].copy_from_slice(&length.to_le_bytes());
        record[4..8].copy_from_slice(&checksum.to_le_bytes());
        length
    }

    /// Reads a whole record.
    pub(crate) fn decode(record: &'a [u8]) -> Result<Self, Damaged> {
        let mut r = Reader::new(record);
        let (length, checksum) = (r.u32()?, r.u32()?);
        let body = record.get(HEADER_BYTES - 1..).ok_or(Damaged)?;
        if length as usize != record.len() || checksum != crc32c::crc32c(body) {
            return Err(Damaged);
        }
        let read = Self::read(&mut r)?;
        r.end()?;
        Ok(read)
    }

    fn write(&self, w: &mut Writer<'_>) {
        match self {
            Self::ShardCreated { secret } => {
                w.u8(kind::SHARD_CREATED);
                w.raw(secret);
            }
            Self::QueueCreated { at, queue, arn, attributes, tags } => {
                head(w, kind::QUEUE_CREATED, *queue);
                w.u64(at.as_ms());
                write_arn(w, arn);
                attributes.encode(w);
                tags.encode(w);
            }
            Self::QueueDeleted { at, queue } => {
                head(w, kind::QUEUE_DELETED, *queue);
                w.u64(at.as_ms());
            }
            Self::AttributesSet { at, queue, attributes } => {
                head(w, kind::ATTRIBUTES_SET, *queue);
                w.u64(at.as_ms());
                attributes.encode(w);
            }
            Self::TagsSet { queue, tags } => {
                head(w, kind::TAGS_SET, *queue);
                tags.encode(w);
            }
            Self::QueuePurged { at, queue } => {
                head(w, kind::QUEUE_PURGED, *queue);
                w.u64(at.as_ms());
            }
            Self::MessageSent { queue, key, visible_at, message } => {
                head(w, kind::MESSAGE_SENT, *queue);
                w.u64(*key);
                w.u64(visible_at.as_ms());
                message.write(w);
            }
            Self::MessagesReceived { at, queue, visible_at, attempt, keys } => {
                head(w, kind::MESSAGES_RECEIVED, *queue);
                w.u64(at.as_ms());
                w.u64(visible_at.as_ms());
                w.option(attempt.as_ref(), |w, attempt| w.raw(&attempt.to_le_bytes()));
                keys.write(w);
            }
            Self::ReceiveRepeated { at, queue, visible_at, attempt } => {
                head(w, kind::RECEIVE_REPEATED, *queue);
                w.u64(at.as_ms());
                w.u64(visible_at.as_ms());
                w.raw(&attempt.to_le_bytes());
            }
            Self::VisibilityChanged { at, queue, key, visible_at } => {
                head(w, kind::VISIBILITY_CHANGED, *queue);
                w.u64(at.as_ms());
                w.u64(*key);
                w.u64(visible_at.as_ms());
            }
            Self::ReceiveUndone { at, queue, key, visible_at } => {
                head(w, kind::RECEIVE_UNDONE, *queue);
                w.u64(at.as_ms());
                w.u64(*key);
                w.u64(visible_at.as_ms());
            }
            Self::MessagesDeleted { queue, keys } => {
                head(w, kind::MESSAGES_DELETED, *queue);
                keys.write(w);
            }
            Self::MessageDeadLettered { at, queue, key, target, target_key } => {
                head(w, kind::MESSAGE_DEAD_LETTERED, *queue);
                w.u64(at.as_ms());
                w.u64(*key);
                w.u32(*target);
                w.u64(*target_key);
            }
            Self::MoveTaskStarted { at, queue, task, destination, rate, to_move } => {
                head(w, kind::MOVE_TASK_STARTED, *queue);
                w.u64(at.as_ms());
                w.raw(&task.to_bytes());
                w.option(destination.as_ref(), write_arn);
                w.option(rate.as_ref(), |w, rate| w.u32(*rate));
                w.u64(*to_move);
            }
            Self::MessageMoved { queue, task, key } => {
                head(w, kind::MESSAGE_MOVED, *queue);
                w.raw(&task.to_bytes());
                w.u64(*key);
            }
            Self::MoveTaskEnded { queue, task, end } => {
                head(w, kind::MOVE_TASK_ENDED, *queue);
                w.raw(&task.to_bytes());
                end.encode(w);
            }
            Self::MessageRelocated { queue, key, message } => {
                head(w, kind::MESSAGE_RELOCATED, *queue);
                w.u64(*key);
                message.write(w);
            }
            Self::PublicationMoved { at, queue, task, key, target, target_key } => {
                head(w, kind::PUBLICATION_MOVED, *queue);
                w.u64(at.as_ms());
                w.raw(&task.to_bytes());
                w.u64(*key);
                w.u32(*target);
                w.u64(*target_key);
            }
            Self::Topic(record) => record.write(w),
            Self::EntryWritten { name, value } => {
                w.u8(kind::ENTRY_WRITTEN);
                w.text(name);
                w.option(value.as_ref(), |w, value| w.bytes(value));
            }
        }
    }

    fn read(r: &mut Reader<'a>) -> Result<Self, Damaged> {
        let kind = r.u8()?;
        if kind == kind::SHARD_CREATED {
            return Ok(Self::ShardCreated { secret: r.array()? });
        }
        if kind == kind::ENTRY_WRITTEN {
            return Ok(Self::EntryWritten { name: r.text()?, value: r.option(Reader::bytes)? });
        }
        if kind >= kind::TOPIC_CREATED {
            return TopicRecord::read(kind, r).map(Self::Topic);
        }
        let queue = r.u32()?;
        let record = match kind {
            kind::QUEUE_CREATED => Self::QueueCreated {
                at: instant(r)?,
                queue,
                arn: read_arn(r)?,
                attributes: QueueAttributes::decode(r)?,
                tags: Tags::decode(r)?,
            },
            kind::QUEUE_DELETED => Self::QueueDeleted { at: instant(r)?, queue },
            kind::ATTRIBUTES_SET => Self::AttributesSet {
                at: instant(r)?,
                queue,
                attributes: QueueAttributes::decode(r)?,
            },
            kind::TAGS_SET => Self::TagsSet { queue, tags: Tags::decode(r)? },
            kind::QUEUE_PURGED => Self::QueuePurged { at: instant(r)?, queue },
            kind::MESSAGE_SENT => Self::MessageSent {
                queue,
                key: r.u64()?,
                visible_at: instant(r)?,
                message: MessageRecord::read(r)?,
            },
            kind::MESSAGES_RECEIVED => Self::MessagesReceived {
                at: instant(r)?,
                queue,
                visible_at: instant(r)?,
                attempt: r.option(|r| r.array().map(u128::from_le_bytes))?,
                keys: Keys::read(r)?,
            },
            kind::RECEIVE_REPEATED => Self::ReceiveRepeated {
                at: instant(r)?,
                queue,
                visible_at: instant(r)?,
                attempt: r.array().map(u128::from_le_bytes)?,
            },
            kind::VISIBILITY_CHANGED => Self::VisibilityChanged {
                at: instant(r)?,
                queue,
                key: r.u64()?,
                visible_at: instant(r)?,
            },
            kind::RECEIVE_UNDONE => Self::ReceiveUndone {
                at: instant(r)?,
                queue,
                key: r.u64()?,
                visible_at: instant(r)?,
            },
            kind::MESSAGES_DELETED => Self::MessagesDeleted { queue, keys: Keys::read(r)? },
            kind::MESSAGE_DEAD_LETTERED => Self::MessageDeadLettered {
                at: instant(r)?,
                queue,
                key: r.u64()?,
                target: r.u32()?,
                target_key: r.u64()?,
            },
            kind::MOVE_TASK_STARTED => Self::MoveTaskStarted {
                at: instant(r)?,
                queue,
                task: Uuid::from_bytes(r.array()?),
                destination: r.option(read_arn)?,
                rate: r.option(Reader::u32)?,
                to_move: r.u64()?,
            },
            kind::MESSAGE_MOVED => {
                Self::MessageMoved { queue, task: Uuid::from_bytes(r.array()?), key: r.u64()? }
            }
            kind::MOVE_TASK_ENDED => Self::MoveTaskEnded {
                queue,
                task: Uuid::from_bytes(r.array()?),
                end: MoveTaskEnd::decode(r)?,
            },
            kind::MESSAGE_RELOCATED => {
                Self::MessageRelocated { queue, key: r.u64()?, message: MessageRecord::read(r)? }
            }
            kind::PUBLICATION_MOVED => Self::PublicationMoved {
                at: instant(r)?,
                queue,
                task: Uuid::from_bytes(r.array()?),
                key: r.u64()?,
                target: r.u32()?,
                target_key: r.u64()?,
            },
            _ => return Err(Damaged),
        };
        Ok(record)
    }
}

impl MoveTaskEnd {
    pub(crate) fn encode(&self, w: &mut Writer<'_>) {
        match self {
            Self::Completed => w.u8(1),
            Self::Cancelled => w.u8(2),
            Self::Failed { reason } => {
                w.u8(3);
                w.text(reason);
            }
        }
    }

    pub(crate) fn decode(r: &mut Reader<'_>) -> Result<Self, Damaged> {
        match r.u8()? {
            1 => Ok(Self::Completed),
            2 => Ok(Self::Cancelled),
            3 => Ok(Self::Failed { reason: r.text()?.to_owned() }),
            _ => Err(Damaged),
        }
    }
}

/// The records of one batch's payload, in order, each with where it lies.
pub(crate) fn records(
    start: u64,
    payload: &[u8],
) -> impl Iterator<Item = Result<(Location, Record<'_>), Damaged>> {
    let mut offset = 0;
    std::iter::from_fn(move || {
        let rest = &payload[offset..];
        if rest.is_empty() {
            return None;
        }
        let item = next_record(rest).map(|(length, record)| {
            let location = Location { position: start + offset as u64, length };
            offset += length as usize;
            (location, record)
        });
        if item.is_err() {
            offset = payload.len();
        }
        Some(item)
    })
}

fn next_record(rest: &[u8]) -> Result<(u32, Record<'_>), Damaged> {
    let length = Reader::new(rest).u32()?;
    let bytes = rest.get(..length as usize).ok_or(Damaged)?;
    Record::decode(bytes).map(|record| (length, record))
}

fn head(w: &mut Writer<'_>, kind: u8, queue: u32) {
    w.u8(kind);
    w.u32(queue);
}

fn instant(r: &mut Reader<'_>) -> Result<Timestamp, Damaged> {
    r.u64().map(Timestamp::from_ms)
}

/// Account as a number, region and name as texts.
pub(crate) fn write_arn(w: &mut Writer<'_>, arn: &QueueArn) {
    w.u64(arn.account.to_u64());
    w.text(arn.region.as_str());
    w.text(arn.name.as_str());
}

/// What [`write_arn`] wrote.
pub(crate) fn read_arn(r: &mut Reader<'_>) -> Result<QueueArn, Damaged> {
    let account = AccountId::from_u64(r.u64()?).ok_or(Damaged)?;
    let region = Region::parse(r.text()?).ok_or(Damaged)?;
    let name = QueueName::parse(r.text()?).ok_or(Damaged)?;
    Ok(QueueArn { account, region, name })
}
