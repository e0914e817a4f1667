//! The only place that changes what is saved: one record at a time, live and in replay.
//!
//! A record may name a queue or a message that is gone: a batch is replayed from the last snapshot
//! on, and a queue may have been deleted in it. Such a record changes nothing.

use tidings_mutants::mutant;

use super::shard::Shard;
use crate::limits;
use crate::message::Location;
use crate::names::{QueueArn, Uuid};
use crate::queue::{Arrival, Attempt, Entry, FirstSend, MoveTask, Origin, Queue};
use crate::queue_attributes::QueueAttributes;
use crate::record::{Keys, MessageRecord, Record};
use crate::time::Timestamp;

/// What changes about a message that goes from one queue to another.
struct Passed {
    enqueued_at: Timestamp,
    receive_count: u32,
    first_received_at: Timestamp,
    dead_letter_source: Option<QueueArn>,
}

impl Shard {
    pub(super) fn apply(&mut self, record: &Record<'_>, location: Location) {
        match record {
            Record::ShardCreated { secret } => self.secret = Some(*secret),
            Record::QueueCreated { at, queue, arn, attributes, tags } => {
                let queue = Queue::new(*queue, arn.clone(), attributes.clone(), tags.clone(), *at);
                self.deleted.remove(arn);
                self.add_queue(queue);
            }
            Record::QueueDeleted { at, queue } => self.apply_queue_deleted(*queue, *at),
            Record::AttributesSet { at, queue, attributes } => {
                self.apply_attributes_set(*queue, attributes, *at);
            }
            Record::TagsSet { queue, tags } => {
                if let Some(queue) = self.queues.get_mut(queue) {
                    queue.tags = tags.clone();
                    queue.renew_terms();
                }
            }
            Record::QueuePurged { at, queue } => {
                if let Some(queue) = self.queues.get_mut(queue) {
                    queue.clear(&mut self.upkeep);
                    queue.purged_at = Some(*at);
                }
            }
            Record::MessageSent { queue, key, visible_at, message } => {
                self.apply_message_sent(*queue, *key, *visible_at, message, location);
            }
            Record::MessagesReceived { at, queue, visible_at, attempt, keys } => {
                self.apply_messages_received(*queue, *at, *visible_at, *attempt, keys);
            }
            Record::ReceiveRepeated { at, queue, visible_at, attempt } => {
                self.apply_receive_repeated(*queue, *at, *visible_at, *attempt);
            }
            Record::VisibilityChanged { at, queue, key, visible_at } => {
                if let Some(queue) = self.queues.get_mut(queue) {
                    queue.change_visibility(*key, *at, *visible_at, &mut self.upkeep);
                }
            }
            Record::ReceiveUndone { at, queue, key, visible_at } => {
                if let Some(queue) = self.queues.get_mut(queue) {
                    queue.undo_receive(*key, *at, *visible_at, &mut self.upkeep);
                }
            }
            Record::MessagesDeleted { queue, keys } => {
                if let Some(queue) = self.queues.get_mut(queue) {
                    for key in keys.iter() {
                        queue.remove(key, &mut self.upkeep);
                    }
                }
            }
            Record::MessageDeadLettered { at, queue, key, target, target_key } => {
                self.apply_dead_lettered(*queue, *key, *target, *target_key, *at);
            }
            Record::MoveTaskStarted { at, queue, task, destination, rate, to_move } => {
                let task = MoveTask {
                    id: *task,
                    destination: destination.clone(),
                    rate: *rate,
                    started_at: *at,
                    to_move: *to_move,
                    moved: 0,
                    end: None,
                    is_copying: false,
                };
                self.add_move_task(*queue, task);
            }
            Record::MessageMoved { queue, task, key } => {
                if let Some(queue) = self.queues.get_mut(queue) {
                    queue.remove(*key, &mut self.upkeep);
                }
                self.count_moved(*queue, *task);
            }
            Record::PublicationMoved { at, queue, task, key, target, target_key } => {
                self.apply_publication_moved(*queue, *key, *target, *target_key, *at);
                self.count_moved(*queue, *task);
            }
            Record::Topic(record) => self.apply_to_topics(record, location),
            Record::EntryWritten { name, value } => self.register.write(name, *value),
            Record::MoveTaskEnded { queue, task, end } => {
                let tasks = self.queues.get_mut(queue).map(|queue| &mut queue.move_tasks);
                if let Some(task) = tasks.and_then(|ts| ts.iter_mut().find(|t| t.id == *task)) {
                    task.end = Some(end.clone());
                }
            }
            Record::MessageRelocated { queue, key, .. } => {
                if let Some(queue) = self.queues.get_mut(queue) {
                    queue.relocate(*key, location, &mut self.upkeep);
                }
            }
        }
    }

    fn count_moved(&mut self, queue: u32, task: Uuid) {
        let tasks = self.queues.get_mut(&queue).map(|queue| &mut queue.move_tasks);
        if let Some(task) = tasks.and_then(|tasks| tasks.iter_mut().find(|t| t.id == task)) {
            task.moved += 1;
        }
    }

    pub(super) fn add_queue(&mut self, queue: Queue) {
        self.next_queue = self.next_queue.max(queue.number + 1);
        self.by_arn.insert(queue.arn.clone(), queue.number);
        self.index_redrive_policy(&queue.arn, None, Some(&queue.attributes));
        self.queues.insert(queue.number, queue);
    }

    pub(super) fn add_move_task(&mut self, number: u32, task: MoveTask) {
        use crate::deadlines::Due;
        let Some(queue) = self.queues.get_mut(&number) else { return };
        if task.is_running() {
            self.upkeep.deadlines.insert(task.started_at, Due::MoveTask { queue: number });
        }
        queue.move_tasks.push_back(task);
        if queue.move_tasks.len() > *limits::LIST_MOVE_TASKS_RESULTS.end() as usize {
            queue.move_tasks.pop_front();
        }
    }

    fn apply_queue_deleted(&mut self, number: u32, at: Timestamp) {
        let Some(mut queue) = self.queues.remove(&number) else { return };
        queue.clear(&mut self.upkeep);
        self.by_arn.remove(&queue.arn);
        self.index_redrive_policy(&queue.arn, Some(&queue.attributes), None);
        let cool_down_ms = self.settings.delete_cool_down_ms;
        self.deleted.retain(|_, deleted_at| at - *deleted_at < cool_down_ms);
        self.deleted.insert(queue.arn, at);
    }

    fn apply_attributes_set(&mut self, number: u32, attributes: &QueueAttributes, at: Timestamp) {
        let Some(queue) = self.queues.get_mut(&number) else { return };
        let before = std::mem::replace(&mut queue.attributes, attributes.clone());
        queue.modified_at = at;
        queue.renew_terms();
        queue.schedule_expiry(at, &mut self.upkeep);
        if queue.is_fifo() && before.delay_seconds != attributes.delay_seconds {
            for (key, visible_at) in queue.delays_changed(attributes.delay_seconds, at) {
                queue.change_visibility(key, at, visible_at, &mut self.upkeep);
            }
        }
        let arn = queue.arn.clone();
        self.index_redrive_policy(&arn, Some(&before), Some(attributes));
    }

    fn apply_message_sent(
        &mut self,
        number: u32,
        key: u64,
        visible_at: Timestamp,
        message: &MessageRecord<'_>,
        location: Location,
    ) {
        let remembered = message.deduplication.map(|id| {
            let group = message.group.unwrap_or_default();
            (self.digest(id), self.digest(group))
        });
        let Some(queue) = self.queues.get_mut(&number) else { return };
        let arrival = Arrival {
            location,
            enqueued_at: message.sent_at,
            visible_at,
            group: message.group,
            receive_count: 0,
            first_received_at: Timestamp::default(),
            origin: &Origin::default(),
        };
        queue.insert(key, &arrival, message.sent_at, &mut self.upkeep);
        if let Some((id, group)) = remembered {
            let send = FirstSend {
                at: message.sent_at,
                key,
                message_id: message.message_id,
                body_md5: Some(message.body_md5),
            };
            queue.deduplication.remember(id, group, send);
            let until = message.sent_at.plus_seconds(limits::DEDUPLICATION_SECONDS);
            queue.forget_by(until, &mut self.upkeep);
        }
    }

    fn apply_messages_received(
        &mut self,
        number: u32,
        at: Timestamp,
        visible_at: Timestamp,
        attempt: Option<u128>,
        keys: &Keys<'_>,
    ) {
        let Some(queue) = self.queues.get_mut(&number) else { return };
        for key in keys.iter() {
            queue.receive(key, at, visible_at, &mut self.upkeep);
        }
        let Some(attempt) = attempt else { return };
        let counted = |key| Some((key, queue.entry(key)?.receive_count));
        let messages = keys.iter().filter_map(counted).collect();
        queue.attempts.remember(attempt, Attempt { at, visible_at, messages });
        queue.forget_by(at.plus_seconds(limits::RECEIVE_ATTEMPT_SECONDS), &mut self.upkeep);
    }

    fn apply_receive_repeated(
        &mut self,
        number: u32,
        at: Timestamp,
        visible_at: Timestamp,
        attempt: u128,
    ) {
        let Some(queue) = self.queues.get_mut(&number) else { return };
        let Some(attempt) = queue.attempts.get_mut(attempt) else { return };
        attempt.visible_at = visible_at;
        let messages = attempt.messages.clone();
        for (key, _) in messages {
            queue.change_visibility(key, at, visible_at, &mut self.upkeep);
        }
    }

    fn apply_dead_lettered(
        &mut self,
        number: u32,
        key: u64,
        target: u32,
        target_key: u64,
        at: Timestamp,
    ) {
        let Some(source) = self.queues.get(&number) else { return };
        // What an endpoint did not take comes to the dead-letter queue as new.
        let is_outbox = source.outbox_of.is_some();
        let dead_letter_source = (!is_outbox).then(|| source.arn.clone());
        self.pass_on(number, key, target, target_key, at, |entry, is_fifo| Passed {
            // A standard dead-letter queue counts retention from the first send, a FIFO one anew.
            enqueued_at: if is_outbox || is_fifo { at } else { entry.enqueued_at },
            receive_count: if is_outbox { 0 } else { entry.receive_count },
            first_received_at: entry.first_received_at,
            dead_letter_source,
        });
    }

    /// A published message goes from a dead-letter queue to another queue, as new.
    fn apply_publication_moved(
        &mut self,
        number: u32,
        key: u64,
        target: u32,
        target_key: u64,
        at: Timestamp,
    ) {
        self.pass_on(number, key, target, target_key, at, |_, _| Passed {
            enqueued_at: at,
            receive_count: 0,
            first_received_at: Timestamp::default(),
            dead_letter_source: None,
        });
    }

    /// A message goes from one queue to another with its record as it is. It comes before it goes:
    /// a published one must not be without anybody who needs it in between.
    fn pass_on(
        &mut self,
        number: u32,
        key: u64,
        target: u32,
        target_key: u64,
        at: Timestamp,
        passed: impl FnOnce(&Entry, bool) -> Passed,
    ) {
        let Some(source) = self.queues.get(&number) else { return };
        let Some(entry) = source.entry(key) else { return };
        let group = source.group_name(&entry).map(str::to_owned);
        let delivery = source.delivery(&entry).cloned();
        let Some(target) = self.queues.get_mut(&target) else { return };
        let passed = passed(&entry, target.is_fifo());
        let arrival = Arrival {
            location: entry.location(),
            enqueued_at: passed.enqueued_at,
            visible_at: at,
            group: group.as_deref(),
            receive_count: passed.receive_count,
            first_received_at: passed.first_received_at,
            origin: &Origin { dead_letter_source: passed.dead_letter_source, delivery },
        };
        target.insert(target_key, &arrival, at, &mut self.upkeep);
        if let Some(source) = self.queues.get_mut(&number)
            && !mutant!(DoubleDeadLetter)
        {
            source.remove(key, &mut self.upkeep);
        }
    }

    fn index_redrive_policy(
        &mut self,
        source: &QueueArn,
        before: Option<&QueueAttributes>,
        after: Option<&QueueAttributes>,
    ) {
        let target = |attributes: Option<&QueueAttributes>| {
            let policy = attributes?.redrive_policy.as_ref()?;
            Some((policy.dead_letter_target.clone(), source.clone()))
        };
        if let Some(pair) = target(before) {
            self.redrive_sources.remove(&pair);
        }
        if let Some(pair) = target(after) {
            self.redrive_sources.insert(pair);
        }
    }
}
