//! ChangeMessageVisibility and its batch.

use super::scene::*;
use crate::command::{Command, Handle, ReceiveRequest};
use crate::rejection::Rejection;

const NOT_AVAILABLE: &str = "Value the-handle for parameter ReceiptHandle is invalid. Reason: \
                             Message does not exist or is not available for visibility timeout \
                             change.";

#[test]
fn a_new_timeout_counts_from_the_call() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.send("orders", message("m"));
        let got = s.take("orders");
        s.at(20);
        s.hide("orders", &got, 60).unwrap();
        s.at_ms(79_999);
        assert_eq!(s.counts("orders"), [0, 1, 0]);
        s.at(80);
        assert_eq!(s.counts("orders"), [1, 0, 0]);
        s.take("orders");
        s.at(110);
        assert_eq!(s.counts("orders"), [1, 0, 0], "it was for that receive only");
    });
}

#[test]
fn a_timeout_of_0_gives_the_message_back() {
    in_every_way(|s| {
        for queue in ["orders", "orders.fifo"] {
            s.create(queue, &[]);
            let sent = if queue == "orders" { message("m") } else { grouped("m", "g") };
            s.send(queue, sent);
            let got = s.take(queue);
            s.hide(queue, &got, 0).unwrap();
            assert_eq!(s.counts(queue), [1, 0, 0]);
            assert_eq!(s.take(queue).receive_count(), 2);
        }
    });
}

#[test]
fn a_standard_queue_hides_a_visible_message_again_for_its_latest_receipt() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.send("orders", message("m"));
        let got = s.take("orders");
        s.at(30);
        assert_eq!(s.counts("orders"), [1, 0, 0]);
        s.hide("orders", &got, 10).unwrap();
        assert_eq!(s.counts("orders"), [0, 1, 0]);
        s.at(40);
        s.hide("orders", &got, 0).unwrap();
        assert_eq!(s.counts("orders"), [1, 0, 0]);
    });
}

#[test]
fn a_fifo_queue_does_not_hide_what_is_visible() {
    in_every_way(|s| {
        s.create("orders.fifo", &[]);
        s.send("orders.fifo", grouped("m", "g"));
        let got = s.take("orders.fifo");
        s.at(30);
        assert_eq!(s.hide("orders.fifo", &got, 10), Err(Rejection::MessageNotInflight));
        assert_eq!(s.counts("orders.fifo"), [1, 0, 0]);
    });
}

#[test]
fn a_stale_receipt_or_a_deleted_message_is_refused() {
    in_every_way(|s| {
        for queue in ["orders", "orders.fifo"] {
            s.create(queue, &[]);
            let sent = if queue == "orders" { message("m") } else { grouped("m", "g") };
            s.send(queue, sent);
            let older = s.receive(queue, ReceiveRequest { visibility_timeout: Some(0), ..one() });
            let latest = s.take(queue);
            assert_eq!(s.hide(queue, &older[0], 60).unwrap_err().to_string(), NOT_AVAILABLE);
            s.delete(queue, &latest).unwrap();
            assert_eq!(s.hide(queue, &latest, 60).unwrap_err().to_string(), NOT_AVAILABLE);
        }
    });
}

#[test]
fn a_message_stays_in_flight_for_12_hours_at_most() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.send("orders", message("m"));
        let got = s.take("orders");
        s.hide("orders", &got, 43_200).unwrap();
        s.at(3600);
        assert_eq!(
            s.hide("orders", &got, 39_601).unwrap_err().to_string(),
            "Value 39601 for parameter VisibilityTimeout is invalid. Reason: Total \
             VisibilityTimeout for the message is beyond the limit [43200 seconds]"
        );
        s.hide("orders", &got, 39_600).unwrap();
        s.at_ms(43_199_999);
        assert_eq!(s.counts("orders"), [0, 1, 0], "what was refused changed nothing");
        s.hide("orders", &got, 1).unwrap();
        s.at_ms(43_200_999);
        assert_eq!(s.counts("orders"), [1, 0, 0]);
        // Hidden again, it would be for longer than 12 hours in all.
        s.hide("orders", &got, 1).unwrap_err();
        // Another receive, another 12 hours.
        let again = s.take("orders");
        s.hide("orders", &again, 43_200).unwrap();
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
        let changes = vec![(got[0].handle(), 0), (unreadable, 0), (got[1].handle(), 43_201)];
        let reply = s.run(Command::ChangeVisibility { arn: arn("orders"), changes }).unwrap();
        let answers = each(reply);
        assert_eq!(answers[0], Ok(()));
        let refused = Rejection::ReceiptHandleIsInvalid { handle: "nonsense".into() };
        assert_eq!(answers[1], Err(refused));
        assert!(matches!(answers[2], Err(Rejection::InvalidParameterValue(_))));
        assert_eq!(s.counts("orders"), [1, 1, 0]);
    });
}
