//! CreateTopic: names, and what happens when the name is taken.

use serde_json::{Value, json};

use crate::harness::{topic_arn, with_topics};

fn create(name: &str, attributes: Value) -> Value {
    json!({ "Name": name, "Attributes": attributes })
}

const BAD_NAME: &str = "Invalid parameter: Topic Name";
const OTHER_ATTRIBUTES: &str =
    "Invalid parameter: Attributes Reason: Topic already exists with different attributes";
const OTHER_TAGS: &str = "Invalid parameter: Tags Reason: Topic already exists with different tags";

#[tokio::test]
async fn a_topic_is_created_and_named_by_its_arn() {
    with_topics(async |sns| {
        let output = sns.ok("CreateTopic", json!({ "Name": "orders" })).await;
        assert_eq!(output, json!({ "TopicArn": topic_arn("orders") }));
        let listed = sns.ok("ListTopics", json!({})).await;
        assert_eq!(listed, json!({ "Topics": [{ "TopicArn": topic_arn("orders") }] }));
    })
    .await;
}

#[tokio::test]
async fn names_have_1_to_256_letters_digits_hyphens_and_underscores() {
    with_topics(async |sns| {
        let longest = "n".repeat(256);
        for name in ["A", "0", "-", "_", "Az-09_", &longest] {
            sns.topic(name).await;
        }
        let bad = ["", &"n".repeat(257), "a b", "a.b", "a:b", "a/b", "ä", "orders.", "a$"];
        let cases: Vec<_> = bad
            .iter()
            .map(|name| (json!({ "Name": name }), "InvalidParameter", BAD_NAME))
            .collect();
        sns.refuses("CreateTopic", &cases).await;
    })
    .await;
}

#[tokio::test]
async fn a_fifo_topic_ends_in_fifo_and_says_so_too() {
    with_topics(async |sns| {
        let longest = "n".repeat(251) + ".fifo";
        for name in ["orders.fifo", &longest, "f.fifo"] {
            sns.fifo_topic(name, json!({})).await;
        }
        let fifo = |value: &str| json!({ "FifoTopic": value });
        let too_long = "n".repeat(252) + ".fifo";
        let cases = [
            (json!({ "Name": "other.fifo" }), "InvalidParameter", BAD_NAME),
            (create("other.fifo", fifo("false")), "InvalidParameter", BAD_NAME),
            (create("other", fifo("true")), "InvalidParameter", BAD_NAME),
            (create("other.FIFO", fifo("true")), "InvalidParameter", BAD_NAME),
            (create(".fifo", fifo("true")), "InvalidParameter", BAD_NAME),
            (create("o.t.fifo", fifo("true")), "InvalidParameter", BAD_NAME),
            (create(&too_long, fifo("true")), "InvalidParameter", BAD_NAME),
            (create("other.fifo", fifo("maybe")), "InvalidParameter", "Invalid parameter: *"),
        ];
        sns.refuses("CreateTopic", &cases).await;
    })
    .await;
}

#[tokio::test]
async fn a_topic_without_a_name_is_refused() {
    with_topics(async |sns| {
        let text = "1 validation error detected: Value null at 'name' failed to satisfy \
                    constraint: Member must not be null";
        sns.refuses("CreateTopic", &[(json!({}), "ValidationError", text)]).await;
    })
    .await;
}

#[tokio::test]
async fn creating_a_topic_again_returns_it() {
    with_topics(async |sns| {
        let attributes = json!({ "DisplayName": "Orders", "SignatureVersion": "2" });
        let topic = sns.topic_with("orders", attributes).await;
        let before = sns.topic_attributes(&topic).await;
        // Any of its attributes may be told again, in any order, and none has to be.
        for attributes in [
            json!({ "SignatureVersion": "2", "DisplayName": "Orders" }),
            json!({ "DisplayName": "Orders" }),
            json!({}),
        ] {
            assert_eq!(sns.topic_with("orders", attributes).await, topic);
        }
        assert_eq!(sns.topic_attributes(&topic).await, before);
    })
    .await;
}

#[tokio::test]
async fn creating_a_topic_again_with_other_attributes_is_refused() {
    with_topics(async |sns| {
        sns.topic_with("orders", json!({ "DisplayName": "Orders" })).await;
        sns.fifo_topic("orders.fifo", json!({ "ContentBasedDeduplication": "true" })).await;
        let fifo = |value: &str| json!({ "FifoTopic": "true", "ContentBasedDeduplication": value });
        let cases: Vec<_> = [
            create("orders", json!({ "DisplayName": "orders" })),
            create("orders", json!({ "SignatureVersion": "2" })),
            create("orders", json!({ "DisplayName": "Orders", "TracingConfig": "Active" })),
            create("orders.fifo", fifo("false")),
        ]
        .into_iter()
        .map(|input| (input, "InvalidParameter", OTHER_ATTRIBUTES))
        .collect();
        sns.refuses("CreateTopic", &cases).await;
    })
    .await;
}

#[tokio::test]
async fn attributes_set_later_are_those_to_compare_with() {
    with_topics(async |sns| {
        let topic = sns.topic_with("orders", json!({ "DisplayName": "Orders" })).await;
        sns.set_topic(&topic, "DisplayName", "Later").await;
        assert_eq!(sns.topic_with("orders", json!({ "DisplayName": "Later" })).await, topic);
        let cases = [(
            create("orders", json!({ "DisplayName": "Orders" })),
            "InvalidParameter",
            OTHER_ATTRIBUTES,
        )];
        sns.refuses("CreateTopic", &cases).await;
    })
    .await;
}

#[tokio::test]
async fn creating_a_topic_again_with_other_tags_is_refused() {
    with_topics(async |sns| {
        let tagged = |tags: Value| json!({ "Name": "orders", "Tags": tags });
        let red = json!([{ "Key": "team", "Value": "red" }, { "Key": "cost", "Value": "42" }]);
        let topic = sns.ok("CreateTopic", tagged(red.clone())).await["TopicArn"].take();
        for tags in [red.clone(), json!([red[1], red[0]])] {
            assert_eq!(sns.ok("CreateTopic", tagged(tags)).await["TopicArn"], topic);
        }
        let no_tags = json!({ "Name": "orders" });
        assert_eq!(sns.ok("CreateTopic", no_tags).await["TopicArn"], topic);
        let other = json!([{ "Key": "team", "Value": "blue" }, { "Key": "cost", "Value": "42" }]);
        let more = json!([red[0], red[1], { "Key": "more", "Value": "1" }]);
        let cases = [
            (tagged(other), "InvalidParameter", OTHER_TAGS),
            (tagged(more), "InvalidParameter", OTHER_TAGS),
        ];
        sns.refuses("CreateTopic", &cases).await;
    })
    .await;
}

#[tokio::test]
async fn a_topic_that_was_deleted_can_be_created_anew_at_once() {
    with_topics(async |sns| {
        let input = json!({
            "Name": "orders",
            "Attributes": { "DisplayName": "Old" },
            "Tags": [{ "Key": "team", "Value": "red" }],
        });
        let topic = sns.ok("CreateTopic", input).await["TopicArn"].take();
        sns.subscribe(topic.as_str().unwrap(), "queue", json!({})).await;
        sns.ok("DeleteTopic", json!({ "TopicArn": topic })).await;
        let topic = sns.topic_with("orders", json!({ "SignatureVersion": "2" })).await;
        // Nothing of the old one is left.
        let attributes = sns.topic_attributes(&topic).await;
        assert_eq!(attributes["DisplayName"], "");
        assert_eq!(attributes["SubscriptionsConfirmed"], "0");
        let tags = sns.ok("ListTagsForResource", json!({ "ResourceArn": topic })).await;
        assert_eq!(tags, json!({ "Tags": [] }));
        let subscriptions = sns.ok("ListSubscriptions", json!({})).await;
        assert_eq!(subscriptions, json!({ "Subscriptions": [] }));
    })
    .await;
}

#[tokio::test]
async fn topics_belong_to_an_account_and_a_region() {
    with_topics(async |sns| {
        sns.topic("orders").await;
        for (account, region) in [("111122223333", "us-east-1"), ("AKIDEXAMPLE", "eu-west-1")] {
            let mut other = sns.caller(account, region).await;
            assert_eq!(other.ok("ListTopics", json!({})).await, json!({ "Topics": [] }));
            let account = if account.len() == 12 { account } else { "000000000000" };
            let arn = format!("arn:aws:sns:{region}:{account}:orders");
            let created = other.ok("CreateTopic", json!({ "Name": "orders" })).await;
            assert_eq!(created, json!({ "TopicArn": arn }));
            assert_eq!(other.topic_attributes(&arn).await["Owner"], account);
        }
        assert_eq!(sns.all("ListTopics", "Topics", json!({})).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn a_topic_that_cannot_be_is_not_created_at_all() {
    with_topics(async |sns| {
        let tag = |key: &str| json!({ "Key": key, "Value": "v" });
        let cases = [
            (
                create("orders", json!({ "Frobnicate": "1" })),
                "InvalidParameter",
                "Invalid parameter: *",
            ),
            (
                create("orders", json!({ "DisplayName": "d".repeat(101) })),
                "InvalidParameter",
                "Invalid parameter: *",
            ),
            (
                create("orders", json!({ "SignatureVersion": "2", "TracingConfig": "Loud" })),
                "InvalidParameter",
                "Invalid parameter: *",
            ),
            (
                create("orders", json!({ "Policy": "{" })),
                "InvalidParameter",
                "Invalid parameter: *",
            ),
            (
                create("orders", json!({ "ContentBasedDeduplication": "true" })),
                "InvalidParameter",
                "Invalid parameter: *",
            ),
            (
                json!({ "Name": "orders", "Tags": [tag("a"), tag("a")] }),
                "InvalidParameter",
                "Invalid parameter: Duplicated keys are not allowed.",
            ),
            (
                json!({ "Name": "orders", "DataProtectionPolicy": "{" }),
                "InvalidParameter",
                "Invalid parameter: *",
            ),
        ];
        sns.refuses("CreateTopic", &cases).await;
    })
    .await;
}

#[tokio::test]
async fn an_account_has_up_to_1000_fifo_topics() {
    with_topics(async |sns| {
        for i in 0..1000 {
            sns.fifo_topic(&format!("t{i}.fifo"), json!({})).await;
        }
        let more = create("more.fifo", json!({ "FifoTopic": "true" }));
        assert_eq!(sns.refused("CreateTopic", more.clone()).await.code, "TopicLimitExceeded");
        // One that is there is no further one, and standard topics are counted apart.
        sns.fifo_topic("t7.fifo", json!({})).await;
        sns.topic("standard").await;
        assert_eq!(sns.all("ListTopics", "Topics", json!({})).await.len(), 1001);
        sns.ok("DeleteTopic", json!({ "TopicArn": topic_arn("t0.fifo") })).await;
        sns.ok("CreateTopic", more).await;
    })
    .await;
}
