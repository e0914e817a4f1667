//! What IAM can be asked, and how it is decided: the checks, what is written, and the answer.

mod absent;
mod access_keys;
mod attached;
mod boundaries;
mod checks;
mod documents;
mod groups;
mod inline;
mod operation;
mod output;
mod page;
mod policies;
mod roles;
mod tags;
mod target;
#[cfg(test)]
mod tests;
mod users;
mod versions;

use std::sync::LazyLock;

use serde::Serialize;
use tidings_core::names::AccountId;

use crate::directory::{Account, Directory, Entities, Group, Named, Role, User, Writes};
use crate::entry::{self, EntityKind, EntryKey};
use crate::fault::{Code, IdentityFault};
use crate::limits;
use crate::principal::Principal;
use crate::random::Random;

pub use checks::Checks;
pub(crate) use documents::session_document;
pub use operation::{CreatePolicy, CreateRole, Holder, HolderKind, Operation, Scope, Tagged};
pub use output::{
    AccessKeyView, AttachedPolicy, EntityView, GroupView, LastUseView, Output, PolicyView,
    RoleView, UserView, VersionView,
};
pub use page::{Page, PageRequest};

/// Names and values, in order.
pub type Pairs = Vec<(String, String)>;

type Decided = Result<(Writes, Output), IdentityFault>;

impl Directory {
    /// Decides an operation of IAM that a principal asks for and may ask for: what is to be written,
    /// and what to answer once it is. Nothing is changed before [`Directory::apply`].
    ///
    /// # Errors
    /// As IAM refuses it, in IAM's words where they are known.
    pub fn decide(
        &self,
        principal: &Principal,
        operation: &Operation,
        now_ms: u64,
        random: &Random,
    ) -> Decided {
        let account = self.accounts.get(&principal.account_id()).unwrap_or(&NOBODY);
        let account_id = principal.account_id();
        let decider = Decider { directory: self, account_id, account, principal, now_ms, random };
        decider.decide(operation)
    }
}

/// The account that has nobody in it.
static NOBODY: LazyLock<Account> = LazyLock::new(Account::default);

/// One operation, being decided.
struct Decider<'a> {
    directory: &'a Directory,
    account_id: AccountId,
    account: &'a Account,
    principal: &'a Principal,
    now_ms: u64,
    random: &'a Random,
}

/// An operation that only looks.
fn seen(output: Output) -> Decided {
    Ok((Writes::new(), output))
}

impl Decider<'_> {
    /// Long on purpose: every operation, and where it is decided.
    fn decide(&self, operation: &Operation) -> Decided {
        use Operation as O;
        match operation {
            O::CreateUser { name, path, boundary, tags } => {
                self.create_user(name, path.as_deref(), boundary.as_deref(), tags)
            }
            O::GetUser { name } => self.get_user(name.as_deref()),
            O::ListUsers { path_prefix, page } => self.list_users(path_prefix.as_deref(), page),
            O::UpdateUser { name, new_name, new_path } => {
                self.update_user(name, new_name.as_deref(), new_path.as_deref())
            }
            O::DeleteUser { name } => self.delete_user(name),
            O::CreateAccessKey { user } => self.create_access_key(user.as_deref()),
            O::ListAccessKeys { user, page } => self.list_access_keys(user.as_deref(), page),
            O::UpdateAccessKey { user, id, status } => {
                self.update_access_key(user.as_deref(), id, status)
            }
            O::DeleteAccessKey { user, id } => self.delete_access_key(user.as_deref(), id),
            O::GetAccessKeyLastUsed { id } => self.access_key_last_used(id),
            O::CreateGroup { name, path } => self.create_group(name, path.as_deref()),
            O::GetGroup { name, page } => self.get_group(name, page),
            O::ListGroups { path_prefix, page } => self.list_groups(path_prefix.as_deref(), page),
            O::UpdateGroup { name, new_name, new_path } => {
                self.update_group(name, new_name.as_deref(), new_path.as_deref())
            }
            O::DeleteGroup { name } => self.delete_group(name),
            O::AddUserToGroup { group, user } => self.add_user_to_group(group, user),
            O::RemoveUserFromGroup { group, user } => self.remove_user_from_group(group, user),
            O::ListGroupsForUser { user, page } => self.list_groups_for_user(user, page),
            O::CreateRole(create) => self.create_role(create),
            O::GetRole { name } => self.get_role(name),
            O::ListRoles { path_prefix, page } => self.list_roles(path_prefix.as_deref(), page),
            O::UpdateRole { name, description, session_seconds_max } => {
                self.update_role(name, description.as_deref(), *session_seconds_max)
            }
            O::UpdateRoleDescription { name, description } => {
                self.update_role_description(name, description)
            }
            O::UpdateAssumeRolePolicy { name, document } => {
                self.update_assume_role_policy(name, document)
            }
            O::DeleteRole { name } => self.delete_role(name),

            O::PutInlinePolicy { holder, name, document } => {
                self.put_inline_policy(holder, name, document)
            }
            O::GetInlinePolicy { holder, name } => self.get_inline_policy(holder, name),
            O::ListInlinePolicies { holder, page } => self.list_inline_policies(holder, page),
            O::DeleteInlinePolicy { holder, name } => self.delete_inline_policy(holder, name),
            O::CreatePolicy(create) => self.create_policy(create),
            O::GetPolicy { arn } => self.get_policy(arn),
            O::ListPolicies { scope, only_attached, path_prefix, page } => {
                self.list_policies(*scope, *only_attached, path_prefix.as_deref(), page)
            }
            O::DeletePolicy { arn } => self.delete_policy(arn),
            O::CreatePolicyVersion { arn, document, is_default } => {
                self.create_policy_version(arn, document, *is_default)
            }
            O::GetPolicyVersion { arn, version } => self.get_policy_version(arn, version),
            O::ListPolicyVersions { arn, page } => self.list_policy_versions(arn, page),
            O::DeletePolicyVersion { arn, version } => self.delete_policy_version(arn, version),
            O::SetDefaultPolicyVersion { arn, version } => {
                self.set_default_policy_version(arn, version)
            }
            O::AttachPolicy { holder, arn } => self.attach_policy(holder, arn),
            O::DetachPolicy { holder, arn } => self.detach_policy(holder, arn),
            O::ListAttachedPolicies { holder, path_prefix, page } => {
                self.list_attached_policies(holder, path_prefix.as_deref(), page)
            }
            O::ListEntitiesForPolicy { arn, kind, path_prefix, usage, page } => {
                let path_prefix = path_prefix.as_deref();
                self.list_entities_for_policy(
                    arn,
                    kind.as_deref(),
                    path_prefix,
                    usage.as_deref(),
                    page,
                )
            }
            O::PutBoundary { holder, arn } => self.put_boundary(holder, arn),
            O::DeleteBoundary { holder } => self.delete_boundary(holder),
            O::Tag { tagged, tags } => self.tag(tagged, tags),
            O::Untag { tagged, keys } => self.untag(tagged, keys),
            O::ListTags { tagged, page } => self.list_tags(tagged, page),

            O::GetLoginProfile { user } => self.no_login_profile(user.as_deref()),
            O::DeleteLoginProfile { user } => self.no_login_profile(Some(user)),
            O::ListMfaDevices { user } => self.none_of(user.as_deref(), "MFADevices"),
            O::ListVirtualMfaDevices => self.none_of(None, "VirtualMFADevices"),
            O::ListSshPublicKeys { user } => self.none_of(user.as_deref(), "SSHPublicKeys"),
            O::ListServiceSpecificCredentials { user } => {
                self.none_of(user.as_deref(), "ServiceSpecificCredentials")
            }
            O::ListSigningCertificates { user } => self.none_of(user.as_deref(), "Certificates"),
            O::ListInstanceProfilesForRole { role } => self.no_instance_profiles(role),
            O::ListAccountAliases => self.none_of(None, "AccountAliases"),
            O::GetAccountSummary => self.summary(),
        }
    }

    /// What is written is one entry.
    fn put<T: Serialize>(
        &self,
        kind: EntityKind,
        id: &str,
        saved: &T,
    ) -> Result<Writes, IdentityFault> {
        let value = entry::write(saved);
        if value.len() > limits::ENTRY_BYTES_MAX {
            let text = "The entity and its policies, white space included, are too large together.";
            return Err(IdentityFault::limit(text));
        }
        Ok(vec![(self.key(kind, id), Some(value))])
    }

    fn take(&self, kind: EntityKind, id: &str) -> Writes {
        vec![(self.key(kind, id), None)]
    }

    fn key(&self, kind: EntityKind, id: &str) -> String {
        EntryKey::Entity(self.account_id, kind, id.to_owned()).to_string()
    }

    fn user(&self, name: &str) -> Result<(&str, &User), IdentityFault> {
        find(&self.account.users, EntityKind::User, name)
    }

    fn group(&self, name: &str) -> Result<(&str, &Group), IdentityFault> {
        find(&self.account.groups, EntityKind::Group, name)
    }

    fn role(&self, name: &str) -> Result<(&str, &Role), IdentityFault> {
        find(&self.account.roles, EntityKind::Role, name)
    }

    /// The user of this name, or else the one who asks.
    fn user_or_caller(&self, name: Option<&str>) -> Result<(&str, &User), IdentityFault> {
        if let Some(name) = name {
            return self.user(name);
        }
        let own = self.principal.iam_user_id();
        own.and_then(|id| self.account.users.find_id(id)).ok_or_else(|| {
            let text = "Must specify userName when calling with non-User credentials";
            IdentityFault::new(Code::ValidationError, text)
        })
    }
}

fn find<'a, T: Named>(
    entities: &'a Entities<T>,
    kind: EntityKind,
    name: &str,
) -> Result<(&'a str, &'a T), IdentityFault> {
    entities.find(name).ok_or_else(|| {
        IdentityFault::no_such(format!("The {} with name {name} cannot be found.", kind.name()))
    })
}

/// The entities whose paths begin like that, in the order of their names.
fn under<'a, T: Named>(
    entities: &'a Entities<T>,
    path_of: impl Fn(&T) -> &str,
    path_prefix: Option<&str>,
) -> Result<impl Iterator<Item = (String, (&'a str, &'a T))>, IdentityFault> {
    let mut checks = Checks::default();
    checks.path_prefix(path_prefix);
    checks.finish()?;
    let prefix = path_prefix.unwrap_or("/");
    let found = entities.iter().filter(move |(_, entity)| path_of(entity).starts_with(prefix));
    Ok(found.map(|(id, entity)| (entity.name().to_lowercase(), (id, entity))))
}

/// Refuses a name that is taken by another entity, in whatever case.
fn check_free<T: Named>(
    entities: &Entities<T>,
    kind: EntityKind,
    name: &str,
    own_id: Option<&str>,
) -> Result<(), IdentityFault> {
    match entities.find(name) {
        Some((id, _)) if Some(id) != own_id => {
            let kind = match kind {
                EntityKind::User => "User",
                EntityKind::Group => "Group",
                EntityKind::Role => "Role",
                EntityKind::Policy => {
                    let text = format!(
                        "A policy called {name} already exists. Duplicate names are not allowed."
                    );
                    return Err(IdentityFault::exists(text));
                }
            };
            Err(IdentityFault::exists(format!("{kind} with name {name} already exists.")))
        }
        _ => Ok(()),
    }
}

fn check_quota(count: usize, quota: &str, max: usize) -> Result<(), IdentityFault> {
    if count < max { Ok(()) } else { Err(IdentityFault::quota(quota, max)) }
}
