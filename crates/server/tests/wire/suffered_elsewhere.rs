//! What users of other servers have suffered from, each by name.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::dead_letters::{peek, source};
use crate::harness::{ACCOUNT, Http, Protocol, Refusal, Service, Sqs, in_both_protocols, messages};
use crate::support::within;

#[tokio::test]
async fn an_empty_long_poll_ends_on_time() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let mut pollers = Vec::new();
        for _ in 0..30 {
            let mut poller = sqs.another().await;
            let input = json!({ "QueueUrl": url, "WaitTimeSeconds": 20 });
            poller.begin("ReceiveMessage", &input).await;
            pollers.push(poller);
        }
        sqs.settle().await;
        sqs.pass_ms(19_999);
        for poller in &mut pollers {
            poller.still_waits().await;
        }
        sqs.pass_ms(1);
        for poller in &mut pollers {
            assert_eq!(poller.finish("ReceiveMessage").await.unwrap(), json!({}));
        }
    })
    .await;
}

/// Receives and deletes until the queue is deleted, and tells of each message.
async fn consume(mut sqs: Sqs, url: String, consumed: mpsc::UnboundedSender<String>) {
    loop {
        let input = json!({
            "QueueUrl": url,
            "MaxNumberOfMessages": 3,
            "WaitTimeSeconds": 20,
            "VisibilityTimeout": 60,
        });
        let received = match sqs.call("ReceiveMessage", &input).await {
            Ok(output) => messages(&output),
            Err(refusal) => {
                assert_eq!(refusal.code, "AWS.SimpleQueueService.NonExistentQueue");
                return;
            }
        };
        for message in received {
            let handle = &message["ReceiptHandle"];
            sqs.delete(&url, handle.clone()).await;
            consumed.send(message["Body"].as_str().unwrap().to_owned()).unwrap();
        }
    }
}

#[tokio::test]
async fn thirty_consumers_of_one_queue_get_each_message_once() {
    const MESSAGES: usize = 600;
    let service = Service::start().await;
    let mut sqs = service.speak(Protocol::Json).await;
    let url = sqs.queue("orders", json!({})).await;
    let (consumed, mut bodies) = mpsc::unbounded_channel();
    let mut consumers = JoinSet::new();
    for i in 0..30 {
        let consumer = service.speak(Protocol::BOTH[i % 2]).await;
        consumers.spawn(consume(consumer, url.clone(), consumed.clone()));
    }
    drop(consumed);
    for batch in 0..MESSAGES / 10 {
        let entries: Vec<_> = (0..10)
            .map(|i| json!({ "Id": i.to_string(), "MessageBody": (batch * 10 + i).to_string() }))
            .collect();
        sqs.ok("SendMessageBatch", json!({ "QueueUrl": url, "Entries": entries })).await;
    }
    let mut seen = BTreeSet::new();
    for _ in 0..MESSAGES {
        let body: usize = within(bodies.recv()).await.unwrap().parse().unwrap();
        assert!(body < MESSAGES && seen.insert(body), "{body} came twice");
    }
    assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
    sqs.ok("DeleteQueue", json!({ "QueueUrl": url })).await;
    while let Some(ended) = within(consumers.join_next()).await {
        ended.unwrap();
    }
    assert_eq!(bodies.recv().await, None, "nothing came beyond what was sent");
    drop(sqs);
    service.stop().await;
}

#[tokio::test]
async fn deleted_dead_letter_messages_stay_deleted_after_a_restart() {
    for protocol in Protocol::BOTH {
        let service = Service::start().await;
        let mut sqs = service.speak(protocol).await;
        let dead = sqs.queue("dead", json!({})).await;
        let url = source(&mut sqs, "orders", "dead", 1, json!({})).await;
        for body in ["deleted", "kept"] {
            sqs.send(&url, body).await;
            peek(&mut sqs, &url).await.unwrap();
            assert_eq!(peek(&mut sqs, &url).await, None);
        }
        let received = sqs.receive(&dead).await;
        assert_eq!(received.len(), 2);
        let deleted = received.iter().find(|message| message["Body"] == "deleted").unwrap();
        let handle = &deleted["ReceiptHandle"];
        sqs.delete(&dead, handle.clone()).await;
        drop(sqs);
        // The second restart begins from what the first one wrote.
        let mut service = service;
        for _ in 0..2 {
            service = service.restart().await;
            let mut sqs = service.speak(protocol).await;
            assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
            assert_eq!(sqs.counts(&dead).await, [0, 1, 0]);
        }
        let mut sqs = service.speak(protocol).await;
        sqs.pass_seconds(30);
        let received = sqs.receive(&dead).await;
        assert_eq!(received.len(), 1);
        assert_eq!(received[0]["Body"], "kept");
        drop(sqs);
        service.stop().await;
    }
}

#[tokio::test]
async fn a_purge_resets_deduplication() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        let message = json!({
            "QueueUrl": url,
            "MessageBody": "hello",
            "MessageGroupId": "g",
            "MessageDeduplicationId": "d",
        });
        let first = sqs.ok("SendMessage", message.clone()).await;
        sqs.ok("PurgeQueue", json!({ "QueueUrl": url })).await;
        let second = sqs.ok("SendMessage", message.clone()).await;
        assert_ne!(second["MessageId"], first["MessageId"]);
        assert!(second["SequenceNumber"].as_str() > first["SequenceNumber"].as_str());
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
        // The five minutes begin anew as well.
        sqs.pass_ms(299_999);
        assert_eq!(sqs.ok("SendMessage", message.clone()).await, second);
        sqs.pass_ms(1);
        assert_ne!(sqs.ok("SendMessage", message).await["MessageId"], second["MessageId"]);
        assert_eq!(sqs.counts(&url).await, [2, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn message_system_attribute_names_works_beside_the_old_attribute_names() {
    for protocol in Protocol::BOTH {
        let service = Service::start().await;
        let mut sqs = service.speak(protocol).await;
        let url = sqs.queue("orders", json!({})).await;
        sqs.send(&url, "hello").await;
        let all = "ApproximateFirstReceiveTimestamp ApproximateReceiveCount SenderId SentTimestamp";
        for (old, new, names) in [
            (json!(null), json!(["SentTimestamp"]), "SentTimestamp"),
            (json!(["SentTimestamp"]), json!(null), "SentTimestamp"),
            (json!([]), json!(["SentTimestamp"]), "SentTimestamp"),
            (json!(["SentTimestamp"]), json!([]), "SentTimestamp"),
            (json!(["SentTimestamp"]), json!(["SentTimestamp"]), "SentTimestamp"),
            (json!(null), json!(["SenderId", "SentTimestamp"]), "SenderId SentTimestamp"),
            (json!(null), json!(["All"]), all),
            (json!(["SenderId"]), json!(["All"]), all),
        ] {
            // In a form both travel under one name: there are no two lists.
            let are_two = [&old, &new].iter().all(|list| list.get(0).is_some());
            if protocol == Protocol::Query && are_two {
                continue;
            }
            let input = json!({
                "QueueUrl": url,
                "AttributeNames": old,
                "MessageSystemAttributeNames": new,
                "VisibilityTimeout": 0,
            });
            let received = sqs.receive_with(input).await;
            let mut got: Vec<_> =
                received[0]["Attributes"].as_object().unwrap().keys().map(String::as_str).collect();
            got.sort_unstable();
            assert_eq!(got.join(" "), names, "{old} {new}");
        }
        drop(sqs);
        service.stop().await;
    }
}

/// Asserts that attributes which were set are told just so: numbers and switches to the character,
/// documents as JSON.
async fn reads_back(sqs: &mut Sqs, url: &str, set: &Value) {
    let told = sqs.attributes(url).await;
    for (name, value) in set.as_object().unwrap() {
        let (told, value) = (told[name].as_str().expect(name), value.as_str().unwrap());
        if value.starts_with('{') {
            let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
            assert_eq!(read(told), read(value), "{name}");
        } else {
            assert_eq!(told, value, "{name}");
        }
    }
}

#[tokio::test]
async fn what_terraform_sets_it_reads_back() {
    in_both_protocols(async |sqs| {
        let arn = |name: &str| format!("arn:aws:sqs:us-east-1:{ACCOUNT}:{name}");
        for (name, dead, kind) in [
            ("orders", "dead", json!({})),
            (
                "orders.fifo",
                "dead.fifo",
                json!({
                    "FifoQueue": "true",
                    "ContentBasedDeduplication": "true",
                    "DeduplicationScope": "messageGroup",
                    "FifoThroughputLimit": "perMessageGroupId",
                }),
            ),
        ] {
            let is_fifo = name.ends_with(".fifo");
            let dead_kind = if is_fifo { json!({ "FifoQueue": "true" }) } else { json!({}) };
            sqs.queue(dead, dead_kind).await;
            let topic = "arn:aws:sns:us-east-1:000000000000:topic";
            let policy = json!({
                "Version": "2012-10-17",
                "Statement": [{
                    "Sid": "topic",
                    "Effect": "Allow",
                    "Principal": { "Service": "sns.amazonaws.com" },
                    "Action": "sqs:SendMessage",
                    "Resource": arn(name),
                    "Condition": { "ArnEquals": { "aws:SourceArn": topic } },
                }],
            });
            let redrive = json!({ "deadLetterTargetArn": arn(dead), "maxReceiveCount": 4 });
            let sources = [arn("other")];
            let allow = json!({ "redrivePermission": "byQueue", "sourceQueueArns": sources });
            let mut attributes = json!({
                "DelaySeconds": "90",
                "KmsDataKeyReusePeriodSeconds": "600",
                "KmsMasterKeyId": "alias/aws/sqs",
                "MaximumMessageSize": "2048",
                "MessageRetentionPeriod": "86400",
                "Policy": policy.to_string(),
                "ReceiveMessageWaitTimeSeconds": "10",
                "RedriveAllowPolicy": allow.to_string(),
                "RedrivePolicy": redrive.to_string(),
                "VisibilityTimeout": "31",
            });
            attributes.as_object_mut().unwrap().extend(kind.as_object().unwrap().clone());
            let tags = json!({ "Name": name, "Environment": "test" });
            let input = json!({ "QueueName": name, "Attributes": attributes, "tags": tags });
            sqs.ok("CreateQueue", input).await;
            let url = sqs.url(name);
            reads_back(sqs, &url, &attributes).await;
            let told = sqs.ok("ListQueueTags", json!({ "QueueUrl": url })).await;
            assert_eq!(told, json!({ "Tags": tags }));
            // Applied again: no difference.
            let input = json!({ "QueueName": name, "Attributes": attributes, "tags": tags });
            sqs.ok("CreateQueue", input).await;
            // Back to defaults: what can be cleared is told no longer.
            let defaults = json!({
                "DelaySeconds": "0",
                "MaximumMessageSize": "262144",
                "MessageRetentionPeriod": "345600",
                "ReceiveMessageWaitTimeSeconds": "0",
                "SqsManagedSseEnabled": "true",
                "VisibilityTimeout": "30",
            });
            let cleared = ["KmsMasterKeyId", "Policy", "RedriveAllowPolicy", "RedrivePolicy"];
            for name in cleared {
                let set = json!({ "QueueUrl": url, "Attributes": { name: "" } });
                sqs.ok("SetQueueAttributes", set).await;
            }
            let set = json!({ "QueueUrl": url, "Attributes": defaults });
            sqs.ok("SetQueueAttributes", set).await;
            reads_back(sqs, &url, &defaults).await;
            let told = sqs.attributes(&url).await;
            assert!(cleared.iter().all(|name| told.get(*name).is_none()), "{told}");
            reads_back(sqs, &url, &kind).await;
        }
    })
    .await;
}

#[tokio::test]
async fn x_amzn_query_error_is_on_errors_in_json() {
    let service = Service::start().await;
    let mut sqs = service.speak(Protocol::Json).await;
    let url = sqs.queue("orders", json!({})).await;
    sqs.ok("PurgeQueue", json!({ "QueueUrl": url })).await;
    let text = |input: Value| input.to_string();
    for (action, body, header) in [
        (
            "GetQueueUrl",
            text(json!({ "QueueName": "missing" })),
            "AWS.SimpleQueueService.NonExistentQueue;Sender",
        ),
        (
            "PurgeQueue",
            text(json!({ "QueueUrl": url })),
            "AWS.SimpleQueueService.PurgeQueueInProgress;Sender",
        ),
        (
            "DeleteMessage",
            text(json!({ "QueueUrl": url, "ReceiptHandle": "x" })),
            "ReceiptHandleIsInvalid;Sender",
        ),
        (
            "SendMessageBatch",
            text(json!({ "QueueUrl": url, "Entries": [] })),
            "AWS.SimpleQueueService.EmptyBatchRequest;Sender",
        ),
        ("SendMessage", text(json!({ "QueueUrl": url })), "MissingParameter;Sender"),
        ("SendMessage", "{".into(), "MalformedInput;Sender"),
        ("Frobnicate", "{}".into(), "InvalidAction;Sender"),
    ] {
        let request = sqs.json(action, &body);
        let http: Http = sqs.raw(&request).await;
        assert_eq!(http.header("x-amzn-query-error"), header, "{http:?}");
    }
    drop(sqs);
    service.stop().await;
}

#[tokio::test]
async fn a_receive_whose_answer_was_lost_is_tried_again_with_its_receive_request_attempt_id() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders.fifo", json!({ "FifoQueue": "true" })).await;
        for body in ["a", "b"] {
            let message = json!({
                "QueueUrl": url,
                "MessageBody": body,
                "MessageGroupId": "g",
                "MessageDeduplicationId": body,
            });
            sqs.ok("SendMessage", message).await;
        }
        let input = json!({
            "QueueUrl": url, "MaxNumberOfMessages": 10, "ReceiveRequestAttemptId": "attempt-1",
        });
        // This client does not live to read the answer.
        let mut lost = sqs.another().await;
        lost.begin("ReceiveMessage", &input).await;
        sqs.settle().await;
        assert_eq!(sqs.counts(&url).await, [0, 2, 0]);
        drop(lost);
        assert!(sqs.receive(&url).await.is_empty());
        let received = sqs.receive_with(input).await;
        let bodies: Vec<_> = received.iter().map(|m| m["Body"].as_str().unwrap()).collect();
        assert_eq!(bodies, ["a", "b"]);
        for message in &received {
            let handle = &message["ReceiptHandle"];
            sqs.delete(&url, handle.clone()).await;
        }
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
    })
    .await;
}

#[tokio::test]
async fn a_queue_url_has_the_host_that_the_client_used_and_takes_requests() {
    let service = Service::start().await;
    for protocol in Protocol::BOTH {
        let mut sqs = service.speak(protocol).await;
        sqs.host = service.addr.to_string();
        let url = sqs.queue("orders", json!({})).await;
        // A client that knows nothing but the URL.
        let (host, path) = url.strip_prefix("http://").unwrap().split_once('/').unwrap();
        assert_eq!(host, service.addr.to_string());
        let mut client = crate::support::Client::connect(host.parse().unwrap()).await;
        let form = "Action=SendMessage&Version=2012-11-05&MessageBody=hello";
        client.send(sqs.post(&format!("/{path}"), form)).await;
        assert_eq!(client.response().await.status, 200);
        let received = sqs.receive(&url).await;
        assert_eq!(received[0]["Body"], "hello");
    }
    // And tells of no host that it made up.
    let mut sqs = service.speak(Protocol::Query).await;
    let request = sqs.get("/?Action=GetQueueUrl&QueueName=missing");
    assert!(Refusal::from_xml(&sqs.raw(&request).await).code.ends_with("NonExistentQueue"));
    drop(sqs);
    service.stop().await;
}

mod backlog {
    //! The one that goes through the broker directly: over HTTP it would take minutes.

    use tidings_broker::Broker;
    use tidings_core::command::{Command, Handle, Outgoing, ReceiveRequest, Reply};
    use tidings_core::message::Sealing;
    use tidings_core::names::{FifoId, QueueArn};

    use super::{BTreeMap, JoinSet, Service};

    const GROUPS: usize = 100;
    const BATCHES_PER_GROUP: usize = 200;
    const MESSAGES: usize = GROUPS * BATCHES_PER_GROUP * 10;
    const CONSUMERS: usize = 64;

    fn queue() -> QueueArn {
        QueueArn::parse("arn:aws:sqs:us-east-1:000000000000:orders.fifo").unwrap()
    }

    async fn done(broker: &Broker, command: Command) -> Reply {
        broker.call(command).await.unwrap()
    }

    /// Fills one group, and returns its sequence numbers in the order sent.
    async fn fill(broker: Broker, group: usize) -> (usize, Vec<u64>) {
        let mut numbers = Vec::new();
        for batch in 0..BATCHES_PER_GROUP {
            let messages = (0..10).map(|i| outgoing(&broker, group, batch * 10 + i)).collect();
            let Reply::Sent(sent) = done(&broker, Command::Send { arn: queue(), messages }).await
            else {
                panic!("no answer to a send")
            };
            numbers.extend(sent.into_iter().map(|sent| sent.unwrap().sequence_number.unwrap()));
        }
        (group, numbers)
    }

    fn outgoing(broker: &Broker, group: usize, index: usize) -> Outgoing {
        Outgoing {
            message_id: broker.uuid(),
            content: Vec::new(),
            sealing: Sealing::Plain,
            size: 1,
            body_md5: [0; 16],
            body_sha256: None,
            delay_seconds: None,
            group: FifoId::parse(&format!("group-{group}")),
            deduplication: FifoId::parse(&format!("{group}-{index}")),
        }
    }

    /// Receives and deletes one batch; the sequence numbers in the order received.
    async fn take(broker: Broker) -> Vec<u64> {
        let request = ReceiveRequest {
            max_messages: 10,
            visibility_timeout: None,
            wait_seconds: Some(0),
            attempt: None,
        };
        let Reply::Received(received) =
            done(&broker, Command::Receive { arn: queue(), request }).await
        else {
            panic!("no answer to a receive")
        };
        if received.is_empty() {
            return Vec::new();
        }
        let receipts = received
            .iter()
            .map(|message| Handle { text: String::new(), receipt: Some(message.receipt) })
            .collect();
        let numbers = received.iter().map(|message| message.sequence_number.unwrap()).collect();
        let Reply::Each(deleted) = done(&broker, Command::Delete { arn: queue(), receipts }).await
        else {
            panic!("no answer to a delete")
        };
        assert!(deleted.iter().all(Result::is_ok));
        numbers
    }

    #[tokio::test]
    async fn a_fifo_backlog_of_200_000_messages_is_received_to_its_end_in_order() {
        assert_eq!(MESSAGES, 200_000);
        let service = Service::start().await;
        let broker = service.broker.clone();
        let attributes = vec![("FifoQueue".to_owned(), "true".to_owned())];
        done(&broker, Command::CreateQueue { arn: queue(), attributes, tags: Vec::new() }).await;
        let mut senders = JoinSet::new();
        for group in 0..GROUPS {
            senders.spawn(fill(broker.clone(), group));
        }
        // Which group a sequence number belongs to, and its place in it.
        let mut places = BTreeMap::new();
        while let Some(sent) = senders.join_next().await {
            let (group, numbers) = sent.unwrap();
            places.extend(numbers.into_iter().enumerate().map(|(i, number)| (number, (group, i))));
        }
        assert_eq!(places.len(), MESSAGES);
        let mut next = [0; GROUPS];
        let mut consumers = JoinSet::new();
        for _ in 0..CONSUMERS {
            consumers.spawn(take(broker.clone()));
        }
        let mut received = 0;
        while let Some(numbers) = consumers.join_next().await {
            for number in numbers.unwrap() {
                let (group, place) = places[&number];
                assert_eq!(place, next[group], "out of order in group {group}");
                next[group] += 1;
                received += 1;
            }
            if received < MESSAGES {
                consumers.spawn(take(broker.clone()));
            }
        }
        assert_eq!(received, MESSAGES);
        assert_eq!(take(broker.clone()).await, Vec::<u64>::new());
        drop(broker);
        service.stop().await;
    }
}
