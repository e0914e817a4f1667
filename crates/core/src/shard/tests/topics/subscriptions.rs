//! Subscribing: once for each endpoint, with attributes that fit, within limits.

use super::super::super::Settings;
use super::super::calls::arn;
use super::super::scene::{Way, in_every_way, play};
use super::calls::{account, invalid, topic};
use crate::command::{Reply, TopicCommand};
use crate::limits;
use crate::names::Region;
use crate::rejection::{Rejection, TopicRejection};

#[test]
fn an_endpoint_is_subscribed_once() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        let raw = [("RawMessageDelivery", "true")];
        let first = scene.subscribe_queue("stock", "orders", &raw);
        assert_eq!(scene.subscribe_queue("stock", "orders", &[]), first);
        assert_eq!(scene.subscribe_queue("stock", "orders", &raw), first);
        let endpoint = arn("orders").to_string();
        let different =
            scene.try_subscribe("stock", "sqs", &endpoint, &[("RawMessageDelivery", "false")]);
        let text = "Attributes Reason: Subscription already exists with different attributes";
        assert_eq!(different, Err(invalid(text)));
        assert_eq!(scene.subscriptions_of("stock").len(), 1);
        assert_ne!(scene.subscribe_queue("stock", "audit", &[]), first);
    });
}

#[test]
fn a_subscription_tells_what_it_is() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        let subscription = scene.subscribe_queue("stock", "orders", &[]);
        let (text, queue) = (subscription.to_string(), arn("orders").to_string());
        for (name, value) in [
            ("SubscriptionArn", text.as_str()),
            ("TopicArn", "arn:aws:sns:us-east-1:000000000000:stock"),
            ("Protocol", "sqs"),
            ("Endpoint", queue.as_str()),
            ("Owner", "000000000000"),
            ("SubscriptionPrincipal", "arn:aws:iam::000000000000:root"),
            ("PendingConfirmation", "false"),
            ("ConfirmationWasAuthenticated", "true"),
            ("RawMessageDelivery", "false"),
        ] {
            let read = scene.subscription_attribute(&subscription, name);
            assert_eq!(read.as_deref(), Some(value), "{name}");
        }
        scene.set_subscription(&subscription, "RawMessageDelivery", "true").unwrap();
        let raw = scene.subscription_attribute(&subscription, "RawMessageDelivery");
        assert_eq!(raw.as_deref(), Some("true"));
        let refused = scene.set_subscription(&subscription, "RawMessageDelivery", "yes");
        let text = "RawMessageDelivery: Invalid value [yes]. Must be true or false.";
        assert_eq!(refused, Err(invalid(text)));
    });
}

#[test]
fn what_does_not_fit_a_topic_is_refused() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        scene.create_topic("stock.fifo");
        let fifo_queue = arn("orders.fifo").to_string();
        assert_eq!(
            scene.try_subscribe("stock", "sqs", &fifo_queue, &[]),
            Err(invalid(
                "Invalid parameter: Endpoint Reason: FIFO SQS Queues can not be subscribed to \
                 standard SNS topics"
            ))
        );
        let queue_url = "https://sqs.us-east-1.amazonaws.com/000000000000/orders";
        let refused = scene.try_subscribe("stock", "sqs", queue_url, &[]);
        assert_eq!(refused, Err(invalid("SQS endpoint ARN")));
        assert!(scene.try_subscribe("stock.fifo", "https", "https://example.com/", &[]).is_err());
        assert!(scene.try_subscribe("stock.fifo", "sqs", &arn("orders").to_string(), &[]).is_ok());
        let missing = scene.try_subscribe("unknown", "sqs", &fifo_queue, &[]);
        assert_eq!(missing, Err(TopicRejection::no_topic().into()));
        assert_eq!(scene.subscriptions_of("stock"), []);
    });
}

#[test]
fn filter_policies_are_counted() {
    let settings = Settings {
        filter_policies_per_topic: 2,
        filter_policies_per_account: 3,
        ..Settings::default()
    };
    for way in [Way::Straight, Way::Replayed, Way::Restored] {
        play(way, settings, &|scene| {
            scene.create_topic("stock");
            scene.create_topic("other");
            let policy = [("FilterPolicy", r#"{"a":["b"]}"#)];
            let first = scene.subscribe_queue("stock", "q1", &policy);
            let second = scene.subscribe_queue("stock", "q2", &[]);
            scene.set_subscription(&second, "FilterPolicy", policy[0].1).unwrap();
            scene.set_subscription(&second, "FilterPolicy", r#"{"c":["d"]}"#).unwrap();
            let is_full = |result: Result<_, Rejection>| {
                matches!(
                    result,
                    Err(Rejection::Topic(TopicRejection::FilterPolicyLimitExceeded(_)))
                )
            };
            let queue = |name| arn(name).to_string();
            assert!(is_full(scene.try_subscribe("stock", "sqs", &queue("q3"), &policy)));
            scene.subscribe_queue("other", "q1", &policy);
            assert!(is_full(scene.try_subscribe("other", "sqs", &queue("q2"), &policy)));
            scene.unsubscribe(&first, Some("000000000000")).unwrap();
            scene.subscribe_queue("other", "q2", &policy);
        });
    }
}

#[test]
fn a_fifo_topic_has_a_hundred_subscriptions() {
    play(Way::Straight, Settings::default(), &|scene| {
        scene.create_topic("stock.fifo");
        for i in 0..limits::FIFO_TOPIC_SUBSCRIPTIONS_MAX {
            scene.subscribe_queue("stock.fifo", &format!("q{i}.fifo"), &[]);
        }
        let one_more = scene.try_subscribe("stock.fifo", "sqs", &arn("more.fifo").to_string(), &[]);
        assert!(matches!(
            one_more,
            Err(Rejection::Topic(TopicRejection::SubscriptionLimitExceeded(_)))
        ));
    });
}

#[test]
fn large_messages_go_to_queues_only() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        scene.subscribe_queue("stock", "orders", &[]);
        scene.set_topic("stock", "MaximumMessageSize", "1048576").unwrap();
        assert!(scene.try_subscribe("stock", "https", "https://example.com/", &[]).is_err());
        scene.set_topic("stock", "MaximumMessageSize", "262144").unwrap();
        scene.subscribe_endpoint("stock", "https://example.com/", &[]);
        assert!(scene.set_topic("stock", "MaximumMessageSize", "262145").is_err());
    });
}

#[test]
fn subscriptions_are_listed_in_pages() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        scene.create_topic("other");
        let subscriptions = [
            scene.subscribe_queue("stock", "q1", &[]),
            scene.subscribe_queue("other", "q2", &[]),
            scene.subscribe_queue("stock", "q3", &[]),
        ];
        let page = |reply: Reply| match reply {
            Reply::Subscriptions { subscriptions, last } => {
                (subscriptions.into_iter().map(|s| s.arn).collect::<Vec<_>>(), last)
            }
            other => panic!("subscriptions, not {other:?}"),
        };
        let all = |after, max| TopicCommand::ListSubscriptions {
            account: account("000000000000"),
            region: Region::parse("us-east-1").unwrap(),
            after,
            max,
        };
        let (first, last) = page(scene.about_topics(all(None, 2)).unwrap());
        assert_eq!(first, subscriptions[..2]);
        let (second, end) = page(scene.about_topics(all(last, 2)).unwrap());
        assert_eq!((second.as_slice(), end), (&subscriptions[2..], None));
        let of_topic =
            |after, max| TopicCommand::ListSubscriptionsByTopic { arn: topic("stock"), after, max };
        let (first, last) = page(scene.about_topics(of_topic(None, 1)).unwrap());
        assert_eq!(first, subscriptions[..1]);
        let (second, end) = page(scene.about_topics(of_topic(last, 1)).unwrap());
        assert_eq!((second.as_slice(), end), (&subscriptions[2..], None));
    });
}

#[test]
fn an_endpoint_may_subscribe_anew_after_its_end() {
    in_every_way(|scene| {
        scene.create_topic("stock");
        let first = scene.subscribe_endpoint("stock", "https://example.com/", &[]);
        scene.unsubscribe(&first, None).unwrap();
        scene.attempts();
        let raw = [("RawMessageDelivery", "true")];
        let second = scene.subscribe_endpoint("stock", "https://example.com/", &raw);
        assert_ne!(second, first);
        let read = scene.subscription_attribute(&second, "RawMessageDelivery");
        assert_eq!(read.as_deref(), Some("true"));
        assert_eq!(scene.subscriptions_of("stock").len(), 1);
    });
}
