//! What an operation is about, as policies are asked. Service Authorization Reference, "Actions,
//! resources, and condition keys for AWS Identity and Access Management".

use tidings_core::names::AccountId;

use super::{Holder, Operation, Pairs, Tagged};
use crate::builtin;
use crate::directory::{Account, Directory, Entities, Named};
use crate::entry::EntityKind;
use crate::names::{arn, parse_arn};
use crate::principal::Principal;

/// The resource of an operation, and what is known of it.
pub(crate) struct Target {
    pub(crate) arn: String,
    /// The ARN that it is to have, if that is another: renaming needs the permission on both.
    pub(crate) new_arn: Option<String>,
    /// How the live service names it to whom it denies it: `user ann`, but its ARN to who wants to
    /// make it.
    pub(crate) shown: String,
    pub(crate) tags: Pairs,
    pub(crate) request_tags: Pairs,
    pub(crate) tag_keys: Vec<String>,
    /// Condition keys of IAM.
    pub(crate) keys: Vec<(String, String)>,
}

/// What is named, by kind and name or ARN, and for what is made by its path, too.
enum About<'a> {
    Entity(EntityKind, &'a str),
    New(EntityKind, &'a str, Option<&'a str>),
    PolicyArn(&'a str),
    All(EntityKind, Option<&'a str>),
    Caller,
    Anything,
}

impl Directory {
    /// What an operation is about. One that is not there has the ARN that it would have.
    pub(crate) fn target(&self, principal: &Principal, operation: &Operation) -> Target {
        let account = self.accounts.get(&principal.account_id()).unwrap_or(&super::NOBODY);
        let mut target = self.named(principal, account, about(operation, account));
        target.request_tags = match operation {
            Operation::CreateUser { tags, .. } | Operation::Tag { tags, .. } => tags.clone(),
            Operation::CreateRole(create) => create.tags.clone(),
            Operation::CreatePolicy(create) => create.tags.clone(),
            _ => Pairs::new(),
        };
        target.tag_keys = match operation {
            Operation::Untag { keys, .. } => keys.clone(),
            _ => target.request_tags.iter().map(|(key, _)| key.clone()).collect(),
        };
        if let Operation::AttachPolicy { arn, .. } | Operation::DetachPolicy { arn, .. } = operation
        {
            target.keys.push(("iam:PolicyARN".to_owned(), arn.clone()));
        }
        target.new_arn = new_arn(principal.account_id(), account, operation);
        let asked = match operation {
            Operation::CreateUser { boundary, .. } => boundary.as_ref(),
            Operation::CreateRole(create) => create.boundary.as_ref(),
            Operation::PutBoundary { arn, .. } => Some(arn),
            _ => None,
        };
        if let Some(boundary) = asked {
            target.keys.retain(|(key, _)| key != BOUNDARY);
            target.keys.push((BOUNDARY.to_owned(), boundary.clone()));
        }
        target
    }

    fn named(&self, principal: &Principal, account: &Account, about: About<'_>) -> Target {
        let id = principal.account_id();
        match about {
            About::Entity(kind, name) => self.entity(principal, account, kind, name),
            About::New(kind, name, path) => {
                // The path may have any form yet.
                let arn =
                    arn(id, kind, path.filter(|path| path.starts_with('/')).unwrap_or("/"), name);
                Target::of(arn.clone(), arn)
            }
            About::PolicyArn(arn) => {
                let mut target = Target::of(arn.to_owned(), format!("policy {arn}"));
                if let Some((_, policy)) = parse_arn(EntityKind::Policy, arn)
                    .filter(|_| builtin::find(arn).is_none())
                    .and_then(|(_, name)| account.policies.find(name))
                    .filter(|(_, policy)| policy.arn == arn)
                {
                    target.set_tags(&policy.saved.tags);
                }
                target
            }
            About::All(kind, prefix) => {
                let arn = arn(id, kind, prefix.unwrap_or("/"), "");
                Target::of(arn.clone(), arn)
            }
            About::Caller => match principal.iam_user_id().and_then(|id| account.users.get(id)) {
                Some(user) => self.entity(principal, account, EntityKind::User, &user.saved.name),
                None => Target::of(principal.arn().to_owned(), principal.arn().to_owned()),
            },
            About::Anything => Target::of("*".to_owned(), "*".to_owned()),
        }
    }

    fn entity(
        &self,
        principal: &Principal,
        account: &Account,
        kind: EntityKind,
        name: &str,
    ) -> Target {
        fn found<'a, T: Named>(entities: &'a Entities<T>, name: &str) -> Option<&'a T> {
            entities.find(name).map(|(_, entity)| entity)
        }
        let unknown = || arn(principal.account_id(), kind, "/", name);
        let shown = format!("{} {name}", kind.name());
        let (found_arn, tags, boundary) = match kind {
            EntityKind::User => match found(&account.users, name) {
                Some(it) => {
                    (it.arn.clone(), Some(&it.saved.tags), it.saved.policies.boundary.clone())
                }
                None => (unknown(), None, None),
            },
            EntityKind::Role => match found(&account.roles, name) {
                Some(it) => {
                    (it.arn.clone(), Some(&it.saved.tags), it.saved.policies.boundary.clone())
                }
                None => (unknown(), None, None),
            },
            EntityKind::Group => {
                (found(&account.groups, name).map_or_else(unknown, |it| it.arn.clone()), None, None)
            }
            EntityKind::Policy => (unknown(), None, None),
        };
        let mut target = Target::of(found_arn, shown);
        if let Some(tags) = tags {
            target.set_tags(tags);
        }
        if let Some(boundary) = boundary {
            target.keys.push((BOUNDARY.to_owned(), boundary));
        }
        target
    }
}

/// What an entity's ARN is to be. API reference, UpdateUser and UpdateGroup: who renames must have
/// the permission on the entity as it is and as it will be.
fn new_arn(id: AccountId, account: &Account, operation: &Operation) -> Option<String> {
    let (kind, path, name, new_path, new_name) = match operation {
        Operation::UpdateUser { name, new_name, new_path } => {
            let (_, user) = account.users.find(name)?;
            (EntityKind::User, &user.saved.path, &user.saved.name, new_path, new_name)
        }
        Operation::UpdateGroup { name, new_name, new_path } => {
            let (_, group) = account.groups.find(name)?;
            (EntityKind::Group, &group.saved.path, &group.saved.name, new_path, new_name)
        }
        _ => return None,
    };
    let is_other = new_path.is_some() || new_name.is_some();
    let (path, name) = (new_path.as_ref().unwrap_or(path), new_name.as_ref().unwrap_or(name));
    is_other.then(|| arn(id, kind, path, name))
}

const BOUNDARY: &str = "iam:PermissionsBoundary";

impl Target {
    fn of(arn: String, shown: String) -> Self {
        Self {
            arn,
            new_arn: None,
            shown,
            tags: Pairs::new(),
            request_tags: Pairs::new(),
            tag_keys: Vec::new(),
            keys: Vec::new(),
        }
    }

    fn set_tags(&mut self, tags: &Pairs) {
        self.tags.clone_from(tags);
        let key =
            |(key, value): &(String, String)| (format!("iam:ResourceTag/{key}"), value.clone());
        self.keys.extend(tags.iter().map(key));
    }
}

fn about<'a>(operation: &'a Operation, account: &'a Account) -> About<'a> {
    use Operation as O;
    let of = |holder: &'a Holder| About::Entity(holder.kind.entity(), &holder.name);
    let user = |name: &'a Option<String>| match name {
        Some(name) => About::Entity(EntityKind::User, name),
        None => About::Caller,
    };
    match operation {
        O::CreateUser { name, path, .. } => About::New(EntityKind::User, name, path.as_deref()),
        O::CreateGroup { name, path } => About::New(EntityKind::Group, name, path.as_deref()),
        O::CreateRole(it) => About::New(EntityKind::Role, &it.name, it.path.as_deref()),
        O::CreatePolicy(it) => About::New(EntityKind::Policy, &it.name, it.path.as_deref()),
        O::ListUsers { path_prefix, .. } => About::All(EntityKind::User, path_prefix.as_deref()),
        O::ListGroups { path_prefix, .. } => About::All(EntityKind::Group, path_prefix.as_deref()),
        O::ListRoles { path_prefix, .. } => About::All(EntityKind::Role, path_prefix.as_deref()),
        O::ListPolicies { path_prefix, .. } => {
            About::All(EntityKind::Policy, path_prefix.as_deref())
        }
        O::GetUser { name } => user(name),
        O::CreateAccessKey { user: name }
        | O::ListAccessKeys { user: name, .. }
        | O::UpdateAccessKey { user: name, .. }
        | O::DeleteAccessKey { user: name, .. }
        | O::GetLoginProfile { user: name }
        | O::ListMfaDevices { user: name }
        | O::ListSshPublicKeys { user: name }
        | O::ListServiceSpecificCredentials { user: name }
        | O::ListSigningCertificates { user: name } => user(name),
        O::UpdateUser { name, .. }
        | O::DeleteUser { name }
        | O::ListGroupsForUser { user: name, .. }
        | O::DeleteLoginProfile { user: name } => About::Entity(EntityKind::User, name),
        O::GetAccessKeyLastUsed { id } => {
            let owner = account.users.iter().map(|(_, user)| user);
            let has = |user: &&crate::directory::User| {
                user.saved.access_keys.iter().any(|key| key.id == *id)
            };
            match { owner }.find(has) {
                Some(user) => About::Entity(EntityKind::User, &user.saved.name),
                None => About::Anything,
            }
        }
        O::GetGroup { name, .. }
        | O::UpdateGroup { name, .. }
        | O::DeleteGroup { name }
        | O::AddUserToGroup { group: name, .. }
        | O::RemoveUserFromGroup { group: name, .. } => About::Entity(EntityKind::Group, name),
        O::GetRole { name }
        | O::UpdateRole { name, .. }
        | O::UpdateRoleDescription { name, .. }
        | O::UpdateAssumeRolePolicy { name, .. }
        | O::DeleteRole { name }
        | O::ListInstanceProfilesForRole { role: name } => About::Entity(EntityKind::Role, name),
        O::PutInlinePolicy { holder, .. }
        | O::GetInlinePolicy { holder, .. }
        | O::ListInlinePolicies { holder, .. }
        | O::DeleteInlinePolicy { holder, .. }
        | O::AttachPolicy { holder, .. }
        | O::DetachPolicy { holder, .. }
        | O::ListAttachedPolicies { holder, .. }
        | O::PutBoundary { holder, .. }
        | O::DeleteBoundary { holder } => of(holder),
        O::GetPolicy { arn }
        | O::DeletePolicy { arn }
        | O::CreatePolicyVersion { arn, .. }
        | O::GetPolicyVersion { arn, .. }
        | O::ListPolicyVersions { arn, .. }
        | O::DeletePolicyVersion { arn, .. }
        | O::SetDefaultPolicyVersion { arn, .. }
        | O::ListEntitiesForPolicy { arn, .. } => About::PolicyArn(arn),
        O::Tag { tagged, .. } | O::Untag { tagged, .. } | O::ListTags { tagged, .. } => {
            match tagged {
                Tagged::User(name) => About::Entity(EntityKind::User, name),
                Tagged::Role(name) => About::Entity(EntityKind::Role, name),
                Tagged::Policy(arn) => About::PolicyArn(arn),
            }
        }
        O::ListVirtualMfaDevices | O::ListAccountAliases | O::GetAccountSummary => About::Anything,
    }
}
