//! DeleteMessage and DeleteMessageBatch.

use super::scene::*;
use crate::command::{Command, Handle};
use crate::receipt::Receipt;
use crate::rejection::Rejection;

const EXPIRED: &str = "Value the-handle for parameter ReceiptHandle is invalid. Reason: The receipt \
                       handle has expired.";

#[test]
fn what_is_deleted_in_flight_is_gone_and_deleting_again_is_fine() {
    in_every_way(|s| {
        for queue in ["orders", "orders.fifo"] {
            s.create(queue, &[]);
            let sent = if queue == "orders" { message("m") } else { grouped("m", "g") };
            s.send(queue, sent);
            let got = s.take(queue);
            s.delete(queue, &got).unwrap();
            assert_eq!(s.counts(queue), [0, 0, 0]);
            s.delete(queue, &got).unwrap();
        }
        s.at(60);
        assert_eq!(s.receive("orders", ten()), []);
        assert_eq!(s.receive("orders.fifo", ten()), []);
    });
}

#[test]
fn a_standard_queue_deletes_by_the_latest_receipt_for_as_long_as_the_message_is_there() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.send("orders", message("m"));
        let got = s.take("orders");
        s.at(1000);
        assert_eq!(s.counts("orders"), [1, 0, 0]);
        s.delete("orders", &got).unwrap();
        assert_eq!(s.counts("orders"), [0, 0, 0]);
    });
}

#[test]
fn a_standard_queue_passes_over_an_older_receipt() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.send("orders", message("m"));
        let older = s.take("orders");
        s.at(30);
        let latest = s.take("orders");
        s.delete("orders", &older).unwrap();
        assert_eq!(s.counts("orders"), [0, 1, 0], "whoever has it now keeps it");
        s.delete("orders", &latest).unwrap();
        assert_eq!(s.counts("orders"), [0, 0, 0]);
    });
}

#[test]
fn a_fifo_queue_refuses_a_receipt_whose_time_is_over() {
    in_every_way(|s| {
        s.create("orders.fifo", &[]);
        s.send("orders.fifo", grouped("m", "g"));
        let older = s.take("orders.fifo");
        s.at_ms(29_999);
        s.hide("orders.fifo", &older, 30).unwrap();
        s.at_ms(59_998);
        assert_eq!(s.counts("orders.fifo"), [0, 1, 0], "extended, it would still be good");
        s.at_ms(59_999);
        assert_eq!(s.delete("orders.fifo", &older).unwrap_err().to_string(), EXPIRED);
        let latest = s.take("orders.fifo");
        assert_eq!(s.delete("orders.fifo", &older).unwrap_err().to_string(), EXPIRED);
        s.delete("orders.fifo", &latest).unwrap();
        // The message is gone: what there was to do is done.
        s.delete("orders.fifo", &older).unwrap();
    });
}

#[test]
fn a_receipt_is_good_for_its_own_queue_only() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.create("others", &[]);
        s.send("orders", message("m"));
        s.send("others", message("m"));
        let got = s.take("orders");
        s.take("others");
        let refused = s.delete("others", &got).unwrap_err();
        assert_eq!(refused, Rejection::ReceiptHandleIsInvalid { handle: "the-handle".into() });
        assert_eq!(
            refused.to_string(),
            "The input receipt handle \"the-handle\" is not a valid receipt handle."
        );
        assert_eq!(s.counts("others"), [0, 1, 0]);
    });
}

#[test]
fn each_entry_of_a_batch_has_its_own_answer() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.send("orders", message("a"));
        s.send("orders", message("b"));
        let got = s.receive("orders", ten());
        let unreadable = Handle { text: "nonsense".into(), receipt: None };
        let receipts = vec![got[0].handle(), unreadable, got[1].handle()];
        let reply = s.run(Command::Delete { arn: arn("orders"), receipts }).unwrap();
        let refused = Rejection::ReceiptHandleIsInvalid { handle: "nonsense".into() };
        assert_eq!(each(reply), [Ok(()), Err(refused), Ok(())]);
        assert_eq!(s.counts("orders"), [0, 0, 0]);
    });
}

#[test]
fn a_receipt_for_a_message_that_never_was_deletes_nothing() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.send("orders", message("m"));
        let got = s.take("orders");
        let Receipt { queue, key, .. } = got.received.receipt;
        for (key, receive_count) in [(key + 1, 1), (u64::MAX, 1), (key, 0), (key, u32::MAX)] {
            let receipt = Some(Receipt { queue, key, receive_count });
            let receipts = vec![Handle { text: "forged".into(), receipt }];
            s.run(Command::Delete { arn: arn("orders"), receipts }).unwrap();
        }
        assert_eq!(s.counts("orders"), [0, 1, 0]);
    });
}

#[test]
fn what_was_handed_to_a_caller_who_had_gone_is_visible_again() {
    in_every_way(|s| {
        s.create("orders.fifo", &[]);
        s.send("orders.fifo", grouped("a", "g"));
        s.send("orders.fifo", grouped("b", "g"));
        let got = s.receive("orders.fifo", ten());
        s.delete("orders.fifo", &got[0]).unwrap();
        let receipts = got.iter().map(|message| message.received.receipt).collect::<Vec<_>>();
        s.hand_in(Command::ReturnMessages { receipts: receipts.clone() });
        let again = s.receive("orders.fifo", ten());
        assert_eq!(bodies(&again), ["b"]);
        // By now somebody else has it.
        s.hand_in(Command::ReturnMessages { receipts });
        assert_eq!(s.counts("orders.fifo"), [0, 1, 0]);
    });
}
