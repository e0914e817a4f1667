//! SendMessage and SendMessageBatch.

use super::scene::*;
use crate::command::Outgoing;
use crate::rejection::Rejection;

#[test]
fn a_message_is_received_as_it_was_sent() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.at(3);
        let grouped = Outgoing { group: Some(fifo_id("tenant")), ..message("hello") };
        let sent = s.send("orders", grouped);
        assert_eq!(sent.body_md5, body_md5("hello"));
        assert_eq!(sent.sequence_number, None);
        s.at(4);
        let got = s.take("orders");
        assert_eq!((got.body.as_str(), got.message_id), ("hello", sent.message_id));
        assert_eq!((got.sent_at, got.body_md5), (START + 3000, sent.body_md5));
        assert_eq!(got.group.as_deref(), Some("tenant"), "a standard queue keeps it, too");
        assert_eq!(got.deduplication, None);
        assert_eq!(got.received.sequence_number, None);
        assert_eq!(got.received.dead_letter_source, None);
    });
}

#[test]
fn a_message_may_be_as_long_as_the_queue_allows() {
    in_every_way(|s| {
        s.create("orders", &[("MaximumMessageSize", "1024")]);
        let weighing = |size| Outgoing { size, ..message("m") };
        s.send("orders", weighing(1024));
        assert_eq!(
            s.try_send("orders", weighing(1025)).unwrap_err().to_string(),
            "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes."
        );
        assert_eq!(s.counts("orders"), [1, 0, 0]);
    });
}

#[test]
fn one_bad_message_of_a_batch_does_not_hold_up_the_others() {
    in_every_way(|s| {
        s.create("orders", &[]);
        let long = Outgoing { size: 1_048_577, ..message("long") };
        let sent = s.try_send_all("orders", vec![message("one"), long, message("two")]).unwrap();
        assert_eq!(sent.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, false, true]);
        assert_eq!(bodies(&s.receive("orders", ten())).len(), 2);
    });
}

#[test]
fn a_standard_queue_takes_no_deduplication_id() {
    in_every_way(|s| {
        s.create("orders", &[]);
        let with_id = Outgoing { deduplication: Some(fifo_id("the-id")), ..message("m") };
        assert_eq!(
            s.try_send("orders", with_id).unwrap_err().to_string(),
            "Value the-id for parameter MessageDeduplicationId is invalid. Reason: The request \
             includes a parameter that is not valid for this queue type."
        );
        assert_eq!(s.counts("orders"), [0, 0, 0]);
    });
}

#[test]
fn a_fifo_queue_wants_a_group_for_every_message_of_the_call() {
    in_every_way(|s| {
        s.create("orders.fifo", &[]);
        let without = Outgoing { group: None, ..grouped("b", "g") };
        let refused = s.try_send_all("orders.fifo", vec![grouped("a", "g"), without]).unwrap_err();
        assert_eq!(refused, Rejection::MissingParameter("MessageGroupId".into()));
        assert_eq!(refused.to_string(), "The request must contain the parameter MessageGroupId.");
        assert_eq!(s.counts("orders.fifo"), [0, 0, 0], "nothing of the call was taken");
    });
}

#[test]
fn a_fifo_queue_wants_to_know_what_a_duplicate_is() {
    in_every_way(|s| {
        s.create("orders.fifo", &[]);
        // A digest is no deduplication id as long as the queue does not go by content.
        let without =
            Outgoing { body_sha256: Some([1; 32]), deduplication: None, ..grouped("b", "g") };
        let call = vec![grouped("a", "g"), without];
        assert_eq!(
            s.try_send_all("orders.fifo", call.clone()).unwrap_err().to_string(),
            "The queue should either have ContentBasedDeduplication enabled or \
             MessageDeduplicationId provided explicitly"
        );
        assert_eq!(s.counts("orders.fifo"), [0, 0, 0], "nothing of the call was taken");
        s.set("orders.fifo", &[("ContentBasedDeduplication", "true")]).unwrap();
        s.try_send_all("orders.fifo", call).unwrap();
        assert_eq!(s.counts("orders.fifo"), [2, 0, 0]);
    });
}

#[test]
fn sequence_numbers_rise_by_message_and_have_20_digits() {
    in_every_way(|s| {
        s.create("orders.fifo", &[]);
        let sent: Vec<u64> = ["a", "b", "c"]
            .map(|body| s.send("orders.fifo", grouped(body, body)).sequence_number.unwrap())
            .to_vec();
        assert!(sent.is_sorted_by(|a, b| a < b), "{sent:?}");
        assert!(sent.iter().all(|number| number.to_string().len() == 20), "{sent:?}");
        let got = s.receive("orders.fifo", ten());
        let received: Vec<u64> = got.iter().map(|m| m.received.sequence_number.unwrap()).collect();
        assert_eq!(received, sent);
    });
}

#[test]
fn a_batch_keeps_its_order_in_a_fifo_queue() {
    in_every_way(|s| {
        s.create("orders.fifo", &[]);
        let names = ["a", "b", "c", "d", "e", "f", "g", "h", "i", "j"];
        let call = names.map(|body| grouped(body, "one-group")).to_vec();
        s.try_send_all("orders.fifo", call).unwrap();
        assert_eq!(bodies(&s.receive("orders.fifo", ten())), names);
    });
}
