//! Messages received too often.

use super::scene::*;
use crate::command::ReceiveRequest;
use crate::names::QueueArn;

fn peek() -> ReceiveRequest {
    ReceiveRequest { visibility_timeout: Some(0), ..ten() }
}

fn source_of(got: &Got) -> Option<QueueArn> {
    got.received.dead_letter_source.clone()
}

#[test]
fn a_message_moves_when_it_comes_up_once_more_than_it_may() {
    in_every_way(|s| {
        s.create("dead", &[]);
        s.create("orders", &[("RedrivePolicy", &redrive("dead", 2))]);
        let sent = s.send("orders", message("m"));
        s.at(1);
        assert_eq!(s.receive("orders", peek())[0].receive_count(), 1);
        assert_eq!(s.receive("orders", peek())[0].receive_count(), 2);
        assert_eq!(s.counts("dead"), [0, 0, 0]);
        assert_eq!(s.receive("orders", peek()), []);
        assert_eq!((s.counts("orders"), s.counts("dead")), ([0, 0, 0], [1, 0, 0]));
        let dead = s.take("dead");
        assert_eq!((dead.body.as_str(), dead.message_id), ("m", sent.message_id));
        assert_eq!(dead.sent_at, START);
        assert_eq!(dead.received.first_received_at, START + 1000);
        assert_eq!(dead.receive_count(), 3, "counted on");
        assert_eq!(source_of(&dead), Some(arn("orders")));
    });
}

#[test]
fn a_receipt_of_the_source_is_no_good_any_more() {
    in_every_way(|s| {
        s.create("dead", &[]);
        s.create("orders", &[("RedrivePolicy", &redrive("dead", 1))]);
        s.send("orders", message("m"));
        let got = s.take("orders");
        s.at(30);
        assert_eq!(s.receive("orders", ten()), []);
        s.delete("orders", &got).unwrap();
        s.hide("orders", &got, 5).unwrap_err();
        s.delete("dead", &got).unwrap_err();
        assert_eq!(s.counts("dead"), [1, 0, 0]);
    });
}

#[test]
fn others_are_handed_out_in_place_of_a_dead_letter() {
    in_every_way(|s| {
        s.create("dead", &[]);
        s.create("orders", &[("RedrivePolicy", &redrive("dead", 1))]);
        for i in 0..3 {
            s.send("orders", message(&format!("old{i}")));
        }
        assert_eq!(s.receive("orders", peek()).len(), 3);
        s.send("orders", message("fresh"));
        assert_eq!(bodies(&s.receive("orders", one())), ["fresh"]);
        assert_eq!(s.receive("orders", one()), []);
        assert_eq!(s.counts("dead"), [3, 0, 0]);
    });
}

#[test]
fn many_dead_letters_go_in_steps_and_none_is_handed_out() {
    in_every_way(|s| {
        s.create("dead", &[]);
        s.create("orders", &[]);
        for _ in 0..25 {
            s.try_send_all("orders", vec![message("m"); 10]).unwrap();
        }
        for _ in 0..25 {
            s.receive("orders", ReceiveRequest { visibility_timeout: Some(10), ..ten() });
        }
        s.set("orders", &[("RedrivePolicy", &redrive("dead", 1))]).unwrap();
        s.at(10);
        s.send("orders", message("fresh"));
        let waits = s.poll("orders", waiting(20));
        (1..5).for_each(|ms| s.at_ms(10_000 + ms));
        let got = s.received(waits).expect("an answer soon").unwrap();
        assert_eq!(bodies(&got), ["fresh"]);
        assert_eq!(s.counts("dead"), [250, 0, 0]);
    });
}

#[test]
fn without_a_dead_letter_queue_the_message_stays() {
    in_every_way(|s| {
        s.create("dead", &[]);
        s.create("orders", &[("RedrivePolicy", &redrive("dead", 1))]);
        s.send("orders", message("m"));
        s.delete_queue("dead");
        for count in 1..=3 {
            assert_eq!(s.receive("orders", peek())[0].receive_count(), count);
        }
        s.at(60);
        s.create("dead", &[]);
        assert_eq!(s.receive("orders", peek()), [], "it is there again, and takes the message");
        assert_eq!(s.counts("dead"), [1, 0, 0]);
        assert_eq!(s.take("dead").receive_count(), 4);
    });
}

#[test]
fn a_queue_that_names_itself_keeps_its_messages() {
    in_every_way(|s| {
        s.create("orders", &[("RedrivePolicy", &redrive("orders", 1))]);
        s.send("orders", message("m"));
        for count in 1..=3 {
            assert_eq!(s.receive("orders", peek())[0].receive_count(), count);
        }
    });
}

#[test]
fn queues_that_name_each_other_hand_on_in_turn() {
    in_every_way(|s| {
        s.create("one", &[]);
        s.create("two", &[("RedrivePolicy", &redrive("one", 3))]);
        s.set("one", &[("RedrivePolicy", &redrive("two", 2))]).unwrap();
        s.send("one", message("m"));
        assert_eq!(s.receive("one", peek()).len(), 1);
        assert_eq!(s.receive("one", peek()).len(), 1);
        assert_eq!(s.receive("one", peek()), []);
        let got = s.receive("two", peek());
        assert_eq!((got[0].receive_count(), source_of(&got[0])), (3, Some(arn("one"))));
        assert_eq!(s.receive("two", peek()), []);
        assert_eq!(s.receive("one", peek()), [], "it is over the limit here, too");
        assert_eq!((s.counts("one"), s.counts("two")), ([0, 0, 0], [1, 0, 0]));
    });
}

#[test]
fn a_standard_dead_letter_queue_counts_retention_from_the_send() {
    in_every_way(|s| {
        s.create("dead", &[("MessageRetentionPeriod", "100")]);
        s.create("orders", &[("RedrivePolicy", &redrive("dead", 1))]);
        s.send("orders", message("m"));
        s.receive("orders", peek());
        s.at(50);
        assert_eq!(s.receive("orders", peek()), []);
        s.at_ms(99_999);
        assert_eq!(s.counts("dead"), [1, 0, 0]);
        s.at(100);
        assert_eq!(s.counts("dead"), [0, 0, 0]);
    });
}

#[test]
fn a_fifo_dead_letter_queue_counts_retention_from_the_move() {
    in_every_way(|s| {
        s.create("dead.fifo", &[("MessageRetentionPeriod", "100")]);
        s.create("orders.fifo", &[("RedrivePolicy", &redrive("dead.fifo", 1))]);
        s.send("orders.fifo", grouped("m", "g"));
        s.receive("orders.fifo", peek());
        s.at(50);
        assert_eq!(s.receive("orders.fifo", peek()), []);
        s.at_ms(149_999);
        assert_eq!(s.counts("dead.fifo"), [1, 0, 0]);
        s.at(150);
        assert_eq!(s.counts("dead.fifo"), [0, 0, 0]);
    });
}

#[test]
fn a_fifo_message_keeps_its_group_and_gets_a_new_place() {
    in_every_way(|s| {
        s.create("dead.fifo", &[]);
        s.create("orders.fifo", &[("RedrivePolicy", &redrive("dead.fifo", 1))]);
        s.send("dead.fifo", grouped("first-here", "g"));
        s.send("orders.fifo", grouped("1", "g"));
        s.send("orders.fifo", grouped("2", "g"));
        let got = s.receive("orders.fifo", ReceiveRequest { max_messages: 1, ..peek() });
        assert_eq!(bodies(&got), ["1"]);
        assert_eq!(bodies(&s.receive("orders.fifo", ten())), ["2"], "the group goes on without it");
        let dead = s.receive("dead.fifo", ten());
        assert_eq!(bodies(&dead), ["first-here", "1"]);
        assert_eq!(dead[1].group.as_deref(), Some("g"));
        let numbers: Vec<u64> = dead.iter().map(|m| m.received.sequence_number.unwrap()).collect();
        assert!(numbers[0] < numbers[1]);
        assert_eq!(source_of(&dead[0]), None);
        assert_eq!(source_of(&dead[1]), Some(arn("orders.fifo")));
    });
}

#[test]
fn a_dead_letter_is_visible_at_once_whatever_the_delay_there() {
    in_every_way(|s| {
        s.create("dead", &[("DelaySeconds", "900")]);
        s.create("orders", &[("RedrivePolicy", &redrive("dead", 1))]);
        s.send("orders", message("m"));
        s.receive("orders", peek());
        s.receive("orders", peek());
        assert_eq!(s.counts("dead"), [1, 0, 0]);
    });
}

#[test]
fn an_attempt_does_not_count_as_another_receive() {
    in_every_way(|s| {
        s.create("dead.fifo", &[]);
        s.create("orders.fifo", &[("RedrivePolicy", &redrive("dead.fifo", 1))]);
        s.send("orders.fifo", grouped("m", "g"));
        let again = ReceiveRequest { attempt: Some(fifo_id("a")), ..ten() };
        let first = s.receive("orders.fifo", again.clone());
        assert_eq!(s.receive("orders.fifo", again), first);
        assert_eq!(s.counts("dead.fifo"), [0, 0, 0]);
    });
}
