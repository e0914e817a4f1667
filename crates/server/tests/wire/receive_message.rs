//! ReceiveMessage: how many, for how long, with which system attributes. Waiting is in
//! `long_poll.rs`, message attributes in `message_attributes.rs`.

use serde_json::{Value, json};

use crate::harness::{ACCOUNT, START_MS, in_both_protocols};

#[tokio::test]
async fn a_receive_gives_one_message_or_as_many_as_asked_for() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        // Nothing there, no member.
        assert_eq!(sqs.ok("ReceiveMessage", json!({ "QueueUrl": url })).await, json!({}));
        for i in 0..30 {
            sqs.send(&url, &i.to_string()).await;
        }
        let mut bodies = Vec::new();
        for (asked, given) in [(None, 1), (Some(1), 1), (Some(9), 9), (Some(10), 10), (Some(10), 9)]
        {
            let input = json!({ "QueueUrl": url, "MaxNumberOfMessages": asked });
            let received = sqs.receive_with(input).await;
            assert_eq!(received.len(), given, "{asked:?}");
            bodies.extend(received.iter().map(|m| m["Body"].as_str().unwrap().to_owned()));
        }
        bodies.sort_by_key(|body| body.parse::<u32>().unwrap());
        assert_eq!(bodies, (0..30).map(|i| i.to_string()).collect::<Vec<_>>());
        assert_eq!(sqs.counts(&url).await, [0, 30, 0]);
    })
    .await;
}

#[tokio::test]
async fn numbers_beyond_their_range_are_refused() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        sqs.send(&url, "hello").await;
        let mut cases = Vec::new();
        for (name, values, reason) in [
            ("MaxNumberOfMessages", [-1, 0, 11, 1000], "Must be between 1 and 10, if provided."),
            (
                "WaitTimeSeconds",
                [-1, 21, 100, i64::from(i32::MAX)],
                "Must be >= 0 and <= 20, if provided.",
            ),
            ("VisibilityTimeout", [-1, 43_201, 100_000, i64::from(i32::MAX)], "*"),
        ] {
            for value in values {
                let text =
                    format!("Value {value} for parameter {name} is invalid. Reason: {reason}");
                cases.push((json!({ "QueueUrl": url, name: value }), text));
            }
        }
        let cases: Vec<_> = cases
            .iter()
            .map(|(input, text)| (input.clone(), "InvalidParameterValue", text.as_str()))
            .collect();
        sqs.refuses("ReceiveMessage", &url, &cases).await;
        for (name, value) in
            [("WaitTimeSeconds", 0), ("WaitTimeSeconds", 20), ("VisibilityTimeout", 0)]
        {
            let input = json!({ "QueueUrl": url, name: value, "VisibilityTimeout": 0 });
            assert_eq!(sqs.receive_with(input).await.len(), 1);
        }
        let input = json!({ "QueueUrl": url, "VisibilityTimeout": 43_200 });
        assert_eq!(sqs.receive_with(input).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_message_is_hidden_for_its_visibility_timeout() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({ "VisibilityTimeout": "40" })).await;
        sqs.send(&url, "hello").await;
        for (asked, seconds) in [(None, 40), (Some(1), 1), (Some(43_200), 43_200)] {
            let input = json!({ "QueueUrl": url, "VisibilityTimeout": asked });
            assert_eq!(sqs.receive_with(input).await.len(), 1);
            assert_eq!(sqs.counts(&url).await, [0, 1, 0]);
            sqs.pass_ms(seconds * 1000 - 1);
            assert!(sqs.receive(&url).await.is_empty(), "{asked:?}");
            sqs.pass_ms(1);
            assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
        }
        // No time at all: handed out again at once.
        for _ in 0..2 {
            let input = json!({ "QueueUrl": url, "VisibilityTimeout": 0 });
            assert_eq!(sqs.receive_with(input).await.len(), 1);
        }
    })
    .await;
}

#[tokio::test]
async fn a_new_timeout_of_the_queue_is_for_later_receives() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({ "VisibilityTimeout": "40" })).await;
        sqs.send(&url, "hello").await;
        assert_eq!(sqs.receive(&url).await.len(), 1);
        let set = json!({ "QueueUrl": url, "Attributes": { "VisibilityTimeout": "5" } });
        sqs.ok("SetQueueAttributes", set).await;
        sqs.pass_ms(39_999);
        assert!(sqs.receive(&url).await.is_empty());
        sqs.pass_ms(1);
        assert_eq!(sqs.receive(&url).await.len(), 1);
        sqs.pass_seconds(5);
        assert_eq!(sqs.receive(&url).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn system_attributes_come_when_asked_for() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        sqs.send(&url, "hello").await;
        sqs.pass_ms(1_234);
        let receive = |names: Value| {
            json!({ "QueueUrl": url, "AttributeNames": names, "VisibilityTimeout": 0 })
        };
        assert_eq!(sqs.receive_with(receive(Value::Null)).await[0].get("Attributes"), None);
        let first = (START_MS + 1_234).to_string();
        sqs.pass_ms(1_000);
        let all = json!({
            "ApproximateFirstReceiveTimestamp": first,
            "ApproximateReceiveCount": "2",
            "SenderId": ACCOUNT,
            "SentTimestamp": START_MS.to_string(),
        });
        let received = sqs.receive_with(receive(json!(["All"]))).await;
        // Who sent it is not documented for callers who are not known.
        let mut attributes = received[0]["Attributes"].clone();
        assert!(!attributes["SenderId"].as_str().unwrap().is_empty());
        attributes["SenderId"] = json!(ACCOUNT);
        assert_eq!(attributes, all);
        for (i, (names, count)) in [
            (json!(["SentTimestamp"]), 1),
            (json!(["SentTimestamp", "ApproximateReceiveCount"]), 2),
            (json!(["SenderId", "SenderId"]), 1),
            (json!(["All", "SenderId"]), 4),
            // Known, but this message has none.
            (json!(["SequenceNumber", "MessageDeduplicationId"]), 0),
            (json!(["MessageGroupId", "AWSTraceHeader", "DeadLetterQueueSourceArn"]), 0),
        ]
        .into_iter()
        .enumerate()
        {
            let received = sqs.receive_with(receive(names.clone())).await;
            let attributes = received[0].get("Attributes");
            let got = attributes.map_or(0, |attributes| attributes.as_object().unwrap().len());
            assert_eq!(got, count, "{names}");
            if let Some(count) = attributes.and_then(|a| a.get("ApproximateReceiveCount")) {
                assert_eq!(count, &(i + 3).to_string());
            }
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_no_system_attribute_is_refused() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        sqs.send(&url, "hello").await;
        let cases: Vec<_> = ["AttributeNames", "MessageSystemAttributeNames"]
            .iter()
            .flat_map(|list| {
                [json!(["Colour"]), json!(["sentTimestamp"]), json!(["All", "Colour"]), json!([""])]
                    .map(|names| {
                        (
                            json!({ "QueueUrl": url, *list: names }),
                            "InvalidAttributeName",
                            "Unknown Attribute *",
                        )
                    })
            })
            .collect();
        sqs.refuses("ReceiveMessage", &url, &cases).await;
    })
    .await;
}

#[tokio::test]
async fn each_receive_gives_another_handle_and_the_same_message() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let id = sqs.send(&url, "hello").await;
        let mut handles = Vec::new();
        for count in 1..=4 {
            let input = json!({
                "QueueUrl": url,
                "AttributeNames": ["ApproximateReceiveCount"],
                "VisibilityTimeout": 0,
            });
            let received = sqs.receive_with(input).await;
            assert_eq!(received[0]["MessageId"], id);
            let attributes = json!({ "ApproximateReceiveCount": count.to_string() });
            assert_eq!(received[0]["Attributes"], attributes);
            let handle = received[0]["ReceiptHandle"].as_str().unwrap().to_owned();
            assert!(!handles.contains(&handle));
            handles.push(handle);
        }
    })
    .await;
}

#[tokio::test]
async fn a_message_is_gone_when_its_retention_ends() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({ "MessageRetentionPeriod": "60" })).await;
        sqs.send(&url, "visible").await;
        sqs.pass_seconds(20);
        sqs.send(&url, "in flight").await;
        sqs.pass_ms(39_999);
        assert_eq!(sqs.counts(&url).await, [2, 0, 0]);
        sqs.pass_ms(1);
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
        // It keeps running while in flight.
        let received = sqs.receive(&url).await;
        assert_eq!(received.len(), 1);
        assert_eq!(received[0]["Body"], "in flight");
        sqs.pass_ms(19_999);
        assert_eq!(sqs.counts(&url).await, [0, 1, 0]);
        sqs.pass_ms(1);
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
        sqs.pass_seconds(60);
        assert!(sqs.receive(&url).await.is_empty());
        // From the send, not from the end of the delay.
        let delayed = json!({ "QueueUrl": url, "MessageBody": "delayed", "DelaySeconds": 900 });
        sqs.ok("SendMessage", delayed).await;
        sqs.pass_seconds(60);
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_shorter_retention_ends_what_is_older() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        sqs.send(&url, "old").await;
        sqs.pass_seconds(100);
        sqs.send(&url, "new").await;
        let set = json!({ "QueueUrl": url, "Attributes": { "MessageRetentionPeriod": "100" } });
        sqs.ok("SetQueueAttributes", set).await;
        let received = sqs.receive(&url).await;
        assert_eq!(received.len(), 1);
        assert_eq!(received[0]["Body"], "new");
        assert_eq!(sqs.counts(&url).await, [0, 1, 0]);
        // The default is four days.
        let other = sqs.queue("other", json!({})).await;
        sqs.send(&other, "hello").await;
        sqs.pass_ms(345_600_000 - 1);
        assert_eq!(sqs.counts(&other).await, [1, 0, 0]);
        sqs.pass_ms(1);
        assert_eq!(sqs.counts(&other).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn messages_of_a_mebibyte_come_whole() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        for i in 0..10 {
            sqs.send(&url, &i.to_string().repeat(1 << 20)).await;
        }
        let mut digits = Vec::new();
        while digits.len() < 10 {
            let received = sqs.receive(&url).await;
            assert!(!received.is_empty());
            for message in received {
                let body = message["Body"].as_str().unwrap();
                assert!(body.len() == 1 << 20 && body == body[..1].repeat(1 << 20));
                digits.push(body[..1].to_owned());
            }
        }
        digits.sort();
        assert_eq!(digits.concat(), "0123456789");
    })
    .await;
}
