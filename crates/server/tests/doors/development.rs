//! Certificates that the server makes for development.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use tidings_server::{DevelopmentCertificates, KeptKeys, Limits};
use tokio::net::TcpStream;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::version::{TLS12, TLS13};

use crate::certificates::{over_tls, trusting};
use crate::clients::{is_served, secure_over};
use crate::support::Running;

/// Keys as they are.
fn plain() -> KeptKeys {
    KeptKeys::default()
}

#[tokio::test]
async fn who_trusts_the_authority_can_connect_by_every_name() {
    let data = tempfile::tempdir().unwrap();
    let data = data.path().join("data");
    let names = ["sqs.test", "10.1.2.3", "*.example.test", "localhost"].map(str::to_owned);
    let made = DevelopmentCertificates::make(&data, &names, &plain()).unwrap();
    assert_eq!(made, DevelopmentCertificates::in_data_folder(&data));
    let listener = over_tls(vec![made.files.clone()], None);
    let server = Running::over(vec![listener], Limits::default()).await;
    let authority = CertificateDer::from_pem_file(&made.authority).unwrap();
    let client = trusting(authority, &[&TLS12, &TLS13], None);
    for (name, is_trusted) in [
        ("localhost", true),
        ("127.0.0.1", true),
        ("::1", true),
        ("sqs.test", true),
        ("10.1.2.3", true),
        ("queues.example.test", true),
        ("sns.test", false),
        ("10.1.2.4", false),
    ] {
        let stream = TcpStream::connect(server.addr).await.unwrap();
        match secure_over(stream, client.clone(), name, &[]).await {
            Ok(stream) => assert!(is_trusted && is_served(stream).await, "{name}"),
            Err(error) => assert!(!is_trusted, "{name}: {error}"),
        }
    }
    server.stop().await;
}

#[test]
fn the_authority_stays_and_its_certificate_is_made_anew() {
    let data = tempfile::tempdir().unwrap();
    let first = DevelopmentCertificates::make(data.path(), &[], &plain()).unwrap();
    let read = |made: &DevelopmentCertificates| {
        [&made.authority, &made.files.certificate, &made.files.key]
            .map(|file| fs::read(file).unwrap())
    };
    let before = read(&first);
    let second =
        DevelopmentCertificates::make(data.path(), &["sqs.test".to_owned()], &plain()).unwrap();
    let after = read(&second);
    assert_eq!(before[0], after[0]);
    assert!(before[1] != after[1] && before[2] != after[2]);
    for (name, mode) in
        [("ca.pem", 0o644), ("ca-key.pem", 0o600), ("certificate.pem", 0o644), ("key.pem", 0o600)]
    {
        let metadata = fs::metadata(data.path().join("tls").join(name)).unwrap();
        assert_eq!(metadata.permissions().mode() & 0o777, mode, "{name}");
    }
}

#[test]
fn what_cannot_be_made_is_told() {
    let data = tempfile::tempdir().unwrap();
    DevelopmentCertificates::make(data.path(), &[], &plain()).unwrap();
    fs::write(data.path().join("tls/ca-key.pem"), "no key").unwrap();
    let error = DevelopmentCertificates::make(data.path(), &[], &plain()).unwrap_err().to_string();
    assert!(error.contains("ca-key.pem"), "{error}");
    fs::remove_file(data.path().join("tls/ca-key.pem")).unwrap();
    let error = DevelopmentCertificates::make(data.path(), &[], &plain()).unwrap_err().to_string();
    assert!(error.contains("ca-key.pem"), "{error}");
}
