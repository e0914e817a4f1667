//! What is configured for TLS.

use std::path::PathBuf;

use crate::acme::AcmeConfig;

/// How a listener speaks TLS: versions 1.2 and 1.3, for HTTP/2 and HTTP/1.1. The files are read when
/// the server is bound, and again when they have changed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TlsConfig {
    /// Who the server is. Of several, the first one whose certificate is for the name that the
    /// client asks for; the very first for clients that ask for none of them.
    pub certificates: Vec<CertificateFiles>,
    /// An authority that is asked for a certificate. The files that it is kept in are among
    /// [`TlsConfig::certificates`].
    pub acme: Option<AcmeConfig>,
    /// Whether clients show certificates. `None`: they are not asked.
    pub clients: Option<ClientCertificates>,
}

/// Two PEM files.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct CertificateFiles {
    /// The server's certificate, followed by those that it rests on.
    pub certificate: PathBuf,
    /// Its private key: PKCS#8, PKCS#1 or SEC1.
    pub key: PathBuf,
}

/// Which certificates clients may show.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ClientCertificates {
    /// PEM file with the authorities that vouch for clients.
    pub authorities: PathBuf,
    /// Whether a client without a certificate is turned away. One with a certificate that nobody
    /// vouches for always is.
    pub is_required: bool,
}
