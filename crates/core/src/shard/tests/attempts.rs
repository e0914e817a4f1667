//! Receives that are repeated with their ReceiveRequestAttemptId.

use super::scene::*;
use crate::command::ReceiveRequest;

const QUEUE: &str = "orders.fifo";

fn attempt(id: &str) -> ReceiveRequest {
    ReceiveRequest { attempt: Some(fifo_id(id)), ..ten() }
}

fn two_messages(s: &mut Scene) {
    s.create(QUEUE, &[]);
    s.send(QUEUE, grouped("1", "g"));
    s.send(QUEUE, grouped("2", "g"));
}

#[test]
fn a_repeated_receive_gets_the_same_messages_with_the_same_receipts() {
    in_every_way(|s| {
        two_messages(s);
        let first = s.receive(QUEUE, attempt("a"));
        assert_eq!(bodies(&first), ["1", "2"]);
        s.at(20);
        assert_eq!(s.receive(QUEUE, attempt("a")), first);
        s.at_ms(49_999);
        assert_eq!(s.counts(QUEUE), [0, 2, 0], "hidden anew by the repetition");
        assert_eq!(s.receive(QUEUE, attempt("a")), first);
        s.delete(QUEUE, &first[0]).unwrap();
        s.delete(QUEUE, &first[1]).unwrap();
        assert_eq!(s.counts(QUEUE), [0, 0, 0]);
    });
}

#[test]
fn an_attempt_is_remembered_for_five_minutes() {
    in_every_way(|s| {
        two_messages(s);
        let long = ReceiveRequest { visibility_timeout: Some(1000), ..attempt("a") };
        let first = s.receive(QUEUE, long.clone());
        s.at_ms(299_999);
        assert_eq!(s.receive(QUEUE, long.clone()), first);
        s.at(300);
        assert_eq!(s.receive(QUEUE, long), [], "the messages are in flight");
    });
}

#[test]
fn another_attempt_is_another_receive() {
    in_every_way(|s| {
        two_messages(s);
        s.send(QUEUE, grouped("3", "h"));
        let mut first = attempt("a");
        first.max_messages = 2;
        assert_eq!(bodies(&s.receive(QUEUE, first)), ["1", "2"]);
        assert_eq!(bodies(&s.receive(QUEUE, attempt("b"))), ["3"]);
        assert_eq!(s.receive(QUEUE, ten()), []);
    });
}

#[test]
fn a_message_deleted_changed_or_visible_again_ends_the_attempt() {
    in_every_way(|s| {
        two_messages(s);
        let first = s.receive(QUEUE, attempt("a"));
        s.at(1);
        s.hide(QUEUE, &first[1], 60).unwrap();
        assert_eq!(s.receive(QUEUE, attempt("a")), [], "changed");
        s.at(61);
        let second = s.receive(QUEUE, attempt("a"));
        assert_eq!(second.iter().map(Got::receive_count).collect::<Vec<_>>(), [2, 2]);
        s.delete(QUEUE, &second[0]).unwrap();
        assert_eq!(s.receive(QUEUE, attempt("a")), [], "deleted");
        s.at(91);
        let third = s.receive(QUEUE, attempt("a"));
        assert_eq!(bodies(&third), ["2"]);
        s.at(121);
        let fourth = s.receive(QUEUE, attempt("a"));
        assert_eq!(fourth[0].receive_count(), 4, "visible again, and received anew");
        s.purge(QUEUE).unwrap();
        assert_eq!(s.receive(QUEUE, attempt("a")), []);
    });
}

#[test]
fn a_receive_that_got_nothing_is_no_attempt() {
    in_every_way(|s| {
        s.create(QUEUE, &[]);
        assert_eq!(s.receive(QUEUE, attempt("a")), []);
        s.send(QUEUE, grouped("1", "g"));
        assert_eq!(bodies(&s.receive(QUEUE, attempt("a"))), ["1"]);
    });
}

#[test]
fn standard_queues_do_not_heed_attempts() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.send("orders", message("1"));
        assert_eq!(s.receive("orders", attempt("a")).len(), 1);
        assert_eq!(s.receive("orders", attempt("a")), []);
    });
}

#[test]
fn a_receive_that_waited_can_be_repeated() {
    in_every_way(|s| {
        s.create(QUEUE, &[]);
        let waits = s.poll(QUEUE, ReceiveRequest { wait_seconds: Some(20), ..attempt("a") });
        s.send(QUEUE, grouped("1", "g"));
        let first = s.received(waits).unwrap().unwrap();
        assert_eq!(bodies(&first), ["1"]);
        assert_eq!(s.receive(QUEUE, attempt("a")), first);
    });
}

#[test]
fn a_repetition_that_hides_nothing_lets_others_have_the_messages() {
    in_every_way(|s| {
        two_messages(s);
        let first = s.receive(QUEUE, attempt("a"));
        let waits = s.poll(QUEUE, waiting(20));
        let peek = ReceiveRequest { visibility_timeout: Some(0), ..attempt("a") };
        assert_eq!(s.receive(QUEUE, peek), first);
        assert_eq!(bodies(&s.received(waits).expect("an answer at once").unwrap()), ["1"]);
    });
}
