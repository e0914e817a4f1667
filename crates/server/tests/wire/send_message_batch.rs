//! SendMessageBatch: what fails the whole call, what fails one entry, and that the rest goes on.

use serde_json::{Value, json};

use crate::harness::{Protocol, in_both_protocols, is_uuid, with};

const MIB: usize = 1 << 20;

fn batch(url: &str, entries: &Value) -> Value {
    json!({ "QueueUrl": url, "Entries": entries })
}

fn entry(id: impl ToString, body: &str) -> Value {
    json!({ "Id": id.to_string(), "MessageBody": body })
}

/// The ids of entries, sorted.
fn ids(entries: &Value) -> Vec<&str> {
    let mut ids: Vec<_> =
        entries.as_array().unwrap().iter().map(|entry| entry["Id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    ids
}

#[tokio::test]
async fn up_to_ten_messages_are_sent() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let sent = sqs.ok("SendMessageBatch", batch(&url, &json!([entry("only", "hello")]))).await;
        let id = sent["Successful"][0]["MessageId"].clone();
        assert!(is_uuid(id.as_str().unwrap().as_bytes()));
        let result = json!({
            "Id": "only",
            "MessageId": id,
            "MD5OfMessageBody": "5d41402abc4b2a76b9719d911017c592",
        });
        // No failures, no member for them.
        assert_eq!(sent, json!({ "Successful": [result] }));
        let entries: Vec<_> = (0..10).map(|i| entry(i, &format!("body {i}"))).collect();
        let sent = sqs.ok("SendMessageBatch", batch(&url, &entries.into())).await;
        assert_eq!(sent.get("Failed"), None);
        assert_eq!(ids(&sent["Successful"]), ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"]);
        assert_eq!(sqs.counts(&url).await, [11, 0, 0]);
        for message in sqs.receive(&url).await {
            let body = message["Body"].as_str().unwrap();
            let Some(entry) = body.strip_prefix("body ") else { continue };
            let results = sent["Successful"].as_array().unwrap();
            let result = results.iter().find(|result| result["Id"] == entry).unwrap();
            assert_eq!(result["MessageId"], message["MessageId"]);
            assert_eq!(result["MD5OfMessageBody"], message["MD5OfBody"]);
        }
    })
    .await;
}

#[tokio::test]
async fn an_entry_says_all_that_a_message_can_say() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({ "DelaySeconds": "900" })).await;
        let attributes = json!({ "Hello": { "DataType": "String", "StringValue": "There" } });
        let trace = "Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1";
        let full = json!({
            "DelaySeconds": 0,
            "MessageAttributes": attributes,
            "MessageGroupId": "g",
            "MessageSystemAttributes": {
                "AWSTraceHeader": { "DataType": "String", "StringValue": trace },
            },
        });
        let entries = json!([with(entry("full", "hello"), full), entry("bare", "delayed")]);
        let sent = sqs.ok("SendMessageBatch", batch(&url, &entries)).await;
        let results = sent["Successful"].as_array().unwrap();
        let full = results.iter().find(|result| result["Id"] == "full").unwrap();
        assert_eq!(full["MD5OfMessageAttributes"], "a311262e065454b75da111d535b8dacd");
        assert_eq!(full["MD5OfMessageSystemAttributes"], "5ae4d5d7636402d80f4eb6d213245a88");
        let bare = results.iter().find(|result| result["Id"] == "bare").unwrap();
        assert_eq!(bare.as_object().unwrap().len(), 3, "{bare}");
        assert_eq!(sqs.counts(&url).await, [1, 0, 1]);
        let input = json!({
            "QueueUrl": url,
            "MaxNumberOfMessages": 10,
            "AttributeNames": ["AWSTraceHeader", "MessageGroupId"],
            "MessageAttributeNames": ["All"],
        });
        let received = sqs.receive_with(input).await;
        assert_eq!(received.len(), 1);
        assert_eq!(received[0]["MessageAttributes"], attributes);
        let attributes = json!({ "AWSTraceHeader": trace, "MessageGroupId": "g" });
        assert_eq!(received[0]["Attributes"], attributes);
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_a_batch_fails_it_whole() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let numbered = |count| -> Value { (0..count).map(|i| entry(i, "x")).collect() };
        let long_id = "i".repeat(81);
        let too_many = "AWS.SimpleQueueService.TooManyEntriesInBatchRequest";
        let bad_id = "AWS.SimpleQueueService.InvalidBatchEntryId";
        let repeated = "AWS.SimpleQueueService.BatchEntryIdsNotDistinct";
        let bad_id_text = "A batch entry id can only contain alphanumeric characters, hyphens and \
                           underscores. It can be at most 80 letters long.";
        let mut cases = vec![
            (json!([]), "AWS.SimpleQueueService.EmptyBatchRequest", "*"),
            (
                numbered(11),
                too_many,
                "Maximum number of entries per request are 10. You have sent 11.",
            ),
            (
                numbered(20),
                too_many,
                "Maximum number of entries per request are 10. You have sent 20.",
            ),
            (
                json!([entry("a", "x"), entry("b", "x"), entry("a", "y")]),
                repeated,
                "Id a repeated.",
            ),
        ];
        for id in ["", &long_id, "a b", "a.b", "ä", "a/b"] {
            cases.push((json!([entry("good", "x"), entry(id, "x")]), bad_id, bad_id_text));
        }
        let cases: Vec<_> = cases
            .iter()
            .map(|(entries, code, text)| (batch(&url, entries), *code, *text))
            .collect();
        sqs.refuses("SendMessageBatch", &url, &cases).await;
        // A form without entries is one with none.
        let refusal = sqs.refused("SendMessageBatch", json!({ "QueueUrl": url })).await;
        match sqs.protocol {
            Protocol::Json => assert_eq!(refusal.code, "MissingParameter"),
            Protocol::Query => {
                assert_eq!(refusal.code, "AWS.SimpleQueueService.EmptyBatchRequest");
            }
        }
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
        let longest = json!([
            entry("i".repeat(80), "x"),
            entry("A-z_0", "x"),
            entry("a", "x"),
            entry("A", "x")
        ]);
        let sent = sqs.ok("SendMessageBatch", batch(&url, &longest)).await;
        assert_eq!(sent["Successful"].as_array().unwrap().len(), 4);
    })
    .await;
}

#[tokio::test]
async fn a_batch_holds_one_mebibyte_whatever_the_queue_allows() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let small = sqs.queue("small", json!({ "MaximumMessageSize": "1024" })).await;
        let tenth = "x".repeat(MIB / 10);
        let mut entries: Vec<_> = (0..10).map(|i| entry(i, &tenth)).collect();
        // Six bytes are missing; name, type and value of an attribute make five of them.
        entries[3]["MessageAttributes"] =
            json!({ "a": { "DataType": "Binary.", "BinaryValue": "AQ==" } });
        let attribute = 1 + 7 + 1;
        entries[0]["MessageBody"] = json!("x".repeat(MIB / 10 + MIB % 10 - attribute));
        for url in [&url, &small] {
            let sent = sqs.ok("SendMessageBatch", batch(url, &entries.clone().into())).await;
            let (all, member) = if *url == small { (10, "Failed") } else { (10, "Successful") };
            assert_eq!(sent[member].as_array().unwrap().len(), all);
        }
        assert_eq!(sqs.counts(&url).await, [10, 0, 0]);
        assert_eq!(sqs.counts(&small).await, [0, 0, 0]);

        entries[9]["MessageBody"] = json!(format!("{tenth}x"));
        let text =
            "Batch requests cannot be longer than 1048576 bytes. You have sent 1048577 bytes.";
        let code = "AWS.SimpleQueueService.BatchRequestTooLong";
        for url in [&url, &small] {
            let cases = [(batch(url, &entries.clone().into()), code, text)];
            sqs.refuses("SendMessageBatch", url, &cases).await;
        }
        // One message alone is too long for both its queue and the batch.
        let cases = [(batch(&url, &json!([entry("a", &"x".repeat(MIB + 1))])), code, text)];
        sqs.refuses("SendMessageBatch", &url, &cases).await;
        let sent =
            sqs.ok("SendMessageBatch", batch(&url, &json!([entry("a", &"x".repeat(MIB))]))).await;
        assert_eq!(ids(&sent["Successful"]), ["a"]);
    })
    .await;
}

#[tokio::test]
async fn what_is_wrong_with_an_entry_fails_it_alone() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({ "MaximumMessageSize": "1024" })).await;
        let no_number = json!({ "DataType": "Number", "StringValue": "x" });
        let entries = json!([
            entry("good", "hello"),
            entry("long", &"x".repeat(1025)),
            entry("longest", &"x".repeat(1024)),
            entry("odd", "a\u{1}b"),
            with(entry("delay", "x"), json!({ "DelaySeconds": 901 })),
            with(entry("negative", "x"), json!({ "DelaySeconds": -1 })),
            with(entry("attribute", "x"), json!({ "MessageAttributes": { "a": no_number } })),
            with(entry("group", "x"), json!({ "MessageGroupId": "a b" })),
            with(entry("id", "x"), json!({ "MessageDeduplicationId": "d" })),
            entry("last", "there"),
        ]);
        let sent = sqs.ok("SendMessageBatch", batch(&url, &entries)).await;
        assert_eq!(ids(&sent["Successful"]), ["good", "last", "longest"]);
        for (id, code, text) in [
            (
                "long",
                "InvalidParameterValue",
                "One or more parameters cannot be validated. Reason: Message must be shorter than \
                 1024 bytes.",
            ),
            ("odd", "InvalidMessageContents", "*"),
            (
                "delay",
                "InvalidParameterValue",
                "Value 901 for parameter DelaySeconds is invalid. Reason: *",
            ),
            (
                "negative",
                "InvalidParameterValue",
                "Value -1 for parameter DelaySeconds is invalid. Reason: *",
            ),
            (
                "attribute",
                "InvalidParameterValue",
                "Could not cast message attribute 'a' value to number.",
            ),
            (
                "group",
                "InvalidParameterValue",
                "Value a b for parameter MessageGroupId is invalid. Reason: MessageGroupId can \
                 only include alphanumeric and punctuation characters. 1 to 128 in length.",
            ),
            (
                "id",
                "InvalidParameterValue",
                "Value d for parameter MessageDeduplicationId is invalid. Reason: *",
            ),
        ] {
            let failed = sent["Failed"].as_array().unwrap();
            let failure = failed.iter().find(|failure| failure["Id"] == id).expect(id);
            assert_eq!(failure["SenderFault"], true, "{failure}");
            assert_eq!(failure["Code"], code, "{failure}");
            let message = failure["Message"].as_str().unwrap();
            match text.strip_suffix('*') {
                Some(beginning) => assert!(message.starts_with(beginning), "{failure}"),
                None => assert_eq!(message, text),
            }
            assert_eq!(failure.as_object().unwrap().len(), 4, "{failure}");
        }
        assert_eq!(sent["Failed"].as_array().unwrap().len(), 7);
        assert_eq!(sqs.counts(&url).await, [3, 0, 0]);
        // All of them failing is no other kind of answer.
        let sent = sqs.ok("SendMessageBatch", batch(&url, &json!([entry("odd", "\u{1}")]))).await;
        assert_eq!(sent.get("Successful"), None);
        assert_eq!(ids(&sent["Failed"]), ["odd"]);
    })
    .await;
}

#[tokio::test]
async fn entries_are_read_in_the_order_of_their_numbers() {
    in_both_protocols(async |sqs| {
        let attributes = json!({ "FifoQueue": "true", "ContentBasedDeduplication": "true" });
        let url = sqs.queue("orders.fifo", attributes).await;
        let entries: Vec<_> = (0..10)
            .map(|i| with(entry(i, &format!("body {i}")), json!({ "MessageGroupId": "g" })))
            .collect();
        let sent = sqs.ok("SendMessageBatch", batch(&url, &entries.into())).await;
        let numbers: Vec<_> = sent["Successful"]
            .as_array()
            .unwrap()
            .iter()
            .map(|result| result["SequenceNumber"].as_str().unwrap())
            .collect();
        assert_eq!(numbers.len(), 10);
        assert!(numbers.iter().all(|number| number.len() == 20));
        let bodies: Vec<_> = sqs
            .receive(&url)
            .await
            .iter()
            .map(|m| m["Body"].as_str().unwrap().to_owned())
            .collect();
        assert_eq!(bodies, (0..10).map(|i| format!("body {i}")).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn a_batch_without_group_or_deduplication_id_fails_whole_on_a_fifo_queue() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        let good = with(
            entry("good", "x"),
            json!({ "MessageGroupId": "g", "MessageDeduplicationId": "1" }),
        );
        let no_group = with(entry("bad", "x"), json!({ "MessageDeduplicationId": "2" }));
        let no_id = with(entry("bad", "x"), json!({ "MessageGroupId": "g" }));
        sqs.refuses(
            "SendMessageBatch",
            &url,
            &[
                (
                    batch(&url, &json!([good, no_group])),
                    "InvalidParameterValue",
                    "The request must contain the parameter MessageGroupId.",
                ),
                (
                    batch(&url, &json!([good, no_id])),
                    "InvalidParameterValue",
                    "The queue should either have ContentBasedDeduplication enabled or \
                     MessageDeduplicationId provided explicitly",
                ),
            ],
        )
        .await;
        // The refused batch is not remembered.
        let sent = sqs.ok("SendMessageBatch", batch(&url, &json!([good]))).await;
        assert_eq!(ids(&sent["Successful"]), ["good"]);
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn an_entry_that_fails_leaves_the_order_of_the_others() {
    in_both_protocols(async |sqs| {
        let attributes = json!({
            "FifoQueue": "true", "ContentBasedDeduplication": "true", "MaximumMessageSize": "1024",
        });
        let url = sqs.queue("orders.fifo", attributes).await;
        let group = json!({ "MessageGroupId": "g" });
        let entries = json!([
            with(entry("a", "1"), group.clone()),
            with(entry("b", &"x".repeat(1025)), group.clone()),
            with(entry("c", "2"), group.clone()),
            with(entry("d", "\u{1}"), group.clone()),
            with(entry("e", "3"), json!({ "MessageGroupId": "g", "DelaySeconds": 5 })),
            with(entry("f", "4"), group),
        ]);
        let sent = sqs.ok("SendMessageBatch", batch(&url, &entries)).await;
        assert_eq!(ids(&sent["Successful"]), ["a", "c", "f"]);
        assert_eq!(ids(&sent["Failed"]), ["b", "d", "e"]);
        let received = sqs.receive(&url).await;
        let bodies: Vec<_> = received.iter().map(|m| m["Body"].as_str().unwrap()).collect();
        assert_eq!(bodies, ["1", "2", "4"]);
    })
    .await;
}
