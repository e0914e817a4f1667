//! What a shard writes about topics and subscriptions.

use super::{MessageRecord, Record, instant, kind};
use crate::codec::{Damaged, Reader, Writer};
use crate::message::{Location, Sealing};
use crate::names::{AccountId, Region, SubscriptionProtocol, TopicArn, TopicName, Uuid};
use crate::subscription_attributes::SubscriptionAttributes;
use crate::tags::Tags;
use crate::time::Timestamp;
use crate::topic_attributes::TopicAttributes;

/// One decision about a topic or a subscription. Both are known by numbers that are never used
/// twice.
#[derive(Clone, PartialEq, Debug)]
pub(crate) enum TopicRecord<'a> {
    TopicCreated {
        at: Timestamp,
        topic: u32,
        arn: TopicArn,
        attributes: TopicAttributes,
        tags: Tags,
        data_protection_policy: Option<&'a str>,
    },
    TopicDeleted {
        topic: u32,
    },
    TopicAttributesSet {
        at: Timestamp,
        topic: u32,
        attributes: TopicAttributes,
    },
    TopicTagsSet {
        topic: u32,
        tags: Tags,
    },
    DataProtectionPolicySet {
        topic: u32,
        policy: Option<&'a str>,
    },
    SubscriptionCreated {
        at: Timestamp,
        subscription: u32,
        topic: u32,
        id: Uuid,
        protocol: SubscriptionProtocol,
        endpoint: &'a str,
        owner: AccountId,
        principal: &'a str,
        attributes: SubscriptionAttributes,
        is_confirmed: bool,
        /// The number of the queue that a courier empties, if one does.
        outbox: Option<u32>,
    },
    SubscriptionConfirmed {
        subscription: u32,
        is_authenticated: bool,
    },
    SubscriptionAttributesSet {
        subscription: u32,
        attributes: SubscriptionAttributes,
        /// Whether ReplayPolicy is what was set.
        restarts_replay: bool,
    },
    /// Nothing is delivered any more, but the endpoint may still undo it.
    SubscriptionEnded {
        at: Timestamp,
        subscription: u32,
    },
    SubscriptionDeleted {
        subscription: u32,
    },
    /// A message that somebody gets, is to be archived, or is to be recognised if it comes again.
    MessagePublished {
        topic: u32,
        published: PublishedRecord<'a>,
    },
    /// A published message has come into queues; `location` is that of the record that was written
    /// when it was published.
    MessageFannedOut {
        at: Timestamp,
        location: Location,
        message_id: Uuid,
        group: Option<&'a str>,
        deduplication: Option<&'a str>,
        is_replayed: bool,
        deliveries: Deliveries<'a>,
    },
    /// A published message's record written again, so that the old one can be given up. `number` is
    /// the position of the record that was written when it was published.
    PublicationRelocated {
        number: u64,
        published: PublishedRecord<'a>,
    },
    /// Archived messages up to and with this one have been kept for long enough.
    ArchiveExpired {
        topic: u32,
        last: u64,
    },
    /// A replay has come past this message of the archive.
    ReplayAdvanced {
        subscription: u32,
        last: u64,
    },
    ReplayEnded {
        subscription: u32,
        is_complete: bool,
    },
}

/// The part of a published message's record that whoever reads the message needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PublishedRecord<'a> {
    /// Of a FIFO topic: what the publisher was told and the envelope says.
    pub sequence_number: Option<u64>,
    /// The message. Its content is a [`PublishedContent`](crate::publication::PublishedContent),
    /// perhaps sealed; its MD5 is that of the message as raw deliveries carry it.
    pub message: MessageRecord<'a>,
}

impl<'a> PublishedRecord<'a> {
    /// Reads a published message out of its whole record, as it was read back from the log.
    ///
    /// # Errors
    /// [`Damaged`] if the bytes are not the undamaged record of a published message.
    pub fn decode(record: &'a [u8]) -> Result<Self, Damaged> {
        match Record::decode(record)? {
            Record::Topic(
                TopicRecord::MessagePublished { published, .. }
                | TopicRecord::PublicationRelocated { published, .. },
            ) => Ok(published),
            _ => Err(Damaged),
        }
    }

    /// A whole record with its content as it was before it was sealed, for those who look at it and
    /// cannot open it themselves. `None` if it is not sealed.
    ///
    /// # Errors
    /// Those of `open`.
    pub fn opened<E>(
        record: &'a [u8],
        open: impl FnOnce(&[u8]) -> Result<Vec<u8>, E>,
    ) -> Result<Option<Vec<u8>>, E> {
        let Ok(published) = Self::decode(record) else { return Ok(None) };
        if published.message.sealing == Sealing::Plain {
            return Ok(None);
        }
        let content = open(published.message.content)?;
        let (sealing, content) = (Sealing::Plain, content.as_slice());
        let message = MessageRecord { sealing, content, ..published.message };
        let published = PublishedRecord { message, ..published };
        let mut opened = Vec::new();
        let record = TopicRecord::PublicationRelocated { number: 0, published };
        Record::Topic(record).encode(&mut opened);
        Ok(Some(opened))
    }

    fn write(&self, w: &mut Writer<'_>) {
        w.u64(self.sequence_number.unwrap_or(0));
        self.message.write(w);
    }

    fn read(r: &mut Reader<'a>) -> Result<Self, Damaged> {
        let sequence_number = Some(r.u64()?).filter(|number| *number != 0);
        Ok(Self { sequence_number, message: MessageRecord::read(r)? })
    }
}

/// Where one subscription's copy of a message went.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) struct Copy {
    pub(crate) subscription: u32,
    /// The subscriber's queue or outbox, or the dead-letter queue in its place.
    pub(crate) queue: u32,
    pub(crate) key: u64,
}

/// Copies of a message: as they are decided, or as they lie in a record.
#[derive(Clone, Debug)]
pub(crate) enum Deliveries<'a> {
    Listed(&'a [Copy]),
    Recorded(&'a [u8]),
}

const COPY_BYTES: usize = 16;

impl Deliveries<'_> {
    pub(crate) fn iter(&self) -> impl Iterator<Item = Copy> + '_ {
        let (listed, recorded): (&[Copy], &[u8]) = match self {
            Deliveries::Listed(copies) => (copies, &[]),
            Deliveries::Recorded(bytes) => (&[], bytes),
        };
        let recorded = recorded.as_chunks::<COPY_BYTES>().0.iter().map(|bytes| {
            let mut r = Reader::new(bytes);
            let fields = (|| Ok::<_, Damaged>((r.u32()?, r.u32()?, r.u64()?)))();
            let (subscription, queue, key) = fields.expect("as many bytes as the fields take");
            Copy { subscription, queue, key }
        });
        listed.iter().copied().chain(recorded)
    }

    fn write(&self, w: &mut Writer<'_>) {
        let count = match self {
            Deliveries::Listed(copies) => copies.len(),
            Deliveries::Recorded(bytes) => bytes.len() / COPY_BYTES,
        };
        w.u32(u32::try_from(count).expect("a record names a bounded number of subscriptions"));
        for Copy { subscription, queue, key } in self.iter() {
            w.u32(subscription);
            w.u32(queue);
            w.u64(key);
        }
    }

    fn read<'a>(r: &mut Reader<'a>) -> Result<Deliveries<'a>, Damaged> {
        let count = r.count(COPY_BYTES)?;
        r.raw(count * COPY_BYTES).map(Deliveries::Recorded)
    }
}

impl PartialEq for Deliveries<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl<'a> TopicRecord<'a> {
    pub(super) fn write(&self, w: &mut Writer<'_>) {
        match self {
            Self::TopicCreated { at, topic, arn, attributes, tags, data_protection_policy } => {
                head(w, kind::TOPIC_CREATED, *topic);
                w.u64(at.as_ms());
                write_topic_arn(w, arn);
                attributes.encode(w);
                tags.encode(w);
                w.text(data_protection_policy.unwrap_or(""));
            }
            Self::TopicDeleted { topic } => head(w, kind::TOPIC_DELETED, *topic),
            Self::TopicAttributesSet { at, topic, attributes } => {
                head(w, kind::TOPIC_ATTRIBUTES_SET, *topic);
                w.u64(at.as_ms());
                attributes.encode(w);
            }
            Self::TopicTagsSet { topic, tags } => {
                head(w, kind::TOPIC_TAGS_SET, *topic);
                tags.encode(w);
            }
            Self::DataProtectionPolicySet { topic, policy } => {
                head(w, kind::DATA_PROTECTION_POLICY_SET, *topic);
                w.text(policy.unwrap_or(""));
            }
            Self::MessagePublished { topic, published } => {
                head(w, kind::MESSAGE_PUBLISHED, *topic);
                published.write(w);
            }
            Self::MessageFannedOut {
                at,
                location,
                message_id,
                group,
                deduplication,
                is_replayed,
                deliveries,
            } => {
                w.u8(kind::MESSAGE_FANNED_OUT);
                w.u64(at.as_ms());
                w.u64(location.position);
                w.u32(location.length);
                w.raw(&message_id.to_bytes());
                w.text(group.unwrap_or(""));
                w.text(deduplication.unwrap_or(""));
                w.u8(u8::from(*is_replayed));
                deliveries.write(w);
            }
            Self::PublicationRelocated { number, published } => {
                w.u8(kind::PUBLICATION_RELOCATED);
                w.u64(*number);
                published.write(w);
            }
            Self::ArchiveExpired { topic, last } => {
                head(w, kind::ARCHIVE_EXPIRED, *topic);
                w.u64(*last);
            }
            _ => self.write_of_subscription(w),
        }
    }

    fn write_of_subscription(&self, w: &mut Writer<'_>) {
        match self {
            Self::SubscriptionCreated {
                at,
                subscription,
                topic,
                id,
                protocol,
                endpoint,
                owner,
                principal,
                attributes,
                is_confirmed,
                outbox,
            } => {
                head(w, kind::SUBSCRIPTION_CREATED, *subscription);
                w.u64(at.as_ms());
                w.u32(*topic);
                w.raw(&id.to_bytes());
                write_protocol(w, *protocol);
                w.text(endpoint);
                w.u64(owner.to_u64());
                w.text(principal);
                attributes.encode(w);
                w.u8(u8::from(*is_confirmed));
                w.option(outbox.as_ref(), |w, queue| w.u32(*queue));
            }
            Self::SubscriptionConfirmed { subscription, is_authenticated } => {
                head(w, kind::SUBSCRIPTION_CONFIRMED, *subscription);
                w.u8(u8::from(*is_authenticated));
            }
            Self::SubscriptionAttributesSet { subscription, attributes, restarts_replay } => {
                head(w, kind::SUBSCRIPTION_ATTRIBUTES_SET, *subscription);
                attributes.encode(w);
                w.u8(u8::from(*restarts_replay));
            }
            Self::SubscriptionEnded { at, subscription } => {
                head(w, kind::SUBSCRIPTION_ENDED, *subscription);
                w.u64(at.as_ms());
            }
            Self::SubscriptionDeleted { subscription } => {
                head(w, kind::SUBSCRIPTION_DELETED, *subscription);
            }
            Self::ReplayAdvanced { subscription, last } => {
                head(w, kind::REPLAY_ADVANCED, *subscription);
                w.u64(*last);
            }
            Self::ReplayEnded { subscription, is_complete } => {
                head(w, kind::REPLAY_ENDED, *subscription);
                w.u8(u8::from(*is_complete));
            }
            _ => unreachable!("written by the caller"),
        }
    }

    pub(super) fn read(record_kind: u8, r: &mut Reader<'a>) -> Result<Self, Damaged> {
        if record_kind == kind::MESSAGE_FANNED_OUT {
            return Ok(Self::MessageFannedOut {
                at: instant(r)?,
                location: Location { position: r.u64()?, length: r.u32()? },
                message_id: Uuid::from_bytes(r.array()?),
                group: text(r)?,
                deduplication: text(r)?,
                is_replayed: r.flag()?,
                deliveries: Deliveries::read(r)?,
            });
        }
        if record_kind == kind::PUBLICATION_RELOCATED {
            let number = r.u64()?;
            return Ok(Self::PublicationRelocated { number, published: PublishedRecord::read(r)? });
        }
        let number = r.u32()?;
        let record = match record_kind {
            kind::TOPIC_CREATED => Self::TopicCreated {
                at: instant(r)?,
                topic: number,
                arn: read_topic_arn(r)?,
                attributes: TopicAttributes::decode(r)?,
                tags: Tags::decode(r)?,
                data_protection_policy: text(r)?,
            },
            kind::TOPIC_DELETED => Self::TopicDeleted { topic: number },
            kind::TOPIC_ATTRIBUTES_SET => Self::TopicAttributesSet {
                at: instant(r)?,
                topic: number,
                attributes: TopicAttributes::decode(r)?,
            },
            kind::TOPIC_TAGS_SET => Self::TopicTagsSet { topic: number, tags: Tags::decode(r)? },
            kind::DATA_PROTECTION_POLICY_SET => {
                Self::DataProtectionPolicySet { topic: number, policy: text(r)? }
            }
            kind::MESSAGE_PUBLISHED => {
                Self::MessagePublished { topic: number, published: PublishedRecord::read(r)? }
            }
            kind::ARCHIVE_EXPIRED => Self::ArchiveExpired { topic: number, last: r.u64()? },
            kind::SUBSCRIPTION_CREATED => Self::SubscriptionCreated {
                at: instant(r)?,
                subscription: number,
                topic: r.u32()?,
                id: Uuid::from_bytes(r.array()?),
                protocol: read_protocol(r)?,
                endpoint: r.text()?,
                owner: AccountId::from_u64(r.u64()?).ok_or(Damaged)?,
                principal: r.text()?,
                attributes: SubscriptionAttributes::decode(r)?,
                is_confirmed: r.flag()?,
                outbox: r.option(Reader::u32)?,
            },
            kind::SUBSCRIPTION_CONFIRMED => {
                Self::SubscriptionConfirmed { subscription: number, is_authenticated: r.flag()? }
            }
            kind::SUBSCRIPTION_ATTRIBUTES_SET => Self::SubscriptionAttributesSet {
                subscription: number,
                attributes: SubscriptionAttributes::decode(r)?,
                restarts_replay: r.flag()?,
            },
            kind::SUBSCRIPTION_ENDED => {
                Self::SubscriptionEnded { at: instant(r)?, subscription: number }
            }
            kind::SUBSCRIPTION_DELETED => Self::SubscriptionDeleted { subscription: number },
            kind::REPLAY_ADVANCED => Self::ReplayAdvanced { subscription: number, last: r.u64()? },
            kind::REPLAY_ENDED => {
                Self::ReplayEnded { subscription: number, is_complete: r.flag()? }
            }
            _ => return Err(Damaged),
        };
        Ok(record)
    }
}

fn head(w: &mut Writer<'_>, kind: u8, number: u32) {
    w.u8(kind);
    w.u32(number);
}

fn text<'a>(r: &mut Reader<'a>) -> Result<Option<&'a str>, Damaged> {
    Ok(Some(r.text()?).filter(|text| !text.is_empty()))
}

/// Account as a number, region and name as texts.
pub(crate) fn write_topic_arn(w: &mut Writer<'_>, arn: &TopicArn) {
    w.u64(arn.account.to_u64());
    w.text(arn.region.as_str());
    w.text(arn.name.as_str());
}

/// What [`write_topic_arn`] wrote.
pub(crate) fn read_topic_arn(r: &mut Reader<'_>) -> Result<TopicArn, Damaged> {
    let account = AccountId::from_u64(r.u64()?).ok_or(Damaged)?;
    let region = Region::parse(r.text()?).ok_or(Damaged)?;
    let name = TopicName::of_record(r.text()?).ok_or(Damaged)?;
    Ok(TopicArn { account, region, name })
}

pub(crate) fn write_protocol(w: &mut Writer<'_>, protocol: SubscriptionProtocol) {
    w.u8(match protocol {
        SubscriptionProtocol::Sqs => 1,
        SubscriptionProtocol::Http => 2,
        SubscriptionProtocol::Https => 3,
        SubscriptionProtocol::Lambda => 4,
        SubscriptionProtocol::Firehose => 5,
        SubscriptionProtocol::Application => 6,
        SubscriptionProtocol::Sms => 7,
        SubscriptionProtocol::Email => 8,
        SubscriptionProtocol::EmailJson => 9,
    });
}

/// What [`write_protocol`] wrote.
pub(crate) fn read_protocol(r: &mut Reader<'_>) -> Result<SubscriptionProtocol, Damaged> {
    match r.u8()? {
        1 => Ok(SubscriptionProtocol::Sqs),
        2 => Ok(SubscriptionProtocol::Http),
        3 => Ok(SubscriptionProtocol::Https),
        4 => Ok(SubscriptionProtocol::Lambda),
        5 => Ok(SubscriptionProtocol::Firehose),
        6 => Ok(SubscriptionProtocol::Application),
        7 => Ok(SubscriptionProtocol::Sms),
        8 => Ok(SubscriptionProtocol::Email),
        9 => Ok(SubscriptionProtocol::EmailJson),
        _ => Err(Damaged),
    }
}
