//! What was acknowledged is there after a restart.

use serde_json::{Value, json};

use crate::harness::{Protocol, Service, Sns, Sqs, queue_arn, topic_arn};

/// Runs the second half of a test in a server that was started anew.
async fn across_a_restart<T>(
    before: impl AsyncFn(&mut Sns, &mut Sqs) -> T,
    after: impl AsyncFn(&mut Sns, &mut Sqs, T),
) {
    for protocol in Protocol::BOTH {
        let service = Service::start().await;
        let (mut sns, mut sqs) = (service.sns().await, service.speak(protocol).await);
        let known = before(&mut sns, &mut sqs).await;
        drop((sns, sqs));
        // Twice: the second start finds what the first one left.
        let service = service.restart().await.restart().await;
        let (mut sns, mut sqs) = (service.sns().await, service.speak(protocol).await);
        after(&mut sns, &mut sqs, known).await;
        drop((sns, sqs));
        service.stop().await;
    }
}

/// All that can be asked about topics and subscriptions.
async fn everything(sns: &mut Sns) -> Value {
    let topics = sns.all("ListTopics", "Topics", json!({})).await;
    let subscriptions = sns.all("ListSubscriptions", "Subscriptions", json!({})).await;
    let mut told = Vec::new();
    for topic in &topics {
        let arn = topic["TopicArn"].as_str().unwrap();
        told.push(sns.topic_attributes(arn).await);
        for action in ["ListTagsForResource", "GetDataProtectionPolicy"] {
            told.push(sns.ok(action, json!({ "ResourceArn": arn })).await);
        }
    }
    for subscription in &subscriptions {
        let arn = subscription["SubscriptionArn"].as_str().unwrap();
        told.push(sns.subscription_attributes(arn).await);
    }
    json!([topics, subscriptions, told])
}

#[tokio::test]
async fn topics_and_subscriptions_are_as_they_were() {
    across_a_restart(
        async |sns, _| {
            let attributes = json!({
                "DisplayName": "Orders",
                "SignatureVersion": "2",
                "TracingConfig": "Active",
                "KmsMasterKeyId": "alias/aws/sns",
                "MaximumMessageSize": "2048",
                "SQSSuccessFeedbackSampleRate": "7",
            });
            let protection = json!({
                "Name": "p",
                "Version": "2021-06-01",
                "Statement": [{
                    "DataDirection": "Inbound",
                    "Principal": ["*"],
                    "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"],
                    "Operation": { "Deny": {} },
                }],
            });
            let input = json!({
                "Name": "orders",
                "Attributes": attributes,
                "Tags": [{ "Key": "team", "Value": "red" }],
                "DataProtectionPolicy": protection.to_string(),
            });
            sns.ok("CreateTopic", input).await;
            let orders = topic_arn("orders");
            let grant = json!({
                "TopicArn": orders,
                "Label": "l",
                "AWSAccountId": ["111122223333"],
                "ActionName": ["Publish"],
            });
            sns.ok("AddPermission", grant).await;
            let fifo = json!({
                "ContentBasedDeduplication": "true",
                "FifoThroughputScope": "MessageGroup",
                "ArchivePolicy": r#"{"MessageRetentionPeriod":"7"}"#,
            });
            let fifo = sns.fifo_topic("orders.fifo", fifo).await;
            sns.topic("gone").await;
            sns.ok("DeleteTopic", json!({ "TopicArn": topic_arn("gone") })).await;
            let attributes = json!({
                "RawMessageDelivery": "true",
                "FilterPolicy": r#"{"a":{"b":["x"]}}"#,
                "FilterPolicyScope": "MessageBody",
                "RedrivePolicy": json!({ "deadLetterTargetArn": queue_arn("dead") }).to_string(),
            });
            sns.subscribe(&orders, "queue", attributes).await;
            let ended = sns.subscribe(&orders, "ended", json!({})).await;
            sns.ok("Unsubscribe", json!({ "SubscriptionArn": ended })).await;
            sns.subscribe(&fifo, "queue.fifo", json!({})).await;
            everything(sns).await
        },
        async |sns, _, known| assert_eq!(everything(sns).await, known),
    )
    .await;
}

#[tokio::test]
async fn what_was_published_is_in_its_queues() {
    across_a_restart(
        async |sns, sqs| {
            let topic = sns.topic("orders").await;
            let dead = json!({ "deadLetterTargetArn": queue_arn("dead") }).to_string();
            for name in ["raw", "enveloped", "dead"] {
                sqs.queue(name, json!({})).await;
            }
            sns.subscribe_raw(&topic, "raw", json!({})).await;
            sns.subscribe(&topic, "enveloped", json!({})).await;
            sns.subscribe_raw(&topic, "never", json!({ "RedrivePolicy": dead })).await;
            let input = json!({
                "TopicArn": topic,
                "Message": "ünïcode <&>\r\n\u{1f600}",
                "Subject": "Tide",
                "MessageAttributes": { "a": { "DataType": "Number.x", "StringValue": "7.0" } },
            });
            sns.ok("Publish", input).await;
            let mut known = Vec::new();
            for name in ["raw", "enveloped", "dead"] {
                known.push(peek(sqs, name).await);
            }
            known
        },
        async |_, sqs, known| {
            for (name, known) in ["raw", "enveloped", "dead"].iter().zip(known) {
                assert_eq!(peek(sqs, name).await, known, "{name}");
            }
        },
    )
    .await;
}

/// The message in a queue, which stays visible, without what differs from receive to receive.
async fn peek(sqs: &mut Sqs, queue: &str) -> Value {
    let input = json!({
        "QueueUrl": sqs.url(queue),
        "AttributeNames": ["All"],
        "MessageAttributeNames": ["All"],
        "VisibilityTimeout": 0,
    });
    let mut received = sqs.receive_with(input).await;
    assert_eq!(received.len(), 1);
    received[0]["ReceiptHandle"] = Value::Null;
    received[0]["Attributes"]["ApproximateReceiveCount"] = Value::Null;
    received.remove(0)
}

#[tokio::test]
async fn subscriptions_and_filters_go_on() {
    across_a_restart(
        async |sns, sqs| {
            let topic = sns.topic("orders").await;
            sqs.queue("queue", json!({})).await;
            let filter = json!({ "FilterPolicy": r#"{"sea":["north"]}"# });
            sns.subscribe_raw(&topic, "queue", filter).await
        },
        async |sns, sqs, subscription| {
            let topic = topic_arn("orders");
            for sea in ["north", "south"] {
                let attributes = json!({ "sea": { "DataType": "String", "StringValue": sea } });
                let input =
                    json!({ "TopicArn": topic, "Message": sea, "MessageAttributes": attributes });
                sns.ok("Publish", input).await;
            }
            assert_eq!(peek(sqs, "queue").await["Body"], "north");
            let filter =
                json!({ "RawMessageDelivery": "true", "FilterPolicy": r#"{"sea":["north"]}"# });
            assert_eq!(sns.subscribe(&topic, "queue", filter).await, subscription);
        },
    )
    .await;
}

#[tokio::test]
async fn duplicates_and_sequence_numbers_are_known() {
    across_a_restart(
        async |sns, sqs| {
            let topic = sns.fifo_topic("orders.fifo", json!({})).await;
            sqs.queue("queue.fifo", json!({ "FifoQueue": "true" })).await;
            sns.subscribe_raw(&topic, "queue.fifo", json!({})).await;
            sns.publish_fifo(&topic, "g", "1", "first").await
        },
        async |sns, sqs, (_, number)| {
            let topic = topic_arn("orders.fifo");
            sns.publish_fifo(&topic, "g", "1", "again").await;
            let (_, next) = sns.publish_fifo(&topic, "g", "2", "second").await;
            assert!(next > number, "{next} after {number}");
            let url = sqs.url("queue.fifo");
            let received = sqs.receive(&url).await;
            let bodies: Vec<_> = received.iter().map(|message| &message["Body"]).collect();
            assert_eq!(bodies, ["first", "second"]);
            sns.pass_seconds(300);
            sns.publish_fifo(&topic, "g", "1", "third").await;
            assert_eq!(sqs.counts(&url).await.iter().sum::<u64>(), 3);
        },
    )
    .await;
}

#[tokio::test]
async fn an_archive_can_be_replayed() {
    across_a_restart(
        async |sns, _| {
            let archive = json!({ "ArchivePolicy": r#"{"MessageRetentionPeriod":"7"}"# });
            let topic = sns.fifo_topic("orders.fifo", archive).await;
            for id in ["1", "2", "3"] {
                sns.publish_fifo(&topic, "g", id, id).await;
            }
        },
        async |sns, sqs, ()| {
            let url = sqs.queue("late.fifo", json!({ "FifoQueue": "true" })).await;
            let policy =
                json!({ "PointType": "Timestamp", "StartingPoint": "2027-01-15T08:00:00.000Z" });
            let attributes = json!({ "ReplayPolicy": policy.to_string() });
            sns.subscribe_raw(&topic_arn("orders.fifo"), "late.fifo", attributes).await;
            let mut bodies = Vec::new();
            crate::support::within(async {
                while bodies.len() < 3 {
                    sns.pass_ms(1);
                    for message in sqs.receive(&url).await {
                        sqs.delete(&url, message["ReceiptHandle"].clone()).await;
                        bodies.push(message["Body"].as_str().unwrap().to_owned());
                    }
                }
            })
            .await;
            assert_eq!(bodies, ["1", "2", "3"]);
        },
    )
    .await;
}
