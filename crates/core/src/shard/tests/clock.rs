//! Clocks that jump: a shard is told the time, and must live with what it is told.

use super::super::Shard;
use super::scene::*;
use crate::command::{Command, Outgoing, ReceiveRequest};
use crate::time::Timestamp;

const YEAR_MS: u64 = 365 * 24 * 3600 * 1000;

fn scene() -> Scene {
    let mut s = Scene::unchecked();
    s.create("orders", &[]);
    s.create("orders.fifo", &[]);
    s
}

/// The shard's snapshot must always be one that can be read.
fn restored(s: &Scene) -> Shard {
    restore(&s.shard.snapshot()).unwrap()
}

#[test]
fn a_clock_set_back_loses_nothing() {
    let mut s = scene();
    s.set_clock(START + 100_000);
    s.send("orders", message("later"));
    s.send("orders.fifo", grouped("later", "g"));
    let got = s.take("orders");
    s.set_clock(START);
    s.send("orders", message("earlier"));
    s.send("orders.fifo", grouped("earlier", "g"));
    assert_eq!(s.take("orders").body, "earlier");
    assert_eq!(s.counts("orders"), [0, 2, 0]);
    assert_eq!(bodies(&s.receive("orders.fifo", ten())), ["later", "earlier"]);
    s.hide("orders", &got, 43_200).unwrap();
    restored(&s);
    s.at(1_000_000);
    assert_eq!((s.counts("orders"), s.counts("orders.fifo")), ([0, 0, 0], [0, 0, 0]));
}

#[test]
fn attempts_made_on_a_clock_that_goes_back_and_forth_can_be_saved() {
    let mut s = scene();
    s.send("orders.fifo", grouped("m", "g"));
    let attempt =
        ReceiveRequest { attempt: Some(fifo_id("a")), visibility_timeout: Some(0), ..ten() };
    for ms in [5, 6, 5, 6, 5] {
        s.set_clock(START + ms);
        assert_eq!(s.receive("orders.fifo", attempt.clone()).len(), 1);
        restored(&s);
    }
}

#[test]
fn one_send_from_the_future_does_not_keep_all_others_from_being_forgotten() {
    let mut s = scene();
    s.set_clock(START + YEAR_MS);
    s.send("orders.fifo", grouped("ahead", "g"));
    s.set_clock(START);
    let before = s.shard.snapshot().len();
    for i in 0..100 {
        s.send("orders.fifo", grouped(&format!("m{i}"), "g"));
    }
    for _ in 0..101 {
        let got = s.take("orders.fifo");
        s.delete("orders.fifo", &got).unwrap();
    }
    s.at(300);
    let after = s.shard.snapshot().len();
    assert!(after < before + 100, "{before} bytes before, {after} after");
}

#[test]
fn the_end_of_time_is_no_overflow() {
    let mut s = scene();
    let end = Timestamp::from_ms(u64::MAX - 1);
    s.set_clock(end);
    s.send("orders", message("m"));
    s.send("orders", Outgoing { delay_seconds: Some(900), ..message("delayed") });
    s.send("orders.fifo", grouped("m", "g"));
    let got = s.take("orders");
    s.hide("orders", &got, 43_200).unwrap();
    s.poll("orders", waiting(20));
    let attempt = ReceiveRequest { attempt: Some(fifo_id("a")), ..ten() };
    s.receive("orders.fifo", attempt);
    s.set("orders.fifo", &[("DelaySeconds", "900")]).unwrap();
    assert_eq!(s.counts("orders"), [0, 1, 1]);
    restored(&s);
}

#[test]
fn a_machine_that_slept_catches_up() {
    let mut s = scene();
    s.send("orders", Outgoing { delay_seconds: Some(10), ..message("delayed") });
    s.send("orders", message("m"));
    s.take("orders");
    let waits = s.poll("orders", waiting(5));
    s.set_clock(START + 3_600_000);
    let got = s.receive("orders", ten());
    assert_eq!(got.len(), 2);
    assert_eq!(s.received(waits), Some(Ok(Vec::new())), "the wait had ended before they came");
    s.set_clock(START + YEAR_MS);
    s.hand_in(Command::FindQueue { arn: arn("orders") });
    assert_eq!(s.counts("orders"), [0, 0, 0]);
}
