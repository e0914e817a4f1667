//! Creating, finding, listing and deleting queues.

use super::super::Settings;
use super::scene::*;
use crate::command::{Command, Reply};
use crate::names::{AccountId, QueueArn, QueueName, Region};
use crate::rejection::Rejection;

fn list(scene: &mut Scene, prefix: &str, after: Option<&str>, max: usize) -> (Vec<String>, bool) {
    let QueueArn { account, region, .. } = arn("any");
    let after = after.map(|name| QueueName::parse(name).unwrap());
    let prefix = prefix.to_owned();
    names(scene.run(Command::ListQueues { account, region, prefix, after, max }).unwrap())
}

fn names(reply: Reply) -> (Vec<String>, bool) {
    let Reply::Queues { queues, more } = reply else { panic!("queues, not {reply:?}") };
    (queues.iter().map(|arn| arn.name.as_str().to_owned()).collect(), more)
}

#[test]
fn a_queue_that_is_there_is_as_good_as_a_new_one() {
    in_every_way(|s| {
        s.create("orders", &[("VisibilityTimeout", "40"), ("DelaySeconds", "1")]);
        s.send("orders", message("kept"));
        s.create("orders", &[]);
        s.create("orders", &[("VisibilityTimeout", "40")]);
        assert_eq!(s.counts("orders"), [0, 0, 1]);
    });
}

#[test]
fn what_is_given_is_compared_with_what_holds_now() {
    in_every_way(|s| {
        s.create("orders", &[("VisibilityTimeout", "40")]);
        s.set("orders", &[("VisibilityTimeout", "50")]).unwrap();
        s.create("orders", &[("VisibilityTimeout", "50")]);
        let refused = s.try_create("orders", &[("VisibilityTimeout", "40"), ("DelaySeconds", "0")]);
        assert_eq!(
            refused.unwrap_err().to_string(),
            "A queue already exists with the same name and a different value for attribute \
             VisibilityTimeout"
        );
        // Tags are not compared.
        let tags = pairs(&[("team", "blue")]);
        s.run(Command::CreateQueue { arn: arn("orders"), attributes: Vec::new(), tags }).unwrap();
    });
}

#[test]
fn a_queue_that_cannot_be_created_is_not() {
    in_every_way(|s| {
        for bad in [
            s.try_create("orders", &[("VisibilityTimeout", "43201")]),
            s.try_create("orders", &[("Nonsense", "1")]),
            s.try_create("orders", &[("RedrivePolicy", &redrive("missing", 3))]),
        ] {
            bad.unwrap_err();
        }
        let bad_tag = pairs(&[("", "no key")]);
        let attributes = Vec::new();
        s.run(Command::CreateQueue { arn: arn("orders"), attributes, tags: bad_tag }).unwrap_err();
        let found = s.run(Command::FindQueue { arn: arn("orders") });
        assert_eq!(found, Err(Rejection::QueueDoesNotExist));
    });
}

#[test]
fn a_name_given_up_is_free_after_60_seconds() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.at(10);
        s.delete_queue("orders");
        s.at_ms(69_999);
        let refused = s.try_create("orders", &[]).unwrap_err();
        assert_eq!(refused, Rejection::QueueDeletedRecently);
        assert_eq!(
            refused.to_string(),
            "You must wait 60 seconds after deleting a queue before you can create another with \
             the same name."
        );
        s.create("another", &[]);
        s.at(70);
        s.create("orders", &[]);
    });
}

#[test]
fn the_cool_down_can_be_none() {
    let settings =
        Settings { delete_cool_down_ms: 0, purge_cool_down_ms: 0, ..Settings::default() };
    play(Way::Replayed, settings, &|s: &mut Scene| {
        for _ in 0..3 {
            s.create("orders", &[]);
            s.purge("orders").unwrap();
            s.purge("orders").unwrap();
            s.delete_queue("orders");
        }
    });
}

#[test]
fn a_queue_created_anew_knows_nothing_of_the_one_before() {
    in_every_way(|s| {
        s.create("orders.fifo", &[("VisibilityTimeout", "40")]);
        s.send("orders.fifo", grouped("one", "g"));
        let taken = s.take("orders.fifo");
        s.send("orders.fifo", grouped("two", "g"));
        s.delete_queue("orders.fifo");
        s.at(60);
        s.create("orders.fifo", &[]);
        assert_eq!(s.counts("orders.fifo"), [0, 0, 0]);
        assert_eq!(s.attribute("orders.fifo", "VisibilityTimeout").unwrap(), "30");
        for refused in [s.delete("orders.fifo", &taken), s.hide("orders.fifo", &taken, 0)] {
            assert_eq!(
                refused.unwrap_err().to_string(),
                "The input receipt handle \"the-handle\" is not a valid receipt handle."
            );
        }
        // Nor does it remember the deduplication id.
        s.send("orders.fifo", grouped("one", "g"));
        assert_eq!(s.counts("orders.fifo"), [1, 0, 0]);
    });
}

#[test]
fn what_is_asked_of_a_missing_queue_is_refused() {
    in_every_way(|s| {
        let missing = || arn("missing");
        for command in [
            Command::FindQueue { arn: missing() },
            Command::DeleteQueue { arn: missing() },
            Command::PurgeQueue { arn: missing() },
            Command::QueueAttributes { arn: missing(), names: Vec::new() },
            Command::SetQueueAttributes {
                arn: missing(),
                attributes: pairs(&[("DelaySeconds", "1")]),
            },
            Command::QueueTags { arn: missing() },
            Command::TagQueue { arn: missing(), tags: pairs(&[("a", "b")]) },
            Command::UntagQueue { arn: missing(), keys: vec!["a".into()] },
            Command::ListDeadLetterSourceQueues { arn: missing(), after: None, max: 1 },
            Command::AddPermission {
                arn: missing(),
                label: "l".into(),
                accounts: vec!["000000000000".into()],
                actions: vec!["*".into()],
            },
            Command::RemovePermission { arn: missing(), label: "l".into() },
            Command::Send { arn: missing(), messages: vec![message("m")] },
            Command::Receive { arn: missing(), request: waiting(20) },
            Command::Delete { arn: missing(), receipts: Vec::new() },
            Command::ChangeVisibility { arn: missing(), changes: Vec::new() },
        ] {
            assert_eq!(s.run(command.clone()), Err(Rejection::QueueDoesNotExist), "{command:?}");
        }
        let text = Rejection::QueueDoesNotExist.to_string();
        assert_eq!(text, "The specified queue does not exist.");
    });
}

#[test]
fn queues_are_listed_by_name_in_pages() {
    in_every_way(|s| {
        for name in ["b", "a-2", "a-1", "a-3", "A-1", "a-1.fifo"] {
            s.create(name, &[]);
        }
        let all = ["A-1", "a-1", "a-1.fifo", "a-2", "a-3", "b"];
        assert_eq!(list(s, "", None, 1000), (all.map(str::to_owned).to_vec(), false));
        assert_eq!(list(s, "a-", None, 2), (vec!["a-1".into(), "a-1.fifo".into()], true));
        let last = (vec!["a-2".into(), "a-3".into()], false);
        assert_eq!(list(s, "a-", Some("a-1.fifo"), 2), last);
        // A page may go on after a queue that is gone by now.
        s.delete_queue("a-2");
        assert_eq!(list(s, "a-", Some("a-2"), 2), (vec!["a-3".into()], false));
        assert_eq!(list(s, "c", None, 2), (Vec::new(), false));
    });
}

#[test]
fn accounts_and_regions_have_their_own_queues() {
    in_every_way(|s| {
        let account = AccountId::parse("000000000001").unwrap();
        let region = Region::parse("us-east-2").unwrap();
        let own = arn("orders");
        let elsewhere = [
            QueueArn { account, ..own.clone() },
            QueueArn { region: region.clone(), ..own.clone() },
            QueueArn { account, region, ..own.clone() },
        ];
        for arn in elsewhere.clone() {
            let (attributes, tags) = (Vec::new(), Vec::new());
            s.run(Command::CreateQueue { arn, attributes, tags }).unwrap();
        }
        assert_eq!(s.run(Command::FindQueue { arn: own }), Err(Rejection::QueueDoesNotExist));
        assert_eq!(list(s, "", None, 10), (Vec::new(), false));
        s.create("orders", &[]);
        s.send("orders", message("mine"));
        for arn in elsewhere {
            let reply = s.run(Command::Receive { arn, request: ten() });
            assert_eq!(reply, Ok(Reply::Received(Vec::new())));
        }
        assert_eq!(list(s, "", None, 10), (vec!["orders".into()], false));
    });
}

#[test]
fn sources_of_a_dead_letter_queue_are_listed_while_they_name_it() {
    in_every_way(|s| {
        let sources = |s: &mut Scene, after: Option<&str>, max| {
            let after = after.map(|name| QueueName::parse(name).unwrap());
            let arn = arn("dead");
            names(s.run(Command::ListDeadLetterSourceQueues { arn, after, max }).unwrap())
        };
        s.create("dead", &[]);
        s.create("other-dead", &[]);
        assert_eq!(sources(s, None, 10), (Vec::new(), false));
        for name in ["c", "a", "b"] {
            s.create(name, &[("RedrivePolicy", &redrive("dead", 3))]);
        }
        s.create("d", &[("RedrivePolicy", &redrive("other-dead", 3))]);
        assert_eq!(sources(s, None, 2), (vec!["a".into(), "b".into()], true));
        assert_eq!(sources(s, Some("b"), 2), (vec!["c".into()], false));
        s.set("a", &[("RedrivePolicy", "")]).unwrap();
        s.set("c", &[("RedrivePolicy", &redrive("other-dead", 3))]).unwrap();
        s.set("b", &[("RedrivePolicy", &redrive("dead", 5))]).unwrap();
        assert_eq!(sources(s, None, 2), (vec!["b".into()], false));
        s.delete_queue("b");
        assert_eq!(sources(s, None, 2), (Vec::new(), false));
    });
}

#[test]
fn deleting_a_queue_ends_the_waits_for_its_messages() {
    in_every_way(|s| {
        s.create("orders", &[]);
        s.create("others", &[]);
        let (here, there) = (s.poll("orders", waiting(20)), s.poll("others", waiting(20)));
        s.delete_queue("orders");
        assert_eq!(s.received(here), Some(Err(Rejection::QueueDoesNotExist)));
        assert_eq!(s.received(there), None);
        s.at(60);
        assert_eq!(s.received(here), None, "one answer only");
    });
}
