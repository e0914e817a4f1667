//! Receives that wait.

use super::scene::*;
use crate::command::{Command, Outgoing, ReceiveRequest};

fn wait_for(queue: &str, s: &mut Scene) -> crate::command::Token {
    s.poll(queue, waiting(20))
}

#[test]
fn a_wait_ends_empty_when_its_time_is_over() {
    in_every_way(|s| {
        s.create("orders", &[]);
        let waits = wait_for("orders", s);
        s.at_ms(19_999);
        assert_eq!(s.received(waits), None);
        s.at(20);
        assert_eq!(s.received(waits), Some(Ok(Vec::new())));
        s.send("orders", message("m"));
        assert_eq!(s.counts("orders"), [1, 0, 0], "nobody waits any more");
    });
}

#[test]
fn a_wait_ends_with_the_first_message_that_comes() {
    in_every_way(|s| {
        s.create("orders", &[]);
        let waits = s.poll("orders", ReceiveRequest { wait_seconds: Some(20), ..ten() });
        s.at(5);
        s.send("orders", message("m"));
        let got = s.received(waits).unwrap().unwrap();
        assert_eq!(bodies(&got), ["m"], "it does not wait for ten");
        s.at_ms(34_999);
        assert_eq!(s.counts("orders"), [0, 1, 0], "hidden since it was handed out");
        s.at(35);
        assert_eq!(s.counts("orders"), [1, 0, 0]);
        assert_eq!(s.received(waits), None, "one answer only");
    });
}

#[test]
fn a_message_that_is_there_is_not_waited_for() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.send("orders", message("m"));
        assert_eq!(bodies(&s.receive("orders", waiting(20))), ["m"]);
    });
}

#[test]
fn those_who_wait_are_served_in_turn() {
    in_every_way(|s| {
        s.create("orders", &[]);
        let waits = [(); 4].map(|()| wait_for("orders", s));
        let call = ["a", "b", "c"].map(message).to_vec();
        s.try_send_all("orders", call).unwrap();
        let got = waits.map(|token| s.received(token));
        assert_eq!(got.iter().map(Option::is_some).collect::<Vec<_>>(), [true, true, true, false]);
        let bodies: Vec<String> =
            got.into_iter().flatten().map(|got| got.unwrap()[0].body.clone()).collect();
        assert_eq!(bodies, ["a", "b", "c"]);
    });
}

#[test]
fn a_wait_ends_when_a_message_becomes_visible() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.send("orders", Outgoing { delay_seconds: Some(5), ..message("delayed") });
        let waits = wait_for("orders", s);
        s.at_ms(4999);
        assert_eq!(s.received(waits), None);
        s.at(5);
        let got = s.received(waits).unwrap().unwrap();
        assert_eq!(bodies(&got), ["delayed"]);
        let waits = wait_for("orders", s);
        s.hide("orders", &got[0], 0).unwrap();
        assert_eq!(s.received(waits).unwrap().unwrap()[0].receive_count(), 2, "given back");
        let waits = s.poll("orders", waiting(20));
        s.at(25);
        assert_eq!(s.received(waits), Some(Ok(Vec::new())));
        let waits = wait_for("orders", s);
        s.at(35);
        assert_eq!(s.received(waits).unwrap().unwrap()[0].receive_count(), 3, "timed out");
    });
}

#[test]
fn a_message_visible_at_the_end_of_a_wait_is_handed_out() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.send("orders", Outgoing { delay_seconds: Some(20), ..message("just in time") });
        let waits = wait_for("orders", s);
        s.at(20);
        assert_eq!(bodies(&s.received(waits).unwrap().unwrap()), ["just in time"]);
    });
}

#[test]
fn a_group_that_becomes_free_ends_a_wait() {
    in_every_way(|s| {
        s.create("orders.fifo", &[]);
        s.send("orders.fifo", grouped("1", "g"));
        s.send("orders.fifo", grouped("2", "g"));
        let first = s.take("orders.fifo");
        let waits = wait_for("orders.fifo", s);
        s.delete("orders.fifo", &first).unwrap();
        let second = s.received(waits).unwrap().unwrap();
        assert_eq!(bodies(&second), ["2"]);
        s.send("orders.fifo", grouped("3", "g"));
        let waits = wait_for("orders.fifo", s);
        s.at(1);
        assert_eq!(s.received(waits), None, "the group is in flight");
        s.hide("orders.fifo", &second[0], 0).unwrap();
        assert_eq!(bodies(&s.received(waits).unwrap().unwrap()), ["2"]);
    });
}

#[test]
fn a_dead_letter_ends_a_wait_for_it() {
    in_every_way(|s| {
        s.create("dead", &[]);
        s.create("orders", &[("RedrivePolicy", &redrive("dead", 1))]);
        s.send("orders", message("m"));
        let waits = wait_for("dead", s);
        s.take("orders");
        let both = wait_for("orders", s);
        s.at(15);
        assert_eq!(s.received(waits), None);
        s.at(20);
        assert_eq!((s.received(waits), s.received(both)), (Some(Ok(vec![])), Some(Ok(vec![]))));
        let (source, dead) = (s.poll("orders", waiting(20)), s.poll("dead", waiting(20)));
        s.at(30);
        s.at_ms(30_001);
        assert_eq!(bodies(&s.received(dead).unwrap().unwrap()), ["m"]);
        assert_eq!(s.received(source), None);
    });
}

#[test]
fn whoever_has_gone_is_handed_nothing() {
    in_every_way(|s| {
        s.create("orders", &[]);
        let (gone, stays) = (wait_for("orders", s), wait_for("orders", s));
        s.hand_in(Command::AbandonReceive { receive: gone });
        s.send("orders", message("m"));
        assert_eq!(s.received(gone), None);
        assert_eq!(bodies(&s.received(stays).unwrap().unwrap()), ["m"]);
        // Too late, and twice: nothing happens.
        s.hand_in(Command::AbandonReceive { receive: gone });
        s.hand_in(Command::AbandonReceive { receive: stays });
        s.at(20);
        assert_eq!(s.received(gone), None);
    });
}

#[test]
fn all_waits_end_when_the_server_closes() {
    let mut s = Scene::new(Way::Straight, super::super::Settings::default());
    s.create("orders", &[]);
    s.create("others.fifo", &[]);
    let waits = ["orders", "others.fifo", "orders"].map(|queue| wait_for(queue, &mut s));
    s.shard.end_all_waits();
    s.at(0);
    assert_eq!(waits.map(|token| s.received(token)), [(); 3].map(|()| Some(Ok(Vec::new()))));
    assert_eq!(s.shard.next_due(), None, "their deadlines are gone with them");
}

#[test]
fn a_peek_that_hides_nothing_serves_everyone_who_waits() {
    in_every_way(|s| {
        s.create("orders", &[]);
        let peek = ReceiveRequest { visibility_timeout: Some(0), ..waiting(20) };
        let waits = [(); 3].map(|()| s.poll("orders", peek.clone()));
        s.send("orders", message("m"));
        let counts = waits.map(|token| s.received(token).unwrap().unwrap()[0].receive_count());
        assert_eq!(counts, [1, 2, 3]);
    });
}

#[test]
fn a_dead_letter_that_comes_just_before_the_end_of_a_wait_is_handed_out() {
    in_every_way(|s| {
        s.create("dead", &[]);
        s.create("orders", &[("RedrivePolicy", &redrive("dead", 1))]);
        s.send("orders", message("m"));
        let peek = ReceiveRequest { visibility_timeout: Some(0), ..one() };
        s.receive("orders", peek.clone());
        let waits = wait_for("dead", s);
        s.at_ms(19_999);
        assert_eq!(s.receive("orders", peek), []);
        s.at(20);
        assert_eq!(bodies(&s.received(waits).unwrap().unwrap()), ["m"]);
    });
}
