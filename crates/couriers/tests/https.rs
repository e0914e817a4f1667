//! Deliveries over TLS: whom the courier trusts.
#![allow(clippy::unwrap_used, missing_docs, unreachable_pub)]

#[allow(dead_code)]
mod support;

use std::sync::Arc;

use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};
use rustls::ServerConfig;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use support::{Reaction, TestEndpoint, answer, couriers, couriers_with, local, parcel};
use tempfile::TempDir;
use tidings_couriers::{Courier, CourierConfig, Couriers, Outcome};
use tokio_rustls::TlsAcceptor;

/// An authority of a test's own, and a server's certificate that it signed for a name.
struct Authority {
    folder: TempDir,
    acceptor: TlsAcceptor,
}

impl Authority {
    fn for_name(name: &str) -> Authority {
        let ca_key = KeyPair::generate().unwrap();
        let mut ca = CertificateParams::default();
        ca.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let ca_certificate = ca.self_signed(&ca_key).unwrap();
        let key = KeyPair::generate().unwrap();
        let certificate = CertificateParams::new(vec![name.to_owned()])
            .unwrap()
            .signed_by(&key, &Issuer::from_params(&ca, &ca_key))
            .unwrap();

        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), pem_of(ca_certificate.der())).unwrap();
        Authority { folder, acceptor: acceptor(certificate.der().clone(), &key) }
    }

    /// Couriers that trust it.
    fn couriers(&self) -> Couriers {
        let extra_roots = Some(self.folder.path().join("ca.pem"));
        couriers_with(CourierConfig { extra_roots, ..local() })
    }
}

fn pem_of(certificate: &CertificateDer<'_>) -> String {
    use base64::Engine as _;
    let encoded = base64::engine::general_purpose::STANDARD.encode(certificate);
    format!("-----BEGIN CERTIFICATE-----\n{encoded}\n-----END CERTIFICATE-----\n")
}

fn acceptor(certificate: CertificateDer<'static>, key: &KeyPair) -> TlsAcceptor {
    let key = PrivateKeyDer::try_from(key.serialized_der().to_vec()).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate], key)
        .unwrap();
    TlsAcceptor::from(Arc::new(config))
}

async fn endpoint(authority: &Authority) -> TestEndpoint {
    let acceptor = Some(authority.acceptor.clone());
    TestEndpoint::start_on(acceptor, |_| Reaction::Answer(answer("200 OK", &[], "secure"))).await
}

fn url(host: &str, endpoint: &TestEndpoint) -> String {
    format!("https://{host}:{}/", endpoint.address.port())
}

#[tokio::test]
async fn an_own_authority_is_trusted_once_it_is_named() {
    let authority = Authority::for_name("localhost");
    let endpoint = endpoint(&authority).await;
    let couriers = authority.couriers();
    for _ in 0..2 {
        let outcome = couriers.http.deliver(&parcel(url("localhost", &endpoint))).await;
        assert_eq!(outcome, Outcome::Delivered { status: 200, detail: "secure".to_owned() });
    }
    assert_eq!(endpoint.accepted(), 1, "the connection is used again");
}

#[tokio::test]
async fn an_unknown_authority_is_not_trusted() {
    let endpoint = endpoint(&Authority::for_name("localhost")).await;
    let outcome = couriers().http.deliver(&parcel(url("localhost", &endpoint))).await;
    let Outcome::TryLater { why, status: None } = outcome else { panic!("{outcome:?}") };
    assert!(why.contains("UnknownIssuer"), "{why}");
    assert!(endpoint.asked().is_empty());
}

#[tokio::test]
async fn a_certificate_for_another_name_is_not_trusted() {
    let authority = Authority::for_name("example.com");
    let endpoint = endpoint(&authority).await;
    let outcome = authority.couriers().http.deliver(&parcel(url("localhost", &endpoint))).await;
    let Outcome::TryLater { why, status: None } = outcome else { panic!("{outcome:?}") };
    assert!(why.contains("not valid for name"), "{why}");
    assert!(endpoint.asked().is_empty());
}

#[tokio::test]
async fn an_address_can_have_a_certificate() {
    let authority = Authority::for_name("127.0.0.1");
    let endpoint = endpoint(&authority).await;
    let outcome = authority.couriers().http.deliver(&parcel(url("127.0.0.1", &endpoint))).await;
    assert!(matches!(outcome, Outcome::Delivered { .. }), "{outcome:?}");
}

#[tokio::test]
async fn the_guard_stands_before_tls_too() {
    let authority = Authority::for_name("localhost");
    let endpoint = endpoint(&authority).await;
    let couriers = couriers_with(CourierConfig::default());
    for host in ["localhost", "127.0.0.1"] {
        let outcome = couriers.http.deliver(&parcel(url(host, &endpoint))).await;
        assert!(matches!(outcome, Outcome::Never { .. }), "{outcome:?}");
    }
    assert_eq!(endpoint.accepted(), 0);
}

#[tokio::test]
async fn an_endpoint_that_speaks_no_tls_is_tried_again_later() {
    let endpoint = TestEndpoint::start(|_| Reaction::Answer(answer("200 OK", &[], ""))).await;
    // Waits for the end of a head that a TLS client never sends.
    let config =
        CourierConfig { attempt_timeout: std::time::Duration::from_millis(300), ..local() };
    let outcome = couriers_with(config).http.deliver(&parcel(url("127.0.0.1", &endpoint))).await;
    assert!(matches!(outcome, Outcome::TryLater { status: None, .. }), "{outcome:?}");
}
