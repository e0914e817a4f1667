//! Records as bytes.

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::codec::Damaged;
use crate::message::Location;
use crate::names::{AccountId, QueueArn, QueueName, Region, Uuid};
use crate::queue_attributes::QueueAttributes;
use crate::record::{self, Keys, MessageRecord, MoveTaskEnd, Record};
use crate::tags::Tags;
use crate::time::Timestamp;

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
    pub(super) digest: Option<u128>,
    pub(super) rate: Option<u32>,
    pub(super) id: [u8; 16],
    pub(super) texts: [String; 3],
    pub(super) content: Vec<u8>,
}

impl Owned {
    /// The record of this kind that these parts make.
    pub(super) fn record(&self) -> Record<'_> {
        let [at, visible_at] = self.instants.map(Timestamp::from_ms);
        let [key, target_key] = self.numbers;
        let (queue, task) = (self.queue, Uuid::from_bytes(self.id));
        match self.kind {
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
            _ => Record::MessageRelocated { queue, key, message: self.message() },
        }
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
            data_key: self.target,
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
    let heads = (1_u8..=16, queue(), queue(), [number(), number()], [number(), number()]);
    let parts = (any_arn(), any::<u32>(), tags, vec(number(), 0..4), option::of(any::<u128>()));
    let rest = (option::of(any::<u32>()), any::<[u8; 16]>(), ["[ab]?", "[ab]?", "[a-z ]{0,9}"]);
    (heads, parts, rest, vec(any::<u8>(), 0..50)).prop_map(|(heads, parts, rest, content)| {
        let (kind, queue, target, instants, numbers) = heads;
        let (arn, seconds, tags, keys, digest) = parts;
        let (rate, id, texts) = rest;
        let attributes = attributes_of(&arn, seconds);
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
