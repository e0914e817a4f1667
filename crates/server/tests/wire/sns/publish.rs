//! Publish: where to, what, and how much.

use serde_json::{Value, json};

use crate::harness::{Sns, Sqs, is_uuid, topic_arn, with_topics_and_queues};

/// A topic with one queue that gets messages as they are.
async fn topic_and_queue(sns: &mut Sns, sqs: &mut Sqs) -> (String, String) {
    let url = sqs.queue("queue", json!({})).await;
    let topic = sns.topic("orders").await;
    sns.subscribe_raw(&topic, "queue", json!({})).await;
    (topic, url)
}

/// Asserts that each input is refused as InvalidParameter with a text, and delivers nothing.
async fn refuses(sns: &mut Sns, sqs: &mut Sqs, url: &str, cases: &[(Value, &str)]) {
    for (input, text) in cases {
        let refusal = sns.refused("Publish", input.clone()).await;
        let asked: String = input.to_string().chars().take(300).collect();
        refusal.assert_is("InvalidParameter", text, &asked);
    }
    assert_eq!(sqs.counts(url).await, [0, 0, 0]);
}

#[tokio::test]
async fn a_published_message_has_an_id_and_reaches_every_queue() {
    with_topics_and_queues(async |sns, sqs| {
        let topic = sns.topic("orders").await;
        let mut urls = Vec::new();
        for name in ["a", "b", "c"] {
            urls.push(sqs.queue(name, json!({})).await);
            sns.subscribe_raw(&topic, name, json!({})).await;
        }
        let output = sns.ok("Publish", json!({ "TopicArn": topic, "Message": "hello" })).await;
        assert!(is_uuid(output["MessageId"].as_str().unwrap().as_bytes()));
        assert_eq!(output.as_object().unwrap().len(), 1, "no sequence number: {output}");
        for url in &urls {
            let received = sqs.receive(url).await;
            assert_eq!(received.len(), 1);
            assert_eq!(received[0]["Body"], "hello");
        }
    })
    .await;
}

#[tokio::test]
async fn a_topic_without_subscriptions_takes_messages() {
    with_topics_and_queues(async |sns, sqs| {
        let topic = sns.topic("orders").await;
        assert_ne!(sns.publish(&topic, "hello").await, sns.publish(&topic, "hello").await);
        let url = sqs.queue("queue", json!({})).await;
        sns.subscribe(&topic, "queue", json!({})).await;
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_target_may_be_a_topic() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs).await;
        sns.ok("Publish", json!({ "TargetArn": topic, "Message": "hello" })).await;
        assert_eq!(sqs.receive(&url).await[0]["Body"], "hello");
    })
    .await;
}

#[tokio::test]
async fn texts_arrive_as_they_were_published() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs).await;
        for message in [
            " ",
            "a\tb\nc\r\nd",
            "<&>\"'\\ %41+&Action=Publish",
            "ünïcode \u{1f600} \u{fffd}\u{10000}",
            "{\"default\":\"not a structure\"}",
        ] {
            sns.publish(&topic, message).await;
            let received = sqs.receive(&url).await;
            assert_eq!(received[0]["Body"], message);
            sqs.delete(&url, received[0]["ReceiptHandle"].clone()).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_message_is_not_empty() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs).await;
        let cases =
            [(json!({ "TopicArn": topic, "Message": "" }), "Invalid parameter: Empty message")];
        refuses(sns, sqs, &url, &cases).await;
    })
    .await;
}

#[tokio::test]
async fn a_subject_is_one_line_of_1_to_100_characters() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs).await;
        let with = |subject: &str| json!({ "TopicArn": topic, "Message": "m", "Subject": subject });
        let too_long = "s".repeat(101);
        let bad = ["", "two\nlines", "two\rlines", &too_long, "bell\u{7}"];
        let cases: Vec<_> =
            bad.iter().map(|subject| (with(subject), "Invalid parameter: Subject")).collect();
        refuses(sns, sqs, &url, &cases).await;
        let longest = "s".repeat(100);
        for subject in ["s", &longest, "Grüße <&> \"7\""] {
            sns.ok("Publish", with(subject)).await;
        }
        assert_eq!(sqs.counts(&url).await, [3, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_message_has_somewhere_to_go() {
    with_topics_and_queues(async |sns, sqs| {
        let (_, url) = topic_and_queue(sns, sqs).await;
        let endpoint = "arn:aws:sns:us-east-1:000000000000:endpoint/GCM/app/\
                        6b0e71bd-7e97-4d97-80ce-4a0994e55286";
        let cases = [
            (json!({ "Message": "m" }), "Invalid parameter: *"),
            (
                json!({ "Message": "m", "TargetArn": endpoint }),
                "Invalid parameter: TargetArn Reason: No endpoint found for the target arn \
                 specified",
            ),
            (
                json!({ "Message": "m", "PhoneNumber": "nobody" }),
                "Invalid parameter: PhoneNumber Reason: *",
            ),
        ];
        refuses(sns, sqs, &url, &cases).await;
        let unknown = json!({ "Message": "m", "TargetArn": topic_arn("unknown") });
        let refusal = sns.refused("Publish", unknown).await;
        refusal.assert_is("NotFound", "Topic does not exist", "a target that is no topic");
    })
    .await;
}

#[tokio::test]
async fn a_standard_topic_has_no_deduplication() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs).await;
        let cases = [(
            json!({ "TopicArn": topic, "Message": "m", "MessageDeduplicationId": "d" }),
            "Invalid parameter: MessageDeduplicationId Reason: The request includes \
             MessageDeduplicationId parameter that is not valid for this topic type",
        )];
        refuses(sns, sqs, &url, &cases).await;
    })
    .await;
}

#[tokio::test]
async fn a_group_is_passed_to_standard_queues() {
    with_topics_and_queues(async |sns, sqs| {
        let topic = sns.topic("orders").await;
        for (name, raw) in [("raw", "true"), ("enveloped", "false")] {
            let url = sqs.queue(name, json!({})).await;
            sns.subscribe(&topic, name, json!({ "RawMessageDelivery": raw })).await;
            let input = json!({ "TopicArn": topic, "Message": "m", "MessageGroupId": "tenant" });
            sns.ok("Publish", input).await;
            let received =
                sqs.receive_with(json!({ "QueueUrl": url, "AttributeNames": ["All"] })).await;
            assert_eq!(received[0]["Attributes"]["MessageGroupId"], "tenant", "{name}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_message_has_up_to_256_kibibytes_with_its_attributes() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs).await;
        // Bytes count, not characters.
        let whole = "é".repeat(131_072);
        let too_long = "Invalid parameter: Message too long";
        let attributes = json!({ "name": { "DataType": "String", "StringValue": "value" } });
        // 4 + 6 + 5 bytes: the name, the type and the value.
        let rest = "m".repeat(262_144 - 15);
        let with = |message: &str| json!({ "TopicArn": topic, "Message": message });
        let attributed = |message: &str| {
            json!({ "TopicArn": topic, "Message": message, "MessageAttributes": attributes })
        };
        let cases = [
            (with(&format!("{whole}m")), too_long),
            (attributed(&format!("{rest}m")), too_long),
        ];
        refuses(sns, sqs, &url, &cases).await;
        sns.ok("Publish", with(&whole)).await;
        sns.ok("Publish", attributed(&rest)).await;
        assert_eq!(sqs.counts(&url).await, [2, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_topic_may_take_up_to_a_mebibyte() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs).await;
        let with = |length: usize| json!({ "TopicArn": topic, "Message": "m".repeat(length) });
        let too_long = "Invalid parameter: Message too long";
        sns.set_topic(&topic, "MaximumMessageSize", "1048576").await;
        refuses(sns, sqs, &url, &[(with(1_048_577), too_long)]).await;
        sns.ok("Publish", with(1_048_576)).await;
        let received = sqs.receive(&url).await;
        assert_eq!(received[0]["Body"].as_str().unwrap().len(), 1_048_576);
        sqs.delete(&url, received[0]["ReceiptHandle"].clone()).await;
        sns.set_topic(&topic, "MaximumMessageSize", "1024").await;
        refuses(sns, sqs, &url, &[(with(1025), too_long)]).await;
        sns.ok("Publish", with(1024)).await;
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_trace_goes_with_the_message() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs).await;
        let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        sns.headers.push(("X-Amzn-Trace-Id".into(), trace.into()));
        sns.publish(&topic, "hello").await;
        let received =
            sqs.receive_with(json!({ "QueueUrl": url, "AttributeNames": ["All"] })).await;
        assert_eq!(received[0]["Attributes"]["AWSTraceHeader"], trace);
    })
    .await;
}
