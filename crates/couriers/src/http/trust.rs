//! Whose certificates are trusted.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls::{ClientConfig, RootCertStore};
use thiserror::Error;

/// Why the file `extra_roots` cannot be used.
#[derive(Debug, Error)]
pub enum RootsError {
    /// It cannot be read.
    #[error("cannot read {}: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What came of reading it.
        source: io::Error,
    },
    /// It is not PEM.
    #[error("{} is not PEM: {source}", file.display())]
    NotPem {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: pem::Error,
    },
    /// There is nothing in it to trust.
    #[error("{} has no certificate", file.display())]
    Empty {
        /// The file.
        file: PathBuf,
    },
    /// One of its certificates cannot be trusted, or TLS cannot be set up at all.
    #[error("{source}: certificate {number} of {}", file.display())]
    BadCertificate {
        /// The file.
        file: PathBuf,
        /// Which of them, from 1.
        number: usize,
        /// What is wrong with it.
        source: rustls::Error,
    },
    /// The TLS library does not start.
    #[error("TLS cannot be set up: {0}")]
    Tls(rustls::Error),
}

/// TLS 1.2 and 1.3 with the authorities that browsers trust, and those in the file. The former are
/// part of the binary, so a server in a bare container trusts the same ones.
///
/// # Errors
/// The file cannot be read or used.
pub fn client_tls(extra_roots: Option<&Path>) -> Result<ClientConfig, RootsError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(file) = extra_roots {
        add_file(&mut roots, file)?;
    }
    let config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(RootsError::Tls)?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn add_file(roots: &mut RootCertStore, path: &Path) -> Result<(), RootsError> {
    let file = || path.to_owned();
    let text =
        std::fs::read(path).map_err(|source| RootsError::Unreadable { file: file(), source })?;
    let mut number = 0;
    for certificate in CertificateDer::pem_slice_iter(&text) {
        number += 1;
        let certificate =
            certificate.map_err(|source| RootsError::NotPem { file: file(), source })?;
        roots.add(certificate).map_err(|source| RootsError::BadCertificate {
            file: file(),
            number,
            source,
        })?;
    }
    if number == 0 { Err(RootsError::Empty { file: file() }) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_file(text: &str) -> Result<ClientConfig, RootsError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("roots.pem");
        std::fs::write(&path, text).unwrap();
        client_tls(Some(&path))
    }

    #[test]
    fn a_file_that_cannot_be_used_is_an_error() {
        client_tls(None).unwrap();
        let missing = client_tls(Some(Path::new("/nowhere/roots.pem"))).unwrap_err();
        assert!(missing.to_string().contains("/nowhere/roots.pem"));
        assert!(matches!(with_file("").unwrap_err(), RootsError::Empty { .. }));
        let open_ended = "-----BEGIN CERTIFICATE-----\nAAAA\n";
        assert!(matches!(with_file(open_ended).unwrap_err(), RootsError::NotPem { .. }));
        let garbage = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let error = with_file(garbage).unwrap_err();
        assert!(matches!(error, RootsError::BadCertificate { number: 1, .. }), "{error}");
    }
}
