//! MessageRetentionPeriod.

use super::scene::*;
use crate::command::{Outgoing, ReceiveRequest};

#[test]
fn a_message_is_kept_for_the_retention_period_to_the_millisecond() {
    in_every_way(|s| {
        for (queue, seconds) in [("short", 60), ("default", 345_600), ("long", 1_209_600)] {
            let period = u64::to_string(&seconds);
            let given = [("MessageRetentionPeriod", period.as_str())];
            s.create(queue, if queue == "default" { &[] } else { &given });
            s.send(queue, message("m"));
        }
        for (queue, seconds) in [("short", 60), ("default", 345_600), ("long", 1_209_600)] {
            s.at_ms(seconds * 1000 - 1);
            assert_eq!(s.counts(queue), [1, 0, 0], "{queue}");
            s.at(seconds);
            assert_eq!(s.counts(queue), [0, 0, 0], "{queue}");
            assert_eq!(s.receive(queue, ten()), []);
        }
        assert_eq!(s.shard.live_bytes(), 0);
    });
}

#[test]
fn retention_goes_on_while_a_message_is_hidden() {
    in_every_way(|s| {
        s.create("orders", &[("MessageRetentionPeriod", "60")]);
        s.send("orders", message("in flight"));
        s.at(50);
        let got = s.take("orders");
        s.at(60);
        assert_eq!(s.counts("orders"), [0, 0, 0]);
        s.delete("orders", &got).unwrap();
        s.hide("orders", &got, 10).unwrap_err();
        s.send("orders", Outgoing { delay_seconds: Some(900), ..message("delayed") });
        s.at_ms(119_999);
        assert_eq!(s.counts("orders"), [0, 0, 1]);
        s.at(120);
        assert_eq!(s.counts("orders"), [0, 0, 0]);
        s.at(1000);
    });
}

#[test]
fn a_shorter_period_is_for_what_is_there_already() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.send("orders", message("old"));
        s.at(100);
        s.send("orders", message("new"));
        s.set("orders", &[("MessageRetentionPeriod", "60")]).unwrap();
        assert_eq!(bodies(&s.receive("orders", ten())), ["new"]);
        s.at(160);
        assert_eq!(s.counts("orders"), [0, 0, 0]);
    });
}

#[test]
fn a_longer_period_is_for_what_is_there_already() {
    in_every_way(|s| {
        s.create("orders", &[("MessageRetentionPeriod", "60")]);
        s.send("orders", message("m"));
        s.at_ms(59_999);
        s.set("orders", &[("MessageRetentionPeriod", "120")]).unwrap();
        s.at_ms(119_999);
        assert_eq!(s.counts("orders"), [1, 0, 0]);
        s.at(120);
        assert_eq!(s.counts("orders"), [0, 0, 0]);
    });
}

#[test]
fn messages_older_than_their_place_in_the_queue_expire_by_their_age() {
    in_every_way(|s| {
        s.create("dead", &[("MessageRetentionPeriod", "100")]);
        s.create("orders", &[("RedrivePolicy", &redrive("dead", 1))]);
        s.send("orders", message("older"));
        s.at(50);
        s.send("dead", message("newer"));
        s.take("orders");
        s.at(80);
        assert_eq!(s.receive("orders", ten()), [], "it is a dead letter now");
        s.at_ms(99_999);
        assert_eq!(s.counts("dead"), [2, 0, 0]);
        s.at(100);
        assert_eq!(s.counts("dead"), [1, 0, 0]);
        assert_eq!(bodies(&s.receive("dead", ten())), ["newer"]);
        s.at(150);
        assert_eq!(s.counts("dead"), [0, 0, 0]);
    });
}

#[test]
fn an_expired_message_in_flight_no_longer_holds_up_its_group() {
    in_every_way(|s| {
        s.create("orders.fifo", &[("MessageRetentionPeriod", "60")]);
        s.send("orders.fifo", grouped("old", "g"));
        s.at(30);
        s.send("orders.fifo", grouped("young", "g"));
        let hidden = ReceiveRequest { visibility_timeout: Some(1000), ..one() };
        assert_eq!(bodies(&s.receive("orders.fifo", hidden)), ["old"]);
        s.at(50);
        let waits = s.poll("orders.fifo", waiting(20));
        s.at_ms(59_999);
        assert_eq!(s.received(waits), None);
        s.at(60);
        assert_eq!(bodies(&s.received(waits).expect("an answer at once").unwrap()), ["young"]);
    });
}

#[test]
fn thousands_of_messages_that_expire_together_go_in_steps() {
    let mut s = Scene::unchecked();
    s.create("orders", &[("MessageRetentionPeriod", "60")]);
    for _ in 0..250 {
        s.try_send_all("orders", vec![message("m"); 10]).unwrap();
    }
    s.at_ms(59_999);
    assert_eq!(s.counts("orders"), [2500, 0, 0]);
    s.at(60);
    assert_eq!(s.receive("orders", ten()), [], "none of them is handed out any more");
    s.at_ms(60_002);
    assert_eq!(s.counts("orders"), [0, 0, 0]);
}
