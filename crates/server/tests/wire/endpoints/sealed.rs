//! Topics with a KMS key: what they sealed is opened for endpoints, once the key can be used.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::hook::{Answer, Hook};
use super::support::{Hub, with_hub};

/// An attempt that could not begin for want of the key is none of the endpoint's failures: it takes
/// none of the retries.
#[tokio::test]
async fn a_message_waits_for_its_key_however_long_that_takes() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut kms) = (hub.sns().await, hub.kms().await);
        let refuses = Arc::new(AtomicBool::new(false));
        let will = Arc::clone(&refuses);
        let mut hook = Hook::to_notifications(move |_| {
            Answer::Status(if will.load(Ordering::SeqCst) { 500 } else { 200 })
        })
        .await;
        let key = kms.key().await;
        let topic = sns.topic("stock", &[("KmsMasterKeyId", &key)]).await;
        sns.confirmed(&topic, &mut hook, &[]).await;
        sns.publish(&topic, "one").await;
        assert_eq!(hook.notification().await.text("Message"), "one");

        refuses.store(true, Ordering::SeqCst);
        sns.publish(&topic, "two").await;
        assert_eq!(hook.notification().await.text("Message"), "two");
        refuses.store(false, Ordering::SeqCst);
        hub.settle().await;
        kms.ok("DisableKey", json!({ "KeyId": key })).await;
        for _ in 0..20 {
            hub.pass_seconds(61).await;
            hook.has_no_more(hub).await;
        }
        kms.ok("EnableKey", json!({ "KeyId": key })).await;
        hub.pass_seconds(61).await;
        assert_eq!(hook.notification().await.text("Message"), "two");
    })
    .await;
}
