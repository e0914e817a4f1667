//! DelaySeconds, of queues and of messages.

use super::scene::*;
use crate::command::Outgoing;

fn delayed(body: &str, seconds: u32) -> Outgoing {
    Outgoing { delay_seconds: Some(seconds), ..message(body) }
}

#[test]
fn a_message_waits_for_its_delay_to_the_millisecond() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.send("orders", delayed("m", 900));
        assert_eq!(s.counts("orders"), [0, 0, 1]);
        s.at_ms(899_999);
        assert_eq!(s.counts("orders"), [0, 0, 1]);
        assert_eq!(s.receive("orders", ten()), []);
        s.at(900);
        assert_eq!(s.counts("orders"), [1, 0, 0]);
        assert_eq!(s.take("orders").receive_count(), 1);
    });
}

#[test]
fn a_message_without_a_delay_has_the_queues() {
    in_every_way(|s| {
        s.create("orders", &[("DelaySeconds", "10")]);
        s.send("orders", delayed("now", 0));
        s.send("orders", message("later"));
        assert_eq!(s.counts("orders"), [1, 0, 1]);
        assert_eq!(bodies(&s.receive("orders", ten())), ["now"]);
        s.at(10);
        assert_eq!(bodies(&s.receive("orders", ten())), ["later"]);
    });
}

#[test]
fn a_new_delay_of_a_standard_queue_is_for_new_messages() {
    in_every_way(|s| {
        s.create("orders", &[("DelaySeconds", "10")]);
        s.send("orders", message("before"));
        s.set("orders", &[("DelaySeconds", "100")]).unwrap();
        s.send("orders", message("after"));
        s.at(10);
        assert_eq!(bodies(&s.receive("orders", ten())), ["before"]);
        s.at_ms(99_999);
        assert_eq!(s.counts("orders"), [1, 0, 1]);
    });
}

#[test]
fn a_fifo_queue_delays_by_itself_only() {
    in_every_way(|s| {
        s.create("orders.fifo", &[("DelaySeconds", "10")]);
        let zero = Outgoing { delay_seconds: Some(0), ..grouped("zero", "g") };
        s.send("orders.fifo", zero);
        let five = Outgoing { delay_seconds: Some(5), ..grouped("five", "g") };
        assert_eq!(
            s.try_send("orders.fifo", five).unwrap_err().to_string(),
            "Value 5 for parameter DelaySeconds is invalid. Reason: The request include parameter \
             that is not valid for this queue type."
        );
        assert_eq!(s.counts("orders.fifo"), [0, 0, 1], "0 is accepted and changes nothing");
        s.at_ms(9999);
        assert_eq!(s.receive("orders.fifo", ten()), []);
        s.at(10);
        assert_eq!(bodies(&s.receive("orders.fifo", ten())), ["zero"]);
    });
}

#[test]
fn a_new_delay_of_a_fifo_queue_is_for_all_that_wait() {
    in_every_way(|s| {
        s.create("orders.fifo", &[("DelaySeconds", "100")]);
        s.send("orders.fifo", grouped("old", "g"));
        s.at(20);
        s.send("orders.fifo", grouped("new", "g"));
        s.set("orders.fifo", &[("DelaySeconds", "30")]).unwrap();
        s.at_ms(29_999);
        assert_eq!(s.counts("orders.fifo"), [0, 0, 2]);
        s.at(30);
        assert_eq!(s.counts("orders.fifo"), [1, 0, 1]);
        s.set("orders.fifo", &[("DelaySeconds", "0")]).unwrap();
        assert_eq!(bodies(&s.receive("orders.fifo", ten())), ["old", "new"]);
        // What has been received already is not delayed any more.
        s.set("orders.fifo", &[("DelaySeconds", "900")]).unwrap();
        s.at(60);
        assert_eq!(s.counts("orders.fifo"), [2, 0, 0]);
    });
}

#[test]
fn a_shorter_delay_lets_those_who_wait_have_the_message() {
    in_every_way(|s| {
        s.create("orders.fifo", &[("DelaySeconds", "100")]);
        s.send("orders.fifo", grouped("m", "g"));
        let waits = s.poll("orders.fifo", waiting(20));
        s.set("orders.fifo", &[("DelaySeconds", "0")]).unwrap();
        assert_eq!(bodies(&s.received(waits).unwrap().unwrap()), ["m"]);
    });
}
