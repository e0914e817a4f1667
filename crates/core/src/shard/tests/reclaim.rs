//! Messages whose records are written again, so that the front of the log can go.

use super::scene::*;
use crate::command::{Command, Effect, Outgoing};

/// Does what the search asked for, until it is over.
fn relocate_all(s: &mut Scene) {
    loop {
        for effect in std::mem::take(&mut s.effects) {
            let Effect::Relocate { messages } = effect else { panic!("not {effect:?}") };
            let read = messages.into_iter().map(|residence| {
                let bytes = s.read(residence.location);
                (residence, Some(bytes))
            });
            let messages = read.collect();
            s.hand_in(Command::Relocate { messages });
        }
        if !s.shard.is_reclaiming() && s.effects.is_empty() {
            return;
        }
        s.now = s.now + 1;
        s.shard.advance(s.now);
        s.hand_in(Command::ReturnMessages { receipts: Vec::new() });
    }
}

fn reclaim(s: &mut Scene) -> u64 {
    let before = s.shard.next_position();
    s.hand_in(Command::Reclaim { before });
    relocate_all(s);
    before
}

#[test]
fn what_is_live_is_written_again_and_nothing_else_about_it_changes() {
    in_every_way(|s| {
        s.create("dead", &[]);
        s.create("orders", &[("RedrivePolicy", &redrive("dead", 1))]);
        s.create("orders.fifo", &[]);
        for i in 0..40 {
            s.send("orders", message(&format!("m{i}")));
            s.send("orders.fifo", grouped(&format!("f{i}"), ["g", "h"][i % 2]));
        }
        s.send("orders", Outgoing { delay_seconds: Some(900), ..message("delayed") });
        let (some, fifo) = (s.receive("orders", ten()), s.receive("orders.fifo", ten()));
        s.delete("orders", &some[0]).unwrap();
        let counts = ["orders", "orders.fifo"].map(|queue| s.counts(queue));
        let before = reclaim(s);
        assert!(s.shard.first_live().unwrap() + SEGMENT_BYTES > before);
        assert_eq!(["orders", "orders.fifo"].map(|queue| s.counts(queue)), counts);
        s.trim();
        // Receipts from before are good still, and so is the order.
        s.delete("orders", &some[1]).unwrap();
        fifo.iter().for_each(|got| s.delete("orders.fifo", got).unwrap());
        let next = s.receive("orders.fifo", ten());
        assert_eq!(
            bodies(&next),
            ["f1", "f3", "f5", "f7", "f9", "f11", "f13", "f15", "f17", "f19"]
        );
        // As is the duplicate.
        s.send("orders.fifo", grouped("f39", "h"));
        assert_eq!(s.counts("orders.fifo").iter().sum::<u64>(), 30);
    });
}

#[test]
fn dead_letters_take_their_records_along() {
    without_restarts(|s| {
        s.create("dead", &[]);
        s.create("orders", &[("RedrivePolicy", &redrive("dead", 1))]);
        s.send("orders", message("m"));
        let live = s.shard.live_bytes();
        s.take("orders");
        s.at(30);
        assert_eq!(s.receive("orders", ten()), []);
        assert_eq!(s.shard.live_bytes(), live, "its record has not moved");
        let before = reclaim(s);
        assert!(s.shard.first_live().unwrap() + SEGMENT_BYTES > before);
        s.trim();
        assert_eq!(s.take("dead").body, "m");
    });
}

#[test]
fn a_message_gone_or_moved_since_it_was_asked_for_is_left_alone() {
    without_restarts(|s| {
        s.create("orders", &[]);
        s.send("orders", message("deleted"));
        s.send("orders", message("stays"));
        let before = s.shard.next_position();
        s.hand_in(Command::Reclaim { before });
        let Some(Effect::Relocate { messages }) = s.effects.pop() else { panic!("a relocation") };
        assert_eq!(messages.len(), 2);
        let read: Vec<_> = messages.into_iter().map(|m| (m, Some(s.read(m.location)))).collect();
        let got = s.take("orders");
        s.delete("orders", &got).unwrap();
        s.hand_in(Command::Relocate { messages: read.clone() });
        let written = s.log_bytes();
        s.hand_in(Command::Relocate { messages: read });
        assert_eq!(s.log_bytes(), written, "moved already: nothing to do");
        assert_eq!(s.counts("orders"), [1, 0, 0]);
    });
}

#[test]
fn a_record_that_cannot_be_read_stays_where_it_is() {
    without_restarts(|s| {
        s.create("orders", &[]);
        s.send("orders", message("m"));
        let first = s.shard.first_live();
        s.hand_in(Command::Reclaim { before: s.shard.next_position() });
        let Some(Effect::Relocate { messages }) = s.effects.pop() else { panic!("a relocation") };
        let damaged = |m: crate::command::Residence| {
            let mut bytes = s.read(m.location);
            bytes[20] ^= 1;
            bytes
        };
        let read = messages.iter().map(|m| (*m, None));
        let flipped = messages.iter().map(|m| (*m, Some(damaged(*m))));
        let messages = read.chain(flipped).collect();
        s.hand_in(Command::Relocate { messages });
        assert_eq!(s.shard.first_live(), first);
        assert_eq!(s.take("orders").body, "m");
    });
}

#[test]
fn positions_follow_what_is_live() {
    in_every_way(|s| {
        s.create("orders", &[]);
        assert_eq!((s.shard.live_bytes(), s.shard.first_live()), (0, None));
        for i in 0..50 {
            s.send("orders", message(&format!("m{i}")));
        }
        let first = s.shard.first_live().unwrap();
        let (live, end) = (s.shard.live_bytes(), s.shard.next_position());
        assert!(first < end && live < end && live >= 50 * 64, "{first} {live} {end}");
        for _ in 0..5 {
            for got in s.receive("orders", ten()) {
                s.delete("orders", &got).unwrap();
            }
        }
        assert_eq!((s.shard.live_bytes(), s.shard.first_live()), (0, None));
    });
}
