//! SendMessage to a standard queue: bodies, sizes, delays and parameters of FIFO queues.

use serde_json::{Value, json};

use crate::harness::{in_both_protocols, is_uuid, with};

const MIB: usize = 1 << 20;

/// MD5 of `hello`.
const HELLO_MD5: &str = "5d41402abc4b2a76b9719d911017c592";

fn message(url: &str, body: &str) -> Value {
    json!({ "QueueUrl": url, "MessageBody": body })
}

#[tokio::test]
async fn a_message_is_sent_and_comes_back_as_it_was() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let sent = sqs.ok("SendMessage", message(&url, "hello")).await;
        let id = sent["MessageId"].clone();
        assert!(is_uuid(id.as_str().unwrap().as_bytes()));
        assert_eq!(sent, json!({ "MessageId": id, "MD5OfMessageBody": HELLO_MD5 }));
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
        let received = sqs.receive(&url).await;
        let handle = received[0]["ReceiptHandle"].clone();
        assert!((1..=1024).contains(&handle.as_str().unwrap().len()));
        let expected = json!({
            "MessageId": id,
            "ReceiptHandle": handle,
            "MD5OfBody": HELLO_MD5,
            "Body": "hello",
        });
        assert_eq!(received, [expected]);
        assert_eq!(sqs.counts(&url).await, [0, 1, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_body_may_hold_every_character_of_xml_1_0() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let bodies = [
            "x",
            " ",
            "\t",
            "\n",
            "\r",
            "\r\n",
            " leading and trailing ",
            "a\r\nb\rc\nd",
            "<a b=\"c\">&amp;]]></a>'",
            "{\"json\":\"in \\\"json\\\"\"}",
            "a+b%20c&d=e;f#g?h",
            "\\ / \u{7f} \u{85} \u{2028}",
            "ünïcode 日本語 \u{1f600}",
            "\u{d7ff}\u{e000}\u{fffd}\u{10000}\u{10ffff}",
        ];
        for body in bodies {
            sqs.send(&url, body).await;
        }
        let mut received: Vec<_> = sqs.receive(&url).await;
        received.extend(sqs.receive(&url).await);
        let mut received: Vec<_> = received.iter().map(|m| m["Body"].as_str().unwrap()).collect();
        let mut bodies = bodies.to_vec();
        received.sort_unstable();
        bodies.sort_unstable();
        assert_eq!(received, bodies);
    })
    .await;
}

#[tokio::test]
async fn a_body_may_not_hold_other_characters() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let cases: Vec<_> = ('\0'..=' ')
            .filter(|c| !matches!(c, '\t' | '\n' | '\r' | ' '))
            .chain(['\u{fffe}', '\u{ffff}'])
            .map(|c| (message(&url, &format!("before{c}after")), "InvalidMessageContents", "*"))
            .collect();
        assert_eq!(cases.len(), 31);
        sqs.refuses("SendMessage", &url, &cases).await;
    })
    .await;
}

#[tokio::test]
async fn a_body_is_as_long_as_the_queue_allows() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let small = sqs.queue("small", json!({ "MaximumMessageSize": "1024" })).await;
        for (url, max) in [(&url, MIB), (&small, 1024)] {
            let too_long = format!(
                "One or more parameters are invalid. Reason: Message must be shorter than {max} \
                 bytes."
            );
            // Bytes of UTF-8, not characters.
            for longest in ["x".repeat(max), "é".repeat(max / 2), "\u{1f600}".repeat(max / 4)] {
                sqs.send(url, &longest).await;
                assert!(sqs.receive(url).await[0]["Body"] == longest);
                let input = message(url, &(longest + "x"));
                let cases = [(input, "InvalidParameterValue", &*too_long)];
                sqs.refuses("SendMessage", url, &cases).await;
            }
        }
        let no_body = "The request must contain the parameter MessageBody.";
        sqs.refuses(
            "SendMessage",
            &url,
            &[
                (message(&url, ""), "MissingParameter", no_body),
                (json!({ "QueueUrl": url }), "MissingParameter", no_body),
            ],
        )
        .await;
    })
    .await;
}

#[tokio::test]
async fn attributes_count_as_message_and_system_attributes_do_not() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("small", json!({ "MaximumMessageSize": "1024" })).await;
        // 5 bytes of name, 6 of type and 13 of value leave 1000 for the body.
        let color = json!({ "DataType": "String", "StringValue": "thirteen byté" });
        let attributes = json!({ "MessageAttributes": { "color": color } });
        // 4, 6 and 3.
        let binary = json!({
            "MessageAttributes": { "bits": { "DataType": "Binary", "BinaryValue": "AQID" } },
        });
        let trace = json!({
            "MessageSystemAttributes": { "AWSTraceHeader": {
                "DataType": "String",
                "StringValue": "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1",
            } },
        });
        let too_long =
            "One or more parameters are invalid. Reason: Message must be shorter than 1024 bytes.";
        for (more, room) in [(attributes, 999), (binary, 1011), (trace, 1024)] {
            let body = "x".repeat(room);
            sqs.ok("SendMessage", with(message(&url, &body), more.clone())).await;
            let input = with(message(&url, &(body + "x")), more);
            sqs.refuses("SendMessage", &url, &[(input, "InvalidParameterValue", too_long)]).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_message_is_delayed_as_it_says_or_as_its_queue_does() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let delayed = sqs.queue("delayed", json!({ "DelaySeconds": "60" })).await;
        for (url, said, seconds) in [
            (&url, None, 0),
            (&url, Some(0), 0),
            (&url, Some(1), 1),
            (&url, Some(900), 900),
            (&delayed, None, 60),
            (&delayed, Some(0), 0),
            (&delayed, Some(10), 10),
            (&delayed, Some(900), 900),
        ] {
            let input = with(message(url, "hello"), json!({ "DelaySeconds": said }));
            let id = sqs.ok("SendMessage", input).await["MessageId"].take();
            if seconds > 0 {
                assert_eq!(sqs.counts(url).await, [0, 0, 1]);
                sqs.pass_ms(seconds * 1000 - 1);
                assert!(sqs.receive(url).await.is_empty(), "{said:?}");
                sqs.pass_ms(1);
            }
            assert_eq!(sqs.counts(url).await, [1, 0, 0]);
            let received = sqs.receive(url).await;
            assert_eq!(received[0]["MessageId"], id, "{said:?}");
            let handle = &received[0]["ReceiptHandle"];
            sqs.delete(url, handle.clone()).await;
        }
        // Beyond its range.
        let cases: Vec<_> = [-1, 901, i64::from(i32::MAX)]
            .map(|n| (n, format!("Value {n} for parameter DelaySeconds is invalid. Reason: *")))
            .into_iter()
            .collect();
        let cases: Vec<_> = cases
            .iter()
            .map(|(n, text)| {
                let input = with(message(&url, "hello"), json!({ "DelaySeconds": n }));
                (input, "InvalidParameterValue", text.as_str())
            })
            .collect();
        sqs.refuses("SendMessage", &url, &cases).await;
    })
    .await;
}

#[tokio::test]
async fn a_new_delay_of_a_standard_queue_is_for_new_messages() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({ "DelaySeconds": "10" })).await;
        sqs.send(&url, "before").await;
        for (delay, body) in [("100", "longer"), ("1", "shorter")] {
            let set = json!({ "QueueUrl": url, "Attributes": { "DelaySeconds": delay } });
            sqs.ok("SetQueueAttributes", set).await;
            sqs.send(&url, body).await;
        }
        for (pass, body) in [(1, "shorter"), (9, "before"), (90, "longer")] {
            sqs.pass_ms(pass * 1000 - 1);
            assert!(sqs.receive(&url).await.is_empty());
            sqs.pass_ms(1);
            let received = sqs.receive(&url).await;
            assert_eq!(received[0]["Body"], body);
            let handle = &received[0]["ReceiptHandle"];
            sqs.delete(&url, handle.clone()).await;
        }
    })
    .await;
}

/// Every character that an id of a group or a message may have.
const ID_CHARACTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789\
     !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~";

#[tokio::test]
async fn a_standard_queue_takes_groups_and_no_deduplication_ids() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        for group in ["g", &"g".repeat(128), ID_CHARACTERS] {
            let input = with(message(&url, "hello"), json!({ "MessageGroupId": group }));
            let sent = sqs.ok("SendMessage", input).await;
            assert_eq!(sent.get("SequenceNumber"), None);
            let input = json!({ "QueueUrl": url, "AttributeNames": ["All"] });
            let attributes = sqs.receive_with(input).await[0]["Attributes"].take();
            assert_eq!(attributes["MessageGroupId"], group);
            assert_eq!(attributes.get("SequenceNumber"), None);
        }
        let id = json!({ "MessageDeduplicationId": "d" });
        let text = "Value d for parameter MessageDeduplicationId is invalid. Reason: *";
        let cases = [(with(message(&url, "hello"), id), "InvalidParameterValue", text)];
        sqs.refuses("SendMessage", &url, &cases).await;
    })
    .await;
}

#[tokio::test]
async fn ids_of_groups_and_messages_have_1_to_128_characters() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let fifo = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        for id in ["i", &"i".repeat(128), ID_CHARACTERS] {
            let ids = json!({ "MessageGroupId": id, "MessageDeduplicationId": id });
            sqs.ok("SendMessage", with(message(&fifo, "hello"), ids)).await;
        }
        for id in [&"i".repeat(129), "a b", "ä", "a\tb", "日本"] {
            let text = |name: &str| {
                format!(
                    "Value {id} for parameter {name} is invalid. Reason: {name} can only include \
                     alphanumeric and punctuation characters. 1 to 128 in length."
                )
            };
            let group = json!({ "MessageGroupId": id, "MessageDeduplicationId": "d" });
            let text_of_group = text("MessageGroupId");
            let text_of_id = text("MessageDeduplicationId");
            let message_id = json!({ "MessageGroupId": "g", "MessageDeduplicationId": id });
            sqs.refuses(
                "SendMessage",
                &fifo,
                &[
                    (with(message(&fifo, "x"), group), "InvalidParameterValue", &text_of_group),
                    (with(message(&fifo, "x"), message_id), "InvalidParameterValue", &text_of_id),
                ],
            )
            .await;
            let group = json!({ "MessageGroupId": id });
            let cases = [(
                with(message(&url, "x"), group),
                "InvalidParameterValue",
                &text_of_group as &str,
            )];
            sqs.refuses("SendMessage", &url, &cases).await;
        }
    })
    .await;
}
