//! Archives of FIFO topics, and replays.

use super::super::calls::{bodies, ten};
use super::super::scene::{START, Scene, in_every_way, without_restarts};
use super::calls::{grouped, topic, with_attributes};
use crate::command::{Command, Effect, Publication, TopicCommand};
use crate::message::Sealing;
use crate::names::FifoId;
use crate::record::PublishedRecord;
use crate::rejection::{Rejection, TopicRejection};

const ARCHIVE: (&str, &str) = ("ArchivePolicy", r#"{"MessageRetentionPeriod":"1"}"#);
const DAY: u64 = 86_400;

fn replay_policy(scene: &Scene, from: u64, to: Option<u64>) -> String {
    let _ = scene;
    let at = |seconds| START.plus_seconds(seconds).to_iso8601();
    let to = to.map_or(String::new(), |to| format!(r#","EndingPoint":"{}""#, at(to)));
    format!(r#"{{"PointType":"Timestamp","StartingPoint":"{}"{to}}}"#, at(from))
}

/// Reads what replays ask for, until they ask for nothing.
fn work(scene: &mut Scene) {
    work_with(scene, |record| record);
}

fn work_with(scene: &mut Scene, open: impl Fn(Vec<u8>) -> Vec<u8>) {
    while let Some(at) =
        scene.effects.iter().position(|effect| matches!(effect, Effect::CopyForReplay { .. }))
    {
        let Effect::CopyForReplay { subscription, messages } = scene.effects.remove(at) else {
            unreachable!("looked for above")
        };
        let messages = messages
            .into_iter()
            .map(|(number, location)| (number, Some(open(scene.read(location)))))
            .collect();
        scene.hand_in(Command::ReplayMessages { subscription, messages });
    }
}

#[test]
fn archived_messages_are_replayed_in_order() {
    in_every_way(|scene| {
        scene.try_create_topic("stock.fifo", &[ARCHIVE]).unwrap();
        scene.create("orders.fifo", &[]);
        let policy = [("FilterPolicy", r#"{"store":["x"]}"#)];
        let arn = scene.subscribe_queue("stock.fifo", "orders.fifo", &policy);
        for (i, store) in ["x", "y", "x", "x"].into_iter().enumerate() {
            scene.at(10 * i as u64);
            let message = with_attributes(&i.to_string(), &[("store", store)]);
            let (group, deduplication) = (FifoId::parse("g"), FifoId::parse(&i.to_string()));
            scene.publish("stock.fifo", Publication { group, deduplication, ..message });
        }
        let first = scene.receive("orders.fifo", ten());
        assert_eq!(bodies(&first), ["0", "2", "3"]);
        for message in &first {
            scene.delete("orders.fifo", message).unwrap();
        }
        let policy = replay_policy(scene, 10, Some(25));
        scene.set_subscription(&arn, "ReplayPolicy", &policy).unwrap();
        let status = scene.subscription_attribute(&arn, "ReplayStatus");
        assert_eq!(status.as_deref(), Some("In progress"));
        work(scene);
        let got = scene.receive("orders.fifo", ten());
        assert_eq!(bodies(&got), ["2"]);
        assert_eq!(got[0].message_id, first[1].message_id);
        assert!(got[0].received.delivery.as_ref().unwrap().is_replayed);
        let status = scene.subscription_attribute(&arn, "ReplayStatus");
        assert_eq!(status.as_deref(), Some("Completed"));
        scene.delete("orders.fifo", &got[0]).unwrap();
        let policy = replay_policy(scene, 0, None);
        scene.set_subscription(&arn, "ReplayPolicy", &policy).unwrap();
        work(scene);
        assert_eq!(bodies(&scene.receive("orders.fifo", ten())), ["0", "2", "3"]);
        scene.set_subscription(&arn, "ReplayPolicy", "{}").unwrap();
        assert_eq!(scene.subscription_attribute(&arn, "ReplayStatus"), None);
    });
}

#[test]
fn a_replay_goes_on_after_a_restart() {
    in_every_way(|scene| {
        scene.try_create_topic("stock.fifo", &[ARCHIVE]).unwrap();
        scene.create("orders.fifo", &[]);
        for i in 0..120 {
            scene.publish("stock.fifo", grouped(&i.to_string(), "g", &i.to_string()));
        }
        let policy = replay_policy(scene, 0, None);
        let arn = scene.subscribe_queue("stock.fifo", "orders.fifo", &[("ReplayPolicy", &policy)]);
        scene.effects.clear();
        scene.restart();
        work(scene);
        assert_eq!(scene.counts("orders.fifo"), [120, 0, 0]);
        let status = scene.subscription_attribute(&arn, "ReplayStatus");
        assert_eq!(status.as_deref(), Some("Completed"));
    });
}

#[test]
fn a_replay_needs_an_archive_that_goes_back_so_far() {
    in_every_way(|scene| {
        scene.create_topic("stock.fifo");
        scene.create("orders.fifo", &[]);
        let arn = scene.subscribe_queue("stock.fifo", "orders.fifo", &[]);
        let policy = replay_policy(scene, 0, None);
        assert!(scene.set_subscription(&arn, "ReplayPolicy", &policy).is_err());
        scene.at(10);
        scene.set_topic("stock.fifo", ARCHIVE.0, ARCHIVE.1).unwrap();
        let begins_at = scene.topic_attribute("stock.fifo", "BeginningArchiveTime");
        assert_eq!(begins_at, Some(START.plus_seconds(10).to_iso8601()));
        assert!(scene.set_subscription(&arn, "ReplayPolicy", &policy).is_err());
        let policy = replay_policy(scene, 10, None);
        assert!(scene.set_subscription(&arn, "ReplayPolicy", &policy).is_ok());
    });
}

#[test]
fn an_archive_keeps_its_messages_for_as_long_as_it_says() {
    in_every_way(|scene| {
        scene.try_create_topic("stock.fifo", &[ARCHIVE]).unwrap();
        scene.publish("stock.fifo", grouped("1", "g", "1"));
        scene.at(10);
        scene.publish("stock.fifo", grouped("2", "g", "2"));
        let both = scene.shard.live_bytes();
        scene.at(DAY);
        let one = scene.shard.live_bytes();
        assert!(one > 0 && one < both);
        scene.at(DAY + 10);
        assert_eq!(scene.shard.live_bytes(), 0);
        scene.publish("stock.fifo", grouped("3", "g", "3"));
        let delete = TopicCommand::DeleteTopic { arn: topic("stock.fifo") };
        let refused = scene.about_topics(delete.clone());
        assert!(matches!(refused, Err(Rejection::Topic(TopicRejection::InvalidState(_)))));
        scene.set_topic("stock.fifo", "ArchivePolicy", "{}").unwrap();
        assert_eq!(scene.shard.live_bytes(), 0);
        scene.about_topics(delete).unwrap();
    });
}

#[test]
fn an_answer_to_an_earlier_replay_does_not_count() {
    without_restarts(|scene| {
        scene.try_create_topic("stock.fifo", &[ARCHIVE]).unwrap();
        scene.create("orders.fifo", &[]);
        for i in 0..4 {
            scene.at(10 * i);
            scene.publish("stock.fifo", grouped(&i.to_string(), "g", &i.to_string()));
        }
        let arn = scene.subscribe_queue("stock.fifo", "orders.fifo", &[]);
        // What the first one asks for is on its way when the second one takes its place.
        for (from, to) in [(20, None), (0, Some(10))] {
            let policy = replay_policy(scene, from, to);
            scene.set_subscription(&arn, "ReplayPolicy", &policy).unwrap();
        }
        work(scene);
        assert_eq!(bodies(&scene.receive("orders.fifo", ten())), ["0", "1"]);
        let status = scene.subscription_attribute(&arn, "ReplayStatus");
        assert_eq!(status.as_deref(), Some("Completed"));
    });
}

/// What is sealed waits until somebody can open it, which is not the shard's affair.
#[test]
fn a_replay_waits_for_what_cannot_be_opened_yet() {
    in_every_way(|scene| {
        scene.try_create_topic("stock.fifo", &[ARCHIVE]).unwrap();
        scene.create("orders.fifo", &[]);
        let plain = grouped("one", "g", "1");
        let reversed = |bytes: &[u8]| bytes.iter().rev().copied().collect::<Vec<u8>>();
        let (content, sealing) = (reversed(&plain.content), Sealing::Envelope);
        let unsealed = Some(plain.content.clone());
        scene.publish("stock.fifo", Publication { content, sealing, unsealed, ..plain });
        let policy = replay_policy(scene, 0, None);
        let replays = [("ReplayPolicy", policy.as_str())];
        let arn = scene.subscribe_queue("stock.fifo", "orders.fifo", &replays);
        for second in [10, 20] {
            work(scene);
            let status = scene.subscription_attribute(&arn, "ReplayStatus");
            assert_eq!(status.as_deref(), Some("In progress"));
            assert_eq!(scene.counts("orders.fifo")[0], 0);
            scene.at(second);
        }
        let open = |sealed: &[u8]| Ok::<_, ()>(reversed(sealed));
        work_with(scene, |record| PublishedRecord::opened(&record, open).unwrap().unwrap());
        assert_eq!(scene.subscription_attribute(&arn, "ReplayStatus").unwrap(), "Completed");
        assert_eq!(scene.counts("orders.fifo")[0], 1);
    });
}
