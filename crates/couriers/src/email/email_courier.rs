//! Mail to subscribers, over one mail server.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use lettre::Address;
use lettre::transport::smtp::authentication::Credentials;
use rustls::pki_types::ServerName;
use tidings_core::limits::PROVIDER_RESPONSE_BYTES_MAX;

use super::address;
use super::config::{EmailConfig, EmailSetupError};
use super::connections::Connections;
use super::dkim::DkimSigner;
use super::letter;
use super::refusal::is_about_us;
use super::session::{Failure, Patience, Taken};
use super::wire::MailServer;
use crate::http::client_tls;
use crate::{Attempt, Courier, Outcome, Parcel, TurnedAway};

/// Delivers to `email` and `email-json` endpoints through the operator's mail server.
///
/// - The server took the message: it is delivered, as far as we learn. What becomes of it later, its
///   operator is told at the sender's address.
/// - It answered 500 and up to the message or its recipient: never. What it says of ourselves (at the
///   greeting, to `AUTH`, to the sender's address, that we may not relay or have sent enough) is not
///   the message's fault, and an operator's slip is not to lose mail: try later.
/// - No connection is to be had, as others have just found out: not begun.
/// - 400 to 499, no connection, no answer in time: try later. A message whose answer is missing may
///   have been taken: it is waited for longer than anything else, and the next attempt has the same
///   Message-ID.
///
/// Connections are kept for the next message. While no new ones can be made, one attempt every 30
/// seconds at most tries; the others use a connection that is kept, or are turned away.
pub struct EmailCourier {
    connections: Connections,
    from: Address,
    dkim: Option<DkimSigner>,
    patience: Patience,
    connections_max: usize,
}

impl EmailCourier {
    /// Makes a courier. Opens no connection.
    ///
    /// # Errors
    ///
    /// [`EmailSetupError`] if something in the configuration or in its files cannot be used.
    pub fn new(config: &EmailConfig) -> Result<EmailCourier, EmailSetupError> {
        let from = address::parse(&config.from)
            .ok_or_else(|| EmailSetupError::BadFrom(config.from.clone()))?;
        let tls_name = ServerName::try_from(config.host.clone())
            .map_err(|_| EmailSetupError::BadHost(config.host.clone()))?;
        let server = MailServer {
            host: config.host.clone(),
            port: config.port,
            security: config.security,
            tls: Arc::new(client_tls(config.extra_roots.as_deref())?),
            tls_name,
            hello_name: from.domain().to_owned(),
        };
        let login = config
            .credentials
            .as_ref()
            .map(|(user, password)| Credentials::new(user.clone(), password.expose().to_owned()));
        let dkim = config.dkim.as_ref().map(DkimSigner::open).transpose()?;
        let patience = Patience { attempt: config.attempt_timeout, answer: config.answer_timeout };
        let connections_max = config.connections_max;
        let connections = Connections::new(server, login, from.clone(), connections_max, patience);
        Ok(EmailCourier { connections, from, dkim, patience, connections_max })
    }

    /// Messages that can be on their way at once; more wait for one another.
    #[must_use]
    pub fn connections_max(&self) -> usize {
        self.connections_max
    }

    /// How long an attempt takes at most, the server's answer to the message included, once there is
    /// room for one more connection.
    #[must_use]
    pub fn attempt_timeout(&self) -> Duration {
        self.patience.attempt + self.patience.answer
    }

    async fn attempt(&self, parcel: &Parcel) -> Outcome {
        let never = |why: &str| Outcome::Never { why: why.to_owned(), status: None };
        let Some(to) = address::parse(&parcel.endpoint) else {
            return never("the endpoint is no address that mail can be sent to");
        };
        let now = SystemTime::now();
        let Some(mut message) = letter::compose(parcel, &self.from, &to, now) else {
            return never("the parcel is not made for e-mail");
        };
        if let Some(signer) = &self.dkim {
            let seconds = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
            match signer.header(&message, seconds) {
                Ok(header) => drop(message.splice(..0, header.into_bytes())),
                Err(_) => {
                    let why = "the message could not be signed".to_owned();
                    return Outcome::TryLater { why, status: None };
                }
            }
        }
        match self.connections.send(&to, &message).await {
            Ok(Taken { code, text }) => Outcome::Delivered { status: code, detail: short(&text) },
            Err(failure) => failure.outcome(),
        }
    }
}

impl Courier for EmailCourier {
    fn deliver<'a>(&'a self, parcel: &'a Parcel) -> Attempt<'a> {
        Box::pin(self.attempt(parcel))
    }
}

impl fmt::Debug for EmailCourier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("EmailCourier").field("from", &self.from).finish_non_exhaustive()
    }
}

impl Failure {
    /// For people: what happened.
    pub(super) fn why(&self) -> String {
        match self {
            Failure::Refused { during, code, text } => {
                short(&format!("the mail server answered {during} with {code} {text}"))
            }
            Failure::NotBegun(TurnedAway { why, .. }) | Failure::Lost { why } => short(why),
            Failure::Silent { within } => {
                format!("no answer of the mail server within {} seconds", within.as_secs_f32())
            }
            Failure::Undecided { within } => format!(
                "no answer of the mail server to the whole message within {} seconds",
                within.as_secs_f32()
            ),
        }
    }

    fn outcome(&self) -> Outcome {
        let why = self.why();
        match *self {
            Failure::Refused { during, code, ref text }
                if code >= 500 && !is_about_us(during, code, text) =>
            {
                Outcome::Never { why, status: Some(code) }
            }
            Failure::Refused { code, .. } => Outcome::TryLater { why, status: Some(code) },
            Failure::NotBegun(TurnedAway { pause, .. }) => Outcome::NotBegun { why, pause },
            Failure::Lost { .. } | Failure::Silent { .. } | Failure::Undecided { .. } => {
                Outcome::TryLater { why, status: None }
            }
        }
    }
}

/// The beginning of what a server said, for a delivery log. It is ASCII by then, and a cut between
/// characters is a cut between bytes; what is ours need not be.
fn short(text: &str) -> String {
    text[..text.floor_char_boundary(PROVIDER_RESPONSE_BYTES_MAX)].trim().to_owned()
}
