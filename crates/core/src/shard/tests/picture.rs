//! What can be seen of a shard, to compare one with another.

use std::sync::Arc;

use super::super::shard::Shard;
use crate::codec::Writer;
use crate::message::Location;
use crate::names::QueueArn;
use crate::queue::{MoveTask, Origin, Queue};
use crate::time::Timestamp;

/// A shard's state, without what may differ between shards that behave alike: the numbers of
/// message groups, and the order among the messages of a standard queue.
#[derive(PartialEq, Debug)]
pub(super) struct Picture {
    secret: Option<[u8; 16]>,
    next_queue: u32,
    deleted: Vec<(QueueArn, Timestamp)>,
    redrive_sources: Vec<(QueueArn, QueueArn)>,
    live_bytes: u64,
    first_live: Option<u64>,
    queues: Vec<QueuePicture>,
    publications: Vec<(u64, Location)>,
    topics: TopicsPicture,
    register: Vec<(String, Arc<[u8]>)>,
    terms: Vec<String>,
}

#[derive(PartialEq, Debug)]
struct QueuePicture {
    number: u32,
    arn: QueueArn,
    attributes: String,
    tags: Vec<(String, String)>,
    instants: [Option<Timestamp>; 3],
    next_key: u64,
    /// Visible, in flight, delayed.
    counts: [u64; 3],
    messages: Vec<MessagePicture>,
    deduplication: Vec<u8>,
    attempts: Vec<u8>,
    /// What a FIFO queue would hand out next.
    next: Vec<u64>,
}

#[derive(PartialEq, Debug)]
struct MessagePicture {
    key: u64,
    position: u64,
    length: u32,
    receive_count: u32,
    group: Option<String>,
    origin: Option<Origin>,
    /// Enqueued, first received, last received, visible. The last only while it is hidden.
    instants: [Option<Timestamp>; 4],
}

/// Takes a picture of a shard that has been advanced to the present.
pub(super) fn picture(shard: &mut Shard) -> Picture {
    Picture {
        secret: shard.secret,
        next_queue: shard.next_queue,
        deleted: shard.deleted.iter().map(|(arn, at)| (arn.clone(), *at)).collect(),
        redrive_sources: shard.redrive_sources.iter().cloned().collect(),
        live_bytes: shard.live_bytes(),
        first_live: shard.first_live(),
        queues: shard.queues.values_mut().map(queue_picture).collect(),
        publications: shard.upkeep.publications.before(u64::MAX, 0, usize::MAX).0,
        topics: topics_picture(shard),
        register: shard.register.read(""),
        terms: shard.terms().map(|change| format!("{change:?}")).collect(),
    }
}

/// What is saved of topics and subscriptions, and what follows from it.
#[derive(PartialEq, Debug)]
struct TopicsPicture {
    next: [u32; 2],
    topics: Vec<Vec<u8>>,
    subscriptions: Vec<Vec<u8>>,
    /// Of each topic: its subscriptions, how many are pending, how many have filter policies.
    lists: Vec<(Vec<u32>, u64, usize)>,
    by_owner: Vec<u32>,
    /// Pending subscriptions and filter policies, all accounts together.
    counts: [usize; 2],
}

fn topics_picture(shard: &Shard) -> TopicsPicture {
    let bytes = |write: &dyn Fn(&mut Writer<'_>)| {
        let mut bytes = Vec::new();
        write(&mut Writer::new(&mut bytes));
        bytes
    };
    let topics = shard.topics.values();
    let lists = topics.clone().map(|topic| {
        let numbers = topic.subscriptions.iter().copied().collect();
        (numbers, topic.pending, topic.filter_policies)
    });
    let counts = shard.subscription_counts.values();
    TopicsPicture {
        next: [shard.next_topic, shard.next_subscription],
        lists: lists.collect(),
        topics: topics.map(|topic| bytes(&|w| topic.encode(w))).collect(),
        subscriptions: shard.subscriptions.values().map(|s| bytes(&|w| s.encode(w))).collect(),
        by_owner: shard.subscriptions_by_owner.iter().map(|(_, _, number)| *number).collect(),
        counts: [
            counts.clone().map(|counts| counts.pending).sum(),
            counts.map(|counts| counts.filter_policies).sum(),
        ],
    }
}

/// The move tasks of each queue. Apart, because a restart lets a task go on at once.
pub(super) fn tasks(shard: &Shard) -> Vec<(u32, Vec<MoveTask>)> {
    let settled = |task: &MoveTask| MoveTask { is_copying: false, ..task.clone() };
    let of_queue = |queue: &Queue| queue.move_tasks.iter().map(settled).collect();
    shard.queues.values().map(|queue| (queue.number, of_queue(queue))).collect()
}

fn queue_picture(queue: &mut Queue) -> QueuePicture {
    let mut deduplication = Vec::new();
    queue.deduplication.encode(&mut Writer::new(&mut deduplication));
    let mut attempts = Vec::new();
    queue.attempts.encode(&mut Writer::new(&mut attempts));
    let messages = (0..queue.next_key).filter_map(|key| message_picture(queue, key)).collect();
    QueuePicture {
        number: queue.number,
        arn: queue.arn.clone(),
        attributes: format!("{:?}", queue.attributes),
        tags: queue.tags.to_pairs(),
        instants: [Some(queue.created_at), Some(queue.modified_at), queue.purged_at],
        next_key: queue.next_key,
        counts: [queue.visible(), queue.in_flight(), queue.delayed()],
        messages,
        deduplication,
        attempts,
        next: if queue.is_fifo() { queue.pick(10) } else { Vec::new() },
    }
}

fn message_picture(queue: &Queue, key: u64) -> Option<MessagePicture> {
    use crate::queue::State;
    let entry = queue.entry(key)?;
    let is_hidden = !matches!(entry.state, State::Visible(_));
    Some(MessagePicture {
        key,
        position: entry.position,
        length: entry.length,
        receive_count: entry.receive_count,
        group: queue.group_name(&entry).map(str::to_owned),
        origin: queue.origin(&entry).cloned(),
        instants: [
            Some(entry.enqueued_at),
            Some(entry.first_received_at),
            Some(entry.received_at),
            is_hidden.then_some(entry.visible_at),
        ],
    })
}

/// Every visible message of a standard queue must be within reach of a receive. Uses the shard up.
pub(super) fn check_reach(mut shard: Shard) {
    for queue in shard.queues.values_mut().filter(|queue| !queue.is_fifo()) {
        let visible = usize::try_from(queue.visible()).unwrap();
        let room = 120_000_usize.saturating_sub(usize::try_from(queue.in_flight()).unwrap());
        let mut keys = queue.pick(visible);
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), visible.min(room), "messages within reach of {}", queue.arn);
    }
}
