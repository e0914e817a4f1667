//! The steps of a history: each is done to the model and to the shard.

use std::collections::BTreeMap;

use super::super::calls::{each, fifo_id, pairs};
use super::commands::{
    Caller, DIRECT_ENDPOINT, DIRECT_TOPIC, Draft, ENDPOINTS, Outcome, QUEUES, SLOW, SMALL, Step,
    THEIRS, TOPICS, Wishes, is_fifo,
};
use super::plain::{ENVELOPE, Fate, Freight, Says, TEXTS, Where, protocol};
use super::run::{Begun, Handed, Run, queue_arn, topic_arn, uuid};
use crate::command::{
    Command, Effect, Handle, Outgoing, Pairs, Publication, Published, ReceiveRequest, Reply,
    TopicCommand,
};
use crate::delivery::{self, AttemptOutcome};
use crate::message::Sealing;
use crate::names::SubscriptionProtocol;
use crate::publication::{MessageType, PublishedContent};
use crate::rejection::{Rejection, TopicRejection};

impl Run {
    pub(super) fn step(&mut self, step: Step) {
        match step {
            Step::CreateTopic { topic } => self.create_topic(topic),
            Step::DeleteTopic { topic } => self.delete_topic(topic),
            Step::SetTopic { topic, change } => self.set_topic(topic, change),
            Step::CreateQueue { queue } => self.create_queue(queue),
            Step::DeleteQueue { queue } => {
                let is_there = self.plain.queues.remove(&queue).is_some();
                let answer = self.ask(Command::DeleteQueue { arn: queue_arn(queue) });
                assert_eq!(answer.is_ok(), is_there);
            }
            Step::Purge { queue } => {
                self.plain.purge(queue);
                let is_there = self.plain.queues.contains_key(&queue);
                let answer = self.ask(Command::PurgeQueue { arn: queue_arn(queue) });
                assert_eq!(answer.is_ok(), is_there);
            }
            Step::Subscribe { topic, endpoint, with } => self.subscribe(topic, endpoint, with),
            Step::Set { subscription, change } => self.set_any(subscription, change),
            Step::Unsubscribe { subscription, caller } => self.unsubscribe(subscription, caller),
            Step::Confirm { token, is_authenticated } => self.confirm(token, is_authenticated),
            Step::Publish { topic, drafts } => self.publish(topic, &drafts),
            Step::PublishDirect { outbox, text } => self.publish_direct(outbox, text),
            Step::DeleteDirect { outbox } => {
                if self.plain.topics.contains_key(&(DIRECT_TOPIC + outbox)) {
                    self.saw("direct outbox deleted");
                }
                self.delete_topic(DIRECT_TOPIC + outbox);
            }
            Step::Send { queue, draft } => self.send(queue, draft),
            Step::Receive { queue, max, timeout } => self.receive(queue, max, timeout),
            Step::Delete { receipts } => self.delete(&receipts),
            Step::Hide { receipt, timeout } => self.hide(receipt, timeout),
            Step::Settle { attempts } => {
                for (age, outcome) in attempts {
                    if let Some(at) = self.attempts.len().checked_sub(1 + age) {
                        let begun = self.attempts.remove(at);
                        self.settle(begun, outcome);
                    }
                }
            }
            Step::Work { is_lost } => self.work(is_lost),
            Step::Reclaim => {
                let before = self.shard.next_position();
                assert_eq!(self.decide(Command::Reclaim { before }), None);
            }
            Step::Trim => {
                // What was asked for is to be read before it goes.
                while !self.effects.is_empty() {
                    self.work(false);
                }
                self.trim();
            }
            Step::TakeSnapshot => self.take_snapshot(),
            Step::Restart { from_snapshot } => self.restart(from_snapshot),
            Step::Wait { ms } => self.pass(ms, false),
            Step::WaitLong { ms } => {
                self.settle_all();
                self.pass(ms, true);
            }
        }
        self.check();
    }

    pub(super) fn about_topics(&mut self, command: TopicCommand) -> Result<Reply, Rejection> {
        self.ask(Command::Topic(command))
    }

    pub(super) fn create_queue(&mut self, queue: usize) {
        let mut attributes = pairs(&[("VisibilityTimeout", "5")]);
        let mut add = |name: &str, value: String| attributes.push((name.into(), value));
        if is_fifo(ENDPOINTS[queue]) {
            add("FifoQueue", "true".into());
        }
        if queue == SMALL {
            add("MaximumMessageSize", "1024".into());
        }
        if queue == SLOW {
            add("DeduplicationScope", "messageGroup".into());
            add("DelaySeconds", "2".into());
        }
        if let Some(target) = self.plain.redrive_of_new(queue) {
            let target = queue_arn(target);
            let policy = format!(r#"{{"deadLetterTargetArn":"{target}","maxReceiveCount":2}}"#);
            add("RedrivePolicy", policy);
        }
        if self.plain.queues.contains_key(&queue) {
            attributes = Pairs::new();
            if is_fifo(ENDPOINTS[queue]) {
                attributes = pairs(&[("FifoQueue", "true")]);
            }
        }
        self.plain.create_queue(queue);
        let create = Command::CreateQueue { arn: queue_arn(queue), attributes, tags: Pairs::new() };
        assert_eq!(self.ask(create), Ok(Reply::Done));
    }

    /// Takes messages and refuses them as the topic does.
    fn publish(&mut self, topic: usize, drafts: &[Draft]) {
        let (is_fifo, by_content) = (is_fifo(TOPICS[topic]), topic == 3);
        let drafts: Vec<Draft> =
            drafts.iter().map(|draft| completed(*draft, is_fifo, by_content)).collect();
        let messages: Vec<Publication> =
            drafts.iter().map(|draft| self.publication(*draft, is_fifo && !by_content)).collect();
        let publish = TopicCommand::Publish { arn: topic_arn(topic), messages: messages.clone() };
        let Some(of) = self.plain.topics.get(&topic) else {
            let refused = Err(TopicRejection::no_topic().into());
            assert_eq!(self.about_topics(publish), refused);
            return;
        };
        let lacks = |message: &Publication| {
            message.group.is_none() || message.deduplication.is_none() && !of.is_by_content
        };
        let is_refused = if of.is_fifo {
            messages.iter().any(lacks)
        } else {
            messages.iter().any(|message| message.deduplication.is_some())
        };
        if is_refused {
            self.saw("publish refused");
            assert!(self.about_topics(publish).is_err());
            return;
        }
        let mut expected = Vec::new();
        for (draft, message) in drafts.iter().zip(&messages) {
            expected.push(self.expect_published(topic, *draft, message));
        }
        let Ok(Reply::Published { published, .. }) = self.about_topics(publish) else {
            panic!("an answer to a publish")
        };
        for (published, expected) in published.into_iter().zip(&expected) {
            let Published { message_id, sequence_number } = published.unwrap();
            assert_eq!((message_id, sequence_number), (uuid(expected.0), expected.1));
            assert_eq!(sequence_number.is_some(), is_fifo);
        }
    }

    /// To one endpoint. The outbox is made for the first message.
    fn publish_direct(&mut self, outbox: usize, text: usize) {
        let (topic, endpoint) = (DIRECT_TOPIC + outbox, DIRECT_ENDPOINT + outbox);
        if !self.plain.topics.contains_key(&topic) {
            self.plain.create_topic(topic, false, false);
            let (is_raw, filter, has_dead_letters, is_short) = (false, None, false, false);
            let plain = Wishes { is_raw, filter, has_dead_letters, is_short };
            self.expect_subscription(topic, endpoint, plain, 0);
        }
        let draft = Draft { text, group: None, deduplication: None, is_bare: false };
        let message = self.publication(draft, false);
        let expected = self.expect_published(topic, draft, &message);
        self.saw("direct publish");
        let protocol = SubscriptionProtocol::parse(protocol(endpoint)).unwrap();
        let (outbox, message) = (topic_arn(topic), Box::new(message));
        let publish = TopicCommand::PublishDirect { outbox, protocol, message };
        let Ok(Reply::Published { published, .. }) = self.about_topics(publish) else {
            panic!("an answer to a publish")
        };
        assert_eq!(published[0].as_ref().unwrap().message_id, uuid(expected.0));
    }

    /// The id and the sequence number that a publish is answered with.
    fn expect_published(
        &mut self,
        topic: usize,
        draft: Draft,
        message: &Publication,
    ) -> (u128, Option<u64>) {
        let of = self.plain.topics.get_mut(&topic).unwrap();
        let given = message.deduplication.as_ref().map(|id| id.as_str().to_owned());
        let digest = || "0".to_owned() + &draft.text.to_string();
        let id = given.or_else(|| of.is_by_content.then(|| digest().repeat(32)));
        let id = id.filter(|_| of.is_fifo);
        let same = of.sends.iter().find(|(known, group, ..)| {
            Some(known) == id.as_ref() && (Some(*group) == draft.group || !of.is_per_group)
        });
        if let Some((.., first, sequence)) = same.cloned() {
            self.saw("duplicate");
            return (first, Some(sequence));
        }
        // Twenty digits, one more than the last.
        let sequence = of.is_fifo.then(|| 10_000_000_000_000_000_000 + of.last_sequence);
        of.last_sequence += 1;
        let freight = Freight {
            message: super::run::number_of(message.message_id),
            raw_size: message.raw_size,
            enveloped_size: message.enveloped_size,
            attributes: TEXTS[draft.text].attributes().len(),
            group: draft.group,
            deduplication: id,
            is_replayed: false,
        };
        let copies = self.plain.publish(topic, draft.text, sequence, &freight);
        if sequence.is_some() || !copies.is_empty() {
            self.messages.push_back(freight.message);
        }
        self.arrivals.extend(copies);
        self.saw(if sequence.is_some() { "FIFO publish" } else { "publish" });
        (freight.message, sequence)
    }

    /// Without an id that could be repeated, a message that needs one gets one that never is.
    fn publication(&mut self, draft: Draft, needs_id: bool) -> Publication {
        let text = &TEXTS[draft.text];
        let message = self.fresh();
        let unique = || format!("unique{message}");
        let given = draft.deduplication.map(|id| format!("id{id}"));
        let id = given.or_else(|| (needs_id && !draft.is_bare).then(unique));
        let content = PublishedContent {
            message_type: MessageType::Notification,
            target: None,
            is_notice: false,
            subject: None,
            trace_header: None,
            token: None,
            message: text.message,
            by_protocol: text.by_protocol.to_vec(),
            attributes: text.attributes(),
        };
        Publication {
            message_id: uuid(message),
            content: content.encode(),
            sealing: Sealing::Plain,
            unsealed: None,
            keys: BTreeMap::new(),
            size: 2 * text.raw_size,
            raw_size: text.raw_size,
            enveloped_size: text.raw_size + ENVELOPE,
            body_md5: [0; 16],
            body_sha256: Some([u8::try_from(draft.text).unwrap(); 32]),
            group: draft.group.map(|group| fifo_id(&format!("group{group}"))),
            deduplication: id.as_deref().map(fifo_id),
        }
    }

    fn send(&mut self, queue: usize, draft: Draft) {
        let Some(of) = self.plain.queues.get(&queue) else { return };
        let is_fifo = of.is_fifo;
        let draft = completed(Draft { is_bare: false, ..draft }, is_fifo, false);
        let message = self.fresh();
        let unique = || is_fifo.then(|| format!("unique{message}"));
        let deduplication = draft.deduplication.map(|id| format!("id{id}")).or_else(unique);
        let outgoing = Outgoing {
            message_id: uuid(message),
            content: vec![0; 10],
            sealing: Sealing::Plain,
            size: 10,
            body_md5: [0; 16],
            body_sha256: None,
            delay_seconds: None,
            group: draft.group.map(|group| fifo_id(&format!("group{group}"))),
            deduplication: deduplication.as_deref().map(fifo_id),
        };
        let expected = match self.plain.send(queue, message, draft.group, deduplication) {
            Ok(arrival) => {
                self.arrivals.push_back(arrival);
                message
            }
            Err(first) => {
                self.saw("duplicate sent");
                first
            }
        };
        let answer = self.ask(Command::Send { arn: queue_arn(queue), messages: vec![outgoing] });
        let Ok(Reply::Sent(sent)) = answer else { panic!("an answer to a send") };
        assert_eq!(sent[0].as_ref().unwrap().message_id, uuid(expected));
    }

    fn receive(&mut self, queue: usize, max: usize, timeout: Option<u32>) {
        let request = ReceiveRequest {
            max_messages: max,
            visibility_timeout: timeout,
            wait_seconds: Some(0),
            attempt: None,
        };
        let receive = Command::Receive { arn: queue_arn(queue), request };
        let answer = self.ask(receive);
        let Some(q) = self.plain.queues.get(&queue) else {
            assert_eq!(answer, Err(Rejection::QueueDoesNotExist));
            return;
        };
        let (life, is_fifo) = (q.life, q.is_fifo);
        let Ok(Reply::Received(received)) = answer else { panic!("messages") };
        let next = self.plain.next(queue);
        let whole = max.min(next.len());
        assert!(received.len() == whole || self.dead_letters >= 100, "as many as there are");
        let at = Where::Queue(queue);
        let mut places = Vec::new();
        for message in &received {
            let key = Some(message.receipt.key);
            let place = self.plain.find(at, |copy| copy.key == key).expect("a message").place;
            assert!(next.contains(&place) && !places.contains(&place), "it was not its turn");
            assert_eq!(self.plain.dead_letter_queue(queue, place), None, "it is dead");
            places.push(place);
        }
        assert!(!is_fifo || places == next[..whole], "a FIFO queue leaves no choice");
        let timeout_ms = u64::from(timeout.unwrap_or(5)) * 1000;
        for (place, message) in places.into_iter().zip(&received) {
            self.saw(if is_fifo { "FIFO receive" } else { "receive" });
            self.plain.hand_out(at, place, timeout_ms);
            self.check_received(queue, place, message);
            let (count, receipt) = (message.receive_count, message.receipt);
            self.receipts.push(Handed { queue, life, place, count, receipt });
        }
    }

    /// A receipt by its age, if its queue is still there.
    fn receipt(&self, age: usize) -> Option<Handed> {
        let handed = self.receipts[self.receipts.len().checked_sub(1 + age)?];
        let queue = self.plain.queues.get(&handed.queue)?;
        (queue.life == handed.life).then_some(handed)
    }

    fn delete(&mut self, ages: &[usize]) {
        for handed in ages.iter().filter_map(|age| self.receipt(*age)).collect::<Vec<_>>() {
            let expected = self.plain.delete(handed.queue, handed.place, handed.count);
            let arn = queue_arn(handed.queue);
            let answer = self.ask(Command::Delete { arn, receipts: vec![handle(handed)] });
            assert_eq!(each(answer.unwrap())[0].is_ok(), expected);
        }
    }

    fn hide(&mut self, age: usize, timeout: u32) {
        let Some(handed) = self.receipt(age) else { return };
        let Handed { queue, place, count, .. } = handed;
        let expected = self.plain.hide(queue, place, count, timeout.into());
        let changes = vec![(handle(handed), timeout)];
        let answer = self.ask(Command::ChangeVisibility { arn: queue_arn(queue), changes });
        assert_eq!(each(answer.unwrap())[0].is_ok(), expected);
    }

    pub(super) fn settle(&mut self, begun: Begun, outcome: Outcome) {
        let Begun { subscription, place, receipt } = begun;
        let (fate, arrival) =
            self.plain.settle(subscription, place, receipt.receive_count, outcome);
        self.arrivals.extend(arrival);
        self.retried = match fate {
            Fate::Retried(delay) => Some((subscription, place, delay)),
            _ => None,
        };
        let is_unbegun = matches!(outcome, Outcome::NotBegun(_));
        let outcome = match outcome {
            Outcome::Delivered => AttemptOutcome::Delivered,
            Outcome::TryLater => AttemptOutcome::TryLater,
            Outcome::TryAfter(delay_ms) => AttemptOutcome::TryAfter { delay_ms: delay_ms.into() },
            Outcome::NotBegun(pause_ms) => AttemptOutcome::NotBegun { pause_ms: pause_ms.into() },
            Outcome::Never => AttemptOutcome::Never,
        };
        let answer = self.ask(Command::SettleDelivery { attempt: receipt, outcome });
        let Ok(Reply::Settled(seen)) = answer else { panic!("a fate, not {answer:?}") };
        assert_eq!(self.retried, None, "it is tried again");
        let (seen, name) = match seen {
            delivery::Fate::Stale => (Fate::Stale, "stale attempt"),
            delivery::Fate::Delivered => (Fate::Delivered, "delivered"),
            delivery::Fate::Retried { .. } if is_unbegun => (fate, "not begun"),
            delivery::Fate::Retried { .. } => (fate, "retried"),
            delivery::Fate::DeadLettered => (Fate::DeadLettered, "dead letter of an endpoint"),
            delivery::Fate::Dropped => (Fate::Dropped, "dropped"),
        };
        let is_retried = ["retried", "not begun"].contains(&name);
        assert_eq!((seen, is_retried), (fate, matches!(fate, Fate::Retried(_))));
        self.saw(name);
    }

    /// Every attempt succeeds, those that follow from it, too.
    pub(super) fn settle_all(&mut self) {
        while let Some(begun) = self.attempts.pop() {
            self.settle(begun, Outcome::Delivered);
        }
    }

    /// Reads what was asked for, and brings it.
    fn work(&mut self, is_lost: bool) {
        for effect in std::mem::take(&mut self.effects) {
            let command = match effect {
                Effect::Relocate { messages } => Command::Relocate {
                    messages: messages.into_iter().map(|m| (m, self.read(m.location))).collect(),
                },
                Effect::RelocatePublications { publications } => {
                    let read = |(number, at)| (number, at, self.read(at));
                    let publications = publications.into_iter().map(read).collect();
                    Command::RelocatePublications { publications }
                }
                Effect::CopyForReplay { subscription, messages } => {
                    let read = |(number, at)| (number, self.read(at).filter(|_| !is_lost));
                    let messages: Vec<_> = messages.into_iter().map(read).collect();
                    self.expect_replayed(subscription, &messages);
                    Command::ReplayMessages { subscription, messages }
                }
                other => panic!("nobody asked for {other:?}"),
            };
            assert_eq!(self.decide(command), None);
        }
    }

    /// What comes of a step of a replay: as far as it is what the replay looks at next.
    fn expect_replayed(&mut self, number: u32, messages: &[(u64, Option<Vec<u8>>)]) {
        let Some(subscription) = self.plain.subscriptions.get_mut(&number) else { return };
        let is_confirmed = subscription.is_confirmed();
        let Some(replay) = &mut subscription.replay else { return };
        if !std::mem::take(&mut replay.is_reading) || !is_confirmed {
            return;
        }
        for (position, bytes) in messages {
            let message = self.published[position];
            if self.plain.next_of_replay(number) != Some(message) {
                self.saw("answer to an earlier replay");
                return;
            }
            if bytes.is_none() {
                self.saw("replay failed");
                let subscription = self.plain.subscriptions.get_mut(&number).unwrap();
                subscription.replay.as_mut().unwrap().end = Some(false);
                return;
            }
            self.saw("replayed");
            let arrival = self.plain.replay(number, message);
            self.arrivals.extend(arrival);
        }
    }

    /// A message of the service's own is on its way, if its endpoint is there.
    pub(super) fn expect_notice(&mut self, number: u32, message: u128, says: Says) {
        if let Some(arrival) = self.plain.notify(number, message, says) {
            self.notices.insert(message, self.plain.now);
            self.messages.push_back(message);
            self.arrivals.push_back(arrival);
        }
    }
}

/// A draft as a topic or a queue of this kind takes it, unless it is to be refused.
fn completed(draft: Draft, is_fifo: bool, by_content: bool) -> Draft {
    if draft.is_bare {
        return draft;
    }
    let deduplication = draft.deduplication.filter(|id| is_fifo && !(by_content && *id < 2));
    let group = draft.group.or(is_fifo.then_some(0));
    Draft { group, deduplication, ..draft }
}

/// Who asks.
pub(super) fn caller(caller: Caller) -> Option<crate::names::AccountId> {
    match caller {
        Caller::Owner => Some(super::run::account(0)),
        Caller::Stranger => Some(super::run::account(THEIRS)),
        Caller::Nobody => None,
    }
}

fn handle(handed: Handed) -> Handle {
    Handle { text: "handle".into(), receipt: Some(handed.receipt) }
}

/// Whether a subscription is possible at all.
pub(super) fn fits(topic: usize, endpoint: usize) -> bool {
    if is_fifo(TOPICS[topic]) { endpoint < QUEUES } else { !is_fifo(ENDPOINTS[endpoint]) }
}
