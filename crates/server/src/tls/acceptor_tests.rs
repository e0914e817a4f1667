use std::fs;
use std::path::Path;

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use rustls::crypto::aws_lc_rs::default_provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tempfile::TempDir;
use tokio::io::duplex;
use tokio_rustls::TlsConnector;

use super::*;
use crate::tls::{ClientCertificates, DevelopmentCertificates};

/// A server with a certificate for development, that may ask its clients for theirs.
struct Fixture {
    folder: TempDir,
    tls: Tls,
}

impl Fixture {
    fn new(has_clients: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = DevelopmentCertificates::make(folder.path(), &[], &KeptKeys::default()).unwrap();
        // For a test the authority of servers is that of clients too.
        let clients = ClientCertificates { authorities: made.authority, is_required: false };
        let clients = has_clients.then_some(clients);
        let config = TlsConfig { certificates: vec![made.files], acme: None, clients };
        let tls = Tls::new(config, KeptKeys::default()).unwrap();
        Self { folder, tls }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.folder.path().join("tls").join(name)
    }

    fn client(&self) -> rustls::ConfigBuilder<ClientConfig, rustls::client::WantsClientCert> {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_file(self.path("ca.pem")).unwrap()).unwrap();
        ClientConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
    }

    /// Shakes hands: what the server learns of the client, and the certificate that it shows.
    async fn meet(
        &self,
        client: ClientConfig,
    ) -> (Option<Arc<str>>, bool, CertificateDer<'static>) {
        let (near, far) = duplex(1 << 16);
        let name = ServerName::try_from("localhost").unwrap();
        let connecting = TlsConnector::from(Arc::new(client)).connect(name, far);
        let (secured, connected) = tokio::join!(self.tls.accept(near), connecting);
        let (secured, connected) = (secured.unwrap(), connected.unwrap());
        let shown = connected.get_ref().1.peer_certificates().unwrap()[0].clone();
        (secured.client, secured.is_http_2, shown)
    }

    async fn shown(&self) -> CertificateDer<'static> {
        self.meet(self.client().with_no_client_auth()).await.2
    }
}

/// A certificate for a client, from an authority's files.
fn client_certificate(authority_key: &Path) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let pem = PrivateKeyDer::from_pem_file(authority_key).unwrap();
    let authority_key = KeyPair::try_from(pem.secret_der()).unwrap();
    let mut authority = CertificateParams::default();
    authority.distinguished_name = rcgen::DistinguishedName::new();
    authority.distinguished_name.push(DnType::CommonName, "Tidings development");
    authority.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let key = KeyPair::generate().unwrap();
    let mut parameters = CertificateParams::new(vec!["orders.test".to_owned()]).unwrap();
    parameters.distinguished_name = rcgen::DistinguishedName::new();
    parameters.distinguished_name.push(DnType::OrganizationName, "Example");
    parameters.distinguished_name.push(DnType::CommonName, "orders");
    let issuer = Issuer::from_params(&authority, &authority_key);
    let certificate = parameters.signed_by(&key, &issuer).unwrap().der().clone();
    (certificate, PrivateKeyDer::try_from(key.serialized_der().to_vec()).unwrap())
}

#[tokio::test]
async fn a_client_is_known_by_the_subject_of_its_certificate() {
    let fixture = Fixture::new(true);
    let (certificate, key) = client_certificate(&fixture.path("ca-key.pem"));
    let client = fixture.client().with_client_auth_cert(vec![certificate], key).unwrap();
    let (subject, is_http_2, _) = fixture.meet(client).await;
    assert_eq!((subject.as_deref(), is_http_2), (Some("CN=orders,O=Example"), false));

    let mut client = fixture.client().with_no_client_auth();
    client.alpn_protocols = vec![HTTP_2.to_vec()];
    let (subject, is_http_2, _) = fixture.meet(client).await;
    assert_eq!((subject, is_http_2), (None, true));
}

#[tokio::test]
async fn files_are_read_again_when_they_have_changed_and_used_if_they_can_be() {
    let fixture = Fixture::new(false);
    let first = fixture.shown().await;
    let first_key = fs::read(fixture.path("key.pem")).unwrap();
    let reload = |is_demanded| fixture.tls.reload("test", is_demanded);
    reload(false);
    assert_eq!(fixture.shown().await, first);

    DevelopmentCertificates::make(fixture.folder.path(), &[], &KeptKeys::default()).unwrap();
    assert_eq!(fixture.shown().await, first, "nobody has looked yet");
    reload(false);
    let second = fixture.shown().await;
    assert_ne!(second, first);

    // A key of another certificate, no key, and no file.
    fs::write(fixture.path("key.pem"), &first_key).unwrap();
    reload(true);
    assert_eq!(fixture.shown().await, second);
    fs::write(fixture.path("key.pem"), "no key").unwrap();
    reload(true);
    assert_eq!(fixture.shown().await, second);
    fs::remove_file(fixture.path("key.pem")).unwrap();
    reload(false);
    assert_eq!(fixture.shown().await, second);

    DevelopmentCertificates::make(fixture.folder.path(), &[], &KeptKeys::default()).unwrap();
    reload(false);
    assert_ne!(fixture.shown().await, second);
}
