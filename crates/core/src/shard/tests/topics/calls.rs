//! The commands of a scene with topics.

use std::collections::BTreeMap;

use super::super::calls::{arn, pairs};
use super::super::scene::Scene;
use crate::attributes::{AttributeValue, MessageAttribute};
use crate::command::{
    Command, Effect, Publication, Published, Reply, Subscribe, SubscriptionSummary, TopicCommand,
};
use crate::delivery::{Attempt, AttemptOutcome, Fate};
use crate::message::Sealing;
use crate::names::{
    AccountId, FifoId, SubscriptionArn, SubscriptionProtocol, TopicArn, TopicName, Uuid,
};
use crate::publication::{MessageType, PublishedContent};
use crate::record::PublishedRecord;
use crate::rejection::{Rejection, TopicRejection};

/// A topic of the account and region that scenes play in.
pub(in super::super) fn topic(name: &str) -> TopicArn {
    let queue = arn("a");
    TopicArn { account: queue.account, region: queue.region, name: TopicName::parse(name).unwrap() }
}

pub(in super::super) fn account(text: &str) -> AccountId {
    AccountId::parse(text).unwrap()
}

/// The rejection of a parameter: `Invalid parameter: …`.
pub(in super::super) fn invalid(what: &str) -> Rejection {
    TopicRejection::parameter(what).into()
}

/// A message with this text. Its id is given by [`Scene::publish`].
pub(in super::super) fn text(message: &str) -> Publication {
    with_attributes(message, &[])
}

/// A message with attributes of type String.
pub(in super::super) fn with_attributes(message: &str, attributes: &[(&str, &str)]) -> Publication {
    let attributes = attributes.iter().map(|(name, value)| MessageAttribute {
        name,
        data_type: "String",
        value: AttributeValue::Text(value),
    });
    of_content(&PublishedContent { attributes: attributes.collect(), ..content(message) })
}

pub(in super::super) fn content(message: &str) -> PublishedContent<'_> {
    PublishedContent {
        message_type: MessageType::Notification,
        target: None,
        is_notice: false,
        subject: None,
        trace_header: None,
        token: None,
        message,
        by_protocol: Vec::new(),
        attributes: Vec::new(),
    }
}

pub(in super::super) fn of_content(content: &PublishedContent<'_>) -> Publication {
    Publication {
        message_id: Uuid::from_random(0),
        content: content.encode(),
        sealing: Sealing::Plain,
        unsealed: None,
        keys: BTreeMap::new(),
        size: content.message.len(),
        raw_size: content.text_for(SubscriptionProtocol::Sqs).len(),
        enveloped_size: content.message.len() + 700,
        body_md5: [0; 16],
        body_sha256: None,
        group: None,
        deduplication: None,
    }
}

/// A FIFO topic's message.
pub(in super::super) fn grouped(message: &str, group: &str, deduplication: &str) -> Publication {
    Publication {
        group: FifoId::parse(group),
        deduplication: FifoId::parse(deduplication),
        ..text(message)
    }
}

impl Scene {
    pub(in super::super) fn about_topics(
        &mut self,
        command: TopicCommand,
    ) -> Result<Reply, Rejection> {
        self.run(Command::Topic(command))
    }

    pub(in super::super) fn fresh_id(&mut self) -> Uuid {
        Uuid::from_random(u128::from(self.next_number()) << 80)
    }

    pub(in super::super) fn try_create_topic(
        &mut self,
        name: &str,
        attributes: &[(&str, &str)],
    ) -> Result<Reply, Rejection> {
        let mut attributes = pairs(attributes);
        if name.ends_with(".fifo") {
            attributes.push(("FifoTopic".into(), "true".into()));
        }
        let (arn, tags) = (topic(name), Vec::new());
        let data_protection_policy = None;
        self.about_topics(TopicCommand::CreateTopic {
            arn,
            attributes,
            tags,
            data_protection_policy,
        })
    }

    pub(in super::super) fn create_topic(&mut self, name: &str) {
        self.try_create_topic(name, &[]).unwrap();
    }

    pub(in super::super) fn set_topic(
        &mut self,
        name: &str,
        attribute: &str,
        value: &str,
    ) -> Result<Reply, Rejection> {
        let (arn, name, value) = (topic(name), attribute.to_owned(), value.to_owned());
        self.about_topics(TopicCommand::SetTopicAttribute { arn, name, value })
    }

    pub(in super::super) fn topic_attribute(
        &mut self,
        name: &str,
        attribute: &str,
    ) -> Option<String> {
        let reply = self.about_topics(TopicCommand::TopicAttributes { arn: topic(name) }).unwrap();
        value_of(reply, attribute)
    }

    pub(in super::super) fn try_subscribe(
        &mut self,
        name: &str,
        protocol: &str,
        endpoint: &str,
        attributes: &[(&str, &str)],
    ) -> Result<(SubscriptionArn, bool), Rejection> {
        let (id, message_id) = (self.fresh_id(), self.fresh_id());
        let subscribe = Subscribe {
            topic: topic(name),
            protocol: SubscriptionProtocol::parse(protocol).unwrap(),
            endpoint: endpoint.to_owned(),
            attributes: pairs(attributes),
            account: account("000000000000"),
            principal: "arn:aws:iam::000000000000:root".into(),
            id,
            message_id,
        };
        match self.about_topics(TopicCommand::Subscribe(subscribe))? {
            Reply::Subscribed { arn, is_pending } => Ok((arn, is_pending)),
            other => panic!("a subscription, not {other:?}"),
        }
    }

    /// Subscribes a queue of the scene's account, which need not be there.
    pub(in super::super) fn subscribe_queue(
        &mut self,
        name: &str,
        queue: &str,
        attributes: &[(&str, &str)],
    ) -> SubscriptionArn {
        let endpoint = arn(queue).to_string();
        let (subscription, is_pending) =
            self.try_subscribe(name, "sqs", &endpoint, attributes).unwrap();
        assert!(!is_pending);
        subscription
    }

    /// Subscribes an endpoint, and confirms with the token that it was sent.
    pub(in super::super) fn subscribe_endpoint(
        &mut self,
        name: &str,
        endpoint: &str,
        attributes: &[(&str, &str)],
    ) -> SubscriptionArn {
        let (subscription, is_pending) =
            self.try_subscribe(name, "https", endpoint, attributes).unwrap();
        assert!(is_pending);
        let attempt = self.attempt().expect("a confirmation on its way");
        let token = self.token_of(&attempt);
        self.confirm(name, &token, false).unwrap();
        assert_eq!(self.settle_attempt(&attempt, AttemptOutcome::Delivered), Fate::Delivered);
        subscription
    }

    pub(in super::super) fn confirm(
        &mut self,
        name: &str,
        token: &str,
        authenticate_on_unsubscribe: bool,
    ) -> Result<Reply, Rejection> {
        self.about_topics(TopicCommand::ConfirmSubscription {
            topic: topic(name),
            token: token.to_owned(),
            authenticate_on_unsubscribe,
        })
    }

    pub(in super::super) fn unsubscribe(
        &mut self,
        subscription: &SubscriptionArn,
        caller: Option<&str>,
    ) -> Result<Reply, Rejection> {
        let message_id = self.fresh_id();
        self.about_topics(TopicCommand::Unsubscribe {
            arn: subscription.clone(),
            caller: caller.map(account),
            message_id,
        })
    }

    pub(in super::super) fn set_subscription(
        &mut self,
        subscription: &SubscriptionArn,
        name: &str,
        value: &str,
    ) -> Result<Reply, Rejection> {
        let (arn, name, value) = (subscription.clone(), name.to_owned(), value.to_owned());
        let caller = arn.topic.account;
        self.about_topics(TopicCommand::SetSubscriptionAttribute { arn, caller, name, value })
    }

    pub(in super::super) fn subscription_attribute(
        &mut self,
        subscription: &SubscriptionArn,
        name: &str,
    ) -> Option<String> {
        let arn = subscription.clone();
        let caller = arn.topic.account;
        let read = TopicCommand::SubscriptionAttributes { arn, caller };
        let reply = self.about_topics(read).unwrap();
        value_of(reply, name)
    }

    pub(in super::super) fn subscriptions_of(&mut self, name: &str) -> Vec<SubscriptionSummary> {
        let (arn, after, max) = (topic(name), None, 100);
        let list = TopicCommand::ListSubscriptionsByTopic { arn, after, max };
        match self.about_topics(list).unwrap() {
            Reply::Subscriptions { subscriptions, last: None } => subscriptions,
            other => panic!("all subscriptions, not {other:?}"),
        }
    }

    pub(in super::super) fn try_publish_all(
        &mut self,
        name: &str,
        mut messages: Vec<Publication>,
    ) -> Result<Vec<Result<Published, Rejection>>, Rejection> {
        for message in &mut messages {
            message.message_id = self.fresh_id();
        }
        let mut answers = Vec::new();
        while !messages.is_empty() {
            let publish = TopicCommand::Publish { arn: topic(name), messages };
            let Reply::Published { published, left, to_ask } = self.about_topics(publish)? else {
                panic!("an answer to a publish")
            };
            answers.extend(published);
            messages = left;
            assert!(messages.is_empty() || !to_ask.is_empty(), "room for all");
            // Whoever is asked lets everybody in.
            for message in &mut messages {
                message.keys.extend(to_ask.iter().map(|queue| (queue.clone(), true)));
            }
        }
        Ok(answers)
    }

    pub(in super::super) fn try_publish(
        &mut self,
        name: &str,
        message: Publication,
    ) -> Result<Published, Rejection> {
        self.try_publish_all(name, vec![message])?.remove(0)
    }

    pub(in super::super) fn publish(&mut self, name: &str, message: Publication) -> Published {
        self.try_publish(name, message).unwrap()
    }

    /// The oldest attempt that couriers were asked for.
    pub(in super::super) fn attempt(&mut self) -> Option<Attempt> {
        let at = self.effects.iter().position(|effect| matches!(effect, Effect::Deliver(_)))?;
        match self.effects.remove(at) {
            Effect::Deliver(attempt) => Some(attempt),
            _ => None,
        }
    }

    /// All attempts that couriers were asked for.
    pub(in super::super) fn attempts(&mut self) -> Vec<Attempt> {
        std::iter::from_fn(|| self.attempt()).collect()
    }

    pub(in super::super) fn settle_attempt(
        &mut self,
        attempt: &Attempt,
        outcome: AttemptOutcome,
    ) -> Fate {
        let attempt = attempt.receipt;
        match self.run(Command::SettleDelivery { attempt, outcome }).unwrap() {
            Reply::Settled(fate) => fate,
            other => panic!("a fate, not {other:?}"),
        }
    }

    /// The message that an attempt is to deliver.
    pub(in super::super) fn message_of(&self, attempt: &Attempt) -> String {
        self.with_content(attempt, |content| content.message.to_owned())
    }

    pub(in super::super) fn token_of(&self, attempt: &Attempt) -> String {
        self.with_content(attempt, |content| content.token.expect("a token").to_owned())
    }

    pub(in super::super) fn type_of(&self, attempt: &Attempt) -> MessageType {
        self.with_content(attempt, |content| content.message_type)
    }

    fn with_content<T>(&self, attempt: &Attempt, of: impl Fn(&PublishedContent<'_>) -> T) -> T {
        let bytes = self.read(attempt.location);
        let record = PublishedRecord::decode(&bytes).unwrap();
        of(&PublishedContent::decode(record.message.content).unwrap())
    }
}

fn value_of(reply: Reply, name: &str) -> Option<String> {
    let Reply::Attributes(values) = reply else { panic!("attributes, not {reply:?}") };
    values.into_iter().find(|(its_name, _)| *its_name == name).map(|(_, value)| value)
}
