//! One attempt to push a message, over the service that it is for.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use rustls::ClientConfig;
use rustls::sign::SingleCertAndKey;
use tidings_core::limits::PUSH_APPLICATIONS_KEPT_MAX;
use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, timeout_at};
use tracing::{info, warn};

use super::access_tokens::AccessTokens;
use super::adm::Adm;
use super::apns::{Apns, Sender};
use super::config::Addresses;
use super::credentials::{ApnsCertificate, Kind};
use super::fcm::Fcm;
use super::link::{Link, Speaks, Way};
use super::platform::Family;
use super::{PushConfig, PushCredentials, PushMessage, PushOutcome, PushPlatform, PushSetupError};
use crate::complaint::Complaint;
use crate::http::client_tls;
use crate::{AddressGuard, AddressRanges};

/// Which credentials are used: connections and access tokens are kept by application, until its
/// credentials are others.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct ApplicationKey {
    /// The ARN of the platform application.
    pub arn: String,
    /// Another number whenever its credentials have changed, also if it was deleted and made anew.
    pub revision: u64,
}

/// Delivers to apps on devices, over APNs, FCM and ADM.
///
/// - Each application has its own connections: of APNs and FCM one, for many messages at once; one
///   application's trouble is not another's.
/// - Which answer means what is in the tables of `apns_answer.rs`, `fcm_answer.rs` and
///   `adm_answer.rs`. What is no answer of the service, but of somebody who stands between, never
///   disables an endpoint.
/// - A credential that is too old is made anew, and the message is sent once more in the same attempt.
/// - A service that cannot be reached is asked by one attempt every 30 seconds at most; the others are
///   turned away.
/// - An attempt that is given up, or whose answer got lost, may have delivered its message: `apns-id`
///   is the same at the next one. FCM and ADM have nothing of the kind.
pub struct PushCourier {
    addresses: Addresses,
    tls: ClientConfig,
    /// For what users say.
    guard: Arc<AddressGuard>,
    /// For what the operator says.
    everywhere: Arc<AddressGuard>,
    attempt_timeout: Duration,
    concurrency_max: usize,
    room: Semaphore,
    applications: Mutex<Applications>,
}

#[derive(Default)]
struct Applications {
    kept: HashMap<String, Kept>,
    uses: u64,
}

struct Kept {
    revision: u64,
    application: Arc<Application>,
    /// When it was used last, counted in uses.
    used: u64,
}

/// What is kept of an application.
struct Application {
    service: Service,
    room: Semaphore,
    /// Of the credentials. It outlives them: whoever sets others wants to know whether they are any
    /// better.
    refused: Arc<Complaint>,
}

enum Service {
    Apns(Apns),
    Fcm(Fcm),
    Adm(Adm),
}

impl PushCourier {
    /// Makes a courier. Opens no connection. The guard says where access tokens may be fetched from
    /// if a service account says where.
    ///
    /// # Errors
    ///
    /// [`PushSetupError`] if an address is none, or the file of roots cannot be used.
    pub fn new(
        config: &PushConfig,
        guard: Arc<AddressGuard>,
    ) -> Result<PushCourier, PushSetupError> {
        let all = AddressRanges::from_entries(["0.0.0.0/0", "::/0"]).unwrap_or_default();
        Ok(PushCourier {
            addresses: config.addresses()?,
            tls: client_tls(config.extra_roots.as_deref())?,
            guard,
            everywhere: Arc::new(AddressGuard::new(all, AddressRanges::default())),
            attempt_timeout: config.attempt_timeout,
            concurrency_max: config.concurrency_max.max(1),
            room: Semaphore::new(config.concurrency_max.max(1)),
            applications: Mutex::default(),
        })
    }

    /// Messages that can be on their way at once; more wait for one another. One application has a
    /// quarter of them at most, and one message if that is none. Those that wait are not bounded here:
    /// who calls sees to it that one application's do not keep others from calling.
    #[must_use]
    pub fn concurrency_max(&self) -> usize {
        self.concurrency_max
    }

    /// How long an attempt takes at most.
    #[must_use]
    pub fn attempt_timeout(&self) -> Duration {
        self.attempt_timeout
    }

    /// Makes one attempt, and needs a tokio runtime for it. Dropping it gives it up.
    pub async fn deliver(
        &self,
        key: &ApplicationKey,
        credentials: &PushCredentials,
        message: &PushMessage,
    ) -> PushOutcome {
        if Family::of(message.platform) == Family::Gone {
            return PushOutcome::undeliverable(message.platform);
        }
        let application = self.application(key, credentials, message.platform);
        let outcome = match hopeless(credentials, message.platform) {
            Some(outcome) => outcome,
            None => self.deliver_for(&application, credentials, message).await,
        };
        application.tell_of_credentials(&key.arn, &outcome);
        outcome
    }

    async fn deliver_for(
        &self,
        application: &Application,
        credentials: &PushCredentials,
        message: &PushMessage,
    ) -> PushOutcome {
        let deadline = Instant::now() + self.attempt_timeout;
        let seconds = self.attempt_timeout.as_secs_f32();
        let Ok(_room) = timeout_at(deadline, self.room(application)).await else {
            let why = format!("not tried, for there was no room for {seconds} seconds");
            // It has waited long enough.
            return PushOutcome::NotBegun { why, pause: Duration::ZERO };
        };
        let attempt = application.attempt(credentials, message, deadline);
        match timeout_at(deadline, attempt).await {
            Ok(outcome) => outcome,
            Err(_) => {
                let why = format!("it was not sent within {seconds} seconds");
                PushOutcome::TryLater { why, status: None, after: None }
            }
        }
    }

    /// Room for one more message: first that of its application. Who waits for it takes nothing of the
    /// others'.
    async fn room<'a>(&'a self, application: &'a Application) -> [SemaphorePermit<'a>; 2] {
        [acquire(&application.room).await, acquire(&self.room).await]
    }

    /// What is kept of an application, or what will be.
    fn application(
        &self,
        key: &ApplicationKey,
        credentials: &PushCredentials,
        platform: PushPlatform,
    ) -> Arc<Application> {
        let mut applications = self.applications.lock().unwrap_or_else(PoisonError::into_inner);
        applications.uses += 1;
        let used = applications.uses;
        let mut refused = Arc::default();
        if let Some(kept) = applications.kept.get_mut(&key.arn) {
            if kept.revision == key.revision {
                kept.used = used;
                return Arc::clone(&kept.application);
            }
            refused = Arc::clone(&kept.application.refused);
        }
        let application = Arc::new(self.open(credentials, platform, refused));
        let kept = Kept { revision: key.revision, application: Arc::clone(&application), used };
        applications.kept.insert(key.arn.clone(), kept);
        applications.make_room();
        application
    }

    fn open(
        &self,
        credentials: &PushCredentials,
        platform: PushPlatform,
        refused: Arc<Complaint>,
    ) -> Application {
        let Addresses { apns, apns_sandbox, fcm, fcm_token, adm, adm_token } = &self.addresses;
        let http1 = || self.link(Speaks::Http1, None, &self.everywhere);
        let service = match Family::of(platform) {
            Family::Fcm => {
                // Who says where tokens come from, the operator or a user?
                let guard = if fcm_token.is_some() { &self.everywhere } else { &self.guard };
                let tokens = self.link(Speaks::Http1, None, guard);
                let tokens = AccessTokens::new(tokens, self.fetch_timeout());
                let link = self.link(Speaks::Http2, None, &self.everywhere);
                Service::Fcm(Fcm::new(link, fcm.clone(), tokens, fcm_token.clone()))
            }
            Family::Adm => {
                let tokens = AccessTokens::new(http1(), self.fetch_timeout());
                Service::Adm(Adm::new(http1(), adm.clone(), tokens, adm_token.clone()))
            }
            Family::Apns | Family::Gone => {
                let certificate = match credentials.kind() {
                    Kind::ApnsCertificate(certificate) => Some(certificate),
                    _ => None,
                };
                let link = self.link(Speaks::Http2, certificate, &self.everywhere);
                let base = if platform.is_sandbox() { apns_sandbox } else { apns };
                Service::Apns(Apns::new(link, base.clone()))
            }
        };
        let room = Semaphore::new((self.concurrency_max / 4).max(1));
        Application { service, room, refused }
    }

    fn link(
        &self,
        speaks: Speaks,
        certificate: Option<&ApnsCertificate>,
        guard: &Arc<AddressGuard>,
    ) -> Link {
        let mut tls = self.tls.clone();
        if let Some(certificate) = certificate {
            let shown = SingleCertAndKey::from(Arc::clone(&certificate.certified));
            tls.client_auth_cert_resolver = Arc::new(shown);
            // A session of another certificate is not to be taken up again.
            tls.resumption = rustls::client::Resumption::in_memory_sessions(8);
        }
        let (guard, attempt_timeout) = (Arc::clone(guard), self.attempt_timeout);
        Link::new(Way { tls, guard, speaks, attempt_timeout })
    }

    /// Leaves time for the message itself.
    fn fetch_timeout(&self) -> Duration {
        self.attempt_timeout / 2
    }
}

impl Application {
    async fn attempt(
        &self,
        credentials: &PushCredentials,
        message: &PushMessage,
        deadline: Instant,
    ) -> PushOutcome {
        let now = SystemTime::now();
        match (&self.service, credentials.kind()) {
            (Service::Apns(apns), Kind::ApnsToken(signer)) => {
                apns.send(Sender::Signer(signer), message, now, deadline).await
            }
            (Service::Apns(apns), Kind::ApnsCertificate(certificate)) => {
                apns.send(Sender::Certificate(certificate), message, now, deadline).await
            }
            (Service::Fcm(fcm), Kind::ServiceAccount(account)) => {
                fcm.send(account, message, now, deadline).await
            }
            (Service::Adm(adm), Kind::AdmClient(client)) => {
                adm.send(client, message, now, deadline).await
            }
            _ => not_for(message.platform),
        }
    }

    /// Tells when the service does not accept its credentials any more, and when it does again.
    fn tell_of_credentials(&self, application: &str, outcome: &PushOutcome) {
        match outcome {
            PushOutcome::CredentialsRefused { why, .. } if self.refused.begins() => {
                warn!(
                    application,
                    "mobile push: messages wait until the credentials are right: {why}"
                );
            }
            // It has looked at the message, and so at who sent it.
            PushOutcome::Delivered { .. }
            | PushOutcome::TokenReplaced { .. }
            | PushOutcome::EndpointDisabled { .. }
                if self.refused.ends() =>
            {
                info!(application, "mobile push: the credentials are accepted again");
            }
            _ => {}
        }
    }
}

impl Applications {
    /// Forgets the one used longest ago. Its messages on their way are not disturbed.
    fn make_room(&mut self) {
        while self.kept.len() > PUSH_APPLICATIONS_KEPT_MAX {
            let oldest = self.kept.iter().min_by_key(|(_, kept)| kept.used);
            let Some(arn) = oldest.map(|(arn, _)| arn.clone()) else { return };
            self.kept.remove(&arn);
        }
    }
}

async fn acquire(room: &Semaphore) -> SemaphorePermit<'_> {
    room.acquire().await.expect("nobody closes it")
}

/// What can be said without asking anybody.
fn hopeless(credentials: &PushCredentials, platform: PushPlatform) -> Option<PushOutcome> {
    match (Family::of(platform), credentials.kind()) {
        (Family::Fcm, Kind::ServerKey) => {
            let why = "PlatformCredential is a server key of FCM's old API, which was shut down in \
                       2024: set it to the JSON key file of a service account";
            Some(PushOutcome::CredentialsRefused { why: why.to_owned(), status: None })
        }
        (Family::Apns, Kind::ApnsToken(_) | Kind::ApnsCertificate(_))
        | (Family::Fcm, Kind::ServiceAccount(_))
        | (Family::Adm, Kind::AdmClient(_)) => None,
        _ => Some(not_for(platform)),
    }
}

fn not_for(platform: PushPlatform) -> PushOutcome {
    let why = format!("PlatformPrincipal and PlatformCredential are not for {platform}");
    PushOutcome::CredentialsRefused { why, status: None }
}

impl fmt::Debug for PushCourier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("PushCourier")
            .field("addresses", &self.addresses)
            .field("attempt_timeout", &self.attempt_timeout)
            .finish_non_exhaustive()
    }
}
