//! Attributes as they take effect. Their forms are tested beside their code.

use super::scene::*;
use crate::command::{Command, ReceiveRequest, Reply};

#[test]
fn a_queue_tells_its_instants_in_seconds() {
    in_every_way(|s| {
        s.at_ms(1999);
        s.create("orders", &[]);
        s.at_ms(5000);
        s.set("orders", &[("DelaySeconds", "0")]).unwrap();
        assert_eq!(s.attribute("orders", "CreatedTimestamp").unwrap(), "1700000001");
        assert_eq!(s.attribute("orders", "LastModifiedTimestamp").unwrap(), "1700000005");
        assert_eq!(
            s.attribute("orders", "QueueArn").unwrap(),
            "arn:aws:sqs:us-east-1:000000000000:orders"
        );
    });
}

#[test]
fn attributes_are_asked_for_by_name() {
    in_every_way(|s| {
        s.create("orders", &[]);
        let ask = |s: &mut Scene, names: &[&str]| {
            let names = names.iter().map(|name| (*name).to_owned()).collect();
            s.run(Command::QueueAttributes { arn: arn("orders"), names })
        };
        assert_eq!(ask(s, &[]), Ok(Reply::Attributes(Vec::new())));
        let Ok(Reply::Attributes(all)) = ask(s, &["All"]) else { panic!("attributes") };
        assert!(all.iter().all(|(name, _)| *name != "Policy" && *name != "FifoQueue"), "{all:?}");
        assert_eq!(all.len(), 12);
        let unknown = ask(s, &["Colour"]).unwrap_err().to_string();
        assert_eq!(unknown, "Unknown Attribute Colour.");
    });
}

#[test]
fn what_is_refused_changes_nothing() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.at(5);
        s.set("orders", &[("DelaySeconds", "5"), ("VisibilityTimeout", "43201")]).unwrap_err();
        assert_eq!(s.attribute("orders", "DelaySeconds").unwrap(), "0");
        assert_eq!(s.attribute("orders", "LastModifiedTimestamp").unwrap(), "1700000000");
    });
}

#[test]
fn the_visibility_timeout_counts_for_receives_from_then_on() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.send("orders", message("m"));
        s.take("orders");
        s.set("orders", &[("VisibilityTimeout", "5")]).unwrap();
        s.at_ms(29_999);
        assert_eq!(s.counts("orders"), [0, 1, 0], "the receive came before");
        s.at(30);
        s.take("orders");
        s.at_ms(34_999);
        assert_eq!(s.counts("orders"), [0, 1, 0]);
        s.at(35);
        assert_eq!(s.counts("orders"), [1, 0, 0]);
    });
}

#[test]
fn the_maximum_size_counts_for_sends_from_then_on() {
    in_every_way(|s| {
        s.create("orders", &[]);
        let long = "x".repeat(1025);
        s.send("orders", message(&long));
        s.set("orders", &[("MaximumMessageSize", "1024")]).unwrap();
        s.try_send("orders", message(&long)).unwrap_err();
        assert_eq!(s.counts("orders"), [1, 0, 0]);
    });
}

#[test]
fn the_wait_time_counts_for_receives_that_do_not_say() {
    in_every_way(|s| {
        s.create("orders", &[("ReceiveMessageWaitTimeSeconds", "3")]);
        let request = ReceiveRequest { wait_seconds: Some(0), ..one() };
        assert_eq!(s.receive("orders", request), [], "an explicit 0 does not wait");
        let waits = s.poll("orders", one());
        s.at_ms(2999);
        assert_eq!(s.received(waits), None);
        s.at(3);
        assert_eq!(s.received(waits), Some(Ok(Vec::new())));
    });
}

#[test]
fn a_redrive_policy_needs_a_willing_target_of_the_same_kind() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.create("dead.fifo", &[]);
        s.create("closed", &[("RedriveAllowPolicy", r#"{"redrivePermission":"denyAll"}"#)]);
        for (target, reason) in [
            ("missing", "Dead letter target does not exist."),
            ("dead.fifo", "Dead-letter queue must be same type of queue as the source.."),
            ("closed", "Dead-letter target does not allow the source to use it."),
        ] {
            let policy = redrive(target, 3);
            let refused = s.set("orders", &[("RedrivePolicy", &policy)]).unwrap_err().to_string();
            let expected =
                format!("Value {policy} for parameter RedrivePolicy is invalid. Reason: {reason}");
            assert_eq!(refused, expected);
        }
        // Looked at only when a source sets its policy: a target may close later.
        s.create("dead", &[]);
        s.set("orders", &[("RedrivePolicy", &redrive("dead", 3))]).unwrap();
        s.set("dead", &[("RedriveAllowPolicy", r#"{"redrivePermission":"denyAll"}"#)]).unwrap();
        s.set("orders", &[("DelaySeconds", "1")]).unwrap();
        // A queue may name itself.
        s.create("own", &[("RedrivePolicy", &redrive("own", 3))]);
    });
}
