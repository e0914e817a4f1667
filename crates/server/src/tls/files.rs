//! From files to what TLS needs.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::CryptoProvider;
use rustls::crypto::aws_lc_rs::{self, Ticketer};
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::danger::ClientCertVerifier;
use rustls::server::{VerifierBuilderError, WebPkiClientVerifier};
use rustls::sign::CertifiedKey;
use rustls::{RootCertStore, ServerConfig};

use super::config::{CertificateFiles, ClientCertificates, TlsConfig};
use super::kept_keys::KeptKeys;
use super::resolver::ByServerName;

/// What HTTP is spoken, the best first.
pub(super) const HTTP_2: &[u8] = b"h2";
const HTTP_1_1: &[u8] = b"http/1.1";

/// Why TLS cannot be spoken as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {}: {source}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the operating system said.
        source: io::Error,
    },
    /// A file is not PEM, or has nothing of the kind that it is read for.
    #[error("there is no {wanted} in {}: {source}", .file.display())]
    NotPem {
        /// What was looked for.
        wanted: &'static str,
        /// The file.
        file: PathBuf,
        /// What was found instead.
        source: pem::Error,
    },
    /// The key is of an unknown kind or belongs to another certificate.
    #[error("the key in {} and the certificate in {} cannot be used: {source}",
        .files.key.display(), .files.certificate.display())]
    BadPair {
        /// The files.
        files: CertificateFiles,
        /// What is wrong.
        source: rustls::Error,
    },
    /// An authority's certificate cannot be used.
    #[error("an authority in {} cannot be used: {source}", .file.display())]
    BadAuthority {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: rustls::Error,
    },
    /// There is no authority to vouch for clients.
    #[error("the authorities in {} cannot vouch for clients: {source}", .file.display())]
    NoAuthorities {
        /// The file.
        file: PathBuf,
        /// What is wrong.
        source: VerifierBuilderError,
    },
    /// There is no certificate yet, and none to stand in for it.
    #[error("there can be no certificate in {} until the authority gives one: {source}",
        .folder.display())]
    NoPlaceholder {
        /// Where it was to be.
        folder: PathBuf,
        /// What came of it.
        source: io::Error,
    },
    /// The TLS library does not start.
    #[error("TLS cannot be set up: {0}")]
    Library(rustls::Error),
}

/// Reads all the files.
///
/// # Errors
/// The first thing that is wrong with one of them.
pub(super) fn read(config: &TlsConfig, kept: &KeptKeys) -> Result<ServerConfig, TlsError> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let keys = config.certificates.iter().map(|files| pair(files, kept, &provider).map(Arc::new));
    let keys = ByServerName::new(keys.collect::<Result<_, _>>()?);
    let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(TlsError::Library)?;
    let builder = match &config.clients {
        Some(clients) => builder.with_client_cert_verifier(verifier(clients, provider)?),
        None => builder.with_no_client_auth(),
    };
    let mut tls = builder.with_cert_resolver(Arc::new(keys));
    tls.alpn_protocols = vec![HTTP_2.to_vec(), HTTP_1_1.to_vec()];
    // Tickets are for this configuration only: a client whose authority is no longer trusted, or
    // that has seen another certificate, starts from the beginning.
    tls.ticketer = Ticketer::new().map_err(TlsError::Library)?;
    Ok(tls)
}

fn pair(
    files: &CertificateFiles,
    kept: &KeptKeys,
    provider: &CryptoProvider,
) -> Result<CertifiedKey, TlsError> {
    let chain = certificates(&files.certificate)?;
    let not_pem =
        |source| TlsError::NotPem { wanted: "private key", file: files.key.clone(), source };
    let text = kept.read(&files.key).map_err(unreadable(&files.key))?;
    let key = PrivateKeyDer::from_pem_slice(&text).map_err(not_pem)?;
    CertifiedKey::from_der(chain, key, provider)
        .map_err(|source| TlsError::BadPair { files: files.clone(), source })
}

fn verifier(
    clients: &ClientCertificates,
    provider: Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let file = &clients.authorities;
    let mut roots = RootCertStore::empty();
    for certificate in certificates(file)? {
        roots
            .add(certificate)
            .map_err(|source| TlsError::BadAuthority { file: file.clone(), source })?;
    }
    let builder = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider);
    let builder = if clients.is_required { builder } else { builder.allow_unauthenticated() };
    builder.build().map_err(|source| TlsError::NoAuthorities { file: file.clone(), source })
}

/// All the certificates in a file. There is one at least.
pub(crate) fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let not_pem =
        |source| TlsError::NotPem { wanted: "certificate", file: file.to_owned(), source };
    let text = fs::read(file).map_err(unreadable(file))?;
    let certificates: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&text).collect();
    let certificates = certificates.map_err(not_pem)?;
    if certificates.is_empty() { Err(not_pem(pem::Error::NoItemsFound)) } else { Ok(certificates) }
}

fn unreadable(file: &Path) -> impl FnOnce(io::Error) -> TlsError {
    |source| TlsError::Unreadable { file: file.to_owned(), source }
}
