//! Who has the keys of queues and topics; and those of KMS that are kept here.

use std::sync::Arc;
use std::time::Duration;

use tidings_aws::Refusal;
use tidings_broker::{Broker, Keys, Opener, Unopened};
use tidings_core::names::Region;
use tidings_core::register::RegisterWrite;
use tidings_keys::{
    Change, Envelopes, Key, KeyCode, KeyFault, KeyStore, PREFIX, Random, Resource, Scope,
};
use tracing::warn;

use crate::authenticate::Auth;
use crate::encryption::REUSE_SECONDS;
use crate::exchange::refusal_of;
use crate::external_kms::ExternalKms;
use crate::identities::Identities;
use crate::kms;
use crate::plane::{ChangeFault, LoadError, Plane, Registered};
use crate::shutdown::Stopping;

/// What key material is sealed for.
const PURPOSE: &str = "keys";

/// How often it is looked whether something is due: deletions and rotations are counted in days.
const LOOK_AGAIN: Duration = Duration::from_secs(60);

/// Who has the keys that queues and topics are encrypted with. Cheap to clone.
#[derive(Clone)]
pub enum KeyService {
    /// This server, which answers as KMS does.
    Embedded(Kms),
    /// A service elsewhere.
    External(ExternalKms),
}

impl From<Kms> for KeyService {
    fn from(kms: Kms) -> Self {
        Self::Embedded(kms)
    }
}

impl From<ExternalKms> for KeyService {
    fn from(kms: ExternalKms) -> Self {
        Self::External(kms)
    }
}

impl KeyService {
    /// The keys that are kept here, which may be from before.
    pub(crate) fn own(&self) -> &Kms {
        match self {
            Self::Embedded(kms) => kms,
            Self::External(external) => external.before(),
        }
    }

    /// The service elsewhere, if it has the keys.
    pub(crate) fn external(&self) -> Option<&ExternalKms> {
        match self {
            Self::Embedded(_) => None,
            Self::External(external) => Some(external),
        }
    }

    /// The keys that clients manage and use here.
    ///
    /// # Errors
    /// They are elsewhere.
    pub(crate) fn served(&self) -> Result<&Kms, KeyFault> {
        match self {
            Self::Embedded(kms) => Ok(kms),
            Self::External(external) => {
                let endpoint = external.endpoint();
                let text =
                    format!("The keys of this server are kept at {endpoint}. Ask that service.");
                Err(KeyFault::new(KeyCode::UnsupportedOperation, text))
            }
        }
    }
}

/// The key store. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Kms {
    pub(crate) plane: Arc<Plane<KeyStore>>,
    pub(crate) envelopes: Arc<Envelopes>,
    served: Option<Served>,
}

/// Where managed keys are made, on a server that authenticates: in accounts that have somebody in
/// them and regions that are served.
#[derive(Clone)]
struct Served {
    identities: Identities,
    /// Empty for any.
    regions: Vec<Region>,
}

/// Data keys that are remembered, for sealing and for opening: some 16 MiB of them.
const DATA_KEYS_MAX: usize = 16_384;

impl Registered for KeyStore {
    const PREFIX: &'static str = PREFIX;

    fn load(entries: &[(String, Arc<[u8]>)], keys: &Keys) -> Result<Self, String> {
        let entries = entries.iter().map(|(name, value)| (name.as_str(), &**value));
        KeyStore::load(entries, keys.secrets(PURPOSE)).map_err(|damage| damage.to_string())
    }

    fn apply(&mut self, writes: &[RegisterWrite]) -> Result<(), String> {
        KeyStore::apply(self, writes).map_err(|damage| damage.to_string())
    }
}

impl Kms {
    /// Reads the keys from a broker's register.
    ///
    /// # Errors
    /// If the register cannot be read, or one of its entries cannot be used.
    pub async fn open(broker: Broker) -> Result<Self, LoadError> {
        let kms = Self::load(broker.clone()).await?;
        broker.open_contents_by(kms.opener());
        Ok(kms)
    }

    /// Reads the keys for somebody else who opens for replays.
    pub(crate) async fn load(broker: Broker) -> Result<Self, LoadError> {
        let plane = Plane::open(broker).await?;
        Ok(Self { plane, envelopes: Arc::new(Envelopes::new(DATA_KEYS_MAX)), served: None })
    }

    /// Opens for SNS what was published. It holds neither the key store nor, by it, the broker.
    pub(crate) fn opener(&self) -> Opener {
        let (plane, envelopes) = (Arc::downgrade(&self.plane), Arc::clone(&self.envelopes));
        Box::new(move |sealed| {
            let plane = plane.upgrade().ok_or(Unopened::NotNow)?;
            let times = (REUSE_SECONDS, plane.broker().now().as_ms());
            let allowed = |_: &Key, _: &Resource| Ok(());
            let opened = envelopes.open(&plane.look(), sealed, Some(kms::NOBODY), times, allowed);
            opened.map_err(|fault| match is_lost(&fault) {
                true => Unopened::Never,
                false => Unopened::NotNow,
            })
        })
    }

    /// Makes managed keys only where such a server has something to do with them.
    pub(crate) fn serving(mut self, auth: &Auth) -> Self {
        self.served = match auth {
            Auth::Off => None,
            Auth::On { identities, regions, .. } => {
                Some(Served { identities: identities.clone(), regions: regions.clone() })
            }
        };
        self
    }

    /// Deletes and rotates what is due by now.
    ///
    /// # Errors
    /// If that cannot be made durable.
    pub(crate) async fn settle_due(&self, broker: &Broker) -> Result<(), Refusal> {
        let is_due =
            |store: &KeyStore| store.next_due().is_some_and(|at| at <= broker.now().as_ms());
        while is_due(&self.plane.look()) {
            let (now_ms, random) = (broker.now().as_ms(), Random::new(broker.random_bytes()));
            let advanced = self.plane.change(|store| {
                let writes = store.advance(now_ms, random);
                let is_done = writes.is_empty();
                Ok((writes, is_done))
            });
            if advanced.await.map_err(refusal)? {
                break;
            }
        }
        Ok(())
    }

    /// Makes the managed key that a name means, if it means one that there is not yet. `owner` is
    /// whose name it is; where nothing is served there is none, and none is made.
    ///
    /// # Errors
    /// LimitExceededException if there are keys in as many accounts and regions as there may be; or
    /// if it cannot be made durable.
    pub(crate) async fn make_managed_key(
        &self,
        broker: &Broker,
        name: &str,
        owner: &Scope,
    ) -> Result<(), Refusal> {
        let Some(managed) = self.plane.look().unmade_managed_key(name, owner) else {
            return Ok(());
        };
        if self.served.as_ref().is_some_and(|served| !served.has(owner)) {
            return Ok(());
        }
        let (now_ms, random) = (broker.now().as_ms(), Random::new(broker.random_bytes()));
        let made = self.plane.change(|store| {
            let change = Change::CreateManagedKey(managed);
            let (writes, _) = store.decide(change, owner, now_ms, random)?;
            Ok((writes, ()))
        });
        made.await.map_err(refusal)
    }

    /// Does what is due, as time passes, until the server stops.
    pub(crate) async fn keep(self, broker: Broker, mut stopping: Stopping) {
        loop {
            if let Err(refusal) = self.settle_due(&broker).await {
                warn!(?refusal, "keys that are due cannot be deleted or rotated yet");
            }
            tokio::select! {
                () = stopping.begun() => return,
                () = tokio::time::sleep(LOOK_AGAIN) => {}
            }
        }
    }
}

impl Served {
    fn has(&self, scope: &Scope) -> bool {
        let is_served = self.regions.is_empty() || self.regions.contains(&scope.region);
        is_served && self.identities.plane.look().has_account(scope.account)
    }
}

/// Whether what a key sealed will never be opened again: the key is gone, or the bytes are damaged.
pub(crate) fn is_lost(fault: &KeyFault) -> bool {
    matches!(fault.code, KeyCode::NotFound | KeyCode::InvalidCiphertext)
}

/// What a caller is told of a change that did not happen.
pub(crate) fn refusal(fault: ChangeFault<Refusal>) -> Refusal {
    match fault {
        ChangeFault::Refused(refusal) => refusal,
        ChangeFault::Failed(failure) => refusal_of(failure),
    }
}
