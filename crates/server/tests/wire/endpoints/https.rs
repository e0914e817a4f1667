//! Endpoints over TLS.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls_pki_types::PrivateKeyDer;
use serde_json::json;
use tempfile::TempDir;
use tidings_couriers::CourierConfig;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::{ServerConfig, crypto};

use super::hook::Hook;
use super::support::{Hub, local, subscribe, with_hub};

/// An endpoint for this machine's address, and a folder with the authority that vouches for it.
async fn endpoint() -> (Hook, TempDir) {
    let ca_key = KeyPair::generate().unwrap();
    let mut ca = CertificateParams::default();
    ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let ca_certificate = STANDARD.encode(ca.self_signed(&ca_key).unwrap().der());
    let folder = tempfile::tempdir().unwrap();
    let pem = format!("-----BEGIN CERTIFICATE-----\n{ca_certificate}\n-----END CERTIFICATE-----\n");
    std::fs::write(folder.path().join("ca.pem"), pem).unwrap();

    let key = KeyPair::generate().unwrap();
    let certificate = CertificateParams::new(vec!["127.0.0.1".to_owned()])
        .unwrap()
        .signed_by(&key, &Issuer::from_params(&ca, &ca_key))
        .unwrap();
    let key = PrivateKeyDer::try_from(key.serialized_der().to_vec()).unwrap();
    let config =
        ServerConfig::builder_with_provider(Arc::new(crypto::aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], key)
            .unwrap();
    (Hook::willing_over_tls(TlsAcceptor::from(Arc::new(config))).await, folder)
}

#[tokio::test]
async fn an_endpoint_over_tls_is_like_any_other() {
    let (mut hook, folder) = endpoint().await;
    let extra_roots = Some(folder.path().join("ca.pem"));
    let hub = Hub::delivering_by(CourierConfig { extra_roots, ..local() }).await;
    let mut sns = hub.sns().await;
    let topic = sns.topic("stock", &[]).await;
    let url = format!("https://{}/messages", hook.addr);
    assert_eq!(sns.subscribe(&topic, &url, &[]).await, "pending confirmation");
    let arn = sns.confirm(&topic, &hook.next().await.text("Token")).await;
    let attributes = sns.attributes(&arn).await;
    assert_eq!((&*attributes["Protocol"], &*attributes["Endpoint"]), ("https", &*url));
    assert!(attributes.contains_key("EffectiveDeliveryPolicy"));

    for (texts, got) in [
        (json!({ "default": "d", "http": "h", "https": "s" }), "s"),
        (json!({ "default": "d", "http": "h" }), "d"),
    ] {
        let texts = texts.to_string();
        let message = [("Message", texts.as_str()), ("MessageStructure", "json")];
        let message_id = sns.publish_with(&topic, &message).await;
        let post = hook.notification().await;
        assert_eq!((&*post.text("Message"), post.message_id()), (got, &*message_id));
        assert_eq!(post.request_line, "POST /messages HTTP/1.1");
        assert_eq!(post.header("x-amz-sns-subscription-arn"), arn);
        assert_eq!(post.header("host"), hook.addr.to_string());
    }
    drop(sns);
    hub.stop().await;
}

#[tokio::test]
async fn an_endpoint_that_nobody_vouches_for_is_told_nothing() {
    with_hub(async |hub: &Hub| {
        let (mut hook, _folder) = endpoint().await;
        let mut sns = hub.sns().await;
        let topic = sns.topic("stock", &[]).await;
        let url = format!("https://{}/messages", hook.addr);
        sns.ok("Subscribe", &subscribe(&topic, &url, &[])).await;
        for _ in 0..4 {
            hook.has_no_more(hub).await;
            hub.pass_seconds(22).await;
        }
        assert_eq!(sns.subscriptions(&topic).await, ["PendingConfirmation"]);
    })
    .await;
}
