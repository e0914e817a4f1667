//! The steps of a history: each is done to the shard and to the model.

use super::super::picture;
use super::super::scene::{arn, each, fifo_id, pairs};
use super::commands::{Change, Draft, QUEUES, Step};
use super::observe::SETTLED_MAX;
use super::plain::Answer;
use super::run::{Ask, Run};
use crate::command::{Command, Effect, Handle, Outgoing, ReceiveRequest, Reply, Sent, Token};
use crate::message::Sealing;
use crate::names::Uuid;
use crate::rejection::Rejection;

impl Run {
    pub(super) fn step(&mut self, step: Step) {
        match step {
            Step::Send { queue, messages } => self.send(queue, &messages),
            Step::Receive { queue, max, timeout, wait, attempt } => {
                self.receive(queue, max, timeout, wait, attempt);
            }
            Step::Delete { receipts, elsewhere } => self.delete(&receipts, elsewhere),
            Step::Hide { receipts } => self.hide(&receipts),
            Step::Return { receipts } => self.give_back(&receipts),
            Step::Abandon { wait } => {
                if wait < self.waits.len() {
                    let receive = self.waits.remove(wait).token;
                    assert_eq!(self.decide(Command::AbandonReceive { receive }), None);
                }
            }
            Step::Purge { queue } => self.purge(queue),
            Step::DeleteQueue { queue } => self.delete_queue(queue),
            Step::CreateQueue { queue } => self.create(queue),
            Step::Set { queue, change } => self.set(queue, change),
            Step::StartMoveTask { source, destination, rate } => {
                self.start_task(source, destination, rate);
            }
            Step::CancelMoveTask { source } => {
                let task = Uuid::from_bytes([source as u8; 16]);
                let cancel = Command::CancelMoveTask { source: arn(QUEUES[source]), task };
                // Whether one runs is the shard's knowledge; that it stops shows in what moves.
                drop(self.decide(cancel).unwrap());
            }
            Step::Work => self.work(),
            Step::Reclaim => {
                let before = self.shard.next_position();
                assert_eq!(self.decide(Command::Reclaim { before }), None);
            }
            Step::Trim => {
                self.work();
                self.trim();
            }
            Step::TakeSnapshot => self.take_snapshot(),
            Step::Restart { from_snapshot } => self.restart(from_snapshot),
            Step::Wait { ms } => self.pass(ms),
        }
        self.check();
    }

    /// Whether the queue is there. If it is not, the command must be refused.
    fn is_there(&mut self, queue: usize, command: &Command) -> bool {
        let is_there = self.plain.queues.contains_key(&queue);
        if !is_there {
            let answer = self.decide(command.clone());
            assert_eq!(answer, Some(Err(Rejection::QueueDoesNotExist)));
        }
        is_there
    }

    fn send(&mut self, queue: usize, drafts: &[Draft]) {
        let messages: Vec<Outgoing> =
            drafts.iter().map(|draft| self.outgoing(queue, *draft)).collect();
        let command = Command::Send { arn: arn(QUEUES[queue]), messages: messages.clone() };
        if !self.is_there(queue, &command) {
            return;
        }
        let is_fifo = self.plain.queues[&queue].is_fifo;
        if is_fifo && drafts.iter().any(|draft| draft.group.is_none()) {
            let refused = Rejection::MissingParameter("MessageGroupId".into());
            assert_eq!(self.decide(command), Some(Err(refused)));
            return;
        }
        let mut expected = Vec::new();
        for (draft, message) in drafts.iter().zip(&messages) {
            expected.push(self.expect_sent(queue, *draft, message.message_id));
        }
        let Some(Ok(Reply::Sent(sent))) = self.decide(command) else { panic!("an answer") };
        let sent: Vec<Option<Uuid>> = sent
            .into_iter()
            .map(|sent| sent.ok().map(|Sent { message_id, .. }| message_id))
            .collect();
        assert_eq!(sent, expected);
    }

    /// The id that a send is answered with; `None` if the message is refused.
    fn expect_sent(&mut self, queue: usize, draft: Draft, message_id: Uuid) -> Option<Uuid> {
        let is_fifo = self.plain.queues[&queue].is_fifo;
        let is_refused = if is_fifo {
            draft.delay.is_some_and(|delay| delay > 0)
        } else {
            draft.deduplication.is_some()
        };
        if is_refused {
            return None;
        }
        let delay = draft.delay.filter(|_| !is_fifo).map(|seconds| u64::from(seconds) * 1000);
        let id = u128::from_be_bytes(message_id.to_bytes());
        match self.plain.send(queue, id, draft.group, draft.deduplication, delay) {
            Ok(place) => {
                self.arrivals.push_back((queue, message_id, place));
                Some(message_id)
            }
            Err(first) => {
                self.saw("duplicate");
                Some(Uuid::from_bytes(first.to_be_bytes()))
            }
        }
    }

    fn outgoing(&mut self, queue: usize, draft: Draft) -> Outgoing {
        self.last += 1;
        let is_fifo = QUEUES[queue].ends_with(".fifo");
        // Without an id that could be repeated, a FIFO queue gets one that never is.
        let deduplication = match draft.deduplication {
            Some(id) => Some(format!("id{id}")),
            None => is_fifo.then(|| format!("unique{}", self.last)),
        };
        Outgoing {
            message_id: Uuid::from_bytes(u128::from(self.last).to_be_bytes()),
            content: vec![0; 10],
            sealing: Sealing::Plain,
            size: 10,
            body_md5: [0; 16],
            body_sha256: None,
            delay_seconds: draft.delay,
            group: draft.group.map(|group| fifo_id(&format!("group{group}"))),
            deduplication: deduplication.map(|id| fifo_id(&id)),
        }
    }

    fn receive(
        &mut self,
        queue: usize,
        max: usize,
        timeout: Option<u32>,
        wait: Option<u32>,
        attempt: Option<u8>,
    ) {
        let request = ReceiveRequest {
            max_messages: max,
            visibility_timeout: timeout,
            wait_seconds: wait,
            attempt: attempt.map(|id| fifo_id(&format!("attempt{id}"))),
        };
        let command = Command::Receive { arn: arn(QUEUES[queue]), request };
        if !self.is_there(queue, &command) {
            return;
        }
        self.last += 1;
        let token = Token(self.last);
        let q = &self.plain.queues[&queue];
        let timeout_ms = timeout.map_or(q.visibility, |seconds| u64::from(seconds) * 1000);
        let wait_ms = wait.map_or(q.wait, |seconds| u64::from(seconds) * 1000);
        let attempt = attempt.filter(|_| q.is_fifo);
        let until = self.plain.now + wait_ms;
        self.repeated = attempt.and_then(|id| self.plain.repeat(queue, id, timeout_ms));
        self.direct = Some(Ask { token, queue, max, timeout_ms, attempt, until });
        let ask = self.direct;
        let answer = self.decide_as(token, command);
        assert_eq!(self.repeated, None, "the model repeats an earlier receive");
        let expected = self.handed.remove(&token).unwrap_or_default();
        match answer {
            Some(Ok(Reply::Received(messages))) => {
                let is_idle = self.is_idle(queue) || self.dead_letters >= SETTLED_MAX;
                let is_right = !messages.is_empty() || wait_ms == 0 && is_idle;
                assert!(is_right, "an empty answer, but there is something");
                self.check_received(&expected, &messages);
            }
            None => {
                let is_idle = self.is_idle(queue) || self.dead_letters >= SETTLED_MAX;
                assert!(wait_ms > 0 && is_idle, "a wait for what is there");
                self.waits.extend(ask);
            }
            other => panic!("no answer to a receive: {other:?}"),
        }
    }

    fn is_idle(&self, queue: usize) -> bool {
        self.plain.next(queue, 1).is_empty()
    }

    /// Receipts by their age.
    fn pick<T>(&self, picked: &[T], age: impl Fn(&T) -> usize) -> Vec<usize> {
        let count = self.receipts.len();
        picked.iter().filter_map(|pick| count.checked_sub(1 + age(pick))).collect()
    }

    fn delete(&mut self, ages: &[usize], elsewhere: Option<usize>) {
        let picked = self.pick(ages, |age| *age);
        let Some(first) = picked.first() else { return };
        let queue = elsewhere.unwrap_or(self.receipts[*first].0.queue);
        let receipts = picked.iter().map(|at| handle(self.receipts[*at].1)).collect();
        let command = Command::Delete { arn: arn(QUEUES[queue]), receipts };
        if !self.is_there(queue, &command) {
            return;
        }
        let expected: Vec<Answer> =
            picked.iter().map(|at| self.plain.delete(queue, self.receipts[*at].0)).collect();
        let answers = each(self.decide(command).unwrap().unwrap());
        assert_eq!(answers.iter().map(answer).collect::<Vec<_>>(), expected);
        expected.iter().for_each(|answer| self.saw(spell(*answer)));
    }

    fn hide(&mut self, changes: &[(usize, u32)]) {
        let picked = self.pick(changes, |(age, _)| *age);
        let Some(first) = picked.first() else { return };
        let queue = self.receipts[*first].0.queue;
        let timeouts: Vec<u32> = changes.iter().map(|(_, timeout)| *timeout).collect();
        let picked: Vec<(usize, u32)> = picked.into_iter().zip(timeouts).collect();
        let to_handle = |(at, timeout): &(usize, u32)| (handle(self.receipts[*at].1), *timeout);
        let changes = picked.iter().map(to_handle).collect();
        let command = Command::ChangeVisibility { arn: arn(QUEUES[queue]), changes };
        if !self.is_there(queue, &command) {
            return;
        }
        let hide = |(at, timeout): &(usize, u32)| {
            self.plain.hide(queue, self.receipts[*at].0, u64::from(*timeout))
        };
        let expected: Vec<Answer> = picked.iter().map(hide).collect();
        let answers = each(self.decide(command).unwrap().unwrap());
        assert_eq!(answers.iter().map(answer).collect::<Vec<_>>(), expected);
        expected.iter().for_each(|answer| self.saw(spell(*answer)));
    }

    fn give_back(&mut self, ages: &[usize]) {
        let picked = self.pick(ages, |age| *age);
        // One at a time: a message given back may be handed out at once to someone who waits.
        for at in picked {
            let (receipt, own) = self.receipts[at];
            self.plain.give_back(receipt);
            assert_eq!(self.decide(Command::ReturnMessages { receipts: vec![own] }), None);
        }
    }

    fn purge(&mut self, queue: usize) {
        let command = Command::PurgeQueue { arn: arn(QUEUES[queue]) };
        if self.is_there(queue, &command) {
            let expected = self.plain.purge(queue);
            assert_eq!(self.decide(command).unwrap().is_ok(), expected);
        }
    }

    fn delete_queue(&mut self, queue: usize) {
        let command = Command::DeleteQueue { arn: arn(QUEUES[queue]) };
        if self.is_there(queue, &command) {
            self.plain.delete_queue(queue);
            assert_eq!(self.decide(command), Some(Ok(Reply::Done)));
        }
    }

    pub(super) fn set(&mut self, queue: usize, change: Change) {
        let (name, value) = spelled(change);
        let attributes = pairs(&[(name, &value)]);
        let command = Command::SetQueueAttributes { arn: arn(QUEUES[queue]), attributes };
        if !self.is_there(queue, &command) {
            return;
        }
        let expected = self.set_plainly(queue, change);
        let now = self.plain.now;
        self.plain.at(now);
        assert_eq!(self.decide(command).unwrap().is_ok(), expected, "{change:?}");
    }

    fn set_plainly(&mut self, queue: usize, change: Change) -> bool {
        let kind = |queue: usize| QUEUES[queue].ends_with(".fifo");
        if let Change::Redrive(Some((target, _))) = change
            && !(self.plain.queues.contains_key(&target) && kind(target) == kind(queue))
        {
            return false;
        }
        let q = self.plain.queues.get_mut(&queue).unwrap();
        match change {
            Change::Delay(seconds) => self.plain.set_delay(queue, u64::from(seconds) * 1000),
            Change::Visibility(seconds) => q.visibility = u64::from(seconds) * 1000,
            Change::Retention(seconds) => q.retention = u64::from(seconds) * 1000,
            Change::Wait(seconds) => q.wait = u64::from(seconds) * 1000,
            Change::Redrive(policy) => q.redrive = policy,
            Change::PerGroup(is_per_group) if q.is_fifo => q.is_per_group = is_per_group,
            Change::PerGroup(_) => return false,
        }
        true
    }

    fn start_task(&mut self, source: usize, destination: Option<usize>, rate: Option<u32>) {
        let task = Uuid::from_bytes([source as u8; 16]);
        let number = self.numbers.iter().rev().find(|(_, name)| **name == source).map(|(n, _)| *n);
        let tasks = picture::tasks(&self.shard);
        let is_running = tasks.iter().any(|(queue, tasks)| {
            Some(*queue) == number && tasks.iter().any(|task| task.is_running())
        });
        let queues = &self.plain.queues;
        let kind = |queue: usize| QUEUES[queue].ends_with(".fifo");
        let may_start = queues.contains_key(&source)
            && queues.values().any(|q| q.redrive.is_some_and(|(target, _)| target == source))
            && destination.is_none_or(|to| queues.contains_key(&to) && kind(to) == kind(source));
        let arns = (arn(QUEUES[source]), destination.map(|to| arn(QUEUES[to])));
        let (from, to) = arns;
        let start = Command::StartMoveTask { source: from, destination: to, rate, task };
        if may_start && !is_running {
            self.destinations.insert(task, destination);
        }
        let answer = self.decide(start).unwrap();
        assert_eq!(answer.is_ok(), may_start && !is_running, "{answer:?}");
    }

    /// Reads what was asked for, and brings it.
    fn work(&mut self) {
        for effect in std::mem::take(&mut self.effects) {
            let command = match effect {
                Effect::CopyForMoveTask { source, task, messages } => {
                    self.current_task = Some(task);
                    let bring = |(key, location)| {
                        self.last += 1;
                        let id = Uuid::from_bytes(u128::from(self.last).to_be_bytes());
                        (key, id, self.read(location))
                    };
                    Command::MoveMessages {
                        source,
                        task,
                        messages: messages.into_iter().map(bring).collect(),
                    }
                }
                Effect::RelocatePublications { .. }
                | Effect::CopyForReplay { .. }
                | Effect::Deliver(_) => panic!("the model has no topics"),
                Effect::Relocate { messages } => Command::Relocate {
                    messages: messages.into_iter().map(|m| (m, self.read(m.location))).collect(),
                },
            };
            assert_eq!(self.decide(command), None);
            self.current_task = None;
        }
    }
}

fn spelled(change: Change) -> (&'static str, String) {
    match change {
        Change::Delay(seconds) => ("DelaySeconds", seconds.to_string()),
        Change::Visibility(seconds) => ("VisibilityTimeout", seconds.to_string()),
        Change::Retention(seconds) => ("MessageRetentionPeriod", seconds.to_string()),
        Change::Wait(seconds) => ("ReceiveMessageWaitTimeSeconds", seconds.to_string()),
        Change::Redrive(None) => ("RedrivePolicy", String::new()),
        Change::Redrive(Some((target, max))) => {
            ("RedrivePolicy", super::super::scene::redrive(QUEUES[target], max))
        }
        Change::PerGroup(true) => ("DeduplicationScope", "messageGroup".into()),
        Change::PerGroup(false) => ("DeduplicationScope", "queue".into()),
    }
}

fn handle(receipt: crate::receipt::Receipt) -> Handle {
    Handle { text: "handle".into(), receipt: Some(receipt) }
}

fn spell(answer: Answer) -> &'static str {
    match answer {
        Answer::Done => "receipt accepted",
        Answer::NotAReceipt => "receipt of another queue",
        Answer::Expired => "receipt expired",
        Answer::NotAvailable => "receipt not available",
        Answer::NotInFlight => "message not in flight",
        Answer::TooLong => "hidden for too long",
    }
}

fn answer(answer: &Result<(), Rejection>) -> Answer {
    match answer {
        Ok(()) => Answer::Done,
        Err(Rejection::ReceiptHandleIsInvalid { .. }) => Answer::NotAReceipt,
        Err(Rejection::MessageNotInflight) => Answer::NotInFlight,
        Err(Rejection::InvalidParameterValue(text)) => {
            if text.ends_with("The receipt handle has expired.") {
                Answer::Expired
            } else if text.ends_with("[43200 seconds]") {
                Answer::TooLong
            } else {
                assert!(text.ends_with("not available for visibility timeout change."), "{text}");
                Answer::NotAvailable
            }
        }
        other => panic!("no answer for a receipt: {other:?}"),
    }
}
