//! What operations answer.

use super::page::Page;
use super::{HolderKind, Pairs};
use crate::directory::NewAccessKey;

/// The answer to an operation. Lists come in pages.
#[derive(Debug)]
pub enum Output {
    /// It is done.
    Done,
    /// A user.
    User(UserView),
    /// Users.
    Users(Page<UserView>),
    /// An access key that was just made.
    NewAccessKey(NewAccessKey),
    /// Access keys.
    AccessKeys(Page<AccessKeyView>),
    /// When an access key was last used.
    LastUse(LastUseView),
    /// A group.
    Group(GroupView),
    /// A group and the users in it.
    Members(GroupView, Page<UserView>),
    /// Groups.
    Groups(Page<GroupView>),
    /// A role.
    Role(RoleView),
    /// Roles.
    Roles(Page<RoleView>),
    /// An inline policy.
    Inline {
        /// Of what kind its holder is.
        kind: HolderKind,
        /// Its holder's name.
        holder: String,
        /// Its name.
        name: String,
        /// The document, as it was written.
        document: String,
    },
    /// Names of inline policies.
    PolicyNames(Page<String>),
    /// A managed policy.
    Policy(PolicyView),
    /// Managed policies.
    Policies(Page<PolicyView>),
    /// A version of a managed policy.
    Version(VersionView),
    /// Versions, the newest first.
    Versions(Page<VersionView>),
    /// Managed policies that are attached to something.
    Attached(Page<AttachedPolicy>),
    /// What a managed policy is attached to.
    Entities(Page<EntityView>),
    /// Tags by key.
    Tags(Page<(String, String)>),
    /// The list that this member names is empty, and always is: there are no such things here.
    NoneOf(&'static str),
    /// Numbers by name.
    Summary(Vec<(&'static str, usize)>),
}

/// A user as it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct UserView {
    /// The path; the root user has none.
    pub path: Option<String>,
    /// The name; the root user has none.
    pub name: Option<String>,
    /// The unique id; of the root user the account.
    pub id: String,
    /// The ARN.
    pub arn: String,
    /// Milliseconds since 1970.
    pub created_at_ms: u64,
    /// The ARN of its permissions boundary; lists leave it out.
    pub boundary: Option<String>,
    /// Tags; lists leave them out.
    pub tags: Pairs,
}

/// An access key as it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AccessKeyView {
    /// The user's name; the root user has none.
    pub user_name: Option<String>,
    /// The access key id.
    pub id: String,
    /// `Active` or `Inactive`.
    pub status: &'static str,
    /// Milliseconds since 1970.
    pub created_at_ms: u64,
}

/// When an access key was last used.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LastUseView {
    /// The user's name; the root user has none.
    pub user_name: Option<String>,
    /// Milliseconds since 1970; `None` if it was not used since the server started.
    pub at_ms: Option<u64>,
    /// The service, such as `sqs`.
    pub service: String,
    /// The region.
    pub region: String,
}

/// A group as it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupView {
    /// The path.
    pub path: String,
    /// The name.
    pub name: String,
    /// The unique id.
    pub id: String,
    /// The ARN.
    pub arn: String,
    /// Milliseconds since 1970.
    pub created_at_ms: u64,
}

/// A role as it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RoleView {
    /// The path.
    pub path: String,
    /// The name.
    pub name: String,
    /// The unique id.
    pub id: String,
    /// The ARN.
    pub arn: String,
    /// Milliseconds since 1970.
    pub created_at_ms: u64,
    /// The trust policy.
    pub trust_policy: String,
    /// What it is for; what changes it leaves that out.
    pub description: Option<String>,
    /// How long its sessions may last at most; what changes it leaves that out.
    pub session_seconds_max: Option<u32>,
    /// The ARN of its permissions boundary; lists leave it out.
    pub boundary: Option<String>,
    /// Tags; lists leave them out.
    pub tags: Pairs,
    /// Whether it is shown when it was last used, which is not known: GetRole only.
    pub shows_last_use: bool,
}

/// A managed policy as it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct PolicyView {
    /// The name.
    pub name: String,
    /// The unique id.
    pub id: String,
    /// The ARN.
    pub arn: String,
    /// The path.
    pub path: String,
    /// The number of the version that applies.
    pub default_version: u32,
    /// To how many users, groups and roles it is attached.
    pub attachment_count: usize,
    /// Of how many users and roles it is the permissions boundary.
    pub boundary_count: usize,
    /// What it is for; GetPolicy only.
    pub description: Option<String>,
    /// Milliseconds since 1970.
    pub created_at_ms: u64,
    /// When its default version was last another, in milliseconds since 1970.
    pub updated_at_ms: u64,
    /// Tags, where they are shown though there be none.
    pub tags: Option<Pairs>,
}

/// A version of a managed policy as it is shown.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct VersionView {
    /// The document, where it is shown.
    pub document: Option<String>,
    /// Its number, the `2` of `v2`.
    pub number: u32,
    /// Whether it is the one that applies.
    pub is_default: bool,
    /// Milliseconds since 1970.
    pub created_at_ms: u64,
}

/// A managed policy that is attached.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AttachedPolicy {
    /// Its name.
    pub name: String,
    /// Its ARN.
    pub arn: String,
}

/// What a managed policy is attached to.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct EntityView {
    /// What it is.
    pub kind: HolderKind,
    /// Its name.
    pub name: String,
    /// Its unique id.
    pub id: String,
}
