//! PurgeQueue.

use super::scene::*;
use crate::command::{Outgoing, ReceiveRequest};
use crate::rejection::Rejection;

#[test]
fn a_purge_takes_every_message_in_any_state() {
    in_every_way(|s| {
        for queue in ["orders", "orders.fifo"] {
            s.create(queue, &[]);
            let sent = |body| if queue == "orders" { message(body) } else { grouped(body, body) };
            s.send(queue, sent("in-flight"));
            let got = s.take(queue);
            s.send(queue, sent("visible"));
            if queue == "orders" {
                s.send(queue, Outgoing { delay_seconds: Some(10), ..sent("delayed") });
            }
            s.purge(queue).unwrap();
            assert_eq!(s.counts(queue), [0, 0, 0]);
            s.delete(queue, &got).unwrap();
            s.hide(queue, &got, 10).unwrap_err();
        }
        s.at(100);
        assert_eq!(s.receive("orders", ten()), []);
        assert_eq!(s.shard.live_bytes(), 0);
    });
}

#[test]
fn a_queue_is_purged_once_a_minute() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.create("others", &[]);
        s.purge("orders").unwrap();
        s.purge("others").unwrap();
        s.send("orders", message("m"));
        s.at_ms(59_999);
        let refused = s.purge("orders").unwrap_err();
        assert_eq!(refused, Rejection::PurgeQueueInProgress { queue: "orders".into() });
        assert_eq!(
            refused.to_string(),
            "Only one PurgeQueue operation on orders is allowed every 60 seconds."
        );
        assert_eq!(s.counts("orders"), [1, 0, 0]);
        s.at(60);
        s.purge("orders").unwrap();
        assert_eq!(s.counts("orders"), [0, 0, 0]);
    });
}

#[test]
fn what_comes_after_a_purge_stays() {
    in_every_way(|s| {
        s.create("orders.fifo", &[]);
        let before = s.send("orders.fifo", grouped("1", "g")).sequence_number;
        s.take("orders.fifo");
        s.purge("orders.fifo").unwrap();
        let after = s.send("orders.fifo", grouped("2", "g")).sequence_number;
        assert!(after > before);
        let got = s.receive("orders.fifo", ReceiveRequest { max_messages: 1, ..one() });
        assert_eq!(bodies(&got), ["2"], "the group is free");
    });
}

/// As observed of AWS: what was purged need not be recognised again.
#[test]
fn a_purge_resets_deduplication() {
    in_every_way(|s| {
        s.create("orders.fifo", &[]);
        let first = s.send("orders.fifo", grouped("same-id", "g"));
        s.purge("orders.fifo").unwrap();
        let second = s.send("orders.fifo", grouped("same-id", "g"));
        assert_ne!(first.message_id, second.message_id);
        assert_eq!(s.take("orders.fifo").message_id, second.message_id);
    });
}
