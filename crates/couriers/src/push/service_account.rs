//! Service accounts of Google, as their JSON key files have them.

use std::fmt;

use aws_lc_rs::signature::RsaKeyPair;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject;
use serde::Deserialize;
use zeroize::Zeroizing;

use super::credentials::CredentialFault;

/// Bytes in the modulus of the smallest key: 2048 bits. Google makes no smaller ones.
const MODULUS_BYTES_MIN: usize = 256;

/// A service account that may send messages for a project.
pub(super) struct ServiceAccount {
    /// The project, which is a part of a path: letters, digits and hyphens, and for old ones a
    /// domain in front.
    pub(super) project_id: String,
    /// Who it is.
    pub(super) client_email: String,
    /// Which of its keys this is.
    pub(super) key_id: Option<String>,
    /// Where access tokens come from. It is the user who says so: every connection there passes the
    /// address guard.
    pub(super) token_uri: String,
    /// What it signs with.
    pub(super) key: RsaKeyPair,
}

/// The fields of a key file that matter.
#[derive(Deserialize)]
struct KeyFile {
    project_id: Option<String>,
    client_email: Option<String>,
    private_key: Option<Zeroizing<String>>,
    private_key_id: Option<String>,
    token_uri: Option<String>,
}

impl ServiceAccount {
    /// Reads a key file.
    pub(super) fn parse(json: &str) -> Result<ServiceAccount, CredentialFault> {
        // What serde says of a text may quote it.
        let file: KeyFile =
            serde_json::from_str(json).map_err(|_| CredentialFault::NoServiceAccount)?;
        let missing = |field| CredentialFault::NoField { field };
        let project_id = file.project_id.ok_or(missing("project_id"))?;
        let is_part_of_project = |byte: u8| byte.is_ascii_alphanumeric() || b"-.:".contains(&byte);
        if project_id.is_empty() || !project_id.bytes().all(is_part_of_project) {
            return Err(CredentialFault::BadField { field: "project_id" });
        }
        let client_email = file.client_email.filter(|it| !it.is_empty());
        let client_email = client_email.ok_or(missing("client_email"))?;
        let token_uri = file.token_uri.ok_or(missing("token_uri"))?;
        if crate::Endpoint::parse(&token_uri).is_err() || !is_https(&token_uri) {
            return Err(CredentialFault::BadField { field: "token_uri" });
        }
        let key = read_key(&file.private_key.ok_or(missing("private_key"))?)?;
        let key_id = file.private_key_id;
        Ok(ServiceAccount { project_id, client_email, key_id, token_uri, key })
    }
}

/// By what a service account's key is signed must not be said in the clear.
fn is_https(url: &str) -> bool {
    url.get(..8).is_some_and(|scheme| scheme.eq_ignore_ascii_case("https://"))
}

fn read_key(pem: &str) -> Result<RsaKeyPair, CredentialFault> {
    let bad = CredentialFault::BadField { field: "private_key" };
    let key = match PrivateKeyDer::from_pem_slice(pem.as_bytes()) {
        Ok(PrivateKeyDer::Pkcs8(der)) => RsaKeyPair::from_pkcs8(der.secret_pkcs8_der()).ok(),
        Ok(PrivateKeyDer::Pkcs1(der)) => RsaKeyPair::from_der(der.secret_pkcs1_der()).ok(),
        _ => None,
    };
    key.filter(|key| key.public_modulus_len() >= MODULUS_BYTES_MIN).ok_or(bad)
}

impl fmt::Debug for ServiceAccount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ServiceAccount")
            .field("project_id", &self.project_id)
            .field("client_email", &self.client_email)
            .finish_non_exhaustive()
    }
}
