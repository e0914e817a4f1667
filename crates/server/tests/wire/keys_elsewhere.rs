//! Queues and topics whose keys another server keeps: here a second Tidings, which is asked as any
//! service is that speaks the API of KMS.

use serde_json::json;

use crate::harness::{KmsClient, Protocol, Service, Setting, Sqs, messages, subscription};

const SECRET: &str = "the room is 314, and nobody else is to know";

/// A server, the one that keeps its keys, and one of those.
struct Two {
    keeper: Service,
    service: Service,
    kms: KmsClient,
    key: String,
}

impl Two {
    async fn start() -> Self {
        let keeper = Service::authenticating(&[]).await;
        let service = Service::with_keys_of(&keeper).await;
        let mut kms = keeper.kms().await;
        let key = kms.key().await;
        Self { keeper, service, kms, key }
    }

    /// Signatures are good for a quarter of an hour: both clocks go on together.
    fn pass_seconds(&self, seconds: u64) {
        for service in [&self.keeper, &self.service] {
            service.clock.advance(seconds * 1000);
        }
    }

    async fn stop(self) {
        let Self { keeper, service, kms, .. } = self;
        drop(kms);
        service.stop().await;
        keeper.stop().await;
    }
}

async fn bodies(sqs: &mut Sqs, url: &str) -> Vec<String> {
    let input = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 0 });
    let received = sqs.receive_with(input).await;
    received.iter().map(|message| message["Body"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn messages_are_sealed_under_keys_that_are_elsewhere() {
    for protocol in Protocol::BOTH {
        let mut two = Two::start().await;
        let mut sqs = two.service.speak(protocol).await;
        let url = sqs.queue("rooms", json!({ "KmsMasterKeyId": two.key })).await;
        sqs.send(&url, SECRET).await;
        let entries = [1, 2].map(|n| json!({ "Id": format!("n{n}"), "MessageBody": SECRET }));
        sqs.ok("SendMessageBatch", json!({ "QueueUrl": url, "Entries": entries })).await;
        assert!(!two.service.has_on_disk(SECRET.as_bytes()));
        assert_eq!(bodies(&mut sqs, &url).await, [SECRET, SECRET, SECRET]);

        // After a start nothing is known but what the messages say.
        drop(sqs);
        two.service = two.service.restart().await;
        let mut sqs = two.service.speak(protocol).await;
        assert_eq!(bodies(&mut sqs, &url).await, [SECRET, SECRET, SECRET]);
        drop(sqs);
        let Two { keeper, service, kms, .. } = two;
        drop(kms);
        service.stop().await;
        // One data key for all of them, opened when it was made and after the restart; and another
        // one then, since nothing is handed out before the key is known to work.
        let asked = keeper.audited().await;
        let times = |action| asked.iter().filter(|line| line["action"] == action).count();
        assert_eq!((times("kms:GenerateDataKey"), times("kms:Decrypt")), (2, 3), "{asked:?}");
    }
}

#[tokio::test]
async fn its_keys_are_not_managed_here() {
    let two = Two::start().await;
    let refused = two.service.kms().await.refused("ListKeys", json!({})).await;
    let place = format!("http://{}", two.keeper.addr);
    assert_eq!(refused.0, "UnsupportedOperationException");
    assert!(refused.1.contains(&place), "{refused:?}");
    two.stop().await;
}

#[tokio::test]
async fn what_the_service_says_of_a_key_is_passed_on_once_its_data_keys_have_ended() {
    for protocol in Protocol::BOTH {
        let mut two = Two::start().await;
        let mut sqs = two.service.speak(protocol).await;
        let attributes = json!({ "KmsMasterKeyId": two.key, "KmsDataKeyReusePeriodSeconds": "60" });
        let url = sqs.queue("rooms", attributes).await;
        sqs.send(&url, SECRET).await;
        two.kms.ok("DisableKey", json!({ "KeyId": two.key })).await;
        sqs.send(&url, SECRET).await;
        two.pass_seconds(61);
        let input = json!({ "QueueUrl": url, "MessageBody": SECRET });
        let refused = sqs.refused("SendMessage", input.clone()).await;
        assert_eq!(refused.code, "KMS.DisabledException", "{refused:?}");
        assert!(refused.message.starts_with(&format!("{} is disabled.", two.key)), "{refused:?}");
        let receive = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 5 });
        let refused = sqs.refused("ReceiveMessage", receive).await;
        assert_eq!(refused.code, "KMS.DisabledException");
        // Nothing was handed out, and so nothing counts as received.
        assert_eq!(sqs.counts(&url).await, [2, 0, 0]);
        two.kms.ok("EnableKey", json!({ "KeyId": two.key })).await;
        assert_eq!(bodies(&mut sqs, &url).await, [SECRET, SECRET]);

        let nobodys = json!({ "KmsMasterKeyId": "alias/nobodys" });
        sqs.ok("SetQueueAttributes", json!({ "QueueUrl": url, "Attributes": nobodys })).await;
        let refused = sqs.refused("SendMessage", input).await;
        assert_eq!(refused.code, "KMS.NotFoundException", "{refused:?}");
        drop(sqs);
        two.stop().await;
    }
}

#[tokio::test]
async fn without_the_service_callers_are_told_to_try_again_and_nothing_is_lost() {
    for protocol in Protocol::BOTH {
        let two = Two::start().await;
        let mut sqs = two.service.speak(protocol).await;
        let attributes = json!({ "KmsMasterKeyId": two.key, "KmsDataKeyReusePeriodSeconds": "60" });
        let url = sqs.queue("rooms", attributes).await;
        sqs.send(&url, SECRET).await;
        let Two { keeper, service, kms, .. } = two;
        drop(kms);
        keeper.stop().await;
        // What is known is enough for a while.
        sqs.send(&url, SECRET).await;
        assert_eq!(bodies(&mut sqs, &url).await, [SECRET, SECRET]);
        service.clock.advance(61_000);
        let input = json!({ "QueueUrl": url, "MessageBody": SECRET });
        let refused = sqs.refused("SendMessage", input).await;
        assert_eq!(refused.code, "ServiceUnavailable", "{refused:?}");
        let receive =
            json!({ "QueueUrl": url, "MaxNumberOfMessages": 10, "VisibilityTimeout": 600 });
        let refused = sqs.refused("ReceiveMessage", receive).await;
        assert_eq!(refused.code, "ServiceUnavailable");
        assert_eq!(sqs.counts(&url).await, [2, 0, 0]);
        drop(sqs);
        service.stop().await;
    }
}

#[tokio::test]
async fn with_a_secret_that_the_service_does_not_take_nothing_is_sealed() {
    let keeper = Service::authenticating(&[]).await;
    let key = keeper.kms().await.key().await;
    let mut keys = keeper.as_key_service();
    keys.credentials.secret = tidings_sigv4::SecretKey::new("wrong".to_owned());
    let service = Service::set(Setting { keys: Some(keys), ..Setting::default() }).await;
    let mut sqs = service.speak(Protocol::Json).await;
    let url = sqs.queue("rooms", json!({ "KmsMasterKeyId": key })).await;
    let input = json!({ "QueueUrl": url, "MessageBody": SECRET });
    let refused = sqs.refused("SendMessage", input).await;
    assert_eq!(refused.code, "ServiceUnavailable", "{refused:?}");
    assert_eq!(sqs.counts(&url).await, [0, 0, 0]);
    drop(sqs);
    service.stop().await;
    keeper.stop().await;
}

#[tokio::test]
async fn topics_are_sealed_too_and_send_to_encrypted_queues() {
    let two = Two::start().await;
    let (mut sqs, mut sns) = (two.service.speak(Protocol::Json).await, two.service.sns().await);
    let url = sqs.queue("rooms", json!({ "KmsMasterKeyId": two.key })).await;
    let topic = sns.topic_with("stays", json!({ "KmsMasterKeyId": two.key })).await;
    let attributes = json!({ "RawMessageDelivery": "true", "FilterPolicy": r#"{"kind":["a"]}"# });
    sns.ok("Subscribe", subscription(&topic, "rooms", attributes)).await;
    for kind in ["a", "b"] {
        let kind = json!({ "kind": { "DataType": "String", "StringValue": kind } });
        let input = json!({ "TopicArn": topic, "Message": SECRET, "MessageAttributes": kind });
        sns.ok("Publish", input).await;
    }
    assert!(!two.service.has_on_disk(SECRET.as_bytes()));
    let receive = json!({ "QueueUrl": url, "MaxNumberOfMessages": 10 });
    let output = sqs.ok("ReceiveMessage", receive).await;
    let bodies: Vec<_> = messages(&output).iter().map(|m| m["Body"].clone()).collect();
    assert_eq!(bodies, [SECRET]);
    drop((sqs, sns));
    two.stop().await;
}
