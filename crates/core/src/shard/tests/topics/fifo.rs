//! FIFO topics: order, deduplication and sequence numbers, through to the queues.

use super::super::calls::{bodies, redrive, ten};
use super::super::scene::in_every_way;
use super::calls::{grouped, invalid, text};
use crate::command::Publication;
use crate::names::FifoId;

fn bodies_of(scene: &mut super::super::scene::Scene, queue: &str) -> Vec<String> {
    scene.receive(queue, ten()).into_iter().map(|message| message.body).collect()
}

#[test]
fn order_and_deduplication_go_through_to_queues() {
    in_every_way(|scene| {
        scene.create_topic("stock.fifo");
        scene.create("orders.fifo", &[]);
        scene.create("audit", &[]);
        scene.subscribe_queue("stock.fifo", "orders.fifo", &[]);
        scene.subscribe_queue("stock.fifo", "audit", &[]);
        let first = scene.publish("stock.fifo", grouped("1", "g", "a"));
        let second = scene.publish("stock.fifo", grouped("2", "g", "b"));
        let again = scene.publish("stock.fifo", grouped("other", "h", "a"));
        assert_eq!(again, first);
        assert!(second.sequence_number > first.sequence_number);
        assert_eq!(first.sequence_number.map(|number| number.to_string().len()), Some(20));
        let got = scene.receive("orders.fifo", ten());
        assert_eq!(bodies(&got), ["1", "2"]);
        assert_eq!(got[0].group.as_deref(), Some("g"));
        assert_eq!(got[0].deduplication.as_deref(), Some("a"));
        assert!(got[0].received.sequence_number.is_some());
        let mut audit = bodies_of(scene, "audit");
        audit.sort();
        assert_eq!(audit, ["1", "2"]);
        scene.at(300);
        let late = scene.publish("stock.fifo", grouped("3", "g", "a"));
        assert_ne!(late.message_id, first.message_id);
    });
}

#[test]
fn a_queue_that_knows_the_id_does_not_get_it_again() {
    in_every_way(|scene| {
        scene.create_topic("one.fifo");
        scene.create_topic("two.fifo");
        scene.create("orders.fifo", &[]);
        scene.subscribe_queue("one.fifo", "orders.fifo", &[]);
        scene.subscribe_queue("two.fifo", "orders.fifo", &[]);
        scene.publish("one.fifo", grouped("1", "g", "a"));
        scene.publish("two.fifo", grouped("2", "g", "a"));
        assert_eq!(bodies_of(scene, "orders.fifo"), ["1"]);
        let sent = scene.send("orders.fifo", super::super::calls::grouped("a", "g"));
        assert_eq!(sent.body_md5, super::super::calls::body_md5("a"), "of the request");
        assert_eq!(scene.counts("orders.fifo"), [0, 1, 0]);
    });
}

#[test]
fn the_scope_of_deduplication_is_the_topic_or_the_group() {
    in_every_way(|scene| {
        scene.try_create_topic("stock.fifo", &[("FifoThroughputScope", "MessageGroup")]).unwrap();
        let queue =
            [("DeduplicationScope", "messageGroup"), ("FifoThroughputLimit", "perMessageGroupId")];
        scene.create("orders.fifo", &queue);
        scene.subscribe_queue("stock.fifo", "orders.fifo", &[]);
        scene.publish("stock.fifo", grouped("1", "g", "a"));
        scene.publish("stock.fifo", grouped("2", "h", "a"));
        scene.publish("stock.fifo", grouped("3", "h", "a"));
        let mut got = bodies_of(scene, "orders.fifo");
        got.sort();
        assert_eq!(got, ["1", "2"]);
    });
}

#[test]
fn a_message_lacks_nothing_that_its_topic_needs() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        scene.create_topic("stock.fifo");
        let group = |message: Publication| Publication { group: FifoId::parse("g"), ..message };
        let needs_group = invalid("The MessageGroupId parameter is required for FIFO topics");
        assert_eq!(scene.try_publish("stock.fifo", text("1")), Err(needs_group.clone()));
        let batch = vec![grouped("1", "g", "a"), text("2")];
        assert_eq!(scene.try_publish_all("stock.fifo", batch), Err(needs_group));
        let hashed = Publication { body_sha256: Some([7; 32]), ..group(text("1")) };
        assert_eq!(
            scene.try_publish("stock.fifo", hashed.clone()),
            Err(invalid(
                "The topic should either have ContentBasedDeduplication enabled or \
                 MessageDeduplicationId provided explicitly"
            ))
        );
        scene.set_topic("stock.fifo", "ContentBasedDeduplication", "true").unwrap();
        let first = scene.publish("stock.fifo", hashed.clone());
        assert_eq!(scene.publish("stock.fifo", hashed), first);
        assert_eq!(
            scene.try_publish("stock", grouped("1", "g", "a")),
            Err(invalid(
                "MessageDeduplicationId Reason: The request includes MessageDeduplicationId \
                 parameter that is not valid for this topic type"
            ))
        );
    });
}

#[test]
fn a_standard_topics_groups_reach_standard_queues() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        scene.create("orders", &[]);
        scene.subscribe_queue("stock", "orders", &[]);
        scene.publish("stock", Publication { group: FifoId::parse("g"), ..text("1") });
        assert_eq!(scene.take("orders").group.as_deref(), Some("g"));
    });
}

#[test]
fn messages_too_long_are_refused() {
    in_every_way(|scene| {
        scene.try_create_topic("stock", &[("MaximumMessageSize", "1024")]).unwrap();
        let long = "x".repeat(1025);
        assert_eq!(scene.try_publish("stock", text(&long)), Err(invalid("Message too long")));
        assert!(scene.try_publish("stock", text(&long[1..])).is_ok());
        let halves = vec![text(&long[..513]), text(&long[..512])];
        let refused = scene.try_publish_all("stock", halves);
        let too_long = crate::rejection::TopicRejection::BatchRequestTooLong;
        assert_eq!(refused, Err(too_long.into()));
    });
}

#[test]
fn a_fifo_dead_letter_queue_takes_an_id_once() {
    in_every_way(|scene| {
        scene.create_topic("stock.fifo");
        scene.create("dead.fifo", &[]);
        let dead = redrive("dead.fifo", 1).replace(",\"maxReceiveCount\":1", "");
        for gone in ["one.fifo", "two.fifo"] {
            scene.subscribe_queue("stock.fifo", gone, &[("RedrivePolicy", dead.as_str())]);
        }
        scene.subscribe_queue("stock.fifo", "dead.fifo", &[]);
        scene.publish("stock.fifo", grouped("1", "g", "a"));
        scene.publish("stock.fifo", grouped("2", "g", "b"));
        assert_eq!(bodies_of(scene, "dead.fifo"), ["1", "2"]);
    });
}

#[test]
fn a_fifo_dead_letter_queue_serves_a_standard_queue_too() {
    in_every_way(|scene| {
        scene.create_topic("stock.fifo");
        scene.create("dead.fifo", &[]);
        let dead = redrive("dead.fifo", 1).replace(",\"maxReceiveCount\":1", "");
        scene.subscribe_queue("stock.fifo", "gone", &[("RedrivePolicy", &dead)]);
        scene.publish("stock.fifo", grouped("late", "g", "d"));
        assert_eq!(scene.take("dead.fifo").body, "late");
    });
}
