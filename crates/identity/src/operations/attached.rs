//! Managed policies that are attached to users, groups and roles.

use super::policies::{check_arn, not_found};
use super::{
    AttachedPolicy, Checks, Decided, Decider, EntityView, Holder, HolderKind, Output, PageRequest,
    check_quota, seen,
};
use crate::entry::SavedPolicies;
use crate::fault::IdentityFault;
use crate::limits;

impl Decider<'_> {
    /// Attaching twice changes nothing.
    pub(super) fn attach_policy(&self, holder: &Holder, arn: &str) -> Decided {
        check_arn(arn)?;
        let mut held = self.held(holder)?;
        self.check_attachable(arn)?;
        if !held.policies.attached.iter().any(|other| other == arn) {
            let quota = match holder.kind {
                HolderKind::User => "PoliciesPerUser",
                HolderKind::Group => "PoliciesPerGroup",
                HolderKind::Role => "PoliciesPerRole",
            };
            check_quota(held.policies.attached.len(), quota, limits::ATTACHED_MAX)?;
            held.policies.attached.push(arn.to_owned());
        }
        Ok((self.put_held(holder.kind, held)?, Output::Done))
    }

    pub(super) fn detach_policy(&self, holder: &Holder, arn: &str) -> Decided {
        check_arn(arn)?;
        let mut held = self.held(holder)?;
        let at = held.policies.attached.iter().position(|other| other == arn);
        held.policies.attached.remove(at.ok_or_else(|| not_found(arn))?);
        Ok((self.put_held(holder.kind, held)?, Output::Done))
    }

    pub(super) fn list_attached_policies(
        &self,
        holder: &Holder,
        path_prefix: Option<&str>,
        page: &PageRequest,
    ) -> Decided {
        let mut checks = Checks::default();
        checks.path_prefix(path_prefix);
        checks.finish()?;
        let held = self.held(holder)?;
        let prefix = path_prefix.unwrap_or("/");
        let mut list: Vec<(String, AttachedPolicy)> = Vec::new();
        for arn in held.policies.attached {
            // `policy/PATH/NAME`, from the slash on.
            let rest = arn.splitn(6, ':').nth(5).unwrap_or_default();
            let path_and_name = rest.strip_prefix("policy").unwrap_or_default();
            let name = path_and_name.rsplit('/').next().unwrap_or_default().to_owned();
            let path = &path_and_name[..path_and_name.len() - name.len()];
            if path.starts_with(prefix) {
                list.push((format!("{}/{arn}", name.to_lowercase()), AttachedPolicy { name, arn }));
            }
        }
        list.sort_by(|(one, _), (other, _)| one.cmp(other));
        seen(Output::Attached(page.cut(list.into_iter())?))
    }

    pub(super) fn list_entities_for_policy(
        &self,
        arn: &str,
        kind: Option<&str>,
        path_prefix: Option<&str>,
        usage: Option<&str>,
        page: &PageRequest,
    ) -> Decided {
        let mut checks = Checks::default();
        checks.path_prefix(path_prefix);
        if !matches!(usage, None | Some("PermissionsPolicy" | "PermissionsBoundary")) {
            let set = "[PermissionsPolicy, PermissionsBoundary]";
            checks.fail("policyUsageFilter", &format!("Member must satisfy enum value set: {set}"));
        }
        if !matches!(
            kind,
            None | Some("User" | "Role" | "Group" | "LocalManagedPolicy" | "AWSManagedPolicy")
        ) {
            let set = "[User, Role, Group, LocalManagedPolicy, AWSManagedPolicy]";
            checks.fail("entityFilter", &format!("Member must satisfy enum value set: {set}"));
        }
        checks.finish()?;
        self.policy(arn)?;
        let uses = |policies: &SavedPolicies| {
            let is_attached = policies.attached.iter().any(|other| other == arn);
            let is_boundary = policies.boundary.as_deref() == Some(arn);
            (is_attached && usage != Some("PermissionsBoundary"))
                || (is_boundary && usage != Some("PermissionsPolicy"))
        };
        let mut list = self.holders();
        list.retain(|(holder, path, policies)| {
            let filter = match holder.kind {
                HolderKind::User => "User",
                HolderKind::Group => "Group",
                HolderKind::Role => "Role",
            };
            kind.is_none_or(|kind| kind == filter)
                && path.starts_with(path_prefix.unwrap_or("/"))
                && uses(policies)
        });
        let list = list.into_iter().map(|(entity, ..)| {
            let kind = entity.kind.entity().name();
            (format!("{kind}/{}", entity.name.to_lowercase()), entity)
        });
        seen(Output::Entities(page.cut(list)?))
    }

    /// Everything that can have policies, with its path: groups, roles, users, each by name.
    fn holders(&self) -> Vec<(EntityView, &str, &SavedPolicies)> {
        let account = self.account;
        let view = |kind, id: &str, name: &str| EntityView {
            kind,
            name: name.to_owned(),
            id: id.to_owned(),
        };
        let groups = account.groups.iter().map(|(id, group)| {
            let saved = &group.saved;
            (view(HolderKind::Group, id, &saved.name), &*saved.path, &saved.policies)
        });
        let roles = account.roles.iter().map(|(id, role)| {
            let saved = &role.saved;
            (view(HolderKind::Role, id, &saved.name), &*saved.path, &saved.policies)
        });
        let users = account.users.iter().map(|(id, user)| {
            let saved = &user.saved;
            (view(HolderKind::User, id, &saved.name), &*saved.path, &saved.policies)
        });
        groups.chain(roles).chain(users).collect()
    }

    pub(super) fn check_attachable(&self, arn: &str) -> Result<(), IdentityFault> {
        match self.managed(arn) {
            Some(_) => Ok(()),
            None => Err(IdentityFault::no_such(format!(
                "Policy {arn} does not exist or is not attachable."
            ))),
        }
    }
}
