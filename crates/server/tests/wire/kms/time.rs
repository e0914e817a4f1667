//! What happens by itself, and what holds across restarts.

use serde_json::json;

use crate::harness::{KmsFault, Service};

const DAY_MS: u64 = 86_400_000;

#[tokio::test]
async fn keys_survive_a_restart() {
    let service = Service::start().await;
    let mut kms = service.kms().await;
    let key = kms.key().await;
    kms.ok("CreateAlias", json!({ "AliasName": "alias/a", "TargetKeyId": key })).await;
    let old = kms.encrypt("alias/a", "old").await;
    kms.ok("RotateKeyOnDemand", json!({ "KeyId": key })).await;
    let new = kms.encrypt("alias/a", "new").await;
    let before = kms.ok("DescribeKey", json!({ "KeyId": key })).await;
    drop(kms);
    let service = service.restart().await;
    let mut kms = service.kms().await;
    assert_eq!(kms.ok("DescribeKey", json!({ "KeyId": "alias/a" })).await, before);
    assert_eq!(kms.decrypt(&old).await, "old");
    assert_eq!(kms.decrypt(&new).await, "new");
    let listed = kms.ok("ListKeyRotations", json!({ "KeyId": key })).await;
    assert_eq!(listed["Rotations"].as_array().unwrap().len(), 1);
    drop(kms);
    service.stop().await;
}

#[tokio::test]
async fn a_key_is_deleted_when_its_time_has_come_and_not_before() {
    let service = Service::start().await;
    let mut kms = service.kms().await;
    let key = kms.key().await;
    let blob = kms.encrypt(&key, "secret").await;
    kms.ok("ScheduleKeyDeletion", json!({ "KeyId": key, "PendingWindowInDays": 7 })).await;
    kms.clock.advance(7 * DAY_MS - 1);
    let refused = kms.refused("Decrypt", json!({ "CiphertextBlob": blob })).await;
    let text = format!("{key} is pending deletion.");
    assert_eq!(refused, KmsFault::new("KMSInvalidStateException", text));
    kms.clock.advance(1);
    let refused = kms.refused("DescribeKey", json!({ "KeyId": key })).await;
    let text = format!("Key '{key}' does not exist");
    assert_eq!(refused, KmsFault::new("NotFoundException", text));
    drop(kms);
    let service = service.restart().await;
    let mut kms = service.kms().await;
    let refused = kms.refused("Decrypt", json!({ "CiphertextBlob": blob })).await;
    assert_eq!(refused.0, "AccessDeniedException");
    drop(kms);
    service.stop().await;
}

#[tokio::test]
async fn a_key_is_rotated_when_that_is_due() {
    let service = Service::start().await;
    let mut kms = service.kms().await;
    let key = kms.key().await;
    kms.ok("EnableKeyRotation", json!({ "KeyId": key, "RotationPeriodInDays": 90 })).await;
    let blob = kms.encrypt(&key, "secret").await;
    let status = kms.ok("GetKeyRotationStatus", json!({ "KeyId": key })).await;
    assert_eq!(status["NextRotationDate"], json!(1_800_000_000.0 + 90.0 * 86_400.0));
    kms.clock.advance(90 * DAY_MS);
    let listed = kms.ok("ListKeyRotations", json!({ "KeyId": key })).await;
    assert_eq!(listed["Rotations"][0]["RotationType"], "AUTOMATIC");
    assert_eq!(kms.decrypt(&blob).await, "secret");
    drop(kms);
    service.stop().await;
}
