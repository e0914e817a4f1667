//! Bytes that are not what a shard wrote. They may be refused; they must not make it panic.

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::{Settings, Shard};
use super::records::{Owned, any_record, check};
use super::scene::*;
use super::snapshot::full_scene;
use super::topics::calls::{content, grouped as published, text};
use crate::codec::Damaged;
use crate::command::{Command, Effect, Subscribe, Token, TopicCommand};
use crate::delivery::AttemptOutcome;
use crate::message::Sealing;
use crate::names::{SubscriptionProtocol, TopicArn, Uuid};
use crate::record::{MessageRecord, PublishedRecord, Record, TopicRecord};

/// Uses a shard as one does: nothing that it was built from may make that fail.
fn use_it(mut shard: Shard) {
    shard.resume(COVERED, [1; 16]);
    shard.advance(START);
    let arns: Vec<_> = shard.by_arn.keys().cloned().collect();
    for (i, arn) in (0..).zip(arns) {
        let names = vec!["All".to_owned()];
        let messages = vec![grouped("a", "g"), message("b")];
        for command in [
            Command::QueueAttributes { arn: arn.clone(), names },
            Command::Send { arn: arn.clone(), messages },
            Command::Receive { arn: arn.clone(), request: ten() },
            Command::Receive { arn: arn.clone(), request: waiting(20) },
            Command::ListMoveTasks { source: arn.clone(), max: 10 },
            Command::Reclaim { before: u64::MAX },
        ] {
            shard.decide(Token(i), command, START + 1);
        }
    }
    use_topics(&mut shard);
    for ms in [1000, 100_000, 1 << 40] {
        shard.advance(START + ms);
        settle(&mut shard);
    }
    shard.take_batch(|start, length| start + length);
    let snapshot = shard.snapshot();
    let covers = shard.next_position();
    let restored = Shard::restore(Settings::default(), SEGMENT_BYTES, covers, &snapshot);
    assert!(restored.is_ok(), "what a shard saves, it can read");
    let arns: Vec<_> = shard.by_arn.keys().cloned().collect();
    for arn in arns {
        shard.decide(Token(0), Command::PurgeQueue { arn: arn.clone() }, START + 1);
        shard.decide(Token(0), Command::DeleteQueue { arn }, START + 1);
    }
    let arns: Vec<_> = shard.topics_by_arn.keys().cloned().collect();
    for arn in arns {
        let (name, value) = ("ArchivePolicy".to_owned(), "{}".to_owned());
        let set = TopicCommand::SetTopicAttribute { arn: arn.clone(), name, value };
        for command in [set, TopicCommand::DeleteTopic { arn }] {
            shard.decide(Token(0), Command::Topic(command), START + 1);
        }
    }
    assert!(shard.topics.is_empty() && shard.subscriptions.is_empty());
    assert_eq!((shard.live_bytes(), shard.first_live()), (0, None));
}

/// Publishes to every topic, to new subscriptions and to those that are there.
fn use_topics(shard: &mut Shard) {
    let arns: Vec<_> = shard.topics_by_arn.keys().cloned().collect();
    let queue = shard.by_arn.keys().next().map(ToString::to_string).unwrap_or_default();
    for (i, arn) in (0_u8..).zip(arns) {
        let by_id = [vec![published("m", "g", "new")], vec![published("m", "g", "again"); 2]];
        let plain = vec![text("a"), text("b")];
        let [first, second] = by_id;
        for command in [
            subscribe(&arn, "https://example.com/", SubscriptionProtocol::Https, i),
            subscribe(&arn, &queue, SubscriptionProtocol::Sqs, 100 + i),
            TopicCommand::TopicAttributes { arn: arn.clone() },
            TopicCommand::Publish { arn: arn.clone(), messages: first },
            TopicCommand::Publish { arn: arn.clone(), messages: plain },
            TopicCommand::Publish { arn: arn.clone(), messages: second },
            TopicCommand::ListSubscriptionsByTopic { arn, after: None, max: 100 },
        ] {
            shard.decide(Token(0), Command::Topic(command), START + 1);
        }
    }
    settle(shard);
    let numbers = shard.subscriptions.values();
    let arns: Vec<_> = numbers.map(|subscription| subscription.arn.clone()).collect();
    for arn in arns {
        let caller = arn.topic.account;
        let read = TopicCommand::SubscriptionAttributes { arn: arn.clone(), caller };
        let message_id = Uuid::from_random(1);
        let end = TopicCommand::Unsubscribe { arn, caller: None, message_id };
        for command in [read, end] {
            shard.decide(Token(0), Command::Topic(command), START + 2);
        }
    }
}

fn subscribe(
    topic: &TopicArn,
    endpoint: &str,
    protocol: SubscriptionProtocol,
    id: u8,
) -> TopicCommand {
    TopicCommand::Subscribe(Subscribe {
        topic: topic.clone(),
        protocol,
        endpoint: endpoint.to_owned(),
        attributes: Vec::new(),
        account: topic.account,
        principal: String::new(),
        id: Uuid::from_bytes([id; 16]),
        message_id: Uuid::from_random(2),
    })
}

/// Does what effects ask for, as far as that is possible without a log, and twice.
fn settle(shard: &mut Shard) {
    for _ in 0..2 {
        let batch = shard.take_batch(|start, length| start + length);
        for (i, effect) in batch.effects.into_iter().enumerate() {
            let outcomes =
                [AttemptOutcome::TryLater, AttemptOutcome::Delivered, AttemptOutcome::Never];
            let outcome = outcomes[i % 3];
            let command = match effect {
                Effect::Deliver(attempt) => {
                    Command::SettleDelivery { attempt: attempt.receipt, outcome }
                }
                Effect::CopyForReplay { subscription, messages } => {
                    let (message, _) = messages[0];
                    let bytes = a_record();
                    let messages = vec![(message, Some(bytes)), (message, None)];
                    Command::ReplayMessages { subscription, messages }
                }
                Effect::RelocatePublications { publications } => {
                    let unread = publications.into_iter().map(|(number, at)| (number, at, None));
                    Command::RelocatePublications { publications: unread.collect() }
                }
                Effect::Relocate { .. } | Effect::CopyForMoveTask { .. } => continue,
            };
            shard.decide(Token(0), command, START + 2);
        }
    }
}

/// The record of a published message.
fn a_record() -> Vec<u8> {
    let content = content("m").encode();
    let message = MessageRecord {
        message_id: Uuid::from_random(3),
        sent_at: START,
        body_md5: [0; 16],
        group: Some("g"),
        deduplication: Some("d"),
        sealing: Sealing::Plain,
        content: &content,
    };
    let published = PublishedRecord { sequence_number: Some(1), message };
    let mut bytes = Vec::new();
    Record::Topic(TopicRecord::MessagePublished { topic: 1, published }).encode(&mut bytes);
    bytes
}

/// A shard that has taken all of the records that it takes.
fn fed(records: &[Owned], mut shard: Shard) -> Shard {
    for (record, position) in records.iter().zip((0..).step_by(1000)) {
        // A refused record has changed nothing: the next one is as good as the first.
        let _ = shard.replay(position, &record.bytes());
    }
    shard
}

fn empty() -> Shard {
    Shard::new(Settings::default(), SEGMENT_BYTES)
}

/// The first records of any log: a secret and two queues, so that what follows finds something.
fn beginnings() -> Vec<u8> {
    let mut s = Scene::new(Way::Straight, Settings::default());
    s.create("one", &[]);
    s.create("two.fifo", &[]);
    s.create("three", &[("RedrivePolicy", &redrive("one", 1))]);
    s.send("one", message("m"));
    s.send("two.fifo", grouped("m", "g"));
    s.create_topic("stock");
    s.try_create_topic("stock.fifo", &[("ArchivePolicy", r#"{"MessageRetentionPeriod":"1"}"#)])
        .unwrap();
    s.subscribe_endpoint("stock", "https://example.com/stock", &[]);
    s.subscribe_queue("stock", "one", &[]);
    s.subscribe_queue("stock.fifo", "two.fifo", &[]);
    s.publish("stock", text("m"));
    s.publish("stock.fifo", published("m", "g", "d"));
    s.shard.snapshot()
}

#[test]
fn no_sequence_of_sound_records_makes_a_shard_panic() {
    let snapshot = beginnings();
    check(2000, &vec(any_record(), 1..30), |records| {
        use_it(fed(&records, empty()));
        let begun = restore(&snapshot).unwrap();
        use_it(fed(&records, begun));
    });
}

#[test]
fn no_damaged_snapshot_makes_a_shard_panic() {
    let bytes = full_scene(Way::Straight).shard.snapshot();
    let change = (any::<prop::sample::Index>(), any::<u8>(), 1_usize..9);
    let values = prop_oneof![Just(0_u8), Just(1), Just(255), any::<u8>()];
    check(4000, &vec((change, values), 1..4), |changes| {
        let mut bytes = bytes.clone();
        for ((at, _, length), value) in changes {
            let at = at.index(bytes.len());
            let end = (at + length).min(bytes.len());
            bytes[at..end].fill(value);
        }
        if let Ok(shard) = restore(&bytes) {
            use_it(shard);
        }
    });
}

#[test]
fn every_flipped_bit_of_a_snapshot_is_survived() {
    let mut bytes = full_scene(Way::Straight).shard.snapshot();
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        if let Ok(shard) = restore(&bytes) {
            use_it(shard);
        }
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn a_long_count_does_not_make_room_for_what_is_not_there() {
    let mut snapshot = empty();
    snapshot.resume(0, [0; 16]);
    let mut bytes = snapshot.snapshot();
    let end = bytes.len();
    bytes[end - 4..].copy_from_slice(&u32::MAX.to_le_bytes());
    let restored = restore(&bytes);
    assert_eq!(restored.map(drop), Err(Damaged));
}

/// Replays one record behind [`beginnings`].
fn follow(record: &Record<'_>) -> Result<(), Damaged> {
    let mut bytes = Vec::new();
    record.encode(&mut bytes);
    let mut shard = restore(&beginnings())?;
    shard.replay(COVERED, &bytes)
}

#[test]
fn a_record_that_cannot_have_been_written_here_is_damage() {
    let queue = 1;
    let dead_letter = |queue, target, target_key| Record::MessageDeadLettered {
        at: START,
        queue,
        key: 0,
        target,
        target_key,
    };
    assert_eq!(follow(&Record::ShardCreated { secret: [0; 16] }), Err(Damaged), "a second birth");
    assert_eq!(follow(&dead_letter(3, queue, 0)), Err(Damaged), "a key that is taken");
    assert_eq!(follow(&dead_letter(3, queue, u64::MAX)), Err(Damaged), "a key beyond all keys");
    assert_eq!(follow(&dead_letter(1, 2, 2)), Err(Damaged), "another kind of queue");
    assert_eq!(follow(&dead_letter(3, queue, 2)), Ok(()));
    let outbox = 4;
    let deleted = Record::QueueDeleted { at: START, queue: outbox };
    assert_eq!(follow(&deleted), Err(Damaged), "nobody can name an outbox");
    assert_eq!(follow(&Record::QueueDeleted { at: START, queue }), Ok(()));
    let mut unborn = Vec::new();
    Record::QueueDeleted { at: START, queue }.encode(&mut unborn);
    assert_eq!(empty().replay(0, &unborn), Err(Damaged), "before the shard's birth");
}

#[test]
fn a_payload_of_anything_is_refused() {
    check(2000, &vec(any::<u8>(), 1..100), |payload| {
        assert_eq!(empty().replay(0, &payload), Err(Damaged));
    });
}
