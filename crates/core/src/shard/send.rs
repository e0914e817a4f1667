//! SendMessage and SendMessageBatch.

use tidings_mutants::mutant;

use super::shard::Shard;
use crate::command::{Outgoing, Reply, Sent};
use crate::hex;
use crate::names::QueueArn;
use crate::queue::{FirstSend, Queue};
use crate::queue_attributes::DeduplicationScope;
use crate::record::{MessageRecord, Record};
use crate::rejection::Rejection;
use crate::time::Timestamp;

impl Shard {
    /// Takes each message or refuses it by itself. What a FIFO queue needs and a message lacks is
    /// refused for the whole call, as AWS does.
    pub(super) fn send(
        &mut self,
        arn: &QueueArn,
        messages: &[Outgoing],
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        let number = self.find(arn)?;
        let queue = self.queue(number);
        messages.iter().try_for_each(|message| check_fifo_parameters(queue, message))?;
        let sent = messages.iter().map(|message| self.send_one(number, message, now)).collect();
        self.serve(number, now);
        Ok(Reply::Sent(sent))
    }

    fn send_one(
        &mut self,
        number: u32,
        message: &Outgoing,
        now: Timestamp,
    ) -> Result<Sent, Rejection> {
        check_parameters(self.queue(number), message)?;
        let deduplication = self.deduplication_id(number, message);
        let group = message.group.as_ref().map(|group| group.as_str());
        if let (Some(id), Some(group)) = (&deduplication, group)
            && let Some(first) = self.first_send(number, id, group, message, now)
        {
            return Ok(first);
        }
        let queue = self.queue(number);
        let key = queue.next_key;
        let sent = Sent {
            message_id: message.message_id,
            body_md5: message.body_md5,
            sequence_number: queue.sequence_number(key),
        };
        let delay_seconds = match message.delay_seconds {
            Some(seconds) if !queue.is_fifo() => seconds,
            _ => queue.attributes.delay_seconds,
        };
        let delay_seconds = if mutant!(IgnoreDelay) { 0 } else { delay_seconds };
        self.commit(&Record::MessageSent {
            queue: number,
            key,
            visible_at: now.plus_seconds(delay_seconds.into()),
            message: MessageRecord {
                message_id: message.message_id,
                sent_at: now,
                body_md5: message.body_md5,
                group,
                deduplication: deduplication.as_deref(),
                sealing: message.sealing,
                content: &message.content,
            },
        });
        Ok(sent)
    }

    /// The id that a FIFO queue knows the message by: the one given, or the body's SHA-256.
    fn deduplication_id(&self, number: u32, message: &Outgoing) -> Option<String> {
        if !self.queue(number).is_fifo() {
            return None;
        }
        let given = message.deduplication.as_ref().map(|id| id.as_str().to_owned());
        given.or_else(|| message.body_sha256.map(|digest| hex::lower(&digest)))
    }

    /// What the first message with this id was answered, if the queue remembers one.
    fn first_send(
        &self,
        number: u32,
        id: &str,
        group: &str,
        message: &Outgoing,
        now: Timestamp,
    ) -> Option<Sent> {
        let queue = self.queue(number);
        let first = self.first_in_queue(queue, id, group, now)?;
        Some(Sent {
            message_id: first.message_id,
            body_md5: first.body_md5.unwrap_or(message.body_md5),
            sequence_number: queue.sequence_number(first.key),
        })
    }
}

impl Shard {
    /// What the queue remembers of the id, if it is a FIFO queue and was given it lately.
    pub(super) fn first_in_queue<'q>(
        &self,
        queue: &'q Queue,
        id: &str,
        group: &str,
        now: Timestamp,
    ) -> Option<&'q FirstSend> {
        let group = match queue.attributes.fifo.as_ref()?.deduplication_scope {
            DeduplicationScope::Queue => None,
            DeduplicationScope::MessageGroup => Some(self.digest(group)),
        };
        queue.deduplication.find(self.digest(id), group, now)
    }
}

/// What a FIFO queue cannot do without.
fn check_fifo_parameters(queue: &Queue, message: &Outgoing) -> Result<(), Rejection> {
    let Some(fifo) = &queue.attributes.fifo else { return Ok(()) };
    if message.group.is_none() {
        return Err(Rejection::MissingParameter("MessageGroupId".into()));
    }
    let by_content = fifo.content_based_deduplication && message.body_sha256.is_some();
    if message.deduplication.is_none() && !by_content {
        return Err(Rejection::InvalidParameterValue(
            "The queue should either have ContentBasedDeduplication enabled or \
             MessageDeduplicationId provided explicitly"
                .into(),
        ));
    }
    Ok(())
}

/// What one message may be refused for.
fn check_parameters(queue: &Queue, message: &Outgoing) -> Result<(), Rejection> {
    if queue.is_fifo() {
        if let Some(delay) = message.delay_seconds.filter(|delay| *delay != 0) {
            return Err(Rejection::parameter(
                "DelaySeconds",
                delay,
                "The request include parameter that is not valid for this queue type.",
            ));
        }
    } else if let Some(id) = &message.deduplication {
        return Err(Rejection::parameter(
            "MessageDeduplicationId",
            id.as_str(),
            "The request includes a parameter that is not valid for this queue type.",
        ));
    }
    let max = queue.attributes.maximum_message_size;
    if message.size > max as usize {
        return Err(Rejection::InvalidParameterValue(format!(
            "One or more parameters are invalid. Reason: Message must be shorter than {max} bytes."
        )));
    }
    Ok(())
}
