//! Records as bytes.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::codec::Damaged;
use crate::message::{Location, Sealing};
use crate::names::{
    AccountId, QueueArn, QueueName, Region, SubscriptionProtocol, TopicArn, TopicName, Uuid,
};
use crate::queue_attributes::QueueAttributes;
use crate::record::{
    self, Deliveries, FannedOutCopy, Keys, MessageRecord, MoveTaskEnd, PublishedRecord, Record,
    TopicRecord,
};
use crate::subscription_attributes::{Context, SubscriptionAttributes};
use crate::tags::Tags;
use crate::time::Timestamp;
use crate::topic_attributes::TopicAttributes;

/// A record with its borrowed parts beside it.
#[derive(Clone, Debug)]
pub(super) struct Owned {
    pub(super) kind: u8,
    pub(super) queue: u32,
    pub(super) target: u32,
    pub(super) instants: [u64; 2],
    pub(super) numbers: [u64; 2],
    pub(super) arn: QueueArn,
    pub(super) attributes: QueueAttributes,
    pub(super) tags: Tags,
    pub(super) keys: Vec<u64>,
    pub(super) copies: Vec<FannedOutCopy>,
    pub(super) digest: Option<u128>,
    pub(super) rate: Option<u32>,
    pub(super) id: [u8; 16],
    pub(super) texts: [String; 3],
    pub(super) content: Vec<u8>,
    /// The ARN as text.
    pub(super) endpoint: String,
}

impl Owned {
    /// The record of this kind that these parts make.
    pub(super) fn record(&self) -> Record<'_> {
        let [at, visible_at] = self.instants.map(Timestamp::from_ms);
        let [key, target_key] = self.numbers;
        let (queue, task) = (self.queue, Uuid::from_bytes(self.id));
        match self.kind {
            64 => Record::EntryWritten {
                name: &self.texts[0],
                value: self.rate.map(|_| self.content.as_slice()),
            },
            1 => Record::ShardCreated { secret: self.id },
            2 => Record::QueueCreated {
                at,
                queue,
                arn: self.arn.clone(),
                attributes: self.attributes.clone(),
                tags: self.tags.clone(),
            },
            3 => Record::QueueDeleted { at, queue },
            4 => Record::AttributesSet { at, queue, attributes: self.attributes.clone() },
            5 => Record::TagsSet { queue, tags: self.tags.clone() },
            6 => Record::QueuePurged { at, queue },
            7 => Record::MessageSent { queue, key, visible_at, message: self.message() },
            8 => {
                let (attempt, keys) = (self.digest, Keys::Listed(&self.keys));
                Record::MessagesReceived { at, queue, visible_at, attempt, keys }
            }
            9 => {
                let attempt = self.digest.unwrap_or_default();
                Record::ReceiveRepeated { at, queue, visible_at, attempt }
            }
            10 => Record::VisibilityChanged { at, queue, key, visible_at },
            11 => Record::MessagesDeleted { queue, keys: Keys::Listed(&self.keys) },
            12 => Record::MessageDeadLettered { at, queue, key, target: self.target, target_key },
            13 => Record::MoveTaskStarted {
                at,
                queue,
                task,
                destination: self.rate.map(|_| self.arn.clone()),
                rate: self.rate,
                to_move: key,
            },
            14 => Record::MessageMoved { queue, task, key },
            15 => Record::MoveTaskEnded { queue, task, end: self.end() },
            16 => Record::MessageRelocated { queue, key, message: self.message() },
            17 => {
                let target = self.target;
                Record::PublicationMoved { at, queue, task, key, target, target_key }
            }
            18 => Record::ReceiveUndone { at, queue, key, visible_at },
            _ => Record::Topic(self.topic_record()),
        }
    }

    fn topic_record(&self) -> TopicRecord<'_> {
        let at = Timestamp::from_ms(self.instants[0]);
        let (topic, subscription, number) = (self.queue, self.queue, self.numbers[0]);
        let text = Some(self.texts[2].as_str()).filter(|text| !text.is_empty());
        let flag = self.target.is_multiple_of(2);
        match self.kind {
            32 => TopicRecord::TopicCreated {
                at,
                topic,
                arn: self.topic_arn(),
                attributes: self.topic_attributes(),
                tags: self.tags.clone(),
                data_protection_policy: text,
            },
            33 => TopicRecord::TopicDeleted { topic },
            34 => {
                let attributes = self.topic_attributes();
                TopicRecord::TopicAttributesSet { at, topic, attributes }
            }
            35 => TopicRecord::TopicTagsSet { topic, tags: self.tags.clone() },
            36 => TopicRecord::DataProtectionPolicySet { topic, policy: text },
            37 => self.subscription_created(at),
            38 => TopicRecord::SubscriptionConfirmed { subscription, is_authenticated: flag },
            39 => TopicRecord::SubscriptionAttributesSet {
                subscription,
                attributes: self.subscription_attributes(),
                restarts_replay: flag,
            },
            40 => TopicRecord::SubscriptionEnded { at, subscription },
            41 => TopicRecord::SubscriptionDeleted { subscription },
            42 => TopicRecord::MessagePublished { topic, published: self.published() },
            43 => TopicRecord::MessageFannedOut {
                at,
                location: Location { position: number, length: self.target },
                message_id: Uuid::from_bytes(self.id),
                group: self.message().group,
                deduplication: self.message().deduplication,
                is_replayed: flag,
                deliveries: Deliveries::Listed(&self.copies),
            },
            44 => TopicRecord::PublicationRelocated { number, published: self.published() },
            45 => TopicRecord::ArchiveExpired { topic, last: number },
            46 => TopicRecord::ReplayAdvanced { subscription, last: number },
            _ => TopicRecord::ReplayEnded { subscription, is_complete: flag },
        }
    }

    /// With an outbox, or to a queue.
    fn subscription_created(&self, at: Timestamp) -> TopicRecord<'_> {
        let outbox = self.rate.map(|_| self.target);
        TopicRecord::SubscriptionCreated {
            at,
            subscription: self.queue,
            topic: self.target,
            id: Uuid::from_bytes(self.id),
            protocol: SubscriptionProtocol::ALL[self.target as usize % 9],
            endpoint: if outbox.is_some() { "https://example.com/" } else { &self.endpoint },
            owner: self.arn.account,
            principal: &self.texts[2],
            attributes: self.subscription_attributes(),
            is_confirmed: self.target.is_multiple_of(2),
            outbox,
        }
    }

    fn published(&self) -> PublishedRecord<'_> {
        let sequence_number = self.rate.map(|rate| u64::MAX - u64::from(rate));
        PublishedRecord { sequence_number, message: self.message() }
    }

    fn topic_arn(&self) -> TopicArn {
        let name = TopicName::parse(self.arn.name.as_str()).unwrap();
        TopicArn { account: self.arn.account, region: self.arn.region.clone(), name }
    }

    /// With an archive in every other FIFO topic.
    fn topic_attributes(&self) -> TopicAttributes {
        let arn = self.topic_arn();
        let mut given = vec![("DisplayName".to_owned(), self.texts[2].trim().to_owned())];
        if arn.name.is_fifo() {
            given.push(("FifoTopic".to_owned(), "true".to_owned()));
        }
        if arn.name.is_fifo() && self.rate.is_some() {
            let policy = r#"{"MessageRetentionPeriod":"1"}"#.to_owned();
            given.push(("ArchivePolicy".to_owned(), policy));
        }
        TopicAttributes::create(&arn, &given).unwrap()
    }

    /// Of a queue; with a replay if the topic is a FIFO topic.
    fn subscription_attributes(&self) -> SubscriptionAttributes {
        let topic = self.topic_arn();
        let context = Context {
            protocol: SubscriptionProtocol::Sqs,
            topic: &topic,
            owner: topic.account,
            endpoint_is_fifo_queue: false,
        };
        let dead = QueueArn { name: QueueName::parse("dead").unwrap(), ..self.arn.clone() };
        let policy = format!(r#"{{"deadLetterTargetArn":"{dead}"}}"#);
        let mut given = vec![("RedrivePolicy".to_owned(), policy)];
        if self.rate.is_some() {
            given.push(("FilterPolicy".to_owned(), r#"{"a":["b"]}"#.to_owned()));
        }
        if topic.name.is_fifo() {
            let from = Timestamp::from_ms(0).to_iso8601();
            let policy = format!(r#"{{"PointType":"Timestamp","StartingPoint":"{from}"}}"#);
            given.push(("ReplayPolicy".to_owned(), policy));
        }
        SubscriptionAttributes::create(&context, &given).unwrap()
    }

    fn message(&self) -> MessageRecord<'_> {
        let [group, deduplication, _] = &self.texts;
        let present = |text: &'_ String| !text.is_empty();
        MessageRecord {
            message_id: Uuid::from_bytes(self.id),
            sent_at: Timestamp::from_ms(self.instants[0]),
            body_md5: self.id,
            group: Some(group.as_str()).filter(|_| present(group)),
            deduplication: Some(deduplication.as_str()).filter(|_| present(deduplication)),
            sealing: if self.target.is_multiple_of(2) { Sealing::Plain } else { Sealing::Envelope },
            content: &self.content,
        }
    }

    fn end(&self) -> MoveTaskEnd {
        match self.target % 3 {
            0 => MoveTaskEnd::Completed,
            1 => MoveTaskEnd::Cancelled,
            _ => MoveTaskEnd::Failed { reason: self.texts[2].clone() },
        }
    }

    pub(super) fn bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.record().encode(&mut bytes);
        bytes
    }
}

fn any_arn() -> impl Strategy<Value = QueueArn> {
    let account = (0_u64..=999_999_999_999).prop_map(|n| AccountId::from_u64(n).unwrap());
    let region = "[a-z0-9-]{1,64}".prop_map(|text| Region::parse(&text).unwrap());
    let name = "[a-zA-Z0-9_-]{1,75}(\\.fifo)?".prop_map(|text| QueueName::parse(&text).unwrap());
    (account, region, name).prop_map(|(account, region, name)| QueueArn { account, region, name })
}

/// Attributes as a request may leave them. Every one by itself is tested beside its code.
fn attributes_of(arn: &QueueArn, seconds: u32) -> QueueAttributes {
    let mut given = vec![
        ("DelaySeconds".to_owned(), (seconds % 901).to_string()),
        ("VisibilityTimeout".to_owned(), (seconds % 43_201).to_string()),
        ("MessageRetentionPeriod".to_owned(), (60 + seconds % 100).to_string()),
    ];
    if seconds.is_multiple_of(2) {
        let policy =
            format!(r#"{{"deadLetterTargetArn":"{arn}","maxReceiveCount":{}}}"#, 1 + seconds % 3);
        given.push(("RedrivePolicy".to_owned(), policy));
    }
    if arn.name.is_fifo() {
        given.push(("FifoQueue".to_owned(), "true".to_owned()));
    }
    QueueAttributes::create(&arn.name, &given).unwrap()
}

/// Any record. Numbers are small as often as they are any, so that records meet one another.
pub(super) fn any_record() -> impl Strategy<Value = Owned> {
    let number = || prop_oneof![3 => 0_u64..6, 1 => any::<u64>()];
    let queue = || prop_oneof![5 => 0_u32..4, 1 => any::<u32>()];
    let tags = btree_map("[a-z]{1,5}", "[a-z]{0,5}", 0..3);
    let kind = prop_oneof![1_u8..=18, 32_u8..=47, Just(64_u8)];
    let heads = (kind, queue(), queue(), [number(), number()], [number(), number()]);
    let parts = (any_arn(), any::<u32>(), tags, vec(number(), 0..4), option::of(any::<u128>()));
    let rest = (option::of(any::<u32>()), any::<[u8; 16]>(), ["[ab]?", "[ab]?", "[a-z ]{0,9}"]);
    (heads, parts, rest, vec(any::<u8>(), 0..50)).prop_map(|(heads, parts, rest, content)| {
        let (kind, queue, target, instants, numbers) = heads;
        let (arn, seconds, tags, keys, digest) = parts;
        let (rate, id, texts) = rest;
        let attributes = attributes_of(&arn, seconds);
        let copy = |key: &u64| FannedOutCopy { subscription: target, queue, key: *key };
        let (copies, endpoint) = (keys.iter().map(copy).collect(), arn.to_string());
        let tags = Tags::create(&arn.name, &tags.into_iter().collect::<Vec<_>>()).unwrap();
        Owned {
            kind,
            queue,
            target,
            instants,
            numbers,
            arn,
            attributes,
            tags,
            keys,
            copies,
            endpoint,
            digest,
            rate,
            id,
            texts,
            content,
        }
    })
}

/// Runs a test with the same random values every time.
pub(super) fn check<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value)) {
    let config = Config { cases, failure_persistence: None, ..Config::default() };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[9; 32]);
    let tested = TestRunner::new_with_rng(config, rng).run(strategy, |value| {
        test(value);
        Ok(())
    });
    if let Err(failure) = tested {
        panic!("{failure}");
    }
}

#[test]
fn every_record_reads_back() {
    check(4000, &any_record(), |owned| {
        let bytes = owned.bytes();
        assert_eq!(Record::decode(&bytes), Ok(owned.record()));
    });
}

#[test]
fn a_batch_reads_back_with_the_places_of_its_records() {
    check(300, &vec(any_record(), 0..10), |batch| {
        let mut payload = Vec::new();
        let lengths: Vec<u32> = batch.iter().map(|r| r.record().encode(&mut payload)).collect();
        let mut position = 4144;
        let read: Vec<_> = record::records(4144, &payload).collect();
        assert_eq!(read.len(), batch.len());
        for ((item, owned), length) in read.into_iter().zip(&batch).zip(lengths) {
            assert_eq!(item, Ok((Location { position, length }, owned.record())));
            position += u64::from(length);
        }
    });
}

#[test]
fn every_cut_and_every_flipped_bit_is_seen() {
    check(200, &any_record(), |owned| {
        let mut bytes = owned.bytes();
        for cut in 0..bytes.len() {
            assert_eq!(Record::decode(&bytes[..cut]), Err(Damaged), "cut at {cut}");
            let read: Vec<_> = record::records(0, &bytes[..cut]).collect();
            assert_eq!(read.len(), usize::from(cut > 0));
            assert!(read.iter().all(Result::is_err), "cut at {cut}");
        }
        for bit in 0..bytes.len() * 8 {
            bytes[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Record::decode(&bytes), Err(Damaged), "bit {bit}");
            assert!(record::records(0, &bytes).any(|item| item.is_err()), "bit {bit}");
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        bytes.push(0);
        assert_eq!(Record::decode(&bytes), Err(Damaged), "a byte too many");
    });
}

#[test]
fn a_message_is_read_out_of_its_record_only() {
    check(1000, &any_record(), |owned| {
        let bytes = owned.bytes();
        let is_message = matches!(owned.kind, 7 | 16);
        assert_eq!(MessageRecord::decode(&bytes).is_ok(), is_message);
        let is_published = matches!(owned.kind, 42 | 44);
        assert_eq!(PublishedRecord::decode(&bytes).is_ok(), is_published);
    });
}

#[test]
fn kinds_keep_their_bytes() {
    // What a release has written, every later one must read.
    let deleted = Record::QueueDeleted { at: Timestamp::from_ms(0x0102_0304), queue: 5 };
    let mut bytes = Vec::new();
    deleted.encode(&mut bytes);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(&hex[..8], "15000000", "length");
    assert_eq!(&hex[16..], "03050000000403020100000000", "kind, queue, instant");
    let deleted = Record::MessagesDeleted { queue: 1, keys: Keys::Listed(&[7, 1 << 40]) };
    let mut bytes = Vec::new();
    deleted.encode(&mut bytes);
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(&hex[16..], "0b010000000200000007000000000000000000000000010000");
}
