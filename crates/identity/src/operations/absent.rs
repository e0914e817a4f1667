//! What users and roles have none of here: passwords, second factors, keys and certificates of
//! other kinds, instance profiles. Tools ask for them before they delete a user or role, and learn
//! the truth.

use super::{Decided, Decider, Output, seen};
use crate::fault::IdentityFault;
use crate::limits;

impl Decider<'_> {
    pub(super) fn no_login_profile(&self, user: Option<&str>) -> Decided {
        let (_, user) = self.user_or_caller(user)?;
        let name = &user.saved.name;
        Err(IdentityFault::no_such(format!("Login Profile for User {name} cannot be found.")))
    }

    pub(super) fn no_instance_profiles(&self, role: &str) -> Decided {
        self.role(role)?;
        seen(Output::NoneOf("InstanceProfiles"))
    }

    pub(super) fn none_of(&self, user: Option<&str>, list: &'static str) -> Decided {
        if user.is_some() {
            self.user_or_caller(user)?;
        }
        seen(Output::NoneOf(list))
    }

    pub(super) fn summary(&self) -> Decided {
        let account = self.account;
        let root_keys = account.root.as_ref().map(|root| root.saved.access_keys.len());
        let versions = account.policies.iter().map(|(_, policy)| policy.saved.versions.len());
        seen(Output::Summary(vec![
            ("AccessKeysPerUserQuota", limits::ACCESS_KEYS_MAX),
            ("AccountAccessKeysPresent", usize::from(root_keys.unwrap_or_default() > 0)),
            ("AccountMFAEnabled", 0),
            ("AccountPasswordPresent", 0),
            ("AccountSigningCertificatesPresent", 0),
            ("AssumeRolePolicySizeQuota", limits::TRUST_CHARS_MAX),
            ("AttachedPoliciesPerGroupQuota", limits::ATTACHED_MAX),
            ("AttachedPoliciesPerRoleQuota", limits::ATTACHED_MAX),
            ("AttachedPoliciesPerUserQuota", limits::ATTACHED_MAX),
            ("GroupPolicySizeQuota", limits::GROUP_INLINE_CHARS_MAX),
            ("Groups", account.groups.len()),
            ("GroupsPerUserQuota", limits::GROUPS_OF_USER_MAX),
            ("GroupsQuota", limits::GROUPS_MAX),
            ("InstanceProfiles", 0),
            ("MFADevices", 0),
            ("MFADevicesInUse", 0),
            ("Policies", account.policies.len()),
            ("PoliciesQuota", limits::POLICIES_MAX),
            ("PolicySizeQuota", limits::MANAGED_CHARS_MAX),
            ("PolicyVersionsInUse", versions.sum()),
            ("Providers", 0),
            ("RolePolicySizeQuota", limits::ROLE_INLINE_CHARS_MAX),
            ("Roles", account.roles.len()),
            ("RolesQuota", limits::ROLES_MAX),
            ("ServerCertificates", 0),
            ("UserPolicySizeQuota", limits::USER_INLINE_CHARS_MAX),
            ("Users", account.users.len()),
            ("UsersQuota", limits::USERS_MAX),
            ("VersionsPerPolicyQuota", limits::VERSIONS_MAX),
        ]))
    }
}
