//! The whole state, and how it changes.

mod account;
mod credentials;
mod set;
mod settle;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod trust;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tidings_core::names::AccountId;
use tidings_seal::Sealer;
use tidings_sigv4::SecretKey;

use crate::entry::{self, EntryKey, SavedAccessKey, SavedRoot};
use crate::fault::{Code, Damage, IdentityFault};
use crate::limits;
use crate::principal::Principal;
use crate::random::Random;
use crate::session::OpenedSessions;

pub(crate) use account::{Account, Entities, Group, Named, Policy, Role, User};
pub(crate) use credentials::HeldKey;
pub(crate) use settle::managed;

/// Entries to be written to the register, all or none; `None` takes one away. There is at least one.
pub type Writes = Vec<(String, Option<Vec<u8>>)>;

/// Accounts, with everyone and everything in them. See the crate's page for how to drive it.
pub struct Directory {
    pub(crate) accounts: BTreeMap<AccountId, Account>,
    pub(crate) access_keys: HashMap<Box<str>, HeldKey>,
    pub(crate) seals: Seals,
    pub(crate) sessions: OpenedSessions,
    /// Grows with every change, so that what was built from an earlier state is known.
    pub(crate) generation: u64,
}

/// What secrets are sealed with.
pub struct Seals {
    pub(crate) access_keys: Sealer,
    pub(crate) sessions: Sealer,
}

impl Seals {
    /// Of whoever has a sealer for each purpose.
    pub fn new(sealer_for: impl Fn(&str) -> Sealer) -> Self {
        Self { access_keys: sealer_for("access keys"), sessions: sealer_for("sessions") }
    }
}

/// What a request's access key id stands for.
#[derive(Clone, Debug)]
pub struct Credentials {
    /// What the request must have been signed with.
    pub secret: SecretKey,
    /// Who signed it, if it was.
    pub principal: Arc<Principal>,
}

/// An access key that was just made. This is the only time that its secret is shown.
#[derive(Debug)]
pub struct NewAccessKey {
    /// The user's name; `None` for the root user.
    pub user_name: Option<String>,
    /// The access key id.
    pub id: String,
    /// The secret access key.
    pub secret: NewSecret,
    /// When it was made, in milliseconds since 1970.
    pub created_at_ms: u64,
}

/// The text of a secret that its holder is to be told. It does not print, and it is wiped when
/// dropped.
pub struct NewSecret(pub(crate) zeroize::Zeroizing<String>);

impl NewSecret {
    /// The secret itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for NewSecret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("NewSecret(..)")
    }
}

impl std::fmt::Debug for Directory {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (accounts, access_keys) = (self.accounts.len(), self.access_keys.len());
        write!(f, "Directory({accounts} accounts, {access_keys} access keys)")
    }
}

impl Directory {
    /// Builds the directory from all entries of the register whose keys begin with
    /// [`PREFIX`](crate::PREFIX), in any order.
    ///
    /// # Errors
    /// The entry that cannot be used. Nobody must be served without it: it may be the one that
    /// denies.
    pub fn load<K: AsRef<str>, V: AsRef<[u8]>>(
        entries: impl IntoIterator<Item = (K, V)>,
        seals: Seals,
    ) -> Result<Self, Damage> {
        let mut directory = Self {
            accounts: BTreeMap::new(),
            access_keys: HashMap::new(),
            seals,
            sessions: OpenedSessions::default(),
            generation: 0,
        };
        for (key, value) in entries {
            directory.set(key.as_ref(), Some(value.as_ref()))?;
        }
        let accounts: Vec<AccountId> = directory.accounts.keys().copied().collect();
        for account in accounts {
            directory.settle_all(account)?;
        }
        Ok(directory)
    }

    /// Applies writes that have become durable.
    ///
    /// # Errors
    /// An entry that cannot be used, which is none that this directory decided. It is of no use
    /// any more then, and the register has to be read again.
    pub fn apply(&mut self, writes: &[(String, Option<Vec<u8>>)]) -> Result<(), Damage> {
        let mut touched = Vec::with_capacity(writes.len());
        for (key, value) in writes {
            touched.push(self.set(key, value.as_deref())?);
        }
        for key in touched {
            self.settle(&key)?;
        }
        self.generation += 1;
        Ok(())
    }

    /// Whether there is nobody yet: a first start.
    pub fn is_empty(&self) -> bool {
        self.accounts.is_empty()
    }

    /// Every account that has somebody in it, in order.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> {
        self.accounts.keys().copied()
    }

    /// Whether an account has somebody in it.
    pub fn has_account(&self, account: AccountId) -> bool {
        self.accounts.contains_key(&account)
    }

    /// Makes an access key for an account's root user, and the account with it if there is none.
    ///
    /// # Errors
    /// LimitExceeded if it has two already.
    pub fn create_root_key(
        &self,
        account: AccountId,
        now_ms: u64,
        random: &Random,
    ) -> Result<(Writes, NewAccessKey), IdentityFault> {
        let root = self.accounts.get(&account).and_then(|account| account.root.as_ref());
        let mut saved = root.map_or_else(SavedRoot::default, |root| root.saved.clone());
        let new = self.new_access_key(account, None, &mut saved.access_keys, now_ms, random)?;
        let key = EntryKey::Root(account).to_string();
        Ok((vec![(key, Some(entry::write(&saved)))], new))
    }

    /// The same, and removes those that the root user has: they are lost, or in wrong hands. Returns
    /// the ids of those, too.
    ///
    /// # Errors
    /// ConcurrentModification if the new key's id is taken, once in many billions.
    pub fn replace_root_keys(
        &self,
        account: AccountId,
        now_ms: u64,
        random: &Random,
    ) -> Result<(Writes, NewAccessKey, Vec<String>), IdentityFault> {
        let root = self.accounts.get(&account).and_then(|account| account.root.as_ref());
        let removed = root.map(|root| &root.saved.access_keys[..]).unwrap_or_default();
        let removed = removed.iter().map(|key| key.id.clone()).collect();
        let mut saved = SavedRoot::default();
        let new = self.new_access_key(account, None, &mut saved.access_keys, now_ms, random)?;
        let key = EntryKey::Root(account).to_string();
        Ok((vec![(key, Some(entry::write(&saved)))], new, removed))
    }

    /// Adds an access key to those of a user, or of the root user.
    pub(crate) fn new_access_key(
        &self,
        account: AccountId,
        user_name: Option<String>,
        keys: &mut Vec<SavedAccessKey>,
        now_ms: u64,
        random: &Random,
    ) -> Result<NewAccessKey, IdentityFault> {
        if keys.len() >= limits::ACCESS_KEYS_MAX {
            return Err(IdentityFault::quota("AccessKeysPerUser", limits::ACCESS_KEYS_MAX));
        }
        let id = random.access_key_id("AKIA", account);
        if self.access_keys.contains_key(&*id) {
            // Once in many billions.
            let text = "The access key id is taken. Try again.";
            return Err(IdentityFault::new(Code::ConcurrentModification, text));
        }
        let secret = random.secret();
        let sealed = self.seals.access_keys.seal(id.as_bytes(), secret.as_bytes(), random.nonce());
        keys.push(SavedAccessKey {
            id: id.clone(),
            sealed_secret: STANDARD.encode(sealed),
            is_active: true,
            created_at_ms: now_ms,
        });
        Ok(NewAccessKey { user_name, id, secret: NewSecret(secret), created_at_ms: now_ms })
    }
}
