//! TagQueue, UntagQueue, ListQueueTags, and tags given to CreateQueue.

use serde_json::{Map, Value, json};

use crate::harness::{Protocol, Service, Sqs, in_both_protocols};

async fn tags(sqs: &mut Sqs, url: &str) -> Value {
    sqs.ok("ListQueueTags", json!({ "QueueUrl": url })).await
}

fn tag(url: &str, tags: &Value) -> Value {
    json!({ "QueueUrl": url, "Tags": tags })
}

fn many(count: usize) -> Value {
    Value::Object((0..count).map(|i| (format!("k{i}"), json!("v"))).collect::<Map<_, _>>())
}

#[tokio::test]
async fn tags_are_added_overwritten_and_removed() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        assert_eq!(tags(sqs, &url).await, json!({}));
        let set = tag(&url, &json!({ "team": "red", "Team": "blue", "empty": "" }));
        assert_eq!(sqs.ok("TagQueue", set).await, Value::Null);
        let expected = json!({ "Tags": { "Team": "blue", "empty": "", "team": "red" } });
        assert_eq!(tags(sqs, &url).await, expected);
        sqs.ok("TagQueue", tag(&url, &json!({ "team": "green", "cost": "42" }))).await;
        let expected =
            json!({ "Tags": { "Team": "blue", "cost": "42", "empty": "", "team": "green" } });
        assert_eq!(tags(sqs, &url).await, expected);
        // A key that is not there is no matter.
        let untag = json!({ "QueueUrl": url, "TagKeys": ["team", "TEAM", "cost"] });
        assert_eq!(sqs.ok("UntagQueue", untag).await, Value::Null);
        assert_eq!(tags(sqs, &url).await, json!({ "Tags": { "Team": "blue", "empty": "" } }));
        sqs.ok("UntagQueue", json!({ "QueueUrl": url, "TagKeys": ["Team", "empty"] })).await;
        assert_eq!(tags(sqs, &url).await, json!({}));
    })
    .await;
}

#[tokio::test]
async fn a_queue_is_created_with_tags() {
    in_both_protocols(async |sqs| {
        let given = json!({ "team": "red", "ünï cøde_.:/=+-@": "日本 _.:/=+-@ 42" });
        sqs.ok("CreateQueue", json!({ "QueueName": "orders", "tags": given })).await;
        assert_eq!(tags(sqs, &sqs.url("orders")).await, json!({ "Tags": given }));
    })
    .await;
}

#[tokio::test]
async fn keys_and_values_have_their_lengths() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        for good in [
            json!({ "k": "" }),
            json!({ "k".repeat(128): "v" }),
            json!({ "k": "v".repeat(256) }),
            json!({ "é".repeat(128): "é".repeat(256) }),
        ] {
            sqs.ok("TagQueue", tag(&url, &good)).await;
            assert_eq!(tags(sqs, &url).await, json!({ "Tags": good }));
            let keys: Vec<_> = good.as_object().unwrap().keys().collect();
            sqs.ok("UntagQueue", json!({ "QueueUrl": url, "TagKeys": keys })).await;
        }
        let before = tags(sqs, &url).await;
        for bad in [
            json!({ "": "v" }),
            json!({ "k".repeat(129): "v" }),
            json!({ "k": "v".repeat(257) }),
            json!({ "good": "v", "k": "v".repeat(257) }),
            json!({ "k": "<v>" }),
            json!({ "k!": "v" }),
        ] {
            sqs.refuses("TagQueue", &url, &[(tag(&url, &bad), "InvalidParameterValue", "*")]).await;
            let create = json!({ "QueueName": "new", "tags": bad });
            sqs.refuses("CreateQueue", &url, &[(create, "InvalidParameterValue", "*")]).await;
        }
        assert_eq!(tags(sqs, &url).await, before);
        let listed = sqs.ok("ListQueues", json!({ "QueueNamePrefix": "new" })).await;
        assert_eq!(listed, json!({}));
    })
    .await;
}

#[tokio::test]
async fn a_queue_has_up_to_50_tags() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        sqs.ok("TagQueue", tag(&url, &many(50))).await;
        assert_eq!(tags(sqs, &url).await["Tags"].as_object().unwrap().len(), 50);
        sqs.ok("TagQueue", tag(&url, &json!({ "k7": "w" }))).await;
        assert_eq!(tags(sqs, &url).await["Tags"]["k7"], "w");
    })
    .await;
}

#[tokio::test]
async fn tags_are_required() {
    in_both_protocols(async |sqs| {
        let url = sqs.queue("orders", json!({})).await;
        let bare = json!({ "QueueUrl": url });
        let text = "The request must contain the parameter Tags.";
        sqs.refuses("TagQueue", &url, &[(bare.clone(), "MissingParameter", text)]).await;
        // This one answers in words of its own.
        sqs.refuses("UntagQueue", &url, &[(bare, "InvalidParameterValue", "*")]).await;
    })
    .await;
}

#[tokio::test]
async fn tags_outlive_a_restart() {
    for protocol in Protocol::BOTH {
        let service = Service::start().await;
        let mut sqs = service.speak(protocol).await;
        let url = sqs.queue("orders", json!({})).await;
        sqs.ok("TagQueue", tag(&url, &json!({ "a": "1", "b": "2" }))).await;
        sqs.ok("UntagQueue", json!({ "QueueUrl": url, "TagKeys": ["a"] })).await;
        drop(sqs);
        let service = service.restart().await;
        let mut sqs = service.speak(protocol).await;
        assert_eq!(tags(&mut sqs, &url).await, json!({ "Tags": { "b": "2" } }));
        drop(sqs);
        service.stop().await;
    }
}
