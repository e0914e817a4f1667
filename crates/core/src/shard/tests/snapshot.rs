//! Snapshots: a shard's state as bytes.

use super::super::Settings;
use super::picture;
use super::scene::*;
use super::topics::calls::{grouped as published, text, with_attributes};
use crate::codec::Damaged;
use crate::command::{Command, Outgoing, ReceiveRequest};
use crate::delivery::AttemptOutcome;
use crate::names::Uuid;

/// A shard with something of everything.
pub(super) fn full_scene(way: Way) -> Scene {
    let mut s = Scene::new(way, Settings::default());
    s.create("dead", &[]);
    s.create("dead.fifo", &[]);
    let policy = redrive("dead", 1);
    let tags = pairs(&[("team", "blue"), ("stage", "")]);
    let attributes = pairs(&[("RedrivePolicy", &policy), ("KmsMasterKeyId", "alias/key")]);
    s.run(Command::CreateQueue { arn: arn("orders"), attributes, tags }).unwrap();
    let allow = r#"{"redrivePermission":"denyAll"}"#;
    let fifo = [("RedrivePolicy", &*redrive("dead.fifo", 2)), ("RedriveAllowPolicy", allow)];
    s.create("orders.fifo", &fifo);
    s.create("gone", &[]);
    s.delete_queue("gone");
    for i in 0..6 {
        let body = format!("m{i}");
        s.send("orders", Outgoing { group: Some(fifo_id("tenant")), ..message(&body) });
        s.send("orders", Outgoing { delay_seconds: Some(20 * i), ..message(&body) });
        s.send("orders.fifo", grouped(&body, ["g", "h"][i as usize % 2]));
    }
    let short = ReceiveRequest { visibility_timeout: Some(1), max_messages: 3, ..one() };
    s.receive("orders", short.clone());
    s.at(1);
    s.receive("orders", short);
    let attempt = ReceiveRequest { attempt: Some(fifo_id("a")), max_messages: 2, ..one() };
    s.receive("orders.fifo", attempt);
    let (source, task) = (arn("dead"), Uuid::from_bytes([5; 16]));
    let destination = Some(arn("orders"));
    s.run(Command::StartMoveTask { source, destination, rate: Some(7), task }).unwrap();
    s.purge("dead.fifo").unwrap();
    let entry = ("users/ann".to_owned(), Some(b"an entry".to_vec()));
    s.run(Command::WriteRegister { writes: vec![entry] }).unwrap();
    add_topics(&mut s);
    s
}

/// Subscriptions in every state, outboxes with something of everything, an archive and its replay.
fn add_topics(s: &mut Scene) {
    s.create_topic("stock");
    let archive = ("ArchivePolicy", r#"{"MessageRetentionPeriod":"1"}"#);
    s.try_create_topic("stock.fifo", &[archive]).unwrap();
    let ended = s.subscribe_endpoint("stock", "https://ended.example.com/", &[]);
    s.unsubscribe(&ended, None).unwrap();
    s.attempts();
    let dead = redrive("dead", 1).replace(",\"maxReceiveCount\":1", "");
    let endpoint = "https://example.com/";
    s.subscribe_endpoint("stock", endpoint, &[("RedrivePolicy", dead.as_str())]);
    for (message, outcome) in
        [("dead", AttemptOutcome::Never), ("tried again", AttemptOutcome::TryLater)]
    {
        s.publish("stock", text(message));
        let attempt = s.attempt().unwrap();
        s.settle_attempt(&attempt, outcome);
    }
    s.publish("stock", text("under way"));
    s.try_subscribe("stock", "http", "http://pending.example.com/", &[]).unwrap();
    s.attempts();
    s.subscribe_queue("stock", "orders", &[("FilterPolicy", r#"{"store":["x"]}"#)]);
    s.publish("stock", with_attributes("x", &[("store", "x")]));
    let replayed = s.subscribe_queue("stock.fifo", "orders.fifo", &[]);
    for i in 0..3 {
        s.publish("stock.fifo", published("m", ["g", "h"][i % 2], &format!("id{i}")));
    }
    let publications = s.shard.upkeep.publications.before(u64::MAX, 0, 2).0;
    let read = publications.into_iter().map(|(number, at)| (number, at, Some(s.read(at))));
    let publications = read.collect();
    s.hand_in(Command::RelocatePublications { publications });
    let from = START.plus_seconds(1).to_iso8601();
    let policy = format!(r#"{{"PointType":"Timestamp","StartingPoint":"{from}"}}"#);
    s.set_subscription(&replayed, "ReplayPolicy", &policy).unwrap();
}

#[test]
fn a_snapshot_reads_back_to_the_same_shard() {
    let mut s = full_scene(Way::Straight);
    let bytes = s.shard.snapshot();
    let mut other = restore(&bytes).unwrap();
    assert_eq!(picture::tasks(&other), picture::tasks(&s.shard));
    assert_eq!(other.snapshot(), bytes, "and to the same bytes");
    other.advance(s.now);
    assert_eq!(picture::picture(&mut other), picture::picture(&mut s.shard));
}

/// Of the full scene, by a release that listed a queue's entries one by one.
#[test]
fn a_snapshot_of_version_3_is_read_still() {
    let mut s = full_scene(Way::Straight);
    let mut other = restore(include_bytes!("snapshots/version-3")).unwrap();
    assert_eq!(picture::tasks(&other), picture::tasks(&s.shard));
    assert_eq!(other.snapshot(), s.shard.snapshot());
    other.advance(s.now);
    assert_eq!(picture::picture(&mut other), picture::picture(&mut s.shard));
}

#[test]
fn an_empty_shard_has_a_snapshot_too() {
    let s = Scene::new(Way::Straight, Settings::default());
    let bytes = s.shard.snapshot();
    let other = restore(&bytes).unwrap();
    assert_eq!(other.snapshot(), bytes);
    assert_eq!(other.next_due(), None);
}

#[test]
fn a_snapshot_covers_what_is_decided_but_not_yet_taken() {
    let mut s = Scene::new(Way::Straight, Settings::default());
    s.create("orders", &[]);
    let messages = vec![message("m")];
    let send = Command::Send { arn: arn("orders"), messages };
    s.shard.decide(crate::command::Token(1), send, s.now);
    let bytes = s.shard.snapshot();
    let batch = s.shard.take_batch(|start, length| start + length);
    assert!(!batch.records.is_empty());
    let mut other = restore(&bytes).unwrap();
    assert_eq!(picture::picture(&mut other), picture::picture(&mut s.shard));
}

#[test]
fn every_cut_of_a_snapshot_is_seen() {
    let bytes = full_scene(Way::Straight).shard.snapshot();
    let restore = |bytes: &[u8]| restore(bytes).map(drop);
    for cut in 0..bytes.len() {
        assert_eq!(restore(&bytes[..cut]), Err(Damaged), "cut at {cut}");
    }
    let longer = [&bytes[..], &[0]].concat();
    assert_eq!(restore(&longer), Err(Damaged));
    let mut other_version = bytes;
    other_version[0] += 1;
    assert_eq!(restore(&other_version), Err(Damaged));
}

#[test]
fn a_scene_of_everything_is_the_same_after_any_restart() {
    for way in [Way::Late, Way::Replayed, Way::Restored] {
        let (mut s, mut straight) = (full_scene(way), full_scene(Way::Straight));
        for second in [2, 30, 60, 100, 300, 301, 1000] {
            s.at(second);
            straight.at(second);
            for queue in ["orders", "orders.fifo", "dead", "dead.fifo"] {
                assert_eq!(s.counts(queue), straight.counts(queue), "{queue} at {second}, {way:?}");
            }
        }
    }
}
