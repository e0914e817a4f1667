//! What IAM can be asked. Names and members are those of its API reference, but for operations that
//! exist for users, groups and roles alike: each is one here.

use super::Pairs;
use super::page::PageRequest;
use crate::entry::EntityKind;

/// An operation with its parameters, not yet checked. Members are as the API reference has them;
/// `None` is what the request does not say.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "each is the documented operation of its name")]
pub enum Operation {
    CreateUser {
        name: String,
        path: Option<String>,
        boundary: Option<String>,
        tags: Pairs,
    },
    GetUser {
        name: Option<String>,
    },
    ListUsers {
        path_prefix: Option<String>,
        page: PageRequest,
    },
    UpdateUser {
        name: String,
        new_name: Option<String>,
        new_path: Option<String>,
    },
    DeleteUser {
        name: String,
    },

    CreateAccessKey {
        user: Option<String>,
    },
    ListAccessKeys {
        user: Option<String>,
        page: PageRequest,
    },
    UpdateAccessKey {
        user: Option<String>,
        id: String,
        status: String,
    },
    DeleteAccessKey {
        user: Option<String>,
        id: String,
    },
    GetAccessKeyLastUsed {
        id: String,
    },

    CreateGroup {
        name: String,
        path: Option<String>,
    },
    GetGroup {
        name: String,
        page: PageRequest,
    },
    ListGroups {
        path_prefix: Option<String>,
        page: PageRequest,
    },
    UpdateGroup {
        name: String,
        new_name: Option<String>,
        new_path: Option<String>,
    },
    DeleteGroup {
        name: String,
    },
    AddUserToGroup {
        group: String,
        user: String,
    },
    RemoveUserFromGroup {
        group: String,
        user: String,
    },
    ListGroupsForUser {
        user: String,
        page: PageRequest,
    },

    CreateRole(CreateRole),
    GetRole {
        name: String,
    },
    ListRoles {
        path_prefix: Option<String>,
        page: PageRequest,
    },
    UpdateRole {
        name: String,
        description: Option<String>,
        session_seconds_max: Option<i64>,
    },
    UpdateRoleDescription {
        name: String,
        description: String,
    },
    UpdateAssumeRolePolicy {
        name: String,
        document: String,
    },
    DeleteRole {
        name: String,
    },

    PutInlinePolicy {
        holder: Holder,
        name: String,
        document: String,
    },
    GetInlinePolicy {
        holder: Holder,
        name: String,
    },
    ListInlinePolicies {
        holder: Holder,
        page: PageRequest,
    },
    DeleteInlinePolicy {
        holder: Holder,
        name: String,
    },

    CreatePolicy(CreatePolicy),
    GetPolicy {
        arn: String,
    },
    ListPolicies {
        scope: Scope,
        only_attached: bool,
        path_prefix: Option<String>,
        page: PageRequest,
    },
    DeletePolicy {
        arn: String,
    },
    CreatePolicyVersion {
        arn: String,
        document: String,
        is_default: bool,
    },
    GetPolicyVersion {
        arn: String,
        version: String,
    },
    ListPolicyVersions {
        arn: String,
        page: PageRequest,
    },
    DeletePolicyVersion {
        arn: String,
        version: String,
    },
    SetDefaultPolicyVersion {
        arn: String,
        version: String,
    },

    AttachPolicy {
        holder: Holder,
        arn: String,
    },
    DetachPolicy {
        holder: Holder,
        arn: String,
    },
    ListAttachedPolicies {
        holder: Holder,
        path_prefix: Option<String>,
        page: PageRequest,
    },
    ListEntitiesForPolicy {
        arn: String,
        kind: Option<String>,
        path_prefix: Option<String>,
        usage: Option<String>,
        page: PageRequest,
    },

    PutBoundary {
        holder: Holder,
        arn: String,
    },
    DeleteBoundary {
        holder: Holder,
    },

    Tag {
        tagged: Tagged,
        tags: Pairs,
    },
    Untag {
        tagged: Tagged,
        keys: Vec<String>,
    },
    ListTags {
        tagged: Tagged,
        page: PageRequest,
    },

    GetLoginProfile {
        user: Option<String>,
    },
    DeleteLoginProfile {
        user: String,
    },
    ListMfaDevices {
        user: Option<String>,
    },
    ListVirtualMfaDevices,
    ListSshPublicKeys {
        user: Option<String>,
    },
    ListServiceSpecificCredentials {
        user: Option<String>,
    },
    ListSigningCertificates {
        user: Option<String>,
    },
    ListInstanceProfilesForRole {
        role: String,
    },
    ListAccountAliases,
    GetAccountSummary,
}

/// The parameters of CreateRole.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct CreateRole {
    /// `RoleName`.
    pub name: String,
    /// `Path`.
    pub path: Option<String>,
    /// `AssumeRolePolicyDocument`.
    pub trust_policy: String,
    /// `Description`.
    pub description: Option<String>,
    /// `MaxSessionDuration`.
    pub session_seconds_max: Option<i64>,
    /// `PermissionsBoundary`, an ARN.
    pub boundary: Option<String>,
    /// `Tags`.
    pub tags: Pairs,
}

/// The parameters of CreatePolicy.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct CreatePolicy {
    /// `PolicyName`.
    pub name: String,
    /// `Path`.
    pub path: Option<String>,
    /// `PolicyDocument`.
    pub document: String,
    /// `Description`.
    pub description: Option<String>,
    /// `Tags`.
    pub tags: Pairs,
}

/// Who holds policies.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Holder {
    /// What it is.
    pub kind: HolderKind,
    /// Its name.
    pub name: String,
}

/// What can hold policies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum HolderKind {
    /// A user.
    User,
    /// A group.
    Group,
    /// A role.
    Role,
}

/// What can have tags.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Tagged {
    /// The user of this name.
    User(String),
    /// The role of this name.
    Role(String),
    /// The managed policy of this ARN.
    Policy(String),
}

/// Which managed policies are listed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Scope {
    /// All.
    #[default]
    All,
    /// Those of AWS.
    Aws,
    /// Those of the account.
    Local,
}

impl Operation {
    /// What the API reference calls it.
    pub fn name(&self) -> &'static str {
        use Operation as O;
        let of = |holder: &Holder, names: [&'static str; 3]| names[holder.kind as usize];
        match self {
            O::CreateUser { .. } => "CreateUser",
            O::GetUser { .. } => "GetUser",
            O::ListUsers { .. } => "ListUsers",
            O::UpdateUser { .. } => "UpdateUser",
            O::DeleteUser { .. } => "DeleteUser",
            O::CreateAccessKey { .. } => "CreateAccessKey",
            O::ListAccessKeys { .. } => "ListAccessKeys",
            O::UpdateAccessKey { .. } => "UpdateAccessKey",
            O::DeleteAccessKey { .. } => "DeleteAccessKey",
            O::GetAccessKeyLastUsed { .. } => "GetAccessKeyLastUsed",
            O::CreateGroup { .. } => "CreateGroup",
            O::GetGroup { .. } => "GetGroup",
            O::ListGroups { .. } => "ListGroups",
            O::UpdateGroup { .. } => "UpdateGroup",
            O::DeleteGroup { .. } => "DeleteGroup",
            O::AddUserToGroup { .. } => "AddUserToGroup",
            O::RemoveUserFromGroup { .. } => "RemoveUserFromGroup",
            O::ListGroupsForUser { .. } => "ListGroupsForUser",
            O::CreateRole(_) => "CreateRole",
            O::GetRole { .. } => "GetRole",
            O::ListRoles { .. } => "ListRoles",
            O::UpdateRole { .. } => "UpdateRole",
            O::UpdateRoleDescription { .. } => "UpdateRoleDescription",
            O::UpdateAssumeRolePolicy { .. } => "UpdateAssumeRolePolicy",
            O::DeleteRole { .. } => "DeleteRole",
            O::CreatePolicy(_) => "CreatePolicy",
            O::GetPolicy { .. } => "GetPolicy",
            O::ListPolicies { .. } => "ListPolicies",
            O::DeletePolicy { .. } => "DeletePolicy",
            O::CreatePolicyVersion { .. } => "CreatePolicyVersion",
            O::GetPolicyVersion { .. } => "GetPolicyVersion",
            O::ListPolicyVersions { .. } => "ListPolicyVersions",
            O::DeletePolicyVersion { .. } => "DeletePolicyVersion",
            O::SetDefaultPolicyVersion { .. } => "SetDefaultPolicyVersion",
            O::ListEntitiesForPolicy { .. } => "ListEntitiesForPolicy",
            O::GetLoginProfile { .. } => "GetLoginProfile",
            O::DeleteLoginProfile { .. } => "DeleteLoginProfile",
            O::ListMfaDevices { .. } => "ListMFADevices",
            O::ListVirtualMfaDevices => "ListVirtualMFADevices",
            O::ListSshPublicKeys { .. } => "ListSSHPublicKeys",
            O::ListServiceSpecificCredentials { .. } => "ListServiceSpecificCredentials",
            O::ListSigningCertificates { .. } => "ListSigningCertificates",
            O::ListInstanceProfilesForRole { .. } => "ListInstanceProfilesForRole",
            O::ListAccountAliases => "ListAccountAliases",
            O::GetAccountSummary => "GetAccountSummary",
            O::PutInlinePolicy { holder, .. } => {
                of(holder, ["PutUserPolicy", "PutGroupPolicy", "PutRolePolicy"])
            }
            O::GetInlinePolicy { holder, .. } => {
                of(holder, ["GetUserPolicy", "GetGroupPolicy", "GetRolePolicy"])
            }
            O::ListInlinePolicies { holder, .. } => {
                of(holder, ["ListUserPolicies", "ListGroupPolicies", "ListRolePolicies"])
            }
            O::DeleteInlinePolicy { holder, .. } => {
                of(holder, ["DeleteUserPolicy", "DeleteGroupPolicy", "DeleteRolePolicy"])
            }
            O::AttachPolicy { holder, .. } => {
                of(holder, ["AttachUserPolicy", "AttachGroupPolicy", "AttachRolePolicy"])
            }
            O::DetachPolicy { holder, .. } => {
                of(holder, ["DetachUserPolicy", "DetachGroupPolicy", "DetachRolePolicy"])
            }
            O::ListAttachedPolicies { holder, .. } => of(
                holder,
                [
                    "ListAttachedUserPolicies",
                    "ListAttachedGroupPolicies",
                    "ListAttachedRolePolicies",
                ],
            ),
            // Groups have no boundaries.
            O::PutBoundary { holder, .. } => of(
                holder,
                [
                    "PutUserPermissionsBoundary",
                    "PutUserPermissionsBoundary",
                    "PutRolePermissionsBoundary",
                ],
            ),
            O::DeleteBoundary { holder } => of(
                holder,
                [
                    "DeleteUserPermissionsBoundary",
                    "DeleteUserPermissionsBoundary",
                    "DeleteRolePermissionsBoundary",
                ],
            ),
            O::Tag { tagged, .. } => tagged.one_of(["TagUser", "TagRole", "TagPolicy"]),
            O::Untag { tagged, .. } => tagged.one_of(["UntagUser", "UntagRole", "UntagPolicy"]),
            O::ListTags { tagged, .. } => {
                tagged.one_of(["ListUserTags", "ListRoleTags", "ListPolicyTags"])
            }
        }
    }
}

impl Operation {
    /// Whether it changes nothing, whoever asks for it.
    pub fn only_looks(&self) -> bool {
        self.name().starts_with("Get") || self.name().starts_with("List")
    }
}

impl Tagged {
    fn one_of(&self, [user, role, policy]: [&'static str; 3]) -> &'static str {
        match self {
            Self::User(_) => user,
            Self::Role(_) => role,
            Self::Policy(_) => policy,
        }
    }
}

impl HolderKind {
    pub(crate) fn entity(self) -> EntityKind {
        match self {
            Self::User => EntityKind::User,
            Self::Group => EntityKind::Group,
            Self::Role => EntityKind::Role,
        }
    }
}
