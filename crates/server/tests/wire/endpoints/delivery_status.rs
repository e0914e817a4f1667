//! Delivery status: the attributes of a topic that ask for it, and what it says.

use std::fmt;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::hook::Hook;
use super::support::{Hub, entries, setting, with_hub};

const PROTOCOLS: [&str; 5] = ["HTTP", "SQS", "Lambda", "Firehose", "Application"];
pub(super) const ROLE: &str = "arn:aws:iam::000000000000:role/SNSFeedback";

#[tokio::test]
async fn attributes_are_set_and_read_back() {
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let topic = sns.topic("stock", &[]).await;
        let untouched = sns.topic_attributes(&topic).await;
        assert!(!untouched.keys().any(|name| name.contains("Feedback")), "{untouched:?}");
        let mut expected = untouched.clone();
        for protocol in PROTOCOLS {
            for (suffix, value) in [
                ("SuccessFeedbackRoleArn", ROLE),
                ("SuccessFeedbackSampleRate", "0"),
                ("SuccessFeedbackSampleRate", "100"),
                ("FailureFeedbackRoleArn", "arn:aws:iam::000000000000:role/path/Other_1"),
            ] {
                let name = format!("{protocol}{suffix}");
                sns.set_topic_attribute(&topic, &name, value).await;
                expected.insert(name, value.to_owned());
                assert_eq!(sns.topic_attributes(&topic).await, expected);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_topic_can_be_created_with_them() {
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let attributes = [
            ("HTTPSuccessFeedbackRoleArn", ROLE),
            ("HTTPSuccessFeedbackSampleRate", "17"),
            ("HTTPFailureFeedbackRoleArn", ROLE),
        ];
        let topic = sns.topic("stock", &attributes).await;
        let shown = sns.topic_attributes(&topic).await;
        for (name, value) in attributes {
            assert_eq!(shown[name], value, "{name}");
        }
        assert_eq!(sns.topic("stock", &attributes).await, topic);
        let mut create = vec![("Name", "stock")];
        let other = entries(&[("HTTPSuccessFeedbackSampleRate", "18")]);
        create.extend(other.iter().map(|(name, value)| (name.as_str(), value.as_str())));
        let text = "Invalid parameter: Attributes Reason: Topic already exists with different \
                    attributes";
        sns.refuses("CreateTopic", &[(&create, "InvalidParameter", text)]).await;
    })
    .await;
}

#[tokio::test]
async fn wrong_values_are_refused() {
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let topic = sns.topic("stock", &[]).await;
        let before = sns.topic_attributes(&topic).await;
        for protocol in PROTOCOLS {
            for (suffix, value) in [
                ("SuccessFeedbackSampleRate", "101"),
                ("SuccessFeedbackSampleRate", "-1"),
                ("SuccessFeedbackSampleRate", "1.5"),
                ("SuccessFeedbackSampleRate", "all"),
                ("SuccessFeedbackRoleArn", "role"),
                ("SuccessFeedbackRoleArn", "arn:aws:iam::000000000000:user/somebody"),
                ("FailureFeedbackRoleArn", "arn:aws:sqs:us-east-1:000000000000:orders"),
            ] {
                let name = format!("{protocol}{suffix}");
                let set = setting("TopicArn", &topic, &name, value);
                let case = (&set[..], "InvalidParameter", "Invalid parameter: *");
                sns.refuses("SetTopicAttributes", &[case]).await;
            }
        }
        for name in [
            "HTTPFailureFeedbackSampleRate",
            "HTTPSSuccessFeedbackRoleArn",
            "SMSSuccessFeedbackRoleArn",
            "SuccessFeedbackRoleArn",
            "httpSuccessFeedbackRoleArn",
        ] {
            let set = setting("TopicArn", &topic, name, ROLE);
            let case = (&set[..], "InvalidParameter", "Invalid parameter: AttributeName");
            sns.refuses("SetTopicAttributes", &[case]).await;
        }
        assert_eq!(sns.topic_attributes(&topic).await, before);
    })
    .await;
}

#[tokio::test]
async fn what_was_asked_for_is_logged_as_documented() {
    let log = Log::default();
    let _guard = tracing::subscriber::set_default(log.clone());
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let mut well = Hook::willing().await;
        let mut ill = Hook::answering(404).await;
        let silent = sns.topic("silent", &[]).await;
        let logged = sns
            .topic(
                "logged",
                &[
                    ("HTTPSuccessFeedbackRoleArn", ROLE),
                    ("HTTPSuccessFeedbackSampleRate", "100"),
                    ("HTTPFailureFeedbackRoleArn", ROLE),
                ],
            )
            .await;
        for topic in [&silent, &logged] {
            sns.confirmed(topic, &mut well, &[]).await;
            sns.confirmed(topic, &mut ill, &[]).await;
            // Confirmations are no notifications.
            log.take(hub).await;
        }
        sns.publish(&silent, "hello").await;
        well.notification().await;
        ill.notification().await;
        assert_eq!(log.take(hub).await, []);

        let message_id = sns.publish(&logged, "hello").await;
        well.notification().await;
        ill.notification().await;
        let mut lines = log.take(hub).await;
        lines.sort_by(|(one, _), (other, _)| one.cmp(other));
        let group = "sns/us-east-1/000000000000/logged";
        let [(well_group, taken), (ill_group, refused)] = &lines[..] else { panic!("{lines:?}") };
        assert_eq!(
            (well_group.as_str(), ill_group.as_str()),
            (group, &*format!("{group}/Failure"))
        );
        for (line, hook, status, code) in
            [(taken, &well, "SUCCESS", 200), (refused, &ill, "FAILURE", 404)]
        {
            assert_eq!(line["status"], status, "{line}");
            let notification = &line["notification"];
            assert_eq!(notification["messageMD5Sum"], "5d41402abc4b2a76b9719d911017c592");
            assert_eq!(notification["messageId"], message_id.as_str());
            assert_eq!(notification["topicArn"], logged.as_str());
            let timestamp = notification["timestamp"].as_str().unwrap();
            assert!(timestamp.starts_with("2027-01-15 08:00:00"), "{timestamp}");
            let delivery = &line["delivery"];
            assert_eq!(delivery["destination"], hook.url("/messages"));
            assert_eq!(delivery["statusCode"], code);
            assert_eq!(delivery["attempts"], 1);
            assert_eq!(delivery["dwellTimeMs"], json!(0));
            for name in ["deliveryId", "providerResponse"] {
                assert!(delivery[name].is_string(), "{line}");
            }
        }

        let texts = r#"{"default":"for all","sqs":"for queues","http":"hello"}"#;
        sns.publish_with(&logged, &[("Message", texts), ("MessageStructure", "json")]).await;
        well.notification().await;
        ill.notification().await;
        for (_, line) in log.take(hub).await {
            let digest = &line["notification"]["messageMD5Sum"];
            assert_eq!(digest, "5d41402abc4b2a76b9719d911017c592", "of the text that was sent");
        }

        sns.set_topic_attribute(&logged, "HTTPSuccessFeedbackSampleRate", "0").await;
        sns.publish(&logged, "hello").await;
        well.notification().await;
        ill.notification().await;
        let groups: Vec<_> = log.take(hub).await.into_iter().map(|(group, _)| group).collect();
        assert_eq!(groups, [format!("{group}/Failure")]);
    })
    .await;
}

/// The lines of delivery status logs: the group of each, and what it says.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<(String, Value)>>>);

impl Log {
    /// What has been logged since the last time.
    pub async fn take(&self, hub: &Hub) -> Vec<(String, Value)> {
        hub.settle().await;
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Subscriber for Log {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "delivery_status"
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut line = Line::default();
        event.record(&mut line);
        let said = serde_json::from_str(&line.message).unwrap();
        self.0.lock().unwrap().push((line.group, said));
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[derive(Default)]
struct Line {
    group: String,
    message: String,
}

impl Visit for Line {
    fn record_str(&mut self, field: &Field, value: &str) {
        if field.name() == "group" {
            value.clone_into(&mut self.group);
        }
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        if field.name() == "message" {
            self.message = format!("{value:?}");
        }
    }
}
