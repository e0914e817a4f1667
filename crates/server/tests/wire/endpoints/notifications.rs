//! What an endpoint gets of a published message, in its envelope.

use serde_json::json;

use super::hook::{Answer, Hook};
use super::support::{Hub, with_hub};
use crate::harness::is_uuid;

const MEMBERS: [&str; 9] = [
    "Type",
    "MessageId",
    "TopicArn",
    "Message",
    "Timestamp",
    "SignatureVersion",
    "Signature",
    "SigningCertURL",
    "UnsubscribeURL",
];

#[tokio::test]
async fn a_notification_has_the_documented_headers_and_members() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let arn = sns.confirmed(&topic, &mut hook, &[]).await;
        hub.pass_ms(1234).await;
        let message_id = sns.publish(&topic, "hello \"world\"\n\u{1f600}").await;

        let post = hook.notification().await;
        assert_eq!(post.request_line, "POST /messages HTTP/1.1");
        let (host, length) = (hook.addr.to_string(), post.body.len().to_string());
        for (name, value) in [
            ("x-amz-sns-message-type", "Notification"),
            ("x-amz-sns-message-id", message_id.as_str()),
            ("x-amz-sns-topic-arn", topic.as_str()),
            ("x-amz-sns-subscription-arn", arn.as_str()),
            ("x-amz-sns-rawdelivery", "-"),
            ("content-type", "text/plain; charset=UTF-8"),
            ("content-length", length.as_str()),
            ("user-agent", "Amazon Simple Notification Service Agent"),
            ("accept-encoding", "gzip,deflate"),
            ("connection", "Keep-Alive"),
            ("host", host.as_str()),
            ("authorization", "-"),
        ] {
            assert_eq!(post.header(name), value, "{name}");
        }
        assert_eq!(post.members(), MEMBERS);
        assert!(is_uuid(message_id.as_bytes()));
        let unsubscribe = format!("{}/?Action=Unsubscribe&SubscriptionArn={arn}", hub.url());
        for (member, value) in [
            ("Type", "Notification"),
            ("MessageId", message_id.as_str()),
            ("TopicArn", topic.as_str()),
            ("Message", "hello \"world\"\n\u{1f600}"),
            ("Timestamp", "2027-01-15T08:00:01.234Z"),
            ("SignatureVersion", "1"),
            ("UnsubscribeURL", unsubscribe.as_str()),
        ] {
            assert_eq!(post.text(member), value);
        }
        hook.has_no_more(hub).await;
    })
    .await;
}

#[tokio::test]
async fn a_subject_and_attributes_have_their_places() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        sns.confirmed(&topic, &mut hook, &[]).await;
        let message = [
            ("Message", "low"),
            ("Subject", "Stock"),
            ("MessageAttributes.entry.1.Name", "store"),
            ("MessageAttributes.entry.1.Value.DataType", "String"),
            ("MessageAttributes.entry.1.Value.StringValue", "Kőln"),
            ("MessageAttributes.entry.2.Name", "left"),
            ("MessageAttributes.entry.2.Value.DataType", "Number"),
            ("MessageAttributes.entry.2.Value.StringValue", "3.50"),
            ("MessageAttributes.entry.3.Name", "tags"),
            ("MessageAttributes.entry.3.Value.DataType", "String.Array"),
            ("MessageAttributes.entry.3.Value.StringValue", "[\"a\",1]"),
            ("MessageAttributes.entry.4.Name", "image"),
            ("MessageAttributes.entry.4.Value.DataType", "Binary"),
            ("MessageAttributes.entry.4.Value.BinaryValue", "AAEC"),
        ];
        sns.publish_with(&topic, &message).await;
        let post = hook.notification().await;
        let mut members = MEMBERS.to_vec();
        members.insert(3, "Subject");
        members.push("MessageAttributes");
        assert_eq!(post.members(), members);
        assert_eq!(post.text("Subject"), "Stock");
        let attributes = json!({
            "store": { "Type": "String", "Value": "Kőln" },
            "left": { "Type": "Number", "Value": "3.50" },
            "tags": { "Type": "String.Array", "Value": "[\"a\",1]" },
            "image": { "Type": "Binary", "Value": "AAEC" },
        });
        assert_eq!(post.json()["MessageAttributes"], attributes);
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_gets_the_text_of_its_protocol() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        sns.confirmed(&topic, &mut hook, &[]).await;
        for (texts, got) in [
            (json!({ "default": "d", "http": "h", "https": "s", "sqs": "q" }), "h"),
            (json!({ "default": "d", "https": "s", "sqs": "q" }), "d"),
            (json!({ "default": "d", "http": 7 }), "d"),
            (json!({ "default": "d", "HTTP": "h" }), "d"),
        ] {
            let texts = texts.to_string();
            let message = [("Message", texts.as_str()), ("MessageStructure", "json")];
            sns.publish_with(&topic, &message).await;
            assert_eq!(hook.notification().await.text("Message"), got, "{texts}");
            sns.publish(&topic, &texts).await;
            assert_eq!(hook.notification().await.text("Message"), texts, "a text is a text");
        }
    })
    .await;
}

#[tokio::test]
async fn each_subscription_of_an_endpoint_gets_its_own() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let mut arns = Vec::new();
        for path in ["/a", "/b", "/b?c=d"] {
            sns.subscribe(&topic, &hook.url(path), &[]).await;
            let token = hook.next().await.text("Token");
            arns.push(sns.confirm(&topic, &token).await);
        }
        let message_id = sns.publish(&topic, "hello").await;
        let mut got = Vec::new();
        for _ in 0..3 {
            let post = hook.notification().await;
            assert_eq!(post.message_id(), message_id);
            let arn = post.header("x-amz-sns-subscription-arn").to_owned();
            got.push((post.request_line, arn));
        }
        got.sort();
        let lines = ["/a", "/b", "/b?c=d"].map(|path| format!("POST {path} HTTP/1.1"));
        let mut expected: Vec<_> = lines.into_iter().zip(arns).collect();
        expected.sort();
        assert_eq!(got, expected);
        hook.has_no_more(hub).await;
    })
    .await;
}

#[tokio::test]
async fn each_message_of_a_batch_is_delivered_by_itself() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        sns.confirmed(&topic, &mut hook, &[]).await;
        let names: Vec<_> = (1..=10)
            .map(|number| {
                let entry = format!("PublishBatchRequestEntries.member.{number}");
                (format!("{entry}.Id"), format!("{entry}.Message"), format!("text {number}"))
            })
            .collect();
        let mut parameters = vec![("TopicArn", topic.as_str())];
        for (id, message, text) in &names {
            parameters.extend([(id.as_str(), &text[5..]), (message, text)]);
        }
        let result = sns.ok("PublishBatch", &parameters).await;
        assert_eq!(result.names(), ["Failed", "Successful"]);
        let mut expected: Vec<_> = result.children[1]
            .children
            .iter()
            .map(|it| (format!("text {}", it.text_of("Id")), it.text_of("MessageId").to_owned()))
            .collect();
        let mut got = Vec::new();
        for _ in 0..10 {
            let post = hook.notification().await;
            assert_eq!(post.text("MessageId"), post.message_id());
            got.push((post.text("Message"), post.message_id().to_owned()));
        }
        expected.sort();
        got.sort();
        assert_eq!(got, expected);
        hook.has_no_more(hub).await;
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_gets_what_its_filter_policy_lets_through() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let filter =
            [("FilterPolicyScope", "MessageBody"), ("FilterPolicy", r#"{"store":["Berlin"]}"#)];
        let arn = sns.confirmed(&topic, &mut hook, &filter).await;
        sns.publish(&topic, r#"{"store":"Paris"}"#).await;
        sns.publish(&topic, "no JSON").await;
        let texts = json!({ "default": "d", "http": "{\"store\":\"Berlin\"}" }).to_string();
        let wanted =
            sns.publish_with(&topic, &[("Message", &texts), ("MessageStructure", "json")]).await;
        assert_eq!(hook.notification().await.message_id(), wanted);
        sns.set_attribute(&arn, "FilterPolicy", "{}").await;
        let wanted = sns.publish(&topic, "no JSON").await;
        assert_eq!(hook.notification().await.message_id(), wanted);
        hook.has_no_more(hub).await;
    })
    .await;
}

#[tokio::test]
async fn the_delivery_policy_says_as_what_a_notification_is_sent() {
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let policy = |content_type: &str| {
            json!({ "requestPolicy": { "headerContentType": content_type } }).to_string()
        };
        let of_topic = json!({ "http": {
            "defaultRequestPolicy": { "headerContentType": "application/json" },
        }});
        let topic = sns.topic("stock", &[]).await;
        let mut hook = Hook::willing().await;
        let own = policy("text/plain");
        let arn = sns.confirmed(&topic, &mut hook, &[]).await;
        for (of_topic, own, sent) in [
            ("", "", "text/plain; charset=UTF-8"),
            (&*of_topic.to_string(), "", "application/json"),
            (&*of_topic.to_string(), &*own, "text/plain"),
            ("", &policy("application/json"), "application/json"),
            ("", &policy("application/json; charset=UTF-8"), "application/json; charset=UTF-8"),
        ] {
            sns.set_topic_attribute(&topic, "DeliveryPolicy", of_topic).await;
            sns.set_attribute(&arn, "DeliveryPolicy", own).await;
            sns.publish(&topic, "hello").await;
            let post = hook.notification().await;
            assert_eq!(post.header("content-type"), sent, "{of_topic} {own}");
            assert_eq!(post.members(), MEMBERS);
        }
    })
    .await;
}

#[tokio::test]
async fn a_confirmation_is_sent_as_text_whatever_the_delivery_policy_says() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        let policy = json!({ "requestPolicy": { "headerContentType": "application/json" } });
        let policy = [("DeliveryPolicy", &*policy.to_string())];
        sns.subscribe(&topic, &hook.url("/"), &policy).await;
        let asked = hook.next().await;
        let arn = sns.confirm(&topic, &asked.text("Token")).await;
        hub.sns_of(None).await.ok("Unsubscribe", &[("SubscriptionArn", &arn)]).await;
        let told = hook.next().await;
        assert_eq!(told.message_type(), "UnsubscribeConfirmation");
        for post in [asked, told] {
            assert_eq!(post.header("content-type"), "text/plain; charset=UTF-8");
        }
    })
    .await;
}

#[tokio::test]
async fn credentials_in_the_url_are_given_when_the_endpoint_asks() {
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let mut hook = Hook::start(|post| match post.header("authorization") {
            // user:p@ss
            "Basic dXNlcjpwQHNz" => Answer::Status(200),
            _ => Answer::WithHeader(401, "WWW-Authenticate: Basic realm=\"stock\"".into()),
        })
        .await;
        let topic = sns.topic("stock", &[]).await;
        let url = format!("http://user:p%40ss@{}/messages", hook.addr);
        sns.subscribe(&topic, &url, &[]).await;
        let first = hook.next().await;
        assert_eq!(first.header("authorization"), "-", "not before it is asked for");
        let second = hook.next().await;
        assert_eq!(second.header("authorization"), "Basic dXNlcjpwQHNz");
        assert_eq!(second.request_line, "POST /messages HTTP/1.1");
        assert_eq!(second.header("host"), hook.addr.to_string());
        assert_eq!(second.body, first.body);
        sns.confirm(&topic, &second.text("Token")).await;
        sns.publish(&topic, "hello").await;
        while hook.notification().await.header("authorization") == "-" {}
        hook.has_no_more(hub).await;
        hub.pass_seconds(60).await;
        hook.has_no_more(hub).await;
    })
    .await;
}
