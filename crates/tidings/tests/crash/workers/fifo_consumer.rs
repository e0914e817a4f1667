//! Receives from a FIFO queue.

use super::Worker;
use super::backlog::Backlog;
use crate::clerk::{Clerk, Cut, How, InHand};
use crate::queues::Queue;
use crate::random::Random;

pub(crate) struct FifoConsumer {
    queue: Queue,
    /// Tells its attempts from those of others.
    id: u32,
    attempts: u32,
    /// A receive without an answer: it is repeated with its attempt id.
    unanswered: Option<How>,
    /// In hand since the last step, and to be deleted: perhaps after a crash.
    in_hand: Vec<InHand>,
    backlog: Backlog,
}

impl FifoConsumer {
    pub(crate) fn new(queue: Queue, id: u32, backlog: Backlog) -> Self {
        Self { queue, id, attempts: 0, unanswered: None, in_hand: Vec::new(), backlog }
    }

    /// Attempt ids let it hide messages for long, and have them again after a crash. Without them
    /// it has to be quick.
    fn how(&mut self, random: &mut Random) -> How {
        self.attempts += 1;
        let has_attempts = self.queue == Queue::Ordered;
        How {
            max: random.between(1, 10),
            wait_seconds: if random.percent(50) { 0 } else { 2 },
            visibility_seconds: if has_attempts { 15 } else { random.between(2, 3) as u32 },
            attempt: has_attempts.then(|| format!("{}-{}", self.id, self.attempts)),
        }
    }

    /// Gives all that is in hand back, at once or a little later.
    fn give_back(&mut self, clerk: &mut Clerk, random: &mut Random) -> Result<(), Cut> {
        let messages = std::mem::take(&mut self.in_hand);
        let seconds = random.between(0, 1) as u32;
        match messages.as_slice() {
            [] => Ok(()),
            [message] => clerk.change(message, seconds).map(|_| ()),
            messages => clerk.change_batch(messages, seconds).map(|_| ()),
        }
    }

    /// Deletes what is in hand: whole, or one after the other in any order.
    fn delete(&mut self, clerk: &mut Clerk, random: &mut Random) -> Result<(), Cut> {
        if self.in_hand.len() > 1 && random.percent(50) {
            let done = clerk.delete_batch(&self.in_hand)?;
            self.backlog.deleted(&done);
            self.in_hand.clear();
        }
        while !self.in_hand.is_empty() {
            let at = if random.percent(80) { 0 } else { random.below(self.in_hand.len()) };
            let done = clerk.delete(&self.in_hand[at])?;
            self.backlog.deleted(&[done]);
            self.in_hand.remove(at);
            if random.percent(5) {
                return self.give_back(clerk, random);
            }
        }
        Ok(())
    }
}

impl Worker for FifoConsumer {
    fn step(&mut self, clerk: &mut Clerk, random: &mut Random) -> Result<(), Cut> {
        if !self.in_hand.is_empty() {
            return self.delete(clerk, random);
        }
        let how = match self.unanswered.take() {
            Some(how) => how,
            None => self.how(random),
        };
        if how.attempt.is_some() {
            self.unanswered = Some(how.clone());
        }
        let messages = clerk.receive(self.queue, &how)?;
        self.unanswered = None;
        if messages.is_empty() && how.wait_seconds == 0 {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        let careless = self.queue.redrive().is_some() && random.percent(25);
        if careless {
            return Ok(());
        }
        self.in_hand = messages.into_iter().filter(|message| !message.held.is_to_move()).collect();
        if random.percent(10) {
            return self.give_back(clerk, random);
        }
        self.delete(clerk, random)
    }
}
