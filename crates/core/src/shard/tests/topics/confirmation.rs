//! Endpoints confirm, and may undo that they were unsubscribed.

use super::super::scene::in_every_way;
use super::calls::{invalid, text};
use crate::command::Reply;
use crate::delivery::{AttemptOutcome, Fate};
use crate::limits;
use crate::publication::MessageType;
use crate::rejection::{Rejection, TopicRejection};

const ENDPOINT: &str = "https://example.com/stock";

#[test]
fn an_endpoint_gets_nothing_before_it_confirms() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        let (arn, is_pending) = scene.try_subscribe("stock", "https", ENDPOINT, &[]).unwrap();
        assert!(is_pending);
        assert_eq!(scene.topic_attribute("stock", "SubscriptionsPending").as_deref(), Some("1"));
        let pending = scene.subscription_attribute(&arn, "PendingConfirmation");
        assert_eq!(pending.as_deref(), Some("true"));
        scene.publish("stock", text("too early"));
        let attempt = scene.attempt().unwrap();
        assert_eq!(attempt.endpoint.as_ref(), ENDPOINT);
        assert_eq!(scene.type_of(&attempt), MessageType::SubscriptionConfirmation);
        assert_eq!(
            scene.message_of(&attempt),
            "You have chosen to subscribe to the topic arn:aws:sns:us-east-1:000000000000:stock.\n\
             To confirm the subscription, visit the SubscribeURL included in this message."
        );
        let token = scene.token_of(&attempt);
        let confirmed = Reply::Subscribed { arn: arn.clone(), is_pending: false };
        assert_eq!(scene.confirm("stock", &token, false), Ok(confirmed.clone()));
        assert_eq!(scene.confirm("stock", &token, false), Ok(confirmed));
        assert_eq!(scene.settle_attempt(&attempt, AttemptOutcome::Delivered), Fate::Delivered);
        assert_eq!(scene.attempt(), None, "what came before is not caught up on");
        scene.publish("stock", text("in time"));
        let attempt = scene.attempt().unwrap();
        assert_eq!(scene.message_of(&attempt), "in time");
        assert_eq!(scene.type_of(&attempt), MessageType::Notification);
    });
}

#[test]
fn a_token_is_for_its_topic_and_its_time() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        scene.create_topic("other");
        scene.try_subscribe("stock", "https", ENDPOINT, &[]).unwrap();
        let attempt = scene.attempt().unwrap();
        let token = scene.token_of(&attempt);
        assert_eq!(scene.confirm("other", &token, false), Err(invalid("Token")));
        assert_eq!(scene.confirm("stock", "0123", false), Err(invalid("Token")));
        assert_eq!(scene.confirm("none", &token, false), Err(TopicRejection::no_topic().into()));
        // Or it would be attempted every minute of two days.
        scene.settle_attempt(&attempt, AttemptOutcome::Delivered);
        scene.at(limits::CONFIRMATION_SECONDS);
        assert_eq!(scene.confirm("stock", &token, false), Err(invalid("Token")));
    });
}

#[test]
fn a_pending_subscription_goes_after_two_days() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        scene.try_subscribe("stock", "https", ENDPOINT, &[]).unwrap();
        let attempt = scene.attempt().unwrap();
        scene.settle_attempt(&attempt, AttemptOutcome::Delivered);
        scene.at(limits::CONFIRMATION_SECONDS - 1);
        assert_eq!(scene.subscriptions_of("stock").len(), 1);
        scene.at(limits::CONFIRMATION_SECONDS);
        assert_eq!(scene.subscriptions_of("stock"), []);
        assert_eq!(scene.topic_attribute("stock", "SubscriptionsDeleted").as_deref(), Some("1"));
        assert!(scene.shard.queues.is_empty(), "its outbox went, too");
    });
}

#[test]
fn an_owner_ends_a_subscription_for_good() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        let arn = scene.subscribe_endpoint("stock", ENDPOINT, &[]);
        let refused = scene.unsubscribe(&arn, Some("111111111111"));
        assert_eq!(refused, Ok(Reply::Done), "not authenticated: anybody may");
        let attempt = scene.attempt().unwrap();
        assert_eq!(scene.type_of(&attempt), MessageType::UnsubscribeConfirmation);
        let token = scene.token_of(&attempt);
        assert_eq!(scene.subscriptions_of("stock"), []);
        assert_eq!(scene.unsubscribe(&arn, None), Ok(Reply::Done), "it is gone already");
        scene.confirm("stock", &token, true).unwrap();
        assert_eq!(scene.subscriptions_of("stock").len(), 1);
        for caller in [None, Some("111111111111")] {
            let refused = scene.unsubscribe(&arn, caller);
            assert!(
                matches!(refused, Err(Rejection::Topic(TopicRejection::AuthorizationError(_)))),
                "{caller:?} {refused:?}"
            );
        }
        scene.settle_attempt(&attempt, AttemptOutcome::Delivered);
        assert_eq!(scene.unsubscribe(&arn, Some("000000000000")), Ok(Reply::Done));
        assert_eq!(scene.subscriptions_of("stock"), []);
        assert_eq!(scene.attempt(), None);
        assert_eq!(scene.confirm("stock", &token, false), Err(invalid("Token")));
    });
}

#[test]
fn what_waits_for_an_ended_subscription_is_not_delivered() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        let arn = scene.subscribe_endpoint("stock", ENDPOINT, &[]);
        scene.publish("stock", text("waits"));
        let attempt = scene.attempt().unwrap();
        scene.unsubscribe(&arn, None).unwrap();
        assert_eq!(scene.settle_attempt(&attempt, AttemptOutcome::TryLater), Fate::Stale);
        let farewell = scene.attempt().unwrap();
        assert_eq!(scene.type_of(&farewell), MessageType::UnsubscribeConfirmation);
        assert_eq!(scene.attempt(), None);
        scene.settle_attempt(&farewell, AttemptOutcome::Delivered);
        scene.at(limits::CONFIRMATION_SECONDS);
        assert!(scene.shard.queues.is_empty());
        assert_eq!(scene.shard.live_bytes(), 0);
    });
}

#[test]
fn a_pending_subscription_cannot_be_ended_and_is_asked_again() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        let (arn, _) = scene.try_subscribe("stock", "https", ENDPOINT, &[]).unwrap();
        assert!(scene.unsubscribe(&arn, Some("000000000000")).is_err());
        let first = scene.attempt().unwrap();
        let (again, is_pending) = scene.try_subscribe("stock", "https", ENDPOINT, &[]).unwrap();
        assert_eq!((again, is_pending), (arn, true));
        let second = scene.attempt().unwrap();
        assert_eq!(scene.type_of(&second), MessageType::SubscriptionConfirmation);
        let token = scene.token_of(&first);
        assert!(scene.confirm("stock", &token, false).is_ok(), "either token does");
    });
}

#[test]
fn another_accounts_queue_confirms_by_a_message_of_its_own() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        let mut queue = super::super::calls::arn("theirs");
        queue.account = super::calls::account("222222222222");
        let (attributes, tags) = (Vec::new(), Vec::new());
        let create = crate::command::Command::CreateQueue { arn: queue.clone(), attributes, tags };
        scene.run(create).unwrap();
        let (_, is_pending) = scene.try_subscribe("stock", "sqs", &queue.to_string(), &[]).unwrap();
        assert!(is_pending);
        let request = super::super::calls::one();
        let receive = crate::command::Command::Receive { arn: queue, request };
        let Ok(Reply::Received(messages)) = scene.run(receive) else { panic!("messages") };
        assert_eq!(messages.len(), 1);
        let bytes = scene.read(messages[0].location);
        let record = crate::record::PublishedRecord::decode(&bytes).unwrap();
        let content = crate::publication::PublishedContent::decode(record.message.content).unwrap();
        assert_eq!(content.message_type, MessageType::SubscriptionConfirmation);
        let token = content.token.unwrap().to_owned();
        assert!(scene.confirm("stock", &token, false).is_ok());
    });
}
