//! All couriers of a server.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tidings_core::limits::HTTP_ATTEMPT_SECONDS;
use tidings_core::names::SubscriptionProtocol;

use thiserror::Error;
use tokio::sync::mpsc;

use crate::{
    AddressGuard, AddressRanges, Courier, EmailConfig, EmailCourier, EmailSetupError, Gateway,
    HttpCourier, LambdaConfig, LambdaCourier, PushConfig, PushCourier, PushSetupError, RootsError,
    SmsConfig, SmsCourier, SmsNotice, SmsSetupError,
};

/// How to deliver.
#[derive(Clone, Debug)]
pub struct CourierConfig {
    /// Addresses to deliver to although they are not public: `endpoint-allow`.
    pub allow: AddressRanges,
    /// Addresses never to deliver to: `endpoint-deny`. Stronger than `allow`.
    pub deny: AddressRanges,
    /// A file of certificates in PEM that HTTPS endpoints may rest on, beside the public ones.
    pub extra_roots: Option<PathBuf>,
    /// How long one attempt may take in all.
    pub attempt_timeout: Duration,
    /// How to send mail, if it can be sent.
    pub email: Option<EmailConfig>,
    /// How to reach the services of mobile push.
    pub push: PushConfig,
    /// How to send text messages, if they can be sent.
    pub sms: Option<SmsConfig>,
    /// Where functions are that run elsewhere, if any do.
    pub lambda: Option<LambdaConfig>,
}

impl Default for CourierConfig {
    /// Public addresses only, public authorities only, AWS's 15 seconds.
    fn default() -> Self {
        CourierConfig {
            allow: AddressRanges::default(),
            deny: AddressRanges::default(),
            extra_roots: None,
            attempt_timeout: Duration::from_secs(HTTP_ATTEMPT_SECONDS),
            email: None,
            push: PushConfig::default(),
            sms: None,
            lambda: None,
        }
    }
}

/// Why the couriers cannot be made.
#[derive(Debug, Error)]
pub enum CourierSetupError {
    /// The authorities that HTTPS endpoints rest on.
    #[error(transparent)]
    Roots(#[from] RootsError),
    /// E-mail.
    #[error("e-mail: {0}")]
    Email(#[from] EmailSetupError),
    /// Mobile push.
    #[error("mobile push: {0}")]
    Push(#[from] PushSetupError),
    /// Text messages.
    #[error("text messages: {0}")]
    Sms(#[from] SmsSetupError),
}

/// The couriers, one for each protocol.
#[derive(Debug)]
pub struct Couriers {
    /// `http` and `https`.
    pub http: HttpCourier,
    /// `email` and `email-json`, if there is a mail server.
    pub email: Option<EmailCourier>,
    /// Apps on devices. Each delivery brings its application's credentials, so it is none of those
    /// that [`Couriers::of`] knows.
    pub push: PushCourier,
    /// `sms`, if there is a gateway.
    pub sms: Option<SmsCourier>,
    gateway: Option<(Gateway, mpsc::Receiver<SmsNotice>)>,
    /// `lambda`, of functions elsewhere, if there are any.
    pub lambda: Option<LambdaCourier>,
}

impl Couriers {
    /// Makes all couriers. Opens no connection.
    ///
    /// # Errors
    ///
    /// [`CourierSetupError`] if a file cannot be used, or what is configured for e-mail or text
    /// messages.
    pub fn new(config: &CourierConfig) -> Result<Couriers, CourierSetupError> {
        let guard = Arc::new(AddressGuard::new(config.allow.clone(), config.deny.clone()));
        let roots = config.extra_roots.as_deref();
        let http = HttpCourier::new(Arc::clone(&guard), roots, config.attempt_timeout)?;
        let email = config.email.as_ref().map(EmailCourier::new).transpose()?;
        let push = PushCourier::new(&config.push, guard)?;
        let (sms, gateway) = match &config.sms {
            Some(config) => {
                let (courier, gateway, notices) = SmsCourier::new(config)?;
                (Some(courier), Some((gateway, notices)))
            }
            None => (None, None),
        };
        let lambda = config.lambda.as_ref().map(LambdaCourier::new).transpose()?;
        Ok(Couriers { http, email, push, sms, lambda, gateway })
    }

    /// What keeps up the session with the gateway for text messages, and what comes from there: for
    /// whoever runs it. None if there is no gateway, and the second time.
    pub fn take_gateway(&mut self) -> Option<(Gateway, mpsc::Receiver<SmsNotice>)> {
        self.gateway.take()
    }

    /// The courier of a protocol; `None` if there is none, or if it is not configured.
    #[must_use]
    pub fn of(&self, protocol: SubscriptionProtocol) -> Option<&dyn Courier> {
        match protocol {
            SubscriptionProtocol::Http | SubscriptionProtocol::Https => Some(&self.http),
            SubscriptionProtocol::Email | SubscriptionProtocol::EmailJson => {
                self.email.as_ref().map(|courier| courier as &dyn Courier)
            }
            SubscriptionProtocol::Sms => self.sms.as_ref().map(|courier| courier as &dyn Courier),
            SubscriptionProtocol::Lambda => {
                self.lambda.as_ref().map(|courier| courier as &dyn Courier)
            }
            _ => None,
        }
    }
}
