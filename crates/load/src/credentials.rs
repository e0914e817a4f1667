//! Who asks.

use std::fmt;

use tidings_sigv4::{SecretKey, Signer};

/// An access key, and the region that requests are signed for. It does not print.
pub struct Credentials {
    access_key_id: String,
    secret: SecretKey,
    session_token: Option<String>,
    region: String,
}

impl Credentials {
    /// An access key for a region.
    pub fn new(access_key_id: String, secret: SecretKey, region: String) -> Self {
        Self { access_key_id, secret, session_token: None, region }
    }

    /// The same, with the token of a temporary key.
    pub fn with_session_token(self, session_token: Option<String>) -> Self {
        Self { session_token, ..self }
    }

    pub(crate) fn signer<'a>(&'a self, service: &'a str) -> Signer<'a> {
        Signer {
            access_key_id: &self.access_key_id,
            secret: &self.secret,
            session_token: self.session_token.as_deref(),
            region: &self.region,
            service,
        }
    }
}

impl fmt::Debug for Credentials {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Credentials(..)")
    }
}
