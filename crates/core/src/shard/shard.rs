//! The shard's own part: how it is driven.

use std::collections::{BTreeMap, BTreeSet};

use siphasher::sip128::SipHasher24;

use super::output::Batch;
use super::reclaim::Search;
use crate::command::{Command, Effect, Reply, Token};
use crate::deadlines::{Deadlines, Due};
use crate::limits;
use crate::live_bytes::LiveBytes;
use crate::message::Location;
use crate::names::{AccountId, QueueArn, Region, TopicArn, Uuid};
use crate::publications::Publications;
use crate::queue::{IdDigest, Queue, Upkeep};
use crate::receipt::ReceiptKey;
use crate::record::Record;
use crate::register::{self, Register, RegisterWrite};
use crate::rejection::Rejection;
use crate::terms::Change;
use crate::time::Timestamp;
use crate::topic::{Outbox, Subscription, Topic};

/// Bytes of records from which on a batch takes nothing more. The last of its commands and deadlines
/// may take it further: one message to [`limits::TOPIC_SUBSCRIPTIONS_MAX`] queues by 2.6 MiB.
pub const BATCH_FULL_BYTES: usize = 1 << 20;

/// What an operator may choose about a shard.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// How long the name of a deleted queue may not be taken again, in milliseconds.
    pub delete_cool_down_ms: u64,
    /// How long after a purge the next one is refused, in milliseconds.
    pub purge_cool_down_ms: u64,
    /// Subscriptions of one topic that may have a filter policy.
    pub filter_policies_per_topic: usize,
    /// Subscriptions of one account that may have a filter policy.
    pub filter_policies_per_account: usize,
    /// Whether a topic may send only to queues whose policies let it.
    pub enforces_policies: bool,
}

impl Default for Settings {
    /// AWS's: cool-downs of 60 seconds each, 200 filter policies for a topic and 10,000 for an
    /// account. Policies are not enforced: that goes with authentication, which is not a shard's.
    fn default() -> Self {
        Self {
            delete_cool_down_ms: limits::DELETE_COOL_DOWN_SECONDS * 1000,
            purge_cool_down_ms: limits::PURGE_COOL_DOWN_SECONDS * 1000,
            filter_policies_per_topic: limits::FILTER_POLICIES_PER_TOPIC_MAX,
            filter_policies_per_account: limits::FILTER_POLICIES_PER_ACCOUNT_MAX,
            enforces_policies: false,
        }
    }
}

/// The rules for a set of queues and topics that share one log.
///
/// A shard does no I/O and knows no time but what it is told. Whoever drives it does this:
///
/// 1. Build it: [`Shard::new`], or [`Shard::restore`] from a snapshot. Then [`Shard::replay`] every
///    batch that the log holds from there on, in order. Then [`Shard::resume`].
/// 2. Hand in commands with [`Shard::decide`], and call [`Shard::advance`] when
///    [`Shard::next_due`] comes. Both change the shard's memory at once.
/// 3. Take what was decided with [`Shard::take_batch`], append its records to the log at the
///    position that the batch names, and when they are durable give the replies and do the effects.
///    The next batch gathers meanwhile.
/// 4. If an append fails, or may have: drop the shard and build it again from the log. Its memory
///    is ahead of what is durable.
///
/// Every change of state is a record; [`Shard::replay`] applies the same records in the same way as
/// deciding did, and ends up with the same state.
pub struct Shard {
    pub(super) settings: Settings,
    pub(super) secret: Option<[u8; 16]>,
    pub(super) queues: BTreeMap<u32, Queue>,
    pub(super) by_arn: BTreeMap<QueueArn, u32>,
    pub(super) next_queue: u32,
    /// Names given up, and when.
    pub(super) deleted: BTreeMap<QueueArn, Timestamp>,
    pub(super) topics: BTreeMap<u32, Topic>,
    pub(super) next_topic: u32,
    pub(super) subscriptions: BTreeMap<u32, Subscription>,
    pub(super) next_subscription: u32,
    pub(super) register: Register,

    // Bookkeeping.
    /// Dead-letter queue and source queue, for every redrive policy that is set.
    pub(super) redrive_sources: BTreeSet<(QueueArn, QueueArn)>,
    pub(super) waiting: BTreeMap<Token, (u32, u64)>,
    pub(super) topics_by_arn: BTreeMap<TopicArn, u32>,
    /// Direct outboxes for text messages, in all regions.
    pub(super) text_outboxes: BTreeMap<AccountId, usize>,
    pub(super) subscriptions_by_id: BTreeMap<Uuid, u32>,
    /// By topic and digest of protocol and endpoint.
    pub(super) subscriptions_by_endpoint: BTreeMap<(u32, u128), u32>,
    pub(super) subscriptions_by_owner: BTreeSet<(AccountId, Region, u32)>,
    pub(super) subscription_counts: BTreeMap<AccountId, SubscriptionCounts>,
    /// By the number of the queue.
    pub(super) outboxes: BTreeMap<u32, Outbox>,
    pub(super) upkeep: Upkeep,
    pub(super) search: Option<Search>,
    /// Whether no attempts to deliver are to begin.
    pub(super) holds_deliveries: bool,
    pub(super) output: Batch,
}

/// What an account has that is limited.
#[derive(Default)]
pub(super) struct SubscriptionCounts {
    pub(super) pending: usize,
    pub(super) filter_policies: usize,
}

impl Shard {
    /// An empty shard over a log whose positions count in segments of this many bytes.
    pub fn new(settings: Settings, segment_bytes: u64) -> Self {
        Self {
            settings,
            secret: None,
            queues: BTreeMap::new(),
            by_arn: BTreeMap::new(),
            next_queue: 1,
            deleted: BTreeMap::new(),
            topics: BTreeMap::new(),
            next_topic: 1,
            subscriptions: BTreeMap::new(),
            next_subscription: 1,
            register: Register::default(),
            redrive_sources: BTreeSet::new(),
            waiting: BTreeMap::new(),
            topics_by_arn: BTreeMap::new(),
            text_outboxes: BTreeMap::new(),
            subscriptions_by_id: BTreeMap::new(),
            subscriptions_by_endpoint: BTreeMap::new(),
            subscriptions_by_owner: BTreeSet::new(),
            subscription_counts: BTreeMap::new(),
            outboxes: BTreeMap::new(),
            upkeep: Upkeep {
                deadlines: Deadlines::default(),
                live: LiveBytes::new(segment_bytes),
                publications: Publications::default(),
            },
            search: None,
            holds_deliveries: false,
            output: Batch::new(0),
        }
    }

    /// Goes live at `position`, the log's end. A shard that is new is given `secret`, 128 random
    /// bits, to make its receipt handles with.
    pub fn resume(&mut self, position: u64, secret: [u8; 16]) {
        self.output = Batch::new(position);
        self.resume_deliveries();
        if self.secret.is_none() {
            self.commit(&Record::ShardCreated { secret });
        }
    }

    /// What receipt handles are made with. Present once the shard is live.
    pub fn receipt_key(&self) -> Option<ReceiptKey> {
        self.secret.map(ReceiptKey::new)
    }

    /// Decides a command. The answer, if it has one now, is in the next batch.
    pub fn decide(&mut self, token: Token, command: Command, now: Timestamp) {
        self.advance(now);
        let answer = match command {
            Command::Receive { arn, request } => {
                self.receive(token, &arn, &request, now).transpose()
            }
            Command::AbandonReceive { receive } => {
                self.abandon_receive(receive);
                None
            }
            Command::ReturnMessages { receipts } => {
                self.return_messages(&receipts, now);
                None
            }
            Command::MoveMessages { source, task, messages } => {
                self.move_messages(&source, task, &messages, now);
                None
            }
            Command::Reclaim { before } => {
                self.reclaim(before, now);
                None
            }
            Command::Relocate { messages } => {
                self.relocate(&messages);
                None
            }
            Command::RelocatePublications { publications } => {
                self.relocate_publications(&publications);
                None
            }
            Command::ReplayMessages { subscription, messages } => {
                self.replay_messages(subscription, &messages, now);
                None
            }
            answered => Some(self.answer(answered, now)),
        };
        if let Some(answer) = answer {
            self.output.replies.push((token, answer));
        }
    }

    fn answer(&mut self, command: Command, now: Timestamp) -> Result<Reply, Rejection> {
        match command {
            Command::CreateQueue { arn, attributes, tags } => {
                self.create_queue(&arn, &attributes, &tags, now)
            }
            Command::DeleteQueue { arn } => self.delete_queue(&arn, now),
            Command::FindQueue { arn } => self.find(&arn).map(|_| Reply::Done),
            Command::ListQueues { account, region, prefix, after, max } => {
                Ok(self.list_queues(account, &region, &prefix, after.as_ref(), max))
            }
            Command::ListDeadLetterSourceQueues { arn, after, max } => {
                self.list_redrive_sources(&arn, after.as_ref(), max)
            }
            Command::QueueAttributes { arn, names } => self.queue_attributes(&arn, &names),
            Command::SetQueueAttributes { arn, attributes } => {
                self.set_queue_attributes(&arn, &attributes, now)
            }
            Command::TagQueue { arn, tags } => self.tag_queue(&arn, &tags),
            Command::UntagQueue { arn, keys } => self.untag_queue(&arn, &keys),
            Command::QueueTags { arn } => self.queue_tags(&arn),
            Command::AddPermission { arn, label, accounts, actions } => {
                self.add_permission(&arn, &label, &accounts, &actions, now)
            }
            Command::RemovePermission { arn, label } => self.remove_permission(&arn, &label, now),
            Command::PurgeQueue { arn } => self.purge_queue(&arn, now),
            Command::Send { arn, messages } => self.send(&arn, &messages, now),
            Command::Delete { arn, receipts } => self.delete(&arn, &receipts, now),
            Command::ChangeVisibility { arn, changes } => {
                self.change_visibility(&arn, &changes, now)
            }
            Command::StartMoveTask { source, destination, rate, task } => {
                self.start_move_task(&source, destination, rate, task, now)
            }
            Command::CancelMoveTask { source, task } => self.cancel_move_task(&source, task),
            Command::ListMoveTasks { source, max } => self.list_move_tasks(&source, max),
            Command::Topic(command) => self.answer_about_topics(command, now),
            Command::WriteRegister { writes } => self.write_register(&writes),
            Command::ReadRegister { prefix } => Ok(Reply::Register(self.register.read(&prefix))),
            Command::SettleDelivery { attempt, outcome } => {
                Ok(self.settle_delivery(attempt, outcome, now))
            }
            Command::Receive { .. }
            | Command::AbandonReceive { .. }
            | Command::ReturnMessages { .. }
            | Command::MoveMessages { .. }
            | Command::Reclaim { .. }
            | Command::Relocate { .. }
            | Command::RelocatePublications { .. }
            | Command::ReplayMessages { .. } => unreachable!("decided above: not answered at once"),
        }
    }

    fn write_register(&mut self, writes: &[RegisterWrite]) -> Result<Reply, Rejection> {
        register::check(writes)?;
        for (name, value) in writes {
            self.commit(&Record::EntryWritten { name, value: value.as_deref() });
        }
        Ok(Reply::Done)
    }

    /// Does what has become due by `now`, until the next batch is full. What is left then is done when
    /// that batch has been taken.
    pub fn advance(&mut self, now: Timestamp) {
        while !self.is_batch_full()
            && let Some(due) = self.upkeep.deadlines.pop(now)
        {
            match due {
                Due::Message { queue: number, key } => {
                    if let Some(queue) = self.queues.get_mut(&number) {
                        queue.become_visible(key, &mut self.upkeep);
                    }
                    self.end_overdue_attempt(number, key);
                    self.serve(number, now);
                }
                Due::Wait { queue, ticket } => self.end_wait(queue, ticket),
                Due::Expiry { queue } => self.expire(queue, now),
                Due::Forget { queue } => {
                    if let Some(queue) = self.queues.get_mut(&queue) {
                        queue.forget(now, &mut self.upkeep);
                    }
                }
                Due::Serve { queue } => self.serve(queue, now),
                Due::MoveTask { queue } => self.continue_move_task(queue, now),
                Due::ForgetPublished { topic } => self.forget_published(topic, now),
                Due::Archive { topic } => self.expire_archive(topic, now),
                Due::Subscription { subscription } => {
                    self.end_subscription_time(subscription, now);
                }
                Due::Replay { subscription } => self.continue_replay(subscription),
                Due::Reclaim => self.continue_reclaim(now),
            }
        }
    }

    /// When [`Shard::advance`] has something to do.
    pub fn next_due(&self) -> Option<Timestamp> {
        self.upkeep.deadlines.next()
    }

    /// Whether the next batch is to be taken before anything more is decided.
    pub fn is_batch_full(&self) -> bool {
        self.output.records.len() >= BATCH_FULL_BYTES
    }

    /// The position at which the next batch will start.
    pub fn next_position(&self) -> u64 {
        self.output.start
    }

    /// Whether the next batch has anything in it.
    pub fn has_output(&self) -> bool {
        !self.output.is_empty()
    }

    /// What was decided since the last batch was taken.
    pub fn gathered(&self) -> &Batch {
        &self.output
    }

    /// Takes what was decided since the last time. `after` tells, for a batch's start and length,
    /// where the one behind it starts.
    pub fn take_batch(&mut self, after: impl FnOnce(u64, u64) -> u64) -> Batch {
        let next = after(self.output.start, self.output.records.len() as u64);
        std::mem::replace(&mut self.output, Batch::new(next))
    }

    /// Bytes of message records that queues still point at.
    pub fn live_bytes(&self) -> u64 {
        self.upkeep.live.total()
    }

    /// The same, of those in segments that begin before a position.
    pub fn live_bytes_before(&self, position: u64) -> u64 {
        self.upkeep.live.before(position)
    }

    /// The position before which no queue points at anything; `None` if none points anywhere.
    pub fn first_live(&self) -> Option<u64> {
        self.upkeep.live.first()
    }

    /// Ends every wait with an empty answer: the server is closing.
    pub fn end_all_waits(&mut self) {
        let numbers: BTreeSet<u32> = self.waiting.values().map(|(queue, _)| *queue).collect();
        for number in numbers {
            self.end_waits(number, || Ok(Reply::Received(Vec::new())));
        }
    }

    /// Records a decision, applies it, and says where the record will lie.
    pub(super) fn commit(&mut self, record: &Record<'_>) -> Location {
        let location = self.output.push(record);
        let changed = self.terms_changed_by(record);
        self.apply(record, location);
        if let Some(resource) = changed {
            let terms = self.terms_of(&resource);
            self.output.changes.push(Change { resource, terms });
        }
        location
    }

    pub(super) fn effect(&mut self, effect: Effect) {
        self.output.effects.push(effect);
    }

    /// The queue's number.
    pub(super) fn find(&self, arn: &QueueArn) -> Result<u32, Rejection> {
        self.by_arn.get(arn).copied().ok_or(Rejection::QueueDoesNotExist)
    }

    /// The queue, which is there as long as its number is known.
    pub(super) fn queue(&self, number: u32) -> &Queue {
        self.queues.get(&number).expect("a number that was looked up in this step")
    }

    /// The queue, to change its bookkeeping.
    pub(super) fn queue_mut(&mut self, number: u32) -> &mut Queue {
        self.queues.get_mut(&number).expect("a number that was looked up in this step")
    }

    /// The digest under which an id that a client chose is remembered.
    pub(super) fn digest(&self, id: &str) -> IdDigest {
        let secret = self.secret.expect("a shard that is live has its secret");
        SipHasher24::new_with_key(&secret).hash(id.as_bytes()).as_u128()
    }
}
