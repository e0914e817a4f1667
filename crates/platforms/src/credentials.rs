//! What an application proves to its push service that it is.

use tidings_core::push_platform::PushPlatform;

use std::fmt;

use zeroize::Zeroizing;

/// An application's credentials. They do not print, and are wiped when dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    principal: Option<Zeroizing<String>>,
    credential: Zeroizing<String>,
}

impl Credentials {
    pub(crate) fn new(principal: Option<Zeroizing<String>>, credential: Zeroizing<String>) -> Self {
        Self { principal, credential }
    }

    /// PlatformPrincipal: a certificate, a signing key's id, or a client's id. Those of FCM have none.
    pub fn principal(&self) -> Option<&str> {
        self.principal.as_deref().map(String::as_str)
    }

    /// PlatformCredential: a private key, a service account, or a client's secret.
    pub fn credential(&self) -> &str {
        &self.credential
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Credentials(..)")
    }
}

/// Credentials that somebody wants an application to have, for whoever can tell whether they are any
/// good. They do not print.
#[derive(Copy, Clone)]
pub struct Proposed<'a> {
    /// For which service.
    pub platform: PushPlatform,
    /// PlatformPrincipal.
    pub principal: Option<&'a str>,
    /// PlatformCredential.
    pub credential: &'a str,
    /// ApplePlatformTeamID.
    pub team_id: Option<&'a str>,
    /// ApplePlatformBundleID.
    pub bundle_id: Option<&'a str>,
}

impl fmt::Debug for Proposed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Proposed({}, ..)", self.platform.as_str())
    }
}

/// What is found out about credentials that are good.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Checked {
    /// What kind they are of, where there are two.
    pub method: Option<AuthenticationMethod>,
    /// Of a certificate of Apple's: when it expires, as AppleCertificateExpiryDate shows it.
    pub certificate_expires_at: Option<String>,
}

/// AuthenticationMethod, as GetPlatformApplicationAttributes shows it.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum AuthenticationMethod {
    /// A signing key or a service account, which tokens are made with.
    Token,
    /// A certificate and its key.
    Certificate,
    /// A server key of FCM, which it takes no more.
    Key,
}

impl AuthenticationMethod {
    const ALL: [Self; 3] = [Self::Token, Self::Certificate, Self::Key];

    /// As it is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Certificate => "certificate",
            Self::Key => "key",
        }
    }

    /// The method that is shown so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|method| method.as_str() == text)
    }
}
