//! DeleteMessage and ChangeMessageVisibility, with their batches.

use tidings_mutants::mutant;

use super::shard::Shard;
use crate::command::{Handle, Reply};
use crate::limits;
use crate::message::Location;
use crate::names::QueueArn;
use crate::queue::{Entry, State};
use crate::receipt::Receipt;
use crate::record::{Keys, Record};
use crate::rejection::Rejection;
use crate::time::Timestamp;

impl Shard {
    pub(super) fn delete(
        &mut self,
        arn: &QueueArn,
        receipts: &[Handle],
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        let number = self.find(arn)?;
        let each = receipts.iter().map(|handle| self.delete_one(number, handle)).collect();
        self.serve(number, now);
        Ok(Reply::Each(each))
    }

    pub(super) fn change_visibility(
        &mut self,
        arn: &QueueArn,
        changes: &[(Handle, u32)],
        now: Timestamp,
    ) -> Result<Reply, Rejection> {
        let number = self.find(arn)?;
        let change = |(handle, timeout): &(Handle, u32)| {
            self.change_visibility_of_one(number, handle, *timeout, now)
        };
        let each = changes.iter().map(change).collect();
        self.serve(number, now);
        Ok(Reply::Each(each))
    }

    /// A message that is gone counts as deleted. An older handle than the last deletes nothing:
    /// on a standard queue that is not an error, on a FIFO queue it is.
    fn delete_one(&mut self, number: u32, handle: &Handle) -> Result<(), Rejection> {
        let receipt = self.read_handle(number, handle)?;
        let queue = self.queue(number);
        let Some(entry) = queue.entry(receipt.key) else { return Ok(()) };
        let is_latest = entry.receive_count == receipt.receive_count || mutant!(AcceptStaleReceipt);
        if queue.is_fifo() && !(is_latest && entry.state == State::InFlight) {
            return Err(Rejection::parameter(
                "ReceiptHandle",
                &handle.text,
                "The receipt handle has expired.",
            ));
        }
        if is_latest {
            let keys = [receipt.key];
            let record = Record::MessagesDeleted { queue: number, keys: Keys::Listed(&keys) };
            if mutant!(LoseTombstone) {
                self.apply(&record, Location::default());
            } else {
                self.commit(&record);
            }
        }
        Ok(())
    }

    /// The new timeout counts from now. A standard queue's message that has become visible again is
    /// hidden again by its latest handle, as observed of AWS.
    fn change_visibility_of_one(
        &mut self,
        number: u32,
        handle: &Handle,
        timeout: u32,
        now: Timestamp,
    ) -> Result<(), Rejection> {
        let receipt = self.read_handle(number, handle)?;
        let queue = self.queue(number);
        let is_latest = |entry: &Entry| entry.receive_count == receipt.receive_count;
        let Some(entry) = queue.entry(receipt.key).filter(is_latest) else {
            return Err(Rejection::parameter(
                "ReceiptHandle",
                &handle.text,
                "Message does not exist or is not available for visibility timeout change.",
            ));
        };
        if entry.state != State::InFlight && (queue.is_fifo() || timeout == 0) {
            return if queue.is_fifo() { Err(Rejection::MessageNotInflight) } else { Ok(()) };
        }
        let timeout_max = *limits::VISIBILITY_TIMEOUT.end();
        let in_flight_seconds = (now - entry.received_at) / 1000;
        if in_flight_seconds + u64::from(timeout) > u64::from(timeout_max) {
            return Err(Rejection::parameter(
                "VisibilityTimeout",
                timeout,
                format_args!(
                    "Total VisibilityTimeout for the message is beyond the limit \
                     [{timeout_max} seconds]"
                ),
            ));
        }
        let record = Record::VisibilityChanged {
            at: now,
            queue: number,
            key: receipt.key,
            visible_at: now.plus_seconds(timeout.into()),
        };
        if mutant!(ForgetChangedVisibility) {
            self.apply(&record, Location::default());
        } else {
            self.commit(&record);
        }
        Ok(())
    }

    /// Makes messages visible again that were handed out to nobody.
    pub(super) fn return_messages(&mut self, receipts: &[Receipt], now: Timestamp) {
        for Receipt { queue: number, key, receive_count } in receipts.iter().copied() {
            let entry = self.queues.get(&number).and_then(|queue| queue.entry(key));
            let is_untaken = |entry: &Entry| {
                entry.receive_count == receive_count && entry.state == State::InFlight
            };
            if entry.filter(is_untaken).is_some() {
                self.commit(&Record::VisibilityChanged {
                    at: now,
                    queue: number,
                    key,
                    visible_at: now,
                });
                self.serve(number, now);
            }
        }
    }

    /// What the handle says, if this queue made it.
    fn read_handle(&self, number: u32, handle: &Handle) -> Result<Receipt, Rejection> {
        let own = handle.receipt.filter(|receipt| receipt.queue == number);
        own.ok_or_else(|| Rejection::ReceiptHandleIsInvalid { handle: handle.text.clone() })
    }
}
