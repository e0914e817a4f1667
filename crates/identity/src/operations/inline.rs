//! Inline policies of users, groups and roles.

use serde::Serialize;

use super::documents::{check_identity, counted_chars};
use super::{Checks, Decided, Decider, Holder, HolderKind, Output, PageRequest, seen};
use crate::directory::Writes;
use crate::entry::{EntityKind, SavedPolicies};
use crate::fault::IdentityFault;
use crate::limits;

/// Something that has policies, and how it is written back.
pub(super) struct Held<'a> {
    pub(super) id: &'a str,
    /// The holder's name, as it was given when it was made.
    pub(super) name: &'a str,
    pub(super) policies: SavedPolicies,
}

impl Decider<'_> {
    pub(super) fn held(&self, holder: &Holder) -> Result<Held<'_>, IdentityFault> {
        Ok(match holder.kind {
            HolderKind::User => {
                let (id, user) = self.user(&holder.name)?;
                Held { id, name: &user.saved.name, policies: user.saved.policies.clone() }
            }
            HolderKind::Group => {
                let (id, group) = self.group(&holder.name)?;
                Held { id, name: &group.saved.name, policies: group.saved.policies.clone() }
            }
            HolderKind::Role => {
                let (id, role) = self.role(&holder.name)?;
                Held { id, name: &role.saved.name, policies: role.saved.policies.clone() }
            }
        })
    }

    /// Writes a holder back with other policies.
    pub(super) fn put_held(
        &self,
        kind: HolderKind,
        held: Held<'_>,
    ) -> Result<Writes, IdentityFault> {
        let Held { id, policies, .. } = held;
        match kind {
            HolderKind::User => self.put_with(kind, id, self.account.users.get(id), |user| {
                crate::entry::SavedUser { policies, ..user.saved.clone() }
            }),
            HolderKind::Group => self.put_with(kind, id, self.account.groups.get(id), |group| {
                crate::entry::SavedGroup { policies, ..group.saved.clone() }
            }),
            HolderKind::Role => self.put_with(kind, id, self.account.roles.get(id), |role| {
                crate::entry::SavedRole { policies, ..role.saved.clone() }
            }),
        }
    }

    fn put_with<T, S: Serialize>(
        &self,
        kind: HolderKind,
        id: &str,
        entity: Option<&T>,
        change: impl FnOnce(&T) -> S,
    ) -> Result<Writes, IdentityFault> {
        match entity {
            Some(entity) => self.put(kind.entity(), id, &change(entity)),
            None => Ok(Writes::new()),
        }
    }

    pub(super) fn put_inline_policy(&self, holder: &Holder, name: &str, document: &str) -> Decided {
        let mut checks = Checks::default();
        checks.name(holder.kind.parameter(), &holder.name);
        checks.new_name(EntityKind::Policy, "policyName", name);
        checks.document("policyDocument", document);
        checks.finish()?;
        let mut held = self.held(holder)?;
        check_identity(document)?;
        held.policies.inline.insert(name.to_owned(), document.to_owned());
        let max = match holder.kind {
            HolderKind::User => limits::USER_INLINE_CHARS_MAX,
            HolderKind::Group => limits::GROUP_INLINE_CHARS_MAX,
            HolderKind::Role => limits::ROLE_INLINE_CHARS_MAX,
        };
        let total: usize = held.policies.inline.values().map(|text| counted_chars(text)).sum();
        if total > max {
            let kind = holder.kind.entity().name();
            return Err(IdentityFault::limit(format!(
                "Maximum policy size of {max} bytes exceeded for {kind} {}",
                held.name
            )));
        }
        Ok((self.put_held(holder.kind, held)?, Output::Done))
    }

    pub(super) fn get_inline_policy(&self, holder: &Holder, name: &str) -> Decided {
        let held = self.held(holder)?;
        let document = held.policies.inline.get(name).ok_or_else(|| no_policy(holder, name))?;
        seen(Output::Inline {
            kind: holder.kind,
            holder: held.name.to_owned(),
            name: name.to_owned(),
            document: document.clone(),
        })
    }

    pub(super) fn list_inline_policies(&self, holder: &Holder, page: &PageRequest) -> Decided {
        let held = self.held(holder)?;
        let names = held.policies.inline.into_keys().map(|name| (name.clone(), name));
        seen(Output::PolicyNames(page.cut(names)?))
    }

    pub(super) fn delete_inline_policy(&self, holder: &Holder, name: &str) -> Decided {
        let mut held = self.held(holder)?;
        held.policies.inline.remove(name).ok_or_else(|| no_policy(holder, name))?;
        Ok((self.put_held(holder.kind, held)?, Output::Done))
    }
}

fn no_policy(holder: &Holder, name: &str) -> IdentityFault {
    let kind = holder.kind.entity().name();
    IdentityFault::no_such(format!("The {kind} policy with name {name} cannot be found."))
}

impl HolderKind {
    /// What requests call the holder's name.
    pub(super) fn parameter(self) -> &'static str {
        match self {
            Self::User => "userName",
            Self::Group => "groupName",
            Self::Role => "roleName",
        }
    }
}
