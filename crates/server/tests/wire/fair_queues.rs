//! Standard queues whose messages name groups: those of quiet groups come first.

use serde_json::{Value, json};

use crate::harness::{Sqs, in_both_protocols};

async fn send(sqs: &mut Sqs, url: &str, group: impl Into<Value>, count: usize) {
    let group = group.into();
    for start in (0..count).step_by(10) {
        let entries: Vec<_> = (start..count.min(start + 10))
            .map(|i| {
                let i = i.to_string();
                json!({ "Id": i, "MessageBody": i, "MessageGroupId": group })
            })
            .collect();
        sqs.ok("SendMessageBatch", json!({ "QueueUrl": url, "Entries": entries })).await;
    }
}

/// Receives so many messages and returns their groups, with `-` for none.
async fn groups(sqs: &mut Sqs, url: &str, max: usize) -> Vec<String> {
    let input = json!({
        "QueueUrl": url, "MaxNumberOfMessages": max, "AttributeNames": ["MessageGroupId"],
    });
    let group = |message: &Value| {
        message["Attributes"]["MessageGroupId"].as_str().unwrap_or("-").to_owned()
    };
    sqs.receive_with(input).await.iter().map(group).collect()
}

#[tokio::test]
async fn messages_of_one_group_are_received_side_by_side() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        send(sqs, &url, "g", 3).await;
        for _ in 0..3 {
            assert_eq!(groups(sqs, &url, 1).await, ["g"]);
        }
    })
    .await;
}

#[tokio::test]
async fn a_quiet_group_comes_before_a_noisy_one() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        send(sqs, &url, "noisy", 100).await;
        // 30 of its own in flight, and more than a tenth of all: noisy.
        for _ in 0..3 {
            assert_eq!(groups(sqs, &url, 10).await, ["noisy"; 10]);
        }
        send(sqs, &url, "quiet", 1).await;
        send(sqs, &url, Value::Null, 1).await;
        let mut first = groups(sqs, &url, 2).await;
        first.sort();
        assert_eq!(first, ["-", "quiet"]);
        // Nothing of the noisy one is dropped or held back.
        let mut left = 0;
        loop {
            let received = groups(sqs, &url, 10).await;
            if received.is_empty() {
                break;
            }
            assert!(received.iter().all(|group| group == "noisy"));
            left += received.len();
        }
        assert_eq!(left, 70);
    })
    .await;
}

#[tokio::test]
async fn among_noisy_groups_the_one_with_fewer_in_flight_goes_first() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        send(sqs, &url, "more", 40).await;
        for _ in 0..4 {
            assert_eq!(groups(sqs, &url, 10).await, ["more"; 10]);
        }
        send(sqs, &url, "less", 30).await;
        for _ in 0..3 {
            assert_eq!(groups(sqs, &url, 10).await, ["less"; 10]);
        }
        send(sqs, &url, "more", 5).await;
        send(sqs, &url, "less", 5).await;
        assert_eq!(groups(sqs, &url, 5).await, ["less"; 5]);
        assert_eq!(groups(sqs, &url, 5).await, ["more"; 5]);
    })
    .await;
}
