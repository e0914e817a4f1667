//! Who is who, for a server that authenticates.

use std::sync::Arc;

use tidings_broker::{Broker, Keys};
use tidings_core::names::AccountId;
use tidings_core::register::RegisterWrite;
use tidings_identity::{Code, Directory, IdentityFault, NewAccessKey, PREFIX, Random, Seals};
use tidings_sigv4::SigningKeys;

use crate::plane::{ChangeFault, LoadError, Plane, Registered};

/// Signing keys that are remembered. One for each access key, region and service that is in use
/// today; each takes some 300 bytes.
const SIGNING_KEYS_MAX: usize = 16_384;

/// Principals and their access keys. Cheap to clone; all clones are the same.
#[derive(Clone)]
pub struct Identities {
    pub(crate) plane: Arc<Plane<Directory>>,
    pub(crate) signing_keys: Arc<SigningKeys>,
}

impl Registered for Directory {
    const PREFIX: &'static str = PREFIX;

    fn load(entries: &[(String, Arc<[u8]>)], keys: &Keys) -> Result<Self, String> {
        let entries = entries.iter().map(|(name, value)| (name, value));
        Directory::load(entries, Seals::new(|purpose| keys.secrets(purpose)))
            .map_err(|damage| damage.to_string())
    }

    fn apply(&mut self, writes: &[RegisterWrite]) -> Result<(), String> {
        Directory::apply(self, writes).map_err(|damage| damage.to_string())
    }
}

impl Identities {
    /// Reads who is who from a broker's register.
    ///
    /// # Errors
    /// If the register cannot be read, or one of its entries cannot be used.
    pub async fn open(broker: Broker) -> Result<Self, LoadError> {
        let plane = Plane::open(broker).await?;
        Ok(Self { plane, signing_keys: Arc::new(SigningKeys::new(SIGNING_KEYS_MAX)) })
    }

    /// An access key of the account's root user, if there is nobody yet at all: a first start. Its
    /// secret is not shown again.
    ///
    /// # Errors
    /// If it cannot be made durable.
    pub async fn create_first_key(
        &self,
        broker: &Broker,
        account: AccountId,
    ) -> Result<Option<NewAccessKey>, LoadError> {
        let (now_ms, random) = (broker.now().as_ms(), Random::new(broker.random_bytes()));
        let created = self.plane.change(|directory| {
            if !directory.is_empty() {
                return Ok((Vec::new(), None));
            }
            let (writes, key) = directory.create_root_key(account, now_ms, &random)?;
            Ok((writes, Some(key)))
        });
        created.await.map_err(|fault| match fault {
            ChangeFault::Refused(fault) => {
                let fault: tidings_identity::IdentityFault = fault;
                LoadError::Damaged(fault.to_string())
            }
            ChangeFault::Failed(failure) => LoadError::Unreadable(failure),
        })
    }

    /// Another access key of the account's root user, for one that was lost. With `replace`, those
    /// that there are become useless; their ids are returned, too.
    ///
    /// # Errors
    /// If the root user has two, and they are not to be replaced; if the new one cannot be made
    /// durable.
    pub async fn create_root_key(
        &self,
        broker: &Broker,
        account: AccountId,
        replace: bool,
    ) -> Result<(NewAccessKey, Vec<String>), RootKeyError> {
        let (now_ms, random) = (broker.now().as_ms(), Random::new(broker.random_bytes()));
        let created = self.plane.change(|directory| {
            let (writes, key, removed) = if replace {
                directory.replace_root_keys(account, now_ms, &random)?
            } else {
                let (writes, key) = directory.create_root_key(account, now_ms, &random)?;
                (writes, key, Vec::new())
            };
            Ok((writes, (key, removed)))
        });
        created.await.map_err(|fault| match fault {
            ChangeFault::Refused(IdentityFault { code: Code::LimitExceeded, .. }) => {
                RootKeyError::TwoAlready(account)
            }
            ChangeFault::Refused(fault) => LoadError::Damaged(fault.to_string()).into(),
            ChangeFault::Failed(failure) => LoadError::Unreadable(failure).into(),
        })
    }
}

/// Why the root user has no other access key now.
#[derive(Debug, thiserror::Error)]
pub enum RootKeyError {
    /// More than two it cannot have.
    #[error("the root user of account {0} has two access keys already, and can have no more")]
    TwoAlready(AccountId),
    /// The state cannot be read or changed.
    #[error(transparent)]
    Load(#[from] LoadError),
}
