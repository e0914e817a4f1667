//! The order of a FIFO queue.

use super::scene::*;
use crate::command::{Outgoing, ReceiveRequest};

const QUEUE: &str = "orders.fifo";

fn scene_with(s: &mut Scene, messages: &[(&str, &str)]) {
    s.create(QUEUE, &[]);
    for (body, group) in messages {
        s.send(QUEUE, grouped(body, group));
    }
}

fn take_up_to(s: &mut Scene, max_messages: usize) -> Vec<Got> {
    s.receive(QUEUE, ReceiveRequest { max_messages, ..one() })
}

#[test]
fn a_receive_takes_as_much_of_the_oldest_group_as_it_can() {
    in_every_way(|s| {
        scene_with(s, &[("a1", "a"), ("b1", "b"), ("a2", "a"), ("c1", "c"), ("b2", "b")]);
        assert_eq!(bodies(&take_up_to(s, 4)), ["a1", "a2", "b1", "b2"]);
        assert_eq!(bodies(&take_up_to(s, 4)), ["c1"]);
        assert_eq!(s.counts(QUEUE), [0, 5, 0]);
    });
}

#[test]
fn a_group_waits_for_what_is_in_flight() {
    in_every_way(|s| {
        scene_with(s, &[("a1", "a"), ("a2", "a"), ("b1", "b")]);
        let first = take_up_to(s, 1);
        assert_eq!(bodies(&first), ["a1"]);
        assert_eq!(bodies(&take_up_to(s, 10)), ["b1"]);
        assert_eq!(s.counts(QUEUE), [1, 2, 0]);
        s.delete(QUEUE, &first[0]).unwrap();
        assert_eq!(bodies(&take_up_to(s, 10)), ["a2"]);
    });
}

#[test]
fn a_group_waits_until_all_of_a_receive_is_settled() {
    in_every_way(|s| {
        scene_with(s, &[("1", "g"), ("2", "g"), ("3", "g"), ("4", "g")]);
        let got = take_up_to(s, 3);
        s.delete(QUEUE, &got[0]).unwrap();
        s.delete(QUEUE, &got[2]).unwrap();
        assert_eq!(take_up_to(s, 10), []);
        s.at(30);
        assert_eq!(bodies(&take_up_to(s, 10)), ["2", "4"], "what was not deleted comes first");
    });
}

#[test]
fn hiding_a_later_message_for_longer_holds_up_the_earlier_ones_too() {
    in_every_way(|s| {
        scene_with(s, &[("1", "g"), ("2", "g"), ("3", "g")]);
        let got = take_up_to(s, 2);
        s.hide(QUEUE, &got[1], 60).unwrap();
        s.at(59);
        assert_eq!(s.counts(QUEUE), [2, 1, 0]);
        assert_eq!(take_up_to(s, 10), []);
        s.at(60);
        assert_eq!(bodies(&take_up_to(s, 10)), ["1", "2", "3"]);
    });
}

#[test]
fn a_message_given_back_is_the_first_of_its_group_again() {
    in_every_way(|s| {
        scene_with(s, &[("a1", "a"), ("b1", "b"), ("a2", "a")]);
        let got = take_up_to(s, 1);
        s.hide(QUEUE, &got[0], 0).unwrap();
        let again = take_up_to(s, 10);
        assert_eq!(bodies(&again), ["a1", "a2", "b1"]);
        assert_eq!(again.iter().map(Got::receive_count).collect::<Vec<_>>(), [2, 1, 1]);
    });
}

#[test]
fn a_receive_that_hides_nothing_leaves_the_group_free() {
    in_every_way(|s| {
        scene_with(s, &[("1", "g"), ("2", "g")]);
        let peek = ReceiveRequest { visibility_timeout: Some(0), ..ten() };
        assert_eq!(bodies(&s.receive(QUEUE, peek.clone())), ["1", "2"]);
        assert_eq!(bodies(&s.receive(QUEUE, peek)), ["1", "2"]);
        assert_eq!(bodies(&take_up_to(s, 1)), ["1"]);
    });
}

#[test]
fn a_delayed_message_holds_up_those_behind_it() {
    in_every_way(|s| {
        s.create(QUEUE, &[("DelaySeconds", "10")]);
        s.send(QUEUE, grouped("first", "g"));
        s.at(5);
        s.send(QUEUE, grouped("second", "g"));
        s.send(QUEUE, grouped("other", "h"));
        s.at(10);
        assert_eq!(bodies(&take_up_to(s, 10)), ["first"], "the second is delayed still");
        s.at(15);
        assert_eq!(bodies(&take_up_to(s, 10)), ["other"], "the first is in flight");
    });
}

#[test]
fn a_group_that_ran_empty_starts_afresh() {
    in_every_way(|s| {
        s.create(QUEUE, &[]);
        for turn in 0..5 {
            s.send(QUEUE, grouped(&format!("m{turn}"), "g"));
            let got = take_up_to(s, 10);
            assert_eq!(got.len(), 1);
            s.delete(QUEUE, &got[0]).unwrap();
        }
        assert_eq!(s.counts(QUEUE), [0, 0, 0]);
    });
}

#[test]
fn the_group_whose_first_message_is_oldest_goes_first() {
    in_every_way(|s| {
        scene_with(s, &[("a1", "a"), ("b1", "b"), ("a2", "a"), ("c1", "c")]);
        let got = take_up_to(s, 1);
        s.delete(QUEUE, &got[0]).unwrap();
        // Now group a begins with a2, which came after b1.
        assert_eq!(bodies(&take_up_to(s, 10)), ["b1", "a2", "c1"]);
    });
}

#[test]
fn messages_know_their_group_and_deduplication_id() {
    in_every_way(|s| {
        s.create(QUEUE, &[("ContentBasedDeduplication", "true")]);
        let explicit = Outgoing { body_sha256: Some([0xab; 32]), ..grouped("one", "g") };
        let by_content = Outgoing { deduplication: None, ..explicit.clone() };
        s.try_send_all(QUEUE, vec![explicit, by_content]).unwrap();
        let got = take_up_to(s, 10);
        assert_eq!(got[0].group.as_deref(), Some("g"));
        assert_eq!(got[0].deduplication.as_deref(), Some("one"), "the id given wins");
        assert_eq!(got[1].deduplication, Some("ab".repeat(32)));
    });
}
