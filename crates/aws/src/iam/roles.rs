//! Roles.

use tidings_identity::operations::{CreateRole, Operation};

use super::Reader;
use crate::action::IamAction;
use crate::refusal::WireError;

pub(super) fn read(action: IamAction, reader: &mut Reader<'_, '_>) -> Result<Operation, WireError> {
    use IamAction as A;
    Ok(match action {
        A::CreateRole => Operation::CreateRole(CreateRole {
            name: reader.required("RoleName"),
            path: reader.text("Path"),
            trust_policy: reader.required("AssumeRolePolicyDocument"),
            description: reader.text("Description"),
            session_seconds_max: reader.integer("MaxSessionDuration")?,
            boundary: reader.text("PermissionsBoundary"),
            tags: reader.tags(),
        }),
        A::GetRole => Operation::GetRole { name: reader.required("RoleName") },
        A::ListRoles => {
            Operation::ListRoles { path_prefix: reader.text("PathPrefix"), page: reader.page()? }
        }
        A::UpdateRole => Operation::UpdateRole {
            name: reader.required("RoleName"),
            description: reader.text("Description"),
            session_seconds_max: reader.integer("MaxSessionDuration")?,
        },
        A::UpdateRoleDescription => Operation::UpdateRoleDescription {
            name: reader.required("RoleName"),
            description: reader.required("Description"),
        },
        A::UpdateAssumeRolePolicy => Operation::UpdateAssumeRolePolicy {
            name: reader.required("RoleName"),
            document: reader.required("PolicyDocument"),
        },
        A::DeleteRole => Operation::DeleteRole { name: reader.required("RoleName") },
        _ => Operation::ListInstanceProfilesForRole { role: reader.required("RoleName") },
    })
}
