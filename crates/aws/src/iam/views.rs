//! Outputs as XML. Members stand in the order of the samples in the API reference.

use tidings_core::time::Timestamp;
use tidings_identity::operations::{
    AccessKeyView, EntityView, GroupView, HolderKind, LastUseView, Output, Page, PolicyView,
    RoleView, UserView, VersionView,
};
use tidings_identity::{NewAccessKey, operations};
use tidings_sigv4::percent_encoded;

use crate::response::{self, Members};

/// An output, to be written.
pub(super) struct Written<'o>(pub(super) &'o Output);

impl response::Output for Written<'_> {
    fn write(&self, members: &mut Members<'_>) {
        match self.0 {
            Output::Done => {}
            Output::User(view) => members.structure("User", |members| user(members, view)),
            Output::Users(page) => list(members, "Users", page, user),
            Output::NewAccessKey(key) => {
                members.structure("AccessKey", |members| new_access_key(members, key));
            }
            Output::AccessKeys(page) => list(members, "AccessKeyMetadata", page, access_key),
            Output::LastUse(view) => last_use(members, view),
            Output::Group(view) => members.structure("Group", |members| group(members, view)),
            Output::Members(view, users) => {
                members.structure("Group", |members| group(members, view));
                list(members, "Users", users, user);
            }
            Output::Groups(page) => list(members, "Groups", page, group),
            Output::Role(view) => members.structure("Role", |members| role(members, view)),
            Output::Roles(page) => list(members, "Roles", page, role),
            Output::Inline { kind, holder, name, document } => {
                members.text(name_of(*kind), holder);
                members.text("PolicyName", name);
                members.text("PolicyDocument", &encoded(document));
            }
            Output::Policy(view) => members.structure("Policy", |members| policy(members, view)),
            Output::Policies(page) => list(members, "Policies", page, policy),
            Output::Version(view) => {
                members.structure("PolicyVersion", |members| version(members, view));
            }
            Output::Versions(page) => list(members, "Versions", page, version),
            Output::Attached(page) => list(members, "AttachedPolicies", page, |members, policy| {
                members.text("PolicyName", &policy.name);
                members.text("PolicyArn", &policy.arn);
            }),
            Output::Entities(page) => entities(members, page),
            Output::Tags(page) => list(members, "Tags", page, tag),
            Output::PolicyNames(page) => {
                let names = page.items.iter().map(String::as_str);
                members.member_texts("PolicyNames", names);
                end(members, page.marker.as_deref());
            }
            Output::NoneOf(name) => {
                members.member_texts(name, []);
                end(members, None);
            }
            Output::Summary(numbers) => {
                let numbers: Vec<(&str, String)> =
                    numbers.iter().map(|(name, number)| (*name, number.to_string())).collect();
                let numbers = numbers.iter().map(|(name, number)| (*name, number.as_str()));
                members.entry_map("SummaryMap", numbers);
            }
        }
    }

    fn size_hint(&self) -> usize {
        match self.0 {
            Output::Users(page) => 512 * page.items.len(),
            Output::Roles(page) => 2_048 * page.items.len(),
            Output::Policies(page) => 512 * page.items.len(),
            _ => 1_024,
        }
    }
}

fn list<T>(
    members: &mut Members<'_>,
    name: &str,
    page: &Page<T>,
    mut write: impl FnMut(&mut Members<'_>, &T),
) {
    members.member_list(name, &page.items, |members, item| write(members, item));
    end(members, page.marker.as_deref());
}

/// What every list ends with.
fn end(members: &mut Members<'_>, marker: Option<&str>) {
    members.boolean("IsTruncated", marker.is_some());
    members.optional_text("Marker", marker);
}

fn user(members: &mut Members<'_>, view: &UserView) {
    members.optional_text("Path", view.path.as_deref());
    members.optional_text("UserName", view.name.as_deref());
    members.text("UserId", &view.id);
    members.text("Arn", &view.arn);
    members.text("CreateDate", &seconds(view.created_at_ms));
    boundary(members, view.boundary.as_deref());
    some_tags(members, &view.tags);
}

fn new_access_key(members: &mut Members<'_>, key: &NewAccessKey) {
    members.optional_text("UserName", key.user_name.as_deref());
    members.text("AccessKeyId", &key.id);
    members.text("Status", "Active");
    members.text("SecretAccessKey", key.secret.as_str());
    members.text("CreateDate", &seconds(key.created_at_ms));
}

fn access_key(members: &mut Members<'_>, view: &AccessKeyView) {
    members.optional_text("UserName", view.user_name.as_deref());
    members.text("AccessKeyId", &view.id);
    members.text("Status", view.status);
    members.text("CreateDate", &seconds(view.created_at_ms));
}

fn last_use(members: &mut Members<'_>, view: &LastUseView) {
    members.optional_text("UserName", view.user_name.as_deref());
    members.structure("AccessKeyLastUsed", |members| {
        members.text("Region", &view.region);
        members.text("ServiceName", &view.service);
        members.optional_text("LastUsedDate", view.at_ms.map(seconds).as_deref());
    });
}

fn group(members: &mut Members<'_>, view: &GroupView) {
    members.text("Path", &view.path);
    members.text("GroupName", &view.name);
    members.text("GroupId", &view.id);
    members.text("Arn", &view.arn);
    members.text("CreateDate", &seconds(view.created_at_ms));
}

fn role(members: &mut Members<'_>, view: &RoleView) {
    members.text("Path", &view.path);
    members.text("RoleName", &view.name);
    members.text("RoleId", &view.id);
    members.text("Arn", &view.arn);
    members.text("CreateDate", &seconds(view.created_at_ms));
    members.text("AssumeRolePolicyDocument", &encoded(&view.trust_policy));
    members.optional_text("Description", view.description.as_deref());
    if let Some(seconds) = view.session_seconds_max {
        members.number("MaxSessionDuration", seconds.into());
    }
    boundary(members, view.boundary.as_deref());
    some_tags(members, &view.tags);
    if view.shows_last_use {
        members.structure("RoleLastUsed", |_| ());
    }
}

fn policy(members: &mut Members<'_>, view: &PolicyView) {
    members.text("PolicyName", &view.name);
    members.text("PolicyId", &view.id);
    members.text("Arn", &view.arn);
    members.text("Path", &view.path);
    members.text("DefaultVersionId", &format!("v{}", view.default_version));
    members.number("AttachmentCount", view.attachment_count as u64);
    members.number("PermissionsBoundaryUsageCount", view.boundary_count as u64);
    members.boolean("IsAttachable", true);
    members.optional_text("Description", view.description.as_deref());
    members.text("CreateDate", &seconds(view.created_at_ms));
    members.text("UpdateDate", &seconds(view.updated_at_ms));
    if let Some(tags) = &view.tags {
        members.member_list("Tags", tags, tag);
    }
}

fn version(members: &mut Members<'_>, view: &VersionView) {
    members.optional_text("Document", view.document.as_deref().map(encoded).as_deref());
    members.text("VersionId", &format!("v{}", view.number));
    members.boolean("IsDefaultVersion", view.is_default);
    members.text("CreateDate", &seconds(view.created_at_ms));
}

fn entities(members: &mut Members<'_>, page: &Page<EntityView>) {
    for (list, kind, id) in [
        ("PolicyGroups", HolderKind::Group, "GroupId"),
        ("PolicyUsers", HolderKind::User, "UserId"),
        ("PolicyRoles", HolderKind::Role, "RoleId"),
    ] {
        let of_kind = page.items.iter().filter(|entity| entity.kind == kind);
        members.member_list(list, of_kind, |members, entity| {
            members.text(name_of(kind), &entity.name);
            members.text(id, &entity.id);
        });
    }
    end(members, page.marker.as_deref());
}

fn name_of(kind: HolderKind) -> &'static str {
    match kind {
        HolderKind::User => "UserName",
        HolderKind::Group => "GroupName",
        HolderKind::Role => "RoleName",
    }
}

fn boundary(members: &mut Members<'_>, arn: Option<&str>) {
    let Some(arn) = arn else { return };
    members.structure("PermissionsBoundary", |members| {
        members.text("PermissionsBoundaryType", "Policy");
        members.text("PermissionsBoundaryArn", arn);
    });
}

/// Users and roles without tags have no list of them.
fn some_tags(members: &mut Members<'_>, tags: &operations::Pairs) {
    if !tags.is_empty() {
        members.member_list("Tags", tags, tag);
    }
}

fn tag(members: &mut Members<'_>, (key, value): &(String, String)) {
    members.text("Key", key);
    members.text("Value", value);
}

/// Date and time without fractions of a second: `2026-01-02T03:04:05Z`.
pub(crate) fn seconds(ms: u64) -> String {
    let mut text = Timestamp::from_ms(ms / 1_000 * 1_000).to_iso8601();
    // Years of five digits are longer, but all end in `.000Z`.
    text.truncate(text.len().saturating_sub(5));
    text.push('Z');
    text
}

/// As RFC 3986 has it, nothing but its unreserved characters plain.
fn encoded(document: &str) -> String {
    percent_encoded(document, "")
}
