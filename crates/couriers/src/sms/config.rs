//! What the operator says about the gateway.

use std::path::PathBuf;
use std::time::Duration;

use thiserror::Error;
use tidings_core::limits::SMS_ATTEMPT_SECONDS;

use super::sender::Sender;
use crate::{Password, RootsError};
use tidings_core::price::Price;

/// How to reach the gateway, who we are there, and how to behave.
#[derive(Clone, Debug)]
pub struct SmsConfig {
    /// The gateway's name or address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// Whether the connection is TLS from the first byte.
    pub tls: bool,
    /// A file of certificates in PEM that the gateway may rest on, beside the public ones.
    pub extra_roots: Option<PathBuf>,
    /// Who we are: at most 15 characters.
    pub system_id: String,
    /// The password: at most 8 characters.
    pub password: Password,
    /// What kind of system we are, if the gateway wants to know: at most 12 characters.
    pub system_type: String,
    /// Who messages come from that do not say. Without it, whoever the gateway says.
    pub sender: Option<Sender>,
    /// Parts that may wait for the gateway's answer at once.
    pub window: usize,
    /// What a part costs. Without it, no message is too expensive.
    pub price: Option<Price>,
    /// How long the gateway is to try, to the second, 30 days at most. Without it, as it likes.
    pub validity: Option<Duration>,
    /// How long one attempt may take in all.
    pub attempt_timeout: Duration,
    /// How long the gateway may take to answer a request, and to take a connection.
    pub response_timeout: Duration,
    /// How long the gateway may be silent before it is asked whether it is there.
    pub enquire_after: Duration,
    /// How long to wait before the second attempt to connect. Each time it is twice as long.
    pub reconnect_min: Duration,
    /// How long at most.
    pub reconnect_max: Duration,
}

impl SmsConfig {
    /// The port of SMPP.
    pub const PORT: u16 = 2775;
    /// The port of SMPP over TLS, as IANA has it.
    pub const TLS_PORT: u16 = 3550;
    /// What gateways commonly take at once.
    pub const WINDOW: usize = 10;

    /// A gateway with nothing but what has to be said. No TLS.
    #[must_use]
    pub fn new(host: &str, system_id: &str, password: &str) -> SmsConfig {
        SmsConfig {
            host: host.to_owned(),
            port: Self::PORT,
            tls: false,
            extra_roots: None,
            system_id: system_id.to_owned(),
            password: Password::new(password.to_owned()),
            system_type: String::new(),
            sender: None,
            window: Self::WINDOW,
            price: None,
            validity: None,
            attempt_timeout: Duration::from_secs(SMS_ATTEMPT_SECONDS),
            response_timeout: Duration::from_secs(10),
            enquire_after: Duration::from_secs(30),
            reconnect_min: Duration::from_secs(1),
            reconnect_max: Duration::from_secs(60),
        }
    }

    /// Checks what cannot work with any gateway.
    pub(super) fn check(&self) -> Result<(), SmsSetupError> {
        // SMPP 3.4, section 4.1.1, without the NUL.
        check_text("system id", &self.system_id, 15)?;
        check_text("password", self.password.expose(), 8)?;
        check_text("system type", &self.system_type, 12)?;
        if self.system_id.is_empty() {
            return Err(SmsSetupError::NoSystemId);
        }
        if self.window == 0 {
            return Err(SmsSetupError::NoWindow);
        }
        Ok(())
    }
}

fn check_text(what: &'static str, text: &str, max: usize) -> Result<(), SmsSetupError> {
    match text.len() <= max && text.bytes().all(|byte| byte.is_ascii_graphic()) {
        true => Ok(()),
        false => Err(SmsSetupError::BadText { what, max }),
    }
}

/// Why text messages cannot be sent as configured.
#[derive(Debug, Error)]
pub enum SmsSetupError {
    /// SMPP has no room for it.
    #[error("the {what} for the gateway may have {max} characters of ASCII at most, and no spaces")]
    BadText {
        /// Which of them.
        what: &'static str,
        /// How long it may be.
        max: usize,
    },
    /// The gateway has to know who we are.
    #[error("there is no system id for the gateway")]
    NoSystemId,
    /// Nothing could ever be sent.
    #[error("the window has to be 1 or more")]
    NoWindow,
    /// A certificate could not be for a host of this name.
    #[error("{0:?} cannot be the name of a gateway")]
    BadHost(String),
    /// `extra_roots` cannot be used.
    #[error(transparent)]
    Roots(#[from] RootsError),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_smpp_has_no_room_for_is_refused() {
        let config = SmsConfig::new("gateway.example", "user", "secret");
        config.check().unwrap();
        assert!(!format!("{config:?}").contains("secret"));
        let long = SmsConfig::new("gateway.example", "user", "longerthan8");
        let error = long.check().unwrap_err().to_string();
        assert!(error.contains("password") && !error.contains("longerthan8"), "{error}");
        for (system_id, window) in [("", 1), ("sixteen-letters-", 1), ("a b", 1), ("user", 0)] {
            let config = SmsConfig { window, ..SmsConfig::new("gateway.example", system_id, "") };
            assert!(config.check().is_err(), "{system_id} {window}");
        }
    }
}
