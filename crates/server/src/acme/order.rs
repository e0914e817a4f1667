//! Asking an authority for a certificate.

use std::io;
use std::time::Duration;

use instant_acme::{
    Account, AccountCredentials, AuthorizationStatus, ChallengeType, Identifier, NewAccount,
    NewOrder, Order, OrderStatus, RetryPolicy,
};
use tidings_couriers::RootsError;
use zeroize::Zeroizing;

use super::Acme;
use super::challenges::{Challenges, Shown};
use super::client::AcmeClient;
use super::config::AcmeConfig;
use crate::tls::KeptKeys;

/// How long an authority may take to look for the server, and to make the certificate.
const PATIENCE: Duration = Duration::from_secs(120);

/// Why there is no certificate.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AcmeError {
    #[error(transparent)]
    Roots(#[from] RootsError),
    #[error(transparent)]
    Authority(#[from] instant_acme::Error),
    #[error("it does not offer to look for {0} by TLS-ALPN-01")]
    NoChallenge(String),
    #[error("it has refused {domain}: {reason}")]
    Refused { domain: String, reason: String },
    #[error("the order has become {0:?}, not ready")]
    NotReady(OrderStatus),
    #[error("a certificate for its challenge cannot be made: {0}")]
    NotMade(#[from] rcgen::Error),
    #[error("a certificate for its challenge cannot be used: {0}")]
    NotUsable(#[from] rustls::Error),
    #[error("what is kept of it cannot be read or written: {0}")]
    Io(#[from] io::Error),
    #[error("the account that is kept cannot be read: {0}")]
    BadAccount(#[from] serde_json::Error),
}

/// What an authority gave.
pub(super) struct Issued {
    /// The certificate and those that it rests on, as PEM.
    pub(super) chain: String,
    /// Its key, as PEM.
    pub(super) key: Zeroizing<String>,
}

/// Asks for a certificate, and waits for it.
pub(super) async fn order(acme: Acme<'_>) -> Result<Issued, AcmeError> {
    let Acme { config, challenges, kept } = acme;
    let account = account(config, kept).await?;
    let domains: Vec<_> = config.domains.iter().cloned().map(Identifier::Dns).collect();
    let mut order = account.new_order(&NewOrder::new(&domains)).await?;
    let retries = RetryPolicy::new().timeout(PATIENCE);
    let shown = show_all(&mut order, challenges).await?;
    let status = order.poll_ready(&retries).await?;
    drop(shown);
    if status != OrderStatus::Ready {
        return Err(refusal(&mut order, status).await);
    }
    let key = Zeroizing::new(order.finalize().await?);
    let chain = order.poll_certificate(&retries).await?;
    Ok(Issued { chain, key })
}

/// The account, which is made on first use and kept.
async fn account(config: &AcmeConfig, kept: &KeptKeys) -> Result<Account, AcmeError> {
    let builder = Account::builder_with_http(Box::new(AcmeClient::new(config)?));
    let file = config.account_file();
    match kept.read(&file) {
        Ok(text) => {
            let credentials: AccountCredentials = serde_json::from_slice(&text)?;
            return Ok(builder.from_credentials(credentials).await?);
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
        Err(_) => {}
    }
    let contact = config.email.as_ref().map(|email| format!("mailto:{email}"));
    let contact: Vec<&str> = contact.iter().map(String::as_str).collect();
    let new = NewAccount {
        contact: &contact,
        terms_of_service_agreed: true,
        only_return_existing: false,
    };
    let (account, credentials) = builder.create(&new, config.directory.clone(), None).await?;
    let text = Zeroizing::new(serde_json::to_vec(&credentials)?);
    kept.write(&file, &text)?;
    Ok(account)
}

/// Shows everything that the authority wants to see, and tells it so.
async fn show_all<'a>(
    order: &mut Order,
    challenges: &'a Challenges,
) -> Result<Vec<Shown<'a>>, AcmeError> {
    let mut shown = Vec::new();
    let mut authorizations = order.authorizations();
    while let Some(authorization) = authorizations.next().await {
        let mut authorization = authorization?;
        let domain = authorization.identifier().to_string();
        match authorization.status {
            AuthorizationStatus::Valid => continue,
            AuthorizationStatus::Pending => {}
            status => {
                return Err(AcmeError::Refused { domain, reason: format!("{status:?}") });
            }
        }
        let Some(mut challenge) = authorization.challenge(ChallengeType::TlsAlpn01) else {
            return Err(AcmeError::NoChallenge(domain));
        };
        let digest = challenge.key_authorization().digest();
        shown.push(challenges.show(&domain, digest.as_ref())?);
        challenge.set_ready().await?;
    }
    Ok(shown)
}

/// What the authority says was wrong.
async fn refusal(order: &mut Order, status: OrderStatus) -> AcmeError {
    let mut authorizations = order.authorizations();
    while let Some(Ok(authorization)) = authorizations.next().await {
        let problem =
            authorization.challenges.iter().find_map(|challenge| challenge.error.as_ref());
        if let Some(problem) = problem {
            let domain = authorization.identifier().to_string();
            return AcmeError::Refused { domain, reason: problem.to_string() };
        }
    }
    AcmeError::NotReady(status)
}
