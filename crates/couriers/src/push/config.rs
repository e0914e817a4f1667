//! Where the push services are, and how much is asked of them at once.

use std::path::PathBuf;
use std::time::Duration;

use hyper::Uri;
use thiserror::Error;
use tidings_core::limits::PUSH_ATTEMPT_SECONDS;

use crate::RootsError;

/// How push services are reached. The default is the services themselves.
///
/// These addresses are the operator's, so the address guard does not look at them: a gateway of one's
/// own may be on the same machine. What a service account says is another matter: see
/// [`PushConfig::fcm_token_url`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PushConfig {
    /// APNs: `https://HOST[:PORT]`.
    pub apns_url: String,
    /// The sandbox of APNs.
    pub apns_sandbox_url: String,
    /// FCM.
    pub fcm_url: String,
    /// Where access tokens for FCM come from. None: from the `token_uri` of each service account,
    /// which its user wrote, and which the address guard therefore has to let pass.
    pub fcm_token_url: Option<String>,
    /// ADM.
    pub adm_url: String,
    /// Where access tokens for ADM come from.
    pub adm_token_url: String,
    /// A file of certificates in PEM that the services may rest on, beside the public ones.
    pub extra_roots: Option<PathBuf>,
    /// How long one attempt may take in all, the wait for an access token included.
    pub attempt_timeout: Duration,
    /// Messages under way at once, to all services together.
    pub concurrency_max: usize,
}

impl PushConfig {
    /// How long an attempt may take, if nobody says otherwise.
    pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(PUSH_ATTEMPT_SECONDS);
    /// Messages under way at once, if nobody says otherwise.
    pub const CONCURRENCY: usize = 256;

    /// Checks the addresses.
    ///
    /// # Errors
    ///
    /// [`PushSetupError::BadUrl`] for the first one that cannot be one.
    pub fn check(&self) -> Result<(), PushSetupError> {
        self.addresses().map(drop)
    }

    /// The addresses, ready to be asked.
    pub(super) fn addresses(&self) -> Result<Addresses, PushSetupError> {
        let token = self.fcm_token_url.as_deref();
        Ok(Addresses {
            apns: base("apns-url", &self.apns_url)?,
            apns_sandbox: base("apns-sandbox-url", &self.apns_sandbox_url)?,
            fcm: base("fcm-url", &self.fcm_url)?,
            fcm_token: token.map(|url| whole("fcm-token-url", url)).transpose()?,
            adm: base("adm-url", &self.adm_url)?,
            adm_token: whole("adm-token-url", &self.adm_token_url)?,
        })
    }
}

impl Default for PushConfig {
    fn default() -> Self {
        PushConfig {
            apns_url: "https://api.push.apple.com".to_owned(),
            apns_sandbox_url: "https://api.sandbox.push.apple.com".to_owned(),
            fcm_url: "https://fcm.googleapis.com".to_owned(),
            fcm_token_url: None,
            adm_url: "https://api.amazon.com".to_owned(),
            adm_token_url: "https://api.amazon.com/auth/O2/token".to_owned(),
            extra_roots: None,
            attempt_timeout: PushConfig::ATTEMPT_TIMEOUT,
            concurrency_max: PushConfig::CONCURRENCY,
        }
    }
}

/// Why push services cannot be reached as configured.
#[derive(Debug, Error)]
pub enum PushSetupError {
    /// An address is none.
    #[error("{key} has to be the URL of a server, such as https://push.example.com:2197{without}")]
    BadUrl {
        /// The key of the settings.
        key: &'static str,
        /// What it must not have.
        without: &'static str,
    },
    /// `extra_roots` cannot be used.
    #[error(transparent)]
    Roots(#[from] RootsError),
}

/// The addresses of [`PushConfig`]. Bases end without a slash.
#[derive(Clone, Debug)]
pub(super) struct Addresses {
    pub(super) apns: String,
    pub(super) apns_sandbox: String,
    pub(super) fcm: String,
    pub(super) fcm_token: Option<Uri>,
    pub(super) adm: String,
    pub(super) adm_token: Uri,
}

/// What paths are put behind.
fn base(key: &'static str, url: &str) -> Result<String, PushSetupError> {
    let without = ", without anything behind it but a path";
    let uri = parsed(url).ok_or(PushSetupError::BadUrl { key, without })?;
    match uri.query() {
        None => Ok(uri.to_string().trim_end_matches('/').to_owned()),
        Some(_) => Err(PushSetupError::BadUrl { key, without }),
    }
}

fn whole(key: &'static str, url: &str) -> Result<Uri, PushSetupError> {
    parsed(url).ok_or(PushSetupError::BadUrl { key, without: "/token" })
}

/// A URL for HTTP without credentials.
fn parsed(url: &str) -> Option<Uri> {
    let uri: Uri = url.parse().ok()?;
    let is_http = matches!(uri.scheme_str(), Some("https" | "http"));
    let authority = uri.authority()?.as_str();
    (is_http && !authority.contains('@') && uri.host().is_some_and(|it| !it.is_empty()))
        .then_some(uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_services_themselves_are_the_default() {
        let addresses = PushConfig::default().addresses().unwrap();
        assert_eq!(addresses.apns, "https://api.push.apple.com");
        assert_eq!(addresses.apns_sandbox, "https://api.sandbox.push.apple.com");
        assert_eq!(addresses.fcm, "https://fcm.googleapis.com");
        assert_eq!(addresses.adm_token, "https://api.amazon.com/auth/O2/token");
        assert_eq!(addresses.fcm_token, None);
    }

    #[test]
    fn addresses_are_checked_and_lose_their_last_slash() {
        let with = |url: &str| PushConfig { apns_url: url.to_owned(), ..PushConfig::default() };
        let apns = |url: &str| with(url).addresses().map(|it| it.apns);
        assert_eq!(apns("http://127.0.0.1:8080/").unwrap(), "http://127.0.0.1:8080");
        assert_eq!(
            apns("https://gate.example.com/apns/").unwrap(),
            "https://gate.example.com/apns"
        );
        for url in ["", "gate.example.com", "ftp://a", "https://", "https://a/?b", "https://u:p@a"]
        {
            let said = apns(url).unwrap_err().to_string();
            assert!(said.starts_with("apns-url has to be the URL of a server"), "{url}: {said}");
        }
        let token = Some("nowhere".to_owned());
        let config = PushConfig { fcm_token_url: token, ..PushConfig::default() };
        assert!(config.check().unwrap_err().to_string().starts_with("fcm-token-url"));
    }
}
