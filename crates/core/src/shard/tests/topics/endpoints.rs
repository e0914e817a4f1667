//! Endpoints: attempts, retries, pace, and what becomes of what they do not take.

use super::super::calls::{bodies, redrive, ten};
use super::super::scene::{START, Scene, in_every_way, without_restarts};
use super::calls::text;
use crate::delivery::{Attempt, AttemptOutcome, Fate};
use crate::limits;

const ENDPOINT: &str = "https://example.com/stock";

/// Three retries at once, then two a second apart.
const POLICY: &str = r#"{"healthyRetryPolicy":{"numRetries":5,"numNoDelayRetries":3,
    "numMinDelayRetries":2,"minDelayTarget":1,"maxDelayTarget":1,"numMaxDelayRetries":0}}"#;

#[test]
fn a_message_is_delivered_once() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        scene.subscribe_endpoint("stock", ENDPOINT, &[]);
        scene.publish("stock", text("1"));
        let attempt = scene.attempt().unwrap();
        assert_eq!(attempt.enqueued_at, START);
        assert_eq!(scene.settle_attempt(&attempt, AttemptOutcome::Delivered), Fate::Delivered);
        assert_eq!(scene.settle_attempt(&attempt, AttemptOutcome::TryLater), Fate::Stale);
        scene.at(7200);
        assert_eq!(scene.attempt(), None);
        assert_eq!(scene.shard.live_bytes(), 0);
    });
}

#[test]
fn failures_are_retried_as_the_policy_says_and_then_given_up() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        scene.create("dead", &[]);
        let dead = redrive("dead", 1).replace(",\"maxReceiveCount\":1", "");
        let attributes = [("DeliveryPolicy", POLICY), ("RedrivePolicy", dead.as_str())];
        scene.subscribe_endpoint("stock", ENDPOINT, &attributes);
        let published = scene.publish("stock", text("stubborn"));
        for retry in 0..3 {
            let attempt = scene.attempt().unwrap();
            assert_eq!(attempt.receipt.receive_count, retry + 1);
            let fate = scene.settle_attempt(&attempt, AttemptOutcome::TryLater);
            assert_eq!(fate, Fate::Retried { at: START });
        }
        let mut now = 0;
        for _ in 0..2 {
            let attempt = scene.attempt().unwrap();
            let fate = scene.settle_attempt(&attempt, AttemptOutcome::TryLater);
            let Fate::Retried { at } = fate else { panic!("a retry, not {fate:?}") };
            let delay = (at - START) - now;
            assert!((1000..=1100).contains(&delay), "{delay} ms");
            assert_eq!(scene.attempt(), None);
            now += delay;
            scene.at_ms(now);
        }
        let attempt = scene.attempt().unwrap();
        let fate = scene.settle_attempt(&attempt, AttemptOutcome::TryLater);
        assert_eq!(fate, Fate::DeadLettered);
        let got = scene.take("dead");
        assert_eq!((got.message_id, got.receive_count()), (published.message_id, 1));
        assert_eq!(got.received.delivery.as_ref().unwrap().protocol.as_str(), "https");
        assert_eq!(got.received.dead_letter_source, None);
    });
}

#[test]
fn what_will_never_be_taken_is_not_tried_again() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        scene.create("dead", &[]);
        let arn = scene.subscribe_endpoint("stock", ENDPOINT, &[]);
        scene.publish("stock", text("1"));
        let attempt = scene.attempt().unwrap();
        assert_eq!(scene.settle_attempt(&attempt, AttemptOutcome::Never), Fate::Dropped);
        let dead = redrive("dead", 1).replace(",\"maxReceiveCount\":1", "");
        scene.set_subscription(&arn, "RedrivePolicy", &dead).unwrap();
        scene.publish("stock", text("2"));
        let attempt = scene.attempt().unwrap();
        assert_eq!(scene.settle_attempt(&attempt, AttemptOutcome::Never), Fate::DeadLettered);
        assert_eq!(bodies(&scene.receive("dead", ten())), ["2"]);
    });
}

#[test]
fn an_attempt_that_nobody_settles_is_made_again() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        scene.subscribe_endpoint("stock", ENDPOINT, &[]);
        scene.publish("stock", text("1"));
        let first = scene.attempt().unwrap();
        scene.at(limits::ATTEMPT_SECONDS_MAX - 1);
        assert_eq!(scene.attempt(), None);
        scene.at(limits::ATTEMPT_SECONDS_MAX);
        let second = scene.attempt().unwrap();
        assert_eq!(second.receipt.receive_count, 2);
        assert_eq!(scene.settle_attempt(&first, AttemptOutcome::Never), Fate::Stale);
        assert_eq!(scene.settle_attempt(&second, AttemptOutcome::Delivered), Fate::Delivered);
    });
}

/// Whoever has no time for an attempt, or cannot open the message, takes no retry from it.
#[test]
fn an_attempt_that_was_not_begun_does_not_count() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        scene.subscribe_endpoint("stock", ENDPOINT, &[("DeliveryPolicy", POLICY)]);
        scene.publish("stock", text("1"));
        for second in 0..20 {
            scene.at(second);
            let attempt = scene.attempt().unwrap();
            assert_eq!(attempt.receipt.receive_count, 1);
            let outcome = AttemptOutcome::NotBegun { pause_ms: 0 };
            let fate = scene.settle_attempt(&attempt, outcome);
            assert_eq!(fate, Fate::Retried { at: START.plus_seconds(second) });
        }
        // All retries are left.
        for failed in 0..5 {
            let attempt = scene.attempt().unwrap();
            assert_eq!(attempt.receipt.receive_count, failed + 1);
            let fate = scene.settle_attempt(&attempt, AttemptOutcome::TryLater);
            let Fate::Retried { at } = fate else { panic!("a retry, not {fate:?}") };
            scene.at_ms(at - START);
        }
    });
}

#[test]
fn nothing_is_begun_in_a_pause() {
    without_restarts(|scene| {
        scene.create_topic("stock");
        scene.subscribe_endpoint("stock", ENDPOINT, &[]);
        scene.publish("stock", text("1"));
        scene.publish("stock", text("2"));
        for attempt in scene.attempts() {
            scene.settle_attempt(&attempt, AttemptOutcome::NotBegun { pause_ms: 1000 });
        }
        scene.at_ms(999);
        assert_eq!(scene.attempt(), None);
        scene.at_ms(1000);
        assert_eq!(scene.attempts().len(), 2);
    });
}

#[test]
fn attempts_say_whether_only_the_owner_may_end_the_subscription() {
    without_restarts(|scene| {
        scene.create_topic("stock");
        scene.subscribe_endpoint("stock", ENDPOINT, &[]);
        let (_, is_pending) = scene.try_subscribe("stock", "email", "a@example.org", &[]).unwrap();
        assert!(is_pending);
        let question = scene.attempt().unwrap();
        let token = scene.token_of(&question);
        scene.confirm("stock", &token, true).unwrap();
        scene.settle_attempt(&question, AttemptOutcome::Delivered);
        scene.at(1);
        scene.publish("stock", text("1"));
        let attempts = scene.attempts();
        let said = |attempt: &Attempt| (&*attempt.endpoint == ENDPOINT, attempt.only_owner_ends);
        let said: Vec<_> = attempts.iter().map(said).collect();
        assert!(said.contains(&(true, false)) && said.contains(&(false, true)), "{said:?}");
    });
}

#[test]
fn one_endpoint_holds_up_no_other() {
    without_restarts(|scene| {
        scene.create_topic("stock");
        scene.create("queue", &[]);
        scene.subscribe_queue("stock", "queue", &[]);
        scene.subscribe_endpoint("stock", "https://hangs.example.com/", &[]);
        scene.subscribe_endpoint("stock", "https://fails.example.com/", &[]);
        scene.subscribe_endpoint("stock", "https://works.example.com/", &[]);
        let mut delivered = [0; 3];
        for i in 0..100 {
            scene.publish("stock", text(&i.to_string()));
            for attempt in scene.attempts() {
                match attempt.endpoint.as_ref() {
                    "https://hangs.example.com/" => delivered[0] += 1,
                    "https://fails.example.com/" => {
                        delivered[1] += 1;
                        scene.settle_attempt(&attempt, AttemptOutcome::TryLater);
                    }
                    _ => {
                        delivered[2] += 1;
                        scene.settle_attempt(&attempt, AttemptOutcome::Delivered);
                    }
                }
            }
        }
        // One hangs with all attempts that it may have; one fails and has one attempt at a time, of
        // each message in turn, until it has failed too often to be tried again at once; one has all.
        let quick = limits::QUICK_FAILURES_MAX as usize + 1;
        assert_eq!(delivered, [limits::ATTEMPTS_PER_ENDPOINT_MAX, quick, 100]);
        scene.at_ms(limits::FAILING_ENDPOINT_PAUSE_MS - 1);
        assert_eq!(scene.attempt(), None);
        scene.at_ms(limits::FAILING_ENDPOINT_PAUSE_MS);
        let attempt = scene.attempt().unwrap();
        assert_eq!(attempt.endpoint.as_ref(), "https://fails.example.com/");
        scene.settle_attempt(&attempt, AttemptOutcome::Delivered);
        assert_eq!(scene.attempts().len(), limits::ATTEMPTS_PER_ENDPOINT_MAX);
        assert_eq!(scene.counts("queue"), [100, 0, 0]);
    });
}

#[test]
fn an_endpoint_gets_no_more_a_second_than_it_wants() {
    without_restarts(|scene| {
        scene.create_topic("stock");
        let policy = r#"{"throttlePolicy":{"maxReceivesPerSecond":4}}"#;
        scene.subscribe_endpoint("stock", ENDPOINT, &[("DeliveryPolicy", policy)]);
        scene.at(1);
        for i in 0..10 {
            scene.publish("stock", text(&i.to_string()));
        }
        let mut begun = Vec::new();
        for quarter in 4..20 {
            scene.at_ms(quarter * 250);
            begun.push(scene.attempts().len());
        }
        assert_eq!(begun.iter().sum::<usize>(), 10);
        assert!(begun[..10].iter().all(|count| *count == 1), "{begun:?}");
    });
}

#[test]
fn a_pace_is_kept_to_whatever_it_is() {
    for pace in [3, 333, 750, 2000] {
        let mut scene = Scene::unchecked();
        scene.create_topic("stock");
        let policy = format!(r#"{{"throttlePolicy":{{"maxReceivesPerSecond":{pace}}}}}"#);
        scene.subscribe_endpoint("stock", ENDPOINT, &[("DeliveryPolicy", &policy)]);
        scene.at(1);
        for i in 0..pace + 10 {
            scene.publish("stock", text(&i.to_string()));
        }
        let mut count = 0;
        for ms in 1000..2000 {
            scene.at_ms(ms);
            for attempt in scene.attempts() {
                scene.settle_attempt(&attempt, AttemptOutcome::Delivered);
                count += 1;
            }
        }
        assert_eq!(count, pace);
    }
}

#[test]
fn mailboxes_are_asked_first_and_then_get_ten_messages_a_second() {
    for protocol in ["email", "email-json"] {
        without_restarts(|scene| {
            scene.create_topic("stock");
            scene.set_topic("stock", "DisplayName", "Hotel").unwrap();
            let (_, is_pending) =
                scene.try_subscribe("stock", protocol, "guest@example.org", &[]).unwrap();
            assert!(is_pending);
            scene.publish("stock", text("too early"));
            let asked = scene.attempt().unwrap();
            assert_eq!(scene.attempt(), None);
            scene.confirm("stock", &scene.token_of(&asked), false).unwrap();
            assert_eq!(scene.settle_attempt(&asked, AttemptOutcome::Delivered), Fate::Delivered);
            for i in 0..25 {
                scene.publish("stock", text(&i.to_string()));
            }
            let mut counts = Vec::new();
            for second in 0..3 {
                let mut count = 0;
                for ms in (second * 1000..(second + 1) * 1000).step_by(50) {
                    scene.at_ms(ms);
                    for attempt in scene.attempts() {
                        assert_eq!(attempt.delivery.protocol.as_str(), protocol);
                        assert_eq!(
                            (&*attempt.sender_name, &*attempt.endpoint),
                            ("Hotel", "guest@example.org")
                        );
                        scene.settle_attempt(&attempt, AttemptOutcome::Delivered);
                        count += 1;
                    }
                }
                counts.push(count);
            }
            // The question was one of the first second.
            assert_eq!(counts, [9, 10, 6]);
        });
    }
}

#[test]
fn a_mail_is_tried_for_six_hours() {
    without_restarts(|scene| {
        scene.create_topic("stock");
        scene.try_subscribe("stock", "email", "guest@example.org", &[]).unwrap();
        let mut now = 0;
        for attempt in 1..=50 {
            let asked = scene.attempt().unwrap();
            assert_eq!(asked.receipt.receive_count, attempt);
            let fate = scene.settle_attempt(&asked, AttemptOutcome::TryLater);
            let Fate::Retried { at } = fate else { panic!("{attempt}: {fate:?}") };
            let delay = (at - START) - now;
            assert!(attempt > 3 || (10_000..=11_000).contains(&delay), "{attempt}: {delay} ms");
            now += delay;
            scene.at_ms(now);
        }
        let last = scene.attempt().unwrap();
        assert_eq!(scene.settle_attempt(&last, AttemptOutcome::TryLater), Fate::Dropped);
        assert!((6 * 3_600_000..8 * 3_600_000).contains(&now), "{now} ms");
    });
}

#[test]
fn no_attempt_begins_while_deliveries_are_held() {
    let mut scene = Scene::unchecked();
    scene.create_topic("stock");
    scene.subscribe_endpoint("stock", ENDPOINT, &[]);
    scene.shard.hold_deliveries(true);
    scene.publish("stock", text("1"));
    assert_eq!(scene.attempt(), None);
    scene.at(100);
    assert_eq!(scene.attempt(), None);
    scene.shard.hold_deliveries(false);
    scene.at_ms(100_001);
    let attempt = scene.attempt().unwrap();
    assert_eq!(attempt.receipt.receive_count, 1);
    assert_eq!(scene.settle_attempt(&attempt, AttemptOutcome::Delivered), Fate::Delivered);
}

#[test]
fn retries_survive_a_restart() {
    without_restarts(|scene| {
        scene.create_topic("stock");
        scene.subscribe_endpoint("stock", ENDPOINT, &[("DeliveryPolicy", POLICY)]);
        scene.publish("stock", text("1"));
        for _ in 0..4 {
            let attempt = scene.attempt().unwrap();
            scene.settle_attempt(&attempt, AttemptOutcome::TryLater);
        }
        scene.restart();
        assert_eq!(scene.attempt(), None, "its time has not come");
        scene.at(2);
        let attempt = scene.attempt().unwrap();
        assert_eq!(attempt.receipt.receive_count, 5);
        scene.restart();
        assert_eq!(scene.settle_attempt(&attempt, AttemptOutcome::Delivered), Fate::Delivered);
    });
}

#[test]
fn an_attempt_that_the_end_of_the_process_cut_off_is_made_again_at_once() {
    without_restarts(|scene| {
        scene.create_topic("stock");
        scene.subscribe_endpoint("stock", ENDPOINT, &[("DeliveryPolicy", POLICY)]);
        scene.publish("stock", text("waits for its next attempt"));
        for _ in 0..4 {
            let attempt = scene.attempt().unwrap();
            scene.settle_attempt(&attempt, AttemptOutcome::TryLater);
        }
        scene.publish("stock", text("under way"));
        let attempt = scene.attempt().unwrap();
        assert_eq!(scene.message_of(&attempt), "under way");
        scene.restart();
        assert_eq!(scene.attempt(), None, "perhaps whoever makes it is still there");
        scene.shard.retry_interrupted();
        scene.at_ms(1);
        let again = scene.attempt().unwrap();
        assert_eq!((again.receipt.key, again.receipt.receive_count), (attempt.receipt.key, 2));
        assert_eq!(scene.attempt(), None);
        assert_eq!(scene.settle_attempt(&attempt, AttemptOutcome::Delivered), Fate::Stale);
        assert_eq!(scene.settle_attempt(&again, AttemptOutcome::Delivered), Fate::Delivered);
        scene.at(2);
        assert_eq!(scene.attempts().len(), 1, "the other one, in its time");
    });
}

#[test]
fn an_endpoint_that_fails_is_told_of_its_end_and_may_come_back() {
    without_restarts(|scene| {
        scene.create_topic("stock");
        let arn = scene.subscribe_endpoint("stock", ENDPOINT, &[]);
        scene.publish("stock", text("1"));
        let attempt = scene.attempt().unwrap();
        scene.settle_attempt(&attempt, AttemptOutcome::TryLater);
        scene.at(22);
        let under_way = scene.attempt().unwrap();
        scene.unsubscribe(&arn, None).unwrap();
        let farewell = scene.attempt().expect("what was under way is in nobody's way");
        let token = scene.token_of(&farewell);
        assert_eq!(scene.settle_attempt(&farewell, AttemptOutcome::Delivered), Fate::Delivered);
        assert_eq!(scene.settle_attempt(&under_way, AttemptOutcome::TryLater), Fate::Stale);
        scene.confirm("stock", &token, false).unwrap();
        scene.publish("stock", text("2"));
        let attempt = scene.attempt().unwrap();
        assert_eq!(scene.message_of(&attempt), "2");
    });
}
