//! PutDataProtectionPolicy and GetDataProtectionPolicy.

use serde_json::{Value, json};

use crate::harness::{Sns, topic_arn, with_topics};

fn document(operation: &Value) -> Value {
    json!({
        "Name": "protection",
        "Version": "2021-06-01",
        "Statement": [{
            "Sid": "s",
            "DataDirection": "Inbound",
            "Principal": ["*"],
            "DataIdentifier": ["arn:aws:dataprotection::aws:data-identifier/EmailAddress"],
            "Operation": operation,
        }],
    })
}

fn put(topic: &str, policy: &str) -> Value {
    json!({ "ResourceArn": topic, "DataProtectionPolicy": policy })
}

async fn read(sns: &mut Sns, topic: &str) -> Value {
    sns.ok("GetDataProtectionPolicy", json!({ "ResourceArn": topic })).await
}

#[tokio::test]
async fn a_policy_is_read_as_it_was_put() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let before = sns.topic_attributes(&topic).await;
        for operation in [
            json!({ "Deny": {} }),
            json!({ "Deidentify": { "MaskConfig": { "MaskWithCharacter": "#" } } }),
            json!({ "Deidentify": { "RedactConfig": {} } }),
            json!({ "Audit": { "SampleRate": "0", "NoFindingsDestination": {} } }),
            json!({ "Audit": {
                "SampleRate": "99",
                "FindingsDestination": {
                    "CloudWatchLogs": { "LogGroup": "/aws/vendedlogs/orders" },
                    "Firehose": { "DeliveryStream": "stream" },
                    "S3": { "Bucket": "bucket" },
                },
            } }),
        ] {
            let policy = document(&operation).to_string();
            let output = sns.ok("PutDataProtectionPolicy", put(&topic, &policy)).await;
            assert_eq!(output, Value::Null);
            let told = read(sns, &topic).await["DataProtectionPolicy"].take();
            let told: Value = serde_json::from_str(told.as_str().unwrap()).unwrap();
            assert_eq!(told, document(&operation));
        }
        // It is no attribute.
        assert_eq!(sns.topic_attributes(&topic).await, before);
    })
    .await;
}

#[tokio::test]
async fn a_topic_is_created_with_its_policy() {
    with_topics(async |sns| {
        let policy = document(&json!({ "Deny": {} })).to_string();
        let input = json!({ "Name": "orders", "DataProtectionPolicy": policy });
        sns.ok("CreateTopic", input).await;
        let told = read(sns, &topic_arn("orders")).await;
        assert_eq!(told, json!({ "DataProtectionPolicy": policy }));
    })
    .await;
}

#[tokio::test]
async fn policies_that_cannot_be_are_refused() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let good = document(&json!({ "Deny": {} }));
        sns.ok("PutDataProtectionPolicy", put(&topic, &good.to_string())).await;
        let with = |name: &str, value: Value| {
            let mut changed = good.clone();
            changed["Statement"][0][name] = value;
            changed.to_string()
        };
        let audit = |rate: &str| json!({ "Audit": { "SampleRate": rate } });
        let bad = [
            "{".to_owned(),
            "[]".to_owned(),
            json!({ "Name": "n", "Version": "2021-06-01" }).to_string(),
            with("DataDirection", json!("Sideways")),
            with("Operation", json!({ "Shred": {} })),
            with("Operation", audit("100")),
        ];
        let cases: Vec<_> = bad
            .iter()
            .map(|policy| (put(&topic, policy), "InvalidParameter", "Invalid parameter: *"))
            .collect();
        sns.refuses("PutDataProtectionPolicy", &cases).await;
    })
    .await;
}

#[tokio::test]
async fn a_policy_has_up_to_30720_characters() {
    with_topics(async |sns| {
        let topic = sns.topic("orders").await;
        let described = |length: usize| {
            let mut policy = document(&json!({ "Deny": {} }));
            policy["Description"] = json!("");
            let rest = length - policy.to_string().len();
            policy["Description"] = json!("d".repeat(rest));
            policy.to_string()
        };
        sns.ok("PutDataProtectionPolicy", put(&topic, &described(30_720))).await;
        let cases = [(put(&topic, &described(30_721)), "InvalidParameter", "Invalid parameter: *")];
        sns.refuses("PutDataProtectionPolicy", &cases).await;
    })
    .await;
}

#[tokio::test]
async fn a_policy_of_no_topic_is_refused() {
    with_topics(async |sns| {
        let policy = document(&json!({ "Deny": {} })).to_string();
        let unknown = topic_arn("unknown");
        let cases = [(put(&unknown, &policy), "NotFound", "*")];
        sns.refuses("PutDataProtectionPolicy", &cases).await;
        let cases = [(json!({ "ResourceArn": unknown }), "NotFound", "*")];
        sns.refuses("GetDataProtectionPolicy", &cases).await;
        for (action, input, path) in [
            ("GetDataProtectionPolicy", json!({}), "resourceArn"),
            ("PutDataProtectionPolicy", json!({ "DataProtectionPolicy": policy }), "resourceArn"),
        ] {
            let text = format!(
                "1 validation error detected: Value null at '{path}' failed to satisfy \
                 constraint: Member must not be null"
            );
            sns.refuses(action, &[(input, "ValidationError", &text)]).await;
        }
    })
    .await;
}
