//! AWS JSON 1.1, as KMS speaks it.

use serde_json::json;

use crate::harness::{KmsFault, Service};

#[tokio::test]
async fn a_body_that_cannot_be_read_is_refused() {
    let service = Service::start().await;
    let mut kms = service.kms().await;
    for (action, body, code) in [
        ("CreateKey", "[]", "SerializationException"),
        ("CreateKey", "", "SerializationException"),
        ("Encrypt", r#"{"KeyId":5}"#, "SerializationException"),
        ("Encrypt", r#"{"KeyId":"k","Plaintext":"*"}"#, "SerializationException"),
        ("Frobnicate", "{}", "UnknownOperationException"),
        ("Sign", "{}", "UnknownOperationException"),
        ("SendMessage", "{}", "UnknownOperationException"),
    ] {
        let http = kms.http(action, body).await;
        let error = http.json();
        assert_eq!((http.status, error["__type"].as_str().unwrap()), (400, code), "{http:?}");
    }
    drop(kms);
    service.stop().await;
}

#[tokio::test]
async fn what_is_missing_is_named() {
    let service = Service::start().await;
    let mut kms = service.kms().await;
    let missing = "1 validation error detected: Value null at 'keyId' failed to satisfy \
                   constraint: Member must not be null";
    assert_eq!(
        kms.refused("DescribeKey", json!({})).await,
        KmsFault::new("ValidationException", missing)
    );
    let input = json!({ "NumberOfBytes": 1025 });
    assert_eq!(
        kms.refused("GenerateRandom", input).await,
        KmsFault::new(
            "ValidationException",
            "1 validation error detected: Value '1025' at 'numberOfBytes' failed to satisfy \
             constraint: Member must have value less than or equal to 1024"
        )
    );
    drop(kms);
    service.stop().await;
}

/// Actions without an output answer with nothing at all.
#[tokio::test]
async fn no_output_is_an_empty_body() {
    let service = Service::start().await;
    let mut kms = service.kms().await;
    let key = kms.key().await;
    for (action, input) in [
        ("CreateAlias", json!({ "AliasName": "alias/a", "TargetKeyId": key })),
        ("UpdateAlias", json!({ "AliasName": "alias/a", "TargetKeyId": key })),
        ("DeleteAlias", json!({ "AliasName": "alias/a" })),
        ("TagResource", json!({ "KeyId": key, "Tags": [{ "TagKey": "a", "TagValue": "b" }] })),
        ("UntagResource", json!({ "KeyId": key, "TagKeys": ["a"] })),
        ("EnableKeyRotation", json!({ "KeyId": key })),
        ("DisableKeyRotation", json!({ "KeyId": key })),
        ("UpdateKeyDescription", json!({ "KeyId": key, "Description": "d" })),
        ("DisableKey", json!({ "KeyId": key })),
        ("EnableKey", json!({ "KeyId": key })),
    ] {
        let http = kms.http(action, &input.to_string()).await;
        assert_eq!((http.status, http.body.as_str()), (200, ""), "{action}");
    }
    drop(kms);
    service.stop().await;
}
