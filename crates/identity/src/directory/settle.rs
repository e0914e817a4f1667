//! What entities come to together: a user's rights are its own policies, those of its groups, and
//! the default versions of the managed ones that are attached to any of them.

use std::collections::BTreeMap;
use std::sync::Arc;

use tidings_access::{Kind, PolicyDocument};
use tidings_core::names::AccountId;

use super::account::{Account, Role, User};
use super::{Directory, HeldKey, trust};
use crate::builtin;
use crate::entry::{EntityKind, EntryKey, SavedPolicies, Tags};
use crate::fault::Damage;
use crate::names::parse_arn;
use crate::principal::{Principal, Rights, Who};

/// Compiled documents, shared.
pub(crate) type Documents = Box<[Arc<PolicyDocument>]>;

impl Directory {
    /// Settles everyone whom a changed entry concerns.
    pub(super) fn settle(&mut self, key: &EntryKey) -> Result<(), Damage> {
        match key {
            EntryKey::Root(_) => Ok(()),
            EntryKey::Entity(account, EntityKind::User, id) => {
                self.settle_user(*account, id)?;
                self.settle_trust_in(id)
            }
            EntryKey::Entity(account, EntityKind::Role, id) => {
                self.settle_role(*account, id)?;
                self.settle_trust_in(id)
            }
            EntryKey::Entity(account, EntityKind::Group | EntityKind::Policy, _) => {
                self.settle_all(*account)
            }
        }
    }

    /// Settles everyone in an account.
    pub(super) fn settle_all(&mut self, account: AccountId) -> Result<(), Damage> {
        let Some(it) = self.accounts.get(&account) else { return Ok(()) };
        let (users, roles) = (it.users.ids(), it.roles.ids());
        users.iter().try_for_each(|id| self.settle_user(account, id))?;
        roles.iter().try_for_each(|id| self.settle_role(account, id))
    }

    fn settle_user(&mut self, account: AccountId, id: &str) -> Result<(), Damage> {
        let Some(it) = self.accounts.get_mut(&account) else { return Ok(()) };
        let Some(user) = it.users.get(id) else { return Ok(()) };
        let rights = rights_of_user(it, user).ok_or_else(|| {
            let key = EntryKey::Entity(account, EntityKind::User, id.to_owned());
            Damage::new(&key.to_string(), MISSING)
        })?;
        let Some(user) = it.users.get_mut(id) else { return Ok(()) };
        let who = Who::User { arn: user.arn.clone(), id: id.to_owned() };
        user.rights = Arc::new(rights);
        user.principal = Arc::new(Principal::new(account, who, user.rights.clone()));
        give_to_keys(&mut self.access_keys, user);
        Ok(())
    }

    fn settle_role(&mut self, account: AccountId, id: &str) -> Result<(), Damage> {
        let Some(it) = self.accounts.get_mut(&account) else { return Ok(()) };
        let Some(role) = it.roles.get(id) else { return Ok(()) };
        let tags = &role.saved.tags;
        let rights = rights(it, [(&role.saved.policies, &role.inline)], tags).ok_or_else(|| {
            let key = EntryKey::Entity(account, EntityKind::Role, id.to_owned());
            Damage::new(&key.to_string(), MISSING)
        })?;
        if let Some(role) = it.roles.get_mut(id) {
            role.rights = Arc::new(rights);
        }
        self.settle_trust(account, id)
    }

    /// Settles the roles, of any account, that trust a user or role: it may have another name now,
    /// or be gone.
    fn settle_trust_in(&mut self, trusted_id: &str) -> Result<(), Damage> {
        let trusts = |role: &Role| role.saved.trusted.values().any(|id| id == trusted_id);
        let accounts = self.accounts.iter();
        let roles = accounts.flat_map(|(account, it)| {
            it.roles.iter().map(|(id, role)| (*account, id.to_owned(), role))
        });
        let concerned: Vec<(AccountId, String)> =
            roles.filter(|(.., role)| trusts(role)).map(|(account, id, _)| (account, id)).collect();
        concerned.iter().try_for_each(|(account, id)| self.settle_trust(*account, id))
    }

    fn settle_trust(&mut self, account: AccountId, id: &str) -> Result<(), Damage> {
        let role = self.accounts.get(&account).and_then(|it| it.roles.get(id));
        let Some(role) = role.filter(|role| !role.saved.trusted.is_empty()) else { return Ok(()) };
        let now = |arn, id| self.arn_of(arn, id).unwrap_or(id);
        let changed = role.saved.trusted.iter().filter(|(arn, id)| now(arn, id) != arn.as_str());
        let by_arn = changed.clone().map(|(arn, id)| (arn.as_str(), now(arn, id))).collect();
        // ARNs can become too long for a trust policy, unique ids are shorter than any.
        let by_id = changed.map(|(arn, id)| (arn.as_str(), id.as_str())).collect();
        let read = |names| {
            let trust_policy = trust::renamed(&role.saved.trust_policy, names);
            let trust = PolicyDocument::parse(&trust_policy, Kind::Trust)?;
            Ok::<_, tidings_access::Fault>((trust_policy, trust))
        };
        let (trust_policy, trust) = read(&by_arn).or_else(|_| read(&by_id)).map_err(|fault| {
            let key = EntryKey::Entity(account, EntityKind::Role, id.to_owned());
            Damage::new(&key.to_string(), fault.to_string())
        })?;
        if let Some(role) = self.accounts.get_mut(&account).and_then(|it| it.roles.get_mut(id)) {
            (role.trust_policy, role.trust) = (trust_policy, Arc::new(trust));
        }
        Ok(())
    }

    /// The ARN by now of the user or role that had an ARN and a unique id; `None` if it is gone.
    fn arn_of(&self, arn: &str, id: &str) -> Option<&str> {
        if let Some((account, _)) = parse_arn(EntityKind::User, arn) {
            return self.accounts.get(&account)?.users.get(id).map(|user| &*user.arn);
        }
        let (account, _) = parse_arn(EntityKind::Role, arn)?;
        self.accounts.get(&account)?.roles.get(id).map(|role| &*role.arn)
    }

    /// The unique ids of the users and roles that a trust policy names. `Err` is one that there is
    /// not.
    pub(crate) fn trusted(&self, trust_policy: &str) -> Result<BTreeMap<String, String>, String> {
        let mut trusted = BTreeMap::new();
        for arn in trust::named(trust_policy) {
            let id = if let Some((account, name)) = parse_arn(EntityKind::User, &arn) {
                let user = self.accounts.get(&account).and_then(|it| it.users.find(name));
                user.filter(|(_, user)| user.arn == arn).map(|(id, _)| id)
            } else if let Some((account, name)) = parse_arn(EntityKind::Role, &arn) {
                let role = self.accounts.get(&account).and_then(|it| it.roles.find(name));
                role.filter(|(_, role)| role.arn == arn).map(|(id, _)| id)
            } else {
                continue;
            };
            let id = id.ok_or_else(|| arn.clone())?.to_owned();
            trusted.insert(arn, id);
        }
        Ok(trusted)
    }
}

const MISSING: &str = "it names a group or a managed policy that is not there";

fn give_to_keys(held: &mut std::collections::HashMap<Box<str>, HeldKey>, user: &User) {
    for access_key in &user.saved.access_keys {
        if let Some(held) = held.get_mut(&*access_key.id) {
            held.principal = user.principal.clone();
        }
    }
}

fn rights_of_user(account: &Account, user: &User) -> Option<Rights> {
    let mut sources = vec![(&user.saved.policies, &user.inline)];
    for group in &user.saved.groups {
        let group = account.groups.get(group)?;
        sources.push((&group.saved.policies, &group.inline));
    }
    rights(account, sources, &user.saved.tags)
}

/// All documents of some policies, each managed one once; the boundary is that of the first.
fn rights<'a>(
    account: &Account,
    sources: impl IntoIterator<Item = (&'a SavedPolicies, &'a Documents)>,
    tags: &Tags,
) -> Option<Rights> {
    let (mut policies, mut attached) = (Vec::new(), BTreeMap::new());
    let mut boundary = None;
    for (at, (saved, inline)) in sources.into_iter().enumerate() {
        policies.extend(inline.iter().cloned());
        for arn in &saved.attached {
            attached.insert(arn.as_str(), managed(account, arn)?);
        }
        if let Some(arn) = saved.boundary.as_deref().filter(|_| at == 0) {
            boundary = Some(managed(account, arn)?);
        }
    }
    policies.extend(attached.into_values());
    Some(Rights { policies: policies.into(), boundary, tags: tags.as_slice().into() })
}

/// The default version of a managed policy, of the account or built in.
pub(crate) fn managed(account: &Account, arn: &str) -> Option<Arc<PolicyDocument>> {
    if let Some(builtin) = builtin::find(arn) {
        return Some(builtin.document.clone());
    }
    let (_, name) = parse_arn(EntityKind::Policy, arn)?;
    let (_, policy) = account.policies.find(name).filter(|(_, policy)| policy.arn == arn)?;
    Some(policy.document.clone())
}
