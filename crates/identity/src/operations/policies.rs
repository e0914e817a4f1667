//! Managed policies: the account's, and those of AWS, which are only looked at.

use super::documents::check_managed;
use super::operation::CreatePolicy;
use super::{Checks, Decided, Decider, Output, PageRequest, PolicyView, Scope, check_free, seen};
use super::{check_quota, tags};
use crate::builtin::{self, Builtin};
use crate::directory::Policy;
use crate::entry::{EntityKind, SavedPolicies, SavedPolicy, SavedVersion};
use crate::fault::{Code, IdentityFault};
use crate::limits;
use crate::names::{arn, parse_arn};

/// A managed policy, whosever it is.
pub(super) enum Managed<'a> {
    Own(&'a str, &'a Policy),
    Builtin(&'static Builtin),
}

impl Decider<'_> {
    /// The policy of this ARN. Another account's is not found.
    pub(super) fn managed(&self, arn: &str) -> Option<Managed<'_>> {
        if let Some(builtin) = builtin::find(arn) {
            return Some(Managed::Builtin(builtin));
        }
        let (_, name) = parse_arn(EntityKind::Policy, arn)?;
        let (id, policy) = self.account.policies.find(name)?;
        (policy.arn == arn).then_some(Managed::Own(id, policy))
    }

    /// The policy of this ARN, to be looked at.
    pub(super) fn policy(&self, arn: &str) -> Result<Managed<'_>, IdentityFault> {
        check_arn(arn)?;
        self.managed(arn).ok_or_else(|| not_found(arn))
    }

    /// The account's own policy of this ARN, to be changed.
    pub(super) fn own_policy(&self, arn: &str) -> Result<(&str, &Policy), IdentityFault> {
        match self.policy(arn)? {
            Managed::Own(id, policy) => Ok((id, policy)),
            Managed::Builtin(_) => Err(unmodifiable()),
        }
    }

    pub(super) fn create_policy(&self, create: &CreatePolicy) -> Decided {
        let mut checks = Checks::default();
        checks.new_name(EntityKind::Policy, "policyName", &create.name);
        checks.path("path", create.path.as_deref());
        checks.document("policyDocument", &create.document);
        checks.description(create.description.as_deref());
        checks.tags(&create.tags);
        checks.finish()?;
        tags::check_distinct(&create.tags)?;
        check_managed(&create.document)?;
        check_free(&self.account.policies, EntityKind::Policy, &create.name, None)?;
        check_quota(self.account.policies.len(), "PoliciesPerAccount", limits::POLICIES_MAX)?;
        let version = SavedVersion {
            number: 1,
            document: create.document.clone(),
            created_at_ms: self.now_ms,
        };
        let saved = SavedPolicy {
            name: create.name.clone(),
            path: create.path.clone().unwrap_or_else(|| "/".to_owned()),
            created_at_ms: self.now_ms,
            updated_at_ms: self.now_ms,
            description: create.description.clone().filter(|text| !text.is_empty()),
            tags: create.tags.clone(),
            versions: vec![version],
            default_version: 1,
            last_version: 1,
        };
        let id = self.random.unique_id(EntityKind::Policy.id_prefix());
        let arn = arn(self.account_id, EntityKind::Policy, &saved.path, &saved.name);
        let view = self.view(&id, &saved, &arn);
        let shown_tags = Some(saved.tags.clone()).filter(|tags| !tags.is_empty());
        let view = PolicyView { description: None, tags: shown_tags, ..view };
        Ok((self.put(EntityKind::Policy, &id, &saved)?, Output::Policy(view)))
    }

    pub(super) fn get_policy(&self, arn: &str) -> Decided {
        let managed = self.policy(arn)?;
        seen(Output::Policy(self.managed_view(&managed)))
    }

    pub(super) fn list_policies(
        &self,
        scope: Scope,
        only_attached: bool,
        path_prefix: Option<&str>,
        page: &PageRequest,
    ) -> Decided {
        let mut checks = Checks::default();
        checks.path_prefix(path_prefix);
        checks.finish()?;
        let mut list = Vec::new();
        if scope != Scope::Local {
            let key = |builtin: &Builtin| (builtin.name.to_lowercase(), builtin.id);
            list.extend(builtin::all().iter().map(|it| (key(it), Managed::Builtin(it))));
        }
        if scope != Scope::Aws {
            let own = self.account.policies.iter();
            let key = |id, policy: &Policy| (policy.saved.name.to_lowercase(), id);
            list.extend(own.map(|(id, policy)| (key(id, policy), Managed::Own(id, policy))));
        }
        // An account may call its policy as AWS does: the unique id settles their order.
        list.sort_by(|(one, _), (other, _)| one.cmp(other));
        let prefix = path_prefix.unwrap_or("/");
        let list = list
            .into_iter()
            .map(|((name, id), managed)| (format!("{name}/{id}"), self.managed_view(&managed)));
        let list = list.filter(|(_, view)| {
            view.path.starts_with(prefix) && (!only_attached || view.attachment_count > 0)
        });
        let leave_out = |view| PolicyView { description: None, tags: None, ..view };
        seen(Output::Policies(page.cut(list)?.map(leave_out)))
    }

    pub(super) fn delete_policy(&self, arn: &str) -> Decided {
        let (id, policy) = self.own_policy(arn)?;
        let (attached, boundaries) = self.uses(arn);
        if attached + boundaries > 0 {
            return Err(IdentityFault::conflict("Cannot delete a policy attached to entities."));
        }
        if policy.saved.versions.len() > 1 {
            return Err(IdentityFault::conflict(
                "This policy has more than one version. Before you delete a policy, you must \
                 delete the policy's versions. The default version is deleted with the policy.",
            ));
        }
        Ok((self.take(EntityKind::Policy, id), Output::Done))
    }

    /// To how many a policy is attached, and of how many it is the boundary.
    pub(super) fn uses(&self, arn: &str) -> (usize, usize) {
        let account = self.account;
        let users = account.users.iter().map(|(_, user)| &user.saved.policies);
        let groups = account.groups.iter().map(|(_, group)| &group.saved.policies);
        let roles = account.roles.iter().map(|(_, role)| &role.saved.policies);
        let count = |(attached, boundaries): (usize, usize), policies: &SavedPolicies| {
            let is_attached = policies.attached.iter().any(|other| other == arn);
            let is_boundary = policies.boundary.as_deref() == Some(arn);
            (attached + usize::from(is_attached), boundaries + usize::from(is_boundary))
        };
        users.chain(groups).chain(roles).fold((0, 0), count)
    }

    fn managed_view(&self, managed: &Managed<'_>) -> PolicyView {
        match managed {
            Managed::Own(id, policy) => self.view(id, &policy.saved, &policy.arn),
            Managed::Builtin(builtin) => {
                let arn = builtin.arn();
                let (attachment_count, boundary_count) = self.uses(&arn);
                PolicyView {
                    name: builtin.name.to_owned(),
                    id: builtin.id.to_owned(),
                    arn,
                    path: "/".to_owned(),
                    default_version: 1,
                    attachment_count,
                    boundary_count,
                    description: Some(builtin.description.to_owned()),
                    created_at_ms: builtin::CREATED_AT_MS,
                    updated_at_ms: builtin::CREATED_AT_MS,
                    tags: Some(Vec::new()),
                }
            }
        }
    }

    /// A policy in full.
    fn view(&self, id: &str, saved: &SavedPolicy, arn: &str) -> PolicyView {
        let (attachment_count, boundary_count) = self.uses(arn);
        PolicyView {
            name: saved.name.clone(),
            id: id.to_owned(),
            arn: arn.to_owned(),
            path: saved.path.clone(),
            default_version: saved.default_version,
            attachment_count,
            boundary_count,
            description: saved.description.clone(),
            created_at_ms: saved.created_at_ms,
            updated_at_ms: saved.updated_at_ms,
            tags: Some(saved.tags.clone()),
        }
    }
}

/// An ARN that cannot be one at all.
pub(super) fn check_arn(arn: &str) -> Result<(), IdentityFault> {
    let mut checks = Checks::default();
    checks.arn("policyArn", arn);
    checks.finish()?;
    if arn.starts_with("arn:") && arn.splitn(6, ':').count() == 6 {
        return Ok(());
    }
    Err(IdentityFault::new(Code::ValidationError, format!("ARN {arn} is not valid.")))
}

pub(super) fn not_found(arn: &str) -> IdentityFault {
    IdentityFault::no_such(format!("Policy {arn} was not found."))
}

pub(super) fn unmodifiable() -> IdentityFault {
    let text = "AWS managed policies cannot be changed.";
    IdentityFault::new(Code::UnmodifiableEntity, text)
}
