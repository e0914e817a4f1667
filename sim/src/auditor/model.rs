//! What a shard must hold, as far as the auditor knows: one world of what may have happened.
//!
//! Lists that are searched from end to end, and times that are compared: nothing here is clever.
//! Where the rules leave a choice to the shard, the model keeps both open:
//!
//! - a message that has been received too often may be in its queue or in the dead-letter queue;
//! - while a clock has been set back, what was over once may be over or not.

use std::collections::{BTreeMap, BTreeSet};

use super::facts::{Answer, Ask, Body, Fact, Ms, No, QueueIndex, Setting, SlotIndex};
use super::topics::{Subscription, Topic};
use crate::scenery::{COOL_DOWN_MS, QUEUES, is_fifo};

/// Why a fact cannot be.
pub(super) type Finding = String;

/// Whether an instant has passed.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub(super) enum Passed {
    Yes,
    /// A clock was set back: it had, and has not.
    Perhaps,
    No,
}

pub(super) const FIVE_MINUTES: Ms = 300_000;

/// Further than this no clock goes back. What has expired is kept for so long: after a crash a shard
/// may not know that it has, and by a clock that was set back it has not.
const BACK_MS: Ms = 120_000;

/// One message in one queue.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Message {
    pub(super) body: Option<Body>,
    /// Messages that came later have greater ones.
    pub(super) place: u64,
    pub(super) group: Option<u8>,
    pub(super) enqueued_at: Ms,
    pub(super) visible_at: Ms,
    pub(super) count: u32,
    pub(super) first_at: Ms,
    pub(super) received_at: Ms,
    /// Known from the first receive on.
    pub(super) key: Option<u64>,
    pub(super) source: Option<QueueIndex>,
    pub(super) sequence: Option<u64>,
    /// Whether it must be there, or only may.
    pub(super) is_sure: bool,
    /// The queue that it may have gone to.
    pub(super) perhaps_in: Option<QueueIndex>,
    /// Whether it would be there as a new one, by a move task.
    pub(super) is_perhaps_moved: bool,
    /// Whether it is known where among the others it came in.
    pub(super) is_placed: bool,
}

impl Message {
    pub(super) fn name(&self) -> String {
        self.body.map_or("a notice".to_owned(), |body| format!("message {body}"))
    }
}

/// A send that a FIFO queue remembers.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Remembered {
    pub(super) deduplication: u32,
    pub(super) at: Ms,
    pub(super) id: u128,
    pub(super) sequence: Option<u64>,
}

/// A receive that can be repeated.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Attempt {
    pub(super) id: u32,
    pub(super) at: Ms,
    pub(super) visible_at: Ms,
    pub(super) messages: Vec<(u64, u32)>,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct MoveTask {
    pub(super) id: u128,
    pub(super) destination: Option<QueueIndex>,
    pub(super) is_cancelled: bool,
    pub(super) has_failed: bool,
    pub(super) moved: u64,
    /// Whether all that moved is known.
    pub(super) is_counted: bool,
}

#[derive(Clone, PartialEq, Debug)]
pub(super) struct Queue {
    pub(super) number: Option<u32>,
    pub(super) visibility: u64,
    pub(super) delay: u64,
    pub(super) retention: u64,
    pub(super) redrive: Option<(QueueIndex, u32)>,
    pub(super) labels: BTreeSet<u8>,
    pub(super) tags: BTreeMap<u8, u32>,
    /// As they came.
    pub(super) messages: Vec<Message>,
    pub(super) sends: Vec<Remembered>,
    pub(super) attempts: Vec<Attempt>,
    pub(super) purged_at: Option<Ms>,
    pub(super) tasks: Vec<MoveTask>,
    /// When something last happened to it.
    pub(super) touched_at: Ms,
}

/// A receive that waits.
#[derive(Clone, PartialEq, Debug)]
pub(super) struct Wait {
    pub(super) queue: QueueIndex,
    pub(super) until: Ms,
    /// The visibility timeout, as it was when it was asked for.
    pub(super) timeout: u64,
}

/// One world.
#[derive(Clone, PartialEq, Debug, Default)]
pub(super) struct Model {
    pub(super) now: Ms,
    /// The latest that the shard's clock has ever shown.
    pub(super) high: Ms,
    pub(super) queues: BTreeMap<QueueIndex, Queue>,
    pub(super) deleted_at: BTreeMap<QueueIndex, Ms>,
    pub(super) waits: BTreeMap<u64, Wait>,
    pub(super) topics: BTreeMap<usize, Topic>,
    pub(super) subscriptions: BTreeMap<SlotIndex, Subscription>,
    /// Messages for phones.
    pub(super) direct: Option<Subscription>,
    pub(super) register: BTreeMap<u8, u32>,
    pub(super) places: u64,
}

impl Model {
    /// Whether an instant has passed.
    pub(super) fn passed(&self, at: Ms) -> Passed {
        if at <= self.now {
            Passed::Yes
        } else if at <= self.high {
            Passed::Perhaps
        } else {
            Passed::No
        }
    }

    /// Takes a fact in, or says why it cannot be.
    pub(super) fn apply(&mut self, fact: &Fact, now: Ms) -> Result<(), Finding> {
        self.pass(now);
        match fact {
            Fact::Passed => Ok(()),
            Fact::Waits(token, ask) => self.waits(*token, ask),
            Fact::Decided(token, ask, answer) => self.decided(*token, ask, answer),
            Fact::Begun(begun) => self.begun(begun),
            Fact::Abandoned(token) => {
                self.waits.remove(token);
                Ok(())
            }
            Fact::Returned(receipts) => {
                receipts.iter().for_each(|receipt| self.returned(*receipt));
                Ok(())
            }
            Fact::Moved(source, task, messages) => self.moved(*source, *task, messages),
            Fact::Replayed(bodies) => self.replayed(bodies),
            Fact::Restarted(is_new_process) => {
                self.waits.clear();
                if *is_new_process {
                    self.attempts_ended();
                }
                Ok(())
            }
        }
    }

    /// Time goes by: what is too old goes.
    fn pass(&mut self, now: Ms) {
        self.now = now;
        self.high = self.high.max(now);
        let high = self.high;
        for queue in self.queues.values_mut() {
            let retention = queue.retention * 1000;
            let kept = |m: &Message| m.enqueued_at + retention + BACK_MS > now;
            queue.messages.retain(|m| kept(m) || m.perhaps_in.is_some());
            for message in &mut queue.messages {
                message.is_sure &= message.enqueued_at + retention > high;
            }
            queue.sends.retain(|send| send.at + FIVE_MINUTES + BACK_MS > now);
            queue.attempts.retain(|attempt| attempt.at + FIVE_MINUTES + BACK_MS > now);
        }
    }

    /// Whether a message's retention period has surely passed.
    pub(super) fn has_expired(&self, index: QueueIndex, message: &Message) -> bool {
        let retention = self.queues[&index].retention * 1000;
        self.passed(message.enqueued_at + retention) == Passed::Yes
    }

    fn waits(&mut self, token: u64, ask: &Ask) -> Result<(), Finding> {
        let Ask::Receive { queue, wait, max, timeout, .. } = ask else {
            return Err(format!("{ask:?} was not answered at once"));
        };
        let available = self.available(*queue);
        if available > 0 || *wait == 0 {
            let name = QUEUES[*queue].name;
            return Err(format!(
                "a receive of {max} from {name} waits though {available} messages may be received"
            ));
        }
        let until = self.now + wait * 1000;
        let own = self.queues.get(queue).map_or(0, |queue| queue.visibility);
        let timeout = timeout.unwrap_or(own);
        self.waits.insert(token, Wait { queue: *queue, until, timeout });
        Ok(())
    }

    /// That nobody waits in vain.
    pub(super) fn check_waits(&self) -> Result<(), Finding> {
        if self.high > self.now {
            return Ok(());
        }
        for wait in self.waits.values() {
            let name = QUEUES[wait.queue].name;
            if wait.until + 1 < self.now {
                return Err(format!(
                    "a receive from {name} still waits {} ms after its time",
                    self.now - wait.until
                ));
            }
            let Some(queue) = self.queues.get(&wait.queue) else { continue };
            let is_quiet = queue.touched_at + 2 <= self.now;
            let ripe = |m: &Message| m.visible_at + 2 <= self.now;
            if is_quiet && queue.messages.iter().all(ripe) && self.available(wait.queue) > 0 {
                return Err(format!("a receive from {name} waits though there are messages"));
            }
        }
        Ok(())
    }

    fn decided(&mut self, token: u64, ask: &Ask, answer: &Answer) -> Result<(), Finding> {
        if let Some(queue) = ask.queue() {
            if let Some(queue) = self.queues.get_mut(&queue) {
                queue.touched_at = self.now;
            } else {
                self.waits.remove(&token);
                return expect(ask, answer, &Answer::No(No::NoQueue));
            }
        }
        match ask {
            Ask::CreateQueue(queue, settings) => self.create(*queue, settings, ask, answer),
            Ask::DeleteQueue(queue) => {
                self.part_from(*queue);
                self.queues.remove(queue);
                self.deleted_at.insert(*queue, self.now);
                expect(ask, answer, &Answer::Done)
            }
            Ask::Purge(queue) => self.purge(*queue, ask, answer),
            Ask::Set(queue, setting) => self.set(*queue, *setting, ask, answer),
            Ask::Look(queue) => self.look(*queue, ask, answer),
            Ask::Permit(queue, label) => {
                let is_new = self.queue(*queue).labels.insert(*label);
                accept(is_new, ask, answer)
            }
            Ask::Forbid(queue, label) => {
                let was_there = self.queue(*queue).labels.remove(label);
                accept(was_there, ask, answer)
            }
            Ask::Tag(queue, key, value) => {
                self.queue(*queue).tags.insert(*key, *value);
                expect(ask, answer, &Answer::Done)
            }
            Ask::Untag(queue, key) => {
                self.queue(*queue).tags.remove(key);
                expect(ask, answer, &Answer::Done)
            }
            Ask::Tags(queue) => {
                let tags = self.queue(*queue).tags.iter().map(|(k, v)| (*k, *v)).collect();
                expect(ask, answer, &Answer::Tagged(tags))
            }
            Ask::Send(queue, entries) => self.sent(*queue, entries, answer),
            Ask::Receive { .. } => self.received(token, ask, answer),
            Ask::Delete(queue, receipts) => self.delete(*queue, receipts, answer),
            Ask::Hide(queue, changes) => self.hide(*queue, changes, answer),
            Ask::StartMove(source, destination, task) => {
                self.start_move(*source, *destination, *task, answer)
            }
            Ask::CancelMove(queue, task) => self.cancel_move(*queue, *task, answer),
            Ask::Moves(queue) => self.move_tasks(*queue, answer),
            Ask::Write(writes) => {
                for (name, value) in writes {
                    match value {
                        Some(value) => self.register.insert(*name, *value),
                        None => self.register.remove(name),
                    };
                }
                expect(ask, answer, &Answer::Done)
            }
            Ask::Read => {
                let all = self.register.iter().map(|(name, value)| (*name, *value)).collect();
                expect(ask, answer, &Answer::Register(all))
            }
            _ => self.decided_about_topics(ask, answer),
        }
    }

    /// A queue that the ask was found to be about.
    pub(super) fn queue(&mut self, queue: QueueIndex) -> &mut Queue {
        self.queues.get_mut(&queue).expect("a queue that was looked up")
    }

    fn create(
        &mut self,
        index: QueueIndex,
        settings: &[Setting],
        ask: &Ask,
        answer: &Answer,
    ) -> Result<(), Finding> {
        let mut new = Queue {
            number: None,
            visibility: 30,
            delay: 0,
            retention: 345_600,
            redrive: None,
            labels: BTreeSet::new(),
            tags: BTreeMap::new(),
            messages: Vec::new(),
            sends: Vec::new(),
            attempts: Vec::new(),
            purged_at: None,
            tasks: Vec::new(),
            touched_at: self.now,
        };
        settings.iter().for_each(|setting| new.set(*setting));
        if let Some(there) = self.queues.get(&index) {
            let differs = |setting: &&Setting| !there.settings().contains(setting);
            let expected = match settings.iter().find(differs) {
                Some(_) => Answer::No(No::OtherAttributes),
                None => Answer::Done,
            };
            return expect(ask, answer, &expected);
        }
        let over = self.deleted_at.get(&index).map(|at| self.passed(at + COOL_DOWN_MS));
        match (over, answer) {
            (Some(Passed::No | Passed::Perhaps), Answer::No(No::DeletedLately)) => return Ok(()),
            (Some(Passed::No), _) => {
                return expect(ask, answer, &Answer::No(No::DeletedLately));
            }
            _ => {}
        }
        let lacks_target =
            new.redrive.is_some_and(|(target, _)| !self.queues.contains_key(&target));
        if lacks_target {
            return accept(false, ask, answer);
        }
        self.deleted_at.remove(&index);
        self.queues.insert(index, new);
        expect(ask, answer, &Answer::Done)
    }

    /// What may have gone to other queues, or come from there, before a queue loses all it has.
    fn part_from(&mut self, index: QueueIndex) {
        for source in self.queues.keys().copied().collect::<Vec<_>>() {
            self.fix_dead_letters(source);
            if source != index {
                let queue = self.queue(source);
                let gone = |m: &&mut Message| m.perhaps_in == Some(index);
                queue.messages.iter_mut().filter(gone).for_each(|m| m.is_sure = false);
            }
        }
        let (left, _) = std::mem::take(&mut self.queue(index).messages)
            .into_iter()
            .partition::<Vec<_>, _>(|m| m.perhaps_in.is_some());
        for message in left {
            self.arrive_as_dead_letter(index, Message { is_sure: false, ..message });
        }
    }

    fn purge(&mut self, index: QueueIndex, ask: &Ask, answer: &Answer) -> Result<(), Finding> {
        let over = self.queue(index).purged_at.map(|at| self.passed(at + COOL_DOWN_MS));
        match (over, answer) {
            (Some(Passed::No | Passed::Perhaps), Answer::No(No::PurgedLately)) => return Ok(()),
            (Some(Passed::No), _) => return expect(ask, answer, &Answer::No(No::PurgedLately)),
            _ => {}
        }
        self.part_from(index);
        let now = self.now;
        let queue = self.queue(index);
        queue.messages.clear();
        queue.sends.clear();
        queue.attempts.clear();
        queue.purged_at = Some(now);
        expect(ask, answer, &Answer::Done)
    }

    fn set(
        &mut self,
        index: QueueIndex,
        setting: Setting,
        ask: &Ask,
        answer: &Answer,
    ) -> Result<(), Finding> {
        if let Setting::Redrive(target, _) = setting
            && !self.queues.contains_key(&target)
        {
            return accept(false, ask, answer);
        }
        self.fix_dead_letters(index);
        self.queue(index).set(setting);
        let now = self.now;
        self.pass(now);
        expect(ask, answer, &Answer::Done)
    }

    /// GetQueueAttributes: the counts are exact, but for what may be in one queue or another.
    fn look(&mut self, index: QueueIndex, ask: &Ask, answer: &Answer) -> Result<(), Finding> {
        let Answer::Looked(counts, settings, labels) = answer else {
            return expect(ask, answer, &Answer::Something);
        };
        let (name, queue) = (QUEUES[index].name, &self.queues[&index]);
        if *settings != queue.settings() {
            return Err(format!(
                "{name} shows the attributes {settings:?} and not {:?}",
                queue.settings()
            ));
        }
        let known: Vec<u8> = queue.labels.iter().copied().collect();
        if *labels != known {
            return Err(format!("the policy of {name} has {labels:?} and not {known:?}"));
        }
        let [mut least, mut most] = [[0; 3]; 2];
        for message in queue.messages.iter().filter(|m| !self.has_expired(index, m)) {
            let hidden = if message.count > 0 { 1 } else { 2 };
            let is_certain = message.is_sure && !self.may_be_dead(index, message);
            let places: &[usize] = match self.passed(message.visible_at) {
                Passed::Yes => &[0],
                Passed::Perhaps => &[0, hidden],
                Passed::No => &[hidden],
            };
            places.iter().for_each(|place| most[*place] += 1);
            if let ([place], true) = (places, is_certain) {
                least[*place] += 1;
            }
        }
        most[0] += self.perhaps_in(index).count() as u64;
        let which = ["visible", "in flight", "delayed"];
        for at in 0..3 {
            if !(least[at]..=most[at]).contains(&counts[at]) {
                return Err(format!(
                    "{name} counts {} messages {} where there are {} to {}",
                    counts[at], which[at], least[at], most[at]
                ));
            }
        }
        Ok(())
    }
}

impl Queue {
    pub(super) fn set(&mut self, setting: Setting) {
        match setting {
            Setting::Visibility(seconds) => self.visibility = seconds,
            Setting::Delay(seconds) => self.delay = seconds,
            Setting::Retention(seconds) => self.retention = seconds,
            Setting::Redrive(target, max) => self.redrive = Some((target, max)),
        }
    }

    pub(super) fn settings(&self) -> Vec<Setting> {
        let mut settings = vec![
            Setting::Visibility(self.visibility),
            Setting::Delay(self.delay),
            Setting::Retention(self.retention),
        ];
        settings.extend(self.redrive.map(|(target, max)| Setting::Redrive(target, max)));
        settings
    }
}

impl Ask {
    /// The queue that has to be there.
    fn queue(&self) -> Option<QueueIndex> {
        match self {
            Ask::DeleteQueue(queue)
            | Ask::Purge(queue)
            | Ask::Set(queue, _)
            | Ask::Look(queue)
            | Ask::Permit(queue, _)
            | Ask::Forbid(queue, _)
            | Ask::Tag(queue, ..)
            | Ask::Untag(queue, _)
            | Ask::Tags(queue)
            | Ask::Send(queue, _)
            | Ask::Receive { queue, .. }
            | Ask::Delete(queue, _)
            | Ask::Hide(queue, _) => Some(*queue),
            _ => None,
        }
    }
}

/// That an answer is the one expected.
pub(super) fn expect(ask: &Ask, answer: &Answer, expected: &Answer) -> Result<(), Finding> {
    if answer == expected {
        return Ok(());
    }
    Err(format!("{ask:?} was answered {answer:?} and not {expected:?}"))
}

/// That a request was done, or refused for whatever reason.
pub(super) fn accept(is_done: bool, ask: &Ask, answer: &Answer) -> Result<(), Finding> {
    let was_done = !matches!(answer, Answer::No(_));
    if was_done == is_done {
        return Ok(());
    }
    let verb = if is_done { "refused" } else { "done" };
    Err(format!("{ask:?} was {verb}, which it should not have been: {answer:?}"))
}

/// Whether messages of a queue have to be in order.
pub(super) fn ordered(queue: QueueIndex) -> bool {
    is_fifo(queue)
}
