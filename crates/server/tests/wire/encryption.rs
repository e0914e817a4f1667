//! Queues and topics with a KMS key. SQS developer guide, "Encryption at rest"; SNS developer guide,
//! "Securing Amazon SNS data with server-side encryption".

use serde_json::{Value, json};

use crate::harness::{
    ACCOUNT, Protocol, Service, Sqs, messages, queue_arn, subscription, topic_arn, with,
};

/// A text that is nowhere else, to be looked for on the disk.
const SECRET: &str = "the room is 314, and nobody else is to know";

fn policy(statements: Value) -> String {
    json!({ "Version": "2012-10-17", "Statement": statements }).to_string()
}

fn root() -> Value {
    json!({ "AWS": format!("arn:aws:iam::{ACCOUNT}:root") })
}

/// What its messages are, in the order received.
async fn bodies(sqs: &mut Sqs, url: &str) -> Vec<String> {
    let input = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0 });
    let received = sqs.receive_with(input).await;
    received.iter().map(|message| message["Body"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_is_sent_is_sealed_on_the_disk_and_comes_out_as_it_was() {
    for protocol in Protocol::BOTH {
        let service = Service::start().await;
        let (mut sqs, mut kms) = (service.speak(protocol).await, service.kms().await);
        let key = kms.key().await;
        for key in [key.as_str(), "alias/aws/sqs"] {
            let url = sqs.queue("rooms", json!({ "KmsMasterKeyId": key })).await;
            let attribute = json!({ "DataType": "String", "StringValue": SECRET });
            let input = json!({
                "QueueUrl": url, "MessageBody": SECRET,
                "MessageAttributes": { "Note": attribute },
            });
            let sent = sqs.ok("SendMessage", input).await;
            let entries = [1, 2].map(|n| json!({ "Id": format!("n{n}"), "MessageBody": SECRET }));
            sqs.ok("SendMessageBatch", json!({ "QueueUrl": url, "Entries": entries })).await;
            assert!(!service.has_on_disk(SECRET.as_bytes()));
            assert!(service.has_on_disk(b"rooms"), "the disk is looked at");

            let input = json!({
                "QueueUrl": url, "MaxNumberOfMessages": 10, "MessageAttributeNames": ["All"],
                "VisibilityTimeout": 0,
            });
            let output = sqs.ok("ReceiveMessage", input).await;
            let messages = messages(&output);
            assert_eq!(messages.len(), 3);
            assert!(messages.iter().all(|message| message["Body"] == SECRET));
            assert_eq!(messages[0]["MD5OfBody"], sent["MD5OfMessageBody"]);
            assert_eq!(messages[0]["MessageAttributes"]["Note"]["StringValue"], SECRET);
            sqs.ok("DeleteQueue", json!({ "QueueUrl": url })).await;
            sqs.pass_seconds(61);
        }
        drop((sqs, kms));
        service.stop().await;
    }
}

#[tokio::test]
async fn a_disabled_key_is_said_and_nothing_is_lost() {
    for protocol in Protocol::BOTH {
        let service = Service::start().await;
        let (mut sqs, mut kms) = (service.speak(protocol).await, service.kms().await);
        let key = kms.key().await;
        let url = sqs.queue("rooms", json!({ "KmsMasterKeyId": key })).await;
        sqs.send(&url, SECRET).await;
        kms.ok("DisableKey", json!({ "KeyId": key })).await;
        let disabled = format!("{key} is disabled. (Service: AWSKMS; *");
        for (action, input) in [
            ("SendMessage", json!({ "MessageBody": "more" })),
            ("SendMessageBatch", json!({ "Entries": [{ "Id": "a", "MessageBody": "more" }] })),
            ("ReceiveMessage", json!({})),
        ] {
            let refused = sqs.refused(action, with(input, json!({ "QueueUrl": url }))).await;
            refused.assert_is("KMS.DisabledException", &disabled, action);
        }
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
        kms.ok("EnableKey", json!({ "KeyId": key })).await;
        let names = json!(["ApproximateReceiveCount"]);
        let input = json!({ "QueueUrl": url, "AttributeNames": names });
        let received = sqs.receive_with(input).await;
        assert_eq!(received[0]["Body"], SECRET);
        assert_eq!(received[0]["Attributes"]["ApproximateReceiveCount"], "1");

        kms.ok("ScheduleKeyDeletion", json!({ "KeyId": key })).await;
        let refused = sqs.refused("SendMessage", json!({ "QueueUrl": url, "MessageBody": "x" }));
        let text = format!("{key} is pending deletion. (Service: AWSKMS; *");
        refused.await.assert_is("KMS.InvalidStateException", &text, "while it waits to go");
        drop((sqs, kms));
        service.stop().await;
    }
}

#[tokio::test]
async fn a_key_that_is_not_there_is_noticed_when_it_is_needed() {
    for protocol in Protocol::BOTH {
        let service = Service::start().await;
        let mut sqs = service.speak(protocol).await;
        let url = sqs.queue("rooms", json!({})).await;
        sqs.send(&url, "plain").await;
        for key in ["alias/nobodys", "11111111-2222-3333-4444-555555555555"] {
            let attributes = json!({ "KmsMasterKeyId": key });
            let input = json!({ "QueueUrl": url, "Attributes": attributes });
            sqs.ok("SetQueueAttributes", input).await;
            for (action, input) in
                [("SendMessage", json!({ "MessageBody": "more" })), ("ReceiveMessage", json!({}))]
            {
                let refused = sqs.refused(action, with(input, json!({ "QueueUrl": url }))).await;
                assert_eq!(refused.code, "KMS.NotFoundException", "{refused:?}");
            }
        }
        let attributes = json!({ "KmsMasterKeyId": "" });
        sqs.ok("SetQueueAttributes", json!({ "QueueUrl": url, "Attributes": attributes })).await;
        assert_eq!(bodies(&mut sqs, &url).await, ["plain"]);
        drop(sqs);
        service.stop().await;
    }
}

/// "Switching on or off does not touch messages that are there."
#[tokio::test]
async fn what_lies_there_stays_as_it_is_when_the_key_changes_and_across_restarts() {
    let service = Service::start().await;
    let (mut sqs, mut kms) = (service.speak(Protocol::Json).await, service.kms().await);
    let (first, second) = (kms.key().await, kms.key().await);
    let url = sqs.queue("rooms", json!({})).await;
    let mut expected = Vec::new();
    for (n, key) in ["", &first, &second, ""].into_iter().enumerate() {
        let input = json!({ "QueueUrl": url, "Attributes": { "KmsMasterKeyId": key } });
        sqs.ok("SetQueueAttributes", input).await;
        sqs.send(&url, &format!("message {n}")).await;
        expected.push(format!("message {n}"));
    }
    assert!(!service.has_on_disk(b"message 1") && service.has_on_disk(b"message 0"));
    drop((sqs, kms));
    let service = service.restart().await;
    let (mut sqs, mut kms) = (service.speak(Protocol::Json).await, service.kms().await);
    assert_eq!(bodies(&mut sqs, &url).await, expected);
    // What can be read is not held up by what cannot.
    kms.ok("DisableKey", json!({ "KeyId": first })).await;
    assert_eq!(bodies(&mut sqs, &url).await, ["message 0", "message 2", "message 3"]);
    assert_eq!(sqs.counts(&url).await, [4, 0, 0]);
    drop((sqs, kms));
    service.stop().await;
}

#[tokio::test]
async fn a_dead_letter_needs_the_key_of_the_queue_that_it_came_from() {
    let service = Service::start().await;
    let (mut sqs, mut kms) = (service.speak(Protocol::Json).await, service.kms().await);
    let key = kms.key().await;
    let dead = sqs.queue("dead", json!({})).await;
    let redrive = json!({ "deadLetterTargetArn": queue_arn("dead"), "maxReceiveCount": 1 });
    let attributes = json!({ "KmsMasterKeyId": key, "RedrivePolicy": redrive.to_string() });
    let url = sqs.queue("rooms", attributes).await;
    sqs.send(&url, SECRET).await;
    assert_eq!(bodies(&mut sqs, &url).await, [SECRET]);
    assert!(bodies(&mut sqs, &url).await.is_empty());
    assert_eq!(bodies(&mut sqs, &dead).await, [SECRET]);
    kms.ok("DisableKey", json!({ "KeyId": key })).await;
    let receive = json!({ "QueueUrl": dead, "VisibilityTimeout": 5 });
    let refused = sqs.refused("ReceiveMessage", receive).await;
    assert_eq!(refused.code, "KMS.DisabledException");
    assert_eq!(sqs.counts(&dead).await, [0, 1, 0], "others are to have a turn");
    sqs.pass_seconds(5);
    kms.ok("EnableKey", json!({ "KeyId": key })).await;

    // A move task moves it as it is.
    sqs.ok("StartMessageMoveTask", json!({ "SourceArn": queue_arn("dead") })).await;
    sqs.pass_seconds(1);
    sqs.settle().await;
    assert!(!service.has_on_disk(SECRET.as_bytes()));
    assert_eq!(bodies(&mut sqs, &url).await, [SECRET]);
    drop((sqs, kms));
    service.stop().await;
}

/// What cannot be opened does not let what follows it in its group pass.
/// A message that was sent before the queue had a key is not sealed: it is handed out all the same
/// only while the key may be used.
#[tokio::test]
async fn a_wait_outlives_no_key() {
    for protocol in Protocol::BOTH {
        let service = Service::start().await;
        let (mut sqs, mut kms) = (service.speak(protocol).await, service.kms().await);
        let key = kms.key().await;
        let url = sqs.queue("rooms", json!({})).await;
        let later = json!({ "QueueUrl": url, "MessageBody": SECRET, "DelaySeconds": 5 });
        sqs.ok("SendMessage", later).await;
        let encrypted = json!({ "KmsMasterKeyId": key });
        sqs.ok("SetQueueAttributes", json!({ "QueueUrl": url, "Attributes": encrypted })).await;
        let mut waiter = service.speak(protocol).await;
        waiter.begin("ReceiveMessage", &json!({ "QueueUrl": url, "WaitTimeSeconds": 20 })).await;
        waiter.still_waits().await;
        kms.ok("DisableKey", json!({ "KeyId": key })).await;
        sqs.pass_seconds(6);
        let refusal = waiter.finish("ReceiveMessage").await.unwrap_err();
        assert_eq!(refusal.code, "KMS.DisabledException");
        kms.ok("EnableKey", json!({ "KeyId": key })).await;
        assert_eq!(bodies(&mut sqs, &url).await, [SECRET]);
        drop((sqs, kms, waiter));
        service.stop().await;
    }
}

#[tokio::test]
async fn the_order_of_a_group_holds_when_a_key_is_disabled() {
    let service = Service::start().await;
    let (mut sqs, mut kms) = (service.speak(Protocol::Json).await, service.kms().await);
    let (first, second) = (kms.key().await, kms.key().await);
    let fifo = json!({ "FifoQueue": "true", "ContentBasedDeduplication": "true" });
    let url = sqs.queue("rooms.fifo", fifo).await;
    for (key, group, body) in
        [(&first, "a", "a1"), (&second, "a", "a2"), (&second, "b", "b1"), (&second, "a", "a3")]
    {
        let input = json!({ "QueueUrl": url, "Attributes": { "KmsMasterKeyId": key } });
        sqs.ok("SetQueueAttributes", input).await;
        let input = json!({ "QueueUrl": url, "MessageBody": body, "MessageGroupId": group });
        sqs.ok("SendMessage", input).await;
    }
    kms.ok("DisableKey", json!({ "KeyId": first })).await;
    assert_eq!(bodies(&mut sqs, &url).await, ["b1"]);
    assert_eq!(sqs.counts(&url).await, [4, 0, 0]);
    kms.ok("EnableKey", json!({ "KeyId": first })).await;
    assert_eq!(bodies(&mut sqs, &url).await, ["a1", "a2", "a3", "b1"]);
    drop((sqs, kms));
    service.stop().await;
}

/// A published message is not sealed for each queue, and still needs the key of the queue that it
/// came into, wherever it is by then.
#[tokio::test]
async fn the_key_of_a_queue_goes_with_what_was_published_into_it() {
    let mut service = Service::start().await;
    let (mut sqs, mut kms) = (service.speak(Protocol::Json).await, service.kms().await);
    let mut sns = service.sns().await;
    let key = kms.key().await;
    let dead = sqs.queue("dead", json!({})).await;
    let redrive = json!({ "deadLetterTargetArn": queue_arn("dead"), "maxReceiveCount": 1 });
    let attributes = json!({ "KmsMasterKeyId": key, "RedrivePolicy": redrive.to_string() });
    let url = sqs.queue("rooms", attributes).await;
    let topic = sns.topic("stays").await;
    let raw = json!({ "RawMessageDelivery": "true" });
    sns.ok("Subscribe", subscription(&topic, "rooms", raw)).await;
    for _ in 0..2 {
        sns.ok("Publish", json!({ "TopicArn": topic, "Message": SECRET })).await;
    }
    let one = json!({ "QueueUrl": url, "VisibilityTimeout": 0 });
    assert_eq!(sqs.receive_with(one.clone()).await[0]["Body"], SECRET);
    kms.ok("DisableKey", json!({ "KeyId": key })).await;
    let refused = sqs.refused("ReceiveMessage", one.clone()).await;
    assert_eq!(refused.code, "KMS.DisabledException");
    // Without a key of its own the queue still has messages of that key's.
    let cleared = json!({ "QueueUrl": url, "Attributes": { "KmsMasterKeyId": "" } });
    sqs.ok("SetQueueAttributes", cleared).await;
    let refused = sqs.refused("ReceiveMessage", one.clone()).await;
    assert_eq!(refused.code, "KMS.DisabledException");
    assert!(bodies(&mut sqs, &url).await.is_empty(), "they are dead letters by now");
    for is_restarted in [false, true] {
        if is_restarted {
            drop((sqs, kms, sns));
            service = service.restart().await;
            (sqs, kms) = (service.speak(Protocol::Json).await, service.kms().await);
            sns = service.sns().await;
        }
        let receive = json!({ "QueueUrl": dead, "VisibilityTimeout": 0 });
        let refused = sqs.refused("ReceiveMessage", receive).await;
        assert_eq!(refused.code, "KMS.DisabledException", "{is_restarted}");
    }
    kms.ok("EnableKey", json!({ "KeyId": key })).await;
    assert_eq!(bodies(&mut sqs, &dead).await, [SECRET, SECRET]);
    drop((sqs, kms, sns));
    service.stop().await;
}

/// An archive holds what was published as it was sealed; a replay opens it to look at it.
#[tokio::test]
async fn a_replay_of_a_sealed_archive_is_filtered_and_waits_for_its_key() {
    let service = Service::start().await;
    let (mut sqs, mut kms) = (service.speak(Protocol::Json).await, service.kms().await);
    let mut sns = service.sns().await;
    let key = kms.key().await;
    let archive = json!({
        "ArchivePolicy": r#"{"MessageRetentionPeriod":"1"}"#, "KmsMasterKeyId": key,
        "ContentBasedDeduplication": "true",
    });
    let topic = sns.fifo_topic("stays.fifo", archive).await;
    let fifo = json!({ "FifoQueue": "true", "ContentBasedDeduplication": "true" });
    let url = sqs.queue("rooms.fifo", fifo).await;
    for (kind, message) in [("a", "one"), ("b", "two"), ("a", "three")] {
        let kind = json!({ "kind": { "DataType": "String", "StringValue": kind } });
        let input = json!({
            "TopicArn": topic, "Message": message, "MessageGroupId": "g", "MessageAttributes": kind,
        });
        sns.ok("Publish", input).await;
    }
    kms.ok("DisableKey", json!({ "KeyId": key })).await;
    let replay = r#"{"PointType":"Timestamp","StartingPoint":"2027-01-15T08:00:00.000Z"}"#;
    let attributes = json!({
        "RawMessageDelivery": "true", "FilterPolicy": r#"{"kind":["a"]}"#, "ReplayPolicy": replay,
    });
    sns.ok("Subscribe", subscription(&topic, "rooms.fifo", attributes)).await;
    sqs.settle().await;
    assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
    kms.ok("EnableKey", json!({ "KeyId": key })).await;
    sqs.pass_seconds(10);
    let input = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10, "WaitTimeSeconds": 20 });
    let mut got = Vec::new();
    while got.len() < 2 {
        got.extend(sqs.receive_with(input.clone()).await);
    }
    let got: Vec<_> = got.iter().map(|message| message["Body"].as_str().unwrap()).collect();
    assert_eq!(got, ["one", "three"]);
    drop((sqs, kms, sns));
    service.stop().await;
}

#[tokio::test]
async fn a_keys_policy_says_who_may_send_and_receive() {
    for protocol in Protocol::BOTH {
        let service = Service::authenticating(&[]).await;
        let (mut sqs, mut kms) = (service.speak_as_root(protocol).await, service.kms().await);
        let allow = |actions: &[&str], condition: Value| {
            json!({
                "Effect": "Allow", "Principal": root(), "Action": actions, "Resource": "*",
                "Condition": condition,
            })
        };
        let through = json!({ "StringEquals": {
            "kms:ViaService": "sqs.us-east-1.amazonaws.com",
            "kms:EncryptionContext:aws:sqs:arn": queue_arn("rooms"),
        } });
        let manage = allow(&["kms:PutKeyPolicy", "kms:DisableKey"], json!({}));
        let both = ["kms:GenerateDataKey", "kms:Decrypt"];
        let whole = policy(json!([allow(&both, through.clone()), manage]));
        let created = kms.ok("CreateKey", json!({ "Policy": whole })).await;
        let key = created["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
        let attributes = json!({ "KmsMasterKeyId": key, "KmsDataKeyReusePeriodSeconds": "60" });
        let url = sqs.queue("rooms", attributes.clone()).await;
        sqs.send(&url, SECRET).await;
        assert_eq!(bodies(&mut sqs, &url).await, [SECRET]);
        let others = sqs.queue("others", attributes).await;
        let input = json!({ "QueueUrl": others, "MessageBody": SECRET });
        let refused = sqs.refused("SendMessage", input.clone()).await;
        let text = format!(
            "User: arn:aws:iam::{ACCOUNT}:root is not authorized to perform: kms:GenerateDataKey \
             on resource: {key} because no resource-based policy allows the kms:GenerateDataKey \
             action (Service: AWSKMS; Status Code: 400; Error Code: AccessDeniedException; *"
        );
        refused.assert_is("KMS.AccessDeniedException", &text, "of another queue");

        let only_send = policy(json!([allow(&["kms:GenerateDataKey"], through), manage]));
        kms.ok("PutKeyPolicy", json!({ "KeyId": key, "Policy": only_send })).await;
        let refused = sqs.refused("ReceiveMessage", json!({ "QueueUrl": url })).await;
        assert_eq!(refused.code, "KMS.AccessDeniedException");
        assert_eq!(sqs.counts(&url).await, [1, 0, 0]);
        // A data key that is known is used to its end, as AWS has it.
        sqs.send(&url, SECRET).await;
        sqs.pass_seconds(61);
        let input = json!({ "QueueUrl": url, "MessageBody": SECRET });
        let refused = sqs.refused("SendMessage", input).await;
        assert_eq!(refused.code, "KMS.AccessDeniedException");
        drop((sqs, kms));
        service.stop().await;
    }
}

#[tokio::test]
async fn what_is_published_to_a_topic_with_a_key_is_sealed() {
    for protocol in Protocol::BOTH {
        let service = Service::start().await;
        let (mut sqs, mut kms) = (service.speak(protocol).await, service.kms().await);
        let mut sns = service.sns().await;
        let key = kms.key().await;
        let topic = sns.topic_with("stays", json!({ "KmsMasterKeyId": key })).await;
        let url = sqs.queue("rooms", json!({})).await;
        let attributes =
            json!({ "RawMessageDelivery": "true", "FilterPolicy": r#"{"kind":["a"]}"# });
        sns.ok("Subscribe", subscription(&topic, "rooms", attributes)).await;
        for kind in ["a", "b"] {
            let kind = json!({ "kind": { "DataType": "String", "StringValue": kind } });
            let input = json!({
                "TopicArn": topic, "Message": SECRET, "MessageAttributes": kind,
            });
            sns.ok("Publish", input).await;
        }
        let entries = [json!({ "Id": "one", "Message": SECRET,
            "MessageAttributes": { "kind": { "DataType": "String", "StringValue": "a" } } })];
        let batch = json!({ "TopicArn": topic, "PublishBatchRequestEntries": entries });
        sns.ok("PublishBatch", batch).await;
        assert!(!service.has_on_disk(SECRET.as_bytes()));
        assert_eq!(bodies(&mut sqs, &url).await, [SECRET, SECRET]);

        kms.ok("DisableKey", json!({ "KeyId": key })).await;
        let input = json!({ "TopicArn": topic, "Message": "more" });
        let refused = sns.refused("Publish", input).await;
        refused.assert_is("KMSDisabled", &format!("{key} is disabled. (*"), "of a topic");
        let receive = json!({ "QueueUrl": url, "VisibilityTimeout": 0 });
        let refused = sqs.refused("ReceiveMessage", receive).await;
        assert_eq!(refused.code, "KMS.DisabledException");
        kms.ok("EnableKey", json!({ "KeyId": key })).await;
        assert_eq!(bodies(&mut sqs, &url).await, [SECRET, SECRET]);
        drop((sqs, kms, sns));
        service.stop().await;
    }
}

/// SNS developer guide, "Enable compatibility between event sources from AWS services and encrypted
/// topics", and the same for queues: the managed key lets no service in.
#[tokio::test]
async fn a_topic_sends_to_an_encrypted_queue_only_where_its_key_lets_sns_in() {
    let service = Service::authenticating(&[]).await;
    let (mut sqs, mut kms) = (service.speak_as_root(Protocol::Json).await, service.kms().await);
    let mut sns = service.sns_as_root().await;
    let everything = json!({
        "Effect": "Allow", "Principal": root(), "Action": "kms:*", "Resource": "*",
    });
    let lets_in = |topic: &str| {
        json!({
            "Effect": "Allow", "Principal": { "Service": "sns.amazonaws.com" },
            "Action": ["kms:GenerateDataKey*", "kms:Decrypt"], "Resource": "*",
            "Condition": { "ArnEquals": { "aws:SourceArn": topic_arn(topic) } },
        })
    };
    let open = policy(json!([everything, lets_in("stays")]));
    let created = kms.ok("CreateKey", json!({ "Policy": open })).await;
    let key = created["KeyMetadata"]["Arn"].as_str().unwrap().to_owned();
    let sends = |queue: &str| {
        policy(json!([{
            "Effect": "Allow", "Principal": { "Service": "sns.amazonaws.com" },
            "Action": "sqs:SendMessage", "Resource": queue_arn(queue),
        }]))
    };
    let attributes = json!({ "KmsMasterKeyId": key, "Policy": sends("rooms") });
    let rooms = sqs.queue("rooms", attributes).await;
    let attributes = json!({ "KmsMasterKeyId": "alias/aws/sqs", "Policy": sends("managed") });
    let managed = sqs.queue("managed", attributes).await;
    let dead = sqs.queue("dead", json!({ "Policy": sends("dead") })).await;
    let redrive = json!({ "deadLetterTargetArn": queue_arn("dead") }).to_string();
    let topics = [sns.topic("stays").await, sns.topic("offers").await];
    for topic in &topics {
        sns.ok("Subscribe", subscription(topic, "rooms", json!({}))).await;
    }
    let attributes = json!({ "RedrivePolicy": redrive });
    sns.ok("Subscribe", subscription(&topics[0], "managed", attributes)).await;
    for topic in &topics {
        let entries: Vec<_> =
            (0..3).map(|n| json!({ "Id": format!("n{n}"), "Message": SECRET })).collect();
        let input = json!({ "TopicArn": topic, "PublishBatchRequestEntries": entries });
        let output = sns.ok("PublishBatch", input).await;
        assert_eq!(output["Successful"].as_array().unwrap().len(), 3, "{output}");
    }
    assert_eq!(sqs.counts(&rooms).await, [3, 0, 0]);
    assert_eq!(sqs.counts(&managed).await, [0, 0, 0]);
    assert_eq!(sqs.counts(&dead).await, [3, 0, 0]);
    assert_eq!(bodies(&mut sqs, &rooms).await.len(), 3);

    kms.ok("DisableKey", json!({ "KeyId": key })).await;
    sns.ok("Publish", json!({ "TopicArn": topics[0], "Message": SECRET })).await;
    assert_eq!(sqs.counts(&rooms).await, [3, 0, 0]);
    let refused = sqs.refused("ReceiveMessage", json!({ "QueueUrl": rooms })).await;
    assert_eq!(refused.code, "KMS.DisabledException");
    drop((sqs, kms, sns));
    service.stop().await;
}
