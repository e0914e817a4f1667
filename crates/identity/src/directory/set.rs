//! One entry of the register, into memory. What it comes to with others is settled afterwards.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use tidings_access::{Kind, PolicyDocument};
use tidings_core::names::AccountId;
use tidings_sigv4::SecretKey;

use super::account::{Account, Entities, Group, Named, Policy, Role, Root, User};
use super::{Directory, HeldKey};
use crate::entry::{
    self, EntityKind, EntryKey, SavedAccessKey, SavedGroup, SavedPolicies, SavedPolicy, SavedRole,
    SavedUser,
};
use crate::fault::Damage;
use crate::names::arn;
use crate::principal::{Principal, Rights, Who};

impl Directory {
    /// Sets or takes away what an entry is about, and says what that is.
    pub(super) fn set(&mut self, key: &str, value: Option<&[u8]>) -> Result<EntryKey, Damage> {
        let parsed = EntryKey::parse(key).ok_or_else(|| Damage::new(key, "an unknown kind"))?;
        match value {
            Some(value) => self.put(&parsed, value)?,
            None => self.take(&parsed),
        }
        Ok(parsed)
    }

    fn put(&mut self, key: &EntryKey, value: &[u8]) -> Result<(), Damage> {
        let (account, kind, id) = match key {
            EntryKey::Root(account) => return self.put_root(*account, key, value),
            EntryKey::Entity(account, kind, id) => (*account, *kind, id.as_str()),
        };
        match kind {
            EntityKind::User => self.put_user(account, id, key, value),
            EntityKind::Group => {
                let saved: SavedGroup = entry::read(key, value)?;
                let inline = inline(key, &saved.policies)?;
                let arn = arn(account, kind, &saved.path, &saved.name);
                let group = Group { saved, arn, inline };
                insert(&mut self.account_mut(account).groups, id, group, key)
            }
            EntityKind::Role => {
                let role = role(account, key, entry::read(key, value)?)?;
                insert(&mut self.account_mut(account).roles, id, role, key)
            }
            EntityKind::Policy => {
                let policy = policy(account, key, entry::read(key, value)?)?;
                insert(&mut self.account_mut(account).policies, id, policy, key)
            }
        }
    }

    fn put_root(&mut self, account: AccountId, key: &EntryKey, value: &[u8]) -> Result<(), Damage> {
        let saved: entry::SavedRoot = entry::read(key, value)?;
        let principal = Arc::new(Principal::root(account));
        let old = self.accounts.get(&account).and_then(|account| account.root.as_ref());
        let old = old.map(|root| root.saved.access_keys.clone()).unwrap_or_default();
        self.hold_keys(key, None, &old, &saved.access_keys, &principal)?;
        self.account_mut(account).root = Some(Root { saved });
        Ok(())
    }

    fn put_user(
        &mut self,
        account: AccountId,
        id: &str,
        key: &EntryKey,
        value: &[u8],
    ) -> Result<(), Damage> {
        let saved: SavedUser = entry::read(key, value)?;
        let inline = inline(key, &saved.policies)?;
        let arn = arn(account, EntityKind::User, &saved.path, &saved.name);
        // Until it is settled, one that may do nothing.
        let who = Who::User { arn: arn.clone(), id: id.to_owned() };
        let rights = Arc::new(Rights::default());
        let principal = Arc::new(Principal::new(account, who, rights.clone()));
        let old = self.accounts.get(&account).and_then(|account| account.users.get(id));
        let old = old.map(|user| user.saved.access_keys.clone()).unwrap_or_default();
        self.hold_keys(key, Some(id), &old, &saved.access_keys, &principal)?;
        let user = User { saved, arn, inline, rights, principal };
        insert(&mut self.account_mut(account).users, id, user, key)
    }

    fn take(&mut self, key: &EntryKey) {
        let Some(account) = self.accounts.get_mut(&key.account()) else { return };
        let access_keys = match key {
            EntryKey::Root(_) => account.root.take().map(|root| root.saved.access_keys),
            EntryKey::Entity(_, EntityKind::User, id) => {
                account.users.remove(id).map(|user| user.saved.access_keys)
            }
            EntryKey::Entity(_, EntityKind::Group, id) => account.groups.remove(id).and(None),
            EntryKey::Entity(_, EntityKind::Role, id) => account.roles.remove(id).and(None),
            EntryKey::Entity(_, EntityKind::Policy, id) => account.policies.remove(id).and(None),
        };
        if account.is_empty() {
            self.accounts.remove(&key.account());
        }
        for access_key in access_keys.unwrap_or_default() {
            self.access_keys.remove(&*access_key.id);
        }
    }

    fn account_mut(&mut self, account: AccountId) -> &mut Account {
        self.accounts.entry(account).or_default()
    }

    /// Holds the new access keys of somebody in place of the old ones. A key that stays keeps its
    /// secret, which never changes, and what is known of its use.
    fn hold_keys(
        &mut self,
        key: &EntryKey,
        user_id: Option<&str>,
        old: &[SavedAccessKey],
        new: &[SavedAccessKey],
        principal: &Arc<Principal>,
    ) -> Result<(), Damage> {
        for saved in old.iter().filter(|old| new.iter().all(|new| new.id != old.id)) {
            self.access_keys.remove(&*saved.id);
        }
        for saved in new {
            let stays = old.iter().any(|old| old.id == saved.id);
            if let Some(held) = self.access_keys.get_mut(&*saved.id) {
                if !stays {
                    return Err(Damage::new(&key.to_string(), "another has its access key id"));
                }
                held.is_active = saved.is_active;
                held.principal = principal.clone();
                continue;
            }
            let secret = self.open_secret(saved).ok_or_else(|| {
                let problem = "a secret was not sealed under this master key, or is damaged";
                Damage::new(&key.to_string(), problem)
            })?;
            let holder = (key.account(), user_id.map(str::to_owned));
            let held = HeldKey::new(secret, saved.is_active, holder, principal.clone());
            self.access_keys.insert(saved.id.as_str().into(), held);
        }
        Ok(())
    }

    fn open_secret(&self, saved: &SavedAccessKey) -> Option<SecretKey> {
        let sealed = STANDARD.decode(&saved.sealed_secret).ok()?;
        let opened = self.seals.access_keys.open(saved.id.as_bytes(), &sealed)?;
        Some(SecretKey::new(std::str::from_utf8(&opened).ok()?.to_owned()))
    }
}

fn role(account: AccountId, key: &EntryKey, saved: SavedRole) -> Result<Role, Damage> {
    let trust = document(key, &saved.trust_policy, Kind::Trust)?;
    let inline = inline(key, &saved.policies)?;
    let arn = arn(account, EntityKind::Role, &saved.path, &saved.name);
    let trust_policy = saved.trust_policy.clone();
    Ok(Role { saved, arn, trust_policy, trust, inline, rights: Arc::default() })
}

fn policy(account: AccountId, key: &EntryKey, saved: SavedPolicy) -> Result<Policy, Damage> {
    let default = saved.versions.iter().find(|version| version.number == saved.default_version);
    let default = default.ok_or_else(|| Damage::new(&key.to_string(), "no default version"))?;
    let document = document(key, &default.document, Kind::Identity)?;
    let arn = arn(account, EntityKind::Policy, &saved.path, &saved.name);
    Ok(Policy { saved, arn, document })
}

fn inline(key: &EntryKey, policies: &SavedPolicies) -> Result<Box<[Arc<PolicyDocument>]>, Damage> {
    policies.inline.values().map(|text| document(key, text, Kind::Identity)).collect()
}

fn document(key: &EntryKey, text: &str, kind: Kind) -> Result<Arc<PolicyDocument>, Damage> {
    let document = PolicyDocument::parse(text, kind);
    document.map(Arc::new).map_err(|fault| Damage::new(&key.to_string(), fault.to_string()))
}

fn insert<T: Named>(
    entities: &mut Entities<T>,
    id: &str,
    entity: T,
    key: &EntryKey,
) -> Result<(), Damage> {
    let set = entities.set(id, entity);
    set.map_err(|_| Damage::new(&key.to_string(), "another of its kind has its name"))
}
