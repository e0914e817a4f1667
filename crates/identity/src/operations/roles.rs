//! Roles.

use std::collections::BTreeMap;

use super::documents::check_trust;
use super::operation::CreateRole;
use super::tags::check_unlike;
use super::{
    Checks, Decided, Decider, Output, PageRequest, RoleView, check_free, check_quota, seen, under,
};
use crate::directory::Role;
use crate::entry::{EntityKind, SavedPolicies, SavedRole};
use crate::fault::{Code, IdentityFault};
use crate::limits;
use crate::names::arn;

impl Decider<'_> {
    pub(super) fn create_role(&self, create: &CreateRole) -> Decided {
        let mut checks = Checks::default();
        checks.new_name(EntityKind::Role, "roleName", &create.name);
        checks.path("path", create.path.as_deref());
        checks.document("assumeRolePolicyDocument", &create.trust_policy);
        checks.description(create.description.as_deref());
        checks.session_seconds_max(create.session_seconds_max);
        checks.tags(&create.tags);
        checks.finish()?;
        check_unlike(&create.tags)?;
        check_trust(&create.trust_policy)?;
        self.check_boundary(create.boundary.as_deref())?;
        check_free(&self.account.roles, EntityKind::Role, &create.name, None)?;
        check_quota(self.account.roles.len(), "RolesPerAccount", limits::ROLES_MAX)?;
        let (least, _) = limits::ROLE_SESSION_SECONDS;
        let seconds = create.session_seconds_max.and_then(|seconds| u32::try_from(seconds).ok());
        let saved = SavedRole {
            name: create.name.clone(),
            path: create.path.clone().unwrap_or_else(|| "/".to_owned()),
            created_at_ms: self.now_ms,
            trust_policy: create.trust_policy.clone(),
            trusted: self.trusted(&create.trust_policy)?,
            session_seconds_max: seconds.unwrap_or(least),
            description: create.description.clone().filter(|text| !text.is_empty()),
            tags: create.tags.clone(),
            policies: SavedPolicies { boundary: create.boundary.clone(), ..Default::default() },
        };
        let id = self.random.unique_id(EntityKind::Role.id_prefix());
        let arn = arn(self.account_id, EntityKind::Role, &saved.path, &saved.name);
        let view = changed(view(&id, &saved, arn));
        Ok((self.put(EntityKind::Role, &id, &saved)?, Output::Role(view)))
    }

    pub(super) fn get_role(&self, name: &str) -> Decided {
        let (id, role) = self.role(name)?;
        let view = shown(id, role);
        seen(Output::Role(RoleView { shows_last_use: true, ..view }))
    }

    pub(super) fn list_roles(&self, path_prefix: Option<&str>, page: &PageRequest) -> Decided {
        let list = under(&self.account.roles, |role| &role.saved.path, path_prefix)?;
        seen(Output::Roles(page.cut(list)?.map(|(id, role)| listed(id, role))))
    }

    /// What the request does not say stays as it is.
    pub(super) fn update_role(
        &self,
        name: &str,
        description: Option<&str>,
        session_seconds_max: Option<i64>,
    ) -> Decided {
        let mut checks = Checks::default();
        checks.name("roleName", name);
        checks.description(description);
        checks.session_seconds_max(session_seconds_max);
        checks.finish()?;
        let (id, role) = self.role(name)?;
        let mut saved = role.saved.clone();
        if let Some(description) = description {
            saved.description = Some(description.to_owned()).filter(|text| !text.is_empty());
        }
        if let Some(seconds) = session_seconds_max.and_then(|seconds| u32::try_from(seconds).ok()) {
            saved.session_seconds_max = seconds;
        }
        Ok((self.put(EntityKind::Role, id, &saved)?, Output::Done))
    }

    pub(super) fn update_role_description(&self, name: &str, description: &str) -> Decided {
        let mut checks = Checks::default();
        checks.name("roleName", name);
        checks.description(Some(description));
        checks.finish()?;
        let (id, role) = self.role(name)?;
        let mut saved = role.saved.clone();
        saved.description = Some(description.to_owned()).filter(|text| !text.is_empty());
        let description = saved.description.clone();
        let view = RoleView { description, session_seconds_max: None, ..shown(id, role) };
        Ok((self.put(EntityKind::Role, id, &saved)?, Output::Role(view)))
    }

    pub(super) fn update_assume_role_policy(&self, name: &str, document: &str) -> Decided {
        let mut checks = Checks::default();
        checks.name("roleName", name);
        checks.document("policyDocument", document);
        checks.finish()?;
        let (id, role) = self.role(name)?;
        check_trust(document)?;
        let trusted = self.trusted(document)?;
        let trust_policy = document.to_owned();
        let saved = SavedRole { trust_policy, trusted, ..role.saved.clone() };
        Ok((self.put(EntityKind::Role, id, &saved)?, Output::Done))
    }

    fn trusted(&self, trust_policy: &str) -> Result<BTreeMap<String, String>, IdentityFault> {
        self.directory.trusted(trust_policy).map_err(|arn| {
            let text = format!("Invalid principal in policy: \"AWS\":\"{arn}\"");
            IdentityFault::new(Code::MalformedPolicyDocument, text)
        })
    }

    pub(super) fn delete_role(&self, name: &str) -> Decided {
        let (id, role) = self.role(name)?;
        let text = if !role.saved.policies.inline.is_empty() {
            "Cannot delete entity, must delete policies first."
        } else if !role.saved.policies.attached.is_empty() {
            "Cannot delete entity, must detach all policies first."
        } else {
            return Ok((self.take(EntityKind::Role, id), Output::Done));
        };
        Err(IdentityFault::conflict(text))
    }
}

/// A role in full. Those whom it trusts are shown by the names that they have now.
fn shown(id: &str, role: &Role) -> RoleView {
    let trust_policy = role.trust_policy.clone();
    RoleView { trust_policy, ..view(id, &role.saved, role.arn.clone()) }
}

fn view(id: &str, saved: &SavedRole, arn: String) -> RoleView {
    RoleView {
        path: saved.path.clone(),
        name: saved.name.clone(),
        id: id.to_owned(),
        arn,
        created_at_ms: saved.created_at_ms,
        trust_policy: saved.trust_policy.clone(),
        description: saved.description.clone(),
        session_seconds_max: Some(saved.session_seconds_max),
        boundary: saved.policies.boundary.clone(),
        tags: saved.tags.clone(),
        shows_last_use: false,
    }
}

/// A role as CreateRole shows it: the live service was seen to leave these out.
fn changed(view: RoleView) -> RoleView {
    RoleView { description: None, session_seconds_max: None, ..view }
}

/// A role as lists show it. API reference, ListRoles: without boundary, last use and tags.
fn listed(id: &str, role: &Role) -> RoleView {
    RoleView { boundary: None, tags: Vec::new(), ..shown(id, role) }
}
