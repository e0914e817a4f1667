//! Move tasks.

use super::facts::{Answer, Body, QueueIndex};
use super::messages::Arrival;
use super::model::{Finding, Message, Model, MoveTask, Passed, ordered};
use crate::scenery::QUEUES;

impl Model {
    pub(super) fn start_move(
        &mut self,
        source: QueueIndex,
        destination: Option<QueueIndex>,
        id: u128,
        answer: &Answer,
    ) -> Result<(), Finding> {
        // Whether another one still runs is for the shard to say.
        if !matches!(answer, Answer::Something) {
            return Ok(());
        }
        let is_dead_letter_queue = |index| {
            self.queues.values().any(|q| q.redrive.is_some_and(|(target, _)| target == index))
        };
        if !self.queues.contains_key(&source) || !is_dead_letter_queue(source) {
            return Err("a move task was started on what is no dead-letter queue".to_owned());
        }
        let task = MoveTask {
            id,
            destination,
            is_cancelled: false,
            has_failed: false,
            moved: 0,
            is_counted: true,
        };
        self.queue(source).tasks.push(task);
        Ok(())
    }

    pub(super) fn cancel_move(
        &mut self,
        source: QueueIndex,
        id: u128,
        answer: &Answer,
    ) -> Result<(), Finding> {
        let Answer::Cancelled(moved) = answer else { return Ok(()) };
        let task = self.queues.get_mut(&source).into_iter().flat_map(|q| &mut q.tasks);
        let Some(task) = task.into_iter().find(|task| task.id == id) else {
            return Err("a move task was cancelled that had not been started".to_owned());
        };
        task.is_cancelled = true;
        if task.is_counted && task.moved != *moved {
            return Err(format!("a move task says {moved} messages, and moved {}", task.moved));
        }
        Ok(())
    }

    pub(super) fn move_tasks(&self, source: QueueIndex, answer: &Answer) -> Result<(), Finding> {
        let Some(queue) = self.queues.get(&source) else { return Ok(()) };
        let Answer::Moves(told) = answer else {
            return Err(format!("a list of move tasks was answered {answer:?}"));
        };
        let known = queue.tasks.iter().rev();
        for (task, (id, runs, moved)) in known.zip(told) {
            let is_over = task.is_cancelled || task.has_failed;
            if task.id != *id || (task.is_counted && task.moved != *moved) || (is_over && *runs) {
                return Err(format!(
                    "move task {id} of {} says that it moved {moved}; it moved {}",
                    QUEUES[source].name, task.moved
                ));
            }
        }
        if told.len() != queue.tasks.len().min(10) {
            return Err(format!("{} has lost a move task", QUEUES[source].name));
        }
        Ok(())
    }

    /// Messages of a move task that were read: those that are still there, and visible, move.
    pub(super) fn moved(
        &mut self,
        source: QueueIndex,
        id: u128,
        messages: &[(u64, Option<Body>)],
    ) -> Result<(), Finding> {
        for (key, body) in messages {
            let Some(queue) = self.queues.get(&source) else { return Ok(()) };
            let Some(task) = queue.tasks.iter().position(|task| task.id == id) else {
                return Ok(());
            };
            let runs = !(queue.tasks[task].is_cancelled || queue.tasks[task].has_failed);
            if !runs {
                return Ok(());
            }
            let is_here = |m: &Message| m.body == *body && m.key.is_none_or(|own| own == *key);
            if body.is_some() && !queue.messages.iter().any(is_here) {
                self.fetch(source, *body);
            }
            let queue = &self.queues[&source];
            let own = |m: &&Message| match (m.key, body) {
                (Some(own), _) => own == *key,
                (None, Some(body)) => m.body == Some(*body),
                (None, None) => false,
            };
            let Some(message) = queue.messages.iter().find(own).cloned() else {
                if body.is_none() {
                    self.some_may_move(source, task);
                }
                continue;
            };
            let is_in_way = |m: &&Message| {
                ordered(source)
                    && m.group == message.group
                    && m.count > 0
                    && m.place != message.place
            };
            // One that need not be there need not be in the way.
            let state = |m: &Message| match self.passed(m.visible_at) {
                Passed::No if !m.is_sure => Passed::Perhaps,
                passed => passed,
            };
            let in_way = queue.messages.iter().filter(is_in_way).map(state);
            let states: Vec<Passed> = in_way.chain([state(&message)]).collect();
            let is_expired = self.has_expired(source, &message);
            let visible = match () {
                () if is_expired || states.contains(&Passed::No) => Passed::No,
                () if states.contains(&Passed::Perhaps) => Passed::Perhaps,
                () => Passed::Yes,
            };
            let to = queue.tasks[task].destination.or(message.source);
            if visible == Passed::Perhaps {
                let queue = self.queue(source);
                queue.tasks[task].is_counted = false;
                let found = queue.messages.iter_mut().find(|m| m.place == message.place);
                if let (Some(found), Some(to)) = (found, to) {
                    (found.perhaps_in, found.is_perhaps_moved) = (Some(to), true);
                }
                continue;
            }
            if visible == Passed::No {
                continue;
            }
            let Some(to) = to.filter(|to| self.queues.contains_key(to)) else {
                self.queue(source).tasks[task].has_failed = true;
                return Ok(());
            };
            let now = self.now;
            let queue = self.queue(source);
            queue.touched_at = now;
            queue.messages.retain(|m| m.place != message.place);
            queue.tasks[task].moved += 1;
            queue.tasks[task].is_counted &= message.is_sure;
            let Message { body, group, is_sure, .. } = message;
            self.arrive(to, &Arrival { body, group, delay: 0, sequence: None });
            if !is_sure && let Some(last) = self.queue(to).messages.last_mut() {
                last.is_sure = false;
            }
        }
        Ok(())
    }

    /// A message is here that may have been here.
    pub(super) fn fetch(&mut self, index: QueueIndex, body: Option<Body>) {
        let found = self
            .perhaps_in(index)
            .find(|(source, at)| self.queues[source].messages[*at].body == body);
        if let Some((source, at)) = found {
            let mut message = self.queue(source).messages.remove(at);
            message.perhaps_in = Some(index);
            self.arrive_as_dead_letter(source, message);
        }
    }

    /// One message that was published moves, whose record lies elsewhere by now: whichever.
    pub(super) fn some_may_move(&mut self, source: QueueIndex, task: usize) {
        let to = self.queues[&source].tasks[task].destination;
        let ready: Vec<bool> = self.queues[&source]
            .messages
            .iter()
            .map(|m| m.key.is_none() && self.passed(m.visible_at) != Passed::No)
            .collect();
        let queue = self.queue(source);
        queue.tasks[task].is_counted = false;
        for (message, is_ready) in queue.messages.iter_mut().zip(ready) {
            let to = to.or(message.source);
            if is_ready && message.perhaps_in.is_none() {
                message.perhaps_in = to;
                message.is_perhaps_moved = to.is_some();
            }
        }
    }
}
