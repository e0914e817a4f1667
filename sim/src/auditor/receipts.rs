//! What receipts are for: deletes, and changes of visibility.

use super::facts::{Answer, No, QueueIndex, Receipt};
use super::model::{Finding, Message, Model, Passed, ordered};
use crate::scenery::QUEUES;

impl Model {
    /// Which message of a queue a receipt is of; `None` if it is none of the queue's.
    pub(super) fn of_receipt(&self, index: QueueIndex, receipt: Receipt) -> Option<Option<usize>> {
        let queue = &self.queues[&index];
        if queue.number != Some(receipt.number) {
            return None;
        }
        Some(queue.messages.iter().position(|m| m.key == Some(receipt.key)))
    }

    pub(super) fn delete(
        &mut self,
        index: QueueIndex,
        receipts: &[Receipt],
        answer: &Answer,
    ) -> Result<(), Finding> {
        let Answer::Each(each) = answer else {
            return Err(format!("a delete from {} was answered {answer:?}", QUEUES[index].name));
        };
        for (receipt, done) in receipts.iter().zip(each) {
            self.delete_one(index, *receipt, done)?;
        }
        Ok(())
    }

    pub(super) fn delete_one(
        &mut self,
        index: QueueIndex,
        receipt: Receipt,
        done: &Result<(), No>,
    ) -> Result<(), Finding> {
        let name = QUEUES[index].name;
        let Some(found) = self.of_receipt(index, receipt) else {
            return if *done == Err(No::NotAReceipt) {
                Ok(())
            } else {
                Err(format!("a delete from {name} by a receipt of another queue: {done:?}"))
            };
        };
        let Some(at) = found else {
            return match done {
                Ok(()) => Ok(()),
                Err(no) => Err(format!("a delete of what has gone from {name}: {no:?}")),
            };
        };
        let message = self.queues[&index].messages[at].clone();
        let is_latest = message.count == receipt.count;
        if !ordered(index) {
            if done.is_err() {
                return Err(format!("a delete of {} from {name}: {done:?}", message.name()));
            }
            if is_latest {
                self.fix_dead_letters(index);
                let message = self.queue(index).messages.remove(at);
                if message.perhaps_in.is_some() {
                    let is_sure = false;
                    self.arrive_as_dead_letter(index, Message { is_sure, ..message });
                }
            }
            return Ok(());
        }
        let in_flight = self.passed(message.visible_at);
        let may_be_gone = !message.is_sure || self.may_be_dead(index, &message);
        match done {
            Ok(()) if is_latest && in_flight != Passed::Yes => {
                let message = self.queue(index).messages.remove(at);
                // Perhaps it had gone, and this deleted nothing.
                if message.perhaps_in.is_some() {
                    let is_sure = false;
                    self.arrive_as_dead_letter(index, Message { is_sure, ..message });
                }
                Ok(())
            }
            Ok(()) if may_be_gone => {
                self.fix_dead_letters(index);
                let message = self.queue(index).messages.remove(at);
                self.arrive_as_dead_letter(index, message);
                Ok(())
            }
            Ok(()) => Err(format!("{} of {name} was deleted by a stale receipt", message.name())),
            Err(_) if !is_latest || in_flight != Passed::No => Ok(()),
            Err(no) => Err(format!("the delete of {} from {name}: {no:?}", message.name())),
        }
    }

    pub(super) fn hide(
        &mut self,
        index: QueueIndex,
        changes: &[(Receipt, u64)],
        answer: &Answer,
    ) -> Result<(), Finding> {
        let Answer::Each(each) = answer else {
            return Err(format!("a change of visibility was answered {answer:?}"));
        };
        for ((receipt, seconds), done) in changes.iter().zip(each) {
            self.hide_one(index, *receipt, *seconds, done)?;
        }
        Ok(())
    }

    pub(super) fn hide_one(
        &mut self,
        index: QueueIndex,
        receipt: Receipt,
        seconds: u64,
        done: &Result<(), No>,
    ) -> Result<(), Finding> {
        let name = QUEUES[index].name;
        let wrong =
            |why: &str| Err(format!("a change of visibility in {name}: {done:?}, though {why}"));
        let Some(found) = self.of_receipt(index, receipt) else {
            let is_refused = *done == Err(No::NotAReceipt);
            return if is_refused { Ok(()) } else { wrong("the receipt is of another queue") };
        };
        let latest = found.filter(|at| self.queues[&index].messages[*at].count == receipt.count);
        let Some(at) = latest else {
            return if done.is_err() { Ok(()) } else { wrong("there is no such message") };
        };
        let message = self.queues[&index].messages[at].clone();
        let visible = self.passed(message.visible_at);
        let may_be_gone = !message.is_sure || self.may_be_dead(index, &message);
        let visible_at = self.now + seconds * 1000;
        if done.is_err() {
            if *done != Err(No::NotInFlight) && may_be_gone {
                self.fix_dead_letters(index);
                let message = self.queue(index).messages.remove(at);
                self.arrive_as_dead_letter(index, message);
                return Ok(());
            }
            let may_refuse = ordered(index) && visible != Passed::No;
            return if may_refuse { Ok(()) } else { wrong("it is its latest receipt") };
        }
        if ordered(index) && visible == Passed::Yes && !may_be_gone {
            return wrong("the message is not in flight");
        }
        if !(seconds == 0 && visible == Passed::Yes) {
            self.queue(index).messages[at].visible_at = visible_at;
        }
        Ok(())
    }

    pub(super) fn returned(&mut self, receipt: Receipt) {
        let now = self.now;
        for queue in self.queues.values_mut().filter(|q| q.number == Some(receipt.number)) {
            queue.touched_at = now;
            for message in &mut queue.messages {
                if message.key == Some(receipt.key) && message.count == receipt.count {
                    message.visible_at = message.visible_at.min(now);
                }
            }
        }
    }
}
