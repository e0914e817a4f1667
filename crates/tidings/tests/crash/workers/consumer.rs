//! Receives from a standard queue.

use super::Worker;
use super::backlog::Backlog;
use crate::clerk::{Clerk, Cut, How, InHand};
use crate::queues::Queue;
use crate::random::Random;

/// What a consumer does with what it is handed.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(crate) enum Manner {
    /// Deletes it.
    Thorough,
    /// Deletes most of it, some of that later; hides the rest for longer or gives it back.
    Whimsical,
    /// Mostly lets the visibility timeout pass, so that it goes to the dead-letter queue.
    Careless,
}

/// One message in so many is left alone, so that old messages keep the log's front alive.
const STRAGGLER_EVERY: u32 = 97;

/// Handles that a consumer keeps to use them late.
const LATE_MAX: usize = 20;

pub(crate) struct Consumer {
    queue: Queue,
    manner: Manner,
    backlog: Backlog,
    /// To be deleted later: perhaps after a crash, perhaps after someone else has it.
    late: Vec<InHand>,
}

impl Consumer {
    pub(crate) fn new(queue: Queue, manner: Manner, backlog: Backlog) -> Self {
        Self { queue, manner, backlog, late: Vec::new() }
    }

    fn may_delete(&self, message: &InHand) -> bool {
        let is_straggler =
            self.queue == Queue::Plain && message.held.name.number % STRAGGLER_EVERY == 3;
        !is_straggler && !message.held.is_to_move()
    }

    fn delete(
        &self,
        messages: &[InHand],
        clerk: &mut Clerk,
        random: &mut Random,
    ) -> Result<(), Cut> {
        if messages.is_empty() {
            return Ok(());
        }
        if random.percent(60) {
            self.backlog.deleted(&clerk.delete_batch(messages)?);
            return Ok(());
        }
        for message in messages {
            self.backlog.deleted(&[clerk.delete(message)?]);
        }
        Ok(())
    }

    fn deal_with(
        &mut self,
        message: InHand,
        clerk: &mut Clerk,
        random: &mut Random,
    ) -> Result<(), Cut> {
        let percent_deleted = if self.manner == Manner::Careless { 20 } else { 75 };
        if random.percent(percent_deleted) && self.may_delete(&message) {
            self.delete(std::slice::from_ref(&message), clerk, random)?;
            if random.percent(5) {
                clerk.delete(&message)?;
            }
        } else if random.percent(40) {
            clerk.change(&message, random.between(0, 3) as u32)?;
        } else if self.may_delete(&message) && self.late.len() < LATE_MAX {
            self.late.push(message);
        }
        Ok(())
    }
}

impl Worker for Consumer {
    fn step(&mut self, clerk: &mut Clerk, random: &mut Random) -> Result<(), Cut> {
        if self.late.len() == LATE_MAX || (!self.late.is_empty() && random.percent(2)) {
            // Kept if the server goes: then they are deleted after it has come back.
            let half: Vec<InHand> = self.late.iter().take(10).cloned().collect();
            self.delete(&half, clerk, random)?;
            self.late.drain(..half.len());
        }
        let visibility_seconds = match self.manner {
            Manner::Careless => random.between(0, 1),
            _ => random.between(1, 3),
        };
        let how = How {
            max: random.between(1, 10),
            wait_seconds: if random.percent(50) { 0 } else { 2 },
            visibility_seconds: visibility_seconds as u32,
            attempt: None,
        };
        let messages = clerk.receive(self.queue, &how)?;
        if messages.is_empty() && how.wait_seconds == 0 {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        if self.manner == Manner::Thorough {
            let messages: Vec<InHand> =
                messages.into_iter().filter(|message| self.may_delete(message)).collect();
            return self.delete(&messages, clerk, random);
        }
        if messages.len() > 1 && random.percent(10) {
            clerk.change_batch(&messages, random.between(0, 2) as u32)?;
            return Ok(());
        }
        messages.into_iter().try_for_each(|message| self.deal_with(message, clerk, random))
    }
}
