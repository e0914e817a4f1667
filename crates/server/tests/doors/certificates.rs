//! Authorities, and what they vouch for, as files.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};
use tempfile::TempDir;
use tidings_server::{
    CertificateFiles, ClientCertificates, ListenAddress, ListenerConfig, TlsConfig,
};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::version::{TLS12, TLS13};
use tokio_rustls::rustls::{ClientConfig, RootCertStore, SupportedProtocolVersion, crypto};

/// An authority, in a folder of its own.
pub struct Authority {
    parameters: CertificateParams,
    key: KeyPair,
    certificate: CertificateDer<'static>,
    folder: TempDir,
}

/// A certificate with its key.
pub struct Identity {
    pub certificate: CertificateDer<'static>,
    key: Vec<u8>,
}

impl Authority {
    pub fn new() -> Self {
        let key = KeyPair::generate().unwrap();
        let mut parameters = CertificateParams::default();
        parameters.distinguished_name.push(DnType::CommonName, "Authority of a test");
        parameters.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let certificate = parameters.self_signed(&key).unwrap().der().clone();
        let folder = tempfile::tempdir().unwrap();
        let authority = Self { parameters, key, certificate, folder };
        fs::write(authority.path("ca.pem"), pem("CERTIFICATE", &authority.certificate)).unwrap();
        authority
    }

    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Vouches for somebody of these names.
    pub fn vouch_for(&self, names: &[&str]) -> Identity {
        let key = KeyPair::generate().unwrap();
        let mut parameters =
            CertificateParams::new(names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>())
                .unwrap();
        parameters.distinguished_name.push(DnType::CommonName, names[0]);
        let issuer = Issuer::from_params(&self.parameters, &self.key);
        let certificate = parameters.signed_by(&key, &issuer).unwrap().der().clone();
        Identity { certificate, key: key.serialized_der().to_vec() }
    }

    /// Files with a certificate for these names.
    pub fn files(&self, file_name: &str, names: &[&str]) -> (CertificateFiles, Identity) {
        let files = CertificateFiles {
            certificate: self.path(&format!("{file_name}.pem")),
            key: self.path(&format!("{file_name}-key.pem")),
        };
        let identity = self.vouch_for(names);
        identity.write(&files);
        (files, identity)
    }

    /// Who trusts this authority.
    pub fn client(&self) -> ClientConfig {
        self.client_with(&[&TLS12, &TLS13], None)
    }

    pub fn client_with(
        &self,
        versions: &[&'static SupportedProtocolVersion],
        identity: Option<Identity>,
    ) -> ClientConfig {
        trusting(self.certificate.clone(), versions, identity)
    }

    /// A listener that speaks TLS as localhost.
    pub fn listener(&self) -> ListenerConfig {
        let (files, _) = self.files("server", &["localhost"]);
        over_tls(vec![files], None)
    }

    /// Which clients this authority vouches for.
    pub fn clients(&self, is_required: bool) -> ClientCertificates {
        ClientCertificates { authorities: self.path("ca.pem"), is_required }
    }
}

impl Identity {
    pub fn write(&self, files: &CertificateFiles) {
        // As who renews certificates does: never half a file under its name.
        replace(&files.certificate, &pem("CERTIFICATE", &self.certificate));
        replace(&files.key, &pem("PRIVATE KEY", &self.key));
    }
}

pub fn trusting(
    authority: CertificateDer<'static>,
    versions: &[&'static SupportedProtocolVersion],
    identity: Option<Identity>,
) -> ClientConfig {
    let mut roots = RootCertStore::empty();
    roots.add(authority).unwrap();
    let provider = Arc::new(crypto::aws_lc_rs::default_provider());
    let builder = ClientConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots);
    match identity {
        None => builder.with_no_client_auth(),
        Some(Identity { certificate, key }) => {
            let key = PrivateKeyDer::try_from(key).unwrap();
            builder.with_client_auth_cert(vec![certificate], key).unwrap()
        }
    }
}

pub fn over_tls(
    certificates: Vec<CertificateFiles>,
    clients: Option<ClientCertificates>,
) -> ListenerConfig {
    let tls = Some(TlsConfig { certificates, acme: None, clients });
    ListenerConfig { tls, ..ListenerConfig::plain(anywhere()) }
}

pub fn anywhere() -> ListenAddress {
    ListenAddress::Tcp("127.0.0.1:0".into())
}

pub fn replace(file: &Path, text: &str) {
    let new = file.with_extension("renewed");
    fs::write(&new, text).unwrap();
    fs::rename(&new, file).unwrap();
}

fn pem(label: &str, der: &[u8]) -> String {
    format!("-----BEGIN {label}-----\n{}\n-----END {label}-----\n", STANDARD.encode(der))
}
