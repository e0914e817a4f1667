//! Direct outboxes: messages to one endpoint, by no topic.

use std::collections::BTreeSet;

use super::super::scene::{START, Scene, in_every_way, without_restarts};
use super::calls::{content, of_content, topic};
use crate::command::{Publication, Published, Reply, TopicCommand};
use crate::delivery::{Attempt, AttemptOutcome, Fate, attempt_seconds};
use crate::limits;
use crate::names::{AccountId, Region, SubscriptionProtocol, TopicArn};
use crate::publication::PublishedContent;
use crate::record::PublishedRecord;

const SMS: SubscriptionProtocol = SubscriptionProtocol::Sms;
const LAMBDA: SubscriptionProtocol = SubscriptionProtocol::Lambda;

fn outbox(protocol: SubscriptionProtocol, name: &str) -> TopicArn {
    let TopicArn { account, region, .. } = topic("a");
    TopicArn::direct(account, region, protocol, name)
}

fn to(target: &str, message: &str) -> Publication {
    of_content(&PublishedContent { target: Some(target), ..content(message) })
}

impl Scene {
    fn send_to(&mut self, outbox: TopicArn, protocol: SubscriptionProtocol, message: Publication) {
        let message_id = self.fresh_id();
        let message = Box::new(Publication { message_id, ..message });
        let reply = self.about_topics(TopicCommand::PublishDirect { outbox, protocol, message });
        let (published, to_ask) =
            (vec![Ok(Published { message_id, sequence_number: None })], BTreeSet::new());
        assert_eq!(reply.unwrap(), Reply::Published { published, left: Vec::new(), to_ask });
    }

    fn target_of(&self, attempt: &Attempt) -> String {
        let bytes = self.read(attempt.location);
        let record = PublishedRecord::decode(&bytes).unwrap();
        let content = PublishedContent::decode(record.message.content).unwrap();
        content.target.unwrap().to_owned()
    }
}

#[test]
fn a_message_goes_to_its_target_and_is_gone() {
    in_every_way(|scene| {
        for target in ["+15550100", "+15550101"] {
            scene.send_to(outbox(SMS, ""), SMS, to(target, "Your room is ready"));
            let attempt = scene.attempt().unwrap();
            assert_eq!(
                (scene.target_of(&attempt).as_str(), attempt.endpoint.as_ref()),
                (target, "")
            );
            assert_eq!(scene.message_of(&attempt), "Your room is ready");
            assert_eq!(attempt.delivery.protocol, SMS);
            assert_eq!(scene.settle_attempt(&attempt, AttemptOutcome::Delivered), Fate::Delivered);
        }
        assert_eq!(scene.shard.live_bytes(), 0);
    });
}

#[test]
fn callers_do_not_see_outboxes() {
    in_every_way(|scene| {
        scene.send_to(outbox(SMS, ""), SMS, to("+15550100", "1"));
        scene.create_topic("stock");
        let TopicArn { account, region, .. } = topic("stock");
        let list = TopicCommand::ListTopics { account, region, after: None, max: 10 };
        let only = Reply::Topics { topics: vec![topic("stock")], more: false };
        assert_eq!(scene.about_topics(list).unwrap(), only);
        let TopicArn { account, region, .. } = topic("stock");
        let list = TopicCommand::ListSubscriptions { account, region, after: None, max: 10 };
        let none = Reply::Subscriptions { subscriptions: Vec::new(), last: None };
        assert_eq!(scene.about_topics(list).unwrap(), none);
    });
}

/// Callers choose the region that they sign for, and an outbox stays for good.
#[test]
fn an_account_has_outboxes_for_text_messages_in_so_many_regions() {
    without_restarts(|scene| {
        let outbox = |account: &str, region: usize, name: &str| {
            let region = Region::parse(&format!("region-{region}")).unwrap();
            TopicArn::direct(AccountId::parse(account).unwrap(), region, SMS, name)
        };
        let (one, other) = ("000000000001", "000000000002");
        for region in 0..limits::SMS_REGIONS_MAX {
            for name in ["", "codes"] {
                scene.send_to(outbox(one, region, name), SMS, to("+15550100", "1"));
            }
        }
        let message =
            Box::new(Publication { message_id: scene.fresh_id(), ..to("+15550100", "1") });
        let outbox_of = |account| outbox(account, limits::SMS_REGIONS_MAX, "");
        let refused = scene.about_topics(TopicCommand::PublishDirect {
            outbox: outbox_of(one),
            protocol: SMS,
            message,
        });
        assert!(refused.unwrap_err().to_string().contains("64 regions"));
        scene.send_to(outbox_of(other), SMS, to("+15550100", "1"));
        scene.send_to(outbox(one, 0, ""), SMS, to("+15550100", "1"));
    });
}

#[test]
fn retries_follow_the_protocol_or_the_courier() {
    in_every_way(|scene| {
        scene.send_to(outbox(SMS, ""), SMS, to("+15550100", "1"));
        let attempt = scene.attempt().unwrap();
        let fate = scene.settle_attempt(&attempt, AttemptOutcome::TryLater);
        let Fate::Retried { at } = fate else { panic!("a retry, not {fate:?}") };
        assert!((10_000..=11_000).contains(&(at - START)), "the schedule of messengers");
        scene.at_ms(at - START);
        let attempt = scene.attempt().unwrap();
        let outcome = AttemptOutcome::TryAfter { delay_ms: 60_000 };
        let next = at + 60_000;
        assert_eq!(scene.settle_attempt(&attempt, outcome), Fate::Retried { at: next });
        scene.at_ms(next - START - 1);
        assert_eq!(scene.attempt(), None);
        scene.at_ms(next - START);
        let attempt = scene.attempt().unwrap();
        let outcome = AttemptOutcome::TryAfter { delay_ms: u64::MAX };
        let last = next.plus_seconds(limits::TRY_AFTER_SECONDS_MAX);
        assert_eq!(scene.settle_attempt(&attempt, outcome), Fate::Retried { at: last });
        scene.at_ms(last - START);
        let attempt = scene.attempt().unwrap();
        assert_eq!(scene.settle_attempt(&attempt, AttemptOutcome::Never), Fate::Dropped);
        assert_eq!(scene.shard.live_bytes(), 0);
    });
}

#[test]
fn a_target_that_fails_holds_up_no_other_but_many_do() {
    without_restarts(|scene| {
        for i in 0..1000 {
            scene.send_to(outbox(SMS, ""), SMS, to(&format!("+1555{i:04}"), "1"));
        }
        let first = scene.attempts();
        assert_eq!(first.len(), limits::ATTEMPTS_PER_OUTBOX_MAX);
        scene.settle_attempt(&first[0], AttemptOutcome::TryLater);
        assert_eq!(scene.attempts().len(), 1, "the next takes its place");
        // A gateway that fails is tried by one attempt at a time.
        for attempt in &first[1..] {
            scene.settle_attempt(attempt, AttemptOutcome::TryLater);
        }
        let begun = scene.attempts().len();
        assert!(begun <= limits::QUICK_FAILURES_MAX as usize, "{begun}");
    });
}

#[test]
fn functions_have_outboxes_of_their_own_and_the_time_they_may_take() {
    in_every_way(|scene| {
        scene.send_to(outbox(LAMBDA, "slow"), LAMBDA, to("slow", "1"));
        let first = scene.attempt().unwrap();
        scene.send_to(outbox(LAMBDA, "quick"), LAMBDA, to("quick", "2"));
        let second = scene.attempt().unwrap();
        assert_ne!(first.receipt.queue, second.receipt.queue);
        assert_eq!(first.until, START.plus_seconds(attempt_seconds(LAMBDA)));
        scene.settle_attempt(&second, AttemptOutcome::Delivered);
        scene.at(attempt_seconds(LAMBDA) - 1);
        assert_eq!(scene.attempt(), None);
        scene.at(attempt_seconds(LAMBDA));
        let again = scene.attempt().unwrap();
        assert_eq!(scene.target_of(&again), "slow");
        assert_eq!(scene.settle_attempt(&first, AttemptOutcome::Delivered), Fate::Stale);
    });
}

#[test]
fn an_outbox_that_goes_takes_what_waits_with_it() {
    in_every_way(|scene| {
        for _ in 0..2 {
            scene.send_to(outbox(LAMBDA, "f"), LAMBDA, to("f", "1"));
            let attempt = scene.attempt().unwrap();
            let arn = outbox(LAMBDA, "f");
            scene.about_topics(TopicCommand::DeleteTopic { arn }).unwrap();
            assert_eq!(scene.settle_attempt(&attempt, AttemptOutcome::TryLater), Fate::Stale);
            assert_eq!(scene.shard.live_bytes(), 0);
        }
    });
}
