//! ReceiveMessage that does not wait.

use std::collections::BTreeSet;

use super::scene::*;
use crate::command::ReceiveRequest;

fn hidden_for(seconds: u32) -> ReceiveRequest {
    ReceiveRequest { visibility_timeout: Some(seconds), ..ten() }
}

#[test]
fn a_receive_takes_at_most_what_it_asks_for() {
    in_every_way(|s| {
        s.create("orders", &[]);
        for i in 0..12 {
            s.send("orders", message(&format!("m{i}")));
        }
        let three = ReceiveRequest { max_messages: 3, ..one() };
        assert_eq!(s.receive("orders", three).len(), 3);
        assert_eq!(s.counts("orders"), [9, 3, 0]);
        assert_eq!(s.receive("orders", ten()).len(), 9);
        assert_eq!(s.receive("orders", ten()), []);
        assert_eq!(s.counts("orders"), [0, 12, 0]);
    });
}

#[test]
fn a_standard_queue_goes_roughly_in_order() {
    without_restarts(|s| {
        s.create("orders", &[]);
        let names = ["a", "b", "c", "d", "e"];
        for body in names {
            s.send("orders", message(body));
        }
        let first = s.receive("orders", ReceiveRequest { max_messages: 2, ..hidden_for(10) });
        assert_eq!(bodies(&first), ["a", "b"]);
        s.at(10);
        assert_eq!(bodies(&s.receive("orders", ten())), names, "those that came back go first");
    });
}

#[test]
fn every_receive_counts_and_has_a_receipt_of_its_own() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.send("orders", message("m"));
        let mut receipts = BTreeSet::new();
        for count in 1..=5 {
            s.at(u64::from(count) * 30);
            let got = s.take("orders");
            assert_eq!(got.receive_count(), count);
            assert_eq!(got.received.first_received_at, START + 30_000);
            assert!(receipts.insert(got.received.receipt.receive_count));
        }
    });
}

#[test]
fn what_is_received_is_hidden_to_the_millisecond() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.send("orders", message("m"));
        for (seconds, from) in [(1, 0), (30, 1), (43_200, 31)] {
            s.at(from);
            let asked = if seconds == 30 { ten() } else { hidden_for(seconds) };
            assert_eq!(s.receive("orders", asked).len(), 1, "the default is the queue's");
            s.at_ms((from + u64::from(seconds)) * 1000 - 1);
            assert_eq!(s.counts("orders"), [0, 1, 0]);
        }
        s.at(31 + 43_200);
        assert_eq!(s.counts("orders"), [1, 0, 0]);
    });
}

#[test]
fn a_timeout_of_0_leaves_the_message_visible() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.send("orders", message("m"));
        assert_eq!(s.receive("orders", hidden_for(0))[0].receive_count(), 1);
        assert_eq!(s.counts("orders"), [1, 0, 0]);
        assert_eq!(s.receive("orders", hidden_for(0))[0].receive_count(), 2);
    });
}

#[test]
fn a_message_received_three_times_waits_behind_the_others() {
    without_restarts(|s| {
        s.create("orders", &[]);
        s.send("orders", message("often"));
        for turn in 0..3 {
            s.at(turn * 10);
            assert_eq!(bodies(&s.receive("orders", hidden_for(10))), ["often"]);
        }
        s.send("orders", message("waits"));
        s.at(30);
        s.send("orders", message("comes later"));
        let order = ["waits", "often", "comes later"];
        assert_eq!(order.map(|_| s.take("orders").body), order);
    });
}

#[test]
fn a_message_delayed_among_others_is_found_when_its_time_comes() {
    in_every_way(|s| {
        s.create("orders", &[]);
        for (body, delay) in [("a", 10), ("b", 0), ("c", 20), ("d", 0)] {
            let delayed = crate::command::Outgoing { delay_seconds: Some(delay), ..message(body) };
            s.send("orders", delayed);
        }
        assert_eq!(s.receive("orders", hidden_for(100)).len(), 2);
        s.at(10);
        assert_eq!(bodies(&s.receive("orders", hidden_for(100))), ["a"]);
        s.at(20);
        assert_eq!(bodies(&s.receive("orders", hidden_for(100))), ["c"]);
    });
}
