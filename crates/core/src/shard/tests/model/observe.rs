//! Records as they are written: each must be a decision that the model allows.

use super::commands::QUEUES;
use super::plain::{Message, Receipt};
use super::run::{Ask, Run, Told};
use crate::command::Token;
use crate::record::Record;

/// Messages that one receive may move to a dead-letter queue before it hands out what it has.
pub(super) const SETTLED_MAX: usize = 100;

impl Run {
    pub(super) fn observe(&mut self, record: &Record<'_>) {
        match record {
            Record::Topic(_) | Record::PublicationMoved { .. } => panic!("the model has no topics"),
            Record::QueueCreated { queue, arn, .. } => {
                let name = QUEUES.iter().position(|name| *name == arn.name.as_str()).unwrap();
                self.numbers.insert(*queue, name);
            }
            Record::QueueDeleted { queue, .. } | Record::QueuePurged { queue, .. } => {
                self.places.retain(|(number, _), _| number != queue);
            }
            Record::MessageSent { queue, key, visible_at, message } => {
                match self.arrivals.pop_front() {
                    Some((name, id, place)) => {
                        assert_eq!((self.numbers[queue], message.message_id), (name, id));
                        let model = self.plain.message(name, place);
                        assert_eq!(visible_at.as_ms(), model.visible_at);
                        self.place(*queue, *key, place);
                        self.saw("send");
                    }
                    None => self.brought = Some((*queue, *key, message.message_id)),
                }
            }
            Record::MessageMoved { queue, key, .. } => self.observe_moved(*queue, *key),
            Record::MessageDeadLettered { queue, key, target, target_key, .. } => {
                self.saw("dead letter");
                self.dead_letters += 1;
                let (name, place) = self.displace(*queue, *key);
                assert!(self.plain.next(name, usize::MAX).contains(&place), "it was not its turn");
                let expected = self.plain.dead_letter_queue(name, place);
                assert_eq!(expected, Some(self.numbers[target]));
                let place = self.plain.move_dead_letter(name, place, self.numbers[target]);
                self.place(*target, *target_key, place);
            }
            Record::MessagesReceived { at, queue, visible_at, keys, .. } => {
                let places = keys.iter().map(|key| self.places[&(*queue, key)]).collect();
                self.observe_received(self.numbers[queue], places, *visible_at - *at);
            }
            Record::ReceiveRepeated { queue, .. } => {
                self.saw("repeated receive");
                let ask = self.direct.take().expect("only a receive is repeated");
                let places = self.repeated.take().expect("the model repeats it, too");
                let name = self.numbers[queue];
                let expected = places.iter().map(|place| self.expect(name, *place)).collect();
                self.handed.insert(ask.token, expected);
            }
            Record::MessagesDeleted { queue, keys } => {
                // A dead letter may be too old for the queue that it has just come to.
                self.plain.at(self.plain.now);
                for key in keys.iter() {
                    self.saw("deleted or expired");
                    let (name, place) = self.displace(*queue, key);
                    let mut left = self.plain.queues[&name].messages.iter();
                    assert!(left.all(|m| m.place != place), "nobody deleted it, and it is young");
                }
            }
            Record::MessageRelocated { queue, key, message } => {
                self.saw("relocated");
                let place = self.places[&(*queue, *key)];
                let id = u128::from_be_bytes(message.message_id.to_bytes());
                assert_eq!(self.plain.message(self.numbers[queue], place).id, id);
            }
            Record::ShardCreated { .. }
            | Record::AttributesSet { .. }
            | Record::TagsSet { .. }
            | Record::VisibilityChanged { .. }
            | Record::ReceiveUndone { .. }
            | Record::MoveTaskStarted { .. }
            | Record::MoveTaskEnded { .. }
            | Record::EntryWritten { .. } => {}
        }
    }

    fn place(&mut self, queue: u32, key: u64, place: u64) {
        assert!(self.places.insert((queue, key), place).is_none(), "a key is used once");
    }

    fn displace(&mut self, queue: u32, key: u64) -> (usize, u64) {
        (self.numbers[&queue], self.places.remove(&(queue, key)).expect("a message that is there"))
    }

    /// A move task has sent a message on.
    fn observe_moved(&mut self, queue: u32, key: u64) {
        self.saw("moved");
        let (name, place) = self.displace(queue, key);
        assert!(self.plain.next(name, usize::MAX).contains(&place), "it was not free to go");
        let (target, target_key, id) = self.brought.take().expect("what leaves has arrived");
        let Message { group, source, .. } = self.plain.remove(name, place);
        let task = self.current_task.expect("messages move on request only");
        assert_eq!(Some(self.numbers[&target]), self.destinations[&task].or(source));
        let fresh = self.plain.fresh(u128::from_be_bytes(id.to_bytes()), group);
        let place = self.plain.arrive(self.numbers[&target], fresh);
        self.place(target, target_key, place);
    }

    /// Messages have been handed out: to the receive that is being decided, or to whoever has
    /// waited longest.
    fn observe_received(&mut self, name: usize, places: Vec<u64>, timeout_ms: u64) {
        let is_over = |token: &Token| self.ended.contains(token) || self.handed.contains_key(token);
        let is_next = |wait: &&Ask| wait.queue == name && !is_over(&wait.token);
        let waiting = || self.waits.iter().find(is_next);
        let ask = *self
            .direct
            .as_ref()
            .filter(|ask| ask.queue == name)
            .or_else(waiting)
            .expect("somebody asked for messages");
        let is_direct = self.direct.take_if(|direct| direct.token == ask.token).is_some();
        assert_eq!(timeout_ms, ask.timeout_ms);
        for place in &places {
            let message = self.plain.message(name, *place);
            assert!(message.visible_at <= self.plain.now, "{message:?} is hidden");
            assert_eq!(self.plain.dead_letter_queue(name, *place), None, "{message:?}");
        }
        self.saw(if self.plain.queues[&name].is_fifo { "FIFO receive" } else { "receive" });
        self.check_choice(&ask, &places, is_direct);
        self.plain.hand_out(name, &places, ask.timeout_ms, ask.attempt);
        let expected = places.iter().map(|place| self.expect(name, *place)).collect();
        self.handed.insert(ask.token, expected);
    }

    fn check_choice(&self, ask: &Ask, places: &[u64], is_direct: bool) {
        let all = self.plain.next(ask.queue, usize::MAX);
        let max = ask.max.min(all.len());
        let is_fifo = self.plain.queues[&ask.queue].is_fifo;
        let is_whole = is_direct && self.dead_letters < SETTLED_MAX;
        if is_whole && is_fifo {
            assert_eq!(places, &all[..max], "a FIFO queue leaves no choice");
        } else if is_whole {
            assert_eq!(places.len(), max, "as many as there are");
        }
        assert!((1..=max).contains(&places.len()));
        // Of several groups that become free at once any may come first, but each in its order.
        let groups = |place: &u64| self.plain.message(ask.queue, *place).group;
        for (i, place) in places.iter().enumerate() {
            assert!(all.contains(place) && !places[..i].contains(place));
            let of_group = |other: &&u64| is_fifo && groups(other) == groups(place);
            let turn = places[..i].iter().filter(of_group).count();
            let first = all.iter().filter(of_group).nth(turn);
            assert!(!is_fifo || first == Some(place), "out of order");
        }
    }

    /// What the receiver of a message must be told now.
    pub(super) fn expect(&self, queue: usize, place: u64) -> (Receipt, Told) {
        let message = self.plain.message(queue, place);
        let mut keys = self.places.iter().filter(|(_, known)| **known == place);
        let (key, _) = keys.next().expect("a message that the shard has, too");
        let told = Told {
            key: *key,
            id: message.id,
            count: message.count,
            first_received_at: message.first_received_at,
            source: message.source,
        };
        let life = self.plain.queues[&queue].life;
        (Receipt { queue, life, place, count: message.count }, told)
    }
}
