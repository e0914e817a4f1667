//! Where policies are enforced, a topic sends only where a queue's policy lets it.

use super::super::calls::{arn, bodies, message, redrive, ten};
use super::super::scene::{START, Scene, Way, play};
use super::calls::{account, text, topic};
use crate::command::{Command, Reply};
use crate::names::QueueArn;
use crate::shard::Settings;
use crate::time::Timestamp;

fn enforced(scenario: impl Fn(&mut Scene)) {
    let settings = Settings { enforces_policies: true, ..Settings::default() };
    for way in [Way::Straight, Way::Late, Way::Replayed, Way::Restored] {
        play(way, settings, &scenario);
    }
}

/// As the developer guide has it: this topic and no other.
fn lets_in(queue: &str, condition: &str) -> String {
    format!(
        r#"{{"Version":"2012-10-17","Statement":[{{"Sid":"s","Effect":"Allow",
            "Principal":{{"Service":"sns.amazonaws.com"}},"Action":"sqs:SendMessage",
            "Resource":"{}","Condition":{condition}}}]}}"#,
        arn(queue)
    )
}

fn from(name: &str) -> String {
    format!(r#"{{"ArnEquals":{{"aws:SourceArn":"{}"}}}}"#, topic(name))
}

fn set_policy(s: &mut Scene, queue: &str, policy: &str) {
    s.set(queue, &[("Policy", policy)]).unwrap();
}

#[test]
fn a_queue_without_a_policy_lets_no_topic_in() {
    enforced(|s| {
        s.create_topic("stock");
        s.create("orders", &[]);
        s.subscribe_queue("stock", "orders", &[]);
        s.publish("stock", text("refused"));
        assert_eq!(s.counts("orders")[0], 0);
        // Nobody else is asked when its owner sends.
        s.send("orders", message("direct"));
        assert_eq!(s.counts("orders")[0], 1);
    });
}

#[test]
fn a_policy_lets_one_topic_in_and_no_other_until_it_changes() {
    enforced(|s| {
        s.create_topic("stock");
        s.create_topic("prices");
        s.create("orders", &[("Policy", &lets_in("orders", &from("stock")))]);
        s.subscribe_queue("stock", "orders", &[]);
        s.subscribe_queue("prices", "orders", &[]);
        for _ in 0..2 {
            s.publish("stock", text("stock"));
            s.publish("prices", text("prices"));
        }
        assert_eq!(bodies(&s.receive("orders", ten())), ["stock", "stock"]);
        set_policy(s, "orders", &lets_in("orders", &from("prices")));
        s.publish("stock", text("stock"));
        s.publish("prices", text("prices"));
        assert_eq!(bodies(&s.receive("orders", ten())), ["prices"]);
        set_policy(s, "orders", "");
        s.publish("prices", text("prices"));
        assert_eq!(s.counts("orders")[0], 0);
    });
}

#[test]
fn a_policy_may_name_the_owner_everyone_or_a_time() {
    let owner = topic("stock").account;
    let until = Timestamp::from_ms(START.as_ms() + 10_000).to_iso8601();
    enforced(|s| {
        s.create_topic("stock");
        for (queue, condition) in [
            ("owner", format!(r#"{{"StringEquals":{{"aws:SourceAccount":"{owner}"}}}}"#)),
            ("other", r#"{"StringEquals":{"aws:SourceAccount":"999999999999"}}"#.to_owned()),
            ("timed", format!(r#"{{"DateLessThan":{{"aws:CurrentTime":"{until}"}}}}"#)),
        ] {
            s.create(queue, &[("Policy", &lets_in(queue, &condition))]);
            s.subscribe_queue("stock", queue, &[]);
        }
        let everyone = lets_in("everyone", &from("stock"))
            .replace(r#"{"Service":"sns.amazonaws.com"}"#, r#"{"AWS":"*"}"#);
        s.create("everyone", &[("Policy", &everyone)]);
        s.subscribe_queue("stock", "everyone", &[]);
        s.publish("stock", text("now"));
        s.at(10);
        s.publish("stock", text("later"));
        let counts = ["owner", "other", "timed", "everyone"].map(|queue| s.counts(queue)[0]);
        assert_eq!(counts, [2, 0, 1, 2]);
    });
}

/// SNS developer guide: a client error, which is not tried again.
#[test]
fn what_a_queue_refuses_goes_to_a_dead_letter_queue_that_lets_the_topic_in() {
    enforced(|s| {
        s.create_topic("stock");
        s.create("orders", &[]);
        s.create("open", &[("Policy", &lets_in("open", &from("stock")))]);
        s.create("closed", &[]);
        let to = |queue: &str| redrive(queue, 1).replace(",\"maxReceiveCount\":1", "");
        let subscription =
            s.subscribe_queue("stock", "orders", &[("RedrivePolicy", to("open").as_str())]);
        s.publish("stock", text("a"));
        s.set_subscription(&subscription, "RedrivePolicy", &to("closed")).unwrap();
        s.publish("stock", text("b"));
        assert_eq!(["orders", "open", "closed"].map(|queue| s.counts(queue)[0]), [0, 1, 0]);
        // Of an endpoint, likewise.
        for (queue, arrived) in [("open", 2), ("closed", 0)] {
            let endpoint = format!("https://{queue}.example.com/");
            s.subscribe_endpoint("stock", &endpoint, &[("RedrivePolicy", to(queue).as_str())]);
            s.publish("stock", text("c"));
            for attempt in s.attempts() {
                s.settle_attempt(&attempt, crate::delivery::AttemptOutcome::Never);
            }
            assert!(s.counts(queue)[0] >= arrived, "{queue}");
        }
        assert_eq!(s.counts("closed")[0], 0);
    });
}

#[test]
fn what_was_let_in_is_received_whatever_the_policy_says_later() {
    enforced(|s| {
        s.create_topic("stock");
        s.create("orders", &[("Policy", &lets_in("orders", &from("stock")))]);
        s.subscribe_queue("stock", "orders", &[]);
        s.publish("stock", text("a"));
        set_policy(s, "orders", "");
        assert_eq!(s.take("orders").body, "a");
    });
}

/// A notice that asks for confirmation is a message of the topic's, too.
#[test]
fn a_queue_of_another_account_gets_no_notice_that_it_does_not_let_in() {
    enforced(|s| {
        s.create_topic("stock");
        for (name, policy, notices) in
            [("closed", None, "0"), ("open", Some(lets_in("open", &from("stock"))), "1")]
        {
            let other = QueueArn { account: account("000000000001"), ..arn(name) };
            let policy =
                policy.map(|text| text.replace(&arn(name).to_string(), &other.to_string()));
            let attributes = policy.map(|text| ("Policy".to_owned(), text)).into_iter().collect();
            let create = Command::CreateQueue { arn: other.clone(), attributes, tags: Vec::new() };
            s.run(create).unwrap();
            let (_, is_pending) = s.try_subscribe("stock", "sqs", &other.to_string(), &[]).unwrap();
            assert!(is_pending);
            let names = vec!["ApproximateNumberOfMessages".to_owned()];
            let count = s.run(Command::QueueAttributes { arn: other, names });
            let expected = vec![("ApproximateNumberOfMessages", notices.to_owned())];
            assert_eq!(count, Ok(Reply::Attributes(expected)), "{name}");
        }
    });
}
