//! What an application says to a push service of who it is.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rustls::crypto::aws_lc_rs as provider;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use thiserror::Error;
use zeroize::Zeroizing;

use super::PushPlatform;
use super::der;
use super::platform::Family;
use super::secret::Secret;
use super::service_account::ServiceAccount;

/// Characters in the ids of keys and teams that Apple gives out.
const APPLE_ID_CHARS: usize = 10;
/// Characters in a topic of APNs. A bound of ours: bundle ids have 155 at most.
const TOPIC_CHARS_MAX: usize = 255;

/// The credentials of a platform application, read and checked. Cheap to clone; they do not print.
#[derive(Clone)]
pub struct PushCredentials(Arc<Kind>);

/// What credentials there are.
pub(super) enum Kind {
    ApnsToken(ApnsSigner),
    ApnsCertificate(ApnsCertificate),
    ServiceAccount(Box<ServiceAccount>),
    /// A key of FCM's old API, which was shut down in 2024.
    ServerKey,
    AdmClient(AdmClient),
    /// Of a platform that nothing can be delivered to.
    Unused,
}

/// What proves to APNs who sends, in every request.
pub(super) struct ApnsSigner {
    pub(super) key: EcdsaKeyPair,
    pub(super) key_id: String,
    pub(super) team_id: String,
    pub(super) bundle_id: String,
}

/// What proves to APNs who sends, when it is connected to.
pub(super) struct ApnsCertificate {
    pub(super) certified: Arc<CertifiedKey>,
    /// In seconds since 1970.
    pub(super) expires_at: i64,
    /// The `UID` of its subject.
    pub(super) bundle_id: Option<String>,
}

/// A security profile of ADM.
pub(super) struct AdmClient {
    pub(super) id: String,
    pub(super) secret: Secret,
}

/// Attributes of a platform application, as they were given.
#[derive(Copy, Clone, Default)]
pub struct GivenCredentials<'a> {
    /// `PlatformPrincipal`.
    pub principal: Option<&'a str>,
    /// `PlatformCredential`.
    pub credential: Option<&'a str>,
    /// `ApplePlatformTeamID`.
    pub apple_team_id: Option<&'a str>,
    /// `ApplePlatformBundleID`.
    pub apple_bundle_id: Option<&'a str>,
}

/// Why credentials cannot be used. None of the texts quotes a secret.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum CredentialFault {
    /// An attribute that is needed is missing or empty.
    #[error("{attribute} is missing: it has to be {what}")]
    Missing {
        /// The attribute.
        attribute: &'static str,
        /// What belongs there.
        what: &'static str,
    },
    /// An attribute is not what it has to be.
    #[error("{attribute} is not {what}")]
    Malformed {
        /// The attribute.
        attribute: &'static str,
        /// What belongs there.
        what: &'static str,
    },
    /// The private key belongs to another certificate.
    #[error(
        "the private key in PlatformCredential does not belong to the certificate in PlatformPrincipal"
    )]
    OtherKey,
    /// It looks like a service account, but it is no JSON object.
    #[error("PlatformCredential is not the JSON key file of a service account")]
    NoServiceAccount,
    /// A service account without something that it needs.
    #[error("the service account in PlatformCredential has no {field}")]
    NoField {
        /// What is missing.
        field: &'static str,
    },
    /// A service account with something that cannot be used.
    #[error("{field} of the service account in PlatformCredential cannot be used")]
    BadField {
        /// What it is.
        field: &'static str,
    },
}

const PRINCIPAL: &str = "PlatformPrincipal";
const CREDENTIAL: &str = "PlatformCredential";

impl PushCredentials {
    /// Reads credentials. API reference of SNS, CreatePlatformApplication:
    ///
    /// - APNs by token: the principal is the id of a signing key, the credential that key (`.p8`, with
    ///   or without its lines of dashes), and team and bundle id are given.
    /// - APNs by certificate: the principal is the certificate in PEM, the credential its key.
    /// - FCM: no principal, the credential is a service account in JSON. A server key of the old API
    ///   is taken too, so that its application can be made; messages are refused.
    /// - ADM: the principal is the client id, the credential the client secret.
    /// - Platforms that cannot be delivered to: whatever is given, as long as it is given.
    ///
    /// # Errors
    ///
    /// [`CredentialFault`].
    pub fn parse(
        platform: PushPlatform,
        given: &GivenCredentials<'_>,
    ) -> Result<PushCredentials, CredentialFault> {
        let kind = match Family::of(platform) {
            Family::Apns => apns(given)?,
            Family::Fcm => fcm(given)?,
            Family::Adm => Kind::AdmClient(AdmClient {
                id: needed(PRINCIPAL, given.principal, "a client id")?.to_owned(),
                secret: Secret::new(
                    needed(CREDENTIAL, given.credential, "a client secret")?.to_owned(),
                ),
            }),
            Family::Gone => {
                needed(CREDENTIAL, given.credential, "a secret of the push service")?;
                Kind::Unused
            }
        };
        Ok(PushCredentials(Arc::new(kind)))
    }

    /// `AuthenticationMethod` of the application, if it has one: `certificate` or `token` for APNs,
    /// `key` or `token` for FCM.
    #[must_use]
    pub fn authentication_method(&self) -> Option<&'static str> {
        match *self.0 {
            Kind::ApnsCertificate(_) => Some("certificate"),
            Kind::ApnsToken(_) | Kind::ServiceAccount(_) => Some("token"),
            Kind::ServerKey => Some("key"),
            Kind::AdmClient(_) | Kind::Unused => None,
        }
    }

    /// Until when the certificate holds, in seconds since 1970: `AppleCertificateExpiryDate`. None if
    /// there is none.
    #[must_use]
    pub fn certificate_expires_at(&self) -> Option<i64> {
        match &*self.0 {
            Kind::ApnsCertificate(certificate) => Some(certificate.expires_at),
            _ => None,
        }
    }

    pub(super) fn kind(&self) -> &Kind {
        &self.0
    }
}

impl fmt::Debug for PushCredentials {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match *self.0 {
            Kind::ApnsToken(_) => "a key for APNs",
            Kind::ApnsCertificate(_) => "a certificate for APNs",
            Kind::ServiceAccount(_) => "a service account of FCM",
            Kind::ServerKey => "a server key of FCM",
            Kind::AdmClient(_) => "a client of ADM",
            Kind::Unused => "unused",
        };
        write!(formatter, "PushCredentials({kind})")
    }
}

impl fmt::Debug for GivenCredentials<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("GivenCredentials(…)")
    }
}

/// Any `PlatformPrincipal` without an end of PEM is the id of a key.
fn apns(given: &GivenCredentials<'_>) -> Result<Kind, CredentialFault> {
    let what = "a certificate in PEM, or the id of a signing key";
    let principal = needed(PRINCIPAL, given.principal, what)?;
    let credential = needed(CREDENTIAL, given.credential, "a private key")?;
    if principal.contains("-----BEGIN") {
        certificate(principal, credential).map(Kind::ApnsCertificate)
    } else {
        signer(principal, credential, given).map(Kind::ApnsToken)
    }
}

fn signer(
    principal: &str,
    credential: &str,
    given: &GivenCredentials<'_>,
) -> Result<ApnsSigner, CredentialFault> {
    let id = |attribute, text: &str| {
        let text = text.trim();
        let is_id =
            text.len() == APPLE_ID_CHARS && text.bytes().all(|it| it.is_ascii_alphanumeric());
        let what = "an id of 10 letters and digits, as Apple gives it out";
        is_id.then(|| text.to_owned()).ok_or(CredentialFault::Malformed { attribute, what })
    };
    let key_id = id(PRINCIPAL, principal)?;
    let team = "ApplePlatformTeamID";
    let team_id = id(team, needed(team, given.apple_team_id, "the id of the team")?)?;
    let attribute = "ApplePlatformBundleID";
    let bundle_id = needed(attribute, given.apple_bundle_id, "the bundle id of the app")?.trim();
    if !is_topic(bundle_id) {
        return Err(CredentialFault::Malformed { attribute, what: "a bundle id" });
    }
    let what = "a signing key: a P-256 key in PKCS#8, as Apple's .p8 files have it";
    let key = signing_key(credential)
        .ok_or(CredentialFault::Malformed { attribute: CREDENTIAL, what })?;
    Ok(ApnsSigner { key, key_id, team_id, bundle_id: bundle_id.to_owned() })
}

/// With the lines of dashes, or only what stands between them.
fn signing_key(text: &str) -> Option<EcdsaKeyPair> {
    let read = |der: &[u8]| EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, der).ok();
    match PrivateKeyDer::from_pem_slice(text.as_bytes()) {
        Ok(PrivateKeyDer::Pkcs8(der)) => read(der.secret_pkcs8_der()),
        Ok(_) => None,
        Err(_) => {
            let bare: Zeroizing<String> =
                Zeroizing::new(text.chars().filter(|it| !it.is_whitespace()).collect());
            read(&Zeroizing::new(STANDARD.decode(bare.as_bytes()).ok()?))
        }
    }
}

fn certificate(principal: &str, credential: &str) -> Result<ApnsCertificate, CredentialFault> {
    let what = "a certificate in PEM";
    let malformed = || CredentialFault::Malformed { attribute: PRINCIPAL, what };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_slice_iter(principal.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| malformed())?;
    let facts = chain.first().and_then(|first| der::read(first)).ok_or_else(malformed)?;
    let bad_key =
        || CredentialFault::Malformed { attribute: CREDENTIAL, what: "a private key in PEM" };
    let key = PrivateKeyDer::from_pem_slice(credential.as_bytes()).map_err(|_| bad_key())?;
    let key = provider::sign::any_supported_type(&key).map_err(|_| bad_key())?;
    let certified = CertifiedKey::new(chain, key);
    match certified.keys_match() {
        Ok(()) => {}
        Err(rustls::Error::InconsistentKeys(_)) => return Err(CredentialFault::OtherKey),
        Err(_) => return Err(malformed()),
    }
    let (certified, expires_at) = (Arc::new(certified), facts.expires_at);
    let bundle_id = facts.user_id.filter(|it| is_topic(it));
    Ok(ApnsCertificate { certified, expires_at, bundle_id })
}

/// A service account is JSON; a server key is not.
fn fcm(given: &GivenCredentials<'_>) -> Result<Kind, CredentialFault> {
    let what = "the JSON key file of a service account";
    let credential = needed(CREDENTIAL, given.credential, what)?;
    if credential.trim_start().starts_with('{') {
        ServiceAccount::parse(credential).map(|it| Kind::ServiceAccount(Box::new(it)))
    } else if credential.trim().chars().any(char::is_whitespace) {
        Err(CredentialFault::NoServiceAccount)
    } else {
        Ok(Kind::ServerKey)
    }
}

fn needed<'a>(
    attribute: &'static str,
    value: Option<&'a str>,
    what: &'static str,
) -> Result<&'a str, CredentialFault> {
    let value = value.filter(|value| !value.trim().is_empty());
    value.ok_or(CredentialFault::Missing { attribute, what })
}

/// Whether a text can be a topic of APNs: it is put into a header.
pub(super) fn is_topic(text: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_alphanumeric() || b".-_".contains(&byte);
    (1..=TOPIC_CHARS_MAX).contains(&text.len()) && text.bytes().all(is_part)
}

#[cfg(test)]
#[path = "credentials_tests.rs"]
mod tests;
