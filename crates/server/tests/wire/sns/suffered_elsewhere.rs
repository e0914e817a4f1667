//! What users of other servers have suffered from, each by name.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::filters::{attributes, drain};
use crate::harness::{
    Protocol, Service, Sns, Sqs, queue_arn, topic_arn, with, with_topics, with_topics_and_queues,
};
use crate::support::within;

/// A topic with one queue; ARN and URL.
async fn topic_and_queue(sns: &mut Sns, sqs: &mut Sqs, subscription: Value) -> (String, String) {
    let url = sqs.queue("queue", json!({})).await;
    let topic = sns.topic("orders").await;
    sns.subscribe(&topic, "queue", subscription).await;
    (topic, url)
}

/// Takes one message with its attributes.
async fn take(sqs: &mut Sqs, url: &str) -> Value {
    let input =
        json!({ "QueueUrl": url, "AttributeNames": ["All"], "MessageAttributeNames": ["All"] });
    let mut received = sqs.receive_with(input).await;
    assert_eq!(received.len(), 1);
    sqs.delete(url, received[0]["ReceiptHandle"].clone()).await;
    received.remove(0)
}

fn envelope(message: &Value) -> Value {
    serde_json::from_str(message["Body"].as_str().unwrap()).unwrap()
}

/// Elsewhere they were dropped, from messages of a batch above all.
#[tokio::test]
async fn raw_messages_keep_their_attributes_alone_and_in_batches() {
    with_topics_and_queues(async |sns, sqs| {
        let raw = json!({ "RawMessageDelivery": "true" });
        let (topic, url) = topic_and_queue(sns, sqs, raw).await;
        let attributes = attributes(&json!({ "a": "x", "n": 7, "b": { "Binary": "AP8=" } }));
        let content = json!({ "Message": "m", "MessageAttributes": attributes });
        sns.ok("Publish", with(content.clone(), json!({ "TopicArn": topic }))).await;
        let entry = with(content, json!({ "Id": "1" }));
        let batch = json!({ "TopicArn": topic, "PublishBatchRequestEntries": [entry] });
        sns.ok("PublishBatch", batch).await;
        for _ in 0..2 {
            assert_eq!(take(sqs, &url).await["MessageAttributes"], attributes);
        }
    })
    .await;
}

/// Elsewhere they were attributes of the queue's message too.
#[tokio::test]
async fn attributes_of_an_enveloped_message_are_in_the_envelope_only() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs, json!({})).await;
        let attributes = attributes(&json!({ "a": "x" }));
        let input = json!({ "TopicArn": topic, "Message": "m", "MessageAttributes": attributes });
        sns.ok("Publish", input).await;
        let message = take(sqs, &url).await;
        assert_eq!(message.get("MessageAttributes"), None);
        let expected = json!({ "a": { "Type": "String", "Value": "x" } });
        assert_eq!(envelope(&message)["MessageAttributes"], expected);
    })
    .await;
}

/// Elsewhere the value became a JSON number, and lost its zeros.
#[tokio::test]
async fn a_number_in_an_envelope_is_the_text_that_was_published() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs, json!({})).await;
        let number = json!({ "n": { "DataType": "Number", "StringValue": "007.500" } });
        let input = json!({ "TopicArn": topic, "Message": "m", "MessageAttributes": number });
        sns.ok("Publish", input).await;
        let expected = json!({ "n": { "Type": "Number", "Value": "007.500" } });
        assert_eq!(envelope(&take(sqs, &url).await)["MessageAttributes"], expected);
    })
    .await;
}

/// Elsewhere they were null, or empty, and typed clients failed on them.
#[tokio::test]
async fn what_was_not_published_is_not_in_the_envelope() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs, json!({})).await;
        let id = sns.publish(&topic, "m").await;
        let envelope = envelope(&take(sqs, &url).await);
        for name in ["Subject", "MessageAttributes", "SequenceNumber", "Token", "SubscribeURL"] {
            assert_eq!(envelope.get(name), None, "{name}");
        }
        // And it was another id than the one that Publish had told.
        assert_eq!(envelope["MessageId"], id);
    })
    .await;
}

/// Elsewhere the queue got the whole structure: in raw delivery, or from a batch.
#[tokio::test]
async fn a_structured_message_is_unwrapped_whichever_way_it_goes() {
    with_topics_and_queues(async |sns, sqs| {
        let topic = sns.topic("orders").await;
        let mut urls = Vec::new();
        for (name, raw) in [("raw", "true"), ("enveloped", "false")] {
            urls.push(sqs.queue(name, json!({})).await);
            sns.subscribe(&topic, name, json!({ "RawMessageDelivery": raw })).await;
        }
        let content = json!({
            "Message": r#"{"default":"{\"hello\":\"world\"}"}"#,
            "MessageStructure": "json",
        });
        sns.ok("Publish", with(content.clone(), json!({ "TopicArn": topic }))).await;
        let entry = with(content, json!({ "Id": "1" }));
        let batch = json!({ "TopicArn": topic, "PublishBatchRequestEntries": [entry] });
        sns.ok("PublishBatch", batch).await;
        for _ in 0..2 {
            assert_eq!(take(sqs, &urls[0]).await["Body"], r#"{"hello":"world"}"#);
            let envelope = envelope(&take(sqs, &urls[1]).await);
            assert_eq!(envelope["Message"], r#"{"hello":"world"}"#);
        }
    })
    .await;
}

/// Elsewhere such a key was never found missing.
#[tokio::test]
async fn a_filter_for_what_is_absent_matches_messages_without_it() {
    with_topics_and_queues(async |sns, sqs| {
        let policy = r#"{"source":["s1"],"priority":[{"exists":false}]}"#;
        let filter = json!({ "FilterPolicy": policy, "RawMessageDelivery": "true" });
        let (topic, url) = topic_and_queue(sns, sqs, filter).await;
        for (message, short) in [
            ("without", json!({ "source": "s1", "region": "x" })),
            ("with", json!({ "source": "s1", "priority": "high" })),
        ] {
            let attributes = attributes(&short);
            let input =
                json!({ "TopicArn": topic, "Message": message, "MessageAttributes": attributes });
            sns.ok("Publish", input).await;
        }
        assert_eq!(drain(sqs, &url).await, ["without"]);
    })
    .await;
}

/// Elsewhere arrays in bodies were compared as a whole.
#[tokio::test]
async fn two_queues_are_routed_to_by_an_array_in_the_body() {
    with_topics_and_queues(async |sns, sqs| {
        let topic = sns.topic("orders").await;
        let mut urls = Vec::new();
        for name in ["queue1", "queue2"] {
            urls.push(sqs.queue(name, json!({})).await);
            let policy = json!({ "headers": { "route-to": [name] } }).to_string();
            // The policy before its scope: a nested one is no error for that.
            let filter = json!({ "FilterPolicy": policy, "FilterPolicyScope": "MessageBody" });
            sns.subscribe_raw(&topic, name, filter).await;
        }
        let route = |to: &[&str]| json!({ "headers": { "route-to": to } }).to_string();
        let (first, both) = (route(&["queue1"]), route(&["queue1", "queue2"]));
        sns.publish(&topic, &first).await;
        sns.publish(&topic, &both).await;
        sns.publish(&topic, &route(&["queue3"])).await;
        assert_eq!(drain(sqs, &urls[0]).await, [both.clone(), first]);
        assert_eq!(drain(sqs, &urls[1]).await, [both]);
    })
    .await;
}

/// Elsewhere zero and negative numbers fell through.
#[tokio::test]
async fn zero_is_a_bound_like_any_other() {
    with_topics_and_queues(async |sns, sqs| {
        let policy = r#"{"amount":[{"numeric":[">",-1,"<",1]}],"zero":[0]}"#;
        let filter = json!({ "FilterPolicy": policy, "RawMessageDelivery": "true" });
        let (topic, url) = topic_and_queue(sns, sqs, filter).await;
        for (message, amount, zero) in [("in", 0, 0), ("below", -1, 0), ("other", 0, 1)] {
            let attributes = attributes(&json!({ "amount": amount, "zero": zero }));
            let input =
                json!({ "TopicArn": topic, "Message": message, "MessageAttributes": attributes });
            sns.ok("Publish", input).await;
        }
        assert_eq!(drain(sqs, &url).await, ["in"]);
    })
    .await;
}

/// Elsewhere it was an error of the server.
#[tokio::test]
async fn an_empty_filter_policy_is_none() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs, json!({ "FilterPolicy": "" })).await;
        sns.publish(&topic, "m").await;
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
    })
    .await;
}

/// Elsewhere the second time was refused: its own attributes were not recognised.
#[tokio::test]
async fn the_same_script_subscribes_twice() {
    with_topics(async |sns| {
        let redrive = json!({ "deadLetterTargetArn": queue_arn("dead") }).to_string();
        for attributes in [
            json!({ "RawMessageDelivery": "true" }),
            json!({ "RawMessageDelivery": "false" }),
            json!({ "FilterPolicy": r#"{ "a" : [ "x" ] }"#, "FilterPolicyScope": "MessageBody" }),
            json!({ "RedrivePolicy": redrive }),
        ] {
            let topic = sns.topic("orders").await;
            let first = sns.subscribe(&topic, "queue", attributes.clone()).await;
            assert_eq!(sns.subscribe(&topic, "queue", attributes).await, first);
            sns.ok("Unsubscribe", json!({ "SubscriptionArn": first })).await;
        }
    })
    .await;
}

/// Elsewhere the topic was made anew, without its subscriptions.
#[tokio::test]
async fn the_same_script_creates_a_topic_twice() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs, json!({})).await;
        assert_eq!(sns.topic("orders").await, topic);
        sns.publish(&topic, "m").await;
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
    })
    .await;
}

/// Elsewhere tags and subscriptions of the old one came back, or were in the way.
#[tokio::test]
async fn a_topic_created_anew_knows_nothing_of_the_old_one() {
    with_topics_and_queues(async |sns, sqs| {
        let tagged =
            |value: &str| json!({ "Name": "orders", "Tags": [{ "Key": "k", "Value": value }] });
        sns.ok("CreateTopic", tagged("old")).await;
        let (topic, url) = topic_and_queue(sns, sqs, json!({})).await;
        sns.ok("DeleteTopic", json!({ "TopicArn": topic })).await;
        sns.ok("CreateTopic", tagged("new")).await;
        sns.publish(&topic, "m").await;
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
        sns.subscribe(&topic, "queue", json!({})).await;
        sns.publish(&topic, "m").await;
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
        let listed = sns.ok("ListSubscriptionsByTopic", json!({ "TopicArn": topic })).await;
        assert_eq!(listed["Subscriptions"].as_array().unwrap().len(), 1);
    })
    .await;
}

/// Elsewhere a topic was found by the beginning of its ARN.
#[tokio::test]
async fn topics_whose_names_begin_alike_are_not_confused() {
    with_topics_and_queues(async |sns, sqs| {
        let (topic, url) = topic_and_queue(sns, sqs, json!({})).await;
        let other = sns.topic("orders-2").await;
        sns.subscribe(&other, "queue-2", json!({})).await;
        sns.publish(&other, "m").await;
        assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
        let listed = sns.ok("ListSubscriptionsByTopic", json!({ "TopicArn": topic })).await;
        assert_eq!(listed["Subscriptions"].as_array().unwrap().len(), 1);
        sns.ok("DeleteTopic", json!({ "TopicArn": topic })).await;
        sns.topic_attributes(&other).await;
    })
    .await;
}

/// Elsewhere all messages after the first were taken for duplicates.
#[tokio::test]
async fn every_message_with_an_id_of_its_own_arrives() {
    with_topics_and_queues(async |sns, sqs| {
        let fifo = json!({ "FifoQueue": "true", "ContentBasedDeduplication": "false" });
        let url = sqs.queue("queue.fifo", fifo).await;
        let topic =
            sns.fifo_topic("orders.fifo", json!({ "ContentBasedDeduplication": "false" })).await;
        sns.subscribe(&topic, "queue.fifo", json!({})).await;
        for id in ["1", "2", "3"] {
            sns.publish_fifo(&topic, "g", id, "the same text").await;
        }
        assert_eq!(sqs.counts(&url).await, [3, 0, 0]);
    })
    .await;
}

/// Elsewhere only FIFO queues told duplicates; standard ones got them all.
#[tokio::test]
async fn a_standard_queue_gets_no_duplicates_from_a_fifo_topic() {
    with_topics_and_queues(async |sns, sqs| {
        let url = sqs.queue("queue", json!({})).await;
        let topic = sns.fifo_topic("orders.fifo", json!({})).await;
        sns.subscribe(&topic, "queue", json!({})).await;
        for _ in 0..3 {
            sns.publish_fifo(&topic, "g", "d", "m").await;
        }
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
    })
    .await;
}

/// Elsewhere they carried the attributes of an error, and not their own.
#[tokio::test]
async fn dead_letters_have_no_attributes_that_were_not_published() {
    with_topics_and_queues(async |sns, sqs| {
        let dead = sqs.queue("dead", json!({})).await;
        let topic = sns.topic("orders").await;
        let redrive = json!({ "deadLetterTargetArn": queue_arn("dead") }).to_string();
        let attributes = attributes(&json!({ "n": 111, "b": { "Binary": "AgME" } }));
        for (queue, raw) in [("gone-1", "true"), ("gone-2", "false")] {
            let subscription = json!({ "RedrivePolicy": redrive, "RawMessageDelivery": raw });
            let arn = sns.subscribe(&topic, queue, subscription).await;
            let input =
                json!({ "TopicArn": topic, "Message": "m", "MessageAttributes": attributes });
            sns.ok("Publish", input).await;
            let expected = (raw == "true").then_some(&attributes);
            assert_eq!(take(sqs, &dead).await.get("MessageAttributes"), expected);
            sns.ok("Unsubscribe", json!({ "SubscriptionArn": arn })).await;
        }
    })
    .await;
}

/// Elsewhere they were gone, or had other ARNs.
#[tokio::test]
async fn subscriptions_outlive_restarts_under_the_same_arn() {
    let service = Service::start().await;
    let (mut sns, mut sqs) = (service.sns().await, service.speak(Protocol::Json).await);
    let (topic, url) = topic_and_queue(&mut sns, &mut sqs, json!({})).await;
    let before = sns.ok("ListSubscriptions", json!({})).await;
    drop((sns, sqs));
    let service = service.restart().await;
    let (mut sns, mut sqs) = (service.sns().await, service.speak(Protocol::Json).await);
    assert_eq!(sns.ok("ListSubscriptions", json!({})).await, before);
    sns.publish(&topic, "m").await;
    assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
    drop((sns, sqs));
    service.stop().await;
}

/// Elsewhere attributes were accepted and forgotten, so that every plan found a difference.
#[tokio::test]
async fn what_terraform_sets_it_reads_back() {
    with_topics(async |sns| {
        let role = "arn:aws:iam::000000000000:role/feedback";
        let mut set = json!({
            "DisplayName": "Orders",
            "KmsMasterKeyId": "alias/aws/sns",
            "SignatureVersion": "2",
            "TracingConfig": "Active",
        });
        for protocol in ["Application", "Firehose", "HTTP", "Lambda", "SQS"] {
            set[format!("{protocol}SuccessFeedbackRoleArn")] = json!(role);
            set[format!("{protocol}FailureFeedbackRoleArn")] = json!(role);
            set[format!("{protocol}SuccessFeedbackSampleRate")] = json!("100");
        }
        let topic = sns.topic("orders").await;
        for (name, value) in set.as_object().unwrap() {
            sns.set_topic(&topic, name, value.as_str().unwrap()).await;
        }
        let told = sns.topic_attributes(&topic).await;
        for (name, value) in set.as_object().unwrap() {
            assert_eq!(&told[name], value, "{name}");
        }
        // What is told can be set again, as imports do.
        for name in ["Policy", "DisplayName", "KmsMasterKeyId"] {
            sns.set_topic(&topic, name, told[name].as_str().unwrap()).await;
        }
        assert_eq!(sns.topic_attributes(&topic).await, told);
        let fifo = json!({ "ContentBasedDeduplication": "true", "FifoThroughputScope": "Topic" });
        let fifo = sns.fifo_topic("orders.fifo", fifo).await;
        let told = sns.topic_attributes(&fifo).await;
        assert_eq!(told["FifoTopic"], "true");
        assert_eq!(told["FifoThroughputScope"], "Topic");
    })
    .await;
}

/// Elsewhere messages were lost, or came twice, when many published at once.
#[tokio::test]
async fn what_many_publish_at_once_reaches_each_queue_once() {
    const PUBLISHERS: usize = 20;
    const MESSAGES: usize = 30;
    let service = Service::start().await;
    let (mut sns, mut sqs) = (service.sns().await, service.speak(Protocol::Json).await);
    let topic = sns.topic("orders").await;
    let mut urls = Vec::new();
    for name in ["a", "b", "c"] {
        urls.push(sqs.queue(name, json!({})).await);
        sns.subscribe_raw(&topic, name, json!({})).await;
    }
    let mut publishers = JoinSet::new();
    for publisher in 0..PUBLISHERS {
        let (mut sns, topic) = (service.sns().await, topic_arn("orders"));
        publishers.spawn(async move {
            for message in 0..MESSAGES {
                sns.publish(&topic, &format!("{publisher}-{message}")).await;
            }
        });
    }
    while let Some(ended) = within(publishers.join_next()).await {
        ended.unwrap();
    }
    for url in &urls {
        let found = drain(&mut sqs, url).await;
        assert_eq!(found.len(), PUBLISHERS * MESSAGES);
        assert_eq!(found.iter().collect::<BTreeSet<_>>().len(), found.len());
    }
    drop((sns, sqs));
    service.stop().await;
}
