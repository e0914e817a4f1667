//! All keys, aliases and grants, in memory.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use tidings_seal::Sealer;

use crate::blob::Blob;
use crate::fault::{KeyCode, KeyFault};
use crate::grant::{Grant, GrantId, Grants};
use crate::key::Key;
use crate::manager::ManagedBy;
use crate::saved::{Alias, EntryKey, SavedAlias, SavedKey, Write};
use crate::scope::{KeyId, KeyName, Scope};

/// Keys, aliases and grants of every account and region.
///
/// What is kept are the entries of a register. [`KeyStore::load`] makes the state from them. A
/// change goes through [`KeyStore::decide`], which says what to write and changes nothing, and, once
/// that is durable, [`KeyStore::apply`]. What is due by itself goes the same way, beginning with
/// [`KeyStore::advance`]. Everything else looks.
#[derive(Debug)]
pub struct KeyStore {
    pub(crate) sealer: Sealer,
    pub(crate) keys: BTreeMap<KeyId, Arc<Key>>,
    pub(crate) scopes: BTreeMap<Scope, Holdings>,
    pub(crate) grants: Grants,
    /// When something is to be done by itself, and to which key.
    pub(crate) due: BTreeSet<(u64, KeyId)>,
}

/// What an account has in a region.
#[derive(Default, Debug)]
pub(crate) struct Holdings {
    pub(crate) keys: BTreeSet<KeyId>,
    pub(crate) aliases: BTreeMap<String, Alias>,
    pub(crate) aliases_of: BTreeMap<KeyId, BTreeSet<String>>,
}

/// An entry of the register that cannot be used. The entries after it have not been looked at.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("the entry {entry} of the register {problem}")]
pub struct LoadFault {
    /// Its key.
    pub entry: String,
    /// What is wrong with it, in English.
    pub problem: &'static str,
}

const NOT_AN_ENTRY: &str = "is not one of a key, an alias or a grant";
const DAMAGED: &str = "is damaged";
const NOT_OPENED: &str = "does not open: it is damaged, or sealed under another master key";

impl KeyStore {
    /// The state that entries make. `sealer` must be the one that sealed them, and for no other
    /// purpose.
    ///
    /// # Errors
    /// An entry that cannot be used. Nothing else is a reason to leave out a key.
    pub fn load<'e>(
        entries: impl IntoIterator<Item = (&'e str, &'e [u8])>,
        sealer: Sealer,
    ) -> Result<Self, LoadFault> {
        let (keys, scopes) = (BTreeMap::new(), BTreeMap::new());
        let (grants, due) = (Grants::default(), BTreeSet::new());
        let mut store = Self { sealer, keys, scopes, grants, due };
        for (entry, value) in entries {
            store.put(entry, Some(value))?;
        }
        Ok(store)
    }

    /// Makes the state follow writes that are durable.
    ///
    /// # Errors
    /// Not for writes of [`KeyStore::decide`] or [`KeyStore::advance`].
    pub fn apply(&mut self, writes: &[Write]) -> Result<(), LoadFault> {
        writes.iter().try_for_each(|(entry, value)| self.put(entry, value.as_deref()))
    }

    fn put(&mut self, entry: &str, value: Option<&[u8]>) -> Result<(), LoadFault> {
        let fault = |problem| LoadFault { entry: entry.to_owned(), problem };
        match EntryKey::parse(entry).ok_or_else(|| fault(NOT_AN_ENTRY))? {
            EntryKey::Alias(scope, name) => {
                let saved: Option<SavedAlias> = read(value).map_err(fault)?;
                let alias = match saved {
                    Some(saved) => Some(saved.open().ok_or_else(|| fault(DAMAGED))?),
                    None => None,
                };
                self.put_alias(scope, name, alias);
            }
            EntryKey::Grant(_, key, id) => match read::<Grant>(value).map_err(fault)? {
                Some(grant) => self.grants.put(key, id, grant),
                None => self.grants.remove(key, id),
            },
            EntryKey::Key(scope, id) => {
                let saved: Option<SavedKey> = read(value).map_err(fault)?;
                let key = match saved {
                    Some(saved) => Some(
                        Key::open(scope.clone(), id, saved, &self.sealer)
                            .ok_or_else(|| fault(NOT_OPENED))?,
                    ),
                    None => None,
                };
                self.put_key(scope, id, key);
            }
        }
        Ok(())
    }

    fn put_alias(&mut self, scope: Scope, name: String, alias: Option<Alias>) {
        let Holdings { aliases, aliases_of, .. } = self.scopes.entry(scope).or_default();
        let earlier = match alias {
            Some(alias) => aliases.insert(name.clone(), alias),
            None => aliases.remove(&name),
        };
        if let Some(earlier) = earlier
            && let Some(names) = aliases_of.get_mut(&earlier.target)
        {
            names.remove(&name);
            if names.is_empty() {
                aliases_of.remove(&earlier.target);
            }
        }
        if let Some(alias) = alias {
            aliases_of.entry(alias.target).or_default().insert(name);
        }
    }

    fn put_key(&mut self, scope: Scope, id: KeyId, key: Option<Key>) {
        let holdings = self.scopes.entry(scope).or_default();
        if let Some(due_at_ms) = self.keys.get(&id).and_then(|key| key.due_at_ms()) {
            self.due.remove(&(due_at_ms, id));
        }
        match key {
            Some(key) => {
                self.due.extend(key.due_at_ms().map(|due_at_ms| (due_at_ms, id)));
                holdings.keys.insert(id);
                self.keys.insert(id, Arc::new(key));
            }
            None => {
                holdings.keys.remove(&id);
                self.keys.remove(&id);
            }
        }
    }

    /// The key that a name of any kind leads to. What is not an ARN is of the caller's own account.
    ///
    /// # Errors
    /// Those of [`KeyName::parse`]; NotFoundException if there is no such key or alias.
    pub fn find(&self, name: &str, caller: &Scope) -> Result<&Arc<Key>, KeyFault> {
        match KeyName::parse(name, caller)? {
            KeyName::Id(scope, id) => self.key_of(&scope, id),
            KeyName::Alias(scope, name) => {
                let alias = self.alias(&scope, &name).ok_or_else(|| no_alias(&scope, &name))?;
                self.key_of(&scope, alias.target)
            }
        }
    }

    /// The key that an id or a key's ARN leads to: what operations take that change a key.
    ///
    /// # Errors
    /// As [`KeyStore::find`]; an alias is an invalid id.
    pub fn find_by_id(&self, name: &str, caller: &Scope) -> Result<&Arc<Key>, KeyFault> {
        match KeyName::parse(name, caller)? {
            KeyName::Id(scope, id) => self.key_of(&scope, id),
            KeyName::Alias(..) => Err(KeyFault::invalid_key_id(name)),
        }
    }

    /// The key that a ciphertext is under, which must be of the caller's region and, if the request
    /// names a key, be that one.
    ///
    /// # Errors
    /// AccessDeniedException if there is no such key, as recorded of AWS; IncorrectKeyException;
    /// for the name, as [`KeyStore::find`].
    pub fn find_by_blob(
        &self,
        blob: &Blob<'_>,
        name: Option<&str>,
        caller: &Scope,
    ) -> Result<&Arc<Key>, KeyFault> {
        let named = name.map(|name| self.find(name, caller)).transpose()?;
        if named.is_some_and(|named| named.id() != blob.key) {
            return Err(KeyFault::new(
                KeyCode::IncorrectKey,
                "The key ID in the request does not identify a CMK that can perform this operation.",
            ));
        }
        let key = self.keys.get(&blob.key);
        key.filter(|key| key.scope().region == caller.region)
            .ok_or_else(KeyFault::foreign_ciphertext)
    }

    /// A key by its id alone, whosever it is.
    pub fn key(&self, id: KeyId) -> Option<&Arc<Key>> {
        self.keys.get(&id)
    }

    /// The managed key that a name means, if it has not been made yet: it is to be made then, by
    /// [`Change::CreateManagedKey`](crate::Change::CreateManagedKey), and be found afterwards.
    pub fn unmade_managed_key(&self, name: &str, caller: &Scope) -> Option<ManagedBy> {
        let KeyName::Alias(scope, alias) = KeyName::parse(name, caller).ok()? else { return None };
        let managed = ManagedBy::of_alias(&alias)?;
        // That of another account is its own business.
        (scope == *caller && self.alias(&scope, &alias).is_none()).then_some(managed)
    }

    /// The names of the aliases that lead to a key.
    pub fn aliases_of(&self, key: &Key) -> impl Iterator<Item = &str> {
        let holdings = self.scopes.get(key.scope());
        let names = holdings.and_then(|holdings| holdings.aliases_of.get(&key.id()));
        names.into_iter().flatten().map(String::as_str)
    }

    /// The key that an alias of the caller's own leads to, if there is such an alias: what changes
    /// of aliases are authorised on.
    pub fn target_of_alias(&self, name: &str, caller: &Scope) -> Option<&Arc<Key>> {
        self.keys.get(&self.alias(caller, name)?.target)
    }

    pub(crate) fn alias(&self, scope: &Scope, name: &str) -> Option<&Alias> {
        self.scopes.get(scope)?.aliases.get(name)
    }

    pub(crate) fn grant(&self, key: &Key, id: GrantId) -> Option<&Grant> {
        self.grants.get(key.id(), id)
    }

    fn key_of(&self, scope: &Scope, id: KeyId) -> Result<&Arc<Key>, KeyFault> {
        let key = self.keys.get(&id).filter(|key| key.scope() == scope);
        key.ok_or_else(|| KeyFault::not_found(&scope.key_arn(id)))
    }
}

pub(crate) fn no_alias(scope: &Scope, name: &str) -> KeyFault {
    KeyFault::new(KeyCode::NotFound, format!("Alias {} is not found.", scope.alias_arn(name)))
}

fn read<T: serde::de::DeserializeOwned>(value: Option<&[u8]>) -> Result<Option<T>, &'static str> {
    value.map(serde_json::from_slice).transpose().map_err(|_| DAMAGED)
}
