//! What the operator says about the mail server.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;
use tidings_core::limits::{
    EMAIL_ATTEMPT_SECONDS, EMAIL_ATTEMPT_SECONDS_MAX, MAIL_ATTEMPT_SECONDS_MAX,
};
use zeroize::Zeroizing;

use super::dkim::DkimKeyError;
use crate::RootsError;

const ANSWER_SECONDS: u64 = 600;

// Else a message would be sent again while it is waited for.
const _: () = assert!(EMAIL_ATTEMPT_SECONDS_MAX + ANSWER_SECONDS < MAIL_ATTEMPT_SECONDS_MAX);

/// How to reach the mail server, and who we are there.
#[derive(Clone, Debug)]
pub struct EmailConfig {
    /// The server's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// What protects the connection.
    pub security: SmtpSecurity,
    /// User and password, if the server wants to know who we are.
    pub credentials: Option<(String, Password)>,
    /// The address that all mail comes from, and that is told what cannot be delivered.
    pub from: String,
    /// What mail is signed with, if it is.
    pub dkim: Option<DkimConfig>,
    /// A file of certificates in PEM that the server may rest on, beside the public ones.
    pub extra_roots: Option<PathBuf>,
    /// How long one attempt may take until the server has the whole message.
    pub attempt_timeout: Duration,
    /// How long the server may then take to answer. Whoever gives up sooner sends again what is
    /// delivered meanwhile.
    pub answer_timeout: Duration,
    /// Connections to the server, at most.
    pub connections_max: usize,
}

impl EmailConfig {
    /// Connections to the server, if nobody says otherwise: below what mail servers take from one
    /// client (Postfix: `smtpd_client_connection_count_limit`, 50).
    pub const CONNECTIONS: usize = 8;
    /// How long an attempt may take before the answer, if nobody says otherwise.
    pub const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(EMAIL_ATTEMPT_SECONDS);
    /// How long the answer may take. RFC 5321, section 4.5.3.2.6: ten minutes.
    pub const ANSWER_TIMEOUT: Duration = Duration::from_secs(ANSWER_SECONDS);
}

/// What protects a connection to a mail server. There is no "TLS if the server has it": whoever
/// stands between could say that it has not.
#[derive(Copy, Clone, PartialEq, Eq, Debug)]
pub enum SmtpSecurity {
    /// TLS from the first byte: `smtps`, port 465. RFC 8314.
    Implicit,
    /// TLS before anything is said that matters, or no mail: `smtp` with `STARTTLS`. RFC 3207.
    StartTls,
    /// None: for servers on the same machine, or behind a tunnel.
    Off,
}

/// A password, which does not print.
#[derive(Clone)]
pub struct Password(Zeroizing<String>);

impl Password {
    /// Takes a password.
    #[must_use]
    pub fn new(text: String) -> Password {
        Password(Zeroizing::new(text))
    }

    pub(crate) fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Password(…)")
    }
}

/// What mail is signed with: DomainKeys Identified Mail, RFC 6376.
#[derive(Clone, Debug)]
pub struct DkimConfig {
    /// The domain that vouches for the mail.
    pub domain: String,
    /// Which of its keys this is: the key's public half is the record `SELECTOR._domainkey.DOMAIN`.
    pub selector: String,
    /// The private key in PEM: RSA of 2048 bits or more, or Ed25519.
    pub key_file: PathBuf,
}

/// Why mail cannot be sent as configured.
#[derive(Debug, Error)]
pub enum EmailSetupError {
    /// Replies could go nowhere.
    #[error("{0:?} is not an address that mail can come from")]
    BadFrom(String),
    /// Something cannot be a part of a domain's name.
    #[error("the {what} {value:?} of DKIM can only have letters, digits, dots and hyphens")]
    BadDkimName {
        /// Which of the two.
        what: &'static str,
        /// What it is.
        value: String,
    },
    /// The key cannot be read or used.
    #[error("the key for DKIM in {}: {source}", file.display())]
    BadDkimKey {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        source: DkimKeyError,
    },
    /// `extra_roots` cannot be used.
    #[error(transparent)]
    Roots(#[from] RootsError),
    /// A certificate could not be for a host of this name.
    #[error("{0:?} cannot be the name of a mail server")]
    BadHost(String),
}
