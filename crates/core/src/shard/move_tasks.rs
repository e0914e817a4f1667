//! Move tasks: starting, going on, ending.
//!
//! A moved message is a new message: new id, new record, retention counted anew. So a step reads
//! the contents outside ([`Effect::CopyForMoveTask`]) and comes back with them; in between the
//! messages stay where they are, and one that has been received meanwhile is left alone. Arrival
//! and departure are recorded in one batch: a crash moves a message wholly or not at all.

use tidings_mutants::mutant;

use super::shard::Shard;
use crate::command::{Effect, Reply};
use crate::deadlines::Due;
use crate::limits;
use crate::names::{QueueArn, Uuid};
use crate::queue::MoveTask;
use crate::record::{MessageRecord, MoveTaskEnd, Record};
use crate::rejection::Rejection;
use crate::time::Timestamp;

/// Bytes of records that one step reads, if it reads more than one message.
const STEP_BYTES_MAX: u64 = 1 << 20;

/// How long a task waits for messages that are in flight or delayed.
const PAUSE_FOR_HIDDEN_MS: u64 = 1000;

impl Shard {
    pub(super) fn start_move_task(
        &mut self,
        source: &QueueArn,
        destination: Option<QueueArn>,
        rate: Option<u32>,
        task: Uuid,
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        let number = self.find(source).map_err(|_| no_such("SourceArn"))?;
        if let Some(destination) = &destination {
            self.find(destination).map_err(|_| no_such("DestinationArn"))?;
        }
        if !self.is_dead_letter_queue(source) {
            return Err(Rejection::InvalidParameterValue(
                "Source queue must be configured as a Dead Letter Queue.".into(),
            ));
        }
        if destination.as_ref().is_some_and(|d| d.name.is_fifo() != source.name.is_fifo()) {
            return Err(Rejection::InvalidParameterValue(
                "Source queue and destination queue must be of the same type.".into(),
            ));
        }
        if self.queue(number).move_tasks.iter().any(MoveTask::is_running) {
            return Err(Rejection::InvalidParameterValue(
                "There is already a task running. Only one active task is allowed for a source \
                 queue arn at a given time."
                    .into(),
            ));
        }
        let own = self.queues.values().filter(|queue| queue.arn.account == source.account);
        let running = own.filter(|queue| queue.move_tasks.iter().any(MoveTask::is_running)).count();
        if running >= limits::MOVE_TASKS_RUNNING_MAX {
            return Err(Rejection::OverLimit(format!(
                "An account may have {} message movement tasks running.",
                limits::MOVE_TASKS_RUNNING_MAX
            )));
        }
        let to_move = self.queue(number).messages();
        self.commit(&Record::MoveTaskStarted {
            at: now,
            queue: number,
            task,
            destination,
            rate,
            to_move,
        });
        Ok(Reply::MoveTaskStarted)
    }

    pub(super) fn cancel_move_task(
        &mut self,
        source: &QueueArn,
        id: Uuid,
    ) -> Result<Reply, Rejection> {
        let number = self.find(source).map_err(|_| no_such("SourceArn"))?;
        let task = self.queue(number).move_tasks.iter().find(|task| task.id == id);
        let task =
            task.ok_or_else(|| Rejection::ResourceNotFound("Task does not exist.".into()))?;
        if !task.is_running() {
            return Err(Rejection::InvalidParameterValue(
                "Only active tasks can be cancelled.".into(),
            ));
        }
        let moved = task.moved;
        self.end_move_task(number, id, MoveTaskEnd::Cancelled);
        Ok(Reply::MoveTaskCancelled { moved })
    }

    pub(super) fn list_move_tasks(
        &self,
        source: &QueueArn,
        max: usize,
    ) -> Result<Reply, Rejection> {
        let number = self.find(source).map_err(|_| no_such("SourceArn"))?;
        let tasks = self.queue(number).move_tasks.iter().rev().take(max);
        Ok(Reply::MoveTasks(tasks.map(|task| task.status(source)).collect()))
    }

    /// The next step of the queue's running task: asks for messages, or ends the task.
    pub(super) fn continue_move_task(&mut self, number: u32, now: Timestamp) {
        let Some(queue) = self.queues.get_mut(&number) else { return };
        let Some(task) = queue.move_tasks.iter().find(|task| task.is_running()) else { return };
        if task.is_copying {
            return;
        }
        let (id, step, expires_at) = (task.id, task.step(), task.expires_at());
        if now >= expires_at {
            let reason = "TaskTimedOut".to_owned();
            return self.end_move_task(number, id, MoveTaskEnd::Failed { reason });
        }
        if step == 0 || queue.messages() == 0 {
            return self.end_move_task(number, id, MoveTaskEnd::Completed);
        }
        let mut bytes = 0;
        let picked = queue.pick(step);
        let publications = &self.upkeep.publications;
        let located = |key: u64| {
            let entry = queue.entry(key)?;
            let is_published = queue.delivery(&entry).is_some();
            let written_at = entry.location();
            Some((key, if is_published { publications.locate(written_at) } else { written_at }))
        };
        let mut messages: Vec<_> = picked.into_iter().filter_map(located).collect();
        let fits = messages.iter().take_while(|(_, location)| {
            bytes += u64::from(location.length);
            bytes <= STEP_BYTES_MAX
        });
        messages.truncate(fits.count().max(1));
        if messages.is_empty() {
            let again_at = now + PAUSE_FOR_HIDDEN_MS;
            self.upkeep.deadlines.insert(again_at, Due::MoveTask { queue: number });
            return;
        }
        let source = queue.arn.clone();
        if let Some(task) = queue.move_tasks.iter_mut().find(|task| task.id == id) {
            task.is_copying = true;
        }
        self.effect(Effect::CopyForMoveTask { source, task: id, messages });
    }

    /// The messages that a step asked for: those still there are sent on.
    pub(super) fn move_messages(
        &mut self,
        source: &QueueArn,
        id: Uuid,
        messages: &[(u64, Uuid, Option<Vec<u8>>)],
        now: Timestamp,
    ) {
        let Ok(number) = self.find(source) else { return };
        let queue = self.queue_mut(number);
        let Some(task) = queue.move_tasks.iter_mut().find(|t| t.id == id && t.is_running()) else {
            return;
        };
        task.is_copying = false;
        let next_at = now + task.pause_ms(messages.len());
        let destination = task.destination.clone();
        for (key, message_id, record) in messages {
            let sent_on =
                self.send_on(number, id, *key, destination.as_ref(), *message_id, record, now);
            if let Err(reason) = sent_on {
                let reason = reason.to_owned();
                return self.end_move_task(number, id, MoveTaskEnd::Failed { reason });
            }
        }
        self.upkeep.deadlines.insert(next_at, Due::MoveTask { queue: number });
    }

    /// Sends one message on. The error is the task's FailureReason.
    #[expect(clippy::too_many_arguments, reason = "the step's facts, each used once")]
    fn send_on(
        &mut self,
        number: u32,
        task: Uuid,
        key: u64,
        destination: Option<&QueueArn>,
        message_id: Uuid,
        record: &Option<Vec<u8>>,
        now: Timestamp,
    ) -> Result<(), &'static str> {
        let queue = self.queue(number);
        let Some(entry) = queue.entry(key).filter(|entry| queue.may_be_handed_out(entry)) else {
            return Ok(());
        };
        let to = destination.or_else(|| queue.dead_letter_source(&entry));
        let to = to.ok_or("CouldNotDetermineMessageSource")?;
        let target = self.find(to).map_err(|_| "AWS.SimpleQueueService.NonExistentQueue")?;
        if destination.is_none() && !self.may_go_back(&queue.arn, to) {
            return Err("CouldNotDetermineMessageSource");
        }
        if queue.delivery(&entry).is_some() {
            let target_key = self.queue(target).next_key;
            self.commit(&Record::PublicationMoved {
                at: now,
                queue: number,
                task,
                key,
                target,
                target_key,
            });
            self.serve(target, now);
            return Ok(());
        }
        let bytes = record.as_deref().ok_or("InternalError")?;
        let message = MessageRecord::decode(bytes).map_err(|_| "InternalError")?;
        let first_id = message.message_id.to_string();
        let moved = MessageRecord {
            message_id,
            sent_at: now,
            // As on the way into a FIFO dead-letter queue, the message's id stands for the send.
            deduplication: message.deduplication.map(|_| first_id.as_str()),
            ..message
        };
        let target_key = self.queue(target).next_key;
        if !mutant!(MoveTaskLoses) {
            self.commit(&Record::MessageSent {
                queue: target,
                key: target_key,
                visible_at: now,
                message: moved,
            });
        }
        if !mutant!(MoveTaskDoubles) {
            self.commit(&Record::MessageMoved { queue: number, task, key });
        }
        self.serve(target, now);
        Ok(())
    }

    /// Whether messages may go back from a dead-letter queue to one that they came from. Where
    /// policies decide, whoever started the task was asked about the queues that lead to this one:
    /// one that does so no longer is none of them.
    fn may_go_back(&self, from: &QueueArn, to: &QueueArn) -> bool {
        !self.settings.enforces_policies
            || self.redrive_sources.contains(&(from.clone(), to.clone()))
    }

    fn end_move_task(&mut self, number: u32, task: Uuid, end: MoveTaskEnd) {
        self.commit(&Record::MoveTaskEnded { queue: number, task, end });
    }
}

fn no_such(parameter: &str) -> Rejection {
    Rejection::ResourceNotFound(format!(
        "The resource that you specified for the {parameter} parameter doesn't exist."
    ))
}
