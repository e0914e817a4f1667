//! ListQueues.

use serde_json::{Value, json};
use tidings_core::command::Command;
use tidings_core::names::QueueArn;
use tokio::task::JoinSet;

use crate::harness::{Protocol, Service, Sqs, in_both_protocols};

/// The names on a page, and the token of the next.
async fn page(sqs: &mut Sqs, input: Value) -> (Vec<String>, Option<String>) {
    let output = sqs.ok("ListQueues", input).await;
    let urls =
        output.get("QueueUrls").map_or_else(Vec::new, |urls| urls.as_array().unwrap().clone());
    assert!(output.get("QueueUrls").is_none() || !urls.is_empty(), "no URLs are no member");
    let prefix = sqs.url("");
    let names = urls.iter().map(|url| url.as_str().unwrap().strip_prefix(&prefix).unwrap().into());
    (names.collect(), output.get("NextToken").map(|token| token.as_str().unwrap().into()))
}

#[tokio::test]
async fn queues_are_listed_by_prefix() {
    in_both_protocols(async |sqs| {
        assert_eq!(sqs.ok("ListQueues", json!({})).await, json!({}));
        for name in ["orders", "orders-dead", "Orders", "other"] {
            sqs.queue(name, json!({})).await;
        }
        sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        for (prefix, names) in [
            ("", vec!["Orders", "orders", "orders-dead", "orders.fifo", "other"]),
            ("o", vec!["orders", "orders-dead", "orders.fifo", "other"]),
            ("orders", vec!["orders", "orders-dead", "orders.fifo"]),
            ("orders-", vec!["orders-dead"]),
            ("orders.", vec!["orders.fifo"]),
            ("O", vec!["Orders"]),
            ("rders", vec![]),
            ("orders-dead-", vec![]),
        ] {
            let (mut listed, token) = page(sqs, json!({ "QueueNamePrefix": prefix })).await;
            listed.sort();
            assert_eq!(
                (listed, token),
                (names.iter().map(|&n| n.into()).collect(), None),
                "{prefix}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn pages_follow_one_another_without_gaps_or_repeats() {
    in_both_protocols(async |sqs| {
        let names: Vec<String> = (0..7).map(|i| format!("q{i}")).collect();
        for name in &names {
            sqs.queue(name, json!({})).await;
        }
        sqs.queue("z", json!({})).await;
        for max in [1, 2, 3, 6, 7, 8, 1000] {
            let mut listed = Vec::new();
            let mut token = None;
            loop {
                let input =
                    json!({ "QueueNamePrefix": "q", "MaxResults": max, "NextToken": token });
                let (names, next) = page(sqs, input).await;
                assert!(names.len() <= max && !names.is_empty());
                assert!(next.is_none() || names.len() == max);
                listed.extend(names);
                token = next;
                if token.is_none() {
                    break;
                }
            }
            listed.sort();
            assert_eq!(listed, names, "pages of {max}");
        }
        // Only with MaxResults is there a token.
        let (listed, token) = page(sqs, json!({})).await;
        assert_eq!((listed.len(), token), (8, None));
    })
    .await;
}

#[tokio::test]
async fn a_page_is_found_again_when_its_queue_has_gone() {
    in_both_protocols(async |sqs| {
        for name in ["a", "b", "c", "d"] {
            sqs.queue(name, json!({})).await;
        }
        let (_, token) = page(sqs, json!({ "MaxResults": 2 })).await;
        sqs.ok("DeleteQueue", json!({ "QueueUrl": sqs.url("b") })).await;
        sqs.queue("bb", json!({})).await;
        let (rest, token) = page(sqs, json!({ "MaxResults": 10, "NextToken": token })).await;
        assert!(rest.ends_with(&["c".to_owned(), "d".to_owned()]), "{rest:?}");
        assert_eq!(token, None);
    })
    .await;
}

#[tokio::test]
async fn a_page_has_1_to_1000_queues() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        for max in [1, 1000] {
            let (names, token) = page(sqs, json!({ "MaxResults": max })).await;
            assert_eq!((names, token), (vec!["orders".to_owned()], None));
        }
        let mut cases = Vec::new();
        for max in [-1, 0, 1001, i64::from(i32::MAX)] {
            cases.push((json!({ "MaxResults": max }), "InvalidParameterValue", "*"));
        }
        cases.push((json!({ "NextToken": "!", "MaxResults": 1 }), "InvalidParameterValue", "*"));
        cases.push((
            json!({ "NextToken": "bm8gcXVldWU=", "MaxResults": 1 }),
            "InvalidParameterValue",
            "*",
        ));
        sqs.refuses("ListQueues", &url, &cases).await;
    })
    .await;
}

#[tokio::test]
async fn without_a_size_a_page_has_the_first_thousand() {
    let service = Service::start().await;
    let mut creating = JoinSet::new();
    for i in 0..1001 {
        let arn = QueueArn::parse(&format!("arn:aws:sqs:us-east-1:000000000000:q{i}")).unwrap();
        let create = Command::CreateQueue { arn, attributes: Vec::new(), tags: Vec::new() };
        let broker = service.broker.clone();
        creating.spawn(async move { broker.call(create).await });
    }
    while let Some(created) = creating.join_next().await {
        created.unwrap().unwrap();
    }
    for protocol in Protocol::BOTH {
        let mut sqs = service.speak(protocol).await;
        // And there is no way to the rest but to ask for pages.
        let (names, token) = page(&mut sqs, json!({})).await;
        assert_eq!((names.len(), token), (1000, None));
        let (names, token) = page(&mut sqs, json!({ "MaxResults": 1000 })).await;
        assert_eq!(names.len(), 1000);
        let next = json!({ "MaxResults": 1000, "NextToken": token });
        let (rest, token) = page(&mut sqs, next).await;
        assert_eq!((rest.len(), token), (1, None));
        assert!(!names.contains(&rest[0]));
    }
    service.stop().await;
}
