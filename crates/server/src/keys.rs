//! Who has the keys of queues and topics; and those of KMS that are kept here.

use std::sync::Arc;
use std::time::Duration;

use tidings_aws::Refusal;
use tidings_broker::{Broker, Keys, Opener};
use tidings_core::register::RegisterWrite;
use tidings_keys::{
    Change, Envelopes, Key, KeyCode, KeyFault, KeyStore, PREFIX, Random, Resource, Scope,
};
use tracing::warn;

use crate::exchange::refusal_of;
use crate::external_kms::ExternalKms;
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
}

/// How long a data key that replays open is known, in seconds.
pub(crate) const OPENED_FOR_SECONDS: u64 = 300;

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
        Ok(Self { plane, envelopes: Arc::new(Envelopes::new(DATA_KEYS_MAX)) })
    }

    /// Opens for SNS what was published. It holds neither the key store nor, by it, the broker.
    pub(crate) fn opener(&self) -> Opener {
        let (plane, envelopes) = (Arc::downgrade(&self.plane), Arc::clone(&self.envelopes));
        Box::new(move |sealed| {
            let plane = plane.upgrade()?;
            let times = (OPENED_FOR_SECONDS, plane.broker().now().as_ms());
            let allowed = |_: &Key, _: &Resource| Ok(());
            envelopes.open(&plane.look(), sealed, "nobody", times, allowed).ok()
        })
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
    /// whose name it is.
    ///
    /// # Errors
    /// If that cannot be made durable.
    pub(crate) async fn make_managed_key(
        &self,
        broker: &Broker,
        name: &str,
        owner: &Scope,
    ) -> Result<(), Refusal> {
        let Some(managed) = self.plane.look().unmade_managed_key(name, owner) else {
            return Ok(());
        };
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

/// What a caller is told of a change that did not happen.
pub(crate) fn refusal(fault: ChangeFault<Refusal>) -> Refusal {
    match fault {
        ChangeFault::Refused(refusal) => refusal,
        ChangeFault::Failed(failure) => refusal_of(failure),
    }
}
