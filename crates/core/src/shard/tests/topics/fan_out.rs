//! A message goes to every subscription that wants it, and its record is written once.

use super::super::calls::{arn, bodies, one, redrive, ten, waiting};
use super::super::scene::{in_every_way, without_restarts};
use super::calls::{content, of_content, text, with_attributes};
use crate::attributes::{AttributeValue, MessageAttribute};
use crate::command::Command;
use crate::publication::PublishedContent;
use crate::receipt::Receipt;

#[test]
fn every_queue_gets_a_copy_of_one_record() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        for queue in ["a", "b", "c"] {
            scene.create(queue, &[]);
            scene.subscribe_queue("stock", queue, &[]);
        }
        let published = scene.publish("stock", text("3 left"));
        assert_eq!(published.sequence_number, None);
        let got = ["a", "b", "c"].map(|queue| scene.take(queue));
        for message in &got {
            assert_eq!(
                (message.body.as_str(), message.message_id),
                ("3 left", published.message_id)
            );
            assert_eq!(message.received.location, got[0].received.location);
        }
        let live = scene.shard.live_bytes();
        assert_eq!(live, u64::from(got[0].received.location.length), "counted once");
        for (queue, message) in ["a", "b", "c"].into_iter().zip(&got) {
            assert_eq!(scene.shard.live_bytes(), live);
            scene.delete(queue, message).unwrap();
        }
        assert_eq!(scene.shard.live_bytes(), 0);
    });
}

#[test]
fn a_message_that_nobody_wants_is_not_written() {
    without_restarts(|scene| {
        scene.create_topic("stock");
        scene.create("a", &[]);
        scene.subscribe_queue("stock", "a", &[("FilterPolicy", r#"{"store":["x"]}"#)]);
        let before = scene.log_bytes();
        scene.publish("stock", with_attributes("to y", &[("store", "y")]));
        assert_eq!(scene.log_bytes(), before);
    });
}

#[test]
fn filters_choose_by_attributes_and_by_body() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        for queue in ["all", "x", "low"] {
            scene.create(queue, &[]);
        }
        scene.subscribe_queue("stock", "all", &[]);
        let x = scene.subscribe_queue("stock", "x", &[("FilterPolicy", r#"{"store":["x"]}"#)]);
        let low = r#"{"left":[{"numeric":["<",5]}]}"#;
        let body_scope = [("FilterPolicyScope", "MessageBody"), ("FilterPolicy", low)];
        scene.subscribe_queue("stock", "low", &body_scope);
        scene.publish("stock", with_attributes(r#"{"left":3}"#, &[("store", "x")]));
        scene.publish("stock", with_attributes(r#"{"left":9}"#, &[("store", "y")]));
        let mut got = |queue: &str| {
            let mut got: Vec<String> =
                scene.receive(queue, ten()).into_iter().map(|message| message.body).collect();
            got.sort();
            got
        };
        assert_eq!(got("all"), [r#"{"left":3}"#, r#"{"left":9}"#]);
        assert_eq!(got("x"), [r#"{"left":3}"#]);
        assert_eq!(got("low"), [r#"{"left":3}"#]);
        scene.set_subscription(&x, "FilterPolicy", "{}").unwrap();
        scene.publish("stock", text("anything"));
        assert_eq!(scene.take("x").body, "anything");
    });
}

#[test]
fn each_protocol_has_its_text_and_its_filters_look_at_that() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        scene.create("a", &[]);
        let policy = [("FilterPolicyScope", "MessageBody"), ("FilterPolicy", r#"{"of":["sqs"]}"#)];
        scene.subscribe_queue("stock", "a", &policy);
        let both = PublishedContent {
            by_protocol: vec![("sqs", r#"{"of":"sqs"}"#), ("http", "for the web")],
            ..content("for all")
        };
        scene.publish("stock", of_content(&both));
        assert_eq!(scene.take("a").body, r#"{"of":"sqs"}"#);
        let of_sqs = content(r#"{"of":"sqs"}"#);
        let other = PublishedContent { by_protocol: vec![("sqs", "{}")], ..of_sqs };
        scene.publish("stock", of_content(&other));
        assert_eq!(scene.receive("a", one()), []);
    });
}

#[test]
fn those_who_wait_are_served() {
    without_restarts(|scene| {
        scene.create_topic("stock");
        scene.create("a", &[]);
        scene.subscribe_queue("stock", "a", &[]);
        let poll = scene.poll("a", waiting(20));
        scene.at(5);
        scene.publish("stock", text("now"));
        assert_eq!(bodies(&scene.received(poll).unwrap().unwrap()), ["now"]);
    });
}

#[test]
fn a_queue_that_is_gone_or_refuses_leaves_it_to_the_dead_letter_queue() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        scene.create("dead", &[]);
        scene.create("small", &[("MaximumMessageSize", "1024")]);
        scene.create("raw", &[]);
        let dead = redrive("dead", 1).replace(",\"maxReceiveCount\":1", "");
        let redrive = ("RedrivePolicy", dead.as_str());
        let gone = scene.subscribe_queue("stock", "gone", &[redrive]);
        scene.subscribe_queue("stock", "small", &[redrive]);
        scene.subscribe_queue("stock", "raw", &[redrive, ("RawMessageDelivery", "true")]);
        scene.subscribe_queue("stock", "gone-too", &[]);
        scene.subscribe_queue("stock", "dead", &[]);
        let long = "x".repeat(600);
        scene.publish("stock", text(&long));
        // By its own subscription, and for the two queues that did not take it.
        let got = scene.receive("dead", ten());
        assert_eq!(bodies(&got), [long.as_str(); 3]);
        let of = |id| got.iter().filter(|m| subscription_of(m) == id).count();
        assert_eq!(of(gone.id), 1);
        assert!(got.iter().all(|message| message.received.dead_letter_source.is_none()));
        assert_eq!(bodies(&scene.receive("raw", ten())), [long.as_str()]);
        assert_eq!(scene.receive("small", ten()), []);
        let eleven = (0..11).map(|_| MessageAttribute {
            name: "a",
            data_type: "String",
            value: AttributeValue::Text("b"),
        });
        let many = PublishedContent { attributes: eleven.collect(), ..content("eleven") };
        scene.publish("stock", of_content(&many));
        assert_eq!(bodies(&scene.receive("small", ten())), ["eleven"]);
        assert_eq!(scene.receive("raw", ten()), [], "raw takes ten attributes");
    });
}

fn subscription_of(message: &super::super::calls::Got) -> crate::names::Uuid {
    message.received.delivery.as_ref().unwrap().subscription.id
}

#[test]
fn a_form_is_fixed_when_the_message_is_published() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        scene.create("a", &[]);
        let subscription = scene.subscribe_queue("stock", "a", &[]);
        scene.publish("stock", text("1"));
        scene.set_subscription(&subscription, "RawMessageDelivery", "true").unwrap();
        scene.publish("stock", text("2"));
        scene.unsubscribe(&subscription, Some("000000000000")).unwrap();
        scene.publish("stock", text("3"));
        let mut got: Vec<(String, bool)> = scene
            .receive("a", ten())
            .into_iter()
            .map(|m| (m.body.clone(), m.received.delivery.unwrap().is_raw))
            .collect();
        got.sort();
        assert_eq!(got, [("1".to_owned(), false), ("2".to_owned(), true)]);
    });
}

#[test]
fn a_published_message_goes_through_dead_letter_queue_and_move_task() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        scene.create("dead", &[]);
        scene.create("a", &[("RedrivePolicy", &redrive("dead", 1))]);
        scene.subscribe_queue("stock", "a", &[]);
        let published = scene.publish("stock", text("poison"));
        let got = scene.take("a");
        scene.hide("a", &got, 0).unwrap();
        assert_eq!(scene.receive("a", one()), []);
        let dead = scene.take("dead");
        assert_eq!((dead.message_id, dead.receive_count()), (published.message_id, 2));
        assert_eq!(dead.received.dead_letter_source.as_ref().unwrap().name.as_str(), "a");
        assert!(dead.received.delivery.is_some());
        scene.hide("dead", &dead, 0).unwrap();
        let task = scene.fresh_id();
        let source = super::super::calls::arn("dead");
        let start = Command::StartMoveTask { source, destination: None, rate: None, task };
        scene.run(start).unwrap();
        while let Some(effect) = scene.effects.pop() {
            let crate::command::Effect::CopyForMoveTask { source, task, messages } = effect else {
                continue;
            };
            let messages = messages
                .into_iter()
                .map(|(key, location)| (key, scene.fresh_id(), Some(scene.read(location))))
                .collect();
            scene.hand_in(Command::MoveMessages { source, task, messages });
            let now = scene.now;
            scene.at_ms(now - super::super::scene::START + 10);
        }
        let back = scene.take("a");
        assert_eq!((back.body.as_str(), back.receive_count()), ("poison", 1));
        assert_eq!(scene.move_tasks("dead")[0].moved, 1);
        assert_eq!(scene.counts("dead"), [0, 0, 0]);
    });
}

#[test]
fn purging_and_deleting_queues_frees_the_record_with_the_last_copy() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        for queue in ["a", "b"] {
            scene.create(queue, &[]);
            scene.subscribe_queue("stock", queue, &[]);
        }
        scene.publish("stock", text("1"));
        scene.publish("stock", text("2"));
        scene.purge("a").unwrap();
        assert!(scene.shard.live_bytes() > 0);
        scene.delete_queue("b");
        assert_eq!(scene.shard.live_bytes(), 0);
    });
}

#[test]
fn a_relocated_record_is_found_by_every_copy() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        for queue in ["a", "b"] {
            scene.create(queue, &[]);
            scene.subscribe_queue("stock", queue, &[]);
        }
        scene.publish("stock", text("stays"));
        scene.create("filler", &[]);
        for _ in 0..20 {
            scene.send("filler", super::super::calls::message(&"x".repeat(200)));
        }
        scene.purge("filler").unwrap();
        let end = scene.shard.next_position();
        scene.hand_in(Command::Reclaim { before: end });
        while scene.shard.is_reclaiming() {
            for effect in std::mem::take(&mut scene.effects) {
                let crate::command::Effect::RelocatePublications { publications } = effect else {
                    panic!("only publications are left: {effect:?}");
                };
                let publications = publications
                    .into_iter()
                    .map(|(number, location)| (number, location, Some(scene.read(location))))
                    .collect();
                scene.hand_in(Command::RelocatePublications { publications });
            }
            let now = scene.now;
            scene.at_ms(now - super::super::scene::START + 1);
        }
        for effect in std::mem::take(&mut scene.effects) {
            if let crate::command::Effect::RelocatePublications { publications } = effect {
                let publications = publications
                    .into_iter()
                    .map(|(number, location)| (number, location, Some(scene.read(location))))
                    .collect();
                scene.hand_in(Command::RelocatePublications { publications });
            }
        }
        assert!(scene.shard.first_live().unwrap() >= end / 1024 * 1024, "the front is free");
        scene.trim();
        scene.restart();
        for queue in ["a", "b"] {
            let got = scene.take(queue);
            assert_eq!(got.body, "stays");
            let Receipt { key, .. } = got.received.receipt;
            assert_eq!(key, 0);
            scene.delete(queue, &got).unwrap();
        }
        assert_eq!(scene.shard.live_bytes(), 0);
    });
}

/// Where it was written first there may be nothing any more. Found by the simulator.
#[test]
fn a_move_task_asks_for_a_record_where_it_lies_now() {
    without_restarts(|scene| {
        scene.create_topic("stock");
        scene.create("dead", &[]);
        scene.create("a", &[("RedrivePolicy", &redrive("dead", 1))]);
        scene.subscribe_queue("stock", "dead", &[]);
        scene.publish("stock", text("stays"));
        let end = scene.shard.next_position();
        scene.hand_in(Command::Reclaim { before: end });
        scene.at_ms(10);
        let found = scene.effects.iter().find_map(|effect| match effect {
            crate::command::Effect::RelocatePublications { publications } => Some(publications),
            _ => None,
        });
        let (number, location) = found.expect("it is asked for")[0];
        let publications = vec![(number, location, Some(scene.read(location)))];
        scene.hand_in(Command::RelocatePublications { publications });
        scene.effects.clear();
        let (source, destination) = (arn("dead"), Some(arn("a")));
        let task = scene.fresh_id();
        scene.run(Command::StartMoveTask { source, destination, rate: None, task }).unwrap();
        let found = scene.effects.iter().find_map(|effect| match effect {
            crate::command::Effect::CopyForMoveTask { messages, .. } => Some(messages),
            _ => None,
        });
        assert!(found.expect("it is asked for")[0].1.position >= end);
    });
}

#[test]
fn a_queue_weighs_the_text_that_it_gets() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        scene.create("small", &[("MaximumMessageSize", "1024")]);
        scene.subscribe_queue("stock", "small", &[("RawMessageDelivery", "true")]);
        let long = "x".repeat(2000);
        let both = PublishedContent { by_protocol: vec![("sqs", "short")], ..content(&long) };
        scene.publish("stock", of_content(&both));
        assert_eq!(scene.take("small").body, "short");
    });
}
