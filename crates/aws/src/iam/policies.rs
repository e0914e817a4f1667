//! Policies: inline, managed, attached; boundaries and tags. Most of these actions come once for
//! each kind of entity.

use tidings_identity::operations::{CreatePolicy, Holder, HolderKind, Operation, Scope, Tagged};

use super::Reader;
use crate::action::IamAction;
use crate::refusal::WireError;

use HolderKind::{Group, Role, User};

pub(super) fn read(action: IamAction, reader: &mut Reader<'_, '_>) -> Result<Operation, WireError> {
    use IamAction as A;
    match action {
        A::PutUserPolicy => Ok(put_inline(reader, User)),
        A::PutGroupPolicy => Ok(put_inline(reader, Group)),
        A::PutRolePolicy => Ok(put_inline(reader, Role)),
        A::GetUserPolicy => Ok(get_inline(reader, User)),
        A::GetGroupPolicy => Ok(get_inline(reader, Group)),
        A::GetRolePolicy => Ok(get_inline(reader, Role)),
        A::ListUserPolicies => list_inline(reader, User),
        A::ListGroupPolicies => list_inline(reader, Group),
        A::ListRolePolicies => list_inline(reader, Role),
        A::DeleteUserPolicy => Ok(delete_inline(reader, User)),
        A::DeleteGroupPolicy => Ok(delete_inline(reader, Group)),
        A::DeleteRolePolicy => Ok(delete_inline(reader, Role)),
        A::AttachUserPolicy => Ok(attach(reader, User)),
        A::AttachGroupPolicy => Ok(attach(reader, Group)),
        A::AttachRolePolicy => Ok(attach(reader, Role)),
        A::DetachUserPolicy => Ok(detach(reader, User)),
        A::DetachGroupPolicy => Ok(detach(reader, Group)),
        A::DetachRolePolicy => Ok(detach(reader, Role)),
        A::ListAttachedUserPolicies => list_attached(reader, User),
        A::ListAttachedGroupPolicies => list_attached(reader, Group),
        A::ListAttachedRolePolicies => list_attached(reader, Role),
        A::PutUserPermissionsBoundary => Ok(put_boundary(reader, User)),
        A::PutRolePermissionsBoundary => Ok(put_boundary(reader, Role)),
        A::DeleteUserPermissionsBoundary => {
            Ok(Operation::DeleteBoundary { holder: holder(reader, User) })
        }
        A::DeleteRolePermissionsBoundary => {
            Ok(Operation::DeleteBoundary { holder: holder(reader, Role) })
        }
        other => managed(other, reader),
    }
}

fn managed(action: IamAction, reader: &mut Reader<'_, '_>) -> Result<Operation, WireError> {
    use IamAction as A;
    Ok(match action {
        A::CreatePolicy => Operation::CreatePolicy(CreatePolicy {
            name: reader.required("PolicyName"),
            path: reader.text("Path"),
            document: reader.required("PolicyDocument"),
            description: reader.text("Description"),
            tags: reader.tags(),
        }),
        A::GetPolicy => Operation::GetPolicy { arn: reader.required("PolicyArn") },
        A::ListPolicies => Operation::ListPolicies {
            scope: scope(reader),
            only_attached: reader.boolean("OnlyAttached")?,
            path_prefix: reader.text("PathPrefix"),
            page: reader.page()?,
        },
        A::DeletePolicy => Operation::DeletePolicy { arn: reader.required("PolicyArn") },
        A::CreatePolicyVersion => Operation::CreatePolicyVersion {
            arn: reader.required("PolicyArn"),
            document: reader.required("PolicyDocument"),
            is_default: reader.boolean("SetAsDefault")?,
        },
        A::GetPolicyVersion => Operation::GetPolicyVersion {
            arn: reader.required("PolicyArn"),
            version: reader.required("VersionId"),
        },
        A::ListPolicyVersions => Operation::ListPolicyVersions {
            arn: reader.required("PolicyArn"),
            page: reader.page()?,
        },
        A::DeletePolicyVersion => Operation::DeletePolicyVersion {
            arn: reader.required("PolicyArn"),
            version: reader.required("VersionId"),
        },
        A::SetDefaultPolicyVersion => Operation::SetDefaultPolicyVersion {
            arn: reader.required("PolicyArn"),
            version: reader.required("VersionId"),
        },
        A::ListEntitiesForPolicy => Operation::ListEntitiesForPolicy {
            arn: reader.required("PolicyArn"),
            kind: reader.text("EntityFilter"),
            path_prefix: reader.text("PathPrefix"),
            usage: reader.text("PolicyUsageFilter"),
            page: reader.page()?,
        },
        other => return tags(other, reader),
    })
}

fn tags(action: IamAction, reader: &mut Reader<'_, '_>) -> Result<Operation, WireError> {
    use IamAction as A;
    let tagged = match action {
        A::TagUser | A::UntagUser | A::ListUserTags => Tagged::User(reader.required("UserName")),
        A::TagRole | A::UntagRole | A::ListRoleTags => Tagged::Role(reader.required("RoleName")),
        _ => Tagged::Policy(reader.required("PolicyArn")),
    };
    Ok(match action {
        A::TagUser | A::TagRole | A::TagPolicy => Operation::Tag { tagged, tags: reader.tags() },
        A::UntagUser | A::UntagRole | A::UntagPolicy => {
            Operation::Untag { tagged, keys: reader.texts("TagKeys") }
        }
        _ => Operation::ListTags { tagged, page: reader.page()? },
    })
}

fn holder(reader: &mut Reader<'_, '_>, kind: HolderKind) -> Holder {
    let parameter = match kind {
        User => "UserName",
        Group => "GroupName",
        Role => "RoleName",
    };
    Holder { kind, name: reader.required(parameter) }
}

fn put_inline(reader: &mut Reader<'_, '_>, kind: HolderKind) -> Operation {
    Operation::PutInlinePolicy {
        holder: holder(reader, kind),
        name: reader.required("PolicyName"),
        document: reader.required("PolicyDocument"),
    }
}

fn get_inline(reader: &mut Reader<'_, '_>, kind: HolderKind) -> Operation {
    let holder = holder(reader, kind);
    Operation::GetInlinePolicy { holder, name: reader.required("PolicyName") }
}

fn list_inline(reader: &mut Reader<'_, '_>, kind: HolderKind) -> Result<Operation, WireError> {
    let holder = holder(reader, kind);
    Ok(Operation::ListInlinePolicies { holder, page: reader.page()? })
}

fn delete_inline(reader: &mut Reader<'_, '_>, kind: HolderKind) -> Operation {
    let holder = holder(reader, kind);
    Operation::DeleteInlinePolicy { holder, name: reader.required("PolicyName") }
}

fn attach(reader: &mut Reader<'_, '_>, kind: HolderKind) -> Operation {
    let holder = holder(reader, kind);
    Operation::AttachPolicy { holder, arn: reader.required("PolicyArn") }
}

fn detach(reader: &mut Reader<'_, '_>, kind: HolderKind) -> Operation {
    let holder = holder(reader, kind);
    Operation::DetachPolicy { holder, arn: reader.required("PolicyArn") }
}

fn list_attached(reader: &mut Reader<'_, '_>, kind: HolderKind) -> Result<Operation, WireError> {
    Ok(Operation::ListAttachedPolicies {
        holder: holder(reader, kind),
        path_prefix: reader.text("PathPrefix"),
        page: reader.page()?,
    })
}

fn put_boundary(reader: &mut Reader<'_, '_>, kind: HolderKind) -> Operation {
    let holder = holder(reader, kind);
    Operation::PutBoundary { holder, arn: reader.required("PermissionsBoundary") }
}

/// What is none of the documented scopes is taken for all.
fn scope(reader: &Reader<'_, '_>) -> Scope {
    match reader.text("Scope").as_deref() {
        Some("AWS") => Scope::Aws,
        Some("Local") => Scope::Local,
        _ => Scope::All,
    }
}
