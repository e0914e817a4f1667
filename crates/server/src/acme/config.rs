//! What is configured of an authority.

use std::path::{Path, PathBuf};

use crate::tls::CertificateFiles;

/// The authority that is asked unless another one is configured.
pub const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";

/// A certificate's key, in the folder of the certificate.
pub(super) const KEY: &str = "key.pem";

/// An authority, and what it is asked for. Who configures one agrees to its terms of service.
///
/// It looks for the server under each of the names, at port 443, by TLS (TLS-ALPN-01).
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AcmeConfig {
    /// The names of hosts that the certificate is to be for; no wildcards.
    pub domains: Vec<String>,
    /// Where the authority can write to.
    pub email: Option<String>,
    /// The URL of its directory.
    pub directory: String,
    /// PEM file with authorities that the directory's own certificate may be from, beside the
    /// public ones.
    pub extra_roots: Option<PathBuf>,
    /// Where accounts are kept, and in a folder of this name the certificate.
    pub folder: PathBuf,
    /// The folder in `folder`: the listener's id.
    pub name: String,
}

impl AcmeConfig {
    /// The folder of a data folder for [`AcmeConfig::folder`].
    pub fn folder_in(data: &Path) -> PathBuf {
        data.join("acme")
    }

    /// Where the certificate and its key are kept.
    pub fn files(&self) -> CertificateFiles {
        let folder = self.certificate_folder();
        CertificateFiles { certificate: folder.join("certificate.pem"), key: folder.join(KEY) }
    }

    pub(super) fn certificate_folder(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// The account at this authority.
    pub(super) fn account_file(&self) -> PathBuf {
        let plain = |character: char| {
            if character.is_ascii_alphanumeric() || character == '.' { character } else { '-' }
        };
        let directory: String = self.directory.chars().map(plain).collect();
        Path::new(&self.folder).join(format!("account-{directory}.json"))
    }
}
