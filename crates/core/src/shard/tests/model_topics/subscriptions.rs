//! Steps that are about topics and subscriptions themselves.

use super::super::calls::pairs;
use super::commands::{
    Caller, Change, DEAD, DEAD_FIFO, DIRECT_ENDPOINT, ENDPOINTS, QUEUES, THEIRS, TOPICS,
    TopicChange, Wishes, is_fifo,
};
use super::plain::{Archive, FILTERS, Replay, Says, Status, Subscription, protocol};
use super::run::{Run, account, number_of, queue_arn, topic_arn, uuid};
use super::steps::{caller, fits};
use crate::command::{Pairs, Reply, Subscribe, TopicCommand};
use crate::names::{SubscriptionArn, SubscriptionProtocol};
use crate::rejection::{Rejection, TopicRejection};
use crate::time::Timestamp;

const TWO_DAYS: u64 = 172_800_000;

/// Three retries: at once, after a second, after five.
const SHORT: &str = r#"{"healthyRetryPolicy":{"numRetries":3,"numNoDelayRetries":1,
    "numMinDelayRetries":1,"numMaxDelayRetries":1,"minDelayTarget":1,"maxDelayTarget":5}}"#;

impl Run {
    pub(super) fn create_topic(&mut self, topic: usize) {
        let (is_fifo, is_by_content) = (is_fifo(TOPICS[topic]), topic == 3);
        let is_new = !self.plain.topics.contains_key(&topic);
        self.plain.create_topic(topic, is_fifo, is_by_content);
        let mut attributes = Pairs::new();
        if is_fifo {
            attributes = pairs(&[("FifoTopic", "true")]);
        }
        if is_by_content && is_new {
            attributes.extend(pairs(&[
                ("ContentBasedDeduplication", "true"),
                ("FifoThroughputScope", "MessageGroup"),
            ]));
        }
        let create = TopicCommand::CreateTopic {
            arn: topic_arn(topic),
            attributes,
            tags: Pairs::new(),
            data_protection_policy: None,
        };
        assert_eq!(self.about_topics(create), Ok(Reply::Done));
    }

    pub(super) fn delete_topic(&mut self, topic: usize) {
        let has_archive =
            self.plain.topics.get(&topic).is_some_and(|topic| topic.archive.is_some());
        if !has_archive {
            self.plain.delete_topic(topic);
        }
        let answer = self.about_topics(TopicCommand::DeleteTopic { arn: topic_arn(topic) });
        assert_eq!(answer.is_err(), has_archive, "{answer:?}");
    }

    pub(super) fn set_topic(&mut self, topic: usize, change: TopicChange) {
        let now = self.plain.now;
        let (name, value) = match change {
            TopicChange::Policy(0) => ("DeliveryPolicy", String::new()),
            TopicChange::Policy(policy) => {
                let forbids = policy == 2;
                let policy = r#"{"minDelayTarget":1,"maxDelayTarget":1,"numRetries":0}"#;
                let policy = format!(
                    r#"{{"http":{{"defaultHealthyRetryPolicy":{policy},
                        "disableSubscriptionOverrides":{forbids}}}}}"#
                );
                ("DeliveryPolicy", policy)
            }
            TopicChange::Signature(anew) => {
                ("SignatureVersion", if anew { "2" } else { "1" }.to_owned())
            }
            TopicChange::Archive(true) => {
                ("ArchivePolicy", r#"{"MessageRetentionPeriod":"1"}"#.to_owned())
            }
            TopicChange::Archive(false) => ("ArchivePolicy", "{}".to_owned()),
        };
        let arn = topic_arn(topic);
        let command = TopicCommand::SetTopicAttribute { arn, name: name.into(), value };
        let Some(of) = self.plain.topics.get_mut(&topic) else {
            assert!(self.about_topics(command).is_err());
            return;
        };
        let is_refused = matches!(change, TopicChange::Archive(_)) && !of.is_fifo;
        match change {
            _ if is_refused => {}
            TopicChange::Policy(policy) => of.policy = policy,
            TopicChange::Signature(anew) => of.is_signed_anew = anew,
            TopicChange::Archive(false) => of.archive = None,
            TopicChange::Archive(true) => {
                let fresh = Archive { begins_at: now, messages: Vec::new() };
                of.archive.get_or_insert(fresh);
            }
        }
        let answer = self.about_topics(command);
        assert_eq!(answer.is_err(), is_refused, "{answer:?}");
    }

    pub(super) fn subscribe(&mut self, topic: usize, endpoint: usize, with: Wishes) {
        let there = self.plain.subscriptions.iter();
        let mut there = there.filter(|(_, s)| (s.topic, s.endpoint) == (topic, endpoint));
        let there = there.next().map(|(number, s)| (*number, s.is_ended()));
        let known = there.filter(|(_, is_ended)| !is_ended).map(|(number, _)| number);
        let is_possible = self.plain.topics.contains_key(&topic) && fits(topic, endpoint);
        let (id, message) = (self.fresh(), self.fresh());
        // One that is there is found whatever it is like, if nothing is said.
        let attributes = if known.is_some() { Pairs::new() } else { spelled(endpoint, with) };
        let command = TopicCommand::Subscribe(Subscribe {
            topic: topic_arn(topic),
            protocol: SubscriptionProtocol::parse(protocol(endpoint)).unwrap(),
            endpoint: spell(endpoint),
            attributes,
            account: account(0),
            principal: "arn:aws:iam::000000000000:root".into(),
            id: uuid(id),
            message_id: uuid(message),
        });
        if !is_possible {
            assert!(self.about_topics(command).is_err());
            return;
        }
        if let Some((ended, true)) = there {
            self.plain.remove_subscription(ended);
            self.saw("subscribed after its end");
        }
        let number = match known {
            Some(number) => number,
            None => self.expect_subscription(topic, endpoint, with, id),
        };
        let is_pending = !self.plain.subscriptions[&number].is_confirmed();
        let id = self.plain.subscriptions[&number].id;
        if is_pending {
            self.expect_notice(number, message, Says::Confirm(id));
        }
        let arn = SubscriptionArn { topic: topic_arn(topic), id: uuid(id) };
        assert_eq!(self.about_topics(command), Ok(Reply::Subscribed { arn, is_pending }));
        self.saw(if known.is_some() { "subscribed again" } else { "subscribed" });
    }

    /// The model takes up a new subscription.
    pub(super) fn expect_subscription(
        &mut self,
        topic: usize,
        endpoint: usize,
        with: Wishes,
        id: u128,
    ) -> u32 {
        let is_own = !(THEIRS..DIRECT_ENDPOINT).contains(&endpoint);
        let confirmed = Status::Confirmed { is_authenticated: true };
        let number = self.shard.next_subscription;
        self.subscribing = Some(number);
        let new = Subscription {
            id,
            topic,
            endpoint,
            is_raw: with.is_raw,
            filter: with.filter,
            has_dead_letters: with.has_dead_letters,
            is_short: with.is_short && endpoint >= QUEUES,
            status: if is_own { confirmed } else { Status::Pending },
            created_at: self.plain.now,
            replay: None,
            outbox: Vec::new(),
            running: Vec::new(),
            failures: 0,
            paused_until: 0,
        };
        assert!(self.plain.subscriptions.insert(number, new).is_none(), "a number is used once");
        number
    }

    /// One of the subscriptions there are that callers can name.
    fn pick(&self, subscription: usize) -> Option<(u32, SubscriptionArn)> {
        let all = self.plain.subscriptions.iter().filter(|(_, it)| !it.is_direct());
        let (number, found) = all.clone().nth(subscription.checked_rem(all.count())?)?;
        Some((*number, SubscriptionArn { topic: topic_arn(found.topic), id: uuid(found.id) }))
    }

    pub(super) fn unsubscribe(&mut self, subscription: usize, by: Caller) {
        let Some((number, arn)) = self.pick(subscription) else { return };
        let message = self.fresh();
        let found = self.plain.subscriptions.get_mut(&number).unwrap();
        let is_refused = match found.status {
            Status::Ended { .. } => false,
            Status::Pending => true,
            Status::Confirmed { .. } if by == Caller::Owner => {
                self.saw("unsubscribed");
                self.plain.remove_subscription(number);
                false
            }
            Status::Confirmed { is_authenticated: true } => true,
            Status::Confirmed { is_authenticated: false } => {
                found.status = Status::Ended { at: self.plain.now };
                found.outbox.clear();
                found.running.clear();
                let id = found.id;
                self.saw("ended");
                self.expect_notice(number, message, Says::Ended(id));
                false
            }
        };
        let message_id = uuid(message);
        let unsubscribe = TopicCommand::Unsubscribe { arn, caller: caller(by), message_id };
        let answer = self.about_topics(unsubscribe);
        assert_eq!(answer.is_err(), is_refused, "{answer:?}");
    }

    pub(super) fn confirm(&mut self, age: usize, is_authenticated: bool) {
        let Some(at) = self.tokens.len().checked_sub(1 + age) else { return };
        let (token, id, made_at) = self.tokens[at].clone();
        let found = self.plain.subscriptions.iter().find(|(_, s)| s.id == id);
        let topic = found.map_or(0, |(_, s)| s.topic);
        let is_fresh = self.plain.now < made_at + TWO_DAYS;
        let number = found.map(|(number, _)| *number).filter(|_| is_fresh);
        if let Some(number) = number {
            let found = self.plain.subscriptions.get_mut(&number).unwrap();
            if found.status == Status::Pending
                && let Some(replay) = &mut found.replay
            {
                // What was published before it was confirmed comes by the replay.
                let archive = self.plain.topics[&found.topic].archive.as_ref();
                let newest = archive.and_then(|archive| archive.messages.last());
                replay.until = newest.map(|(_, id)| *id);
            }
            match &mut found.status {
                Status::Confirmed { is_authenticated: before } => *before |= is_authenticated,
                status => *status = Status::Confirmed { is_authenticated },
            }
        }
        let confirm = TopicCommand::ConfirmSubscription {
            topic: topic_arn(topic),
            token,
            authenticate_on_unsubscribe: is_authenticated,
        };
        let expected = if number.is_some() {
            self.saw("confirmed");
            let arn = SubscriptionArn { topic: topic_arn(topic), id: uuid(id) };
            Ok(Reply::Subscribed { arn, is_pending: false })
        } else if self.plain.topics.contains_key(&topic) {
            Err(TopicRejection::parameter("Token").into())
        } else {
            Err(TopicRejection::no_topic().into())
        };
        assert_eq!(self.about_topics(confirm), expected);
    }

    pub(super) fn set_any(&mut self, subscription: usize, change: Change) {
        let Some((number, arn)) = self.pick(subscription) else { return };
        assert_eq!(number_of(arn.id), self.plain.subscriptions[&number].id);
        let found = self.plain.subscriptions.get_mut(&number).unwrap();
        if found.is_ended() {
            let refused = self.set_one(&arn, "RawMessageDelivery", "true");
            assert_eq!(refused, Err(TopicRejection::no_subscription().into()));
            return;
        }
        let endpoint = found.endpoint;
        let answer = match change {
            Change::Raw(is_raw) => {
                found.is_raw = is_raw;
                self.set_one(&arn, "RawMessageDelivery", &is_raw.to_string())
            }
            Change::Filter(filter) => {
                found.filter = filter;
                let (policy, scope) = filter.map_or(("", "MessageBody"), |filter| FILTERS[filter]);
                self.set_one(&arn, "FilterPolicy", "").unwrap();
                self.set_one(&arn, "FilterPolicyScope", scope).unwrap();
                self.set_one(&arn, "FilterPolicy", policy)
            }
            Change::DeadLetters(has_dead_letters) => {
                found.has_dead_letters = has_dead_letters;
                let policy = if has_dead_letters { dead_letters(endpoint) } else { String::new() };
                self.set_one(&arn, "RedrivePolicy", &policy)
            }
            Change::Short(_) if !found.is_web() => return,
            Change::Short(is_short) => {
                found.is_short = is_short;
                self.set_one(&arn, "DeliveryPolicy", if is_short { SHORT } else { "" })
            }
            Change::Replay { after, span } => return self.replay(number, &arn, after, span),
            Change::ReplayTooEarly => return self.replay_too_early(number, &arn),
            Change::NoReplay => {
                found.replay = None;
                let is_possible = is_fifo(TOPICS[found.topic]);
                let answer = self.set_one(&arn, "ReplayPolicy", "{}");
                assert_eq!(answer.is_ok(), is_possible);
                return;
            }
        };
        assert_eq!(answer, Ok(Reply::Done), "{change:?}");
    }

    fn set_one(
        &mut self,
        arn: &SubscriptionArn,
        name: &str,
        value: &str,
    ) -> Result<Reply, Rejection> {
        let (arn, name, value) = (arn.clone(), name.to_owned(), value.to_owned());
        let caller = arn.topic.account;
        self.about_topics(TopicCommand::SetSubscriptionAttribute { arn, caller, name, value })
    }

    fn replay(&mut self, number: u32, arn: &SubscriptionArn, after: u64, span: Option<u64>) {
        let found = self.plain.subscriptions.get_mut(&number).unwrap();
        let archive = self.plain.topics[&found.topic].archive.as_ref();
        let from = archive.map_or(self.plain.now, |archive| archive.begins_at) + after;
        let to = span.map(|span| from + span);
        if let Some(archive) = archive {
            let until = archive.messages.last().map(|(_, id)| *id);
            let to = to.unwrap_or(u64::MAX);
            let new = Replay { from, to, until, last: None, end: None, is_reading: false };
            found.replay = Some(new);
        }
        let is_possible = archive.is_some();
        let answer = self.set_one(arn, "ReplayPolicy", &replay_policy(from, to));
        assert_eq!(answer.is_ok(), is_possible, "{answer:?}");
        if is_possible {
            self.saw("replay");
        }
    }

    fn replay_too_early(&mut self, number: u32, arn: &SubscriptionArn) {
        let topic = self.plain.subscriptions[&number].topic;
        let archive = self.plain.topics[&topic].archive.as_ref();
        let begins_at = archive.map_or(self.plain.now, |archive| archive.begins_at);
        assert!(self.set_one(arn, "ReplayPolicy", &replay_policy(begins_at - 1, None)).is_err());
    }
}

fn replay_policy(from: u64, to: Option<u64>) -> String {
    let at = |ms| Timestamp::from_ms(ms).to_iso8601();
    let to = to.map_or(String::new(), |to| format!(r#","EndingPoint":"{}""#, at(to)));
    format!(r#"{{"PointType":"Timestamp","StartingPoint":"{}"{to}}}"#, at(from))
}

fn spell(endpoint: usize) -> String {
    if endpoint < QUEUES { queue_arn(endpoint).to_string() } else { ENDPOINTS[endpoint].to_owned() }
}

fn dead_letters(endpoint: usize) -> String {
    let target = if is_fifo(ENDPOINTS[endpoint]) { DEAD_FIFO } else { DEAD };
    format!(r#"{{"deadLetterTargetArn":"{}"}}"#, queue_arn(target))
}

/// The attributes that a subscription is made with.
fn spelled(endpoint: usize, with: Wishes) -> Pairs {
    let mut attributes = pairs(&[("RawMessageDelivery", &with.is_raw.to_string())]);
    if let Some((policy, scope)) = with.filter.map(|filter| FILTERS[filter]) {
        attributes.extend(pairs(&[("FilterPolicy", policy), ("FilterPolicyScope", scope)]));
    }
    if with.has_dead_letters {
        attributes.extend(pairs(&[("RedrivePolicy", &dead_letters(endpoint))]));
    }
    if with.is_short && endpoint >= QUEUES {
        attributes.extend(pairs(&[("DeliveryPolicy", SHORT)]));
    }
    attributes
}
