//! Signatures, checked as subscribers check them: with the certificate that the message names, over
//! the text that the developer guide describes.

use aws_lc_rs::signature::{
    RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey,
};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls_pki_types::{CertificateDer, ServerName};
use serde_json::{Value, json};
use webpki::EndEntityCert;

use super::hook::{Hook, Post};
use super::support::{Hub, Sns, with_hub};

const OF_NOTIFICATION: [&str; 6] =
    ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
const OF_CONFIRMATION: [&str; 7] =
    ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];

/// The text that is signed: each member that is there, its name and its value on lines of their own.
fn signed_text(message: &Value) -> String {
    let members: &[&str] = match message["Type"].as_str().unwrap() {
        "Notification" => &OF_NOTIFICATION,
        "SubscriptionConfirmation" | "UnsubscribeConfirmation" => &OF_CONFIRMATION,
        other => panic!("{other}"),
    };
    let line = |name: &&str| Some(format!("{name}\n{}\n", message.get(*name)?.as_str().unwrap()));
    members.iter().filter_map(line).collect()
}

/// The certificate that a message names, which anybody can have.
async fn certificate(hub: &Hub, message: &Value) -> Vec<u8> {
    let url = message["SigningCertURL"].as_str().unwrap();
    let name = url.strip_prefix(&format!("{}/SimpleNotificationService-", hub.url())).unwrap();
    let digits = name.strip_suffix(".pem").unwrap();
    let is_digit = |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    assert!(digits.len() == 32 && digits.bytes().all(is_digit), "{url}");
    let http = hub.follow(url).await;
    assert_eq!(http.status, 200, "{http:?}");
    let (_, pem) = http.body.split_once("-----BEGIN CERTIFICATE-----\n").unwrap();
    let (pem, _) = pem.split_once("-----END CERTIFICATE-----").unwrap();
    STANDARD.decode(pem.replace('\n', "")).unwrap()
}

fn verifies(message: &Value, certificate: &[u8]) -> bool {
    let certificate = CertificateDer::from(certificate);
    let certificate = EndEntityCert::try_from(&certificate).unwrap();
    let name = ServerName::try_from("sns.amazonaws.com").unwrap();
    certificate.verify_is_valid_for_subject_name(&name).unwrap();
    let algorithm = match message["SignatureVersion"].as_str().unwrap() {
        "1" => &RSA_PKCS1_2048_8192_SHA1_FOR_LEGACY_USE_ONLY,
        "2" => &RSA_PKCS1_2048_8192_SHA256,
        other => panic!("{other}"),
    };
    let key = certificate.subject_public_key_info();
    let signature = STANDARD.decode(message["Signature"].as_str().unwrap()).unwrap();
    UnparsedPublicKey::new(algorithm, key.as_ref())
        .verify(signed_text(message).as_bytes(), &signature)
        .is_ok()
}

/// Asserts that a message verifies, and no longer when any of what is signed is changed.
pub async fn assert_signed(hub: &Hub, message: &Value, version: &str) {
    assert_eq!(message["SignatureVersion"], version);
    let certificate = certificate(hub, message).await;
    assert!(verifies(message, &certificate), "{message}");
    let is_signed = |name: &&str| signed_text(message).contains(&format!("{name}\n"));
    let signed: Vec<&str> =
        OF_NOTIFICATION.into_iter().chain(OF_CONFIRMATION).filter(is_signed).collect();
    for name in signed.iter().filter(|name| **name != "Type") {
        let Some(value) = message.get(*name) else { continue };
        let mut changed = message.clone();
        changed[*name] = format!("{}.", value.as_str().unwrap()).into();
        assert!(!verifies(&changed, &certificate), "{name} can be changed: {message}");
    }
    let mut other_version = message.clone();
    other_version["SignatureVersion"] = if version == "1" { "2" } else { "1" }.into();
    assert!(!verifies(&other_version, &certificate), "{message}");
}

/// One message of each type, with a subject and without.
async fn messages_of_each_type(hub: &Hub, sns: &mut Sns, topic: &str) -> Vec<Post> {
    let mut hook = Hook::willing().await;
    sns.subscribe(topic, &hook.url("/"), &[]).await;
    let mut posts = vec![hook.next().await];
    let arn = sns.confirm(topic, &posts[0].text("Token")).await;
    sns.publish(topic, "line\nline \"ü\" \\ \t\u{1f600}").await;
    posts.push(hook.next().await);
    sns.publish_with(topic, &[("Message", "low"), ("Subject", "Stock")]).await;
    posts.push(hook.next().await);
    hub.sns_of(None).await.ok("Unsubscribe", &[("SubscriptionArn", &arn)]).await;
    posts.push(hook.next().await);
    let types: Vec<_> = posts.iter().map(|post| post.text("Type")).collect();
    let expected =
        ["SubscriptionConfirmation", "Notification", "Notification", "UnsubscribeConfirmation"];
    assert_eq!(types, expected);
    posts
}

#[tokio::test]
async fn messages_of_each_type_are_signed_with_either_version() {
    with_hub(async |hub: &Hub| {
        let mut sns = hub.sns().await;
        let plain = sns.topic("plain", &[]).await;
        let first = sns.topic("first", &[("SignatureVersion", "1")]).await;
        let second = sns.topic("second", &[("SignatureVersion", "2")]).await;
        for (topic, version) in [(plain, "1"), (first, "1"), (second, "2")] {
            for post in messages_of_each_type(hub, &mut sns, &topic).await {
                assert_signed(hub, &post.json(), version).await;
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_version_of_a_topic_can_be_changed() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        sns.confirmed(&topic, &mut hook, &[]).await;
        for version in ["2", "1", "2"] {
            sns.set_topic_attribute(&topic, "SignatureVersion", version).await;
            assert_eq!(sns.topic_attributes(&topic).await["SignatureVersion"], version);
            sns.publish(&topic, "hello").await;
            assert_signed(hub, &hook.notification().await.json(), version).await;
        }
    })
    .await;
}

#[tokio::test]
async fn a_subject_cannot_be_added_or_taken_away() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
        let topic = sns.topic("stock", &[]).await;
        sns.confirmed(&topic, &mut hook, &[]).await;
        sns.publish(&topic, "without").await;
        let mut added = hook.notification().await.json();
        sns.publish_with(&topic, &[("Message", "with"), ("Subject", "Stock")]).await;
        let mut taken = hook.notification().await.json();
        let certificate = certificate(hub, &added).await;
        assert!(verifies(&added, &certificate) && verifies(&taken, &certificate));
        added["Subject"] = json!("Stock");
        taken.as_object_mut().unwrap().remove("Subject");
        assert!(!verifies(&added, &certificate) && !verifies(&taken, &certificate));
    })
    .await;
}

#[tokio::test]
async fn each_endpoint_has_the_same_signature() {
    with_hub(async |hub: &Hub| {
        let (mut sns, mut one) = (hub.sns().await, Hook::willing().await);
        let mut other = Hook::willing().await;
        let topic = sns.topic("stock", &[]).await;
        sns.confirmed(&topic, &mut one, &[]).await;
        sns.confirmed(&topic, &mut other, &[]).await;
        sns.publish(&topic, "hello").await;
        let (one, other) = (one.notification().await, other.notification().await);
        assert_eq!(one.text("Signature"), other.text("Signature"), "neither is part of it");
        assert_ne!(one.text("UnsubscribeURL"), other.text("UnsubscribeURL"));
    })
    .await;
}

#[tokio::test]
async fn the_certificate_outlives_a_restart() {
    let hub = Hub::start().await;
    let (mut sns, mut hook) = (hub.sns().await, Hook::willing().await);
    let topic = sns.topic("stock", &[]).await;
    sns.confirmed(&topic, &mut hook, &[]).await;
    sns.publish(&topic, "before").await;
    let before = hook.notification().await.json();
    let certificate_before = certificate(&hub, &before).await;
    drop(sns);
    let hub = hub.restart().await;
    let mut sns = hub.sns().await;
    sns.publish(&topic, "after").await;
    let after = hook.notification().await.json();
    assert_signed(&hub, &after, "1").await;
    assert_eq!(certificate(&hub, &after).await, certificate_before);
    drop(sns);
    hub.stop().await;
}

#[tokio::test]
async fn there_is_no_other_certificate() {
    with_hub(async |hub: &Hub| {
        let name = format!("SimpleNotificationService-{}.pem", "0".repeat(32));
        let http = hub.follow(&format!("{}/{name}", hub.url())).await;
        assert_eq!(http.status, 404, "{http:?}");
    })
    .await;
}
