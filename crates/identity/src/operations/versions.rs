//! Versions of managed policies: five at most, one of which applies.

use super::documents::check_managed;
use super::policies::{Managed, check_arn, unmodifiable};
use super::{Checks, Decided, Decider, Output, PageRequest, VersionView, seen};
use crate::builtin;
use crate::directory::Policy;
use crate::entry::{EntityKind, SavedPolicy, SavedVersion};
use crate::fault::IdentityFault;
use crate::limits;

impl Decider<'_> {
    pub(super) fn create_policy_version(
        &self,
        arn: &str,
        document: &str,
        is_default: bool,
    ) -> Decided {
        let mut checks = Checks::default();
        checks.document("policyDocument", document);
        checks.finish()?;
        let (id, policy) = self.own_policy(arn)?;
        check_managed(document)?;
        let mut saved = policy.saved.clone();
        if saved.versions.len() >= limits::VERSIONS_MAX {
            return Err(IdentityFault::limit(format!(
                "A managed policy can have up to {} versions. Before you create a new version, you \
                 must delete an existing version.",
                limits::VERSIONS_MAX
            )));
        }
        saved.last_version = saved.last_version.saturating_add(1);
        let version = SavedVersion {
            number: saved.last_version,
            document: document.to_owned(),
            created_at_ms: self.now_ms,
        };
        if is_default {
            saved.default_version = version.number;
            saved.updated_at_ms = self.now_ms;
        }
        let view = view(&version, is_default);
        saved.versions.push(version);
        let writes = self.put(EntityKind::Policy, id, &saved)?;
        Ok((writes, Output::Version(VersionView { document: None, ..view })))
    }

    pub(super) fn get_policy_version(&self, arn: &str, version: &str) -> Decided {
        let number = number(version)?;
        check_arn(arn)?;
        match self.managed(arn) {
            Some(Managed::Own(_, policy)) => {
                let found = policy.saved.versions.iter().find(|it| Some(it.number) == number);
                let found = found.ok_or_else(|| no_version(arn, version))?;
                let is_default = found.number == policy.saved.default_version;
                seen(Output::Version(view(found, is_default)))
            }
            Some(Managed::Builtin(builtin)) if number == Some(1) => {
                let version = VersionView {
                    document: Some(builtin.text.to_owned()),
                    number: 1,
                    is_default: true,
                    created_at_ms: builtin::CREATED_AT_MS,
                };
                seen(Output::Version(version))
            }
            _ => Err(no_version(arn, version)),
        }
    }

    pub(super) fn list_policy_versions(&self, arn: &str, page: &PageRequest) -> Decided {
        let mut versions = match self.policy(arn)? {
            Managed::Own(_, policy) => {
                let SavedPolicy { versions, default_version, .. } = &policy.saved;
                versions.iter().map(|it| view(it, it.number == *default_version)).collect()
            }
            Managed::Builtin(_) => vec![VersionView {
                document: None,
                number: 1,
                is_default: true,
                created_at_ms: builtin::CREATED_AT_MS,
            }],
        };
        versions.sort_by_key(|version| std::cmp::Reverse(version.number));
        // The newest first, and keys rise.
        let key = |version: &VersionView| format!("{:010}", u32::MAX - version.number);
        let list = versions.into_iter().map(|version| (key(&version), version));
        let without_document = |version| VersionView { document: None, ..version };
        seen(Output::Versions(page.cut(list)?.map(without_document)))
    }

    pub(super) fn delete_policy_version(&self, arn: &str, version: &str) -> Decided {
        let (id, policy, number) = self.own_version(arn, version)?;
        if number == policy.saved.default_version {
            return Err(IdentityFault::conflict("Cannot delete the default version of a policy."));
        }
        let mut saved = policy.saved.clone();
        saved.versions.retain(|version| version.number != number);
        Ok((self.put(EntityKind::Policy, id, &saved)?, Output::Done))
    }

    pub(super) fn set_default_policy_version(&self, arn: &str, version: &str) -> Decided {
        let (id, policy, number) = self.own_version(arn, version)?;
        let mut saved = policy.saved.clone();
        saved.default_version = number;
        saved.updated_at_ms = self.now_ms;
        Ok((self.put(EntityKind::Policy, id, &saved)?, Output::Done))
    }

    /// A version of the account's own policy, to be changed.
    fn own_version(&self, arn: &str, version: &str) -> Result<(&str, &Policy, u32), IdentityFault> {
        let number = number(version)?;
        check_arn(arn)?;
        match (self.managed(arn), number) {
            (Some(Managed::Own(id, policy)), Some(number))
                if policy.saved.versions.iter().any(|it| it.number == number) =>
            {
                Ok((id, policy, number))
            }
            (Some(Managed::Builtin(_)), _) => Err(unmodifiable()),
            _ => Err(no_version(arn, version)),
        }
    }
}

/// The number in `v2`; `None` of a form that no version here has.
fn number(version: &str) -> Result<Option<u32>, IdentityFault> {
    let mut checks = Checks::default();
    checks.version(version);
    checks.finish()?;
    Ok(version.strip_prefix('v').and_then(|number| number.parse().ok()))
}

fn view(version: &SavedVersion, is_default: bool) -> VersionView {
    VersionView {
        document: Some(version.document.clone()),
        number: version.number,
        is_default,
        created_at_ms: version.created_at_ms,
    }
}

fn no_version(arn: &str, version: &str) -> IdentityFault {
    IdentityFault::no_such(format!(
        "Policy {arn} version {version} does not exist or is not attachable."
    ))
}
