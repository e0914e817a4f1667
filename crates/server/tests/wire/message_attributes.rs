//! Message attributes and the one system attribute: what may be sent, how it comes back, and the
//! digests of both.

use serde_json::{Map, Value, json};

use crate::harness::{Sqs, in_both_protocols};

fn message(url: &str, attributes: &Value) -> Value {
    json!({ "QueueUrl": url, "MessageBody": "hello", "MessageAttributes": attributes })
}

fn text(value: &str) -> Value {
    json!({ "DataType": "String", "StringValue": value })
}

fn number(value: &str) -> Value {
    json!({ "DataType": "Number", "StringValue": value })
}

/// Receives one message with these message attributes.
async fn receive(sqs: &mut Sqs, url: &str, names: &[&str]) -> Value {
    let input = json!({ "QueueUrl": url, "MessageAttributeNames": names, "VisibilityTimeout": 0 });
    let mut received = sqs.receive_with(input).await;
    assert_eq!(received.len(), 1);
    received.remove(0)
}

#[tokio::test]
async fn digests_are_those_of_the_documentation() {
    in_both_protocols(async |sqs| {
        for (i, (attributes, md5)) in [
            (json!({ "Hello": text("There") }), "a311262e065454b75da111d535b8dacd"),
            (
                json!({ "Hello": text("There"), "General": text("Kenobi") }),
                "fca026605781cb4126a1e9044df24232",
            ),
            (
                json!({ "attr1": number("99.12"), "attr2": number("109.12") }),
                "9b720b3af309c1c4b0d395c53b08c502",
            ),
            (
                json!({
                    "color": text("blue"),
                    "tags": { "DataType": "String.Array", "StringValue": "[\"a\",\"b\"]" },
                }),
                "56a5bee3ed610a27fd04b2b195aee70b",
            ),
            (
                json!({
                    "b": { "DataType": "Binary", "BinaryValue": "AQID" },
                    "a": { "DataType": "Number.int", "StringValue": "1" },
                }),
                "e23a1cb9e53a59ad303acbf6a1139f81",
            ),
        ]
        .into_iter()
        .enumerate()
        {
            let url = sqs.queue(&format!("q{i}"), json!({})).await;
            let sent = sqs.ok("SendMessage", message(&url, &attributes)).await;
            assert_eq!(sent["MD5OfMessageAttributes"], md5);
            assert_eq!(sent.get("MD5OfMessageSystemAttributes"), None);
            let received = receive(sqs, &url, &["All"]).await;
            assert_eq!(received["MessageAttributes"], attributes);
            assert_eq!(received["MD5OfMessageAttributes"], md5);
        }
    })
    .await;
}

#[tokio::test]
async fn a_digest_covers_what_comes_with_it() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let attributes = json!({ "Hello": text("There"), "General": text("Kenobi") });
        sqs.ok("SendMessage", message(&url, &attributes)).await;
        let received = receive(sqs, &url, &["Hello"]).await;
        assert_eq!(received["MessageAttributes"], json!({ "Hello": text("There") }));
        assert_eq!(received["MD5OfMessageAttributes"], "a311262e065454b75da111d535b8dacd");
        for names in [&[][..], &["hello"], &["Hell"], &["Missing"]] {
            let received = receive(sqs, &url, names).await;
            assert_eq!(received.get("MessageAttributes"), None, "{names:?}");
            assert_eq!(received.get("MD5OfMessageAttributes"), None, "{names:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn names_are_asked_for_one_by_one_by_prefix_or_all_at_once() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let names = ["color", "color.dark", "colour", "col", "size", "Color"];
        let attributes: Map<_, _> =
            names.iter().map(|name| ((*name).to_owned(), text("x"))).collect();
        sqs.ok("SendMessage", message(&url, &attributes.into())).await;
        for (asked, mut given) in [
            (vec!["All"], names.to_vec()),
            (vec![".*"], names.to_vec()),
            (vec!["size", "All"], names.to_vec()),
            (vec!["color"], vec!["color"]),
            (vec!["color", "color", "size"], vec!["color", "size"]),
            // The text before `.*` need not end at a dot.
            (vec!["col.*"], vec!["color", "color.dark", "colour", "col"]),
            (vec!["color.*"], vec!["color", "color.dark"]),
            (vec!["color.dark.*"], vec!["color.dark"]),
            (vec!["size.*", "Col.*"], vec!["size", "Color"]),
            (vec!["all"], vec![]),
            (vec!["*"], vec![]),
            (vec!["col*"], vec![]),
            (vec!["x.*"], vec![]),
        ] {
            let received = receive(sqs, &url, &asked).await;
            let mut got = received.get("MessageAttributes").map_or_else(Vec::new, |attributes| {
                attributes.as_object().unwrap().keys().map(String::as_str).collect()
            });
            got.sort_unstable();
            given.sort_unstable();
            assert_eq!(got, given, "{asked:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn every_kind_of_value_comes_back_as_it_was_sent() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let longest_name = "n".repeat(256);
        let longest_type = format!("String.{}", "t".repeat(249));
        for attributes in [
            json!({ "a": text("x"), "A": text("y"), "a.b": text("z"), "-_.0": text("0") }),
            json!({ &longest_name: text("x") }),
            json!({ "a": { "DataType": longest_type, "StringValue": "x" } }),
            json!({ "a": text("\t\r\n <&>\"' ünïcode \u{1f600}") }),
            json!({ "a": { "DataType": "Binary.png", "BinaryValue": "AP/+gAE=" } }),
            json!({ "a": { "DataType": "String.", "StringValue": "x" } }),
            json!({
                "a": number("0"),
                "b": number("-12.50"),
                "c": number("1e126"),
                "d": number("1E-128"),
                "e": number("12345678901234567890123456789012345678"),
                "f": number("+7"),
                "g": number("007"),
                "h": { "DataType": "Number.java.lang.Long", "StringValue": "42" },
            }),
            (0..10).map(|i| (format!("a{i}"), text("x"))).collect::<Map<_, _>>().into(),
        ] {
            let sent = sqs.ok("SendMessage", message(&url, &attributes)).await;
            let received = receive(sqs, &url, &["All"]).await;
            assert_eq!(received["MessageAttributes"], attributes);
            assert_eq!(received["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"]);
            let handle = &received["ReceiptHandle"];
            sqs.delete(&url, handle.clone()).await;
        }
    })
    .await;
}

#[tokio::test]
async fn other_attributes_are_refused() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let eleven: Map<_, _> = (0..11).map(|i| (format!("a{i}"), text("x"))).collect();
        let too_many = "Number of message attributes [11] exceeds the allowed maximum [10].";
        let empty_text =
            "Message (user) attribute 'a' must contain a non-empty value of type 'String'.";
        let empty_binary =
            "Message (user) attribute 'a' must contain a non-empty value of type 'Binary'.";
        let no_number = "Could not cast message attribute 'a' value to number.";
        let mut cases = vec![
            (Value::from(eleven), too_many),
            (json!({ "a": text("") }), empty_text),
            (json!({ "a": { "DataType": "String" } }), empty_text),
            (json!({ "a": { "DataType": "String", "BinaryValue": "AQID" } }), "*"),
            (json!({ "a": { "DataType": "String.x", "StringValue": "" } }), "*"),
            (json!({ "a": { "DataType": "Binary", "BinaryValue": "" } }), empty_binary),
            (json!({ "a": { "DataType": "Binary" } }), empty_binary),
            (json!({ "a": { "DataType": "Binary", "StringValue": "x" } }), "*"),
            (json!({ "a": number("") }), "*"),
            (json!({ "a": { "DataType": "Number.int", "StringValue": "one" } }), no_number),
        ];
        for bad in ["x", "1.2.3", "--1", "0x10", "1 2", "NaN", "Infinity", "1e", "e1", "."] {
            cases.push((json!({ "a": number(bad) }), no_number));
        }
        // 39 digits; one beyond each end of the exponents.
        for bad in ["123456789012345678901234567890123456789", "1e127", "1e-129"] {
            cases.push((json!({ "a": number(bad) }), "*"));
        }
        for bad in ["string", "Text", "Str", "Strings", "", "Number int", "binary"] {
            cases.push((json!({ "a": { "DataType": bad, "StringValue": "1" } }), "*"));
        }
        cases.push((json!({ "a": { "StringValue": "1" } }), "*"));
        let long_type = format!("String.{}", "t".repeat(250));
        cases.push((json!({ "a": { "DataType": long_type, "StringValue": "x" } }), "*"));
        let long_name = "n".repeat(257);
        for bad in [
            &long_name, "a b", "a/b", "a:b", "", ".a", "a.", "aws.a", "AWS.a", "Aws.a", "amazon.a",
            "AMAZON.a", "日本",
        ] {
            cases.push((json!({ bad: text("x") }), "*"));
        }
        let cases: Vec<_> = cases
            .iter()
            .map(|(attributes, text)| (message(&url, attributes), "InvalidParameterValue", *text))
            .collect();
        sqs.refuses("SendMessage", &url, &cases).await;
    })
    .await;
}

#[tokio::test]
async fn values_hold_the_characters_that_bodies_hold() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        for bad in ["\0", "\u{1}", "a\u{b}", "\u{1f}", "\u{fffe}", "\u{ffff}"] {
            let input = message(&url, &json!({ "a": text(bad) }));
            let refusal = sqs.refused("SendMessage", input).await;
            // Which of the two is not documented.
            assert!(
                ["InvalidMessageContents", "InvalidParameterValue"].contains(&&*refusal.code),
                "{refusal:?}"
            );
        }
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn lists_of_values_are_not_supported() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let code = "AWS.SimpleQueueService.UnsupportedOperation";
        let cases: Vec<_> = [
            json!({ "a": { "DataType": "String", "StringListValues": ["x"] } }),
            json!({ "a": { "DataType": "String", "StringValue": "x", "StringListValues": ["x"] } }),
            json!({ "a": { "DataType": "Binary", "BinaryListValues": ["AQID"] } }),
        ]
        .iter()
        .map(|attributes| (message(&url, attributes), code, "*"))
        .collect();
        sqs.refuses("SendMessage", &url, &cases).await;
    })
    .await;
}

const TRACE: &str = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";

fn traced(url: &str, attributes: &Value) -> Value {
    json!({ "QueueUrl": url, "MessageBody": "hello", "MessageSystemAttributes": attributes })
}

#[tokio::test]
async fn a_trace_header_goes_along_as_a_system_attribute() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let sent =
            sqs.ok("SendMessage", traced(&url, &json!({ "AWSTraceHeader": text(TRACE) }))).await;
        // Checked with an independent implementation of the documented scheme.
        assert_eq!(sent["MD5OfMessageSystemAttributes"], "5ae4d5d7636402d80f4eb6d213245a88");
        assert_eq!(sent.get("MD5OfMessageAttributes"), None);
        for names in [json!(["All"]), json!(["AWSTraceHeader"])] {
            for list in ["AttributeNames", "MessageSystemAttributeNames"] {
                let input = json!({ "QueueUrl": url, list: names, "VisibilityTimeout": 0 });
                let received = sqs.receive_with(input).await;
                assert_eq!(received[0]["Attributes"]["AWSTraceHeader"], TRACE);
                // It is no message attribute.
                assert_eq!(received[0].get("MD5OfMessageAttributes"), None);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_trace_header_of_the_request_goes_along() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let mut traced_caller = sqs.another().await;
        traced_caller.headers.push(("X-Amzn-Trace-Id".into(), TRACE.into()));
        traced_caller.send(&url, "single").await;
        let entries = json!([{ "Id": "a", "MessageBody": "batch" }]);
        let input = json!({ "QueueUrl": url, "Entries": entries });
        traced_caller.ok("SendMessageBatch", input).await;
        sqs.send(&url, "without").await;
        let input = json!({
            "QueueUrl": url, "AttributeNames": ["AWSTraceHeader"], "MaxNumberOfMessages": 10,
        });
        let received = sqs.receive_with(input).await;
        let mut traces: Vec<_> = received
            .iter()
            .map(|m| (m["Body"].as_str().unwrap(), m["Attributes"]["AWSTraceHeader"].as_str()))
            .collect();
        traces.sort_unstable();
        assert_eq!(traces, [("batch", Some(TRACE)), ("single", Some(TRACE)), ("without", None)]);
    })
    .await;
}

#[tokio::test]
async fn there_is_no_other_system_attribute() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let cases: Vec<_> = [
            json!({ "SenderId": text("x") }),
            json!({ "awstraceheader": text(TRACE) }),
            json!({ "AWSTraceHeader": text(TRACE), "Other": text("x") }),
            json!({ "AWSTraceHeader": { "DataType": "Binary", "BinaryValue": "AQID" } }),
            json!({ "AWSTraceHeader": number("1") }),
            json!({ "AWSTraceHeader": text("") }),
            json!({ "AWSTraceHeader": { "DataType": "String" } }),
        ]
        .iter()
        .map(|attributes| (traced(&url, attributes), "InvalidParameterValue", "*"))
        .collect();
        sqs.refuses("SendMessage", &url, &cases).await;
    })
    .await;
}
