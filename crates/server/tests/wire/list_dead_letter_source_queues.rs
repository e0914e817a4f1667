//! ListDeadLetterSourceQueues.

use serde_json::{Value, json};

use crate::dead_letters::source;
use crate::harness::in_both_protocols;

#[tokio::test]
async fn the_queues_that_name_this_one_are_listed() {
    in_both_protocols(async |sqs| {
        let dead = sqs.queue("dead", json!({})).await;
        let list = json!({ "QueueUrl": dead });
        assert_eq!(sqs.ok("ListDeadLetterSourceQueues", list.clone()).await, json!({}));
        sqs.queue("other", json!({})).await;
        source(sqs, "elsewhere", "other", 1, json!({})).await;
        let one = source(sqs, "one", "dead", 1, json!({})).await;
        let listed = sqs.ok("ListDeadLetterSourceQueues", list.clone()).await;
        assert_eq!(listed, json!({ "queueUrls": [one] }));
        let two = source(sqs, "two", "dead", 5, json!({})).await;
        let listed = sqs.ok("ListDeadLetterSourceQueues", list.clone()).await;
        let mut urls: Vec<_> = listed["queueUrls"]
            .as_array()
            .unwrap()
            .iter()
            .map(|url| url.as_str().unwrap())
            .collect();
        urls.sort_unstable();
        assert_eq!(urls, [&one, &two]);
        assert_eq!(listed.get("NextToken"), None);
        // Until they name it no longer, or are gone.
        let clear = json!({ "QueueUrl": one, "Attributes": { "RedrivePolicy": "" } });
        sqs.ok("SetQueueAttributes", clear).await;
        let listed = sqs.ok("ListDeadLetterSourceQueues", list.clone()).await;
        assert_eq!(listed, json!({ "queueUrls": [two] }));
        sqs.ok("DeleteQueue", json!({ "QueueUrl": two })).await;
        assert_eq!(sqs.ok("ListDeadLetterSourceQueues", list).await, json!({}));
    })
    .await;
}

#[tokio::test]
async fn pages_follow_one_another_without_gaps_or_repeats() {
    in_both_protocols(async |sqs| {
        let dead = sqs.queue("dead", json!({})).await;
        let mut expected = Vec::new();
        for i in 0..5 {
            expected.push(source(sqs, &format!("q{i}"), "dead", 1, json!({})).await);
        }
        for max in [1, 2, 4, 5, 6, 1000] {
            let mut listed = Vec::new();
            let mut token = Value::Null;
            loop {
                let input = json!({ "QueueUrl": dead, "MaxResults": max, "NextToken": token });
                let mut output = sqs.ok("ListDeadLetterSourceQueues", input).await;
                let urls = output["queueUrls"].as_array().unwrap();
                assert!(urls.len() <= max && !urls.is_empty());
                listed.extend(urls.iter().map(|url| url.as_str().unwrap().to_owned()));
                token = output["NextToken"].take();
                if token.is_null() {
                    break;
                }
                assert_eq!(urls_len(&output), max);
            }
            listed.sort();
            assert_eq!(listed, expected, "pages of {max}");
        }
    })
    .await;
}

fn urls_len(output: &Value) -> usize {
    output["queueUrls"].as_array().unwrap().len()
}

#[tokio::test]
async fn a_page_has_1_to_1000_queues() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("dead", json!({})).await;
        let cases: Vec<_> = [-1, 0, 1001]
            .iter()
            .map(|max| json!({ "QueueUrl": url, "MaxResults": max }))
            .chain([json!({ "QueueUrl": url, "MaxResults": 1, "NextToken": "!" })])
            .map(|input| (input, "InvalidParameterValue", "*"))
            .collect();
        sqs.refuses("ListDeadLetterSourceQueues", &url, &cases).await;
    })
    .await;
}
